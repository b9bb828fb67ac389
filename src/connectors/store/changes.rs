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

impl Connectors {
    /// Changes a connector that is still at `version`. `unproved` lists the changed fields that must be verified again;
    /// `None` if the connector keeps its state.
    ///
    /// # Returns
    /// Whether it still was at `version`.
    #[expect(clippy::too_many_arguments, reason = "what is changed, and what it is changed to")]
    pub async fn change(
        self,
        tx: &Tx,
        id: ConnectorId,
        version: i64,
        settings: &Settings,
        secret: Option<SealedSecret>,
        unproved: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, DatabaseError> {
        let mut update = self.update(id).filter(row::Column::Version.eq(version)).set(row::ActiveModel {
            service_name: Set(settings.service_name.as_str().to_owned()),
            name_key: Set(settings.name_key.clone()),
            client_id: Set(settings.client_id.to_string()),
            secret_expires_on: Set(settings.secret_expires_on.map(|date| date.to_string())),
            expiry_key: Set(expiry_key(settings.secret_expires_on)),
            account_type: Set(settings.account_type.name().to_owned()),
            tenant: Set(settings.tenant.as_ref().map(|tenant| tenant.as_str().to_owned())),
            scopes: Set(settings.scopes.join(" ")),
            version: Set(version + 1),
            changed_at: Set(now.micros()),
            ..<row::ActiveModel as Default>::default()
        });
        // The proved GUID belongs to the domain, so another tenant starts without one. Expressions of an UPDATE read
        // the old row.
        let same = Expr::col(row::Column::Tenant)
            .eq(settings.tenant.as_ref().map(|tenant| tenant.as_str().to_owned()));
        let kept = Expr::case(same, Expr::col(row::Column::TenantId)).finally(Expr::value(None::<String>));
        update = update.col_expr(row::Column::TenantId, kept.into());
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
        Ok(update.exec(tx.connection()).await?.rows_affected == 1)
    }

    /// Stores the GUID of the tenant that a connector's domain belongs to, if it has none yet and still has this
    /// application version.
    pub async fn set_tenant_id(
        self,
        tx: &Tx,
        id: ConnectorId,
        version: i64,
        tenant_id: &str,
    ) -> Result<(), DatabaseError> {
        self.update(id)
            .filter(row::Column::ApplicationVersion.eq(version))
            .filter(row::Column::TenantId.is_null())
            .col_expr(row::Column::TenantId, Expr::value(tenant_id))
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
