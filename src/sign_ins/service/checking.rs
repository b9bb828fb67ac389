//! Checks a sign-in that came back: redeems the code, checks the ID token, reads the account, and compares the granted
//! permissions. The result is an outcome, or a mailbox that may be connected; `returned` writes it.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use time::Duration;
use tokio::time::Instant;

use super::{
    super::{
        callback::{Answer, CallbackParameters},
        model::{ConnectProblem, FailedSignIn, Outcome, SignInProblem, Step, clock_of},
        sealed,
        store::{Attempt, Event},
    },
    SignInDependencies, SignIns,
    connecting::{Connecting, clean_identity},
    create_timed_event,
};
use crate::{
    accounts::service::links::Link,
    connectors::service::Connector,
    platform::{clock::Timestamp, randomness::Hash},
    providers::{
        self, Claim, Evidence, Mismatch, Names, Pinned, Provider, ProviderWords, RawError, TOLERATED_SKEW,
        clock_words_of, oauth::CodeRequest, provider::Expected, redact, single_line,
    },
};

/// A consumed attempt with the values that its check needs.
#[derive(Clone, Copy)]
pub(super) struct Trial<'a> {
    pub(super) attempt: &'a Attempt,
    pub(super) connector: &'a Connector,
    /// The values that the attempt is pinned to.
    pub(super) pinned: &'a dyn Pinned,
    /// The connect link that started it.
    pub(super) link: Option<&'a Link>,
    /// The hash of the code with which an application confirms the mailbox.
    pub(super) confirm: Hash,
    /// When the check must end.
    pub(super) until: Instant,
}

/// What the checks have found.
#[derive(Clone, Debug)]
pub(super) enum Finding {
    Outcome(Outcome),
    /// A mailbox that may be connected. The transaction that writes the outcome decides.
    Mailbox(Arc<Connecting>),
}

/// The result of the checks.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    finding: Finding,
    /// The directory of the connector's application, if this sign-in has proved it and it is to be kept.
    pub(super) directory: Option<String>,
}

impl Checked {
    /// The result of failed checks.
    pub(super) const fn from_failure(why: SignInProblem, provider: Option<ProviderWords>) -> Self {
        Self { finding: Finding::Outcome(Outcome::Failed { why, provider }), directory: None }
    }

    /// The result of checks after which a mailbox is not connected.
    pub(super) const fn not_connected(why: ConnectProblem, account: String) -> Self {
        Self { finding: Finding::Outcome(Outcome::NotConnected { why, account }), directory: None }
    }

    /// A mailbox that may be connected.
    pub(super) const fn from_mailbox(mailbox: Arc<Connecting>, directory: Option<String>) -> Self {
        Self { finding: Finding::Mailbox(mailbox), directory }
    }

    /// The finding for the locked row of the connector. In the meantime the connector may have been changed, or another
    /// sign-in may have proved another directory.
    pub(super) fn finding_for(&self, connector: &Connector, version: i64) -> Finding {
        let is_current = connector.application_version == version;
        let known = connector.application.directory(connector.proved_directory.as_deref());
        match (&self.finding, &self.directory, known) {
            (_, Some(proved), Some(known)) if proved != known && is_current => {
                let mismatch = Mismatch::new(Claim::Tid, Some(known.to_owned()), Some(proved.clone()));
                let provider = Some(ProviderWords::found(Evidence::Mismatch(mismatch)));
                let why = providers::RefusalKind::WrongDirectory.into();
                Finding::Outcome(Outcome::Failed { why, provider })
            }
            (Finding::Outcome(Outcome::Verified { account, missing, .. }), _, _) => {
                let (account, missing) = (account.clone(), missing.clone());
                Finding::Outcome(Outcome::Verified { account, missing, current: is_current })
            }
            (finding, _, _) => finding.clone(),
        }
    }
}

impl SignIns {
    /// Asks the provider which account signed in and which permissions were granted.
    pub(super) async fn check(
        &self,
        trial: Trial<'_>,
        parameters: &CallbackParameters,
        sealed_verifier: Option<Vec<u8>>,
        secret: &SecretString,
        timeline: &mut Timeline<'_>,
    ) -> Result<Checked, FailedSignIn> {
        let Trial { attempt, connector, pinned, link, .. } = trial;
        let SignInDependencies { clock, http, .. } = &*self.dependencies;
        // First, because the row is trusted only after this check, and explaining an error also uses the row.
        let verifier = self.open_verifier(attempt, sealed_verifier)?;
        let code = match &parameters.answer {
            Answer::Code(code) => code,
            Answer::Nothing => return Err(providers::RefusalKind::Garbled.into()),
            Answer::Error(error, description) => {
                let sent = [secret, &verifier];
                return Err(refused_at_sign_in(&*connector.provider, error, description.as_deref(), &sent));
            }
        };

        let proved = connector.proved_directory.as_deref();
        let request = CodeRequest { redirect_uri: &attempt.redirect_uri, secret, verifier: &verifier, code };
        let redeemed = pinned.redeem(&**http, &request, proved).await?;
        let grant = &redeemed.grant;
        let now = clock.now();
        let clock_ahead = grant.date.map(|date| now.since(date).whole_seconds());
        let wrong_by = clock_ahead.filter(|ahead| ahead.unsigned_abs() > TOLERATED_SKEW.unsigned_abs());
        if let Some(ahead) = wrong_by {
            let words = clock_words_of(ahead, &clock_of(connector.provider.names()));
            tracing::warn!(attempt = %attempt.id, "the server's clock is {words}");
        }
        timeline.add_step(Step::CodeExchanged, &wrong_by.map(|ahead| ahead.to_string()).unwrap_or_default());

        let sent = [secret, code, &verifier, &grant.access_token].map(ExposeSecret::expose_secret);
        let expected = Expected {
            proved,
            callback_issuer: parameters.issuer.as_deref(),
            nonce: attempt.nonce,
            now,
            secrets: &sent,
        };
        let identity = pinned.identify(&**http, &redeemed, &expected).await?;
        timeline.add_step(Step::Identity, identity.directory.as_deref().unwrap_or_default());

        let missing = pinned.missing(&attempt.scopes, grant);
        timeline.add_step(Step::Permissions, &missing.optional.join(" "));
        if let Some(link) = link {
            let identity = clean_identity(identity, &sent);
            return self.check_mailbox(trial, link, identity, redeemed, missing, timeline).await;
        }
        if !missing.required.is_empty() {
            return Err(providers::RefusalKind::PermissionsMissing(missing.required).into());
        }
        // No mailbox could be connected with such an application.
        if !grant.has_refresh_token() {
            return Err(providers::RefusalKind::NoRefreshToken.into());
        }
        let account = single_line(&redact(&identity.account, &sent), 100);
        let outcome = Outcome::Verified { account, missing: missing.optional, current: true };
        let directory = identity.directory.filter(|_| identity.proves_directory);
        Ok(Checked { finding: Finding::Outcome(outcome), directory })
    }

    fn open_verifier(
        &self,
        attempt: &Attempt,
        sealed: Option<Vec<u8>>,
    ) -> Result<SecretString, FailedSignIn> {
        let opened = sealed.and_then(|sealed| sealed::open(&self.dependencies.vault, attempt, &sealed));
        opened.ok_or_else(|| {
            tracing::error!(attempt = %attempt.id, "could not open the PKCE verifier");
            SignInProblem::AttemptUnreadable.into()
        })
    }
}

/// The refusal for an error that came in place of a code.
fn refused_at_sign_in(
    provider: &dyn Provider,
    error: &str,
    description: Option<&str>,
    sent: &[&SecretString],
) -> FailedSignIn {
    let sent: Vec<_> = sent.iter().map(|secret| secret.expose_secret()).collect();
    let clean = |text: &str| redact(text, &sent);
    let words = provider.read_words(&RawError {
        error: Some(&clean(error)),
        description: description.map(clean).as_deref(),
        ..RawError::default()
    });
    FailedSignIn { why: providers::RefusalKind::of_sign_in_error(error).into(), words: Some(Box::new(words)) }
}

/// Logs a failed sign-in in one line. It contains no words of the provider except codes, ids and values of a fixed
/// form.
pub(super) fn log_failure(
    attempt: &Attempt,
    names: &Names,
    why: &SignInProblem,
    words: Option<&ProviderWords>,
) {
    let error = words.and_then(ProviderWords::known_error).unwrap_or_default();
    let codes = words.map(|words| words.codes.clone()).unwrap_or_default();
    let reason = words.and_then(|words| words.reason.clone()).unwrap_or_default();
    let trace_id = words.and_then(|words| words.trace_id.clone()).unwrap_or_default();
    let evidence = words.and_then(|words| words.evidence.as_ref());
    let evidence = evidence.map(|evidence| evidence.words_of(&clock_of(names))).unwrap_or_default();
    tracing::warn!(
        attempt = %attempt.id, connector = %attempt.connector, ?why, error, reason, ?codes, trace_id, evidence,
        "a sign-in failed"
    );
}

/// The steps of a running exchange. They stay in memory until they are written with the outcome.
pub(super) struct Timeline<'a> {
    pub(super) dependencies: &'a SignInDependencies,
    pub(super) since: Timestamp,
    pub(super) events: Vec<Event>,
}

impl Timeline<'_> {
    pub(super) fn add_step(&mut self, step: Step, detail: &str) {
        let now = self.dependencies.clock.now();
        let duration = micros(now.since(self.since));
        self.since = now;
        self.events.push(create_timed_event(self.dependencies, step, now, duration, detail));
    }
}

pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.whole_microseconds()).unwrap_or(i64::MAX)
}
