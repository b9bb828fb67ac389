//! The commands of `mail360`, run as an operator runs them: on SQLite, in their own folder, with an
//! otherwise empty environment.

#![cfg(feature = "ssr")]
#![expect(clippy::expect_used, reason = "a test ends where what it needs is not there")]

mod environment;
mod help;
mod people;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

struct CommandOutput {
    ok: bool,
    stdout: String,
    stderr: String,
}

/// Runs `mail360` with these words, separated by blanks; `_` means a blank within a word.
fn mail360_with(folder: &Path, words: &str, input: &str, environment: &[(&str, &str)]) -> CommandOutput {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mail360"))
        .args(words.split(' ').map(|word| word.replace('_', " ")))
        .current_dir(folder)
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    // It may end without reading its input.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("an end");
    CommandOutput {
        ok: output.status.success(),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

fn mail360(folder: &Path, words: &str, input: &str) -> CommandOutput {
    mail360_with(folder, words, input, &[])
}

#[track_caller]
fn run(folder: &Path, words: &str, input: &str) -> String {
    let output = mail360(folder, words, input);
    assert!(output.ok, "{words}: {}", output.stderr);
    output.stdout
}

#[track_caller]
fn expect_refusal(folder: &Path, words: &str, input: &str, because: &str) {
    let output = mail360(folder, words, input);
    assert!(!output.ok, "{words} was done: {}", output.stdout);
    assert!(output.stderr.contains(because), "{words}: {}", output.stderr);
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

const PASSWORD: &str = "correct horse battery staple\n";

#[test]
fn migrate_creates_a_database_and_a_key_and_says_where_the_key_is() {
    let folder = folder();
    let said = run(folder.path(), "migrate", "");
    assert!(said.contains("data/encryption.key") && said.contains("Back the key up"), "{said}");
    for (file, mode) in [("data", 0o700), ("data/mail360.sqlite", 0o600), ("data/encryption.key", 0o600)] {
        let metadata = std::fs::metadata(folder.path().join(file)).expect("it");
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{file}");
    }
    let again = run(folder.path(), "migrate", "");
    assert!(!again.contains("encryption.key"), "{again}");
    let said = run(folder.path(), "check", "");
    assert!(said.contains("are valid") && said.contains("http://localhost:3000/api/connectors"), "{said}");
}

#[test]
fn commands_that_need_a_database_say_how_to_create_one_and_create_none() {
    let folder = folder();
    for words in ["check", "user list", "organisation list"] {
        expect_refusal(folder.path(), words, "", "mail360 migrate");
    }
    expect_refusal(
        folder.path(),
        "check",
        "",
        &folder.path().join("data/mail360.sqlite").display().to_string(),
    );
    expect_refusal(folder.path(), "check", "", "you are in another folder");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn reseal_says_that_there_is_nothing_to_do_and_how_to_change_to_a_new_key() {
    let folder = folder();
    run(folder.path(), "migrate", "");
    let said = run(folder.path(), "reseal", "");
    assert!(said.starts_with("Nothing to do: all secrets already use `"), "{said}");
    assert!(said.contains("To change to a new key, first add its line"), "{said}");
}

#[test]
fn all_mistakes_in_the_configuration_are_reported_at_once_each_with_its_fix() {
    let folder = folder();
    let environment = [
        ("MAIL360_LISTEN", "3000"),
        ("MAIL360_PUBLIC_URL", "http://mail.contoso.test"),
        ("MAIL360_DATABASE_URL", "mysql://me:canary@host/db"),
        ("MAIL360_TRUSTED_PROXIES", "everyone"),
        ("MAIL360_MICROSOFT_TOKEN_URL", "http://login.contoso.test/token"),
        ("MAIL360_PASSWORD_MEMORY", "1024"),
        ("MAIL360_LOG", "mail360=loud"),
        ("MAIL360_LOG_FORMAT", "yaml"),
    ];
    let output = mail360_with(folder.path(), "check", "", &environment);
    assert!(!output.ok);
    for (setting, _) in environment {
        assert!(output.stderr.contains(setting), "{setting} is missing in {}", output.stderr);
    }
    assert!(output.stderr.starts_with("8 problems in the configuration:\n"), "{}", output.stderr);
    assert!(!output.stderr.contains("canary"), "{}", output.stderr);
    let output = mail360_with(folder.path(), "check", "", &environment[7..]);
    assert!(output.stderr.starts_with("1 problem in the configuration:\n"), "{}", output.stderr);
    assert!(!folder.path().join("data").exists());
}

#[test]
fn logs_are_json_without_a_terminal_and_text_on_request() {
    let (home, folder) = (folder(), folder());
    let executable = unpack(home.path());
    let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    for (format, begins_with_brace) in [("auto", true), ("json", true), ("text", false)] {
        let flags = ["--migrate", "--listen", &free.to_string(), "--log-format", format];
        let mut child = serve(&executable, folder.path(), &flags);
        let mut printed = BufReader::new(child.stdout.take().expect("its output")).lines();
        assert!(printed.any(|line| line.expect("text").contains("/set-up/")));
        signal(&child, Signal::TERM);
        let log = String::from_utf8(child.wait_with_output().expect("an end").stderr).expect("text");
        assert!(log.contains("serving") && !log.contains('\u{1b}'), "{format}: {log}");
        assert!(log.lines().all(|line| line.starts_with('{') == begins_with_brace), "{format}: {log}");
    }
}

#[test]
fn s5_postgresql_without_a_key_prints_how_to_create_one() {
    let folder = folder();
    let server =
        std::env::var("MAIL360_TEST_POSTGRES_URL").expect("`make check` starts PostgreSQL and sets it");
    let output = mail360_with(folder.path(), "migrate", "", &[("MAIL360_DATABASE_URL", &server)]);
    assert!(!output.ok);
    let key = folder.path().join("data/encryption.key");
    assert!(!key.exists());
    // Runs the printed command.
    let command = output.stderr.lines().find(|line| line.trim().starts_with("(umask")).expect("a command");
    let made = Command::new("sh").args(["-c", command]).current_dir(folder.path()).status().expect("sh");
    assert!(made.success() && key.exists(), "{command}");
    let metadata = std::fs::metadata(&key).expect("it");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let line = std::fs::read_to_string(&key).expect("a line");
    assert_eq!(line.trim().split_once(':').expect("id and key").1.len(), 44, "32 bytes in base64");
}

/// The unpacked program: the executable with its folder `site/` beside it.
fn unpack(folder: &Path) -> std::path::PathBuf {
    let executable = folder.join("mail360");
    let built = env!("CARGO_BIN_EXE_mail360");
    std::fs::hard_link(built, &executable)
        .or_else(|_| std::fs::copy(built, &executable).map(drop))
        .expect("a copy");
    std::fs::create_dir_all(folder.join("site/pkg")).expect("a folder");
    std::fs::write(folder.join("site/pkg/mail360.0123.js"), "// empty").expect("a file");
    executable
}

/// Serves in this folder, with an empty environment.
fn serve(executable: &Path, folder: &Path, flags: &[&str]) -> Child {
    spawn(Command::new(executable).arg("serve").args(flags), folder)
}

fn spawn(command: &mut Command, folder: &Path) -> Child {
    command
        .current_dir(folder)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program")
}

/// The response to `GET path`, as soon as the server gives one.
fn get(listen: &str, path: &str) -> String {
    ask(listen, &format!("GET {path} HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n\r\n"))
}

/// The response to this request, as soon as a server listens.
fn ask(listen: &str, request: &str) -> String {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Ok(mut stream) = TcpStream::connect(listen) {
            stream.write_all(request.as_bytes()).expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("read");
            return answer;
        }
        assert!(Instant::now() < end, "no answer at {listen}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("an id");
    kill_process(id, signal).expect("a process");
}

#[test]
fn serve_migrate_starts_from_an_empty_folder_with_an_empty_environment_and_sigterm_ends_it() {
    let (home, folder) = (folder(), folder());
    let executable = unpack(home.path());
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let listen = format!("127.0.0.1:{port}");
    let flags = ["--migrate", "--listen", &listen];

    let mut child = serve(&executable, folder.path(), &flags);
    assert!(get(&listen, "/readyz").ends_with("ready\n"));
    assert!(get(&listen, "/pkg/mail360.0123.js").contains("immutable"));
    // Only standard output has the link.
    let mut printed = BufReader::new(child.stdout.take().expect("its output")).lines();
    let link = printed.find_map(|line| {
        let line = line.expect("text");
        line.contains("/set-up/").then(|| line.trim().to_owned())
    });
    let link = link.expect("a link");
    let page = get(&listen, link.trim_start_matches("http://localhost:3000"));
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("Set up Mail360 Connectors"), "{page}");

    signal(&child, Signal::TERM);
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{output:?}");
    let log = String::from_utf8(output.stderr).expect("text");
    assert!(!log.contains(link.rsplit('/').next().expect("a token")), "the log contains the link");
    assert!(!folder.path().join("data/mail360.sqlite-wal").exists(), "the log was folded into the file");

    // SIGTERM works however early it comes.
    for _ in 0..20 {
        let mut child = serve(&executable, folder.path(), &flags[1..]);
        let mut printed = BufReader::new(child.stdout.take().expect("its output")).lines();
        assert!(printed.any(|line| line.expect("text").contains("/set-up/")));
        signal(&child, Signal::TERM);
        assert!(child.wait().expect("an end").success());
    }

    // Killed and started again at once, without --migrate, because no migration is pending.
    let mut child = serve(&executable, folder.path(), &flags[1..]);
    assert!(get(&listen, "/readyz").ends_with("ready\n"));
    signal(&child, Signal::KILL);
    child.wait().expect("an end");
    let mut child = serve(&executable, folder.path(), &flags[1..]);
    assert!(get(&listen, "/readyz").ends_with("ready\n"));
    signal(&child, Signal::TERM);
    assert!(child.wait().expect("an end").success());
}

#[test]
fn c7_connect_opens_no_tunnel_to_another_host() {
    let (home, folder) = (folder(), folder());
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let listen = format!("127.0.0.1:{port}");
    let mut child = serve(&unpack(home.path()), folder.path(), &["--migrate", "--listen", &listen]);
    assert!(get(&listen, "/readyz").ends_with("ready\n"));
    for (whom, refused) in [(format!("localhost:{port}"), "403"), ("example.com:443".to_owned(), "421")] {
        let request = format!("CONNECT {whom} HTTP/1.1\r\nHost: {whom}\r\nConnection: close\r\n\r\n");
        let answer = ask(&listen, &request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {refused} ")), "{whom}: {answer}");
    }
    signal(&child, Signal::TERM);
    assert!(child.wait().expect("an end").success());
}

#[test]
fn d1_silent_connections_take_no_file_descriptors_from_the_database() {
    // The shell sets the limit of open files, and the limit up to which the program may raise it.
    for (limit, idle, warned) in [("ulimit -Sn 256", 300, false), ("ulimit -n 256", 240, true)] {
        let (home, folder) = (folder(), folder());
        let executable = unpack(home.path());
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let listen = format!("127.0.0.1:{port}");
        let limited = format!("{limit} && exec \"$0\" serve --migrate --listen {listen}");
        let child = spawn(Command::new("/bin/sh").arg("-c").arg(limited).arg(&executable), folder.path());
        assert!(get(&listen, "/readyz").ends_with("ready\n"));
        let silent: Vec<_> = (0..idle).map(|_| TcpStream::connect(&listen).expect("a connection")).collect();
        // N2: silent connections are closed for new ones.
        assert!(get(&listen, "/readyz").ends_with("ready\n"), "{limit}");
        drop(silent);
        assert!(get(&listen, "/readyz").ends_with("ready\n"), "{limit}");
        signal(&child, Signal::TERM);
        let log = String::from_utf8(child.wait_with_output().expect("an end").stderr).expect("text");
        assert!(!log.contains("Too many open files"), "{limit}: {log}");
        assert_eq!(log.contains("at most 128 concurrent connections"), warned, "{limit}: {log}");
    }
}

#[test]
fn d4_clients_that_wait_for_a_place_are_answered_after_sigterm() {
    let (home, folder) = (folder(), folder());
    let executable = unpack(home.path());
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let listen = format!("127.0.0.1:{port}");
    // Otherwise one address could not hold all places.
    let proxies = "--trusted-proxies 127.0.0.0/8";
    let limited = format!("ulimit -n 256 && exec \"$0\" serve --migrate --listen {listen} {proxies}");
    let mut child = spawn(Command::new("/bin/sh").arg("-c").arg(limited).arg(&executable), folder.path());
    assert!(get(&listen, "/readyz").ends_with("ready\n"));
    let send = || {
        let mut stream = TcpStream::connect(&listen).expect("a connection");
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost:3000\r\n\r\n").expect("sent");
        stream
    };
    let answered = |stream: &mut TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        let mut lines = BufReader::new(stream).lines().map(|line| line.expect("text"));
        assert_eq!(lines.next().as_deref(), Some("HTTP/1.1 200 OK"));
        assert!(lines.any(|line| line == "ok"));
    };
    // All places, kept alive as browsers do.
    let mut kept: Vec<_> = (0..128).map(|_| send()).collect();
    kept.iter_mut().for_each(answered);
    let mut waiting: Vec<_> = (0..5).map(|_| send()).collect();
    signal(&child, Signal::TERM);
    waiting.iter_mut().for_each(answered);
    assert!(child.wait().expect("an end").success());
}

#[test]
fn serve_without_migrate_refuses_a_missing_database() {
    let (home, folder) = (folder(), folder());
    let executable = unpack(home.path());
    let child = serve(&executable, folder.path(), &["--listen", "127.0.0.1:0"]);
    let output = child.wait_with_output().expect("an end");
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(said.contains("serve --migrate"), "{said}");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_second_process_is_refused_that_would_serve_from_the_same_sqlite_file() {
    let (home, folder) = (folder(), folder());
    let executable = unpack(home.path());
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let listen = format!("127.0.0.1:{port}");
    let mut first = serve(&executable, folder.path(), &["--migrate", "--listen", &listen]);
    assert!(get(&listen, "/readyz").ends_with("ready\n"));
    let second = serve(&executable, folder.path(), &["--listen", "127.0.0.1:0"]).wait_with_output();
    let second = second.expect("an end");
    let said = String::from_utf8(second.stderr).expect("text");
    assert!(!second.status.success() && said.contains("Another process serves from the database"), "{said}");
    first.kill().expect("killed");
    first.wait().expect("an end");
}

#[test]
fn c42_an_address_that_cannot_be_listened_on_says_why_and_what_to_set() {
    let (home, folder) = (folder(), folder());
    let executable = unpack(home.path());
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().map(|address| (taken, address.to_string())).expect("an address");
    for (listen, words) in [
        (taken.1.as_str(), "is already in use. Stop the other program"),
        ("192.0.2.7:3000", "0.0.0.0:3000 for all of its addresses"),
    ] {
        let output =
            serve(&executable, folder.path(), &["--listen", listen]).wait_with_output().expect("an end");
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(!output.status.success() && said.contains(words), "{said}");
        assert!(said.contains(listen) && said.contains("MAIL360_LISTEN"), "{said}");
    }
}
