//! Attachments: their list without their content, and the content of one as it arrives (Microsoft Graph, attachment
//! resources).

use serde_json::Value;

use super::{
    address::{Query, segment},
    read::{flag, listed, next_link, owned, text},
    request::{Graph, MAIL_READ},
};
use crate::providers::mailbox::{Attachment, AttachmentKind, Download, MailError, MailProblem, MailStream};

/// Maximum number of pages that are read.
const MAX_PAGES: usize = 50;
const TOO_MANY: &str = "The message has more attachments than a call reads. Read the raw message.";

const SELECT: &str = "id,name,contentType,size,isInline";
/// The Content-ID is a property of file attachments only. A service that does not know this form refuses it.
const WITH_CONTENT_ID: &str = "id,name,contentType,size,isInline,microsoft.graph.fileAttachment/contentId";

fn path_of(message: &str) -> Result<String, MailError> {
    Ok(format!("/me/messages/{}/attachments", segment(message)?))
}

/// The attachments of a message, without their content.
pub(super) async fn list(graph: &Graph<'_>, message: &str) -> Result<Vec<Attachment>, MailError> {
    Ok(list_with_ids(graph, message).await?.attachments)
}

/// The attachments of a message.
pub(super) struct Listed {
    pub attachments: Vec<Attachment>,
    /// Whether the service tells the Content-IDs of those that have one.
    pub has_content_ids: bool,
}

/// [`list`], and whether Content-IDs are known.
pub(super) async fn list_with_ids(graph: &Graph<'_>, message: &str) -> Result<Listed, MailError> {
    let path = path_of(message)?;
    let address = |select: &str| Query::default().with("$select", select).on(&path);
    let (mut answer, has_content_ids) = match graph.get(MAIL_READ, &address(WITH_CONTENT_ID)).await {
        Err(error) if error.problem == MailProblem::Refused => {
            (graph.get(MAIL_READ, &address(SELECT)).await?, false)
        }
        answer => (answer?, true),
    };
    let mut attachments = Vec::new();
    for _ in 0..MAX_PAGES {
        attachments.extend(listed(&answer)?.iter().filter_map(attachment));
        let Some(link) = next_link(&answer) else { return Ok(Listed { attachments, has_content_ids }) };
        answer = graph.follow(MAIL_READ, &link).await?;
    }
    Err(MailProblem::TooMany(TOO_MANY).into())
}

/// The content of an attachment that is a file.
pub(super) async fn content(
    graph: &Graph<'_>,
    message: &str,
    attachment: &str,
) -> Result<MailStream, MailError> {
    let path = format!("{}/{}/$value", path_of(message)?, segment(attachment)?);
    Ok(graph.download(MAIL_READ, &path).await?.body)
}

/// The content of an attachment: a file as it is, a message in the format of RFC 5322, a contact as vCard, an event as
/// iCalendar.
pub(super) async fn download(
    graph: &Graph<'_>,
    message: &str,
    attachment: &str,
) -> Result<Download, MailError> {
    let path = format!("{}/{}", path_of(message)?, segment(attachment)?);
    // The content comes without its name. Its length is not asked for: the size is larger than the content (Microsoft
    // Graph, attachment).
    let answer = match graph.get(MAIL_READ, &Query::default().with("$select", "id,name").on(&path)).await {
        // What cannot be described may still be read.
        Err(error) if matches!(error.problem, MailProblem::Refused | MailProblem::Garbled) => None,
        answer => Some(answer?),
    };
    let answer = answer.as_deref().unwrap_or(&Value::Null);
    // Graph refuses the content of a link (405).
    if kind_of(answer) == AttachmentKind::Link {
        return Err(MailProblem::AttachmentIsLink.into());
    }
    let download = graph.download(MAIL_READ, &format!("{path}/$value")).await?;
    Ok(Download { name: owned(answer, "name"), ..download })
}

fn kind_of(value: &Value) -> AttachmentKind {
    match text(value, "@odata.type").unwrap_or_default() {
        "#microsoft.graph.itemAttachment" => AttachmentKind::Item,
        "#microsoft.graph.referenceAttachment" => AttachmentKind::Link,
        _ => AttachmentKind::File,
    }
}

/// An attachment; `None` if it has no id.
fn attachment(value: &Value) -> Option<Attachment> {
    let content_id = text(value, "contentId").map(|id| id.trim_matches(['<', '>']).to_owned());
    Some(Attachment {
        id: owned(value, "id")?,
        name: owned(value, "name").unwrap_or_default(),
        content_type: owned(value, "contentType"),
        size: value.get("size").and_then(Value::as_u64),
        is_inline: flag(value, "isInline").unwrap_or_default(),
        content_id: content_id.filter(|id| !id.is_empty()),
        kind: kind_of(value),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_of_attachment_is_read() {
        let file = attachment(&json!({
            "@odata.type": "#microsoft.graph.fileAttachment", "id": "1", "name": "a.png", "contentType": "image/png",
            "size": 7, "isInline": true, "contentId": "<a@b>",
        }));
        let expected = Attachment {
            id: "1".to_owned(),
            name: "a.png".to_owned(),
            content_type: Some("image/png".to_owned()),
            size: Some(7),
            is_inline: true,
            content_id: Some("a@b".to_owned()),
            kind: AttachmentKind::File,
        };
        assert_eq!(file, Some(expected));
        let kind = |name: &str| {
            let value =
                json!({ "@odata.type": format!("#microsoft.graph.{name}"), "id": "1", "contentType": null });
            attachment(&value).map(|attachment| attachment.kind)
        };
        assert_eq!(kind("itemAttachment"), Some(AttachmentKind::Item));
        assert_eq!(kind("referenceAttachment"), Some(AttachmentKind::Link));
        assert_eq!(kind("somethingNew"), Some(AttachmentKind::File));
        assert_eq!(attachment(&json!({ "name": "no id" })), None);
    }
}
