//! The credential of an API call: `Authorization: Bearer …`, or Mail360's `Authorization: Zoho-oauthtoken …`. It is checked
//! first; then the scope and the limits of its client are.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded;

use super::{
    errors::{ApiError, Code, Limit},
    records,
    watched::watch,
};
use crate::{
    clients::service::{
        ApiClient, CallOrigin, ClientService, Exceeded, LimitExceeded, NotAuthenticated, RateState,
    },
    people::access::Scope,
    platform::{config::Config, held::hold_until_sent, net::client_address, request_id::RequestId},
};

/// Calls that a client may make in a second, how many are left, and the seconds until the next second begins.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const RATE_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RATE_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
/// When a client may try again that has too many calls under way.
const AT_ONCE_RETRY: Duration = Duration::from_secs(1);

/// Names under which clients send a token in the address: RFC 6750, 2.3, and Zoho's older APIs.
const TOKEN_PARAMETERS: [&str; 2] = ["access_token", "authtoken"];
const SCHEMES: [&str; 2] = ["Bearer", "Zoho-oauthtoken"];

/// How far the client of a call has used its rate, as soon as an inner layer knows it. The outermost layer tells it, so that
/// every answer to the client has it: also that of a call that took too long, which no inner layer makes.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownRate(Arc<OnceLock<RateState>>);

impl KnownRate {
    /// Notes the rate for the outermost layer. `extensions` are those of the request.
    pub(super) fn note(extensions: &Extensions, rate: RateState) {
        if let Some(known) = extensions.get::<Self>() {
            // A call is judged once.
            let _ = known.0.set(rate);
        }
    }

    /// Writes the headers, if the client is known.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        if let Some(rate) = self.0.get() {
            headers.insert(RATE_LIMIT, rate.limit.into());
            headers.insert(RATE_REMAINING, rate.remaining.into());
            headers.insert(RATE_RESET, rate.reset.into());
        }
    }
}

/// Refuses a request that carries more than one credential (a proxy might judge by another one of them than we), or one
/// in its address, which logs and histories keep.
pub(super) async fn refuse_ambiguous(request: Request, next: Next) -> Response {
    let invalid = |more_info| ApiError::of(Code::InvalidValue, more_info).into_response();
    if request.headers().get_all(header::AUTHORIZATION).iter().count() > 1 {
        return invalid("Send one Authorization header.");
    }
    let query = request.uri().query().unwrap_or_default();
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    if names.any(|name| TOKEN_PARAMETERS.iter().any(|token| name.eq_ignore_ascii_case(token))) {
        return invalid("Send the token in the Authorization header, never in the address.");
    }
    next.run(request).await
}

/// What a route needs to let an API client in.
#[derive(Clone)]
pub struct ClientAccess {
    pub clients: ClientService,
    pub config: Arc<Config>,
    /// The scope that a credential must have.
    pub scope: Scope,
}

/// Where a request comes from. `headers` are those of the request.
pub(super) fn origin_of(extensions: &Extensions, headers: &HeaderMap, config: &Config) -> CallOrigin {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    CallOrigin {
        address: peer.map(|peer| client_address(peer, headers, &config.trusted_proxies)),
        request_id: extensions.get::<RequestId>().copied(),
    }
}

/// Checks the credential of a call, and puts the [`ApiClient`] and its [`crate::people::access::Caller`] into the
/// request. The response has the client too.
pub(super) async fn require_client(
    State(access): State<ClientAccess>,
    mut request: Request,
    next: Next,
) -> Response {
    // Owned, because a request cannot be borrowed while the database is read.
    let Some(credential) = credential(request.headers()).map(SecretString::from) else {
        // RFC 6750, 3.1: without a credential the challenge names no error.
        let more_info = "Send an access token: Authorization: Bearer, or Authorization: Zoho-oauthtoken.";
        return challenge(ApiError::of(Code::InvalidOauthToken, more_info), "Bearer");
    };
    let origin = origin_of(request.extensions(), request.headers(), &access.config);
    match access.clients.authenticate(credential.expose_secret(), origin).await {
        Ok(client) => {
            request.extensions_mut().insert(client.caller().clone());
            request.extensions_mut().insert(client.clone());
            let mut response = next.run(request).await;
            response.extensions_mut().insert(client);
            response
        }
        Err(why) => {
            if let Some(owner) = why.owner() {
                records::name_client(request.extensions(), owner);
            }
            // The credential is right, so its client is told of its rate.
            let is_right = matches!(why, NotAuthenticated::AddressNotAllowed(_));
            if is_right && let Some(rate) = access.clients.rate_of(credential.expose_secret()) {
                KnownRate::note(request.extensions(), rate);
            }
            refuse(why)
        }
    }
}

/// Lets a call of a known client in, if its credential has the scope and its client is within its limits. The call is
/// under way until the whole answer is sent. If its credential ends in the meantime, so does the call.
pub(super) async fn admit_client(
    State(access): State<ClientAccess>,
    request: Request,
    next: Next,
) -> Response {
    let Some(client) = request.extensions().get::<ApiClient>().cloned() else {
        return challenge(ApiError::of_status(StatusCode::UNAUTHORIZED), "Bearer");
    };
    match access.clients.admit(&client) {
        Ok((rate, permit)) => {
            KnownRate::note(request.extensions(), rate);
            let response = if client.has(access.scope) {
                run_while_valid(&access, client, request, next).await
            } else {
                let more_info = format!("The credential lacks the scope {}.", access.scope);
                ApiError::of(Code::MissingScope, more_info).into_response()
            };
            hold_until_sent(response, permit)
        }
        Err(LimitExceeded { exceeded, rate }) => {
            KnownRate::note(request.extensions(), rate);
            let (more_info, wait) = match exceeded {
                Exceeded::Rate => ("The client made too many calls in this second.", rate.reset),
                Exceeded::AtOnce => ("The client has too many calls under way.", AT_ONCE_RETRY.as_secs()),
            };
            let error = ApiError::of(Code::TooManyRequests, more_info);
            error.limited_by(Limit::Client, Duration::from_secs(wait)).into_response()
        }
    }
}

async fn run_while_valid(access: &ClientAccess, client: ApiClient, request: Request, next: Next) -> Response {
    let ClientAccess { clients, scope, .. } = access;
    let response = tokio::select! {
        biased;
        response = next.run(request) => response,
        ended = clients.wait_until_invalid(&client, *scope) => {
            return ended.map_or_else(IntoResponse::into_response, |()| refuse(NotAuthenticated::Unknown));
        }
    };
    response.map(|body| watch(body, clients.clone(), client, *scope))
}

/// The answer to a credential that is not accepted.
pub(super) fn refuse(why: NotAuthenticated) -> Response {
    let invalid = "The access token or API key is expired, revoked or unknown.";
    match why {
        NotAuthenticated::Unknown | NotAuthenticated::Expired(_) => {
            challenge(ApiError::of(Code::InvalidOauthToken, invalid), "Bearer error=\"invalid_token\"")
        }
        NotAuthenticated::TooMany(rest) => {
            let more_info =
                "Too many wrong credentials came from this address. A right one is not refused for that.";
            ApiError::of(Code::TooManyRequests, more_info).limited_by(Limit::Client, rest).into_response()
        }
        NotAuthenticated::AddressNotAllowed(_) => {
            let more_info = "The API client may not call from this address. An administrator can allow it under \
                             Settings > API access.";
            ApiError::of(Code::AddressNotAllowed, more_info).into_response()
        }
        NotAuthenticated::Failure(failure) => failure.into_response(),
    }
}

fn challenge(error: ApiError, challenge: &'static str) -> Response {
    let mut response = error.into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

/// The credential in the header; `None` if there is none of a known scheme.
fn credential(headers: &HeaderMap) -> Option<&str> {
    let (scheme, credential) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let credential = credential.trim();
    let is_known = SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    (is_known && !credential.is_empty()).then_some(credential)
}
