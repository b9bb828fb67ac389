//! The requests that change contacts.

use ::http::Method;
use serde_json::{Value, json};

use super::named;
use crate::providers::{
    google::{
        mail::{
            contact_write::{create, delete, update},
            people::script::{Reply, Script, found, not_found, person, refusal},
        },
        permissions::CONTACTS,
    },
    mailbox::{ContactFields, MailProblem},
};

const FAILED_PRECONDITION: &str = "FAILED_PRECONDITION";
const OTHER_ETAG: &str = "Request person.etag is different than the current person.etag.";

fn ada() -> ContactFields {
    ContactFields { notes: Some(String::new()), ..named(None, [Some("Ada"), None, None]) }
}

fn in_group(folder: &str) -> ContactFields {
    ContactFields { folder: Some(folder.to_owned()), ..ada() }
}

/// A contact that is also in the group `f1`.
fn member() -> Value {
    let mut person = person("c1", "Ada", "#1");
    let group = json!({ "contactGroupMembership": { "contactGroupResourceName": "contactGroups/f1" } });
    person["memberships"].as_array_mut().expect("a list").push(group);
    person
}

#[tokio::test]
async fn a_contact_is_created_in_the_default_folder() {
    for folder in [None, Some("myContacts")] {
        let script = Script::new([found(person("c1", "Ada", "#1"))]);
        let fields = ContactFields { folder: folder.map(str::to_owned), ..ada() };
        let created = create(&script.google(), &fields).await.expect("a contact");
        assert_eq!((created.id.as_str(), created.etag.as_deref()), ("c1", Some("#1")));
        let asked = script.asked();
        assert_eq!((&asked[0].method, asked[0].path.as_str()), (&Method::POST, "/people:createContact"));
        let body = json!({ "names": [{ "givenName": "Ada" }] });
        assert_eq!(asked[0].body.as_ref(), Some(&body), "what is empty is not sent");
    }
}

#[tokio::test]
async fn a_contact_is_created_in_a_group_that_exists() {
    let script = Script::new([found(json!({ "resourceName": "contactGroups/f1" })), found(member())]);
    let created = create(&script.google(), &in_group("f1")).await.expect("a contact");
    assert_eq!(created.folders, ["myContacts", "f1"]);
    let asked = script.asked();
    assert_eq!((&asked[0].method, asked[0].path.as_str()), (&Method::GET, "/contactGroups/f1"));
    let groups = &asked[1].body.as_ref().expect("a body")["memberships"];
    assert_eq!(groups[0]["contactGroupMembership"]["contactGroupResourceName"], "contactGroups/myContacts");
    assert_eq!(groups[1]["contactGroupMembership"]["contactGroupResourceName"], "contactGroups/f1");

    let script = Script::new([not_found()]);
    let error = create(&script.google(), &in_group("f1")).await.expect_err("no group");
    assert_eq!((error.problem, script.paths().len()), (MailProblem::NotFound, 1));
}

#[tokio::test]
async fn a_contact_that_was_created_outside_of_its_group_is_put_there_or_deleted() {
    let group = || found(json!({ "resourceName": "contactGroups/f1" }));
    let created = || found(person("c1", "Ada", "#1"));
    let script = Script::new([group(), created(), found(json!({}))]);
    let contact = create(&script.google(), &in_group("f1")).await.expect("a contact");
    assert_eq!(contact.folders, ["myContacts", "f1"]);
    let asked = script.asked();
    assert_eq!(asked[2].path, "/contactGroups/f1/members:modify");
    assert_eq!(asked[2].body, Some(json!({ "resourceNamesToAdd": ["people/c1"] })));

    let gone = Reply::Failure;
    for (modified, deleted, expected) in [
        (not_found(), found(json!({})), MailProblem::NotFound),
        // It is deleted, so nothing is left of which to doubt.
        (gone(MailProblem::Slow), found(json!({})), MailProblem::NotSent),
        (not_found(), gone(MailProblem::Slow), MailProblem::Garbled),
    ] {
        let script = Script::new([group(), created(), modified, deleted]);
        let error = create(&script.google(), &in_group("f1")).await.expect_err("not in the group");
        assert_eq!(error.problem, expected);
        assert_eq!(script.paths()[3], "DELETE /people/c1:deleteContact");
    }
}

#[tokio::test]
async fn a_contact_is_changed_only_if_it_is_still_the_version_that_the_caller_has_read() {
    let fields = named(None, [None, None, Some("Lovelace")]);
    let script = Script::new([found(person("c1", "Ada", "#1")), found(person("c1", "Ada", "#2"))]);
    let changed = update(&script.google(), "c1", &fields, "#1").await.expect("a contact");
    assert_eq!(changed.etag.as_deref(), Some("#2"));
    let asked = script.asked();
    assert_eq!((&asked[0].method, asked[0].path.as_str()), (&Method::GET, "/people/c1"));
    let path = "/people/c1:updateContact?updatePersonFields=names";
    assert_eq!((&asked[1].method, asked[1].path.as_str()), (&Method::PATCH, path));
    let body = json!({
        "resourceName": "people/c1", "etag": "%person",
        "metadata": { "sources": [{ "type": "CONTACT", "id": "c1", "etag": "#1" }] },
        "names": [{ "givenName": "Ada", "familyName": "Lovelace" }],
    });
    assert_eq!(asked[1].body.as_ref(), Some(&body));

    let script = Script::new([found(person("c1", "Ada", "#2"))]);
    let error = update(&script.google(), "c1", &fields, "#1").await.expect_err("another version");
    assert_eq!((error.problem, script.paths().len()), (MailProblem::EtagMismatch, 1));

    // It was changed between the two requests.
    for message in [OTHER_ETAG, "Something else."] {
        let refused = refusal(400, FAILED_PRECONDITION, message);
        let script = Script::new([found(person("c1", "Ada", "#1")), refused]);
        let error = update(&script.google(), "c1", &fields, "#1").await.expect_err("another version");
        assert_eq!((error.problem, script.paths().len()), (MailProblem::EtagMismatch, 2), "{message}");
    }
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_not_sent() {
    let script = Script::new([found(person("c1", "Ada", "#1"))]);
    let same = named(Some("Ada"), [Some("Ada"), None, None]);
    let changed = update(&script.google(), "c1", &same, "#1").await.expect("a contact");
    assert_eq!((changed.etag.as_deref(), script.paths().len()), (Some("#1"), 1));
}

#[tokio::test]
async fn a_change_that_cannot_be_made_asks_nothing() {
    let script = Script::new([]);
    let google = script.google();
    let error = update(&google, "c1", &in_group("f1"), "#1").await.expect_err("no move");
    assert!(matches!(error.problem, MailProblem::InvalidValue(_)), "{error:?}");
    let other = named(Some("The Countess"), [Some("Ada"), None, None]);
    let error = create(&google, &other).await.expect_err("refused");
    assert!(matches!(error.problem, MailProblem::InvalidValue(_)), "{error:?}");
    let problems = [
        create(&google, &in_group("../people")).await.expect_err("no id").problem,
        update(&google, "me", &ada(), "#1").await.expect_err("no id").problem,
        delete(&google, "c1/x").await.expect_err("no id").problem,
    ];
    assert!(problems.iter().all(|problem| *problem == MailProblem::NotFound), "{problems:?}");
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn a_contact_is_deleted_and_one_that_is_gone_is_not_found() {
    let denied = refusal(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.");
    let Reply::Answer(status, mut said) = denied else { panic!("an answer") };
    said["error"]["details"] = json!([{ "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT" }]);
    let script = Script::new([found(json!({})), not_found(), Reply::Answer(status, said)]);
    let google = script.google();
    delete(&google, "c1").await.expect("deleted");
    assert_eq!(delete(&google, "c1").await.expect_err("gone").problem, MailProblem::NotFound);
    let error = delete(&google, "c1").await.expect_err("refused");
    assert_eq!(error.problem, MailProblem::PermissionNotGranted(CONTACTS));
    assert_eq!(script.paths()[0], "DELETE /people/c1:deleteContact");
}
