//! Queries for many links at once: adding them, counting all open ones, and finding the accounts that need one.

use sea_orm::{
    Condition, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{Link, OrganisationLinks, row};
use crate::{
    accounts::{
        model::AccountState,
        store::{Account, AccountFilter, Accounts, link_table::open_condition, row as account},
    },
    connectors::service::ConnectorId,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        randomness::Hash,
    },
};

/// Number of links that one statement adds. A statement may have 32,766 values on SQLite.
const ADDED_AT_ONCE: usize = 250;

/// The accounts that need a link with which their owner signs in again: those in the state *Needs sign-in* without an
/// open link.
#[derive(Clone, Copy, Debug)]
pub struct NeedLink {
    /// Only accounts of this connector.
    pub connector: Option<ConnectorId>,
    /// Links that were made at this time or before do not count.
    pub since: Option<Timestamp>,
}

impl OrganisationLinks {
    /// Adds links with the hashes of their tokens. A missing reference means that a connector or an account was deleted.
    pub async fn add_all(self, tx: &Tx, links: &[(Hash, Link)]) -> Result<(), DatabaseError> {
        for some in links.chunks(ADDED_AT_ONCE) {
            let rows = some.iter().map(|(token, link)| self.new_row(*token, link));
            row::Entity::insert_many(rows).exec_without_returning(tx.connection()).await?;
        }
        Ok(())
    }

    /// Number of open links of the organisation. Their maximum number bounds it.
    pub async fn count_all_open(self, on: &impl Queries, now: Timestamp) -> Result<u64, DatabaseError> {
        Ok(self.find().filter(open_condition::<row::Entity>(now)).count(on.connection()).await?)
    }

    /// At most `limit` accounts that need a link, in the order of their emails.
    pub async fn accounts_that_need_link(
        self,
        on: &impl Queries,
        which: NeedLink,
        limit: u64,
        now: Timestamp,
    ) -> Result<Vec<Account>, DatabaseError> {
        let rows = self.need_link(which, now).limit(limit).all(on.connection()).await?;
        Ok(rows.into_iter().map(Account::try_from).collect::<Result<_, _>>()?)
    }

    /// Number of accounts that need a link, counted up to `at_most`.
    pub async fn count_that_need_link(
        self,
        on: &impl Queries,
        which: NeedLink,
        at_most: u64,
        now: Timestamp,
    ) -> Result<u64, DatabaseError> {
        let ids = self.need_link(which, now).select_only().column(account::Column::Id).limit(at_most);
        let ids: Vec<Uuid> = ids.into_tuple().all(on.connection()).await?;
        Ok(ids.len() as u64)
    }

    /// The query follows the index of accounts by state. It looks at each account's links along their index. An
    /// organisation has a limited number of open links, so that the query passes over few accounts.
    pub(in crate::accounts::store) fn need_link(
        self,
        which: NeedLink,
        now: Timestamp,
    ) -> Select<account::Entity> {
        let filter =
            AccountFilter { connector: which.connector, state: Some(AccountState::NeedsSignIn.into()) };
        let of_account = Condition::all()
            .add(
                Expr::col((row::Entity, row::Column::OrganisationId))
                    .equals((account::Entity, account::Column::OrganisationId)),
            )
            .add(
                Expr::col((row::Entity, row::Column::AccountId))
                    .equals((account::Entity, account::Column::Id)),
            )
            .add(open_condition::<row::Entity>(now))
            .add_option(which.since.map(|since| row::Column::CreatedAt.gt(since.micros())));
        let open_link =
            Query::select().expr(Expr::val(1)).from(row::Entity).cond_where(of_account).to_owned();
        Accounts::of(self.organisation).rows_after(filter, None).filter(Expr::exists(open_link).not())
    }
}
