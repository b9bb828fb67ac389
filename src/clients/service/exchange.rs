//! Gives an access token for a refresh token, as Mail360 does: an application sends it with its Client ID and its Client
//! Secret. One read of the database checks all three.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::{
    CallOrigin, ClientService, CredentialOwner, NotAuthenticated, RateState, access_token,
    cache::Known,
    checking::{is_valid, may_call_from},
};
use crate::{
    clients::model::{ACCESS_TOKEN_LIFE, ApiClientId, CLIENT_SECRET, CredentialKind, REFRESH_TOKEN, Secret},
    platform::{database::Unscoped, failure::Failure},
};

/// Maximum number of access tokens that a refresh token gives in a minute.
const MAX_EXCHANGES: u32 = 60;

/// The credentials in the body of a call.
#[derive(Debug)]
pub struct GivenCredentials {
    pub client_id: String,
    pub client_secret: SecretString,
    pub refresh_token: SecretString,
}

/// An access token that was just made.
#[derive(Debug)]
pub struct NewAccessToken {
    /// The client that got it.
    pub owner: CredentialOwner,
    /// How far the client has used its rate. An exchange does not count.
    pub rate: RateState,
    pub token: SecretString,
    pub life: time::Duration,
}

/// Why no access token is given. `owner` is the client of right credentials, as in [`NotAuthenticated`], and `rate` how far
/// it has used its rate.
#[derive(Debug)]
pub enum ExchangeProblem {
    /// A credential is wrong, or was not checked. Never [`NotAuthenticated::AddressNotAllowed`].
    NotAuthenticated(NotAuthenticated),
    /// The client may not call from this address.
    AddressNotAllowed { owner: Option<CredentialOwner>, rate: RateState },
    /// This refresh token has given too many access tokens. `rest` is the time until the next one.
    TooMany { rest: Duration, owner: Option<CredentialOwner>, rate: RateState },
}

impl ExchangeProblem {
    /// The client of right credentials, if the refusal is to be recorded.
    pub const fn owner(&self) -> Option<CredentialOwner> {
        match self {
            Self::NotAuthenticated(why) => why.owner(),
            Self::AddressNotAllowed { owner, .. } | Self::TooMany { owner, .. } => *owner,
        }
    }

    /// How far the client of right credentials has used its rate.
    pub const fn rate(&self) -> Option<RateState> {
        match self {
            Self::NotAuthenticated(_) => None,
            Self::AddressNotAllowed { rate, .. } | Self::TooMany { rate, .. } => Some(*rate),
        }
    }
}

impl From<NotAuthenticated> for ExchangeProblem {
    fn from(why: NotAuthenticated) -> Self {
        Self::NotAuthenticated(why)
    }
}

impl From<Failure> for ExchangeProblem {
    fn from(failure: Failure) -> Self {
        Self::NotAuthenticated(failure.into())
    }
}

impl ClientService {
    /// Gives an access token for a refresh token of the client with this id and secret.
    ///
    /// # Errors
    /// [`ExchangeProblem`].
    pub async fn exchange(
        &self,
        given: &GivenCredentials,
        origin: CallOrigin,
    ) -> Result<NewAccessToken, ExchangeProblem> {
        let dependencies = self.dependencies();
        let Some(known) = self.find_both(given, origin).await? else {
            return Err(self.refuse(origin).into());
        };
        let now = dependencies.clock.now();
        if !is_valid(&known, now) {
            return Err(self.refuse_expired(&known, origin).into());
        }
        let moment = dependencies.monotonic.now();
        let rate = self.0.limits.state(&known.client, moment);
        if !may_call_from(&known.client, origin) {
            return Err(ExchangeProblem::AddressNotAllowed { owner: self.owner_of(&known), rate });
        }
        let id = known.credential.id;
        let counted = self.0.exchanges.count(id, moment);
        if counted.number > MAX_EXCHANGES {
            return Err(ExchangeProblem::TooMany { rest: counted.rest, owner: self.owner_of(&known), rate });
        }
        self.0.uses.note(&known, now);
        let token = access_token::make(&dependencies.vault, id, now);
        Ok(NewAccessToken { owner: known.owner(), rate, token, life: ACCESS_TOKEN_LIFE })
    }

    /// The refresh token with its client; `None` unless the client has this id and this secret.
    async fn find_both(
        &self,
        given: &GivenCredentials,
        origin: CallOrigin,
    ) -> Result<Option<Known>, ExchangeProblem> {
        let client = given.client_id.parse::<ApiClientId>().ok();
        let secret = Secret::parse(CLIENT_SECRET, given.client_secret.expose_secret());
        let token = Secret::parse(REFRESH_TOKEN, given.refresh_token.expose_secret());
        let (Some(client), Some(secret), Some(token)) = (client, secret, token) else { return Ok(None) };
        let turn = self.wait_if_suspicious(origin).await?;
        let read = self.dependencies().database.read();
        let found = Unscoped.api_credentials_by_hash(&read, &[secret.hash(), token.hash()]).await;
        drop(turn);
        let found = found.map_err(Failure::from)?;
        let find = |kind: CredentialKind| {
            let mut all = found.iter();
            all.find(move |(credential, _)| credential.kind == kind && credential.client == client)
        };
        let has_secret = find(CredentialKind::ClientSecret).is_some();
        let token = find(CredentialKind::RefreshToken).filter(|_| has_secret);
        Ok(token.cloned().map(Known::new))
    }
}
