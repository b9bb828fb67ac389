//! Connectors that have accounts: a change of the application, and deleting them with their accounts.

use mail360::{
    accounts::{
        model::{AccountState, StateReason},
        service::{AccountId, AccountService, grants::NoToken, of_connector::DELETION},
    },
    connectors::service::{ConnectorId, Deletion},
    people::access::Admin,
    platform::failure::Failure,
};
use rstest::rstest;
use time::Duration;
use tokio::task::JoinSet;

use crate::support::{
    Kind, NewConnector,
    copies::{copy_account, go_on, stop_at},
    jobs::run_job,
    refreshing::{DIRECTORY, Scene},
};

/// Number of copies of an account: more than a job removes in two transactions.
const COPIES: i64 = 450;

async fn delete(scene: &Scene, typed_name: &str) -> Result<Deletion, Failure> {
    let admin = scene.world.admin().await.reauthenticated().expect("a proof");
    scene.world.program.connectors.delete(&admin, scene.connector_id(), typed_name).await
}

#[rstest]
#[tokio::test]
async fn d6_a_connector_with_accounts_is_out_of_use_at_once_and_an_interrupted_deletion_goes_on(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let grace = scene.connect("grace").await;
    copy_account(&scene, kind, grace, DIRECTORY, COPIES).await;
    let caller = scene.world.admin().await.caller();
    let counted = scene.world.program.connectors.count_accounts(&caller, scene.connector_id()).await;
    assert_eq!(counted.expect("a count").number, 451);

    for wrong in ["", "Mail", "Mail archive 2"] {
        assert!(matches!(delete(&scene, wrong).await, Ok(Deletion::NameNeeded)), "{wrong}");
    }
    assert_eq!(scene.world.raw.count("jobs WHERE kind = 'connector_deletion'").await, 0);
    assert!(matches!(delete(&scene, " mail ARCHIVE ").await, Ok(Deletion::Started(_))));
    // At once: no call, no sign-in, no change, and not a second deletion.
    assert!(matches!(scene.token(grace).await, Err(NoToken::NotFound)));
    let verify = format!("{}/verify", scene.connector);
    scene.ada.post(&verify, &[]).await.assert_status(404);
    assert!(matches!(delete(&scene, "Mail archive").await, Err(Failure::NotFound)));
    let connector = scene.connector(scene.connector_id()).await;
    assert!(connector.deleted_at.is_some());
    let admin = scene.world.admin().await.reauthenticated().expect("a proof");
    let application = connector.application.clone();
    let changed = scene
        .world
        .program
        .connectors
        .change_settings(&admin, connector.id, connector.version, application)
        .await;
    assert!(matches!(changed, Err(Failure::NotFound)));
    assert_eq!(scene.world.raw.count("accounts").await, COPIES + 1);

    stop_at(&scene.world, kind, "DELETE", "accounts", "email_key = 'm0300'").await;
    run_job(&scene.world, &DELETION).await;
    assert_eq!(scene.world.raw.count("accounts").await, COPIES + 1 - 200, "one transaction removes 200");
    assert_eq!(scene.world.raw.count("connectors").await, 1);

    go_on(&scene.world, kind, "accounts").await;
    scene.world.clock.advance(Duration::seconds(11));
    run_job(&scene.world.another_process(&[]).await, &DELETION).await;
    for table in ["accounts", "account_words", "account_events", "grants", "connectors", "attempts"] {
        assert_eq!(scene.world.raw.count(table).await, 0, "{table}");
    }
    assert_eq!(scene.world.raw.count("jobs WHERE kind = 'connector_deletion'").await, 0, "the job is done");
    let by_ada = "SELECT action FROM activity WHERE action LIKE 'connector.delet%' AND user_id = \
                  (SELECT id FROM users WHERE email = 'ada@contoso.test') ORDER BY at, action DESC";
    let recorded: Vec<String> = scene.world.raw.column(by_ada).await;
    assert_eq!(recorded, ["connector.deletion_started", "connector.deleted"]);
}

/// Disconnects these accounts one after the other. An account that is gone already is left out.
async fn disconnect_all(service: AccountService, admin: Admin, accounts: Vec<AccountId>) {
    for account in accounts {
        let disconnected = service.disconnect(&admin, account).await;
        assert!(matches!(disconnected, Ok(_) | Err(Failure::NotFound)), "{disconnected:?}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_disconnected_while_their_connector_is_deleted_without_a_deadlock(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    const ROUNDS: u64 = 15;
    let mut scene = Scene::new(kind).await;
    let admin = scene.world.admin().await;
    for round in 0..ROUNDS {
        let name = format!("Round {round}");
        let new = NewConnector { name: &name, ..NewConnector::default() };
        let path = scene.world.add_connector(&mut scene.ada, &new).await;
        let connector: ConnectorId = path.rsplit('/').next().expect("an id").parse().expect("an id");
        let mut accounts = Vec::new();
        for number in 0..12 {
            let mailbox = format!("r{round}m{number}");
            accounts.push(scene.connect_in(connector, &mailbox, DIRECTORY, &mailbox).await);
        }
        let mut disconnecting = JoinSet::new();
        let backwards = accounts.iter().rev().copied().collect();
        for accounts in [accounts, backwards] {
            disconnecting.spawn(disconnect_all(scene.process.accounts(), admin.clone(), accounts));
        }
        let reauthenticated = admin.clone().reauthenticated().expect("a proof");
        let deleted = scene.world.program.connectors.delete(&reauthenticated, connector, &name).await;
        assert!(matches!(deleted, Ok(Deletion::Started(_))), "{deleted:?}");
        run_job(&scene.world, &DELETION).await;
        disconnecting.join_all().await;
        assert_eq!(scene.world.raw.count("accounts").await, 0, "round {round}");
    }
    // A job that is ended because of a deadlock is postponed.
    let counts = scene.world.program.jobs.counts().of(&DELETION);
    assert_eq!((counts.succeeded, counts.failed, counts.postponed, counts.lost), (ROUNDS, 0, 0, 0));
}

/// The fields of the edit form as the page has them, with another account type.
pub async fn edit_form(scene: &mut Scene) -> Vec<(String, String)> {
    let page = scene.ada.get(&format!("{}/edit", scene.connector)).await;
    page.assert_status(200);
    let mut fields: Vec<(String, String)> =
        ["connector", "version", "owner"].map(|name| (name.to_owned(), page.hidden(name))).into();
    fields.push(("client_id".to_owned(), page.value("client_id")));
    for (name, value) in [
        ("provider", "outlook"),
        ("service_name", "Mail archive"),
        ("client_secret", ""),
        ("secret_expires_in", "date"),
        ("secret_expires_on", "2028-11-23"),
        ("account_type", "personal_only"),
        ("scopes[]", "Mail.Read"),
        ("scopes[]", "Mail.Send"),
        ("scopes[]", "Contacts.Read"),
    ] {
        fields.push((name.to_owned(), value.to_owned()));
    }
    fields
}

/// Sends the edit form with this typed Service Name, and returns where the browser goes.
pub async fn send(scene: &mut Scene, fields: &[(String, String)], confirmed_name: &str) -> String {
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("confirmed_name", confirmed_name));
    scene.ada.post("/do/connectors/change", &fields).await.location().to_owned()
}

#[rstest]
#[tokio::test]
async fn another_application_ends_the_grants_of_a_connector_once_its_name_is_typed_and_sends_no_request(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let accounts = scene.connect_many(3).await;
    let edit = format!("{}/edit", scene.connector);
    let fields = edit_form(&mut scene).await;
    let asks = "3 accounts use this connector. Confirm the change";
    for (typed, title) in [("", "<title>Edit the connector"), ("Mail", "<title>Error: Edit the connector")] {
        assert_eq!(send(&mut scene, &fields, typed).await, edit, "{typed}");
        let page = scene.ada.get(&edit).await;
        page.assert_says(asks).assert_says("Present Service Name");
        assert!(page.body.contains(title), "{}", page.body);
        assert_eq!(scene.count(AccountState::Connected).await, 3, "{typed}");
    }
    assert_eq!(send(&mut scene, &fields, "mail archive").await, scene.connector);
    for account in accounts {
        let reason = Some(StateReason::ApplicationChanged);
        assert_eq!(scene.state(account).await, (AccountState::NeedsSignIn, reason));
    }
    assert!(scene.sent().is_empty());
}

#[rstest]
#[tokio::test]
async fn another_application_of_a_connector_without_accounts_needs_no_name(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let fields = edit_form(&mut scene).await;
    assert_eq!(send(&mut scene, &fields, "").await, scene.connector);
}
