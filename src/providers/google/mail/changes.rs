//! Changes of messages that leave their content as it is: whether they are read, the star, labels, folders, deletion.
//!
//! Gmail can change many messages by one request (`batchModify`), which costs as much as ten single ones, and says nothing
//! about a message that does not exist. So each message is changed by a request of its own: a call changes at most
//! twenty, and gets an answer for each.

use ::http::Method;
use serde_json::{Value, json};

use super::{
    address::{Query, is_draft, segment},
    json::items,
    labels::{self, RawLabel},
    messages,
    place::{self, ALL_MAIL, DRAFT, INBOX, SENT, SPAM, STARRED, TRASH, UNREAD},
    read::label_ids,
    request::{Google, Json},
};
use crate::providers::{
    google::permissions::{GMAIL_FULL, GMAIL_MODIFY, GMAIL_READ},
    mailbox::{Changed, MailError, MailProblem, MessageChange},
};

/// Maximum number of labels that one request adds or removes (reported: Gmail takes a hundred).
const MAX_LABELS: usize = 100;

const NO_FOLDER: &str = "destfolderId: The mailbox has no folder with this id.";
const NOT_FOR_MOVES: &str = "destfolderId: Gmail moves no messages to Sent or Drafts.";
const NO_LABEL: &str = "labelId: The mailbox has no label of the user with one of these ids.";

/// Changes the labels of one message. What it has or lacks already is taken as it is.
pub(super) async fn modify(
    google: &Google<'_>,
    message: &str,
    added: &[String],
    removed: &[String],
) -> Result<(), MailError> {
    let url = google.gmail(&format!("/messages/{}/modify", segment(message)?));
    let rounds = added.len().max(removed.len()).div_ceil(MAX_LABELS);
    let part = |labels: &[String], round: usize| -> Vec<String> {
        labels.chunks(MAX_LABELS).nth(round).unwrap_or_default().to_vec()
    };
    for round in 0..rounds {
        let body = json!({ "addLabelIds": part(added, round), "removeLabelIds": part(removed, round) });
        google.send_only(Method::POST, GMAIL_MODIFY, &url, Some(&body)).await?;
    }
    Ok(())
}

/// # Errors
/// [`MailProblem::InvalidValue`] if the user has not made one of these labels.
pub(super) async fn check_labels(google: &Google<'_>, ids: &[String]) -> Result<(), MailError> {
    if ids.is_empty() {
        return Ok(());
    }
    let known = labels::all(google).await?;
    let is_known = |id: &String| known.iter().any(|label| label.is_user && label.id == *id);
    if ids.iter().all(is_known) { Ok(()) } else { Err(MailProblem::InvalidValue(NO_LABEL).into()) }
}

/// What is done to each message.
enum Step {
    /// Labels are added and removed.
    Labels {
        added: Vec<String>,
        removed: Vec<String>,
    },
    /// The message is moved to a folder; with the labels of the mailbox.
    Move {
        folder: String,
        labels: Vec<RawLabel>,
    },
    Trash,
    Expunge,
}

impl Step {
    fn add(label: &str) -> Self {
        Self::Labels { added: vec![label.to_owned()], removed: Vec::new() }
    }

    fn remove(label: &str) -> Self {
        Self::Labels { added: Vec::new(), removed: vec![label.to_owned()] }
    }

    async fn of(google: &Google<'_>, change: &MessageChange) -> Result<Self, MailError> {
        Ok(match change {
            MessageChange::Read(true) => Self::remove(UNREAD),
            MessageChange::Read(false) => Self::add(UNREAD),
            MessageChange::Flagged(true) => Self::add(STARRED),
            MessageChange::Flagged(false) => Self::remove(STARRED),
            MessageChange::AddLabels(ids) => {
                check_labels(google, ids).await?;
                Self::Labels { added: ids.clone(), removed: Vec::new() }
            }
            MessageChange::RemoveLabels(ids) => {
                check_labels(google, ids).await?;
                Self::Labels { added: Vec::new(), removed: ids.clone() }
            }
            MessageChange::RemoveAllLabels => {
                let all = labels::all(google).await?;
                let users = all.into_iter().filter(|label| label.is_user).map(|label| label.id);
                Self::Labels { added: Vec::new(), removed: users.collect() }
            }
            MessageChange::Move(folder) => match folder.as_str() {
                TRASH => Self::Trash,
                SENT | DRAFT => return Err(MailProblem::InvalidValue(NOT_FOR_MOVES).into()),
                _ => {
                    let labels = labels::all(google).await?;
                    let is_folder = matches!(folder.as_str(), INBOX | SPAM | ALL_MAIL)
                        || labels.iter().any(|label| label.is_user && label.id == *folder);
                    if !is_folder {
                        return Err(MailProblem::InvalidValue(NO_FOLDER).into());
                    }
                    Self::Move { folder: folder.clone(), labels }
                }
            },
            MessageChange::Trash => Self::Trash,
            MessageChange::Expunge => Self::Expunge,
        })
    }

    /// Changes one message. Its id may be that of a draft.
    async fn take(&self, google: &Google<'_>, id: &str) -> Result<(), MailError> {
        if matches!(self, Self::Expunge) && is_draft(id) {
            let url = google.gmail(&format!("/drafts/{}", segment(id)?));
            return google.send_only(Method::DELETE, GMAIL_MODIFY, &url, None).await;
        }
        let id = messages::present_id(google, id).await?;
        let url = google.gmail(&format!("/messages/{}", segment(&id)?));
        let taken = match self {
            Self::Labels { added, removed } if added.is_empty() && removed.is_empty() => {
                // Whether there is such a message.
                read_labels(google, &id).await.map(drop)
            }
            Self::Labels { added, removed } => modify(google, &id, added, removed).await,
            Self::Move { folder, labels } => move_to(google, &id, folder, labels).await,
            Self::Trash => google.send_only(Method::POST, GMAIL_MODIFY, &format!("{url}/trash"), None).await,
            Self::Expunge => google.send_only(Method::DELETE, GMAIL_FULL, &url, None).await,
        };
        google.call.memory.forget_message(&id);
        taken
    }
}

async fn read_labels(google: &Google<'_>, message: &str) -> Result<Json, MailError> {
    let path = Query::default().with("format", "minimal").with("fields", "id,labelIds");
    google.get(GMAIL_READ, &google.gmail(&path.on(&format!("/messages/{}", segment(message)?)))).await
}

/// Moves a message: it gets the label of the new folder, and loses that of its folder and of the inbox. Nothing can take
/// the labels of sent mail and drafts from it.
async fn move_to(
    google: &Google<'_>,
    message: &str,
    folder: &str,
    labels: &[RawLabel],
) -> Result<(), MailError> {
    let read = read_labels(google, message).await?;
    let present = label_ids(&read);
    let (added, removed) = moved(&present, folder, labels);
    drop(read);
    if added.is_empty() && removed.is_empty() {
        return Ok(());
    }
    modify(google, message, &added, &removed).await
}

/// The labels that a message with these gets and loses when it is moved.
fn moved(present: &[&str], folder: &str, labels: &[RawLabel]) -> (Vec<String>, Vec<String>) {
    let before = place::folder_of(present, labels);
    let is_lost = |label: &&&str| {
        **label != folder && (**label == INBOX || **label == before) && !matches!(**label, SENT | DRAFT)
    };
    let removed = present.iter().filter(is_lost).map(|label| (*label).to_owned()).collect();
    let is_added = folder != ALL_MAIL && !present.contains(&folder);
    (is_added.then(|| folder.to_owned()).into_iter().collect(), removed)
}

/// Changes messages.
pub(super) async fn change(
    google: &Google<'_>,
    messages: &[String],
    change: &MessageChange,
) -> Result<Vec<Changed>, MailError> {
    let step = Step::of(google, change).await?;
    let mut asked = Vec::with_capacity(messages.len());
    for id in messages {
        let step = &step;
        asked.push(async move { Ok(Changed { id: id.clone(), error: step.take(google, id).await.err() }) });
    }
    let changed = google.join(asked).await?;
    // An error that every message has met for a reason of the mailbox is the error of the call.
    let first = changed.first().and_then(|changed| changed.error.as_ref());
    let is_of_all = changed.iter().all(|changed| changed.error.as_ref().is_some_and(is_of_mailbox));
    match first {
        Some(error) if is_of_all => Err(error.clone()),
        _ => Ok(changed),
    }
}

/// Whether an error says nothing about a single message.
fn is_of_mailbox(error: &MailError) -> bool {
    matches!(
        error.problem,
        MailProblem::TokenRefused
            | MailProblem::NeedsSignIn
            | MailProblem::NoMailbox
            | MailProblem::ApiDisabled
            | MailProblem::PermissionNotGranted(_)
            | MailProblem::Throttled { .. }
            | MailProblem::NotSent
            | MailProblem::Unavailable
            | MailProblem::UnavailableFor(_)
            | MailProblem::Slow
            | MailProblem::Garbled
    )
}

/// The messages of a thread for which a change is to be made: see `MailboxChanges::messages_of_thread`.
pub(super) async fn messages_of_thread(
    google: &Google<'_>,
    thread: &str,
    change: &MessageChange,
) -> Result<Vec<String>, MailError> {
    let path = format!("/threads/{}", segment(thread)?);
    let names = match change {
        MessageChange::AddLabels(ids) | MessageChange::RemoveLabels(ids) => {
            check_labels(google, ids).await?;
            Vec::new()
        }
        MessageChange::Move(_) | MessageChange::Trash | MessageChange::Expunge => labels::all(google).await?,
        _ => Vec::new(),
    };
    let query = Query::default().with("format", "minimal").with("fields", "messages(id,labelIds)");
    let read = google.get(GMAIL_READ, &google.gmail(&query.on(&path))).await?;
    let messages = items(&read, "messages");
    if messages.is_empty() {
        return Err(MailProblem::NotFound.into());
    }
    let wanted = messages.iter().filter(|message| is_for(&label_ids(message), change, &names));
    let ids = wanted.filter_map(|message| message.get("id").and_then(Value::as_str));
    Ok(ids.map(str::to_owned).collect())
}

/// Whether a change is to be made for a message of a thread with these labels. One that was made already is left out, so
/// that a repeated call goes on where the last one has ended.
fn is_for(present: &[&str], change: &MessageChange, names: &[RawLabel]) -> bool {
    let has = |label: &str| present.contains(&label);
    let folder = place::folder_of(present, names);
    let is_own = has(DRAFT) || folder == SENT;
    match change {
        MessageChange::Read(is_read) => has(UNREAD) == *is_read,
        MessageChange::Flagged(is_flagged) => has(STARRED) != *is_flagged,
        MessageChange::AddLabels(ids) => !ids.iter().all(|id| has(id)),
        MessageChange::RemoveLabels(ids) => ids.iter().any(|id| has(id)),
        MessageChange::RemoveAllLabels => present.iter().any(|label| !place::is_systems(label)),
        MessageChange::Move(to) => !is_own && folder != to.as_str(),
        MessageChange::Trash => !is_own && folder != TRASH,
        MessageChange::Expunge => !is_own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(id: &str, name: &str) -> RawLabel {
        RawLabel { id: id.to_owned(), name: name.to_owned(), is_user: true, color: None }
    }

    #[test]
    fn a_moved_message_loses_its_folder_and_the_inbox_and_keeps_its_other_labels() {
        let labels = [label("Label_1", "A"), label("Label_2", "B")];
        for (present, folder, added, removed) in [
            (vec!["INBOX", "UNREAD"], "Label_1", vec!["Label_1"], vec!["INBOX"]),
            (vec!["INBOX", "Label_2"], "Label_1", vec!["Label_1"], vec!["INBOX"]),
            (vec!["Label_1", "Label_2"], "INBOX", vec!["INBOX"], vec!["Label_1"]),
            (vec!["INBOX", "Label_1"], "Label_1", vec![], vec!["INBOX"]),
            (vec!["INBOX", "Label_1"], "ALL_MAIL", vec![], vec!["INBOX"]),
            (vec!["Label_1"], "ALL_MAIL", vec![], vec!["Label_1"]),
            (vec!["TRASH", "INBOX"], "INBOX", vec![], vec!["TRASH"]),
            (vec!["TRASH", "Label_1"], "Label_2", vec!["Label_2"], vec!["TRASH"]),
            (vec!["SPAM"], "INBOX", vec!["INBOX"], vec!["SPAM"]),
            (vec!["INBOX"], "SPAM", vec!["SPAM"], vec!["INBOX"]),
            (vec!["SENT"], "Label_1", vec!["Label_1"], vec![]),
            (vec!["SENT", "INBOX"], "Label_1", vec!["Label_1"], vec!["INBOX"]),
            (vec!["Label_1"], "Label_1", vec![], vec![]),
        ] {
            let (given, taken) = moved(&present, folder, &labels);
            assert_eq!((given, taken), (owned(&added), owned(&removed)), "{present:?} {folder}");
        }
    }

    fn owned(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|label| (*label).to_owned()).collect()
    }

    #[test]
    fn of_a_thread_only_what_is_not_yet_as_wanted_is_changed() {
        let labels = [label("Label_1", "A")];
        let one = || vec!["Label_1".to_owned()];
        for (present, change, expected) in [
            (vec!["UNREAD"], MessageChange::Read(true), true),
            (vec!["UNREAD"], MessageChange::Read(false), false),
            (vec![], MessageChange::Flagged(true), true),
            (vec!["STARRED"], MessageChange::Flagged(true), false),
            (vec!["Label_1"], MessageChange::AddLabels(one()), false),
            (vec!["Label_1"], MessageChange::RemoveLabels(one()), true),
            (vec!["INBOX", "UNREAD"], MessageChange::RemoveAllLabels, false),
            (vec!["INBOX"], MessageChange::Move("Label_1".to_owned()), true),
            (vec!["Label_1"], MessageChange::Move("Label_1".to_owned()), false),
            (vec!["SENT"], MessageChange::Move("Label_1".to_owned()), false),
            (vec!["DRAFT"], MessageChange::Trash, false),
            (vec!["TRASH"], MessageChange::Trash, false),
            (vec!["TRASH"], MessageChange::Expunge, true),
            (vec!["SENT"], MessageChange::Expunge, false),
        ] {
            assert_eq!(is_for(&present, &change, &labels), expected, "{present:?} {change:?}");
        }
    }
}
