//! What administrators and API clients read about grants: a test of the access to a mailbox, the forecast of an account,
//! the permissions of accounts, and which of them the accounts of a connector lack.

use std::collections::HashMap;

use super::{Forecast, Grants, LentToken, NoToken};
use crate::{
    accounts::{
        service::AccountId,
        store::{Account, grants::OrganisationGrants},
    },
    connectors::service::Connector,
    people::access::{Admin, Caller},
    platform::{failure::Failure, id::OrganisationId},
    providers::{Refusal, RefusalKind, permission::is_covered, provider::AccessTest},
};

/// Maximum number of accounts of a connector whose permissions are compared.
const MAX_COMPARED: usize = 1_000;
/// Maximum number of accounts that lack a permission and are named.
const MAX_NAMED: usize = 10;

/// What a test of the access to a mailbox came to.
#[derive(Clone, Debug)]
pub enum AccessTested {
    /// The provider let it be read.
    Works(AccessTest),
    /// The provider's API refused, or did not answer.
    Refused(Refusal),
    /// There is no access token.
    NoToken(NoToken),
}

/// How many accounts of a connector have not granted all its permissions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LackingPermissions {
    /// Accounts that lack at least one permission.
    pub accounts: usize,
    /// Each permission that an account lacks, in the connector's order, with the number of these accounts.
    pub each: Vec<(String, usize)>,
    /// Some of these accounts, at most ten.
    pub some: Vec<AccountId>,
    /// Whether the connector has more accounts than were compared.
    pub is_partial: bool,
}

impl Grants {
    /// Reads the date of the newest message and the number of contacts of a mailbox. Neither is stored.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such account.
    pub(in crate::accounts) async fn test_access(
        &self,
        organisation: OrganisationId,
        id: AccountId,
    ) -> Result<AccessTested, Failure> {
        let lent = match self.valid_access_token(organisation, id).await {
            Ok(lent) => lent,
            Err(no_token) => return without_token(no_token),
        };
        let read = match self.read_mailbox(&lent).await {
            Err(refusal) if refusal.why == RefusalKind::TokenRefused => {
                match self.report_refused_token(organisation, id, &lent.token).await {
                    Ok(Some(renewed)) => self.read_mailbox(&renewed).await,
                    Ok(None) => Err(refusal),
                    Err(no_token) => return without_token(no_token),
                }
            }
            read => read,
        };
        Ok(match read {
            Ok(test) => AccessTested::Works(test),
            Err(refusal) => AccessTested::Refused(refusal),
        })
    }

    async fn read_mailbox(&self, lent: &LentToken) -> Result<AccessTest, Refusal> {
        lent.pinned.test_access(&*self.dependencies().http, &lent.token, &lent.scopes).await
    }

    /// The forecast of an account of the administrator's organisation; `None` if it has no grant.
    pub async fn read_forecast(&self, admin: &Admin, account: &Account) -> Result<Option<Forecast>, Failure> {
        if account.organisation != admin.organisation() {
            return Err(Failure::NotFound);
        }
        Ok(self.forecast(&self.database().read(), account).await?)
    }

    /// The granted permissions of these accounts, which the caller has read. An account without a grant is left out.
    pub async fn read_permissions(
        &self,
        caller: &Caller,
        accounts: &[Account],
    ) -> Result<HashMap<AccountId, Vec<String>>, Failure> {
        if accounts.is_empty() {
            return Ok(HashMap::new());
        }
        let store = OrganisationGrants::of(caller.organisation());
        let ids = accounts.iter().map(|account| account.id);
        let scopes = store.scopes_of(&self.database().read(), ids).await?;
        let list = |scopes: String| scopes.split_ascii_whitespace().map(str::to_owned).collect();
        Ok(scopes.into_iter().map(|(account, scopes)| (account, list(scopes))).collect())
    }

    /// Counts the accounts of a connector that have not granted all its permissions. Compares at most 1,000 accounts.
    pub async fn count_lacking_permissions(
        &self,
        admin: &Admin,
        connector: &Connector,
    ) -> Result<LackingPermissions, Failure> {
        let limit = u64::try_from(MAX_COMPARED + 1).unwrap_or(u64::MAX);
        let store = OrganisationGrants::of(admin.organisation());
        let granted = store.granted_scopes(&self.database().read(), connector.id, limit).await?;
        let known = connector.provider.permissions();
        let mut each: Vec<(String, usize)> =
            connector.scopes.iter().map(|scope| (scope.clone(), 0)).collect();
        let (mut accounts, mut some) = (0, Vec::new());
        for (account, granted) in granted.iter().take(MAX_COMPARED) {
            let granted: Vec<String> = granted.split_ascii_whitespace().map(str::to_owned).collect();
            let mut lacks = false;
            for (scope, number) in &mut each {
                if !is_covered(known, &granted, scope) {
                    *number = number.saturating_add(1);
                    lacks = true;
                }
            }
            accounts += usize::from(lacks);
            if lacks && some.len() < MAX_NAMED {
                some.push(*account);
            }
        }
        each.retain(|(_, number)| *number > 0);
        Ok(LackingPermissions { accounts, each, some, is_partial: granted.len() > MAX_COMPARED })
    }
}

/// The result of a test without a token.
fn without_token(no_token: NoToken) -> Result<AccessTested, Failure> {
    match no_token {
        NoToken::NotFound => Err(Failure::NotFound),
        NoToken::Failure(failure) => Err(failure),
        no_token => Ok(AccessTested::NoToken(no_token)),
    }
}
