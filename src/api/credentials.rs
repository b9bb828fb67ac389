//! The credential of an API call: `Authorization: Bearer …`, or Mail360's `Authorization: Zoho-oauthtoken …`.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use url::form_urlencoded;

use super::errors::ApiError;

/// Names under which clients send a token in the address: RFC 6750, 2.3, and Zoho's older APIs.
const TOKEN_PARAMETERS: [&str; 2] = ["access_token", "authtoken"];
const SCHEMES: [&str; 2] = ["Bearer", "Zoho-oauthtoken"];

/// Refuses a request that carries more than one credential (a proxy might judge by another one of them than we), or one
/// in its address, which logs and histories keep.
pub(super) async fn refuse_ambiguous(request: Request, next: Next) -> Response {
    let invalid =
        |more_info| ApiError::new(StatusCode::BAD_REQUEST, "INVALID_VALUE", more_info).into_response();
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

/// Answers a call that needs an API client. There are no API clients yet, so no token is valid.
pub(super) async fn require_client(request: Request, _next: Next) -> Response {
    // RFC 6750, 3.1: without a credential the challenge names no error.
    let (challenge, more_info) = if has_token(request.headers()) {
        ("Bearer error=\"invalid_token\"", "The access token is expired, revoked or unknown.")
    } else {
        ("Bearer", "Send an access token: Authorization: Bearer, or Authorization: Zoho-oauthtoken.")
    };
    let error = ApiError::new(StatusCode::UNAUTHORIZED, "INVALID_OAUTHTOKEN", more_info);
    let mut response = error.into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

fn has_token(headers: &HeaderMap) -> bool {
    let credential = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    credential.and_then(|it| it.split_once(' ')).is_some_and(|(scheme, token)| {
        SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)) && !token.trim().is_empty()
    })
}
