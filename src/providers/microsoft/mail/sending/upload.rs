//! Upload sessions for large files (Microsoft Graph, attachment: createUploadSession). The pieces go to another host than
//! Graph, by an address that is a capability: everyone who has it can write the file. So it is never logged, and the
//! access token is not sent there.

use ::http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE},
};
use oauth2::HttpResponse;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::{Host, Url};

use super::super::{
    read::{items, text},
    request::{Graph, MAIL_WRITE, refused},
};
use crate::providers::{
    mailbox::{Limit, MailBody, MailError, MailProblem, MailRequest, MailResponse, OutgoingFile, read_whole},
    members::without_mark,
    mime::{self, Fault},
    oauth::ResponseMeta,
};

/// The bytes of a piece: a multiple of 320 KiB below 4 MB (Microsoft Graph, "Attach large files to Outlook messages").
const PIECE: u64 = 10 * 320 * 1024;
/// Maximum number of bytes of an answer of the other host.
const MAX_ANSWER: usize = 64 * 1024;
/// How often one piece is interrupted or throttled before the upload is given up.
const MAX_CUTS: usize = 3;

/// An upload that was begun. `Debug` does not print its address.
#[derive(Debug)]
struct Session {
    url: SecretString,
}

/// What has become of the last request to a session.
enum Step {
    Done,
    /// The session waits for the bytes from here on.
    Next(u64),
    /// There is no such session: it is over, or everything has arrived.
    Gone,
    /// The request was interrupted. The session may have the bytes, and can be asked.
    Cut(MailError),
    Failed(MailError),
}

/// Uploads a file to a draft. `path` is that of its attachments.
///
/// # Errors
/// Those of the requests, or of the file. One that leaves a doubt leaves it as well whether the file was added.
pub(super) async fn upload(
    graph: &Graph<'_>,
    path: &str,
    file: &OutgoingFile,
    mark: &str,
) -> Result<(), MailError> {
    let session = begin(graph, path, file, mark).await?;
    let uploaded = send_pieces(graph, &session, file).await;
    if uploaded.as_ref().is_err_and(|error| !error.problem.leaves_doubt()) {
        // Nothing of the file stays. A session that is not ended expires.
        let _ = send(graph, &session, Method::DELETE, HeaderMap::new(), MailBody::Empty).await;
    }
    uploaded
}

async fn begin(graph: &Graph<'_>, path: &str, file: &OutgoingFile, mark: &str) -> Result<Session, MailError> {
    let mut item = json!({
        "attachmentType": "file", "name": file.name, "size": file.size, "isInline": false, "contentId": mark,
    });
    if let (Some(kind), Some(item)) = (&file.content_type, item.as_object_mut()) {
        item.insert("contentType".to_owned(), kind.as_str().into());
    }
    let body = json!({ "AttachmentItem": item });
    let path = format!("{path}/createUploadSession");
    let answer = graph.send_json(Method::POST, MAIL_WRITE, &path, Some(&body), &[]).await?;
    let url = text(&answer, "uploadUrl").filter(|url| is_allowed(&graph.url(""), url));
    let url = url.ok_or_else(|| MailError::from(MailProblem::Garbled))?;
    Ok(Session { url: SecretString::from(url) })
}

/// Whether pieces may go to this address: with TLS to a named host. If Graph itself is a program on this machine, as in
/// tests, to this machine. The attack: an answer sends the file into the network of this server.
fn is_allowed(base: &str, url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_bare = url.username().is_empty() && url.password().is_none();
    let is_here = |url: &Url| match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_named = matches!(url.host(), Some(Host::Domain(_))) && !is_here(&url);
    let graph_is_here = Url::parse(base).is_ok_and(|base| is_here(&base));
    let is_web = matches!(url.scheme(), "http" | "https");
    is_bare && ((url.scheme() == "https" && is_named) || (graph_is_here && is_web && is_here(&url)))
}

async fn send_pieces(graph: &Graph<'_>, session: &Session, file: &OutgoingFile) -> Result<(), MailError> {
    let mut at = 0;
    let mut cuts = 0_usize;
    loop {
        let (step, cut) = match send_piece(graph, session, file, at).await {
            Step::Cut(error) => (ask(graph, session).await, Some(error)),
            // Exchange takes 150 MB of a mailbox in five minutes. The next request waits for as long as it wants. If the
            // upload began again, several at once would use that up again and again, and none would come to its end.
            Step::Failed(error) if is_throttled(&error) => (Step::Next(at), Some(error)),
            step => (step, None),
        };
        match step {
            Step::Done => return Ok(()),
            // Only the draft tells whether the file has arrived.
            Step::Gone => return Err(cut.unwrap_or_else(|| MailProblem::Unavailable.into())),
            Step::Failed(error) | Step::Cut(error) => return Err(cut.unwrap_or(error)),
            Step::Next(next) if next >= file.size => return Ok(()),
            Step::Next(next) => {
                cuts = if next > at { 0 } else { cuts.saturating_add(1) };
                if cuts >= MAX_CUTS {
                    return Err(cut.unwrap_or_else(|| MailProblem::Unavailable.into()));
                }
                at = next;
            }
        }
    }
}

/// Whether the host wants fewer requests. It has nothing of the piece then.
fn is_throttled(error: &MailError) -> bool {
    matches!(error.problem, MailProblem::Throttled { limit: Limit::Provider, .. })
}

/// Sends the piece that begins here.
async fn send_piece(graph: &Graph<'_>, session: &Session, file: &OutgoingFile, at: u64) -> Step {
    let length = PIECE.min(file.size.saturating_sub(at));
    let end = at.saturating_add(length);
    let range = format!("bytes {at}-{}/{}", end.saturating_sub(1), file.size);
    let Ok(range) = HeaderValue::from_str(&range) else {
        return Step::Failed(MailProblem::Garbled.into());
    };
    let content = match file.source.open(at).await {
        Ok(content) => mime::first(content, length),
        Err(error) => return Step::Failed(error),
    };
    let fault = Fault::default();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(CONTENT_RANGE, range);
    let body = MailBody::Stream(fault.watch(content));
    let answer = send(graph, session, Method::PUT, headers, body).await;
    if let Some(error) = fault.take() {
        return Step::Failed(error);
    }
    match answer {
        Ok(answer) if answer.status == StatusCode::CREATED => Step::Done,
        Ok(answer) => read(answer, end).await,
        Err(error) => step_of(error),
    }
}

/// Asks a session for what it has.
async fn ask(graph: &Graph<'_>, session: &Session) -> Step {
    match send(graph, session, Method::GET, HeaderMap::new(), MailBody::Empty).await {
        Ok(answer) => match read(answer, u64::MAX).await {
            // The answer to a question about a session names what is missing.
            Step::Next(u64::MAX) => Step::Failed(MailProblem::Garbled.into()),
            step => step,
        },
        Err(error) => step_of(error),
    }
}

async fn send(
    graph: &Graph<'_>,
    session: &Session,
    method: Method,
    mut headers: HeaderMap,
    body: MailBody,
) -> Result<MailResponse, MailError> {
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let url = session.url.expose_secret().to_owned();
    // A piece takes as long as it takes, but not the slots that calls need.
    let is_download = method == Method::PUT;
    let request = MailRequest { method, url, headers, body, weight: 1, units: 1, is_download };
    graph.call.http.send(request).await
}

/// A request that had no answer.
fn step_of(error: MailError) -> Step {
    let is_cut = error.problem == MailProblem::NotSent || error.problem.leaves_doubt();
    if is_cut { Step::Cut(error) } else { Step::Failed(error) }
}

/// Reads an answer of the other host. `end` is where the session goes on if it does not say it.
async fn read(answer: MailResponse, end: u64) -> Step {
    let MailResponse { status, headers, body } = answer;
    let mut head = HttpResponse::new(Vec::new());
    *head.status_mut() = status;
    *head.headers_mut() = headers;
    let body = read_whole(body, MAX_ANSWER).await;
    match status {
        status if status.is_success() => match body {
            Ok(body) => next_of(&body).map_or(Step::Next(end), Step::Next),
            Err(error) => Step::Cut(error),
        },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
            Step::Gone
        }
        // The session has other bytes than this program believes.
        StatusCode::CONFLICT | StatusCode::RANGE_NOT_SATISFIABLE => {
            Step::Cut(MailProblem::Unavailable.into())
        }
        _ => step_of(refused(&ResponseMeta::of(&head), &body.unwrap_or_default(), MAIL_WRITE)),
    }
}

/// The first byte that a session waits for; `None` if the answer does not say it. Ranges are `5-`, `5-9`.
fn next_of(body: &[u8]) -> Option<u64> {
    let answer: Value = serde_json::from_slice(without_mark(body)).ok()?;
    let range = items(&answer, "nextExpectedRanges").first()?.as_str()?;
    range.split('-').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_go_only_to_named_hosts_with_tls_or_to_this_machine_if_graph_is_there() {
        let graph = "https://graph.microsoft.com/v1.0";
        let local = "http://127.0.0.1:4220/v1.0";
        for (base, url, expected) in [
            (graph, "https://outlook.office.com/api/session?token=x", true),
            (graph, "http://outlook.office.com/api/session", false),
            (graph, "https://user@outlook.office.com/", false),
            (graph, "https://127.0.0.1/", false),
            (graph, "https://[::1]/", false),
            (graph, "https://169.254.169.254/", false),
            (graph, "https://localhost/", false),
            (graph, "http://127.0.0.1:4221/", false),
            (graph, "file:///etc/passwd", false),
            (graph, "not an address", false),
            (local, "http://127.0.0.1:4221/upload?token=x", true),
            (local, "http://localhost:4221/upload", true),
            (local, "http://10.0.0.1/upload", false),
            (local, "ftp://127.0.0.1/upload", false),
        ] {
            assert_eq!(is_allowed(base, url), expected, "{base} {url}");
        }
    }

    #[test]
    fn the_address_of_a_session_is_not_printed() {
        let session = Session { url: SecretString::from("https://outlook.office.com/?token=canary") };
        assert!(!format!("{session:?}").contains("canary"));
    }

    #[test]
    fn the_next_byte_is_read_from_each_form_of_range() {
        let next = |ranges: &str| next_of(format!(r#"{{"nextExpectedRanges":{ranges}}}"#).as_bytes());
        assert_eq!(next(r#"["0-"]"#), Some(0));
        assert_eq!(next(r#"["3276800-4000000","5000000-"]"#), Some(3_276_800));
        for none in ["[]", r#"["x"]"#, "null", "[7]"] {
            assert_eq!(next(none), None, "{none}");
        }
        assert_eq!(next_of(b""), None);
    }
}
