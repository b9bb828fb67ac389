//! The messages for the operator about the environment in which the program runs.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Command, Stdio},
};

use rustix::process::Signal;

use super::{folder, mail360_with, run, signal, unpack};

/// Every setting that may be empty, as in a file of settings for Compose.
const EMPTY: [(&str, &str); 21] = [
    ("MAIL360_LISTEN", ""),
    ("MAIL360_PUBLIC_URL", ""),
    ("MAIL360_DATABASE_CONNECTIONS", ""),
    ("MAIL360_UPLOAD_SPACE", ""),
    ("MAIL360_DATA_DIR", ""),
    ("MAIL360_ENCRYPTION_KEY_FILE", ""),
    ("MAIL360_TRUSTED_PROXIES", ""),
    ("MAIL360_PASSWORD_MEMORY", ""),
    ("MAIL360_PASSWORD_PASSES", ""),
    ("MAIL360_LOG", ""),
    ("MAIL360_LOG_FORMAT", ""),
    ("MAIL360_MICROSOFT_AUTHORIZE_URL", ""),
    ("MAIL360_MICROSOFT_TOKEN_URL", ""),
    ("MAIL360_MICROSOFT_GRAPH_URL", ""),
    ("MAIL360_MICROSOFT_ISSUER", ""),
    ("MAIL360_GOOGLE_AUTHORIZE_URL", ""),
    ("MAIL360_GOOGLE_TOKEN_URL", ""),
    ("MAIL360_GOOGLE_REVOKE_URL", ""),
    ("MAIL360_GOOGLE_ISSUER", ""),
    ("MAIL360_GOOGLE_GMAIL_URL", ""),
    ("MAIL360_GOOGLE_PEOPLE_URL", ""),
];

#[test]
fn c39_empty_settings_count_as_not_set() {
    let folder = folder();
    let migrated = mail360_with(folder.path(), "migrate", "", &EMPTY);
    assert!(migrated.ok, "{}", migrated.stderr);
    // At the default log level.
    assert!(migrated.stderr.contains("the database schema was created"), "{}", migrated.stderr);
    assert!(folder.path().join("data/mail360.sqlite").exists());
    let checked = mail360_with(folder.path(), "check", "", &EMPTY);
    assert!(checked.ok, "{}", checked.stderr);
    assert_eq!(checked.stdout, run(folder.path(), "check", ""));
}

#[test]
fn c39_an_empty_database_address_is_refused_because_a_secret_may_be_missing() {
    let folder = folder();
    let migrated = mail360_with(folder.path(), "migrate", "", &[("MAIL360_DATABASE_URL", "")]);
    assert!(!migrated.ok && migrated.stderr.contains("MAIL360_DATABASE_URL"), "{}", migrated.stderr);
    assert!(!folder.path().join("data").exists(), "a database was made");
}

#[test]
fn c63_check_fails_with_an_unusable_proxy_setting_and_does_not_print_its_password() {
    let folder = folder();
    run(folder.path(), "migrate", "");
    for (variable, value, words) in [
        ("HTTPS_PROXY", "http://CORP\\jane:ca-nary@proxy.contoso.test:3128", "cannot be read"),
        ("https_proxy", "http://jane:ca/nary@proxy.contoso.test:3128", "before its last @"),
        ("ALL_PROXY", "socks5://jane:ca-nary@proxy.contoso.test:1080", "SOCKS"),
        ("all_proxy", "http://jane:ca nary@proxy.contoso.test", "there is a blank"),
    ] {
        let checked = mail360_with(folder.path(), "check", "", &[(variable, value)]);
        assert!(!checked.ok && !checked.stdout.contains("are valid"), "{}", checked.stdout);
        let error = checked.stderr.lines().find(|line| line.starts_with(variable)).expect("an error");
        assert!(error.contains(words), "{error}");
        assert!(error.contains("@ as %40") && error.contains("/ as %2F"), "{error}");
        assert!(checked.stderr.contains("Sign-ins fail until you correct this"), "{}", checked.stderr);
        let said = checked.stdout + &checked.stderr;
        assert!(!said.contains("nary") && !said.contains("jane"), "{said}");
    }
    let proxy = ("HTTPS_PROXY", "http://jane:ca%2Fnary@proxy.contoso.test:3128");
    let checked =
        mail360_with(folder.path(), "check", "", &[proxy, ("NO_PROXY", "localhost,*.contoso.test")]);
    assert!(checked.ok, "{}", checked.stderr);
    let said = checked.stdout + &checked.stderr;
    assert!(said.contains("Warning: NO_PROXY") && said.contains("`*.contoso.test`"), "{said}");
    assert!(!said.contains("nary"), "{said}");
    // The program uses HTTP_PROXY only for a local provider.
    let plain = [("HTTP_PROXY", "http://a b"), ("MAIL360_MICROSOFT_TOKEN_URL", "http://localhost:9/token")];
    for (environment, warned) in [(&plain[..1], false), (&plain[..], true)] {
        let checked = mail360_with(folder.path(), "check", "", environment);
        assert_eq!(checked.stderr.contains("HTTP_PROXY cannot be read"), warned, "{}", checked.stderr);
    }
}

#[test]
fn c63_check_fails_if_ssl_cert_file_names_no_certificates() {
    let folder = folder();
    run(folder.path(), "migrate", "");
    std::fs::write(folder.path().join("empty.pem"), "no certificate\n").expect("a file");
    for name in ["nowhere.pem", "empty.pem"] {
        let checked = mail360_with(folder.path(), "check", "", &[("SSL_CERT_FILE", name)]);
        assert!(!checked.ok && !checked.stdout.contains("are valid"), "{}", checked.stdout);
        assert!(checked.stderr.contains(&format!("SSL_CERT_FILE names {name}, which")), "{}", checked.stderr);
    }
}

#[test]
fn c63_the_start_warns_of_an_unreadable_proxy_setting() {
    let (home, folder) = (folder(), folder());
    let mut line = Command::new(unpack(home.path()));
    let free =
        TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").to_string();
    line.args(["serve", "--migrate", "--listen", &free]).current_dir(folder.path()).env_clear();
    line.env("HTTPS_PROXY", "http://jane:ca^nary@proxy.contoso.test:3128");
    line.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = line.spawn().expect("the program");
    let mut printed = BufReader::new(child.stdout.take().expect("its output")).lines();
    assert!(printed.any(|line| line.expect("text").contains("/set-up/")));
    signal(&child, Signal::TERM);
    let log = String::from_utf8(child.wait_with_output().expect("an end").stderr).expect("text");
    let warning = log.lines().find(|line| line.contains("HTTPS_PROXY cannot be read")).expect("a warning");
    assert!(
        warning.contains("WARN") && warning.contains("requests to Microsoft and Google use no proxy"),
        "{log}"
    );
    assert!(!log.contains("nary") && !log.contains("jane"), "{log}");
}
