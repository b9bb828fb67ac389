//! Queries that add, change and delete accounts.

use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockType, OnConflict},
};

use super::{AccountId, Accounts, NewAccount, Paused, StateChange, row, words::searched_text};
use crate::{
    accounts::model::AccountState,
    connectors::service::ConnectorId,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        text::fold,
    },
};

/// The identity of an account as a sign-in has shown it.
#[derive(Clone, Copy, Debug)]
pub struct SignedInIdentity<'a> {
    pub connector: ConnectorId,
    pub email: &'a str,
    pub name: &'a str,
    /// `None` keeps the present one.
    pub reference: Option<&'a str>,
}

impl Accounts {
    fn update(self, id: AccountId) -> sea_orm::UpdateMany<row::Entity> {
        row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.eq(id.0))
            .col_expr(row::Column::Version, Expr::col(row::Column::Version).add(1))
    }

    /// Adds an account that is connected, unless the identity has one already. A concurrent transaction that adds the
    /// same identity is waited for.
    ///
    /// # Returns
    /// Whether it was added.
    pub async fn add(self, tx: &Tx, new: &NewAccount, now: Timestamp) -> Result<bool, DatabaseError> {
        let searched = searched_text(&new.email, &new.name);
        let row = row::ActiveModel {
            id: Set(new.id.0),
            organisation_id: Set(self.0.0),
            provider: Set(new.provider.clone()),
            subject: Set(new.subject.clone()),
            connector_id: Set(new.connector.0),
            email: Set(new.email.clone()),
            email_key: Set(fold(&new.email)),
            name: Set(new.name.clone()),
            indexed_name: Set(Some(searched.clone())),
            reference: Set(new.reference.clone()),
            state: Set(AccountState::Connected.name().to_owned()),
            reason: Set(None),
            provider_words: Set(None),
            state_since: Set(now.micros()),
            failures: Set(0),
            paused_at: Set(None),
            paused_by: Set(None),
            signed_in_at: Set(now.micros()),
            created_at: Set(now.micros()),
            version: Set(1),
        };
        let identity = [row::Column::OrganisationId, row::Column::Provider, row::Column::Subject];
        let same = OnConflict::columns(identity).do_nothing().to_owned();
        match row::Entity::insert(row).on_conflict(same).exec_without_returning(tx.connection()).await {
            Ok(0) | Err(DbErr::RecordNotInserted) => return Ok(false),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        self.write_words(tx, new.id, searched).await?;
        Ok(true)
    }

    /// Writes the identity of an account after a sign-in, and its words.
    pub async fn update_identity(
        self,
        tx: &Tx,
        id: AccountId,
        identity: SignedInIdentity<'_>,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let SignedInIdentity { connector, email, name, reference } = identity;
        let searched = searched_text(email, name);
        let mut update = self
            .update(id)
            .col_expr(row::Column::ConnectorId, Expr::value(connector.0))
            .col_expr(row::Column::Email, Expr::value(email))
            .col_expr(row::Column::EmailKey, Expr::value(fold(email)))
            .col_expr(row::Column::Name, Expr::value(name))
            .col_expr(row::Column::IndexedName, Expr::value(searched.as_str()))
            .col_expr(row::Column::SignedInAt, Expr::value(now.micros()));
        if let Some(reference) = reference {
            update = update.col_expr(row::Column::Reference, Expr::value(reference));
        }
        update.exec(tx.connection()).await?;
        self.write_words(tx, id, searched).await
    }

    /// Writes a state with its reason, and the number of transient failures in a row.
    pub async fn change_state(
        self,
        tx: &Tx,
        id: AccountId,
        change: &StateChange,
        failures: u32,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let json = |error: serde_json::Error| DbErr::Type(format!("account {id}: {error}"));
        let reason = change.reason.as_ref().map(serde_json::to_string).transpose().map_err(json)?;
        let provider_words =
            change.provider_words.as_ref().map(serde_json::to_string).transpose().map_err(json)?;
        self.update(id)
            .col_expr(row::Column::State, Expr::value(change.state.name()))
            .col_expr(row::Column::Reason, Expr::value(reason))
            .col_expr(row::Column::ProviderWords, Expr::value(provider_words))
            .col_expr(row::Column::StateSince, Expr::value(now.micros()))
            .col_expr(row::Column::Failures, Expr::value(i64::from(failures)))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Writes the number of transient failures in a row.
    pub async fn set_failures(self, tx: &Tx, id: AccountId, failures: u32) -> Result<(), DatabaseError> {
        self.update(id)
            .col_expr(row::Column::Failures, Expr::value(i64::from(failures)))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Pauses or resumes an account.
    pub async fn set_paused(
        self,
        tx: &Tx,
        id: AccountId,
        paused: Option<Paused>,
    ) -> Result<(), DatabaseError> {
        self.update(id)
            .col_expr(row::Column::PausedAt, Expr::value(paused.map(|paused| paused.at.micros())))
            .col_expr(row::Column::PausedBy, Expr::value(paused.and_then(|paused| paused.by).map(|by| by.0)))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Deletes an account, and with it its grant, words, history and links.
    pub async fn delete(self, tx: &Tx, id: AccountId) -> Result<(), DatabaseError> {
        self.delete_these(tx, &[id]).await
    }

    /// Locks the first accounts of a connector, at most `limit`.
    pub async fn lock_some(
        self,
        tx: &Tx,
        connector: ConnectorId,
        limit: u64,
    ) -> Result<Vec<AccountId>, DatabaseError> {
        let ids: Vec<Uuid> = self
            .find()
            .filter(row::Column::ConnectorId.eq(connector.0))
            .select_only()
            .column(row::Column::Id)
            .order_by_asc(row::Column::EmailKey)
            .order_by_asc(row::Column::Id)
            .limit(limit)
            .lock(LockType::Update)
            .into_tuple()
            .all(tx.connection())
            .await?;
        Ok(ids.into_iter().map(AccountId).collect())
    }

    /// Deletes these accounts, and with them their grants, words, histories and links.
    pub async fn delete_these(self, tx: &Tx, ids: &[AccountId]) -> Result<(), DatabaseError> {
        row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.is_in(ids.iter().map(|id| id.0)))
            .exec(tx.connection())
            .await?;
        Ok(())
    }
}
