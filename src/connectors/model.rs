//! The values that describe a connector. Each has one parser: the browser uses it for instant help, and the server
//! uses it to decide.

mod fields;
pub mod list;
mod secret;

pub use crate::providers::microsoft::{
    AccountType, NoApproval, PERMISSIONS, Permission, optional_permissions, required_permissions,
};
pub use fields::{ClientId, ExpiryDate, ServiceName, Tenant, looks_like_guid, looks_like_secret};
pub use secret::{holds_secret, parse_client_secret};

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Field {
    /// The service provider.
    Provider,
    /// The service name.
    ServiceName,
    /// The client ID.
    ClientId,
    /// The client secret.
    ClientSecret,
    /// The day on which the secret expires.
    SecretExpires,
    /// The account type: the accounts that may sign in.
    AccountType,
    /// The tenant, if the accounts of only one tenant may sign in.
    Tenant,
    /// The optional permissions.
    Permissions,
}

impl Field {
    const ALL: [Self; 8] = [
        Self::Provider,
        Self::ServiceName,
        Self::ClientId,
        Self::ClientSecret,
        Self::SecretExpires,
        Self::AccountType,
        Self::Tenant,
        Self::Permissions,
    ];

    /// Finds a field by its name in the form.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// The name in the form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::ServiceName => "service_name",
            Self::ClientId => "client_id",
            Self::ClientSecret => "client_secret",
            Self::SecretExpires => "secret_expires_on",
            Self::AccountType => "account_type",
            Self::Tenant => "tenant",
            Self::Permissions => "scopes",
        }
    }

    /// The label on the screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Provider => "Service provider",
            Self::ServiceName => "Service Name",
            Self::ClientId => "Client ID",
            Self::ClientSecret => "Client Secret",
            Self::SecretExpires => "Secret expires",
            Self::AccountType => "Who may sign in",
            Self::Tenant => "Tenant",
            Self::Permissions => "Permissions",
        }
    }
}

/// Pages warn of a secret that expires within this many days.
pub const SOON: i64 = 60;
/// The periods in months that Azure offers for a secret, longest first.
pub const MONTHS: [u8; 3] = [24, 12, 6];
/// The name of the form field with one of [`MONTHS`], or with another value for *another day*.
pub const EXPIRES_IN: &str = "secret_expires_in";

/// Azure's label for the expiry of a new secret, and the same words for use in a sentence. `months` is one of
/// [`MONTHS`], or any other text for another day; `day` is the text that was typed as that day.
pub fn expiration(months: &str, day: &str) -> (String, String) {
    if MONTHS.iter().any(|offered| offered.to_string() == months) {
        let offered = [months, " months"].concat();
        let sentence = ["for ", &offered].concat();
        return (offered, sentence);
    }
    match ExpiryDate::parse(day) {
        Ok(Some(day)) => {
            let day = day.for_people();
            (["Custom, ending on ", &day].concat(), ["that ends on ", &day].concat())
        }
        Ok(None) | Err(_) => ("what suits you".to_owned(), "with an end that suits you".to_owned()),
    }
}

/// The fields with mistakes and the messages, in the order of the form.
pub type FieldErrors = Vec<(Field, String)>;

/// The state of a connector.
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

    /// As the database has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotVerified => "not_verified",
            Self::Verified => "verified",
            Self::Failing(_) => "failing",
        }
    }

    /// On the screen.
    pub fn words(self) -> String {
        match self {
            Self::NotVerified => "Not verified".to_owned(),
            Self::Verified => "Verified".to_owned(),
            Self::Failing(reason) => format!("Failing: {}", reason.words()),
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
    /// The user who signed in belongs to another tenant than the connector's.
    WrongTenant,
}

impl FailureReason {
    const ALL: [Self; 4] =
        [Self::CredentialsRejected, Self::ApplicationRefused, Self::PermissionsRefused, Self::WrongTenant];

    /// As the database has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CredentialsRejected => "credentials_rejected",
            Self::ApplicationRefused => "application_refused",
            Self::PermissionsRefused => "permissions_refused",
            Self::WrongTenant => "wrong_tenant",
        }
    }

    /// Finds a reason by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// On the screen, after *Failing:*.
    pub const fn words(self) -> &'static str {
        match self {
            Self::CredentialsRejected => "Microsoft does not accept the Client ID and secret",
            Self::ApplicationRefused => "Microsoft does not let the application sign people in",
            Self::PermissionsRefused => "Microsoft does not accept a permission",
            Self::WrongTenant => "who signed in is of another company",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_suggests_the_same_expiry_as_the_form() {
        for (months, day, choice, sentence) in [
            ("24", "", "24 months", "for 24 months"),
            ("6", "2028-11-23", "6 months", "for 6 months"),
            ("date", "2028-11-23", "Custom, ending on 23 Nov 2028", "that ends on 23 Nov 2028"),
            ("date", "", "what suits you", "with an end that suits you"),
            ("7", "2028-13-23", "what suits you", "with an end that suits you"),
        ] {
            assert_eq!(expiration(months, day), (choice.to_owned(), sentence.to_owned()), "{months} {day}");
        }
    }
}
