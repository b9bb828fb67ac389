//! Reads a contact from the JSON of Graph (Microsoft Graph, contact resource).

use serde_json::Value;
use time::{Date, Month};

use super::read::{items, owned, text, time};
use crate::{
    platform::text::fold,
    providers::mailbox::{
        Contact, ContactEmail, ContactPhone, ContactPlace, ContactSearch, PhoneKind, PlaceKind, PostalAddress,
    },
};

/// The properties of a contact that [`read`] reads.
pub(super) const SELECT: &str = "id,parentFolderId,displayName,givenName,middleName,surname,nickName,companyName,\
                                 department,jobTitle,emailAddresses,businessPhones,homePhones,mobilePhone,\
                                 businessAddress,homeAddress,otherAddress,businessHomePage,birthday,personalNotes,\
                                 lastModifiedDateTime";

/// The kinds of postal addresses, and the properties that have them.
pub(super) const PLACES: [(PlaceKind, &str); 3] = [
    (PlaceKind::Business, "businessAddress"),
    (PlaceKind::Home, "homeAddress"),
    (PlaceKind::Other, "otherAddress"),
];

/// A contact; `None` if it has no id.
pub(super) fn read(value: &Value) -> Option<Contact> {
    Some(Contact {
        id: owned(value, "id")?,
        folders: owned(value, "parentFolderId").into_iter().collect(),
        display_name: owned(value, "displayName"),
        first_name: owned(value, "givenName"),
        middle_name: owned(value, "middleName"),
        last_name: owned(value, "surname"),
        nick_name: owned(value, "nickName"),
        company: owned(value, "companyName"),
        department: owned(value, "department"),
        job_title: owned(value, "jobTitle"),
        emails: items(value, "emailAddresses").iter().filter_map(email).collect(),
        phones: phones(value),
        places: places(value),
        urls: owned(value, "businessHomePage").into_iter().collect(),
        birthday: text(value, "birthday").and_then(date),
        notes: owned(value, "personalNotes"),
        etag: owned(value, "@odata.etag"),
        updated_at: time(value, "lastModifiedDateTime"),
    })
}

/// An email address. Outlook puts the address in place of a name that a contact does not have.
fn email(value: &Value) -> Option<ContactEmail> {
    let address = owned(value, "address")?;
    let name = owned(value, "name").filter(|name| *name != address);
    Some(ContactEmail { address, name })
}

fn phones(value: &Value) -> Vec<ContactPhone> {
    let of = |kind, name: &str| {
        let numbers = items(value, name).iter().filter_map(Value::as_str).filter(|number| !number.is_empty());
        let phones = numbers.map(|number| ContactPhone { kind, number: number.to_owned() });
        phones.collect::<Vec<_>>()
    };
    let mobile = owned(value, "mobilePhone").map(|number| ContactPhone { kind: PhoneKind::Mobile, number });
    let business = of(PhoneKind::Business, "businessPhones");
    business.into_iter().chain(of(PhoneKind::Home, "homePhones")).chain(mobile).collect()
}

fn places(value: &Value) -> Vec<ContactPlace> {
    let place = |(kind, name)| {
        let address = postal_address(value.get(name)?);
        // A contact without an address has an empty one.
        (address != PostalAddress::default()).then_some(ContactPlace { kind, address })
    };
    PLACES.into_iter().filter_map(place).collect()
}

fn postal_address(value: &Value) -> PostalAddress {
    PostalAddress {
        street: owned(value, "street"),
        city: owned(value, "city"),
        state: owned(value, "state"),
        postal_code: owned(value, "postalCode"),
        country: owned(value, "countryOrRegion"),
    }
}

/// The day of a time of Graph. A birthday has the time 11:59 in UTC, so its day is the same everywhere.
fn date(text: &str) -> Option<Date> {
    let (date, _) = text.split_once('T').unwrap_or((text, ""));
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

/// Whether a contact is what is looked for, by comparing here.
pub(super) fn fits(contact: &Contact, search: &ContactSearch) -> bool {
    match search {
        ContactSearch::Email(wanted) => {
            contact.emails.iter().any(|email| fold(&email.address) == fold(wanted))
        }
        ContactSearch::Name(beginning) => {
            let beginning = fold(beginning);
            let names = [&contact.display_name, &contact.first_name, &contact.last_name, &contact.company];
            names.into_iter().flatten().any(|name| fold(name).starts_with(&beginning))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use time::macros::date;

    use super::*;

    #[test]
    fn every_field_of_a_contact_is_read() {
        let read = read(&json!({
            "@odata.etag": "W/\"1\"", "id": "AAMk=", "parentFolderId": "folder", "displayName": "Ada Lovelace",
            "givenName": "Ada", "middleName": "King", "surname": "Lovelace", "nickName": "A", "companyName": "Contoso",
            "department": "Research", "jobTitle": "Analyst",
            "emailAddresses": [
                { "name": "Ada", "address": "ada@contoso.test" }, { "name": "b@c.test", "address": "b@c.test" }, {},
            ],
            "businessPhones": ["1", ""], "homePhones": ["2"], "mobilePhone": "3",
            "businessAddress": { "street": "S", "city": "C", "state": "T", "countryOrRegion": "R", "postalCode": "P" },
            "homeAddress": {}, "businessHomePage": "https://contoso.test", "birthday": "1815-12-10T11:59:00Z",
            "personalNotes": "Notes", "lastModifiedDateTime": "2026-11-28T09:30:00Z",
        }))
        .expect("a contact");
        let place = PostalAddress {
            street: Some("S".to_owned()),
            city: Some("C".to_owned()),
            state: Some("T".to_owned()),
            postal_code: Some("P".to_owned()),
            country: Some("R".to_owned()),
        };
        let phone = |kind, number: &str| ContactPhone { kind, number: number.to_owned() };
        let some = |text: &str| Some(text.to_owned());
        let expected = Contact {
            id: "AAMk=".to_owned(),
            folders: vec!["folder".to_owned()],
            display_name: some("Ada Lovelace"),
            first_name: some("Ada"),
            middle_name: some("King"),
            last_name: some("Lovelace"),
            nick_name: some("A"),
            company: some("Contoso"),
            department: some("Research"),
            job_title: some("Analyst"),
            emails: vec![
                ContactEmail { address: "ada@contoso.test".to_owned(), name: some("Ada") },
                ContactEmail { address: "b@c.test".to_owned(), name: None },
            ],
            phones: vec![
                phone(PhoneKind::Business, "1"),
                phone(PhoneKind::Home, "2"),
                phone(PhoneKind::Mobile, "3"),
            ],
            places: vec![ContactPlace { kind: PlaceKind::Business, address: place }],
            urls: vec!["https://contoso.test".to_owned()],
            birthday: Some(date!(1815 - 12 - 10)),
            notes: some("Notes"),
            etag: some("W/\"1\""),
            updated_at: Some(crate::platform::clock::Timestamp::from_micros(1_795_858_200_000_000)),
        };
        assert_eq!(read, expected);
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
        fn an_odd_value_hides_no_contact(
            name in prop::sample::select(SELECT.split(',').filter(|name| *name != "id").collect::<Vec<_>>()),
            value in prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), "\\PC{0,9}".prop_map(Value::from),
                Just(json!([null, {}, 1, [], { "address": 1 }])), Just(json!({ "street": [] }))],
        ) {
            let contact = json!({ "id": "1", name: value });
            prop_assert!(read(&contact).is_some());
        }

        #[test]
        fn a_day_is_read_or_not_and_never_panics(text in "[0-9T:Z-]{0,24}") {
            let _ = date(&text);
        }
    }
}
