//! The values that describe a connector, each with the one parser that the browser uses for instant
//! help and the server for the decision.

mod fields;
pub mod list;
mod secret;

pub use crate::providers::microsoft::{
    AccountType, NoApproval, PERMISSIONS, Permission, optional_permissions, required_permissions,
};
pub use fields::{ClientId, ExpiryDate, ServiceName, Tenant, looks_like_guid, looks_like_secret};
pub use secret::{holds_secret, parse_client_secret};

/// A field of the form, by the name that it has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Field {
    /// Which service provider.
    Provider,
    /// The service name.
    ServiceName,
    /// The client ID.
    ClientId,
    /// The client secret.
    ClientSecret,
    /// When the secret expires.
    SecretExpires,
    /// Who may sign in.
    AccountType,
    /// The tenant, where only one may.
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

    /// From its name in the form.
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

/// Within this many days the end of a secret is a warning.
pub const SOON: i64 = 60;
/// In which months from today a secret may be said to expire: what Azure offers, longest first.
pub const MONTHS: [u8; 3] = [24, 12, 6];
/// The name under which a form sends one of them, or that it is another day.
pub const EXPIRES_IN: &str = "secret_expires_in";

/// What Azure calls such an end where a secret is made, and the same in a sentence; `months` is one of [`MONTHS`] or
/// anything else for another day, and `day` what was typed as that.
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

/// What is wrong with which field, in the order of the form.
pub type FieldErrors = Vec<(Field, String)>;

/// Where a connector stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectorState {
    /// Nobody has signed in through it since it was made or last changed.
    NotVerified,
    /// A sign-in went through at its present version.
    Verified,
    /// The provider refuses it.
    Failing(FailureReason),
}

impl ConnectorState {
    /// Whether a sign-in would only be refused again before somebody gives other credentials.
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

/// Why a connector fails: only what no other account and no second try can mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureReason {
    /// `invalid_client`: the provider knows the application but not this secret, or not the application.
    CredentialsRejected,
    /// `unauthorized_client`: the application may not do this.
    ApplicationRefused,
    /// `invalid_scope`: a permission that the application cannot have.
    PermissionsRefused,
    /// Who signed in belongs to another tenant than the connector's.
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

    /// From its name.
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
    fn azure_is_told_the_same_end_as_the_form() {
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
