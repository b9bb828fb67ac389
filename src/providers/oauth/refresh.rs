//! Refreshes a grant at the token endpoint (RFC 6749, 6), and says what a refused refresh means.

use std::time::Duration;

use oauth2::{ClientSecret, RefreshToken, Scope};
use secrecy::{ExposeSecret, SecretString};

use super::{Adapter, FailedRequest, Grant, Registration, ResponseMeta, no_answer};
use crate::providers::{RefreshProblem, RefreshRefusal, Refusal, RefusalKind, http::ProviderHttp};

/// A refresh token that is exchanged for new tokens.
#[derive(Clone, Copy, Debug)]
pub struct RefreshRequest<'a> {
    /// The client secret.
    pub secret: &'a SecretString,
    pub refresh_token: &'a SecretString,
    /// The scopes that are asked for: no others than were granted.
    pub scopes: &'a [String],
}

/// Exchanges a refresh token for new tokens.
///
/// # Errors
/// [`RefreshRefusal`]; the status and the OAuth `error` decide which, because codes of a provider's own change.
pub async fn refresh(
    http: &dyn ProviderHttp,
    registration: &Registration<'_>,
    request: &RefreshRequest<'_>,
) -> Result<Grant, RefreshRefusal> {
    let RefreshRequest { secret, refresh_token, scopes } = *request;
    let client = registration
        .client()
        .map_err(|_| RefreshRefusal::from(RefreshProblem::Garbled))?
        .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
    let token = RefreshToken::new(refresh_token.expose_secret().to_owned());
    let adapter = Adapter::new(http, registration);
    let answer = client
        .exchange_refresh_token(&token)
        .add_scopes(scopes.iter().cloned().map(Scope::new))
        .request_async(&adapter)
        .await;
    match answer {
        Ok(tokens) => Ok(adapter.grant(tokens)),
        Err(error) => Err(match adapter.failed_request(error, &[secret, refresh_token]) {
            Ok(FailedRequest { meta, error, words }) => {
                let error = error.as_ref().map(|error| error.error.as_str());
                RefreshRefusal { problem: problem(&meta, error), words }
            }
            Err(failure) => without_answer(no_answer(failure, &adapter.host)),
        }),
    }
}

/// The meaning of a failed refresh that got an answer. `error` is the OAuth error, if it has one.
fn problem(meta: &ResponseMeta, error: Option<&str>) -> RefreshProblem {
    let after = meta.retry_after.map(|seconds| Duration::from_secs(seconds.into()));
    match meta.status {
        // Only a proxy sends this status (RFC 9110, 15.5.8).
        407 => return RefreshProblem::Unreachable,
        429 | 503 => return RefreshProblem::Throttled(after),
        500.. => return RefreshProblem::Unavailable(after),
        _ => {}
    }
    match error {
        None => RefreshProblem::Garbled,
        Some("invalid_grant") => RefreshProblem::GrantRefused,
        Some("interaction_required") => RefreshProblem::InteractionRequired,
        Some("consent_required") => RefreshProblem::ConsentRequired,
        Some("login_required") => RefreshProblem::LoginRequired,
        // As for a code: an application that is gone or switched off.
        Some("invalid_client" | "deleted_client" | "disabled_client") => RefreshProblem::CredentialsRejected,
        // The second is of providers that tell a rule of the company from other refusals.
        Some("unauthorized_client" | "admin_policy_enforced") => RefreshProblem::CompanyRefused,
        Some("invalid_scope") => RefreshProblem::ScopesRefused,
        Some("temporarily_unavailable" | "server_error") => RefreshProblem::Unavailable(after),
        Some(_) => RefreshProblem::Refused,
    }
}

fn without_answer(Refusal { why, words }: Refusal) -> RefreshRefusal {
    let problem = match why {
        RefusalKind::Unreachable => RefreshProblem::Unreachable,
        RefusalKind::Slow => RefreshProblem::Slow,
        _ => RefreshProblem::Garbled,
    };
    RefreshRefusal { problem, words }
}

#[cfg(test)]
mod tests;
