//! The sign-in, step by step: out, back, and what it shows of the connector.

use std::sync::Arc;

use secrecy::SecretString;
use tokio_util::task::TaskTracker;

mod checking;
mod returned;

use super::{
    model::{FINDABLE, KEPT, KEPT_PER_CONNECTOR, OPEN_PER_USER, Outcome, Step, VALID, Why},
    sealed,
    store::{Attempts, Ephemeral},
};
pub use super::{
    sealed::{SEALED, SEALED_WORDS},
    store::{Attempt, AttemptId, Event, Progress},
};
use crate::{
    activity::{
        model::{Action, Entry},
        service::Activity,
    },
    connectors::service::{Connector, ConnectorId, ConnectorService},
    jobs::service::Lease,
    people::{access::Admin, service::People},
    platform::{
        clock::{SharedClock, Timestamp},
        config::{ProviderUrls, PublicUrl},
        database::{Database, DatabaseError, Tx},
        failure::Failure,
        id::{OrganisationId, new_uuid},
        randomness::{SharedRandomness, Token},
    },
    providers::{
        http::ProviderHttp,
        microsoft::{self, endpoints::Endpoints},
        oauth::AuthorizeRequest,
    },
    vault::Vault,
};
pub use returned::Returned;

/// A sign-in that was started.
pub struct Started {
    /// Where the browser is to go.
    pub authorize_url: String,
    /// The connector that is tried.
    pub connector: Connector,
}

/// A sign-in as a connector's page shows it.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// What it was made for.
    pub attempt: Attempt,
    /// The name and the e-mail of the user who began it.
    pub who: String,
    /// How far it is.
    pub progress: Progress,
    /// What happened, from its beginning.
    pub timeline: Vec<Event>,
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

    /// What they consist of.
    pub(super) fn parts(&self) -> &Parts {
        &self.parts
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
        let (attempt, connector) = database
            .write(async |tx| {
                let now = clock.now();
                let connector = connectors.lock(&tx, organisation, id).await?.ok_or(Failure::NotFound)?;
                let attempt = Attempt {
                    id: attempt_id,
                    organisation,
                    connector: id,
                    connector_version: connector.application_version,
                    user: admin.user(),
                    user_version: admin.version(),
                    client_id: connector.client_id.to_string(),
                    endpoints: Endpoints::of(urls, connector.path_segment()),
                    tenant: connector.known_tenant().map(str::to_owned),
                    redirect_uri: public_url.redirect_uri(),
                    scopes: connector.scopes.clone(),
                    nonce: nonce.hash(),
                    created_at: now,
                    expires_at: now.plus(VALID),
                    consumed_at: None,
                    outcome: None,
                    provider_words: None,
                };
                let sealed =
                    sealed::seal(vault, &attempt, &verifier).map_err(|error| Failure::unexpected(&error))?;
                let attempts = Attempts::of(organisation);
                // Of two starts at once the second must see the first among those that are open.
                people.lock_and_check_user(&tx, admin).await?;
                self.make_room(&tx, attempts, admin, now).await?;
                let ephemeral = Ephemeral { state: state.hash(), binding: binding.hash(), verifier: sealed };
                // Before it is there: by the clock of another process it may be the earliest.
                attempts.trim(&tx, id, KEPT_PER_CONNECTOR - 1).await?;
                attempts.add(&tx, &attempt, ephemeral).await?;
                attempts.add_events(&tx, attempt.id, vec![self.event(Step::Started, now, "")]).await?;
                let entry = Entry::done(Action::SignInStarted, connector.service_name.as_str(), id.0);
                activity.record(&tx, admin.actor(), entry).await?;
                Ok::<_, Failure>((attempt, connector))
            })
            .await?;
        let authorize_url = microsoft::authorize_url(
            &attempt.endpoints,
            &attempt.client_id,
            &AuthorizeRequest {
                redirect_uri: &attempt.redirect_uri,
                scopes: &attempt.scopes,
                state: &state,
                nonce: &nonce,
                verifier: &verifier,
            },
        )?;
        self.note_sent(&attempt, &authorize_url).await;
        Ok(Started { authorize_url, connector })
    }

    /// Notes in the timeline where the browser is sent. The sign-in goes on without the note too.
    async fn note_sent(&self, attempt: &Attempt, authorize_url: &str) {
        // Without the query, because the query contains the state.
        let to = authorize_url.split('?').next().unwrap_or_default();
        let now = self.parts.clock.now();
        let noted = self
            .parts
            .database
            .write(async |tx| {
                let events = vec![self.event(Step::Sent, now, to)];
                Attempts::of(attempt.organisation).add_events(&tx, attempt.id, events).await
            })
            .await;
        if let Err(error) = noted {
            let error: &DatabaseError = &error;
            tracing::warn!(attempt = %attempt.id, %error, "it could not be noted that a browser was sent on");
        }
    }

    /// Ends the oldest open attempts of a user, so that one more is not too many.
    async fn make_room(
        &self,
        tx: &Tx,
        attempts: Attempts,
        admin: &Admin,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let open = attempts.open(tx, Some(admin.user()), now).await?;
        let too_many = (open.len() + 1).saturating_sub(OPEN_PER_USER);
        for oldest in open.into_iter().take(too_many) {
            self.end_open(tx, attempts, oldest, Why::Superseded, now).await?;
        }
        Ok(())
    }

    /// Ends an attempt whose browser has not come back yet.
    async fn end_open(
        &self,
        tx: &Tx,
        attempts: Attempts,
        id: AttemptId,
        why: Why,
        now: Timestamp,
    ) -> Result<bool, DatabaseError> {
        if !attempts.consume(tx, id, now).await? {
            return Ok(false);
        }
        let outcome = failed(why);
        attempts.end(tx, id, &outcome, None, now).await?;
        attempts.add_events(tx, id, vec![self.event(Step::Outcome, now, returned::name(&outcome))]).await?;
        Ok(true)
    }

    /// An attempt of this administrator's own, and its connector.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for everybody else's.
    pub async fn get(&self, admin: &Admin, id: AttemptId) -> Result<(SignIn, Connector), Failure> {
        let read = self.parts.database.read();
        let attempts = Attempts::of(admin.organisation());
        let attempt = attempts.of_user(&read, id, admin.user()).await?.ok_or(Failure::NotFound)?;
        let attempt = sealed::open_words(&self.parts.vault, attempt);
        let connector = self
            .parts
            .connectors
            .find(&read, admin.organisation(), attempt.connector)
            .await?
            .ok_or(Failure::NotFound)?;
        let progress = attempt.progress(self.parts.clock.now());
        let timeline = attempts.events_of(&read, &[id]).await?.remove(&id).unwrap_or_default();
        let names = self.parts.people.names(admin.organisation(), [attempt.user]).await?;
        let who = names.get(&attempt.user).map(ToString::to_string).unwrap_or_default();
        Ok((SignIn { attempt, who, progress, timeline }, connector))
    }

    /// The latest sign-ins of a connector with their timelines, for administrators: at most `limit`.
    pub async fn of_connector(
        &self,
        admin: &Admin,
        id: ConnectorId,
        limit: u64,
    ) -> Result<Vec<SignIn>, Failure> {
        let (now, read) = (self.parts.clock.now(), self.parts.database.read());
        let store = Attempts::of(admin.organisation());
        let attempts = store.of_connector(&read, id, limit).await?;
        let ids: Vec<_> = attempts.iter().map(|attempt| attempt.id).collect();
        let mut timelines = store.events_of(&read, &ids).await?;
        let users = attempts.iter().map(|attempt| attempt.user);
        let names = self.parts.people.names(admin.organisation(), users).await?;
        Ok(attempts
            .into_iter()
            .map(|attempt| {
                let attempt = sealed::open_words(&self.parts.vault, attempt);
                let progress = attempt.progress(now);
                let timeline = timelines.remove(&attempt.id).unwrap_or_default();
                let who = names.get(&attempt.user).map(ToString::to_string).unwrap_or_default();
                SignIn { attempt, who, progress, timeline }
            })
            .collect())
    }

    /// Erases what may not be known for longer, organisation by organisation.
    pub async fn sweep(&self, lease: &Lease) -> Result<(), Failure> {
        let Parts { database, people, clock, .. } = &*self.parts;
        let now = clock.now();
        for organisation in people.organisations(&database.read()).await? {
            let attempts = Attempts::of(organisation.id);
            database
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    Ok(attempts.sweep(&tx, now, now.minus(FINDABLE), now.minus(KEPT)).await?)
                })
                .await?;
        }
        Ok(())
    }

    /// Ends all those of an organisation that wait for Microsoft to send somebody back, in the transaction that
    /// records it.
    ///
    /// # Returns
    /// How many.
    pub async fn end_all(&self, tx: &Tx, organisation: OrganisationId) -> Result<u64, DatabaseError> {
        let (attempts, now) = (Attempts::of(organisation), self.parts.clock.now());
        let mut ended = 0;
        for id in attempts.open(tx, None, now).await? {
            ended += u64::from(self.end_open(tx, attempts, id, Why::EndedByOperator, now).await?);
        }
        Ok(ended)
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

fn failed(why: Why) -> Outcome {
    Outcome::Failed { why, provider: None }
}
