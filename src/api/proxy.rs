//! `ANY /api/accounts/{account_key}/proxy/{path}`: the raw passage to the provider's own API. The rest of the path is
//! taken from the request line as it is, because ids may contain an encoded slash.

mod body;

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    body::{Body, HttpBody},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use tokio::time::{Instant, timeout_at};

use super::{
    layers::{self, FromProvider},
    refused::Refused,
};
use crate::{
    accounts::service::AccountId,
    mail::{
        access::AccountAccess,
        passage::{RawAnswer, RawCall},
    },
    people::access::Caller,
    platform::{config::Config, failure::Failure},
    providers::mailbox::MailBody,
};

/// The path of the calls, in the syntax of the router.
pub const PATH: &str = "/api/accounts/{account_key}/proxy/{*path}";

/// The time within which the answer to a raw call must begin, as other calls must end. A body that streams takes as long
/// as its caller sends.
const MAX_BEGIN: Duration = Duration::from_secs(25);

/// A raw call, with any method of the route table.
pub async fn pass(
    State(access): State<AccountAccess>,
    State(config): State<Arc<Config>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let end = Instant::now() + MAX_BEGIN;
    let (parts, body) = request.into_parts();
    let Some((account, rest)) = split(parts.uri.path()) else { return Failure::NotFound.into_response() };
    let ours = config.public_url.join(&format!("/api/accounts/{account}/proxy/"));
    let call = RawCall {
        rest: rest.to_owned(),
        query: parts.uri.query().map(str::to_owned),
        // A method that is safe has no body that means anything (RFC 9110, 9.3.1).
        method: parts.method,
        headers: parts.headers,
    };
    let body = if call.method.is_safe() || body.is_end_stream() {
        MailBody::Empty
    } else {
        match body::take_in(body, &call.headers, body::MAX_TIME).await {
            Ok(body) => body,
            Err(status) => return status.into_response(),
        }
    };
    let end = (!matches!(body, MailBody::Stream(_))).then_some(end);
    let passing = Box::pin(access.pass(&caller, account, &call, body, &ours));
    match in_time(end, passing).await {
        Some(Ok(answer)) => respond(answer),
        Some(Err(problem)) => Refused::from(problem).into_response(),
        None => layers::timed_out(call.method.is_safe()),
    }
}

/// What this work gives, if it ends in time. Without a time, it may take as long as it needs.
async fn in_time<F: Future>(end: Option<Instant>, work: F) -> Option<F::Output> {
    match end {
        Some(end) => timeout_at(end, work).await.ok(),
        None => Some(work.await),
    }
}

/// The account and the rest of a path, undecoded.
fn split(path: &str) -> Option<(AccountId, &str)> {
    let (account, rest) = path.strip_prefix("/api/accounts/")?.split_once("/proxy/")?;
    Some((account.parse().ok()?, rest))
}

fn respond(answer: RawAnswer) -> Response {
    let RawAnswer { status, headers, body } = answer;
    let mut response = Response::new(Body::from_stream(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.extensions_mut().insert(FromProvider);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_that_does_not_begin_in_time_is_given_up_and_that_to_a_stream_is_waited_for() {
        let end = || Some(Instant::now() + Duration::from_millis(20));
        assert_eq!(in_time(end(), std::future::pending::<()>()).await, None);
        assert_eq!(in_time(end(), std::future::ready(7)).await, Some(7));
        let late = tokio::time::sleep(Duration::from_millis(40));
        assert_eq!(in_time(None, late).await, Some(()));
    }

    #[test]
    fn a_raw_call_has_the_time_of_other_calls() {
        assert_eq!(MAX_BEGIN, layers::Limits::default().call);
    }

    #[test]
    fn the_rest_of_the_path_stays_as_it_was_sent() {
        let account = "018f0000-7e57-7000-8000-000000000001";
        for rest in ["v1.0/me", "v1.0/me/messages/a%2Fb%3D", "v1.0/x/proxy/y", "", "..//%2e"] {
            let path = format!("/api/accounts/{account}/proxy/{rest}");
            let (found, taken) = split(&path).expect("a raw call");
            assert_eq!((found.to_string().as_str(), taken), (account, rest));
        }
        for path in ["/api/accounts/x/proxy/v1.0", "/api/accounts/proxy/v1.0", "/api/accounts//proxy/v1.0"] {
            assert!(split(path).is_none(), "{path}");
        }
    }
}
