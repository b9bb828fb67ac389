//! Sending without a draft: one request, which needs only `Mail.Send` (Microsoft Graph, sendMail, reply, forward). What
//! fails before it is never an error that leaves a doubt.

use ::http::{HeaderValue, Method, header::CONTENT_TYPE};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{
    super::{
        address::segment,
        request::{Graph, Question},
    },
    addresses, json,
    permissions::MAIL_SEND,
    quote,
};
use crate::providers::{
    mailbox::{
        Address, Basis, Bytes, Content, MailBody, MailError, MailProblem, Outgoing, OutgoingFile,
        empty_stream, read_whole,
    },
    mime::{self, base64::Form},
};

/// Maximum number of bytes of a request (Microsoft Graph: 4 MB).
const MAX_REQUEST: usize = 4_000_000;

const HTML_FORWARD: &str =
    "Without the permission Mail.Read or Mail.ReadWrite, a forwarded message takes only a plain text.";

/// A request that is ready.
struct Ready {
    path: String,
    kind: &'static str,
    body: Bytes,
}

/// Sends a message.
pub(super) async fn send(
    graph: &Graph<'_>,
    message: &Outgoing,
    files: &[OutgoingFile],
) -> Result<(), MailError> {
    if mime::max_length(message, files) > super::WITHOUT_DRAFT {
        return Err(MailProblem::TooLarge.into());
    }
    // All reads come first. The attack: as many replies as there is room for take all room, and then wait for that of
    // their originals.
    let parts = read_parts(graph, message, files).await.map_err(MailError::before_sending)?;
    // The message is in memory while it is sent.
    let _room = graph.call.http.room(parts.size(message, files)).await?;
    let ready = ready(message, parts, files).await.map_err(MailError::before_sending)?;
    let Ready { path, kind, body } = ready;
    if body.len() > MAX_REQUEST {
        return Err(MailProblem::TooLarge.into());
    }
    let url = graph.url(&path);
    let question = Question { url: &url, permission: MAIL_SEND, prefer: None };
    let mut request = graph.request(Method::POST, &question, MailBody::Whole(body))?;
    request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    graph.send(request, MAIL_SEND).await.map(drop)
}

/// The form of a request, with what was read for it.
enum Parts {
    Mime(mime::Body),
    /// JSON with the body of the message, or else a comment.
    Json {
        content: Option<Content>,
        comment: Option<String>,
    },
}

impl Parts {
    /// The number of bytes of the request, about as many as it may have.
    fn size(&self, message: &Outgoing, files: &[OutgoingFile]) -> usize {
        let read = match self {
            Self::Mime(_) => 0,
            Self::Json { content, comment } => {
                let text = content.as_ref().map_or(0, |content| content.text.len());
                text.saturating_add(comment.as_ref().map_or(0, String::len))
            }
        };
        let length = mime::max_length(message, files).saturating_add(read as u64);
        usize::try_from(Form::Whole.length(length)).unwrap_or(MAX_REQUEST).min(MAX_REQUEST)
    }
}

async fn read_parts(
    graph: &Graph<'_>,
    message: &Outgoing,
    files: &[OutgoingFile],
) -> Result<Parts, MailError> {
    let is_threaded = message.in_reply_to.is_some() || !message.references.is_empty();
    if message.basis == Basis::New
        && is_threaded
        && let Some(from) = main_sender(graph, message).await?
    {
        match mime::message(message, Some(&from), None, files, graph.call.now) {
            Ok(source) => return Ok(Parts::Mime(source)),
            // Graph may take in JSON what cannot be in a header, such as an address with other characters than ASCII.
            Err(MailError { problem: MailProblem::InvalidValue(_), .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let (content, comment) = texts(graph, message).await?;
    Ok(Parts::Json { content, comment })
}

async fn ready(message: &Outgoing, parts: Parts, files: &[OutgoingFile]) -> Result<Ready, MailError> {
    match parts {
        Parts::Mime(source) => as_mime(source).await,
        Parts::Json { content, comment } => as_json(message, content.as_ref(), comment, files).await,
    }
}

/// The sender, if it is the main address of the mailbox: Graph replaces another one in a message in MIME.
async fn main_sender(graph: &Graph<'_>, message: &Outgoing) -> Result<Option<Address>, MailError> {
    let own = addresses::own(graph).await?;
    let Some(main) = own.into_iter().next() else { return Ok(None) };
    Ok(match &message.from {
        None => Some(Address { name: None, email: main }),
        Some(from) => from.email.eq_ignore_ascii_case(&main).then(|| from.clone()),
    })
}

/// MIME in base64: the only form in which Graph takes In-Reply-To and References.
async fn as_mime(source: mime::Body) -> Result<Ready, MailError> {
    let encoded = mime::base64::encode(source.into_stream(), Form::Whole);
    let body = read_whole(encoded, MAX_REQUEST).await?;
    Ok(Ready { path: "/me/sendMail".to_owned(), kind: "text/plain", body: body.into() })
}

async fn as_json(
    message: &Outgoing,
    content: Option<&Content>,
    comment: Option<String>,
    files: &[OutgoingFile],
) -> Result<Ready, MailError> {
    let mut fields = json::message(message, content)?;
    if !files.is_empty() {
        let mut attachments = Vec::with_capacity(files.len());
        for file in files {
            attachments.push(attachment(file).await?);
        }
        fields.insert("attachments".to_owned(), attachments.into());
    }
    let of = |id: &str, action: &str| Ok::<_, MailError>(format!("/me/messages/{}/{action}", segment(id)?));
    let path = match &message.basis {
        Basis::New => "/me/sendMail".to_owned(),
        Basis::Reply(id) => of(id, "reply")?,
        Basis::ReplyAll(id) => of(id, "replyAll")?,
        Basis::Forward(id) => of(id, "forward")?,
    };
    let mut whole = Map::new();
    whole.insert("message".to_owned(), fields.into());
    if let Some(comment) = comment {
        whole.insert("comment".to_owned(), comment.into());
    }
    let body = Value::from(whole).to_string();
    Ok(Ready { path, kind: "application/json", body: body.into() })
}

/// The body of the message, or else the comment that Graph puts above the original. Without a permission to read the
/// original, an answer has only its own text, and a forwarded message has the text as a comment.
async fn texts(
    graph: &Graph<'_>,
    message: &Outgoing,
) -> Result<(Option<Content>, Option<String>), MailError> {
    match quote::body(graph, message).await {
        Ok(content) => Ok((content.map(std::borrow::Cow::into_owned), None)),
        Err(MailError { problem: MailProblem::PermissionNotGranted(_), .. }) => {
            match (&message.basis, &message.content) {
                (Basis::Forward(_), Some(content)) if content.is_html => {
                    Err(MailProblem::NotSupported(HTML_FORWARD).into())
                }
                (Basis::Forward(_), content) => {
                    Ok((None, content.as_ref().map(|content| content.text.clone())))
                }
                (_, content) => Ok((content.clone(), None)),
            }
        }
        Err(error) => Err(error),
    }
}

async fn attachment(file: &OutgoingFile) -> Result<Value, MailError> {
    let content = if file.size == 0 { empty_stream() } else { file.source.open(0).await? };
    let content = read_whole(mime::first(content, file.size), MAX_REQUEST).await?;
    Ok(json!({
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": file.name,
        "contentType": file.content_type.as_deref().unwrap_or("application/octet-stream"),
        "isInline": false,
        "contentBytes": STANDARD.encode(content),
    }))
}
