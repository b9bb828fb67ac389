//! Ending the access to a mailbox: *Disconnect* keeps the account, *Delete* does not. The grant is erased here in the
//! transaction, and then ended at the provider, if the provider offers that. If the process is killed between the two,
//! the provider keeps a grant whose tokens are erased.

use serde_json::json;

use super::{Account, AccountId, AccountService, reach::of_client};
use crate::{
    accounts::{
        model::{AccountEvent, HistoryKind},
        store::{
            Accounts, StateChange,
            grants::StoredGrant,
            links::{LinkEnd, OrganisationLinks},
        },
    },
    activity::model::{Action, Actor, Detail, Entry},
    people::access::{Admin, Caller},
    platform::{clock::Timestamp, database::Tx, failure::Failure, id::OrganisationId},
};

impl AccountService {
    /// Disconnects an account. A refresh that is under way writes nothing afterwards.
    ///
    /// # Returns
    /// Whether it was not disconnected before.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such account.
    pub async fn disconnect(&self, admin: &Admin, id: AccountId) -> Result<bool, Failure> {
        let accounts = Accounts::of(admin.organisation());
        let disconnected = self
            .database
            .write::<_, Failure, _>(async |tx| {
                let now = self.clock.now();
                let account = self.lock_with_connector(&tx, accounts, id).await?;
                let Some(state) = account.state.after(AccountEvent::Disconnected, 0) else {
                    return Ok(None);
                };
                let grant = self.grants.take_within(&tx, admin.organisation(), id).await?;
                let change = StateChange { state, reason: None, provider_words: None };
                accounts.change_state(&tx, id, &change, 0, now).await?;
                self.add_event(&tx, accounts, id, HistoryKind::Disconnected, now, &json!({})).await?;
                self.record_for(&tx, admin.actor(), Action::AccountDisconnected, &account).await?;
                self.end_links(&tx, admin.actor(), &account, now).await?;
                Ok(Some((account, grant)))
            })
            .await?;
        let Some((account, grant)) = disconnected else { return Ok(false) };
        self.revoke(&account, grant).await;
        Ok(true)
    }

    /// Deletes an account with its grant, its history and its links.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such account.
    pub async fn delete(&self, admin: &Admin, id: AccountId) -> Result<(), Failure> {
        self.delete_for(Accounts::of(admin.organisation()), admin.actor(), id).await
    }

    /// [`Self::delete`] by the operator at the command line.
    pub async fn delete_as_operator(
        &self,
        organisation: OrganisationId,
        id: AccountId,
    ) -> Result<(), Failure> {
        self.delete_for(Accounts::of(organisation), Actor::operator(organisation), id).await
    }

    /// [`Self::delete`] by an API client, of an account that it reaches.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the client reaches no such account; [`Failure::Forbidden`] if the caller is no API client.
    pub async fn delete_as_client(&self, caller: &Caller, id: AccountId) -> Result<(), Failure> {
        self.delete_for(of_client(caller)?, caller.actor(), id).await
    }

    /// Deletes one of these accounts. Whether it is one of them is judged in the transaction.
    async fn delete_for(&self, accounts: Accounts, actor: Actor, id: AccountId) -> Result<(), Failure> {
        let (account, grant) = self
            .database
            .write::<_, Failure, _>(async |tx| {
                let account = self.lock_with_connector(&tx, accounts, id).await?;
                let grant = self.grants.take_within(&tx, actor.organisation, id).await?;
                accounts.delete(&tx, id).await?;
                self.record_for(&tx, actor, Action::AccountDeleted, &account).await?;
                Ok((account, grant))
            })
            .await?;
        self.revoke(&account, grant).await;
        Ok(())
    }

    /// Locks an account after its connector, because the transactions of sign-ins lock connector, link and account in
    /// this order.
    async fn lock_with_connector(
        &self,
        tx: &Tx,
        accounts: Accounts,
        id: AccountId,
    ) -> Result<Account, Failure> {
        let found = accounts.get(tx, id).await?.ok_or(Failure::NotFound)?;
        self.grants.lock_connector_of(tx, &found).await?;
        let account = accounts.lock(tx, id).await?.ok_or(Failure::NotFound)?;
        // It was moved in between.
        if account.connector == found.connector { Ok(account) } else { Err(Failure::Busy(1)) }
    }

    /// Ends the open links that were made for an account. Otherwise a person could connect it again by an old mail.
    async fn end_links(
        &self,
        tx: &Tx,
        actor: Actor,
        account: &Account,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let links = OrganisationLinks::of(account.organisation);
        let links = links.end_of_account(tx, account.id, LinkEnd::AccountDisconnected, now).await?;
        if links > 0 {
            let entry = Entry::done(Action::LinksRevoked, &account.email, account.id.0);
            self.activity.record(tx, actor, entry.with_detail(Detail::ConnectLinks { links })).await?;
        }
        Ok(())
    }

    async fn revoke(&self, account: &Account, grant: Option<StoredGrant>) {
        if let Some(grant) = grant {
            self.grants.revoke(&account.provider, &grant).await;
        }
    }
}
