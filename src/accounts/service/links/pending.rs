//! What is kept of a sign-in until an application confirms the mailbox: the identity, the tokens, and the state of the
//! connector with which the sign-in began, as one sealed value. Nothing of it is readable in the database.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use time::Duration;

use crate::{
    accounts::{
        service::{ConnectedMailbox, grants},
        store::{AccountId, pending_grants::PendingGrant},
    },
    platform::{
        clock::Timestamp,
        database::columns::{Bound, Column, ContextPart, bytes_as_text},
        failure::Failure,
    },
    providers::{oauth::Grant, provider::Identity},
    vault::{Binding, Vault, reseal::SealedColumn},
};

/// The access that waits.
pub const SEALED_PENDING_GRANTS: SealedColumn = SealedColumn {
    column: Column { table: "pending_grants", column: "sealed" },
    what: "The access that waits for the confirmation of an application in the sign-in",
    remedy: "It is erased within a quarter of an hour. The person can sign in again with the same link.",
    bound: Some(Bound {
        version: "version",
        context: &[
            ContextPart::Id("connect_link_id"),
            ContextPart::Id("return_address_id"),
            // Otherwise an attacker with write access to the database could confirm with a code of their own, or later.
            ContextPart::Bytes("code_hash"),
            ContextPart::Integer("expires_at"),
        ],
    }),
};

/// The values that the sealed value is bound to: the context of [`SEALED_PENDING_GRANTS`], in its order.
fn binding(pending: &PendingGrant) -> Binding {
    let context = [
        pending.link.to_string(),
        pending.return_address.to_string(),
        bytes_as_text(pending.code.as_bytes()),
        pending.expires_at.micros().to_string(),
    ];
    Binding { version: pending.version, context: context.into_iter().map(Some).collect() }
}

fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// A mailbox with its tokens, as it is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptMailbox {
    account: String,
    subject: Option<String>,
    email: Option<String>,
    name: Option<String>,
    directory: Option<String>,
    /// The account for which the sign-in was.
    pub(super) only: Option<AccountId>,
    pub(super) scopes: Vec<String>,
    pub(super) asked: Vec<String>,
    /// What the grant is pinned to, as the provider stores it.
    pub(super) pinned: String,
    /// The version of the connector's application with which the sign-in began.
    pub(super) application_version: i64,
    /// When the sign-in began.
    started: i64,
    #[serde(serialize_with = "expose")]
    refresh_token: SecretString,
    #[serde(serialize_with = "expose")]
    access_token: SecretString,
    access_expires_at: i64,
    /// When the provider ends the grant, if it was given for a limited time.
    #[serde(default)]
    ends_at: Option<i64>,
}

impl KeptMailbox {
    /// The values of a mailbox whose owner has just agreed, in a sign-in that began at `started`.
    ///
    /// # Errors
    /// [`Failure::Unexpected`] if the grant has no refresh token.
    pub(super) fn of(
        mailbox: &ConnectedMailbox<'_>,
        started: Timestamp,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let ConnectedMailbox { connector, identity, only, scopes, asked, pinned, grant, .. } = mailbox;
        let lacks = || Failure::Unexpected("a grant without a refresh token cannot be kept".to_owned());
        Ok(Self {
            account: identity.account.clone(),
            subject: identity.subject.clone(),
            email: identity.email.clone(),
            name: identity.name.clone(),
            directory: identity.directory.clone(),
            only: *only,
            scopes: scopes.to_vec(),
            asked: asked.to_vec(),
            pinned: pinned.to_json(),
            application_version: connector.application_version,
            started: started.micros(),
            refresh_token: grant.refresh_token.clone().ok_or_else(lacks)?,
            access_token: grant.access_token.clone(),
            access_expires_at: grants::access_expiry(grant.expires_in, now).micros(),
            ends_at: grants::grant_end(grant.ends_in, now).map(Timestamp::micros),
        })
    }

    /// The email, or the provider's name of the account.
    pub(super) fn shown_email(&self) -> String {
        self.email.clone().unwrap_or_else(|| self.account.clone())
    }

    pub(super) const fn started(&self) -> Timestamp {
        Timestamp::from_micros(self.started)
    }

    pub(super) fn identity(&self) -> Identity {
        Identity {
            account: self.account.clone(),
            subject: self.subject.clone(),
            email: self.email.clone(),
            name: self.name.clone(),
            directory: self.directory.clone(),
            ..Identity::default()
        }
    }

    /// The grant as it is at `now`: its access token has been valid for some minutes less.
    pub(super) fn grant(&self, now: Timestamp) -> Grant {
        let until =
            |micros: i64| Timestamp::from_micros(micros).since(now).max(Duration::ZERO).unsigned_abs();
        Grant {
            access_token: self.access_token.clone(),
            refresh_token: Some(self.refresh_token.clone()),
            expires_in: Some(until(self.access_expires_at)),
            ends_in: self.ends_at.map(until),
            id_token: None,
            scopes: None,
            date: None,
        }
    }

    /// The sealed value for the row of `pending`.
    pub(super) fn seal(&self, vault: &Vault, pending: &PendingGrant) -> Result<Vec<u8>, Failure> {
        let text = serde_json::to_string(self).map_err(|error| Failure::unexpected(&error))?;
        let place = SEALED_PENDING_GRANTS.place(pending.organisation.0, pending.id.0);
        let sealed = vault.seal_bound(place, &binding(pending), &SecretString::from(text));
        sealed.map_err(|error| Failure::unexpected(&error))
    }

    /// Opens the sealed value of a row; `None` if it was confirmed.
    ///
    /// # Errors
    /// [`Failure::Unexpected`] if the row is not the one for which it was sealed, or the key is gone.
    pub(super) fn open(vault: &Vault, pending: &PendingGrant) -> Result<Option<Self>, Failure> {
        let Some(sealed) = &pending.sealed else { return Ok(None) };
        let place = SEALED_PENDING_GRANTS.place(pending.organisation.0, pending.id.0);
        let opened = vault.open_bound(place, &binding(pending), sealed);
        let opened = opened.map_err(|error| Failure::unexpected(&error))?;
        serde_json::from_str(opened.expose_secret()).map(Some).map_err(|error| Failure::unexpected(&error))
    }
}
