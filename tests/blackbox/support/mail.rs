//! The mailboxes at the provider: a function that answers each request, and a record of the requests.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures_util::StreamExt;
use http::{HeaderMap, Method, StatusCode};
use mail360::providers::mailbox::{
    Bytes, MailBody, MailError, MailHttp, MailProblem, MailRequest, MailResponse, MailStream, read_whole,
};
use serde_json::{Value, json};
use url::Url;

/// Maximum number of bytes of a request: the provider takes 4 MB.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// A request to a mailbox, as the provider sees it.
#[derive(Clone, Debug)]
pub struct MailSeen {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl MailSeen {
    /// A parameter of the query; empty if there is none.
    pub fn query(&self, name: &str) -> String {
        let found = self.url.query_pairs().find(|(known, _)| known == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    /// The path behind the version, such as `/me/messages`.
    pub fn path(&self) -> &str {
        let path = self.url.path();
        path.strip_prefix("/v1.0").unwrap_or(path)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// What the provider answers.
#[derive(Clone, Debug)]
pub enum MailAnswer {
    Json(u16, Value),
    /// With one header more.
    Headed(u16, (&'static str, String), Value),
    /// Bytes with their type, in these pieces.
    Bytes(&'static str, Vec<Vec<u8>>),
    /// This number of pieces, and then nothing for ever.
    Unending(usize, OpenBodies),
    /// Bytes without an end, a few every hundredth of a second.
    Endless,
    Failure(MailProblem),
}

impl MailAnswer {
    /// A refusal in the provider's form.
    pub fn refusal(status: u16, code: &str) -> Self {
        let error = json!({ "error": { "code": code, "message": "what-the-provider-says" } });
        Self::Headed(status, ("request-id", "the-providers-request".to_owned()), error)
    }
}

/// The number of bodies that the provider is sending. A body is open until the program drops it.
#[derive(Clone, Debug, Default)]
pub struct OpenBodies(Arc<AtomicUsize>);

impl OpenBodies {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn open(self) -> OpenBody {
        self.0.fetch_add(1, Ordering::SeqCst);
        OpenBody(self)
    }
}

struct OpenBody(OpenBodies);

impl Drop for OpenBody {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A piece of a body that does not end.
static PIECE: [u8; 64 * 1024] = [b'x'; 64 * 1024];

fn unending(pieces: usize, bodies: OpenBodies) -> MailStream {
    Box::pin(futures_util::stream::unfold((pieces, bodies.open()), |(left, body)| async move {
        if left == 0 {
            std::future::pending::<()>().await;
        }
        Some((Ok::<_, MailError>(Bytes::from_static(&PIECE)), (left - 1, body)))
    }))
}

type Answerer = Arc<dyn Fn(&MailSeen) -> MailAnswer + Send + Sync>;

/// The HTTP client for mail, without a network.
#[derive(Default)]
pub struct CannedMail {
    answer: Mutex<Option<Answerer>>,
    seen: Mutex<Vec<MailSeen>>,
}

impl CannedMail {
    /// Answers all requests from now on.
    pub fn answer(&self, answer: impl Fn(&MailSeen) -> MailAnswer + Send + Sync + 'static) {
        *self.answer.lock().expect("a function") = Some(Arc::new(answer));
    }

    /// All requests so far. Forgets them.
    pub fn take_requests(&self) -> Vec<MailSeen> {
        std::mem::take(&mut *self.seen.lock().expect("a list"))
    }
}

fn stream(pieces: Vec<Vec<u8>>) -> MailStream {
    Box::pin(futures_util::stream::iter(pieces.into_iter().map(|piece| Ok(Bytes::from(piece)))))
}

#[async_trait]
impl MailHttp for CannedMail {
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError> {
        let seen = MailSeen {
            method: request.method,
            url: Url::parse(&request.url).expect("an address"),
            headers: request.headers,
            body: match request.body {
                MailBody::Whole(body) => body.to_vec(),
                MailBody::Empty => Vec::new(),
                MailBody::Stream(body) => read_whole(body, MAX_BODY).await?,
            },
        };
        self.seen.lock().expect("a list").push(seen.clone());
        let answer = self.answer.lock().expect("a function").clone();
        let Some(answer) = answer else { return Err(MailProblem::Unavailable.into()) };
        let mut headers = HeaderMap::new();
        let (status, content_type, body) = match answer(&seen) {
            MailAnswer::Failure(problem) => return Err(problem.into()),
            MailAnswer::Json(status, body) => {
                (status, "application/json", stream(vec![body.to_string().into_bytes()]))
            }
            MailAnswer::Headed(status, (name, value), body) => {
                headers.insert(name, value.parse().expect("a value"));
                (status, "application/json", stream(vec![body.to_string().into_bytes()]))
            }
            MailAnswer::Bytes(content_type, pieces) => (200, content_type, stream(pieces)),
            MailAnswer::Unending(pieces, bodies) => (200, "text/plain", unending(pieces, bodies)),
            MailAnswer::Endless => {
                let body = futures_util::stream::repeat_with(|| Bytes::from_static(b"x"));
                let body = body.then(|piece| async {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    Ok(piece)
                });
                (200, "text/plain", Box::pin(body) as MailStream)
            }
        };
        headers.insert(http::header::CONTENT_TYPE, content_type.parse().expect("a type"));
        let status = StatusCode::from_u16(status).expect("a status");
        Ok(MailResponse { status, headers, body })
    }
}
