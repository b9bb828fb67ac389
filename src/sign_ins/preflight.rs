//! Tries a connector's own credentials at the provider (RFC 6749, 4.4). An administrator learns that a secret is wrong
//! before the first sign-in.

use std::time::Duration;

use async_trait::async_trait;

use super::{
    model::clock_of,
    service::{SignInDependencies, SignIns},
};
use crate::{
    activity::model::{Action, Entry},
    connectors::{
        model::{ConnectorState, FailureReason},
        preflight::{Finding, NextStep, Offer, Preflight, Refused},
        service::{Connector, ConnectorId},
    },
    people::access::Admin,
    platform::failure::Failure,
    providers::{Provider, Refusal, RefusalKind, diagnosis::Remedy},
};

/// The time limit of a try. It is short, because a user waits for the page.
pub const PREFLIGHT_TIME_LIMIT: Duration = Duration::from_secs(5);

#[async_trait]
impl Preflight for SignIns {
    async fn try_credentials(&self, admin: &Admin, connector: ConnectorId) -> Option<Finding> {
        match tokio::time::timeout(PREFLIGHT_TIME_LIMIT, self.ask(admin, connector)).await {
            Ok(Ok(finding)) => finding,
            Ok(Err(failure)) => {
                tracing::warn!(%connector, ?failure, "could not try the credentials of a connector");
                Some(Finding::Later)
            }
            Err(_) => Some(Finding::Later),
        }
    }
}

impl SignIns {
    async fn ask(&self, admin: &Admin, id: ConnectorId) -> Result<Option<Finding>, Failure> {
        let dependencies = self.dependencies();
        let organisation = admin.organisation();
        let read = dependencies.database.read();
        let tried = dependencies.connectors.with_secret(&read, organisation, id).await?;
        // A connector that is being deleted is out of use.
        let tried = tried.filter(|(connector, _)| connector.deleted_at.is_none());
        let Some((connector, secret)) = tried else { return Ok(None) };
        if !connector.application.can_try_credentials() {
            return Ok(None);
        }
        let provider = &*connector.provider;
        let secret = secret.map_err(|error| Failure::unexpected(&error))?;
        let redirect_uri = dependencies.public_url.redirect_uri();
        let answer = connector.application.try_credentials(&*dependencies.http, &secret, &redirect_uri).await;
        if let Err(Refusal { why, words }) = &answer {
            let codes = words.as_deref().map(|words| words.codes.clone()).unwrap_or_default();
            let evidence = words.as_deref().and_then(|words| words.evidence.as_ref());
            let evidence = evidence.map(|evidence| evidence.words_of(&clock_of(provider.names())));
            tracing::warn!(
                connector = %id, ?why, ?codes, evidence,
                "the provider did not accept the credentials of a connector"
            );
        }
        let finding = match &answer {
            Ok(()) => Finding::Accepted,
            Err(refusal) => finding(provider, refusal),
        };
        if finding != Finding::Later {
            let rejected = matches!(answer, Err(Refusal { why: RefusalKind::CredentialsRejected, .. }));
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
        let SignInDependencies { database, connectors, activity, .. } = self.dependencies();
        let (id, application_version) = (connector.id, connector.application_version);
        database
            .write(async |tx| {
                let organisation = admin.organisation();
                // The connector was deleted since then, so there is nothing to record.
                let Some(now) = connectors.lock(&tx, organisation, id).await? else { return Ok(()) };
                let failing = ConnectorState::Failing(FailureReason::CredentialsRejected);
                let state = if rejected {
                    Some(failing)
                } else {
                    // A provider may refuse a new secret at first and accept it later.
                    (!refused && now.state == failing).then_some(ConnectorState::NotVerified)
                };
                if let Some(state) = state {
                    connectors.note_state(&tx, organisation, id, application_version, state).await?;
                }
                let entry = Entry::done(Action::ConnectorTried, now.service_name.as_str(), id.0)
                    .with_outcome(if refused { "refused" } else { "done" });
                Ok(activity.record(&tx, admin.actor(), entry).await?)
            })
            .await
    }
}

fn finding(provider: &dyn Provider, Refusal { why, words }: &Refusal) -> Finding {
    let words = words.as_deref();
    if *why != RefusalKind::CredentialsRejected
        && !words.is_some_and(|words| provider.is_about_credentials(words))
    {
        return Finding::Later;
    }
    let diagnosis = provider.diagnose(why, words);
    let diagnosis = if provider.has_consent_page() { diagnosis } else { provider.without_consent(diagnosis) };
    let offers = offers(diagnosis.remedies());
    let code = words.and_then(|words| provider.code(words)).map(|code| code.text);
    let words = words.cloned().unwrap_or_default();
    // The session stores this, so it has only codes and ids. Some providers have no other code than the error.
    let error = words.known_error().filter(|error| code.as_deref() != Some(*error)).map(str::to_owned);
    let said = [
        ("Error code", code),
        ("Error", error),
        ("Trace ID", words.trace_id),
        ("Correlation ID", words.correlation_id),
    ];
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

/// The buttons for these remedies, each one once.
fn offers(remedies: Vec<Remedy>) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    for remedy in remedies {
        let offer = match remedy {
            Remedy::Secret => Offer::Secret,
            Remedy::Edit | Remedy::Change(_) => Offer::Edit,
            Remedy::RedirectUri => Offer::RedirectUri,
            // The rest is corrected at the provider or by another person. Then the administrator tries again.
            Remedy::TryCredentials | Remedy::Again | Remedy::Consent | Remedy::Message | Remedy::Open(_) => {
                Offer::TryAgain
            }
        };
        if !offers.contains(&offer) {
            offers.push(offer);
        }
    }
    // A change at the provider is followed by a new try, too.
    if offers.contains(&Offer::RedirectUri) && !offers.contains(&Offer::TryAgain) {
        offers.push(Offer::TryAgain);
    }
    offers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::diagnosis::SettingsChange;

    #[test]
    fn each_button_is_offered_once_in_the_order_of_the_causes() {
        static CHANGE: SettingsChange = SettingsChange { values: &[], asks: None, button: "Change" };
        let remedies = vec![Remedy::Edit, Remedy::Again, Remedy::Change(&CHANGE), Remedy::Consent];
        assert_eq!(offers(remedies), [Offer::Edit, Offer::TryAgain]);
        assert_eq!(offers(vec![Remedy::TryCredentials, Remedy::Secret]), [Offer::TryAgain, Offer::Secret]);
        assert_eq!(offers(vec![Remedy::RedirectUri]), [Offer::RedirectUri, Offer::TryAgain]);
    }
}
