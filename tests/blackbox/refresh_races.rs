//! A refresh that is under way while something else changes the account, its grant or its connector.

use std::sync::Arc;

use mail360::accounts::{
    model::{AccountState, StateReason},
    service::grants::NoToken,
};
use rstest::rstest;

use crate::support::{
    Canned, Kind, SECRET,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    held::Held,
    refreshed,
    refreshing::{DIRECTORY, Process, Scene, refused, replace_secret},
    rotate,
};

#[rstest]
#[case::success(Canned::Json(200, refreshed("late")))]
#[case::refusal(refused("invalid_grant"))]
#[case::credentials(refused("invalid_client"))]
#[tokio::test]
async fn a_sign_in_during_a_refresh_wins(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] late: Canned,
) {
    let held = Held::new(site, late).await;
    let Held { scene, account, .. } = &held;
    let again = scene.connect_in(scene.connector_id(), "grace", DIRECTORY, "again").await;
    assert_eq!(again, *account);
    held.answer().await;
    assert_eq!(scene.state(*account).await, (AccountState::Connected, None));
    assert_eq!(scene.token(*account).await.expect("a token"), "again");
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
    scene.world.provider.answer_refreshes(rotate);
    scene.expire();
    assert_eq!(scene.token(*account).await.expect("a token"), "again+");
}

#[rstest]
#[tokio::test]
async fn a_move_to_another_connector_during_a_refresh_wins(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut held = Held::succeeding(site).await;
    let path = held.scene.add_connector("Other").await;
    let other = path.rsplit('/').next().expect("an id").parse().expect("an id");
    assert_eq!(held.scene.connect_in(other, "grace", DIRECTORY, "moved").await, held.account);
    held.answer().await;
    assert_eq!(held.scene.token(held.account).await.expect("a token"), "moved");
    assert_eq!(held.scene.account(held.account).await.connector, other);
}

#[rstest]
#[tokio::test]
async fn a_disconnect_during_a_refresh_wins_also_over_a_later_sign_in_of_the_same_moment(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let held = Held::succeeding(site).await;
    let Held { scene, account, .. } = &held;
    let admin = scene.world.admin().await;
    assert!(scene.process.accounts().disconnect(&admin, *account).await.expect("done"));
    assert_eq!(scene.world.raw.count("grants").await, 0);
    scene.connect_in(scene.connector_id(), "grace", DIRECTORY, "new").await;
    held.answer().await;
    // The late tokens belong to the grant that was removed.
    assert_eq!(scene.token(*account).await.expect("a token"), "new");
    assert!(scene.process.accounts().disconnect(&admin, *account).await.expect("done"));
    assert!(matches!(scene.token(*account).await, Err(NoToken::State(AccountState::Disconnected))));
    assert_eq!(scene.world.raw.count("grants").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_disconnected_account_gets_no_tokens_back(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let held = Held::succeeding(site).await;
    let admin = held.scene.world.admin().await;
    held.scene.process.accounts().disconnect(&admin, held.account).await.expect("done");
    held.answer().await;
    assert_eq!(held.scene.state(held.account).await.0, AccountState::Disconnected);
    assert_eq!(held.scene.world.raw.count("grants").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_deleted_account_stays_deleted(#[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site) {
    let held = Held::succeeding(site).await;
    let admin = held.scene.world.admin().await;
    held.scene.process.accounts().delete(&admin, held.account).await.expect("done");
    held.answer().await;
    assert_eq!(held.scene.world.raw.count("accounts").await, 0);
    assert_eq!(held.scene.world.raw.count("grants").await, 0);
    assert!(matches!(held.scene.token(held.account).await, Err(NoToken::NotFound)));
}

#[rstest]
#[tokio::test]
async fn a_pause_during_a_refresh_stays_and_the_tokens_are_kept(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let held = Held::succeeding(site).await;
    let Held { scene, account, .. } = &held;
    let admin = scene.world.admin().await;
    scene.process.accounts().pause(&admin, *account).await.expect("done");
    held.answer().await;
    assert!(matches!(scene.token(*account).await, Err(NoToken::Paused)));
    scene.process.accounts().resume(&admin, *account).await.expect("done");
    assert_eq!(scene.token(*account).await.expect("a token"), "late");
}

#[rstest]
#[tokio::test]
async fn a_new_secret_during_a_refresh_keeps_the_new_tokens(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut held = Held::succeeding(kind).await;
    replace_secret(&mut held.scene, "another~secret-1234567890").await;
    held.answer().await;
    assert_eq!(held.scene.token(held.account).await.expect("a token"), "late");
    held.scene.world.provider.answer_refreshes(rotate);
    held.scene.expire();
    assert_eq!(held.scene.token(held.account).await.expect("a token"), "late+");
    let sent = held.scene.world.provider.refreshes();
    let secrets: Vec<_> = sent.iter().filter_map(|seen| seen.field("client_secret")).collect();
    assert_eq!(secrets, [SECRET, "another~secret-1234567890"]);
}

#[rstest]
#[case::credentials(refused("invalid_client"))]
#[case::grant(refused("invalid_grant"))]
#[case::company(refused("unauthorized_client"))]
#[tokio::test]
async fn a_refusal_of_an_old_secret_says_nothing_about_the_new_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] late: Canned,
) {
    let mut held = Held::new(kind, late).await;
    replace_secret(&mut held.scene, "another~secret-1234567890").await;
    held.answer().await;
    assert_eq!(held.scene.state(held.account).await, (AccountState::Connected, None));
    assert_eq!(held.scene.world.raw.count("refresh_gates").await, 0);
    // It is tried again at once.
    held.scene.world.provider.answer_refreshes(rotate);
    assert_eq!(held.scene.process.refresh_due().await, 1);
    assert_eq!(held.scene.token(held.account).await.expect("a token"), "grace+");
}

#[rstest]
#[tokio::test]
async fn another_application_during_a_refresh_ends_the_grant_without_a_request(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let held = Held::succeeding(site).await;
    let Held { scene, account, .. } = &held;
    scene.change_application().await;
    held.answer().await;
    let expected = (AccountState::NeedsSignIn, Some(StateReason::ApplicationChanged));
    assert_eq!(scene.state(*account).await, expected);
    let admin = scene.world.admin().await;
    let again = scene.process.grants.try_again(&admin, *account).await;
    assert_eq!(again.expect("a state"), AccountState::NeedsSignIn);
    assert_eq!(scene.sent().len(), 1);
    let history = scene.process.accounts().history(&admin, *account).await.expect("a history");
    assert!(history.iter().any(|entry| entry.detail.contains("application_changed")), "{history:?}");
}

#[rstest]
#[tokio::test]
async fn the_first_of_two_results_counts_whichever_process_has_it(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let held = Held::succeeding(site).await;
    let Held { scene, account, .. } = &held;
    // Another process takes the lease of a process that stood still for half a minute.
    let mut other =
        Process::another(&scene.world, Arc::new(mail360::accounts::service::grants::NoStops)).await;
    scene.world.provider.answer_refreshes(rotate);
    assert_eq!(other.look().await, 0);
    other.monotonic.advance(30.0);
    assert_eq!(other.refresh_due().await, 1);
    assert_eq!(scene.token(*account).await.expect("a token"), "grace+");
    held.answer().await;
    assert_eq!(scene.token(*account).await.expect("a token"), "grace+");
    assert_eq!(scene.state(*account).await, (AccountState::Connected, None));
    assert!(scene.of_grant::<Option<uuid::Uuid>>("lease_owner").await.is_none());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_disconnects_and_refreshes_at_once_end_in_a_sound_state(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let accounts = scene.connect_many(6).await;
    scene.world.provider.answer_refreshes(rotate);
    let admin = scene.world.admin().await;
    let mut other =
        Process::another(&scene.world, Arc::new(mail360::accounts::service::grants::NoStops)).await;
    for round in 0..5 {
        scene.make_due().await;
        let service = scene.process.accounts();
        let changes = async {
            for (at, account) in accounts.iter().enumerate() {
                if (at + round) % 3 == 0 {
                    service.disconnect(&admin, *account).await.expect("done");
                }
                if (at + round) % 2 == 0 {
                    let again = scene.connect(&format!("m{at}")).await;
                    assert_eq!(again, *account);
                }
            }
        };
        let asks = async {
            for account in &accounts {
                let _ = scene.token(*account).await;
            }
        };
        tokio::join!(changes, asks, other.refresh_due());
    }
    scene.process.refresh_due().await;
    let leases =
        "SELECT COUNT(*) FROM grants WHERE lease_owner IS NOT NULL OR refresh_started_at IS NOT NULL";
    assert_eq!(scene.world.raw.one::<i64>(leases).await, 0);
    for account in accounts {
        let expected = scene.account(account).await.state;
        match scene.token(account).await {
            Ok(_) => assert_eq!(expected, AccountState::Connected),
            Err(NoToken::State(state)) => {
                assert_eq!((state, expected), (expected, AccountState::Disconnected));
            }
            Err(other) => unreachable!("{other:?}"),
        }
    }
}
