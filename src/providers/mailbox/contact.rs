//! Contacts. A field that a contact does not have is `None` or empty.

use serde::Serialize;
use time::Date;

use super::Position;
use crate::platform::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContactEmail {
    pub address: String,
    pub name: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneKind {
    Business,
    Home,
    Mobile,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContactPhone {
    pub kind: PhoneKind,
    pub number: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    Business,
    Home,
    Other,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PostalAddress {
    pub street: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
}

/// A postal address of a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContactPlace {
    pub kind: PlaceKind,
    pub address: PostalAddress,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    pub id: String,
    pub folders: Vec<String>,
    pub display_name: Option<String>,
    pub first_name: Option<String>,
    pub middle_name: Option<String>,
    pub last_name: Option<String>,
    pub nick_name: Option<String>,
    pub company: Option<String>,
    pub department: Option<String>,
    pub job_title: Option<String>,
    pub emails: Vec<ContactEmail>,
    pub phones: Vec<ContactPhone>,
    pub places: Vec<ContactPlace>,
    pub urls: Vec<String>,
    pub birthday: Option<Date>,
    pub notes: Option<String>,
    /// The version of the contact, for a change of it.
    pub etag: Option<String>,
    pub updated_at: Option<Timestamp>,
}

/// A folder of contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactFolder {
    pub id: String,
    pub name: String,
    /// The folder that contains it; `None` at the top.
    pub parent: Option<String>,
}

/// Which contacts are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactQuery {
    /// `None`: the default folder.
    pub folder: Option<String>,
    pub position: Position,
    /// From 1 to 200.
    pub limit: u32,
}

/// A part of a list of contacts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactPage {
    pub contacts: Vec<Contact>,
    /// Where the list goes on: see [`super::MessagePage::next`].
    pub next: Option<String>,
}

/// What to look for among contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContactSearch {
    /// The whole email address.
    Email(String),
    /// The beginning of a name.
    Name(String),
}

/// Changes of contacts since a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactChanges {
    /// Contacts that are new or different.
    pub changed: Vec<Contact>,
    /// Ids of contacts that are gone.
    pub removed: Vec<String>,
    /// The token for the next call. It may be long.
    pub token: String,
    /// Whether there are more changes now.
    pub has_more: bool,
}
