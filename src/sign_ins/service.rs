//! The use cases of sign-ins: starting, listing and ending attempts. Transactions begin here. `of_links` starts attempts
//! with a connect link and finds their outcome. `returned` takes the callback and writes the outcome; `checking` asks
//! the provider, and `connecting` connects the mailbox of a link. `consent_links` sends administrators of companies to
//! the provider and takes them back.

use std::{collections::HashMap, sync::Arc};

use time::Duration;
use tokio_util::task::TaskTracker;

mod beginning;
mod checking;
mod connecting;
mod consent;
mod consent_links;
mod guards;
mod of_links;
mod returned;

use super::{
    model::{FINDABLE, KEPT, KEPT_PER_CONNECTOR, OPEN_PER_USER, Outcome, Purpose, SignInProblem, Step},
    sealed,
    store::Attempts,
};
pub use super::{
    sealed::{SEALED, SEALED_WORDS},
    store::{Attempt, AttemptId, Event, Progress},
};
use crate::{
    accounts::service::{
        consent_links::ConsentLinks,
        links::{ConnectLinks, confirming::Confirmations},
        return_addresses::ReturnAddresses,
    },
    activity::{
        model::{Action, Entry},
        service::Activity,
    },
    connectors::service::{Connector, ConnectorId, ConnectorService},
    jobs::service::Lease,
    log_in::service::Throttles,
    people::{access::Admin, model::UserLabel, service::People},
    platform::{
        clock::{SharedClock, Timestamp},
        config::PublicUrl,
        database::{Database, DatabaseError, Tx},
        failure::Failure,
        id::{OrganisationId, UserId, new_uuid},
        randomness::{SharedRandomness, Token},
    },
    providers::{Providers, SharedPinned, http::ProviderHttp, oauth::AuthorizeRequest, provider::Unreadable},
    vault::Vault,
};
use beginning::AttemptSecrets;
pub use consent::ConsentRequest;
pub use consent_links::{ConsentReturn, ConsentStart};
pub use of_links::{LinkOutcome, LinkStart, StartedByLink};
pub use returned::CallbackOwner;
pub(super) use returned::state_shown_by;

/// A sign-in that was just started.
pub struct StartedSignIn {
    /// The address to which the browser is sent.
    pub authorize_url: String,
    /// The connector that the sign-in verifies.
    pub connector: Connector,
}

/// A sign-in with the values that pages show.
#[derive(Clone, Debug)]
pub struct SignInDetails {
    pub attempt: Attempt,
    /// The name of the user who began it, with the email unless the page omits it.
    pub started_by: String,
    /// The name alone.
    pub user_name: String,
    /// The progress at the time of the request.
    pub progress: Progress,
    /// The steps of the timeline, oldest first.
    pub timeline: Vec<Event>,
    /// Whether the browser came back less than a minute ago.
    pub is_new: bool,
}

/// An outcome counts as new for this long. The heading of its page then has the focus, because the user has waited.
const JUST_NOW: Duration = Duration::minutes(1);

/// The services and settings that [`SignIns`] uses.
pub struct SignInDependencies {
    pub(crate) database: Database,
    /// Seals PKCE verifiers, and free text of the provider.
    pub(crate) vault: Vault,
    pub(crate) connectors: ConnectorService,
    pub(crate) links: ConnectLinks,
    pub(crate) confirmations: Confirmations,
    pub(crate) consents: ConsentLinks,
    pub(crate) return_addresses: ReturnAddresses,
    pub(crate) people: People,
    pub(crate) activity: Activity,
    /// Counts the sign-ins that an address starts with links.
    pub(crate) throttles: Throttles,
    pub(crate) clock: SharedClock,
    pub(crate) randomness: SharedRandomness,
    /// Sends requests to the provider.
    pub(crate) http: Arc<dyn ProviderHttp>,
    pub(crate) providers: Providers,
    pub(crate) public_url: PublicUrl,
}

/// The use cases of sign-ins. Each call names its organisation. A clone shares the running exchanges.
#[derive(Clone)]
pub struct SignIns {
    dependencies: Arc<SignInDependencies>,
    running: TaskTracker,
}

impl SignIns {
    /// Creates the service. No exchange is running yet.
    pub fn new(dependencies: SignInDependencies) -> Self {
        Self { dependencies: Arc::new(dependencies), running: TaskTracker::new() }
    }

    /// For the use cases in other files of this feature.
    pub(super) fn dependencies(&self) -> &SignInDependencies {
        &self.dependencies
    }

    /// Starts a sign-in that verifies a connector, in the browser that holds `binding`.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the administrator's organisation has no such connector.
    pub async fn start(
        &self,
        admin: &Admin,
        id: ConnectorId,
        binding: &Token,
    ) -> Result<StartedSignIn, Failure> {
        let dependencies = &*self.dependencies;
        let SignInDependencies { database, vault, connectors, people, activity, .. } = dependencies;
        let clock = &dependencies.clock;
        let organisation = admin.organisation();
        let secrets = AttemptSecrets::new(dependencies);
        let (attempt, connector, pinned) = database
            .write(async |tx| {
                let now = clock.now();
                let found = connectors.lock(&tx, organisation, id).await?;
                let found = found.filter(|connector| connector.deleted_at.is_none());
                let connector = found.ok_or(Failure::NotFound)?;
                let pinned = connector.application.pin(connector.proved_directory.as_deref());
                let attempt = Attempt {
                    user: Some(admin.user()),
                    user_version: admin.logged_in_user().version(),
                    ..self.create_attempt(Purpose::Verify, &connector, &*pinned, &secrets, now)
                };
                let ephemeral = secrets.ephemeral(vault, &attempt, binding)?;
                let attempts = Attempts::of(organisation);
                // Locked, so that the second of two concurrent starts counts the first one as open.
                people.lock_and_check_user(&tx, admin.logged_in_user()).await?;
                self.make_room(&tx, attempts, admin, now).await?;
                // Before the new attempt is added. Another process's clock may be ahead, so the new attempt could
                // count as the oldest and be deleted.
                attempts.trim(&tx, id, KEPT_PER_CONNECTOR - 1).await?;
                attempts.add(&tx, &attempt, ephemeral).await?;
                attempts.add_events(&tx, attempt.id, vec![self.create_event(Step::Started, now, "")]).await?;
                let entry = Entry::done(Action::SignInStarted, connector.service_name.as_str(), id.0);
                activity.record(&tx, admin.actor(), entry).await?;
                Ok::<_, Failure>((attempt, connector, pinned))
            })
            .await?;
        let authorize_url = pinned.authorize_url(&AuthorizeRequest {
            redirect_uri: &attempt.redirect_uri,
            scopes: &attempt.scopes,
            state: &secrets.state,
            nonce: &secrets.nonce,
            verifier: &secrets.verifier,
            login_hint: None,
            prompt_consent: false,
        })?;
        self.note_sent(&attempt, &authorize_url).await;
        Ok(StartedSignIn { authorize_url, connector })
    }

    /// Notes in the timeline to which address the browser is sent. A failure of the note does not stop the sign-in.
    async fn note_sent(&self, attempt: &Attempt, authorize_url: &str) {
        // Without the query, because the query contains the state.
        let to = authorize_url.split('?').next().unwrap_or_default();
        let now = self.dependencies.clock.now();
        let noted = self
            .dependencies
            .database
            .write(async |tx| {
                let events = vec![self.create_event(Step::Sent, now, to)];
                Attempts::of(attempt.organisation).add_events(&tx, attempt.id, events).await
            })
            .await;
        if let Err(error) = noted {
            let error: &DatabaseError = &error;
            tracing::warn!(attempt = %attempt.id, %error, "could not write the step *Sent* of a sign-in");
        }
    }

    /// Ends the oldest open attempts of a user, so that one more stays within [`OPEN_PER_USER`].
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
            self.end_open(tx, attempts, oldest, SignInProblem::Superseded, now).await?;
        }
        Ok(())
    }

    /// Ends an attempt whose browser has not come back yet.
    async fn end_open(
        &self,
        tx: &Tx,
        attempts: Attempts,
        id: AttemptId,
        why: SignInProblem,
        now: Timestamp,
    ) -> Result<bool, DatabaseError> {
        if !attempts.consume(tx, id, now).await? {
            return Ok(false);
        }
        let outcome = Outcome::Failed { why, provider: None };
        attempts.end(tx, id, &outcome, None).await?;
        let event = self.create_event(Step::Outcome, now, returned::name_outcome(&outcome));
        attempts.add_events(tx, id, vec![event]).await?;
        Ok(true)
    }

    /// An attempt of this administrator's own, and its connector.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if another user started it.
    pub async fn get(&self, admin: &Admin, id: AttemptId) -> Result<(SignInDetails, Connector), Failure> {
        let read = self.dependencies.database.read();
        let attempts = Attempts::of(admin.organisation());
        let attempt = attempts.of_user(&read, id, admin.user()).await?.ok_or(Failure::NotFound)?;
        let attempt = sealed::open_words(&self.dependencies.vault, attempt);
        let connector = self
            .dependencies
            .connectors
            .find(&read, admin.organisation(), attempt.connector)
            .await?
            .ok_or(Failure::NotFound)?;
        let now = self.dependencies.clock.now();
        let progress = attempt.progress(now);
        let timeline = attempts.events_of(&read, &[id]).await?.remove(&id).unwrap_or_default();
        let names = self.dependencies.people.names(admin.organisation(), attempt.user).await?;
        let (started_by, user_name) = names_of(&names, &attempt);
        let is_new = attempt.consumed_at.is_some_and(|at| at.is_within(JUST_NOW, now));
        Ok((SignInDetails { attempt, started_by, user_name, progress, timeline, is_new }, connector))
    }

    /// The latest sign-ins of a connector with their timelines, for administrators: at most `limit`.
    pub async fn of_connector(
        &self,
        admin: &Admin,
        id: ConnectorId,
        limit: u64,
    ) -> Result<Vec<SignInDetails>, Failure> {
        let (now, read) = (self.dependencies.clock.now(), self.dependencies.database.read());
        let store = Attempts::of(admin.organisation());
        let attempts = store.of_connector(&read, id, limit).await?;
        let ids: Vec<_> = attempts.iter().map(|attempt| attempt.id).collect();
        let mut timelines = store.events_of(&read, &ids).await?;
        let users = attempts.iter().filter_map(|attempt| attempt.user);
        let names = self.dependencies.people.names(admin.organisation(), users).await?;
        Ok(attempts
            .into_iter()
            .map(|attempt| {
                let attempt = sealed::open_words(&self.dependencies.vault, attempt);
                let progress = attempt.progress(now);
                let timeline = timelines.remove(&attempt.id).unwrap_or_default();
                let (started_by, user_name) = names_of(&names, &attempt);
                SignInDetails { attempt, started_by, user_name, progress, timeline, is_new: false }
            })
            .collect())
    }

    /// The values that an attempt is pinned to.
    ///
    /// # Errors
    /// [`Failure::Unexpected`] if this program cannot have written the attempt's row.
    fn read_pinned(&self, attempt: &Attempt) -> Result<SharedPinned, Failure> {
        let Attempt { id, provider, client_id, pinned, .. } = attempt;
        let unreadable =
            |value: String| Failure::Unexpected(format!("attempt {id}: cannot read the {value}"));
        let Some(provider) = self.dependencies.providers.find(provider) else {
            return Err(unreadable(format!("provider `{provider}`")));
        };
        provider
            .read_pinned(client_id, pinned)
            .map_err(|Unreadable(member)| unreadable(format!("value {member} in the column `pinned`")))
    }

    /// Erases expired secrets, hashes and attempts, one organisation after the other.
    pub async fn erase_old_attempts(&self, lease: &Lease) -> Result<(), Failure> {
        let SignInDependencies { database, people, clock, .. } = &*self.dependencies;
        let now = clock.now();
        for organisation in people.organisations(&database.read()).await? {
            let attempts = Attempts::of(organisation.id);
            database
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    Ok(attempts.erase_old_attempts(&tx, now, now.minus(FINDABLE), now.minus(KEPT)).await?)
                })
                .await?;
        }
        Ok(())
    }

    /// Ends all open attempts of an organisation, in the transaction that records the end.
    ///
    /// # Returns
    /// Number of attempts that were ended.
    pub async fn end_all(&self, tx: &Tx, organisation: OrganisationId) -> Result<u64, DatabaseError> {
        let (attempts, now) = (Attempts::of(organisation), self.dependencies.clock.now());
        let mut ended = 0;
        for id in attempts.open(tx, None, now).await? {
            ended += u64::from(self.end_open(tx, attempts, id, SignInProblem::EndedByOperator, now).await?);
        }
        Ok(ended)
    }

    /// Waits for the running exchanges during shutdown. No new exchange may begin after this call.
    pub async fn wait_for_exchanges(&self) {
        self.running.close();
        self.running.wait().await;
    }

    fn create_event(&self, step: Step, at: Timestamp, detail: &str) -> Event {
        create_timed_event(&self.dependencies, step, at, 0, detail)
    }
}

/// Creates a step of a timeline that took `duration` microseconds.
fn create_timed_event(
    dependencies: &SignInDependencies,
    step: Step,
    at: Timestamp,
    duration: i64,
    detail: &str,
) -> Event {
    let id = new_uuid(&*dependencies.clock, &*dependencies.randomness);
    Event { id, at, step, duration, detail: detail.to_owned() }
}

/// The name with the email, and the name alone, of the user who began an attempt; empty if there is none.
fn names_of(names: &HashMap<UserId, UserLabel>, attempt: &Attempt) -> (String, String) {
    let label = attempt.user.and_then(|user| names.get(&user));
    label.map(|label| (label.to_string(), label.name.clone())).unwrap_or_default()
}
