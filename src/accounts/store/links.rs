//! The table `connect_links`: links with which a person without a user here connects a mailbox. Rules are in
//! `service::links`; transactions begin there. The queries that consent links have too are in `link_table`. `list` has
//! the query of lists, and `many` those that make many links at once.

mod list;
mod many;

pub use list::{LinkFilter, LinkPosition};
pub use many::NeedLink;
use sea_orm::{
    ActiveValue::Set,
    Condition, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, SelectStatement},
};
use strum::{EnumString, IntoStaticStr};
use time::Duration;

pub use super::link_table::LinkEnd;
use super::{
    AccountId,
    link_table::{LinkColumns, LinkKey, LinkTable, StoredLinks, find_by_token, is_in_time, not_ended},
    pending_grants::waiting_links,
    return_addresses::ReturnAddressId,
};
use crate::{
    connectors::service::ConnectorId,
    identifier,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx, Unscoped},
        id::{ApiClientId, OrganisationId, UserId},
        randomness::Hash,
    },
};

/// The longest life of a link.
pub const MAX_LIFE: Duration = Duration::days(30);

identifier! {
    /// A connect link. The answer to an application names it, so that an application accepts each answer once.
    LinkId
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "connect_links")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub token_hash: Vec<u8>,
        pub connector_id: Uuid,
        pub account_id: Option<Uuid>,
        pub account_connector_id: Option<Uuid>,
        pub expected_email: Option<String>,
        pub name: Option<String>,
        pub reference: Option<String>,
        pub return_address: Option<String>,
        pub return_address_id: Option<Uuid>,
        pub state: Option<String>,
        pub made_by: Option<Uuid>,
        pub made_by_version: i64,
        pub source: String,
        pub attempts: i64,
        pub created_at: i64,
        pub expires_at: i64,
        pub used_at: Option<i64>,
        pub revoked_at: Option<i64>,
        pub revoked_why: Option<String>,
        pub result_account_id: Option<Uuid>,
        pub needs_confirmation: bool,
        pub client_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Where a link was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum LinkSource {
    Console,
    Api,
}

/// A link as stored, without its token.
#[derive(Clone, Debug)]
pub struct Link {
    pub id: LinkId,
    pub organisation: OrganisationId,
    pub connector: ConnectorId,
    /// The account that is to sign in again, or to move to the connector.
    pub account: Option<AccountId>,
    /// The connector that this account had when the link was made. The link moves it only from there.
    pub account_connector: Option<ConnectorId>,
    /// The email of the mailbox that is expected. Of a link for an account it is only a name: the identity decides.
    pub expected_email: Option<String>,
    /// The display name of a new account.
    pub name: Option<String>,
    /// The reference of the application for a new account.
    pub reference: Option<String>,
    /// The address of the application to which the person goes back, as it was given.
    pub return_address: Option<String>,
    /// The entry of the list that allowed the return address.
    pub return_address_id: Option<ReturnAddressId>,
    /// Whether that entry asked for a confirmation when the link was made. It counts if the entry is gone.
    pub needs_confirmation: bool,
    /// What the application gets back with the answer.
    pub state: Option<String>,
    /// The user who made it; `None` if a program did.
    pub made_by: Option<UserId>,
    /// `users.version` of that user when it was made.
    pub made_by_version: i64,
    /// The API client that made it.
    pub client: Option<ApiClientId>,
    pub source: LinkSource,
    /// Number of sign-ins that it has started.
    pub attempts: u64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    pub revoked_why: Option<LinkEnd>,
    /// The account that it connected.
    pub result: Option<AccountId>,
}

/// How far a link is, for lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    Open,
    Used,
    Expired,
    Revoked,
}

impl Link {
    /// How far it is at `now`. A link that a wrong clock made does not work.
    pub fn state(&self, now: Timestamp) -> LinkState {
        if self.used_at.is_some() {
            return LinkState::Used;
        }
        match self.revoked_why {
            Some(LinkEnd::Expired) => return LinkState::Expired,
            Some(_) => return LinkState::Revoked,
            None if self.revoked_at.is_some() => return LinkState::Revoked,
            None => {}
        }
        let is_open = is_in_time::<row::Entity>(self.created_at, self.expires_at, now);
        if is_open { LinkState::Open } else { LinkState::Expired }
    }
}

impl TryFrom<row::Model> for Link {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        let wrong = |column: &str| DbErr::Type(format!("connect link {}: {column}", row.id));
        let ended = row.revoked_why.as_deref().map(str::parse::<LinkEnd>).transpose();
        Ok(Self {
            id: LinkId(row.id),
            organisation: OrganisationId(row.organisation_id),
            connector: ConnectorId(row.connector_id),
            account: row.account_id.map(AccountId),
            account_connector: row.account_connector_id.map(ConnectorId),
            source: row.source.parse().map_err(|_| wrong("source"))?,
            revoked_why: ended.map_err(|_| wrong("revoked_why"))?,
            expected_email: row.expected_email,
            name: row.name,
            reference: row.reference,
            return_address: row.return_address,
            return_address_id: row.return_address_id.map(ReturnAddressId),
            state: row.state,
            made_by: row.made_by.map(UserId),
            made_by_version: row.made_by_version,
            client: row.client_id.map(ApiClientId),
            attempts: u64::try_from(row.attempts).unwrap_or_default(),
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            used_at: row.used_at.map(Timestamp::from_micros),
            revoked_at: row.revoked_at.map(Timestamp::from_micros),
            result: row.result_account_id.map(AccountId),
            needs_confirmation: row.needs_confirmation,
        })
    }
}

impl LinkTable for row::Entity {
    type Id = LinkId;
    type Link = Link;
    type Maker = LinkMaker;

    const COLUMNS: LinkColumns<row::Column> = LinkColumns {
        id: row::Column::Id,
        organisation: row::Column::OrganisationId,
        token_hash: row::Column::TokenHash,
        connector: row::Column::ConnectorId,
        created_at: row::Column::CreatedAt,
        expires_at: row::Column::ExpiresAt,
        served_at: row::Column::UsedAt,
        revoked_at: row::Column::RevokedAt,
        revoked_why: row::Column::RevokedWhy,
    };
    const MAX_LIFE: Duration = MAX_LIFE;

    fn key_of(link: &Link) -> LinkKey<LinkId> {
        LinkKey { id: link.id, organisation: link.organisation, connector: link.connector }
    }

    fn has_made(maker: LinkMaker) -> Condition {
        Condition::all().add(match maker {
            LinkMaker::User(user) => row::Column::MadeBy.eq(user.0),
            LinkMaker::Client(client) => row::Column::ClientId.eq(client.0),
        })
    }

    /// A link that waits for the confirmation of an application is held back.
    fn held_back(organisation: OrganisationId) -> Option<SelectStatement> {
        Some(waiting_links(organisation))
    }
}

/// The user or the API client that has made links.
#[derive(Clone, Copy, Debug)]
pub enum LinkMaker {
    User(UserId),
    Client(ApiClientId),
}

impl LinkMaker {
    /// The id of the entity that an activity entry about its links names.
    pub const fn id(self) -> Uuid {
        match self {
            Self::User(user) => user.0,
            Self::Client(client) => client.0,
        }
    }
}

/// The ids of the links that a user or an API client has made, as a part of another query.
pub(super) fn made_by(organisation: OrganisationId, maker: LinkMaker) -> SelectStatement {
    row::Entity::find()
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Entity::has_made(maker))
        .select_only()
        .column(row::Column::Id)
        .into_query()
}

impl Unscoped {
    /// The link with this token, of any organisation.
    pub(in crate::accounts) async fn link_by_token(
        self,
        on: &impl Queries,
        token: Hash,
    ) -> Result<Option<Link>, DatabaseError> {
        find_by_token::<row::Entity>(on, token).await
    }
}

/// The table `connect_links`.
pub type ConnectLinkTable = row::Entity;
/// The links of one organisation.
pub type OrganisationLinks = StoredLinks<ConnectLinkTable>;

impl OrganisationLinks {
    /// Adds a link. A missing reference means that its connector or its account was deleted.
    pub async fn add(self, tx: &Tx, token: Hash, link: &Link) -> Result<(), DatabaseError> {
        row::Entity::insert(self.new_row(token, link)).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// The row of a new link.
    fn new_row(self, token: Hash, link: &Link) -> row::ActiveModel {
        let link = link.clone();
        row::ActiveModel {
            id: Set(link.id.0),
            organisation_id: Set(self.organisation.0),
            token_hash: Set(token.to_vec()),
            connector_id: Set(link.connector.0),
            account_id: Set(link.account.map(|account| account.0)),
            account_connector_id: Set(link.account_connector.map(|connector| connector.0)),
            expected_email: Set(link.expected_email),
            name: Set(link.name),
            reference: Set(link.reference),
            return_address: Set(link.return_address),
            return_address_id: Set(link.return_address_id.map(|id| id.0)),
            state: Set(link.state),
            made_by: Set(link.made_by.map(|user| user.0)),
            made_by_version: Set(link.made_by_version),
            source: Set(<&'static str>::from(link.source).to_owned()),
            attempts: Set(0),
            created_at: Set(link.created_at.micros()),
            expires_at: Set(link.expires_at.micros()),
            used_at: Set(None),
            revoked_at: Set(None),
            revoked_why: Set(None),
            result_account_id: Set(None),
            needs_confirmation: Set(link.needs_confirmation),
            client_id: Set(link.client.map(|client| client.0)),
        }
    }

    /// Counts a sign-in that a locked link starts.
    pub async fn count_attempt(self, tx: &Tx, id: LinkId) -> Result<(), DatabaseError> {
        self.update_one(id)
            .col_expr(row::Column::Attempts, Expr::col(row::Column::Attempts).add(1))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Uses a link by compare and swap: only one of several concurrent sign-ins succeeds, and none after the link was
    /// revoked.
    ///
    /// # Returns
    /// Whether this call has used it.
    pub async fn use_once(self, tx: &Tx, id: LinkId, now: Timestamp) -> Result<bool, DatabaseError> {
        let used = self
            .update_one(id)
            .filter(not_ended::<row::Entity>())
            .col_expr(row::Column::UsedAt, Expr::value(now.micros()))
            .exec(tx.connection())
            .await?;
        Ok(used.rows_affected == 1)
    }

    /// Stores which account a used link has connected.
    pub async fn set_result(self, tx: &Tx, id: LinkId, account: AccountId) -> Result<(), DatabaseError> {
        self.update_one(id)
            .col_expr(row::Column::ResultAccountId, Expr::value(account.0))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Ends all open links that were made for an account.
    ///
    /// # Returns
    /// Number of ended links.
    pub async fn end_of_account(
        self,
        tx: &Tx,
        account: AccountId,
        why: LinkEnd,
        now: Timestamp,
    ) -> Result<u64, DatabaseError> {
        self.end_open(tx, row::Column::AccountId.eq(account.0), why, now).await
    }
}
