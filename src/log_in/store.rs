//! Queries of the table `sessions`. The tables `device_cookies` and `throttles` have files of their own.

pub(crate) mod devices;
pub(crate) mod throttles;

use sea_orm::{
    ActiveValue::Set,
    Condition, FromQueryResult, QueryOrder, QueryResult, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, LockType},
};

use super::session::{ABSOLUTE, IDLE};
use crate::{
    people::service::{UserSnapshot, with_user_snapshot},
    platform::{
        clock::{SKEW, Timestamp},
        database::{DatabaseError, Queries, Tx, Unscoped},
        id::{OrganisationId, UserId},
        net::own_network,
        randomness::Hash,
    },
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: Vec<u8>,
        pub organisation_id: Option<Uuid>,
        pub user_id: Option<Uuid>,
        pub created_at: i64,
        pub last_seen_at: i64,
        pub expires_at: i64,
        pub address: Option<String>,
        pub user_agent: Option<String>,
        pub data: String,
        pub reauthenticated_at: Option<i64>,
        pub half_way_of: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A session, and the snapshot of its user.
struct SessionWithUser {
    session: row::Model,
    snapshot: Option<UserSnapshot>,
}

impl FromQueryResult for SessionWithUser {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let session = row::Model::from_query_result(row, prefix)?;
        Ok(Self { session, snapshot: UserSnapshot::of_row(row)? })
    }
}

#[derive(Clone, Debug)]
pub struct StoredSession {
    /// SHA-256 of the cookie's value.
    pub hash: Hash,
    /// The logged-in user; `None` if there is none.
    pub user: Option<(OrganisationId, UserId)>,
    /// Time of the log-in.
    pub created_at: Timestamp,
    /// Time of the last use, to the minute.
    pub last_seen_at: Timestamp,
    /// Time at which it ends, however much it is used.
    pub expires_at: Timestamp,
    /// Network address of the browser at the log-in.
    pub address: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// All other data, as JSON.
    pub data: String,
    /// When the user last gave their password.
    pub reauthenticated_at: Option<Timestamp>,
    /// The user whose password was right, if the code is still missing and no user is logged in yet.
    pub half_way_of: Option<UserId>,
}

impl StoredSession {
    /// Whether the session has not expired. A session from a clock that was ahead counts as expired.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.created_at.is_credible(now)
            && self.last_seen_at.is_credible(now)
            && self.expires_at.minus(ABSOLUTE).is_credible(now)
            && now < self.expires_at
            && now.since(self.last_seen_at) < IDLE
    }
}

/// The condition of [`StoredSession::is_live`] in SQL.
fn live(now: Timestamp) -> Condition {
    let credible = now.plus(SKEW);
    Condition::all()
        .add(row::Column::CreatedAt.lte(credible.micros()))
        .add(row::Column::LastSeenAt.lte(credible.micros()))
        .add(row::Column::ExpiresAt.lte(credible.plus(ABSOLUTE).micros()))
        .add(row::Column::ExpiresAt.gt(now.micros()))
        .add(row::Column::LastSeenAt.gt(now.minus(IDLE).micros()))
}

impl TryFrom<row::Model> for StoredSession {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        Ok(Self {
            hash: Hash::from_stored(&row.hash)
                .ok_or_else(|| DbErr::Type("cannot read the hash of a session".to_owned()))?,
            user: row
                .organisation_id
                .zip(row.user_id)
                .map(|(organisation, user)| (OrganisationId(organisation), UserId(user))),
            created_at: Timestamp::from_micros(row.created_at),
            last_seen_at: Timestamp::from_micros(row.last_seen_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            address: row.address,
            user_agent: row.user_agent,
            data: row.data,
            reauthenticated_at: row.reauthenticated_at.map(Timestamp::from_micros),
            half_way_of: row.half_way_of.map(UserId),
        })
    }
}

/// Adds a session. A conflict means that the id exists already.
pub async fn add_session(tx: &Tx, session: &StoredSession) -> Result<(), DatabaseError> {
    let row = row::ActiveModel {
        hash: Set(session.hash.to_vec()),
        organisation_id: Set(session.user.map(|(organisation, _)| organisation.0)),
        user_id: Set(session.user.map(|(_, user)| user.0)),
        created_at: Set(session.created_at.micros()),
        last_seen_at: Set(session.last_seen_at.micros()),
        expires_at: Set(session.expires_at.micros()),
        address: Set(session.address.clone()),
        user_agent: Set(session.user_agent.clone()),
        data: Set(session.data.clone()),
        reauthenticated_at: Set(session.reauthenticated_at.map(Timestamp::micros)),
        half_way_of: Set(session.half_way_of.map(|user| user.0)),
    };
    row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Saves the data of a session. A session that was ended in the meantime stays ended.
pub async fn update_data(tx: &Tx, hash: Hash, data: String) -> Result<(), DatabaseError> {
    row::Entity::update_many()
        .filter(row::Column::Hash.eq(hash.to_vec()))
        .col_expr(row::Column::Data, Expr::value(data))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Writes that a session was used.
pub async fn record_use(tx: &Tx, hash: Hash, now: Timestamp) -> Result<(), DatabaseError> {
    row::Entity::update_many()
        .filter(row::Column::Hash.eq(hash.to_vec()))
        .col_expr(row::Column::LastSeenAt, Expr::value(now.micros()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Whether there is a session with this hash.
pub async fn is_there(on: &impl Queries, hash: Hash) -> Result<bool, DatabaseError> {
    Ok(row::Entity::find_by_id(hash.to_vec()).one(on.connection()).await?.is_some())
}

/// Deletes a session.
pub async fn end_session(tx: &Tx, hash: Hash) -> Result<(), DatabaseError> {
    row::Entity::delete_by_id(hash.to_vec()).exec(tx.connection()).await?;
    Ok(())
}

/// A session of a user, locked; `None` if it has ended. On PostgreSQL, rows that refer to a session are locked after it,
/// as when the session is deleted. Another order could be a deadlock.
pub async fn find_of(
    tx: &Tx,
    organisation: OrganisationId,
    user: UserId,
    hash: Hash,
) -> Result<Option<StoredSession>, DatabaseError> {
    let row = row::Entity::find_by_id(hash.to_vec())
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::UserId.eq(user.0))
        .lock(LockType::Update)
        .one(tx.connection())
        .await?;
    Ok(row.map(StoredSession::try_from).transpose()?)
}

/// Deletes a session of a user.
///
/// # Returns
/// The session as it was; `None` if it had ended. Only one of several concurrent calls gets it.
pub async fn take_session(
    tx: &Tx,
    organisation: OrganisationId,
    user: UserId,
    hash: Hash,
) -> Result<Option<StoredSession>, DatabaseError> {
    let Some(session) = find_of(tx, organisation, user, hash).await? else { return Ok(None) };
    Ok(end_one_of(tx, organisation, user, hash).await?.then_some(session))
}

/// Deletes all sessions of a user, and all that wait for the user's code.
pub async fn end_all_of(tx: &Tx, organisation: OrganisationId, user: UserId) -> Result<(), DatabaseError> {
    let logged_in = Condition::all()
        .add(row::Column::OrganisationId.eq(organisation.0))
        .add(row::Column::UserId.eq(user.0));
    row::Entity::delete_many()
        .filter(Condition::any().add(logged_in).add(row::Column::HalfWayOf.eq(user.0)))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Deletes sessions of a user, so that one more makes at most `max`: first the expired ones, then the least
/// recently used. The caller holds the user's lock.
pub async fn make_room(
    tx: &Tx,
    organisation: OrganisationId,
    user: UserId,
    now: Timestamp,
    max: usize,
) -> Result<(), DatabaseError> {
    let sessions = row::Entity::find()
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::UserId.eq(user.0))
        .order_by_desc(row::Column::LastSeenAt)
        .order_by_desc(row::Column::CreatedAt)
        .all(tx.connection())
        .await?;
    let sessions = sessions.into_iter().map(StoredSession::try_from).collect::<Result<Vec<_>, _>>()?;
    let (live, ended): (Vec<_>, Vec<_>) = sessions.into_iter().partition(|session| session.is_live(now));
    let superfluous = live.iter().skip(max.saturating_sub(1)).chain(&ended);
    for session in superfluous {
        end_session(tx, session.hash).await?;
    }
    Ok(())
}

/// Deletes log-ins of a user that wait for a code, so that one more makes at most `max`. The oldest from the
/// same network go first (of IPv6 the /64), so that an attacker who has the password ends their own log-ins,
/// not the owner's. The caller holds the user's lock.
pub async fn make_room_half_way(
    tx: &Tx,
    user: UserId,
    address: Option<&str>,
    max: usize,
) -> Result<(), DatabaseError> {
    let mut waiting = row::Entity::find()
        .filter(row::Column::HalfWayOf.eq(user.0))
        .order_by_asc(row::Column::CreatedAt)
        .all(tx.connection())
        .await?;
    let superfluous = (waiting.len() + 1).saturating_sub(max);
    // The sort is stable: the oldest stays first in each half.
    let network = |address: Option<&str>| address.and_then(|text| text.parse().ok()).map(own_network);
    let asking = network(address);
    waiting.sort_by_key(|session| network(session.address.as_deref()) != asking);
    for session in waiting.into_iter().take(superfluous) {
        row::Entity::delete_by_id(session.hash).exec(tx.connection()).await?;
    }
    Ok(())
}

/// Deletes all sessions of an organisation.
///
/// # Returns
/// Number of deleted sessions that had not expired.
pub async fn end_all_within(
    tx: &Tx,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    let theirs = row::Column::OrganisationId.eq(organisation.0);
    let live = row::Entity::find().filter(theirs.clone()).filter(live(now)).count(tx.connection()).await?;
    row::Entity::delete_many().filter(theirs).exec(tx.connection()).await?;
    Ok(live)
}

/// Deletes all sessions in which no user is logged in.
pub async fn end_half_way_sessions(tx: &Tx) -> Result<(), DatabaseError> {
    row::Entity::delete_many().filter(row::Column::UserId.is_null()).exec(tx.connection()).await?;
    Ok(())
}

/// The live sessions of a user, most recently used first, at most `limit`.
pub async fn live_of(
    on: &impl Queries,
    organisation: OrganisationId,
    user: UserId,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<StoredSession>, DatabaseError> {
    let rows = row::Entity::find()
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::UserId.eq(user.0))
        .filter(live(now))
        .order_by_desc(row::Column::LastSeenAt)
        .order_by_asc(row::Column::CreatedAt)
        .limit(limit)
        .all(on.connection())
        .await?;
    Ok(rows.into_iter().map(StoredSession::try_from).collect::<Result<_, _>>()?)
}

/// Deletes one session of a user.
///
/// # Returns
/// Whether it existed.
pub async fn end_one_of(
    tx: &Tx,
    organisation: OrganisationId,
    user: UserId,
    hash: Hash,
) -> Result<bool, DatabaseError> {
    let ended = row::Entity::delete_many()
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::UserId.eq(user.0))
        .filter(row::Column::Hash.eq(hash.to_vec()))
        .exec(tx.connection())
        .await?;
    Ok(ended.rows_affected == 1)
}

pub async fn erase_expired_sessions(tx: &Tx, now: Timestamp) -> Result<(), DatabaseError> {
    row::Entity::delete_many().filter(live(now).not()).exec(tx.connection()).await?;
    Ok(())
}

impl Unscoped {
    /// The session with this hash, of any organisation, and its logged-in user.
    pub(super) async fn session_by_hash(
        self,
        on: &impl Queries,
        hash: Hash,
    ) -> Result<Option<(StoredSession, Option<UserSnapshot>)>, DatabaseError> {
        let sessions = row::Entity::find_by_id(hash.to_vec());
        let found = with_user_snapshot(sessions, (row::Column::OrganisationId, row::Column::UserId))
            .into_model::<SessionWithUser>()
            .one(on.connection())
            .await?;
        let found = found
            .map(|SessionWithUser { session, snapshot }| Ok::<_, DbErr>((session.try_into()?, snapshot)));
        Ok(found.transpose()?)
    }
}
