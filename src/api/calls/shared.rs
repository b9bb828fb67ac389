//! Parameters that many calls have.

use crate::api::parameters::{Kind, MAX_TEXT, Parameter};

/// Maximum number of items of a page, except of drafts.
pub const MAX_PAGE: i64 = 200;
/// The last item that `start` and `limit` reach. A cursor reaches further.
pub const MAX_REACH: i64 = 10_000;

pub const ACCOUNT_KEY: Parameter = Parameter::path("account_key", "The key of the account.");
pub const MESSAGE_ID: Parameter = Parameter::path("messageId", "The id of the message.");

pub const FOLDER_ID: Parameter = Parameter::query(
    "folderId",
    Kind::Id,
    "The id of a folder. Without it: all folders except trash, spam and drafts.",
);
pub const CURSOR: Parameter = Parameter::query(
    "cursor",
    Kind::Text { max: MAX_TEXT },
    "Continues a list: the value of Next-Cursor. Give the other parameters as before, and no start. A cursor lives for \
     24 hours.",
);
pub const START: Parameter = Parameter::query(
    "start",
    Kind::Integer { min: 0, max: MAX_REACH },
    "The position of the first item, counted from 1. 0 is taken as 1. start + limit is at most 10,000. A call passes over \
     at most 15,000 messages of the provider. Beyond both: use the cursor.",
)
.or("1");
/// For searches, which some providers answer no further.
pub const START_OF_SEARCH: Parameter = Parameter::query(
    "start",
    Kind::Integer { min: 0, max: MAX_REACH },
    "The position of the first item, counted from 1. 0 is taken as 1. A search of Outlook reaches its first 1,000 results, \
     also with the cursor.",
)
.or("1");
/// For threads, which Mail360 counts from 0.
pub const START_OF_THREADS: Parameter = Parameter::query(
    "start",
    Kind::Integer { min: 0, max: MAX_REACH },
    "The position of the first thread, counted from 0. start + limit is at most 10,000. A call passes over at most 15,000 \
     messages on its way. Beyond both: use the cursor.",
)
.or("0");
/// For drafts and the messages of a thread, which Mail360 counts from 0.
pub const START_AT_0: Parameter = Parameter::query(
    "start",
    Kind::Integer { min: 0, max: MAX_REACH },
    "The position of the first item, counted from 0. start + limit is at most 10,000.",
)
.or("0");
pub const LIMIT: Parameter =
    Parameter::query("limit", Kind::Integer { min: 1, max: MAX_PAGE }, "The number of items of a page.")
        .or("10");
pub const SORT_ORDER: Parameter = Parameter::query(
    "sortorder",
    Kind::Boolean,
    "true: oldest first. Where the provider gives only the newest first, a list of more than 10,000 messages is \
     NOT_SUPPORTED_BY_PROVIDER.",
)
.or("false");
pub const INCLUDE_SENT: Parameter = Parameter::query(
    "includesent",
    Kind::Boolean,
    "true: sent mail too, in one sorted list. Where folders are labels, NOT_SUPPORTED_BY_PROVIDER with a folder of the \
     type User.",
)
.or("false");
