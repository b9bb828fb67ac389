//! The queries of the table `attempts`. `of_links` has those of attempts that a connect link started, `erasing` those
//! that erase, and `events` the table `attempt_events`.

mod erasing;
mod events;
mod of_links;

use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, QueryTrait, entity::prelude::*, sea_query::Expr};

use super::model::{EXCHANGE_TIME_LIMIT, Outcome, Purpose, VALID};
use crate::{
    accounts::service::{AccountId, links::LinkId},
    connectors::service::ConnectorId,
    identifier,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx, Unscoped},
        id::{OrganisationId, UserId},
        randomness::Hash,
    },
};

pub use events::Event;

identifier! {
    /// An attempt's id; it is part of the address of its outcome.
    AttemptId
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "attempts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub connector_id: Uuid,
        pub connector_version: i64,
        pub user_id: Option<Uuid>,
        pub user_version: i64,
        pub purpose: String,
        pub provider: String,
        pub pinned: String,
        pub client_id: String,
        pub redirect_uri: String,
        pub scopes: String,
        pub nonce_hash: Vec<u8>,
        pub state_hash: Option<Vec<u8>>,
        pub pkce_verifier: Option<Vec<u8>>,
        pub binding_hash: Option<Vec<u8>>,
        pub created_at: i64,
        pub expires_at: i64,
        pub consumed_at: Option<i64>,
        pub outcome: Option<String>,
        pub provider_words: Option<Vec<u8>>,
        pub connect_link_id: Option<Uuid>,
        pub account_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An attempt to sign in at the provider. It stores all values with which it was started, so later changes of the
/// configuration or the connector do not change it.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub id: AttemptId,
    pub purpose: Purpose,
    /// The organisation of the connector.
    pub organisation: OrganisationId,
    pub connector: ConnectorId,
    /// The connector's application version at the start.
    pub connector_version: i64,
    /// The user who started it. `None` if no user of ours did.
    pub user: Option<UserId>,
    /// `users.version` at the start. If the user's sessions were ended since then, the sign-in does not continue.
    pub user_version: i64,
    /// The connect link that started it. `None` if a user did.
    pub link: Option<LinkId>,
    /// The account that is to sign in again.
    pub account: Option<AccountId>,
    /// The name of the provider.
    pub provider: String,
    /// The provider's own values that the sign-in is pinned to, as JSON (`Pinned::to_json`).
    pub pinned: String,
    /// The client ID of the application.
    pub client_id: String,
    pub redirect_uri: String,
    /// The requested permissions.
    pub scopes: Vec<String>,
    /// The hash of the nonce that the ID token must repeat.
    pub nonce: Hash,
    /// When it was started.
    pub created_at: Timestamp,
    /// The time after which it can no longer be consumed.
    pub expires_at: Timestamp,
    /// When it was consumed.
    pub consumed_at: Option<Timestamp>,
    /// The outcome. It lacks the free text until `sealed::open_words` adds it.
    pub outcome: Option<Outcome>,
    /// The free text of the outcome, sealed.
    pub provider_words: Option<Vec<u8>>,
}

/// The progress of an attempt. Any process can read it from the row alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The browser has not come back, and still may.
    Open,
    /// The browser did not come back in time.
    Abandoned,
    /// The browser came back, and the exchange is running.
    Checking,
    /// The browser came back, and then the program was stopped.
    Interrupted,
    Ended(Outcome),
}

impl Attempt {
    /// Whether the attempt is in time. An attempt with an impossible start, written by a wrong clock, is not.
    pub fn is_in_time(&self, now: Timestamp) -> bool {
        self.created_at.is_credible(now)
            && self.expires_at.minus(VALID).is_credible(now)
            && now < self.expires_at
    }

    /// The progress at `now`.
    pub fn progress(&self, now: Timestamp) -> Progress {
        match (&self.outcome, self.consumed_at) {
            (Some(outcome), _) => Progress::Ended(outcome.clone()),
            // A time in the future was written by a wrong clock. The process that wrote it has stopped since.
            (None, Some(at)) if !at.is_credible(now) || now.since(at) > EXCHANGE_TIME_LIMIT => {
                Progress::Interrupted
            }
            (None, Some(_)) => Progress::Checking,
            (None, None) if !self.is_in_time(now) => Progress::Abandoned,
            (None, None) => Progress::Open,
        }
    }
}

/// The values of an attempt that the sweep erases early.
#[derive(Clone, Debug)]
pub struct Ephemeral {
    pub state: Hash,
    /// Hash of the browser's binding cookie.
    pub binding: Hash,
    /// The PKCE verifier, sealed.
    pub verifier: Vec<u8>,
}

/// An attempt with the values that a callback needs.
#[derive(Clone, Debug)]
pub struct Found {
    pub attempt: Attempt,
    /// Hash of the binding cookie of the browser that started it.
    pub binding: Vec<u8>,
    /// The PKCE verifier, sealed; erased when the attempt is consumed.
    pub verifier: Option<Vec<u8>>,
}

impl TryFrom<row::Model> for Attempt {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        let wrong = |column: &str| DbErr::Type(format!("attempt {}: {column}", row.id));
        let outcome = row.outcome.as_deref().map(serde_json::from_str).transpose();
        Ok(Self {
            id: AttemptId(row.id),
            purpose: Purpose::from_name(&row.purpose).ok_or_else(|| wrong("purpose"))?,
            organisation: OrganisationId(row.organisation_id),
            connector: ConnectorId(row.connector_id),
            connector_version: row.connector_version,
            user: row.user_id.map(UserId),
            user_version: row.user_version,
            link: row.connect_link_id.map(LinkId),
            account: row.account_id.map(AccountId),
            nonce: Hash::from_stored(&row.nonce_hash).ok_or_else(|| wrong("nonce_hash"))?,
            outcome: outcome.map_err(|error| wrong(&format!("outcome: {error}")))?,
            provider: row.provider,
            pinned: row.pinned,
            client_id: row.client_id,
            redirect_uri: row.redirect_uri,
            scopes: row.scopes.split(' ').map(str::to_owned).collect(),
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            consumed_at: row.consumed_at.map(Timestamp::from_micros),
            provider_words: row.provider_words,
        })
    }
}

impl Unscoped {
    /// The attempt with this state, of any organisation.
    pub(super) async fn attempt_by_state(
        self,
        on: &impl Queries,
        state: Hash,
    ) -> Result<Option<Found>, DatabaseError> {
        let row = row::Entity::find()
            .filter(row::Column::StateHash.eq(state.to_vec()))
            .one(on.connection())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (binding, verifier) = (row.binding_hash.clone(), row.pkce_verifier.clone());
        Ok(Some(Found { attempt: row.try_into()?, binding: binding.unwrap_or_default(), verifier }))
    }
}

/// The attempts of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct Attempts(OrganisationId);

impl Attempts {
    /// The attempts of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    fn find(self) -> Select<row::Entity> {
        row::Entity::find().filter(row::Column::OrganisationId.eq(self.0.0))
    }

    fn update(self, id: AttemptId) -> sea_orm::UpdateMany<row::Entity> {
        row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.eq(id.0))
    }

    pub async fn add(self, tx: &Tx, attempt: &Attempt, ephemeral: Ephemeral) -> Result<(), DatabaseError> {
        let row = row::ActiveModel {
            id: Set(attempt.id.0),
            organisation_id: Set(self.0.0),
            connector_id: Set(attempt.connector.0),
            connector_version: Set(attempt.connector_version),
            user_id: Set(attempt.user.map(|user| user.0)),
            user_version: Set(attempt.user_version),
            purpose: Set(attempt.purpose.name().to_owned()),
            provider: Set(attempt.provider.clone()),
            pinned: Set(attempt.pinned.clone()),
            client_id: Set(attempt.client_id.clone()),
            redirect_uri: Set(attempt.redirect_uri.clone()),
            scopes: Set(attempt.scopes.join(" ")),
            nonce_hash: Set(attempt.nonce.to_vec()),
            state_hash: Set(Some(ephemeral.state.to_vec())),
            pkce_verifier: Set(Some(ephemeral.verifier)),
            binding_hash: Set(Some(ephemeral.binding.to_vec())),
            created_at: Set(attempt.created_at.micros()),
            expires_at: Set(attempt.expires_at.micros()),
            consumed_at: Set(None),
            outcome: Set(None),
            provider_words: Set(None),
            connect_link_id: Set(attempt.link.map(|link| link.0)),
            account_id: Set(attempt.account.map(|account| account.0)),
        };
        row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// An attempt by its id, if this user started it.
    pub async fn of_user(
        self,
        on: &impl Queries,
        id: AttemptId,
        user: UserId,
    ) -> Result<Option<Attempt>, DatabaseError> {
        let row = self
            .find()
            .filter(row::Column::Id.eq(id.0))
            .filter(row::Column::UserId.eq(user.0))
            .one(on.connection())
            .await?;
        Ok(row.map(Attempt::try_from).transpose()?)
    }

    /// The latest attempts that verified a connector.
    pub async fn of_connector(
        self,
        on: &impl Queries,
        connector: ConnectorId,
        limit: u64,
    ) -> Result<Vec<Attempt>, DatabaseError> {
        let rows = self
            .find()
            .filter(row::Column::ConnectorId.eq(connector.0))
            .filter(row::Column::Purpose.eq(Purpose::Verify.name()))
            .order_by_desc(row::Column::CreatedAt)
            .limit(limit)
            .all(on.connection())
            .await?;
        Ok(rows.into_iter().map(Attempt::try_from).collect::<Result<_, _>>()?)
    }

    /// The attempts that can still be consumed, oldest first; only those of `user` if one is given.
    pub async fn open(
        self,
        on: &impl Queries,
        user: Option<UserId>,
        now: Timestamp,
    ) -> Result<Vec<AttemptId>, DatabaseError> {
        let rows = self
            .find()
            .apply_if(user, |all, user| all.filter(row::Column::UserId.eq(user.0)))
            .filter(row::Column::ConsumedAt.is_null())
            .filter(erasing::in_time_condition(now))
            .order_by_asc(row::Column::CreatedAt)
            .all(on.connection())
            .await?;
        Ok(rows.into_iter().map(|row| AttemptId(row.id)).collect())
    }

    /// Consumes an attempt by compare and swap, so that only one of several concurrent callbacks continues. The same
    /// write erases the verifier.
    ///
    /// # Returns
    /// Whether this call has consumed it.
    pub async fn consume(self, tx: &Tx, id: AttemptId, now: Timestamp) -> Result<bool, DatabaseError> {
        let consumed = self
            .update(id)
            .filter(row::Column::ConsumedAt.is_null())
            .col_expr(row::Column::ConsumedAt, Expr::value(now.micros()))
            .col_expr(row::Column::PkceVerifier, Expr::value(None::<Vec<u8>>))
            .exec(tx.connection())
            .await?;
        Ok(consumed.rows_affected == 1)
    }

    /// Whether the outcome of an attempt was written, or the attempt is gone.
    pub async fn has_ended(self, tx: &Tx, id: AttemptId) -> Result<bool, DatabaseError> {
        let open = self.find().filter(row::Column::Id.eq(id.0)).filter(row::Column::Outcome.is_null());
        Ok(open.one(tx.connection()).await?.is_none())
    }

    /// Writes the outcome of an attempt and its sealed free text, if the attempt has not ended yet.
    ///
    /// # Returns
    /// Whether it was still open.
    pub async fn end(
        self,
        tx: &Tx,
        id: AttemptId,
        outcome: &Outcome,
        provider_words: Option<Vec<u8>>,
    ) -> Result<bool, DatabaseError> {
        let outcome = serde_json::to_string(outcome)
            .map_err(|error| DbErr::Type(format!("attempt {id}: outcome: {error}")))?;
        let ended = self
            .update(id)
            .filter(row::Column::Outcome.is_null())
            .col_expr(row::Column::Outcome, Expr::value(outcome))
            .col_expr(row::Column::ProviderWords, Expr::value(provider_words))
            .exec(tx.connection())
            .await?;
        Ok(ended.rows_affected == 1)
    }
}
