//! The part of a connector that a list shows. A list reads many rows, so it reads only these columns.

use sea_orm::{DerivePartialModel, entity::prelude::*};

use super::{ConnectorId, expiry_key, row};
use crate::{
    connectors::model::{ClientId, ConnectorState, ExpiryDate, FailureReason, ServiceName},
    platform::clock::Timestamp,
    providers::{Names, ProviderForm, Providers, SharedApplication, SharedProvider},
};

/// A connector in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub id: ConnectorId,
    pub provider: SharedProvider,
    pub service_name: ServiceName,
    /// The name in the form in which names are compared and sorted.
    pub name_key: String,
    /// The client ID of the application.
    pub client_id: ClientId,
    /// The day on which the secret expires, if it is known.
    pub secret_expires_on: Option<ExpiryDate>,
    /// The application, with the provider's own settings.
    pub application: SharedApplication,
    /// The permissions that it asks for.
    pub scopes: Vec<String>,
    pub state: ConnectorState,
    /// When it was added.
    pub created_at: Timestamp,
    /// Since when it is *Being deleted*.
    pub deleted_at: Option<Timestamp>,
}

impl Listed {
    /// The names that sentences about its provider use.
    pub fn names(&self) -> &'static Names {
        self.provider.names()
    }

    /// The parsers of its provider.
    pub fn form(&self) -> &'static dyn ProviderForm {
        self.provider.form()
    }

    /// The sort key of the order by expiry.
    pub(super) fn expiry_key(&self) -> String {
        expiry_key(self.secret_expires_on)
    }
}

/// The columns that a list reads.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "row::Entity")]
pub(super) struct ListedRow {
    pub id: Uuid,
    pub provider: String,
    pub service_name: String,
    pub name_key: String,
    pub client_id: String,
    pub secret_expires_on: Option<String>,
    pub provider_settings: String,
    pub scopes: String,
    pub state: String,
    pub failure: Option<String>,
    pub created_at: i64,
    pub deleted_at: Option<i64>,
}

/// The error for a row that this program cannot have written.
fn inconsistent(id: Uuid, column: &str) -> DbErr {
    DbErr::Type(format!("connector {id}: cannot read the column {column}"))
}

impl ListedRow {
    pub(super) fn read(self, providers: &Providers) -> Result<Listed, DbErr> {
        let id = self.id;
        let wrong = |column: &str| inconsistent(id, column);
        let provider = providers.find(&self.provider).ok_or_else(|| wrong("provider"))?;
        let client_id = ClientId::parse(provider.form(), &self.client_id).map_err(|_| wrong("client_id"))?;
        let application = provider
            .read_application(&client_id, &self.provider_settings)
            .map_err(|_| wrong("provider_settings"))?;
        let state = match (self.state.as_str(), self.failure.as_deref()) {
            ("not_verified", _) => ConnectorState::NotVerified,
            ("verified", _) => ConnectorState::Verified,
            ("failing", Some(reason)) => {
                let reason = FailureReason::from_name(reason).ok_or_else(|| wrong("failure"))?;
                ConnectorState::Failing(reason)
            }
            _ => return Err(wrong("state")),
        };
        Ok(Listed {
            id: ConnectorId(id),
            provider: provider.clone(),
            service_name: ServiceName::parse(&self.service_name).map_err(|_| wrong("service_name"))?,
            client_id,
            secret_expires_on: ExpiryDate::parse(self.secret_expires_on.as_deref().unwrap_or_default())
                .map_err(|_| wrong("secret_expires_on"))?,
            application,
            scopes: self.scopes.split(' ').map(str::to_owned).collect(),
            state,
            created_at: Timestamp::from_micros(self.created_at),
            deleted_at: self.deleted_at.map(Timestamp::from_micros),
            name_key: self.name_key,
        })
    }
}
