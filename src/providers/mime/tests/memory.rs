//! How much of a large file is in memory while its message is sent.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt;

use super::*;

/// The bytes of a piece.
const PIECE: u64 = 256 * 1024;

/// A file that is made while it is read, and counts the bytes that were read.
#[derive(Debug)]
struct Endless {
    size: u64,
    read: Arc<AtomicU64>,
}

#[async_trait]
impl FileSource for Endless {
    async fn open(&self, from: u64) -> Result<MailStream, MailError> {
        let (size, read) = (self.size, self.read.clone());
        Ok(Box::pin(stream::unfold(from, move |at| {
            let read = read.clone();
            async move {
                let length = PIECE.min(size.saturating_sub(at));
                read.fetch_add(length, Ordering::SeqCst);
                let piece = vec![b'x'; usize::try_from(length).expect("a length")];
                (length > 0).then(|| (Ok::<_, MailError>(Bytes::from(piece)), at + length))
            }
        })))
    }
}

#[tokio::test]
async fn a_large_file_is_read_no_faster_than_its_message_is_sent() {
    const SIZE: u64 = 25 * 1024 * 1024;
    let read = Arc::new(AtomicU64::new(0));
    let source = Arc::new(Endless { size: SIZE, read: read.clone() });
    let large = OutgoingFile { size: SIZE, source, ..file("large.bin", b"") };
    let body = message(&outgoing(), Some(&sender()), None, &[large], NOW).expect("a message");
    let length = body.length();
    assert_eq!(read.load(Ordering::SeqCst), 0, "nothing is read before it is sent");
    let mut stream = body.into_stream();
    let mut sent = 0_u64;
    while let Some(piece) = stream.next().await {
        let piece = piece.expect("a piece");
        assert!((piece.len() as u64) < PIECE);
        sent += piece.len() as u64;
        // Each byte becomes more than one.
        let waiting = read.load(Ordering::SeqCst).saturating_sub(sent / 4 * 3);
        assert!(waiting < 3 * PIECE, "{waiting} bytes wait");
    }
    assert_eq!((sent, read.load(Ordering::SeqCst)), (length, SIZE));
}

#[tokio::test]
async fn the_files_of_another_message_are_read_no_faster_than_the_message_is_sent() {
    const SIZE: u64 = 25 * 1024 * 1024;
    let read = Arc::new(AtomicU64::new(0));
    let other = Endless { size: SIZE, read: read.clone() };
    let original = other.open(0).await.expect("a stream");
    let carried = Carried { original, parts: vec![10..1_000, 2_000..SIZE] };
    let body = message(&outgoing(), Some(&sender()), Some(carried), &[], NOW).expect("a message");
    let length = body.length();
    let mut stream = body.into_stream();
    let mut sent = 0_u64;
    while let Some(piece) = stream.next().await {
        sent += piece.expect("a piece").len() as u64;
        let waiting = read.load(Ordering::SeqCst).saturating_sub(sent);
        assert!(waiting < 3 * PIECE, "{waiting} bytes wait");
    }
    assert_eq!((sent, read.load(Ordering::SeqCst)), (length, SIZE));
}
