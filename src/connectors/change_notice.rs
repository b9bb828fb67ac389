//! The message about the last action on a connector. It is kept in the session for the page that comes next.

use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::{preflight::Finding, service::ConnectorId};
use crate::platform::{clock::Timestamp, failure::Failure, note};

const NAME: &str = "connectors";

/// The action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeMade {
    Added,
    Changed,
    /// The form was sent without a change.
    Unchanged,
    /// Nothing was saved, because another administrator has changed the connector since the form was opened.
    Outdated,
    SecretReplaced,
    /// The stored credentials were tried again.
    TriedAgain,
    /// The connector with this name was deleted.
    Deleted(String),
}

/// An action, its connector, and its results.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChangeNotice {
    pub connector: ConnectorId,
    /// The action.
    pub done: ChangeMade,
    /// The warning about its new secret.
    pub warning: Option<String>,
    /// The provider's answer to its credentials, if they were tried.
    pub finding: Option<Finding>,
}

impl ChangeNotice {
    /// Whether the provider refused its credentials.
    pub const fn is_refused(&self) -> bool {
        matches!(self.finding, Some(Finding::Refused(_)))
    }

    /// Keeps the message in the session for the pages after this request.
    pub async fn keep_in_session(&self, session: &Session, now: Timestamp) -> Result<(), Failure> {
        note::keep_note(session, NAME, self, now).await
    }

    /// The message about this connector, which still exists.
    pub async fn about(session: &Session, id: ConnectorId, now: Timestamp) -> Result<Option<Self>, Failure> {
        let said = note::read::<Self>(session, NAME, now).await?;
        Ok(said.filter(|said| said.connector == id && !matches!(said.done, ChangeMade::Deleted(_))))
    }

    /// The id and name of a connector that was deleted.
    pub async fn deleted(
        session: &Session,
        now: Timestamp,
    ) -> Result<Option<(ConnectorId, String)>, Failure> {
        let said = note::read::<Self>(session, NAME, now).await?;
        Ok(said.and_then(|said| match said.done {
            ChangeMade::Deleted(name) => Some((said.connector, name)),
            _ => None,
        }))
    }
}
