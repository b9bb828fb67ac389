//! Calls that make, change, delete and send drafts. Those that read them are beside the calls for messages.

use http::Method;

use super::{
    Answer, Call, Credential,
    sending::{
        ATTACHMENTS, BCC, CC, CONTENT, ENCODING, FORMAT, FROM, IN_REPLY_TO, KEY, PRIORITY, RECEIPT,
        REFERENCES, REPLY_TO, SUBJECT, TO,
    },
    shared::ACCOUNT_KEY,
};
use crate::{
    api::parameters::{Kind, Parameter},
    people::access::Scope,
};

const GROUP: &str = "Drafts";
const DRAFT_ID: Parameter = Parameter::path("draftId", "The id of the draft.");
const LABELS: Parameter =
    Parameter::body("labelId", Kind::LabelIds { max: 25 }, "The ids of at most 25 labels.");

pub static CREATE_DRAFT: Call = Call {
    id: "createDraft",
    method: Method::POST,
    path: "/api/accounts/{account_key}/drafts",
    credential: Credential::Client(Scope::MessagesCreate),
    group: GROUP,
    summary: "Make a draft",
    about: "Without an Idempotency-Key, a call that is repeated makes another draft.",
    parameters: &[
        ACCOUNT_KEY,
        KEY,
        FROM.required(),
        TO,
        CC,
        BCC,
        SUBJECT,
        CONTENT,
        FORMAT,
        IN_REPLY_TO,
        REFERENCES,
        REPLY_TO,
        RECEIPT,
        PRIORITY,
        LABELS,
        ENCODING,
        ATTACHMENTS,
    ],
    answer: Answer::Created("CreatedDraft"),
};

pub static UPDATE_DRAFT: Call = Call {
    id: "updateDraft",
    method: Method::PUT,
    path: "/api/accounts/{account_key}/drafts/{draftId}",
    credential: Credential::Client(Scope::MessagesUpdate),
    group: GROUP,
    summary: "Change a draft",
    about: "What the call does not name stays; an empty value removes what is there. A call that is repeated changes the rest. \
            A message that was sent or received is CONTENT_IS_FINAL.",
    parameters: &[
        ACCOUNT_KEY,
        DRAFT_ID,
        FROM,
        TO,
        CC,
        BCC,
        SUBJECT,
        CONTENT,
        FORMAT,
        REPLY_TO,
        RECEIPT,
        PRIORITY,
        LABELS,
        ENCODING,
        Parameter::body(
            "removeAttachments",
            Kind::Ids { max: 100 },
            "The ids of attachments that the draft loses.",
        ),
        Parameter {
            about: "Uploads of this client for this account, which the draft gets besides its attachments: \
                    [{\"fileId\":\"…\"}]. One that is there already is not added again.",
            ..ATTACHMENTS
        },
    ],
    answer: Answer::Done,
};

pub static DELETE_DRAFT: Call = Call {
    id: "deleteDraft",
    method: Method::DELETE,
    path: "/api/accounts/{account_key}/drafts/{draftId}",
    credential: Credential::Client(Scope::MessagesDelete),
    group: GROUP,
    summary: "Delete a draft for good",
    about: "A message that is not a draft is NOT_FOUND.",
    parameters: &[ACCOUNT_KEY, DRAFT_ID],
    answer: Answer::Done,
};

pub static SEND_DRAFT: Call = Call {
    id: "sendDraft",
    method: Method::POST,
    path: "/api/accounts/{account_key}/drafts/{draftId}/send",
    credential: Credential::Client(Scope::MessagesCreate),
    group: GROUP,
    summary: "Send a draft",
    about: "It is sent once, as by the call for a new message. With Outlook messageId is the draftId; elsewhere the \
            sent message may have another id.",
    parameters: &[ACCOUNT_KEY, DRAFT_ID, KEY],
    answer: Answer::One("Sent"),
};
