//! Queries of the table `users`. Organisations, invitations, second factors and the snapshot of a user have
//! files of their own.

mod hashes;
pub(crate) mod invitations;
mod organisations;
pub(crate) mod second_factors;
pub(crate) mod snapshot;

pub use organisations::{
    Organisation, add_organisation, first_two_organisations, organisation_by_short_name, organisations,
};

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockType},
};

use super::model::{Email, PersonName, Role, UserLabel};
use crate::platform::{
    clock::Timestamp,
    database::{DatabaseError, Queries, Tx},
    id::{OrganisationId, UserId},
};

mod user {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub email: String,
        pub name: String,
        pub password_hash: String,
        pub role: String,
        pub disabled_at: Option<i64>,
        pub last_login_at: Option<i64>,
        pub version: i64,
        pub totp_secret: Option<Vec<u8>>,
        pub totp_since: Option<i64>,
        pub totp_last_step: i64,
        pub totp_version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::organisations::row::Entity",
            from = "Column::OrganisationId",
            to = "super::organisations::row::Column::Id"
        )]
        Organisation,
    }

    impl Related<super::organisations::row::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Organisation.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A user as stored.
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    /// Organisation of the user.
    pub organisation: OrganisationId,
    /// Email, in lower case.
    pub email: String,
    /// Name, as the user chose it.
    pub name: String,
    /// The role in the organisation.
    pub role: Role,
    /// Whether the user is disabled and may not log in.
    pub disabled: bool,
    /// The PHC string of the password.
    pub password_hash: String,
    /// Time of the last log-in.
    pub last_login_at: Option<Timestamp>,
    /// Whether logging in asks for a second factor.
    pub has_second_factor: bool,
    /// Counts the events that end the user's sessions, such as a new password, another role or being
    /// disabled. Rehashing the same password does not count.
    pub version: i64,
}

impl TryFrom<user::Model> for User {
    type Error = DbErr;

    fn try_from(row: user::Model) -> Result<Self, DbErr> {
        let role = Role::from_name(&row.role)
            .ok_or_else(|| DbErr::Type(format!("user {} has the role {:?}", row.id, row.role)))?;
        Ok(Self {
            id: UserId(row.id),
            organisation: OrganisationId(row.organisation_id),
            email: row.email,
            name: row.name,
            role,
            disabled: row.disabled_at.is_some(),
            password_hash: row.password_hash,
            last_login_at: row.last_login_at.map(Timestamp::from_micros),
            has_second_factor: row.totp_since.is_some(),
            version: row.version,
        })
    }
}

/// Whether there is any user. Set-up is open while there is none.
pub async fn any_user(on: &impl Queries) -> Result<bool, DatabaseError> {
    Ok(user::Entity::find().one(on.connection()).await?.is_some())
}

/// The users of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct Users(OrganisationId);

/// The values of a new user.
pub struct NewUser<'a> {
    /// Email, unique in the organisation.
    pub email: &'a Email,
    /// Name, as the user chose it.
    pub name: &'a PersonName,
    /// Role in the organisation.
    pub role: Role,
    /// The PHC string of the password.
    pub password_hash: String,
}

impl Users {
    /// The users of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    fn find(self, id: UserId) -> Select<user::Entity> {
        user::Entity::find_by_id(id.0).filter(user::Column::OrganisationId.eq(self.0.0))
    }

    fn update(self, id: UserId) -> sea_orm::UpdateMany<user::Entity> {
        user::Entity::update_many()
            .filter(user::Column::Id.eq(id.0))
            .filter(user::Column::OrganisationId.eq(self.0.0))
    }

    /// An update that also counts an event which ends sessions: a transaction that is adding a session
    /// concurrently sees that the version changed.
    fn change(self, id: UserId) -> sea_orm::UpdateMany<user::Entity> {
        self.update(id).col_expr(user::Column::Version, Expr::col(user::Column::Version).add(1))
    }

    /// Counts that the sessions of all users were ended.
    pub async fn note_ended_sessions_of_all(self, tx: &Tx) -> Result<(), DatabaseError> {
        user::Entity::update_many()
            .filter(user::Column::OrganisationId.eq(self.0.0))
            .col_expr(user::Column::Version, Expr::col(user::Column::Version).add(1))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Counts that a user's sessions were ended.
    pub async fn note_ended_sessions(self, tx: &Tx, id: UserId) -> Result<(), DatabaseError> {
        self.change(id).exec(tx.connection()).await?;
        Ok(())
    }

    /// The user with this id.
    pub async fn get(self, on: &impl Queries, id: UserId) -> Result<Option<User>, DatabaseError> {
        Ok(self.find(id).one(on.connection()).await?.map(User::try_from).transpose()?)
    }

    /// Name and email of these users.
    pub async fn names(
        self,
        on: &impl Queries,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<HashMap<UserId, UserLabel>, DatabaseError> {
        let rows = user::Entity::find()
            .filter(user::Column::OrganisationId.eq(self.0.0))
            .filter(user::Column::Id.is_in(users.into_iter().map(|user| user.0)))
            .all(on.connection())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| (UserId(row.id), UserLabel { name: row.name, email: row.email }))
            .collect())
    }

    /// The user with this email.
    pub async fn by_email(self, on: &impl Queries, email: &str) -> Result<Option<User>, DatabaseError> {
        let row = user::Entity::find()
            .filter(user::Column::OrganisationId.eq(self.0.0))
            .filter(user::Column::Email.eq(email))
            .one(on.connection())
            .await?;
        Ok(row.map(User::try_from).transpose()?)
    }

    /// At most `limit` users by email, after `after`.
    pub async fn page(
        self,
        on: &impl Queries,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<User>, DatabaseError> {
        let mut query = user::Entity::find()
            .filter(user::Column::OrganisationId.eq(self.0.0))
            .order_by_asc(user::Column::Email)
            .limit(limit);
        if let Some(after) = after {
            query = query.filter(user::Column::Email.gt(after));
        }
        let rows = query.all(on.connection()).await?;
        Ok(rows.into_iter().map(User::try_from).collect::<Result<_, _>>()?)
    }

    /// All users, by email.
    pub async fn list(self, on: &impl Queries) -> Result<Vec<User>, DatabaseError> {
        let rows = user::Entity::find()
            .filter(user::Column::OrganisationId.eq(self.0.0))
            .order_by_asc(user::Column::Email)
            .all(on.connection())
            .await?;
        Ok(rows.into_iter().map(User::try_from).collect::<Result<_, _>>()?)
    }

    /// Adds a user. A conflict means that the email is taken.
    pub async fn add(self, tx: &Tx, id: UserId, new: NewUser<'_>) -> Result<(), DatabaseError> {
        let row = user::ActiveModel {
            id: Set(id.0),
            organisation_id: Set(self.0.0),
            email: Set(new.email.as_str().to_owned()),
            name: Set(new.name.as_str().to_owned()),
            password_hash: Set(new.password_hash),
            role: Set(new.role.name().to_owned()),
            disabled_at: Set(None),
            last_login_at: Set(None),
            version: Set(1),
            totp_secret: Set(None),
            totp_since: Set(None),
            totp_last_step: Set(0),
            totp_version: Set(0),
        };
        user::Entity::insert(row).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// Deletes a user, and their sessions, device cookies, invitations and sign-ins.
    pub async fn delete(self, tx: &Tx, id: UserId) -> Result<(), DatabaseError> {
        user::Entity::delete_many()
            .filter(user::Column::Id.eq(id.0))
            .filter(user::Column::OrganisationId.eq(self.0.0))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    pub async fn set_password(self, tx: &Tx, id: UserId, hash: String) -> Result<(), DatabaseError> {
        self.change(id).col_expr(user::Column::PasswordHash, Expr::value(hash)).exec(tx.connection()).await?;
        Ok(())
    }

    /// Replaces the verified hash, if it is still stored and the user may still log in. A concurrent change
    /// by the operator must not be undone.
    ///
    /// # Returns
    /// Whether it was replaced.
    pub async fn replace_password(
        self,
        tx: &Tx,
        id: UserId,
        old: &str,
        new: String,
    ) -> Result<bool, DatabaseError> {
        let replaced = self
            .update(id)
            .filter(user::Column::PasswordHash.eq(old))
            .filter(user::Column::DisabledAt.is_null())
            .col_expr(user::Column::PasswordHash, Expr::value(new))
            .exec(tx.connection())
            .await?;
        Ok(replaced.rows_affected == 1)
    }

    pub async fn set_role(self, tx: &Tx, id: UserId, role: Role) -> Result<(), DatabaseError> {
        self.change(id).col_expr(user::Column::Role, Expr::value(role.name())).exec(tx.connection()).await?;
        Ok(())
    }

    /// Sets the time since which the user is disabled; `None` enables the user.
    pub async fn set_disabled(
        self,
        tx: &Tx,
        id: UserId,
        since: Option<Timestamp>,
    ) -> Result<(), DatabaseError> {
        self.change(id)
            .col_expr(user::Column::DisabledAt, Expr::value(since.map(Timestamp::micros)))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Records a log-in of a user who was read before, if the password is unchanged and the user may still
    /// log in.
    ///
    /// # Returns
    /// Whether it was recorded.
    pub async fn note_login(self, tx: &Tx, user: &User, now: Timestamp) -> Result<bool, DatabaseError> {
        let factor = user::Column::TotpSince;
        let factor = if user.has_second_factor { factor.is_not_null() } else { factor.is_null() };
        let noted = self
            .update(user.id)
            // Another hash under the same version is of the same password: a concurrent log-in rehashed it.
            .filter(
                user::Column::PasswordHash
                    .eq(user.password_hash.as_str())
                    .or(user::Column::Version.eq(user.version)),
            )
            .filter(user::Column::DisabledAt.is_null())
            // A second factor that was activated while the password was verified must not be bypassed.
            .filter(factor)
            .col_expr(user::Column::LastLoginAt, Expr::value(now.micros()))
            .exec(tx.connection())
            .await?;
        Ok(noted.rows_affected == 1)
    }

    /// Locks the user's row until the transaction ends. (SQLite needs no lock, because it has only one writer.)
    pub async fn lock(self, tx: &Tx, id: UserId) -> Result<(), DatabaseError> {
        self.find(id).lock(LockType::NoKeyUpdate).one(tx.connection()).await?;
        Ok(())
    }
}
