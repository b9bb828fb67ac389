//! The history of an account (table `account_events`): sign-ins, refreshes and changes.

use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*};

use super::{AccountId, Accounts};
use crate::{
    accounts::model::{EntryOutcome, HistoryDetail, HistoryKind, MAX_ENTRIES, keep_entries},
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
    },
};

/// Maximum number of entries that one query reads. More than [`MAX_ENTRIES`] are there only after changes of many
/// accounts at once, which trim no history.
const MAX_READ: u64 = 200;

pub(super) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_events")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub account_id: Uuid,
        pub at: i64,
        pub kind: String,
        pub detail: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An entry of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// A UUID v7.
    pub id: Uuid,
    pub at: Timestamp,
    pub kind: HistoryKind,
    /// Values of the entry, as a JSON object without secrets and without a provider's free text.
    pub detail: String,
}

impl HistoryEntry {
    /// The values of the entry.
    pub fn read_detail(&self) -> HistoryDetail {
        HistoryDetail::parse(&self.detail)
    }

    fn outcome(&self) -> EntryOutcome {
        EntryOutcome { kind: self.kind, reason: self.read_detail().reason }
    }

    /// An entry of a row; `None` if only another version of the program knows its kind.
    fn read(row: row::Model) -> Option<Self> {
        let kind = HistoryKind::from_name(&row.kind)?;
        Some(Self { id: row.id, at: Timestamp::from_micros(row.at), kind, detail: row.detail })
    }
}

impl Accounts {
    /// Adds an entry, and erases those that are not kept any more ([`keep_entries`]).
    pub async fn add_event(self, tx: &Tx, id: AccountId, entry: HistoryEntry) -> Result<(), DatabaseError> {
        let row = row::ActiveModel {
            id: Set(entry.id),
            organisation_id: Set(self.0.0),
            account_id: Set(id.0),
            at: Set(entry.at.micros()),
            kind: Set(entry.kind.name().to_owned()),
            detail: Set(entry.detail),
        };
        row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
        let entries = self.read_entries(tx, id).await?;
        let outcomes: Vec<EntryOutcome> = entries.iter().map(HistoryEntry::outcome).collect();
        let kept = keep_entries(&outcomes);
        let erased: Vec<Uuid> =
            entries.iter().zip(kept).filter(|(_, kept)| !kept).map(|(entry, _)| entry.id).collect();
        if !erased.is_empty() {
            row::Entity::delete_many()
                .filter(row::Column::OrganisationId.eq(self.0.0))
                .filter(row::Column::Id.is_in(erased))
                .exec(tx.connection())
                .await?;
        }
        Ok(())
    }

    /// The entries of an account, newest first.
    pub async fn history(self, on: &impl Queries, id: AccountId) -> Result<Vec<HistoryEntry>, DatabaseError> {
        let mut entries = self.read_entries(on, id).await?;
        entries.truncate(MAX_ENTRIES);
        Ok(entries)
    }

    async fn read_entries(
        self,
        on: &impl Queries,
        id: AccountId,
    ) -> Result<Vec<HistoryEntry>, DatabaseError> {
        let rows = self.entries(id).limit(MAX_READ).all(on.connection()).await?;
        Ok(rows.into_iter().filter_map(HistoryEntry::read).collect())
    }

    /// The entries of an account, newest first.
    pub(super) fn entries(self, id: AccountId) -> Select<row::Entity> {
        row::Entity::find()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::AccountId.eq(id.0))
            .order_by_desc(row::Column::At)
            .order_by_desc(row::Column::Id)
    }
}
