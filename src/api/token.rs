//! `GET /api/accounts/{account_key}/token`: the provider's own access token of an account. Only clients with a scope
//! that an administrator granted by hand get it, because it works at the provider outside all limits of this API.

use axum::extract::State;
use secrecy::ExposeSecret;

use super::{asked::Asked, envelope::Envelope, errors::Code, refused::Refused, shapes::ProviderToken};
use crate::mail::{
    access::{AccessProblem, AccountAccess, HandedOut},
    service::MailFailure,
};

impl From<AccessProblem> for Refused {
    fn from(problem: AccessProblem) -> Self {
        match problem {
            AccessProblem::NotOffered => Self::of(
                Code::NotSupportedByProvider,
                "This provider gives applications no access of their own.",
            ),
            AccessProblem::Address(problem) => Self::of(Code::InvalidValue, problem.words()),
            AccessProblem::Mail(MailFailure::NoToken(no_token)) => no_token.into(),
            AccessProblem::Mail(MailFailure::Mail(error)) => error.into(),
            AccessProblem::Mail(MailFailure::Failure(failure)) => failure.into(),
        }
    }
}

/// `GET /api/accounts/{account_key}/token`.
pub async fn show(
    State(access): State<AccountAccess>,
    asked: Asked,
) -> Result<Envelope<ProviderToken>, Refused> {
    let HandedOut { provider, api_base, token, expires_at, scopes } =
        access.token(&asked.caller, asked.account()?).await?;
    Ok(Envelope::success(ProviderToken {
        provider,
        api_base,
        token: token.expose_secret().to_owned(),
        expires_at: expires_at.micros().div_euclid(1_000).to_string(),
        scopes,
    }))
}
