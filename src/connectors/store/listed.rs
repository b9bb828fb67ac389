//! The part of a connector that a list shows. A list reads many rows, so it reads only these columns.

use sea_orm::{DerivePartialModel, entity::prelude::*};

use super::{ConnectorId, expiry_key, row};
use crate::{
    connectors::model::{
        AccountType, ClientId, ConnectorState, ExpiryDate, FailureReason, ServiceName, Tenant,
    },
    platform::clock::Timestamp,
};

/// A connector in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: ConnectorId,
    /// Its name.
    pub service_name: ServiceName,
    /// The name in the form in which names are compared and sorted.
    pub name_key: String,
    /// The Azure application.
    pub client_id: ClientId,
    /// The day on which the secret expires, if it is known.
    pub secret_expires_on: Option<ExpiryDate>,
    /// Who may sign in.
    pub account_type: AccountType,
    /// The tenant, if the accounts of only one tenant may sign in.
    pub tenant: Option<Tenant>,
    /// The permissions that it asks for.
    pub scopes: Vec<String>,
    /// Its state.
    pub state: ConnectorState,
    /// When it was added.
    pub created_at: Timestamp,
}

impl Listed {
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
    pub service_name: String,
    pub name_key: String,
    pub client_id: String,
    pub secret_expires_on: Option<String>,
    pub account_type: String,
    pub tenant: Option<String>,
    pub scopes: String,
    pub state: String,
    pub failure: Option<String>,
    pub created_at: i64,
}

/// The error for a row that this program cannot have written.
fn inconsistent(id: Uuid, column: &str) -> DbErr {
    DbErr::Type(format!("connector {id} has an impossible {column}"))
}

impl TryFrom<ListedRow> for Listed {
    type Error = DbErr;

    fn try_from(row: ListedRow) -> Result<Self, DbErr> {
        let id = row.id;
        let state = match (row.state.as_str(), row.failure.as_deref()) {
            ("not_verified", _) => ConnectorState::NotVerified,
            ("verified", _) => ConnectorState::Verified,
            ("failing", Some(reason)) => ConnectorState::Failing(
                FailureReason::from_name(reason).ok_or_else(|| inconsistent(id, "failure"))?,
            ),
            _ => return Err(inconsistent(id, "state")),
        };
        Ok(Self {
            id: ConnectorId(id),
            service_name: ServiceName::parse(&row.service_name)
                .map_err(|_| inconsistent(id, "service_name"))?,
            name_key: row.name_key,
            client_id: ClientId::parse(&row.client_id).map_err(|_| inconsistent(id, "client_id"))?,
            secret_expires_on: ExpiryDate::parse(row.secret_expires_on.as_deref().unwrap_or_default())
                .map_err(|_| inconsistent(id, "secret_expires_on"))?,
            account_type: AccountType::from_name(&row.account_type)
                .ok_or_else(|| inconsistent(id, "account_type"))?,
            tenant: row
                .tenant
                .as_deref()
                .map(Tenant::parse)
                .transpose()
                .map_err(|_| inconsistent(id, "tenant"))?,
            scopes: row.scopes.split(' ').map(str::to_owned).collect(),
            state,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}
