//! Calls that read contacts. Mail360 has none of them.

use http::Method;

use super::{
    Answer, Call, Credential,
    shared::{ACCOUNT_KEY, CURSOR, LIMIT},
};
use crate::{
    api::parameters::{Kind, MAX_TEXT, Parameter},
    people::access::Scope,
};

const GROUP: &str = "Contacts";
const READ: Credential = Credential::Client(Scope::ContactsRead);

pub static LIST_CONTACTS: Call = Call {
    id: "listContacts",
    method: Method::GET,
    path: "/api/accounts/{account_key}/contacts",
    credential: READ,
    group: GROUP,
    summary: "List contacts",
    about: "",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::query(
            "folderId",
            Kind::Id,
            "The id of a folder of contacts. Without it: the default folder.",
        ),
        LIMIT,
        CURSOR,
    ],
    answer: Answer::Pages("Contact"),
};

pub static SEARCH_CONTACTS: Call = Call {
    id: "searchContacts",
    method: Method::GET,
    path: "/api/accounts/{account_key}/contacts/search",
    credential: READ,
    group: GROUP,
    summary: "Search contacts",
    about: "Give exactly one of email and name. The default folder and at most 20 other folders are searched. Where the \
            provider cannot search for names, the first 1,000 contacts of a folder are compared.",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::query("email", Kind::Text { max: 320 }, "The whole email address."),
        Parameter::query("name", Kind::Text { max: 256 }, "The beginning of a name."),
        Parameter::query("limit", Kind::Integer { min: 1, max: 30 }, "Maximum number of contacts.").or("30"),
    ],
    answer: Answer::Many("Contact"),
};

pub static CONTACT_CHANGES: Call = Call {
    id: "contactChanges",
    method: Method::GET,
    path: "/api/accounts/{account_key}/contacts/changes",
    credential: READ,
    group: GROUP,
    summary: "Read the contacts that have changed",
    about: "Without a token: all contacts of the default folder. Call again with the token of the answer: at once while \
            hasMore is true, else when you want to know the changes. A token lives for 7 days.",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::query("token", Kind::Text { max: MAX_TEXT }, "The token of an earlier answer."),
    ],
    answer: Answer::One("ContactChanges"),
};

pub static GET_CONTACT: Call = Call {
    id: "getContact",
    method: Method::GET,
    path: "/api/accounts/{account_key}/contacts/{contactId}",
    credential: READ,
    group: GROUP,
    summary: "Get a contact",
    about: "",
    parameters: &[ACCOUNT_KEY, Parameter::path("contactId", "The id of the contact.")],
    answer: Answer::One("Contact"),
};

pub static LIST_CONTACT_FOLDERS: Call = Call {
    id: "listContactFolders",
    method: Method::GET,
    path: "/api/accounts/{account_key}/contactFolders",
    credential: READ,
    group: GROUP,
    summary: "List the folders of contacts",
    about: "Without the default folder: its contacts are those that a list without folderId answers. A mailbox with more than 199 folders of contacts is CONTENT_TOO_LARGE.",
    parameters: &[ACCOUNT_KEY],
    answer: Answer::Many("ContactFolder"),
};
