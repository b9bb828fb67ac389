use clap::{CommandFactory, Parser};

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
fn every_address_as_a_trusted_proxy_gets_a_warning() {
    let warnings = |proxies: &str| {
        options(&["--trusted-proxies", proxies]).check().expect("a sound configuration").warnings()
    };
    assert_eq!(warnings("10.0.0.0/8,::1"), Vec::<String>::new());
    for all in ["0.0.0.0/0", "::/0"] {
        let messages = warnings(&format!("10.0.0.0/8,{all}"));
        assert!(
            messages.len() == 1 && messages[0].contains(&format!("MAIL360_TRUSTED_PROXIES has {all},")),
            "{messages:?}"
        );
    }
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
    ])
    .check()
    .expect_err("four mistakes");
    for setting in ["LISTEN", "PUBLIC_URL", "DATABASE_URL", "TRUSTED_PROXIES"] {
        assert!(
            mistakes.iter().any(|mistake| mistake.starts_with(&format!("MAIL360_{setting}"))),
            "{setting} is missing in {mistakes:?}"
        );
    }
    assert_eq!(mistakes.len(), 4);
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
fn n22_braces_are_refused_in_the_public_url() {
    for address in ["https://{name}/x", "https://{name}", "https://a:{name}", "https://{name}@a.example"] {
        let mistakes = options(&["--public-url", address]).check().expect_err(address);
        assert_eq!(mistakes.len(), 1, "{address}: {mistakes:?}");
    }
}

/// A wrong value of one setting, and words of the message that lead to the correct one.
#[test]
fn c39_each_mistake_in_the_configuration_says_what_to_write_instead() {
    let long_log = "mail360=loud";
    for (flag, wrong, fix) in [
        (
            "public-url",
            "https://intranet.example.com/mail360",
            "a host name of its own, such as https://mail360.example.com",
        ),
        ("public-url", "https://intranet.example.com/mail360/", "a host name of its own"),
        ("public-url", "https://intranet.example.com//", "a host name of its own"),
        ("public-url", "https://mail.example.com/api/connectors", "write https://mail.example.com"),
        ("public-url", "https://mail.example.com?a=b", "write https://mail.example.com"),
        ("public-url", "https://mail.example.com/#top", "write https://mail.example.com"),
        ("public-url", "mail.example.com", "write https://mail.example.com"),
        ("public-url", "//mail.example.com", "write https://mail.example.com"),
        ("public-url", "mail.example.com:8443", "write https://mail.example.com:8443"),
        ("public-url", "ftp://mail.example.com", "write https://mail.example.com"),
        ("public-url", "http://mail.example.com", "write https://mail.example.com"),
        ("public-url", "http://127.0.0.1:3000", "http://localhost:3000"),
        ("public-url", "http://[::1]:3000", "http://localhost:3000"),
        ("public-url", "https://me:canary@mail.example.com", "leave out everything before the @"),
        ("public-url", "https://mail example.com", "write a host name"),
        ("public-url", "https://mail.example.com:99999", "a port only as a number"),
        ("listen", "3001", "write 127.0.0.1:3001"),
        ("listen", ":3001", "write 127.0.0.1:3001"),
        ("listen", "localhost:3001", "write 127.0.0.1:3001"),
        ("listen", "mail.example.com", "write 127.0.0.1:3000"),
        ("listen", "127.0.0.1", "0.0.0.0:3000"),
        ("listen", "::1", "write 127.0.0.1:3000"),
        ("trusted-proxies", "proxy.example.com", "Example: 10.0.0.0/8"),
        ("trusted-proxies", "10.0.0.1 10.0.0.2", "separated by commas"),
        ("log", long_log, "write error, warn, info"),
        ("log-format", "yaml", "write auto, text or json"),
        ("password-memory", "much", "such as 19456"),
        ("password-passes", "1", "at least 19456 KiB and 2 passes"),
    ] {
        let mistakes = options(&[&format!("--{flag}={wrong}")]).check().expect_err(wrong);
        let setting = format!("MAIL360_{}", flag.to_uppercase().replace('-', "_"));
        let setting = setting.replace("MAIL360_PASSWORD_PASSES", "MAIL360_PASSWORD_MEMORY and _PASSES");
        assert_eq!(mistakes.len(), 1, "{flag}={wrong}: {mistakes:?}");
        assert!(mistakes[0].starts_with(&setting), "{flag}={wrong}: {mistakes:?}");
        assert!(mistakes[0].contains(fix), "{flag}={wrong}: {mistakes:?}");
        assert!(!mistakes[0].contains("canary"), "{mistakes:?}");
    }
}

/// Settings files often have `NAME=` for an unused setting. An empty `MAIL360_LOG` once made the program log
/// only errors.
#[test]
fn c39_every_empty_setting_counts_as_not_set() {
    let unset = options(&[]);
    let expected = format!("{:?}", unset.check().expect("the defaults are sound"));
    let command = Line::command();
    let settings: Vec<_> = command
        .get_arguments()
        .filter(|argument| argument.get_env().is_some())
        .filter_map(|argument| argument.get_long())
        .collect();
    for setting in [
        "listen",
        "public-url",
        "database-connections",
        "data-dir",
        "encryption-key-file",
        "trusted-proxies",
        "password-memory",
        "password-passes",
        "log",
        "log-format",
    ] {
        assert!(settings.contains(&setting), "{setting} is no longer a setting: {settings:?}");
    }
    for setting in settings {
        for empty in ["", " ", "\t"] {
            // It may be a secret that was not filled in.
            if setting == "database-url" {
                let refused = options(&[&format!("--{setting}={empty}")]).check().expect_err(setting);
                assert!(refused[0].contains("MAIL360_DATABASE_URL"), "{refused:?}");
                continue;
            }
            let emptied = options(&[&format!("--{setting}={empty}")]);
            assert_eq!(format!("{:?}", emptied.check().expect(setting)), expected, "{setting}");
            assert_eq!((&emptied.log, &emptied.log_format), (&unset.log, &unset.log_format), "{setting}");
        }
    }
}

#[test]
fn c36_all_spellings_of_the_public_url_give_the_same_origin() {
    for (written, origin) in [
        (" https://Mail.Example.com:443/ ", "https://mail.example.com"),
        ("https://mail.example.com.", "https://mail.example.com"),
        ("https://büro.example", "https://xn--bro-hoa.example"),
        ("https://[2001:DB8:0:0::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://LOCALHOST:80", "http://localhost"),
    ] {
        assert_eq!(written.parse::<PublicUrl>().expect(written).origin(), origin);
    }
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
    for wrong in ["0", "501", "-1", "many"] {
        let mistakes = connections(wrong).expect_err(wrong);
        assert!(mistakes[0].contains("MAIL360_DATABASE_CONNECTIONS"), "{mistakes:?}");
        assert!(mistakes[0].contains("from 1 to 500"), "{mistakes:?}");
    }
}

#[test]
fn the_space_for_uploads_is_a_setting_in_gigabytes_with_bounds() {
    let space =
        |text: &str| options(&[&format!("--upload-space={text}")]).check().map(|config| config.upload_space);
    assert_eq!(options(&[]).check().expect("sound").upload_space, 5 * 1024 * 1024 * 1024);
    assert_eq!(space("1"), Ok(1024 * 1024 * 1024));
    for wrong in ["0", "10001", "-1", "1.5", "5GB"] {
        let mistakes = space(wrong).expect_err(wrong);
        assert!(mistakes[0].contains("MAIL360_UPLOAD_SPACE"), "{mistakes:?}");
        assert!(mistakes[0].contains("from 1 to 10000"), "{mistakes:?}");
    }
}
