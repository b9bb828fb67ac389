//! Drafts: making, sending and deleting them, and what became of them.

use ::http::Method;
use serde_json::{Value, json};

use super::{
    super::{
        GmailMailbox,
        address::{Query, is_draft, segment},
        changes,
        json::{items, owned, text},
        place,
        request::Google,
    },
    compose::{Composed, compose},
    upload::{self, Target},
};
use crate::providers::{
    google::permissions::{GMAIL_MODIFY, GMAIL_READ, GMAIL_SEND},
    mailbox::{Found, MailCall, MailError, MailProblem, Outgoing, OutgoingFile, SendState},
    mime,
};

/// Maximum number of messages with one Message-ID that are looked at.
const MAX_FOUND: &str = "10";
/// Maximum number of drafts that are looked at without a search. One page has no more.
const MAX_LATEST: &str = "500";

/// A draft as it is at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    pub id: String,
    /// The id of its present message.
    pub message: String,
    pub thread: Option<String>,
    /// The ids of the labels of its message.
    pub labels: Vec<String>,
}

/// What the mailbox has under an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Draft(Draft),
    /// The message with this id, which is no draft.
    Message(String),
    Nothing,
}

impl Draft {
    /// Reads a draft in the JSON of Gmail.
    pub(super) fn read(draft: &Value) -> Option<Self> {
        let message = draft.get("message")?;
        Some(Self {
            id: owned(draft, "id")?,
            message: owned(message, "id")?,
            thread: owned(message, "threadId"),
            labels: labels_of(message),
        })
    }
}

fn labels_of(message: &Value) -> Vec<String> {
    items(message, "labelIds").iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn garbled() -> MailError {
    MailProblem::Garbled.into()
}

/// Makes a draft with its files: it has our Message-ID from the beginning, and is found by it.
///
/// # Returns
/// Its id.
pub(super) async fn create(
    mailbox: &GmailMailbox,
    call: &MailCall<'_>,
    message: &Outgoing,
    files: &[OutgoingFile],
) -> Result<String, MailError> {
    let google = mailbox.google(call);
    changes::check_labels(&google, &message.labels).await.map_err(MailError::before_sending)?;
    let Composed { body, thread } = compose(mailbox, call, message, files).await?;
    let answer = upload::give(&google, GMAIL_MODIFY, Target::NewDraft, thread.as_deref(), body).await?;
    let draft = Draft::read(&answer).ok_or_else(garbled)?;
    drop(answer);
    if !message.labels.is_empty() {
        // The draft was made, whatever becomes of its labels: no error may say otherwise.
        let labelled = changes::modify(&google, &draft.message, &message.labels, &[]).await;
        if let Err(error) = labelled {
            tracing::warn!(%error, "could not put the labels on a draft that was made");
        }
    }
    Ok(draft.id)
}

/// Sends a message without a draft.
///
/// # Returns
/// Its id. An answer without it still says that the message was sent.
pub(super) async fn send_at_once(
    mailbox: &GmailMailbox,
    call: &MailCall<'_>,
    message: &Outgoing,
    files: &[OutgoingFile],
) -> Result<Option<String>, MailError> {
    let google = mailbox.google(call);
    let Composed { body, thread } = compose(mailbox, call, message, files).await?;
    let sent = upload::give(&google, GMAIL_SEND, Target::Sent, thread.as_deref(), body).await?;
    Ok(owned(&sent, "id"))
}

/// Looks at what has this id.
pub(super) async fn look(google: &Google<'_>, id: &str) -> Result<Seen, MailError> {
    if is_draft(id) {
        return look_at_draft(google, id).await;
    }
    let path = Query::default()
        .with("format", "metadata")
        .with("metadataHeaders", "Message-ID")
        .with("fields", "id,threadId,labelIds,payload/headers")
        .on(&format!("/messages/{}", segment(id)?));
    let message = match google.get(GMAIL_READ, &google.gmail(&path)).await {
        // Ids of drafts may have another form.
        Err(error) if error.problem == MailProblem::NotFound => return look_at_draft(google, id).await,
        message => message?,
    };
    if !labels_of(&message).iter().any(|label| label == place::DRAFT) {
        return Ok(Seen::Message(owned(&message, "id").ok_or_else(garbled)?));
    }
    let headers = message.get("payload").map_or(&[][..], |payload| items(payload, "headers"));
    let is_id =
        |header: &&Value| text(header, "name").is_some_and(|name| name.eq_ignore_ascii_case("message-id"));
    let message_id = headers.iter().find(is_id).and_then(|header| text(header, "value"));
    // The search may not know a new draft yet, and a draft may have no Message-ID. Then it is among the latest ones.
    let search = message_id.and_then(query_of);
    for q in search.into_iter().map(Some).chain([None]) {
        let drafts = list_drafts(google, q.as_deref()).await?;
        if let Some((draft, _)) = drafts.into_iter().find(|(_, message)| message == id) {
            return look_at_draft(google, &draft).await;
        }
    }
    Ok(Seen::Nothing)
}

async fn look_at_draft(google: &Google<'_>, id: &str) -> Result<Seen, MailError> {
    let path = Query::default()
        .with("format", "minimal")
        .with("fields", "id,message(id,threadId,labelIds)")
        .on(&format!("/drafts/{}", segment(id)?));
    let draft = match google.get(GMAIL_READ, &google.gmail(&path)).await {
        Err(error) if error.problem == MailProblem::NotFound => return Ok(Seen::Nothing),
        draft => Draft::read(&*draft?).ok_or_else(garbled)?,
    };
    let is_sent = draft.labels.iter().any(|label| label == place::SENT);
    Ok(if is_sent { Seen::Message(draft.message) } else { Seen::Draft(draft) })
}

/// The draft with this id.
///
/// # Errors
/// [`MailProblem::ContentIsFinal`] if the message is not a draft.
pub(super) async fn get(google: &Google<'_>, id: &str) -> Result<Draft, MailError> {
    match look(google, id).await? {
        Seen::Draft(draft) => Ok(draft),
        Seen::Message(_) => Err(MailProblem::ContentIsFinal.into()),
        Seen::Nothing => Err(MailProblem::NotFound.into()),
    }
}

/// What has become of a draft. Gmail files what it has sent under another id than that of the draft; that message is found
/// by its Message-ID.
pub(super) async fn state(google: &Google<'_>, id: &str) -> Result<SendState, MailError> {
    Ok(match look(google, id).await? {
        Seen::Draft(_) => SendState::Draft,
        Seen::Message(id) => SendState::Sent(id),
        Seen::Nothing => SendState::Gone,
    })
}

/// Sends a draft.
///
/// # Returns
/// The id of the message.
pub(super) async fn send(google: &Google<'_>, id: &str) -> Result<String, MailError> {
    let draft = if is_draft(id) {
        id.to_owned()
    } else {
        match look(google, id).await.map_err(MailError::before_sending)? {
            Seen::Draft(draft) => draft.id,
            Seen::Message(_) | Seen::Nothing => return Err(MailProblem::NotFound.into()),
        }
    };
    let url = google.gmail("/drafts/send");
    let sent = google.send_json(Method::POST, GMAIL_MODIFY, &url, Some(&json!({ "id": draft }))).await?;
    owned(&sent, "id").ok_or_else(garbled)
}

/// Deletes a draft for good. Another message is not found.
pub(super) async fn delete(google: &Google<'_>, id: &str) -> Result<(), MailError> {
    let Seen::Draft(draft) = look(google, id).await? else { return Err(MailProblem::NotFound.into()) };
    let url = google.gmail(&format!("/drafts/{}", segment(&draft.id)?));
    google.send_only(Method::DELETE, GMAIL_MODIFY, &url, None).await
}

/// The search for a Message-ID; `None` if it has characters that could be another search. Ours have none of them.
pub(super) fn query_of(message_id: &str) -> Option<String> {
    if !mime::is_message_id(message_id) {
        return None;
    }
    let bare = message_id.trim_matches(['<', '>']);
    let is_sound =
        bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@.-_+=~!#$%&*/^`|".contains(&byte));
    (is_sound && bare.starts_with(|c: char| c.is_ascii_alphanumeric())).then(|| format!("rfc822msgid:{bare}"))
}

/// The ids of the drafts that a search finds, or of the latest ones, and those of their messages.
async fn list_drafts(google: &Google<'_>, q: Option<&str>) -> Result<Vec<(String, String)>, MailError> {
    let query = match q {
        Some(q) => Query::default().with("q", q).with("maxResults", MAX_FOUND),
        None => Query::default().with("maxResults", MAX_LATEST),
    };
    let query = query.with("includeSpamTrash", "true");
    let found = google.get(GMAIL_READ, &google.gmail(&query.on("/drafts"))).await?;
    let read = |draft: &Value| Some((owned(draft, "id")?, owned(draft.get("message")?, "id")?));
    Ok(items(&found, "drafts").iter().filter_map(read).collect())
}

/// The drafts and the messages with this Message-ID. The drafts are listed first: one that is sent in between is found as a
/// message too. A message that the search finds and that still has the label of drafts is none of both yet.
pub(super) async fn find(google: &Google<'_>, message_id: &str) -> Result<Vec<Found>, MailError> {
    let Some(q) = query_of(message_id) else { return Ok(Vec::new()) };
    let drafts = list_drafts(google, Some(&q)).await?;
    let query = Query::default().with("q", &q).with("maxResults", MAX_FOUND).with("includeSpamTrash", "true");
    let messages = match google.get(GMAIL_READ, &google.gmail(&query.on("/messages"))).await {
        Ok(found) => items(&found, "messages").iter().filter_map(|message| owned(message, "id")).collect(),
        // With the permission gmail.compose only drafts are listed.
        Err(error) if matches!(error.problem, MailProblem::PermissionNotGranted(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for id in messages {
        if drafts.iter().any(|(_, message)| *message == id) {
            continue;
        }
        let path = Query::default().with("format", "minimal").with("fields", "id,labelIds");
        let path = path.on(&format!("/messages/{}", segment(&id)?));
        let labels = match google.get(GMAIL_READ, &google.gmail(&path)).await {
            Ok(message) => labels_of(&message),
            Err(error) if error.problem == MailProblem::NotFound => continue,
            Err(error) => return Err(error),
        };
        let has = |label: &str| labels.iter().any(|known| known == label);
        // A draft in the trash was not sent.
        if !has(place::DRAFT) && (has(place::SENT) || !has(place::TRASH)) {
            found.push(Found { id, is_draft: false });
        }
    }
    found.extend(drafts.into_iter().map(|(id, _)| Found { id, is_draft: true }));
    Ok(found)
}
