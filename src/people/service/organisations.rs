//! What is done with an organisation as a whole.

use super::{
    super::{
        model::OrganisationName,
        store::{self, Organisation, Users, invitations::Invitations},
    },
    People,
};
use crate::{
    activity::model::{Action, Actor, Entry},
    platform::{
        database::{DatabaseError, Queries, Tx},
        failure::Failure,
        id::OrganisationId,
    },
};

impl People {
    /// Adds an organisation.
    pub async fn add_organisation(
        &self,
        tx: &Tx,
        name: &OrganisationName,
    ) -> Result<OrganisationId, DatabaseError> {
        let id = OrganisationId::new(&*self.clock, &*self.randomness);
        store::add_organisation(tx, id, name, self.clock.now()).await?;
        let entry = Entry::done(Action::OrganisationAdded, name.as_str(), id.0);
        self.activity.record(tx, Actor::operator(id), entry).await?;
        Ok(id)
    }

    /// The same in a transaction of its own, for the command line.
    pub async fn create_organisation(&self, name: &OrganisationName) -> Result<OrganisationId, Failure> {
        self.database.write(async |tx| Ok(self.add_organisation(&tx, name).await?)).await
    }

    /// Records what an operator did in an organisation as a whole.
    pub async fn record_of_operator(
        &self,
        tx: &Tx,
        organisation: &Organisation,
        action: Action,
        detail: &str,
    ) -> Result<(), DatabaseError> {
        let Organisation { id, name, .. } = organisation;
        let entry = Entry::done(action, name, id.0).with_detail(detail);
        self.activity.record(tx, Actor::operator(*id), entry).await
    }

    /// Takes back every way into an organisation that has been given out: links of invitations and for new passwords;
    /// and counts that the sessions of all its users end, before they do.
    ///
    /// # Returns
    /// How many links.
    pub async fn close_ways_in(&self, tx: &Tx, organisation: OrganisationId) -> Result<u64, DatabaseError> {
        let users = Users::of(organisation);
        // Whoever invites holds this until the end: then it is seen here, or sees what was done here.
        users.lock_roles(tx).await?;
        users.note_ended_sessions_of_all(tx).await?;
        Invitations::of(organisation).take_all(tx).await
    }

    /// All organisations.
    pub async fn organisations(&self, on: &impl Queries) -> Result<Vec<Organisation>, DatabaseError> {
        store::organisations(on).await
    }
}
