use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use mail360::platform::database::{Database as Opened, DatabaseError, DatabaseUrl, Secret};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, QueryResult, Statement, TryGetable,
};
use tempfile::TempDir;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A new, empty database in its own folder. Dropping this value removes both.
pub struct Place {
    /// The address, as the command line takes it.
    pub url: String,
    folder: TempDir,
    /// On PostgreSQL: the server, and the name of the database.
    server: Option<(String, String)>,
}

impl Place {
    pub async fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        if kind == Kind::Sqlite {
            let url = format!("sqlite:{}", folder.path().join("mail360.sqlite").display());
            return Self { url, folder, server: None };
        }
        let (server, name) = (server(), name_of(&folder));
        run(&server, &format!("CREATE DATABASE {name}")).await.expect("a new database");
        Self { url: at(&server, &name), folder, server: Some((server, name)) }
    }

    /// A new database with the tables of this program and without rows: a copy of one that the first test has made.
    pub async fn migrated(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        if kind == Kind::Sqlite {
            let file = folder.path().join("mail360.sqlite");
            fs::copy(sqlite_template().await, &file).expect("a copy");
            return Self { url: format!("sqlite:{}", file.display()), folder, server: None };
        }
        let (server, name) = (server(), name_of(&folder));
        let template = format!("template_{}", build());
        let copy = format!("CREATE DATABASE {name} TEMPLATE {template}");
        if run(&server, &copy).await.is_err() {
            make_postgres_template(&server, &template).await;
            run(&server, &copy).await.expect("a copy");
        }
        Self { url: at(&server, &name), folder, server: Some((server, name)) }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address in the form that the program uses after parsing.
    pub fn address(&self) -> DatabaseUrl {
        match self.url.strip_prefix("sqlite:") {
            Some(path) => DatabaseUrl::Sqlite(path.into()),
            None => DatabaseUrl::Postgres(Secret(self.url.clone())),
        }
    }
}

fn server() -> String {
    std::env::var("MAIL360_TEST_POSTGRES_URL")
        .expect("MAIL360_TEST_POSTGRES_URL names a PostgreSQL server; `make check` starts one and sets it")
}

/// The name of the database that belongs to this folder.
fn name_of(folder: &TempDir) -> String {
    format!("test_{}", folder.path().file_name().expect("a name").to_string_lossy())
        .to_lowercase()
        .replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

/// The address of a database of this server.
fn at(server: &str, name: &str) -> String {
    let (host, _) = server.rsplit_once('/').expect("an address with a database");
    format!("{host}/{name}")
}

/// A name for this build of the tests. Another build may have other migrations.
fn build() -> String {
    let file = fs::metadata(std::env::current_exe().expect("a file")).expect("its size and time");
    let built = file.modified().expect("a time").duration_since(UNIX_EPOCH).expect("after 1970");
    format!("{:x}_{:x}", built.as_nanos(), file.len())
}

async fn migrate(url: &DatabaseUrl) {
    let database = Opened::open(url).await.expect("a database");
    database.migrate(async |_| Ok::<_, DatabaseError>(())).await.expect("migrated");
    database.close().await.expect("closed");
}

/// The migrated SQLite file, beside the tests. If two tests make it at once, either is as good.
async fn sqlite_template() -> PathBuf {
    let beside = std::env::current_exe().expect("a file").parent().expect("its folder").to_owned();
    let template = beside.join(format!("template_{}.sqlite", build()));
    if !template.exists() {
        let made = tempfile::tempdir_in(&beside).expect("a folder");
        let file = made.path().join("mail360.sqlite");
        migrate(&DatabaseUrl::Sqlite(file.clone())).await;
        let raw = Raw::open(Kind::Sqlite, &DatabaseUrl::Sqlite(file)).await;
        let whole = made.path().join("whole.sqlite");
        raw.run(&format!("VACUUM INTO '{}'", whole.display())).await.expect("one file");
        // The program refuses a file that others can read.
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(&whole, private).expect("private");
        fs::rename(&whole, &template).expect("in place");
    }
    template
}

/// Creates the migrated database, unless another test does.
async fn make_postgres_template(server: &str, template: &str) {
    let mut options = ConnectOptions::new(server);
    options.max_connections(1).sqlx_logging(false);
    let connection = Database::connect(options).await.expect("the server answers");
    // The number is arbitrary, but the same in every test.
    connection.execute_unprepared("SELECT pg_advisory_lock(480480)").await.expect("locked");
    let there = format!("SELECT 1 FROM pg_database WHERE datname = '{template}'");
    let there = Statement::from_string(connection.get_database_backend(), there);
    if connection.query_one_raw(there).await.expect("an answer").is_none() {
        let making = format!("{template}_new");
        for statement in ["DROP DATABASE IF EXISTS", "CREATE DATABASE"] {
            connection.execute_unprepared(&format!("{statement} {making}")).await.expect("done");
        }
        migrate(&DatabaseUrl::Postgres(Secret(at(server, &making)))).await;
        let rename = format!("ALTER DATABASE {making} RENAME TO {template}");
        // The connections that migrated it may end later.
        let mut tries = 0;
        while let Err(error) = connection.execute_unprepared(&rename).await {
            tries += 1;
            assert!(tries < 500, "{error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    connection.close().await.expect("closed");
}

async fn run(server: &str, statement: &str) -> Result<(), DbErr> {
    let connection = Database::connect(server).await?;
    connection.execute_unprepared(statement).await?;
    connection.close().await
}

impl Drop for Place {
    /// Otherwise hundreds of databases would fill gigabytes before the server stops.
    fn drop(&mut self) {
        let Some((server, name)) = self.server.take() else { return };
        // The test's own runtime is already ending.
        let dropping = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(run(&server, &format!("DROP DATABASE {name} WITH (FORCE)")))
        });
        let dropped = dropping.join();
        // A second panic would hide the first one.
        assert!(std::thread::panicking() || matches!(dropped, Ok(Ok(()))), "the database stays: {dropped:?}");
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// Direct access to the database, as for an attacker who holds it.
#[derive(Clone)]
pub struct Raw {
    kind: Kind,
    connection: DatabaseConnection,
}

impl Raw {
    pub async fn open(kind: Kind, url: &DatabaseUrl) -> Self {
        let url = match url {
            DatabaseUrl::Sqlite(path) => format!("sqlite://{}?mode=rw", path.display()),
            DatabaseUrl::Postgres(url) => url.0.clone(),
        };
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        Self { kind, connection: Database::connect(options).await.expect("the database answers") }
    }

    /// Runs a statement: returns the number of changed rows, or the error.
    pub async fn run(&self, sql: &str) -> Result<u64, String> {
        let done = self.connection.execute_unprepared(sql).await;
        // As if the program had made the change.
        Opened::note_change();
        done.map(|done| done.rows_affected()).map_err(|error| error.to_string())
    }

    /// Lets go of the database.
    pub async fn close(self) {
        self.connection.close().await.expect("closed");
    }

    async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.connection.get_database_backend(), sql);
        self.connection.query_all_raw(statement).await.expect("rows")
    }

    /// The first column of each row.
    pub async fn column<T: TryGetable>(&self, sql: &str) -> Vec<T> {
        let rows = self.rows(sql).await;
        rows.iter().map(|row| row.try_get_by_index(0).expect("a column")).collect()
    }

    /// The single value of a query.
    pub async fn one<T: TryGetable>(&self, sql: &str) -> T {
        let mut values = self.column(sql).await;
        assert_eq!(values.len(), 1, "{sql}");
        values.remove(0)
    }

    pub async fn count(&self, table: &str) -> i64 {
        self.one(&format!("SELECT COUNT(*) FROM {table}")).await
    }

    /// The content of the database as text, a line for each row, except the named tables.
    pub async fn dump(&self, without: &[&str]) -> Vec<String> {
        let tables = match self.kind {
            Kind::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
            }
            Kind::Postgres => "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
        };
        let mut lines = Vec::new();
        for table in self.column::<String>(tables).await {
            if without.contains(&table.as_str()) {
                continue;
            }
            let row = match self.kind {
                Kind::Postgres => "row_to_json(t)::text".to_owned(),
                Kind::Sqlite => {
                    let columns = format!("SELECT name FROM pragma_table_info('{table}')");
                    let columns: Vec<String> = self.column(&columns).await;
                    columns.iter().map(|name| format!("quote({name})")).collect::<Vec<_>>().join("||','||")
                }
            };
            let rows: Vec<String> = self.column(&format!("SELECT {row} FROM {table} t ORDER BY 1")).await;
            lines.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
        }
        lines
    }

    /// A UUID in the notation of a statement.
    pub fn id(&self, id: impl std::fmt::Display) -> String {
        match self.kind {
            Kind::Sqlite => format!("X'{}'", id.to_string().replace('-', "")),
            Kind::Postgres => format!("'{id}'"),
        }
    }

    /// Bytes in the notation of a statement.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        match self.kind {
            Kind::Sqlite => format!("X'{}'", hex(bytes)),
            Kind::Postgres => format!("'\\x{}'", hex(bytes)),
        }
    }
}
