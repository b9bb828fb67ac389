//! Contacts: lists, searches over folders, changes.

use serde_json::{Value, json};

use super::script::{Script, found, part, refusal};
use crate::providers::{
    mailbox::{Contact, ContactFolder, ContactQuery, ContactSearch, MailProblem, Mailbox, Position},
    microsoft::mail::contact::SELECT,
};

fn ids(contacts: &[Contact]) -> Vec<&str> {
    contacts.iter().map(|contact| contact.id.as_str()).collect()
}

fn list(items: Value) -> Value {
    json!({ "value": items })
}

#[tokio::test]
async fn a_list_goes_on_at_its_own_link_and_never_elsewhere() {
    let next = "/me/contacts?$skip=2&x=%27";
    let script = Script::new([
        part(json!([{ "id": "1" }, {}, { "id": "2" }]), next),
        found(list(json!([{ "id": "3" }]))),
    ]);
    let mut query = ContactQuery { folder: None, position: Position::Skip(4), limit: 2 };
    let page = script.mailbox.list_contacts(&script.call(), &query).await.expect("a page");
    assert_eq!((ids(&page.contacts), page.next.as_deref()), (vec!["1", "2"], Some(next)));
    query.position = Position::After(next.to_owned());
    let page = script.mailbox.list_contacts(&script.call(), &query).await.expect("a page");
    assert_eq!((ids(&page.contacts), page.next), (vec!["3"], None));
    let first = format!("/me/contacts?$select={SELECT}&$orderby=displayName&$top=2&$skip=4");
    assert_eq!(script.paths(), [first, "/me/contacts?$skip=2&x='".to_owned()]);

    let elsewhere = json!({ "value": [], "@odata.nextLink": "https://evil.example/v1.0/me/contacts" });
    let script = Script::new([found(elsewhere)]);
    query.position = Position::Skip(0);
    let error = script.mailbox.list_contacts(&script.call(), &query).await.expect_err("another host");
    assert_eq!(error.problem, MailProblem::Garbled);
}

#[tokio::test]
async fn a_search_by_email_asks_every_folder_and_finds_a_contact_once() {
    let script = Script::new([
        found(list(json!([{ "id": "1" }]))),
        found(list(json!([{ "id": "f", "displayName": "F" }, { "id": "gone" }]))),
        found(list(json!([]))),
        found(list(json!([]))),
        found(list(json!([{ "id": "1" }, { "id": "2" }]))),
        refusal(404, "ErrorItemNotFound"),
    ]);
    let search = ContactSearch::Email("o'neil@contoso.test".to_owned());
    let contacts = script.mailbox.search_contacts(&script.call(), &search, 30).await.expect("contacts");
    assert_eq!(ids(&contacts), ["1", "2"]);
    let filter = "$filter=emailAddresses/any(a:a/address eq 'o''neil@contoso.test')";
    let paths = script.paths();
    assert_eq!(paths[0], format!("/me/contacts?$select={SELECT}&{filter}&$top=30"));
    assert_eq!(paths[4], format!("/me/contactFolders/f/contacts?$select={SELECT}&{filter}&$top=29"));
}

#[tokio::test]
async fn a_search_that_has_found_enough_asks_no_further_folder() {
    let script = Script::new([found(list(json!([{ "id": "1" }])))]);
    let search = ContactSearch::Email("ada@contoso.test".to_owned());
    let contacts = script.mailbox.search_contacts(&script.call(), &search, 1).await.expect("contacts");
    assert_eq!((ids(&contacts), script.paths().len()), (vec!["1"], 1));
}

#[tokio::test]
async fn names_are_compared_here_where_the_service_cannot_search_for_them() {
    let script = Script::new([
        refusal(400, "ErrorInvalidUrlQueryFilter"),
        part(
            json!([{ "id": "1", "displayName": "Grace" }, { "id": "2", "surname": "Adams" }]),
            "/me/contacts?$skip=2",
        ),
        found(list(json!([{ "id": "3", "givenName": "Ada" }]))),
        found(list(json!([]))),
    ]);
    let search = ContactSearch::Name("ad".to_owned());
    let contacts = script.mailbox.search_contacts(&script.call(), &search, 30).await.expect("contacts");
    assert_eq!(ids(&contacts), ["2", "3"]);
    let first = script.paths().remove(0);
    assert!(first.contains("startswith(displayName,'ad') or startswith(givenName,'ad')"), "{first}");
}

#[tokio::test]
async fn changes_come_in_parts_and_their_token_is_no_address() {
    let delta = "/me/contacts/delta?$deltatoken=x";
    let script = Script::new([
        part(json!([{ "id": "1" }]), "/me/contacts/delta?$skiptoken=a"),
        found(json!({
            "value": [{ "id": "2", "@removed": { "reason": "deleted" } }, { "id": "3" }],
            "@odata.deltaLink": format!("{}{delta}", super::fake::BASE),
        })),
        refusal(410, "syncStateNotFound"),
    ]);
    let changes = script.mailbox.contact_changes(&script.call(), None).await.expect("changes");
    assert_eq!((ids(&changes.changed), changes.has_more), (vec!["1"], true));
    let changes =
        script.mailbox.contact_changes(&script.call(), Some(&changes.token)).await.expect("changes");
    assert_eq!((ids(&changes.changed), changes.removed.as_slice()), (vec!["3"], &["2".to_owned()][..]));
    assert_eq!((changes.token.as_str(), changes.has_more), (delta, false));
    let error = script.mailbox.contact_changes(&script.call(), Some(delta)).await.expect_err("expired");
    assert_eq!(error.problem, MailProblem::SyncTokenExpired);
    let asked = script.asked();
    assert_eq!(asked[0].path, "/me/contacts/delta");
    assert_eq!(asked[1].path, "/me/contacts/delta?$skiptoken=a");
    assert!(asked.iter().all(|asked| asked.prefer == r#"IdType="ImmutableId", odata.maxpagesize=100"#));
    for wrong in ["", "me/contacts", "@evil.example/", "/me/contacts delta"] {
        let error = script.mailbox.contact_changes(&script.call(), Some(wrong)).await.expect_err(wrong);
        assert_eq!(error.problem, MailProblem::InvalidValue("token"), "{wrong}");
    }
}

#[tokio::test]
async fn folders_are_listed_with_those_within_them() {
    let script = Script::new([
        part(
            json!([{ "id": "a", "displayName": "A", "parentFolderId": "default" }]),
            "/me/contactFolders?$skip=1",
        ),
        found(list(json!([{ "id": "b", "displayName": "B", "parentFolderId": "default" }]))),
        found(list(json!([{ "id": "c", "displayName": "C", "parentFolderId": "a" }]))),
        refusal(404, "ErrorItemNotFound"),
        found(list(json!([]))),
    ]);
    let folders = script.mailbox.list_contact_folders(&script.call()).await.expect("folders");
    let folder = |id: &str, name: &str, parent: Option<&str>| ContactFolder {
        id: id.to_owned(),
        name: name.to_owned(),
        parent: parent.map(str::to_owned),
    };
    assert_eq!(folders, [folder("a", "A", None), folder("b", "B", None), folder("c", "C", Some("a"))]);
    let paths: Vec<_> =
        script.paths().into_iter().map(|path| path.split('?').next().map(str::to_owned)).collect();
    let expected = ["", "", "/a/childFolders", "/b/childFolders", "/c/childFolders"];
    assert_eq!(paths, expected.map(|rest| Some(format!("/me/contactFolders{rest}"))));
}

#[tokio::test]
async fn a_contact_without_permission_names_the_permission() {
    let script = Script::new([refusal(403, "ErrorAccessDenied"), refusal(404, "ErrorItemNotFound")]);
    let error = script.mailbox.get_contact(&script.call(), "AAMk=").await.expect_err("refused");
    assert_eq!(error.problem, MailProblem::PermissionNotGranted("Contacts.Read"));
    let error = script.mailbox.get_contact(&script.call(), "AAMk=").await.expect_err("no contact");
    assert_eq!(error.problem, MailProblem::NotFound);
    let error = script.mailbox.get_contact(&script.call(), "../messages").await.expect_err("no id");
    assert_eq!(error.problem, MailProblem::NotFound);
}

#[tokio::test]
async fn a_list_of_folders_of_contacts_is_whole_or_refused() {
    for (count, is_whole) in [(199, true), (200, false)] {
        let at_top: Vec<_> = (0..count).map(|number| json!({ "id": format!("f{number}") })).collect();
        // One request for the folders at the top, and one for each that a call reads.
        let within = (0..199).map(|_| found(list(json!([]))));
        let script = Script::new(std::iter::once(found(list(json!(at_top)))).chain(within));
        let folders = script.mailbox.list_contact_folders(&script.call()).await;
        match folders {
            Ok(folders) => assert!(is_whole && folders.len() == count, "{}", folders.len()),
            Err(error) => assert!(!is_whole && matches!(error.problem, MailProblem::TooMany(_)), "{error:?}"),
        }
        assert_eq!(script.paths().len(), 200);
    }
}
