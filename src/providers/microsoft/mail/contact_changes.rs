//! Changes of contacts (Microsoft Graph, contact resource). What Outlook has no place for is refused, because a value that
//! is dropped would be lost without a word.

use ::http::{HeaderName, HeaderValue, Method, header::IF_MATCH};
use serde_json::{Map, Value, json};
use time::Date;

use super::{
    address::{Query, segment},
    contact::{self, PLACES},
    contacts,
    read::text,
    request::Graph,
};
use crate::providers::mailbox::{
    Contact, ContactEmail, ContactFields, ContactPhone, ContactPlace, MailError, MailProblem, PhoneKind,
    PostalAddress,
};

const CONTACTS_WRITE: &str = "Contacts.ReadWrite";

/// Maximum number of email addresses of a contact.
const MAX_EMAILS: usize = 3;
/// Maximum number of phones of a kind that has several.
const MAX_PHONES: usize = 2;

const TOO_MANY_EMAILS: &str = "Outlook keeps at most three email addresses of a contact: give fewer emails.";
const OTHER_PHONE: &str =
    "Outlook keeps no phone of the type other: give its type in phones as business, home or mobile.";
const TOO_MANY_BUSINESS_PHONES: &str =
    "Outlook keeps at most two phones of the type business: give fewer phones.";
const TOO_MANY_HOME_PHONES: &str = "Outlook keeps at most two phones of the type home: give fewer phones.";
const TOO_MANY_MOBILE_PHONES: &str = "Outlook keeps one phone of the type mobile: give fewer phones.";
const TOO_MANY_PLACES: &str = "Outlook keeps one address of each type: give fewer addresses.";
const TOO_MANY_URLS: &str = "Outlook keeps one address of a web page: give one of the urls.";
const NO_MOVE: &str = "A contact stays in its folder: create it in the other one.";
const WRONG_ETAG: &str = "Give the etag of the contact as it was read.";

/// Refuses a new contact that Outlook has no place for.
pub(super) fn check(fields: &ContactFields) -> Result<(), MailError> {
    contacts::path_of(fields.folder.as_deref())?;
    members(fields).map(drop)
}

/// Creates a contact.
pub(super) async fn create(graph: &Graph<'_>, fields: &ContactFields) -> Result<Contact, MailError> {
    let path = contacts::path_of(fields.folder.as_deref())?;
    let mut members = members(fields)?;
    // A new contact has nothing to remove.
    members.retain(|_, value| !is_empty(value));
    let body = Value::Object(members);
    let created = graph.send_json(Method::POST, CONTACTS_WRITE, &path, Some(&body), &[]).await?;
    contact::read(&created).ok_or_else(|| MailProblem::Garbled.into())
}

/// Changes a contact of which `etag` is the present version.
pub(super) async fn update(
    graph: &Graph<'_>,
    contact: &str,
    fields: &ContactFields,
    etag: &str,
) -> Result<Contact, MailError> {
    if fields.folder.is_some() {
        return Err(MailProblem::InvalidValue(NO_MOVE).into());
    }
    let path = format!("/me/contacts/{}", segment(contact)?);
    let body = Value::Object(members(fields)?);
    let condition = HeaderValue::from_str(etag);
    let condition = condition.map_err(|_| MailError::from(MailProblem::InvalidValue(WRONG_ETAG)))?;
    // No page of Microsoft promises that a contact keeps the condition of a request. If it does not, this still finds all
    // changes but those of the last moment.
    let present = graph.get(CONTACTS_WRITE, &Query::default().with("$select", "id").on(&path)).await?;
    if text(&present, "@odata.etag").is_some_and(|present| present != etag) {
        return Err(MailProblem::EtagMismatch.into());
    }
    let headers: [(HeaderName, HeaderValue); 1] = [(IF_MATCH, condition)];
    let changed = graph.send_json(Method::PATCH, CONTACTS_WRITE, &path, Some(&body), &headers).await?;
    contact::read(&changed).ok_or_else(|| MailProblem::Garbled.into())
}

pub(super) async fn delete(graph: &Graph<'_>, contact: &str) -> Result<(), MailError> {
    let path = format!("/me/contacts/{}", segment(contact)?);
    graph.send_only(Method::DELETE, CONTACTS_WRITE, &path, None, &[]).await
}

/// The members of a contact in the JSON of Graph. A value that is removed is `null` or empty.
fn members(fields: &ContactFields) -> Result<Map<String, Value>, MailError> {
    let ContactFields { emails, phones, places, urls, birthday, .. } = fields;
    let mut members = texts(fields);
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    if let Some(emails) = emails {
        set("emailAddresses", written_emails(emails)?);
    }
    if let Some(phones) = phones {
        let [business, home, mobile] = written_phones(phones)?;
        set("businessPhones", business);
        set("homePhones", home);
        set("mobilePhone", mobile);
    }
    if let Some(places) = places {
        for (name, place) in written_places(places)? {
            set(name, place);
        }
    }
    if let Some(urls) = urls {
        let url = match urls.as_slice() {
            [] => Value::Null,
            [url] => text_or_null(url),
            _ => return Err(MailProblem::InvalidValue(TOO_MANY_URLS).into()),
        };
        set("businessHomePage", url);
    }
    if let Some(birthday) = birthday {
        set("birthday", birthday.map_or(Value::Null, |day| Value::from(written_day(day))));
    }
    Ok(members)
}

/// The members that are texts.
fn texts(fields: &ContactFields) -> Map<String, Value> {
    let texts = [
        ("displayName", &fields.display_name),
        ("givenName", &fields.first_name),
        ("middleName", &fields.middle_name),
        ("surname", &fields.last_name),
        ("nickName", &fields.nick_name),
        ("companyName", &fields.company),
        ("department", &fields.department),
        ("jobTitle", &fields.job_title),
        ("personalNotes", &fields.notes),
    ];
    let given = texts.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
    given.map(|(name, text)| (name.to_owned(), text_or_null(text))).collect()
}

fn text_or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::from(text) }
}

/// Whether a value removes what is there.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(Value::is_null),
        _ => false,
    }
}

fn written_emails(emails: &[ContactEmail]) -> Result<Value, MailError> {
    if emails.len() > MAX_EMAILS {
        return Err(MailProblem::InvalidValue(TOO_MANY_EMAILS).into());
    }
    // Outlook itself puts the address in place of a missing name.
    let written = emails.iter().map(|ContactEmail { address, name }| {
        json!({ "address": address, "name": name.as_ref().unwrap_or(address) })
    });
    Ok(written.collect())
}

/// Business phones, home phones, and the mobile phone.
fn written_phones(phones: &[ContactPhone]) -> Result<[Value; 3], MailError> {
    let of = |kind: PhoneKind| {
        let found = phones.iter().filter(|phone| phone.kind == kind);
        found.map(|phone| phone.number.as_str()).collect::<Vec<_>>()
    };
    let (business, home, mobile) = (of(PhoneKind::Business), of(PhoneKind::Home), of(PhoneKind::Mobile));
    let refused = [
        (!of(PhoneKind::Other).is_empty(), OTHER_PHONE),
        (business.len() > MAX_PHONES, TOO_MANY_BUSINESS_PHONES),
        (home.len() > MAX_PHONES, TOO_MANY_HOME_PHONES),
        (mobile.len() > 1, TOO_MANY_MOBILE_PHONES),
    ];
    if let Some((_, words)) = refused.into_iter().find(|(is_refused, _)| *is_refused) {
        return Err(MailProblem::InvalidValue(words).into());
    }
    Ok([json!(business), json!(home), json!(mobile.first())])
}

/// All postal addresses: those that are not given are removed.
fn written_places(places: &[ContactPlace]) -> Result<Vec<(&'static str, Value)>, MailError> {
    let mut written = Vec::new();
    for (kind, name) in PLACES {
        let mut of_kind = places.iter().filter(|place| place.kind == kind);
        let place = of_kind.next().map(|place| place.address.clone()).unwrap_or_default();
        if of_kind.next().is_some() {
            return Err(MailProblem::InvalidValue(TOO_MANY_PLACES).into());
        }
        // Each part, because one that is absent might stay what it is.
        let PostalAddress { street, city, state, postal_code, country } = place;
        let address = json!({
            "street": street, "city": city, "state": state, "postalCode": postal_code, "countryOrRegion": country,
        });
        written.push((name, address));
    }
    Ok(written)
}

/// A day as Outlook writes a birthday: at 11:59 in UTC, so that it is the same day everywhere.
fn written_day(day: Date) -> String {
    format!("{:04}-{:02}-{:02}T11:59:00Z", day.year(), u8::from(day.month()), day.day())
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::*};
    use time::macros::date;

    use super::*;
    use crate::providers::mailbox::PlaceKind;

    fn email(address: &str) -> ContactEmail {
        ContactEmail { address: address.to_owned(), name: None }
    }

    fn phones(kinds: &[PhoneKind]) -> ContactFields {
        let phone = |kind: &PhoneKind| ContactPhone { kind: *kind, number: "1".to_owned() };
        ContactFields { phones: Some(kinds.iter().map(phone).collect()), ..ContactFields::default() }
    }

    fn places(kinds: &[PlaceKind]) -> ContactFields {
        let place = |kind: &PlaceKind| ContactPlace { kind: *kind, address: PostalAddress::default() };
        ContactFields { places: Some(kinds.iter().map(place).collect()), ..ContactFields::default() }
    }

    #[test]
    fn what_outlook_has_no_place_for_is_refused_by_name() {
        use PhoneKind::{Business, Home, Mobile, Other};
        let emails = vec![email("a@x.test"), email("b@x.test"), email("c@x.test"), email("d@x.test")];
        let urls = vec!["https://a.test".to_owned(), "https://b.test".to_owned()];
        for (fields, words) in [
            (ContactFields { emails: Some(emails), ..ContactFields::default() }, TOO_MANY_EMAILS),
            (ContactFields { urls: Some(urls), ..ContactFields::default() }, TOO_MANY_URLS),
            (phones(&[Business, Other]), OTHER_PHONE),
            (phones(&[Business, Home, Business, Business]), TOO_MANY_BUSINESS_PHONES),
            (phones(&[Home, Home, Mobile, Home]), TOO_MANY_HOME_PHONES),
            (phones(&[Mobile, Home, Mobile]), TOO_MANY_MOBILE_PHONES),
            (places(&[PlaceKind::Home, PlaceKind::Other, PlaceKind::Home]), TOO_MANY_PLACES),
        ] {
            let error = members(&fields).expect_err(words);
            assert_eq!(error.problem, MailProblem::InvalidValue(words));
        }
        assert!(members(&phones(&[Business, Home, Mobile, Business, Home])).is_ok());
        assert!(members(&places(&[PlaceKind::Other, PlaceKind::Business, PlaceKind::Home])).is_ok());
    }

    #[test]
    fn a_field_that_is_not_given_is_not_sent_and_one_that_is_empty_is_removed() {
        assert_eq!(members(&ContactFields::default()), Ok(Map::new()));
        let empty = ContactFields {
            notes: Some(String::new()),
            emails: Some(Vec::new()),
            phones: Some(Vec::new()),
            places: Some(Vec::new()),
            urls: Some(Vec::new()),
            birthday: Some(None),
            ..ContactFields::default()
        };
        let removed = members(&empty).expect("members");
        assert!(removed.values().all(is_empty) && removed.len() == 10, "{removed:?}");
        let nothing = json!({ "street": null, "city": null, "state": null, "postalCode": null, "countryOrRegion": null });
        assert_eq!((&removed["homeAddress"], &removed["mobilePhone"]), (&nothing, &Value::Null));
    }

    #[test]
    fn a_birthday_is_the_same_day_everywhere() {
        assert_eq!(written_day(date!(1815 - 12 - 10)), "1815-12-10T11:59:00Z");
        assert_eq!(written_day(date!(0987 - 01 - 02)), "0987-01-02T11:59:00Z");
    }

    fn word() -> impl Strategy<Value = String> {
        "[a-zé ]{0,8}x"
    }

    proptest! {
        #[test]
        fn a_contact_is_read_back_as_it_was_written(
            names in prop::array::uniform9(option::of(word())),
            emails in prop::collection::vec(("[a-z]{1,5}@x\\.test", option::of(word())), 0..=3),
            business in prop::collection::vec(word(), 0..=2),
            home in prop::collection::vec(word(), 0..=2),
            mobile in option::of(word()),
            cities in prop::array::uniform3(option::of(word())),
            url in option::of(word()),
            day in option::of(0_u16..3000),
        ) {
            let numbers = |kind, numbers: &[String]| {
                let phone = |number: &String| ContactPhone { kind, number: number.clone() };
                numbers.iter().map(phone).collect::<Vec<_>>()
            };
            let mobile: Vec<_> = mobile.into_iter().collect();
            let phones = [
                numbers(PhoneKind::Business, &business),
                numbers(PhoneKind::Home, &home),
                numbers(PhoneKind::Mobile, &mobile),
            ].concat();
            let kinds = PLACES.map(|(kind, _)| kind);
            let places: Vec<_> = kinds.into_iter().zip(cities).filter_map(|(kind, city)| {
                let address = PostalAddress { city: Some(city?), ..PostalAddress::default() };
                Some(ContactPlace { kind, address })
            }).collect();
            let emails: Vec<_> =
                emails.into_iter().map(|(address, name)| ContactEmail { address, name }).collect();
            let birthday = day.map(|day| date!(1815 - 12 - 10) + time::Duration::days(day.into()));
            let urls: Vec<_> = url.into_iter().collect();
            let [display_name, first_name, middle_name, last_name, nick_name, company, department, job_title, notes] =
                names;
            let fields = ContactFields {
                folder: None,
                display_name: display_name.clone(),
                first_name: first_name.clone(),
                middle_name: middle_name.clone(),
                last_name: last_name.clone(),
                nick_name: nick_name.clone(),
                company: company.clone(),
                department: department.clone(),
                job_title: job_title.clone(),
                emails: Some(emails.clone()),
                phones: Some(phones.clone()),
                places: Some(places.clone()),
                urls: Some(urls.clone()),
                birthday: Some(birthday),
                notes: notes.clone(),
            };
            let mut written = members(&fields).expect("members");
            written.insert("id".to_owned(), Value::from("1"));
            let expected = Contact {
                id: "1".to_owned(),
                display_name, first_name, middle_name, last_name, nick_name, company, department, job_title,
                emails, phones, places, urls, birthday, notes,
                ..Contact::default()
            };
            prop_assert_eq!(contact::read(&Value::Object(written)), Some(expected));
        }
    }
}
