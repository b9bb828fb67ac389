//! The configured addresses of Microsoft's services.

/// The addresses of Microsoft's services, each of which may contain `{tenant}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MicrosoftUrls {
    /// Authorization endpoint.
    pub authorize: String,
    /// Token endpoint.
    pub token: String,
    /// Base of Microsoft Graph, without a slash at its end.
    pub graph: String,
    /// Issuer of ID tokens.
    pub issuer: String,
}
