//! Uploads.

use serde::Serialize;
use utoipa::ToSchema;

/// A file that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// For attachments of a message: an id, a slash and the name of the file.
    pub file_id: String,
}
