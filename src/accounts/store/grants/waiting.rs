//! Queries about many accounts of a connector at once: those that wait for it, and those whose application has changed.
//! They read along the indexes of `accounts`, and change a bounded number of rows each.

use sea_orm::{
    ActiveValue::Set,
    Condition, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockType, Query, SelectStatement},
};
use serde_json::json;

use super::row;
use crate::{
    accounts::{
        model::{AccountState, HistoryKind, StateReason},
        store::{AccountId, StateChange, history::row as event},
    },
    connectors::service::ConnectorId,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::OrganisationId,
    },
};

/// The columns of `accounts` that these queries use.
mod account {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "accounts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub connector_id: Uuid,
        pub state: String,
        pub reason: Option<String>,
        pub provider_words: Option<String>,
        pub state_since: i64,
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The place of a grant in a walk over the grants of a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantPlace {
    pub directory: String,
    pub account: AccountId,
}

/// The accounts of a connector, or of one directory of it.
#[derive(Clone, Copy, Debug)]
pub struct ConnectorAccounts<'a> {
    pub organisation: OrganisationId,
    pub connector: ConnectorId,
    /// `None` for all accounts of the connector.
    pub directory: Option<&'a str>,
}

impl ConnectorAccounts<'_> {
    fn accounts(self) -> Condition {
        Condition::all()
            .add(account::Column::OrganisationId.eq(self.organisation.0))
            .add(account::Column::ConnectorId.eq(self.connector.0))
    }

    fn grants(self) -> Condition {
        Condition::all()
            .add(row::Column::OrganisationId.eq(self.organisation.0))
            .add(row::Column::ConnectorId.eq(self.connector.0))
            .add_option(self.directory.map(|directory| row::Column::Directory.eq(directory)))
    }

    /// The grants of these accounts.
    fn grants_of(self, ids: &[AccountId]) -> Condition {
        self.grants().add(row::Column::AccountId.is_in(ids.iter().map(|id| id.0)))
    }

    /// At most `limit` accounts in one of these states.
    pub async fn find(
        self,
        on: &impl Queries,
        states: &[AccountState],
        limit: u64,
    ) -> Result<Vec<AccountId>, DatabaseError> {
        let names = states.iter().map(|state| state.name());
        let ids: Vec<Uuid> = if self.directory.is_none() {
            account::Entity::find()
                .select_only()
                .column(account::Column::Id)
                .filter(self.accounts())
                .filter(account::Column::State.is_in(names))
                .limit(limit)
                .into_tuple()
                .all(on.connection())
                .await?
        } else {
            // The index of grants by directory, and a look at each account.
            let in_state = Query::select()
                .expr(Expr::val(1))
                .from(account::Entity)
                .and_where(
                    Expr::col((account::Entity, account::Column::Id))
                        .equals((row::Entity, row::Column::AccountId)),
                )
                .and_where(Expr::col((account::Entity, account::Column::State)).is_in(names))
                .to_owned();
            row::Entity::find()
                .select_only()
                .column(row::Column::AccountId)
                .filter(self.grants())
                .filter(Expr::exists(in_state))
                .limit(limit)
                .into_tuple()
                .all(on.connection())
                .await?
        };
        Ok(ids.into_iter().map(AccountId).collect())
    }

    /// Locks those of these accounts that are still in one of the states. Another transaction may have changed some of
    /// them since they were found: a refused grant or a disconnected account must keep its state.
    pub async fn lock_in_states(
        self,
        tx: &Tx,
        ids: &[AccountId],
        states: &[AccountState],
    ) -> Result<Vec<AccountId>, DatabaseError> {
        let locked: Vec<Uuid> = account::Entity::find()
            .select_only()
            .column(account::Column::Id)
            .filter(self.accounts())
            .filter(account::Column::Id.is_in(ids.iter().map(|id| id.0)))
            .filter(account::Column::State.is_in(states.iter().map(|state| state.name())))
            .lock(LockType::Update)
            .into_tuple()
            .all(tx.connection())
            .await?;
        Ok(locked.into_iter().map(AccountId).collect())
    }

    /// The next grants, at most `limit`, in the order of the index of directories: a walk over them reads each row once,
    /// however many transactions it has.
    pub async fn walk(
        self,
        on: &impl Queries,
        after: Option<&GrantPlace>,
        limit: u64,
    ) -> Result<Vec<GrantPlace>, DatabaseError> {
        let next = self.grants_after(after).limit(limit);
        let found: Vec<(String, Uuid)> = next.into_tuple().all(on.connection()).await?;
        let found = found.into_iter();
        Ok(found.map(|(directory, id)| GrantPlace { directory, account: AccountId(id) }).collect())
    }

    fn grants_after(self, after: Option<&GrantPlace>) -> Select<row::Entity> {
        let grants = row::Entity::find()
            .select_only()
            .column(row::Column::Directory)
            .column(row::Column::AccountId)
            .filter(self.grants())
            .order_by_asc(row::Column::Directory)
            .order_by_asc(row::Column::AccountId);
        let Some(GrantPlace { directory, account }) = after else { return grants };
        if self.directory.is_some() {
            // SQLite would not use the pair as a range of the index.
            return grants.filter(row::Column::AccountId.gt(account.0));
        }
        let here = Expr::tuple([Expr::col(row::Column::Directory), Expr::col(row::Column::AccountId)]);
        let before = Expr::tuple([Expr::value(directory.as_str()), Expr::value(account.0)]);
        grants.filter(here.gt(before))
    }

    /// Locks those of these accounts whose grant belongs to an application version before `since`, and that have another
    /// state than *Needs sign-in* for this reason. A disconnected account keeps its state.
    pub async fn lock_without(
        self,
        tx: &Tx,
        ids: &[AccountId],
        reason: StateReason,
        since: i64,
    ) -> Result<Vec<AccountId>, DatabaseError> {
        let disconnected = AccountState::Disconnected.name();
        let has_other = Condition::any()
            .add(account::Column::State.ne(AccountState::NeedsSignIn.name()))
            .add(account::Column::Reason.is_null())
            .add(account::Column::Reason.ne(stored(&reason)?));
        let earlier = Query::select()
            .column(row::Column::AccountId)
            .from(row::Entity)
            .cond_where(self.grants_of(ids))
            .and_where(row::Column::ApplicationVersion.lt(since))
            .to_owned();
        let locked: Vec<Uuid> = account::Entity::find()
            .select_only()
            .column(account::Column::Id)
            .filter(self.accounts())
            .filter(account::Column::Id.is_in(ids.iter().map(|id| id.0)))
            .filter(account::Column::Id.in_subquery(earlier))
            .filter(account::Column::State.ne(disconnected))
            .filter(has_other)
            .order_by_asc(account::Column::Id)
            .lock(LockType::Update)
            .into_tuple()
            .all(tx.connection())
            .await?;
        Ok(locked.into_iter().map(AccountId).collect())
    }

    /// Gives these accounts, which the caller has locked, a state, and adds it to their history. `events` has an id for
    /// each of them.
    pub async fn change_states(
        self,
        tx: &Tx,
        ids: &[AccountId],
        change: &StateChange,
        events: Vec<Uuid>,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        if ids.is_empty() {
            return Ok(());
        }
        let reason = change.reason.as_ref().map(stored).transpose()?;
        let provider_words = change.provider_words.as_ref().map(stored).transpose()?;
        account::Entity::update_many()
            .filter(self.accounts())
            .filter(account::Column::Id.is_in(ids.iter().map(|id| id.0)))
            .col_expr(account::Column::State, Expr::value(change.state.name()))
            .col_expr(account::Column::Reason, Expr::value(reason))
            .col_expr(account::Column::ProviderWords, Expr::value(provider_words))
            .col_expr(account::Column::StateSince, Expr::value(now.micros()))
            .col_expr(account::Column::Version, Expr::col(account::Column::Version).add(1))
            .exec(tx.connection())
            .await?;
        let (kind, detail) = (HistoryKind::StateChanged.name(), change_detail(change));
        let rows = ids.iter().zip(events).map(|(id, event)| event::ActiveModel {
            id: Set(event),
            organisation_id: Set(self.organisation.0),
            account_id: Set(id.0),
            at: Set(now.micros()),
            kind: Set(kind.to_owned()),
            detail: Set(detail.clone()),
        });
        event::Entity::insert_many(rows).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// Has those of these accounts that wait refreshed at this time or before, except those of `closed` directories. Both
    /// waiting states: an account that waits for one gate may have met the other one.
    pub async fn schedule(
        self,
        tx: &Tx,
        ids: &[AccountId],
        closed: &[&str],
        at: Timestamp,
    ) -> Result<(), DatabaseError> {
        if ids.is_empty() {
            return Ok(());
        }
        let is_later = Condition::any()
            .add(row::Column::NextRefreshAt.is_null())
            .add(row::Column::NextRefreshAt.gt(at.micros()));
        let mut due = row::Entity::update_many()
            .filter(self.grants())
            .filter(row::Column::AccountId.in_subquery(self.waiting(ids)))
            .filter(is_later)
            .col_expr(row::Column::NextRefreshAt, Expr::value(at.micros()));
        if !closed.is_empty() {
            due = due.filter(row::Column::Directory.is_not_in(closed.iter().copied()));
        }
        due.exec(tx.connection()).await?;
        Ok(())
    }

    /// Has one account refreshed not before this time, if it waits.
    pub async fn postpone(self, tx: &Tx, account: AccountId, at: Timestamp) -> Result<(), DatabaseError> {
        row::Entity::update_many()
            .filter(self.grants())
            .filter(row::Column::AccountId.in_subquery(self.waiting(&[account])))
            .col_expr(row::Column::NextRefreshAt, Expr::value(at.micros()))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Those of these accounts that wait.
    fn waiting(self, ids: &[AccountId]) -> SelectStatement {
        let states = [AccountState::WaitingForConnector, AccountState::WaitingForCompany];
        Query::select()
            .column(account::Column::Id)
            .from(account::Entity)
            .cond_where(self.accounts())
            .and_where(account::Column::Id.is_in(ids.iter().map(|id| id.0)))
            .and_where(account::Column::State.is_in(states.map(AccountState::name)))
            .to_owned()
    }

    /// Lets the gate decide when these accounts are refreshed.
    pub async fn unschedule(self, tx: &Tx, ids: &[AccountId]) -> Result<(), DatabaseError> {
        row::Entity::update_many()
            .filter(self.grants_of(ids))
            .col_expr(row::Column::NextRefreshAt, Expr::value(None::<i64>))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Ends the refreshing of these accounts: raises the generations, ends the leases and erases the access tokens.
    pub async fn end_refreshing(self, tx: &Tx, ids: &[AccountId]) -> Result<(), DatabaseError> {
        row::Entity::update_many()
            .filter(self.grants_of(ids))
            .col_expr(row::Column::Generation, Expr::col(row::Column::Generation).add(1))
            .col_expr(row::Column::LeaseOwner, Expr::value(None::<Uuid>))
            .col_expr(row::Column::RefreshStartedAt, Expr::value(None::<i64>))
            .col_expr(row::Column::NextRefreshAt, Expr::value(None::<i64>))
            .col_expr(row::Column::AccessToken, Expr::value(None::<Vec<u8>>))
            .col_expr(row::Column::AccessExpiresAt, Expr::value(None::<i64>))
            .exec(tx.connection())
            .await?;
        Ok(())
    }
}

/// The detail of a changed state in the history: its name, and the reason if there is one.
pub fn change_detail(change: &StateChange) -> String {
    json!({ "state": change.state.name(), "reason": change.reason }).to_string()
}

/// A value as its column has it.
fn stored(value: &impl serde::Serialize) -> Result<String, DatabaseError> {
    let text = serde_json::to_string(value);
    text.map_err(|error| DbErr::Type(format!("cannot write a value of an account: {error}")).into())
}

#[cfg(test)]
mod tests;
