//! `POST /api/accounts/confirm`: an application confirms a mailbox, with the code that the person brought back to its
//! return address. The code is the credential, so the call needs no API client.
//!
//! The attack: an attacker guesses codes, or costs the database time. A code has 256 bits. The calls are counted by
//! address and by link before anything is looked up, and five wrong codes end what waits at a link.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Extension,
    body::Bytes,
    extract::{ConnectInfo, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{envelope::Envelope, errors::ApiError};
use crate::{
    accounts::service::{
        AccountId,
        links::{
            LinkId,
            confirming::{ConfirmProblem, Confirmations, Confirmer},
        },
    },
    log_in::{service::Throttles, throttle::WINDOW},
    platform::{
        config::Config,
        failure::Failure,
        net::{client_address, own_network},
        randomness::Token,
        request_id::RequestId,
    },
};

/// The path of the call.
pub const PATH: &str = "/api/accounts/confirm";
/// Maximum number of bytes of the body, which has two short texts.
pub const MAX_BODY: usize = 2 * 1024;
/// Maximum number of calls from one network address, in a window of the throttles. All mailboxes of an application are
/// confirmed from its own address.
const MAX_PER_ADDRESS: i64 = 600;
/// Maximum number of calls for one link, in a window of the throttles.
const MAX_PER_LINK: i64 = 20;

/// The body of the call: two values of the signed answer, as they came.
#[derive(Deserialize)]
struct Asked {
    link: String,
    confirm: SecretString,
}

/// The `data` of the answer.
#[derive(Debug, Serialize)]
struct Confirmed {
    account_key: AccountId,
}

/// Why a call was refused.
enum Refused {
    /// The body is not JSON with the two values.
    Unreadable,
    TooMany,
    Problem(ConfirmProblem),
    Failure(Failure),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// The status of a problem, and what the developer can do.
const fn explain(problem: ConfirmProblem) -> (StatusCode, &'static str) {
    match problem {
        ConfirmProblem::ConfirmationUnknown => (
            StatusCode::NOT_FOUND,
            "No mailbox waits for this code. A code works for ten minutes, and ends after five wrong ones. Let the \
             person start again with a new link.",
        ),
        ConfirmProblem::LinkRevoked => {
            (StatusCode::CONFLICT, "The link was revoked since the sign-in, so nothing was connected.")
        }
        ConfirmProblem::LinkUsed => (
            StatusCode::CONFLICT,
            "Another sign-in with this link was confirmed before, so nothing was connected.",
        ),
        ConfirmProblem::ConnectorChanged => (
            StatusCode::CONFLICT,
            "The connector was changed since the sign-in, so nothing was connected. Let the person start again.",
        ),
        ConfirmProblem::OtherConnector => (
            StatusCode::CONFLICT,
            "The mailbox is connected through another connector, so nothing was connected.",
        ),
        ConfirmProblem::WrongAccount => (
            StatusCode::CONFLICT,
            "The link was made for another account than that of the sign-in, so nothing was connected.",
        ),
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Unreadable => {
                let more_info =
                    "Send a JSON object with link and confirm, as they came to the return address.";
                ApiError::new(StatusCode::BAD_REQUEST, "INVALID_VALUE", more_info).into_response()
            }
            Self::TooMany => {
                let more_info =
                    "Too many confirmations came from this address or for this link. Try again later.";
                let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", more_info);
                let mut response = error.into_response();
                let seconds = HeaderValue::from(WINDOW.whole_seconds());
                response.headers_mut().insert(header::RETRY_AFTER, seconds);
                response
            }
            Self::Problem(problem) => {
                let (status, more_info) = explain(problem);
                ApiError::new(status, problem.code(), more_info).into_response()
            }
            Self::Failure(failure) => failure.into_response(),
        }
    }
}

/// `POST /api/accounts/confirm`.
pub async fn confirm(
    State(config): State<Arc<Config>>,
    State(throttles): State<Throttles>,
    State(confirmations): State<Confirmations>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    request_id: Option<Extension<RequestId>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let confirmer = Confirmer {
        address: peer.map(|Extension(peer)| client_address(peer.0, &headers, &config.trusted_proxies)),
        request_id: request_id.map(|Extension(id)| id),
    };
    match try_confirm(&throttles, &confirmations, confirmer, &body).await {
        Ok(account_key) => Envelope::success(Confirmed { account_key }).into_response(),
        Err(refused) => refused.into_response(),
    }
}

async fn try_confirm(
    throttles: &Throttles,
    confirmations: &Confirmations,
    confirmer: Confirmer,
    body: &[u8],
) -> Result<AccountId, Refused> {
    let Asked { link, confirm } = serde_json::from_slice(body).map_err(|_| Refused::Unreadable)?;
    let link: LinkId = link.parse().map_err(|_| Refused::Unreadable)?;
    let code = Token::parse(confirm.expose_secret()).ok_or(Refused::Unreadable)?;
    let network = confirmer.address.map(|address| own_network(address.to_canonical()).to_string());
    let by_address = format!("confirmation\0{}", network.unwrap_or_default());
    let by_link = format!("confirmation of link\0{link}");
    if !throttles.is_within(&by_address, MAX_PER_ADDRESS).await?
        || !throttles.is_within(&by_link, MAX_PER_LINK).await?
    {
        return Err(Refused::TooMany);
    }
    confirmations.confirm(link, &code, confirmer).await?.map_err(Refused::Problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_has_both_values_as_texts() {
        for body in ["", "[]", "{}", r#"{"link":"a"}"#, r#"{"link":1,"confirm":"a"}"#, r#"{"confirm":"a"}"#] {
            assert!(serde_json::from_str::<Asked>(body).is_err(), "{body}");
        }
        let asked: Asked = serde_json::from_str(r#"{"link":"a","confirm":"b","more":1}"#).expect("a body");
        assert_eq!((asked.link.as_str(), asked.confirm.expose_secret()), ("a", "b"));
    }

    #[test]
    fn every_problem_has_a_stable_code_and_a_sentence() {
        for (problem, code) in [
            (ConfirmProblem::ConfirmationUnknown, "CONFIRMATION_UNKNOWN"),
            (ConfirmProblem::LinkRevoked, "LINK_REVOKED"),
            (ConfirmProblem::LinkUsed, "LINK_USED"),
            (ConfirmProblem::ConnectorChanged, "CONNECTOR_CHANGED"),
            (ConfirmProblem::OtherConnector, "OTHER_CONNECTOR"),
            (ConfirmProblem::WrongAccount, "WRONG_ACCOUNT"),
        ] {
            assert_eq!(problem.code(), code);
            let (status, more_info) = explain(problem);
            assert!(status.is_client_error() && more_info.ends_with('.'), "{code}");
        }
    }
}
