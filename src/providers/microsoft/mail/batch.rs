//! Several requests in one (Microsoft Graph, JSON batching), and the ids of the folders that every mailbox has.

use ::http::{HeaderName, HeaderValue, Method, StatusCode, header::IF_MATCH};
use serde_json::{Map, Value, json};

use super::{
    address::Query,
    read::{items, owned, text},
    refusal::refused,
    request::{Graph, IMMUTABLE, MAIL_READ},
};
use crate::providers::{
    mailbox::{FolderKind, Limit, MailError, MailProblem, SystemFolders},
    oauth::{ResponseMeta, challenge_error},
};

/// Maximum number of requests in a batch (Microsoft Graph, JSON batching). Graph sends four of them at a time to Outlook
/// (Microsoft Graph, throttling limits, "Outlook service batching"), and a batch has all slots of the mailbox.
pub(super) const MAX_IN_BATCH: usize = 20;
/// Asks for answers to changes without the whole message (RFC 7240, 4.2), which may have a long body.
const MINIMAL: &str = "return=minimal";

/// The folder that contains those at the top.
const ROOT: &str = "msgfolderroot";
/// The names by which Graph knows the system's folders in every language.
const FOLDERS: [(FolderKind, &str); 7] = [
    (FolderKind::Inbox, "inbox"),
    (FolderKind::Sent, "sentitems"),
    (FolderKind::Drafts, "drafts"),
    (FolderKind::Trash, "deleteditems"),
    (FolderKind::Spam, "junkemail"),
    (FolderKind::Archive, "archive"),
    (FolderKind::Outbox, "outbox"),
];

/// A request that is sent alone or in a batch.
#[derive(Clone, Debug)]
pub(super) struct Part {
    method: Method,
    /// It begins with a slash, and may have a query.
    path: String,
    body: Option<Value>,
    /// The version that the item must have.
    if_match: Option<String>,
}

impl Part {
    fn new(method: Method, path: String, body: Option<Value>) -> Self {
        Self { method, path, body, if_match: None }
    }

    pub(super) fn get(path: String) -> Self {
        Self::new(Method::GET, path, None)
    }

    pub(super) fn post(path: String, body: Option<Value>) -> Self {
        Self::new(Method::POST, path, body)
    }

    pub(super) fn patch(path: String, body: Value) -> Self {
        Self::new(Method::PATCH, path, Some(body))
    }

    pub(super) fn delete(path: String) -> Self {
        Self::new(Method::DELETE, path, None)
    }

    /// The same request for this version of the item only.
    #[must_use]
    pub(super) fn of_version(self, etag: Option<String>) -> Self {
        Self { if_match: etag, ..self }
    }

    /// As a request of a batch. It needs its own preferences: those of the batch do not count for it.
    fn in_batch(&self, number: usize) -> Value {
        let mut headers = Map::new();
        let is_reading = self.method == Method::GET;
        let prefer = if is_reading { IMMUTABLE.to_owned() } else { format!("{IMMUTABLE}, {MINIMAL}") };
        headers.insert("Prefer".to_owned(), prefer.into());
        if let Some(version) = &self.if_match {
            headers.insert("If-Match".to_owned(), version.as_str().into());
        }
        let mut request = Map::new();
        if let Some(body) = &self.body {
            headers.insert("Content-Type".to_owned(), "application/json".into());
            request.insert("body".to_owned(), body.clone());
        }
        request.insert("id".to_owned(), number.to_string().into());
        request.insert("method".to_owned(), self.method.as_str().into());
        request.insert("url".to_owned(), self.path.as_str().into());
        request.insert("headers".to_owned(), headers.into());
        request.into()
    }
}

/// Sends requests that do not depend on each other, in as few batches as possible.
///
/// # Returns
/// An answer for each request, in their order: the object that a GET has read, and otherwise `Null`. After an error that
/// further requests would meet too, the rest has this error without being sent.
pub(super) async fn send(
    graph: &Graph<'_>,
    permission: &'static str,
    parts: &[Part],
) -> Vec<Result<Value, MailError>> {
    let mut answers: Vec<Result<Value, MailError>> = Vec::with_capacity(parts.len());
    for group in parts.chunks(MAX_IN_BATCH) {
        let end = answers.last().and_then(|answer| answer.as_ref().err()).filter(|error| ends_all(error));
        let found = match end.cloned() {
            Some(error) => Err(error),
            None => send_group(graph, permission, group).await,
        };
        match found {
            Ok(found) => answers.extend(found),
            Err(error) => answers.extend(group.iter().map(|_| Err(error.clone()))),
        }
    }
    answers
}

/// Whether the next request would meet the same error.
fn ends_all(error: &MailError) -> bool {
    matches!(
        error.problem,
        MailProblem::TokenRefused
            | MailProblem::NeedsSignIn
            | MailProblem::NoMailbox
            | MailProblem::Throttled { .. }
            | MailProblem::NotSent
            | MailProblem::Unavailable
            | MailProblem::UnavailableFor(_)
            | MailProblem::Slow
    )
}

async fn send_group(
    graph: &Graph<'_>,
    permission: &'static str,
    group: &[Part],
) -> Result<Vec<Result<Value, MailError>>, MailError> {
    if group.len() > 1 {
        match send_together(graph, permission, group).await {
            // Not all slots of the mailbox are free at once, as beside long downloads; or the answers have long bodies of
            // messages. All these requests may be sent again.
            Err(MailError {
                problem: MailProblem::Throttled { limit: Limit::Mailbox, .. } | MailProblem::TooLarge,
                ..
            }) => {}
            answers => return answers,
        }
    }
    Ok(send_one_by_one(graph, permission, group).await)
}

async fn send_together(
    graph: &Graph<'_>,
    permission: &'static str,
    group: &[Part],
) -> Result<Vec<Result<Value, MailError>>, MailError> {
    let requests: Vec<Value> = group.iter().enumerate().map(|(number, part)| part.in_batch(number)).collect();
    let weight = u8::try_from(group.len()).unwrap_or(u8::MAX);
    let answer = graph.post(permission, "/$batch", &json!({ "requests": requests }), weight).await?;
    let responses = items(&answer, "responses");
    let read = |(number, part): (usize, &Part)| -> Result<Value, MailError> {
        let number = number.to_string();
        let response = responses.iter().find(|response| text(response, "id") == Some(number.as_str()));
        let body = read_response(response.unwrap_or(&Value::Null), permission)?;
        Ok(if part.method == Method::GET { body.clone() } else { Value::Null })
    };
    Ok(group.iter().enumerate().map(read).collect())
}

async fn send_one_by_one(
    graph: &Graph<'_>,
    permission: &'static str,
    group: &[Part],
) -> Vec<Result<Value, MailError>> {
    let mut answers: Vec<Result<Value, MailError>> = Vec::with_capacity(group.len());
    for part in group {
        let end = answers.last().and_then(|answer| answer.as_ref().err()).filter(|error| ends_all(error));
        let answer = match end.cloned() {
            Some(error) => Err(error),
            None => send_alone(graph, permission, part).await,
        };
        answers.push(answer);
    }
    answers
}

async fn send_alone(graph: &Graph<'_>, permission: &'static str, part: &Part) -> Result<Value, MailError> {
    let Part { method, path, body, if_match } = part;
    if *method == Method::GET {
        let answer = graph.get(permission, path).await?;
        return Ok(Value::clone(&answer));
    }
    let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::new();
    if let Some(version) = if_match {
        let version = HeaderValue::from_str(version).map_err(|_| MailError::from(MailProblem::Garbled))?;
        headers.push((IF_MATCH, version));
    }
    graph.send_only(method.clone(), permission, path, body.as_ref(), &headers).await?;
    Ok(Value::Null)
}

/// Reads one answer of a batch.
fn read_response<'r>(response: &'r Value, permission: &'static str) -> Result<&'r Value, MailError> {
    let status = response.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let status = status.ok_or_else(|| MailError::from(MailProblem::Garbled))?;
    let body = response.get("body").unwrap_or(&Value::Null);
    if StatusCode::from_u16(status).is_ok_and(|status| status.is_success()) {
        return Ok(body);
    }
    let challenge = header(response, "www-authenticate").and_then(Value::as_str).and_then(challenge_error);
    let meta = ResponseMeta {
        status,
        retry_after: retry_after(response),
        challenge: challenge.map(str::to_owned),
        ..ResponseMeta::default()
    };
    Err(refused(&meta, body.to_string().as_bytes(), permission))
}

/// A header of one answer of a batch. Its name is written in any case.
fn header<'r>(response: &'r Value, name: &str) -> Option<&'r Value> {
    let headers = response.get("headers")?.as_object()?;
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The wait that one answer of a batch names, in seconds.
fn retry_after(response: &Value) -> Option<u32> {
    match header(response, "retry-after")? {
        Value::String(text) => text.trim().parse().ok(),
        number => number.as_u64().and_then(|seconds| u32::try_from(seconds).ok()),
    }
}

/// The ids of the system's folders. A mailbox need not have each.
pub(super) async fn system_folders(graph: &Graph<'_>) -> Result<SystemFolders, MailError> {
    let names: Vec<&str> = FOLDERS.iter().map(|(_, name)| *name).chain([ROOT]).collect();
    let id = Query::default().with("$select", "id");
    let parts: Vec<Part> =
        names.iter().map(|name| Part::get(id.on(&format!("/me/mailFolders/{name}")))).collect();
    let mut ids = Vec::with_capacity(names.len());
    for answer in send(graph, MAIL_READ, &parts).await {
        ids.push(match answer {
            Ok(folder) => owned(&folder, "id"),
            // A folder that the mailbox does not have has no id.
            Err(error) if error.problem == MailProblem::NotFound => None,
            Err(error) => return Err(error),
        });
    }
    let id_of = |wanted: &str| {
        let found = names.iter().zip(&ids).find(|(name, _)| **name == wanted);
        found.and_then(|(_, id)| id.clone())
    };
    let folders = FOLDERS.iter().filter_map(|(kind, name)| Some((*kind, id_of(name)?)));
    Ok(SystemFolders { root: id_of(ROOT), ids: folders.collect() })
}
