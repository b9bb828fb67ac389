//! A message that is made from another one while that is read: some of it is kept, and something is put between. The
//! other message may be of any size, and is never in memory as a whole.

use std::ops::Range;

use futures_util::{StreamExt, stream};

use super::Body;
use crate::providers::mailbox::{Bytes, MailError, MailProblem, MailStream};

#[derive(Debug)]
enum Piece {
    New(Body),
    /// What is kept, by its place in the original.
    Kept(Range<u64>),
}

/// What is kept of an original and what is put between, in order.
#[derive(Debug, Default)]
pub struct Splice {
    pieces: Vec<Piece>,
    length: u64,
}

impl Splice {
    pub fn push(&mut self, body: Body) {
        self.length = self.length.saturating_add(body.length());
        self.pieces.push(Piece::New(body));
    }

    pub fn push_text(&mut self, text: impl Into<Bytes>) {
        let mut body = Body::default();
        body.push_text(text);
        self.push(body);
    }

    /// Keeps these bytes of the original. They must be behind those that are kept already.
    pub fn keep(&mut self, range: Range<u64>) {
        self.length = self.length.saturating_add(range.end.saturating_sub(range.start));
        self.pieces.push(Piece::Kept(range));
    }

    /// The number of bytes of the result.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// The result, while the original is read. An original that ends too early is [`MailProblem::Garbled`].
    pub fn into_stream(self, original: MailStream) -> MailStream {
        let pieces = self.pieces.into_iter();
        let splicing = Splicing { pieces, new: None, kept: 0..0, original, rest: Bytes::new(), position: 0 };
        Box::pin(stream::try_unfold(splicing, |mut splicing| async move {
            let piece = splicing.next().await?;
            Ok::<_, MailError>(piece.map(|piece| (piece, splicing)))
        }))
    }
}

/// What is left of a splice.
struct Splicing {
    pieces: std::vec::IntoIter<Piece>,
    /// A new piece that is under way.
    new: Option<MailStream>,
    /// The rest of a kept piece that is under way.
    kept: Range<u64>,
    original: MailStream,
    /// Bytes of the original that were read and not used.
    rest: Bytes,
    /// Where these bytes begin.
    position: u64,
}

impl Splicing {
    async fn next(&mut self) -> Result<Option<Bytes>, MailError> {
        loop {
            if let Some(new) = self.new.as_mut() {
                let piece = new.next().await;
                if let Some(piece) = piece {
                    return piece.map(Some);
                }
                self.new = None;
            }
            if !self.kept.is_empty() {
                return self.next_kept().await.map(Some);
            }
            match self.pieces.next() {
                None => return Ok(None),
                Some(Piece::New(body)) => self.new = Some(body.into_stream()),
                Some(Piece::Kept(range)) => self.kept = range,
            }
        }
    }

    /// The next bytes of the kept piece.
    async fn next_kept(&mut self) -> Result<Bytes, MailError> {
        loop {
            if self.rest.is_empty() {
                let piece = self.original.next().await;
                self.rest = piece.ok_or_else(|| MailError::from(MailProblem::Garbled))??;
                continue;
            }
            let before = self.kept.start.saturating_sub(self.position);
            if before > 0 {
                self.take(before);
                continue;
            }
            let piece = self.take(self.kept.end.saturating_sub(self.kept.start));
            self.kept.start = self.kept.start.saturating_add(piece.len() as u64);
            return Ok(piece);
        }
    }

    /// Takes at most this many of the bytes that were read.
    fn take(&mut self, bytes: u64) -> Bytes {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).min(self.rest.len());
        self.position = self.position.saturating_add(bytes as u64);
        self.rest.split_to(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::providers::mailbox::read_whole;

    fn original(bytes: &[u8], piece: usize) -> MailStream {
        let pieces: Vec<_> =
            bytes.chunks(piece).map(|piece| Ok::<_, MailError>(Bytes::copy_from_slice(piece))).collect();
        Box::pin(stream::iter(pieces))
    }

    fn read(splice: Splice, original: MailStream) -> Result<Vec<u8>, MailProblem> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let read = runtime.block_on(read_whole(splice.into_stream(original), usize::MAX));
        read.map_err(|error| error.problem)
    }

    proptest! {
        #[test]
        fn what_is_kept_and_what_is_new_follow_each_other(
            bytes in vec(any::<u8>(), 0..200), cuts in vec(0_usize..200, 0..8), piece in 1_usize..50,
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let (mut splice, mut expected) = (Splice::default(), Vec::new());
            for pair in cuts.chunks_exact(2) {
                splice.push_text("new");
                splice.keep(pair[0] as u64..pair[1] as u64);
                expected.extend_from_slice(b"new");
                expected.extend_from_slice(&bytes[pair[0]..pair[1]]);
            }
            prop_assert_eq!(splice.length(), expected.len() as u64);
            prop_assert_eq!(read(splice, original(&bytes, piece)), Ok(expected));
        }
    }

    #[test]
    fn an_original_that_ends_too_early_is_an_error() {
        let mut splice = Splice::default();
        splice.keep(2..6);
        assert_eq!(read(splice, original(b"hello", 2)), Err(MailProblem::Garbled));
    }
}
