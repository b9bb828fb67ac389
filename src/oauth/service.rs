//! The sign-in, step by step: out, back, and what it shows of the connector.

use std::{net::IpAddr, sync::Arc, time::Duration as StdDuration};

use secrecy::SecretString;
use time::Duration;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

pub use super::store::{Attempt, AttemptId, Progress};
use super::{
    callback::{Answer, SignIn},
    exchange::{self, Refusal},
    http::ProviderHttp,
    id_token::{self, Expected},
    microsoft::Endpoints,
    model::{
        FINDABLE, KEPT, KEPT_PER_CONNECTOR, OPEN_PER_USER, Outcome, PATIENCE, ProviderWords, Step, VALID, Why,
    },
    scopes,
    store::{Attempts, Ephemeral, Event, Found},
};
use crate::{
    activity::{
        model::{Action, Actor, Entry},
        service::Activity,
    },
    connectors::{
        model::{ConnectorState, FailureReason, Tenant},
        service::{Connector, ConnectorId, ConnectorService},
    },
    people::{
        access::{Admin, Member},
        service::People,
    },
    platform::{
        clock::{SharedClock, Timestamp},
        config::{ProviderUrls, PublicUrl},
        database::{Database, DatabaseError, Tx, Unscoped},
        failure::Failure,
        id::{OrganisationId, new_uuid},
        middleware::reference::Reference,
        randomness::{SharedRandomness, Token},
    },
    vault::{Place, Vault},
};

/// So much of an attempt's patience is kept for writing its outcome.
const FOR_WRITING: Duration = Duration::seconds(3);

/// A sign-in that was started.
pub struct Started {
    /// Where the browser is to go.
    pub authorize_url: String,
    /// The connector that is tried.
    pub connector: Connector,
}

/// Whose callback it is.
pub enum Returned {
    /// An attempt of this browser's: its page tells the outcome.
    Own(AttemptId),
    /// Nobody's that this browser could have started.
    Foreign,
}

/// What every sign-in needs.
pub struct Parts {
    /// The database.
    pub database: Database,
    /// Seals verifiers.
    pub vault: Vault,
    /// The connectors.
    pub connectors: ConnectorService,
    /// The organisations, for the sweep.
    pub people: People,
    /// The record.
    pub activity: Activity,
    /// The clock.
    pub clock: SharedClock,
    /// The randomness.
    pub randomness: SharedRandomness,
    /// The way to the provider.
    pub http: Arc<dyn ProviderHttp>,
    /// Its addresses.
    pub urls: ProviderUrls,
    /// Ours.
    pub public_url: PublicUrl,
}

/// The sign-ins of all organisations, one at a time. A clone shares everything.
#[derive(Clone)]
pub struct SignIns {
    parts: Arc<Parts>,
    running: TaskTracker,
}

impl SignIns {
    /// With these parts.
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts), running: TaskTracker::new() }
    }

    /// Starts a sign-in that verifies a connector, in the browser that holds `binding`.
    ///
    /// # Errors
    /// [`Failure::NotFound`] where the administrator's organisation has no such connector.
    pub async fn start(&self, admin: &Admin, id: ConnectorId, binding: &Token) -> Result<Started, Failure> {
        let Parts {
            database, vault, connectors, people, activity, clock, randomness, urls, public_url, ..
        } = &*self.parts;
        let organisation = admin.organisation();
        let state = Token::random(&**randomness);
        let verifier = SecretString::from(Token::random(&**randomness).expose());
        let nonce = Token::random(&**randomness);
        let attempt_id = AttemptId::new(&**clock, &**randomness);
        let sealed = vault
            .seal(verifier_place(organisation, attempt_id), &verifier)
            .map_err(|error| Failure::unexpected(&error))?;
        let (attempt, connector) = database
            .write(async |tx| {
                let now = clock.now();
                let connector = connectors.lock(&tx, organisation, id).await?.ok_or(Failure::NotFound)?;
                let attempt = Attempt {
                    id: attempt_id,
                    organisation,
                    connector: id,
                    connector_version: connector.version,
                    user: admin.user(),
                    client_id: connector.client_id.to_string(),
                    endpoints: Endpoints::of(urls, connector.path_segment()),
                    tenant: connector
                        .tenant
                        .as_ref()
                        .filter(|tenant| tenant.is_guid())
                        .map(Tenant::as_str)
                        .map(str::to_owned),
                    redirect_uri: public_url.redirect_uri(),
                    scopes: connector.scopes.clone(),
                    nonce: nonce.hash(),
                    created_at: now,
                    expires_at: now.plus(VALID),
                    consumed_at: None,
                    outcome: None,
                };
                let attempts = Attempts::of(organisation);
                // Of two starts at once the second must see the first among those that are open.
                people.lock_user(&tx, admin).await?;
                self.make_room(&tx, attempts, admin, now).await?;
                let ephemeral = Ephemeral { state: state.hash(), binding: binding.hash(), verifier: sealed };
                attempts.add(&tx, &attempt, ephemeral).await?;
                attempts.trim(&tx, id, KEPT_PER_CONNECTOR).await?;
                attempts.add_events(&tx, attempt.id, vec![self.event(Step::Started, now, "")]).await?;
                let entry = Entry::done(Action::SignInStarted, connector.service_name.as_str(), id.0);
                activity.record(&tx, admin.actor(), entry).await?;
                Ok::<_, Failure>((attempt, connector))
            })
            .await?;
        let authorize_url = exchange::authorize_url(&attempt, &state, &nonce, &verifier)?;
        Ok(Started { authorize_url, connector })
    }

    /// Ends the oldest open attempts of a user, so that one more is not too many.
    async fn make_room(
        &self,
        tx: &Tx,
        attempts: Attempts,
        admin: &Admin,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let open = attempts.open_of_user(tx, admin.user(), now).await?;
        let too_many = (open.len() + 1).saturating_sub(OPEN_PER_USER);
        for oldest in open.into_iter().take(too_many) {
            if attempts.consume(tx, oldest, now).await? {
                attempts.end(tx, oldest, &failed(Why::Superseded), now).await?;
            }
        }
        Ok(())
    }

    /// Takes a callback: looks whether it is this browser's, consumes the attempt, and lets the rest run
    /// in a task of its own, which a browser that goes away does not cancel. It is waited for, for a
    /// while, so that the outcome's page most often has the outcome.
    pub async fn take(
        &self,
        sign_in: SignIn,
        binding: Option<&Token>,
        address: Option<IpAddr>,
        reference: Option<Reference>,
    ) -> Result<Returned, Failure> {
        let read = self.parts.database.read();
        let Some(found) = Unscoped.attempt_by_state(&read, sign_in.state.hash()).await? else {
            return Ok(Returned::Foreign);
        };
        // Against an attacker's callback in a victim's browser, and a victim's in an attacker's: state
        // and code alone prove nothing of the browser.
        if binding.is_none_or(|binding| binding.hash().to_vec() != found.binding) {
            tracing::warn!(attempt = %found.attempt.id, "a callback came in another browser, and was refused");
            return Ok(Returned::Foreign);
        }
        let id = found.attempt.id;
        let this = self.clone();
        let task = async move {
            // Logged here: whoever waits may be gone. The attempt's page tells what its row says.
            if let Err(failure) = this.run(found, sign_in, address, reference).await {
                tracing::error!(attempt = %id, ?failure, "a sign-in could not be finished");
            }
        };
        let task = self.running.spawn(task.instrument(tracing::Span::current()));
        // The page says *Checking…* where it takes longer.
        if let Ok(Err(panicked)) = tokio::time::timeout(StdDuration::from_secs(8), task).await {
            tracing::error!(attempt = %id, %panicked, "a sign-in could not be finished");
        }
        Ok(Returned::Own(id))
    }

    async fn run(
        &self,
        found: Found,
        sign_in: SignIn,
        address: Option<IpAddr>,
        reference: Option<Reference>,
    ) -> Result<(), Failure> {
        let Parts { database, connectors, clock, .. } = &*self.parts;
        let Found { attempt, verifier, .. } = found;
        let attempts = Attempts::of(attempt.organisation);
        let now = clock.now();

        let verdict = if sign_in
            .issuer
            .as_ref()
            .is_some_and(|issuer| !attempt.endpoints.issuer.may_be(issuer, attempt.tenant.as_deref()))
        {
            // Against mix-up (RFC 9207): another provider's code must not reach this one's token
            // endpoint, nor this one's secret the other's.
            Err(Why::WrongIssuer)
        } else if now >= attempt.expires_at {
            Err(Why::Expired)
        } else if attempt.consumed_at.is_some() {
            return Ok(());
        } else {
            let read = database.read();
            match connectors.with_secret(&read, attempt.organisation, attempt.connector).await? {
                // Deleted between two of our reads: the attempt has gone with it.
                None => return Ok(()),
                Some((connector, _)) if connector.version != attempt.connector_version => {
                    Err(Why::ConnectorChanged)
                }
                Some((_, Ok(secret))) => Ok(secret),
                Some((connector, Err(error))) => {
                    tracing::error!(connector = %connector.id, %error, "the client secret cannot be opened");
                    Err(Why::SecretUnreadable)
                }
            }
        };

        let id = attempt.id;
        let consumed = database
            .write(|tx| async move {
                // Now, for the writer may have been waited for.
                let now = clock.now();
                let consumed = attempts.consume(&tx, id, now).await?;
                if consumed {
                    attempts.add_events(&tx, id, vec![self.event(Step::Returned, now, "")]).await?;
                }
                Ok::<_, Failure>(consumed.then_some(now))
            })
            .await?;
        let Some(consumed_at) = consumed else { return Ok(()) };

        let mut timeline = Timeline { parts: &self.parts, since: consumed_at, events: Vec::new() };
        let outcome = match verdict {
            Err(why) => failed(why),
            Ok(secret) => {
                // What is left of the patience is for writing the outcome: until then the attempt must not
                // look interrupted.
                let patience = PATIENCE - FOR_WRITING - clock.now().since(consumed_at);
                let patience = patience.max(Duration::ZERO).unsigned_abs();
                let work = self.check(&attempt, &sign_in, verifier, &secret, &mut timeline);
                match tokio::time::timeout(patience, work).await {
                    Ok(Ok(outcome)) => outcome,
                    Ok(Err(refusal)) => Outcome::Failed { why: refusal.why, provider: refusal.words },
                    Err(_) => failed(Why::Unavailable),
                }
            }
        };
        // A database that is away for a moment must not cost an outcome that the provider has given.
        loop {
            let (outcome, events) = (outcome.clone(), timeline.events.clone());
            let done = self.finish(&attempt, consumed_at, outcome, events, address, reference).await;
            match done {
                Err(failure) if clock.now().since(consumed_at) < PATIENCE => {
                    tracing::warn!(attempt = %id, ?failure, "an outcome could not be written, and is written again");
                    tokio::time::sleep(StdDuration::from_millis(500)).await;
                }
                done => return done,
            }
        }
    }

    /// What the provider says, from its answer to what was granted.
    async fn check(
        &self,
        attempt: &Attempt,
        sign_in: &SignIn,
        sealed_verifier: Option<Vec<u8>>,
        secret: &SecretString,
        timeline: &mut Timeline<'_>,
    ) -> Result<Outcome, Refusal> {
        let Parts { clock, http, .. } = &*self.parts;
        let code = match &sign_in.answer {
            Answer::Code(code) => code,
            Answer::Nothing => return Err(Why::Garbled.into()),
            Answer::Error(error, description) => {
                let why = match error.as_str() {
                    "access_denied" => Why::Denied,
                    "invalid_client" => Why::CredentialsRejected,
                    "invalid_scope" => Why::PermissionsRefused,
                    "unauthorized_client" => Why::ApplicationRefused,
                    "temporarily_unavailable" | "server_error" => Why::Unavailable,
                    _ => Why::RefusedAtSignIn,
                };
                let words = ProviderWords::new(Some(error), description.as_deref(), None, None);
                return Err(Refusal { why, words: Some(words) });
            }
        };
        let verifier = self.open_verifier(attempt, sealed_verifier)?;

        let grant = exchange::exchange(&**http, attempt, secret, &verifier, code).await?;
        timeline.note(Step::CodeExchanged, "");

        let token = grant.id_token.as_ref().ok_or_else(|| Refusal::from(Why::IdentityNotProved))?;
        let expected = Expected {
            client_id: &attempt.client_id,
            issuer: &attempt.endpoints.issuer,
            tenant: attempt.tenant.as_deref(),
            callback_issuer: sign_in.issuer.as_deref(),
            nonce: attempt.nonce,
            now: clock.now(),
        };
        let identity = id_token::check(secrecy::ExposeSecret::expose_secret(token), &expected)?;
        let me = exchange::me(&**http, &attempt.endpoints.graph, &grant.access_token).await?;
        timeline.note(Step::Identity, identity.tenant.as_deref().unwrap_or_default());

        let missing = scopes::missing(
            &attempt.scopes,
            grant.scopes.as_deref(),
            grant.has_refresh_token,
            &attempt.endpoints.graph,
        );
        timeline.note(Step::Permissions, &missing.optional.join(" "));
        if !missing.required.is_empty() {
            return Err(Why::PermissionsMissing(missing.required).into());
        }
        let words = ProviderWords::new(Some(me.account()), None, None, None);
        Ok(Outcome::Verified {
            account: words.error.unwrap_or_default(),
            missing: missing.optional,
            current: true,
        })
    }

    fn open_verifier(&self, attempt: &Attempt, sealed: Option<Vec<u8>>) -> Result<SecretString, Refusal> {
        let place = verifier_place(attempt.organisation, attempt.id);
        let opened = sealed.map(|sealed| self.parts.vault.open(place, &sealed));
        opened.and_then(Result::ok).ok_or_else(|| {
            tracing::error!(attempt = %attempt.id, "the verifier cannot be opened");
            Why::Garbled.into()
        })
    }

    /// Writes the outcome, what it shows of the connector, the timeline and the activity, all at once.
    async fn finish(
        &self,
        attempt: &Attempt,
        consumed_at: Timestamp,
        mut outcome: Outcome,
        mut events: Vec<Event>,
        address: Option<IpAddr>,
        reference: Option<Reference>,
    ) -> Result<(), Failure> {
        let Parts { database, connectors, activity, clock, .. } = &*self.parts;
        let attempts = Attempts::of(attempt.organisation);
        database
            .write(|tx| async move {
                let now = clock.now();
                if now.since(consumed_at) > PATIENCE {
                    // Whoever looked has read *Interrupted, start again*: so it stays.
                    tracing::warn!(attempt = %attempt.id, "an outcome came too late, and was not written");
                    return Ok(());
                }
                let (organisation, id) = (attempt.organisation, attempt.connector);
                // The connector before the attempt, as where one is deleted. Deleted while the provider was
                // asked, the attempt has gone with it.
                let Some(connector) = connectors.lock(&tx, organisation, id).await? else {
                    return Ok(());
                };
                // First: where there is no attempt to be ended, nothing is shown of the connector either.
                if !attempts.end(&tx, attempt.id, &outcome, now).await? {
                    tracing::warn!(attempt = %attempt.id, "a sign-in had ended, or was gone, before its outcome");
                    return Ok(());
                }
                if let Some(state) = state_shown_by(&outcome) {
                    let noted = connectors
                        .note_state(&tx, organisation, id, attempt.connector_version, state)
                        .await?;
                    if let Outcome::Verified { current, .. } = &mut outcome
                        && !noted
                    {
                        *current = false;
                        attempts.correct(&tx, attempt.id, &outcome).await?;
                    }
                }
                events.push(self.event(Step::Outcome, now, name(&outcome)));
                attempts.add_events(&tx, attempt.id, events).await?;
                attempts.trim(&tx, id, KEPT_PER_CONNECTOR).await?;
                let actor = Actor { organisation, user: Some(attempt.user), address, reference };
                let entry = Entry::done(Action::SignInEnded, connector.service_name.as_str(), id.0)
                    .with_outcome(name(&outcome));
                Ok(activity.record(&tx, actor, entry).await?)
            })
            .await
    }

    /// An attempt of this member's own, and how far it is.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for everybody else's.
    pub async fn get(
        &self,
        member: &Member,
        id: AttemptId,
    ) -> Result<(Attempt, Progress, Connector), Failure> {
        let read = self.parts.database.read();
        let attempt = Attempts::of(member.organisation())
            .of_user(&read, id, member.user())
            .await?
            .ok_or(Failure::NotFound)?;
        let connector = self
            .parts
            .connectors
            .find(&read, member.organisation(), attempt.connector)
            .await?
            .ok_or(Failure::NotFound)?;
        let progress = attempt.progress(self.parts.clock.now());
        Ok((attempt, progress, connector))
    }

    /// The latest sign-ins of a connector, for administrators.
    pub async fn of_connector(
        &self,
        admin: &Admin,
        id: ConnectorId,
    ) -> Result<Vec<(Attempt, Progress)>, Failure> {
        let now = self.parts.clock.now();
        let attempts =
            Attempts::of(admin.organisation()).of_connector(&self.parts.database.read(), id, 10).await?;
        Ok(attempts
            .into_iter()
            .map(|attempt| {
                let progress = attempt.progress(now);
                (attempt, progress)
            })
            .collect())
    }

    /// Erases what may not be known for longer, organisation by organisation.
    pub async fn sweep(&self) -> Result<(), Failure> {
        let Parts { database, people, clock, .. } = &*self.parts;
        let now = clock.now();
        for organisation in people.organisations().await? {
            database
                .write(async |tx| {
                    Attempts::of(organisation.id).sweep(&tx, now, now.minus(FINDABLE), now.minus(KEPT)).await
                })
                .await?;
        }
        Ok(())
    }

    /// Waits for the exchanges that are under way; no more are to begin.
    pub async fn drain(&self) {
        self.running.close();
        self.running.wait().await;
    }

    fn event(&self, step: Step, at: Timestamp, detail: &str) -> Event {
        event(&self.parts, step, at, 0, detail)
    }
}

fn event(parts: &Parts, step: Step, at: Timestamp, duration: i64, detail: &str) -> Event {
    let id = new_uuid(&*parts.clock, &*parts.randomness);
    Event { id, at, step, duration, detail: detail.to_owned() }
}

/// The steps of an exchange as they pass, kept in memory until they are written with the outcome.
struct Timeline<'a> {
    parts: &'a Parts,
    since: Timestamp,
    events: Vec<Event>,
}

impl Timeline<'_> {
    fn note(&mut self, step: Step, detail: &str) {
        let now = self.parts.clock.now();
        let duration = now.since(self.since).whole_microseconds();
        self.since = now;
        let duration = i64::try_from(duration).unwrap_or(i64::MAX);
        self.events.push(event(self.parts, step, now, duration, detail));
    }
}

fn verifier_place(organisation: OrganisationId, id: AttemptId) -> Place {
    Place { organisation: organisation.0, table: "attempts", column: "pkce_verifier", row: id.0 }
}

fn failed(why: Why) -> Outcome {
    Outcome::Failed { why, provider: None }
}

/// What an outcome shows of the connector. Only what no other account and no second try can mend makes
/// it *Failing*; a refusal, a provider that is down or a foreign browser shows nothing of it.
fn state_shown_by(outcome: &Outcome) -> Option<ConnectorState> {
    match outcome {
        Outcome::Verified { .. } => Some(ConnectorState::Verified),
        Outcome::Failed { why, .. } => match why {
            Why::CredentialsRejected => Some(FailureReason::CredentialsRejected),
            Why::ApplicationRefused => Some(FailureReason::ApplicationRefused),
            Why::PermissionsRefused => Some(FailureReason::PermissionsRefused),
            Why::WrongTenant => Some(FailureReason::WrongTenant),
            _ => None,
        }
        .map(ConnectorState::Failing),
    }
}

/// What the activity calls it.
const fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Verified { .. } => "verified",
        Outcome::Failed { why: Why::Denied, .. } => "denied",
        Outcome::Failed { .. } => "failed",
    }
}
