//! The table `mail_jobs`: what applications know of the jobs that they have started. When a job runs is in the table
//! `jobs`.

use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect, Select, UpdateMany,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockType},
};

use super::erase_some;
use crate::{
    accounts::service::AccountId,
    mail::emptying::model::{MailJob, MailJobFailure, MailJobId, MailJobState, OpenJob},
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::{ApiClientId, OrganisationId},
    },
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "mail_jobs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub client_id: Option<Uuid>,
        pub account_id: Uuid,
        pub folder: String,
        pub state: String,
        pub deleted: i64,
        pub failed: i64,
        pub failure: Option<String>,
        pub outages: i64,
        pub gives_way: bool,
        pub created_at: i64,
        pub ended_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl TryFrom<row::Model> for MailJob {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        let wrong =
            |column: &str| DbErr::Type(format!("mail job {}: cannot read the column {column}", row.id));
        let failure = row.failure.as_deref().map(str::parse::<MailJobFailure>).transpose();
        Ok(Self {
            id: MailJobId(row.id),
            organisation: OrganisationId(row.organisation_id),
            client: row.client_id.map(ApiClientId),
            account: AccountId(row.account_id),
            state: row.state.parse().map_err(|_| wrong("state"))?,
            deleted: u64::try_from(row.deleted).map_err(|_| wrong("deleted"))?,
            failed: u64::try_from(row.failed).map_err(|_| wrong("failed"))?,
            failure: failure.map_err(|_| wrong("failure"))?,
            created_at: Timestamp::from_micros(row.created_at),
            ended_at: row.ended_at.map(Timestamp::from_micros),
            folder: row.folder,
        })
    }
}

/// A number of messages as the table has it.
fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The jobs of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct OrganisationJobs(OrganisationId);

impl OrganisationJobs {
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    fn find(self) -> Select<row::Entity> {
        row::Entity::find().filter(row::Column::OrganisationId.eq(self.0.0))
    }

    fn update_open(self, id: MailJobId) -> UpdateMany<row::Entity> {
        row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.eq(id.0))
            .filter(row::Column::EndedAt.is_null())
    }

    /// Adds a job. A unique index refuses a second open one for a folder.
    pub async fn add(self, tx: &Tx, job: &MailJob) -> Result<(), DatabaseError> {
        let row = row::ActiveModel {
            id: Set(job.id.0),
            organisation_id: Set(self.0.0),
            client_id: Set(job.client.map(|client| client.0)),
            account_id: Set(job.account.0),
            folder: Set(job.folder.clone()),
            state: Set(job.state.name().to_owned()),
            deleted: Set(stored(job.deleted)),
            failed: Set(stored(job.failed)),
            failure: Set(job.failure.map(|failure| failure.name().to_owned())),
            outages: Set(0),
            gives_way: Set(false),
            created_at: Set(job.created_at.micros()),
            ended_at: Set(job.ended_at.map(Timestamp::micros)),
        };
        row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    pub async fn get(self, on: &impl Queries, id: MailJobId) -> Result<Option<MailJob>, DatabaseError> {
        let row = self.find().filter(row::Column::Id.eq(id.0)).one(on.connection()).await?;
        Ok(row.map(MailJob::try_from).transpose()?)
    }

    /// The open job for a folder of an account.
    pub async fn find_open(
        self,
        on: &impl Queries,
        account: AccountId,
        folder: &str,
    ) -> Result<Option<MailJobId>, DatabaseError> {
        let row = self
            .find()
            .filter(row::Column::AccountId.eq(account.0))
            .filter(row::Column::Folder.eq(folder))
            .filter(row::Column::EndedAt.is_null())
            .one(on.connection())
            .await?;
        Ok(row.map(|row| MailJobId(row.id)))
    }

    /// The open jobs of an account that were started after `oldest`, the first one first. Of two transactions at the same
    /// moment, the second one sees what the first one has changed.
    pub async fn lock_open(
        self,
        tx: &Tx,
        account: AccountId,
        oldest: Timestamp,
    ) -> Result<Vec<OpenJob>, DatabaseError> {
        let open = self
            .find()
            .filter(row::Column::AccountId.eq(account.0))
            .filter(row::Column::EndedAt.is_null())
            .filter(row::Column::CreatedAt.gt(oldest.micros()))
            .order_by_asc(row::Column::CreatedAt)
            .order_by_asc(row::Column::Id);
        // One row is the lock for all of them.
        open.clone().lock(LockType::Update).one(tx.connection()).await?;
        let rows = open.all(tx.connection()).await?;
        let job = |row: row::Model| OpenJob {
            id: MailJobId(row.id),
            is_running: row.state == MailJobState::Running.name(),
            gives_way: row.gives_way,
        };
        Ok(rows.into_iter().map(job).collect())
    }

    /// Marks a job as running. What an earlier run could not delete is tried again.
    pub async fn begin(self, tx: &Tx, id: MailJobId) -> Result<(), DatabaseError> {
        self.update_open(id)
            .col_expr(row::Column::State, Expr::value(MailJobState::Running.name()))
            .col_expr(row::Column::Failed, Expr::value(0))
            .col_expr(row::Column::GivesWay, Expr::value(false))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Adds to the number of deleted messages, and sets that of the messages that could not be deleted. After a deletion
    /// outages are counted from none.
    pub async fn note(self, tx: &Tx, id: MailJobId, deleted: u64, failed: u64) -> Result<(), DatabaseError> {
        let mut noted = self
            .update_open(id)
            .col_expr(row::Column::Deleted, Expr::col(row::Column::Deleted).add(stored(deleted)))
            .col_expr(row::Column::Failed, Expr::value(stored(failed)));
        if deleted > 0 {
            noted = noted.col_expr(row::Column::Outages, Expr::value(0));
        }
        noted.exec(tx.connection()).await?;
        Ok(())
    }

    /// Counts an outage, and lets other jobs of the account run until the job begins again.
    ///
    /// # Returns
    /// Number of outages since a message was last deleted.
    pub async fn give_way(self, tx: &Tx, id: MailJobId) -> Result<u32, DatabaseError> {
        self.update_open(id)
            .col_expr(row::Column::GivesWay, Expr::value(true))
            .col_expr(row::Column::Outages, Expr::col(row::Column::Outages).add(1))
            .exec(tx.connection())
            .await?;
        let row = self.find().filter(row::Column::Id.eq(id.0)).one(tx.connection()).await?;
        Ok(row.map_or(0, |row| u32::try_from(row.outages).unwrap_or(u32::MAX)))
    }

    /// Ends a job, which has failed if there is a failure.
    pub async fn end(
        self,
        tx: &Tx,
        id: MailJobId,
        failure: Option<MailJobFailure>,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let state = if failure.is_some() { MailJobState::Failed } else { MailJobState::Done };
        self.update_open(id)
            .col_expr(row::Column::State, Expr::value(state.name()))
            .col_expr(row::Column::Failure, Expr::value(failure.map(|failure| failure.name().to_owned())))
            .col_expr(row::Column::EndedAt, Expr::value(now.micros()))
            .exec(tx.connection())
            .await?;
        Ok(())
    }
}

/// Erases at most `limit` jobs that have ended before this time.
///
/// # Returns
/// Number of erased rows.
pub async fn erase_ended(tx: &Tx, before: Timestamp, limit: u64) -> Result<u64, DatabaseError> {
    let old = row::Entity::find().filter(row::Column::EndedAt.lt(before.micros()));
    erase_some(tx, old, row::Column::Id, limit).await
}
