//! The queries of connectors as choices in a form, and of what other things show about them: names, and applications.

use sea_orm::{DerivePartialModel, QueryOrder, QuerySelect, QueryTrait, entity::prelude::*};

use super::{ConnectorId, Connectors, row};
use crate::{
    connectors::model::ConnectorState,
    platform::database::{DatabaseError, Queries},
    providers::{Names, Providers, SharedProvider},
};

/// A connector as a choice in a form, or as a name beside an account.
#[derive(Clone, Debug)]
pub struct ConnectorChoice {
    pub id: ConnectorId,
    pub service_name: String,
    pub provider: SharedProvider,
}

impl ConnectorChoice {
    /// The names that sentences about its provider use.
    pub fn names(&self) -> &'static Names {
        self.provider.names()
    }
}

/// The columns of a choice.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "row::Entity")]
struct ChoiceRow {
    id: Uuid,
    provider: String,
    service_name: String,
}

impl ChoiceRow {
    fn read(self, providers: &Providers) -> Result<ConnectorChoice, DbErr> {
        let Self { id, provider, service_name } = self;
        let unknown = || DbErr::Type(format!("connector {id}: cannot read the column provider"));
        let provider = providers.find(&provider).ok_or_else(unknown)?.clone();
        Ok(ConnectorChoice { id: ConnectorId(id), service_name, provider })
    }
}

impl Connectors<'_> {
    /// At most `limit` connectors that are not being deleted, by name; with `verified`, only verified ones.
    pub async fn choices(
        self,
        on: &impl Queries,
        verified: bool,
        limit: u64,
    ) -> Result<Vec<ConnectorChoice>, DatabaseError> {
        let verified = verified.then(|| ConnectorState::Verified.name());
        let query = self
            .find()
            .filter(row::Column::DeletedAt.is_null())
            .apply_if(verified, |rows, state| rows.filter(row::Column::State.eq(state)))
            .order_by_asc(row::Column::NameKey)
            .limit(limit);
        self.read_choices(on, query).await
    }

    /// The connectors with these ids, also those that are being deleted.
    pub async fn find_choices(
        self,
        on: &impl Queries,
        ids: &[ConnectorId],
    ) -> Result<Vec<ConnectorChoice>, DatabaseError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let query = self.find().filter(row::Column::Id.is_in(ids.iter().map(|id| id.0)));
        self.read_choices(on, query).await
    }

    /// Those of these connectors that have had another application, with the version since which they have the present
    /// one.
    pub async fn changed_applications(
        self,
        on: &impl Queries,
        ids: &[ConnectorId],
    ) -> Result<Vec<(ConnectorId, i64)>, DatabaseError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found: Vec<(Uuid, i64)> = self
            .find()
            .filter(row::Column::Id.is_in(ids.iter().map(|id| id.0)))
            .filter(row::Column::ApplicationFirstVersion.gt(1))
            .select_only()
            .column(row::Column::Id)
            .column(row::Column::ApplicationFirstVersion)
            .into_tuple()
            .all(on.connection())
            .await?;
        Ok(found.into_iter().map(|(id, since)| (ConnectorId(id), since)).collect())
    }

    async fn read_choices(
        self,
        on: &impl Queries,
        query: Select<row::Entity>,
    ) -> Result<Vec<ConnectorChoice>, DatabaseError> {
        let rows = query.into_partial_model::<ChoiceRow>().all(on.connection()).await?;
        Ok(rows.into_iter().map(|row| row.read(self.providers)).collect::<Result<_, _>>()?)
    }
}
