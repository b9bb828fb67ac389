//! Calls that send messages: new ones, replies and messages that are passed on.

use http::Method;

use super::{
    Answer, Call, Credential,
    contacts::CREATE_CONTACT,
    drafts::{CREATE_DRAFT, SEND_DRAFT, UPDATE_DRAFT},
    shared::{ACCOUNT_KEY, MESSAGE_ID},
};
use crate::{
    api::parameters::{Kind, Member, Parameter},
    people::access::Scope,
};

/// Maximum number of recipients of a message.
pub const MAX_RECIPIENTS: usize = 500;
/// Maximum number of files of a message.
const MAX_FILES: usize = 100;
/// Maximum number of characters of a list of addresses.
const MAX_ADDRESSES: usize = 100_000;
/// Maximum number of characters of a header line (RFC 5322, 2.1.1).
const MAX_HEADER_LINE: usize = 998;

const GROUP: &str = "Sending";
const CREATE: Credential = Credential::Client(Scope::MessagesCreate);

/// The name of the header with which a call may be repeated.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

pub(super) const KEY: Parameter = Parameter::header(
    IDEMPOTENCY_KEY,
    Kind::Text { max: 255 },
    "With it, the same call has the result of the first one for 24 hours, and is done once. Printable ASCII characters, \
     another key for each message. An answer that an earlier call has earned has the header Idempotent-Response: true.",
);
pub(super) const FROM: Parameter = Parameter::body(
    "fromAddress",
    Kind::Text { max: MAX_HEADER_LINE },
    "One of the addresses of the mailbox, with a name or without: \"Grace Hopper\" <grace@example.com>. Another one is Given \
     FromAddress not exists!, and nothing is sent.",
);
pub(super) const TO: Parameter = Parameter::body(
    "toAddress",
    Kind::Text { max: MAX_ADDRESSES },
    "Addresses with commas between them: \"Doe, J\" <j@example.com>, c@example.com. A message has at most 500 recipients.",
);
pub(super) const CC: Parameter =
    Parameter::body("ccAddress", Kind::Text { max: MAX_ADDRESSES }, "As toAddress.");
pub(super) const BCC: Parameter = Parameter::body(
    "bccAddress",
    Kind::Text { max: MAX_ADDRESSES },
    "As toAddress. The other recipients do not see them.",
);
pub(super) const SUBJECT: Parameter =
    Parameter::body("subject", Kind::Text { max: MAX_HEADER_LINE }, "The subject.");
pub(super) const CONTENT: Parameter =
    Parameter::body("content", Kind::Lines { max: 1_000_000 }, "The body, sent as it is given.");
pub(super) const FORMAT: Parameter =
    Parameter::body("mailFormat", Kind::OneOf(&["html", "plaintext"]), "What the content is.").or("html");
pub(super) const IN_REPLY_TO: Parameter = Parameter::body(
    "inReplyTo",
    Kind::Text { max: MAX_HEADER_LINE },
    "In angle brackets: the Message-ID of the message that this one answers. An email address without them: where answers \
     go, as with replyTo.",
);
pub(super) const REFERENCES: Parameter = Parameter::body(
    "refHeader",
    Kind::Lines { max: 16_384 },
    "The Message-IDs of the thread, oldest first, each in angle brackets, with blanks between them.",
);
pub(super) const REPLY_TO: Parameter = Parameter::body(
    "replyTo",
    Kind::Text { max: MAX_ADDRESSES },
    "Where answers go, if not to fromAddress. As toAddress, at most 25 addresses.",
);
pub(super) const RECEIPT: Parameter = Parameter::body(
    "askReceipt",
    Kind::OneOf(&["yes", "no"]),
    "yes: asks the mail programs of the recipients to say that the message was read.",
);
pub(super) const PRIORITY: Parameter =
    Parameter::body("priority", Kind::OneOf(&["high", "medium", "low"]), "How the message is marked.");
pub(super) const ENCODING: Parameter =
    Parameter::body("encoding", Kind::Text { max: 40 }, "Messages are sent in UTF-8.").ignored();
pub(super) const ATTACHMENTS: Parameter = Parameter::body(
    "attachments",
    Kind::Objects {
        max: MAX_FILES,
        members: &[Member::new("fileId", Kind::Text { max: MAX_HEADER_LINE }).required()],
    },
    "Uploads of this client for this account, in this order: [{\"fileId\":\"…\"}]. Of two with the same name and content \
     Outlook gets one.",
);

const IS_SCHEDULE: Parameter = Parameter::body(
    "isSchedule",
    Kind::Boolean,
    "true: the message waits for scheduleTime. messageId is sch_… then.",
)
.or("false");
const SCHEDULE_TYPE: Parameter = Parameter::body(
    "scheduleType",
    Kind::Integer { min: 1, max: 6 },
    "Only for isSchedule, which needs it: 6, a time of your own.",
)
.only(&["6"]);
const TIME_ZONE: Parameter = Parameter::body(
    "timeZone",
    Kind::Text { max: 200 },
    "Only for isSchedule, which needs it: the IANA name, alone or as Mail360 writes it: GMT 5:30 (India Standard Time - \
     Asia/Calcutta).",
);
const SCHEDULE_TIME: Parameter = Parameter::body(
    "scheduleTime",
    Kind::Text { max: 40 },
    "Only for isSchedule, which needs it: the time of a clock in timeZone, MM/DD/YYYY HH:MM:SS, at most a year ahead.",
);

/// These parameters and those that each call for sending has after them.
macro_rules! with_common {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            REPLY_TO,
            RECEIPT,
            PRIORITY,
            ENCODING,
            ATTACHMENTS,
            IS_SCHEDULE,
            SCHEDULE_TYPE,
            TIME_ZONE,
            SCHEDULE_TIME,
        ]
    };
}

const ONCE: &str = "A message is sent once, whatever happens on the way: repeat the call with the same Idempotency-Key until \
                    it is answered. Without a key, a call with the same values joins the first one while that one is being \
                    sent, and for five minutes if its result reached no caller. SEND_OUTCOME_UNKNOWN is never sent again.";

pub static SEND_MESSAGE: Call = Call {
    id: "sendMessage",
    method: Method::POST,
    path: "/api/accounts/{account_key}/messages",
    credential: CREATE,
    group: GROUP,
    summary: "Send a message, now or at a time",
    about: ONCE,
    parameters: with_common![
        ACCOUNT_KEY,
        KEY,
        FROM.required(),
        TO.required(),
        CC,
        BCC,
        SUBJECT,
        CONTENT,
        FORMAT,
        IN_REPLY_TO,
        REFERENCES,
    ],
    answer: Answer::One("Sent"),
};

pub static ANSWER_MESSAGE: Call = Call {
    id: "answerMessage",
    method: Method::POST,
    path: "/api/accounts/{account_key}/messages/{messageId}",
    credential: CREATE,
    group: GROUP,
    summary: "Reply to a message, or forward it",
    about: "The content comes before the original message. A forwarded message keeps its attachments. It is sent once, as by the \
            call for a new message.",
    parameters: with_common![
        ACCOUNT_KEY,
        MESSAGE_ID,
        KEY,
        Parameter::body(
            "action",
            Kind::OneOf(&["reply", "replyall", "forward"]),
            "To whom it goes: to the sender; to the sender and the recipients; to toAddress.",
        )
        .required(),
        FROM.required(),
        Parameter::body(
            "toAddress",
            Kind::Text { max: MAX_ADDRESSES },
            "forward needs it. Without it a reply goes to the sender of the message, or to its Reply-To.",
        ),
        CC,
        BCC,
        Parameter::body(
            "subject",
            Kind::Text { max: MAX_HEADER_LINE },
            "Without it: that of the message, with a mark such as Re: or Fwd:.",
        ),
        CONTENT,
        FORMAT,
        Parameter {
            about: "An email address: where answers go, as with replyTo. A Message-ID in angle brackets has no effect \
                    here, because messageId names the message that is answered.",
            ..IN_REPLY_TO
        },
        Parameter { about: "They follow from the message that is answered.", ..REFERENCES }.ignored(),
    ],
    answer: Answer::One("Sent"),
};

/// The calls that wait until the provider has the message, or that another call under the same key may wait for.
pub static SENDING: [&Call; 6] =
    [&SEND_MESSAGE, &ANSWER_MESSAGE, &CREATE_DRAFT, &UPDATE_DRAFT, &SEND_DRAFT, &CREATE_CONTACT];
