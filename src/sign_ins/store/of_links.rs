//! Queries of attempts that a connect link started. Their outcome is shown to the browser that holds the binding cookie.

use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};

use super::{Attempt, AttemptId, Attempts, erasing, row};
use crate::{
    accounts::service::links::LinkId,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx, Unscoped},
        randomness::Hash,
    },
};

/// An open attempt of a link.
#[derive(Clone, Debug)]
pub struct OpenOfLink {
    pub id: AttemptId,
    /// Hash of the binding cookie of the browser that started it.
    pub binding: Vec<u8>,
}

impl Unscoped {
    /// An attempt that a link started, of any organisation, if the browser holds its binding cookie.
    pub(in crate::sign_ins) async fn attempt_of_link(
        self,
        on: &impl Queries,
        id: AttemptId,
        binding: Hash,
    ) -> Result<Option<Attempt>, DatabaseError> {
        let row = row::Entity::find_by_id(id.0)
            .filter(row::Column::BindingHash.eq(binding.to_vec()))
            .filter(row::Column::ConnectLinkId.is_not_null())
            .one(on.connection())
            .await?;
        Ok(row.map(Attempt::try_from).transpose()?)
    }
}

impl Attempts {
    /// The attempts of a link that can still be consumed, oldest first.
    pub async fn open_of_link(
        self,
        tx: &Tx,
        link: LinkId,
        now: Timestamp,
    ) -> Result<Vec<OpenOfLink>, DatabaseError> {
        let rows: Vec<(Uuid, Option<Vec<u8>>)> = self
            .find()
            .filter(row::Column::ConnectLinkId.eq(link.0))
            .filter(row::Column::ConsumedAt.is_null())
            .filter(erasing::in_time_condition(now))
            .order_by_asc(row::Column::CreatedAt)
            .order_by_asc(row::Column::Id)
            .select_only()
            .column(row::Column::Id)
            .column(row::Column::BindingHash)
            .into_tuple()
            .all(tx.connection())
            .await?;
        let open = |(id, binding): (Uuid, Option<Vec<u8>>)| OpenOfLink {
            id: AttemptId(id),
            binding: binding.unwrap_or_default(),
        };
        Ok(rows.into_iter().map(open).collect())
    }
}
