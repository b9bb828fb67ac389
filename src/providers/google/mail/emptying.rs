//! Deletes messages of a folder, some at a time.

use serde_json::Value;

use super::{
    address::Query,
    changes, folders,
    json::{items, owned},
    place::{ALL_MAIL, SPAM, TRASH},
    request::Google,
};
use crate::{
    platform::clock::Timestamp,
    providers::{
        google::permissions::GMAIL_READ,
        mailbox::{Changed, MailError, MailProblem, MessageChange},
    },
};

/// Maximum number of messages that one call deletes.
const AT_ONCE: usize = 20;
/// Maximum number of ids of one page.
const PAGE: usize = 500;
/// Maximum number of pages of one call.
const MAX_PAGES: usize = 4;
/// The messages of *All Mail* that are in no other folder.
const ONLY_IN_ALL_MAIL: &str = "has:nouserlabels -in:inbox -in:sent -in:draft";

/// Deletes some messages of a folder.
pub(super) async fn empty_some(
    google: &Google<'_>,
    folder: &str,
    before: Timestamp,
    skip: &[String],
) -> Result<Vec<Changed>, MailError> {
    let all = folders::list(google).await?;
    if !all.iter().any(|known| known.id == folder) {
        return Err(MailProblem::NotFound.into());
    }
    let is_for_good = matches!(folder, TRASH | SPAM);
    let messages = some_messages(google, folder, is_for_good, before, skip).await?;
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let change = if is_for_good { MessageChange::Expunge } else { MessageChange::Trash };
    changes::change(google, &messages, &change).await
}

/// The ids of some messages of a folder that are not in `skip`; of all of them if these are few.
async fn some_messages(
    google: &Google<'_>,
    folder: &str,
    is_hidden: bool,
    before: Timestamp,
    skip: &[String],
) -> Result<Vec<String>, MailError> {
    // Gmail compares whole seconds.
    let time = format!("before:{}", before.seconds().saturating_add(1));
    let max = AT_ONCE.saturating_add(skip.len()).min(PAGE).to_string();
    let mut query = Query::default().with("maxResults", &max);
    query = if folder == ALL_MAIL {
        query.with("q", &format!("{ONLY_IN_ALL_MAIL} {time}"))
    } else {
        query.with("q", &time).with("labelIds", folder)
    };
    if is_hidden {
        query = query.with("includeSpamTrash", "true");
    }
    let mut found: Vec<String> = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let page = match &token {
            Some(token) => query.clone().with("pageToken", token),
            None => query.clone(),
        };
        let answer = google.get(GMAIL_READ, &google.gmail(&page.on("/messages"))).await?;
        let ids = items(&answer, "messages").iter().filter_map(|message: &Value| owned(message, "id"));
        found.extend(ids.filter(|id| !skip.contains(id)));
        found.truncate(AT_ONCE);
        token = owned(&answer, "nextPageToken").filter(|_| found.len() < AT_ONCE);
        if token.is_none() {
            break;
        }
    }
    Ok(found)
}
