//! Credentials that calls answer. Their handlers make these answers; the reference describes them here.

use serde::Serialize;
use utoipa::ToSchema;

/// An access token for this API.
#[derive(Serialize, ToSchema)]
pub struct AccessToken {
    pub access_token: String,
    /// Seconds until it ends.
    pub expires_in_sec: u64,
}

/// The provider's own access token of an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderToken {
    pub provider: String,
    /// The address of the provider's API.
    pub api_base: String,
    pub token: String,
    /// Milliseconds since 1970.
    pub expires_at: String,
    /// The permissions that the account has granted.
    pub scopes: Vec<String>,
}
