//! Messages that are due: from the look for them to their end. A process takes a message for a while. Each change has in
//! its condition that no other process has taken the message since then.

use sea_orm::{
    Condition, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType},
};

use super::{StoredSchedule, row};
use crate::{
    accounts::service::AccountId,
    mail::schedules::{ScheduleId, ScheduleState, WhyNotSent},
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::{ApiClientId, OrganisationId},
    },
};

/// A message that is due, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueSchedule {
    pub id: ScheduleId,
    pub organisation: OrganisationId,
    pub client: ApiClientId,
    pub account: AccountId,
}

/// Whose messages are not wanted.
#[derive(Clone, Debug, Default)]
pub struct Without {
    pub organisations: Vec<OrganisationId>,
    pub clients: Vec<ApiClientId>,
    pub accounts: Vec<AccountId>,
}

/// A message as a process has taken it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    id: ScheduleId,
    attempt: Uuid,
    tries: u32,
}

impl From<&StoredSchedule> for Taken {
    fn from(stored: &StoredSchedule) -> Self {
        Self { id: stored.id, attempt: stored.attempt, tries: stored.tries }
    }
}

impl Taken {
    /// The condition that the message has no end, and that no other process has taken it since then.
    fn is_still(self) -> Condition {
        Condition::all()
            .add(row::Column::Id.eq(self.id.0))
            .add(row::Column::AttemptId.eq(self.attempt))
            .add(row::Column::Tries.eq(i64::from(self.tries)))
            .add(row::Column::EndedAt.is_null())
    }
}

/// How a message ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    pub state: ScheduleState,
    pub why: Option<WhyNotSent>,
    pub message_id: Option<String>,
    pub internet_message_id: Option<String>,
}

/// The condition that a message is due. A time past `latest`, at a later try, was written by a clock that was ahead. A clock
/// that was ahead may also have tried a message whose own time is still to come: that one waits for it, unless the provider
/// was asked already.
fn is_due(now: Timestamp, latest: Timestamp) -> Condition {
    let is_too_late =
        Condition::all().add(row::Column::NextAt.gt(latest.micros())).add(row::Column::Tries.gt(0_i64));
    let has_come = Condition::any()
        .add(row::Column::DueAt.lte(now.micros()))
        .add(row::Column::State.eq(ScheduleState::Sending.name()));
    let is_next = Condition::any().add(row::Column::NextAt.lte(now.micros())).add(is_too_late);
    Condition::all().add(is_next).add(has_come)
}

/// At most `limit` messages that are due, the oldest first, of others than these.
pub async fn find_due(
    on: &impl Queries,
    now: Timestamp,
    latest: Timestamp,
    without: &Without,
    limit: u64,
) -> Result<Vec<DueSchedule>, DatabaseError> {
    let mut due = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .column(row::Column::OrganisationId)
        .column(row::Column::ClientId)
        .column(row::Column::AccountId)
        .filter(is_due(now, latest))
        .order_by_asc(row::Column::NextAt)
        .limit(limit);
    if !without.organisations.is_empty() {
        let organisations = without.organisations.iter().map(|organisation| organisation.0);
        due = due.filter(row::Column::OrganisationId.is_not_in(organisations));
    }
    if !without.clients.is_empty() {
        due = due.filter(row::Column::ClientId.is_not_in(without.clients.iter().map(|client| client.0)));
    }
    if !without.accounts.is_empty() {
        due = due.filter(row::Column::AccountId.is_not_in(without.accounts.iter().map(|account| account.0)));
    }
    let due: Vec<(Uuid, Uuid, Uuid, Uuid)> = due.into_tuple().all(on.connection()).await?;
    let named = due.into_iter().map(|(id, organisation, client, account)| DueSchedule {
        id: ScheduleId(id),
        organisation: OrganisationId(organisation),
        client: ApiClientId(client),
        account: AccountId(account),
    });
    Ok(named.collect())
}

/// Takes those of these messages that still are due, until this time: no other process takes them before.
pub async fn claim(
    tx: &Tx,
    ids: &[ScheduleId],
    now: Timestamp,
    latest: Timestamp,
    until: Timestamp,
) -> Result<Vec<StoredSchedule>, DatabaseError> {
    let rows = row::Entity::find()
        .filter(row::Column::Id.is_in(ids.iter().map(|id| id.0)))
        .filter(is_due(now, latest))
        .order_by_asc(row::Column::NextAt)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(tx.connection())
        .await?;
    row::Entity::update_many()
        .col_expr(row::Column::NextAt, Expr::value(until.micros()))
        .col_expr(row::Column::Tries, Expr::col(row::Column::Tries).add(1_i64))
        .filter(row::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(tx.connection())
        .await?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in rows {
        match StoredSchedule::try_from(row) {
            Ok(schedule) => {
                claimed.push(StoredSchedule { tries: schedule.tries.saturating_add(1), ..schedule });
            }
            // Another version of the program may have written it. It must not keep the others waiting.
            Err(error) => tracing::error!(%error, "a scheduled message cannot be read"),
        }
    }
    Ok(claimed)
}

/// Locks a message until the transaction ends.
///
/// # Returns
/// Whether it has no end, and no other process has taken it.
pub async fn lock_taken(tx: &Tx, taken: Taken) -> Result<bool, DatabaseError> {
    let locked: Option<Uuid> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(taken.is_still())
        .filter(row::Column::State.eq(ScheduleState::Sending.name()))
        .lock(LockType::Update)
        .into_tuple()
        .one(tx.connection())
        .await?;
    Ok(locked.is_some())
}

/// Marks a message as being sent: it cannot be cancelled any more.
///
/// # Returns
/// Whether it was still taken.
pub async fn begin(tx: &Tx, taken: Taken) -> Result<bool, DatabaseError> {
    let begun = row::Entity::update_many()
        .col_expr(row::Column::State, Expr::value(ScheduleState::Sending.name()))
        .filter(taken.is_still())
        .exec(tx.connection())
        .await?;
    Ok(begun.rows_affected == 1)
}

/// Lets a message be looked at again at this time, in the state that it has.
pub async fn go_on_later(tx: &Tx, taken: Taken, next_at: Timestamp) -> Result<(), DatabaseError> {
    row::Entity::update_many()
        .col_expr(row::Column::NextAt, Expr::value(next_at.micros()))
        .filter(taken.is_still())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Lets a message wait again until this time, because its try has sent nothing. The next try has the
/// same id, so that there are never two records of it.
pub async fn put_off(
    tx: &Tx,
    taken: Taken,
    why: WhyNotSent,
    next_at: Timestamp,
) -> Result<(), DatabaseError> {
    row::Entity::update_many()
        .col_expr(row::Column::State, Expr::value(ScheduleState::Waiting.name()))
        .col_expr(row::Column::Why, Expr::value(why.name()))
        .col_expr(row::Column::NextAt, Expr::value(next_at.micros()))
        .filter(taken.is_still())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Ends a message, and erases its content.
///
/// # Returns
/// Whether it was still taken.
pub async fn end(tx: &Tx, taken: Taken, ending: Ending, now: Timestamp) -> Result<bool, DatabaseError> {
    let Ending { state, why, message_id, internet_message_id } = ending;
    let ended = row::Entity::update_many()
        .col_expr(row::Column::State, Expr::value(state.name()))
        .col_expr(row::Column::Why, Expr::value(why.map(|why| why.name().to_owned())))
        .col_expr(row::Column::MessageId, Expr::value(message_id))
        .col_expr(row::Column::InternetMessageId, Expr::value(internet_message_id))
        .col_expr(row::Column::Request, Expr::value(None::<Vec<u8>>))
        .col_expr(row::Column::NextAt, Expr::value(None::<i64>))
        .col_expr(row::Column::EndedAt, Expr::value(now.micros()))
        .filter(taken.is_still())
        .exec(tx.connection())
        .await?;
    Ok(ended.rows_affected == 1)
}
