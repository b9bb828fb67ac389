//! The members of a person that are sent for a new contact, or for a change of one. A list that is sent replaces the whole
//! list, so items that a contact does not show are sent again.

use serde_json::{Map, Value, json};
use time::Date;

use crate::providers::{
    google::mail::{
        contact::{self, first, own},
        json::{owned, text},
    },
    mailbox::{
        ContactEmail, ContactFields, ContactPhone, ContactPlace, MailError, MailProblem, PhoneKind,
        PlaceKind, PostalAddress,
    },
};

pub(super) const OTHER_DISPLAY_NAME: &str = "Gmail makes displayName from firstName, middleName and lastName: leave it out, or give these names joined.";
pub(super) const NO_YEAR: &str = "Gmail keeps a birthday with a year from 1 to 9999: give another birthday.";
pub(super) const EMPTY_EMAIL: &str =
    "Gmail keeps no email without an address: give the address of each of emails.";
pub(super) const EMPTY_PHONE: &str =
    "Gmail keeps no phone without a number: give the number of each of phones.";
pub(super) const EMPTY_URL: &str = "Gmail keeps no empty web address: give no empty text in urls.";
pub(super) const NOTHING: &str = "Gmail keeps no contact without any value: give a field that is not empty.";

type Members = Map<String, Value>;

/// The members of a new contact.
pub fn of_new(fields: &ContactFields) -> Result<Members, MailError> {
    let mut members = of_change(fields, &Value::Null)?;
    members.retain(|_, list| list.as_array().is_some_and(|items| !items.is_empty()));
    if members.is_empty() { Err(MailProblem::InvalidValue(NOTHING).into()) } else { Ok(members) }
}

/// The members that a change replaces, and no others.
pub fn of_change(fields: &ContactFields, present: &Value) -> Result<Members, MailError> {
    let ContactFields { nick_name, emails, phones, places, urls, birthday, notes, .. } = fields;
    let mut members = Members::new();
    let mut set = |name: &str, list: Vec<Value>| members.insert(name.to_owned(), list.into());
    if let Some(names) = names(fields, present)? {
        set("names", names);
    }
    if let Some(nick_name) = nick_name {
        set("nicknames", nick_names(nick_name, present));
    }
    if let Some(organizations) = organizations(fields, present) {
        set("organizations", organizations);
    }
    if let Some(emails) = emails {
        refuse_if(emails.iter().any(|email| email.address.is_empty()), EMPTY_EMAIL)?;
        set(
            "emailAddresses",
            merged(own(present, "emailAddresses"), emails, contact::email, |email| {
                written_email(email, present)
            }),
        );
    }
    if let Some(phones) = phones {
        refuse_if(phones.iter().any(|phone| phone.number.is_empty()), EMPTY_PHONE)?;
        set("phoneNumbers", merged(own(present, "phoneNumbers"), phones, contact::phone, written_phone));
    }
    if let Some(places) = places {
        // An address without any part is none.
        let places: Vec<_> = places.iter().map(without_empty_parts).collect();
        let places: Vec<_> =
            places.into_iter().filter(|place| place.address != PostalAddress::default()).collect();
        set("addresses", merged(own(present, "addresses"), &places, contact::place, written_place));
    }
    if let Some(urls) = urls {
        refuse_if(urls.iter().any(String::is_empty), EMPTY_URL)?;
        set("urls", merged(own(present, "urls"), urls, contact::url, |url| json!({ "value": url })));
    }
    if let Some(birthday) = birthday {
        set("birthdays", birthday.map(written_birthday).transpose()?.into_iter().collect());
    }
    if let Some(notes) = notes {
        let new = || json!({ "value": notes, "contentType": "TEXT_PLAIN" });
        set("biographies", if notes.is_empty() { Vec::new() } else { vec![new()] });
    }
    Ok(members)
}

fn refuse_if(is_wrong: bool, words: &'static str) -> Result<(), MailError> {
    if is_wrong { Err(MailProblem::InvalidValue(words).into()) } else { Ok(()) }
}

/// A list with the wanted items in their order, and behind them those of the present ones that are not shown. An item that
/// is there already stays with all of its members.
fn merged<'v, T: PartialEq>(
    present: impl Iterator<Item = &'v Value>,
    wanted: &[T],
    read: impl Fn(&Value) -> Option<T>,
    write: impl Fn(&T) -> Value,
) -> Vec<Value> {
    let (mut shown, mut hidden) = (Vec::new(), Vec::new());
    for item in present {
        match read(item) {
            Some(read) => shown.push((read, item)),
            None => hidden.push(item.clone()),
        }
    }
    let mut list = Vec::new();
    for item in wanted {
        let same = shown.iter().position(|(read, _)| read == item).map(|at| shown.remove(at).1);
        list.push(same.map_or_else(|| write(item), Value::clone));
    }
    list.append(&mut hidden);
    list
}

/// The name, if the fields change it. A contact has one.
fn names(fields: &ContactFields, present: &Value) -> Result<Option<Vec<Value>>, MailError> {
    let present = first(present, "names");
    let of_present = |member: &str| present.and_then(|name| owned(name, member)).unwrap_or_default();
    let given = [
        ("givenName", &fields.first_name),
        ("middleName", &fields.middle_name),
        ("familyName", &fields.last_name),
    ];
    let parts = given.map(|(member, given)| given.clone().unwrap_or_else(|| of_present(member)));
    let is_changed = given.iter().zip(&parts).any(|((member, _), part)| of_present(member) != *part);
    let joined = |parts: &[&str]| {
        let parts: Vec<_> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
        parts.join(" ")
    };
    let [first, middle, last] = &parts;
    let name = joined(&[first, middle, last]);
    let [prefix, suffix] = ["honorificPrefix", "honorificSuffix"].map(of_present);
    let titled = joined(&[&prefix, &name, &suffix]);
    let shown = present.and_then(|name| text(name, "displayName").or_else(|| text(name, "unstructuredName")));
    let Some(display) = fields.display_name.as_deref() else {
        return Ok(is_changed.then(|| with_parts(present, &parts, true)));
    };
    if !is_changed && display == shown.unwrap_or_default() {
        return Ok(None);
    }
    let gives_part = given.iter().any(|(_, given)| given.as_ref().is_some_and(|part| !part.is_empty()));
    if display == name || display == titled {
        Ok(Some(with_parts(present, &parts, display == titled)))
    } else if gives_part || display.is_empty() {
        Err(MailProblem::InvalidValue(OTHER_DISPLAY_NAME).into())
    } else {
        // Google reads the parts of a name from the whole.
        Ok(Some(vec![json!({ "unstructuredName": display })]))
    }
}

/// The name with these parts: the given one, the middle one and that of the family. How they are pronounced stays.
fn with_parts(present: Option<&Value>, parts: &[String; 3], keeps_titles: bool) -> Vec<Value> {
    if parts.iter().all(String::is_empty) {
        return Vec::new();
    }
    let mut name = present.and_then(Value::as_object).cloned().unwrap_or_default();
    name.retain(|member, _| {
        member.starts_with("phonetic") || (keeps_titles && member.starts_with("honorific"))
    });
    for (member, part) in ["givenName", "middleName", "familyName"].into_iter().zip(parts) {
        if !part.is_empty() {
            name.insert(member.to_owned(), part.as_str().into());
        }
    }
    vec![Value::Object(name)]
}

/// The nicknames: the one that is shown is replaced, and an empty text removes all that could be shown.
fn nick_names(nick_name: &str, present: &Value) -> Vec<Value> {
    let mut list: Vec<Value> = own(present, "nicknames").cloned().collect();
    if nick_name.is_empty() {
        list.retain(|item| contact::nick_name(item).is_none());
    } else if let Some(shown) = list.iter_mut().find(|item| contact::nick_name(item).is_some()) {
        shown["value"] = nick_name.into();
    } else {
        list.push(json!({ "value": nick_name }));
    }
    list
}

/// The organisations, if the fields change the first one. Of it the other members stay, such as its place.
fn organizations(fields: &ContactFields, present: &Value) -> Option<Vec<Value>> {
    let given = [("name", &fields.company), ("department", &fields.department), ("title", &fields.job_title)];
    if given.iter().all(|(_, given)| given.is_none()) {
        return None;
    }
    let mut present = own(present, "organizations");
    let mut job = present.next().and_then(Value::as_object).cloned().unwrap_or_default();
    for (member, given) in given {
        match given.as_deref() {
            None => {}
            Some("") => drop(job.remove(member)),
            Some(given) => drop(job.insert(member.to_owned(), given.into())),
        }
    }
    let says_nothing =
        job.keys().all(|member| ["metadata", "type", "formattedType", "current"].contains(&member.as_str()));
    let job = (!says_nothing).then_some(Value::Object(job));
    Some(job.into_iter().chain(present.cloned()).collect())
}

/// An email. Its type stays if the address is known already.
fn written_email(email: &ContactEmail, present: &Value) -> Value {
    let ContactEmail { address, name } = email;
    let mut written = json!({ "value": address });
    if let Some(name) = name.as_ref().filter(|name| !name.is_empty()) {
        written["displayName"] = name.as_str().into();
    }
    let known = own(present, "emailAddresses").find(|known| text(known, "value") == Some(address.as_str()));
    if let Some(kind) = known.and_then(|known| text(known, "type")) {
        written["type"] = kind.into();
    }
    written
}

fn written_phone(phone: &ContactPhone) -> Value {
    let kind = match phone.kind {
        PhoneKind::Business => "work",
        PhoneKind::Home => "home",
        PhoneKind::Mobile => "mobile",
        PhoneKind::Other => "other",
    };
    json!({ "value": phone.number, "type": kind })
}

fn written_place(place: &ContactPlace) -> Value {
    let kind = match place.kind {
        PlaceKind::Business => "work",
        PlaceKind::Home => "home",
        PlaceKind::Other => "other",
    };
    let PostalAddress { street, city, state, postal_code, country } = &place.address;
    let mut written = json!({ "type": kind });
    let parts = [
        ("streetAddress", street),
        ("city", city),
        ("region", state),
        ("postalCode", postal_code),
        ("country", country),
    ];
    for (member, part) in parts {
        if let Some(part) = part {
            written[member] = part.as_str().into();
        }
    }
    written
}

fn without_empty_parts(place: &ContactPlace) -> ContactPlace {
    let part = |part: &Option<String>| part.clone().filter(|part| !part.is_empty());
    let PostalAddress { street, city, state, postal_code, country } = &place.address;
    let address = PostalAddress {
        street: part(street),
        city: part(city),
        state: part(state),
        postal_code: part(postal_code),
        country: part(country),
    };
    ContactPlace { kind: place.kind, address }
}

fn written_birthday(day: Date) -> Result<Value, MailError> {
    refuse_if(!(1..=9999).contains(&day.year()), NO_YEAR)?;
    Ok(json!({ "date": { "year": day.year(), "month": u8::from(day.month()), "day": day.day() } }))
}
