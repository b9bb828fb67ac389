//! Reads bytes that Google answers as base64url in a member of a JSON object, while they arrive: attachments and raw
//! messages. Only one piece of the answer is in memory.

use futures_util::{StreamExt, stream};

use crate::providers::mailbox::{Bytes, MailError, MailProblem, MailStream};

/// Maximum number of bytes of a member's name that is compared. No wanted one is longer.
const MAX_NAME: usize = 32;

/// The bytes that the member with this name has, which must be a text of the outermost object.
///
/// The stream ends with [`MailProblem::Garbled`] if the answer is no such object, has no such member, or breaks off.
pub(super) fn bytes_of(body: MailStream, member: &'static str) -> MailStream {
    let decoding = Decoding { body: Some(body), reader: Reader::new(member) };
    Box::pin(stream::try_unfold(decoding, |mut decoding| async move {
        let bytes = decoding.next().await?;
        Ok::<_, MailError>(bytes.map(|bytes| (bytes, decoding)))
    }))
}

/// The bytes of a text in base64url; `None` if it is none.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut decoder = Decoder::NEW;
    let mut bytes = Vec::with_capacity(text.len());
    text.bytes().try_for_each(|byte| decoder.push(byte, &mut bytes))?;
    decoder.end(&mut bytes)?;
    Some(bytes)
}

/// What is left of an answer.
struct Decoding {
    /// `None` after its end.
    body: Option<MailStream>,
    reader: Reader,
}

impl Decoding {
    /// The next bytes; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, MailError> {
        loop {
            let Some(body) = self.body.as_mut() else { return Ok(None) };
            let Some(piece) = body.next().await else {
                self.body = None;
                return if self.reader.is_whole() { Ok(None) } else { Err(MailProblem::Garbled.into()) };
            };
            let bytes = self.reader.read(&piece?);
            let bytes = bytes.ok_or_else(|| MailError::from(MailProblem::Garbled))?;
            if !bytes.is_empty() {
                return Ok(Some(Bytes::from(bytes)));
            }
        }
    }
}

/// Where the reader is in the object.
#[derive(Clone, Debug, PartialEq, Eq)]
enum At {
    /// Before the object.
    Start,
    /// Before a name, or the end of the object.
    Name,
    /// In a name, with what was read of it.
    InName(Vec<u8>),
    /// Behind a name, before the colon.
    Colon { is_wanted: bool },
    /// Before a value.
    Value { is_wanted: bool },
    /// In the wanted text.
    Wanted,
    /// In another value: within this number of lists and objects.
    Other { depth: usize, is_text: bool },
    /// Behind a value.
    Behind,
    /// Behind the object.
    End,
}

/// An escape within a text of JSON (RFC 8259, 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    /// Behind the backslash.
    Begun,
    /// In `\u` and four digits: those so far, and how many are left.
    Number {
        so_far: u32,
        left: u8,
    },
}

/// Reads the object piece by piece.
struct Reader {
    member: &'static str,
    at: At,
    escape: Escape,
    decoder: Decoder,
    was_found: bool,
}

impl Reader {
    const fn new(member: &'static str) -> Self {
        Self { member, at: At::Start, escape: Escape::None, decoder: Decoder::NEW, was_found: false }
    }

    /// Whether the object has ended, and had the member.
    fn is_whole(&self) -> bool {
        self.at == At::End && self.was_found
    }

    /// The bytes of this piece; `None` if it is wrong.
    fn read(&mut self, piece: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(piece.len());
        for byte in piece {
            self.step(*byte, &mut bytes)?;
        }
        Some(bytes)
    }

    fn step(&mut self, byte: u8, bytes: &mut Vec<u8>) -> Option<()> {
        match (&mut self.at, byte) {
            (At::InName(name), b'"') if self.escape == Escape::None => {
                let is_wanted = name.as_slice() == self.member.as_bytes();
                // A second member with the name would be content behind the end of the first.
                if is_wanted && self.was_found {
                    return None;
                }
                self.at = At::Colon { is_wanted };
            }
            (At::InName(name), _) => {
                // A wanted name has no escapes: one that has any is not compared rightly, and so is another.
                if name.len() <= MAX_NAME {
                    name.push(byte);
                }
                self.escape =
                    if self.escape == Escape::None && byte == b'\\' { Escape::Begun } else { Escape::None };
            }
            (At::Wanted, _) => self.wanted(byte, bytes)?,
            (At::Other { is_text: true, depth }, _) => match (self.escape, byte) {
                (Escape::None, b'\\') => self.escape = Escape::Begun,
                (Escape::None, b'"') => {
                    self.at = match *depth {
                        0 => At::Behind,
                        depth => At::Other { depth, is_text: false },
                    };
                }
                _ => self.escape = Escape::None,
            },
            (At::Other { is_text, .. }, b'"') => *is_text = true,
            (At::Other { depth, .. }, b'{' | b'[') => *depth = depth.checked_add(1)?,
            // The end of a number or a word is the end of its list or object too.
            (At::Other { depth: 0, .. } | At::Behind | At::Name, b'}') => self.at = At::End,
            (At::Other { depth: 0, .. } | At::Behind, b',') | (At::Start, b'{') => self.at = At::Name,
            (At::Other { depth, .. }, b'}' | b']') => {
                *depth = depth.checked_sub(1)?;
                if *depth == 0 {
                    self.at = At::Behind;
                }
            }
            (At::Other { .. }, _) | (_, b' ' | b'\t' | b'\r' | b'\n') => {}
            (At::Name, b'"') => self.at = At::InName(Vec::new()),
            (At::Colon { is_wanted }, b':') => self.at = At::Value { is_wanted: *is_wanted },
            (At::Value { is_wanted: true }, b'"') => {
                self.was_found = true;
                self.at = At::Wanted;
            }
            (At::Value { is_wanted: false }, b'"') => self.at = At::Other { depth: 0, is_text: true },
            (At::Value { is_wanted: false }, b'{' | b'[') => {
                self.at = At::Other { depth: 1, is_text: false };
            }
            (At::Value { is_wanted: false }, b'a'..=b'z' | b'0'..=b'9' | b'-') => {
                self.at = At::Other { depth: 0, is_text: false };
            }
            _ => return None,
        }
        Some(())
    }

    /// A byte of the wanted text. Google escapes `=`, and a server may escape any character.
    fn wanted(&mut self, byte: u8, bytes: &mut Vec<u8>) -> Option<()> {
        match (self.escape, byte) {
            (Escape::None, b'"') => {
                self.decoder.end(bytes)?;
                self.at = At::Behind;
            }
            (Escape::None, b'\\') => self.escape = Escape::Begun,
            (Escape::None, _) => self.decoder.push(byte, bytes)?,
            (Escape::Begun, b'u') => self.escape = Escape::Number { so_far: 0, left: 4 },
            (Escape::Begun, b'n' | b'r') => self.escape = Escape::None,
            (Escape::Begun, b'/') => {
                self.escape = Escape::None;
                self.decoder.push(b'/', bytes)?;
            }
            (Escape::Begun, _) => return None,
            (Escape::Number { so_far, left }, _) => {
                let digit = char::from(byte).to_digit(16)?;
                let so_far = so_far.checked_mul(16)?.checked_add(digit)?;
                self.escape = Escape::Number { so_far, left: left.saturating_sub(1) };
                if left <= 1 {
                    self.escape = Escape::None;
                    self.decoder.push(u8::try_from(so_far).ok()?, bytes)?;
                }
            }
        }
        Some(())
    }
}

/// Decodes base64url (RFC 4648, 5), with or without padding and line ends. The other alphabet of base64 is taken too.
struct Decoder {
    /// The bits that are no whole byte yet.
    bits: u32,
    /// The number of characters in a group of four.
    count: u8,
    /// The number of padding characters.
    padding: u8,
}

impl Decoder {
    const NEW: Self = Self { bits: 0, count: 0, padding: 0 };

    fn push(&mut self, character: u8, bytes: &mut Vec<u8>) -> Option<()> {
        let value = match character {
            b'A'..=b'Z' => character.checked_sub(b'A')?,
            b'a'..=b'z' => character.checked_sub(b'a')?.checked_add(26)?,
            b'0'..=b'9' => character.checked_sub(b'0')?.checked_add(52)?,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            b'=' => {
                self.padding = self.padding.checked_add(1)?;
                return (self.padding <= 2).then_some(());
            }
            b'\r' | b'\n' => return Some(()),
            _ => return None,
        };
        // Nothing comes behind the padding.
        if self.padding > 0 {
            return None;
        }
        self.bits = (self.bits << 6) | u32::from(value);
        self.count = self.count.checked_add(1)?;
        if self.count == 4 {
            let [_, first, second, third] = self.bits.to_be_bytes();
            bytes.extend_from_slice(&[first, second, third]);
            (self.bits, self.count) = (0, 0);
        }
        Some(())
    }

    /// The bytes of the last group, which may be shorter.
    fn end(&mut self, bytes: &mut Vec<u8>) -> Option<()> {
        match (self.count, self.padding) {
            (0, 0) => {}
            (2, 0 | 2) => {
                let [.., byte] = (self.bits >> 4).to_be_bytes();
                bytes.push(byte);
            }
            (3, 0 | 1) => {
                let [.., first, second] = (self.bits >> 2).to_be_bytes();
                bytes.extend_from_slice(&[first, second]);
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use base64::{
        Engine,
        engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD},
    };
    use proptest::{collection::vec, prelude::*};
    use serde_json::json;

    use super::*;
    use crate::providers::mailbox::read_whole;

    /// What a reader gives for an answer in these pieces; `None` if it is wrong.
    fn read(pieces: &[&[u8]]) -> Option<Vec<u8>> {
        let mut reader = Reader::new("data");
        let mut bytes = Vec::new();
        for piece in pieces {
            bytes.extend(reader.read(piece)?);
        }
        reader.is_whole().then_some(bytes)
    }

    proptest! {
        #[test]
        fn bytes_come_through_whatever_the_pieces_are(
            content in vec(any::<u8>(), 0..60), is_padded in any::<bool>(), is_escaped in any::<bool>(),
            before in "[\\PC\"\\\\{}\\[\\],:]{0,9}", is_first in any::<bool>(),
        ) {
            let mut text = if is_padded { URL_SAFE.encode(&content) } else { URL_SAFE_NO_PAD.encode(&content) };
            if is_escaped {
                text = text.replace('=', "\\u003d").replace('-', "\\u002D").replace('_', "\\/");
            }
            let other = json!({ &before: [before, { "data": "not this" }, 1.5, null], "size": 7 }).to_string();
            let other = other.trim_matches(['{', '}']);
            // The member must not be the wanted one.
            prop_assume!(before != "data");
            let answer = if is_first {
                format!("{{\"data\": \"{text}\",{other}}}\n")
            } else {
                format!(" {{ {other} , \"data\" :\"{text}\" }}")
            };
            let answer = answer.as_bytes();
            for at in 0..=answer.len() {
                let (one, two) = answer.split_at(at);
                prop_assert_eq!(read(&[one, two]), Some(content.clone()), "{}", at);
            }
            let single: Vec<_> = answer.chunks(1).collect();
            prop_assert_eq!(read(&single), Some(content));
        }

        #[test]
        fn an_answer_that_breaks_off_is_an_error_at_every_place(content in vec(any::<u8>(), 1..30)) {
            let answer = format!("{{\"size\":1,\"data\":\"{}\"}}", URL_SAFE.encode(&content));
            for at in 0..answer.len() {
                prop_assert_eq!(read(&[&answer.as_bytes()[..at]]), None, "{}", at);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(answer in "[\\PC{}\\[\\]\",:\\\\]{0,60}") {
            let _ = read(&[answer.as_bytes()]);
            let _ = read(&[b"{\"data\":\"", answer.as_bytes()]);
        }
    }

    #[test]
    fn what_is_no_base64_of_a_member_is_refused() {
        for wrong in [
            "",
            "[]",
            "{}",
            r#"{"size":1}"#,
            r#"{"data":null}"#,
            r#"{"data":1}"#,
            r#"{"data":["QQ"]}"#,
            r#"{"data":"Q"}"#,
            r#"{"data":"QQ="}"#,
            r#"{"data":"QQ==="}"#,
            r#"{"data":"QQ==QQ"}"#,
            r#"{"data":"Q Q"}"#,
            r#"{"data":"Q\u0251"}"#,
            r#"{"data":"Q\"Q"}"#,
            r#"{"data":"QQ"}x"#,
            r#"{"data":"QQ","data":"QQ"}"#,
            r#"{"other":{"data":"QQ"}}"#,
            r#"{"data":"QQ"} {"#,
            r#"{"da\ta":"QQ"}"#,
        ] {
            assert_eq!(read(&[wrong.as_bytes()]), None, "{wrong}");
        }
        assert_eq!(read(&[br#"{"data":""}"#]), Some(Vec::new()));
        assert_eq!(read(&[br#"{"a":"\\","b":"\"}","data":"QUJD"}"#]), Some(b"ABC".to_vec()));
    }

    #[tokio::test]
    async fn a_stream_that_fails_fails_here_too_after_what_came_before() {
        let pieces = [Ok(Bytes::from_static(b"{\"data\":\"QUJD")), Err(MailProblem::Slow.into())];
        let mut bytes = bytes_of(Box::pin(stream::iter(pieces)), "data");
        assert_eq!(bytes.next().await.and_then(Result::ok).as_deref(), Some(&b"ABC"[..]));
        assert!(matches!(bytes.next().await, Some(Err(error)) if error.problem == MailProblem::Slow));
        let broken: MailStream = Box::pin(stream::iter([Ok(Bytes::from_static(b"{\"data\":\"QUJD"))]));
        let read = read_whole(bytes_of(broken, "data"), 100).await;
        assert_eq!(read.map_err(|error| error.problem), Err(MailProblem::Garbled));
    }
}
