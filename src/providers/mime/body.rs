//! A body whose length is known before it is read: texts, and files in base64 that are read while it is sent.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{StreamExt, stream};

use super::{
    base64::{self, Form},
    splice::Splice,
};
use crate::providers::mailbox::{
    Bytes, FileSource, MailError, MailProblem, MailStream, OutgoingFile, empty_stream,
};

const OTHER_LENGTH: &str = "a file has another length than it says";

/// What a body consists of.
enum Part {
    Text(Bytes),
    File {
        source: Arc<dyn FileSource>,
        size: u64,
        form: Form,
    },
    /// With the number of bytes. The mutex lets a body be shared between threads, which a stream is not.
    Stream(Mutex<MailStream>, u64),
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::File { .. } => "File",
            Self::Stream(..) => "Stream",
        })
    }
}

impl Part {
    async fn open(self) -> Result<MailStream, MailError> {
        match self {
            Self::Text(text) => Ok(Box::pin(stream::iter([Ok::<_, MailError>(text)]))),
            Self::File { source, size, form } => {
                // A source need not have a stream for nothing.
                let content = if size == 0 { empty_stream() } else { source.open(0).await? };
                Ok(base64::encode(exactly(content, size), form))
            }
            Self::Stream(stream, size) => {
                Ok(exactly(stream.into_inner().unwrap_or_else(PoisonError::into_inner), size))
            }
        }
    }
}

/// A body that can be sent with its length in the head.
#[derive(Debug, Default)]
pub struct Body {
    parts: Vec<Part>,
    length: u64,
}

impl Body {
    pub fn push_text(&mut self, text: impl Into<Bytes>) {
        let text = text.into();
        self.length = self.length.saturating_add(text.len() as u64);
        self.parts.push(Part::Text(text));
    }

    /// Adds the content of a file in base64.
    pub fn push_file(&mut self, file: &OutgoingFile, form: Form) {
        self.length = self.length.saturating_add(form.length(file.size));
        self.parts.push(Part::File { source: file.source.clone(), size: file.size, form });
    }

    /// Adds all of another body.
    pub fn push_body(&mut self, body: Self) {
        self.length = self.length.saturating_add(body.length);
        self.parts.extend(body.parts);
    }

    /// Adds what the splice takes from an original, which is read from its first byte on.
    pub fn push_splice(&mut self, splice: Splice, original: MailStream) {
        let length = splice.length();
        self.length = self.length.saturating_add(length);
        self.parts.push(Part::Stream(Mutex::new(splice.into_stream(original)), length));
    }

    /// The number of bytes of the whole body.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// The bytes, piece by piece. A file that cannot be read, or has another length than it says, ends them with an
    /// error.
    pub fn into_stream(self) -> MailStream {
        let reading = Reading { parts: self.parts.into_iter(), present: None };
        Box::pin(stream::try_unfold(reading, |mut reading| async move {
            let piece = reading.next().await?;
            Ok::<_, MailError>(piece.map(|piece| (piece, reading)))
        }))
    }
}

/// What is left of a body.
struct Reading {
    parts: std::vec::IntoIter<Part>,
    present: Option<MailStream>,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Bytes>, MailError> {
        loop {
            if let Some(present) = self.present.as_mut() {
                let piece = present.next().await;
                if let Some(piece) = piece {
                    return piece.map(Some);
                }
            }
            let Some(part) = self.parts.next() else { return Ok(None) };
            self.present = Some(part.open().await?);
        }
    }
}

/// The stream, which must have exactly this number of bytes. The attack: a body that is longer than the head says is read
/// as the beginning of another request.
fn exactly(source: MailStream, length: u64) -> MailStream {
    counted(source, length, true)
}

/// The first bytes of a stream. One with fewer bytes is an error.
pub fn first(source: MailStream, length: u64) -> MailStream {
    counted(source, length, false)
}

fn counted(source: MailStream, length: u64, must_end: bool) -> MailStream {
    let wrong = || MailError::from(MailProblem::InvalidValue(OTHER_LENGTH));
    Box::pin(stream::try_unfold((source, length), move |(mut source, left)| async move {
        if left == 0 && !must_end {
            return Ok(None);
        }
        loop {
            let Some(piece) = source.next().await else {
                return if left == 0 { Ok(None) } else { Err(wrong()) };
            };
            let mut piece: Bytes = piece?;
            if piece.is_empty() {
                continue;
            }
            let length = piece.len() as u64;
            if length > left {
                if must_end {
                    return Err(wrong());
                }
                piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            }
            return Ok(Some((piece, (source, left.saturating_sub(length)))));
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{mailbox::read_whole, mime::tests::file};

    async fn read(stream: MailStream) -> Result<Vec<u8>, MailProblem> {
        read_whole(stream, usize::MAX).await.map_err(|error| error.problem)
    }

    #[tokio::test]
    async fn texts_and_files_follow_each_other_and_their_length_is_known_before() {
        let mut body = Body::default();
        body.push_text("a");
        body.push_file(&file("f", b"hello"), Form::Whole);
        body.push_file(&file("empty", b""), Form::Lines);
        body.push_text("z");
        let length = body.length();
        let bytes = read(body.into_stream()).await.expect("bytes");
        assert_eq!(bytes, b"aaGVsbG8=z");
        assert_eq!(length, bytes.len() as u64);
    }

    #[tokio::test]
    async fn a_file_with_another_length_than_it_says_ends_the_body() {
        for wrong in [4, 6] {
            let mut body = Body::default();
            body.push_file(&OutgoingFile { size: wrong, ..file("f", b"hello") }, Form::Whole);
            assert_eq!(read(body.into_stream()).await, Err(MailProblem::InvalidValue(OTHER_LENGTH)));
        }
    }

    #[tokio::test]
    async fn the_first_bytes_of_a_stream_are_read_and_no_others() {
        let source = || file("f", b"hello").source;
        let opened = source().open(1).await.expect("a stream");
        assert_eq!(read(first(opened, 3)).await.as_deref(), Ok(&b"ell"[..]));
        let opened = source().open(1).await.expect("a stream");
        assert_eq!(read(first(opened, 5)).await, Err(MailProblem::InvalidValue(OTHER_LENGTH)));
    }
}
