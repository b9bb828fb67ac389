//! Tries a connector's own credentials at the token endpoint (RFC 6749, 4.4; Microsoft,
//! v2-oauth2-client-creds-grant-flow). An administrator learns that a secret is wrong before the first sign-in.

use std::time::Duration;

use async_trait::async_trait;

use super::service::SignIns;
use crate::{
    activity::model::{Action, Entry},
    connectors::{
        consent,
        model::{ConnectorState, FailureReason},
        preflight::{Finding, NextStep, Offer, Preflight, Refused},
        service::{Connector, ConnectorId},
    },
    people::access::Admin,
    platform::failure::Failure,
    providers::{
        Refusal, Why,
        diagnosis::Remedy,
        microsoft::{self, endpoints::Endpoints, errors},
    },
};

/// The most time of a try. It is short, because a user waits for the page.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The codes that prove a mistake in the credentials: secret, public client, application, disabled application, tenant.
/// Other codes may come from this kind of request and prove nothing about a sign-in.
const TELLING: [u64; 16] = [
    7_000_215, 70_002, 50_012, 7_000_222, 7_000_218, 7_000_216, 700_025, 90_023, 700_016, 700_011, 70_001,
    7_000_112, 90_112, 650_059, 90_002, 900_023,
];

#[async_trait]
impl Preflight for SignIns {
    async fn try_credentials(&self, admin: &Admin, connector: ConnectorId) -> Option<Finding> {
        match tokio::time::timeout(PATIENCE, self.ask(admin, connector)).await {
            Ok(Ok(finding)) => finding,
            Ok(Err(failure)) => {
                tracing::warn!(%connector, ?failure, "credentials could not be tried");
                Some(Finding::Later)
            }
            Err(_) => Some(Finding::Later),
        }
    }
}

impl SignIns {
    async fn ask(&self, admin: &Admin, id: ConnectorId) -> Result<Option<Finding>, Failure> {
        let parts = self.parts();
        let organisation = admin.organisation();
        let read = parts.database.read();
        let Some((connector, secret)) = parts.connectors.with_secret(&read, organisation, id).await? else {
            return Ok(None);
        };
        // Without a tenant Microsoft refuses this kind of request (AADSTS9001023).
        if connector.tenant.is_none() {
            return Ok(None);
        }
        let secret = secret.map_err(|error| Failure::unexpected(&error))?;
        let endpoints = Endpoints::of(&parts.urls, connector.path_segment());
        let client_id = connector.client_id.as_str();
        let answer = microsoft::try_credentials(&*parts.http, &endpoints, client_id, &secret).await;
        if let Err(Refusal { why, words }) = &answer {
            let codes = words.as_deref().map(|words| words.codes.clone()).unwrap_or_default();
            let evidence =
                words.as_deref().and_then(|words| words.evidence.as_ref()).map(ToString::to_string);
            tracing::warn!(connector = %id, ?why, ?codes, evidence, "a connector's credentials could not be proved");
        }
        let finding = match &answer {
            Ok(()) => Finding::Accepted,
            Err(refusal) => finding(refusal, consent::has_page(&parts.urls)),
        };
        if finding != Finding::Later {
            let rejected = matches!(answer, Err(Refusal { why: Why::CredentialsRejected, .. }));
            let refused = matches!(finding, Finding::Refused(_));
            self.note_tried(admin, &connector, refused, rejected).await?;
        }
        Ok(Some(finding))
    }

    /// Records the try. Rejected credentials make the connector *Failing*. Accepted credentials end such a failure, but
    /// the connector is not verified, because only a sign-in verifies.
    async fn note_tried(
        &self,
        admin: &Admin,
        connector: &Connector,
        refused: bool,
        rejected: bool,
    ) -> Result<(), Failure> {
        let parts = self.parts();
        let (id, application_version) = (connector.id, connector.application_version);
        parts
            .database
            .write(async |tx| {
                let organisation = admin.organisation();
                // The connector was deleted since then, so there is nothing to record.
                let Some(now) = parts.connectors.lock(&tx, organisation, id).await? else { return Ok(()) };
                let failing = ConnectorState::Failing(FailureReason::CredentialsRejected);
                let state = if rejected {
                    Some(failing)
                } else {
                    // Microsoft may refuse a new secret at first (AADSTS7000215) and accept it later.
                    (!refused && now.state == failing).then_some(ConnectorState::NotVerified)
                };
                if let Some(state) = state {
                    parts.connectors.note_state(&tx, organisation, id, application_version, state).await?;
                }
                let entry = Entry::done(Action::ConnectorTried, now.service_name.as_str(), id.0)
                    .with_outcome(if refused { "refused" } else { "done" });
                Ok(parts.activity.record(&tx, admin.actor(), entry).await?)
            })
            .await
    }
}

/// The finding for a refusal. `approvable` says whether there is an address for approval.
fn finding(Refusal { why, words }: &Refusal, approvable: bool) -> Finding {
    let code = words.as_deref().and_then(errors::telling_code);
    let telling = code.is_some_and(|code| TELLING.contains(&code));
    if *why != Why::CredentialsRejected && !telling {
        return Finding::Later;
    }
    let diagnosis = errors::of(why, words.as_deref());
    let diagnosis = if approvable { diagnosis } else { diagnosis.without_approval() };
    let words = words.as_deref().cloned().unwrap_or_default();
    let said = [
        ("Error code", code.map(|code| format!("AADSTS{code}"))),
        // The session stores this, so it has only codes and ids.
        ("Error", words.known_error().map(str::to_owned)),
        ("Trace ID", words.trace_id),
        ("Correlation ID", words.correlation_id),
    ];
    let mut offers: Vec<Offer> = Vec::new();
    for remedy in diagnosis.remedies() {
        let offer = match remedy {
            Remedy::Secret => Offer::Secret,
            Remedy::Edit | Remedy::Tenant | Remedy::AccountType(_) => Offer::Edit,
            // The administrator corrects these in Azure, not here, and then tries again.
            Remedy::TryCredentials | Remedy::Again | Remedy::RedirectUri | Remedy::Consent => Offer::TryAgain,
        };
        if !offers.contains(&offer) {
            offers.push(offer);
        }
    }
    let steps = diagnosis.causes.into_iter();
    Finding::Refused(Refused {
        title: diagnosis.title.to_owned(),
        what: diagnosis.what,
        steps: steps
            .map(|cause| NextStep { when: cause.when.to_owned(), next: cause.next.into_owned() })
            .collect(),
        offers,
        said: said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{ProviderWords, microsoft::codes};

    #[test]
    fn every_code_about_credentials_has_an_explanation() {
        for code in TELLING {
            assert!(codes::find(code).is_some(), "{code}");
        }
    }

    /// The finding if the token endpoint answers `invalid_request` with this code.
    fn told(code: u64) -> Finding {
        let description = format!("AADSTS{code}: No.");
        let words = ProviderWords::new(Some("invalid_request"), Some(&description), None, None);
        finding(&Refusal { why: Why::ExchangeRefused, words: Some(Box::new(words)) }, true)
    }

    #[test]
    fn a_tenant_or_a_client_id_that_microsoft_cannot_read_is_told_at_once() {
        for (code, title) in [
            (900_023, "Microsoft cannot read the tenant"),
            (90_112, "Microsoft does not accept the Client ID as an ID"),
            (650_059, "The application is not open to this tenant"),
        ] {
            let Finding::Refused(refused) = told(code) else { panic!("{code} is not told") };
            assert_eq!(refused.title, title);
            assert_eq!(refused.offers, [Offer::Edit, Offer::TryAgain], "{code}");
        }
        // A code of a sign-in says nothing about the credentials.
        assert_eq!(told(500_121), Finding::Later);
    }
}
