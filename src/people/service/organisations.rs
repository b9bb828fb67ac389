//! Use cases of an organisation as a whole.

use super::{
    super::{
        model::{OrganisationName, ShortName},
        store::{self, Organisation, Users, invitations::Invitations},
    },
    People,
};
use crate::{
    activity::model::{Action, Actor, Detail, Entry},
    platform::{
        database::{DatabaseError, Queries, Tx},
        failure::Failure,
        id::OrganisationId,
    },
};

impl People {
    /// Adds an organisation in the transaction of the caller. Derives a short name from the name if none is given.
    ///
    /// # Errors
    /// A conflict if the given short name is taken.
    pub async fn add_organisation_in_transaction(
        &self,
        tx: &Tx,
        name: &OrganisationName,
        short_name: Option<&ShortName>,
    ) -> Result<OrganisationId, DatabaseError> {
        let id = OrganisationId::new(&*self.clock, &*self.randomness);
        let short_name = match short_name {
            Some(given) => given.clone(),
            None => free_short_name(tx, name).await?,
        };
        store::add_organisation(tx, id, name, &short_name).await?;
        let entry = Entry::done(Action::OrganisationAdded, name.as_str(), id.0);
        self.activity.record(tx, Actor::operator(id), entry).await?;
        Ok(id)
    }

    /// Adds an organisation, in its own transaction. The command line uses it.
    ///
    /// # Returns
    /// `None` if the short name is taken.
    pub async fn add_organisation(
        &self,
        name: &OrganisationName,
        short_name: Option<&ShortName>,
    ) -> Result<Option<OrganisationId>, Failure> {
        let added = self
            .database
            .write(async |tx| self.add_organisation_in_transaction(&tx, name, short_name).await)
            .await;
        match added {
            Err(error) if error.is_conflict() => Ok(None),
            added => Ok(Some(added?)),
        }
    }

    /// The organisation that a log-in is for: the only one if there is only one, otherwise the one with the
    /// typed short name.
    pub async fn organisation_of_log_in(&self, typed: &str) -> Result<Option<OrganisationId>, Failure> {
        let read = self.database.read();
        let mut first = store::first_two_organisations(&read).await?;
        if first.len() < 2 {
            return Ok(first.pop().map(|organisation| organisation.id));
        }
        let Ok(typed) = ShortName::parse(typed) else { return Ok(None) };
        let found = store::organisation_by_short_name(&read, &typed).await?;
        Ok(found.map(|organisation| organisation.id))
    }

    /// Whether there are several organisations, so that the log-in form must ask for one.
    pub async fn has_several_organisations(&self) -> Result<bool, Failure> {
        Ok(store::first_two_organisations(&self.database.read()).await?.len() > 1)
    }

    pub async fn organisation_name(&self, organisation: OrganisationId) -> Result<String, Failure> {
        let found = Users::of(organisation).organisation(&self.database.read()).await?;
        Ok(found.map(|organisation| organisation.name).unwrap_or_default())
    }

    pub async fn short_name(&self, organisation: OrganisationId) -> Result<String, Failure> {
        let found = Users::of(organisation).organisation(&self.database.read()).await?;
        Ok(found.map(|organisation| organisation.short_name).unwrap_or_default())
    }

    /// Records an action of the operator that concerns a whole organisation.
    pub async fn record_operator_action(
        &self,
        tx: &Tx,
        organisation: &Organisation,
        action: Action,
        detail: Detail,
    ) -> Result<(), DatabaseError> {
        let Organisation { id, name, .. } = organisation;
        let entry = Entry::done(action, name, id.0).with_detail(detail);
        self.activity.record(tx, Actor::operator(*id), entry).await
    }

    /// Withdraws all links of an organisation (invitations and new passwords), and increases `users.version` of
    /// all its users, because their sessions end. The caller then ends the sessions, in the same transaction.
    ///
    /// # Returns
    /// Number of withdrawn links.
    pub async fn withdraw_links_and_note_ended_sessions(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
    ) -> Result<u64, DatabaseError> {
        let users = Users::of(organisation);
        // A concurrent transaction that adds an invitation holds this lock until it commits. Either this
        // transaction withdraws that invitation, or that transaction sees the new `users.version` and fails.
        users.lock_roles(tx).await?;
        users.note_ended_sessions_of_all(tx).await?;
        Invitations::of(organisation).withdraw_all(tx).await
    }

    /// All organisations.
    pub async fn organisations(&self, on: &impl Queries) -> Result<Vec<Organisation>, DatabaseError> {
        store::organisations(on).await
    }
}

/// The first short name derived from this name that is not taken.
async fn free_short_name(tx: &Tx, name: &OrganisationName) -> Result<ShortName, DatabaseError> {
    let mut number = 1;
    loop {
        let derived = ShortName::derive(name, number);
        if store::organisation_by_short_name(tx, &derived).await?.is_none() {
            return Ok(derived);
        }
        number += 1;
    }
}
