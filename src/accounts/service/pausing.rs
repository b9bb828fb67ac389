//! Pausing an account: calls of the API are refused, and the daily refresh goes on. A sign-in never ends the pause.

use serde_json::json;

use super::{AccountId, AccountService, reach::of_client};
use crate::{
    accounts::{
        model::HistoryKind,
        store::{Accounts, Paused},
    },
    activity::model::{Action, Actor},
    people::access::{Admin, Caller},
    platform::{failure::Failure, id::OrganisationId},
};

impl AccountService {
    /// Pauses an account.
    ///
    /// # Returns
    /// Whether it was not paused before.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such account.
    pub async fn pause(&self, admin: &Admin, id: AccountId) -> Result<bool, Failure> {
        self.set_paused(Accounts::of(admin.organisation()), admin.actor(), id, true).await
    }

    /// Ends the pause of an account.
    ///
    /// # Returns
    /// Whether it was paused before.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such account.
    pub async fn resume(&self, admin: &Admin, id: AccountId) -> Result<bool, Failure> {
        self.set_paused(Accounts::of(admin.organisation()), admin.actor(), id, false).await
    }

    /// [`Self::pause`] by the operator at the command line.
    pub async fn pause_as_operator(
        &self,
        organisation: OrganisationId,
        id: AccountId,
    ) -> Result<bool, Failure> {
        self.set_paused(Accounts::of(organisation), Actor::operator(organisation), id, true).await
    }

    /// [`Self::resume`] by the operator at the command line.
    pub async fn resume_as_operator(
        &self,
        organisation: OrganisationId,
        id: AccountId,
    ) -> Result<bool, Failure> {
        self.set_paused(Accounts::of(organisation), Actor::operator(organisation), id, false).await
    }

    /// [`Self::pause`] and [`Self::resume`] by an API client, of an account that it reaches.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the client reaches no such account; [`Failure::Forbidden`] if the caller is no API client.
    pub async fn set_paused_as_client(
        &self,
        caller: &Caller,
        id: AccountId,
        pause: bool,
    ) -> Result<bool, Failure> {
        self.set_paused(of_client(caller)?, caller.actor(), id, pause).await
    }

    /// Pauses one of these accounts, or ends its pause. Whether it is one of them is judged in the transaction.
    async fn set_paused(
        &self,
        accounts: Accounts,
        actor: Actor,
        id: AccountId,
        pause: bool,
    ) -> Result<bool, Failure> {
        self.database
            .write::<_, Failure, _>(async |tx| {
                let now = self.clock.now();
                let account = accounts.lock(&tx, id).await?.ok_or(Failure::NotFound)?;
                if account.paused.is_some() == pause {
                    return Ok(false);
                }
                accounts.set_paused(&tx, id, pause.then_some(Paused { at: now, by: actor.user })).await?;
                let (kind, action) = if pause {
                    (HistoryKind::Paused, Action::AccountPaused)
                } else {
                    (HistoryKind::Resumed, Action::AccountResumed)
                };
                self.add_event(&tx, accounts, id, kind, now, &json!({})).await?;
                self.record_for(&tx, actor, action, &account).await?;
                Ok(true)
            })
            .await
    }
}
