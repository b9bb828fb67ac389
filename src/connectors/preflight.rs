//! The trait for trying a connector's credentials at the provider without a sign-in, and the model of its result.
//! `sign_ins` implements the trait, and assembly passes the implementation in.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::service::ConnectorId;
use crate::people::access::Admin;

/// The result of the try, in words for the connector's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finding {
    /// The provider accepts the credentials. The tokens that it issued were discarded.
    Accepted,
    /// The provider refuses the credentials.
    Refused(Refused),
    /// The try had no clear result. A sign-in will show whether the credentials work.
    Later,
}

/// Why the provider refuses them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// In a line.
    pub title: String,
    /// The meaning of the refusal.
    pub what: String,
    /// The next step for each cause, the most likely cause first.
    #[serde(default)]
    pub steps: Vec<NextStep>,
    /// The buttons that the page offers, in the order of the causes.
    #[serde(default)]
    pub offers: Vec<Offer>,
    /// The provider's code and ids, by name.
    pub said: Vec<(String, String)>,
}

/// The next step for one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStep {
    /// How to recognise this cause; empty if it is the only one.
    pub when: String,
    /// The step, as a sentence.
    pub next: String,
}

/// A button beside refused credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Offer {
    /// To try them again as they are.
    TryAgain,
    /// To replace the secret.
    Secret,
    /// To edit the connector.
    Edit,
    /// To copy the Redirect URI, which the page has.
    RedirectUri,
}

/// Tries credentials.
#[async_trait]
pub trait Preflight: Send + Sync + 'static {
    /// Tries the credentials of a connector, within five seconds. `None` if the provider answers only a sign-in.
    /// Every failure is [`Finding::Later`], because the connector is saved already.
    async fn try_credentials(&self, admin: &Admin, connector: ConnectorId) -> Option<Finding>;
}

/// A shared implementation of the trait.
pub type SharedPreflight = Arc<dyn Preflight>;
