//! `POST /api/accounts/confirm`: an application confirms a mailbox, with the code that the person brought back to its
//! return address. The code is the credential, so the call needs no API client.
//!
//! The attack: an attacker guesses codes, or costs the database time. A code has 256 bits. The calls are counted by
//! address and by link before anything is looked up, and five wrong codes end what waits at a link.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{
    calls,
    credentials::origin_of,
    envelope::Envelope,
    errors::{ApiError, Code, Limit},
    parameters::Given,
};
use crate::{
    accounts::service::{
        AccountId,
        links::{
            LinkId,
            confirming::{ConfirmProblem, Confirmations, Confirmer},
        },
    },
    clients::service::CallOrigin,
    log_in::{service::Throttles, throttle::WINDOW},
    platform::{config::Config, failure::Failure, net::own_network, randomness::Token},
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

/// What the call asks for: two values of the signed answer, as they came.
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
    /// A value is not one of the signed answer.
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
        ConfirmProblem::AccountAlreadyConnected => (
            StatusCode::CONFLICT,
            "The mailbox is connected already, and the API client of the link must not take away its permissions or move \
             it. Nothing was changed.",
        ),
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Unreadable => {
                let more_info =
                    "Send a JSON object with link and confirm, as they came to the return address.";
                ApiError::of(Code::InvalidValue, more_info).into_response()
            }
            Self::TooMany => {
                let more_info =
                    "Too many confirmations came from this address or for this link. Try again later.";
                let error = ApiError::of(Code::TooManyRequests, more_info);
                error.limited_by(Limit::Client, WINDOW.unsigned_abs()).into_response()
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
    parts: Parts,
    body: Bytes,
) -> Response {
    let asked = match parse(parts.uri.query().unwrap_or_default(), &body) {
        Ok(asked) => asked,
        Err(error) => return error.into_response(),
    };
    let CallOrigin { address, request_id } = origin_of(&parts.extensions, &parts.headers, &config);
    match try_confirm(&throttles, &confirmations, Confirmer { address, request_id }, asked).await {
        Ok(account_key) => Envelope::success(Confirmed { account_key }).into_response(),
        Err(refused) => refused.into_response(),
    }
}

/// The values in a request.
fn parse(query: &str, body: &[u8]) -> Result<Asked, ApiError> {
    let mut given = Given::read(calls::CONFIRM_ACCOUNT.parameters, &[], query, body)?;
    Ok(Asked { link: given.required("link").to_owned(), confirm: given.take_secret("confirm") })
}

async fn try_confirm(
    throttles: &Throttles,
    confirmations: &Confirmations,
    confirmer: Confirmer,
    Asked { link, confirm }: Asked,
) -> Result<AccountId, Refused> {
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
        for (query, body, code) in [
            ("", "", "INVALID_VALUE"),
            ("", "{}", "INVALID_VALUE"),
            ("", r#"{"link":"a"}"#, "INVALID_VALUE"),
            ("", r#"{"confirm":"a"}"#, "INVALID_VALUE"),
            ("", r#"{"link":"a","confirm":""}"#, "INVALID_VALUE"),
            ("", r#"{"link":true,"confirm":"a"}"#, "INVALID_VALUE"),
            ("", "[]", "JSON_PARSE_ERROR"),
            ("", "link=a&confirm=b", "JSON_PARSE_ERROR"),
            ("", r#"{"link":"a","confirm":"b","more":1}"#, "EXTRA_PARAM_FOUND"),
            ("link=a", r#"{"link":"a","confirm":"b"}"#, "EXTRA_PARAM_FOUND"),
        ] {
            let error = parse(query, body.as_bytes()).err().map(|error| error.code());
            assert_eq!(error, Some(code), "{query} {body}");
        }
        let asked = parse("", br#"{"link":"a","confirm":"b"}"#).expect("a call");
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
            (ConfirmProblem::AccountAlreadyConnected, "ACCOUNT_ALREADY_CONNECTED"),
        ] {
            assert_eq!(problem.code(), code);
            let (status, more_info) = explain(problem);
            assert!(status.is_client_error() && more_info.ends_with('.'), "{code}");
        }
    }
}
