//! The table of the API's calls: address, scope, parameters and answer of each. The router takes addresses and scopes
//! from it, [`super::asked`] reads requests by it, and the OpenAPI document, the reference and docs/api.md print it.

mod accounts;
mod contacts;
mod folders;
mod messages;
mod programs;
mod shared;

use http::Method;

pub use self::{accounts::*, contacts::*, folders::*, messages::*, programs::*, shared::MAX_REACH};
use super::parameters::Parameter;
use crate::people::access::Scope;

/// The credential that a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// None in the header. The body may have one.
    None,
    /// That of an API client with this scope.
    Client(Scope),
}

/// The result of a call. Names are those of schemas in the OpenAPI document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Only that it is done.
    Done,
    /// An object in `data`.
    One(&'static str),
    /// An array in `data`.
    Many(&'static str),
    /// An array in `data`, and `Next-Cursor` while there is more.
    Pages(&'static str),
    /// The bytes themselves, with this type; `None` if the type depends on them.
    Bytes(Option<&'static str>),
    /// This document, without the envelope.
    Document,
}

/// A call of the API: a row of the table.
#[derive(Debug)]
pub struct Call {
    /// The operation's id in the OpenAPI document.
    pub id: &'static str,
    pub method: Method,
    /// The path in the syntax of OpenAPI, which is also the router's.
    pub path: &'static str,
    pub credential: Credential,
    /// The heading under which the reference lists it.
    pub group: &'static str,
    pub summary: &'static str,
    /// What a developer must know besides; it may be empty.
    pub about: &'static str,
    pub parameters: &'static [Parameter],
    pub answer: Answer,
}

/// All calls, in the order of the reference.
pub static ALL: [&Call; 40] = [
    &ACCESS_TOKEN,
    &LIST_ACCOUNTS,
    &GET_ACCOUNT,
    &ADD_ACCOUNT,
    &ADD_ACCOUNT_BY_OAUTH,
    &UPDATE_ACCOUNT_BY_OAUTH,
    &CHANGE_ACCOUNT,
    &DELETE_ACCOUNT,
    &CONFIRM_ACCOUNT,
    &GET_CONNECTOR,
    &LIST_MESSAGES,
    &SEARCH_MESSAGES,
    &GET_MESSAGE,
    &GET_CONTENT,
    &GET_HEADER,
    &GET_RAW,
    &LIST_ATTACHMENTS,
    &DOWNLOAD_ATTACHMENT,
    &LIST_THREADS,
    &GET_THREAD,
    &LIST_DRAFTS,
    &GET_DRAFT,
    &LIST_FOLDERS,
    &GET_FOLDER,
    &LIST_LABELS,
    &GET_LABEL,
    &LIST_CONTACTS,
    &SEARCH_CONTACTS,
    &CONTACT_CHANGES,
    &GET_CONTACT,
    &LIST_CONTACT_FOLDERS,
    &GET_TOKEN,
    &LIST_TEMPLATES,
    &ADD_TEMPLATE,
    &OPENAPI,
    &PROXY,
    &PROXY_POST,
    &PROXY_PUT,
    &PROXY_PATCH,
    &PROXY_DELETE,
];

/// The headings of the reference, each with its calls.
pub fn groups() -> Vec<(&'static str, Vec<&'static Call>)> {
    let mut groups: Vec<(&str, Vec<&Call>)> = Vec::new();
    for call in ALL {
        match groups.iter_mut().find(|(name, _)| *name == call.group) {
            Some((_, calls)) => calls.push(call),
            None => groups.push((call.group, vec![call])),
        }
    }
    groups
}

#[cfg(test)]
mod tests;
