//! The table `pending_grants`: access to mailboxes that a sign-in gave, sealed, until an application confirms it. Rules
//! are in `service::links::confirming`; transactions begin there.

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::Set,
    Condition, QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockType, SelectStatement},
};

use super::{
    AccountId,
    links::{LinkId, LinkMaker, made_by},
    return_addresses::ReturnAddressId,
};
use crate::{
    identifier,
    platform::{
        clock::{SKEW, Timestamp},
        database::{DatabaseError, Queries, Tx, Unscoped},
        id::OrganisationId,
        randomness::Hash,
    },
};

identifier! {
    /// Access that waits for a confirmation. It has the id of the sign-in that gave it.
    PendingGrantId
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "pending_grants")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub connect_link_id: Uuid,
        pub return_address_id: Uuid,
        pub code_hash: Vec<u8>,
        pub sealed: Option<Vec<u8>>,
        pub version: i64,
        pub wrong_codes: i64,
        pub expires_at: i64,
        pub account_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Access that waits for a confirmation, or was confirmed.
#[derive(Clone, Debug)]
pub struct PendingGrant {
    pub id: PendingGrantId,
    pub organisation: OrganisationId,
    pub link: LinkId,
    /// The return address that asks for the confirmation. If it is removed, the row goes with it.
    pub return_address: ReturnAddressId,
    /// The hash of the code.
    pub code: Hash,
    /// The mailbox with its tokens, sealed; `None` once it was confirmed.
    pub sealed: Option<Vec<u8>>,
    /// The number that the sealed value is bound to.
    pub version: i64,
    /// Number of wrong codes for its link since it was stored.
    pub wrong_codes: u64,
    pub expires_at: Timestamp,
    /// The account that it became.
    pub account: Option<AccountId>,
}

impl TryFrom<row::Model> for PendingGrant {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        let wrong = || DbErr::Type(format!("pending grant {}: cannot read the column code_hash", row.id));
        Ok(Self {
            id: PendingGrantId(row.id),
            organisation: OrganisationId(row.organisation_id),
            link: LinkId(row.connect_link_id),
            return_address: ReturnAddressId(row.return_address_id),
            code: Hash::from_stored(&row.code_hash).ok_or_else(wrong)?,
            sealed: row.sealed,
            version: row.version,
            wrong_codes: u64::try_from(row.wrong_codes).unwrap_or(u64::MAX),
            expires_at: Timestamp::from_micros(row.expires_at),
            account: row.account_id.map(AccountId),
        })
    }
}

impl Unscoped {
    /// The organisation of a link with access that waits for a confirmation, or was confirmed. An application that
    /// confirms names no organisation.
    pub(in crate::accounts) async fn organisation_of_pending_grant(
        self,
        on: &impl Queries,
        link: LinkId,
    ) -> Result<Option<OrganisationId>, DatabaseError> {
        let id: Option<Uuid> = row::Entity::find()
            .filter(row::Column::ConnectLinkId.eq(link.0))
            .select_only()
            .column(row::Column::OrganisationId)
            .limit(1)
            .into_tuple()
            .one(on.connection())
            .await?;
        Ok(id.map(OrganisationId))
    }
}

/// The condition that access was not confirmed yet.
fn waiting() -> Condition {
    Condition::all().add(row::Column::Sealed.is_not_null())
}

/// The access that waits in one organisation.
#[derive(Clone, Copy, Debug)]
pub struct OrganisationPendingGrants(OrganisationId);

impl OrganisationPendingGrants {
    /// The access that waits in this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    fn all(self) -> Condition {
        Condition::all().add(row::Column::OrganisationId.eq(self.0.0))
    }

    fn one(self, id: PendingGrantId) -> Condition {
        self.all().add(row::Column::Id.eq(id.0))
    }

    fn of_link(self, link: LinkId) -> Condition {
        self.all().add(row::Column::ConnectLinkId.eq(link.0))
    }

    /// Stores access. A missing reference means that its link or its return address was deleted.
    pub async fn add(self, tx: &Tx, new: PendingGrant) -> Result<(), DatabaseError> {
        let row = row::ActiveModel {
            id: Set(new.id.0),
            organisation_id: Set(self.0.0),
            connect_link_id: Set(new.link.0),
            return_address_id: Set(new.return_address.0),
            code_hash: Set(new.code.to_vec()),
            sealed: Set(new.sealed),
            version: Set(new.version),
            wrong_codes: Set(0),
            expires_at: Set(new.expires_at.micros()),
            account_id: Set(None),
        };
        row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    pub async fn get(
        self,
        on: &impl Queries,
        id: PendingGrantId,
    ) -> Result<Option<PendingGrant>, DatabaseError> {
        let row = row::Entity::find().filter(self.one(id)).one(on.connection()).await?;
        Ok(row.map(PendingGrant::try_from).transpose()?)
    }

    /// All rows of a link, locked until the transaction ends. Their number is that of the link's sign-ins at most.
    pub async fn lock_of_link(self, tx: &Tx, link: LinkId) -> Result<Vec<PendingGrant>, DatabaseError> {
        let find = row::Entity::find().filter(self.of_link(link));
        let find = find.order_by_asc(row::Column::Id).lock(LockType::Update);
        let rows = find.all(tx.connection()).await?;
        Ok(rows.into_iter().map(PendingGrant::try_from).collect::<Result<_, _>>()?)
    }

    /// Until when each of these links waits for a confirmation. A link that does not wait is not in it.
    pub async fn ends_of(
        self,
        on: &impl Queries,
        links: Vec<LinkId>,
        now: Timestamp,
    ) -> Result<HashMap<LinkId, Timestamp>, DatabaseError> {
        let rows: Vec<(Uuid, i64)> = row::Entity::find()
            .filter(self.all().add(row::Column::ConnectLinkId.is_in(links.into_iter().map(|link| link.0))))
            .filter(waiting().add(row::Column::ExpiresAt.gt(now.micros())))
            .select_only()
            .column(row::Column::ConnectLinkId)
            .column(row::Column::ExpiresAt)
            // The last one of a link stays in the map.
            .order_by_asc(row::Column::ExpiresAt)
            .into_tuple()
            .all(on.connection())
            .await?;
        Ok(rows.into_iter().map(|(link, end)| (LinkId(link), Timestamp::from_micros(end))).collect())
    }

    /// Counts a wrong code for a link.
    pub async fn count_wrong_code(self, tx: &Tx, link: LinkId) -> Result<(), DatabaseError> {
        row::Entity::update_many()
            .filter(self.of_link(link))
            .filter(waiting())
            .col_expr(row::Column::WrongCodes, Expr::col(row::Column::WrongCodes).add(1))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Stores which account confirmed access has become, and erases the sealed value.
    pub async fn settle(self, tx: &Tx, id: PendingGrantId, account: AccountId) -> Result<(), DatabaseError> {
        row::Entity::update_many()
            .filter(self.one(id))
            .col_expr(row::Column::Sealed, Expr::value(None::<Vec<u8>>))
            .col_expr(row::Column::AccountId, Expr::value(account.0))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    pub async fn remove(self, tx: &Tx, id: PendingGrantId) -> Result<(), DatabaseError> {
        Self::delete(tx, self.one(id)).await
    }

    /// Erases what waits at a link.
    pub async fn remove_of_link(self, tx: &Tx, link: LinkId) -> Result<(), DatabaseError> {
        Self::delete(tx, self.of_link(link).add(row::Column::Sealed.is_not_null())).await
    }

    /// Erases what waits at links of a user or an API client.
    pub async fn remove_of_maker(self, tx: &Tx, maker: LinkMaker) -> Result<(), DatabaseError> {
        let links = row::Column::ConnectLinkId.in_subquery(made_by(self.0, maker));
        Self::delete(tx, self.all().add(links).add(row::Column::Sealed.is_not_null())).await
    }

    /// Erases everything of the organisation that waits.
    pub async fn remove_all(self, tx: &Tx) -> Result<(), DatabaseError> {
        Self::delete(tx, self.all().add(row::Column::Sealed.is_not_null())).await
    }

    /// At most `limit` rows, locked until the transaction ends, whose time was over without a confirmation at `now`, or
    /// at `kept_since` with one. Also those of a clock that was ahead: `longest` is the last credible end.
    pub async fn lock_over(
        self,
        tx: &Tx,
        now: Timestamp,
        kept_since: Timestamp,
        longest: Timestamp,
        limit: u64,
    ) -> Result<Vec<PendingGrant>, DatabaseError> {
        let over = Condition::any()
            .add(waiting().add(row::Column::ExpiresAt.lte(now.micros())))
            .add(row::Column::ExpiresAt.lte(kept_since.micros()))
            .add(row::Column::ExpiresAt.gt(longest.plus(SKEW).micros()));
        let find = row::Entity::find().filter(self.all()).filter(over);
        let find = find.order_by_asc(row::Column::ExpiresAt).limit(limit).lock(LockType::Update);
        let rows = find.all(tx.connection()).await?;
        Ok(rows.into_iter().map(PendingGrant::try_from).collect::<Result<_, _>>()?)
    }

    async fn delete(tx: &Tx, these: Condition) -> Result<(), DatabaseError> {
        row::Entity::delete_many().filter(these).exec(tx.connection()).await?;
        Ok(())
    }
}

/// The links of an organisation at which access waits, as a part of another query.
pub(super) fn waiting_links(organisation: OrganisationId) -> SelectStatement {
    row::Entity::find()
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(waiting())
        .select_only()
        .column(row::Column::ConnectLinkId)
        .into_query()
}
