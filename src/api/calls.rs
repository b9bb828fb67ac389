//! The table of the API's calls: address, scope, parameters and answer of each. The router takes addresses and scopes
//! from it, [`super::asked`] reads requests by it, and the OpenAPI document, the reference and docs/api.md print it.

mod accounts;
mod changing;
mod contacts;
mod drafts;
mod folders;
mod messages;
mod programs;
mod schedules;
mod sending;
mod shared;
mod uploads;

use http::Method;

pub use self::{
    accounts::*, changing::*, contacts::*, drafts::*, folders::*, messages::*, programs::*, schedules::*,
    sending::*, shared::MAX_REACH, uploads::*,
};
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
    /// Only that it is done for all. If it is not: status 207 and an object in `data`, which says it for each.
    Bulk(&'static str),
    /// An object in `data`.
    One(&'static str),
    /// An object in `data`, with the status 201.
    Created(&'static str),
    /// Only that it is done; in one mode of the call an object in `data`.
    DoneOrOne(&'static str),
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
pub static ALL: [&Call; 66] = [
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
    &CHANGE_MESSAGES,
    &DELETE_MESSAGE,
    &LIST_ATTACHMENTS,
    &DOWNLOAD_ATTACHMENT,
    &UPLOAD_ATTACHMENT,
    &DELETE_UPLOAD,
    &SEND_MESSAGE,
    &ANSWER_MESSAGE,
    &LIST_THREADS,
    &GET_THREAD,
    &CHANGE_THREADS,
    &DELETE_THREAD,
    &DELETE_THREADS,
    &LIST_DRAFTS,
    &GET_DRAFT,
    &CREATE_DRAFT,
    &UPDATE_DRAFT,
    &DELETE_DRAFT,
    &SEND_DRAFT,
    &LIST_SCHEDULES,
    &GET_SCHEDULE,
    &CANCEL_SCHEDULE,
    &LIST_FOLDERS,
    &GET_FOLDER,
    &CREATE_FOLDER,
    &CHANGE_FOLDER,
    &DELETE_FOLDER,
    &LIST_LABELS,
    &GET_LABEL,
    &CREATE_LABEL,
    &UPDATE_LABEL,
    &DELETE_LABEL,
    &GET_JOB,
    &LIST_CONTACTS,
    &SEARCH_CONTACTS,
    &CONTACT_CHANGES,
    &GET_CONTACT,
    &CREATE_CONTACT,
    &UPDATE_CONTACT,
    &DELETE_CONTACT,
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
