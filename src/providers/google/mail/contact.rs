//! Reads a contact from a person of the People API (People v1, `Person`).
//!
//! A field that a contact has once is the first of its list. What a contact has no place for, such as the number of a fax
//! or a birthday without a year, is not shown; a change keeps it: see `contact_write`.

use serde_json::Value;
use time::{Date, Month};

use super::{
    json::{items, number, owned, text},
    people,
};
use crate::providers::mailbox::{
    Contact, ContactEmail, ContactPhone, ContactPlace, PhoneKind, PlaceKind, PostalAddress,
};

/// The kind of data that the user has entered in the contacts.
const CONTACT: &str = "CONTACT";
/// The groups of the system that are no folders.
const NO_FOLDERS: [&str; 7] = ["all", "blocked", "chatBusy", "coworkers", "family", "friends", "starred"];
/// Types of numbers that are no telephones.
const NO_PHONES: [&str; 6] = ["homeFax", "workFax", "otherFax", "pager", "workPager", "telex"];
/// Types of nicknames that are something else.
const NO_NICKNAMES: [&str; 2] = ["INITIALS", "SHORT_NAME"];

/// A contact; `None` if it has no id.
pub(super) fn read(value: &Value) -> Option<Contact> {
    let name = first(value, "names");
    let of_name = |member: &str| name.and_then(|name| owned(name, member));
    let job = first(value, "organizations");
    let of_job = |member: &str| job.and_then(|job| owned(job, member));
    let source = source(value);
    Some(Contact {
        id: id(value)?.to_owned(),
        folders: folders(value),
        display_name: of_name("displayName").or_else(|| of_name("unstructuredName")),
        first_name: of_name("givenName"),
        middle_name: of_name("middleName"),
        last_name: of_name("familyName"),
        nick_name: own(value, "nicknames").find_map(nick_name),
        company: of_job("name"),
        department: of_job("department"),
        job_title: of_job("title"),
        emails: own(value, "emailAddresses").filter_map(email).collect(),
        phones: own(value, "phoneNumbers").filter_map(phone).collect(),
        places: own(value, "addresses").filter_map(place).collect(),
        urls: own(value, "urls").filter_map(url).collect(),
        birthday: first(value, "birthdays").and_then(birthday),
        notes: first(value, "biographies").and_then(|notes| owned(notes, "value")),
        etag: etag(value),
        updated_at: source.and_then(|source| people::time(source, "updateTime")),
    })
}

/// The id of a contact.
pub(super) fn id(value: &Value) -> Option<&str> {
    people::contact_id(text(value, "resourceName")?)
}

/// The version of a contact: that of what the user has entered, or else that of the whole person.
pub(super) fn etag(value: &Value) -> Option<String> {
    source(value).and_then(|source| owned(source, "etag")).or_else(|| owned(value, "etag"))
}

/// Where the contact's data are from.
pub(super) fn source(value: &Value) -> Option<&Value> {
    let sources = items(value.get("metadata")?, "sources");
    sources.iter().find(|source| text(source, "type") == Some(CONTACT))
}

/// The ids of the groups with the contact that are folders.
pub(super) fn folders(value: &Value) -> Vec<String> {
    let groups = items(value, "memberships").iter().filter_map(|member| {
        let group = text(member.get("contactGroupMembership")?, "contactGroupResourceName")?;
        people::folder_id(group).filter(|id| is_folder(id))
    });
    groups.map(str::to_owned).collect()
}

/// Whether a group is a folder: those of the user, and the one of all contacts.
pub(super) fn is_folder(id: &str) -> bool {
    !NO_FOLDERS.contains(&id)
}

/// The items of a list that are from the user's contacts. Those of profiles cannot be changed.
pub(super) fn own<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    items(value, name).iter().filter(|item| {
        let source = item.get("metadata").and_then(|metadata| metadata.get("source"));
        source.and_then(|source| text(source, "type")).is_none_or(|kind| kind == CONTACT)
    })
}

/// The item that is shown of a list with one item, or with the main one first.
pub(super) fn first<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    own(value, name).next()
}

pub(super) fn nick_name(value: &Value) -> Option<String> {
    let kind = text(value, "type").unwrap_or_default();
    owned(value, "value").filter(|_| !NO_NICKNAMES.contains(&kind))
}

pub(super) fn email(value: &Value) -> Option<ContactEmail> {
    let address = owned(value, "value")?;
    let name = owned(value, "displayName").filter(|name| *name != address);
    Some(ContactEmail { address, name })
}

pub(super) fn phone(value: &Value) -> Option<ContactPhone> {
    let number = owned(value, "value")?;
    let kind = text(value, "type").unwrap_or_default();
    let kind = match kind {
        "work" => PhoneKind::Business,
        "home" => PhoneKind::Home,
        "mobile" | "workMobile" => PhoneKind::Mobile,
        _ if NO_PHONES.contains(&kind) => return None,
        _ => PhoneKind::Other,
    };
    Some(ContactPhone { kind, number })
}

/// A postal address. One that only has a text is a street of several lines.
pub(super) fn place(value: &Value) -> Option<ContactPlace> {
    let kind = match text(value, "type") {
        Some("work") => PlaceKind::Business,
        Some("home") => PlaceKind::Home,
        _ => PlaceKind::Other,
    };
    let lines = ["poBox", "streetAddress", "extendedAddress"].map(|name| text(value, name));
    let lines: Vec<_> = lines.into_iter().flatten().collect();
    let mut address = PostalAddress {
        street: (!lines.is_empty()).then(|| lines.join("\n")),
        city: owned(value, "city"),
        state: owned(value, "region"),
        postal_code: owned(value, "postalCode"),
        country: owned(value, "country").or_else(|| owned(value, "countryCode")),
    };
    if address == PostalAddress::default() {
        address.street = Some(owned(value, "formattedValue")?);
    }
    Some(ContactPlace { kind, address })
}

pub(super) fn url(value: &Value) -> Option<String> {
    owned(value, "value")
}

/// The day of a birthday. One without a year, or that is only a text, is no day.
fn birthday(value: &Value) -> Option<Date> {
    let date = value.get("date")?;
    let [year, month, day] = ["year", "month", "day"].map(|name| number(date, name).filter(|part| *part > 0));
    let month = Month::try_from(u8::try_from(month?).ok()?).ok()?;
    Date::from_calendar_date(i32::try_from(year?).ok()?, month, u8::try_from(day?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use time::macros::date;

    use super::*;
    use crate::{platform::clock::Timestamp, providers::google::mail::people::FIELDS};

    #[test]
    fn every_field_of_a_contact_is_read() {
        let of = |kind: &str| json!({ "source": { "type": kind, "id": "1" } });
        let member = |group: &str| json!({ "contactGroupMembership": { "contactGroupResourceName": format!("contactGroups/{group}") } });
        let read = read(&json!({
            "resourceName": "people/c12", "etag": "%person",
            "metadata": { "sources": [
                { "type": "PROFILE", "etag": "#profile" },
                { "type": "CONTACT", "etag": "#1", "updateTime": "2026-11-28T09:30:00.5Z" },
            ] },
            "memberships": [
                member("myContacts"), member("starred"), member("3f2a"), { "domainMembership": {} }, member("../x1"),
            ],
            "names": [
                { "metadata": of("PROFILE"), "displayName": "Somebody" },
                { "metadata": of("CONTACT"), "displayName": "Ada King Lovelace", "givenName": "Ada", "middleName": "King",
                  "familyName": "Lovelace" },
            ],
            "nicknames": [{ "value": "AL", "type": "INITIALS" }, { "value": "Addie" }, { "value": "A" }],
            "organizations": [{ "name": "Contoso", "department": "Research", "title": "Analyst" }, { "name": "Other" }],
            "emailAddresses": [
                { "value": "ada@contoso.test", "displayName": "Ada", "type": "work" },
                { "value": "b@c.test", "displayName": "b@c.test" }, {},
                { "metadata": of("PROFILE"), "value": "profile@c.test" },
            ],
            "phoneNumbers": [
                { "value": "1", "type": "work" }, { "value": "2", "type": "home" }, { "value": "3", "type": "mobile" },
                { "value": "4", "type": "workMobile" }, { "value": "5", "type": "workFax" }, { "value": "6" },
                { "value": "7", "type": "boat" }, { "type": "home" },
            ],
            "addresses": [
                { "type": "work", "streetAddress": "S", "extendedAddress": "E", "city": "C", "region": "T",
                  "postalCode": "P", "country": "R", "countryCode": "RR", "formattedValue": "all" },
                { "type": "home", "formattedValue": "S\nC" }, { "type": "cabin", "countryCode": "UK" }, { "type": "home" },
            ],
            "urls": [{ "value": "https://a.test", "type": "blog" }, { "value": "https://b.test" }],
            "birthdays": [{ "date": { "year": 1815, "month": 12, "day": 10 }, "text": "12/10/1815" }],
            "biographies": [{ "value": "Notes", "contentType": "TEXT_PLAIN" }],
        }))
        .expect("a contact");
        let place = |kind, street: Option<&str>| ContactPlace {
            kind,
            address: PostalAddress { street: street.map(str::to_owned), ..PostalAddress::default() },
        };
        let work = PostalAddress {
            street: Some("S\nE".to_owned()),
            city: Some("C".to_owned()),
            state: Some("T".to_owned()),
            postal_code: Some("P".to_owned()),
            country: Some("R".to_owned()),
        };
        let mut cabin = place(PlaceKind::Other, None);
        cabin.address.country = Some("UK".to_owned());
        let phone = |kind, number: &str| ContactPhone { kind, number: number.to_owned() };
        let expected = Contact {
            id: "c12".to_owned(),
            folders: vec!["myContacts".to_owned(), "3f2a".to_owned()],
            display_name: Some("Ada King Lovelace".to_owned()),
            first_name: Some("Ada".to_owned()),
            middle_name: Some("King".to_owned()),
            last_name: Some("Lovelace".to_owned()),
            nick_name: Some("Addie".to_owned()),
            company: Some("Contoso".to_owned()),
            department: Some("Research".to_owned()),
            job_title: Some("Analyst".to_owned()),
            emails: vec![
                ContactEmail { address: "ada@contoso.test".to_owned(), name: Some("Ada".to_owned()) },
                ContactEmail { address: "b@c.test".to_owned(), name: None },
            ],
            phones: vec![
                phone(PhoneKind::Business, "1"),
                phone(PhoneKind::Home, "2"),
                phone(PhoneKind::Mobile, "3"),
                phone(PhoneKind::Mobile, "4"),
                phone(PhoneKind::Other, "6"),
                phone(PhoneKind::Other, "7"),
            ],
            places: vec![
                ContactPlace { kind: PlaceKind::Business, address: work },
                place(PlaceKind::Home, Some("S\nC")),
                cabin,
            ],
            urls: vec!["https://a.test".to_owned(), "https://b.test".to_owned()],
            birthday: Some(date!(1815 - 12 - 10)),
            notes: Some("Notes".to_owned()),
            etag: Some("#1".to_owned()),
            updated_at: Some(Timestamp::from_micros(1_795_858_200_000_000)),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn a_birthday_that_is_no_day_is_absent() {
        for (birthday, expected) in [
            (json!({ "date": { "year": 2000, "month": 2, "day": 29 } }), Some(date!(2000 - 02 - 29))),
            (json!({ "date": { "month": 2, "day": 29 } }), None),
            (json!({ "date": { "year": 0, "month": 2, "day": 29 } }), None),
            (json!({ "date": { "year": 2001, "month": 2, "day": 29 } }), None),
            (json!({ "text": "in spring" }), None),
        ] {
            let read =
                read(&json!({ "resourceName": "people/c1", "birthdays": [birthday] })).expect("a contact");
            assert_eq!(read.birthday, expected, "{birthday}");
        }
    }

    #[test]
    fn a_person_without_sources_has_the_version_of_the_whole() {
        let read = read(&json!({ "resourceName": "people/c1", "etag": "%1" })).expect("a contact");
        assert_eq!(read.etag.as_deref(), Some("%1"));
    }

    #[test]
    fn only_contacts_are_read() {
        for name in ["people/me", "people/112", "otherContacts/c1", "c1", ""] {
            assert_eq!(read(&json!({ "resourceName": name })), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn an_odd_value_hides_no_contact(
            name in prop::sample::select(FIELDS.split(',').collect::<Vec<_>>()),
            value in prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), "\\PC{0,9}".prop_map(Value::from),
                Just(json!([null, {}, 1, [], { "value": 1, "date": [], "metadata": 1 }])),
                Just(json!([{ "date": { "year": -1, "month": 1e30, "day": "x" } }])), Just(json!({ "sources": [[]] }))],
        ) {
            let contact = json!({ "resourceName": "people/c1", name: value });
            prop_assert!(read(&contact).is_some());
        }
    }
}
