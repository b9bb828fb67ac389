//! Messages that were read before. A read costs ten times as much of the mailbox's quota as the list of all changes since
//! then, so that a list reads only the messages that are not remembered, or whose labels have changed.

use serde_json::Value;

use super::{
    address::Query,
    json::{items, number, owned},
    request::Google,
};
use crate::providers::{
    google::permissions::GMAIL_READ,
    mailbox::{KnownMessage, MailError, MailProblem, Message},
};

/// Maximum number of pages of changes that are read. More of them cost as much as reading the messages of a page.
const MAX_PAGES: usize = 4;
/// What is asked of the changes. Without this, each of them has all of its messages twice.
const FIELDS: &str = "historyId,nextPageToken,history(labelsAdded/message/id,labelsRemoved/message/id,messagesDeleted/message/id)";

/// Forgets the messages that have changed.
///
/// # Returns
/// Gmail's name of the state of which the others are; `None` if it names none: then no message is remembered.
pub(super) async fn refresh(google: &Google<'_>) -> Result<Option<String>, MailError> {
    let memory = google.call.memory;
    if let Some(from) = memory.state_of_messages()
        && let Some((to, changed)) = changed_since(google, &from).await?
    {
        memory.advance_messages(&from, &to, &changed);
        return Ok(Some(to));
    }
    let url = google.gmail(&Query::default().with("fields", "historyId").on("/profile"));
    let state = match google.get(GMAIL_READ, &url).await {
        Err(error) if error.problem == MailProblem::NotFound => None,
        answer => number(&*answer?, "historyId").map(|state| state.to_string()),
    };
    memory.restart_messages(state.clone());
    Ok(state)
}

/// The ids of the messages that have changed since a state, and the name of the present one; `None` if Gmail has forgotten
/// the state, or there are too many.
async fn changed_since(google: &Google<'_>, state: &str) -> Result<Option<(String, Vec<String>)>, MailError> {
    let mut query =
        Query::default().with("startHistoryId", state).with("maxResults", "500").with("fields", FIELDS);
    for kind in ["labelAdded", "labelRemoved", "messageDeleted"] {
        query = query.with("historyTypes", kind);
    }
    let mut changed = Vec::new();
    let mut page: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let address = match &page {
            Some(page) => query.clone().with("pageToken", page).on("/history"),
            None => query.on("/history"),
        };
        let answer = match google.get(GMAIL_READ, &google.gmail(&address)).await {
            // One change may have very many messages, such as all of a folder that was emptied.
            Err(error)
                if matches!(
                    error.problem,
                    MailProblem::NotFound | MailProblem::Refused | MailProblem::TooLarge
                ) =>
            {
                return Ok(None);
            }
            answer => answer?,
        };
        changed.extend(items(&answer, "history").iter().flat_map(changed_in));
        page = owned(&answer, "nextPageToken");
        if page.is_none() {
            return Ok(number(&answer, "historyId").map(|state| (state.to_string(), changed)));
        }
    }
    Ok(None)
}

/// The ids of the messages that a record names.
fn changed_in(record: &Value) -> Vec<String> {
    let lists = ["labelsAdded", "labelsRemoved", "messagesDeleted"].into_iter();
    let changes = lists.flat_map(|list| items(record, list));
    changes.filter_map(|change| owned(change.get("message")?, "id")).collect()
}

/// Remembers a message that was read after a state.
pub(super) fn keep(google: &Google<'_>, state: &str, id: &str, message: &Message, labels: &[&str]) {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    let known = KnownMessage { message: message.clone(), labels };
    google.call.memory.keep_message(state, id, known);
}
