//! Several requests in one (Microsoft Graph, JSON batching): the ids of the folders that every mailbox has.

use ::http::StatusCode;
use serde_json::{Value, json};

use super::{
    address::Query,
    read::{items, owned, text},
    request::{Graph, MAIL_READ, refused},
};
use crate::providers::{
    mailbox::{FolderKind, Limit, MailError, MailProblem, SystemFolders},
    oauth::{ResponseMeta, challenge_error},
};

/// The number of requests in the batch: one for each of the system's folders, and one for [`ROOT`].
const WEIGHT: u8 = 8;

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

fn path_of(name: &str) -> String {
    Query::default().with("$select", "id").on(&format!("/me/mailFolders/{name}"))
}

/// The ids of the system's folders. A mailbox need not have each.
pub(super) async fn system_folders(graph: &Graph<'_>) -> Result<SystemFolders, MailError> {
    let names: Vec<&str> = FOLDERS.iter().map(|(_, name)| *name).chain([ROOT]).collect();
    let ids = match ask_together(graph, &names).await {
        // All slots of the mailbox are not free at once, as beside long downloads.
        Err(MailError { problem: MailProblem::Throttled { limit: Limit::Mailbox, .. }, .. }) => {
            ask_one_by_one(graph, &names).await?
        }
        ids => ids?,
    };
    let id_of = |wanted: &str| {
        let found = names.iter().zip(&ids).find(|(name, _)| **name == wanted);
        found.and_then(|(_, id)| id.clone())
    };
    let folders = FOLDERS.iter().filter_map(|(kind, name)| Some((*kind, id_of(name)?)));
    Ok(SystemFolders { root: id_of(ROOT), ids: folders.collect() })
}

/// The id of each folder, in the order of the names; `None` if there is none.
async fn ask_together(graph: &Graph<'_>, names: &[&str]) -> Result<Vec<Option<String>>, MailError> {
    let request = |(number, name): (usize, &&str)| json!({ "id": number.to_string(), "method": "GET", "url": path_of(name) });
    let requests: Vec<Value> = names.iter().enumerate().map(request).collect();
    let answer = graph.post(MAIL_READ, "/$batch", &json!({ "requests": requests }), WEIGHT).await?;
    let responses = items(&answer, "responses");
    let id = |number: usize| {
        let number = number.to_string();
        let response = responses.iter().find(|response| text(response, "id") == Some(number.as_str()));
        read_id(response.ok_or_else(|| MailError::from(MailProblem::Garbled))?)
    };
    (0..names.len()).map(id).collect()
}

/// Reads one answer of a batch.
fn read_id(response: &Value) -> Result<Option<String>, MailError> {
    let status = response.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let status = status.ok_or_else(|| MailError::from(MailProblem::Garbled))?;
    let body = response.get("body").unwrap_or(&Value::Null);
    if StatusCode::from_u16(status).is_ok_and(|status| status.is_success()) {
        return Ok(owned(body, "id"));
    }
    let challenge = header(response, "www-authenticate").and_then(Value::as_str).and_then(challenge_error);
    let meta = ResponseMeta {
        status,
        retry_after: retry_after(response),
        challenge: challenge.map(str::to_owned),
        ..ResponseMeta::default()
    };
    or_none(Err(refused(&meta, body.to_string().as_bytes(), MAIL_READ)))
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

/// A folder that the mailbox does not have has no id.
fn or_none(id: Result<Option<String>, MailError>) -> Result<Option<String>, MailError> {
    match id {
        Err(error) if error.problem == MailProblem::NotFound => Ok(None),
        id => id,
    }
}

async fn ask_one_by_one(graph: &Graph<'_>, names: &[&str]) -> Result<Vec<Option<String>>, MailError> {
    let mut ids = Vec::new();
    for name in names {
        let answer = graph.get(MAIL_READ, &path_of(name)).await;
        ids.push(or_none(answer.map(|answer| owned(&answer, "id")))?);
    }
    Ok(ids)
}
