//! Checks a sign-in that came back: redeems the code, checks the ID token, reads the account, and compares the granted
//! permissions. The result is an outcome; `returned` writes it.

use secrecy::{ExposeSecret, SecretString};
use time::Duration;

use super::{
    super::{
        callback::{Answer, SignIn},
        model::{Outcome, Refusal, Step, Why},
        sealed,
        store::{Attempt, Event},
    },
    Parts, SignIns, event,
};
use crate::{
    connectors::service::Connector,
    platform::clock::Timestamp,
    providers::{
        self, Claim, Evidence, Mismatch, ProviderWords, TOLERATED_SKEW, clock_words,
        microsoft::{
            self, graph,
            id_token::{self, Expected, ExpectedTenant, NotProved},
            metadata, scopes,
        },
        oauth::{self, CodeRequest},
        redact, single_line,
    },
};

/// The result of the checks.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    outcome: Outcome,
    /// The GUID of the tenant that the connector's domain belongs to, if this sign-in has proved it.
    pub(super) tenant_id: Option<String>,
}

impl Checked {
    /// The result of failed checks.
    pub(super) const fn failed(why: Why, provider: Option<ProviderWords>) -> Self {
        Self { outcome: Outcome::Failed { why, provider }, tenant_id: None }
    }

    /// The outcome for the present row of the connector. Another sign-in may have proved another tenant in the
    /// meantime.
    pub(super) fn outcome_for(&self, connector: &Connector, version: i64) -> Outcome {
        match (&self.tenant_id, connector.known_tenant()) {
            (Some(proved), Some(known)) if proved != known && connector.application_version == version => {
                let mismatch = Mismatch::new(Claim::Tid, Some(known.to_owned()), Some(proved.clone()));
                let provider = Some(ProviderWords::found(Evidence::Mismatch(mismatch)));
                Outcome::Failed { why: providers::Why::WrongTenant.into(), provider }
            }
            _ => self.outcome.clone(),
        }
    }
}

impl SignIns {
    /// Asks the provider which account signed in and which permissions were granted.
    pub(super) async fn check(
        &self,
        attempt: &Attempt,
        connector: &Connector,
        sign_in: &SignIn,
        sealed_verifier: Option<Vec<u8>>,
        secret: &SecretString,
        timeline: &mut Timeline<'_>,
    ) -> Result<Checked, Refusal> {
        let Parts { clock, http, .. } = &*self.parts;
        // First, because the row is trusted only after this check, and explaining an error also uses the row.
        let verifier = self.open_verifier(attempt, sealed_verifier)?;
        let code = match &sign_in.answer {
            Answer::Code(code) => code,
            Answer::Nothing => return Err(providers::Why::Garbled.into()),
            Answer::Error(error, description) => {
                return Err(refused_at_sign_in(error, description.as_deref(), &[secret, &verifier]));
            }
        };

        // If the connector names its tenant by a domain, the GUID is unknown before the first successful sign-in. The
        // metadata of the domain has the GUID; if there is none, the first checked ID token gives it.
        let domain = connector.tenant.as_ref().filter(|_| connector.known_tenant().is_none());
        let of_domain =
            async { metadata::tenant_of(&**http, &attempt.endpoints.issuer, domain?.as_str()).await };
        let application = microsoft::application(&attempt.endpoints, &attempt.client_id);
        let request = CodeRequest { redirect_uri: &attempt.redirect_uri, secret, verifier: &verifier, code };
        let exchange = oauth::exchange(&**http, &application, &request);
        let (grant, of_domain) = tokio::join!(exchange, of_domain);
        let grant = grant?;
        let now = clock.now();
        let clock_ahead = grant.date.map(|date| now.since(date).whole_seconds());
        let wrong_by = clock_ahead.filter(|ahead| ahead.unsigned_abs() > TOLERATED_SKEW.unsigned_abs());
        if let Some(ahead) = wrong_by {
            tracing::warn!(attempt = %attempt.id, "the server's clock is {}", clock_words(ahead));
        }
        timeline.note(Step::CodeExchanged, &wrong_by.map(|ahead| ahead.to_string()).unwrap_or_default());

        let sent = [secret, code, &verifier, &grant.access_token].map(ExposeSecret::expose_secret);
        let known = attempt.tenant.as_deref().or(connector.known_tenant()).or(of_domain.as_deref());
        let expected = Expected {
            client_id: &attempt.client_id,
            issuer: &attempt.endpoints.issuer,
            tenant: match known {
                Some(tenant) => ExpectedTenant::Is(tenant),
                None if domain.is_some() => ExpectedTenant::Some,
                None => ExpectedTenant::Any,
            },
            callback_issuer: sign_in.issuer.as_deref(),
            nonce: attempt.nonce,
            now,
            provider_now: grant.date,
            secrets: &sent,
        };
        let token = grant.id_token.as_ref().ok_or_else(|| not_proved(NotProved::missing()))?;
        let identity = id_token::check(token.expose_secret(), &expected).map_err(not_proved)?;
        let me = graph::me(&**http, &attempt.endpoints.graph, &grant.access_token).await?;
        timeline.note(Step::Identity, identity.tenant.as_deref().unwrap_or_default());

        let missing = scopes::missing(
            &attempt.scopes,
            grant.scopes.as_deref(),
            grant.has_refresh_token,
            &attempt.endpoints.graph,
        );
        timeline.note(Step::Permissions, &missing.optional.join(" "));
        if !missing.required.is_empty() {
            return Err(providers::Why::PermissionsMissing(missing.required).into());
        }
        let account = single_line(&redact(&me.account, &sent), 100);
        let outcome = Outcome::Verified { account, missing: missing.optional, current: true };
        Ok(Checked { outcome, tenant_id: identity.tenant.filter(|_| domain.is_some()) })
    }

    fn open_verifier(&self, attempt: &Attempt, sealed: Option<Vec<u8>>) -> Result<SecretString, Refusal> {
        let opened = sealed.and_then(|sealed| sealed::open(&self.parts.vault, attempt, &sealed));
        opened.ok_or_else(|| {
            tracing::error!(attempt = %attempt.id, "the verifier cannot be opened");
            Why::AttemptUnreadable.into()
        })
    }
}

/// The refusal for an error that came in place of a code.
fn refused_at_sign_in(error: &str, description: Option<&str>, sent: &[&SecretString]) -> Refusal {
    let sent: Vec<_> = sent.iter().map(|secret| secret.expose_secret()).collect();
    let clean = |text: &str| redact(text, &sent);
    let words = ProviderWords::new(Some(&clean(error)), description.map(clean).as_deref(), None, None);
    Refusal { why: providers::Why::of_sign_in_error(error).into(), words: Some(Box::new(words)) }
}

fn not_proved(not: NotProved) -> Refusal {
    let why = not.why.clone();
    match not.evidence() {
        Some(evidence) => providers::Refusal::found(why, evidence).into(),
        None => why.into(),
    }
}

/// Logs a failed sign-in in one line. Of the provider's words it has only codes, ids and values of a fixed form.
pub(super) fn log_failure(attempt: &Attempt, why: &Why, words: Option<&ProviderWords>) {
    let error = words.and_then(ProviderWords::known_error).unwrap_or_default();
    let codes = words.map(|words| words.codes.clone()).unwrap_or_default();
    let trace_id = words.and_then(|words| words.trace_id.clone()).unwrap_or_default();
    let evidence =
        words.and_then(|words| words.evidence.as_ref()).map(ToString::to_string).unwrap_or_default();
    tracing::warn!(
        attempt = %attempt.id, connector = %attempt.connector, ?why, error, ?codes, trace_id, evidence,
        "a sign-in failed"
    );
}

/// The steps of a running exchange. They stay in memory until they are written with the outcome.
pub(super) struct Timeline<'a> {
    pub(super) parts: &'a Parts,
    pub(super) since: Timestamp,
    pub(super) events: Vec<Event>,
}

impl Timeline<'_> {
    pub(super) fn note(&mut self, step: Step, detail: &str) {
        let now = self.parts.clock.now();
        let duration = micros(now.since(self.since));
        self.since = now;
        self.events.push(event(self.parts, step, now, duration, detail));
    }
}

pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.whole_microseconds()).unwrap_or(i64::MAX)
}
