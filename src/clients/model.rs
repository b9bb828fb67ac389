//! The values of API clients: a client with its reach and limits, its credentials, and what an administrator types about
//! a client. `secret` makes and parses credentials, `typed` parses a form.

mod network;
mod secret;
mod typed;

pub use network::{Network, NotANetwork};
pub use secret::{ACCESS_TOKEN, API_KEY, CLIENT_SECRET, REFRESH_TOKEN, Secret, SecretKind};
use strum::{EnumString, IntoStaticStr};
use time::Duration;
pub use typed::{ClientErrors, MAX_CONNECTORS, ParsedClient, TypedClient};

pub use crate::platform::id::ApiClientId;
use crate::{
    connectors::service::ConnectorId,
    identifier,
    people::access::{Reach, Scopes},
    platform::{
        clock::Timestamp,
        id::{OrganisationId, UserId},
    },
};

/// Number of calls a second that a client may make to one process, unless an administrator sets another.
pub const RATE: u32 = 100;
/// Number of calls that a client may have under way in one process, unless an administrator sets another.
pub const AT_ONCE: u32 = 64;
pub const MAX_RATE: u32 = 1_000;
pub const MAX_AT_ONCE: u32 = 512;
/// Maximum number of API clients of an organisation.
pub const MAX_CLIENTS: u64 = 500;
/// Maximum number of API keys of a client: the present one and the next.
pub const MAX_KEYS: usize = 2;
/// Maximum number of Client Secrets of a client: the present one and the next.
pub const MAX_SECRETS: usize = 2;
pub const MAX_REFRESH_TOKENS: usize = 10;
/// A refresh token ends after it was not used for this long.
pub const UNUSED: Duration = Duration::days(180);
/// The life of an access token.
pub const ACCESS_TOKEN_LIFE: Duration = Duration::hours(1);

identifier! {
    /// A credential of an API client.
    CredentialId
}

/// Which accounts an administrator lets a client reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientReach {
    /// All accounts of the organisation.
    All,
    /// The accounts of these connectors.
    Connectors(Vec<ConnectorId>),
    /// The accounts that were made by sign-ins with the client's own links.
    Connected,
}

/// The kind of a [`ClientReach`], as stored and as a form sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ReachKind {
    All,
    Connectors,
    Connected,
}

impl ReachKind {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The reach as callers carry it.
    pub const fn of_client(self, client: ApiClientId) -> Reach {
        match self {
            Self::All => Reach::All,
            Self::Connectors => Reach::OfConnectors(client),
            Self::Connected => Reach::ConnectedBy(client),
        }
    }
}

/// An API client, without its credentials.
#[derive(Clone, Debug)]
pub struct Client {
    /// Also its Client ID.
    pub id: ApiClientId,
    pub organisation: OrganisationId,
    pub name: String,
    pub scopes: Scopes,
    pub reach: ReachKind,
    /// The networks from which it may call. Empty: from any address.
    pub networks: Vec<Network>,
    /// From when its credentials are refused.
    pub expires_at: Option<Timestamp>,
    /// Calls a second, in each process.
    pub rate: u32,
    /// Calls under way, in each process.
    pub at_once: u32,
    pub created_at: Timestamp,
    pub created_by: Option<UserId>,
    /// When one of its credentials was used last, to about a minute.
    pub used_at: Option<Timestamp>,
    /// Counts the changes, so that a form does not overwrite a change that it did not show.
    pub version: i64,
}

/// A client with all that its page shows.
#[derive(Clone, Debug)]
pub struct ClientDetails {
    pub client: Client,
    /// The connectors of its reach; empty unless its reach is [`ReachKind::Connectors`].
    pub connectors: Vec<ConnectorId>,
    /// Its credentials, oldest first.
    pub credentials: Vec<Credential>,
    /// Name and email of the user who made it; `None` if the user is gone.
    pub maker: Option<String>,
}

/// What a credential is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum CredentialKind {
    /// An API key: it authorises calls by itself.
    ApiKey,
    /// A Client Secret: it is sent with a refresh token for an access token.
    ClientSecret,
    RefreshToken,
}

impl CredentialKind {
    pub fn name(self) -> &'static str {
        self.into()
    }

    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// The secret that such a credential has.
    pub const fn secret(self) -> SecretKind {
        match self {
            Self::ApiKey => API_KEY,
            Self::ClientSecret => CLIENT_SECRET,
            Self::RefreshToken => REFRESH_TOKEN,
        }
    }

    /// Maximum number of credentials of this kind that a client has.
    pub const fn max(self) -> usize {
        match self {
            Self::ApiKey => MAX_KEYS,
            Self::ClientSecret => MAX_SECRETS,
            Self::RefreshToken => MAX_REFRESH_TOKENS,
        }
    }
}

/// A credential as stored, without its secret.
#[derive(Clone, Debug)]
pub struct Credential {
    pub id: CredentialId,
    pub client: ApiClientId,
    pub kind: CredentialKind,
    /// Prefix and last characters of the secret, by which a person tells it from others.
    pub hint: String,
    /// The scopes of a refresh token. They count as far as the client has them.
    pub scopes: Option<Scopes>,
    pub created_at: Timestamp,
    pub created_by: Option<UserId>,
    /// When it was used last, to about a minute.
    pub used_at: Option<Timestamp>,
}

/// The ids of those of these credentials that are of a kind.
pub fn ids_of_kind(credentials: &[Credential], kind: CredentialKind) -> impl Iterator<Item = CredentialId> {
    credentials.iter().filter(move |credential| credential.kind == kind).map(|credential| credential.id)
}

impl Credential {
    /// When it ends unless it is used; `None` for one that does not end by itself.
    pub fn ends_unused_at(&self) -> Option<Timestamp> {
        let is_refresh_token = self.kind == CredentialKind::RefreshToken;
        is_refresh_token.then(|| self.used_at.unwrap_or(self.created_at).plus(UNUSED))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn credential(id: u128, kind: CredentialKind) -> Credential {
        Credential {
            id: CredentialId(Uuid::from_u128(id)),
            client: ApiClientId(Uuid::from_u128(1)),
            kind,
            hint: String::new(),
            scopes: None,
            created_at: Timestamp::from_micros(0),
            created_by: None,
            used_at: None,
        }
    }

    #[test]
    fn the_credentials_of_a_kind_are_found() {
        let all = [
            credential(7, CredentialKind::ApiKey),
            credential(9, CredentialKind::ClientSecret),
            credential(8, CredentialKind::ApiKey),
        ];
        let ids: Vec<_> = ids_of_kind(&all, CredentialKind::ApiKey).map(|id| id.0.as_u128()).collect();
        assert_eq!(ids, [7, 8]);
        assert_eq!(ids_of_kind(&all, CredentialKind::RefreshToken).count(), 0);
    }
}
