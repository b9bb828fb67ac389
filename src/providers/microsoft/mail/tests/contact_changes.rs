//! Creating, changing and deleting contacts.

use ::http::Method;
use serde_json::json;

use super::script::{Script, done, found, refusal};
use crate::providers::mailbox::{ContactEmail, ContactFields, MailProblem, MailboxChanges};

fn ada() -> ContactFields {
    ContactFields {
        display_name: Some("Ada".to_owned()),
        emails: Some(vec![ContactEmail { address: "ada@contoso.test".to_owned(), name: None }]),
        notes: Some(String::new()),
        ..ContactFields::default()
    }
}

fn answer(etag: &str) -> serde_json::Value {
    json!({ "id": "AAMk=", "displayName": "Ada", "@odata.etag": etag })
}

#[tokio::test]
async fn a_contact_is_created_in_the_default_folder_or_in_a_named_one() {
    let script = Script::new([found(answer("W/\"1\"")), found(answer("W/\"2\""))]);
    let created = script.mailbox.create_contact(&script.call(), &ada()).await.expect("a contact");
    assert_eq!((created.id.as_str(), created.etag.as_deref()), ("AAMk=", Some("W/\"1\"")));
    let within = ContactFields { folder: Some("friends+/=".to_owned()), ..ada() };
    script.mailbox.create_contact(&script.call(), &within).await.expect("a contact");
    let asked = script.asked();
    assert!(asked.iter().all(|asked| asked.method == Method::POST && asked.if_match.is_empty()));
    assert_eq!(asked[0].path, "/me/contacts");
    assert_eq!(asked[1].path, "/me/contactFolders/friends%2B%2F%3D/contacts");
    let emails = json!([{ "address": "ada@contoso.test", "name": "ada@contoso.test" }]);
    let body = json!({ "displayName": "Ada", "emailAddresses": emails });
    assert_eq!(asked[0].body.as_ref(), Some(&body), "what is empty is not sent");
}

#[tokio::test]
async fn a_contact_is_changed_only_if_it_is_still_the_version_that_the_caller_has_read() {
    let script = Script::new([found(answer("W/\"1\"")), found(answer("W/\"2\""))]);
    let changed = script.mailbox.update_contact(&script.call(), "AAMk=", &ada(), "W/\"1\"").await;
    assert_eq!(changed.expect("a contact").etag.as_deref(), Some("W/\"2\""));
    let asked = script.asked();
    assert_eq!((&asked[0].method, asked[0].path.as_str()), (&Method::GET, "/me/contacts/AAMk%3D?$select=id"));
    assert_eq!((&asked[1].method, asked[1].if_match.as_str()), (&Method::PATCH, "W/\"1\""));
    assert_eq!(asked[1].path, "/me/contacts/AAMk%3D");
    assert_eq!(asked[1].body.as_ref().expect("a body")["personalNotes"], json!(null), "it is removed");
    assert!(asked[1].body.as_ref().is_some_and(|body| body.get("surname").is_none()), "it stays");

    let script = Script::new([found(answer("W/\"2\""))]);
    let error = script.mailbox.update_contact(&script.call(), "AAMk=", &ada(), "W/\"1\"").await;
    assert_eq!(error.expect_err("another version").problem, MailProblem::EtagMismatch);
    script.asked();

    // It was changed between the two requests.
    let script = Script::new([found(answer("W/\"1\"")), refusal(412, "ErrorIrresolvableConflict")]);
    let error = script.mailbox.update_contact(&script.call(), "AAMk=", &ada(), "W/\"1\"").await;
    assert_eq!(error.expect_err("another version").problem, MailProblem::EtagMismatch);
    script.asked();

    // A service that gives no version leaves it to the condition.
    let script = Script::new([found(json!({ "id": "AAMk=" })), found(answer("W/\"2\""))]);
    script.mailbox.update_contact(&script.call(), "AAMk=", &ada(), "W/\"1\"").await.expect("a contact");
    assert_eq!(script.asked()[1].if_match, "W/\"1\"");
}

#[tokio::test]
async fn a_change_that_cannot_be_made_asks_nothing() {
    let script = Script::new([]);
    let moved = ContactFields { folder: Some("friends".to_owned()), ..ada() };
    let four = vec![ContactEmail { address: "a@contoso.test".to_owned(), name: None }; 4];
    let four = ContactFields { emails: Some(four), ..ContactFields::default() };
    for (fields, etag) in [(&moved, "W/\"1\""), (&four, "W/\"1\""), (&ada(), "W/\"1\"\r\nx: y")] {
        let error = script.mailbox.update_contact(&script.call(), "AAMk=", fields, etag).await;
        let error = error.expect_err("refused");
        assert!(matches!(error.problem, MailProblem::InvalidValue(_)), "{error:?}");
    }
    let error = script.mailbox.create_contact(&script.call(), &four).await.expect_err("refused");
    assert!(matches!(error.problem, MailProblem::InvalidValue(_)), "{error:?}");
    let error = script.mailbox.delete_contact(&script.call(), "../messages").await.expect_err("no id");
    assert_eq!(error.problem, MailProblem::NotFound);
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn a_contact_is_deleted_and_one_that_is_gone_is_not_found() {
    let script = Script::new([done(), refusal(404, "ErrorItemNotFound"), refusal(403, "ErrorAccessDenied")]);
    script.mailbox.delete_contact(&script.call(), "AAMk=").await.expect("deleted");
    let error = script.mailbox.delete_contact(&script.call(), "AAMk=").await.expect_err("gone");
    assert_eq!(error.problem, MailProblem::NotFound);
    let error = script.mailbox.delete_contact(&script.call(), "AAMk=").await.expect_err("refused");
    assert_eq!(error.problem, MailProblem::PermissionNotGranted("Contacts.ReadWrite"));
    let asked = script.asked();
    assert_eq!((&asked[0].method, asked[0].path.as_str()), (&Method::DELETE, "/me/contacts/AAMk%3D"));
}
