//! What every new attempt begins with: its random values, and the values that it is pinned to.

use secrecy::SecretString;

use super::{
    super::{
        model::{Purpose, VALID},
        sealed,
        store::{Attempt, AttemptId, Ephemeral},
    },
    SignInDependencies, SignIns,
};
use crate::{
    connectors::service::Connector,
    platform::{clock::Timestamp, failure::Failure, randomness::Token},
    providers::Pinned,
    vault::Vault,
};

/// The random values of a new attempt.
pub(super) struct AttemptSecrets {
    pub(super) state: Token,
    /// The PKCE verifier.
    pub(super) verifier: SecretString,
    pub(super) nonce: Token,
    id: AttemptId,
}

impl AttemptSecrets {
    pub(super) fn new(SignInDependencies { clock, randomness, .. }: &SignInDependencies) -> Self {
        let token = || Token::random(&**randomness);
        Self {
            state: token(),
            verifier: SecretString::from(token().expose()),
            nonce: token(),
            id: AttemptId::new(&**clock, &**randomness),
        }
    }

    /// The values of the attempt's row that the sweep erases early. `binding` is the cookie of the browser.
    pub(super) fn ephemeral(
        &self,
        vault: &Vault,
        attempt: &Attempt,
        binding: &Token,
    ) -> Result<Ephemeral, Failure> {
        let sealed = sealed::seal(vault, attempt, &self.verifier);
        let verifier = sealed.map_err(|error| Failure::unexpected(&error))?;
        Ok(Ephemeral { state: self.state.hash(), binding: binding.hash(), verifier })
    }
}

impl SignIns {
    /// A new attempt that no user has started, with everything that it is pinned to.
    pub(super) fn create_attempt(
        &self,
        purpose: Purpose,
        connector: &Connector,
        pinned: &dyn Pinned,
        secrets: &AttemptSecrets,
        now: Timestamp,
    ) -> Attempt {
        Attempt {
            id: secrets.id,
            purpose,
            organisation: connector.organisation,
            connector: connector.id,
            connector_version: connector.application_version,
            user: None,
            user_version: 0,
            link: None,
            account: None,
            provider: connector.provider.form().name().to_owned(),
            pinned: pinned.to_json(),
            client_id: connector.client_id.to_string(),
            redirect_uri: self.dependencies.public_url.redirect_uri(),
            scopes: connector.scopes.clone(),
            nonce: secrets.nonce.hash(),
            created_at: now,
            expires_at: now.plus(VALID),
            consumed_at: None,
            outcome: None,
            provider_words: None,
        }
    }
}
