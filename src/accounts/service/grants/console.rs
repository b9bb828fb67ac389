//! What administrators read about grants in the console: a test of the access to a mailbox, the forecast of an account,
//! and which permissions the accounts of a connector lack.

use super::{Forecast, Grants, LentToken, NoToken};
use crate::{
    accounts::{
        service::AccountId,
        store::{Account, grants::OrganisationGrants},
    },
    connectors::service::Connector,
    people::access::Admin,
    platform::{failure::Failure, id::OrganisationId},
    providers::{Refusal, RefusalKind, provider::AccessTest},
};

/// Maximum number of accounts of a connector whose permissions are compared.
const MAX_COMPARED: usize = 1_000;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LackingPermissions {
    pub accounts: usize,
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
            Err(Refusal { why: RefusalKind::TokenRefused, .. }) => {
                match self.report_refused_token(organisation, id, &lent.token).await {
                    Ok(renewed) => self.read_mailbox(&renewed).await,
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

    /// Counts the accounts of a connector that have not granted all its permissions. Compares at most 1,000 accounts.
    pub async fn count_lacking_permissions(
        &self,
        admin: &Admin,
        connector: &Connector,
    ) -> Result<LackingPermissions, Failure> {
        let limit = u64::try_from(MAX_COMPARED + 1).unwrap_or(u64::MAX);
        let store = OrganisationGrants::of(admin.organisation());
        let granted = store.granted_scopes(&self.database().read(), connector.id, limit).await?;
        let lacks = |granted: &&String| {
            let granted: Vec<_> = granted.split_ascii_whitespace().collect();
            connector.scopes.iter().any(|scope| !granted.contains(&scope.as_str()))
        };
        Ok(LackingPermissions {
            accounts: granted.iter().take(MAX_COMPARED).filter(lacks).count(),
            is_partial: granted.len() > MAX_COMPARED,
        })
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
