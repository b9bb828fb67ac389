//! After a backup was restored: sessions that ended since the backup are not open again.

use mail360::{
    connectors::service::ConnectorId,
    people::model::{Email, Role},
    platform::{
        clock::{Clock, SystemClock},
        failure::Failure,
        randomness::Token,
    },
    router::Ended,
};
use rstest::rstest;

use crate::support::{Kind, api_clients::everything, callback, under_way};

#[rstest]
#[tokio::test]
async fn d5_sessions_sign_ins_and_links_in_a_restored_backup_are_ended_at_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let invited = ada.post("/settings/people", &[("email", "vera@contoso.test"), ("role", "viewer")]).await;
    invited.assert_status(200);
    assert_eq!(world.raw.count("invitations").await, 1);
    let mut eve = world.stranger().await;
    // A log-in that waits for a code: its session has no user yet.
    let half_way = "INSERT INTO sessions (hash, created_at, last_seen_at, expires_at, data) \
                    SELECT user_agent_hash, created_at, last_seen_at, expires_at, '{}' FROM sessions LIMIT 1";
    let hash = world.raw.bytes(&[7; 32]);
    world.raw.run(&half_way.replace("user_agent_hash", &hash)).await.expect("inserted");

    let ended = world.program.end_sessions().await.expect("done");
    assert_eq!(ended, Ended { browsers: 2, sign_ins: 1, links: 1 });
    assert_eq!(ada.get("/connectors").await.assert_status(303).location(), "/login?next=/connectors");
    eve.get("/connectors").await.assert_status(303);
    assert_eq!(world.raw.count("sessions").await, 0);
    assert_eq!(world.raw.count("invitations").await, 0);
    let sealed = "SELECT COUNT(*) FROM attempts WHERE pkce_verifier IS NOT NULL";
    assert_eq!(world.raw.one::<i64>(sealed).await, 0);

    // The callback of the sign-in still arrives: its code is not exchanged, and the page says what to do.
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert!(world.provider.requests().is_empty());
    let mut ada = world.log_in("ada@contoso.test").await;
    ada.get(&connector).await.assert_says("Not verified").assert_says("The operator has ended this sign-in");
    ada.get("/settings/activity")
        .await
        .assert_says("The operator logged out all users and ended all open sign-ins and links")
        .assert_says("Browsers logged out: 1, sign-ins ended: 1, links withdrawn: 1");
    // The activity of each organisation has only its own numbers.
    let details = "SELECT detail FROM activity WHERE action = 'sessions.ended' ORDER BY detail";
    let expected = [
        r#"{"kind":"ended","browsers":1,"sign_ins":0,"links":0}"#,
        r#"{"kind":"ended","browsers":1,"sign_ins":1,"links":1}"#,
    ];
    assert_eq!(world.raw.column::<String>(details).await, expected);
}

#[rstest]
#[tokio::test]
async fn d5_every_user_counts_as_logged_out_so_that_running_requests_fail(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, ..) = under_way(kind).await;
    world.user("Contoso", "vera@contoso.test", Role::Viewer).await;
    let versions = "SELECT version FROM users ORDER BY email";
    let before: Vec<i64> = world.raw.column(versions).await;
    // The user as a running request knows her.
    let ada = world.admin().await;
    let connector = world.raw.one::<uuid::Uuid>("SELECT id FROM connectors").await;
    world.program.end_sessions().await.expect("done");
    let after: Vec<i64> = world.raw.column(versions).await;
    assert!(before.iter().zip(&after).all(|(before, after)| after > before), "{before:?} {after:?}");
    let (people, sign_ins) = (&world.program.people, &world.program.sign_ins);
    let email = Email::parse("mallory@contoso.test").expect("an e-mail");
    let invited = people.invite(&ada.clone().reauthenticated().expect("proved"), &email, Role::Admin).await;
    assert!(matches!(invited, Err(Failure::LoggedOut)), "{invited:?}");
    assert_eq!(world.raw.count("invitations").await, 0);
    let binding = Token::random(&*world.program.randomness);
    let started = sign_ins.start(&ada, ConnectorId(connector), &binding).await;
    assert!(matches!(started, Err(Failure::LoggedOut)));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn d5_the_command_reports_the_number_of_ended_sessions_and_may_run_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, ..) = under_way(kind).await;
    // The command does not use this world's clock.
    let now = SystemClock.now().micros();
    let (later, minute) = (now + 5 * 60 * 1_000_000, 60 * 1_000_000);
    let moved = format!("SET created_at = {now}, expires_at = {later}, last_seen_at = {now} - {minute}");
    world.raw.run(&format!("UPDATE sessions {moved}")).await.expect("moved");
    let moved = format!("UPDATE attempts SET created_at = {now}, expires_at = {later}");
    world.raw.run(&moved).await.expect("moved");
    let said = world.run("end-sessions").expect("done");
    assert!(said.starts_with("Browsers logged out: 1, sign-ins ended: 1, links withdrawn: 0.\n"), "{said}");
    assert!(said.contains("credentials of API clients stay valid"), "{said}");
    ada.get("/connectors").await.assert_status(303);
    let said = world.run("end-sessions").expect("done");
    assert!(said.starts_with("Browsers logged out: 0, sign-ins ended: 0, links withdrawn: 0.\n"), "{said}");
}

#[rstest]
#[tokio::test]
async fn d5_credentials_of_api_clients_stay_valid_and_a_copy_of_the_database_does_not_show_them(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, ..) = under_way(kind).await;
    let client = world.add_api_client("ada@contoso.test", &everything("CRM")).await;
    let as_mail360 = world.as_mail360("ada@contoso.test", client.id).await;
    world.program.end_sessions().await.expect("done");
    let credentials = [&client.key, &as_mail360.access_token];
    for credential in credentials {
        world.call_with(credential, "GET", "/api/accounts").await.assert_status(200);
    }
    let exchange = serde_json::json!({
        "client_id": client.id.to_string(),
        "client_secret": as_mail360.client_secret,
        "refresh_token": as_mail360.refresh_token,
    });
    world.call_as(None, "POST", "/api/access-token", &exchange.to_string()).await.assert_status(200);
    let stored = world.raw.dump(&[]).await.join("\n");
    for secret in
        [&client.key, &as_mail360.client_secret, &as_mail360.refresh_token, &as_mail360.access_token]
    {
        let (prefix, random) = secret.split_once('_').expect("a prefix");
        assert!(!stored.contains(random), "a credential that begins with {prefix} is stored");
    }
}
