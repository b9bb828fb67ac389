//! Attachments: their list without their content, and the content of one as it arrives.
//!
//! The id of an attachment is the number of its part and, if its file has one, a mark. Gmail's own id of the content is
//! another one in each answer, so that it is asked for before each download.

use ::http::Method;
use futures_util::stream;
use serde_json::Value;

use super::{
    address::{encoded, segment},
    decoding::{bytes_of, decode},
    json::text,
    messages::{Answer, Wanted, ask},
    parts::{self, Part},
    request::{Google, MAX_JSON},
};
use crate::providers::{
    google::permissions::GMAIL_READ,
    mailbox::{
        Attachment, AttachmentKind, Bytes, Download, MailBody, MailError, MailProblem, MailStream,
        empty_stream,
    },
};

const NO_CONTENT: &str = "Gmail does not give the content of this attached message. Read the raw message.";

async fn message(google: &Google<'_>, id: &str, has_data: bool) -> Result<Answer, MailError> {
    let fields = format!("id,payload({})", parts::fields(has_data));
    ask(google, Wanted::new(id, "full", &fields), MAX_JSON).await
}

fn attachments(answer: &Answer) -> impl Iterator<Item = Part<'_>> {
    let root = answer.message().get("payload").unwrap_or(&Value::Null);
    parts::leaves(root).into_iter().filter(Part::is_attachment)
}

/// The attachment with this id. In a draft it may have another number by now: then its mark finds it.
fn find<'a>(answer: &'a Answer, id: &str) -> Option<Part<'a>> {
    let (number, mark) = parts::read_id(id);
    let marked: Vec<Part<'a>> =
        attachments(answer).filter(|part| mark.is_none_or(|mark| part.mark() == Some(mark))).collect();
    let numbered = marked.iter().find(|part| part.id() == number).copied();
    numbered.or_else(|| marked.first().copied().filter(|_| mark.is_some()))
}

/// The attachments of a message, without their content.
pub(super) async fn list(google: &Google<'_>, id: &str) -> Result<Vec<Attachment>, MailError> {
    let answer = message(google, id, false).await?;
    Ok(attachments(&answer).map(|part| part.attachment()).collect())
}

/// The content of an attachment.
pub(super) async fn download(google: &Google<'_>, id: &str, attachment: &str) -> Result<Download, MailError> {
    let answer = message(google, id, false).await?;
    let found = find(&answer, attachment);
    let part = found.ok_or_else(|| MailError::from(MailProblem::NotFound))?;
    let described = part.attachment();
    let is_empty = part.size().unwrap_or_default() == 0 && described.kind == AttachmentKind::File;
    let body = if is_empty {
        // Gmail leaves out content that is empty.
        empty_stream()
    } else if let Some(content) = part.attachment_id() {
        let message = segment(text(answer.message(), "id").unwrap_or(id))?;
        let url = google.gmail(&format!("/messages/{message}/attachments/{}", encoded(content)));
        let answer = google.send(Method::GET, GMAIL_READ, &url, &[], MailBody::Empty, true).await?;
        bytes_of(answer.body, "data")
    } else {
        within_message(google, id, attachment).await?
    };
    // The size is not given as the length: no page of Google says that it is exact.
    Ok(Download { name: Some(described.name), content_type: described.content_type, length: None, body })
}

/// The content of a small attachment, which Gmail answers with the message.
async fn within_message(google: &Google<'_>, id: &str, attachment: &str) -> Result<MailStream, MailError> {
    let answer = message(google, id, true).await?;
    let found = find(&answer, attachment);
    let Some(data) = found.and_then(|part| part.data()) else {
        return Err(MailProblem::NotSupported(NO_CONTENT).into());
    };
    let bytes = decode(data).ok_or_else(|| MailError::from(MailProblem::Garbled))?;
    Ok(Box::pin(stream::iter([Ok(Bytes::from(bytes))])))
}
