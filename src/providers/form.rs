//! The part of a provider that the form of a connector needs, on the server and in the browser: the names of the
//! fields, and the parsers of typed values. The part that only the server needs is in `provider`.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{google, microsoft};
use crate::platform::text;

/// The providers of this program, for code that also runs in the browser. The server uses its registry.
pub static FORMS: [&dyn ProviderForm; 2] = [&microsoft::Form, &google::Form];

/// The parsers of a provider's values. They are pure, because the browser runs them while the user types.
pub trait ProviderForm: Sync {
    /// The name of the provider in the form and in the database.
    fn name(&self) -> &'static str;

    /// Parses a client ID, with any text around it that users have copied too.
    ///
    /// # Errors
    /// A sentence for the form that says what the user must change.
    fn parse_client_id(&self, text: &str) -> Result<String, &'static str>;

    /// Parses a client secret. `client_id` is the text in the field for the client ID.
    ///
    /// # Returns
    /// The secret, and a warning if it does not look like one of this provider's.
    ///
    /// # Errors
    /// A sentence for the form that says what the user must change.
    fn parse_secret<'a>(&self, text: &'a str, client_id: &str) -> Result<SecretAndWarning<'a>, &'static str>;

    /// Whether a text looks like one of this provider's client secrets, or contains one that can be told from other text.
    fn looks_like_secret(&self, text: &str) -> bool;

    /// Reads a text that fills several fields: the file about an application that the provider's console offers. The
    /// user may paste it into the field for the client ID or for the secret; [`Self::parse_client_id`] and
    /// [`Self::parse_secret`] take their values from it too.
    ///
    /// # Returns
    /// The values, which are parts of the text and not parsed yet; `None` if the text is no such file.
    ///
    /// # Errors
    /// A sentence for the form that says why this file cannot be used.
    fn read_file<'a>(&self, _text: &'a str) -> Option<Result<FileValues<'a>, &'static str>> {
        None
    }

    /// Parses the value of one of the provider's own fields.
    ///
    /// # Returns
    /// The value in the form in which it is stored.
    ///
    /// # Errors
    /// A sentence for the form that says what the user must change.
    fn parse_setting(&self, name: &str, text: &str) -> Result<String, &'static str>;

    /// Whether one of the provider's own fields counts with the values that were typed or chosen. The server ignores the
    /// others, so a mistake in them must not keep the browser from sending the form. `value_of` gives the value of a
    /// field by its name, and for a choice the chosen one.
    fn counts(&self, _name: &str, _value_of: &dyn Fn(&str) -> Option<String>) -> bool {
        true
    }

    /// Makes the steps of the guide follow the values in the form. `None` if the page lacks an element. Called
    /// only in the browser.
    fn follow(&self) -> Option<()>;
}

/// A client secret, and a warning if it looks unusual.
pub type SecretAndWarning<'a> = (&'a str, Option<&'static str>);

/// The values of a file about an application ([`ProviderForm::read_file`]).
#[derive(Clone, PartialEq, Eq)]
pub struct FileValues<'a> {
    pub client_id: &'a str,
    pub client_secret: &'a str,
    /// The Redirect URIs that were registered for the application when the file was made.
    pub redirect_uris: ListedUris<'a>,
}

/// Redirect URIs as a file lists them: in quotation marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListedUris<'a>(pub &'a str);

impl ListedUris<'_> {
    pub fn has(self, uri: &str) -> bool {
        self.0.contains(&["\"", uri, "\""].concat())
    }
}

#[cfg(feature = "ssr")]
impl<'a> ListedUris<'a> {
    /// All of them. The browser does without.
    pub fn all(self) -> Vec<&'a str> {
        self.0.split('"').skip(1).step_by(2).collect()
    }
}

// Without the values, because one is the client secret.
impl fmt::Debug for FileValues<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileValues")
    }
}

/// The form of the provider with this name.
pub fn form_of(name: &str) -> Option<&'static dyn ProviderForm> {
    FORMS.into_iter().find(|form| form.name() == name)
}

/// Whether a text looks like a client secret of any provider.
pub fn looks_like_secret(text: &str) -> bool {
    FORMS.iter().any(|form| form.looks_like_secret(text))
}

/// Whether a text contains the pasted client secret. Such a text is neither stored nor shown. Quotation marks around
/// the secret, invisible characters and dashes of a word processor are ignored.
pub fn holds_secret(text: &str, secret: &str) -> bool {
    let secret = text::ascii(secret);
    let secret = text::unwrapped(&secret);
    secret.len() >= 8 && text::ascii(text).contains(secret)
}

/// Values of a provider's own fields, by the name of the field.
pub type Values = BTreeMap<String, String>;

/// A field of a connector's form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Field {
    /// The service provider.
    Provider,
    ServiceName,
    ClientId,
    ClientSecret,
    /// The day on which the secret expires.
    SecretExpires,
    /// The optional permissions.
    Permissions,
    /// A field of the provider's own, by its name.
    Setting(Cow<'static, str>),
}

impl Field {
    /// Our Redirect URI. The form shows it and does not ask for it; providers have help for it.
    pub const REDIRECT_URI: Self = Self::Setting(Cow::Borrowed("redirect_uri"));

    const COMMON: [Self; 6] = [
        Self::Provider,
        Self::ServiceName,
        Self::ClientId,
        Self::ClientSecret,
        Self::SecretExpires,
        Self::Permissions,
    ];

    /// The field with this name in the form. Names that no common field has belong to providers.
    pub fn of(name: &str) -> Self {
        Self::COMMON
            .into_iter()
            .find(|field| field.name() == name)
            .unwrap_or_else(|| Self::Setting(Cow::Owned(name.to_owned())))
    }

    /// The name in the form, and in columns that list fields.
    pub fn name(&self) -> &str {
        match self {
            Self::Provider => "provider",
            Self::ServiceName => "service_name",
            Self::ClientId => "client_id",
            Self::ClientSecret => "client_secret",
            Self::SecretExpires => "secret_expires_on",
            Self::Permissions => "scopes",
            Self::Setting(name) => name,
        }
    }
}

impl From<String> for Field {
    fn from(name: String) -> Self {
        Self::of(&name)
    }
}

impl From<Field> for String {
    fn from(field: Field) -> Self {
        field.name().to_owned()
    }
}

/// The fields with mistakes and the messages, in the order of the form.
pub type FieldErrors = Vec<(Field, String)>;

/// The name of the form field with a period in months after which the secret expires, or with another value for
/// *another day*.
pub const EXPIRES_IN: &str = "secret_expires_in";
/// The value of [`EXPIRES_IN`] for another day, which is typed.
pub const OTHER_DAY: &str = "date";

/// Whether the typed day of the expiry counts: not if a period was chosen in its place. `expires_in` is the value of
/// [`EXPIRES_IN`], empty if the form has no such choice.
pub fn day_counts(expires_in: &str) -> bool {
    expires_in.is_empty() || expires_in == OTHER_DAY
}

/// The client ID of an application, as its provider writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientId(String);

impl ClientId {
    /// Parses a client ID of this provider.
    ///
    /// # Errors
    /// A sentence for the form that says what the user must change.
    pub fn parse(form: &dyn ProviderForm, text: &str) -> Result<Self, &'static str> {
        form.parse_client_id(text).map(Self)
    }

    /// The place of a client ID with a mistake, while the other fields of the form are checked. An application with it
    /// is never stored or used.
    pub const fn unknown() -> Self {
        Self(String::new())
    }

    /// The client ID.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "abc~.def-GHI_jkl";

    #[test]
    fn c22_a_secret_that_is_pasted_into_another_field_is_found_in_any_encoding() {
        for text in [SECRET, "abc~.def\u{200b}–GHI_jkl", "My “abc~.def-GHI_jkl”"] {
            for secret in [SECRET, "\"abc~.def-GHI_jkl\"", "\u{feff}abc~.def-GHI\u{ad}_jkl "] {
                assert!(holds_secret(text, secret), "{text} {secret}");
            }
        }
        assert!(
            !holds_secret("Mail archive", SECRET)
                && !holds_secret("archive", "archive")
                && !holds_secret("", "")
        );
    }

    #[test]
    fn the_typed_day_counts_unless_a_period_is_chosen() {
        assert!(day_counts("") && day_counts(OTHER_DAY));
        assert!(!day_counts("24") && !day_counts("6"));
    }

    #[test]
    fn a_field_is_found_by_its_name_and_has_that_name_again() {
        for field in Field::COMMON {
            assert_eq!(Field::of(field.name()), field);
        }
        assert_eq!(Field::of("another"), Field::Setting(Cow::Borrowed("another")));
        assert_eq!(Field::of("another").name(), "another");
    }

    #[test]
    fn every_provider_has_a_name_of_its_own() {
        for form in FORMS {
            assert_eq!(FORMS.iter().filter(|other| other.name() == form.name()).count(), 1);
            assert!(form_of(form.name()).is_some());
        }
        assert!(form_of("").is_none());
    }
}
