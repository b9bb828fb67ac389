//! Sends requests to Microsoft Graph for one mailbox.

use std::ops::{Deref, DerefMut};

use ::http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use oauth2::HttpResponse;
use secrecy::ExposeSecret;
use serde_json::Value;

pub(super) use super::refusal::refused;
use crate::providers::{
    mailbox::{
        Download, MailBody, MailCall, MailError, MailProblem, MailRequest, MailResponse, Room, read_whole,
        read_with_room,
    },
    members::without_mark,
    oauth::ResponseMeta,
};

/// Maximum number of bytes of an answer in JSON. A page of a thousand messages without bodies fits into it.
pub(super) const MAX_JSON: usize = 8 * 1024 * 1024;
/// Maximum number of bytes of an error that is read.
const MAX_ERROR: usize = 64 * 1024;

/// The permissions that an error may name as missing.
pub(super) const MAIL_READ: &str = "Mail.Read";
pub(super) const MAIL_WRITE: &str = "Mail.ReadWrite";
pub(super) const CONTACTS_READ: &str = "Contacts.Read";
pub(super) const SETTINGS_READ: &str = "MailboxSettings.Read";

/// Ids that survive a move. Every request must ask for them (graph-mail, rule 1: Microsoft, Outlook immutable IDs).
pub(super) const IMMUTABLE: &str = r#"IdType="ImmutableId""#;

/// A request without its body.
#[derive(Clone, Copy)]
pub(super) struct Question<'q> {
    /// The whole address.
    pub url: &'q str,
    /// The permission that it needs: the one with the fewest rights.
    pub permission: &'static str,
    /// Further preferences.
    pub prefer: Option<&'static str>,
}

/// An object in JSON, with its room in memory.
pub(super) struct Json {
    value: Value,
    _room: Room,
}

impl Deref for Json {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.value
    }
}

impl DerefMut for Json {
    fn deref_mut(&mut self) -> &mut Value {
        &mut self.value
    }
}

/// Microsoft Graph, for one call of one mailbox.
#[derive(Clone, Copy)]
pub(super) struct Graph<'a> {
    /// The base of the addresses, without a slash at its end.
    base: &'a str,
    pub call: MailCall<'a>,
}

impl<'a> Graph<'a> {
    pub(super) const fn new(base: &'a str, call: MailCall<'a>) -> Self {
        Self { base, call }
    }

    /// The whole address of a path, which begins with a slash.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Reads an object in JSON. `path` begins with a slash and may have a query.
    pub(super) async fn get(&self, permission: &'static str, path: &str) -> Result<Json, MailError> {
        self.ask(Question { url: &self.url(path), permission, prefer: None }, MAX_JSON).await
    }

    /// Reads the object at a link from an earlier answer (`@odata.nextLink`, `@odata.deltaLink`). A link that leads
    /// elsewhere is not followed: it would get the access token.
    pub(super) async fn follow(&self, permission: &'static str, link: &str) -> Result<Json, MailError> {
        let rest = link.strip_prefix(self.base).filter(|rest| rest.starts_with('/'));
        let is_sound = rest.is_some_and(|rest| !rest.contains(|c: char| c.is_control() || c.is_whitespace()));
        if !is_sound {
            return Err(MailProblem::Garbled.into());
        }
        self.ask(Question { url: link, permission, prefer: None }, MAX_JSON).await
    }

    /// Reads an object in JSON of at most `max` bytes.
    pub(super) async fn ask(&self, question: Question<'_>, max: usize) -> Result<Json, MailError> {
        let request = self.request(Method::GET, &question, MailBody::Empty)?;
        let answer = self.send(request, question.permission).await?;
        self.read_object(answer, max).await
    }

    /// Reads a JSON object. Some proxies put a byte order mark before it.
    async fn read_object(&self, answer: MailResponse, max: usize) -> Result<Json, MailError> {
        let (body, room) = read_with_room(self.call.http, answer.body, max).await?;
        let value: Option<Value> = serde_json::from_slice(without_mark(&body)).ok();
        let value = value.filter(Value::is_object).ok_or_else(|| MailError::from(MailProblem::Garbled))?;
        Ok(Json { value, _room: room })
    }

    /// Sends an object in JSON, and reads one. `weight` is [`MailRequest::weight`].
    pub(super) async fn post(
        &self,
        permission: &'static str,
        path: &str,
        body: &Value,
        weight: u8,
    ) -> Result<Json, MailError> {
        let url = self.url(path);
        let question = Question { url: &url, permission, prefer: None };
        let mut request = self.request(Method::POST, &question, MailBody::Whole(body.to_string().into()))?;
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.weight = weight;
        request.units = weight.into();
        let answer = self.send(request, permission).await?;
        self.read_object(answer, MAX_JSON).await
    }

    /// Sends a request that changes something, and reads the object of its answer. `path` begins with a slash and may have
    /// a query; `headers` are put beside those of every request.
    ///
    /// The request is not repeated: after an error that leaves a doubt it may have been carried out. It has been if the
    /// status says so: then an answer that is too large, or for which there is no room, is [`MailProblem::Garbled`].
    pub(super) async fn send_json(
        &self,
        method: Method,
        permission: &'static str,
        path: &str,
        body: Option<&Value>,
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<Json, MailError> {
        let answer = self.change(method, permission, path, body, headers).await?;
        match self.read_object(answer, MAX_JSON).await {
            Err(error) if !error.problem.leaves_doubt() => Err(MailProblem::Garbled.into()),
            read => read,
        }
    }

    /// [`Self::send_json`] where nothing in the answer is needed, or it has no body.
    pub(super) async fn send_only(
        &self,
        method: Method,
        permission: &'static str,
        path: &str,
        body: Option<&Value>,
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<(), MailError> {
        let answer = self.change(method, permission, path, body, headers).await?;
        // Read only so that the connection is used again. The change was made, whatever the body is.
        let _ = read_whole(answer.body, MAX_ERROR).await;
        Ok(())
    }

    async fn change(
        &self,
        method: Method,
        permission: &'static str,
        path: &str,
        body: Option<&Value>,
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<MailResponse, MailError> {
        let url = self.url(path);
        let question = Question { url: &url, permission, prefer: None };
        let content = body.map_or(MailBody::Empty, |body| MailBody::Whole(body.to_string().into()));
        let mut request = self.request(method, &question, content)?;
        if body.is_some() {
            request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in headers {
            request.headers.append(name, value.clone());
        }
        self.send(request, permission).await
    }

    /// Opens a download.
    pub(super) async fn download(&self, permission: &'static str, path: &str) -> Result<Download, MailError> {
        let url = self.url(path);
        let mut request =
            self.request(Method::GET, &Question { url: &url, permission, prefer: None }, MailBody::Empty)?;
        request.headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        request.is_download = true;
        let answer = self.send(request, permission).await?;
        let header = |name| answer.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        Ok(Download {
            name: None,
            content_type: header("content-type").map(str::to_owned),
            length: header("content-length").and_then(|length| length.parse().ok()),
            body: answer.body,
        })
    }

    /// A request with the access token and the headers that every request has.
    pub(super) fn request(
        &self,
        method: Method,
        question: &Question<'_>,
        body: MailBody,
    ) -> Result<MailRequest, MailError> {
        // A token with a line end would be no header. Tokens of Microsoft are base64url with dots.
        let value =
            |text: &str| HeaderValue::from_str(text).map_err(|_| MailError::from(MailProblem::Garbled));
        let mut bearer = value(&format!("Bearer {}", self.call.token.expose_secret()))?;
        bearer.set_sensitive(true);
        let prefer =
            question.prefer.map_or_else(|| IMMUTABLE.to_owned(), |more| format!("{IMMUTABLE}, {more}"));
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert("prefer", value(&prefer)?);
        if let Some(id) = self.call.request_id {
            headers.insert("client-request-id", value(id)?);
        }
        let url = question.url.to_owned();
        Ok(MailRequest { method, url, headers, body, weight: 1, units: 1, is_download: false })
    }

    /// Sends a request, and reads the error if it is refused.
    pub(super) async fn send(
        &self,
        request: MailRequest,
        permission: &'static str,
    ) -> Result<MailResponse, MailError> {
        let answer = self.call.http.send(request).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let mut head = HttpResponse::new(Vec::new());
        *head.status_mut() = answer.status;
        *head.headers_mut() = answer.headers;
        // An error that breaks off still has its status.
        let body = read_whole(answer.body, MAX_ERROR).await.unwrap_or_default();
        Err(refused(&ResponseMeta::of(&head), &body, permission))
    }
}
