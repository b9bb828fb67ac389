use std::{
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::Router;
use mail360::{
    people::model::{Email, OrganisationName, Password, PersonName, Role},
    people::{
        access::Admin,
        service::{RequestContext, UserAddition},
    },
    platform::{
        clock::Clock,
        config::Config,
        database::Database,
        id::OrganisationId,
        monotonic::{SharedMonotonic, SystemMonotonic},
        randomness::SharedRandomness,
    },
    providers::{Providers, SharedProvider},
    router::{Foundations, Program, router},
    vault::custody,
};
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use super::{
    browser::{Answer, Browser},
    clock::{Seeded, TestClock, TestMonotonic},
    database::{Kind, Place, Raw},
    keys::write_key,
    mail::CannedMail,
    provider::{Canned, Claims, Provider, tokens},
    settings::{REAL_WORK, cheap_settings},
    sign_ins::parameter,
};

/// The password of all users in these tests.
pub const PASSWORD: &str = "correct horse battery staple";
/// The client secret of every connector, with characters that break if a form is not encoded.
pub const SECRET: &str = "canary~secret+/=&%.1";
/// The tenant of the accounts that sign in.
const TENANT: &str = "5a1e0000-7e57-4000-8000-00000000c0de";
/// The id of the account in it.
const OID: &str = "acc00000-7e57-4000-8000-000000000001";

static SEEDS: AtomicU64 = AtomicU64::new(1);

/// A process of the program with its surroundings. The processes of one installation share the parts that are
/// an `Arc`.
#[derive(Clone)]
pub struct World {
    pub program: Program,
    pub router: Router,
    pub clock: Arc<TestClock>,
    pub provider: Arc<Provider>,
    /// The mailboxes at the provider.
    pub mail: Arc<CannedMail>,
    pub raw: Raw,
    /// Removed with the last process.
    place: Arc<Place>,
    arguments: Vec<String>,
}

/// The settings of a new connector.
#[derive(Clone)]
pub struct NewConnector<'a> {
    pub name: &'a str,
    pub client_id: String,
    pub account_type: &'a str,
    pub tenant: &'a str,
}

impl Default for NewConnector<'_> {
    fn default() -> Self {
        Self {
            name: "Mail archive",
            client_id: uuid::Uuid::from_u128(u128::from(SEEDS.fetch_add(1, Ordering::Relaxed))).to_string(),
            account_type: "tenants_and_personal",
            tenant: "",
        }
    }
}

async fn program(
    (config, providers): (Config, Providers),
    clock: &Arc<TestClock>,
    provider: &Arc<Provider>,
    mail: &Arc<CannedMail>,
    monotonic: SharedMonotonic,
) -> Program {
    let seed = SEEDS.fetch_add(1, Ordering::Relaxed);
    let randomness: SharedRandomness = Arc::new(Seeded::new(seed));
    let database = Database::open(&config.database).await.expect("a database");
    let (key_file, url) = (&config.encryption_key_file, &config.database);
    let custody = custody::load_keys(key_file, url, &database, false, &**clock, randomness.clone())
        .await
        .expect("a vault");
    database.migrate(async |tx| custody::register_key(tx, &custody.vault).await).await.expect("migrated");
    Program::new(Foundations {
        config,
        providers,
        database,
        vault: custody.vault,
        clock: clock.clone(),
        monotonic,
        randomness,
        assets: super::assets(),
        http: provider.clone(),
        mail_http: mail.clone(),
    })
    .expect("a program")
}

impl World {
    /// An installation before its set-up.
    pub async fn new(kind: Kind) -> Self {
        Box::pin(Self::with(kind, &[])).await
    }

    /// The same, with the work for hashing a password that the program has by default.
    pub async fn with_real_hashing(kind: Kind) -> Self {
        Box::pin(Self::with(kind, &REAL_WORK)).await
    }

    /// The same with flags of the command line.
    pub async fn with(kind: Kind, flags: &[&str]) -> Self {
        let place = Arc::new(Place::migrated(kind).await);
        let key_file = place.folder().join("encryption.key");
        write_key(&key_file, "test", 7);
        let mut arguments = vec![
            "--database-url".to_owned(),
            place.url.clone(),
            "--encryption-key-file".to_owned(),
            key_file.display().to_string(),
            "--public-url".to_owned(),
            "http://localhost:3000".to_owned(),
        ];
        if flags.contains(&"--public-url") {
            arguments.truncate(4);
        }
        arguments.extend(flags.iter().map(|&flag| flag.to_owned()));
        let (clock, provider) = (Arc::new(TestClock::new()), Arc::new(Provider::default()));
        let mail = Arc::new(CannedMail::default());
        let settings = cheap_settings(&arguments);
        let url = settings.0.database.clone();
        let program = program(settings, &clock, &provider, &mail, Arc::new(SystemMonotonic)).await;
        let raw = Raw::open(kind, &url).await;
        Self { router: router(&program), program, clock, provider, mail, raw, place, arguments }
    }

    /// Another process on the same database, with further flags: a restart, or a second machine.
    pub async fn another_process(&self, flags: &[&str]) -> Self {
        let mut arguments = self.arguments.clone();
        arguments.extend(flags.iter().map(|&flag| flag.to_owned()));
        self.process(cheap_settings(&arguments), Arc::new(SystemMonotonic)).await
    }

    /// Another process on the same database, whose monotonic clock a test moves.
    pub async fn with_monotonic(&self, monotonic: &Arc<TestMonotonic>) -> Self {
        self.process(cheap_settings(&self.arguments), monotonic.clone()).await
    }

    async fn process(&self, settings: (Config, Providers), monotonic: SharedMonotonic) -> Self {
        let program = program(settings, &self.clock, &self.provider, &self.mail, monotonic).await;
        Self { router: router(&program), program, ..self.clone() }
    }

    /// Another process on the same database, with these providers beside those of the program.
    pub async fn with_providers(&self, more: Vec<SharedProvider>) -> Self {
        let (config, own) = cheap_settings(&self.arguments);
        let all = own.all().iter().cloned().chain(more).collect();
        self.process((config, Providers::new(all)), Arc::new(SystemMonotonic)).await
    }

    /// The command line, on this installation.
    pub fn mail360(&self, command: &str) -> Command {
        let mut line = Command::new(env!("CARGO_BIN_EXE_mail360"));
        line.arg(command).args(&self.arguments).env_clear();
        line.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        line
    }

    /// The output of a command, as an error if the command failed.
    pub fn run(&self, command: &str) -> Result<String, String> {
        let Output { status, stdout, stderr } = self.mail360(command).output().expect("an end");
        let [stdout, stderr] = [stdout, stderr].map(|said| String::from_utf8(said).expect("text"));
        if status.success() { Ok(stdout) } else { Err(stdout + &stderr) }
    }

    /// Clears the expiry of every client secret: `mail360 check` uses the real clock, and fails once one has expired.
    pub async fn clear_expiry_of_secrets(&self) {
        self.raw.run("UPDATE connectors SET secret_expires_on = NULL").await.expect("cleared");
    }

    /// The folder of this installation's files.
    pub fn folder(&self) -> &std::path::Path {
        self.place.folder()
    }

    /// A new browser.
    pub fn browser(&self) -> Browser {
        Browser::new(self.router.clone(), self.program.config.public_url.origin())
    }

    /// The path of a new set-up link.
    pub async fn set_up_path(&self) -> String {
        let token = self.program.set_up.open().await.expect("an answer").expect("no user exists yet");
        format!("/set-up/{}", token.expose())
    }

    /// Sets the installation up: the browser of its first administrator, Ada of Contoso.
    pub async fn set_up(&self) -> Browser {
        let path = self.set_up_path().await;
        let mut browser = self.browser();
        let fields = [
            ("organisation", "Contoso"),
            ("name", "Ada Example"),
            ("email", "ada@contoso.test"),
            ("password", PASSWORD),
        ];
        browser.post(&path, &fields).await.assert_status(303);
        browser
    }

    async fn organisation(&self, name: &str) -> OrganisationId {
        let all =
            self.program.people.organisations(&self.program.database.read()).await.expect("organisations");
        if let Some(organisation) = all.iter().find(|organisation| organisation.name == name) {
            return organisation.id;
        }
        let name = OrganisationName::parse(name).expect("a name");
        let added = self.program.people.add_organisation(&name, None).await;
        added.expect("an organisation").expect("a short name that is free")
    }

    /// Creates a user and logs in.
    pub async fn user(&self, organisation: &str, email: &str, role: Role) -> Browser {
        self.add_user(organisation, email, role).await;
        self.log_in(email).await
    }

    /// Creates a user and returns the id.
    pub async fn add_user(&self, organisation: &str, email: &str, role: Role) -> String {
        let organisation = self.organisation(organisation).await;
        let added = self
            .program
            .people
            .create_user(
                organisation,
                &Email::parse(email).expect("an e-mail"),
                &PersonName::parse("Somebody").expect("a name"),
                role,
                &Password::try_out(SecretString::from(PASSWORD)).expect("a password"),
            )
            .await;
        match added {
            Ok(UserAddition::Added(id)) => id.to_string(),
            other => unreachable!("no user was added: {other:?}"),
        }
    }

    /// The first administrator as services get one.
    pub async fn admin(&self) -> Admin {
        // From the row that a request reads beside its session.
        let standing = serde_json::from_value(serde_json::json!({
            "id": self.raw.one::<uuid::Uuid>("SELECT id FROM users WHERE email = 'ada@contoso.test'").await,
            "organisation_id": self.raw.one::<uuid::Uuid>("SELECT organisation_id FROM users WHERE email = 'ada@contoso.test'").await,
            "email": "ada@contoso.test",
            "name": "Ada",
            "role": "admin",
            "version": self.raw.one::<i64>("SELECT version FROM users WHERE email = 'ada@contoso.test'").await,
            "organisation": { "name": "Contoso", "second_factor_required": false },
        }));
        let reauthenticated_at = Some(self.clock.now());
        let context = RequestContext { address: None, request_id: None, reauthenticated_at };
        let member = self.program.people.member_of_session(standing.expect("a standing"), context);
        member.expect("an answer").expect("a member").admin().expect("an administrator")
    }

    /// Vera, a Viewer.
    pub async fn viewer(&self) -> Browser {
        self.user("Contoso", "vera@contoso.test", Role::Viewer).await
    }

    /// Eve, an administrator of another organisation.
    pub async fn stranger(&self) -> Browser {
        self.user("Fabrikam", "eve@fabrikam.test", Role::Admin).await
    }

    /// A new browser in which this user has logged in.
    pub async fn log_in(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        let organisation = self.organisation_of(email).await;
        let fields = [("organisation", organisation.as_str()), ("email", email), ("password", PASSWORD)];
        let answer = browser.post("/login", &fields).await;
        answer.assert_status(303);
        browser
    }

    /// Adds a connector by the form and returns the path of its page.
    pub async fn add_connector(&self, browser: &mut Browser, new: &NewConnector<'_>) -> String {
        let answer = self.send_form(browser, new).await;
        assert!(answer.location().starts_with("/connectors/"), "{}", answer.location());
        assert_ne!(answer.location(), "/connectors/new");
        answer.location().to_owned()
    }

    /// Fills and sends the Add Connector form.
    pub async fn send_form(&self, browser: &mut Browser, new: &NewConnector<'_>) -> Answer {
        let page = browser.get("/connectors/new").await;
        page.assert_status(200);
        let (form, owner) = (page.hidden("form"), page.hidden("owner"));
        let fields = [
            ("form", form.as_str()),
            ("owner", owner.as_str()),
            ("provider", "outlook"),
            ("service_name", new.name),
            ("client_id", &new.client_id),
            ("client_secret", SECRET),
            ("secret_expires_on", "2028-11-23"),
            ("account_type", new.account_type),
            ("tenant", new.tenant),
            ("scopes[]", "Mail.Read"),
            ("scopes[]", "Mail.Send"),
            ("scopes[]", "Contacts.Read"),
        ];
        browser.post("/do/connectors/add", &fields).await
    }

    /// Starts a sign-in from a connector's page and returns the address at the provider.
    pub async fn start(&self, browser: &mut Browser, connector: &str) -> Url {
        let answer = browser.post(&format!("{connector}/verify"), &[]).await;
        answer.assert_status(200).link("Continue to Microsoft")
    }

    /// The claims of an ID token for this sign-in.
    pub fn claims(&self, authorize: &Url) -> Claims {
        Claims {
            client_id: parameter(authorize, "client_id"),
            nonce: parameter(authorize, "nonce"),
            tenant: TENANT.to_owned(),
            oid: OID.to_owned(),
            issuer: format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            expires: self.clock.now().seconds() + 3600,
        }
    }

    /// Lets the provider grant everything and Graph name the account.
    pub fn grant_everything(&self, authorize: &Url) {
        self.provider.answer_token(Canned::Json(200, tokens(&self.claims(authorize))));
        self.say_who();
    }

    /// Lets Graph name the account.
    pub fn say_who(&self) {
        let me =
            json!({ "id": "1", "mail": "grace@contoso.test", "userPrincipalName": "grace@contoso.test" });
        self.provider.answer_me(Canned::Json(200, me));
    }

    /// The state of the connector as its page says it.
    pub async fn state(&self, connector: &str) -> String {
        let id = connector.rsplit('/').next().expect("an id");
        let id = self.raw.id(id);
        self.raw
            .one(&format!("SELECT state || COALESCE(': ' || failure, '') FROM connectors WHERE id = {id}"))
            .await
    }
}
