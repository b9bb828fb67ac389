//! A clock that was once ahead: times written then count as missing as soon as the clock is right again.

use std::collections::BTreeSet;

use mail360::people::model::Role;
use rstest::rstest;
use time::Duration;

use crate::support::{
    Browser, Kind, NewConnector, PASSWORD, World, authenticator, authenticator::HERE, callback, sign_in_path,
    under_way,
};

const AHEAD: Duration = Duration::days(30);
const LOG_IN: [(&str, &str); 2] = [("email", "ada@contoso.test"), ("password", PASSWORD)];

/// Every stored time that decides something. The tests below try each with a clock that is set back.
const DECIDE: &[&str] = &[
    // An administrator has typed it, so any time is credible.
    "api_clients.expires_at",
    // Tried in api_client_changes.rs.
    "api_credentials.used_at",
    "attempts.consumed_at",
    "attempts.created_at",
    "attempts.expires_at",
    // Tried in account_times.rs, as those of grants, gates and return addresses.
    "connect_links.created_at",
    "connect_links.expires_at",
    "consent_links.created_at",
    "consent_links.expires_at",
    // Tried where src/mail/paging.rs reads it.
    "cursors.expires_at",
    // Tested in door.rs.
    "device_cookies.created_at",
    "device_cookies.expires_at",
    "grants.access_expires_at",
    "grants.next_refresh_at",
    "grants.refreshed_at",
    // Tried in sending_times.rs.
    "idempotency_keys.created_at",
    "invitations.created_at",
    "invitations.expires_at",
    // Tried in job_times.rs.
    "jobs.due_at",
    // Tried in kept_secrets.rs.
    "kept_secrets.created_at",
    // Tried in folder_emptying.rs.
    "mail_jobs.created_at",
    "pending_grants.expires_at",
    "refresh_gates.next_probe_at",
    "return_addresses.previous_until",
    // Tried in sending_times.rs.
    "sends.begun_at",
    "sends.clean_at",
    "sends.created_at",
    "sends.ended_at",
    "sends.next_at",
    "sessions.created_at",
    "sessions.expires_at",
    "sessions.last_seen_at",
    "sessions.reauthenticated_at",
    "throttles.window_started_at",
    // Until when the key of its call counts. A time that is not credible does not count.
    "schedules.created_at",
    // A time of the application; the next look at it is tried in schedules.rs.
    "schedules.due_at",
    "schedules.next_at",
    // Tried in uploads.rs.
    "uploads.expires_at",
    "uploads.whole_at",
    "users.totp_last_step",
];

/// Times that are only shown, sorted by or compared with NULL, or whose rows are kept for long.
const SHOWN: &[&str] = &[
    "account_events.at",
    "accounts.created_at",
    "accounts.paused_at",
    "accounts.signed_in_at",
    "accounts.state_since",
    // Erased by a time that no jump of the clock changes at once, as `api_calls.at` and `mail_jobs.ended_at`.
    "activity.at",
    "api_calls.at",
    "api_clients.created_at",
    "api_clients.revoked_at",
    "api_clients.used_at",
    "api_credentials.created_at",
    "approved_directories.approved_at",
    "attempt_events.at",
    // For the first minute it also chooses a hint.
    "connectors.created_at",
    "connectors.deleted_at",
    "connectors.failed_at",
    "connectors.verified_at",
    "connect_links.revoked_at",
    "connect_links.used_at",
    "consent_links.approved_at",
    "consent_links.reported_at",
    "consent_links.revoked_at",
    "cursors.created_at",
    "grants.ends_at",
    "grants.granted_at",
    "grants.refresh_started_at",
    "idempotency_keys.ended_at",
    "mail_jobs.ended_at",
    "return_addresses.created_at",
    "schedules.ended_at",
    // The expiry of the set-up link is inside the value, and is tested below.
    "users.disabled_at",
    "users.last_login_at",
    "users.totp_since",
];

#[tokio::test]
async fn n7_every_stored_time_is_known_to_decide_something_or_only_to_be_shown() {
    let world = World::new(Kind::Sqlite).await;
    let columns: Vec<String> = world
        .raw
        .column(
            "SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'seaql_%' \
             AND (c.name = 'at' OR c.name LIKE '%\\_at' ESCAPE '\\' OR c.name LIKE '%\\_since' ESCAPE '\\' \
             OR c.name LIKE '%\\_step' ESCAPE '\\' OR c.name LIKE '%\\_until' ESCAPE '\\')",
        )
        .await;
    let columns: BTreeSet<&str> = columns.iter().map(String::as_str).collect();
    let known: BTreeSet<&str> = DECIDE.iter().chain(SHOWN).copied().collect();
    assert_eq!(columns, known);
}

/// Sets one time of all rows of a table.
async fn set(world: &World, column: &str, value: mail360::platform::clock::Timestamp) {
    let (table, column) = column.split_once('.').expect("a table and a column");
    let micros = value.micros();
    world.raw.run(&format!("UPDATE {table} SET {column} = {micros}")).await.expect("updated");
}

async fn is_logged_in(browser: &mut Browser) -> bool {
    browser.get("/profile").await.status == 200
}

#[rstest]
#[case::created("sessions.created_at", Duration::ZERO)]
#[case::last_seen("sessions.last_seen_at", Duration::ZERO)]
#[case::expires("sessions.expires_at", Duration::hours(12))]
#[tokio::test]
async fn n7_a_session_with_a_time_more_than_a_minute_ahead_has_ended(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] column: &str,
    #[case] usual: Duration,
) {
    use mail360::platform::clock::Clock;

    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let now = world.clock.now();
    // The clock of another process may be a little ahead.
    set(&world, column, now.plus(usual + Duration::minutes(1))).await;
    assert!(is_logged_in(&mut ada).await, "{column}");
    for ahead in [Duration::seconds(61), AHEAD, Duration::days(36_500)] {
        set(&world, column, now.plus(usual + ahead)).await;
        assert!(!is_logged_in(&mut ada).await, "{column} {ahead}");
    }
    let mut other = world.log_in("ada@contoso.test").await;
    let page = other.get("/profile").await;
    assert_eq!(page.text().matches("Last used").count(), 1, "it is not listed");
    world.run_sweep().await;
    assert_eq!(world.raw.count("sessions").await, 1, "it is erased");
}

#[rstest]
#[tokio::test]
async fn n7_sessions_and_log_ins_that_began_while_the_clock_was_ahead_have_ended(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let (app, codes) = authenticator::set_up(&world, &mut ada).await;
    let half_way = async |address: [u8; 4]| {
        let mut browser = world.browser();
        browser.address = address.into();
        let answer = browser.post("/login", &LOG_IN).await;
        assert_eq!(answer.assert_status(303).location(), "/login/code");
        browser
    };
    world.clock.advance(AHEAD);
    let mut waits = half_way([198, 51, 100, 1]).await;
    let mut ahead = half_way([198, 51, 100, 2]).await;
    let code = authenticator::code(&world, &app, 0);
    ahead.post("/login/code", &[("code", &code)]).await.assert_status(303);
    assert!(is_logged_in(&mut ahead).await);

    world.clock.advance(-AHEAD + Duration::minutes(1));
    assert!(!is_logged_in(&mut ahead).await);
    let answer = waits.post("/login/code", &[("code", &codes[0])]).await;
    assert_eq!(answer.assert_status(303).location(), "/login");
    // A present code works once, although a code of a later step was used.
    let code = authenticator::code(&world, &app, 0);
    let mut back = half_way([198, 51, 100, 3]).await;
    back.post("/login/code", &[("code", &code)]).await.assert_status(303);
    assert!(is_logged_in(&mut back).await);
    half_way([198, 51, 100, 4]).await.post("/login/code", &[("code", &code)]).await.assert_status(401);
}

#[rstest]
#[tokio::test]
async fn n7_a_re_authentication_in_the_future_counts_as_missing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    use mail360::platform::clock::Clock;

    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let now = world.clock.now();
    set(&world, "sessions.reauthenticated_at", now.plus(Duration::minutes(1))).await;
    ada.get(HERE).await.assert_status(200);
    for ahead in [Duration::seconds(61), AHEAD] {
        set(&world, "sessions.reauthenticated_at", now.plus(ahead)).await;
        let answer = ada.get(HERE).await;
        assert!(
            answer.assert_status(303).location().starts_with("/re-authenticate"),
            "{}",
            answer.location()
        );
    }
    ada.post("/re-authenticate", &[("confirm_password", PASSWORD), ("confirm_next", HERE)])
        .await
        .assert_status(303);
    ada.get(HERE).await.assert_status(200);
}

#[rstest]
#[tokio::test]
async fn n7_links_that_were_created_while_the_clock_was_ahead_have_expired(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.clock.advance(AHEAD);
    let path = world.set_up_path().await;
    world.browser().get(&path).await.assert_status(200);
    world.clock.advance(-AHEAD);
    world.browser().get(&path).await.assert_status(404);
    let fields =
        [("organisation", "C"), ("name", "Eve"), ("email", "eve@contoso.test"), ("password", PASSWORD)];
    world.browser().post(&path, &fields).await.assert_status(404);
    assert_eq!(world.raw.count("users").await, 0);

    world.set_up().await;
    let bob = world.add_user("Contoso", "bob@contoso.test", Role::Viewer).await;
    world.clock.advance(AHEAD);
    let mut ada = world.log_in("ada@contoso.test").await;
    let token = |page: &crate::support::Answer| -> String {
        let text = page.assert_status(200).text();
        let (_, rest) = text.split_once("http://localhost:3000/invitations/").expect("a link");
        rest.chars().take(43).collect()
    };
    let invited = ada.post("/settings/people", &[("email", "vera@contoso.test"), ("role", "viewer")]).await;
    let new_password = ada.post(&format!("/settings/people/{bob}"), &[("change", "new-password")]).await;
    let links = [&invited, &new_password].map(|page| format!("/invitations/{}", token(page)));
    for link in &links {
        world.browser().get(link).await.assert_status(200);
    }
    world.clock.advance(-AHEAD);
    let accept = [("name", "Vera"), ("password", "another horse battery staple")];
    for link in &links {
        world.browser().get(link).await.assert_status(404);
        world.browser().post(link, &accept).await.assert_status(404);
    }
    let mut ada = world.log_in("ada@contoso.test").await;
    let page = ada.get("/settings/people").await;
    assert!(!page.assert_status(200).text().contains("vera@contoso.test"), "it is not listed as open");
    world.run_sweep().await;
    assert_eq!(world.raw.count("invitations").await, 0, "invitations of a wrong clock were not erased");
}

#[rstest]
#[tokio::test]
async fn n7_a_sign_in_that_began_while_the_clock_was_ahead_is_not_finished(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    world.clock.advance(AHEAD);
    let mut ahead = world.log_in("ada@contoso.test").await;
    let authorize = world.start(&mut ahead, &connector).await;
    world.clock.advance(-AHEAD);
    world.grant_everything(&authorize);
    let mut ada = world.log_in("ada@contoso.test").await;
    ada.get(&sign_in_path(&world).await)
        .await
        .assert_status(200)
        .assert_says("Not finished within ten minutes");
    ahead.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert!(world.provider.requests().is_empty());
    assert_ne!(world.state(&connector).await, "verified");
    world.run_sweep().await;
    let sealed = "SELECT COUNT(*) FROM attempts WHERE pkce_verifier IS NOT NULL";
    assert_eq!(world.raw.one::<i64>(sealed).await, 0);
}

#[rstest]
#[case::created("attempts.created_at", Duration::ZERO)]
#[case::expires("attempts.expires_at", Duration::minutes(10))]
#[tokio::test]
async fn n7_an_open_sign_in_with_a_time_more_than_a_minute_ahead_does_not_count_as_open(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] column: &str,
    #[case] usual: Duration,
) {
    use mail360::platform::clock::Clock;

    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let now = world.clock.now();
    set(&world, column, now.plus(usual + AHEAD)).await;
    let ended = world.program.end_sessions().await.expect("done");
    assert_eq!(ended.sign_ins, 0, "{column}");
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert!(world.provider.requests().is_empty());
    assert_ne!(world.state(&connector).await, "verified");
}

#[rstest]
#[tokio::test]
async fn n7_a_sign_in_that_came_back_while_the_clock_was_ahead_is_not_checked_for_ever(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    use mail360::platform::clock::Clock;

    let (world, mut ada, ..) = under_way(kind).await;
    let now = world.clock.now();
    set(&world, "attempts.consumed_at", now).await;
    ada.get(&sign_in_path(&world).await).await.assert_says("Checking");
    set(&world, "attempts.consumed_at", now.plus(AHEAD)).await;
    let page = ada.get(&sign_in_path(&world).await).await;
    assert!(!page.text().contains("Checking"), "{}", page.text());
}
