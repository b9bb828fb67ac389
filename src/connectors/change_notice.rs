//! The message about the last action on a connector. It is kept in the session for the page that comes next.

use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::{preflight::Finding, service::ConnectorId};
use crate::platform::{clock::Timestamp, failure::Failure, note};

const NAME: &str = "connectors";

/// An action on a connector, with its result.
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
    pub done: ChangeMade,
    /// The warning about the new secret.
    pub warning: Option<String>,
    /// The provider's answer to the credentials, if they were tried.
    pub finding: Option<Finding>,
}

impl ChangeNotice {
    /// Whether the provider refused the credentials.
    pub const fn is_refused(&self) -> bool {
        matches!(self.finding, Some(Finding::Refused(_)))
    }

    /// Keeps the message in the session for the pages after this request.
    pub async fn keep_in_session(&self, session: &Session, now: Timestamp) -> Result<(), Failure> {
        note::keep_note(session, NAME, self, now).await
    }

    /// The message about this connector, which still exists.
    pub async fn about(session: &Session, id: ConnectorId, now: Timestamp) -> Result<Option<Self>, Failure> {
        let notice = note::read::<Self>(session, NAME, now).await?;
        Ok(notice.filter(|notice| notice.connector == id && !matches!(notice.done, ChangeMade::Deleted(_))))
    }

    /// The id and name of a connector that was deleted.
    pub async fn deleted(
        session: &Session,
        now: Timestamp,
    ) -> Result<Option<(ConnectorId, String)>, Failure> {
        let notice = note::read::<Self>(session, NAME, now).await?;
        Ok(notice.and_then(|notice| match notice.done {
            ChangeMade::Deleted(name) => Some((notice.connector, name)),
            _ => None,
        }))
    }
}
