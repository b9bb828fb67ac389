//! The body of a raw call. The attack: a caller sends a short body byte by byte, and so keeps one of the few slots of the
//! mailbox. A short body is read whole before a slot is asked for. A long one is a stream, of which a mailbox has few.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, StatusCode, header};
use tokio::time::{Instant, timeout_at};

use crate::providers::mailbox::{Bytes, MailBody, MailError, MailProblem, MailStream};

/// Maximum number of bytes of a short body.
const MAX_SHORT: usize = 1024 * 1024;
/// The time within which a short body must arrive.
pub(super) const MAX_TIME: Duration = Duration::from_secs(20);

/// Reads a short body whole. A body of unknown length is a stream if it turns out to be long or slow.
///
/// # Errors
/// 408 if a short body does not arrive within this time, 400 if it is cut off.
pub(super) async fn take_in(body: Body, headers: &HeaderMap, time: Duration) -> Result<MailBody, StatusCode> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let mut body = body.into_data_stream();
    if length.is_some_and(|length: usize| length > MAX_SHORT) {
        return Ok(MailBody::Stream(rest_of(body)));
    }
    let end = Instant::now() + time;
    let mut whole = Vec::with_capacity(length.unwrap_or_default());
    loop {
        match timeout_at(end, body.next()).await {
            Ok(None) => return Ok(MailBody::Whole(whole.into())),
            // Each piece is copied, because a small one may keep a large buffer.
            Ok(Some(Ok(piece))) => whole.extend_from_slice(&piece),
            Ok(Some(Err(_))) => return Err(StatusCode::BAD_REQUEST),
            Err(_) if length.is_some() => return Err(StatusCode::REQUEST_TIMEOUT),
            Err(_) => break,
        }
        if whole.len() > MAX_SHORT {
            break;
        }
    }
    let begin = stream::iter([Ok(Bytes::from(whole))]);
    Ok(MailBody::Stream(Box::pin(begin.chain(rest_of(body)))))
}

fn rest_of(body: BodyDataStream) -> MailStream {
    // The caller went away, or sent something that is not HTTP.
    Box::pin(body.map(|piece| piece.map_err(|_| MailError::from(MailProblem::Garbled))))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::providers::mailbox::read_whole;

    const SHORT: Duration = Duration::from_millis(100);

    /// A body of these pieces, which never ends if `is_open`.
    fn body(pieces: usize, length: usize, is_open: bool) -> Body {
        let pieces = (0..pieces).map(move |_| Ok::<_, Infallible>(vec![b'x'; length]));
        let end = stream::iter(is_open.then_some(())).then(|()| std::future::pending());
        Body::from_stream(stream::iter(pieces).chain(end))
    }

    fn length(length: usize) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_LENGTH, length.into())])
    }

    #[tokio::test]
    async fn a_short_body_is_read_whole_whether_its_length_is_known_or_not() {
        for headers in [length(3_000), HeaderMap::new()] {
            let taken = take_in(body(3, 1_000, false), &headers, SHORT).await.expect("a body");
            let MailBody::Whole(bytes) = taken else { panic!("not whole") };
            assert_eq!(bytes.len(), 3_000);
        }
    }

    #[tokio::test]
    async fn a_short_body_that_does_not_arrive_in_time_is_refused() {
        let refused = take_in(body(3, 1_000, true), &length(1_000_000), SHORT).await;
        assert_eq!(refused.err(), Some(StatusCode::REQUEST_TIMEOUT));
    }

    #[tokio::test]
    async fn a_long_body_and_a_slow_one_of_unknown_length_are_streams_that_lose_nothing() {
        let long = 3 * MAX_SHORT;
        for headers in [length(long), HeaderMap::new()] {
            let taken = take_in(body(48, long / 48, false), &headers, SHORT).await.expect("a body");
            let MailBody::Stream(stream) = taken else { panic!("no stream") };
            assert_eq!(read_whole(stream, long).await.expect("the whole body").len(), long);
        }
        let taken = take_in(body(3, 1_000, true), &HeaderMap::new(), SHORT).await.expect("a body");
        let MailBody::Stream(mut stream) = taken else { panic!("no stream") };
        assert_eq!(stream.next().await.expect("a piece").expect("bytes").len(), 3_000);
    }
}
