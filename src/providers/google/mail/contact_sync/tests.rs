//! Changes of contacts.

use serde_json::{Value, json};

use super::{Token, changes};
use crate::providers::{
    google::mail::people::script::{Script, found, person, refusal},
    mailbox::{Contact, MailProblem},
};

fn ids(contacts: &[Contact]) -> Vec<&str> {
    contacts.iter().map(|contact| contact.id.as_str()).collect()
}

fn deleted(id: &str) -> Value {
    json!({ "resourceName": format!("people/{id}"), "metadata": { "deleted": true } })
}

#[tokio::test]
async fn changes_come_in_pages_that_are_all_asked_for_in_the_same_way() {
    let script = Script::new([
        found(json!({ "connections": [person("c1", "Ada", "#1"), {}], "nextPageToken": "p/1" })),
        found(json!({ "connections": [person("c2", "Bob", "#1")], "nextSyncToken": "s=1" })),
        found(json!({ "connections": [deleted("c1"), deleted("me")], "nextPageToken": "p2" })),
        found(json!({ "nextSyncToken": "s2" })),
    ]);
    let google = script.google();
    let mut token: Option<String> = None;
    let mut seen = Vec::new();
    for _ in 0..4 {
        let part = changes(&google, token.as_deref()).await.expect("changes");
        seen.push((ids(&part.changed).join(","), part.removed.join(","), part.has_more));
        token = Some(part.token);
    }
    let part = |changed: &str, removed: &str, has_more| (changed.to_owned(), removed.to_owned(), has_more);
    assert_eq!(
        seen,
        [part("c1", "", true), part("c2", "", false), part("", "c1", true), part("", "", false)]
    );
    let first = "GET /people/me/connections?pageSize=100&requestSyncToken=true";
    let rest = ["", "&pageToken=p/1", "&syncToken=s=1", "&syncToken=s=1&pageToken=p2"];
    assert_eq!(script.paths(), rest.map(|rest| format!("{first}{rest}")));
    let last = Token { sync: Some("s2".to_owned()), page: None };
    assert_eq!(Token::read(&token.expect("a token")), Ok(last));
}

#[tokio::test]
async fn a_contact_with_a_new_id_is_a_removed_one_and_a_new_one() {
    let mut renamed = person("c2", "Ada", "#2");
    renamed["metadata"]["previousResourceNames"] = json!(["people/c1", "people/c2", "people/me"]);
    let script = Script::new([found(json!({ "connections": [renamed], "nextSyncToken": "s" }))]);
    let part = changes(&script.google(), None).await.expect("changes");
    assert_eq!((ids(&part.changed), part.removed.as_slice()), (vec!["c2"], &["c1".to_owned()][..]));
}

#[tokio::test]
async fn a_token_that_google_has_forgotten_has_expired() {
    let token = Token { sync: Some("s".to_owned()), page: None }.written().expect("a token");
    let expired = "Sync token is expired. Clear local cache and retry call without the sync token.";
    let script =
        Script::new([refusal(400, "FAILED_PRECONDITION", expired), refusal(410, "FAILED_PRECONDITION", "")]);
    for _ in 0..2 {
        let error = changes(&script.google(), Some(&token)).await.expect_err("expired");
        assert_eq!(error.problem, MailProblem::SyncTokenExpired);
    }
    // The token of a page, and one that has lost its account.
    let page = Token { sync: None, page: Some("p".to_owned()) }.written().expect("a token");
    for token in [&page, &token] {
        let script = Script::new([refusal(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")]);
        let error = changes(&script.google(), Some(token)).await.expect_err("unknown");
        assert_eq!(error.problem, MailProblem::SyncTokenExpired);
    }
    let script = Script::new([refusal(403, "PERMISSION_DENIED", "No.")]);
    let error = changes(&script.google(), Some(&token)).await.expect_err("refused");
    assert_eq!(error.problem, MailProblem::Refused, "the token was not the reason");
    let script = Script::new([refusal(400, "FAILED_PRECONDITION", "Anything.")]);
    let error = changes(&script.google(), None).await.expect_err("refused");
    assert_eq!(error.problem, MailProblem::Refused, "there was no token");
}

#[tokio::test]
async fn a_text_that_is_no_token_asks_nothing() {
    let script = Script::new([]);
    for wrong in
        ["", "{}", "x", "/people/me", r#"{"sync":null,"page":null}"#, r#"{"sync":"s","page":null,"x":1}"#]
    {
        let error = changes(&script.google(), Some(wrong)).await.expect_err(wrong);
        assert_eq!(error.problem, MailProblem::InvalidValue("token"), "{wrong}");
    }
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn an_answer_without_any_token_is_garbled() {
    let script = Script::new([found(json!({ "connections": [] }))]);
    let error = changes(&script.google(), None).await.expect_err("no token");
    assert_eq!(error.problem, MailProblem::Garbled);
}
