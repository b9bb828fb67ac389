//! Creating, changing and deleting contacts.

mod calls;

use proptest::{option, prelude::*};
use serde_json::{Value, json};
use time::{Duration, macros::date};

use super::members::{self, EMPTY_EMAIL, EMPTY_PHONE, EMPTY_URL, NO_YEAR, NOTHING, OTHER_DISPLAY_NAME};
use crate::providers::{
    google::mail::contact,
    mailbox::{
        Contact, ContactEmail, ContactFields, ContactPhone, ContactPlace, MailProblem, PhoneKind, PlaceKind,
        PostalAddress,
    },
};

fn named(display: Option<&str>, [first, middle, last]: [Option<&str>; 3]) -> ContactFields {
    let [display_name, first_name, middle_name, last_name] =
        [display, first, middle, last].map(|text| text.map(str::to_owned));
    ContactFields { display_name, first_name, middle_name, last_name, ..ContactFields::default() }
}

#[test]
fn what_google_has_no_place_for_is_refused_by_name() {
    let emails = vec![ContactEmail { address: String::new(), name: Some("Ada".to_owned()) }];
    let phones = vec![ContactPhone { kind: PhoneKind::Home, number: String::new() }];
    let of = ContactFields::default;
    for (fields, words) in [
        (named(Some("The Countess"), [Some("Ada"), None, None]), OTHER_DISPLAY_NAME),
        (named(Some(""), [Some("Ada"), None, None]), OTHER_DISPLAY_NAME),
        (ContactFields { emails: Some(emails), ..of() }, EMPTY_EMAIL),
        (ContactFields { phones: Some(phones), ..of() }, EMPTY_PHONE),
        (ContactFields { urls: Some(vec![String::new()]), ..of() }, EMPTY_URL),
        (ContactFields { birthday: Some(Some(date!(0000 - 02 - 29))), ..of() }, NO_YEAR),
        (ContactFields { notes: Some(String::new()), ..of() }, NOTHING),
    ] {
        let error = members::of_new(&fields).expect_err(words);
        assert_eq!(error.problem, MailProblem::InvalidValue(words));
    }
}

#[test]
fn a_field_that_is_not_given_is_not_sent_and_one_that_is_empty_is_removed() {
    let nothing = members::of_change(&ContactFields::default(), &Value::Null).expect("members");
    assert!(nothing.is_empty(), "{nothing:?}");
    let present = json!({
        "names": [{ "displayName": "Ada", "givenName": "Ada" }], "nicknames": [{ "value": "A" }, { "value": "B" }],
        "organizations": [{ "name": "Contoso", "type": "work" }],
        "emailAddresses": [{ "value": "a@x.test" }], "phoneNumbers": [{ "value": "1" }],
        "addresses": [{ "city": "London" }], "urls": [{ "value": "https://x.test" }],
        "birthdays": [{ "date": { "year": 1815, "month": 12, "day": 10 } }], "biographies": [{ "value": "Notes" }],
    });
    let empty = ContactFields {
        nick_name: Some(String::new()),
        company: Some(String::new()),
        emails: Some(Vec::new()),
        phones: Some(Vec::new()),
        places: Some(Vec::new()),
        urls: Some(Vec::new()),
        birthday: Some(None),
        notes: Some(String::new()),
        ..named(Some(""), [Some(""), None, None])
    };
    let removed = members::of_change(&empty, &present).expect("members");
    assert!(removed.len() == 9 && removed.values().all(|list| *list == json!([])), "{removed:?}");
}

#[test]
fn items_that_a_contact_does_not_show_stay_when_their_list_is_changed() {
    let fax = json!({ "value": "9", "type": "workFax" });
    let present = json!({ "phoneNumbers": [
        { "value": "1", "type": "workMobile", "canonicalForm": "+1" }, fax, { "value": "2", "type": "home" },
    ] });
    let phone = |kind, number: &str| ContactPhone { kind, number: number.to_owned() };
    let phones = vec![phone(PhoneKind::Home, "3"), phone(PhoneKind::Mobile, "1")];
    let fields = ContactFields { phones: Some(phones), ..ContactFields::default() };
    let changed = members::of_change(&fields, &present).expect("members");
    let kept = json!({ "value": "1", "type": "workMobile", "canonicalForm": "+1" });
    assert_eq!(changed["phoneNumbers"], json!([{ "value": "3", "type": "home" }, kept, fax]));

    let present = json!({ "emailAddresses": [{ "value": "a@x.test", "type": "work" }] });
    let emails = vec![ContactEmail { address: "a@x.test".to_owned(), name: Some("Ada".to_owned()) }];
    let fields = ContactFields { emails: Some(emails), ..ContactFields::default() };
    let changed = members::of_change(&fields, &present).expect("members");
    let expected = json!([{ "value": "a@x.test", "displayName": "Ada", "type": "work" }]);
    assert_eq!(changed["emailAddresses"], expected);

    let other = json!({ "name": "Fabrikam" });
    let present =
        json!({ "organizations": [{ "name": "Contoso", "title": "Analyst", "location": "3.14" }, other] });
    let fields = ContactFields {
        job_title: Some(String::new()),
        company: Some("Tailspin".to_owned()),
        ..ContactFields::default()
    };
    let changed = members::of_change(&fields, &present).expect("members");
    assert_eq!(changed["organizations"], json!([{ "name": "Tailspin", "location": "3.14" }, other]));
}

#[test]
fn a_name_is_changed_by_its_parts_or_as_a_whole() {
    let ada = json!({ "names": [{
        "displayName": "Dr. Ada Lovelace", "unstructuredName": "Dr. Ada Lovelace", "givenName": "Ada",
        "familyName": "Lovelace", "honorificPrefix": "Dr.", "phoneticGivenName": "Ayda",
    }] });
    let with = |first: &str, last: &str, has_title: bool| {
        let mut name = json!({ "givenName": first, "familyName": last, "phoneticGivenName": "Ayda" });
        if has_title {
            name["honorificPrefix"] = "Dr.".into();
        }
        Ok(Some(json!([name])))
    };
    let wrong = || Err(MailProblem::InvalidValue(OTHER_DISPLAY_NAME));
    for (display, parts, expected) in [
        // As it was read.
        (Some("Dr. Ada Lovelace"), [Some("Ada"), None, Some("Lovelace")], Ok(None)),
        (Some("Dr. Ada Lovelace"), [None; 3], Ok(None)),
        (None, [Some("Ada"), None, None], Ok(None)),
        (None, [None, None, Some("King")], with("Ada", "King", true)),
        (Some("Dr. Ada King"), [None, None, Some("King")], with("Ada", "King", true)),
        (Some("Ada King"), [None, None, Some("King")], with("Ada", "King", false)),
        (Some("Ada Lovelace"), [None; 3], with("Ada", "Lovelace", false)),
        (Some("Grace Hopper"), [None; 3], Ok(Some(json!([{ "unstructuredName": "Grace Hopper" }])))),
        // The name that was read does not fit the new part.
        (Some("Dr. Ada Lovelace"), [None, None, Some("King")], wrong()),
        (Some(""), [None; 3], wrong()),
    ] {
        let changed = members::of_change(&named(display, parts), &ada);
        let changed = changed.map(|mut members| members.remove("names")).map_err(|error| error.problem);
        assert_eq!(changed, expected, "{display:?} {parts:?}");
    }
}

fn word() -> impl Strategy<Value = String> {
    "[a-zé]{1,8}( [a-z]{1,3})?"
}

/// The person that Google answers with: it makes the name to show.
fn answered(mut members: serde_json::Map<String, Value>) -> Value {
    members.insert("resourceName".to_owned(), "people/c1".into());
    let mut person = Value::Object(members);
    if let Some(name) = person.get_mut("names").and_then(|names| names.get_mut(0)) {
        let parts =
            ["givenName", "middleName", "familyName"].map(|part| name[part].as_str().map(str::to_owned));
        let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        if !joined.is_empty() {
            name["displayName"] = joined.into();
        }
    }
    person
}

/// The contact that has these fields.
fn contact_of(fields: &ContactFields) -> Contact {
    let fields = fields.clone();
    let given = [&fields.first_name, &fields.middle_name, &fields.last_name];
    let joined = given.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
    Contact {
        id: "c1".to_owned(),
        display_name: fields.display_name.or((!joined.is_empty()).then_some(joined)),
        first_name: fields.first_name,
        middle_name: fields.middle_name,
        last_name: fields.last_name,
        nick_name: fields.nick_name,
        company: fields.company,
        department: fields.department,
        job_title: fields.job_title,
        emails: fields.emails.unwrap_or_default(),
        phones: fields.phones.unwrap_or_default(),
        places: fields.places.unwrap_or_default(),
        urls: fields.urls.unwrap_or_default(),
        birthday: fields.birthday.flatten(),
        notes: fields.notes,
        ..Contact::default()
    }
}

fn any_fields() -> impl Strategy<Value = ContactFields> {
    let texts = prop::array::uniform9(option::of(word()));
    let emails = prop::collection::vec(("[a-z]{1,5}@x\\.test", option::of(word())), 0..=4);
    let phones = prop::collection::vec((0_usize..4, word()), 0..=5);
    let places = prop::collection::vec((0_usize..3, option::of(word()), word()), 0..=4);
    let urls = prop::collection::vec(word(), 0..=3);
    (texts, emails, phones, places, urls, option::of(0_u16..3000)).prop_map(
        |(texts, emails, phones, places, urls, day)| {
            let [
                display,
                first_name,
                middle_name,
                last_name,
                nick_name,
                company,
                department,
                job_title,
                notes,
            ] = texts;
            let has_part = first_name.is_some() || middle_name.is_some() || last_name.is_some();
            let phone = |(kind, number): (usize, String)| ContactPhone { kind: PHONES[kind], number };
            let place = |(kind, street, city): (usize, Option<String>, String)| ContactPlace {
                kind: PLACES[kind],
                address: PostalAddress { street, city: Some(city), ..PostalAddress::default() },
            };
            ContactFields {
                folder: None,
                display_name: display.filter(|_| !has_part),
                first_name,
                middle_name,
                last_name,
                nick_name,
                company,
                department,
                job_title,
                emails: Some(
                    emails.into_iter().map(|(address, name)| ContactEmail { address, name }).collect(),
                ),
                phones: Some(phones.into_iter().map(phone).collect()),
                places: Some(places.into_iter().map(place).collect()),
                urls: Some(urls),
                birthday: Some(day.map(|day| date!(1815 - 12 - 10) + Duration::days(day.into()))),
                // A contact without any value is refused.
                notes: notes.or_else(|| Some("Notes".to_owned())),
            }
        },
    )
}

const PHONES: [PhoneKind; 4] = [PhoneKind::Business, PhoneKind::Home, PhoneKind::Mobile, PhoneKind::Other];
const PLACES: [PlaceKind; 3] = [PlaceKind::Business, PlaceKind::Home, PlaceKind::Other];

proptest! {
    #[test]
    fn a_contact_is_read_back_as_it_was_written(fields in any_fields()) {
        let written = members::of_new(&fields).expect("members");
        prop_assert_eq!(contact::read(&answered(written)), Some(contact_of(&fields)));
    }

    #[test]
    fn a_contact_that_is_sent_as_it_was_read_stays_what_it_is(fields in any_fields()) {
        let person = answered(members::of_new(&fields).expect("members"));
        let read = contact::read(&person).expect("a contact");
        let again = ContactFields { display_name: read.display_name.clone(), ..fields };
        let changed = members::of_change(&again, &person).expect("members");
        prop_assert!(!changed.contains_key("names"));
        for (name, list) in changed {
            let present = person.get(&name).cloned().unwrap_or_else(|| json!([]));
            prop_assert_eq!(list, present, "{}", name);
        }
    }
}
