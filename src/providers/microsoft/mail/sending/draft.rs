//! Drafts: making, changing, sending and deleting them, and what became of them.

use ::http::Method;
use serde_json::{Value, json};

use super::{
    super::{
        address::{Query, literal, segment},
        attachments, changes,
        read::{flag, listed, owned},
        request::{Graph, Json, MAIL_READ, MAIL_WRITE},
    },
    json,
    permissions::MAIL_SEND,
    quote,
};
use crate::providers::mailbox::{
    Basis, DraftChange, Found, MailError, MailProblem, MessageChange, Outgoing, SendState,
};

fn path_of(draft: &str) -> Result<String, MailError> {
    Ok(format!("/me/messages/{}", segment(draft)?))
}

/// Makes a draft, whole but for its files: it has our Message-ID from the beginning, and is found by it.
///
/// # Returns
/// Its id.
pub(super) async fn create(graph: &Graph<'_>, message: &Outgoing) -> Result<String, MailError> {
    let content = quote::body(graph, message).await.map_err(MailError::before_sending)?;
    let fields = Value::from(json::message(message, content.as_deref())?);
    let (path, body) = match &message.basis {
        Basis::New => ("/me/messages".to_owned(), fields),
        Basis::Reply(id) => (format!("{}/createReply", path_of(id)?), json!({ "message": fields })),
        Basis::ReplyAll(id) => (format!("{}/createReplyAll", path_of(id)?), json!({ "message": fields })),
        Basis::Forward(id) => (format!("{}/createForward", path_of(id)?), json!({ "message": fields })),
    };
    let answer = graph.send_json(Method::POST, MAIL_WRITE, &path, Some(&body), &[]).await?;
    owned(&answer, "id").ok_or_else(|| MailProblem::Garbled.into())
}

/// Changes a draft.
///
/// # Errors
/// [`MailProblem::ContentIsFinal`] if the message is not a draft.
pub(super) async fn update(graph: &Graph<'_>, draft: &str, change: &DraftChange) -> Result<(), MailError> {
    let fields = Value::from(json::change(change)?);
    must_be_draft(graph, draft).await?;
    graph.send_only(Method::PATCH, MAIL_WRITE, &path_of(draft)?, Some(&fields), &[]).await
}

/// Deletes an attachment of a draft.
///
/// # Errors
/// [`MailProblem::ContentIsFinal`] if the message is not a draft.
pub(super) async fn detach(graph: &Graph<'_>, draft: &str, attachments: &[String]) -> Result<(), MailError> {
    must_be_draft(graph, draft).await?;
    for attachment in attachments {
        // A text that is no id is the id of no attachment.
        let Ok(attachment) = segment(attachment) else { continue };
        let path = format!("{}/attachments/{attachment}", path_of(draft)?);
        match graph.send_only(Method::DELETE, MAIL_WRITE, &path, None, &[]).await {
            Err(error) if error.problem == MailProblem::NotFound => {}
            deleted => deleted?,
        }
    }
    Ok(())
}

/// Graph lets some programs change messages that are not drafts; this program never does.
async fn must_be_draft(graph: &Graph<'_>, draft: &str) -> Result<(), MailError> {
    match state(graph, draft).await? {
        SendState::Draft => Ok(()),
        SendState::Sent(_) => Err(MailProblem::ContentIsFinal.into()),
        SendState::Gone => Err(MailProblem::NotFound.into()),
    }
}

/// Deletes a draft for good. Another message is not found.
pub(super) async fn delete(graph: &Graph<'_>, draft: &str) -> Result<(), MailError> {
    if state(graph, draft).await? != SendState::Draft {
        return Err(MailProblem::NotFound.into());
    }
    let deleted = changes::change(graph, &[draft.to_owned()], &MessageChange::Expunge).await?;
    deleted.into_iter().find_map(|deleted| deleted.error).map_or(Ok(()), Err)
}

pub(super) async fn send(graph: &Graph<'_>, draft: &str) -> Result<(), MailError> {
    let path = format!("{}/send", path_of(draft)?);
    graph.send_only(Method::POST, MAIL_SEND, &path, None, &[]).await
}

/// What has become of a draft. The message that was sent has its id (Microsoft Graph, Outlook immutable IDs).
pub(super) async fn state(graph: &Graph<'_>, draft: &str) -> Result<SendState, MailError> {
    let path = Query::default().with("$select", "id,isDraft").on(&path_of(draft)?);
    let answer: Json = match graph.get(MAIL_READ, &path).await {
        Err(error) if error.problem == MailProblem::NotFound => return Ok(SendState::Gone),
        answer => answer?,
    };
    match flag(&answer, "isDraft") {
        Some(true) => Ok(SendState::Draft),
        Some(false) => Ok(SendState::Sent(draft.to_owned())),
        None => Err(MailProblem::Garbled.into()),
    }
}

/// The messages with this Message-ID.
pub(super) async fn find(graph: &Graph<'_>, message_id: &str) -> Result<Vec<Found>, MailError> {
    let filter = format!("internetMessageId eq {}", literal(message_id));
    let query = Query::default().with("$filter", &filter).with("$select", "id,isDraft").with("$top", "10");
    let answer = graph.get(MAIL_READ, &query.on("/me/messages")).await?;
    let found = |value: &Value| {
        Some(Found { id: owned(value, "id")?, is_draft: flag(value, "isDraft").unwrap_or_default() })
    };
    Ok(listed(&answer)?.iter().filter_map(found).collect())
}

/// The number of attachments, with those of a forwarded message and the inline ones.
pub(super) async fn files(graph: &Graph<'_>, draft: &str) -> Result<usize, MailError> {
    Ok(attachments::list(graph, draft).await?.len())
}
