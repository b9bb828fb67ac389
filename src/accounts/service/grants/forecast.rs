//! What will happen to a grant, for the page of its account.

use super::Grants;
use crate::{
    accounts::store::{Account, grants::OrganisationGrants},
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries},
    },
    providers::permission::is_covered,
};

/// The times of a grant, and its permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// When it is refreshed next; `None` if no refresh is scheduled.
    pub next_refresh_at: Option<Timestamp>,
    /// When the provider would end it if it was not refreshed any more; `None` if the provider has no such limit.
    pub idle_end: Option<Timestamp>,
    /// When the provider ends it, however often it is refreshed; `None` if it gave it without an end.
    pub ends_at: Option<Timestamp>,
    pub access_expires_at: Option<Timestamp>,
    pub granted_at: Timestamp,
    pub refreshed_at: Option<Timestamp>,
    /// The granted scopes.
    pub granted: Vec<String>,
    /// The scopes that the connector asks for and that are not granted.
    pub missing: Vec<String>,
    /// Whether the last refresh was interrupted, or is under way.
    pub is_open: bool,
}

impl Grants {
    /// The forecast of an account; `None` if it has no grant.
    pub async fn forecast(
        &self,
        on: &impl Queries,
        account: &Account,
    ) -> Result<Option<Forecast>, DatabaseError> {
        let Some(grant) = OrganisationGrants::of(account.organisation).get(on, account.id).await? else {
            return Ok(None);
        };
        let connectors = &self.dependencies().connectors;
        let connector = connectors.find(on, account.organisation, grant.connector).await?;
        let asked = connector.as_ref().map_or(&grant.asked, |connector| &connector.scopes);
        let provider = self.dependencies().providers.find(&account.provider);
        let known = provider.map(|provider| provider.permissions()).unwrap_or_default();
        let is_missing = |scope: &&String| !is_covered(known, &grant.scopes, scope);
        let missing = asked.iter().filter(is_missing).cloned().collect();
        let has_ended =
            connector.as_ref().is_some_and(|connector| grant.is_of_earlier_application(connector));
        let last_used = grant.refreshed_at.unwrap_or(grant.granted_at);
        Ok(Some(Forecast {
            next_refresh_at: grant.next_refresh_at.filter(|_| !has_ended),
            idle_end: provider.and_then(|provider| provider.idle_limit()).map(|limit| last_used.plus(limit)),
            ends_at: grant.ends_at,
            access_expires_at: grant.access_expires_at.filter(|_| !has_ended),
            granted_at: grant.granted_at,
            refreshed_at: grant.refreshed_at,
            missing,
            granted: grant.scopes,
            is_open: grant.refresh_started_at.is_some(),
        }))
    }
}
