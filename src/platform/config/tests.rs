use clap::Parser;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

fn options(arguments: &[&str]) -> Options {
    Line::parse_from([&["mail360"], arguments].concat()).options
}

#[test]
fn with_nothing_set_everything_has_a_value() {
    let config = options(&[]).check().expect("the defaults are sound");
    assert_eq!(config.public_url.redirect_uri(), "http://localhost:3000/api/connectors");
    assert!(matches!(config.database, DatabaseUrl::Sqlite(path) if path.ends_with("mail360.sqlite")));
}

#[test]
fn the_public_url_follows_the_port_until_it_is_set() {
    let origin = |arguments: &[&str]| {
        options(arguments).check().expect("a sound configuration").public_url.origin().to_owned()
    };
    assert_eq!(origin(&["--listen", "127.0.0.1:3101"]), "http://localhost:3101");
    let both = ["--listen", "127.0.0.1:3101", "--public-url", "https://mail.example.com"];
    assert_eq!(origin(&both), "https://mail.example.com");
}

#[test]
fn mistakes_are_reported_all_at_once_each_with_its_setting() {
    let mistakes = options(&[
        "--listen",
        "3000",
        "--public-url",
        "http://mail.example.com",
        "--database-url",
        "mysql://x",
        "--trusted-proxies",
        "10.0.0.0/8, everyone",
        "--microsoft-token-url",
        "http://login.example.com/token",
    ])
    .check()
    .expect_err("five mistakes");
    for setting in ["LISTEN", "PUBLIC_URL", "DATABASE_URL", "TRUSTED_PROXIES", "TOKEN_URL"] {
        assert!(
            mistakes.iter().any(|mistake| mistake.starts_with(&format!("MAIL360_{setting}"))
                || mistake.starts_with(&format!("MAIL360_MICROSOFT_{setting}"))),
            "{setting} is missing in {mistakes:?}"
        );
    }
    assert_eq!(mistakes.len(), 5);
}

#[test]
fn a_public_url_is_an_origin_and_nothing_more() {
    for wrong in [
        "https://a.example/path",
        "https://a.example/?q",
        "ftp://a.example",
        "a.example",
        "http://127.0.0.1:3000",
    ] {
        assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong} was accepted");
    }
    let url: PublicUrl = "https://Mail.Example.com:443/".parse().expect("an origin");
    assert_eq!(url.origin(), "https://mail.example.com");
    assert_eq!(url.authority(), "mail.example.com");
}

#[test]
fn graphs_address_may_end_in_a_slash() {
    let config = options(&["--microsoft-graph-url", "https://graph.microsoft.us/v1.0/"]).check();
    assert_eq!(config.expect("sound").microsoft.graph, "https://graph.microsoft.us/v1.0");
}

#[test]
fn a_providers_address_goes_unencrypted_to_this_machine_only() {
    assert!(check_template("http://127.0.0.1:4220/{tenant}/token").is_ok());
    assert!(check_template("http://localhost:4220/token").is_ok());
    assert!(check_template("http://192.168.0.1/token").is_err());
    assert!(check_template("https://login.example.com/{other}/token").is_err());
}

#[test]
fn a_password_in_the_database_url_is_printed_nowhere() {
    let config = options(&["--database-url", "postgres://me:canary@host/db"]).check();
    assert!(!format!("{config:?}").contains("canary"));
}

#[test]
fn c45_the_number_of_connections_is_a_setting_with_bounds() {
    let connections = |text: &str| {
        options(&[&format!("--database-connections={text}")])
            .check()
            .map(|config| config.database_connections)
    };
    assert_eq!(options(&[]).check().expect("sound").database_connections, 10);
    assert_eq!(connections("3"), Ok(3));
    for wrong in ["0", "501", "-1", "many", ""] {
        let mistakes = connections(wrong).expect_err(wrong);
        assert!(mistakes[0].contains("MAIL360_DATABASE_CONNECTIONS"), "{mistakes:?}");
        assert!(mistakes[0].contains("from 1 to 500"), "{mistakes:?}");
    }
}
