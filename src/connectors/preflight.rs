//! Trying a connector's credentials at the provider without anybody signing in. Who does it stands above this
//! feature and is handed in.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::service::ConnectorId;
use crate::people::access::Admin;

/// What came of it, in words for the page that one comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finding {
    /// The provider takes them. What it gave was thrown away.
    Accepted,
    /// The provider refuses them.
    Refused(Refused),
    /// It could not be found out; a sign-in will show it.
    Later,
}

/// Why the provider refuses them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// In a line.
    pub title: String,
    /// What it means.
    pub what: String,
    /// What to do, by cause, the likeliest first.
    #[serde(default)]
    pub steps: Vec<NextStep>,
    /// What the page offers for that, in the order of the causes.
    #[serde(default)]
    pub offers: Vec<Offer>,
    /// What the provider said, by name: its code, and its ids.
    pub said: Vec<(String, String)>,
}

/// What to do where it is a certain cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStep {
    /// How to tell that it is this cause; empty where it is the only one.
    pub when: String,
    /// What to do.
    pub next: String,
}

/// What the page offers where credentials are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Offer {
    /// To try them again as they are.
    TryAgain,
    /// To replace the secret.
    Secret,
    /// To edit the connector.
    Edit,
}

/// Tries credentials.
#[async_trait]
pub trait Preflight: Send + Sync + 'static {
    /// Those of a connector, within five seconds; none where the provider can be asked only by somebody who signs
    /// in. Whatever goes wrong is [`Finding::Later`], for what was saved is saved.
    async fn try_credentials(&self, admin: &Admin, connector: ConnectorId) -> Option<Finding>;
}

/// One that can be handed round.
pub type SharedPreflight = Arc<dyn Preflight>;
