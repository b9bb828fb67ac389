//! Lists and searches of contacts.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Place, fits, folders, get, list, search};
use crate::providers::{
    google::mail::people::script::{Script, found, not_found, person, refusal},
    mailbox::{Contact, ContactEmail, ContactFolder, ContactQuery, ContactSearch, MailProblem, Position},
};

fn ids(contacts: &[Contact]) -> Vec<&str> {
    contacts.iter().map(|contact| contact.id.as_str()).collect()
}

fn people(ids: &[&str]) -> Vec<Value> {
    ids.iter().map(|id| person(id, "Ada", "#1")).collect()
}

fn connections(ids: &[&str], next: Option<&str>) -> Value {
    json!({ "connections": people(ids), "nextPageToken": next })
}

fn query(folder: Option<&str>, position: Position, limit: u32) -> ContactQuery {
    ContactQuery { folder: folder.map(str::to_owned), position, limit }
}

#[tokio::test]
async fn a_list_goes_on_where_it_ended_with_pages_of_the_same_size() {
    let script = Script::new([
        found(connections(&["c1", "c2", "c3"], Some("p.1"))),
        found(connections(&["c4", "c5"], None)),
        found(json!({})),
    ]);
    let google = script.google();
    let page = list(&google, &query(None, Position::Skip(1), 2)).await.expect("a page");
    assert_eq!((ids(&page.contacts), page.next.as_deref()), (vec!["c2", "c3"], Some("3.0.p.1")));
    let next = Position::After(page.next.expect("a position"));
    let page = list(&google, &query(Some("myContacts"), next, 2)).await.expect("a page");
    assert_eq!((ids(&page.contacts), page.next), (vec!["c4", "c5"], None));
    let page = list(&google, &query(None, Position::Skip(0), 200)).await.expect("a page");
    assert_eq!((page.contacts.len(), page.next), (0, None), "an empty list is left out");
    let path = "GET /people/me/connections?sortOrder=FIRST_NAME_ASCENDING&pageSize=";
    assert_eq!(script.paths(), ["3", "3&pageToken=p.1", "200"].map(|rest| format!("{path}{rest}")));
}

#[tokio::test]
async fn a_part_of_a_page_is_read_again_for_the_next_call() {
    let page_of_four = || found(connections(&["c1", "c2", "c3", "c4"], Some("p")));
    let script = Script::new([page_of_four()]);
    let google = script.google();
    let part = list(&google, &query(None, Position::After("4.1.".to_owned()), 2)).await.expect("a page");
    assert_eq!((ids(&part.contacts), part.next.as_deref()), (vec!["c2", "c3"], Some("4.3.")));
    let script = Script::new([page_of_four(), found(connections(&["c5"], None))]);
    let google = script.google();
    let part = list(&google, &query(None, Position::After("4.3.".to_owned()), 2)).await.expect("a page");
    assert_eq!((ids(&part.contacts), part.next), (vec!["c4", "c5"], None));
    assert_eq!(script.paths().len(), 2);
}

#[tokio::test]
async fn a_list_whose_page_google_has_forgotten_begins_again() {
    let refused = || refusal(400, "INVALID_ARGUMENT", "Request contains an invalid argument.");
    for (position, is_forgotten) in [(Position::After("2.0.p".to_owned()), true), (Position::Skip(0), false)]
    {
        let script = Script::new([refused()]);
        let error = list(&script.google(), &query(None, position, 2)).await.expect_err("refused");
        assert_eq!(matches!(error.problem, MailProblem::InvalidValue(_)), is_forgotten, "{error:?}");
    }
}

#[tokio::test]
async fn contacts_behind_many_others_are_reached_over_their_pages() {
    let many: Vec<String> = (0..1_000).map(|number| format!("c{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let script =
        Script::new([found(connections(&many, Some("p1"))), found(connections(&["c1000", "c1001"], None))]);
    let page = list(&script.google(), &query(None, Position::Skip(1_001), 10)).await.expect("a page");
    assert_eq!((ids(&page.contacts), page.next), (vec!["c1001"], None));
}

#[tokio::test]
async fn pages_without_contacts_end_a_call_but_not_the_list() {
    let script = Script::new((0..20).map(|_| found(connections(&[], Some("p")))));
    let page = list(&script.google(), &query(None, Position::Skip(0), 10)).await.expect("a page");
    assert_eq!((page.contacts.len(), page.next.as_deref()), (0, Some("10.0.p")));
    assert_eq!(script.paths().len(), 20);
}

#[tokio::test]
async fn a_position_that_is_none_of_ours_asks_nothing() {
    let script = Script::new([]);
    for wrong in ["", "1", "1.2", "0.0.p", "1001.0.p", "x.0.p", "1.-1.p"] {
        let error = list(&script.google(), &query(None, Position::After(wrong.to_owned()), 2)).await;
        assert_eq!(error.expect_err(wrong).problem, MailProblem::InvalidValue("position"), "{wrong}");
    }
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn a_group_is_listed_by_the_ids_of_its_members() {
    let names = ["people/c3", "people/c1", "people/c2", "people/me", "people/c1"];
    let group = json!({ "resourceName": "contactGroups/f1", "memberCount": 4, "memberResourceNames": names });
    let response = |id: &str| json!({ "requestedResourceName": id, "person": person(id, "Ada", "#1") });
    let gone = json!({ "httpStatusCode": 404, "status": { "code": 5 } });
    let script = Script::new([
        found(group.clone()),
        found(json!({ "responses": [response("c2"), response("c1")] })),
        found(group),
        found(json!({ "responses": [gone] })),
    ]);
    let google = script.google();
    let page = list(&google, &query(Some("f1"), Position::Skip(0), 2)).await.expect("a page");
    assert_eq!((ids(&page.contacts), page.next.as_deref()), (vec!["c1", "c2"], Some("c2")));
    let after = Position::After("c2".to_owned());
    let page = list(&google, &query(Some("f1"), after, 2)).await.expect("a page");
    assert_eq!((ids(&page.contacts), page.next), (vec![], None), "it was deleted in the meantime");
    let paths = script.paths();
    assert_eq!(paths[0], "GET /contactGroups/f1?maxMembers=10000");
    assert_eq!(paths[1], "GET /people:batchGet?resourceNames=people/c1&resourceNames=people/c2");
    assert_eq!(paths[3], "GET /people:batchGet?resourceNames=people/c3");
}

#[tokio::test]
async fn a_group_that_is_empty_missing_or_too_large_is_told_apart() {
    let large = json!({ "memberCount": 10_001, "memberResourceNames": ["people/c1"] });
    let script = Script::new([found(json!({})), not_found(), found(large)]);
    let (google, asked) = (script.google(), query(Some("f1"), Position::Skip(0), 2));
    assert!(list(&google, &asked).await.expect("a page").contacts.is_empty());
    assert_eq!(list(&google, &asked).await.expect_err("no group").problem, MailProblem::NotFound);
    let error = list(&google, &asked).await.expect_err("too large");
    assert!(matches!(error.problem, MailProblem::TooMany(_)), "{error:?}");
    let wrong = query(Some("../people"), Position::Skip(0), 2);
    assert_eq!(list(&google, &wrong).await.expect_err("no id").problem, MailProblem::NotFound);
    assert_eq!(script.paths().len(), 3);
}

#[tokio::test]
async fn a_contact_is_read_by_its_id() {
    let script = Script::new([found(person("c1", "Ada", "#1")), not_found()]);
    let google = script.google();
    assert_eq!(get(&google, "c1").await.expect("a contact").display_name.as_deref(), Some("Ada"));
    assert_eq!(get(&google, "c2").await.expect_err("no contact").problem, MailProblem::NotFound);
    assert_eq!(get(&google, "me").await.expect_err("no contact").problem, MailProblem::NotFound);
    assert_eq!(script.paths(), ["GET /people/c1", "GET /people/c2"]);
}

fn result(id: &str, name: &str, email: &str) -> Value {
    let mut person = person(id, name, "#1");
    person["emailAddresses"] = json!([{ "value": email }]);
    json!({ "person": person })
}

#[tokio::test]
async fn a_search_brings_the_copy_up_to_date_first_and_keeps_only_what_fits() {
    let results = json!({ "results": [
        result("c1", "Ada", "ada@x.test"), result("c2", "Bob", "ADA@X.test"), result("c3", "Adam", "ada@x.test.example"),
    ] });
    let script = Script::new([found(json!({})), found(results.clone()), found(json!({})), found(results)]);
    let google = script.google();
    let email = ContactSearch::Email("ada@x.test".to_owned());
    assert_eq!(ids(&search(&google, &email, 30).await.expect("contacts")), ["c1", "c2"]);
    let name = ContactSearch::Name("ada".to_owned());
    assert_eq!(ids(&search(&google, &name, 1).await.expect("contacts")), ["c1"]);
    let asked = |text: &str| format!("GET /people:searchContacts?query={text}&pageSize=30");
    assert_eq!(script.paths(), [asked(""), asked("ada@x.test"), asked(""), asked("ada")]);
}

#[tokio::test]
async fn contacts_are_compared_here_where_others_have_filled_the_search() {
    let others: Vec<_> = (0..30).map(|number| result(&format!("c{number}"), "Bob", "ada@x.test")).collect();
    let mut adam = person("c40", "Adam", "#1");
    adam["names"][0]["displayName"] = "Mr. Adam".into();
    let script = Script::new([
        found(json!({})),
        found(json!({ "results": others })),
        found(connections(&["c31"], Some("p"))),
        found(json!({ "connections": [adam] })),
    ]);
    let name = ContactSearch::Name("ada".to_owned());
    let contacts = search(&script.google(), &name, 30).await.expect("contacts");
    assert_eq!(ids(&contacts), ["c31", "c40"]);
    assert_eq!(script.paths().len(), 4);
}

#[tokio::test]
async fn the_folders_are_the_default_one_and_the_groups_of_the_user() {
    let group = |id: &str, kind: &str, name: &str| json!({ "resourceName": format!("contactGroups/{id}"), "groupType": kind, "name": name, "formattedName": name });
    let system = "SYSTEM_CONTACT_GROUP";
    let script = Script::new([
        found(json!({
            "contactGroups": [group("f1", "USER_CONTACT_GROUP", "Friends"), group("starred", system, "Starred")],
            "nextPageToken": "p",
        })),
        found(json!({ "contactGroups": [group("myContacts", system, "My Contacts"), {}] })),
    ]);
    let folder =
        |id: &str, name: &str| ContactFolder { id: id.to_owned(), name: name.to_owned(), parent: None };
    let folders = folders(&script.google()).await.expect("folders");
    assert_eq!(folders, [folder("myContacts", "My Contacts"), folder("f1", "Friends")]);
    let path = "GET /contactGroups?pageSize=1000&groupFields=groupType,name";
    assert_eq!(script.paths(), [path.to_owned(), format!("{path}&pageToken=p")]);
}

#[tokio::test]
async fn a_list_of_groups_is_whole_or_refused() {
    let script = Script::new((0..20).map(|_| found(json!({ "nextPageToken": "p" }))));
    let error = folders(&script.google()).await.expect_err("too many");
    assert!(matches!(error.problem, MailProblem::TooMany(_)), "{error:?}");
    let script = Script::new([refusal(503, "UNAVAILABLE", "The service is currently unavailable.")]);
    let error = folders(&script.google()).await.expect_err("unavailable");
    assert_eq!(error.problem, MailProblem::Unavailable);
}

#[test]
fn names_are_compared_from_their_beginning_and_addresses_whole() {
    let contact = Contact {
        first_name: Some("Ada".to_owned()),
        company: Some("Contoso".to_owned()),
        emails: vec![ContactEmail { address: "Ada@Contoso.test".to_owned(), name: None }],
        ..Contact::default()
    };
    let name = |text: &str| fits(&contact, &ContactSearch::Name(text.to_owned()));
    assert!(name("a") && name("ADA") && name("cont") && !name("da") && !name("adam"));
    let email = |text: &str| fits(&contact, &ContactSearch::Email(text.to_owned()));
    assert!(email("ada@contoso.test") && !email("ada@contoso") && !email("ada"));
}

proptest! {
    #[test]
    fn a_position_is_read_back(size in 1_usize..=1_000, skip in 0_usize..10_000, page in prop::option::of("\\PC{1,30}")) {
        let place = Place { size, skip, page };
        prop_assert_eq!(Place::read(&place.written()), Some(place));
    }

    #[test]
    fn any_text_is_a_position_or_none(text in "[0-9.x]{0,30}") {
        let _ = Place::read(&text);
    }
}
