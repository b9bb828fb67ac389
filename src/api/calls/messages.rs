//! Calls that read messages, attachments, threads and drafts.

use http::Method;

use super::{
    Answer, Call, Credential,
    shared::{
        ACCOUNT_KEY, CURSOR, FOLDER_ID, INCLUDE_SENT, LIMIT, MAX_PAGE, MESSAGE_ID, SORT_ORDER, START,
        START_AT_0, START_OF_SEARCH, START_OF_THREADS,
    },
};
use crate::{
    api::parameters::{Kind, MAX_TEXT, Parameter},
    people::access::Scope,
};

const GROUP: &str = "Messages";
const THREADS: &str = "Threads";
const DRAFTS: &str = "Drafts";
const READ: Credential = Credential::Client(Scope::MessagesRead);
const ONE_FLAG: &str = "This program has one flag: flaggedMails finds it.";
const BY_DATE: &str = "Lists are sorted by date.";

pub static LIST_MESSAGES: Call = Call {
    id: "listMessages",
    method: Method::GET,
    path: "/api/accounts/{account_key}/messages",
    credential: READ,
    group: GROUP,
    summary: "List messages",
    about: "A call reads at most 2,000 messages for its page, so a page may be shorter than limit, or empty; it is \
            not the last while there is a Next-Cursor. With Outlook and without folderId, a mailbox whose trash and \
            spam have more than 98 folders with subfolders is CONTENT_TOO_LARGE: give a folderId.",
    parameters: &[
        ACCOUNT_KEY,
        FOLDER_ID,
        START,
        LIMIT,
        CURSOR,
        Parameter::query("flagid", Kind::Integer { min: 0, max: 9 }, ONE_FLAG).or("0").only(&["0"]),
        Parameter::query("labelId", Kind::LabelId, "The id of a label that the messages have. 0: any.")
            .or("0"),
        SORT_ORDER,
        INCLUDE_SENT,
        Parameter::query("sortBy", Kind::OneOf(&["date", "messageId", "size"]), BY_DATE)
            .or("date")
            .only(&["date"]),
        Parameter::query(
            "status",
            Kind::OneOf(&["read", "unread"]),
            "Only messages that are read, or not read.",
        ),
        Parameter::query("attachedMails", Kind::Boolean, "true: only messages with attachments.").or("false"),
        Parameter::query(
            "inlinedMails",
            Kind::Boolean,
            "true: only messages with inline pictures. NOT_SUPPORTED_BY_PROVIDER, because no provider lists them.",
        )
        .or("false"),
        Parameter::query("flaggedMails", Kind::Boolean, "true: only flagged messages.").or("false"),
        Parameter::query(
            "respondedMails",
            Kind::Boolean,
            "No provider can list by whether a message was answered.",
        )
        .or("false")
        .only(&["false"]),
    ],
    answer: Answer::Pages("Message"),
};

pub static SEARCH_MESSAGES: Call = Call {
    id: "searchMessages",
    method: Method::GET,
    path: "/api/accounts/{account_key}/messages/search",
    credential: READ,
    group: GROUP,
    summary: "Search messages",
    about: "By the provider's own search: newest first, with Outlook by the date on which messages were sent; all \
            folders except trash, spam and drafts unless folderid names one. A message that the provider has not \
            indexed yet may be missing. So may, with Outlook, one without an id that survives a move: a page may be \
            shorter than limit, or empty; it is not the last while there is a Next-Cursor. The provider may forget a \
            search before its cursor is 24 hours old: begin again without it. Without clauses and dateRange, also \
            with folderid alone, the answer is the list of messages.",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::query(
            "emailId",
            Kind::Texts { max: 50 },
            "The account is in the path. Alone: the list of messages.",
        )
        .ignored(),
        START_OF_SEARCH,
        LIMIT,
        CURSOR,
        Parameter::query(
            "mailQry",
            Kind::Text { max: MAX_TEXT },
            "At most 20 conditions: name:value, joined by ::, or (name=value), one behind the other, with no parentheses in \
             the values. All must hold. Names: sender, sendername, to, cc, bcc, subject, content, senddate, receiveddate, \
             hasattach, attachname, folderid. A value has at most 256 characters, and no quotation marks and backslashes. A \
             date is 13-May-2026 or 2026-05-13, a day in UTC. hasattach is true, false, 1 or 0.",
        ),
        Parameter::query(
            "dateRange",
            Kind::Text { max: 64 },
            "The days on which the messages were received, both included, in UTC: 01-Jan-2026:31-Jan-2026, or \
             2026-01-01:2026-01-31.",
        ),
    ],
    answer: Answer::Pages("Message"),
};

pub static GET_MESSAGE: Call = Call {
    id: "getMessage",
    method: Method::GET,
    path: "/api/accounts/{account_key}/messages/{messageId}",
    credential: READ,
    group: GROUP,
    summary: "Get a message without its body",
    about: "",
    parameters: &[ACCOUNT_KEY, MESSAGE_ID],
    answer: Answer::One("Message"),
};

pub static GET_CONTENT: Call = Call {
    id: "getContent",
    method: Method::GET,
    path: "/api/accounts/{account_key}/messages/{messageId}/content",
    credential: READ,
    group: GROUP,
    summary: "Get the body of a message",
    about: "Scripts, forms and other active parts are removed. Plain text becomes HTML. A body over 5 MB is \
            CONTENT_TOO_LARGE: read the raw message.",
    parameters: &[
        ACCOUNT_KEY,
        MESSAGE_ID,
        Parameter::query(
            "includeBlockContent",
            Kind::Boolean,
            "true: HTML as it came, not sanitised (unconfirmed). It may have scripts of the sender: never show it in a page of \
             yours.",
        )
        .or("false"),
    ],
    answer: Answer::One("Content"),
};

pub static GET_HEADER: Call = Call {
    id: "getHeader",
    method: Method::GET,
    path: "/api/accounts/{account_key}/messages/{messageId}/header",
    credential: READ,
    group: GROUP,
    summary: "Get the header of a message",
    about: "",
    parameters: &[ACCOUNT_KEY, MESSAGE_ID],
    answer: Answer::One("Header"),
};

pub static GET_RAW: Call = Call {
    id: "getRaw",
    method: Method::GET,
    path: "/api/accounts/{account_key}/messages/{messageId}/raw",
    credential: READ,
    group: GROUP,
    summary: "Get a whole message as the provider has it (RFC 5322)",
    about: "",
    parameters: &[ACCOUNT_KEY, MESSAGE_ID],
    answer: Answer::Bytes(Some("message/rfc822")),
};

pub static LIST_ATTACHMENTS: Call = Call {
    id: "listAttachments",
    method: Method::GET,
    path: "/api/accounts/{account_key}/messages/{messageId}/attachments",
    credential: READ,
    group: GROUP,
    summary: "List the attachments of a message",
    about: "",
    parameters: &[
        ACCOUNT_KEY,
        MESSAGE_ID,
        Parameter::query("includeInline", Kind::Boolean, "true: inline pictures too, in inline.").or("false"),
    ],
    answer: Answer::One("Attachments"),
};

pub static DOWNLOAD_ATTACHMENT: Call = Call {
    id: "downloadAttachment",
    method: Method::GET,
    path: "/api/accounts/{account_key}/messages/{messageId}/attachments/{attachmentId}",
    credential: Credential::Client(Scope::AttachmentsRead),
    group: GROUP,
    summary: "Download an attachment",
    about: "The bytes come as they arrive from the provider, with the name of the attachment in Content-Disposition. A \
            reader that takes less than 16 kB a second for a minute is cut off.",
    parameters: &[ACCOUNT_KEY, MESSAGE_ID, Parameter::path("attachmentId", "The id of the attachment.")],
    answer: Answer::Bytes(None),
};

pub static LIST_THREADS: Call = Call {
    id: "listThreads",
    method: Method::GET,
    path: "/api/accounts/{account_key}/threads",
    credential: READ,
    group: THREADS,
    summary: "List threads by their newest messages",
    about: "Each item is the newest message of a thread. A call reads at most 2,000 messages for its page, so a page may be \
            shorter than limit, or empty; it is not the last while there is a Next-Cursor.",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::query("folderId", Kind::Id, "The id of a folder. -1: all except trash, spam and drafts.")
            .or("-1"),
        START_OF_THREADS,
        Parameter::query(
            "limit",
            Kind::Integer { min: 1, max: MAX_PAGE },
            "The number of threads of a page.",
        )
        .or("25"),
        CURSOR,
        Parameter::query(
            "flagid",
            Kind::OneOf(&["flag_not_set", "info", "important", "followup"]),
            "Threads cannot be listed by their flags.",
        )
        .or("flag_not_set")
        .only(&["flag_not_set"]),
        Parameter::query("labelid", Kind::LabelId, "The id of a label that the messages have. 0: any.")
            .or("0"),
        Parameter::query("sortorder", Kind::Boolean, "The newest thread is first.")
            .or("false")
            .only(&["false"]),
        INCLUDE_SENT,
    ],
    answer: Answer::Pages("Message"),
};

pub static GET_THREAD: Call = Call {
    id: "getThread",
    method: Method::GET,
    path: "/api/accounts/{account_key}/threads/{threadId}",
    credential: READ,
    group: THREADS,
    summary: "Get the messages of a thread",
    about: "Oldest first. A thread with more than 2,000 messages is CONTENT_TOO_LARGE.",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::path("threadId", "The id of the thread."),
        START_AT_0,
        Parameter::query(
            "limit",
            Kind::Integer { min: 1, max: MAX_PAGE },
            "The number of messages of a page.",
        )
        .or("25"),
        CURSOR,
        Parameter::query(
            "folderId",
            Kind::Id,
            "The id of a folder: only its messages. Without it: all folders except trash and drafts.",
        ),
        Parameter::query(
            "flagId",
            Kind::OneOf(&["flag_not_set", "info", "important", "followup"]),
            "Messages of a thread cannot be listed by their flags.",
        )
        .or("flag_not_set")
        .only(&["flag_not_set"]),
        Parameter::query("labelId", Kind::LabelId, "The id of a label that the messages have. 0: any."),
    ],
    answer: Answer::Pages("Message"),
};

pub static LIST_DRAFTS: Call = Call {
    id: "listDrafts",
    method: Method::GET,
    path: "/api/accounts/{account_key}/drafts",
    credential: READ,
    group: DRAFTS,
    summary: "List drafts",
    about: "",
    parameters: &[
        ACCOUNT_KEY,
        START_AT_0,
        Parameter::query("limit", Kind::Integer { min: 1, max: 100 }, "The number of drafts of a page.")
            .or("25"),
        CURSOR,
        SORT_ORDER,
        Parameter::query("sortBy", Kind::OneOf(&["date", "messageId", "size"]), BY_DATE)
            .or("date")
            .only(&["date"]),
    ],
    answer: Answer::Pages("Draft"),
};

pub static GET_DRAFT: Call = Call {
    id: "getDraft",
    method: Method::GET,
    path: "/api/accounts/{account_key}/drafts/{draftId}",
    credential: READ,
    group: DRAFTS,
    summary: "Get a draft without its body",
    about: "Its body: the content of the message with the same id.",
    parameters: &[ACCOUNT_KEY, Parameter::path("draftId", "The id of the draft.")],
    answer: Answer::One("Draft"),
};

/// A parameter of Mail360's list of templates. It is known, so that it does not hide why the call is refused.
const fn of_templates(name: &'static str) -> Parameter {
    Parameter::query(name, Kind::Text { max: MAX_TEXT }, "The call is refused whatever it has.").ignored()
}

pub static LIST_TEMPLATES: Call = Call {
    id: "listTemplates",
    method: Method::GET,
    path: "/api/accounts/{account_key}/templates",
    credential: READ,
    group: DRAFTS,
    summary: "Refused: list templates",
    about: "Always NOT_SUPPORTED. No provider keeps templates.",
    parameters: &[
        ACCOUNT_KEY,
        of_templates("start"),
        of_templates("limit"),
        of_templates("sortorder"),
        of_templates("sortBy"),
        of_templates("view"),
    ],
    answer: Answer::Done,
};

pub static ADD_TEMPLATE: Call = Call {
    id: "addTemplate",
    method: Method::POST,
    path: "/api/accounts/{account_key}/templates",
    credential: Credential::Client(Scope::MessagesCreate),
    group: DRAFTS,
    summary: "Refused: add a template",
    about: "Always NOT_SUPPORTED. No provider keeps templates.",
    parameters: &[ACCOUNT_KEY],
    answer: Answer::Done,
};
