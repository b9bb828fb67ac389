//! Connectors for pages of other features: as choices in a form, as names beside accounts, and whether their
//! applications have changed.

use std::collections::HashMap;

use super::{ConnectorChoice, ConnectorId, ConnectorService};
use crate::{
    people::access::Caller,
    platform::{
        database::{DatabaseError, Queries},
        failure::Failure,
        id::OrganisationId,
    },
};

/// Maximum number of connectors that a form offers.
pub const MAX_CHOICES: usize = 100;

/// The connectors that a form offers.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// By name.
    pub connectors: Vec<ConnectorChoice>,
    /// Whether there are more than the form offers.
    pub more: bool,
}

impl ConnectorService {
    /// The first [`MAX_CHOICES`] connectors by name, without those that are being deleted; with `verified`, only
    /// verified ones.
    pub async fn choices(&self, caller: &Caller, verified: bool) -> Result<Choices, Failure> {
        let limit = u64::try_from(MAX_CHOICES + 1).unwrap_or(u64::MAX);
        let store = self.store(caller.organisation());
        let mut connectors = store.choices(&self.database.read(), verified, limit).await?;
        let more = connectors.len() > MAX_CHOICES;
        connectors.truncate(MAX_CHOICES);
        Ok(Choices { connectors, more })
    }

    /// The connectors with these ids, as far as the organisation has them.
    pub async fn find_choices(
        &self,
        caller: &Caller,
        ids: &[ConnectorId],
    ) -> Result<HashMap<ConnectorId, ConnectorChoice>, Failure> {
        let store = self.store(caller.organisation());
        let found = store.find_choices(&self.database.read(), ids).await?;
        Ok(found.into_iter().map(|connector| (connector.id, connector)).collect())
    }

    /// Those of these connectors that have had another application, with the application version since which they have
    /// the present one.
    pub async fn changed_applications(
        &self,
        on: &impl Queries,
        organisation: OrganisationId,
        ids: &[ConnectorId],
    ) -> Result<HashMap<ConnectorId, i64>, DatabaseError> {
        let found = self.store(organisation).changed_applications(on, ids).await?;
        Ok(found.into_iter().collect())
    }
}
