//! The calls about accounts: list, get, enable and disable, delete, and the links with which people connect.

use mail360::{clients::model::TypedClient, platform::clock::Clock};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    api_reading::Reading,
    support::{Application, Kind, assert_refusal, data},
};

const RETURN: &str = "https://crm.example.com/mailboxes";

#[rstest]
#[tokio::test]
async fn an_account_has_mail360s_shape_in_the_list_and_alone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let reading = Reading::new(kind).await;
    let one = reading.application.read(&format!("/api/accounts/{}", reading.account)).await;
    assert_eq!(one["account_key"], reading.account.to_string());
    let facts = json!({
        "emailAddress": "grace@contoso.test", "type": "IMAP_ACCOUNT", "enabled": true, "isOAuthAcc": true,
        "incomingBlocked": false, "state": "connected", "connector": "Mail archive", "provider": "outlook",
    });
    for (name, value) in facts.as_object().expect("fields") {
        assert_eq!(&one["ac"][0][name], value, "{name}");
    }
    assert!(one["ac"][0]["permissions"].as_array().expect("a list").contains(&json!("Mail.Read")));
    assert_eq!(reading.application.read("/api/accounts?limit=200").await.as_array().map(Vec::len), Some(1));
    assert_eq!(reading.application.read("/api/accounts").await, json!([one]));
    for (state, incoming) in [("retrying", false), ("needs_sign_in", true), ("waiting_for_company", true)] {
        let change = format!("UPDATE accounts SET state = '{state}'");
        reading.scene.world.raw.run(&change).await.expect("changed");
        let facts = &reading.application.read("/api/accounts").await[0]["ac"][0];
        assert_eq!((&facts["state"], &facts["incomingBlocked"]), (&json!(state), &json!(incoming)));
    }
}

#[rstest]
#[tokio::test]
async fn the_list_goes_on_with_a_cursor_of_the_same_client(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let reading = Reading::new(kind).await;
    for name in ["ada", "bob", "cleo", "dan"] {
        reading.scene.connect(name).await;
    }
    let (mut found, mut path) = (Vec::new(), "/api/accounts?limit=2".to_owned());
    loop {
        let answer = reading.application.get(&path).await;
        let page = data(answer.assert_status(200));
        found.extend(page.as_array().expect("a list").iter().map(|it| it["ac"][0]["emailAddress"].clone()));
        let next = answer.header("next-cursor");
        if next.is_empty() {
            break;
        }
        path = format!("/api/accounts?limit=2&cursor={next}");
        let other = Application::with_everything(&reading.scene.world).await;
        assert_refusal(&other.get(&path).await, 400, "INVALID_VALUE");
        let larger = reading.application.get(&path.replace("limit=2", "limit=3")).await;
        assert_refusal(&larger, 400, "INVALID_VALUE");
    }
    let names = ["ada", "bob", "cleo", "dan", "grace"].map(|name| json!(format!("{name}@contoso.test")));
    assert_eq!(found, names);
    reading.scene.world.clock.advance(time::Duration::hours(25));
    assert_refusal(&reading.application.get(&path).await, 400, "INVALID_VALUE");
}

#[rstest]
#[tokio::test]
async fn an_account_is_disabled_enabled_and_deleted_by_a_client_and_the_activity_names_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut reading = Reading::new(kind).await;
    let path = format!("/api/accounts/{}", reading.account);
    for (mode, enabled) in [("disableAccount", false), ("disableAccount", false), ("enableAccount", true)] {
        let answer = reading.application.send("PUT", &path, &json!({ "mode": mode })).await;
        let done = json!({ "status": { "code": 200, "description": "success" } });
        assert_eq!(serde_json::from_str::<Value>(&answer.assert_status(200).body).expect("JSON"), done);
        assert_eq!(reading.application.read(&path).await["ac"][0]["enabled"], enabled);
    }
    let password = json!({ "mode": "updatePassword", "newPassword": "x" });
    assert_refusal(&reading.application.send("PUT", &path, &password).await, 400, "NOT_SUPPORTED");
    let history = reading.scene.ada.get(&format!("/accounts/{}", reading.account)).await;
    history.assert_status(200).assert_says("CRM (API client) paused the account");
    reading.application.send("DELETE", &path, &Value::Null).await.assert_status(200);
    assert_refusal(&reading.application.get(&path).await, 404, "NOT_FOUND");
    assert_refusal(&reading.application.send("DELETE", &path, &Value::Null).await, 404, "NOT_FOUND");
    let by_client = "SELECT COUNT(*) FROM activity WHERE client_id IS NOT NULL AND action IN ('account.paused', \
                     'account.resumed', 'account.deleted')";
    assert_eq!(reading.scene.world.raw.one::<i64>(by_client).await, 3);
    let native = json!({ "emailid": "a@x.test", "accountType": "1" });
    assert_refusal(&reading.application.send("POST", "/api/accounts", &native).await, 400, "NOT_SUPPORTED");
}

#[rstest]
#[tokio::test]
async fn a_link_needs_a_connector_of_the_client_and_a_listed_return_address(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let reading = Reading::new(kind).await;
    let world = &reading.scene.world;
    world.raw.run("UPDATE connectors SET state = 'verified', verified_at = 1").await.expect("verified");
    let body = |name: &str| {
        json!({ "hintEmail": "new@contoso.test", "mailProvider": name, "rUrl": RETURN, "state": "s-1",
                "gmailTypeSync": "true", "syncFromDate": "1", "saveSentCopy": "1" })
    };
    let unlisted = reading.application.send("POST", "/api/accounts/oauth", &body("MAIL archive")).await;
    let refused = assert_refusal(&unlisted, 400, "INVALID_VALUE");
    let more_info = refused["moreInfo"].as_str().expect("more");
    assert!(
        more_info.starts_with("rUrl: ") && more_info.contains("Settings > Return addresses"),
        "{more_info}"
    );
    let admin = world.admin().await.reauthenticated().expect("a recent password");
    world.program.return_addresses.add(&admin, RETURN, false).await.expect("an answer").expect("added");
    let made = reading.application.send("POST", "/api/accounts/oauth", &body("MAIL archive")).await;
    let link = data(made.assert_status(200));
    assert_eq!(link["success"], true);
    assert!(link["url"].as_str().expect("an address").starts_with("http://localhost:3000/connect/"));
    let again = json!({ "hintEmail": "grace@contoso.test", "mailProvider": "Mail archive", "rUrl": RETURN });
    let path = format!("/api/accounts/{}/oauth", reading.account);
    reading.application.send("PUT", &path, &again).await.assert_status(200);
    let other = json!({ "hintEmail": "ada@contoso.test", "mailProvider": "Mail archive", "rUrl": RETURN });
    assert_refusal(&reading.application.send("PUT", &path, &other).await, 400, "INVALID_VALUE");
    let unknown = reading.application.send("POST", "/api/accounts/oauth", &body("Nothing")).await;
    assert_refusal(&unknown, 400, "INVALID_VALUE");
    assert_eq!(world.raw.one::<i64>("SELECT COUNT(*) FROM connect_links WHERE source = 'api'").await, 2);
    // A client that reaches another connector alone sees neither this one nor its account.
    let typed = TypedClient {
        name: "Limited".to_owned(),
        scopes: vec!["MailApps.accounts.ALL MailApps.messages.ALL".to_owned()],
        reach: "connected".to_owned(),
        ..TypedClient::default()
    };
    let limited = Application::of(world, typed).await;
    assert_refusal(&limited.get(&format!("/api/accounts/{}", reading.account)).await, 404, "NOT_FOUND");
    assert_refusal(&limited.get(&reading.at("messages")).await, 404, "NOT_FOUND");
    assert_eq!(limited.read("/api/accounts").await, json!([]));
}

#[rstest]
#[tokio::test]
async fn a_client_that_was_revoked_while_its_key_is_remembered_makes_no_link(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let reading = Reading::new(kind).await;
    let world = &reading.scene.world;
    world.raw.run("UPDATE connectors SET state = 'verified', verified_at = 1").await.expect("verified");
    let admin = world.admin().await.reauthenticated().expect("a recent password");
    world.program.return_addresses.add(&admin, RETURN, false).await.expect("an answer").expect("added");
    reading.application.read("/api/accounts").await;
    // As another process revokes it, of which this one learns when it forgets the key.
    let revoke = format!("UPDATE api_clients SET revoked_at = {}", world.clock.now().micros());
    world.raw.run(&revoke).await.expect("revoked");
    let body = json!({ "hintEmail": "grace@contoso.test", "mailProvider": "Mail archive", "rUrl": RETURN });
    for (method, path) in [
        ("POST", "/api/accounts/oauth".to_owned()),
        ("PUT", format!("/api/accounts/{}/oauth", reading.account)),
    ] {
        let answer = reading.application.send(method, &path, &body).await;
        assert_refusal(&answer, 401, "INVALID_OAUTHTOKEN");
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"", "{method}");
    }
    assert_eq!(world.raw.one::<i64>("SELECT COUNT(*) FROM connect_links").await, 0);
}

#[tokio::test]
async fn a_connector_is_read_by_its_service_name() {
    let reading = Reading::new(Kind::Sqlite).await;
    let connector = reading.application.read("/api/connectors/mail%20archive").await;
    assert_eq!((&connector["name"], &connector["provider"]), (&json!("Mail archive"), &json!("outlook")));
    assert!(connector["permissions"].as_array().expect("a list").contains(&json!("Mail.Read")));
    assert_refusal(&reading.application.get("/api/connectors/nothing").await, 404, "NOT_FOUND");
}
