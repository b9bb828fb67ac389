//! The proofs that a change of a connector requires: a recent password, the client secret, both or neither.

use rstest::rstest;
use time::Duration;

use crate::{
    new_secret::NEW_SECRET,
    refused_forms::assert_notice_has_focus,
    support::{Answer, Browser, Kind, NewConnector, PASSWORD, SECRET, World},
};

const CLIENT_ID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
const ASKS_FOR_SECRET: &str = "Enter the client secret of this application";
const ASKS_FOR_PASSWORD: &str = "Confirm that it is you";

/// A change of a connector with any or one tenant, and what it requires.
struct Case {
    single: bool,
    changes: &'static [(&'static str, &'static str)],
    proof: bool,
    secret: bool,
}

const fn case(
    single: bool,
    changes: &'static [(&'static str, &'static str)],
    proof: bool,
    secret: bool,
) -> Case {
    Case { single, changes, proof, secret }
}

const CASES: [Case; 14] = [
    case(false, &[("service_name", "Renamed")], false, false),
    case(false, &[("secret_expires_on", "2027-05-05")], false, false),
    case(false, &[("scopes[]", "Contacts.Read")], false, false),
    case(true, &[("service_name", "Renamed"), ("secret_expires_on", "2027-05-05")], false, false),
    case(false, &[("client_id", CLIENT_ID)], true, true),
    case(true, &[("client_id", CLIENT_ID)], true, true),
    case(true, &[("tenant", "fabrikam.com")], true, true),
    case(false, &[("account_type", "personal_only")], true, false),
    case(false, &[("account_type", "multiple_tenants")], true, false),
    case(false, &[("account_type", "personal_only"), ("service_name", "Renamed")], true, false),
    case(false, &[("account_type", "single_tenant"), ("tenant", "contoso.com")], true, true),
    case(true, &[("account_type", "tenants_and_personal")], true, true),
    case(true, &[("client_id", CLIENT_ID), ("tenant", "fabrikam.com")], true, true),
    case(false, &[], false, false),
];

/// The fields of a connector's edit form: the stored values with this change.
async fn fields(browser: &mut Browser, path: &str, case: &Case, secret: &str) -> Vec<(String, String)> {
    let page = browser.get(&format!("{path}/edit")).await;
    let kind = if case.single { "single_tenant" } else { "tenants_and_personal" };
    let mut fields: Vec<(String, String)> = ["connector", "version", "owner"]
        .map(|name| (name.to_owned(), page.hidden(name)))
        .into_iter()
        .chain(["service_name", "client_id", "tenant"].map(|name| (name.to_owned(), page.value(name))))
        .chain(
            [
                ("provider", "outlook"),
                ("client_secret", secret),
                ("secret_expires_on", "2028-11-23"),
                ("account_type", kind),
                ("scopes[]", "Mail.Read"),
                ("scopes[]", "Mail.Send"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        )
        .collect();
    for (name, value) in case.changes {
        if *name == "scopes[]" {
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        for field in fields.iter_mut().filter(|(field, _)| field == name && *name != "scopes[]") {
            (*value).clone_into(&mut field.1);
        }
    }
    fields
}

async fn send(browser: &mut Browser, path: &str, fields: &[(String, String)]) -> Answer {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(path, &fields).await
}

async fn row(world: &World, id: &str) -> String {
    let rows = world.raw.dump(&["activity", "sessions", "throttles", "users"]).await;
    let bare = id.replace('-', "");
    let mut found = rows.into_iter().filter(|row| row.starts_with("connectors:"));
    found.find(|row| row.to_lowercase().contains(&bare) || row.contains(id)).expect("the row")
}

#[rstest]
#[tokio::test]
async fn n11_each_change_asks_for_the_password_and_the_secret_that_it_needs(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut old = world.set_up().await;
    let mut forms = Vec::new();
    for (number, case) in CASES.iter().enumerate() {
        for secret in ["", NEW_SECRET] {
            for fresh in [false, true] {
                let name = format!("Connector {number} {} {fresh}", secret.len());
                let (account_type, tenant) =
                    if case.single { ("single_tenant", "contoso.com") } else { ("tenants_and_personal", "") };
                let new = NewConnector { name: &name, account_type, tenant, ..Default::default() };
                let path = world.add_connector(&mut old, &new).await;
                forms.push((case, secret, fresh, path, new.client_id.clone()));
            }
        }
    }
    let scopes =
        "UPDATE connectors SET scopes = 'offline_access openid profile User.Read Mail.Read Mail.Send'";
    let scopes_before: String = world.raw.one("SELECT scopes FROM connectors LIMIT 1").await;
    assert!(scopes_before.contains("Contacts.Read"), "{scopes} {scopes_before}");
    let without = scopes_before.replace(" Contacts.Read", "");
    world.raw.run(&format!("UPDATE connectors SET scopes = '{without}'")).await.expect("updated");
    world.clock.advance(Duration::minutes(11));
    old.get("/connectors").await.assert_status(200);
    let mut proved = world.log_in("ada@contoso.test").await;

    for (case, secret, fresh, path, client_id) in forms {
        let what = format!("{:?}, secret {secret:?}, fresh {fresh}", case.changes);
        let id = path.rsplit('/').next().expect("an id");
        let browser = if fresh { &mut proved } else { &mut old };
        let mut fields = fields(browser, &path, case, secret).await;
        if let Some(("service_name", _)) = case.changes.iter().find(|(name, _)| *name == "service_name") {
            // Names are unique.
            let renamed = format!("Renamed {id}");
            fields.iter_mut().find(|(name, _)| name == "service_name").expect("the name").1 = renamed;
        }
        let (before, asked) = (row(&world, id).await, world.provider.requests().len());
        let answer = send(browser, "/do/connectors/change", &fields).await;
        let edit = format!("{path}/edit");
        let needs_proof = (case.proof || !secret.is_empty()) && !fresh;
        let needs_secret = case.secret && secret.is_empty();
        if needs_proof {
            answer.assert_status(403).assert_says(ASKS_FOR_PASSWORD);
            assert_eq!(answer.body.contains("secret_kept"), !secret.is_empty(), "{what}");
        } else if needs_secret {
            assert_eq!(answer.location(), edit, "{what}");
            let form = browser.get(&edit).await;
            form.assert_says(ASKS_FOR_SECRET);
            assert_notice_has_focus(&form);
        } else {
            assert_eq!(answer.location(), path, "{what}");
        }
        let changes = !needs_proof && !needs_secret && (!case.changes.is_empty() || !secret.is_empty());
        assert_eq!(row(&world, id).await != before, changes, "{what}");
        for request in &world.provider.requests()[asked..] {
            let is_own = request.field("client_id") == Some(client_id.as_str())
                && (!case.single || request.url.contains("/contoso.com/"));
            assert!(changes, "{what}: {} was asked", request.url);
            assert!(is_own || request.field("client_secret") == Some(NEW_SECRET), "{what}: {}", request.url);
        }
    }
    assert!(world.program.survey().await.expect("a survey").lost.is_empty(), "each secret opens");
}

/// A connector for any account, and the browser of an administrator whose re-authentication is too old.
async fn later(kind: Kind) -> (World, Browser, String) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let path = world.add_connector(&mut ada, &NewConnector::default()).await;
    world.clock.advance(Duration::minutes(11));
    (world, ada, path)
}

async fn confirm(browser: &mut Browser, waiting: &[(String, String)], next: &str) -> Answer {
    let more = [("confirm_password", PASSWORD), ("confirm_next", next), ("confirm_again", "1")];
    let more = more.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let all = [waiting, &more].concat();
    send(browser, "/re-authenticate", &all).await.assert_status(307);
    send(browser, next, &all).await
}

#[rstest]
#[tokio::test]
async fn n11_a_change_without_a_secret_waits_for_the_password_and_continues(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, path) = later(kind).await;
    let case = case(false, &[("account_type", "personal_only")], true, false);
    let fields = fields(&mut ada, &path, &case, "").await;
    let asked = send(&mut ada, "/do/connectors/change", &fields).await;
    asked.assert_status(403).assert_says(ASKS_FOR_PASSWORD);
    assert_eq!(asked.hidden("confirm_next"), "/do/connectors/change");
    assert_eq!(asked.hidden("account_type"), "personal_only");
    assert_eq!(confirm(&mut ada, &fields, "/do/connectors/change").await.location(), path);
    ada.get(&path).await.assert_says("The changes are saved").assert_says("Personal accounts only");
    assert_eq!(world.state(&path).await, "not_verified");
    assert!(world.program.survey().await.expect("a survey").lost.is_empty());
}

#[rstest]
#[tokio::test]
async fn n11_a_connector_is_deleted_only_by_a_user_who_has_given_the_password_recently(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, path) = later(kind).await;
    let page = ada.get(&format!("{path}/delete")).await;
    let fields = ["connector", "owner"].map(|name| (name.to_owned(), page.assert_status(200).hidden(name)));
    let delete = "/do/connectors/delete";
    send(&mut ada, delete, &fields).await.assert_status(403).assert_says(ASKS_FOR_PASSWORD);
    assert_eq!(world.raw.count("connectors").await, 1);
    assert_eq!(confirm(&mut ada, &fields, delete).await.location(), "/connectors");
    ada.get("/connectors").await.assert_says("The connector was deleted");
    assert_eq!(world.raw.count("connectors").await, 0);
}

#[rstest]
#[case::account_type("personal_only", "", false)]
#[case::tenant("single_tenant", "contoso.com", true)]
#[tokio::test]
async fn n11_a_retry_with_another_account_type_requires_what_an_edit_requires(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] account_type: &str,
    #[case] tenant: &str,
    #[case] secret: bool,
) {
    let (world, mut ada, path) = later(kind).await;
    let retry = format!("{path}/retry");
    let fields = [("version", "1"), ("account_type", account_type), ("tenant", tenant)];
    let before = world.raw.dump(&["sessions", "activity"]).await;
    ada.post(&retry, &fields).await.assert_status(403).assert_says(ASKS_FOR_PASSWORD);
    assert_eq!(world.raw.dump(&["sessions", "activity"]).await, before);
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let answer = confirm(&mut ada, &fields, &retry).await;
    if secret {
        assert_eq!(answer.assert_status(303).location(), format!("{path}/edit"));
        let form = ada.get(&format!("{path}/edit")).await;
        assert_eq!(form.assert_says(ASKS_FOR_SECRET).value("tenant"), tenant);
        assert_eq!(world.raw.count("attempts").await, 0);
    } else {
        answer.assert_status(200).link("Continue to Microsoft");
    }
    let kept = world.setting("account_type").await;
    assert_eq!(kept == account_type, !secret);
    assert!(world.provider.requests().is_empty());
}

#[rstest]
#[tokio::test]
async fn n11_without_the_password_a_form_does_not_reveal_whether_a_secret_is_the_stored_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_world, mut ada, path) = later(kind).await;
    let nothing = case(false, &[], false, false);
    let mut answers = Vec::new();
    for secret in [SECRET, NEW_SECRET] {
        let fields = fields(&mut ada, &path, &nothing, secret).await;
        let answer = send(&mut ada, "/do/connectors/change", &fields).await;
        answers.push(answer.assert_status(403).text());
    }
    assert_eq!(answers[0], answers[1]);
}
