//! The table `users`; beside it, in files of their own, organisations, invitations, second factors, and what is read
//! with each page.

mod hashes;
pub mod invitations;
mod organisations;
pub mod second_factors;
pub mod snapshot;

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

use super::model::{Email, Named, PersonName, Role};
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
        pub created_at: i64,
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

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their organisation.
    pub organisation: OrganisationId,
    /// Their e-mail.
    pub email: String,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may not log in.
    pub disabled: bool,
    /// The PHC string of their password.
    pub password_hash: String,
    /// When they last logged in.
    pub last_login_at: Option<Timestamp>,
    /// Whether a log-in of theirs asks for a code as well.
    pub has_second_factor: bool,
    /// Counts what ends sessions of theirs, such as a new password, another role or being disabled. A hash that is
    /// made anew of the same password is none of it.
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

/// Whether there is any user at all: while there is none, the set-up is open.
pub async fn any_user(on: &impl Queries) -> Result<bool, DatabaseError> {
    Ok(user::Entity::find().one(on.connection()).await?.is_some())
}

/// The users of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct Users(OrganisationId);

/// What a new user begins with.
pub struct NewUser<'a> {
    /// Their e-mail.
    pub email: &'a Email,
    /// Their name.
    pub name: &'a PersonName,
    /// What they may do.
    pub role: Role,
    /// The PHC string of their password.
    pub password_hash: String,
}

impl Users {
    /// Those of this organisation.
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

    /// The same, for what ends sessions: whoever is about to make one meanwhile sees that it was done.
    fn change(self, id: UserId) -> sea_orm::UpdateMany<user::Entity> {
        self.update(id).col_expr(user::Column::Version, Expr::col(user::Column::Version).add(1))
    }

    /// Counts it for all of them.
    pub async fn note_ended_sessions_of_all(self, tx: &Tx) -> Result<(), DatabaseError> {
        user::Entity::update_many()
            .filter(user::Column::OrganisationId.eq(self.0.0))
            .col_expr(user::Column::Version, Expr::col(user::Column::Version).add(1))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Counts that sessions of theirs were ended.
    pub async fn note_ended_sessions(self, tx: &Tx, id: UserId) -> Result<(), DatabaseError> {
        self.change(id).exec(tx.connection()).await?;
        Ok(())
    }

    /// A user.
    pub async fn get(self, on: &impl Queries, id: UserId) -> Result<Option<User>, DatabaseError> {
        Ok(self.find(id).one(on.connection()).await?.map(User::try_from).transpose()?)
    }

    /// These users, as they are named where it matters who did something.
    pub async fn names(
        self,
        on: &impl Queries,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<HashMap<UserId, Named>, DatabaseError> {
        let rows = user::Entity::find()
            .filter(user::Column::OrganisationId.eq(self.0.0))
            .filter(user::Column::Id.is_in(users.into_iter().map(|user| user.0)))
            .all(on.connection())
            .await?;
        Ok(rows.into_iter().map(|row| (UserId(row.id), Named { name: row.name, email: row.email })).collect())
    }

    /// A user by their e-mail.
    pub async fn by_email(self, on: &impl Queries, email: &str) -> Result<Option<User>, DatabaseError> {
        let row = user::Entity::find()
            .filter(user::Column::OrganisationId.eq(self.0.0))
            .filter(user::Column::Email.eq(email))
            .one(on.connection())
            .await?;
        Ok(row.map(User::try_from).transpose()?)
    }

    /// At most `limit` of them by e-mail, after `after`.
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

    /// All of them, by e-mail.
    pub async fn list(self, on: &impl Queries) -> Result<Vec<User>, DatabaseError> {
        let rows = user::Entity::find()
            .filter(user::Column::OrganisationId.eq(self.0.0))
            .order_by_asc(user::Column::Email)
            .all(on.connection())
            .await?;
        Ok(rows.into_iter().map(User::try_from).collect::<Result<_, _>>()?)
    }

    /// Adds a user. A conflict means that the e-mail is taken.
    pub async fn add(
        self,
        tx: &Tx,
        id: UserId,
        new: NewUser<'_>,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let row = user::ActiveModel {
            id: Set(id.0),
            organisation_id: Set(self.0.0),
            email: Set(new.email.as_str().to_owned()),
            name: Set(new.name.as_str().to_owned()),
            password_hash: Set(new.password_hash),
            role: Set(new.role.name().to_owned()),
            created_at: Set(now.micros()),
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

    /// Deletes a user, and with them what hangs on them: sessions, device cookies, invitations for them and sign-ins.
    pub async fn delete(self, tx: &Tx, id: UserId) -> Result<(), DatabaseError> {
        user::Entity::delete_many()
            .filter(user::Column::Id.eq(id.0))
            .filter(user::Column::OrganisationId.eq(self.0.0))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Sets the hash of their password.
    pub async fn set_password(self, tx: &Tx, id: UserId, hash: String) -> Result<(), DatabaseError> {
        self.change(id).col_expr(user::Column::PasswordHash, Expr::value(hash)).exec(tx.connection()).await?;
        Ok(())
    }

    /// Replaces the hash that was verified, if it still is theirs and they may still log in: what an operator
    /// has done in the meantime must not be undone.
    ///
    /// # Returns
    /// Whether it is so.
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

    /// Sets what they may do.
    pub async fn set_role(self, tx: &Tx, id: UserId, role: Role) -> Result<(), DatabaseError> {
        self.change(id).col_expr(user::Column::Role, Expr::value(role.name())).exec(tx.connection()).await?;
        Ok(())
    }

    /// Sets since when they may not log in; none where they may.
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

    /// Notes a log-in of a user who was read before, if the password still is what it was then and they may still log
    /// in.
    ///
    /// # Returns
    /// Whether it is so.
    pub async fn note_login(self, tx: &Tx, user: &User, now: Timestamp) -> Result<bool, DatabaseError> {
        let factor = user::Column::TotpSince;
        let factor = if user.has_second_factor { factor.is_not_null() } else { factor.is_null() };
        let noted = self
            .update(user.id)
            // Another hash under the same version is of the same password, made anew by a log-in at the same time.
            .filter(
                user::Column::PasswordHash
                    .eq(user.password_hash.as_str())
                    .or(user::Column::Version.eq(user.version)),
            )
            .filter(user::Column::DisabledAt.is_null())
            // One that was turned on while the password was verified must not be passed by.
            .filter(factor)
            .col_expr(user::Column::LastLoginAt, Expr::value(now.micros()))
            .exec(tx.connection())
            .await?;
        Ok(noted.rows_affected == 1)
    }

    /// Keeps others from what this user does one at a time until the transaction ends. (On SQLite there is
    /// only one that writes.)
    pub async fn lock(self, tx: &Tx, id: UserId) -> Result<(), DatabaseError> {
        self.find(id).lock(LockType::NoKeyUpdate).one(tx.connection()).await?;
        Ok(())
    }
}
