//! The table `consent_links`: links with which an administrator of a company, who has no user here, allows a connector's
//! permissions for that company. Rules are in `service::consent_links`; transactions begin there. `ended` has the
//! queries that end links and erase ended ones.

mod ended;

use sea_orm::{
    ActiveValue::Set, Condition, QueryOrder, QuerySelect, QueryTrait, entity::prelude::*, sea_query::Expr,
};
use time::Duration;

use super::links::LinkEnd;
use crate::{
    connectors::service::ConnectorId,
    identifier,
    platform::{
        clock::{SKEW, Timestamp},
        database::{DatabaseError, Queries, Tx, Unscoped},
        id::{OrganisationId, UserId},
        randomness::Hash,
    },
};

/// How long a consent link works.
pub const LIFE: Duration = Duration::days(7);

identifier! {
    /// A consent link.
    ConsentLinkId
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "consent_links")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub token_hash: Vec<u8>,
        pub connector_id: Uuid,
        pub client_id: String,
        pub directory: String,
        pub directory_name: String,
        pub made_by: Option<Uuid>,
        pub made_by_version: i64,
        pub created_at: i64,
        pub expires_at: i64,
        pub reported_at: Option<i64>,
        pub approved_at: Option<i64>,
        pub revoked_at: Option<i64>,
        pub revoked_why: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A link as stored, without its token.
#[derive(Clone, Debug)]
pub struct ConsentLink {
    pub id: ConsentLinkId,
    pub organisation: OrganisationId,
    pub connector: ConnectorId,
    /// The client ID of the application whose permissions are to be allowed.
    pub client_id: String,
    /// The id of the directory whose administrator is asked.
    pub directory: String,
    /// The name by which the directory was chosen.
    pub directory_name: String,
    /// The user who made it.
    pub made_by: Option<UserId>,
    /// `users.version` of that user when it was made.
    pub made_by_version: i64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// When a browser first came back from the provider with an approval. It proves nothing.
    pub reported_at: Option<Timestamp>,
    /// When a sign-in of an account of the directory proved the approval.
    pub approved_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    pub revoked_why: Option<LinkEnd>,
}

/// How far a consent link is, for lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentLinkState {
    Open,
    /// A browser came back with an approval, which no sign-in has proved yet.
    Reported(Timestamp),
    Approved(Timestamp),
    Expired,
    Revoked,
}

impl ConsentLink {
    /// How far it is at `now`. What was reported before the link's expiry stays reported.
    pub fn state(&self, now: Timestamp) -> ConsentLinkState {
        if let Some(at) = self.approved_at {
            return ConsentLinkState::Approved(at);
        }
        let is_revoked = self.revoked_at.is_some() || self.revoked_why.is_some();
        match (self.reported_at, self.revoked_why) {
            (_, why) if is_revoked && why != Some(LinkEnd::Expired) => ConsentLinkState::Revoked,
            (Some(at), _) => ConsentLinkState::Reported(at),
            (None, _) if is_revoked || !self.is_in_time(now) => ConsentLinkState::Expired,
            (None, _) => ConsentLinkState::Open,
        }
    }

    /// Whether the time of the link is not over. A link that a wrong clock made does not work.
    pub fn is_in_time(&self, now: Timestamp) -> bool {
        let credible = self.created_at.is_credible(now) && self.expires_at.minus(LIFE).is_credible(now);
        credible && now < self.expires_at
    }
}

impl TryFrom<row::Model> for ConsentLink {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        let ended = row.revoked_why.as_deref().map(str::parse::<LinkEnd>).transpose();
        Ok(Self {
            id: ConsentLinkId(row.id),
            organisation: OrganisationId(row.organisation_id),
            connector: ConnectorId(row.connector_id),
            revoked_why: ended.map_err(|_| DbErr::Type(format!("consent link {}: revoked_why", row.id)))?,
            client_id: row.client_id,
            directory: row.directory,
            directory_name: row.directory_name,
            made_by: row.made_by.map(UserId),
            made_by_version: row.made_by_version,
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            reported_at: row.reported_at.map(Timestamp::from_micros),
            approved_at: row.approved_at.map(Timestamp::from_micros),
            revoked_at: row.revoked_at.map(Timestamp::from_micros),
        })
    }
}

/// The position of a link in a list, newest first: the next page begins after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentLinkPosition {
    pub at: Timestamp,
    pub id: ConsentLinkId,
}

impl std::fmt::Display for ConsentLinkPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at.micros(), self.id)
    }
}

impl std::str::FromStr for ConsentLinkPosition {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once('.').ok_or(())?;
        let at = Timestamp::from_micros(at.parse().map_err(|_| ())?);
        Ok(Self { at, id: id.parse().map_err(|_| ())? })
    }
}

/// The condition that nothing has ended a link but its time.
fn not_ended() -> Condition {
    Condition::all().add(row::Column::ApprovedAt.is_null()).add(row::Column::RevokedAt.is_null())
}

/// The condition that a link can be used.
fn open_condition(now: Timestamp) -> Condition {
    let credible = now.plus(SKEW);
    not_ended()
        .add(row::Column::CreatedAt.lte(credible.micros()))
        // The index begins with the time at which a link was made.
        .add(row::Column::CreatedAt.gt(now.minus(LIFE).micros()))
        .add(row::Column::ExpiresAt.lte(credible.plus(LIFE).micros()))
        .add(row::Column::ExpiresAt.gt(now.micros()))
}

impl Unscoped {
    /// The consent link with this token, of any organisation.
    pub(in crate::accounts) async fn consent_link_by_token(
        self,
        on: &impl Queries,
        token: Hash,
    ) -> Result<Option<ConsentLink>, DatabaseError> {
        let row = row::Entity::find()
            .filter(row::Column::TokenHash.eq(token.to_vec()))
            .one(on.connection())
            .await?;
        Ok(row.map(ConsentLink::try_from).transpose()?)
    }
}

/// The consent links of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct OrganisationConsentLinks(OrganisationId);

impl OrganisationConsentLinks {
    /// The links of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    fn find(self) -> Select<row::Entity> {
        row::Entity::find().filter(row::Column::OrganisationId.eq(self.0.0))
    }

    fn update(self) -> sea_orm::UpdateMany<row::Entity> {
        row::Entity::update_many().filter(row::Column::OrganisationId.eq(self.0.0))
    }

    /// Adds a link. A missing reference means that its connector was deleted.
    pub async fn add(self, tx: &Tx, token: Hash, link: &ConsentLink) -> Result<(), DatabaseError> {
        let link = link.clone();
        let row = row::ActiveModel {
            id: Set(link.id.0),
            organisation_id: Set(self.0.0),
            token_hash: Set(token.to_vec()),
            connector_id: Set(link.connector.0),
            client_id: Set(link.client_id),
            directory: Set(link.directory),
            directory_name: Set(link.directory_name),
            made_by: Set(link.made_by.map(|user| user.0)),
            made_by_version: Set(link.made_by_version),
            created_at: Set(link.created_at.micros()),
            expires_at: Set(link.expires_at.micros()),
            reported_at: Set(None),
            approved_at: Set(None),
            revoked_at: Set(None),
            revoked_why: Set(None),
        };
        row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// Whether the organisation has this many open links or more. It reads at most that many.
    pub async fn has_open_at_least(
        self,
        on: &impl Queries,
        count: u64,
        now: Timestamp,
    ) -> Result<bool, DatabaseError> {
        let last = self.find().filter(open_condition(now)).select_only().column(row::Column::Id);
        let last = last.offset(count.saturating_sub(1)).limit(1).into_tuple::<Uuid>();
        Ok(last.one(on.connection()).await?.is_some())
    }

    /// Number of open links of a connector, counted up to `at_most`.
    pub async fn count_open(
        self,
        on: &impl Queries,
        connector: ConnectorId,
        at_most: u64,
        now: Timestamp,
    ) -> Result<u64, DatabaseError> {
        let ids: Vec<Uuid> = self
            .find()
            .filter(row::Column::ConnectorId.eq(connector.0))
            .filter(open_condition(now))
            .select_only()
            .column(row::Column::Id)
            .limit(at_most)
            .into_tuple()
            .all(on.connection())
            .await?;
        Ok(ids.len() as u64)
    }

    /// Links of a connector after a position, newest first.
    pub async fn list(
        self,
        on: &impl Queries,
        connector: ConnectorId,
        after: Option<ConsentLinkPosition>,
        limit: u64,
    ) -> Result<Vec<ConsentLink>, DatabaseError> {
        let rows = self
            .find()
            .filter(row::Column::ConnectorId.eq(connector.0))
            .apply_if(after, |all, ConsentLinkPosition { at, id }| {
                let same = Condition::all()
                    .add(row::Column::CreatedAt.eq(at.micros()))
                    .add(row::Column::Id.lt(id.0));
                all.filter(Condition::any().add(row::Column::CreatedAt.lt(at.micros())).add(same))
            })
            .order_by_desc(row::Column::CreatedAt)
            .order_by_desc(row::Column::Id)
            .limit(limit)
            .all(on.connection())
            .await?;
        Ok(rows.into_iter().map(ConsentLink::try_from).collect::<Result<_, _>>()?)
    }

    /// Notes that a browser came back with an approval, if none has before.
    ///
    /// # Returns
    /// Whether this call has noted it.
    pub async fn report(self, tx: &Tx, id: ConsentLinkId, now: Timestamp) -> Result<bool, DatabaseError> {
        let reported = self
            .update()
            .filter(row::Column::Id.eq(id.0))
            .filter(not_ended())
            .filter(row::Column::ReportedAt.is_null())
            .col_expr(row::Column::ReportedAt, Expr::value(now.micros()))
            .exec(tx.connection())
            .await?;
        Ok(reported.rows_affected == 1)
    }

    /// Marks the links for a directory as approved. Expired ones count, because many administrators never come back
    /// from the provider; revoked ones do not.
    ///
    /// # Returns
    /// The name of the directory in the newest of them; `None` if there is none.
    pub async fn approve(
        self,
        tx: &Tx,
        connector: ConnectorId,
        client_id: &str,
        directory: &str,
        now: Timestamp,
    ) -> Result<Option<String>, DatabaseError> {
        let expired = row::Column::RevokedWhy.eq(<&'static str>::from(LinkEnd::Expired));
        let condition = Condition::all()
            .add(row::Column::ConnectorId.eq(connector.0))
            .add(row::Column::Directory.eq(directory))
            .add(row::Column::ClientId.eq(client_id))
            .add(row::Column::ApprovedAt.is_null())
            .add(Condition::any().add(row::Column::RevokedAt.is_null()).add(expired));
        let newest = self.find().filter(condition.clone()).order_by_desc(row::Column::CreatedAt);
        let Some(newest) = newest.one(tx.connection()).await? else { return Ok(None) };
        self.update()
            .filter(condition)
            .col_expr(row::Column::ApprovedAt, Expr::value(now.micros()))
            .exec(tx.connection())
            .await?;
        Ok(Some(newest.directory_name))
    }
}
