//! Queries of lists of links, and of the number of open ones.

use sea_orm::{Condition, QueryOrder, QuerySelect, QueryTrait, entity::prelude::*};

use super::{Link, LinkId, OrganisationLinks, open_condition, row};
use crate::{
    accounts::store::AccountId,
    connectors::service::ConnectorId,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries},
    },
};

/// Which links a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkFilter {
    /// Only links of this connector.
    pub connector: Option<ConnectorId>,
    /// Only links for this account.
    pub account: Option<AccountId>,
    /// Only links that can be used.
    pub open: bool,
}

/// The position of a link in a list, newest first: the next page begins after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkPosition {
    pub at: Timestamp,
    pub id: LinkId,
}

impl std::fmt::Display for LinkPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at.micros(), self.id)
    }
}

impl std::str::FromStr for LinkPosition {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once('.').ok_or(())?;
        let at = Timestamp::from_micros(at.parse().map_err(|_| ())?);
        Ok(Self { at, id: id.parse().map_err(|_| ())? })
    }
}

impl OrganisationLinks {
    /// Whether the organisation has this many open links or more. It reads at most that many.
    pub async fn has_open_at_least(
        self,
        on: &impl Queries,
        count: u64,
        now: Timestamp,
    ) -> Result<bool, DatabaseError> {
        let last = self.find().filter(open_condition(now)).select_only().column(row::Column::Id);
        let last = last.offset(count.saturating_sub(1)).limit(1).into_tuple::<Uuid>();
        Ok(last.one(on.connection()).await?.is_some())
    }

    /// Number of open links of a connector, counted up to `at_most`.
    pub async fn count_open(
        self,
        on: &impl Queries,
        connector: ConnectorId,
        at_most: u64,
        now: Timestamp,
    ) -> Result<u64, DatabaseError> {
        let ids: Vec<Uuid> = self
            .find()
            .filter(row::Column::ConnectorId.eq(connector.0))
            .filter(open_condition(now))
            .select_only()
            .column(row::Column::Id)
            .limit(at_most)
            .into_tuple()
            .all(on.connection())
            .await?;
        Ok(ids.len() as u64)
    }

    /// Links after a position, newest first.
    pub async fn list(
        self,
        on: &impl Queries,
        filter: LinkFilter,
        after: Option<LinkPosition>,
        limit: u64,
        now: Timestamp,
    ) -> Result<Vec<Link>, DatabaseError> {
        let rows = self
            .find()
            .apply_if(filter.connector, |all, id| all.filter(row::Column::ConnectorId.eq(id.0)))
            .apply_if(filter.account, |all, id| all.filter(row::Column::AccountId.eq(id.0)))
            .apply_if(filter.open.then_some(()), |all, ()| all.filter(open_condition(now)))
            .apply_if(after, |all, LinkPosition { at, id }| {
                let same = Condition::all()
                    .add(row::Column::CreatedAt.eq(at.micros()))
                    .add(row::Column::Id.lt(id.0));
                all.filter(Condition::any().add(row::Column::CreatedAt.lt(at.micros())).add(same))
            })
            .order_by_desc(row::Column::CreatedAt)
            .order_by_desc(row::Column::Id)
            .limit(limit)
            .all(on.connection())
            .await?;
        Ok(rows.into_iter().map(Link::try_from).collect::<Result<_, _>>()?)
    }
}
