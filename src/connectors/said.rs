//! What was just done with a connector: said once, on the page that one comes to.

use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::{preflight::Finding, service::ConnectorId};
use crate::platform::{failure::Failure, session_error};

const KEY: &str = "said:connectors";

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

    /// Keeps it in the session until it is shown.
    pub async fn keep(&self, session: &Session) -> Result<(), Failure> {
        session.insert(KEY, self).await.map_err(session_error::failure)
    }

    /// Takes it out of the session, where it is about this connector, which is still there.
    pub async fn take(session: &Session, id: ConnectorId) -> Result<Option<Self>, Failure> {
        Self::take_if(session, |said| said.connector == id && !matches!(said.done, Done::Deleted(_))).await
    }

    /// Takes the name of a connector that was deleted out of the session.
    pub async fn take_deleted(session: &Session) -> Result<Option<String>, Failure> {
        let said = Self::take_if(session, |said| matches!(said.done, Done::Deleted(_))).await?;
        Ok(said.and_then(|said| match said.done {
            Done::Deleted(name) => Some(name),
            _ => None,
        }))
    }

    /// Whether it is still to be said that this connector was deleted.
    pub async fn is_deleted(session: &Session, id: ConnectorId) -> Result<bool, Failure> {
        let said = session.get::<Self>(KEY).await.map_err(session_error::failure)?;
        Ok(said.is_some_and(|said| said.connector == id && matches!(said.done, Done::Deleted(_))))
    }

    async fn take_if(session: &Session, wanted: impl Fn(&Self) -> bool) -> Result<Option<Self>, Failure> {
        match session.get::<Self>(KEY).await.map_err(session_error::failure)? {
            // Only where it is shown: taking it out is a write.
            Some(said) if wanted(&said) => session.remove(KEY).await.map_err(session_error::failure),
            _ => Ok(None),
        }
    }
}
