//! Queries that change an existing connector.

use sea_orm::{
    ActiveValue::Set,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use super::{ConnectorId, Connectors, SealedSecret, Settings, expiry_key, row};
use crate::{
    connectors::model::ConnectorState,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
    },
};

impl Connectors<'_> {
    /// Changes a connector that is still at `version`. `unproved` lists the names of the changed fields that must be
    /// verified again; `None` if the connector keeps its state.
    ///
    /// # Returns
    /// Whether it still was at `version`.
    pub async fn change(
        self,
        tx: &Tx,
        id: ConnectorId,
        version: i64,
        settings: &Settings,
        secret: Option<SealedSecret>,
        unproved: Option<&str>,
    ) -> Result<bool, DatabaseError> {
        let own = settings.application.settings();
        let mut update = self.update(id).filter(row::Column::Version.eq(version)).set(row::ActiveModel {
            service_name: Set(settings.service_name.as_str().to_owned()),
            name_key: Set(settings.name_key.clone()),
            indexed_name: Set(Some(settings.name_key.clone())),
            client_id: Set(settings.client_id.to_string()),
            secret_expires_on: Set(settings.secret_expires_on.map(|date| date.to_string())),
            expiry_key: Set(expiry_key(settings.secret_expires_on)),
            provider_settings: Set(own.clone()),
            scopes: Set(settings.scopes.join(" ")),
            version: Set(version + 1),
            ..<row::ActiveModel as Default>::default()
        });
        // The proved directory belongs to the settings, so other settings start without one. Expressions of an UPDATE
        // read the old row.
        let same = Expr::col(row::Column::ProviderSettings).eq(own);
        let proved = Expr::col(row::Column::ProvedDirectory);
        let kept = Expr::case(same, proved).finally(Expr::value(None::<String>));
        update = update.col_expr(row::Column::ProvedDirectory, kept.into());
        if let Some(secret) = secret {
            update = update
                .col_expr(row::Column::ClientSecret, Expr::value(secret.sealed))
                .col_expr(row::Column::ClientSecretVersion, Expr::value(secret.version))
                .col_expr(row::Column::ClientSecretHint, Expr::value(secret.hint));
        }
        if let Some(fields) = unproved {
            update = update
                .col_expr(row::Column::Unproved, Expr::value(fields))
                .col_expr(row::Column::ApplicationVersion, Expr::col(row::Column::ApplicationVersion).add(1))
                .col_expr(row::Column::State, Expr::value(ConnectorState::NotVerified.name()))
                .col_expr(row::Column::Failure, Expr::value(None::<String>));
        }
        let changed = update.exec(tx.connection()).await?.rows_affected == 1;
        if changed {
            self.write_words(tx, id, &settings.name_key).await?;
        }
        Ok(changed)
    }

    /// Notes that a connector has its present application since its present application version.
    pub async fn begin_application(self, tx: &Tx, id: ConnectorId) -> Result<(), DatabaseError> {
        self.update(id)
            .col_expr(row::Column::ApplicationFirstVersion, Expr::col(row::Column::ApplicationVersion))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Takes a connector out of use until a job has removed its accounts and then the connector. The version grows, so
    /// that a form that was opened before changes nothing.
    pub async fn mark_deleted(self, tx: &Tx, id: ConnectorId, now: Timestamp) -> Result<(), DatabaseError> {
        self.update(id)
            .col_expr(row::Column::DeletedAt, Expr::value(now.micros()))
            .col_expr(row::Column::Version, Expr::col(row::Column::Version).add(1))
            .col_expr(row::Column::ApplicationVersion, Expr::col(row::Column::ApplicationVersion).add(1))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Stores the directory that a connector's settings name, if it has none yet and still has this application
    /// version.
    pub async fn set_proved_directory(
        self,
        tx: &Tx,
        id: ConnectorId,
        version: i64,
        directory: &str,
    ) -> Result<(), DatabaseError> {
        self.update(id)
            .filter(row::Column::ApplicationVersion.eq(version))
            .filter(row::Column::ProvedDirectory.is_null())
            .col_expr(row::Column::ProvedDirectory, Expr::value(directory))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Stores the state of a connector that still has this application version. The state is not a setting, so
    /// `version` stays the same.
    ///
    /// # Returns
    /// Whether it still had that application version.
    pub async fn set_state(
        self,
        tx: &Tx,
        id: ConnectorId,
        version: i64,
        state: ConnectorState,
        now: Timestamp,
    ) -> Result<bool, DatabaseError> {
        let mut update = self
            .update(id)
            .filter(row::Column::ApplicationVersion.eq(version))
            .col_expr(row::Column::State, Expr::value(state.name()));
        update = match state {
            ConnectorState::Verified => update
                .col_expr(row::Column::VerifiedAt, Expr::value(now.micros()))
                .col_expr(row::Column::Unproved, Expr::value(None::<String>))
                .col_expr(row::Column::Failure, Expr::value(None::<String>)),
            ConnectorState::Failing(reason) => update
                .col_expr(row::Column::FailedAt, Expr::value(now.micros()))
                .col_expr(row::Column::Failure, Expr::value(reason.name())),
            ConnectorState::NotVerified => update.col_expr(row::Column::Failure, Expr::value(None::<String>)),
        };
        Ok(update.exec(tx.connection()).await?.rows_affected == 1)
    }
}
