//! The table `api_calls`. Its column `left_out` counts calls without a record of their own: in a row without a client,
//! those that found no place, and in another one, those that were refused as that call was.

use sea_orm::{
    ActiveValue::Set, Condition, QueryOrder, QuerySelect, QueryTrait, entity::prelude::*,
    sea_query::OnConflict,
};
use time::Duration;

use super::{
    LeftOut, WaitingCall,
    model::{CallEntry, CallFilter, CallOutcome, CallPosition, FAILED, RecordedCall},
};
use crate::{
    accounts::service::AccountId,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::{ApiClientId, OrganisationId},
    },
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_calls")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub at: i64,
        pub client_id: Option<Uuid>,
        pub account_id: Option<Uuid>,
        pub method: String,
        pub route: String,
        pub status: i64,
        pub duration: i64,
        pub request_id: Option<String>,
        pub error_code: Option<String>,
        pub provider_request_id: Option<String>,
        pub left_out: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn row_of_call(waiting: &WaitingCall) -> row::ActiveModel {
    let WaitingCall { position, call, more } = waiting;
    row::ActiveModel {
        id: Set(position.id),
        organisation_id: Set(call.organisation.0),
        at: Set(position.at.micros()),
        client_id: Set(Some(call.client.0)),
        account_id: Set(call.account.map(|account| account.0)),
        method: Set(call.method.to_string()),
        route: Set(call.route.to_owned()),
        status: Set(i64::from(call.status)),
        duration: Set(i64::try_from(call.duration.whole_microseconds()).unwrap_or(i64::MAX)),
        request_id: Set(call.request_id.map(|id| id.to_string())),
        error_code: Set(call.error_code.map(str::to_owned)),
        provider_request_id: Set(call.provider_request_id.clone()),
        left_out: Set(i64::try_from(*more).unwrap_or(i64::MAX)),
    }
}

fn row_of_left_out(left_out: &LeftOut) -> row::ActiveModel {
    let LeftOut { position, organisation, number } = *left_out;
    row::ActiveModel {
        id: Set(position.id),
        organisation_id: Set(organisation.0),
        at: Set(position.at.micros()),
        client_id: Set(None),
        account_id: Set(None),
        method: Set(String::new()),
        route: Set(String::new()),
        status: Set(0),
        duration: Set(0),
        request_id: Set(None),
        error_code: Set(None),
        provider_request_id: Set(None),
        left_out: Set(i64::try_from(number).unwrap_or(i64::MAX)),
    }
}

/// Adds records of calls, and of the number of calls that were left out. A record that is there already stays: the
/// database's answer to an earlier try may have been lost.
pub async fn add(tx: &Tx, calls: &[WaitingCall], left_out: &[LeftOut]) -> Result<(), DatabaseError> {
    let rows = calls.iter().map(row_of_call).chain(left_out.iter().map(row_of_left_out));
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let same = OnConflict::column(row::Column::Id).do_nothing().to_owned();
    match row::Entity::insert_many(rows).on_conflict(same).exec_without_returning(tx.connection()).await {
        Ok(_) | Err(DbErr::RecordNotInserted) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The records of the calls of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct OrganisationCalls(OrganisationId);

impl OrganisationCalls {
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    /// The records, or those of one client.
    fn of_client(self, client: Option<ApiClientId>) -> Condition {
        let all = Condition::all().add(row::Column::OrganisationId.eq(self.0.0));
        all.add_option(client.map(|client| row::Column::ClientId.eq(client.0)))
    }

    fn rows(self, client: Option<ApiClientId>) -> Select<row::Entity> {
        row::Entity::find()
            .filter(self.of_client(client))
            .order_by_desc(row::Column::At)
            .order_by_desc(row::Column::Id)
    }

    /// The newest `limit` entries that pass the filter and are older than `before`.
    pub async fn list(
        self,
        on: &impl Queries,
        filter: CallFilter,
        before: Option<CallPosition>,
        limit: u64,
    ) -> Result<Vec<CallEntry>, DatabaseError> {
        let CallFilter { client, account, outcome, from } = filter;
        let mut query = self.rows(client).limit(limit);
        if let Some(account) = account {
            query = query.filter(row::Column::AccountId.eq(account.0));
        }
        query = match outcome {
            None => query,
            Some(CallOutcome::Failed) => query.filter(row::Column::Status.gte(i64::from(FAILED))),
            Some(CallOutcome::Succeeded) => {
                query.filter(row::Column::Status.lt(i64::from(FAILED))).filter(row::Column::Status.gt(0))
            }
        };
        if let Some(from) = from {
            query = query.filter(row::Column::At.gte(from.micros()));
        }
        if let Some(before) = before {
            query = query.filter(before.rows_after(row::Column::At, row::Column::Id));
        }
        let rows = query.all(on.connection()).await?;
        Ok(rows.into_iter().map(CallEntry::from).collect())
    }

    /// The time of the newest record, of one client or of all, beyond the newest `kept`; `None` if there are not more.
    pub async fn time_beyond(
        self,
        on: &impl Queries,
        client: Option<ApiClientId>,
        kept: u64,
    ) -> Result<Option<Timestamp>, DatabaseError> {
        let beyond = self
            .rows(client)
            .select_only()
            .column(row::Column::At)
            .offset(kept)
            .limit(1)
            .into_tuple::<i64>()
            .one(on.connection())
            .await?;
        Ok(beyond.map(Timestamp::from_micros))
    }

    /// Erases at most `limit` records of `since` and before, of one client or of all, the oldest first, and returns how
    /// many.
    pub async fn erase(
        self,
        tx: &Tx,
        client: Option<ApiClientId>,
        since: Timestamp,
        limit: u64,
    ) -> Result<u64, DatabaseError> {
        let oldest = row::Entity::find()
            .select_only()
            .column(row::Column::Id)
            .filter(self.of_client(client))
            .filter(row::Column::At.lte(since.micros()))
            .order_by_asc(row::Column::At)
            .limit(limit)
            .into_query();
        let erased = row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.in_subquery(oldest))
            .exec(tx.connection())
            .await?;
        Ok(erased.rows_affected)
    }
}

impl From<row::Model> for CallEntry {
    fn from(row: row::Model) -> Self {
        let position = CallPosition { at: Timestamp::from_micros(row.at), id: row.id };
        let Some(client) = row.client_id else {
            return Self::LeftOut { position, number: u64::try_from(row.left_out).unwrap_or(0) };
        };
        Self::Call(RecordedCall {
            position,
            client: ApiClientId(client),
            account: row.account_id.map(AccountId),
            method: row.method,
            route: row.route,
            status: u16::try_from(row.status).unwrap_or(0),
            duration: Duration::microseconds(row.duration),
            request_id: row.request_id,
            error_code: row.error_code,
            provider_request_id: row.provider_request_id,
            more: u64::try_from(row.left_out).unwrap_or(0),
        })
    }
}
