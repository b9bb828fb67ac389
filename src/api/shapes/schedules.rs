//! Messages that are sent later.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{api::schedules::explain, mail::schedules, platform::clock::Timestamp};

/// A message that is sent later. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are those of the other shapes")]
pub struct Schedule {
    schedule_id: String,
    /// waiting, sending, sent, failed, or unknown: the provider may have sent it.
    state: &'static str,
    schedule_time: String,
    created_time: String,
    /// When it was sent, or has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_time: Option<String>,
    from_address: String,
    to_address: String,
    subject: String,
    /// The id of the sent message.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    /// The Message-ID of the sent message, by which its recipient finds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    internet_message_id: Option<String>,
    /// Why it was not sent, or cannot be sent at present.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more_info: Option<&'static str>,
}

fn millis(at: Timestamp) -> String {
    at.micros().div_euclid(1_000).to_string()
}

impl From<schedules::Schedule> for Schedule {
    fn from(schedule: schedules::Schedule) -> Self {
        let why = schedule.why.map(explain);
        Self {
            schedule_id: schedule.id.name(),
            state: schedule.state.name(),
            schedule_time: millis(schedule.due_at),
            created_time: millis(schedule.created_at),
            ended_time: schedule.ended_at.map(millis),
            from_address: schedule.shown.from,
            to_address: schedule.shown.to,
            subject: schedule.shown.subject,
            message_id: schedule.message_id,
            internet_message_id: schedule.internet_message_id,
            error_code: why.map(|(code, _)| code.name()),
            more_info: why.map(|(_, words)| words),
        }
    }
}
