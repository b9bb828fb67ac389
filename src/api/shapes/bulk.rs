//! The results of calls for several messages or threads, where some were not changed.

use serde::Serialize;
use utoipa::ToSchema;

/// The result of each message.
#[derive(Serialize, ToSchema)]
pub struct MessageResults {
    results: Vec<MessageResult>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageResult {
    message_id: String,
    /// Why it was not changed; absent if it is as wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
}

impl MessageResults {
    /// Of ids, each with the code of its error.
    pub fn of(results: Vec<(String, Option<&'static str>)>) -> Self {
        let result = |(message_id, error_code)| MessageResult { message_id, error_code };
        Self { results: results.into_iter().map(result).collect() }
    }
}

/// The result of each thread.
#[derive(Serialize, ToSchema)]
pub struct ThreadResults {
    results: Vec<ThreadResult>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ThreadResult {
    thread_id: String,
    /// Why one of its messages was not changed; absent if all are as wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
}

impl ThreadResults {
    /// Of ids, each with the code of its error.
    pub fn of(results: Vec<(String, Option<&'static str>)>) -> Self {
        let result = |(thread_id, error_code)| ThreadResult { thread_id, error_code };
        Self { results: results.into_iter().map(result).collect() }
    }
}
