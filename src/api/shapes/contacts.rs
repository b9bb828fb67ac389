//! Contacts.

use serde::Serialize;
use utoipa::ToSchema;

use crate::providers::mailbox::{self, PhoneKind, PlaceKind};

/// A contact. Fields without a value are absent or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are Mail360's")]
pub struct Contact {
    contact_id: String,
    folder_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    middle_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nick_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_title: Option<String>,
    emails: Vec<ContactEmail>,
    phones: Vec<ContactPhone>,
    addresses: Vec<ContactAddress>,
    urls: Vec<String>,
    /// YYYY-MM-DD.
    #[serde(skip_serializing_if = "Option::is_none")]
    birthday: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    /// The version of the contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    /// Milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_time: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactEmail {
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactPhone {
    /// business, home, mobile or other.
    r#type: &'static str,
    number: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactAddress {
    /// business, home or other.
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    street: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
}

/// A folder of contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactFolder {
    folder_id: String,
    folder_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_folder_id: Option<String>,
}

/// The contacts that have changed since a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactChanges {
    /// Contacts that are new or different.
    pub changed: Vec<Contact>,
    pub removed: Vec<Removed>,
    /// For the next call.
    pub token: String,
    /// Whether there are more changes now.
    pub has_more: bool,
}

/// A contact that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    pub contact_id: String,
}

impl From<mailbox::Contact> for Contact {
    fn from(contact: mailbox::Contact) -> Self {
        Self {
            contact_id: contact.id,
            folder_ids: contact.folders,
            display_name: contact.display_name,
            first_name: contact.first_name,
            middle_name: contact.middle_name,
            last_name: contact.last_name,
            nick_name: contact.nick_name,
            company: contact.company,
            department: contact.department,
            job_title: contact.job_title,
            emails: contact.emails.into_iter().map(ContactEmail::from).collect(),
            phones: contact.phones.into_iter().map(ContactPhone::from).collect(),
            addresses: contact.places.into_iter().map(ContactAddress::from).collect(),
            urls: contact.urls,
            birthday: contact
                .birthday
                .map(|day| format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())),
            notes: contact.notes,
            etag: contact.etag,
            updated_time: contact.updated_at.map(|at| (at.micros() / 1_000).to_string()),
        }
    }
}

impl From<mailbox::ContactEmail> for ContactEmail {
    fn from(email: mailbox::ContactEmail) -> Self {
        Self { address: email.address, name: email.name }
    }
}

impl From<mailbox::ContactPhone> for ContactPhone {
    fn from(phone: mailbox::ContactPhone) -> Self {
        let kind = match phone.kind {
            PhoneKind::Business => "business",
            PhoneKind::Home => "home",
            PhoneKind::Mobile => "mobile",
            PhoneKind::Other => "other",
        };
        Self { r#type: kind, number: phone.number }
    }
}

impl From<mailbox::ContactPlace> for ContactAddress {
    fn from(place: mailbox::ContactPlace) -> Self {
        let kind = match place.kind {
            PlaceKind::Business => "business",
            PlaceKind::Home => "home",
            PlaceKind::Other => "other",
        };
        let mailbox::PostalAddress { street, city, state, postal_code, country } = place.address;
        Self { r#type: kind, street, city, state, postal_code, country }
    }
}

impl From<mailbox::ContactFolder> for ContactFolder {
    fn from(folder: mailbox::ContactFolder) -> Self {
        Self { folder_id: folder.id, folder_name: folder.name, parent_folder_id: folder.parent }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::{Date, Month};

    use super::*;

    #[test]
    fn a_contact_has_the_documented_fields() {
        let contact = mailbox::Contact {
            id: "1".to_owned(),
            folders: vec!["f".to_owned()],
            display_name: Some("Ada Lovelace".to_owned()),
            emails: vec![mailbox::ContactEmail { address: "ada@x.test".to_owned(), name: None }],
            phones: vec![mailbox::ContactPhone { kind: PhoneKind::Mobile, number: "+44".to_owned() }],
            places: vec![mailbox::ContactPlace {
                kind: PlaceKind::Home,
                address: mailbox::PostalAddress {
                    city: Some("London".to_owned()),
                    ..mailbox::PostalAddress::default()
                },
            }],
            birthday: Some(Date::from_calendar_date(1815, Month::December, 10).expect("a day")),
            etag: Some("W/\"1\"".to_owned()),
            ..mailbox::Contact::default()
        };
        let expected = json!({
            "contactId": "1", "folderIds": ["f"], "displayName": "Ada Lovelace",
            "emails": [{ "address": "ada@x.test" }], "phones": [{ "type": "mobile", "number": "+44" }],
            "addresses": [{ "type": "home", "city": "London" }], "urls": [], "birthday": "1815-12-10",
            "etag": "W/\"1\"",
        });
        assert_eq!(serde_json::to_value(Contact::from(contact)).expect("JSON"), expected);
    }
}
