//! Makes requests to Google's OAuth endpoints from a sign-in's addresses and a connector's secret.

use secrecy::SecretString;

use super::{urls::GoogleUrls, words};
use crate::{
    platform::failure::Failure,
    providers::{
        RefreshRefusal, Refusal, RefusalKind,
        http::ProviderHttp,
        oauth::{self, AuthorizeRequest, CodeRequest, Grant, RefreshRequest, Registration},
    },
};

/// A code that Google has not given, and a PKCE verifier (RFC 7636, 4.1) beside it.
const NO_CODE: &str = "4/mail360-tests-whether-the-client-secret-is-right";
const NO_VERIFIER: &str = "mail360-tests-whether-the-client-secret-is-right";

/// An application at these addresses.
pub fn registration<'a>(urls: &'a GoogleUrls, client_id: &'a str) -> Registration<'a> {
    Registration { client_id, authorize: &urls.authorize, token: &urls.token, read_words: words::read }
}

/// The address at which people sign in. Google gives a refresh token only for offline access, and on a repeated sign-in
/// only if it asks for consent again (Google, *Using OAuth 2.0 for Web Server Applications*). Permissions of earlier
/// sign-ins are not added, because a grant must have no more than its connector asks for.
///
/// # Errors
/// If an address cannot be read, which the configuration rules out.
pub fn authorize_url(
    urls: &GoogleUrls,
    client_id: &str,
    hosted_domain: Option<&str>,
    request: &AuthorizeRequest<'_>,
) -> Result<String, Failure> {
    let mut extra = vec![
        ("access_type", "offline"),
        ("prompt", "consent select_account"),
        ("include_granted_scopes", "false"),
    ];
    // Google then offers only accounts of this domain. The ID token decides.
    extra.extend(hosted_domain.map(|domain| ("hd", domain)));
    oauth::authorize_url(&registration(urls, client_id), request, &extra)
}

/// Exchanges a refresh token for new tokens. Names no permissions: then Google gives those of the grant (RFC 6749, 6).
/// Google gives no new refresh token, and the old one stays valid.
///
/// # Errors
/// [`RefreshRefusal`].
pub async fn refresh(
    http: &dyn ProviderHttp,
    urls: &GoogleUrls,
    client_id: &str,
    request: &RefreshRequest<'_>,
) -> Result<Grant, RefreshRefusal> {
    let request = RefreshRequest { scopes: &[], ..*request };
    oauth::refresh(http, &registration(urls, client_id), &request).await
}

/// Tests an application's credentials with a code that Google has not given. Google has no token for the application
/// itself, but it refuses a wrong secret before it looks at the code: `invalid_grant` is about the code alone.
///
/// # Errors
/// [`Refusal`]. Its words have the error `redirect_uri_mismatch` if the application is known, and our Redirect URI is
/// not registered for it.
pub async fn try_credentials(
    http: &dyn ProviderHttp,
    urls: &GoogleUrls,
    client_id: &str,
    secret: &SecretString,
    redirect_uri: &str,
) -> Result<(), Refusal> {
    let (code, verifier) = (SecretString::from(NO_CODE), SecretString::from(NO_VERIFIER));
    let request = CodeRequest { redirect_uri, secret, verifier: &verifier, code: &code };
    match oauth::exchange(http, &registration(urls, client_id), &request).await {
        Ok(_) => Ok(()),
        Err(refusal) if refusal.why == RefusalKind::CodeRefused => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Mutex};

    use async_trait::async_trait;
    use oauth2::{HttpRequest, HttpResponse};
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        platform::randomness::{SystemRandomness, Token},
        providers::{RefreshProblem, http::HttpFailure},
    };

    const CLIENT: &str = "123456789012-abc0def1.apps.googleusercontent.com";
    const REDIRECT_URI: &str = "https://mail.example/api/connectors";

    /// The parameters of the address at which people sign in.
    fn sent(
        login_hint: Option<&str>,
        hosted_domain: Option<&str>,
        prompt_consent: bool,
    ) -> BTreeMap<String, String> {
        let (state, nonce) = (Token::random(&SystemRandomness), Token::random(&SystemRandomness));
        let verifier = SecretString::from("v".repeat(43));
        let scopes = ["openid", "https://mail.google.com/"].map(str::to_owned);
        let request = AuthorizeRequest {
            redirect_uri: REDIRECT_URI,
            scopes: &scopes,
            state: &state,
            nonce: &nonce,
            verifier: &verifier,
            login_hint,
            prompt_consent,
        };
        let address = authorize_url(&GoogleUrls::of_google(), CLIENT, hosted_domain, &request);
        let address = url::Url::parse(&address.expect("an address")).expect("an address");
        assert_eq!(address.as_str().split('?').next(), Some("https://accounts.google.com/o/oauth2/v2/auth"));
        address.query_pairs().into_owned().collect()
    }

    #[test]
    fn o6_the_address_asks_for_lasting_access_and_has_a_challenge_and_a_nonce() {
        for (hint, domain, consent) in
            [(None, None, false), (Some("ada+mail@contoso.test"), Some("contoso.test"), true)]
        {
            let sent = sent(hint, domain, consent);
            let get = |name: &str| sent.get(name).map(String::as_str);
            assert_eq!(get("access_type"), Some("offline"));
            assert_eq!(get("prompt"), Some("consent select_account"));
            assert_eq!(get("include_granted_scopes"), Some("false"));
            assert_eq!(get("scope"), Some("openid https://mail.google.com/"));
            assert_eq!((get("response_type"), get("redirect_uri")), (Some("code"), Some(REDIRECT_URI)));
            assert_eq!((get("client_id"), get("code_challenge_method")), (Some(CLIENT), Some("S256")));
            assert_eq!((get("login_hint"), get("hd")), (hint, domain));
            assert_eq!(get("code_challenge").map(str::len), Some(43));
            assert!(get("nonce").is_some_and(|nonce| nonce.len() >= 22) && get("state").is_some());
            assert!(get("client_secret").is_none() && get("code_verifier").is_none());
        }
    }

    /// A token endpoint with one answer, and the form that it got.
    struct TokenEndpoint {
        answer: (u16, Value),
        form: Mutex<BTreeMap<String, String>>,
    }

    impl TokenEndpoint {
        fn answering(status: u16, body: Value) -> Self {
            Self { answer: (status, body), form: Mutex::default() }
        }

        fn field(&self, name: &str) -> Option<String> {
            self.form.lock().expect("a form").get(name).cloned()
        }
    }

    #[async_trait]
    impl ProviderHttp for TokenEndpoint {
        async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
            assert_eq!(request.uri().to_string(), "https://oauth2.googleapis.com/token");
            let form = url::form_urlencoded::parse(request.body()).into_owned().collect();
            *self.form.lock().expect("a form") = form;
            let (status, body) = &self.answer;
            let answer = ::http::Response::builder().status(*status);
            Ok(answer.body(body.to_string().into_bytes()).expect("an answer"))
        }
    }

    async fn tried(status: u16, body: Value) -> Result<(), Refusal> {
        let endpoint = TokenEndpoint::answering(status, body);
        let (urls, secret) = (GoogleUrls::of_google(), SecretString::from("GOCSPX-canary"));
        let tried = try_credentials(&endpoint, &urls, CLIENT, &secret, REDIRECT_URI).await;
        assert_eq!(endpoint.field("redirect_uri").as_deref(), Some(REDIRECT_URI));
        assert_eq!(endpoint.field("client_secret").as_deref(), Some("GOCSPX-canary"));
        assert_eq!(endpoint.field("grant_type").as_deref(), Some("authorization_code"));
        assert_eq!(endpoint.field("code").as_deref(), Some(NO_CODE));
        assert!(endpoint.field("code_verifier").is_some_and(|it| (43..=128).contains(&it.len())));
        tried
    }

    #[tokio::test]
    async fn o14_a_refused_code_proves_the_credentials_and_no_other_answer_does() {
        let bad_code = json!({ "error": "invalid_grant", "error_description": "Malformed auth code." });
        assert!(tried(400, bad_code.clone()).await.is_ok());
        for (status, body, why) in [
            (401, json!({ "error": "invalid_client" }), RefusalKind::CredentialsRejected),
            (400, json!({ "error": "unauthorized_client" }), RefusalKind::ApplicationRefused),
            (400, json!({ "error": "redirect_uri_mismatch" }), RefusalKind::ExchangeRefused),
            (400, json!({ "error": "invalid_request" }), RefusalKind::ExchangeRefused),
            (429, bad_code.clone(), RefusalKind::Throttled(None)),
            (503, bad_code, RefusalKind::Unavailable),
            (200, json!({}), RefusalKind::Garbled),
        ] {
            let refusal = tried(status, body.clone()).await.expect_err("refused");
            assert_eq!(refusal.why, why, "{status} {body}");
            assert!(!format!("{refusal:?}").contains("canary"), "it repeats the secret");
        }
        let unregistered =
            tried(400, json!({ "error": "redirect_uri_mismatch" })).await.expect_err("refused");
        let words = unregistered.words.expect("words");
        assert_eq!(words.error.as_deref(), Some("redirect_uri_mismatch"));
    }

    async fn refreshed(status: u16, body: Value) -> Result<Grant, RefreshRefusal> {
        let endpoint = TokenEndpoint::answering(status, body);
        let (secret, refresh_token) = (SecretString::from("GOCSPX-canary"), SecretString::from("1//canary"));
        let scopes = ["openid".to_owned(), "https://mail.google.com/".to_owned()];
        let request = RefreshRequest { secret: &secret, refresh_token: &refresh_token, scopes: &scopes };
        let grant = refresh(&endpoint, &GoogleUrls::of_google(), CLIENT, &request).await;
        assert_eq!(endpoint.field("grant_type").as_deref(), Some("refresh_token"));
        assert_eq!(endpoint.field("refresh_token").as_deref(), Some("1//canary"));
        assert_eq!(endpoint.field("scope"), None, "a refresh asks for no permissions");
        grant
    }

    #[tokio::test]
    async fn o16_a_refresh_without_a_new_refresh_token_keeps_the_old_one_and_names_what_is_granted() {
        let answer = json!({ "access_token": "ya29.new", "expires_in": 3599, "scope": "openid https://mail.google.com/" });
        let grant = refreshed(200, answer).await.expect("tokens");
        assert!(!grant.has_refresh_token(), "the caller keeps the one that it has");
        assert_eq!(grant.scopes.map(|scopes| scopes.len()), Some(2));
    }

    #[tokio::test]
    async fn o17_the_error_of_a_refused_refresh_decides_and_its_subtype_chooses_only_words() {
        for (status, body, problem) in [
            (400, json!({ "error": "invalid_grant" }), RefreshProblem::GrantRefused),
            (
                400,
                json!({ "error": "invalid_grant", "error_description": "reauth related error (invalid_rapt)",
                    "error_subtype": "invalid_rapt" }),
                RefreshProblem::GrantRefused,
            ),
            (401, json!({ "error": "invalid_client" }), RefreshProblem::CredentialsRejected),
            (400, json!({ "error": "invalid_scope" }), RefreshProblem::ScopesRefused),
            (400, json!({ "error_subtype": "invalid_rapt" }), RefreshProblem::Garbled),
            (500, json!({ "error": "invalid_grant" }), RefreshProblem::Unavailable(None)),
        ] {
            let refusal = refreshed(status, body.clone()).await.expect_err("refused");
            assert_eq!(refusal.problem, problem, "{body}");
        }
    }
}
