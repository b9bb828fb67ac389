//! Sends requests to the Gmail API and the People API for one mailbox.

use std::ops::{Deref, DerefMut};

use ::http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use oauth2::HttpResponse;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::refusal::refused;
use crate::providers::{
    google::units,
    mailbox::{
        MailBody, MailCall, MailError, MailProblem, MailRequest, MailResponse, Room, read_whole,
        read_with_room,
    },
    members::without_mark,
    oauth::ResponseMeta,
};

/// Maximum number of bytes of an answer in JSON. A long thread without its bodies fits into it.
pub(super) const MAX_JSON: usize = 8 * 1024 * 1024;
/// Maximum number of bytes of an error that is read.
const MAX_ERROR: usize = 64 * 1024;
/// Maximum number of requests of one call at a time. More wait for the mailbox's limits in any case.
const MAX_AT_ONCE: usize = 8;

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

/// Google's APIs, for one call of one mailbox.
#[derive(Clone, Copy)]
pub(super) struct Google<'a> {
    pub call: MailCall<'a>,
    /// The bases of the addresses, without a slash at their ends.
    gmail: &'a str,
    people: &'a str,
    /// The number of requests that it sends at a time.
    at_once: usize,
}

impl<'a> Google<'a> {
    pub(super) const fn new(gmail: &'a str, people: &'a str, call: MailCall<'a>) -> Self {
        Self { call, gmail, people, at_once: MAX_AT_ONCE }
    }

    /// The whole address of a path of the Gmail API within the mailbox. It begins with a slash and may have a query.
    pub(super) fn gmail(&self, path: &str) -> String {
        format!("{}/gmail/v1/users/me{path}", self.gmail)
    }

    /// The whole address of a path within the mailbox to which content is uploaded.
    pub(super) fn upload(&self, path: &str) -> String {
        format!("{}/upload/gmail/v1/users/me{path}", self.gmail)
    }

    /// The whole address of a path of the People API.
    pub(super) fn people(&self, path: &str) -> String {
        format!("{}/v1{path}", self.people)
    }

    /// Reads an object in JSON. `url` is the whole address; `permission` is the one that an error names as missing.
    pub(super) async fn get(&self, permission: &'static str, url: &str) -> Result<Json, MailError> {
        self.get_up_to(permission, url, MAX_JSON).await
    }

    /// Reads an object in JSON of at most `max` bytes.
    pub(super) async fn get_up_to(
        &self,
        permission: &'static str,
        url: &str,
        max: usize,
    ) -> Result<Json, MailError> {
        let answer = self.send(Method::GET, permission, url, &[], MailBody::Empty, false).await?;
        self.read_object(answer, max).await
    }

    /// Reads a JSON object. Some proxies put a byte order mark before it.
    async fn read_object(&self, answer: MailResponse, max: usize) -> Result<Json, MailError> {
        let (body, room) = read_with_room(self.call.http, answer.body, max).await?;
        let value: Option<Value> = serde_json::from_slice(without_mark(&body)).ok();
        let value = value.filter(Value::is_object).ok_or_else(|| MailError::from(MailProblem::Garbled))?;
        Ok(Json { value, _room: room })
    }

    /// Sends a request that changes something, and reads the object of its answer.
    ///
    /// The request is not repeated: after an error that leaves a doubt it may have been carried out. It has been if the
    /// status says so: then an answer that is too large, or for which there is no room, is [`MailProblem::Garbled`].
    pub(super) async fn send_json(
        &self,
        method: Method,
        permission: &'static str,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Json, MailError> {
        let answer = self.change(method, permission, url, body).await?;
        self.read_changed(answer).await
    }

    /// Reads the object that a change has answered, whatever was sent.
    pub(super) async fn read_changed(&self, answer: MailResponse) -> Result<Json, MailError> {
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
        url: &str,
        body: Option<&Value>,
    ) -> Result<(), MailError> {
        let answer = self.change(method, permission, url, body).await?;
        // Read only so that the connection is used again. The change was made, whatever the body is.
        let _ = read_whole(answer.body, MAX_ERROR).await;
        Ok(())
    }

    async fn change(
        &self,
        method: Method,
        permission: &'static str,
        url: &str,
        body: Option<&Value>,
    ) -> Result<MailResponse, MailError> {
        let content = body.map_or(MailBody::Empty, |body| MailBody::Whole(body.to_string().into()));
        let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let headers: &[_] = if body.is_some() { &json } else { &[] };
        self.send(method, permission, url, headers, content, false).await
    }

    /// Sends a request, and reads the error if it is refused. `headers` are put beside those of every request.
    ///
    /// # Returns
    /// The answer, whose status is one of success. Any other one, such as the redirect of a proxy, says nothing about the
    /// effect of the request.
    pub(super) async fn send(
        &self,
        method: Method,
        permission: &'static str,
        url: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: MailBody,
        is_download: bool,
    ) -> Result<MailResponse, MailError> {
        let mut all = self.headers()?;
        for (name, value) in headers {
            all.insert(name, value.clone());
        }
        let units = self.units(&method, url);
        let url = url.to_owned();
        let request = MailRequest { method, url, headers: all, body, weight: 1, units, is_download };
        let answer = self.call.http.send(request).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let mut head = HttpResponse::new(Vec::new());
        *head.status_mut() = answer.status;
        *head.headers_mut() = answer.headers;
        // An error that breaks off still has its status.
        let body = read_whole(answer.body, MAX_ERROR).await.unwrap_or_default();
        Err(refused(&ResponseMeta::of(&head), &body, permission, self.call.now))
    }

    fn units(&self, method: &Method, url: &str) -> u32 {
        let path = url.strip_prefix(self.gmail).and_then(|path| path.strip_prefix('/'));
        path.map_or(0, |path| units::of(method, path))
    }

    /// The access token and the headers that every request has.
    fn headers(&self) -> Result<HeaderMap, MailError> {
        // A token with a line end would be no header.
        let bearer = format!("Bearer {}", self.call.token.expose_secret());
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| MailError::from(MailProblem::Garbled))?;
        bearer.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Ok(headers)
    }

    /// Waits for several requests, some of them at a time.
    ///
    /// # Returns
    /// What they gave, in their order.
    ///
    /// # Errors
    /// The first error in this order. The others are given up.
    pub(super) async fn join<T, F>(&self, asked: Vec<F>) -> Result<Vec<T>, MailError>
    where
        F: Future<Output = Result<T, MailError>> + Send,
        T: Send,
    {
        stream::iter(asked).buffered(self.at_once).try_collect().await
    }
}
