//! Reads the fields of a contact from the values of a call.

use serde_json::{Value, json};
use time::{Date, Month};

use crate::{
    api::{
        errors::{ApiError, Code},
        parameters::{Given, Object},
    },
    providers::mailbox::{
        ContactEmail, ContactFields, ContactPhone, ContactPlace, PhoneKind, PlaceKind, PostalAddress,
    },
};

const NO_FIELD: &str = "Give at least one field of the contact.";
const NO_BIRTHDAY: &str = "birthday: Give a day as YYYY-MM-DD, or an empty string.";

/// The fields that a call gives. One that it does not name is `None`.
///
/// # Errors
/// `INVALID_VALUE` for a birthday that is no day, and for a call without a field.
pub fn read(given: &Given) -> Result<ContactFields, ApiError> {
    let text = |name: &str| given.has(name).then(|| given.text(name).unwrap_or_default().to_owned());
    let birthday = if given.has("birthday") {
        Some(birthday(given.text("birthday").unwrap_or_default())?)
    } else {
        None
    };
    let fields = ContactFields {
        folder: None,
        display_name: text("displayName"),
        first_name: text("firstName"),
        middle_name: text("middleName"),
        last_name: text("lastName"),
        nick_name: text("nickName"),
        company: text("company"),
        department: text("department"),
        job_title: text("jobTitle"),
        emails: objects(given, "emails", email),
        phones: objects(given, "phones", phone),
        places: objects(given, "addresses", place),
        urls: given.has("urls").then(|| given.texts("urls").to_vec()),
        birthday,
        notes: text("notes"),
    };
    if fields == ContactFields::default() {
        return Err(ApiError::of(Code::InvalidValue, NO_FIELD));
    }
    Ok(ContactFields { folder: given.text("folderId").map(str::to_owned), ..fields })
}

/// The values of a call, by which its repeat with the same key is known in each version of the program.
pub fn values(fields: &ContactFields) -> Value {
    let ContactFields {
        folder,
        display_name,
        first_name,
        middle_name,
        last_name,
        nick_name,
        company,
        department,
        job_title,
        emails,
        phones,
        places,
        urls,
        birthday,
        notes,
    } = fields;
    json!({
        "folder": folder,
        "display_name": display_name,
        "first_name": first_name,
        "middle_name": middle_name,
        "last_name": last_name,
        "nick_name": nick_name,
        "company": company,
        "department": department,
        "job_title": job_title,
        "emails": emails,
        "phones": phones,
        "places": places,
        "urls": urls,
        "birthday": birthday.flatten().map(|day| day.to_string()),
        "notes": notes,
    })
}

fn objects<T>(given: &Given, name: &str, read: impl Fn(&Object) -> T) -> Option<Vec<T>> {
    given.has(name).then(|| given.objects(name).iter().map(read).collect())
}

/// A member of an object.
fn member(object: &Object, name: &str) -> Option<String> {
    object.get(name).cloned()
}

fn email(object: &Object) -> ContactEmail {
    let address = member(object, "address").unwrap_or_default();
    ContactEmail { address, name: member(object, "name") }
}

fn phone(object: &Object) -> ContactPhone {
    let kind = match object.get("type").map(String::as_str) {
        Some("business") => PhoneKind::Business,
        Some("home") => PhoneKind::Home,
        Some("mobile") => PhoneKind::Mobile,
        _ => PhoneKind::Other,
    };
    ContactPhone { kind, number: member(object, "number").unwrap_or_default() }
}

fn place(object: &Object) -> ContactPlace {
    let kind = match object.get("type").map(String::as_str) {
        Some("business") => PlaceKind::Business,
        Some("home") => PlaceKind::Home,
        _ => PlaceKind::Other,
    };
    let address = PostalAddress {
        street: member(object, "street"),
        city: member(object, "city"),
        state: member(object, "state"),
        postal_code: member(object, "postalCode"),
        country: member(object, "country"),
    };
    ContactPlace { kind, address }
}

/// The birthday: an empty text removes it.
fn birthday(text: &str) -> Result<Option<Date>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    day(text).map(Some).ok_or_else(|| ApiError::of(Code::InvalidValue, NO_BIRTHDAY))
}

/// A day that is written as `YYYY-MM-DD`.
fn day(text: &str) -> Option<Date> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let has_digits =
        |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    if !(has_digits(year, 4) && has_digits(month, 2) && has_digits(day, 2)) {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::{
        api::{calls::CREATE_CONTACT, shapes},
        providers::mailbox::Contact,
    };

    fn read_body(body: &Value) -> Result<ContactFields, String> {
        let path = [("account_key".to_owned(), "k".to_owned())];
        let given = Given::read(CREATE_CONTACT.parameters, &path, "", body.to_string().as_bytes());
        given.and_then(|given| read(&given)).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn the_values_of_a_call_have_one_form() {
        let body = json!({
            "displayName": "Ada", "birthday": "1815-12-10", "phones": [{ "type": "home", "number": "1" }],
            "emails": [{ "address": "ada@contoso.test" }], "addresses": [{ "type": "other", "city": "London" }],
        });
        let values = values(&read_body(&body).expect("fields"));
        assert_eq!(values["display_name"], "Ada");
        assert_eq!(values["birthday"], "1815-12-10");
        assert_eq!(values["phones"], json!([{ "kind": "home", "number": "1" }]));
        assert_eq!(values["emails"], json!([{ "address": "ada@contoso.test", "name": null }]));
        let place =
            json!({ "street": null, "city": "London", "state": null, "postal_code": null, "country": null });
        assert_eq!(values["places"], json!([{ "kind": "other", "address": place }]));
        assert_eq!(values["notes"], Value::Null);
    }

    #[test]
    fn a_contact_can_be_sent_as_it_was_answered() {
        let some = |text: &str| Some(text.to_owned());
        let places = [PlaceKind::Business, PlaceKind::Home, PlaceKind::Other].map(|kind| ContactPlace {
            kind,
            address: PostalAddress {
                street: some("1 Engine Court\nBack door"),
                city: some("London"),
                state: some("LDN"),
                postal_code: some("EC1A"),
                country: some("UK"),
            },
        });
        let phones = [PhoneKind::Business, PhoneKind::Home, PhoneKind::Mobile, PhoneKind::Other]
            .map(|kind| ContactPhone { kind, number: "+44 1".to_owned() });
        let emails = vec![
            ContactEmail { address: "ada@x.test".to_owned(), name: some("Ada") },
            ContactEmail { address: "old@x.test".to_owned(), name: None },
        ];
        let contact = Contact {
            display_name: some("Ada Lovelace"),
            first_name: some("Ada"),
            middle_name: some("King"),
            last_name: some("Lovelace"),
            nick_name: some("A"),
            company: some("Fabrikam"),
            department: some("Engines"),
            job_title: some("Analyst"),
            emails: emails.clone(),
            phones: phones.to_vec(),
            places: places.to_vec(),
            urls: vec!["https://x.test/a,b".to_owned()],
            birthday: Some(date!(1815 - 12 - 10)),
            notes: some("Prefers\nletters."),
            ..Contact::default()
        };
        let mut body = serde_json::to_value(shapes::Contact::from(contact.clone())).expect("JSON");
        for answered in ["contactId", "folderIds"] {
            body.as_object_mut().expect("an object").remove(answered);
        }
        let expected = ContactFields {
            folder: None,
            display_name: contact.display_name,
            first_name: contact.first_name,
            middle_name: contact.middle_name,
            last_name: contact.last_name,
            nick_name: contact.nick_name,
            company: contact.company,
            department: contact.department,
            job_title: contact.job_title,
            emails: Some(emails),
            phones: Some(phones.to_vec()),
            places: Some(places.to_vec()),
            urls: Some(contact.urls),
            birthday: Some(contact.birthday),
            notes: contact.notes,
        };
        assert_eq!(read_body(&body), Ok(expected));
    }

    #[test]
    fn an_empty_value_removes_and_a_missing_one_or_null_stays() {
        let body = json!({
            "notes": "", "emails": [], "urls": "", "birthday": "", "company": null, "folderId": "friends",
        });
        let expected = ContactFields {
            folder: Some("friends".to_owned()),
            notes: Some(String::new()),
            emails: Some(Vec::new()),
            urls: Some(Vec::new()),
            birthday: Some(None),
            ..ContactFields::default()
        };
        assert_eq!(read_body(&body), Ok(expected));
    }

    #[test]
    fn a_call_without_a_field_and_a_day_that_does_not_exist_are_refused() {
        for body in [json!({}), json!({ "folderId": "friends" }), json!({ "company": null })] {
            let error = read_body(&body).expect_err("no field");
            assert!(error.contains("INVALID_VALUE") && error.contains(NO_FIELD), "{body}: {error}");
        }
        for wrong in ["2026-02-30", "2026-2-3", "26-02-03", "26-02-03-4", "2026-02-0x", "+026-02-03", "x"] {
            let error = read_body(&json!({ "birthday": wrong })).expect_err("no day");
            assert!(error.contains("INVALID_VALUE") && error.contains(NO_BIRTHDAY), "{wrong}: {error}");
        }
        let day = read_body(&json!({ "birthday": "2024-02-29" })).expect("a day").birthday;
        assert_eq!(day, Some(Some(date!(2024 - 02 - 29))));
    }
}
