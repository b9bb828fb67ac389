//! Jobs that calls have started.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::errors::Code,
    mail::emptying::model::{MailJob, MailJobFailure},
};

/// A job that has begun, or was under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartedJob {
    /// For the call that gets a job.
    pub job_id: String,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are those of the other shapes")]
pub struct Job {
    job_id: String,
    /// The folder that it empties.
    folder_id: String,
    /// queued, running, done or failed. A running job may wait for the mailbox.
    state: &'static str,
    /// The number of messages that it has deleted, at least.
    deleted_count: u64,
    /// The number of messages that the provider has refused to delete.
    failed_count: u64,
    /// Why it has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    /// When it was started, in milliseconds since 1970.
    created_time: String,
    /// When it has ended, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_time: Option<String>,
}

impl From<MailJob> for Job {
    fn from(job: MailJob) -> Self {
        Self {
            job_id: job.id.to_string(),
            folder_id: job.folder,
            state: job.state.name(),
            deleted_count: job.deleted,
            failed_count: job.failed,
            error_code: job.failure.map(|failure| code_of(failure).name()),
            created_time: (job.created_at.micros() / 1_000).to_string(),
            ended_time: job.ended_at.map(|at| (at.micros() / 1_000).to_string()),
        }
    }
}

/// The code that a call would have answered.
const fn code_of(failure: MailJobFailure) -> Code {
    match failure {
        MailJobFailure::NotFound => Code::NotFound,
        MailJobFailure::PermissionNotGranted => Code::PermissionNotGranted,
        MailJobFailure::Refused => Code::ProviderError,
        MailJobFailure::NeedsSignIn => Code::AccountNeedsSignIn,
        MailJobFailure::Paused => Code::AccountPaused,
        MailJobFailure::ConnectorFailing => Code::ConnectorFailing,
        MailJobFailure::Unavailable => Code::ProviderUnavailable,
        MailJobFailure::NotAllowed => Code::Forbidden,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::{
        accounts::service::AccountId,
        mail::emptying::model::{MailJobId, MailJobState},
        platform::{clock::Timestamp, id::OrganisationId},
    };

    #[test]
    fn a_job_has_its_state_its_counts_and_once_it_has_failed_a_code() {
        let id = Uuid::from_u128(1);
        let job = MailJob {
            id: MailJobId(id),
            organisation: OrganisationId(id),
            client: None,
            account: AccountId(id),
            folder: "f".to_owned(),
            state: MailJobState::Running,
            deleted: 20,
            failed: 0,
            failure: None,
            created_at: Timestamp::from_micros(1_795_858_200_123_456),
            ended_at: None,
        };
        let running = json!({
            "jobId": id.to_string(), "folderId": "f", "state": "running", "deletedCount": 20, "failedCount": 0,
            "createdTime": "1795858200123",
        });
        assert_eq!(serde_json::to_value(Job::from(job.clone())).expect("JSON"), running);
        let failed = MailJob {
            state: MailJobState::Failed,
            failed: 3,
            failure: Some(MailJobFailure::PermissionNotGranted),
            ended_at: Some(job.created_at),
            ..job
        };
        let failed = serde_json::to_value(Job::from(failed)).expect("JSON");
        assert_eq!(
            (&failed["state"], &failed["errorCode"]),
            (&json!("failed"), &json!("PERMISSION_NOT_GRANTED"))
        );
        assert_eq!((&failed["failedCount"], &failed["endedTime"]), (&json!(3), &running["createdTime"]));
    }
}
