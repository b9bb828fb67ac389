//! Changes of contacts since an earlier call (People v1, `people.connections.list`). Google keeps a token for seven days.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    contact,
    json::{items, owned},
    people,
    request::Google,
};
use crate::providers::{
    google::permissions::CONTACTS_READ,
    mailbox::{ContactChanges, MailError, MailProblem},
};

/// The size of a page. All parameters of a request must be those of the one that gave its token.
const CHANGES_AT_ONCE: &str = "100";

/// Our token: where the changes go on.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    /// Google's token of the changes; `None` in the first pages of all contacts.
    sync: Option<String>,
    /// Google's token of the next page of these changes.
    page: Option<String>,
}

impl Token {
    fn read(text: &str) -> Result<Self, MailError> {
        let token: Option<Self> = serde_json::from_str(text).ok();
        let token = token.filter(|token| *token != Self::default());
        token.ok_or_else(|| MailProblem::InvalidValue("token").into())
    }

    fn written(&self) -> Result<String, MailError> {
        serde_json::to_string(self).map_err(|_| MailProblem::Garbled.into())
    }
}

/// Changes of the user's contacts: one page of them.
pub(super) async fn changes(google: &Google<'_>, token: Option<&str>) -> Result<ContactChanges, MailError> {
    let Token { sync, page } = token.map(Token::read).transpose()?.unwrap_or_default();
    let mut query = people::fields().with("pageSize", CHANGES_AT_ONCE).with("requestSyncToken", "true");
    if let Some(sync) = &sync {
        query = query.with("syncToken", sync);
    }
    if let Some(page) = &page {
        query = query.with("pageToken", page);
    }
    let answer = google.get(CONTACTS_READ, &google.people(&query.on("/people/me/connections"))).await;
    let answer = answer.map_err(|error| {
        // A token that is not valid any more does not always say why.
        if token.is_some() { people::on_unknown_token(error, MailProblem::SyncTokenExpired) } else { error }
    })?;
    let (mut changed, mut removed): (_, Vec<String>) = (Vec::new(), Vec::new());
    for person in items(&answer, "connections") {
        let Some(id) = contact::id(person) else { continue };
        let metadata = person.get("metadata");
        if metadata.and_then(|metadata| metadata.get("deleted")?.as_bool()) == Some(true) {
            removed.push(id.to_owned());
            continue;
        }
        // Google may give a contact another id, such as when it gets an address that has a profile.
        let former = metadata.map_or_else(Vec::new, |metadata| {
            let names = items(metadata, "previousResourceNames").iter().filter_map(Value::as_str);
            names.filter_map(people::contact_id).filter(|former| *former != id).map(str::to_owned).collect()
        });
        removed.extend(former);
        changed.extend(contact::read(person));
    }
    let next_page = owned(&answer, "nextPageToken");
    let has_more = next_page.is_some();
    let next = if has_more {
        Token { sync, page: next_page }
    } else {
        let sync = owned(&answer, "nextSyncToken").ok_or_else(|| MailError::from(MailProblem::Garbled))?;
        Token { sync: Some(sync), page: None }
    };
    Ok(ContactChanges { changed, removed, token: next.written()?, has_more })
}
