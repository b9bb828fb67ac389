//! The HTTP client for mail: it keeps connections, and passes the body of an answer on while it arrives.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use http::{Method, header::CONTENT_LENGTH};
use hyper_util::client::proxy::matcher::Matcher;
use tokio::time::{Instant, timeout_at};

use super::{HttpFailure, Reqwest, failure};
use crate::providers::mailbox::{
    Bytes, MailBody, MailError, MailHttp, MailRequest, MailResponse, MailStream,
};

/// How long the provider may say nothing: before the head of an answer, between two pieces of its body, and between two
/// pieces of ours that it takes.
const MAX_SILENCE: Duration = Duration::from_secs(20);
/// How long a whole answer may take that is no download.
const MAX_WHOLE: Duration = Duration::from_secs(30);
/// How long an unused connection is kept. Providers close theirs after about two minutes.
const KEPT: Duration = Duration::from_mins(1);
/// Maximum number of unused connections that are kept for each host.
const MAX_KEPT: usize = 64;

/// The implementation of [`MailHttp`] with `reqwest`.
pub struct MailClient {
    client: reqwest::Client,
    /// The proxies that the client uses.
    proxies: Matcher,
    limits: Limits,
}

/// Times after which a request ends.
#[derive(Clone, Copy)]
struct Limits {
    silence: Duration,
    whole: Duration,
}

impl MailClient {
    /// Creates the client of the whole program. It takes `HTTPS_PROXY` and `NO_PROXY` from the environment.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new() -> Result<Self, String> {
        Self::with(Limits { silence: MAX_SILENCE, whole: MAX_WHOLE })
    }

    fn with(limits: Limits) -> Result<Self, String> {
        let builder = Reqwest::plain_builder()
            .http1_only()
            // The library would repeat a request by itself that a server has not begun.
            .retry(reqwest::retry::never())
            .pool_idle_timeout(KEPT)
            .pool_max_idle_per_host(MAX_KEPT);
        let Reqwest { client, proxies } = Reqwest::built(builder, Matcher::from_system())?;
        Ok(Self { client, proxies, limits })
    }
}

/// When our own body went on last.
#[derive(Clone)]
struct Progress {
    began: Instant,
    /// Milliseconds since `began`.
    last: Arc<AtomicU64>,
}

impl Progress {
    fn begin() -> Self {
        Self { began: Instant::now(), last: Arc::default() }
    }

    fn note(&self) {
        let passed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(passed, Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        self.began + Duration::from_millis(self.last.load(Ordering::Relaxed))
    }
}

#[async_trait]
impl MailHttp for MailClient {
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError> {
        let MailRequest { method, url, headers, body, is_download, .. } = request;
        let silence = self.limits.silence;
        let has_proxy = url.parse::<http::Uri>().is_ok_and(|uri| self.proxies.intercept(&uri).is_some());
        let wants_length = [Method::POST, Method::PUT, Method::PATCH].contains(&method);
        let url: reqwest::Url = url.parse().map_err(|_| HttpFailure::Request)?;
        let progress = Progress::begin();
        let request = self.client.request(method, url).headers(headers);
        let request = match body {
            // Some servers refuse a request that may have a body and says no length (RFC 9110, 8.6).
            MailBody::Empty if wants_length => request.header(CONTENT_LENGTH, "0"),
            MailBody::Empty => request,
            MailBody::Whole(body) => request.body(body),
            MailBody::Stream(body) => {
                let progress = progress.clone();
                request.body(reqwest::Body::wrap_stream(body.inspect(move |_| progress.note())))
            }
        };
        let mut sent = pin!(request.send());
        let answer = loop {
            let until = progress.last() + silence;
            match timeout_at(until, sent.as_mut()).await {
                Ok(answer) => break answer,
                // Our body has gone on since.
                Err(_) if progress.last() + silence > until => {}
                Err(_) => return Err(HttpFailure::TimedOut.into()),
            }
        };
        let answer = answer.map_err(|error| failure(&error).through_proxy(has_proxy))?;
        // The time in which our body went on is not the provider's.
        let deadline = (!is_download).then(|| progress.last() + self.limits.whole);
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok(MailResponse { status, headers, body: pieces(answer, silence, deadline) })
    }
}

/// The body of an answer, piece by piece. Silence is counted only while the reader waits for a piece.
fn pieces(answer: reqwest::Response, silence: Duration, deadline: Option<Instant>) -> MailStream {
    Box::pin(stream::try_unfold(answer, move |mut answer| async move {
        let quiet = Instant::now() + silence;
        let until = deadline.map_or(quiet, |deadline| deadline.min(quiet));
        let piece: Option<Bytes> = match timeout_at(until, answer.chunk()).await {
            Ok(piece) => piece.map_err(|error| failure(&error))?,
            Err(_) => return Err(HttpFailure::TimedOut.into()),
        };
        Ok::<_, MailError>(piece.map(|piece| (piece, answer)))
    }))
}

#[cfg(test)]
mod tests;
