//! The measured installation: the program with a database of its own, as an operator runs it, or within this process.

use std::{
    cell::Cell,
    fs::{DirBuilder, OpenOptions},
    io::{Read, Write},
    net::{TcpListener as Listener, TcpStream},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::response::Html;
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Parser;
use mail360::{
    log_in::guard::RouteAccess,
    platform::{
        assets::Assets,
        clock::SystemClock,
        config::Options,
        database::Database,
        monotonic::SystemMonotonic,
        randomness::{Randomness, SystemRandomness},
        server::{self, ConnectionLimits},
    },
    providers::{
        ProviderOptions,
        http::{MailClient, Reqwest},
    },
    router::{Foundations, Program, Route, get, router_of, table},
    vault::custody,
};
use sea_orm::{ConnectOptions, ConnectionTrait, Database as Raw, DatabaseConnection};
use tempfile::TempDir;

use crate::load::Load;

const EMAIL: &str = "ada@contoso.test";
const PASSWORD: &str = "correct horse battery staple";

/// The optimised binary.
pub fn binary() -> PathBuf {
    std::env::var_os("MAIL360_BINARY").map(PathBuf::from).expect("MAIL360_BINARY: `make bench` sets it")
}

/// A port that is free now.
fn free_port() -> u16 {
    let listener = Listener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// What an installation works with.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The address of its database on PostgreSQL; `None` for a SQLite file in its folder.
    pub postgres: Option<String>,
    /// The address of the provider, if a measurement needs one.
    pub provider: Option<String>,
}

/// A database with an administrator.
pub struct Installation {
    folder: TempDir,
    port: u16,
    setup: Setup,
}

impl Installation {
    /// Creates a SQLite database with this number of connectors.
    pub async fn new(connectors: u64) -> Arc<Self> {
        let installation = Self::empty(Setup::default());
        add_connectors(&installation, connectors).await;
        installation
    }

    /// Creates the database without a connector.
    pub fn empty(setup: Setup) -> Arc<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let installation = Self { folder, port: free_port(), setup };
        if installation.setup.postgres.is_some() {
            installation.write_key();
        }
        installation.run(&["migrate"], "");
        installation.run(&["organisation", "add", "--name", "Contoso"], "");
        let user = ["user", "add", "--email", EMAIL, "--name", "Ada", "--role", "admin"];
        installation.run(&user, PASSWORD);
        Arc::new(installation)
    }

    /// On PostgreSQL the operator makes the key file.
    fn write_key(&self) {
        let mut folder = DirBuilder::new();
        folder.mode(0o700).create(self.data()).expect("the folder");
        let mut file = OpenOptions::new();
        let file = file.write(true).create_new(true).mode(0o600).open(self.data().join("encryption.key"));
        let mut key = [0; 32];
        SystemRandomness.fill(&mut key);
        writeln!(file.expect("the file"), "bench:{}", STANDARD.encode(key)).expect("written");
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A connection to the database, beside those of the program.
    pub async fn database(&self) -> DatabaseConnection {
        let file = || format!("sqlite:{}", self.data().join("mail360.sqlite").display());
        let mut options = ConnectOptions::new(self.setup.postgres.clone().unwrap_or_else(file));
        options.max_connections(1).sqlx_logging(false);
        Raw::connect(options).await.expect("the database")
    }

    /// The settings of the addresses of Microsoft and Google, without their beginnings. Either may be at the address.
    fn provider_urls(&self) -> Vec<(&'static str, String)> {
        let Some(url) = &self.setup.provider else { return Vec::new() };
        vec![
            ("MICROSOFT_AUTHORIZE_URL", format!("{url}/{{tenant}}/oauth2/v2.0/authorize")),
            ("MICROSOFT_TOKEN_URL", format!("{url}/{{tenant}}/oauth2/v2.0/token")),
            ("MICROSOFT_GRAPH_URL", format!("{url}/v1.0")),
            ("MICROSOFT_ISSUER", format!("{url}/{{tenant}}/v2.0")),
            ("GOOGLE_AUTHORIZE_URL", format!("{url}/o/oauth2/v2/auth")),
            ("GOOGLE_TOKEN_URL", format!("{url}/token")),
            ("GOOGLE_REVOKE_URL", format!("{url}/revoke")),
            ("GOOGLE_ISSUER", url.clone()),
            ("GOOGLE_GMAIL_URL", url.clone()),
            ("GOOGLE_PEOPLE_URL", url.clone()),
        ]
    }

    /// The program on this database, within this process. It serves nothing.
    pub async fn program(&self) -> Program {
        let mut line = vec!["mail360".to_owned(), "--data-dir".to_owned(), self.data().display().to_string()];
        line.extend(["--public-url".to_owned(), self.url()]);
        line.extend(self.setup.postgres.iter().flat_map(|url| ["--database-url".to_owned(), url.clone()]));
        for (name, value) in self.provider_urls() {
            line.extend([format!("--{}", name.to_lowercase().replace('_', "-")), value]);
        }
        let Line { options, providers } = Line::parse_from(line);
        let config = options.check().expect("a sound configuration");
        let database = Database::open(&config.database).await.expect("a database");
        let (clock, randomness) = (Arc::new(SystemClock), Arc::new(SystemRandomness));
        let key_file = &config.encryption_key_file;
        let custody =
            custody::load_keys(key_file, &config.database, &database, false, &*clock, randomness.clone());
        let vault = custody.await.expect("a vault").vault;
        let site = binary().parent().expect("a folder").join("site");
        Program::new(Foundations {
            config,
            providers: providers.check().expect("sound providers"),
            database,
            vault,
            clock,
            monotonic: Arc::new(SystemMonotonic),
            randomness,
            assets: Assets::load(&site).expect("the assets"),
            http: Arc::new(Reqwest::new().expect("a client")),
            mail_http: Arc::new(MailClient::new().expect("a client")),
        })
        .expect("a program")
    }

    /// The address for browsers.
    fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Serves the program within this process, with further routes and its periodic work. Returns its address.
    pub async fn serve_here(self: &Arc<Self>, more: Vec<Route>) -> String {
        let program = self.program().await;
        let lines: Vec<Route> = table().into_iter().chain(more).collect();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", self.port)).await.expect("the port");
        let router = router_of(&program, lines);
        for work in program.periodic_work() {
            work.start();
        }
        // The folder must live as long as the program serves.
        let installation = self.clone();
        tokio::spawn(async move {
            let _installation = installation;
            server::serve(listener, router, ConnectionLimits::default(), std::future::pending()).await;
        });
        self.url()
    }

    fn command(&self, port: u16) -> Command {
        let mut command = Command::new(binary());
        command
            .env("MAIL360_LISTEN", format!("127.0.0.1:{port}"))
            .env("MAIL360_PUBLIC_URL", self.url())
            .env("MAIL360_DATA_DIR", self.data())
            .env("MAIL360_TRUSTED_PROXIES", "127.0.0.0/8")
            .env("MAIL360_LOG", "error")
            .envs(self.setup.postgres.iter().map(|url| ("MAIL360_DATABASE_URL", url)))
            .envs(self.provider_urls().into_iter().map(|(name, url)| (format!("MAIL360_{name}"), url)))
            .stdout(Stdio::null())
            .stderr(Stdio::inherit());
        command
    }

    fn run(&self, arguments: &[&str], input: &str) {
        let mut child =
            self.command(self.port).args(arguments).stdin(Stdio::piped()).spawn().expect("the binary");
        let mut stdin = child.stdin.take().expect("its input");
        writeln!(stdin, "{input}").expect("written");
        drop(stdin);
        assert!(child.wait().expect("its end").success(), "{arguments:?}");
    }

    /// Starts the program and waits for its first response.
    pub async fn start(self: &Arc<Self>) -> Running {
        let mut running = self.launch(self.port);
        running.cookie = log_in(&running.url).await;
        running
    }

    /// Starts the program without a log-in, whose hash takes more memory than most calls of the API.
    pub fn start_logged_out(self: &Arc<Self>) -> Running {
        self.launch(self.port)
    }

    /// Starts another process on the same database, which must be on PostgreSQL.
    pub fn start_another(self: &Arc<Self>) -> Running {
        self.launch(free_port())
    }

    fn launch(self: &Arc<Self>, port: u16) -> Running {
        let began = Instant::now();
        let child = self.command(port).arg("serve").spawn().expect("the binary");
        while !self.answers(port) {
            assert!(began.elapsed() < Duration::from_secs(30), "the program does not answer");
            std::thread::sleep(Duration::from_millis(1));
        }
        let first_answer_after = began.elapsed();
        let at_rest = memory(child.id());
        let (url, cookie, installation) = (self.url(), String::new(), self.clone());
        Running { child, url, cookie, first_answer_after, at_rest, _installation: installation }
    }

    fn answers(&self, port: u16) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
        let sent = write!(
            stream,
            "GET /login HTTP/1.1\r\nhost: localhost:{}\r\nconnection: close\r\n\r\n",
            self.port
        );
        let mut text = String::new();
        sent.is_ok() && stream.read_to_string(&mut text).is_ok() && text.starts_with("HTTP/1.1 200")
    }
}

/// A running program.
pub struct Running {
    child: Child,
    /// The address.
    pub url: String,
    cookie: String,
    /// The time from the start to the first response.
    pub first_answer_after: Duration,
    /// The resident memory of the program before the first log-in, in megabytes.
    pub at_rest: f64,
    /// Keeps the folder as long as the program runs.
    _installation: Arc<Installation>,
}

impl Running {
    /// A load with the session of its administrator.
    pub fn load(&self, path: &str) -> Load {
        Load::new(&self.url, path, &self.cookie)
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The resident memory of the program now, in megabytes.
    pub fn memory(&self) -> f64 {
        memory(self.child.id())
    }

    /// The most memory that the program takes above rest until this ends, in megabytes, and the result.
    pub async fn watch_memory<T>(&self, until: impl Future<Output = T>) -> (f64, T) {
        let most = Cell::new(0.0_f64);
        let looks = async {
            loop {
                most.set(most.get().max(self.memory() - self.at_rest));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let result = tokio::select! {
            result = until => result,
            () = looks => unreachable!("the looks have no end"),
        };
        (most.get(), result)
    }

    /// Stops it.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The resident memory of a process, in megabytes (`VmRSS` of proc(5)).
fn memory(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("its status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    let kilobytes: f64 = line.split_whitespace().nth(1).and_then(|it| it.parse().ok()).expect("a number");
    kilobytes * 1024.0 / 1_000_000.0
}

/// Writes connectors into a database as fast as possible. The benchmark never opens their secrets. Every name has the
/// words `mail` and `archive`, one half of the names `north`, and the other half `south`.
async fn add_connectors(installation: &Installation, count: u64) {
    let database = installation.database().await;
    // Ids are random, so the pages of their indexes must stay in memory.
    database.execute_unprepared("PRAGMA cache_size = -1000000").await.expect("a cache of 1 GB");
    let last = count - 1;
    let name = "archive ' || n || CASE n % 2 WHEN 0 THEN ' north' ELSE ' south' END";
    let insert = format!(
        r#"INSERT INTO connectors (id, organisation_id, provider, service_name, name_key, indexed_name, form_id,
            client_id, client_secret, client_secret_hint, secret_expires_on, expiry_key, provider_settings, scopes,
            state, version, application_version, created_at)
        WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})
        SELECT randomblob(16), organisations.id, 'outlook', 'Mail {name}, 'mail {name},
            'mail {name}, randomblob(16),
            lower(hex(randomblob(4))) || '-7e57-4000-8000-' || printf('%012d', n), x'00', 'abc', '2028-11-23',
            '2028-11-23', '{{"account_type":"tenants_and_personal","tenant":null}}',
            'User.Read offline_access openid profile', 'not_verified', 1, 1, n
        FROM numbers, organisations"#
    );
    database.execute_unprepared(&insert).await.expect("connectors");
    // The time of creation is the number of the connector.
    let side = "CASE created_at % 2 WHEN 0 THEN 'north' ELSE 'south' END";
    for word in ["'archive'", "'mail'", side, "CAST(created_at AS TEXT)"] {
        let words = format!(
            "INSERT INTO connector_words (organisation_id, word, sort_key, connector_id, shared)
            SELECT organisation_id, {word}, name_key, id, 0 FROM connectors ORDER BY 1, 2, 3"
        );
        database.execute_unprepared(&words).await.expect("their words");
    }
    database.close().await.expect("closed");
}

/// Logs the administrator in and returns the session's cookie.
async fn log_in(url: &str) -> String {
    let answer = crate::load::client()
        .post(format!("{url}/login"))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("email={}&password={}", EMAIL.replace('@', "%40"), PASSWORD.replace(' ', "+")))
        .send()
        .await
        .expect("an answer");
    assert!(answer.status().is_redirection(), "{}", answer.status());
    let cookies = answer.headers().get_all("set-cookie");
    let pairs: Vec<_> = cookies
        .iter()
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next().map(str::to_owned))
        .collect();
    pairs.join("; ")
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    providers: ProviderOptions,
}

/// The program in this process with one more route: `/from-memory` returns the bytes of the Connectors page behind the
/// layers and the session of every page. Returns its address and the administrator's cookie.
pub async fn in_process(connectors: u64) -> (String, String) {
    let installation = Installation::new(connectors).await;
    let url = installation.url();
    // The bytes of the page, from the program as it is.
    let page = {
        let running = installation.start().await;
        let answer =
            crate::load::client().get(format!("{url}/connectors")).header("cookie", &running.cookie).send();
        let text = answer.await.expect("an answer").text().await.expect("a page");
        assert!(text.contains("Mail archive"), "{text}");
        text
    };
    let page: &'static str = page.leak();
    let from_memory = get("/from-memory", RouteAccess::Member, move || std::future::ready(Html(page)));
    let url = installation.serve_here(vec![from_memory]).await;
    let cookie = log_in(&url).await;
    (url, cookie)
}
