//! Notes each call of an API client for *Logs > API*, when its answer begins, or when it ends without one. The record has
//! the route and the account, and neither the query nor a body.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    extract::{RawPathParams, Request, State, rejection::RawPathParamsRejection},
    middleware::Next,
    response::Response,
};
use http::{Extensions, Method};

use super::errors::{ApiError, Code};
use crate::{
    accounts::service::AccountId,
    clients::{
        calls::{Call, Calls},
        service::CredentialOwner,
    },
    people::access::Caller,
    platform::{clock::Timestamp, failure::Failure, request_id::RequestId},
};

/// The value in the path of a route that names the account.
const ACCOUNT: &str = "account_key";

/// What the record of a route's calls needs.
#[derive(Clone)]
pub struct Recorder {
    pub calls: Calls,
    /// The path of the route, with names in place of values.
    pub route: &'static str,
    /// The time within which a call must be answered.
    pub max: Duration,
}

/// The status of a record if the client closed its connection before the answer began.
const CLIENT_LEFT: u16 = 499;

/// A call under way. If it is dropped before its answer begins, it took too long, or its client has closed the
/// connection.
struct UnderWay {
    recorder: Recorder,
    known: KnownClient,
    account: Option<AccountId>,
    method: Cow<'static, str>,
    request_id: Option<RequestId>,
    started: Timestamp,
    is_answered: bool,
}

impl UnderWay {
    /// Notes the call if its client is known. Another call belongs to no organisation.
    fn note(&self, status: u16, error_code: Option<&'static str>, provider_request_id: Option<String>) {
        let Some(CredentialOwner { organisation, client }) = self.known.0.get().copied() else { return };
        let Recorder { calls, route, .. } = &self.recorder;
        calls.note(Call {
            organisation,
            client,
            account: self.account,
            method: self.method.clone(),
            route,
            status,
            duration: self.duration(),
            request_id: self.request_id,
            error_code,
            provider_request_id,
        });
    }

    fn duration(&self) -> time::Duration {
        self.recorder.calls.now().since(self.started).max(time::Duration::ZERO)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        if self.duration().unsigned_abs() >= self.recorder.max {
            self.note(Code::TimedOut.status().as_u16(), Some(Code::TimedOut.name()), None);
        } else {
            self.note(CLIENT_LEFT, None, None);
        }
    }
}

/// The API client of a call, as soon as an inner layer knows it. It is known before the call is let in, so that calls
/// that are refused for their scope, their number or their address are recorded too.
#[derive(Clone, Debug, Default)]
pub struct KnownClient(Arc<OnceLock<CredentialOwner>>);

impl KnownClient {
    /// Names the client. The first credential of a request is its only one.
    pub(super) fn name(&self, owner: CredentialOwner) {
        let _ = self.0.set(owner);
    }
}

/// Names the API client of a request, for the record of the call. `extensions` are those of the request.
pub(super) fn name_client(extensions: &Extensions, owner: CredentialOwner) {
    if let Some(known) = extensions.get::<KnownClient>() {
        known.name(owner);
    }
}

/// Middleware behind the check of the credential: names the client that was let in.
pub(super) async fn name_caller(request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    if let Some(caller) = extensions.get::<Caller>()
        && let Some(client) = caller.client()
    {
        name_client(extensions, CredentialOwner { organisation: caller.organisation(), client });
    }
    next.run(request).await
}

/// Middleware before the check of the credential: notes the call.
pub async fn record(
    State(recorder): State<Recorder>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    let account = path.ok().and_then(|path| account_of(&path));
    let known = KnownClient::default();
    request.extensions_mut().insert(known.clone());
    let mut call = UnderWay {
        known,
        account,
        method: name_of(request.method()),
        request_id: request.extensions().get::<RequestId>().copied(),
        started: recorder.calls.now(),
        is_answered: false,
        recorder,
    };
    let response = next.run(request).await;
    call.is_answered = true;
    let (error_code, provider_request_id) = error_of(response.extensions());
    call.note(response.status().as_u16(), error_code, provider_request_id);
    response
}

fn name_of(method: &Method) -> Cow<'static, str> {
    match *method {
        Method::GET => Cow::Borrowed("GET"),
        Method::HEAD => Cow::Borrowed("HEAD"),
        Method::POST => Cow::Borrowed("POST"),
        Method::PUT => Cow::Borrowed("PUT"),
        Method::PATCH => Cow::Borrowed("PATCH"),
        Method::DELETE => Cow::Borrowed("DELETE"),
        // No route takes another one.
        _ => Cow::Borrowed("OTHER"),
    }
}

/// The account that the path of a call names. The values are decoded, as the call itself reads them: otherwise an
/// application could keep its calls from the records of an account by percent-encoding the key.
fn account_of(path: &RawPathParams) -> Option<AccountId> {
    let (_, value) = path.iter().find(|(name, _)| *name == ACCOUNT)?;
    value.parse().ok()
}

/// The code of the error that a handler or a layer left in the answer, and the provider's id of the request.
fn error_of(extensions: &Extensions) -> (Option<&'static str>, Option<String>) {
    if let Some(error) = extensions.get::<ApiError>() {
        return (Some(error.code()), error.provider_request_id().map(str::to_owned));
    }
    (extensions.get::<Failure>().map(|failure| Code::from(failure).name()), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::id::{ApiClientId, OrganisationId};

    #[test]
    fn the_first_client_that_is_named_counts() {
        let mut extensions = Extensions::new();
        let organisation = OrganisationId(uuid::Uuid::from_u128(3));
        let [one, two] = [1, 2].map(|id| {
            let client = ApiClientId(uuid::Uuid::from_u128(id));
            CredentialOwner { organisation, client }
        });
        name_client(&extensions, one);
        let known = KnownClient::default();
        extensions.insert(known.clone());
        name_client(&extensions, one);
        name_client(&extensions, two);
        assert_eq!(known.0.get(), Some(&one));
    }
}
