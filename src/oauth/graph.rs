//! Microsoft Graph: who it was that signed in.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    exchange::{Manner, Refusal, why},
    http::ProviderHttp,
    model::{ProviderWords, Why, without},
};

/// What Graph says of who signed in (`GET /me`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// The account's id within its tenant.
    pub id: String,
    /// Their address; Graph may have none.
    pub mail: Option<String>,
    /// What they sign in with.
    pub user_principal_name: Option<String>,
}

impl Me {
    /// What to call the account.
    pub fn account(&self) -> &str {
        self.mail.as_deref().or(self.user_principal_name.as_deref()).unwrap_or(&self.id)
    }
}

/// Asks Graph who signed in.
///
/// # Errors
/// [`Why`] it did not say.
pub async fn me(http: &dyn ProviderHttp, graph: &str, access_token: &SecretString) -> Result<Me, Refusal> {
    let request = ::http::Request::get(format!("{graph}/me"))
        .header(::http::header::AUTHORIZATION, format!("Bearer {}", access_token.expose_secret()))
        .header(::http::header::ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|_| Refusal::from(Why::Garbled))?;
    let answer = http.send(request).await.map_err(|failure| Refusal::from(why(failure)))?;
    if !answer.status().is_success() {
        let manner = Manner::of(&answer);
        let said = serde_json::from_slice::<GraphError>(answer.body()).ok().map(|said| said.error);
        let why = manner.why().unwrap_or(match &said {
            Some(_) if answer.status() == ::http::StatusCode::FORBIDDEN => Why::IdentityRefused,
            Some(_) => Why::ExchangeRefused,
            // A proxy's page, a captive portal's redirect: nothing that Graph said.
            None => Why::Garbled,
        });
        return Err(Refusal { why, words: graph_words(said, &manner, access_token).map(Box::new) });
    }
    serde_json::from_slice(answer.body()).map_err(|_| Why::Garbled.into())
}

/// An error of Graph's, with its ids (Microsoft Graph, errors). Whatever else stands there counts for nothing.
#[derive(Deserialize)]
struct GraphError {
    error: GraphErrorBody,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphErrorBody {
    code: Option<String>,
    message: Option<String>,
    inner_error: Option<GraphIds>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct GraphIds {
    request_id: Option<String>,
    client_request_id: Option<String>,
}

fn graph_words(
    said: Option<GraphErrorBody>,
    manner: &Manner,
    access_token: &SecretString,
) -> Option<ProviderWords> {
    let clean = |text: String| without(&text, &[access_token.expose_secret()]);
    let Some(GraphErrorBody { code, message, inner_error }) = said else {
        let id = clean(manner.request_id.clone()?);
        return Some(ProviderWords::new(None, None, Some(&id), None));
    };
    let (request, client) = inner_error.map_or((None, None), |ids| (ids.request_id, ids.client_request_id));
    Some(ProviderWords::new(
        code.map(clean).as_deref(),
        message.map(clean).as_deref(),
        request.or_else(|| manner.request_id.clone()).map(clean).as_deref(),
        client.map(clean).as_deref(),
    ))
}
