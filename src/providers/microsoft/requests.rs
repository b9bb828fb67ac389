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

/// Additional parameters of the address at which people sign in.
const EXTRA: [(&str, &str); 2] = [
    // Not form_post: that would be a cross-site POST, on which Lax cookies are missing.
    ("response_mode", "query"),
    // Not consent: for users who may not consent, that is an endless loop.
    ("prompt", "select_account"),
];

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
    oauth::authorize_url(&registration(endpoints, client_id), request, &EXTRA)
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
