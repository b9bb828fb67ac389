//! Seals tokens. Both tokens of a grant are bound to its row, to a number that grows with each write, to the client ID
//! and to what the grant is pinned to. So an attacker who can write to the database can neither put back an older token
//! nor have the program send one to another address.

use secrecy::SecretString;

use super::Grants;
use crate::{
    accounts::{
        service::AccountId,
        store::grants::{StoredGrant, StoredTokens},
    },
    platform::{
        clock::Timestamp,
        database::columns::{Bound, Column, ContextPart},
        failure::Failure,
        id::OrganisationId,
    },
    vault::{Binding, VaultError, reseal::SealedColumn},
};

const BOUND: Option<Bound> = Some(Bound {
    version: "token_version",
    context: &[
        ContextPart::Row("account_id"),
        ContextPart::Column("client_id"),
        ContextPart::Column("pinned"),
    ],
});

/// The refresh tokens.
pub const SEALED_REFRESH_TOKENS: SealedColumn = SealedColumn {
    column: Column { table: "grants", column: "refresh_token" },
    what: "The refresh token of the account",
    remedy: "Let the person sign in again: the account's page makes a link.",
    bound: BOUND,
};

/// The access tokens.
pub const SEALED_ACCESS_TOKENS: SealedColumn = SealedColumn {
    column: Column { table: "grants", column: "access_token" },
    what: "The access token of the account",
    remedy: "The next refresh replaces it.",
    bound: BOUND,
};

/// The values that the tokens of a grant are bound to: the context of the columns, in their order.
pub(super) fn binding(account: AccountId, version: i64, client_id: &str, pinned: &str) -> Binding {
    let context = [account.to_string(), client_id.to_owned(), pinned.to_owned()];
    Binding { version, context: context.into_iter().map(Some).collect() }
}

fn binding_of(grant: &StoredGrant) -> Binding {
    binding(grant.account, grant.token_version, &grant.client_id, &grant.pinned)
}

impl Grants {
    pub(super) fn seal_refresh_token(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        binding: &Binding,
        token: &SecretString,
    ) -> Result<Vec<u8>, Failure> {
        self.seal(SEALED_REFRESH_TOKENS, organisation, account, binding, token)
    }

    pub(super) fn seal_access_token(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        binding: &Binding,
        token: &SecretString,
    ) -> Result<Vec<u8>, Failure> {
        self.seal(SEALED_ACCESS_TOKENS, organisation, account, binding, token)
    }

    fn seal(
        &self,
        column: SealedColumn,
        organisation: OrganisationId,
        account: AccountId,
        binding: &Binding,
        token: &SecretString,
    ) -> Result<Vec<u8>, Failure> {
        let place = column.place(organisation.0, account.0);
        let sealed = self.dependencies().vault.seal_bound(place, binding, token);
        sealed.map_err(|error| Failure::unexpected(&error))
    }

    /// Seals the tokens that a refresh gave, for the row of `grant`.
    pub(super) fn seal_tokens(
        &self,
        grant: &StoredGrant,
        refresh_token: &SecretString,
        access_token: &SecretString,
        access_expires_at: Timestamp,
        scopes: Vec<String>,
        refreshed_at: Timestamp,
    ) -> Result<StoredTokens, Failure> {
        let version = grant.token_version + 1;
        let binding = binding(grant.account, version, &grant.client_id, &grant.pinned);
        Ok(StoredTokens {
            refresh_token: self.seal_refresh_token(
                grant.organisation,
                grant.account,
                &binding,
                refresh_token,
            )?,
            access_token: self.seal_access_token(
                grant.organisation,
                grant.account,
                &binding,
                access_token,
            )?,
            access_expires_at,
            version,
            scopes,
            refreshed_at,
            ends_at: None,
        })
    }

    pub(super) fn open_refresh_token(&self, grant: &StoredGrant) -> Result<SecretString, VaultError> {
        let place = SEALED_REFRESH_TOKENS.place(grant.organisation.0, grant.account.0);
        self.dependencies().vault.open_bound(place, &binding_of(grant), &grant.refresh_token)
    }

    /// The stored access token; `None` if there is none, or it cannot be opened: a refresh replaces it.
    pub(super) fn open_access_token(&self, grant: &StoredGrant) -> Option<SecretString> {
        let sealed = grant.access_token.as_deref()?;
        let place = SEALED_ACCESS_TOKENS.place(grant.organisation.0, grant.account.0);
        self.dependencies().vault.open_bound(place, &binding_of(grant), sealed).ok()
    }
}
