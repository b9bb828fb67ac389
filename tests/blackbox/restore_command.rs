//! `mail360 restore` does the whole procedure, so that the operator can forget no step.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use migrations::Migrator;
use sea_orm_migration::MigratorTrait;

use crate::support::{Kind, Place, Raw, World, write_key};

/// An installation on SQLite with a backup. The backup has one organisation, the database two.
struct Installation {
    place: Place,
    backup: PathBuf,
}

impl Installation {
    async fn new() -> Self {
        let place = Place::new(Kind::Sqlite).await;
        write_key(&place.folder().join("encryption.key"), "test", 7);
        let installation = Self { backup: place.folder().join("backup.sqlite"), place };
        installation.done(&["migrate"]);
        installation.done(&["organisation", "add", "--name", "Before"]);
        let raw = installation.raw().await;
        raw.run(&format!("VACUUM INTO '{}'", installation.backup.display())).await.expect("a backup");
        raw.close().await;
        installation.done(&["organisation", "add", "--name", "Since"]);
        installation
    }

    fn database(&self) -> PathBuf {
        self.place.folder().join("mail360.sqlite")
    }

    async fn raw(&self) -> Raw {
        Raw::open(Kind::Sqlite, &self.place.address()).await
    }

    fn spawn(&self, words: &[&str]) -> Child {
        let mut line = Command::new(env!("CARGO_BIN_EXE_mail360"));
        line.args(words).env_clear().env("MAIL360_DATABASE_URL", &self.place.url);
        line.env("MAIL360_ENCRYPTION_KEY_FILE", self.place.folder().join("encryption.key"));
        line.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program")
    }

    fn run(&self, words: &[&str]) -> Result<String, String> {
        let output = self.spawn(words).wait_with_output().expect("an end");
        let [stdout, stderr] =
            [output.stdout, output.stderr].map(|said| String::from_utf8(said).expect("text"));
        if output.status.success() { Ok(stdout) } else { Err(stdout + &stderr) }
    }

    #[track_caller]
    fn done(&self, words: &[&str]) -> String {
        self.run(words).expect("done")
    }

    fn restore(&self, backup: &Path) -> Result<String, String> {
        self.run(&["restore", &backup.display().to_string()])
    }

    /// The names of the organisations.
    fn there(&self) -> Vec<String> {
        let list = self.done(&["organisation", "list"]);
        let mut names: Vec<_> =
            list.lines().filter_map(|line| Some(line.split('\t').nth(1)?.to_owned())).collect();
        names.sort();
        names
    }

    /// The file under which the previous database is kept.
    fn kept(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.place.folder()).expect("files").flatten().map(|file| file.path());
        files.filter(|file| file.display().to_string().contains(".before-restore-")).collect()
    }

    /// Asserts that no unfinished copy is left, and right after a restore no log of the old database.
    #[track_caller]
    fn assert_tidy(&self, restored: bool) {
        let log: &[_] = if restored { &["-wal", "-shm"] } else { &[] };
        for ending in [".restoring", ".restoring-wal", ".restoring-shm"].iter().chain(log) {
            let left = PathBuf::from(format!("{}{ending}", self.database().display()));
            assert!(!left.exists(), "{}", left.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c49_restore_replaces_the_database_keeps_the_old_one_and_says_what_to_check() {
    let installation = Installation::new().await;
    assert_eq!(installation.there(), ["Before", "Since"]);
    let said = installation.restore(&installation.backup).expect("restored");
    for words in
        ["backup.sqlite", "Browsers logged out: 0", ".before-restore-", "Settings > People", "mail360 check"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    installation.assert_tidy(true);
    assert_eq!(installation.there(), ["Before"]);
    assert!(installation.done(&["check"]).contains("are valid"));
    // The previous database can be restored in the same way.
    let kept = installation.kept();
    assert_eq!(kept.len(), 1, "{kept:?}");
    for file in [&kept[0], &installation.database()] {
        assert_eq!(std::fs::metadata(file).expect("it").permissions().mode() & 0o777, 0o600);
    }
    installation.restore(&kept[0]).expect("restored");
    assert_eq!(installation.there(), ["Before", "Since"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn c49_the_log_of_a_killed_process_is_kept_and_not_applied_to_the_backup() {
    let installation = Installation::new().await;
    // The state after a kill: only the log has the last changes.
    let raw = installation.raw().await;
    raw.run("PRAGMA wal_autocheckpoint = 0").await.expect("set");
    raw.run("UPDATE organisations SET name = 'Last' WHERE name = 'Since'").await.expect("changed");
    let beside = |ending: &str| PathBuf::from(format!("{}{ending}", installation.database().display()));
    for ending in ["", "-wal", "-shm"] {
        std::fs::copy(beside(ending), installation.place.folder().join(format!("killed{ending}")))
            .expect("copied");
    }
    raw.close().await;
    for ending in ["", "-wal", "-shm"] {
        std::fs::copy(installation.place.folder().join(format!("killed{ending}")), beside(ending))
            .expect("put back");
    }
    assert!(std::fs::metadata(beside("-wal")).expect("a log").len() > 0);
    installation.restore(&installation.backup).expect("restored");
    installation.assert_tidy(true);
    assert_eq!(installation.there(), ["Before"]);
    installation.restore(&installation.kept()[0]).expect("restored");
    assert_eq!(installation.there(), ["Before", "Last"], "the old database was kept with what its log held");
}

#[tokio::test(flavor = "multi_thread")]
async fn c49_a_backup_with_its_log_beside_it_is_restored_with_the_changes_in_the_log() {
    let installation = Installation::new().await;
    let raw = installation.raw().await;
    raw.run("PRAGMA wal_autocheckpoint = 0").await.expect("set");
    raw.run("UPDATE organisations SET name = 'Last' WHERE name = 'Since'").await.expect("changed");
    let copy = installation.place.folder().join("copy.sqlite");
    std::fs::copy(installation.database(), &copy).expect("copied");
    let log = format!("{}-wal", installation.database().display());
    std::fs::copy(log, installation.place.folder().join("copy.sqlite-wal")).expect("copied");
    raw.run("DELETE FROM organisations WHERE name = 'Last'").await.expect("deleted");
    raw.close().await;
    assert_eq!(installation.there(), ["Before"]);
    installation.restore(&copy).expect("restored");
    assert_eq!(installation.there(), ["Before", "Last"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn c49_restore_refuses_while_a_process_uses_the_database() {
    let world = World::new(Kind::Sqlite).await;
    world.set_up().await;
    let backup = world.folder().join("backup.sqlite");
    world.raw.run(&format!("VACUUM INTO '{}'", backup.display())).await.expect("a backup");
    let before = world.raw.dump(&[]).await;
    let restored = world.mail360("restore").arg(&backup).output().expect("an end");
    let said = String::from_utf8(restored.stderr).expect("text");
    assert!(!restored.status.success() && said.contains("stop every process"), "{said}");
    assert_eq!(world.raw.dump(&[]).await, before);
    world.browser().get("/readyz").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn c49_an_unsound_backup_is_refused_and_nothing_is_changed() {
    let installation = Installation::new().await;
    let folder = installation.place.folder();
    let whole = std::fs::read(&installation.backup).expect("a backup");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    };
    let mut torn = whole.clone();
    let middle = torn.len() / 2;
    torn[middle..middle + 8_192].fill(0x5a);
    let other = folder.join("other.sqlite");
    let foreign =
        sea_orm::Database::connect(format!("sqlite:{}?mode=rwc", other.display())).await.expect("another");
    sea_orm::ConnectionTrait::execute_unprepared(&foreign, "CREATE TABLE books (x)").await.expect("a table");
    foreign.close().await.expect("closed");
    for (backup, words) in [
        (folder.join("nowhere.sqlite"), "cannot be read"),
        (folder.to_owned(), "is not a file"),
        (installation.database(), "is the database itself"),
        (write("text.sqlite", "no database at all".repeat(100).as_bytes()), "is not a SQLite database"),
        (write("empty.sqlite", b""), "is empty"),
        (
            write("dump.pgdump", b"PGDMP\x01\x0e\x00"),
            "pg_restore --no-owner --role=ROLE --exit-on-error --dbname=NEW",
        ),
        (write("dump.sql", b"--\n-- PostgreSQL database dump\n--\n"), "psql --set ON_ERROR_STOP=1"),
        (write("short.sqlite", &whole[..60]), "damaged"),
        (write("half.sqlite", &whole[..middle]), "damaged"),
        (write("torn.sqlite", &torn), "damaged"),
        (other, "is not a database of this program"),
    ] {
        let said = installation.restore(&backup).expect_err("refused");
        assert!(said.contains(words) && said.contains(&backup.display().to_string()), "{words}: {said}");
        // The operator is already running that command.
        assert!(!said.contains("mail360 restore FILE"), "{said}");
        installation.assert_tidy(false);
        assert!(installation.kept().is_empty());
        assert_eq!(installation.there(), ["Before", "Since"]);
    }
}

/// Runs a line of the shell. False if a program in it is not installed.
fn shell(folder: &Path, line: &str) -> bool {
    Command::new("sh").args(["-c", line]).current_dir(folder).status().expect("sh").success()
}

#[tokio::test(flavor = "multi_thread")]
async fn c49_for_a_packed_backup_or_a_dump_the_commands_to_restore_it_are_printed() {
    let installation = Installation::new().await;
    let folder = installation.place.folder();
    let mut tried = 0;
    for (make, name, words) in [
        ("gzip < backup.sqlite > packed.gz", "packed.gz", "compressed with gzip"),
        ("zstd -q < backup.sqlite > packed.zst", "packed.zst", "compressed with zstd"),
        ("bzip2 < backup.sqlite > packed.bz2", "packed.bz2", "compressed with bzip2"),
        ("xz < backup.sqlite > packed.xz", "packed.xz", "compressed with xz"),
        ("tar -cf packed.tar backup.sqlite", "packed.tar", "tar archive"),
        ("sqlite3 backup.sqlite .dump > it\\'s.sql", "it's.sql", "SQL text"),
    ] {
        if !shell(folder, make) {
            continue;
        }
        tried += 1;
        let said = installation.restore(&folder.join(name)).expect_err("refused");
        assert!(said.contains(words), "{words}: {said}");
        installation.assert_tidy(false);
        // Runs the printed commands. Only the operator knows the content of an archive.
        let command = |begins: &str| said.lines().map(str::trim).find(|line| line.starts_with(begins));
        assert!(shell(folder, command("(umask 077; ").expect("a command")), "{said}");
        let restore = command("mail360 restore '").expect("a command").replace("/NAME'", "/backup.sqlite'");
        let restore = restore.replacen("mail360", env!("CARGO_BIN_EXE_mail360"), 1);
        let database = format!("MAIL360_DATABASE_URL='{}'", installation.place.url);
        let key = format!("MAIL360_ENCRYPTION_KEY_FILE='{}'", folder.join("encryption.key").display());
        assert!(shell(folder, &format!("{database} {key} {restore}")), "{restore}");
        assert_eq!(installation.there(), ["Before"], "{name}");
        installation.done(&["organisation", "add", "--name", "Since"]);
    }
    assert!(tried > 0, "no program that packs is installed");
}

#[tokio::test(flavor = "multi_thread")]
async fn c49_for_an_unreadable_backup_the_command_that_changes_its_mode_is_printed() {
    let installation = Installation::new().await;
    let backup = &installation.backup;
    std::fs::set_permissions(backup, std::fs::Permissions::from_mode(0o200)).expect("permissions");
    // Root reads every file.
    if std::fs::File::open(backup).is_ok() {
        return;
    }
    let said = installation.restore(backup).expect_err("refused");
    assert!(said.contains("(mode 0200)") && said.contains(&backup.display().to_string()), "{said}");
    let (_, mend) = said.trim().rsplit_once("Run: ").expect("a command");
    assert!(shell(installation.place.folder(), mend), "{mend}");
    installation.restore(backup).expect("restored");
}

#[tokio::test(flavor = "multi_thread")]
async fn c49_a_backup_with_another_key_or_of_a_newer_program_is_refused() {
    let installation = Installation::new().await;
    let key = installation.place.folder().join("encryption.key");
    write_key(&key, "test", 8);
    let said = installation.restore(&installation.backup).expect_err("refused");
    assert!(said.contains("the right key file") && said.contains("Nothing was restored"), "{said}");
    std::fs::remove_file(&key).expect("removed");
    let said = installation.restore(&installation.backup).expect_err("refused");
    assert!(said.contains("put that file back") && !key.exists(), "{said}");
    write_key(&key, "test", 7);
    let backup =
        sea_orm::Database::connect(format!("sqlite:{}", installation.backup.display())).await.expect("it");
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000001_x', 1)";
    sea_orm::ConnectionTrait::execute_unprepared(&backup, newer).await.expect("inserted");
    backup.close().await.expect("closed");
    let said = installation.restore(&installation.backup).expect_err("refused");
    assert!(said.contains("of a newer version of this program"), "{said}");
    assert_eq!(installation.there(), ["Before", "Since"]);
    installation.assert_tidy(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn c49_a_damaged_database_is_replaced_and_kept_with_its_log() {
    let installation = Installation::new().await;
    let log = format!("{}-wal", installation.database().display());
    std::fs::write(installation.database(), "no database any more".repeat(500)).expect("damaged");
    std::fs::write(&log, "its log").expect("a log");
    installation.restore(&installation.backup).expect("restored");
    assert_eq!(installation.there(), ["Before"]);
    let mut kept = installation.kept();
    kept.sort();
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert_eq!(std::fs::read(&kept[1]).expect("the log"), b"its log");
    // Also on a machine without a database.
    std::fs::remove_file(installation.database()).expect("removed");
    installation.restore(&installation.backup).expect("restored");
    assert_eq!(installation.there(), ["Before"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn c49_a_backup_of_an_older_version_is_upgraded() {
    let installation = Installation::new().await;
    let older = installation.place.folder().join("older.sqlite");
    let database =
        sea_orm::Database::connect(format!("sqlite:{}?mode=rwc", older.display())).await.expect("it");
    Migrator::up(&database, Some(8)).await.expect("migrated");
    let attach = format!("ATTACH '{}' AS newer", installation.backup.display());
    for statement in [&*attach, "INSERT INTO settings SELECT name, value, 0 FROM newer.settings"] {
        sea_orm::ConnectionTrait::execute_unprepared(&database, statement).await.expect(statement);
    }
    database.close().await.expect("closed");
    let said = installation.restore(&older).expect("restored");
    assert!(
        said.contains("An older version of the program wrote the backup") && said.contains("migration"),
        "{said}"
    );
    assert!(installation.there().is_empty());
    assert!(installation.done(&["check"]).contains("are valid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn c49_a_kill_at_any_moment_leaves_the_old_database_or_the_new_one() {
    let mut took = Duration::ZERO;
    let (mut old, mut new) = (0, 0);
    for part in 0..14_u32 {
        let installation = Installation::new().await;
        let began = Instant::now();
        let backup = installation.backup.display().to_string();
        let mut child = installation.spawn(&["restore", &backup]);
        if part == 0 {
            assert!(child.wait().expect("an end").success());
            took = began.elapsed();
        } else {
            tokio::time::sleep(took * part / 12).await;
            child.kill().expect("killed, or at its end");
            child.wait().expect("an end");
        }
        match installation.there().as_slice() {
            [one, two] if one == "Before" && two == "Since" => old += 1,
            [one] if one == "Before" => new += 1,
            other => unreachable!("a mixture: {other:?}"),
        }
        assert!(installation.done(&["check"]).contains("are valid"));
        // The next run completes it.
        installation.restore(&installation.backup).expect("restored");
        installation.assert_tidy(true);
        assert_eq!(installation.there(), ["Before"]);
    }
    assert!(old > 0 && new > 0, "{old} {new}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c49_with_postgresql_the_steps_are_printed_instead() {
    let world = World::new(Kind::Postgres).await;
    let restored = world.mail360("restore").arg("dump.sql").output().expect("an end");
    let said = String::from_utf8(restored.stderr).expect("text");
    assert!(!restored.status.success());
    for words in [
        "createdb --owner=",
        "pg_restore --no-owner --role=",
        "--exit-on-error --dbname=NEW DUMP",
        "psql",
        "mail360 migrate",
        "mail360 end-sessions",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}
