//! Accounts and the links that connect them.

use serde_json::{Value, json};

use super::reading;
use crate::{
    api_reading::Reading,
    support::{assert_refusal, data},
};

#[tokio::test]
async fn nothing_works_with_passwords_and_templates() {
    let reading = reading().await;
    let password = json!({ "mode": "updatePassword", "newPassword": "secret" });
    for (method, path, body) in [
        ("POST", "/api/accounts".to_owned(), json!({ "emailid": "a@x.test", "accountType": "1" })),
        ("PUT", format!("/api/accounts/{}", reading.account), password),
        ("GET", reading.at("templates"), Value::Null),
        ("GET", reading.at("templates?start=0&limit=25&sortorder=true&sortBy=date&view=count"), Value::Null),
        ("POST", reading.at("templates"), json!({ "subject": "a" })),
    ] {
        let answer = reading.application.send(method, &path, &body).await;
        assert_refusal(&answer, 400, "NOT_SUPPORTED");
    }
}

const RETURN: &str = "https://crm.example.com/mailboxes";

/// Verifies the connector, so that links can be made for it.
async fn verify(reading: &Reading) {
    let verified = "UPDATE connectors SET state = 'verified', verified_at = 1";
    reading.scene.world.raw.run(verified).await.expect("verified");
}

async fn allow_return(reading: &Reading) {
    let world = &reading.scene.world;
    let admin = world.admin().await.reauthenticated().expect("a recent password");
    world.program.return_addresses.add(&admin, RETURN, false).await.expect("an answer").expect("added");
}

fn link(more: &Value) -> Value {
    let mut body = json!({ "hintEmail": "new@contoso.test", "mailProvider": "Mail archive", "rUrl": RETURN });
    let members = more.as_object().expect("members").clone();
    body.as_object_mut().expect("an object").extend(members);
    body
}

#[tokio::test]
async fn a_link_is_an_address_of_this_program() {
    let reading = reading().await;
    verify(&reading).await;
    let path = "/api/accounts/oauth";
    let unlisted = reading.application.send("POST", path, &link(&json!({}))).await;
    assert!(unlisted.assert_status(400).body.contains("Settings > Return addresses"), "{}", unlisted.body);
    allow_return(&reading).await;
    let made = reading.application.send("POST", path, &link(&json!({ "state": "s" }))).await;
    let url = data(made.assert_status(200))["url"].as_str().expect("an address").to_owned();
    assert!(url.starts_with("http://localhost:3000/connect/"), "{url}");
    let long = reading.application.send("POST", path, &link(&json!({ "state": "ä".repeat(257) }))).await;
    let refused = assert_refusal(&long, 400, "INVALID_VALUE");
    assert!(refused["moreInfo"].as_str().expect("more").contains("512 bytes"), "{refused}");
    let unsaved = reading.application.send("POST", path, &link(&json!({ "saveSentCopy": "0" }))).await;
    assert_refusal(&unsaved, 400, "NOT_SUPPORTED");
}

#[tokio::test]
async fn only_the_owner_of_an_account_signs_in_again() {
    let reading = reading().await;
    verify(&reading).await;
    allow_return(&reading).await;
    let path = format!("/api/accounts/{}/oauth", reading.account);
    for (email, status) in
        [("grace@contoso.test", 200), ("Grace@Contoso.test", 200), ("ada@contoso.test", 400)]
    {
        let answer = reading.application.send("PUT", &path, &link(&json!({ "hintEmail": email }))).await;
        answer.assert_status(status);
    }
}

#[tokio::test]
async fn the_list_of_accounts_has_the_fields_of_one_account() {
    let reading = reading().await;
    let list = reading.application.read("/api/accounts").await;
    let one = reading.application.read(&format!("/api/accounts/{}", reading.account)).await;
    assert_eq!(list, json!([one]));
    assert_eq!(one["ac"][0]["emailAddress"], "grace@contoso.test");
    assert_eq!(one["ac"][0].get("Email Address"), None);
}
