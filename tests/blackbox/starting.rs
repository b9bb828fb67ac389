//! The message for the operator if the program does not start: the cause and the remedy.

use std::{
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use rstest::rstest;

use crate::support::{Kind, Place, Raw, World, write_key};

/// Runs `mail360` in this folder. Returns whether it succeeded, and its output.
fn mail360(folder: &Path, words: &[&str], environment: &[(&str, &str)]) -> (bool, String) {
    run(Command::new(env!("CARGO_BIN_EXE_mail360")), folder, words, environment)
}

fn run(mut line: Command, folder: &Path, words: &[&str], environment: &[(&str, &str)]) -> (bool, String) {
    line.args(words).current_dir(folder).env_clear().envs(environment.iter().copied());
    let Output { status, stdout, stderr } = line.stdin(Stdio::null()).output().expect("an end");
    let said = [stdout, stderr].map(|said| String::from_utf8(said).expect("text")).concat();
    (status.success(), said)
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions");
}

/// The program with its folder `site` beside it, as for serving.
fn unpack(folder: &Path) -> PathBuf {
    let (built, executable) = (env!("CARGO_BIN_EXE_mail360"), folder.join("mail360"));
    let linked = std::fs::hard_link(built, &executable);
    linked.or_else(|_| std::fs::copy(built, &executable).map(drop)).expect("a copy");
    std::fs::create_dir_all(folder.join("site/pkg")).expect("a folder");
    std::fs::write(folder.join("site/pkg/mail360.0123.js"), "// empty").expect("a file");
    executable
}

/// A folder with a database and a key in `data`.
fn installed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let (ok, said) = mail360(folder.path(), &["migrate"], &[]);
    assert!(ok, "{said}");
    folder
}

#[rstest]
#[case::password_with_a_number_sign("postgres://u:ca#nary@127.0.0.1/d", "in a password write # as %23")]
#[case::password_with_a_slash("postgres://u:ca/nary@127.0.0.1/d", "/ as %2F")]
#[case::password_with_a_question_mark("postgres://u:ca?nary@127.0.0.1/d", "? as %3F")]
#[case::password_of_digits("postgres://u:1/nary@127.0.0.1/d", "% as %25")]
#[case::far_and_unencrypted("postgres://u:ca-nary@db.contoso.test/d", "?sslmode=verify-full")]
#[case::far_and_unencrypted_behind_settings(
    "postgres://u:ca-nary@db/d?application_name=x",
    "&sslmode=verify-full"
)]
#[case::unknown_choice_of_encryption("postgres://u:ca-nary@db/d?sslmode=on", "sslmode is disable, require")]
#[case::for_another_language("jdbc:postgresql://u:ca-nary@db/d", "must begin with postgres://")]
#[case::another_database("mysql://u:ca-nary@db/d", "sqlite:PATH")]
fn c41_n24_an_unusable_database_address_says_how_to_write_it(#[case] address: &str, #[case] words: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    for command in ["check", "migrate", "serve"] {
        let (ok, said) = mail360(folder.path(), &[command], &[("MAIL360_DATABASE_URL", address)]);
        assert!(!ok && said.contains("MAIL360_DATABASE_URL: ") && said.contains(words), "{command}: {said}");
        assert!(!said.contains("nary"), "{said}");
    }
}

#[test]
fn c42_if_nothing_listens_the_error_names_host_and_port_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    let address = format!("postgres://u:canary@{free}/d");
    for command in ["check", "migrate"] {
        let began = Instant::now();
        let (ok, said) = mail360(folder.path(), &[command], &[("MAIL360_DATABASE_URL", &address)]);
        assert!(!ok && began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        assert!(said.contains(&free.to_string()) && said.contains("refused"), "{said}");
        assert!(said.contains("check that it runs") && !said.contains("canary"), "{said}");
    }
}

#[test]
fn c42_for_a_server_that_asks_for_kerberos_the_line_for_pg_hba_conf_is_printed() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // The start of a session is one small message. The answer is AuthenticationGSS (PostgreSQL, "Message Formats").
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"R\0\0\0\x08\0\0\0\x07");
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("postgres://jane:canary@{address}/books?sslmode=disable");
    let (ok, said) = mail360(folder.path(), &["check"], &[("MAIL360_DATABASE_URL", &url)]);
    assert!(!ok && said.contains("gss (Kerberos)"), "{said}");
    assert!(said.contains("pg_hba.conf") && said.contains("`host books jane "), "{said}");
    assert!(said.contains("scram-sha-256") && !said.contains("canary"), "{said}");
    assert!(!said.contains("not a PostgreSQL server"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c42_a_refusal_by_the_server_is_reported_with_its_remedy() {
    let world = World::new(Kind::Postgres).await;
    let database: String = world.raw.one("SELECT current_database()::text").await;
    let address = world.program.config.database.clone();
    let mail360::platform::database::DatabaseUrl::Postgres(url) = address else { unreachable!("PostgreSQL") };
    let (_, at) = url.0.split_once('@').expect("a user");
    let role = format!("none_{database}");
    world.raw.run(&format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 0")).await.expect("done");
    let key = world.program.config.encryption_key_file.display().to_string();
    let message_of = |url: String| {
        let environment =
            [("MAIL360_DATABASE_URL", url.as_str()), ("MAIL360_ENCRYPTION_KEY_FILE", key.as_str())];
        let began = Instant::now();
        let (ok, said) = mail360(world.folder(), &["check"], &environment);
        assert!(!ok && began.elapsed() < Duration::from_secs(5), "{said}");
        said
    };
    let full = message_of(format!("postgres://{role}@{at}"));
    assert!(full.contains("too many connections") && full.contains("CONNECTION LIMIT"), "{full}");
    let absent = message_of(format!("postgres://absent_{database}@{at}"));
    assert!(absent.contains("does not exist") && absent.contains("may log in"), "{absent}");
    let nowhere = message_of(url.0.replace(&database, "nowhere"));
    assert!(nowhere.contains("createdb") && nowhere.contains("nowhere"), "{nowhere}");
    world.raw.run(&format!("ALTER ROLE {role} CONNECTION LIMIT -1")).await.expect("done");
    let not_its_own = message_of(format!("postgres://{role}@{at}"));
    assert!(not_its_own.contains("belong to another role"), "{not_its_own}");
    world.raw.run(&format!("DROP ROLE {role}")).await.expect("done");
}

#[tokio::test(flavor = "multi_thread")]
async fn c42_an_empty_database_of_postgresql_leads_to_migrate_and_a_role_without_rights_to_the_grant() {
    let place = Place::new(Kind::Postgres).await;
    let raw = Raw::open(Kind::Postgres, &place.address()).await;
    let database: String = raw.one("SELECT current_database()::text").await;
    let key = place.folder().join("encryption.key");
    write_key(&key, "test", 7);
    let key = key.display().to_string();
    let message_of = |command: &str, url: &str| {
        let environment = [("MAIL360_DATABASE_URL", url), ("MAIL360_ENCRYPTION_KEY_FILE", key.as_str())];
        let (ok, said) = mail360(place.folder(), &[command], &environment);
        assert!(!ok, "{said}");
        said
    };
    let empty = message_of("check", &place.url);
    assert!(empty.contains("The database is empty. Create the tables with `mail360 migrate`"), "{empty}");

    let role = format!("bare_{database}");
    let (_, at) = place.url.split_once('@').expect("a user");
    raw.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC").await.expect("done");
    raw.run(&format!("CREATE ROLE {role} LOGIN")).await.expect("done");
    let denied = message_of("migrate", &format!("postgres://{role}@{at}"));
    raw.run(&format!("DROP ROLE {role}")).await.expect("done");
    let words = "the database: permission denied for schema public. Let the program's role";
    assert!(denied.contains(words), "{denied}");
    assert!(denied.contains(&format!("GRANT USAGE, CREATE ON SCHEMA public TO {role}")), "{denied}");
    raw.close().await;
}

#[test]
fn c42_an_unusable_sqlite_file_is_named_with_a_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    std::fs::create_dir(path.join("data")).expect("a folder");
    set_mode(&path.join("data"), 0o700);
    std::fs::write(
        path.join("data/mail360.sqlite"),
        "no database at all, but long enough for one".repeat(100),
    )
    .expect("a file");
    set_mode(&path.join("data/mail360.sqlite"), 0o600);
    std::fs::write(path.join("file"), "").expect("a file");
    for (url, words) in [
        ("sqlite:data/mail360.sqlite", "is not a SQLite database"),
        ("sqlite:data/mail360.sqlite", "mail360 restore FILE"),
        ("sqlite:data", "it is a folder"),
        ("sqlite:file/mail360.sqlite", "a file and not a folder"),
    ] {
        let (ok, said) = mail360(path, &["migrate"], &[("MAIL360_DATABASE_URL", url)]);
        assert!(!ok && said.contains(words) && said.contains("data"), "{url}: {said}");
    }
}

#[test]
fn c42_an_unusable_key_file_is_named_with_a_remedy() {
    let folder = installed();
    let key = folder.path().join("data/encryption.key");
    let line = std::fs::read_to_string(&key).expect("a key");
    for (text, words) in [
        ("", "put the right file back from its backup"),
        ("canary", "head -c 32 /dev/urandom"),
        (&*format!("{line}{line}"), "take one line out"),
    ] {
        std::fs::write(&key, text).expect("written");
        let (ok, said) = mail360(folder.path(), &["check"], &[]);
        assert!(!ok && said.contains(words) && said.contains("encryption.key"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
    std::fs::remove_file(&key).expect("removed");
    std::fs::create_dir(&key).expect("a folder");
    let (ok, said) = mail360(folder.path(), &["check"], &[]);
    assert!(!ok && said.contains("is a folder") && said.contains("MAIL360_ENCRYPTION_KEY_FILE"), "{said}");
}

#[rstest]
#[case::database("data/mail360.sqlite", 0o666, "changed", "chmod 600")]
#[case::database_to_read("data/mail360.sqlite", 0o644, "read", "chmod 600")]
#[case::database_for_a_group("data/mail360.sqlite", 0o660, "changed", "chmod 600")]
#[case::log("data/mail360.sqlite-wal", 0o666, "changed", "chmod 600")]
#[case::log_to_read("data/mail360.sqlite-wal", 0o604, "read", "chmod 600")]
#[case::index("data/mail360.sqlite-shm", 0o620, "changed", "chmod 600")]
#[case::folder("data", 0o777, "changed", "chmod 700")]
#[case::folder_for_a_group("data", 0o770, "changed", "chmod 700")]
#[case::key("data/encryption.key", 0o644, "read", "chmod 600")]
#[case::key_for_a_group("data/encryption.key", 0o440, "read", "chmod 600")]
#[case::key_to_write("data/encryption.key", 0o622, "changed", "chmod 600")]
fn n16_a_file_that_others_can_read_or_change_is_refused_with_the_command_that_fixes_it(
    #[case] file: &str,
    #[case] mode: u32,
    #[case] access: &str,
    #[case] mend: &str,
) {
    let folder = installed();
    let path = folder.path().join(file);
    let before = path.exists();
    if !before {
        std::fs::write(&path, "").expect("a file");
    }
    set_mode(&path, mode);
    let home = tempfile::tempdir().expect("a folder");
    let executable = unpack(home.path());
    for command in ["check", "serve", "migrate"] {
        let (ok, said) =
            run(Command::new(&executable), folder.path(), &[command, "--listen", "127.0.0.1:0"], &[]);
        assert!(!ok && said.contains(&format!("can be {access} by other users")), "{command}: {said}");
        assert!(said.contains(&format!("Run: {mend} ")), "{command}: {said}");
    }
    // Runs the printed command.
    let (_, said) = mail360(folder.path(), &["check"], &[]);
    let (_, mend) = said.trim().rsplit_once("Run: ").expect("a command");
    let mended = Command::new("sh").args(["-c", mend]).current_dir(folder.path()).status();
    assert!(mended.expect("sh").success(), "{mend}");
    let (ok, said) = mail360(folder.path(), &["check"], &[]);
    assert!(ok, "{said}");
}

#[test]
fn n16_files_of_the_program_are_private_whatever_the_umask_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = format!("umask 000; exec '{}' migrate", env!("CARGO_BIN_EXE_mail360"));
    let output = Command::new("sh").args(["-c", &line]).current_dir(folder.path()).env_clear().output();
    assert!(output.expect("sh").status.success());
    for entry in std::fs::read_dir(folder.path().join("data")).expect("files").flatten() {
        let mode = entry.metadata().expect("it").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
    assert_eq!(
        std::fs::metadata(folder.path().join("data")).expect("it").permissions().mode() & 0o777,
        0o700
    );
}

/// Changes the owner of a file, which only root can do.
fn give_away(path: &Path) -> bool {
    std::os::unix::fs::chown(path, Some(54_321), None).is_ok()
}

#[test]
fn c47_a_key_from_systemd_or_kubernetes_is_accepted_and_an_exposed_one_is_not() {
    let folder = installed();
    let given = folder.path().join("given");
    std::fs::create_dir_all(given.join("..2026_11_29")).expect("folders");
    // A secret as Kubernetes mounts it: a link into a linked folder, in a mount with open modes.
    symlink("..2026_11_29", given.join("..data")).expect("a link");
    symlink("..data/encryption.key", given.join("encryption.key")).expect("a link");
    set_mode(&given, 0o3777);
    let key = given.join("..2026_11_29/encryption.key");
    std::fs::rename(folder.path().join("data/encryption.key"), &key).expect("moved");
    let shown = given.join("encryption.key").display().to_string();
    let check = || mail360(folder.path(), &["check"], &[("MAIL360_ENCRYPTION_KEY_FILE", &shown)]);
    for mode in [0o440, 0o444, 0o640] {
        set_mode(&key, mode);
        let (ok, said) = check();
        assert!(!ok && said.contains("Run: chmod 600"), "{mode:o} of our own: {said}");
    }
    if !give_away(&key) {
        return;
    }
    for (mode, taken) in [(0o440, true), (0o400, true), (0o444, false), (0o640, false)] {
        set_mode(&key, mode);
        let (ok, said) = check();
        assert_eq!(ok, taken, "{mode:o} of another user: {said}");
        if !taken {
            assert!(said.contains("LoadCredential") && !said.contains("Run: chmod"), "{said}");
            assert!(said.contains("mode=0400,uid="), "{said}");
        }
    }
}

#[test]
fn c47_on_a_volume_that_all_users_can_change_the_program_uses_a_folder_inside() {
    let folder = tempfile::tempdir().expect("a folder");
    // A volume emptyDir as Kubernetes creates it, with fsGroup.
    let volume = folder.path().join("volume");
    std::fs::create_dir(&volume).expect("a folder");
    set_mode(&volume, 0o2777);
    if !give_away(&volume) {
        return;
    }
    let migrate = |data: &str| mail360(folder.path(), &["migrate"], &[("MAIL360_DATA_DIR", data)]);
    let (ok, said) = migrate("volume");
    assert!(!ok && said.contains("can be changed by other users"), "{said}");
    assert!(said.contains("Set MAIL360_DATA_DIR") && said.contains("such as volume/mail360"), "{said}");
    let (ok, said) = migrate("volume/mail360");
    assert!(ok, "{said}");
    let made = std::fs::metadata(volume.join("mail360")).expect("it").permissions().mode();
    assert_eq!(made & 0o777, 0o700);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_migrations_of_a_first_start_are_one_log_line_and_a_second_start_has_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let place = Place::new(kind).await;
    let key = place.folder().join("encryption.key");
    write_key(&key, "test", 7);
    let key = key.display().to_string();
    let environment =
        [("MAIL360_DATABASE_URL", place.url.as_str()), ("MAIL360_ENCRYPTION_KEY_FILE", key.as_str())];
    let (ok, said) = mail360(place.folder(), &["migrate"], &environment);
    assert!(ok && said.contains("the database schema was created"), "{said}");
    assert_eq!(said.lines().count(), 2, "the log's line and the command's: {said}");
    let (ok, said) = mail360(place.folder(), &["migrate"], &environment);
    assert!(ok && said.lines().count() == 1, "{said}");
}
