//! Messages that are sent later: list, get, cancel. The call that sends a message schedules it.

use axum::extract::State;

use super::{
    asked::Asked,
    envelope::Envelope,
    errors::{ApiError, Code, Limit},
    refused::Refused,
    shapes::Schedule,
};
use crate::{
    mail::schedules::{
        Cancelled, NoScheduleTime, ScheduleFailure, ScheduleId, ScheduleState, Schedules, WhyNotSent,
    },
    platform::failure::Failure,
};

/// When a program asks again whose client has too many messages that wait.
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_mins(1);

impl From<ScheduleFailure> for Refused {
    fn from(failure: ScheduleFailure) -> Self {
        match failure {
            ScheduleFailure::KeyReused => Self::of(
                Code::IdempotencyKeyReused,
                "The Idempotency-Key was used for another message within the last 24 hours.",
            ),
            ScheduleFailure::TooMany => Self::Error(
                ApiError::of(
                    Code::TooManyRequests,
                    "Too many scheduled messages of this client wait already: 1000, or 256 MB with this one. Cancel some, or wait until \
                     they are sent.",
                )
                .limited_by(Limit::Client, RETRY_AFTER),
            ),
            ScheduleFailure::UnknownUpload { id } => Self::of(
                Code::InvalidValue,
                format!("attachments: there is no upload {id} of this client and account. Upload the file again."),
            ),
            ScheduleFailure::Time(why) => why.into(),
            ScheduleFailure::Send(failure) => failure.into(),
            ScheduleFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<NoScheduleTime> for Refused {
    fn from(why: NoScheduleTime) -> Self {
        let words = match why {
            NoScheduleTime::Zone => {
                "timeZone: Give the name of a time zone of the IANA database, such as Europe/Vienna, alone or as in GMT 5:30 \
                 (India Standard Time - Asia/Calcutta)."
            }
            NoScheduleTime::Form => {
                "scheduleTime: Give a time as MM/DD/YYYY HH:MM:SS, with two digits for each part."
            }
            NoScheduleTime::Past => "scheduleTime: This time is over in this time zone.",
            NoScheduleTime::TooFar => "scheduleTime: Give a time within a year.",
        };
        Self::of(Code::InvalidValue, words)
    }
}

/// The error of the table, and what the developer can do.
pub(super) const fn explain(why: WhyNotSent) -> (Code, &'static str) {
    match why {
        WhyNotSent::Late => (
            Code::TimedOut,
            "By the clock of this program the 24 hours after the time are over, so the message is not sent.",
        ),
        WhyNotSent::AccountPaused => {
            (Code::AccountPaused, "The account is disabled. Enable it with mode enableAccount.")
        }
        WhyNotSent::AccountNeedsSignIn => (
            Code::AccountNeedsSignIn,
            "The owner of the mailbox must sign in again. Make a link: PUT /api/accounts/{account_key}/oauth.",
        ),
        WhyNotSent::ConnectorFailing => (
            Code::ConnectorFailing,
            "The provider refuses the connector or the application. An administrator sees the reason at the account.",
        ),
        WhyNotSent::PermissionNotGranted => (
            Code::PermissionNotGranted,
            "The mailbox has not granted the permission to send. Add it to the connector, then send the owner a link.",
        ),
        WhyNotSent::Unavailable => (
            Code::ProviderUnavailable,
            "The provider cannot be reached, or takes no more requests at present.",
        ),
        WhyNotSent::ClientRevoked => (
            Code::Forbidden,
            "Since the message was scheduled, all credentials of this client were revoked, its last day is over, or it lost \
             the scope MailApps.messages.CREATE.",
        ),
        WhyNotSent::OutOfReach => (Code::NotFound, "The client does not reach this account any more."),
        WhyNotSent::FromUnknown => {
            (Code::FromAddressUnknown, "fromAddress is not one of the mailbox's addresses.")
        }
        WhyNotSent::TooLarge => {
            (Code::MessageTooLarge, "The message with its files is larger than the provider sends.")
        }
        WhyNotSent::UploadGone => {
            (Code::InvalidValue, "An uploaded file of the message is not there any more.")
        }
        WhyNotSent::Refused => (Code::ProviderError, "The provider refused the message."),
        WhyNotSent::Unreadable => {
            (Code::InternalError, "The stored message cannot be read. Give the operator the scheduleId.")
        }
    }
}

/// The message in the path.
fn schedule_id(asked: &Asked) -> Result<ScheduleId, Failure> {
    ScheduleId::from_name(asked.given.required("scheduleId")).ok_or(Failure::NotFound)
}

/// `GET …/schedules`.
pub async fn list(
    State(schedules): State<Schedules>,
    asked: Asked,
) -> Result<Envelope<Vec<Schedule>>, Refused> {
    let Asked { caller, given } = &asked;
    let state: Option<ScheduleState> = given.text("state").and_then(|state| state.parse().ok());
    let skip = u64::try_from(given.integer("start").saturating_sub(1)).unwrap_or_default();
    let limit = u64::try_from(given.integer("limit")).unwrap_or_default();
    let found = schedules.list(caller, asked.account()?, state, skip, limit).await?;
    Ok(Envelope::success(found.into_iter().map(Schedule::from).collect()))
}

/// `GET …/schedules/{scheduleId}`.
pub async fn get(State(schedules): State<Schedules>, asked: Asked) -> Result<Envelope<Schedule>, Refused> {
    let account = asked.account()?;
    let found = schedules.get(&asked.caller, account, schedule_id(&asked)?).await?;
    Ok(Envelope::success(found.into()))
}

/// `DELETE …/schedules/{scheduleId}`.
pub async fn cancel(State(schedules): State<Schedules>, asked: Asked) -> Result<Envelope<()>, Refused> {
    let account = asked.account()?;
    match schedules.cancel(&asked.caller, account, schedule_id(&asked)?).await? {
        Cancelled::Done => Ok(Envelope::done()),
        Cancelled::Started => Err(Refused::of(
            Code::ScheduleStarted,
            "The message is being sent, or was or may have been sent. GET shows its state.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn each_reason_has_a_code_and_a_sentence() {
        for why in WhyNotSent::VARIANTS {
            let (_, words) = explain(*why);
            assert!(words.ends_with('.') && words.len() > 20, "{why:?}");
        }
    }

    #[test]
    fn a_wrong_time_names_the_parameter() {
        for (why, name) in [
            (NoScheduleTime::Zone, "timeZone: "),
            (NoScheduleTime::Form, "scheduleTime: "),
            (NoScheduleTime::Past, "scheduleTime: "),
            (NoScheduleTime::TooFar, "scheduleTime: "),
        ] {
            let refused = format!("{:?}", Refused::from(why));
            assert!(refused.contains("INVALID_VALUE") && refused.contains(name), "{refused}");
        }
    }
}
