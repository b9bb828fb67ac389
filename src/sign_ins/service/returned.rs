//! From the callback to the outcome: finds the attempt, checks the browser, consumes the attempt, lets `checking` ask
//! the provider, and writes the outcome.

use std::{convert::identity, net::IpAddr, time::Duration as StdDuration};

use secrecy::ExposeSecret;
use time::Duration;
use tokio::sync::oneshot;
use tracing::Instrument;

use super::{
    super::{
        callback::{Answer, CallbackParameters},
        model::{EXCHANGE_TIME_LIMIT, FailedSignIn, KEPT_PER_CONNECTOR, Outcome, SignInProblem, Step},
        sealed,
        store::{Attempt, AttemptId, Attempts, Event, Found},
    },
    SignInDependencies, SignIns,
    checking::{Checked, Timeline, Trial, log_failure, micros},
    create_timed_event,
};
use crate::{
    activity::model::{Action, Actor, Entry},
    connectors::model::{ConnectorState, FailureReason},
    people::service::MayFinish,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Unscoped},
        failure::Failure,
        randomness::Token,
        request_id::RequestId,
    },
    providers::{self, Evidence, Mismatch, Pinned},
};

/// The part of [`EXCHANGE_TIME_LIMIT`] that is reserved for writing the outcome.
const FOR_WRITING: Duration = Duration::seconds(3);

/// The owner of a callback: an attempt of this browser, or another browser.
pub enum CallbackOwner {
    /// The callback belongs to this attempt, which this browser started. The page of the attempt shows the outcome.
    Own(AttemptId),
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
        if binding.is_none_or(|binding| binding.hash().to_vec() != found.binding) {
            tracing::warn!(attempt = %found.attempt.id, "refused the callback of another browser");
            self.note_foreign_browser(&found.attempt).await;
            return Ok(CallbackOwner::Foreign);
        }
        let id = found.attempt.id;
        let this = self.clone();
        let (report, is_consumed) = oneshot::channel();
        let task = async move {
            // Logged here, because the request that waits may have ended. The attempt's page shows the attempt's row.
            if let Err(failure) = this.run_attempt(found, parameters, address, request_id, report).await {
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
        Ok(CallbackOwner::Own(id))
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

    async fn run_attempt(
        &self,
        found: Found,
        parameters: CallbackParameters,
        address: Option<IpAddr>,
        request_id: Option<RequestId>,
        report: oneshot::Sender<Result<(), Failure>>,
    ) -> Result<(), Failure> {
        let SignInDependencies { database, connectors, people, clock, .. } = &*self.dependencies;
        let Found { attempt, verifier, .. } = found;
        let attempts = Attempts::of(attempt.organisation);
        let now = clock.now();

        let pinned = match self.read_pinned(&attempt) {
            Ok(pinned) => pinned,
            Err(failure) => return report.send(Err(failure)).or_else(identity),
        };

        let early = if let Some(mismatch) = foreign_issuer(&*pinned, &parameters) {
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
                    // Checked again: an administrator who was disabled since the start may not finish the sign-in.
                    let may = match attempt.user {
                        Some(user) => {
                            people.may_finish(&tx, organisation, user, attempt.user_version).await?
                        }
                        // Only an administrator may verify a connector.
                        None => MayFinish::NotAdmin,
                    };
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
        let verdict = match (early, secret) {
            (Some(refusal), _) => Err(refusal),
            (None, _) if may == MayFinish::NotAdmin => Err(SignInProblem::NotAllowed.into()),
            (None, _) if may == MayFinish::LoggedOut => Err(SignInProblem::LoggedOut.into()),
            (None, _) if connector.application_version != attempt.connector_version => {
                Err(SignInProblem::ConnectorChanged.into())
            }
            (None, Ok(secret)) => Ok(secret),
            (None, Err(error)) => {
                tracing::error!(connector = %connector.id, %error, "could not open the client secret");
                Err(SignInProblem::SecretUnreadable.into())
            }
        };

        let dependencies = &*self.dependencies;
        let mut timeline = Timeline { dependencies, since: consumed_at, events: Vec::new() };
        let checked = match verdict {
            Err(refusal) => Err(refusal),
            Ok(secret) => {
                timeline.add_step(Step::Checked, "");
                // The rest of the time is reserved for writing the outcome. Otherwise the page of the attempt would say
                // *Interrupted* before the outcome is written.
                let time_left = EXCHANGE_TIME_LIMIT - FOR_WRITING - clock.now().since(consumed_at);
                // The clock may have been set back since then, so the value is limited.
                let max = EXCHANGE_TIME_LIMIT - FOR_WRITING;
                let time_left = time_left.clamp(Duration::ZERO, max).unsigned_abs();
                let trial = Trial { attempt: &attempt, connector: &connector, pinned: &*pinned };
                let work = self.check(trial, &parameters, verifier, &secret, &mut timeline);
                let done = tokio::time::timeout(time_left, work).await;
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

    /// Writes the outcome, the state of the connector, the timeline and the activity in one transaction.
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
                let outcome = checked.outcome_for(&connector, version);
                let words = sealed::seal_words(vault, attempt, &outcome)
                    .map_err(|error| Failure::unexpected(&error))?;
                // First: if the attempt cannot be ended, the state of the connector must not change either.
                if !attempts.end(&tx, attempt.id, &outcome, words).await? {
                    tracing::warn!(attempt = %attempt.id, "did not write an outcome: the attempt had ended");
                    return Ok(());
                }
                if let Some(state) = state_shown_by(&outcome) {
                    connectors.note_state(&tx, organisation, id, version, state).await?;
                }
                if let (Outcome::Verified { .. }, Some(directory)) = (&outcome, &checked.directory) {
                    connectors.store_proved_directory(&tx, organisation, id, version, directory).await?;
                }
                let since = events.last().map_or(consumed_at, |event| event.at);
                let took = micros(now.since(since));
                let result = name_outcome(&outcome);
                events.push(create_timed_event(&self.dependencies, Step::Outcome, now, took, result));
                attempts.add_events(&tx, attempt.id, events).await?;
                attempts.trim(&tx, id, KEPT_PER_CONNECTOR).await?;
                let actor = Actor { organisation, user: attempt.user, address, request_id };
                let entry = Entry::done(Action::SignInEnded, connector.service_name.as_str(), id.0)
                    .with_outcome(result);
                Ok(activity.record(&tx, actor, entry).await?)
            })
            .await
    }
}

/// The mismatch if another provider or directory sent the callback. It guards against mix-up attacks (RFC 9207): a code
/// and a secret must reach only the token endpoint of their own provider.
fn foreign_issuer(pinned: &dyn Pinned, parameters: &CallbackParameters) -> Option<Mismatch> {
    let issuer = parameters.issuer.as_deref()?;
    let code = match &parameters.answer {
        Answer::Code(code) => Some(code.expose_secret()),
        _ => None,
    };
    pinned.check_callback_issuer(issuer, code.as_slice()).err()
}

/// The state of the connector that an outcome proves. It is *Failing* only for reasons that neither another account
/// nor a second try can resolve. A user who declines, a provider that is down, and a foreign browser prove nothing
/// about the connector.
pub(in crate::sign_ins) fn state_shown_by(outcome: &Outcome) -> Option<ConnectorState> {
    match outcome {
        Outcome::Verified { .. } => Some(ConnectorState::Verified),
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
            _ => None,
        }
        .map(ConnectorState::Failing),
    }
}

/// The name of an outcome in the activity and the timeline.
pub(super) const fn name_outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Verified { .. } => "verified",
        Outcome::Failed { why: SignInProblem::Provider(providers::RefusalKind::Denied), .. } => "denied",
        Outcome::Failed { .. } => "failed",
    }
}
