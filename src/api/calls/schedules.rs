//! Calls about messages that are sent later.

use http::Method;

use super::{Answer, Call, Credential, shared::ACCOUNT_KEY};
use crate::{
    api::parameters::{Kind, Parameter},
    people::access::Scope,
};

const GROUP: &str = "Schedules";
const READ: Credential = Credential::Client(Scope::MessagesRead);
const SCHEDULE_ID: Parameter = Parameter::path(
    "scheduleId",
    "The id of the scheduled message: the messageId of the call that scheduled it.",
);

pub static LIST_SCHEDULES: Call = Call {
    id: "listSchedules",
    method: Method::GET,
    path: "/api/accounts/{account_key}/schedules",
    credential: READ,
    group: GROUP,
    summary: "List scheduled messages",
    about: "Those that this client has scheduled for this account, the first due first. What became of a message is listed for \
            7 days. A message that cannot be sent at its time, because its account is disabled or needs a sign-in, or \
            because the provider cannot be reached, waits for at most 24 hours; errorCode says why. Its state is \
            failed some hours after that, when the server is certain of the time. Of a longer toAddress the list shows the \
            first 1,000 bytes.",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::query(
            "state",
            Kind::OneOf(&["waiting", "sending", "sent", "failed", "unknown"]),
            "Only messages in this state. unknown: the provider may have sent it.",
        ),
        Parameter::query(
            "start",
            Kind::Integer { min: 0, max: 10_000 },
            "The position of the first item, counted from 1. 0 is taken as 1.",
        )
        .or("1"),
        Parameter::query("limit", Kind::Integer { min: 1, max: 200 }, "The number of items of a page.")
            .or("10"),
    ],
    answer: Answer::Many("Schedule"),
};

pub static GET_SCHEDULE: Call = Call {
    id: "getSchedule",
    method: Method::GET,
    path: "/api/accounts/{account_key}/schedules/{scheduleId}",
    credential: READ,
    group: GROUP,
    summary: "Get a scheduled message",
    about: "",
    parameters: &[ACCOUNT_KEY, SCHEDULE_ID],
    answer: Answer::One("Schedule"),
};

pub static CANCEL_SCHEDULE: Call = Call {
    id: "cancelSchedule",
    method: Method::DELETE,
    path: "/api/accounts/{account_key}/schedules/{scheduleId}",
    credential: Credential::Client(Scope::MessagesDelete),
    group: GROUP,
    summary: "Cancel a scheduled message",
    about: "One that is being sent, or was or may have been sent, is SCHEDULE_STARTED. One that has failed is taken from the \
            list. Its uploads live for the rest of their 24 hours.",
    parameters: &[ACCOUNT_KEY, SCHEDULE_ID],
    answer: Answer::Done,
};
