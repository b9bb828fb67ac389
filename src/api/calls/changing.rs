//! Calls that change and delete messages and threads.

use http::Method;

use super::{
    Answer, Call, Credential,
    shared::{ACCOUNT_KEY, MESSAGE_ID},
};
use crate::{
    api::parameters::{Kind, Parameter, Place},
    people::access::Scope,
};

const MESSAGES: &str = "Messages";
const THREADS: &str = "Threads";
const UPDATE: Credential = Credential::Client(Scope::MessagesUpdate);
const DELETE: Credential = Credential::Client(Scope::MessagesDelete);

/// Maximum number of messages or threads of a call.
const MAX_CHANGED: usize = 200;
/// Maximum number of labels of a call.
const MAX_LABELS: usize = 25;

const MODES: &[&str] =
    &["markAsRead", "markAsUnread", "setFlag", "moveMessage", "applyLabel", "removeLabel", "removeAllLabels"];
const FLAGS: &[&str] = &["info", "important", "followup", "flag_not_set"];
const ABOUT_FLAG: &str = "Only for setFlag, which needs it. A message has one flag: info, important and followup set it, and it \
                          is followup when it is read. flag_not_set removes it.";

/// A parameter that some modes need. Every other mode refuses it.
pub struct Need {
    pub modes: &'static [&'static str],
    /// Its name. The calls of messages and of threads may have different ones.
    pub names: &'static [&'static str],
}

/// What the modes need besides ids.
pub static NEEDS: [Need; 3] = [
    Need { modes: &["setFlag"], names: &["flagid", "flagId"] },
    Need { modes: &["moveMessage"], names: &["destfolderId"] },
    Need { modes: &["applyLabel", "removeLabel"], names: &["labelId"] },
];

const MODE: Parameter = Parameter::body(
    "mode",
    Kind::OneOf(MODES),
    "What to change. setFlag, moveMessage, applyLabel and removeLabel need one parameter more, which the other modes refuse.",
)
.required();
const DEST_FOLDER_ID: Parameter = Parameter::body(
    "destfolderId",
    Kind::Id,
    "Only for moveMessage, which needs it: the id of a folder, which may be any; where folders are labels, any but \
     Sent and Drafts. A message that is there already counts as moved.",
);
const LABEL_IDS: Parameter = Parameter::body(
    "labelId",
    Kind::LabelIds { max: MAX_LABELS },
    "Only for applyLabel and removeLabel, which need it: the ids of at most 25 labels. Other labels stay.",
);
const EXPUNGE: Parameter = Parameter::body(
    "expunge",
    Kind::Boolean,
    "In the body. true: deletes for good. false: moves to the trash. Give it here or in the query.",
)
.or("false");
const EXPUNGE_IN_QUERY: Parameter = Parameter {
    place: Place::Query,
    about: "In the query. true: deletes for good. false: moves to the trash. Give it here or in the body.",
    ..EXPUNGE
};

const BULK: &str = "All are as wanted: 200. Otherwise 207, and data.results has each id, with an errorCode where the change \
                    was not made. A repeated call succeeds for what is as wanted already. What the time of the call does not \
                    suffice for is PROVIDER_UNAVAILABLE: repeat the call.";

pub static CHANGE_MESSAGES: Call = Call {
    id: "changeMessages",
    method: Method::PUT,
    path: "/api/accounts/{account_key}/messages",
    credential: UPDATE,
    group: MESSAGES,
    summary: "Mark, flag, move or label messages",
    about: BULK,
    parameters: &[
        ACCOUNT_KEY,
        MODE,
        Parameter::body("messageId", Kind::Ids { max: MAX_CHANGED }, "The ids of at most 200 messages.")
            .required(),
        Parameter::body("flagid", Kind::OneOf(FLAGS), ABOUT_FLAG),
        DEST_FOLDER_ID,
        LABEL_IDS,
    ],
    answer: Answer::Bulk("MessageResults"),
};

pub static DELETE_MESSAGE: Call = Call {
    id: "deleteMessage",
    method: Method::DELETE,
    path: "/api/accounts/{account_key}/messages/{messageId}",
    credential: DELETE,
    group: MESSAGES,
    summary: "Move a message to the trash, or delete it for good",
    about: "A message that is in the trash stays there, unless expunge is true. One that is gone is NOT_FOUND.",
    parameters: &[ACCOUNT_KEY, MESSAGE_ID, EXPUNGE_IN_QUERY, EXPUNGE],
    answer: Answer::Done,
};

pub static CHANGE_THREADS: Call = Call {
    id: "changeThreads",
    method: Method::PUT,
    path: "/api/accounts/{account_key}/threads",
    credential: UPDATE,
    group: THREADS,
    summary: "Mark, flag, move or label all messages of threads",
    about: "moveMessage leaves messages in Sent and Drafts where they are. All threads are as wanted: 200. Otherwise 207, and \
            data.results has each id, with an errorCode where a message was not changed. A repeated call changes the rest. A \
            thread with more than 2,000 messages is CONTENT_TOO_LARGE.",
    parameters: &[
        ACCOUNT_KEY,
        MODE,
        Parameter::body("threadId", Kind::Ids { max: MAX_CHANGED }, "The ids of at most 200 threads.")
            .required(),
        Parameter::body("flagId", Kind::OneOf(FLAGS), ABOUT_FLAG),
        DEST_FOLDER_ID,
        LABEL_IDS,
    ],
    answer: Answer::Bulk("ThreadResults"),
};

pub static DELETE_THREADS: Call = Call {
    id: "deleteThreads",
    method: Method::DELETE,
    path: "/api/accounts/{account_key}/threads",
    credential: DELETE,
    group: THREADS,
    summary: "Move threads to the trash, or delete them for good",
    about: "Messages in Sent and Drafts stay. The answer is that of the call that changes threads. The address of a \
            call has at most 16 KiB, which is enough for about 100 ids of Outlook and for more than 200 shorter \
            ones.",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::query("threadId", Kind::Ids { max: MAX_CHANGED }, "The ids of at most 200 threads.")
            .required(),
        EXPUNGE_IN_QUERY,
        EXPUNGE,
    ],
    answer: Answer::Bulk("ThreadResults"),
};

pub static DELETE_THREAD: Call = Call {
    id: "deleteThread",
    method: Method::DELETE,
    path: "/api/accounts/{account_key}/threads/{threadId}",
    credential: DELETE,
    group: THREADS,
    summary: "Move a thread to the trash, or delete it for good",
    about: "Messages in Sent and Drafts stay. If some messages cannot be deleted, the answer is the error of one of them. \
            A repeated call deletes the rest.",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::path("threadId", "The id of the thread."),
        EXPUNGE_IN_QUERY,
        EXPUNGE,
    ],
    answer: Answer::Done,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_and_parameter_of_the_needs_is_in_the_table() {
        for need in &NEEDS {
            assert!(need.modes.iter().all(|mode| MODES.contains(mode)));
            for name in need.names {
                let calls = [&CHANGE_MESSAGES, &CHANGE_THREADS];
                let mut parameters = calls.iter().flat_map(|call| call.parameters);
                assert!(
                    parameters.any(|parameter| parameter.name == *name && !parameter.is_required),
                    "{name}"
                );
            }
        }
        // A parameter that no mode needs would have no effect.
        for call in [&CHANGE_MESSAGES, &CHANGE_THREADS] {
            for parameter in call.parameters.iter().filter(|parameter| !parameter.is_required) {
                assert!(NEEDS.iter().any(|need| need.names.contains(&parameter.name)), "{}", parameter.name);
            }
        }
    }
}
