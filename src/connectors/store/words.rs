//! The words of connectors' names (table `connector_words`). They are written in the transaction that writes the name.
//! A program of an earlier version may run on the same database and write names without words: then `indexed_name` is
//! not the name, and [`Connectors::write_missing_words`] finds the connector. After an upgrade from a version without
//! words, the words of all connectors are missing.

use sea_orm::{
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, LockType},
};

use super::{ConnectorId, Connectors, row};
use crate::platform::{
    database::{
        DatabaseError, Queries, Tx, Unscoped,
        word_index::{MAX_CHECKED, WordIndex, organisations_of},
    },
    id::OrganisationId,
};

pub(super) const WORDS: WordIndex =
    WordIndex { table: "connector_words", row: "connector_id", max_checked: MAX_CHECKED };

/// The connectors whose words are missing. The condition is that of the index `connectors_without_words`.
fn missing() -> Select<row::Entity> {
    row::Entity::find().filter(Expr::cust("indexed_name IS DISTINCT FROM name_key"))
}

/// The organisations of these connectors, one for each connector, after an organisation. The order makes the databases
/// use the index.
pub(super) fn organisations_without_words(after: Option<OrganisationId>) -> Select<row::Entity> {
    organisations_of(missing(), row::Column::OrganisationId, row::Column::Id, after)
}

impl Unscoped {
    /// The first organisation after another one, by id, that has a connector whose words are missing.
    pub async fn next_organisation_without_words(
        self,
        on: &impl Queries,
        after: Option<OrganisationId>,
    ) -> Result<Option<OrganisationId>, DatabaseError> {
        let next = organisations_without_words(after).limit(1).into_tuple::<Uuid>();
        Ok(next.one(on.connection()).await?.map(OrganisationId))
    }
}

impl Connectors<'_> {
    /// Writes the words of a connector's name in place of the earlier ones.
    pub(super) async fn write_words(
        self,
        tx: &Tx,
        id: ConnectorId,
        name_key: &str,
    ) -> Result<(), DatabaseError> {
        WORDS.replace(tx, self.organisation, &[(id.0, name_key.to_owned())]).await
    }

    /// Writes the words of at most `limit` connectors whose words are missing.
    ///
    /// # Returns
    /// Number of these connectors.
    pub async fn write_missing_words(self, tx: &Tx, limit: u64) -> Result<u64, DatabaseError> {
        // Locked, so that no concurrent change gives one of them another name.
        let missing = self.without_words().limit(limit).lock(LockType::NoKeyUpdate);
        let missing = missing.into_tuple::<(Uuid, String)>().all(tx.connection()).await?;
        if missing.is_empty() {
            return Ok(0);
        }
        WORDS.replace(tx, self.organisation, &missing).await?;
        let written = row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.organisation.0))
            .filter(row::Column::Id.is_in(missing.iter().map(|(id, _)| *id)))
            .col_expr(row::Column::IndexedName, Expr::col(row::Column::NameKey))
            .exec(tx.connection())
            .await?;
        Ok(written.rows_affected)
    }

    /// Whether the words of any connector are missing.
    pub(super) async fn has_missing_words(self, on: &impl Queries) -> Result<bool, DatabaseError> {
        let first = self.without_words().limit(1).into_tuple::<(Uuid, String)>();
        Ok(first.one(on.connection()).await?.is_some())
    }

    /// The ids and name keys of the connectors whose words are missing. The order makes the databases use the index.
    pub(super) fn without_words(self) -> Select<row::Entity> {
        missing()
            .filter(row::Column::OrganisationId.eq(self.organisation.0))
            .select_only()
            .columns([row::Column::Id, row::Column::NameKey])
            .order_by_asc(row::Column::Id)
    }
}
