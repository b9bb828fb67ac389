//! Writes header fields (RFC 5322, RFC 2047, RFC 2231). Values come from callers of the API.
//!
//! The attack: a value with a line end adds another field, such as a recipient. Line ends and other control characters
//! become spaces in texts; addresses and Message-IDs that have them are refused.

use std::{borrow::Cow, fmt::Write};

use ::base64::{Engine, engine::general_purpose::STANDARD};
use mail_builder::headers::{
    Header, address::EmailAddress, content_type::ContentType, date::Date, message_id::MessageId, text::Text,
};

use crate::{
    platform::clock::Timestamp,
    providers::mailbox::{Address, MailError, MailProblem},
};

/// Maximum number of bytes of an email address (RFC 5321, 4.5.3.1: 64, `@` and 255).
const MAX_EMAIL: usize = 320;
/// Maximum number of bytes of a Message-ID. With it a line has fewer than the 998 bytes that it may have.
const MAX_ID: usize = 900;
/// Maximum number of characters of a file name. A line in which each of them is escaped has fewer than 998 bytes.
const MAX_NAME: usize = 255;
/// The last column at which a text may end before its closing quotation mark: the library folds lines of 78 characters.
const MAX_COLUMN: usize = 76;
/// Maximum number of bytes of a file name that is written in quotation marks.
const SHORT_NAME: usize = 40;
/// The most bytes of one section of a file name: each is three characters at most, and a line has fewer than 78.
const SECTION: usize = 18;
/// The most bytes of a text in one encoded word: with its frame it has fewer than 75 characters (RFC 2047, 2).
const WORD: usize = 42;

const NO_EMAIL: &str = "an email address has a character that it cannot have here, or is too long";
const NO_ID: &str = "a Message-ID has not the form <…@…> in ASCII, or is too long";
const NO_NAME: &str = "a file name is longer than 255 characters";

/// The header of a message or of a part of it.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<u8>);

impl Fields {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Begins a field.
    ///
    /// # Returns
    /// The column at which its value begins.
    fn begin(&mut self, name: &str) -> usize {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        name.len().saturating_add(2)
    }

    /// A field with a value of ours.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        self.begin(name);
        self.0.extend_from_slice(value.as_bytes());
        self.0.extend_from_slice(b"\r\n");
    }

    /// A field with a text of any characters.
    pub(super) fn push_text(&mut self, name: &str, text: &str) {
        let column = self.begin(name);
        let text = one_line(text);
        if is_plain(&text) {
            Text::new(text).write_header(&mut self.0, column);
        } else {
            self.0.extend_from_slice(encoded_words(&text).as_bytes());
            self.0.extend_from_slice(b"\r\n");
        }
    }

    pub(super) fn push_date(&mut self, name: &str, at: Timestamp) {
        let column = self.begin(name);
        Date::new(at.seconds()).write_header(&mut self.0, column);
    }

    /// A field with addresses, one a line; nothing if there are none.
    ///
    /// # Errors
    /// [`MailProblem::InvalidValue`] if one of them cannot be in a message.
    pub(super) fn push_addresses(&mut self, name: &str, addresses: &[Address]) -> Result<(), MailError> {
        let Some((last, others)) = addresses.split_last() else { return Ok(()) };
        let mut column = self.begin(name);
        for address in others {
            self.push_address(address, column)?;
            self.0.extend_from_slice(b",\r\n ");
            column = 1;
        }
        self.push_address(last, column)?;
        self.0.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn push_address(&mut self, address: &Address, column: usize) -> Result<(), MailError> {
        let email = address.email.as_str();
        if !is_email(email) {
            return Err(MailProblem::InvalidValue(NO_EMAIL).into());
        }
        let name = address.name.as_deref().map(one_line).filter(|name| !name.is_empty());
        let is_for_words = |name: &&str| !is_plain(name) || (name.is_ascii() && !fits_quoted(name, column));
        if let Some(name) = name.as_deref().filter(is_for_words) {
            // The library would quote it. Many readers decode encoded words within quotation marks, and some do not unfold
            // lines there.
            self.0.extend_from_slice(encoded_words(name).as_bytes());
            self.0.extend_from_slice(format!("\r\n <{email}>").as_bytes());
            return Ok(());
        }
        EmailAddress { name, email: Cow::Borrowed(email) }.write_header(&mut self.0, column);
        self.end_line();
        Ok(())
    }

    /// Takes away the line end that the library has written.
    fn end_line(&mut self) {
        if self.0.ends_with(b"\r\n") {
            self.0.truncate(self.0.len().saturating_sub(2));
        }
    }

    /// A field with Message-IDs in angle brackets; nothing if there are none.
    ///
    /// # Errors
    /// [`MailProblem::InvalidValue`] if one of them cannot be in a message.
    pub(super) fn push_ids(&mut self, name: &str, ids: &[&str]) -> Result<(), MailError> {
        if ids.is_empty() {
            return Ok(());
        }
        let bare: Option<Vec<&str>> = ids.iter().map(|id| bare_id(id)).collect();
        let bare = bare.ok_or_else(|| MailError::from(MailProblem::InvalidValue(NO_ID)))?;
        let column = self.begin(name);
        MessageId::new_list(bare.into_iter()).write_header(&mut self.0, column);
        Ok(())
    }

    /// The media type of a file. One that is not a type, or that base64 may not encode, becomes the general one.
    pub(super) fn push_media_type(&mut self, content_type: Option<&str>) {
        let known = content_type.and_then(media_type);
        self.push("Content-Type", &known.unwrap_or_else(|| "application/octet-stream".to_owned()));
    }

    /// That the part is a file with this name.
    ///
    /// # Errors
    /// [`MailProblem::InvalidValue`] if the name is too long.
    pub(super) fn push_file_name(&mut self, name: &str) -> Result<(), MailError> {
        let name = one_line(name);
        if name.chars().count() > MAX_NAME {
            return Err(MailProblem::InvalidValue(NO_NAME).into());
        }
        let name = if name.is_empty() { Cow::Borrowed("attachment") } else { name };
        let column = self.begin("Content-Disposition");
        if name.is_ascii() && is_plain(&name) && name.len() <= SHORT_NAME {
            ContentType::new("attachment").attribute("filename", name).write_header(&mut self.0, column);
        } else {
            // The library would fold a long name within its quotation marks, and not every reader unfolds it there.
            self.0.extend_from_slice(b"attachment");
            self.0.extend_from_slice(extended_name(&name).as_bytes());
            self.0.extend_from_slice(b"\r\n");
        }
        Ok(())
    }
}

/// The text with a space for each control character, and for the two line ends that Unicode has.
fn one_line(text: &str) -> Cow<'_, str> {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.contains(breaks) { Cow::Owned(text.replace(breaks, " ")) } else { Cow::Borrowed(text) }
}

/// Whether readers see the same text if it is written as it is, should it be ASCII. They decode what looks like an encoded
/// word, and shorten white space.
fn is_plain(text: &str) -> bool {
    !text.contains("=?") && !text.contains("  ") && text.trim() == text
}

/// Whether a text in quotation marks that begins in this column ends in the same line.
fn fits_quoted(text: &str, column: usize) -> bool {
    let escapes = text.matches(['"', '\\']).count();
    column.saturating_add(text.len()).saturating_add(escapes) <= MAX_COLUMN
}

/// The text in encoded words (RFC 2047, 2), one a line. No character is divided.
fn encoded_words(text: &str) -> String {
    let encoded: Vec<_> =
        divided(text, WORD).iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word))).collect();
    encoded.join("\r\n ")
}

/// The parameter of a file name in sections, one a line (RFC 2231, 3 and 4). No character is divided.
fn extended_name(name: &str) -> String {
    let sections = divided(name, SECTION);
    let mut written = String::new();
    for (number, section) in sections.iter().enumerate() {
        // Writing to a String does not fail.
        let _ = match number {
            0 if sections.len() == 1 => write!(written, ";\r\n filename*=UTF-8''"),
            0 => write!(written, ";\r\n filename*0*=UTF-8''"),
            _ => write!(written, ";\r\n filename*{number}*="),
        };
        for byte in section.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
                written.push(char::from(byte));
            } else {
                let _ = write!(written, "%{byte:02X}");
            }
        }
    }
    written
}

/// The text in pieces of at most this many bytes, at least one. No character is divided.
fn divided(text: &str, max: usize) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut piece = String::new();
    for c in text.chars() {
        if piece.len().saturating_add(c.len_utf8()) > max {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.push(c);
    }
    pieces.push(piece);
    pieces
}

/// Whether an email address can be between angle brackets. One with other characters than ASCII needs servers that not
/// every recipient has.
fn is_email(email: &str) -> bool {
    let mut parts = email.split('@');
    let has_parts =
        parts.by_ref().take(2).filter(|part| !part.is_empty()).count() == 2 && parts.next().is_none();
    has_parts
        && email.len() <= MAX_EMAIL
        && email.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"(),:;<>[\\]".contains(&byte))
}

/// A Message-ID without its angle brackets; `None` if it is none.
fn bare_id(id: &str) -> Option<&str> {
    let bare = id.strip_prefix('<')?.strip_suffix('>')?;
    let is_sound = (1..=MAX_ID).contains(&bare.len())
        && bare.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte));
    is_sound.then_some(bare)
}

/// Whether a header of ours can have this Message-ID, which is in angle brackets.
pub fn is_message_id(id: &str) -> bool {
    bare_id(id).is_some()
}

/// A media type with its character set; `None` if it is none. Messages and parts may not be in base64 (RFC 2046, 5), so
/// their types are none for a file.
fn media_type(text: &str) -> Option<String> {
    let is_token = |text: &str| {
        (1..=127).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let mut parts = text.split(';').map(str::trim);
    let (kind, subtype) = parts.next()?.split_once('/')?;
    let is_composed = kind.eq_ignore_ascii_case("message") || kind.eq_ignore_ascii_case("multipart");
    if !is_token(kind) || !is_token(subtype) || is_composed {
        return None;
    }
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (name.trim().eq_ignore_ascii_case("charset") && is_token(value)).then_some(value)
    });
    let charset = charset.map(|charset| format!("; charset={charset}")).unwrap_or_default();
    Some(format!("{kind}/{subtype}{charset}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(write: impl FnOnce(&mut Fields)) -> String {
        let mut fields = Fields::default();
        write(&mut fields);
        String::from_utf8(fields.into_bytes()).expect("ASCII")
    }

    fn person(name: &str, email: &str) -> Address {
        Address { name: Some(name.to_owned()), email: email.to_owned() }
    }

    #[test]
    fn a_line_end_in_a_value_adds_no_field() {
        let subject = fields(|fields| fields.push_text("Subject", "Hello\r\nBcc: evil@contoso.test"));
        assert_eq!(subject.lines().filter(|line| line.starts_with("Bcc")).count(), 0, "{subject}");
        let name = "a\r\nBcc: evil@contoso.test\r\n";
        let to = fields(|fields| {
            fields.push_addresses("To", &[person(name, "a@contoso.test")]).expect("a name");
        });
        assert!(!to.contains("\r\nBcc"), "{to}");
        let file = fields(|fields| fields.push_file_name("a\r\nX: y").expect("a name"));
        assert_eq!(file, "Content-Disposition: attachment;\r\n filename*=UTF-8''a%20%20X%3A%20y\r\n");
    }

    #[test]
    fn addresses_and_ids_that_could_end_their_field_are_refused() {
        let mut fields = Fields::default();
        for email in
            ["", "a", "@b", "a@", "a@b@c", "a@b\r\nX: y", "a@b>", "a b@c", "a@b,c@d", "\u{e4}@b.test"]
        {
            assert!(fields.push_addresses("To", &[person("A", email)]).is_err(), "{email}");
        }
        for id in ["", "a@b", "<>", "<a@b", "<a>b>", "<a\r\nX: y>", "<a b@c>", "<\u{e4}@b>"] {
            assert!(fields.push_ids("References", &[id]).is_err(), "{id}");
        }
    }

    #[test]
    fn each_address_has_a_line() {
        let to = fields(|fields| {
            let people = [
                person("Doe, J", "j@contoso.test"),
                Address { name: None, email: "b@contoso.test".to_owned() },
            ];
            fields.push_addresses("To", &people).expect("addresses");
        });
        assert_eq!(to, "To: \"Doe, J\" <j@contoso.test>,\r\n <b@contoso.test>\r\n");
    }

    #[test]
    fn what_looks_encoded_is_encoded_once_more() {
        let subject = fields(|fields| fields.push_text("Subject", "=?utf-8?Q?a?="));
        assert_eq!(subject, "Subject: =?utf-8?B?PT91dGYtOD9RP2E/PQ==?=\r\n");
        let from = fields(|fields| {
            fields.push_addresses("From", &[person("=?utf-8?Q?a?=", "a@b.test")]).expect("an address");
        });
        assert_eq!(from, "From: =?utf-8?B?PT91dGYtOD9RP2E/PQ==?=\r\n <a@b.test>\r\n");
    }

    #[test]
    fn a_file_name_is_written_in_the_form_that_every_reader_knows() {
        let written = |name: &str| fields(|fields| fields.push_file_name(name).expect("a name"));
        assert_eq!(written("report.pdf"), "Content-Disposition: attachment; filename=\"report.pdf\"\r\n");
        assert_eq!(written(""), "Content-Disposition: attachment; filename=\"attachment\"\r\n");
        let short = "Content-Disposition: attachment;\r\n filename*=UTF-8''%C3%9Cbersicht.pdf\r\n";
        assert_eq!(written("\u{dc}bersicht.pdf"), short);
        let long = "Content-Disposition: attachment;\r\n filename*0*=UTF-8''%C3%9Cbersicht%202026.pd;\r\n \
            filename*1*=f\r\n";
        assert_eq!(written("\u{dc}bersicht 2026.pdf"), long);
    }

    #[test]
    fn a_media_type_is_taken_if_it_is_one_that_a_file_can_have() {
        for (given, written) in [
            ("application/pdf", Some("application/pdf")),
            ("text/plain; charset=\"UTF-8\"; name=a", Some("text/plain; charset=UTF-8")),
            ("image/svg+xml", Some("image/svg+xml")),
            ("message/rfc822", None),
            ("multipart/mixed; boundary=a", None),
            ("pdf", None),
            ("a/b\r\nX: y", None),
            ("a b/c", None),
            ("", None),
        ] {
            assert_eq!(media_type(given).as_deref(), written, "{given}");
        }
    }

    proptest! {
        #[test]
        fn no_field_has_a_bare_line_end_or_a_line_over_998_bytes(
            text in any::<String>(), name in "\\PC{0,255}", email in "[a-z]{1,60}@[a-z]{1,60}\\.test",
        ) {
            let written = fields(|fields| {
                fields.push_text("Subject", &text);
                fields.push_addresses("To", &[person(&text, &email), person(&name, &email)]).expect("addresses");
                fields.push_file_name(&name).expect("a name");
            });
            prop_assert!(written.is_ascii());
            prop_assert!(written.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
            let fields = written.split("\r\n").filter(|line| !line.is_empty() && !line.starts_with([' ', '\t']));
            let names: Vec<_> = fields.filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect();
            prop_assert_eq!(names, ["Subject", "To", "Content-Disposition"]);
        }
    }
}
