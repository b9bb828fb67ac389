//! `POST /api/access-token`: gives an access token for a refresh token, a Client ID and a Client Secret, as Mail360 does.
//! The credentials are in the body, so the call needs no other one.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::request::Parts;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::{
    calls,
    credentials::{self, KnownRate, origin_of},
    envelope::Envelope,
    errors::{ApiError, Code, Limit},
    parameters::Given,
    records::KnownClient,
};
use crate::{
    clients::service::{ClientService, ExchangeProblem, GivenCredentials, NewAccessToken, NotAuthenticated},
    platform::config::Config,
};

/// The path of the call.
pub const PATH: &str = "/api/access-token";
/// Maximum number of bytes of the body, which has three short texts.
pub const MAX_BODY: usize = 4 * 1024;

/// The `data` of the answer.
#[derive(Serialize)]
struct Made {
    access_token: String,
    expires_in_sec: i64,
}

/// `POST /api/access-token`.
pub async fn give(
    State(config): State<Arc<Config>>,
    State(clients): State<ClientService>,
    parts: Parts,
    body: Bytes,
) -> Response {
    let given = match parse(parts.uri.query().unwrap_or_default(), &body) {
        Ok(given) => given,
        Err(error) => return error.into_response(),
    };
    let origin = origin_of(&parts.extensions, &parts.headers, &config);
    let exchanged = clients.exchange(&given, origin).await;
    let (owner, rate) = match &exchanged {
        Ok(new) => (Some(new.owner), Some(new.rate)),
        Err(problem) => (problem.owner(), problem.rate()),
    };
    if let Some(rate) = rate {
        KnownRate::note(&parts.extensions, rate);
    }
    // For the record of the call.
    if let (Some(known), Some(owner)) = (parts.extensions.get::<KnownClient>(), owner) {
        known.name(owner);
    }
    match exchanged {
        Ok(NewAccessToken { token, life, .. }) => {
            let access_token = token.expose_secret().to_owned();
            Envelope::success(Made { access_token, expires_in_sec: life.whole_seconds() }).into_response()
        }
        Err(ExchangeProblem::NotAuthenticated(NotAuthenticated::Unknown | NotAuthenticated::Expired(_))) => {
            let more_info =
                "The Client ID, the Client Secret or the refresh token is wrong, expired or revoked.";
            ApiError::of(Code::InvalidClientOrToken, more_info).into_response()
        }
        Err(ExchangeProblem::NotAuthenticated(why)) => credentials::refuse(why),
        Err(ExchangeProblem::AddressNotAllowed { owner, .. }) => {
            credentials::refuse(NotAuthenticated::AddressNotAllowed(owner))
        }
        Err(ExchangeProblem::TooMany { rest, .. }) => {
            let more_info =
                "This refresh token gave 60 access tokens within a minute. Use each one for an hour.";
            let error = ApiError::of(Code::TooManyRequests, more_info);
            error.limited_by(Limit::Client, rest).into_response()
        }
    }
}

/// The credentials in a request.
fn parse(query: &str, body: &[u8]) -> Result<GivenCredentials, ApiError> {
    // Other clients of OAuth send a form, or the parameters in the address.
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(ApiError::of(Code::JsonParseError, "Send a JSON object. A form is not taken."));
    }
    let mut given = Given::read(calls::ACCESS_TOKEN.parameters, &[], query, body)?;
    Ok(GivenCredentials {
        client_id: given.required("client_id").to_owned(),
        client_secret: given.take_secret("client_secret"),
        refresh_token: given.take_secret("refresh_token"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"client_id":"a","client_secret":"b","refresh_token":"c"}"#;

    fn code(body: &str) -> &'static str {
        parse("", body.as_bytes()).expect_err("an error").code()
    }

    #[test]
    fn the_body_has_the_three_credentials_as_texts() {
        let given = parse("", WHOLE.as_bytes()).expect("credentials");
        assert_eq!((given.client_id.as_str(), given.client_secret.expose_secret()), ("a", "b"));
        assert_eq!(given.refresh_token.expose_secret(), "c");
        let of_oauth = WHOLE.replace('{', r#"{"grant_type":"refresh_token","#);
        assert!(parse("", of_oauth.as_bytes()).is_ok());
        let without = WHOLE.replace('{', r#"{"grant_type":null,"#);
        assert!(parse("", without.as_bytes()).is_ok(), "null counts as absent");
        for form in ["", " ", "[]", "client_id=a&client_secret=b&refresh_token=c", "\"a\""] {
            assert_eq!(code(form), "JSON_PARSE_ERROR", "{form}");
        }
        for (name, value) in [("client_id", "a"), ("client_secret", "b"), ("refresh_token", "c")] {
            let whole = format!(r#""{name}":"{value}""#);
            for other in [r#""""#, "null", "true", "[]", "{}"] {
                let body = WHOLE.replace(&whole, &format!(r#""{name}":{other}"#));
                assert_eq!(code(&body), "INVALID_VALUE", "{body}");
            }
        }
        assert_eq!(code("{}"), "INVALID_VALUE");
        assert_eq!(code(&WHOLE.replace('{', r#"{"grant_type":"password","#)), "INVALID_VALUE");
        assert_eq!(code(&WHOLE.replace('{', r#"{"scope":"x","#)), "EXTRA_PARAM_FOUND");
        let in_address = parse("scope=x", WHOLE.as_bytes()).expect_err("an error");
        assert_eq!(in_address.code(), "EXTRA_PARAM_FOUND");
    }
}
