//! The table `sends`: a row for each message that is sent exactly once, and for each draft that is made once. `open` has the
//! queries about rows that are not ended, and `cleaning` those about drafts that were left behind. Rules are in `sending`; transactions begin there.

pub mod cleaning;
pub mod open;

use sea_orm::{ActiveValue::Set, QuerySelect, entity::prelude::*};
use strum::{EnumString, IntoStaticStr};

use super::erase_some;
use crate::{
    accounts::service::AccountId,
    identifier,
    jobs::lease::{LeaseState, Owner},
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::{ApiClientId, OrganisationId, UserId},
        randomness::Hash,
    },
    providers::mailbox::SendWay,
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sends")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub account_id: Uuid,
        pub holder_id: Uuid,
        pub holder_kind: String,
        pub identity_hash: Option<Vec<u8>>,
        pub kind: String,
        pub state: String,
        pub way: String,
        pub message_id: String,
        pub draft_id: Option<String>,
        pub attached: i64,
        pub doubts: i64,
        pub recipients: i64,
        pub request: Option<Vec<u8>>,
        pub answer: Option<Vec<u8>>,
        pub is_untold: bool,
        pub lease_owner: Option<Uuid>,
        pub lease_counter: i64,
        pub tries: i64,
        pub next_at: Option<i64>,
        pub lost_drafts: i64,
        pub clean_at: Option<i64>,
        pub created_at: i64,
        pub begun_at: Option<i64>,
        pub ended_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

identifier! {
    /// A message that is sent once, or a draft that is made once.
    SendId
}

/// The client or the user whose call it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Client(ApiClientId),
    User(UserId),
}

/// What a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum SendKind {
    /// A message of ours is sent.
    Send,
    /// A draft that is there is sent.
    SendDraft,
    /// A draft is made.
    CreateDraft,
}

/// How far a record is. The first six are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Stage {
    /// The provider was asked for nothing that has an effect.
    Accepted,
    /// The provider is or was asked for a draft, and whether there is one is not known.
    Drafting,
    /// There is a draft, which gets its files and is then sent.
    Drafted,
    /// The provider is or was asked to send.
    Sending,
    /// The draft has stayed one although the provider was asked to send it, and will be deleted.
    Withdrawing,
    /// The provider is or was asked to delete that draft.
    Deleting,
    /// The message was sent, or the draft was made.
    Done,
    /// The message may have been sent.
    Unknown,
    /// The message was not sent.
    Failed,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSend {
    pub id: SendId,
    pub organisation: OrganisationId,
    pub account: AccountId,
    pub holder: Holder,
    /// The hash of what makes a later call a repeat of this one. `None` if no call is.
    pub identity: Option<Hash>,
    pub kind: SendKind,
    pub stage: Stage,
    pub way: SendWay,
    /// With angle brackets; empty for a draft without one.
    pub message_id: String,
    /// The id of the draft. After the end: the id of the message that was sent, if it is known, or of the draft that may be
    /// left of one that was not.
    pub draft: Option<String>,
    /// Number of files that the draft has, of those of the record.
    pub attached: u32,
    /// How often the provider was asked to send and gave no clear answer.
    pub doubts: u32,
    pub recipients: u32,
    /// Sealed; `None` after the end.
    pub request: Option<Vec<u8>>,
    /// Sealed; `None` before the end.
    pub answer: Option<Vec<u8>>,
    /// Of a call without a key: whether no caller was told that the message was sent.
    pub is_untold: bool,
    pub lease: LeaseState,
    /// Number of tries in a row without progress.
    pub tries: u32,
    /// When a process goes on with it; `None` while it has an owner, and after the end.
    pub next_at: Option<Timestamp>,
    /// Number of drafts that the provider was asked for and that were not found: they may still come.
    pub lost_drafts: u32,
    /// After the end: when the drafts that are left are deleted; `None` if there are none.
    pub clean_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// When a process worked at it for the first time.
    pub begun_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

impl Holder {
    pub const fn id(self) -> Uuid {
        match self {
            Self::Client(client) => client.0,
            Self::User(user) => user.0,
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Client(_) => "client",
            Self::User(_) => "user",
        }
    }

    fn from_stored(kind: &str, id: Uuid) -> Option<Self> {
        match kind {
            "client" => Some(Self::Client(ApiClientId(id))),
            "user" => Some(Self::User(UserId(id))),
            _ => None,
        }
    }
}

impl Stage {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

const fn name_of_way(way: SendWay) -> &'static str {
    match way {
        SendWay::Draft => "draft",
        SendWay::Findable => "findable",
        SendWay::Blind => "blind",
    }
}

fn way_of_name(name: &str) -> Option<SendWay> {
    [SendWay::Draft, SendWay::Findable, SendWay::Blind].into_iter().find(|way| name_of_way(*way) == name)
}

fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl TryFrom<row::Model> for StoredSend {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        let wrong = |column: &str| DbErr::Type(format!("send {}: cannot read the column {column}", row.id));
        let identity = row.identity_hash.as_deref().map(|hash| Hash::from_stored(hash).ok_or(()));
        Ok(Self {
            id: SendId(row.id),
            organisation: OrganisationId(row.organisation_id),
            account: AccountId(row.account_id),
            holder: Holder::from_stored(&row.holder_kind, row.holder_id)
                .ok_or_else(|| wrong("holder_kind"))?,
            identity: identity.transpose().map_err(|()| wrong("identity_hash"))?,
            kind: row.kind.parse().map_err(|_| wrong("kind"))?,
            stage: row.state.parse().map_err(|_| wrong("state"))?,
            way: way_of_name(&row.way).ok_or_else(|| wrong("way"))?,
            attached: small(row.attached),
            doubts: small(row.doubts),
            recipients: small(row.recipients),
            lease: LeaseState { owner: row.lease_owner.map(Owner), counter: row.lease_counter },
            tries: small(row.tries),
            next_at: row.next_at.map(Timestamp::from_micros),
            lost_drafts: small(row.lost_drafts),
            clean_at: row.clean_at.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(row.created_at),
            begun_at: row.begun_at.map(Timestamp::from_micros),
            ended_at: row.ended_at.map(Timestamp::from_micros),
            message_id: row.message_id,
            draft: row.draft_id,
            request: row.request,
            answer: row.answer,
            is_untold: row.is_untold,
        })
    }
}

impl From<StoredSend> for row::ActiveModel {
    fn from(send: StoredSend) -> Self {
        Self {
            id: Set(send.id.0),
            organisation_id: Set(send.organisation.0),
            account_id: Set(send.account.0),
            holder_id: Set(send.holder.id()),
            holder_kind: Set(send.holder.kind().to_owned()),
            identity_hash: Set(send.identity.map(Hash::to_vec)),
            kind: Set(<&str>::from(send.kind).to_owned()),
            state: Set(send.stage.name().to_owned()),
            way: Set(name_of_way(send.way).to_owned()),
            message_id: Set(send.message_id),
            draft_id: Set(send.draft),
            attached: Set(send.attached.into()),
            doubts: Set(send.doubts.into()),
            recipients: Set(send.recipients.into()),
            request: Set(send.request),
            answer: Set(send.answer),
            is_untold: Set(send.is_untold),
            lease_owner: Set(send.lease.owner.map(|owner| owner.0)),
            lease_counter: Set(send.lease.counter),
            tries: Set(send.tries.into()),
            next_at: Set(send.next_at.map(Timestamp::micros)),
            lost_drafts: Set(send.lost_drafts.into()),
            clean_at: Set(send.clean_at.map(Timestamp::micros)),
            created_at: Set(send.created_at.micros()),
            begun_at: Set(send.begun_at.map(Timestamp::micros)),
            ended_at: Set(send.ended_at.map(Timestamp::micros)),
        }
    }
}

fn read(row: Option<row::Model>) -> Result<Option<StoredSend>, DatabaseError> {
    Ok(row.map(StoredSend::try_from).transpose()?)
}

/// Adds a row. If another row has its identity, the error is a conflict.
pub async fn add(tx: &Tx, send: StoredSend) -> Result<(), DatabaseError> {
    row::Entity::insert(row::ActiveModel::from(send)).exec_without_returning(tx.connection()).await?;
    Ok(())
}

pub async fn find(
    on: &impl Queries,
    organisation: OrganisationId,
    id: SendId,
) -> Result<Option<StoredSend>, DatabaseError> {
    let find = row::Entity::find_by_id(id.0).filter(row::Column::OrganisationId.eq(organisation.0));
    read(find.one(on.connection()).await?)
}

/// Whether a row has ended; `None` if there is none. It leaves the sealed columns where they are.
pub async fn has_ended(
    on: &impl Queries,
    organisation: OrganisationId,
    id: SendId,
) -> Result<Option<bool>, DatabaseError> {
    let find = row::Entity::find_by_id(id.0)
        .select_only()
        .column(row::Column::EndedAt)
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .into_tuple::<Option<i64>>();
    Ok(find.one(on.connection()).await?.map(|ended_at| ended_at.is_some()))
}

/// The row of which a call with this identity is a repeat.
pub async fn find_by_identity(
    on: &impl Queries,
    organisation: OrganisationId,
    identity: &Hash,
) -> Result<Option<StoredSend>, DatabaseError> {
    let find = row::Entity::find()
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::IdentityHash.eq(identity.to_vec()));
    read(find.one(on.connection()).await?)
}

/// Number of rows of a client or user, with those that have ended.
pub async fn count_of_holder(
    on: &impl Queries,
    organisation: OrganisationId,
    holder: Uuid,
) -> Result<u64, DatabaseError> {
    Ok(query_of_holder(organisation, holder).count(on.connection()).await?)
}

fn query_of_holder(organisation: OrganisationId, holder: Uuid) -> Select<row::Entity> {
    // Only what the index has.
    row::Entity::find()
        .select_only()
        .column(row::Column::HolderId)
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::HolderId.eq(holder))
}

/// Has no later call be a repeat of this one, if it still has this identity.
///
/// # Returns
/// Whether it had.
pub async fn forget_identity(tx: &Tx, id: SendId, identity: &Hash) -> Result<bool, DatabaseError> {
    let forgotten = row::Entity::update_many()
        .filter(row::Column::Id.eq(id.0))
        .filter(row::Column::IdentityHash.eq(identity.to_vec()))
        .col_expr(row::Column::IdentityHash, Expr::value(None::<Vec<u8>>))
        .col_expr(row::Column::IsUntold, Expr::value(false))
        .exec(tx.connection())
        .await?;
    Ok(forgotten.rows_affected > 0)
}

/// Erases at most `limit` rows of a stage that have ended at `until` or before.
///
/// # Returns
/// Number of erased rows.
pub async fn erase_ended(tx: &Tx, stage: Stage, until: Timestamp, limit: u64) -> Result<u64, DatabaseError> {
    erase_some(tx, query_ended(stage, until), row::Column::Id, limit).await
}

fn query_ended(stage: Stage, until: Timestamp) -> Select<row::Entity> {
    row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::State.eq(stage.name()))
        .filter(row::Column::EndedAt.lte(until.micros()))
}

#[cfg(test)]
mod tests;
