//! `mail360 check` and client secrets that expire. An operator's monitoring reads the exit status.

use std::process::Command;

use mail360::platform::clock::{Clock, SystemClock};
use rstest::rstest;
use time::Duration;

use crate::support::{Kind, NewConnector, World, write_key};

/// Lets the client secret of every connector expire this many days from today, by the real clock, which the command
/// uses. Two days are never the edge of a day.
async fn let_secrets_expire(world: &World, days: i64) {
    let day = SystemClock.now().plus(Duration::days(days)).for_machines();
    let (day, _) = day.split_once('T').expect("a day and a time");
    let change = format!("UPDATE connectors SET secret_expires_on = '{day}', expiry_key = '{day}'");
    assert_eq!(world.raw.run(&change).await, Ok(1));
}

#[rstest]
#[tokio::test]
async fn check_warns_before_a_client_secret_expires_and_fails_once_it_has_expired(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector::default()).await;
    let_secrets_expire(&world, 300).await;
    let checked = world.run("check").expect("sound");
    assert!(checked.contains("are valid. No client secret has expired."), "{checked}");
    assert!(!checked.contains("Warning"), "{checked}");

    let_secrets_expire(&world, 20).await;
    let checked = world.run("check").expect("sound");
    assert!(checked.contains("No client secret has expired."), "{checked}");
    let warning = checked.lines().find(|line| line.starts_with("Warning: ")).expect("a warning");
    for words in ["the client secret of Mail archive (Contoso) expires in ", ", on ", "Replace it on"] {
        assert!(warning.contains(words), "{words}: {warning}");
    }

    let_secrets_expire(&world, -2).await;
    let checked = world.run("check").expect_err("a secret has expired");
    let first = checked.lines().next().expect("a line");
    assert!(first.ends_with("are valid. 1 client secret has expired."), "{checked}");
    assert!(checked.contains("the client secret of Mail archive (Contoso) expired "), "{checked}");
    assert!(checked.contains("Sign-ins through a connector fail until"), "{checked}");
}

#[rstest]
#[tokio::test]
async fn the_exit_status_of_check_is_2_if_secrets_have_expired_and_1_after_every_other_error(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let status = |command: &mut Command| command.output().expect("an end").status.code();
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector::default()).await;
    for (days, expected) in [(300, 0), (20, 0), (-2, 2)] {
        let_secrets_expire(&world, days).await;
        assert_eq!(status(&mut world.mail360("check")), Some(expected), "{days} days");
    }
    // Other errors, while the secret is still expired. A mistake in the command line is one of them.
    for flags in [["--no-such-setting", "x"], ["--listen", "nowhere"], ["--database-connections", "many"]] {
        assert_eq!(status(world.mail360("check").args(flags)), Some(1), "{flags:?}");
    }
    write_key(&world.folder().join("encryption.key"), "test", 8);
    assert_eq!(status(&mut world.mail360("check")), Some(1), "another key");
    assert_eq!(status(world.mail360("check").arg("--help")), Some(0), "the help");
}
