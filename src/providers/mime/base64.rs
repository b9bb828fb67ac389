//! Base64 of content while it arrives, so that a file of any size takes little memory.

use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::{StreamExt, stream};

use crate::providers::mailbox::{Bytes, MailError, MailStream};

/// The bytes that become one line of 76 characters, the longest that MIME allows (RFC 2045, 6.8).
const LINE: usize = 57;
/// The bytes that become four characters.
const GROUP: usize = 3;
/// Maximum number of bytes that are encoded at once.
const MAX_STEP: usize = 48 * 1024;

/// How base64 is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In lines of at most 76 characters, each ended by CR LF.
    Lines,
    /// Without line ends.
    Whole,
}

impl Form {
    /// The number of bytes that this many bytes become.
    pub const fn length(self, bytes: u64) -> u64 {
        let characters = bytes.div_ceil(GROUP as u64).saturating_mul(4);
        match self {
            Self::Lines => characters.saturating_add(bytes.div_ceil(LINE as u64).saturating_mul(2)),
            Self::Whole => characters,
        }
    }

    /// The number of bytes that are encoded together.
    const fn unit(self) -> usize {
        match self {
            Self::Lines => LINE,
            Self::Whole => GROUP,
        }
    }

    fn write(self, bytes: &[u8], text: &mut String) {
        match self {
            Self::Whole => STANDARD.encode_string(bytes, text),
            Self::Lines => {
                for line in bytes.chunks(LINE) {
                    STANDARD.encode_string(line, text);
                    text.push_str("\r\n");
                }
            }
        }
    }
}

/// Encodes piece by piece. What does not fill a unit waits for the next piece.
struct Encoder {
    form: Form,
    rest: Vec<u8>,
}

impl Encoder {
    fn push(&mut self, piece: &[u8]) -> String {
        self.rest.extend_from_slice(piece);
        let left = self.rest.len() % self.form.unit();
        let whole: Vec<u8> = self.rest.drain(..self.rest.len().saturating_sub(left)).collect();
        let mut text = String::new();
        self.form.write(&whole, &mut text);
        text
    }

    fn end(&mut self) -> String {
        let mut text = String::new();
        self.form.write(&std::mem::take(&mut self.rest), &mut text);
        text
    }
}

/// What is left of a stream that is encoded.
struct Encoding {
    /// `None` after its end.
    source: Option<MailStream>,
    piece: Bytes,
    encoder: Encoder,
}

impl Encoding {
    /// The next characters; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, MailError> {
        loop {
            let text = if self.piece.is_empty() {
                let Some(source) = self.source.as_mut() else { return Ok(None) };
                let piece = source.next().await;
                if let Some(piece) = piece {
                    self.piece = piece?;
                    continue;
                }
                self.source = None;
                self.encoder.end()
            } else {
                let step = self.piece.split_to(self.piece.len().min(MAX_STEP));
                self.encoder.push(&step)
            };
            if !text.is_empty() {
                return Ok(Some(Bytes::from(text)));
            }
        }
    }
}

/// The stream in base64.
pub fn encode(source: MailStream, form: Form) -> MailStream {
    let encoder = Encoder { form, rest: Vec::new() };
    let encoding = Encoding { source: Some(source), piece: Bytes::new(), encoder };
    Box::pin(stream::try_unfold(encoding, |mut encoding| async move {
        let text = encoding.next().await?;
        Ok::<_, MailError>(text.map(|text| (text, encoding)))
    }))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::providers::mailbox::{MailProblem, empty_stream, read_whole};

    fn source(pieces: Vec<Vec<u8>>) -> MailStream {
        Box::pin(stream::iter(pieces.into_iter().map(|piece| Ok(Bytes::from(piece)))))
    }

    fn read(stream: MailStream) -> Vec<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(read_whole(stream, usize::MAX)).expect("bytes")
    }

    proptest! {
        #[test]
        fn a_stream_becomes_the_base64_of_its_bytes(pieces in vec(vec(any::<u8>(), 0..200), 0..8)) {
            let whole: Vec<u8> = pieces.concat();
            let text = read(encode(source(pieces.clone()), Form::Whole));
            prop_assert_eq!(text.len() as u64, Form::Whole.length(whole.len() as u64));
            prop_assert_eq!(STANDARD.decode(&text).expect("base64"), &whole[..]);
            let lines = read(encode(source(pieces), Form::Lines));
            prop_assert_eq!(lines.len() as u64, Form::Lines.length(whole.len() as u64));
            let lines = String::from_utf8(lines).expect("ASCII");
            prop_assert!(lines.split_terminator("\r\n").all(|line| line.len() <= 76));
            prop_assert!(lines.is_empty() || lines.ends_with("\r\n"));
            prop_assert_eq!(STANDARD.decode(lines.replace("\r\n", "")).expect("base64"), &whole[..]);
        }
    }

    #[test]
    fn a_large_piece_is_encoded_in_steps() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let large = source(vec![vec![7; 1_000_000]]);
        let pieces: Vec<_> = runtime.block_on(encode(large, Form::Lines).collect());
        assert!(pieces.len() > 20);
        assert!(pieces.iter().flatten().all(|piece| piece.len() < 2 * MAX_STEP));
        assert_eq!(read(encode(empty_stream(), Form::Lines)), b"");
    }

    #[test]
    fn a_stream_that_fails_fails_in_base64_too() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let broken: MailStream =
            Box::pin(stream::iter([Ok(Bytes::from_static(b"abcd")), Err(MailProblem::Slow.into())]));
        let read = runtime.block_on(read_whole(encode(broken, Form::Whole), 100));
        assert_eq!(read.map_err(|error| error.problem), Err(MailProblem::Slow));
    }
}
