//! Jobs that calls have started.

use axum::extract::State;

use super::{
    asked::Asked,
    envelope::Envelope,
    errors::{ApiError, Code, Limit},
    refused::Refused,
    shapes::Job,
};
use crate::{
    mail::emptying::{MailJobs, NotStarted, model::MailJobId},
    platform::failure::Failure,
};

const TOO_MANY: &str =
    "The account has 10 open jobs that empty folders. Start another one when one has ended.";

/// `GET …/jobs/{jobId}`.
pub async fn get(State(jobs): State<MailJobs>, asked: Asked) -> Result<Envelope<Job>, Refused> {
    let id: MailJobId = asked.given.required("jobId").parse().map_err(|_| Failure::NotFound)?;
    let job = jobs.get(&asked.caller, asked.account()?, id).await?;
    Ok(Envelope::success(job.into()))
}

impl From<NotStarted> for Refused {
    fn from(not_started: NotStarted) -> Self {
        match not_started {
            NotStarted::Mail(failure) => failure.into(),
            NotStarted::TooManyOpen { retry_after } => {
                let error = ApiError::of(Code::TooManyRequests, TOO_MANY);
                Self::Error(error.limited_by(Limit::Mailbox, retry_after))
            }
        }
    }
}
