//! The request that gives Gmail a message in MIME. A small one is a member of the JSON; a larger one goes to the address for
//! uploads as it is, while it is made (Gmail API, "Upload attachments").

use ::http::{
    HeaderName, HeaderValue, Method,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use base64::{Engine, engine::general_purpose::URL_SAFE};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::super::request::{Google, Json};
use crate::{
    platform::randomness::Hash,
    providers::{
        mailbox::{MailBody, MailError, MailProblem, read_whole},
        mime::{Body, Fault},
    },
};

/// The most bytes of a message that is part of the JSON.
const SMALL: u64 = 256 * 1024;
const UPLOADED: &str = "message/rfc822";

/// What the message is for Gmail.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'t> {
    Sent,
    NewDraft,
    /// The draft with this id, as a segment of a path.
    Draft(&'t str),
}

impl Target<'_> {
    fn method(self) -> Method {
        match self {
            Self::Sent | Self::NewDraft => Method::POST,
            Self::Draft(_) => Method::PUT,
        }
    }

    fn path(self) -> String {
        match self {
            Self::Sent => "/messages/send".to_owned(),
            Self::NewDraft => "/drafts".to_owned(),
            Self::Draft(id) => format!("/drafts/{id}"),
        }
    }

    /// The JSON of the resource with these members of its message.
    fn resource(self, message: Map<String, Value>) -> Value {
        match self {
            Self::Sent => message.into(),
            Self::NewDraft | Self::Draft(_) => json!({ "message": message }),
        }
    }
}

/// Gives Gmail a message. `thread` is the thread that it belongs to.
///
/// # Returns
/// The resource that Gmail has made.
///
/// # Errors
/// [`MailProblem::TooLarge`] if it is over Gmail's limit. What comes before the request leaves no doubt.
pub(super) async fn give(
    google: &Google<'_>,
    permission: &'static str,
    target: Target<'_>,
    thread: Option<&str>,
    message: Body,
) -> Result<Json, MailError> {
    if message.length() > super::MESSAGE {
        return Err(MailProblem::TooLarge.into());
    }
    let mut members = Map::new();
    if let Some(thread) = thread {
        members.insert("threadId".to_owned(), thread.into());
    }
    if message.length() <= SMALL {
        return give_small(google, permission, target, members, message).await;
    }
    let (kind, query, body) = if thread.is_none() {
        (UPLOADED.to_owned(), "?uploadType=media", message)
    } else {
        let boundary = boundary(google);
        let kind = format!("multipart/related; boundary={boundary}");
        (kind, "?uploadType=multipart", with_resource(&target.resource(members), message, &boundary))
    };
    let url = google.upload(&format!("{}{query}", target.path()));
    let kind = HeaderValue::from_str(&kind).map_err(|_| MailError::from(MailProblem::Garbled))?;
    let headers: [(HeaderName, HeaderValue); 2] =
        [(CONTENT_TYPE, kind), (CONTENT_LENGTH, HeaderValue::from(body.length()))];
    let fault = Fault::default();
    let body = MailBody::Stream(fault.watch(body.into_stream()));
    let sent = google.send(target.method(), permission, &url, &headers, body, false).await;
    // A body that breaks off makes nothing.
    let answer = sent.map_err(|error| fault.take().map_or(error, MailError::before_sending))?;
    google.read_changed(answer).await
}

async fn give_small(
    google: &Google<'_>,
    permission: &'static str,
    target: Target<'_>,
    mut members: Map<String, Value>,
    message: Body,
) -> Result<Json, MailError> {
    let max = usize::try_from(SMALL).unwrap_or(usize::MAX);
    let read = read_whole(message.into_stream(), max).await.map_err(MailError::before_sending)?;
    members.insert("raw".to_owned(), URL_SAFE.encode(read).into());
    let url = google.gmail(&target.path());
    google.send_json(target.method(), permission, &url, Some(&target.resource(members))).await
}

/// The line between the parts of an upload. The attack: a file with this line ends the message too early. So it depends on
/// a secret.
fn boundary(google: &Google<'_>) -> String {
    let secret = google.call.token.expose_secret().as_bytes();
    let hash = Hash::keyed(secret, &[b"boundary of an upload"]).to_string();
    format!("m_{}", hash.get(..32).unwrap_or_default())
}

/// The two parts of an upload: the JSON, and the message.
fn with_resource(resource: &Value, message: Body, boundary: &str) -> Body {
    let mut whole = Body::default();
    whole.push_text(format!(
        "--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{resource}\r\n\
         --{boundary}\r\nContent-Type: {UPLOADED}\r\n\r\n"
    ));
    whole.push_body(message);
    whole.push_text(format!("\r\n--{boundary}--\r\n"));
    whole
}
