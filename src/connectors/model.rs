//! The values that describe a connector. Each has one parser: the browser uses it for instant help, and the server
//! uses it to decide.

mod fields;
pub mod list;

pub use crate::providers::{ClientId, EXPIRES_IN, ExpiryDate, Field, FieldErrors, OTHER_DAY, Values};
pub use fields::ServiceName;

#[cfg(feature = "ssr")]
use crate::providers::Names;

/// Pages warn of a secret that expires within this many days.
pub const EXPIRY_WARNING_DAYS: i64 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectorState {
    /// No sign-in has gone through since the connector was made or last changed.
    NotVerified,
    /// A sign-in went through at its present version.
    Verified,
    /// The provider refuses it.
    Failing(FailureReason),
}

impl ConnectorState {
    /// Whether the provider will refuse sign-ins until an administrator enters other credentials.
    pub fn wants_credentials(self) -> bool {
        self == Self::Failing(FailureReason::CredentialsRejected)
    }

    /// The stored form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotVerified => "not_verified",
            Self::Verified => "verified",
            Self::Failing(_) => "failing",
        }
    }

    /// On the screen.
    #[cfg(feature = "ssr")]
    pub fn words(self, names: &Names) -> String {
        match self {
            Self::NotVerified => "Not verified".to_owned(),
            Self::Verified => "Verified".to_owned(),
            Self::Failing(reason) => format!("Failing: {}", reason.words(names)),
        }
    }
}

/// The reason why a connector fails. Only reasons are listed that neither another account nor a second try can
/// resolve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureReason {
    /// `invalid_client`: the provider knows the application but not this secret, or not the application.
    CredentialsRejected,
    /// `unauthorized_client`: the application may not do this.
    ApplicationRefused,
    /// `invalid_scope`: a permission that the application cannot have.
    PermissionsRefused,
    /// The user who signed in belongs to another directory (a company's accounts at the provider) than the connector's.
    WrongDirectory,
    /// The provider's API is not enabled for the application.
    ApiDisabled,
}

impl FailureReason {
    const ALL: [Self; 5] = [
        Self::CredentialsRejected,
        Self::ApplicationRefused,
        Self::PermissionsRefused,
        Self::WrongDirectory,
        Self::ApiDisabled,
    ];

    /// The stored form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CredentialsRejected => "credentials_rejected",
            Self::ApplicationRefused => "application_refused",
            Self::PermissionsRefused => "permissions_refused",
            Self::WrongDirectory => "wrong_tenant",
            Self::ApiDisabled => "api_disabled",
        }
    }

    /// Finds a reason by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// On the screen, after *Failing:*.
    #[cfg(feature = "ssr")]
    pub fn words(self, names: &Names) -> String {
        let provider = names.provider;
        match self {
            Self::CredentialsRejected => format!("{provider} does not accept the Client ID and secret"),
            Self::ApplicationRefused => format!("{provider} does not let the application sign people in"),
            Self::PermissionsRefused => format!("{provider} does not accept a permission"),
            Self::WrongDirectory => {
                format!("The account that signed in belongs to another {}", names.directory.to_lowercase())
            }
            Self::ApiDisabled => format!("An API of {provider} is not enabled for the application"),
        }
    }
}
