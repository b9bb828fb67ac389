//! The table `consent_links`: links with which an administrator of a company, who has no user here, allows a connector's
//! permissions for that company. Rules are in `service::consent_links`; transactions begin there. The queries that
//! connect links have too are in `link_table`.

use sea_orm::{ActiveValue::Set, Condition, QueryOrder, entity::prelude::*, sea_query::Expr};
use time::Duration;

use super::link_table::{
    LinkColumns, LinkEnd, LinkKey, LinkTable, StoredLinks, find_by_token, is_in_time, not_ended,
};
use crate::{
    connectors::service::ConnectorId,
    identifier,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx, Unscoped, paging::Position},
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
        is_in_time::<row::Entity>(self.created_at, self.expires_at, now)
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

/// The position of a link in a list.
pub type ConsentLinkPosition = Position<ConsentLinkId>;

impl LinkTable for row::Entity {
    type Id = ConsentLinkId;
    type Link = ConsentLink;
    type Maker = UserId;

    const COLUMNS: LinkColumns<row::Column> = LinkColumns {
        id: row::Column::Id,
        organisation: row::Column::OrganisationId,
        token_hash: row::Column::TokenHash,
        connector: row::Column::ConnectorId,
        created_at: row::Column::CreatedAt,
        expires_at: row::Column::ExpiresAt,
        served_at: row::Column::ApprovedAt,
        revoked_at: row::Column::RevokedAt,
        revoked_why: row::Column::RevokedWhy,
    };
    const MAX_LIFE: Duration = LIFE;

    fn key_of(link: &ConsentLink) -> LinkKey<ConsentLinkId> {
        LinkKey { id: link.id, organisation: link.organisation, connector: link.connector }
    }

    fn has_made(maker: UserId) -> Condition {
        Condition::all().add(row::Column::MadeBy.eq(maker.0))
    }
}

impl Unscoped {
    /// The consent link with this token, of any organisation.
    pub(in crate::accounts) async fn consent_link_by_token(
        self,
        on: &impl Queries,
        token: Hash,
    ) -> Result<Option<ConsentLink>, DatabaseError> {
        find_by_token::<row::Entity>(on, token).await
    }
}

/// The table `consent_links`.
pub type ConsentLinkTable = row::Entity;
/// The consent links of one organisation.
pub type OrganisationConsentLinks = StoredLinks<ConsentLinkTable>;

impl OrganisationConsentLinks {
    /// Adds a link. A missing reference means that its connector was deleted.
    pub async fn add(self, tx: &Tx, token: Hash, link: &ConsentLink) -> Result<(), DatabaseError> {
        let link = link.clone();
        let row = row::ActiveModel {
            id: Set(link.id.0),
            organisation_id: Set(self.organisation.0),
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

    /// Links of a connector after a position, newest first.
    pub async fn list(
        self,
        on: &impl Queries,
        connector: ConnectorId,
        after: Option<ConsentLinkPosition>,
        limit: u64,
    ) -> Result<Vec<ConsentLink>, DatabaseError> {
        let which = Condition::all().add(row::Column::ConnectorId.eq(connector.0));
        self.list_those(on, which, after, limit).await
    }

    /// Notes that a browser came back with an approval, if none has before.
    ///
    /// # Returns
    /// Whether this call has noted it.
    pub async fn report(self, tx: &Tx, id: ConsentLinkId, now: Timestamp) -> Result<bool, DatabaseError> {
        let reported = self
            .update_one(id)
            .filter(not_ended::<row::Entity>())
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
