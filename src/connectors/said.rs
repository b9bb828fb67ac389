//! What was just done with a connector, for the page that one comes to.

use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::{preflight::Finding, service::ConnectorId};
use crate::platform::{clock::Timestamp, failure::Failure, note};

const NAME: &str = "connectors";

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Done {
    /// It was added.
    Added,
    /// It was changed.
    Changed,
    /// It was sent as it was already.
    Unchanged,
    /// It was left as it is, for somebody else has changed it meanwhile.
    Outdated,
    /// Its secret was replaced.
    SecretReplaced,
    /// Its credentials were tried again, as they are.
    TriedAgain,
    /// It was deleted; its name was this.
    Deleted(String),
}

/// What was done, and with which connector.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Said {
    /// With which.
    pub connector: ConnectorId,
    /// What.
    pub done: Done,
    /// What is unusual about its new secret.
    pub warning: Option<String>,
    /// What the provider said of its credentials, where it was asked.
    pub finding: Option<Finding>,
}

impl Said {
    /// Whether the provider refused its credentials.
    pub const fn is_refused(&self) -> bool {
        matches!(self.finding, Some(Finding::Refused(_)))
    }

    /// Keeps it in the session for the pages after this request.
    pub async fn keep(&self, session: &Session, now: Timestamp) -> Result<(), Failure> {
        note::keep_note(session, NAME, self, now).await
    }

    /// What was done with this connector, which is still there.
    pub async fn about(session: &Session, id: ConnectorId, now: Timestamp) -> Result<Option<Self>, Failure> {
        let said = note::read::<Self>(session, NAME, now).await?;
        Ok(said.filter(|said| said.connector == id && !matches!(said.done, Done::Deleted(_))))
    }

    /// The id and name of a connector that was deleted.
    pub async fn deleted(
        session: &Session,
        now: Timestamp,
    ) -> Result<Option<(ConnectorId, String)>, Failure> {
        let said = note::read::<Self>(session, NAME, now).await?;
        Ok(said.and_then(|said| match said.done {
            Done::Deleted(name) => Some((said.connector, name)),
            _ => None,
        }))
    }
}
