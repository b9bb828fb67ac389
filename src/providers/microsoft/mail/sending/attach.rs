//! Files of drafts. A small one is part of a request, a larger one needs an upload session (Microsoft Graph, "Attach large
//! files to Outlook messages").
//!
//! Each file gets a Content-ID that is made from its name and its content. By it a later attempt sees that an earlier one
//! has added the file. So two files of one draft with the same name and the same content are one.

use ::http::{
    HeaderValue, Method,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use serde_json::json;

use super::{
    super::{
        address::segment,
        attachments::{self, Listed},
        request::{Graph, MAIL_WRITE, Question},
    },
    upload,
};
use crate::providers::{
    mailbox::{
        Attachment, AttachmentKind, MailBody, MailError, MailProblem, MailStream, OutgoingFile, empty_stream,
    },
    mime::{self, Fault, base64::Form},
};

/// Maximum number of bytes of a request with a file. Graph takes 4 MB (Microsoft Graph, attachment: files below 3 MB, which
/// base64 makes a third larger).
const MAX_REQUEST: u64 = 4_000_000;
/// The least number of bytes of a file for which Graph documents upload sessions.
const LEAST_SESSION: u64 = 3 * 1024 * 1024;
/// By how much Exchange's size of an attachment may exceed that of the file.
const MAX_EXCESS: u64 = 8 * 1024;

const GENERAL: &str = "application/octet-stream";

/// Adds a file to a draft, if it is not there already.
pub(super) async fn attach(graph: &Graph<'_>, draft: &str, file: &OutgoingFile) -> Result<(), MailError> {
    let path = format!("/me/messages/{}/attachments", segment(draft)?);
    let mark = mark(file).await?;
    if is_there(graph, draft, file, &mark).await? {
        return Ok(());
    }
    let Err(error) = add(graph, &path, file, &mark).await else { return Ok(()) };
    // The answer was lost, but perhaps not the file.
    let was_added =
        error.problem.leaves_doubt() && is_there(graph, draft, file, &mark).await.unwrap_or(false);
    if was_added { Ok(()) } else { Err(error) }
}

/// The Content-ID of a file: different for each name and content.
async fn mark(file: &OutgoingFile) -> Result<String, MailError> {
    let content = if file.size > 0 { file.source.open(0).await? } else { empty_stream() };
    mark_of(&file.name, content).await
}

async fn mark_of(name: &str, content: MailStream) -> Result<String, MailError> {
    Ok(format!("{}@mail360", mime::fingerprint(name, content).await?))
}

/// Whether the draft has this file. From a service that does not tell Content-IDs, the content itself is read: a forwarded
/// message may bring another file with the same name and size, and the message would be sent without ours.
async fn is_there(
    graph: &Graph<'_>,
    draft: &str,
    file: &OutgoingFile,
    mark: &str,
) -> Result<bool, MailError> {
    let Listed { attachments, has_content_ids } = attachments::list_with_ids(graph, draft).await?;
    if has_content_ids {
        return Ok(attachments.iter().any(|attachment| attachment.content_id.as_deref() == Some(mark)));
    }
    for attachment in &attachments {
        if !looks_like(attachment, file) {
            continue;
        }
        let content = attachments::content(graph, draft, &attachment.id).await?;
        if mark_of(&attachment.name, content).await? == mark {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether an attachment may be this file.
fn looks_like(attachment: &Attachment, file: &OutgoingFile) -> bool {
    let sizes = file.size..=file.size.saturating_add(MAX_EXCESS);
    attachment.kind == AttachmentKind::File
        && !attachment.is_inline
        && attachment.name == file.name
        && attachment.size.is_some_and(|size| sizes.contains(&size))
}

async fn add(graph: &Graph<'_>, path: &str, file: &OutgoingFile, mark: &str) -> Result<(), MailError> {
    let body = small(file, mark);
    if body.length() > MAX_REQUEST {
        return match upload::upload(graph, path, file, mark).await {
            Err(error) if error.problem == MailProblem::Refused && file.size < LEAST_SESSION => {
                post(graph, path, body).await
            }
            uploaded => uploaded,
        };
    }
    match post(graph, path, body).await {
        Err(error) if error.problem == MailProblem::TooLarge => upload::upload(graph, path, file, mark).await,
        posted => posted,
    }
}

/// The request of a small file.
fn small(file: &OutgoingFile, mark: &str) -> mime::Body {
    let fields = json!({
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": file.name,
        "contentType": file.content_type.as_deref().unwrap_or(GENERAL),
        "isInline": false,
        "contentId": mark,
    });
    let fields = fields.to_string();
    let fields = fields.strip_suffix('}').unwrap_or(&fields);
    let mut body = mime::Body::default();
    body.push_text(format!("{fields},\"contentBytes\":\""));
    body.push_file(file, Form::Whole);
    body.push_text("\"}");
    body
}

async fn post(graph: &Graph<'_>, path: &str, body: mime::Body) -> Result<(), MailError> {
    let url = graph.url(path);
    let question = Question { url: &url, permission: MAIL_WRITE, prefer: None };
    let fault = Fault::default();
    let length = body.length();
    let content = MailBody::Stream(fault.watch(body.into_stream()));
    let mut request = graph.request(Method::POST, &question, content)?;
    request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    let sent = graph.send(request, MAIL_WRITE).await;
    sent.map(drop).map_err(|error| fault.take().unwrap_or(error))
}
