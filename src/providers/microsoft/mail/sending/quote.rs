//! The text of an answer or a forwarded message: what the application wrote, and below it the original.
//!
//! Graph adds the original by itself only to a message without a body: a body that is given takes its place. The text is
//! put together before the message is made, so that no message of ours is ever without its text. A second request that
//! adds it could be lost.

use std::borrow::Cow;

use serde_json::Value;

use super::super::{
    address::{Query, segment},
    read,
    request::{Graph, MAIL_READ, Question},
};
use crate::providers::{
    mailbox::{Basis, Content, MailError, MailProblem, Outgoing},
    quote::Original,
};

/// Maximum number of bytes of a text with its original. With the rest of the message it is below the 4 MB of a request.
const MAX_TEXT: usize = 3_000_000;
const SELECT: &str = "id,body,subject,from,sender,sentDateTime,receivedDateTime,toRecipients,ccRecipients";
const AS_HTML: &str = r#"outlook.body-content-type="html""#;
const AS_TEXT: &str = r#"outlook.body-content-type="text""#;

/// The body of the message; `None` if it has no text of its own, so that Graph makes the body. An original that is too
/// large is left out of an answer.
///
/// # Errors
/// [`MailProblem::TooLarge`] if a forwarded message is too large.
pub(super) async fn body<'m>(
    graph: &Graph<'_>,
    message: &'m Outgoing,
) -> Result<Option<Cow<'m, Content>>, MailError> {
    let Some(content) = &message.content else { return Ok(None) };
    let (id, is_forward) = match &message.basis {
        Basis::New => return Ok(Some(Cow::Borrowed(content))),
        Basis::Reply(id) | Basis::ReplyAll(id) => (id, false),
        Basis::Forward(id) => (id, true),
    };
    let whole = match read_original(graph, id, content.is_html).await {
        Ok(original) => Some(original.below(content)),
        Err(error) if error.problem == MailProblem::TooLarge => None,
        Err(error) => return Err(error),
    };
    match whole.filter(|whole| whole.text.len() <= MAX_TEXT) {
        Some(whole) => Ok(Some(Cow::Owned(whole))),
        None if is_forward => Err(MailProblem::TooLarge.into()),
        None => Ok(Some(Cow::Borrowed(content))),
    }
}

async fn read_original(graph: &Graph<'_>, id: &str, as_html: bool) -> Result<Original, MailError> {
    let path = Query::default().with("$select", SELECT).on(&format!("/me/messages/{}", segment(id)?));
    let prefer = Some(if as_html { AS_HTML } else { AS_TEXT });
    let question = Question { url: &graph.url(&path), permission: MAIL_READ, prefer };
    // JSON escapes some characters.
    let mut answer = graph.ask(question, MAX_TEXT.saturating_mul(2)).await?;
    let message = read::message(&answer).ok_or_else(|| MailError::from(MailProblem::Garbled))?;
    let body = answer.get_mut("body").map(Value::take).unwrap_or_default();
    let is_html = read::text(&body, "contentType").is_none_or(|kind| kind.eq_ignore_ascii_case("html"));
    let text = read::owned(&body, "content").unwrap_or_default();
    Ok(Original { message, content: Content { text, is_html } })
}
