//! Queries of the table `kept_secrets`: client secrets of forms that were not saved, sealed, for the next try.

use sea_orm::{
    ActiveValue::Set,
    Condition, DeleteMany, QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Expr, LockBehavior, LockType},
};

use super::ConnectorId;
use crate::{
    identifier,
    platform::{
        clock::{SKEW, Timestamp},
        database::{DatabaseError, Queries, Tx},
        id::OrganisationId,
        randomness::Hash,
    },
};

identifier! {
    KeptSecretId
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "kept_secrets")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub session_hash: Vec<u8>,
        pub form: String,
        pub connector_id: Option<Uuid>,
        pub client_secret: Vec<u8>,
        pub version: i64,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A form that a user has open in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormKey {
    pub session: Hash,
    /// The page of the form, with the provider and the one-time id of the form, or the connector's id. A user may have
    /// opened it more than once; the id of the kept secret tells these forms apart.
    pub form: String,
    /// The connector; `None` if the form adds one.
    pub connector: Option<ConnectorId>,
}

/// A kept secret as stored.
#[derive(Clone, Debug)]
pub struct KeptRow {
    /// The id, which the form names. A secret that replaces another one has a new id.
    pub id: KeptSecretId,
    /// The form that it was typed into.
    pub key: FormKey,
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// The number that the sealed secret is bound to.
    pub version: i64,
    /// When it was typed.
    pub created_at: Timestamp,
}

impl TryFrom<row::Model> for KeptRow {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: KeptSecretId(row.id),
            key: FormKey {
                session: Hash::from_stored(&row.session_hash)
                    .ok_or_else(|| DbErr::Type("cannot read the hash of a session".to_owned()))?,
                form: row.form,
                connector: row.connector_id.map(ConnectorId),
            },
            sealed: row.client_secret,
            version: row.version,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}

/// The kept secrets of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct KeptSecrets(OrganisationId);

impl KeptSecrets {
    /// The kept secrets of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    fn of_form(self, key: &FormKey) -> Condition {
        self.of_session(key.session).add(row::Column::Form.eq(key.form.as_str()))
    }

    fn of_session(self, session: Hash) -> Condition {
        Condition::all()
            .add(row::Column::OrganisationId.eq(self.0.0))
            .add(row::Column::SessionHash.eq(session.to_vec()))
    }

    fn delete(key: Condition) -> DeleteMany<row::Entity> {
        row::Entity::delete_many().filter(key)
    }

    fn of_instance(self, key: &FormKey, id: KeptSecretId) -> Condition {
        self.of_form(key).add(row::Column::Id.eq(id.0))
    }

    /// A secret that is kept for a form.
    pub async fn get(
        self,
        on: &impl Queries,
        key: &FormKey,
        id: KeptSecretId,
    ) -> Result<Option<KeptRow>, DatabaseError> {
        let row = row::Entity::find().filter(self.of_instance(key, id)).one(on.connection()).await?;
        Ok(row.map(KeptRow::try_from).transpose()?)
    }

    /// Keeps a secret, and erases the one that it replaces. Beyond `max` the oldest ones of the session are erased. A
    /// missing reference means that the session or the connector is gone.
    pub async fn keep_secret(
        self,
        tx: &Tx,
        kept: KeptRow,
        replaced: Option<KeptSecretId>,
        max: u64,
    ) -> Result<(), DatabaseError> {
        let (session, key) = (kept.key.session, kept.key.clone());
        let row = row::ActiveModel {
            id: Set(kept.id.0),
            organisation_id: Set(self.0.0),
            session_hash: Set(session.to_vec()),
            form: Set(kept.key.form),
            connector_id: Set(kept.key.connector.map(|connector| connector.0)),
            client_secret: Set(kept.sealed),
            version: Set(kept.version),
            created_at: Set(kept.created_at.micros()),
        };
        // Others are deleted afterwards: on PostgreSQL, a transaction that has locked such a row and then waits for its
        // session would be in a deadlock with one that ends the session.
        row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
        let counted_apart: Vec<Uuid> =
            [Some(kept.id), replaced].into_iter().flatten().map(|id| id.0).collect();
        let surplus: Vec<Uuid> = row::Entity::find()
            .select_only()
            .column(row::Column::Id)
            .filter(self.of_session(session))
            // Keep the new one, even if several were kept in the same microsecond.
            .filter(row::Column::Id.is_not_in(counted_apart))
            .order_by_desc(row::Column::CreatedAt)
            .offset(max.saturating_sub(1))
            .limit(1_000)
            .into_tuple()
            .all(tx.connection())
            .await?;
        let mut gone = Condition::any();
        if !surplus.is_empty() {
            gone = gone.add(self.of_session(session).add(row::Column::Id.is_in(surplus)));
        }
        if let Some(replaced) = replaced {
            gone = gone.add(self.of_instance(&key, replaced));
        }
        if gone.is_empty() { Ok(()) } else { Self::erase_unlocked(tx, gone).await }
    }

    /// Erases these rows, in the order of their ids. On PostgreSQL it skips rows that another transaction has locked,
    /// because that one uses or erases them. Waiting for several rows could be a deadlock with the end of their session
    /// or with the deletion of their connector, which lock them in another order.
    async fn erase_unlocked(tx: &Tx, these: Condition) -> Result<(), DatabaseError> {
        let unlocked = row::Entity::find()
            .select_only()
            .column(row::Column::Id)
            .filter(these)
            .order_by_asc(row::Column::Id)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_query();
        Self::delete(Condition::all().add(row::Column::Id.in_subquery(unlocked)))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Erases this secret of a form.
    ///
    /// # Returns
    /// Whether it was there. Only one of several concurrent transactions erases it.
    pub async fn take_secret(self, tx: &Tx, key: &FormKey, id: KeptSecretId) -> Result<bool, DatabaseError> {
        Ok(Self::delete(self.of_instance(key, id)).exec(tx.connection()).await?.rows_affected == 1)
    }

    /// The secrets that are kept in a session.
    pub async fn all_of_session(self, tx: &Tx, session: Hash) -> Result<Vec<KeptRow>, DatabaseError> {
        let all = row::Entity::find().filter(self.of_session(session));
        let rows = all.order_by_asc(row::Column::Id).all(tx.connection()).await?;
        Ok(rows.into_iter().map(KeptRow::try_from).collect::<Result<_, _>>()?)
    }

    /// Stores the session and the sealed value of a kept secret.
    pub async fn reseal(self, tx: &Tx, kept: KeptRow) -> Result<(), DatabaseError> {
        row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.eq(kept.id.0))
            .col_expr(row::Column::SessionHash, Expr::value(kept.key.session.to_vec()))
            .col_expr(row::Column::ClientSecret, Expr::value(kept.sealed))
            .col_expr(row::Column::Version, Expr::value(kept.version))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Erases the secrets of all organisations that were kept before `since`, and those from a clock that was ahead.
    pub async fn erase_expired(tx: &Tx, since: Timestamp, now: Timestamp) -> Result<(), DatabaseError> {
        let is_over = Condition::any()
            .add(row::Column::CreatedAt.lte(since.micros()))
            .add(row::Column::CreatedAt.gt(now.plus(SKEW).micros()));
        Self::erase_unlocked(tx, is_over).await
    }
}
