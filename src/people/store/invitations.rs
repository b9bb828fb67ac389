//! Queries of the table `invitations`.

use sea_orm::{ActiveValue::Set, Condition, PaginatorTrait, QueryOrder, entity::prelude::*};

use crate::{
    people::model::{Email, InvitationId, Role},
    platform::{
        clock::{SKEW, Timestamp},
        database::{DatabaseError, Queries, Tx, Unscoped},
        id::{OrganisationId, UserId},
        randomness::Hash,
    },
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "invitations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub email: String,
        pub role: String,
        pub token_hash: Vec<u8>,
        pub user_id: Uuid,
        pub for_user: Option<Uuid>,
        pub created_at: i64,
        pub expires_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An invitation that has not been accepted, or a link for a new password.
#[derive(Clone, Debug)]
pub struct Invitation {
    pub id: InvitationId,
    /// The organisation that the person joins.
    pub organisation: OrganisationId,
    pub email: String,
    /// The role that the person will have.
    pub role: Role,
    /// The administrator who created it.
    pub invited_by: UserId,
    /// The user for whom the link sets a new password; `None` if it invites a new user.
    pub for_user: Option<UserId>,
    pub created_at: Timestamp,
    /// Time at which the link stops working.
    pub expires_at: Timestamp,
}

impl Invitation {
    /// Whether the link works. It does not if its time of creation is in the future: a clock that was ahead wrote it.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.created_at.is_credible(now) && now < self.expires_at
    }
}

/// The condition of [`Invitation::is_open`] in SQL.
fn open_condition(now: Timestamp) -> Condition {
    Condition::all()
        .add(row::Column::CreatedAt.lte(now.plus(SKEW).micros()))
        .add(row::Column::ExpiresAt.gt(now.micros()))
}

impl TryFrom<row::Model> for Invitation {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        let role = Role::from_name(&row.role)
            .ok_or_else(|| DbErr::Type(format!("invitation {} has the role {:?}", row.id, row.role)))?;
        Ok(Self {
            id: InvitationId(row.id),
            organisation: OrganisationId(row.organisation_id),
            email: row.email,
            role,
            invited_by: UserId(row.user_id),
            for_user: row.for_user.map(UserId),
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
        })
    }
}

/// The values of a new invitation.
pub struct NewInvitation<'a> {
    pub id: InvitationId,
    pub email: &'a Email,
    /// The role that the person will have.
    pub role: Role,
    /// The hash of the link's token.
    pub token: Hash,
    /// The administrator who creates it.
    pub invited_by: UserId,
    /// The user for whom the link sets a new password; `None` if it invites a new user.
    pub for_user: Option<UserId>,
    pub now: Timestamp,
    /// Time at which the link stops working.
    pub expires_at: Timestamp,
}

impl Unscoped {
    /// The invitation with this token, of any organisation.
    pub(in crate::people) async fn invitation_by_token(
        self,
        on: &impl Queries,
        token: Hash,
    ) -> Result<Option<Invitation>, DatabaseError> {
        let row = row::Entity::find()
            .filter(row::Column::TokenHash.eq(token.to_vec()))
            .one(on.connection())
            .await?;
        Ok(row.map(Invitation::try_from).transpose()?)
    }
}

/// The invitations of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct Invitations(OrganisationId);

impl Invitations {
    /// The invitations of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    /// The invitations whose links work, sorted by email.
    pub async fn open(self, on: &impl Queries, now: Timestamp) -> Result<Vec<Invitation>, DatabaseError> {
        let rows = row::Entity::find()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(open_condition(now))
            .order_by_asc(row::Column::Email)
            .all(on.connection())
            .await?;
        Ok(rows.into_iter().map(Invitation::try_from).collect::<Result<_, _>>()?)
    }

    /// The link with which this user can choose a new password, if it works now.
    pub async fn open_for_user(
        self,
        on: &impl Queries,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<Invitation>, DatabaseError> {
        let row = row::Entity::find()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::ForUser.eq(user.0))
            .filter(open_condition(now))
            .one(on.connection())
            .await?;
        Ok(row.map(Invitation::try_from).transpose()?)
    }

    /// Number of invitations for other emails. An invitation for this email does not count, because a new one
    /// replaces it.
    pub async fn count_besides(self, on: &impl Queries, email: &Email) -> Result<u64, DatabaseError> {
        let query = row::Entity::find()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Email.ne(email.as_str()));
        Ok(query.count(on.connection()).await?)
    }

    /// Adds an invitation and deletes an earlier one for the same email.
    pub async fn put(self, tx: &Tx, new: NewInvitation<'_>) -> Result<(), DatabaseError> {
        row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Email.eq(new.email.as_str()))
            .exec(tx.connection())
            .await?;
        let row = row::ActiveModel {
            id: Set(new.id.0),
            organisation_id: Set(self.0.0),
            email: Set(new.email.as_str().to_owned()),
            role: Set(new.role.name().to_owned()),
            token_hash: Set(new.token.to_vec()),
            user_id: Set(new.invited_by.0),
            for_user: Set(new.for_user.map(|user| user.0)),
            created_at: Set(new.now.micros()),
            expires_at: Set(new.expires_at.micros()),
        };
        row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// Deletes an invitation.
    ///
    /// # Returns
    /// The deleted invitation. Only one of several concurrent calls gets it.
    pub async fn take_invitation(
        self,
        tx: &Tx,
        id: InvitationId,
    ) -> Result<Option<Invitation>, DatabaseError> {
        let find = row::Entity::find_by_id(id.0).filter(row::Column::OrganisationId.eq(self.0.0));
        let Some(row) = find.one(tx.connection()).await? else { return Ok(None) };
        let taken = row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.eq(id.0))
            .exec(tx.connection())
            .await?;
        Ok(if taken.rows_affected == 1 { Some(row.try_into()?) } else { None })
    }

    /// Deletes all invitations that this user has created, and returns them.
    pub async fn withdraw_all_by_inviter(
        self,
        tx: &Tx,
        user: UserId,
    ) -> Result<Vec<Invitation>, DatabaseError> {
        let theirs = row::Column::UserId.eq(user.0);
        let find = row::Entity::find().filter(row::Column::OrganisationId.eq(self.0.0));
        let rows = find.filter(theirs.clone()).all(tx.connection()).await?;
        row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(theirs)
            .exec(tx.connection())
            .await?;
        Ok(rows.into_iter().map(Invitation::try_from).collect::<Result<_, _>>()?)
    }

    /// Deletes all invitations of the organisation and all its links for new passwords.
    ///
    /// # Returns
    /// Number of deleted links.
    pub async fn withdraw_all(self, tx: &Tx) -> Result<u64, DatabaseError> {
        let taken = row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .exec(tx.connection())
            .await?;
        Ok(taken.rows_affected)
    }

    /// Deletes the links with which this user could set a new password.
    pub async fn withdraw_all_for_user(self, tx: &Tx, user: UserId) -> Result<(), DatabaseError> {
        row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::ForUser.eq(user.0))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Erases invitations whose links no longer work.
    pub async fn erase_expired_invitations(self, tx: &Tx, now: Timestamp) -> Result<(), DatabaseError> {
        row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(open_condition(now).not())
            .exec(tx.connection())
            .await?;
        Ok(())
    }
}
