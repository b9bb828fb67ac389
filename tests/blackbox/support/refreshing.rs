//! Accounts that are connected without a browser, and processes that refresh them on clocks that a test moves. A
//! process can be stopped at a point in a refresh, as a kill would.

mod stops;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use mail360::{
    accounts::{
        model::{AccountState, StateReason},
        service::{
            Account, AccountId, AccountService, Connected, ConnectedMailbox,
            grants::{GrantDependencies, Grants, LentToken, NoStops, NoToken, Refresher, SharedStopPoints},
        },
    },
    activity::service::Activity,
    connectors::service::{Connector, ConnectorId},
    people::access::Caller,
    platform::{
        database::{Database, DatabaseError, Queries},
        failure::Failure,
        id::OrganisationId,
    },
    providers::{oauth::Grant, provider::Identity},
    router::Program,
};
use sea_orm::ConnectionTrait;
use secrecy::ExposeSecret;
use tokio::sync::Notify;

pub use self::stops::StopAt;
use super::{
    Browser, Canned, Seen, World,
    clock::TestMonotonic,
    company::{Company, Scopes, Site},
    jobs::until,
    refreshed,
};

/// The directory of accounts, unless a test says otherwise.
pub const DIRECTORY: &str = "5a1e0000-7e57-4000-8000-00000000c0de";

/// A process that refreshes when a test tells it to.
pub struct Process {
    pub grants: Grants,
    pub monotonic: Arc<TestMonotonic>,
    pub refresher: Refresher,
    program: Program,
}

impl Process {
    /// A process of this program.
    pub fn new(program: &Program, provider: Arc<super::CannedProvider>, stops: SharedStopPoints) -> Self {
        Self::with_database(program, provider, stops, program.database.clone())
    }

    /// The same, with other connections to the database.
    pub fn with_database(
        program: &Program,
        provider: Arc<super::CannedProvider>,
        stops: SharedStopPoints,
        database: Database,
    ) -> Self {
        let monotonic = TestMonotonic::new();
        let grants = Grants::new(GrantDependencies {
            database,
            vault: program.vault.clone(),
            connectors: program.connectors.clone(),
            providers: program.providers.clone(),
            activity: Activity::new(program.clock.clone(), program.randomness.clone()),
            jobs: program.jobs.clone(),
            clock: program.clock.clone(),
            randomness: program.randomness.clone(),
            monotonic: monotonic.clone(),
            http: provider,
            redirect_uri: "https://mail360.example/api/connectors".to_owned(),
            stops,
        });
        let refresher = Refresher::new(grants.clone(), false);
        Self { grants, monotonic, refresher, program: program.clone() }
    }

    /// Another process on the database of `world`.
    pub async fn another(world: &World, stops: SharedStopPoints) -> Self {
        let other = world.another_process(&[]).await;
        Self::new(&other.program, world.provider.clone(), stops)
    }

    /// Refreshes everything that is due, and returns the number of refreshes.
    pub async fn refresh_due(&mut self) -> usize {
        self.refresher.refresh_due().await.expect("a round")
    }

    /// Begins what is due and has a place.
    pub async fn look(&mut self) -> usize {
        self.refresher.look_once().await.expect("a look")
    }

    /// Whether a refresh is under way.
    pub async fn is_refreshing(&self) -> bool {
        tokio::time::timeout(std::time::Duration::ZERO, self.grants.wait_for_refreshes()).await.is_err()
    }

    /// Opens the gate at the provider again and again, until no refresh waits there any more.
    pub async fn let_end(&self, gate: &Notify) {
        while self.is_refreshing().await {
            gate.notify_one();
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    pub fn accounts(&self) -> AccountService {
        let (clock, randomness) = (self.program.clock.clone(), self.program.randomness.clone());
        let activity = Activity::new(clock.clone(), randomness.clone());
        AccountService::new(self.program.database.clone(), self.grants.clone(), activity, clock, randomness)
    }
}

/// An organisation with a connector, and a process that refreshes its accounts.
pub struct Scene {
    pub site: Site,
    pub world: World,
    pub ada: Browser,
    /// The path of the connector's page.
    pub connector: String,
    pub organisation: OrganisationId,
    pub process: Process,
}

impl Scene {
    pub async fn new(site: impl Into<Site>) -> Self {
        let site = site.into();
        let world = World::new(site.kind).await;
        let mut ada = world.set_up().await;
        let connector = site.company.add_connector(&world, &mut ada, "Mail archive").await;
        let facts = site.company.facts();
        if !facts.rotates {
            world.provider.give_no_refresh_tokens(facts.granted);
        }
        let organisation = world.organisation_id_of("ada@contoso.test").await;
        let process = Process::new(&world.program, world.provider.clone(), Arc::new(NoStops));
        Self { site, world, ada, connector, organisation, process }
    }

    /// Adds another connector and returns the path of its page.
    pub async fn add_connector(&mut self, name: &str) -> String {
        self.site.company.add_connector(&self.world, &mut self.ada, name).await
    }

    /// Gives all accounts these permissions.
    pub async fn grant(&self, scopes: Scopes) {
        let scopes = scopes.of(self.site.company);
        self.world.raw.run(&format!("UPDATE grants SET scopes = '{scopes}'")).await.expect("granted");
        if !self.site.company.facts().rotates {
            self.world.provider.give_no_refresh_tokens(scopes);
        }
    }

    /// The name of the refresh token of this mailbox after this number of refreshes.
    pub fn refresh_token(&self, first: &str, refreshes: usize) -> String {
        self.site.company.refresh_token(first, refreshes)
    }

    /// The name of the access token of this mailbox after this number of refreshes.
    pub fn access_token(&self, first: &str, refreshes: usize) -> String {
        self.site.company.access_token(first, refreshes)
    }

    /// Another process, which is stopped at a point of each refresh.
    pub async fn stopped_at(&self, stops: &Arc<StopAt>) -> Process {
        Process::another(&self.world, stops.clone()).await
    }

    pub fn connector_id(&self) -> ConnectorId {
        self.connector.rsplit('/').next().expect("an id").parse().expect("an id")
    }

    pub async fn connector(&self, id: ConnectorId) -> Connector {
        let program = &self.world.program;
        let found = program.connectors.find(&program.database.read(), self.organisation, id).await;
        found.expect("an answer").expect("a connector")
    }

    /// Connects the mailbox of this name through the connector.
    pub async fn connect(&self, name: &str) -> AccountId {
        self.connect_in(self.connector_id(), name, DIRECTORY, name).await
    }

    /// Connects the mailbox of this name: the tokens are `canary-access-{token}` and `canary-refresh-{token}`.
    pub async fn connect_in(
        &self,
        connector: ConnectorId,
        name: &str,
        directory: &str,
        token: &str,
    ) -> AccountId {
        let connector = self.connector(connector).await;
        let identity = Identity {
            account: format!("{name}@contoso.test"),
            subject: Some(format!("{directory}:{name}")),
            email: Some(format!("{name}@contoso.test")),
            directory: Some(directory.to_owned()),
            ..Identity::default()
        };
        let pinned = connector.application.pin_grant(&identity);
        let grant = Grant {
            access_token: format!("canary-access-{token}").into(),
            refresh_token: Some(format!("canary-refresh-{token}").into()),
            expires_in: Some(std::time::Duration::from_hours(1)),
            ends_in: None,
            id_token: None,
            scopes: Some(connector.scopes.clone()),
            date: None,
        };
        let accounts = self.process.accounts();
        let now = self.world.program.clock.now();
        let connected = self
            .world
            .program
            .database
            .write::<_, Failure, _>(async |tx| {
                let connectors = &self.world.program.connectors;
                connectors.lock(&tx, self.organisation, connector.id).await?;
                let mailbox = ConnectedMailbox {
                    organisation: self.organisation,
                    connector: &connector,
                    identity: &identity,
                    name: None,
                    reference: None,
                    only: None,
                    moves_from: Some(self.connector_id()),
                    client: None,
                    scopes: &connector.scopes,
                    asked: &connector.scopes,
                    pinned: pinned.clone(),
                    grant: &grant,
                };
                accounts.connect_within(&tx, mailbox, now).await
            })
            .await;
        match connected.expect("an answer") {
            Connected::Added(id) | Connected::Again(id) => id,
            other => unreachable!("not connected: {other:?}"),
        }
    }

    /// Connects this number of mailboxes through the connector: `m0`, `m1`, ….
    pub async fn connect_many(&self, count: usize) -> Vec<AccountId> {
        let mut ids = Vec::new();
        for number in 0..count {
            ids.push(self.connect(&format!("m{number}")).await);
        }
        ids
    }

    pub async fn account(&self, id: AccountId) -> Account {
        let caller = Caller::job(self.organisation, "test");
        self.process.accounts().get(&caller, id).await.expect("an account")
    }

    pub async fn state(&self, id: AccountId) -> (AccountState, Option<StateReason>) {
        let account = self.account(id).await;
        (account.state, account.reason)
    }

    /// The number of accounts in this state.
    pub async fn count(&self, state: AccountState) -> i64 {
        let count = format!("SELECT COUNT(*) FROM accounts WHERE state = '{}'", state.name());
        self.world.raw.one(&count).await
    }

    /// Does to the connector and its accounts what the form for another client ID does.
    pub async fn change_application(&self) {
        let (id, organisation, program) = (self.connector_id(), self.organisation, &self.world.program);
        let change = format!(
            "UPDATE connectors SET application_version = application_version + 1, \
             application_first_version = application_version + 1 WHERE id = {}",
            self.world.raw.id(id)
        );
        let changed = program.database.write::<_, Failure, _>(async |tx| {
            program.connectors.lock(&tx, organisation, id).await?;
            tx.connection().execute_unprepared(&change).await.map_err(DatabaseError::from)?;
            self.process.grants.application_changed_within(&tx, organisation, id).await
        });
        changed.await.expect("changed");
    }

    /// Makes every grant that is scheduled due now.
    pub async fn make_due(&self) {
        // So that what happens next is also later in the history.
        self.world.clock.advance(time::Duration::milliseconds(10));
        let due = "UPDATE grants SET next_refresh_at = 1 WHERE next_refresh_at IS NOT NULL";
        self.world.raw.run(due).await.expect("done");
    }

    /// Makes the grant of one account due now.
    pub async fn make_account_due(&self, account: AccountId) {
        let account = self.world.raw.id(account);
        let due = format!("UPDATE grants SET next_refresh_at = 1 WHERE account_id = {account}");
        assert_eq!(self.world.raw.run(&due).await, Ok(1));
    }

    pub async fn token(&self, account: AccountId) -> Result<String, NoToken> {
        self.process.grants.valid_access_token(self.organisation, account).await.map(|lent| text(&lent))
    }

    /// Lets the stored access tokens expire.
    pub fn expire(&self) {
        self.world.clock.advance(time::Duration::hours(1));
    }

    /// A value of the only grant.
    pub async fn of_grant<T: sea_orm::TryGetable>(&self, column: &str) -> T {
        self.world.raw.one(&format!("SELECT {column} FROM grants")).await
    }

    /// The refresh tokens that the provider got, without the part that they all have.
    pub fn sent(&self) -> Vec<String> {
        let sent = self.world.provider.refreshes();
        sent.iter().map(|seen| name_of(seen).to_owned()).collect()
    }

    /// Waits until the provider has got this number of refreshes.
    pub async fn wait_for_requests(&self, number: usize) {
        until(|| self.world.provider.refreshes().len() == number).await;
    }
}

/// Replaces the secret of the connector on its page.
pub async fn replace_secret(scene: &mut Scene, secret: &str) {
    let form = scene.ada.get(&format!("{}/secret", scene.connector)).await;
    let names = ["connector", "version", "owner"].map(|name| (name, form.hidden(name)));
    let mut fields: Vec<_> = names.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend([("client_secret", secret), ("secret_expires_on", "2028-11-23")]);
    scene.ada.post("/do/connectors/replace-secret", &fields).await.assert_status(302);
}

/// The name of the refresh token in a request.
fn name_of(seen: &Seen) -> &str {
    seen.field("refresh_token").unwrap_or_default().trim_start_matches("canary-refresh-")
}

/// The access token, without the part that all have.
pub fn text(lent: &LentToken) -> String {
    lent.token.expose_secret().trim_start_matches("canary-access-").to_owned()
}

/// An error of the token endpoint.
pub fn refused(error: &str) -> Canned {
    Canned::Json(400, serde_json::json!({ "error": error, "error_description": "canary-description" }))
}

/// A provider that rotates, and revokes the grant if a refresh token comes twice. One that does not rotate takes a token as
/// often as it comes.
pub fn strict(company: Company) -> impl Fn(&Seen) -> Canned + Send + Sync + 'static {
    let used: Mutex<HashSet<String>> = Mutex::default();
    let revoked: Mutex<HashSet<String>> = Mutex::default();
    move |seen| {
        let name = name_of(seen).to_owned();
        let mailbox = name.trim_end_matches('+').to_owned();
        if !company.facts().rotates {
            return Canned::Json(200, refreshed(&format!("{name}+")));
        }
        let mut revoked = revoked.lock().expect("a list");
        if revoked.contains(&mailbox) || !used.lock().expect("a list").insert(name.clone()) {
            revoked.insert(mailbox);
            return refused("invalid_grant");
        }
        Canned::Json(200, refreshed(&format!("{name}+")))
    }
}
