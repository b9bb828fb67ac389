//! What the tables `connect_links` and `consent_links` have in common. A link has one token and a limited time, and ends
//! once: it has served its purpose, or it was revoked or has expired. The queries here serve both tables. The queries of
//! one table, and its rows, are in `links` and `consent_links`.

use std::marker::PhantomData;

use sea_orm::{
    Condition, QueryOrder, QuerySelect, QueryTrait, UpdateMany,
    entity::prelude::*,
    sea_query::{Expr, IntoCondition, LockType, SelectStatement},
};
use strum::{EnumString, IntoStaticStr};
use time::Duration;

use crate::{
    connectors::service::ConnectorId,
    platform::{
        clock::{SKEW, Timestamp},
        database::{DatabaseError, Queries, Tx, paging::Position},
        id::OrganisationId,
        randomness::Hash,
    },
};

/// Why a link that has not served its purpose has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum LinkEnd {
    /// An administrator has revoked it.
    Withdrawn,
    /// The user who made it was disabled or deleted, or is no longer an administrator.
    MakerMayNot,
    /// The user who made it was logged out everywhere.
    MakerLoggedOut,
    /// The operator has ended all sessions.
    EndedByOperator,
    /// The API client that made it was deleted, or everything of it was revoked.
    ClientRevoked,
    /// An administrator has disconnected the account for which it was made.
    AccountDisconnected,
    /// Its time is over, and the sweep has recorded it.
    Expired,
}

/// The columns that each table of links has.
#[derive(Clone, Copy, Debug)]
pub struct LinkColumns<C> {
    pub id: C,
    pub organisation: C,
    pub token_hash: C,
    pub connector: C,
    pub created_at: C,
    pub expires_at: C,
    /// When the link has served its purpose.
    pub served_at: C,
    pub revoked_at: C,
    pub revoked_why: C,
}

/// The id of a link, with the organisation and the connector to which it belongs.
#[derive(Clone, Copy, Debug)]
pub struct LinkKey<Id> {
    pub id: Id,
    pub organisation: OrganisationId,
    pub connector: ConnectorId,
}

/// A table of links.
pub trait LinkTable: EntityTrait {
    type Id: Copy + Into<Uuid>;
    /// The link of a row.
    type Link: TryFrom<Self::Model, Error = DbErr>;
    /// The user or the program that makes such links.
    type Maker: Copy;

    const COLUMNS: LinkColumns<Self::Column>;
    /// The longest life of such a link.
    const MAX_LIFE: Duration;

    fn key_of(link: &Self::Link) -> LinkKey<Self::Id>;

    /// The condition that this maker has made a link.
    fn has_made(maker: Self::Maker) -> Condition;

    /// The ids of the links of an organisation that do not expire yet, although their time is over. `None` if such links
    /// always expire.
    fn held_back(_organisation: OrganisationId) -> Option<SelectStatement> {
        None
    }
}

/// Whether the time of a link is not over. A link that a wrong clock made does not work.
pub fn is_in_time<T: LinkTable>(created_at: Timestamp, expires_at: Timestamp, now: Timestamp) -> bool {
    let is_credible = created_at.is_credible(now) && expires_at.minus(T::MAX_LIFE).is_credible(now);
    is_credible && now < expires_at
}

/// The condition that nothing has ended a link but its time.
pub(super) fn not_ended<T: LinkTable>() -> Condition {
    Condition::all().add(T::COLUMNS.served_at.is_null()).add(T::COLUMNS.revoked_at.is_null())
}

/// The condition that a link can be used: nothing has ended it, and [`is_in_time`].
pub(super) fn open_condition<T: LinkTable>(now: Timestamp) -> Condition {
    let LinkColumns { created_at, expires_at, .. } = T::COLUMNS;
    let credible = now.plus(SKEW);
    not_ended::<T>()
        .add(created_at.lte(credible.micros()))
        // The index begins with the time at which a link was made.
        .add(created_at.gt(now.minus(T::MAX_LIFE).micros()))
        .add(expires_at.lte(credible.plus(T::MAX_LIFE).micros()))
        .add(expires_at.gt(now.micros()))
}

/// The link with this token, of any organisation. Callers are methods of `Unscoped`.
pub(super) async fn find_by_token<T: LinkTable>(
    on: &impl Queries,
    token: Hash,
) -> Result<Option<T::Link>, DatabaseError> {
    let row = T::find().filter(T::COLUMNS.token_hash.eq(token.to_vec())).one(on.connection()).await?;
    Ok(row.map(T::Link::try_from).transpose()?)
}

fn read_all<T: LinkTable>(rows: Vec<T::Model>) -> Result<Vec<T::Link>, DatabaseError> {
    Ok(rows.into_iter().map(T::Link::try_from).collect::<Result<_, _>>()?)
}

/// The links of one organisation in one of the tables.
#[derive(Clone, Copy, Debug)]
pub struct StoredLinks<T> {
    pub(super) organisation: OrganisationId,
    table: PhantomData<T>,
}

impl<T: LinkTable> StoredLinks<T> {
    /// The links of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self { organisation, table: PhantomData }
    }

    pub(super) fn find(self) -> Select<T> {
        T::find().filter(T::COLUMNS.organisation.eq(self.organisation.0))
    }

    pub(super) fn update(self) -> UpdateMany<T> {
        T::update_many().filter(T::COLUMNS.organisation.eq(self.organisation.0))
    }

    pub(super) fn update_one(self, id: T::Id) -> UpdateMany<T> {
        let id: Uuid = id.into();
        self.update().filter(T::COLUMNS.id.eq(id))
    }

    fn find_one(self, id: T::Id) -> Select<T> {
        let id: Uuid = id.into();
        self.find().filter(T::COLUMNS.id.eq(id))
    }

    pub async fn get(self, on: &impl Queries, id: T::Id) -> Result<Option<T::Link>, DatabaseError> {
        let row = self.find_one(id).one(on.connection()).await?;
        Ok(row.map(T::Link::try_from).transpose()?)
    }

    /// The same, locked until the transaction ends.
    pub async fn lock(self, tx: &Tx, id: T::Id) -> Result<Option<T::Link>, DatabaseError> {
        let row = self.find_one(id).lock(LockType::Update).one(tx.connection()).await?;
        Ok(row.map(T::Link::try_from).transpose()?)
    }

    /// Whether the organisation has this many open links or more. It reads at most that many.
    pub async fn has_open_at_least(
        self,
        on: &impl Queries,
        count: u64,
        now: Timestamp,
    ) -> Result<bool, DatabaseError> {
        let last = self.find().filter(open_condition::<T>(now)).select_only().column(T::COLUMNS.id);
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
            .filter(T::COLUMNS.connector.eq(connector.0))
            .filter(open_condition::<T>(now))
            .select_only()
            .column(T::COLUMNS.id)
            .limit(at_most)
            .into_tuple()
            .all(on.connection())
            .await?;
        Ok(ids.len() as u64)
    }

    /// Links that fulfil a condition after a position, newest first.
    pub(super) async fn list_those(
        self,
        on: &impl Queries,
        which: Condition,
        after: Option<Position<T::Id>>,
        limit: u64,
    ) -> Result<Vec<T::Link>, DatabaseError> {
        let LinkColumns { id, created_at, .. } = T::COLUMNS;
        let rows = self
            .find()
            .filter(which)
            .apply_if(after, |all, after| all.filter(after.rows_after(created_at, id)))
            .order_by_desc(created_at)
            .order_by_desc(id)
            .limit(limit)
            .all(on.connection())
            .await?;
        read_all::<T>(rows)
    }

    /// Ends a link, if nothing has ended it yet.
    ///
    /// # Returns
    /// Whether this call has ended it.
    pub async fn end(self, tx: &Tx, id: T::Id, why: LinkEnd, now: Timestamp) -> Result<bool, DatabaseError> {
        let one = self.update_one(id).filter(not_ended::<T>());
        Ok(end_those(tx, one, why, now).await? == 1)
    }

    /// The open links that a maker has made, locked until the transaction ends.
    pub async fn lock_open_of(
        self,
        tx: &Tx,
        maker: T::Maker,
        now: Timestamp,
    ) -> Result<Vec<T::Link>, DatabaseError> {
        let rows = self
            .find()
            .filter(T::has_made(maker))
            .filter(open_condition::<T>(now))
            .order_by_asc(T::COLUMNS.created_at)
            .order_by_asc(T::COLUMNS.id)
            .lock(LockType::Update)
            .all(tx.connection())
            .await?;
        read_all::<T>(rows)
    }

    /// Ends all open links that a maker has made.
    ///
    /// # Returns
    /// Number of ended links.
    pub async fn end_open_of(
        self,
        tx: &Tx,
        maker: T::Maker,
        why: LinkEnd,
        now: Timestamp,
    ) -> Result<u64, DatabaseError> {
        self.end_open(tx, T::has_made(maker), why, now).await
    }

    /// Ends all open links of the organisation.
    ///
    /// # Returns
    /// Number of ended links.
    pub async fn end_all(self, tx: &Tx, why: LinkEnd, now: Timestamp) -> Result<u64, DatabaseError> {
        self.end_open(tx, Condition::all(), why, now).await
    }

    /// Ends all open links that fulfil a condition.
    ///
    /// # Returns
    /// Number of ended links.
    pub(super) async fn end_open(
        self,
        tx: &Tx,
        which: impl IntoCondition,
        why: LinkEnd,
        now: Timestamp,
    ) -> Result<u64, DatabaseError> {
        end_those(tx, self.update().filter(which).filter(open_condition::<T>(now)), why, now).await
    }

    /// At most `limit` links whose time was over at `since` and that nothing else has ended, without those that are held
    /// back ([`LinkTable::held_back`]).
    pub async fn find_expired(
        self,
        on: &impl Queries,
        since: Timestamp,
        limit: u64,
    ) -> Result<Vec<T::Link>, DatabaseError> {
        let rows = self
            .find()
            .filter(not_ended::<T>())
            .filter(T::COLUMNS.expires_at.lte(since.micros()))
            .apply_if(T::held_back(self.organisation), |all, held_back| {
                all.filter(T::COLUMNS.id.not_in_subquery(held_back))
            })
            .order_by_asc(T::COLUMNS.created_at)
            .limit(limit)
            .all(on.connection())
            .await?;
        read_all::<T>(rows)
    }

    /// Erases links that ended at `since` or before. A link that expired and served its purpose later ended then.
    pub async fn erase_ended(self, tx: &Tx, since: Timestamp) -> Result<(), DatabaseError> {
        let LinkColumns { organisation, served_at, revoked_at, .. } = T::COLUMNS;
        let revoked = Condition::all().add(revoked_at.lte(since.micros())).add(served_at.is_null());
        T::delete_many()
            .filter(organisation.eq(self.organisation.0))
            .filter(Condition::any().add(served_at.lte(since.micros())).add(revoked))
            .exec(tx.connection())
            .await?;
        Ok(())
    }
}

/// Ends these links.
///
/// # Returns
/// Number of ended links.
async fn end_those<T: LinkTable>(
    tx: &Tx,
    links: UpdateMany<T>,
    why: LinkEnd,
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    let ended = links
        .col_expr(T::COLUMNS.revoked_at, Expr::value(now.micros()))
        .col_expr(T::COLUMNS.revoked_why, Expr::value(<&'static str>::from(why)))
        .exec(tx.connection())
        .await?;
    Ok(ended.rows_affected)
}
