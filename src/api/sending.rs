//! Sending: new messages, replies, and messages that are passed on; now, or at a time.

use std::convert::Infallible;

use axum::{
    extract::{FromRef, FromRequestParts},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, request::Parts};
use serde::Serialize;

use super::{
    asked::Asked,
    calls::{ANSWER_MESSAGE, Call, SEND_MESSAGE},
    envelope::Envelope,
    errors::Code,
    outgoing,
    refused::Refused,
    shapes::Sent,
};
use crate::{
    mail::{
        schedules::Schedules,
        sending::{SendRequest, Sending},
    },
    providers::mailbox::Basis,
};

/// Marks the answer that an earlier call with the same key or the same values has earned.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-response");

/// What sends a message, or keeps it until its time.
pub struct Senders {
    sending: Sending,
    schedules: Schedules,
}

impl<S> FromRequestParts<S> for Senders
where
    S: Sync,
    Sending: FromRef<S>,
    Schedules: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self { sending: Sending::from_ref(state), schedules: Schedules::from_ref(state) })
    }
}

/// The answer of a call that is done once.
pub(super) fn done_once<T: Serialize>(envelope: Envelope<T>, is_replay: bool) -> Response {
    let mut response = envelope.into_response();
    if is_replay {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// `POST …/messages`.
pub async fn send(senders: Senders, asked: Asked) -> Result<Response, Refused> {
    let request = outgoing::request(&asked.given, Basis::New)?;
    if request.message.to.is_empty() {
        return Err(Refused::of(Code::InvalidValue, "toAddress: Give at least one email address."));
    }
    senders.deliver(&SEND_MESSAGE, &asked, request).await
}

/// `POST …/messages/{messageId}`.
pub async fn answer(senders: Senders, asked: Asked) -> Result<Response, Refused> {
    let message = asked.given.required("messageId").to_owned();
    let basis = match asked.given.required("action") {
        "replyall" => Basis::ReplyAll(message),
        "forward" => Basis::Forward(message),
        _ => Basis::Reply(message),
    };
    let is_forward = matches!(basis, Basis::Forward(_));
    let request = outgoing::request(&asked.given, basis)?;
    if is_forward && request.message.to.is_empty() {
        return Err(Refused::of(Code::InvalidValue, "toAddress is missing. The action forward needs it."));
    }
    senders.deliver(&ANSWER_MESSAGE, &asked, request).await
}

impl Senders {
    /// Sends a message, or keeps it until its time.
    async fn deliver(
        &self,
        call: &'static Call,
        asked: &Asked,
        request: SendRequest,
    ) -> Result<Response, Refused> {
        let Asked { caller, given } = asked;
        let (account, key) = (asked.account()?, outgoing::key(given)?);
        if let Some(due_at) = outgoing::due_at(given)? {
            let shown = request.shown.clone();
            let scheduled = self.schedules.add(caller, account, call.id, key, request, due_at).await?;
            let answer = Envelope::success(Sent::scheduled(scheduled.id, shown));
            return Ok(done_once(answer, scheduled.is_replay));
        }
        let sent = self.sending.send(caller, account, call.id, key, request).await?;
        let is_replay = sent.is_replay;
        Ok(done_once(Envelope::success(Sent::from(sent)), is_replay))
    }
}
