//! From the callback to the outcome: finds the attempt, checks the browser, consumes the attempt, lets `checking` ask
//! the provider, and writes the outcome.

use std::{convert::identity, net::IpAddr, time::Duration as StdDuration};

use time::Duration;
use tokio::{sync::oneshot, time::Instant};
use tracing::Instrument;

use super::{
    super::{
        callback::CallbackParameters,
        model::{
            ConnectProblem, EXCHANGE_TIME_LIMIT, FailedSignIn, KEPT_PER_CONNECTOR, Outcome, SignInProblem,
            Step,
        },
        sealed,
        store::{Attempt, AttemptId, Attempts, Event, Found},
    },
    SignInDependencies, SignIns,
    checking::{Checked, Finding, Timeline, Trial, log_failure, micros},
    create_timed_event,
    guards::{Stop, foreign_issuer},
    of_links::confirm_code,
};
use crate::{
    activity::model::{Action, Actor, Entry},
    connectors::model::{ConnectorState, FailureReason},
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Unscoped},
        failure::Failure,
        randomness::{Hash, Token},
        request_id::RequestId,
    },
    providers::{self, Evidence},
};

/// The part of [`EXCHANGE_TIME_LIMIT`] that is reserved for writing the outcome.
const FOR_WRITING: Duration = Duration::seconds(3);

/// The owner of a callback: an attempt of this browser, or another browser.
pub enum CallbackOwner {
    /// The callback belongs to this attempt, which this browser started. The page of the attempt shows the outcome.
    Own {
        id: AttemptId,
        /// Whether a connect link started it, so that its page is for a person without a user.
        is_of_link: bool,
    },
    /// The callback belongs to no attempt that this browser started.
    Foreign,
}

impl SignIns {
    /// Accepts a callback: checks that the callback belongs to this browser, and starts a task that consumes the
    /// attempt, asks the provider and writes the outcome. A browser that disconnects does not cancel the task. The
    /// request waits some seconds for the task, so that the next page can usually show the outcome.
    pub async fn accept_callback(
        &self,
        parameters: CallbackParameters,
        binding: Option<&Token>,
        address: Option<IpAddr>,
        request_id: Option<RequestId>,
    ) -> Result<CallbackOwner, Failure> {
        let read = self.dependencies.database.read();
        let Some(found) = Unscoped.attempt_by_state(&read, parameters.state.hash()).await? else {
            return Ok(CallbackOwner::Foreign);
        };
        // Guards against an attacker's callback in a victim's browser, and a victim's callback in an attacker's
        // browser. State and code alone do not prove which browser started the attempt.
        let Some(binding) = binding.filter(|binding| binding.hash().to_vec() == found.binding) else {
            tracing::warn!(attempt = %found.attempt.id, "refused the callback of another browser");
            self.note_foreign_browser(&found.attempt).await;
            return Ok(CallbackOwner::Foreign);
        };
        let confirm = confirm_code(binding, found.attempt.id).hash();
        let (id, is_of_link) = (found.attempt.id, found.attempt.link.is_some());
        let this = self.clone();
        let (report, is_consumed) = oneshot::channel();
        let task = async move {
            // Logged here, because the request that waits may have ended. The attempt's page shows the attempt's row.
            let ran =
                Box::pin(this.run_attempt(found, parameters, confirm, address, request_id, report)).await;
            if let Err(failure) = ran {
                tracing::error!(attempt = %id, ?failure, "could not finish a sign-in");
            }
        };
        let task = self.running.spawn(task.instrument(tracing::Span::current()));
        // Waits without a limit: before the attempt is consumed, its page could only say that no browser came back. If
        // nothing could be written, the attempt is still open and the browser may send the callback again. An error of
        // the channel means that the task ended without consuming the attempt.
        if let Ok(Err(failure)) = is_consumed.await {
            return Err(failure);
        }
        // If it takes longer, the page says *Checking…*.
        if let Ok(Err(panicked)) = tokio::time::timeout(StdDuration::from_secs(5), task).await {
            tracing::error!(attempt = %id, %panicked, "could not finish a sign-in");
        }
        Ok(CallbackOwner::Own { id, is_of_link })
    }

    /// Notes the foreign browser in the timeline, once. An attacker who knows a state could otherwise fill the
    /// database.
    async fn note_foreign_browser(&self, attempt: &Attempt) {
        let attempts = Attempts::of(attempt.organisation);
        let noted = self
            .dependencies
            .database
            .write(async |tx| {
                if attempts.has_step(&tx, attempt.id, Step::ForeignBrowser).await? {
                    return Ok(());
                }
                let event = self.create_event(Step::ForeignBrowser, self.dependencies.clock.now(), "");
                attempts.add_events(&tx, attempt.id, vec![event]).await
            })
            .await;
        if let Err(error) = noted {
            let error: &DatabaseError = &error;
            tracing::error!(attempt = %attempt.id, %error, "could not write the step of a foreign browser");
        }
    }

    /// When the questions to the provider must end. The rest of the time is reserved for writing the outcome. Otherwise
    /// the page of the attempt would say *Interrupted* before the outcome is written.
    fn end_of_exchange(&self, consumed_at: Timestamp) -> Instant {
        let max = EXCHANGE_TIME_LIMIT - FOR_WRITING;
        let left = max - self.dependencies.clock.now().since(consumed_at);
        // The clock may have been set back since then, so the value is limited.
        Instant::now() + left.clamp(Duration::ZERO, max).unsigned_abs()
    }

    async fn run_attempt(
        &self,
        found: Found,
        parameters: CallbackParameters,
        confirm: Hash,
        address: Option<IpAddr>,
        request_id: Option<RequestId>,
        report: oneshot::Sender<Result<(), Failure>>,
    ) -> Result<(), Failure> {
        let SignInDependencies { database, connectors, clock, .. } = &*self.dependencies;
        let Found { attempt, verifier, .. } = found;
        let attempts = Attempts::of(attempt.organisation);
        let now = clock.now();

        let pinned = match self.read_pinned(&attempt) {
            Ok(pinned) => pinned,
            Err(failure) => return report.send(Err(failure)).or_else(identity),
        };

        let early: Option<FailedSignIn> = if let Some(mismatch) = foreign_issuer(&*pinned, &parameters) {
            let kind = providers::RefusalKind::WrongIssuer;
            Some(providers::Refusal::found(kind, Evidence::Mismatch(mismatch)).into())
        } else if !attempt.is_in_time(now) {
            Some(SignInProblem::Expired.into())
        } else if attempt.consumed_at.is_some() {
            return Ok(());
        } else {
            None
        };

        let (organisation, id) = (attempt.organisation, attempt.id);
        let came = parameters.answer.describe();
        let consumed = database
            .write(|tx| {
                let (attempt, came) = (&attempt, &came);
                async move {
                    // Read again, because the transaction may have waited for the writer.
                    let now = clock.now();
                    // Checked again: an administrator who was disabled since the start may not finish the sign-in, and
                    // a link that was used or revoked since then connects nothing.
                    let may = self.may_go_on(&tx, attempt).await?;
                    // Version and secret come from one row. A secret that is newer than the attempt must not be sent
                    // to the addresses of the attempt.
                    let Some(tried) = connectors.with_secret(&tx, organisation, attempt.connector).await?
                    else {
                        // The connector was deleted between our two reads, and its attempts with it.
                        return Ok(None);
                    };
                    if !attempts.consume(&tx, id, now).await? {
                        return Ok(None);
                    }
                    let away = micros(now.since(attempt.created_at));
                    let event = create_timed_event(&self.dependencies, Step::Returned, now, away, came);
                    attempts.add_events(&tx, id, vec![event]).await?;
                    Ok::<_, Failure>(Some((now, may, tried)))
                }
            })
            .await;
        let consumed = match consumed {
            Ok(consumed) => consumed,
            // The request that waits answers with the failure. If that request has ended, this task returns it.
            Err(failure) => return report.send(Err(failure)).or_else(identity),
        };
        let Some((consumed_at, may, (connector, secret))) = consumed else { return Ok(()) };
        let _ = report.send(Ok(()));
        let (link, stop) = match may {
            Ok(link) => (link, None),
            Err(stop) => (None, Some(stop)),
        };
        let is_changed =
            connector.application_version != attempt.connector_version || connector.deleted_at.is_some();
        let verdict = match (early, stop, secret) {
            (Some(refusal), _, _) => Err(refusal),
            (None, Some(Stop::SignIn(why)), _) => Err(why.into()),
            (None, Some(Stop::Link(why)), _) => Ok(Err(why)),
            (None, None, _) if is_changed => Err(SignInProblem::ConnectorChanged.into()),
            (None, None, Ok(secret)) => Ok(Ok(secret)),
            (None, None, Err(error)) => {
                tracing::error!(connector = %connector.id, %error, "could not open the client secret");
                Err(SignInProblem::SecretUnreadable.into())
            }
        };

        let dependencies = &*self.dependencies;
        let mut timeline = Timeline { dependencies, since: consumed_at, events: Vec::new() };
        let checked = match verdict {
            Err(refusal) => Err(refusal),
            Ok(Err(why)) => Ok(Checked::not_connected(why, String::new())),
            Ok(Ok(secret)) => {
                timeline.add_step(Step::Checked, "");
                let until = self.end_of_exchange(consumed_at);
                let (attempt, connector, link) = (&attempt, &connector, link.as_ref());
                let trial = Trial { attempt, connector, pinned: &*pinned, link, confirm, until };
                let work = self.check(trial, &parameters, verifier, &secret, &mut timeline);
                let done = tokio::time::timeout_at(until, work).await;
                done.unwrap_or_else(|_| Err(providers::RefusalKind::Slow.into()))
            }
        };
        let checked = checked.unwrap_or_else(|FailedSignIn { why, words }| {
            log_failure(&attempt, connector.provider.names(), &why, words.as_deref());
            Checked::from_failure(why, words.map(|words| *words))
        });
        // Writes again after a short outage of the database. The outcome would be lost otherwise, because the provider
        // accepts a code only once.
        loop {
            let (checked, events) = (checked.clone(), timeline.events.clone());
            let done = self.write_outcome(&attempt, consumed_at, checked, events, address, request_id).await;
            match done {
                Err(failure) if clock.now().since(consumed_at) < EXCHANGE_TIME_LIMIT => {
                    tracing::warn!(
                        attempt = %id, ?failure,
                        "could not write the outcome of a sign-in; trying again"
                    );
                    tokio::time::sleep(StdDuration::from_millis(500)).await;
                }
                done => return done,
            }
        }
    }

    /// Writes the outcome, the state of the connector, the timeline and the activity in one transaction. If the sign-in
    /// connects a mailbox, the same transaction does.
    async fn write_outcome(
        &self,
        attempt: &Attempt,
        consumed_at: Timestamp,
        checked: Checked,
        mut events: Vec<Event>,
        address: Option<IpAddr>,
        request_id: Option<RequestId>,
    ) -> Result<(), Failure> {
        let SignInDependencies { database, vault, connectors, activity, clock, .. } = &*self.dependencies;
        let attempts = Attempts::of(attempt.organisation);
        database
            .write(|tx| async move {
                let now = clock.now();
                if now.since(consumed_at) > EXCHANGE_TIME_LIMIT {
                    // The page has already said *Interrupted, start again*, so the attempt must stay interrupted.
                    tracing::warn!(attempt = %attempt.id, "did not write an outcome: it came too late");
                    return Ok(());
                }
                let (organisation, id) = (attempt.organisation, attempt.connector);
                // Locks the connector before the attempt, in the order in which a deletion locks them. If the
                // connector was deleted while the provider was asked, its attempts were deleted with it.
                let Some(connector) = connectors.lock(&tx, organisation, id).await? else {
                    return Ok(());
                };
                let version = attempt.connector_version;
                let actor = Actor { organisation, user: attempt.user, client: None, address, request_id };
                let outcome = match checked.finding_for(&connector, version) {
                    Finding::Outcome(outcome) => outcome,
                    Finding::Mailbox(mailbox) => {
                        // The commit of an earlier try may have gone through without an answer.
                        if attempts.has_ended(&tx, attempt.id).await? {
                            return Ok(());
                        }
                        self.connect(&tx, attempt, &connector, &mailbox, actor, now).await?
                    }
                };
                let words = sealed::seal_words(vault, attempt, &outcome)
                    .map_err(|error| Failure::unexpected(&error))?;
                // First: if the attempt cannot be ended, the state of the connector must not change either.
                if !attempts.end(&tx, attempt.id, &outcome, words).await? {
                    if matches!(outcome, Outcome::Connected { .. } | Outcome::Unconfirmed { .. }) {
                        return Err(Failure::Unexpected(format!("the attempt {} ended twice", attempt.id)));
                    }
                    tracing::warn!(attempt = %attempt.id, "did not write an outcome: the attempt had ended");
                    return Ok(());
                }
                if let Some(state) = state_shown_by(&outcome).filter(|state| is_proved_by(attempt, *state)) {
                    connectors.note_state(&tx, organisation, id, version, state).await?;
                }
                let proves = state_shown_by(&outcome) == Some(ConnectorState::Verified);
                if let Some(directory) = checked.directory.as_ref().filter(|_| proves) {
                    connectors.store_proved_directory(&tx, organisation, id, version, directory).await?;
                }
                let since = events.last().map_or(consumed_at, |event| event.at);
                let took = micros(now.since(since));
                let result = name_outcome(&outcome);
                events.push(create_timed_event(&self.dependencies, Step::Outcome, now, took, result));
                attempts.add_events(&tx, attempt.id, events).await?;
                attempts.trim(&tx, id, KEPT_PER_CONNECTOR).await?;
                // These are recorded with the account.
                let is_recorded = matches!(
                    outcome,
                    Outcome::Connected { .. }
                        | Outcome::Unconfirmed { .. }
                        | Outcome::NotConnected {
                            why: ConnectProblem::OtherConnector | ConnectProblem::AccountAlreadyConnected,
                            ..
                        }
                );
                if is_recorded {
                    return Ok(());
                }
                let entry = Entry::done(Action::SignInEnded, connector.service_name.as_str(), id.0)
                    .with_outcome(result);
                Ok(activity.record(&tx, actor, entry).await?)
            })
            .await
    }
}

/// The state of the connector that an outcome proves. It is *Failing* only for reasons that neither another account
/// nor a second try can resolve. A user who declines, a provider that is down, and a foreign browser prove nothing
/// about the connector.
pub(in crate::sign_ins) fn state_shown_by(outcome: &Outcome) -> Option<ConnectorState> {
    match outcome {
        Outcome::Verified { .. } | Outcome::Connected { .. } | Outcome::Unconfirmed { .. } => {
            Some(ConnectorState::Verified)
        }
        // The credentials are good, but not all that a verified connector needs was shown.
        Outcome::NotConnected { .. } => None,
        Outcome::Failed { why, .. } => match why {
            SignInProblem::Provider(providers::RefusalKind::CredentialsRejected) => {
                Some(FailureReason::CredentialsRejected)
            }
            SignInProblem::Provider(providers::RefusalKind::ApplicationRefused) => {
                Some(FailureReason::ApplicationRefused)
            }
            SignInProblem::Provider(providers::RefusalKind::PermissionsRefused) => {
                Some(FailureReason::PermissionsRefused)
            }
            SignInProblem::Provider(providers::RefusalKind::WrongDirectory) => {
                Some(FailureReason::WrongDirectory)
            }
            SignInProblem::Provider(providers::RefusalKind::ApiDisabled) => Some(FailureReason::ApiDisabled),
            _ => None,
        }
        .map(ConnectorState::Failing),
    }
}

/// Whether an attempt can prove this state of its connector. The person behind a link can write any error into the
/// address of the callback, so of the refusals only the answers of the token endpoint and of the API count.
fn is_proved_by(attempt: &Attempt, state: ConnectorState) -> bool {
    let answered = [ConnectorState::Verified, ConnectorState::Failing(FailureReason::ApiDisabled)];
    attempt.link.is_none() || answered.contains(&state) || state.wants_credentials()
}

/// The name of an outcome in the activity and the timeline.
pub(super) const fn name_outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Verified { .. } => "verified",
        Outcome::Connected { .. } => "connected",
        Outcome::Unconfirmed { .. } => "unconfirmed",
        Outcome::NotConnected { .. } => "refused",
        Outcome::Failed { why: SignInProblem::Provider(providers::RefusalKind::Denied), .. } => "denied",
        Outcome::Failed { .. } => "failed",
    }
}
