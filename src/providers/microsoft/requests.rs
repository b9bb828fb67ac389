//! Makes requests to Microsoft's identity platform from an attempt's addresses and a connector's secret.

use secrecy::SecretString;

use super::{endpoints::Endpoints, words};
use crate::{
    platform::failure::Failure,
    providers::{
        Refusal,
        http::ProviderHttp,
        oauth::{self, AuthorizeRequest, Registration},
    },
};

/// Microsoft's question before a sign-in. Asking for consent is an endless loop for users who may not consent, so it
/// needs a reason. With an expected account Microsoft refuses the question which account to use.
const fn prompt(request: &AuthorizeRequest<'_>) -> Option<&'static str> {
    if request.prompt_consent {
        return Some("consent");
    }
    if request.login_hint.is_some() { None } else { Some("select_account") }
}

/// An application at these addresses.
pub fn registration<'a>(endpoints: &'a Endpoints, client_id: &'a str) -> Registration<'a> {
    Registration {
        client_id,
        authorize: &endpoints.authorize,
        token: &endpoints.token,
        read_words: words::read,
    }
}

/// The address at which people sign in.
///
/// # Errors
/// If an address cannot be read, which the configuration rules out.
pub fn authorize_url(
    endpoints: &Endpoints,
    client_id: &str,
    request: &AuthorizeRequest<'_>,
) -> Result<String, Failure> {
    // Not form_post: that would be a cross-site POST, on which Lax cookies are missing.
    let mut extra = vec![("response_mode", "query")];
    extra.extend(prompt(request).map(|prompt| ("prompt", prompt)));
    oauth::authorize_url(&registration(endpoints, client_id), request, &extra)
}

/// Tests an application's credentials with a request for a token of its own (Microsoft,
/// v2-oauth2-client-creds-grant-flow).
///
/// # Errors
/// [`Refusal`].
pub async fn try_credentials(
    http: &dyn ProviderHttp,
    endpoints: &Endpoints,
    client_id: &str,
    secret: &SecretString,
) -> Result<(), Refusal> {
    let graph = endpoints.graph.split('/').take(3).collect::<Vec<_>>().join("/");
    oauth::try_credentials(http, &registration(endpoints, client_id), secret, format!("{graph}/.default"))
        .await
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        platform::randomness::{SystemRandomness, Token},
        providers::microsoft::endpoints::IssuerTemplate,
    };

    /// The parameters of the address at which people sign in.
    fn sent(login_hint: Option<&str>, prompt_consent: bool) -> BTreeMap<String, String> {
        let endpoints = Endpoints {
            authorize: "https://login.example/authorize".to_owned(),
            token: "https://login.example/token".to_owned(),
            graph: "https://graph.example/v1.0".to_owned(),
            issuer: IssuerTemplate("https://login.example/{tenant}/v2.0".to_owned()),
        };
        let (state, nonce) = (Token::random(&SystemRandomness), Token::random(&SystemRandomness));
        let (verifier, scopes) = (SecretString::from("v".repeat(43)), ["User.Read".to_owned()]);
        let request = AuthorizeRequest {
            redirect_uri: "https://mail.example/api/connectors",
            scopes: &scopes,
            state: &state,
            nonce: &nonce,
            verifier: &verifier,
            login_hint,
            prompt_consent,
        };
        let address = authorize_url(&endpoints, "an-application", &request).expect("an address");
        url::Url::parse(&address).expect("an address").query_pairs().into_owned().collect()
    }

    #[test]
    fn microsoft_asks_for_the_account_unless_one_is_expected_and_for_consent_only_with_a_reason() {
        let get = |sent: &BTreeMap<String, String>, name: &str| sent.get(name).cloned();
        for (hint, consent, prompt) in [
            (None, false, Some("select_account")),
            (Some("ada+mail@contoso.test"), false, None),
            (None, true, Some("consent")),
            (Some("ada+mail@contoso.test"), true, Some("consent")),
        ] {
            let sent = sent(hint, consent);
            assert_eq!(get(&sent, "login_hint").as_deref(), hint);
            assert_eq!(get(&sent, "prompt").as_deref(), prompt, "{hint:?} {consent}");
            assert_eq!(get(&sent, "response_mode").as_deref(), Some("query"));
        }
    }
}
