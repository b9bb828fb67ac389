//! Calls that read and change contacts. Mail360 has none of them.

use http::Method;

use super::{
    Answer, Call, Credential,
    sending::KEY,
    shared::{ACCOUNT_KEY, CURSOR, LIMIT},
};
use crate::{
    api::parameters::{Kind, MAX_TEXT, Member, Parameter},
    people::access::Scope,
};

const GROUP: &str = "Contacts";
const READ: Credential = Credential::Client(Scope::ContactsRead);

/// Maximum number of characters of a name or of another short text.
const MAX_SHORT: usize = 255;
/// Maximum number of characters of the notes.
const MAX_NOTES: usize = 32_000;
/// Maximum number of email addresses, phones, postal addresses or web addresses of a call. A provider may keep fewer.
const MAX_ITEMS: usize = 50;
const SHORT: Kind = Kind::Text { max: MAX_SHORT };

/// A field of a contact that is a short text.
const fn short(name: &'static str, about: &'static str) -> Parameter {
    Parameter::body(name, SHORT, about)
}

const DISPLAY_NAME: Parameter = short(
    "displayName",
    "The whole name. Where the provider makes it from the other names, another one beside them is INVALID_VALUE.",
);
const FIRST_NAME: Parameter = short("firstName", "The first name.");
const MIDDLE_NAME: Parameter = short("middleName", "The middle name.");
const LAST_NAME: Parameter = short("lastName", "The last name.");
const NICK_NAME: Parameter = short("nickName", "The nickname.");
const COMPANY: Parameter = short("company", "The company.");
const DEPARTMENT: Parameter = short("department", "The department.");
const JOB_TITLE: Parameter = short("jobTitle", "The job title.");
const EMAIL: &[Member] =
    &[Member::new("address", Kind::Text { max: 320 }).required(), Member::new("name", SHORT)];
const EMAILS: Parameter = Parameter::body(
    "emails",
    Kind::Objects { max: MAX_ITEMS, members: EMAIL },
    "All email addresses, each with a name if it has one. Outlook keeps three.",
);
const PHONE: &[Member] = &[
    Member::new("type", Kind::OneOf(&["business", "home", "mobile", "other"])).required(),
    Member::new("number", SHORT).required(),
];
const PHONES: Parameter = Parameter::body(
    "phones",
    Kind::Objects { max: MAX_ITEMS, members: PHONE },
    "All phones. Outlook keeps two of the type business, two of the type home and one of the type mobile.",
);
const ADDRESS: &[Member] = &[
    Member::new("type", Kind::OneOf(&["business", "home", "other"])).required(),
    Member::new("street", Kind::Lines { max: 1_000 }),
    Member::new("city", SHORT),
    Member::new("state", SHORT),
    Member::new("postalCode", SHORT),
    Member::new("country", SHORT),
];
const ADDRESSES: Parameter = Parameter::body(
    "addresses",
    Kind::Objects { max: MAX_ITEMS, members: ADDRESS },
    "All postal addresses. Outlook keeps one of each type.",
);
const URLS: Parameter =
    Parameter::body("urls", Kind::Texts { max: MAX_ITEMS }, "All addresses of web pages. Outlook keeps one.");
const BIRTHDAY: Parameter =
    Parameter::body("birthday", Kind::Text { max: 10 }, "The birthday as YYYY-MM-DD.");
const NOTES: Parameter = Parameter::body("notes", Kind::Lines { max: MAX_NOTES }, "The notes.");

/// These parameters and the fields of a contact, for a call that writes one.
macro_rules! with_fields {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            DISPLAY_NAME,
            FIRST_NAME,
            MIDDLE_NAME,
            LAST_NAME,
            NICK_NAME,
            COMPANY,
            DEPARTMENT,
            JOB_TITLE,
            EMAILS,
            PHONES,
            ADDRESSES,
            URLS,
            BIRTHDAY,
            NOTES,
        ]
    };
}

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
    about: "Give exactly one of email and name. With Outlook the default folder and at most 20 other folders are \
            searched, and where it cannot search for names, the first 1,000 contacts of a folder are compared.",
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
    about: "With Outlook without the default folder; its contacts are those that a list without folderId answers. A \
            mailbox of Outlook with more than 199 folders of contacts is CONTENT_TOO_LARGE.",
    parameters: &[ACCOUNT_KEY],
    answer: Answer::Many("ContactFolder"),
};

pub static CREATE_CONTACT: Call = Call {
    id: "createContact",
    method: Method::POST,
    path: "/api/accounts/{account_key}/contacts",
    credential: Credential::Client(Scope::ContactsCreate),
    group: GROUP,
    summary: "Create a contact",
    about: "Give at least one field. What the provider cannot keep is INVALID_VALUE, and nothing is created.",
    parameters: with_fields![
        ACCOUNT_KEY,
        KEY,
        Parameter::body(
            "folderId",
            Kind::Id,
            "The id of the folder of contacts in which it is created. Without it: the default folder.",
        ),
    ],
    answer: Answer::Created("Contact"),
};

pub static UPDATE_CONTACT: Call = Call {
    id: "updateContact",
    method: Method::PUT,
    path: "/api/accounts/{account_key}/contacts/{contactId}",
    credential: Credential::Client(Scope::ContactsUpdate),
    group: GROUP,
    summary: "Change a contact",
    about: "Give at least one field. Fields that are not given stay as they are; an empty string or array removes the value. A \
            list replaces the whole list. If the contact has changed since the version of If-Match, the answer is \
            ETAG_MISMATCH: read it again. What the provider cannot keep is INVALID_VALUE, and nothing is changed.",
    parameters: with_fields![
        ACCOUNT_KEY,
        Parameter::path("contactId", "The id of the contact."),
        Parameter::header(
            "If-Match",
            Kind::Text { max: MAX_SHORT },
            "The etag of the contact, as the call that has read it answered.",
        )
        .required(),
    ],
    answer: Answer::One("Contact"),
};

pub static DELETE_CONTACT: Call = Call {
    id: "deleteContact",
    method: Method::DELETE,
    path: "/api/accounts/{account_key}/contacts/{contactId}",
    credential: Credential::Client(Scope::ContactsDelete),
    group: GROUP,
    summary: "Delete a contact",
    about: "",
    parameters: &[ACCOUNT_KEY, Parameter::path("contactId", "The id of the contact.")],
    answer: Answer::Done,
};
