//! Ends a grant at Google (Google, *Revoking a token*; RFC 7009).

use secrecy::{ExposeSecret, SecretString};

use crate::providers::{http::ProviderHttp, members::Members, provider::Revocation};

/// Google ends a grant that was not used for six months (Google, *Refresh token expiration*). This is the number of days of
/// the shortest six months.
pub const IDLE_DAYS: i64 = 181;

/// Revokes a refresh token, and with it the whole grant. Google needs no secret for it.
pub async fn revoke(http: &dyn ProviderHttp, address: &str, refresh_token: &SecretString) -> Revocation {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("token", refresh_token.expose_secret())
        .finish();
    let request = ::http::Request::post(address)
        .header(::http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(::http::header::ACCEPT, "application/json")
        .body(form.into_bytes());
    let Ok(request) = request else { return Revocation::Failed };
    let Ok(answer) = http.send(request).await else { return Revocation::Failed };
    let error = Members::read(answer.body());
    let is_unknown = error.is_some_and(|error| error.text("error") == Some("invalid_token"));
    match answer.status() {
        ::http::StatusCode::OK => Revocation::Revoked,
        // The owner has removed the access, or it ended by itself.
        ::http::StatusCode::BAD_REQUEST if is_unknown => Revocation::Revoked,
        _ => Revocation::Failed,
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use oauth2::{HttpRequest, HttpResponse};

    use super::*;
    use crate::providers::http::HttpFailure;

    /// The endpoint with one answer; `None` if it does not answer.
    struct Endpoint(Option<(u16, &'static str)>);

    #[async_trait]
    impl ProviderHttp for Endpoint {
        async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
            assert_eq!((request.method().as_str(), request.uri().query()), ("POST", None));
            assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
            assert_eq!(request.body(), b"token=1%2F%2Fcanary%26x%3Dy");
            let (status, body) = self.0.ok_or(HttpFailure::TimedOut)?;
            Ok(::http::Response::builder().status(status).body(body.as_bytes().to_vec()).expect("an answer"))
        }
    }

    #[tokio::test]
    async fn a_grant_has_ended_if_google_says_so_or_does_not_know_it() {
        let token = SecretString::from("1//canary&x=y");
        for (answer, revocation) in [
            (Some((200, "{}")), Revocation::Revoked),
            (Some((200, "")), Revocation::Revoked),
            (
                Some((400, r#"{"error":"invalid_token","error_description":"Token expired or revoked"}"#)),
                Revocation::Revoked,
            ),
            (Some((400, r#"{"error":"invalid_request"}"#)), Revocation::Failed),
            (Some((400, "<html>")), Revocation::Failed),
            (Some((404, r#"{"error":"invalid_token"}"#)), Revocation::Failed),
            (Some((302, "")), Revocation::Failed),
            (Some((503, "")), Revocation::Failed),
            (None, Revocation::Failed),
        ] {
            let ended = revoke(&Endpoint(answer), "https://oauth2.googleapis.com/revoke", &token).await;
            assert_eq!(ended, revocation, "{answer:?}");
        }
    }
}
