//! The table `return_addresses`: addresses of applications to which people go back, each with the secret that signs
//! the answers. Rules are in `service::return_addresses`; transactions begin there.

use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, LockType},
};

use crate::{
    identifier,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::OrganisationId,
    },
};

identifier! {
    /// An entry of the list of return addresses.
    ReturnAddressId
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "return_addresses")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub address: String,
        pub key_id: String,
        pub secret: Vec<u8>,
        pub secret_version: i64,
        pub previous_key_id: Option<String>,
        pub previous_secret: Option<Vec<u8>>,
        pub previous_until: Option<i64>,
        pub created_at: i64,
        pub needs_confirmation: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The secret that an entry had before its present one.
#[derive(Clone, Debug)]
pub struct PreviousSecret {
    /// Names the secret in answers.
    pub key_id: String,
    /// Sealed.
    pub secret: Vec<u8>,
    /// It signs until then.
    pub until: Timestamp,
}

/// An entry as stored.
#[derive(Clone, Debug)]
pub struct StoredReturnAddress {
    pub id: ReturnAddressId,
    pub organisation: OrganisationId,
    pub address: String,
    /// Names the present secret in answers.
    pub key_id: String,
    /// Sealed.
    pub secret: Vec<u8>,
    /// The number that the sealed secrets are bound to. It grows with each write of them.
    pub secret_version: i64,
    pub previous: Option<PreviousSecret>,
    pub created_at: Timestamp,
    /// Whether a mailbox is connected only after the application has confirmed it.
    pub needs_confirmation: bool,
}

impl From<row::Model> for StoredReturnAddress {
    fn from(row: row::Model) -> Self {
        let previous = match (row.previous_key_id, row.previous_secret, row.previous_until) {
            (Some(key_id), Some(secret), Some(until)) => {
                Some(PreviousSecret { key_id, secret, until: Timestamp::from_micros(until) })
            }
            _ => None,
        };
        Self {
            id: ReturnAddressId(row.id),
            organisation: OrganisationId(row.organisation_id),
            address: row.address,
            key_id: row.key_id,
            secret: row.secret,
            secret_version: row.secret_version,
            previous,
            created_at: Timestamp::from_micros(row.created_at),
            needs_confirmation: row.needs_confirmation,
        }
    }
}

/// The return addresses of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct OrganisationReturnAddresses(OrganisationId);

impl OrganisationReturnAddresses {
    /// The return addresses of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    fn find(self) -> Select<row::Entity> {
        row::Entity::find().filter(row::Column::OrganisationId.eq(self.0.0))
    }

    /// At most `limit` entries, by address.
    pub async fn list(
        self,
        on: &impl Queries,
        limit: u64,
    ) -> Result<Vec<StoredReturnAddress>, DatabaseError> {
        let rows = self.find().order_by_asc(row::Column::Address).limit(limit).all(on.connection()).await?;
        Ok(rows.into_iter().map(StoredReturnAddress::from).collect())
    }

    pub async fn get(
        self,
        on: &impl Queries,
        id: ReturnAddressId,
    ) -> Result<Option<StoredReturnAddress>, DatabaseError> {
        let row = self.find().filter(row::Column::Id.eq(id.0)).one(on.connection()).await?;
        Ok(row.map(StoredReturnAddress::from))
    }

    /// The same, locked until the transaction ends.
    pub async fn lock(
        self,
        tx: &Tx,
        id: ReturnAddressId,
    ) -> Result<Option<StoredReturnAddress>, DatabaseError> {
        let find = self.find().filter(row::Column::Id.eq(id.0)).lock(LockType::Update);
        Ok(find.one(tx.connection()).await?.map(StoredReturnAddress::from))
    }

    /// Adds an entry. A conflict means that the list has this address already.
    pub async fn add(self, tx: &Tx, new: StoredReturnAddress) -> Result<(), DatabaseError> {
        let row = row::ActiveModel {
            id: Set(new.id.0),
            organisation_id: Set(self.0.0),
            address: Set(new.address),
            key_id: Set(new.key_id),
            secret: Set(new.secret),
            secret_version: Set(new.secret_version),
            previous_key_id: Set(None),
            previous_secret: Set(None),
            previous_until: Set(None),
            created_at: Set(new.created_at.micros()),
            needs_confirmation: Set(new.needs_confirmation),
        };
        row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// Stores the secrets of a locked entry.
    pub async fn set_secrets(self, tx: &Tx, changed: StoredReturnAddress) -> Result<(), DatabaseError> {
        let (key_id, secret, until) = match changed.previous {
            Some(PreviousSecret { key_id, secret, until }) => {
                (Some(key_id), Some(secret), Some(until.micros()))
            }
            None => (None, None, None),
        };
        row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.eq(changed.id.0))
            .col_expr(row::Column::KeyId, Expr::value(changed.key_id))
            .col_expr(row::Column::Secret, Expr::value(changed.secret))
            .col_expr(row::Column::SecretVersion, Expr::value(changed.secret_version))
            .col_expr(row::Column::PreviousKeyId, Expr::value(key_id))
            .col_expr(row::Column::PreviousSecret, Expr::value(secret))
            .col_expr(row::Column::PreviousUntil, Expr::value(until))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Stores whether the application must confirm mailboxes.
    pub async fn set_needs_confirmation(
        self,
        tx: &Tx,
        id: ReturnAddressId,
        needs_confirmation: bool,
    ) -> Result<(), DatabaseError> {
        row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.eq(id.0))
            .col_expr(row::Column::NeedsConfirmation, Expr::value(needs_confirmation))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Removes an entry, and with it the access that waits for its confirmation.
    ///
    /// # Returns
    /// Its address, if it was there.
    pub async fn remove(self, tx: &Tx, id: ReturnAddressId) -> Result<Option<String>, DatabaseError> {
        let Some(found) = self.lock(tx, id).await? else { return Ok(None) };
        row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.eq(id.0))
            .exec(tx.connection())
            .await?;
        Ok(Some(found.address))
    }

    /// Erases the previous secrets whose time is over.
    pub async fn erase_previous(self, tx: &Tx, now: Timestamp) -> Result<(), DatabaseError> {
        row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::PreviousUntil.lte(now.micros()))
            .col_expr(row::Column::PreviousKeyId, Expr::value(None::<String>))
            .col_expr(row::Column::PreviousSecret, Expr::value(None::<Vec<u8>>))
            .col_expr(row::Column::PreviousUntil, Expr::value(None::<i64>))
            .exec(tx.connection())
            .await?;
        Ok(())
    }
}
