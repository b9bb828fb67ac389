//! After a backup was restored: what was ended since is not open again.

use mail360::router::EndedSessions;
use rstest::rstest;

use crate::support::{Kind, callback, under_way};

#[rstest]
#[tokio::test]
async fn d5_sessions_and_sign_ins_that_a_restored_backup_holds_are_ended_by_one_command(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.browser().get("/login").await.assert_status(200);
    ada.get("/connectors").await.assert_status(200);

    let ended = world.program.end_sessions().await.expect("done");
    assert_eq!(ended, EndedSessions { browsers: 1, sign_ins: 1 });
    assert_eq!(ada.get("/connectors").await.assert_status(303).location(), "/login?next=/connectors");
    assert_eq!(world.raw.count("sessions").await, 0);
    let sealed = "SELECT COUNT(*) FROM attempts WHERE pkce_verifier IS NOT NULL";
    assert_eq!(world.raw.one::<i64>(sealed).await, 0);

    // The sign-in comes back all the same: nothing is exchanged for its code, and its page says what to do.
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert!(world.provider.requests().is_empty());
    let mut ada = world.log_in("ada@contoso.test").await;
    ada.get(&connector).await.assert_says("Not verified").assert_says("The sign-in took too long");
    ada.get("/settings/activity").await.assert_says("Everybody logged out");
    let detail = "SELECT detail FROM activity WHERE action = 'sessions.ended'";
    assert_eq!(world.raw.one::<String>(detail).await, "browsers logged out: 1, sign-ins ended: 1");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn d5_the_command_says_how_much_it_has_ended_and_may_be_run_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, ..) = under_way(kind).await;
    let said = world.run("end-sessions").expect("done");
    assert!(said.starts_with("Logged out: 1 browser. Ended: "), "{said}");
    ada.get("/connectors").await.assert_status(303);
    let said = world.run("end-sessions").expect("done");
    assert_eq!(said, "Logged out: 0 browsers. Ended: 0 sign-ins.\n");
}
