//! The three traits of a provider. A [`Provider`] has its forms, texts and errors. An [`Application`] has the
//! settings of an application that an administrator registered there. A [`Pinned`] (in `pinned`) has the values that
//! one sign-in or one grant is pinned to. No code outside a provider's folder depends on which provider it is.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use leptos::prelude::AnyView;
use secrecy::SecretString;
use time::{Date, Duration};

pub use super::directories::{ConsentOffer, FoundDirectory};
pub use super::pinned::{
    AccessTest, Expected, Identity, MailboxFinding, Missing, Pinned, Redeemed, Revocation, SharedPinned,
};
use super::{
    ClientId, ExpiryDate, Field, Permission, ProviderForm, ProviderWords, Refusal, RefusalKind, Values,
    diagnosis::{Diagnosis, SettingsChange},
    guide::{Guide, GuideView, Row},
    http::ProviderHttp,
    redirect::Difference,
};
use crate::platform::language::Language;

pub type SharedProvider = Arc<dyn Provider>;
pub type SharedApplication = Arc<dyn Application>;

/// The names that sentences about a provider use.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// The service on the screen.
    pub service: &'static str,
    /// The mailboxes that the service has, in words.
    pub mailboxes: &'static str,
    /// The path of the service's picture.
    pub image: &'static str,
    /// The company that runs it, for sentences.
    pub provider: &'static str,
    /// The console where administrators register applications.
    pub console: &'static str,
    /// An application that is registered there, with the console's name.
    pub application: &'static str,
    /// An administrator who approves for a whole company, with the name of the service.
    pub administrator: &'static str,
    /// Where the Redirect URI is registered in the console, in the words of the console.
    pub redirect_uris: &'static str,
    /// The mistake of a Redirect URI that is registered in the wrong place of the console: the end of *it may …*.
    pub redirect_uri_misplaced: &'static str,
    /// A company's accounts at the provider, as a label on the screen.
    pub directory: &'static str,
    /// The page of an application's permissions, in the words of the console.
    pub permissions_page: &'static str,
    /// The button on that page with which an administrator approves, in the words of the console.
    pub approve_button: &'static str,
    /// What users can do on the provider's page about single permissions, and what helps: whole sentences. Empty if they
    /// can only accept all of them.
    pub choice: &'static str,
    /// The line of an error on the provider's own pages, in the middle of a sentence.
    pub error_line: &'static str,
    /// Where users find that line: one or two sentences, shown if the pasted text does not contain it.
    pub error_place: &'static str,
}

/// What granted permissions let this program do with the mail of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    pub reads_mail: bool,
    pub sends_mail: bool,
}

/// A field of the form that only one provider has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingField {
    /// The name of the field in the form and in columns that list fields.
    pub name: &'static str,
    /// The label on the screen.
    pub label: &'static str,
    /// The row of the form that shows it.
    pub row: Row,
    /// Whether people type text into it, so that they may paste a secret there.
    pub is_text: bool,
    /// Whether a stored secret belongs to its value. A change of it asks for the secret again.
    pub needs_secret: bool,
}

/// The help at a field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldHelp {
    /// The line at the field.
    pub line: &'static str,
    /// The text behind its question mark: what the value is, where to find it, and common mistakes.
    pub mark: &'static str,
}

/// The field for the file about an application that the console offers ([`ProviderForm::read_file`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialsFile {
    /// The label on the screen.
    pub label: &'static str,
    pub help: FieldHelp,
}

/// A fact about an application, for the page of its connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The name of the setting.
    pub label: &'static str,
    pub value: String,
    /// Whether it is shown in the typeface of code.
    pub is_code: bool,
    /// The meaning of the value, for a reader who does not know it.
    pub meaning: &'static str,
}

/// The values of a form for the provider's own fields.
#[derive(Clone, Debug, Default)]
pub struct FieldsView {
    /// The typed values.
    pub values: Values,
    /// The mistakes, by the name of the field.
    pub errors: Values,
}

/// A provider's own code of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The code as the provider writes it.
    pub text: String,
    /// The address of the provider's page about it, if this program has no words for it.
    pub page: Option<String>,
    /// The explanation, if this program has one.
    pub diagnosis: Option<Diagnosis>,
}

/// An error that the provider showed on its own page and an administrator pasted.
#[derive(Clone, Debug)]
pub struct Pasted {
    /// Whether the text was recognised.
    pub is_understood: bool,
    /// The explanation.
    pub diagnosis: Diagnosis,
    /// The words in the text.
    pub said: ProviderWords,
    /// The Redirect URIs in the text; the provider's own addresses are left out.
    pub uris: Vec<String>,
    /// Whether the error is about the Redirect URI.
    pub is_about_redirect_uri: bool,
}

/// Where a user removes the permission that they gave, if this program cannot do it for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovalPlace {
    /// What to do there: whole sentences, for an administrator of this program.
    pub words: &'static str,
    /// The words of the link to [`Self::url`].
    pub link: &'static str,
    /// The address of the place; `None` if it is not known for the configured provider.
    pub url: Option<String>,
}

/// The parts of an error that a provider sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawError<'a> {
    /// The OAuth `error`, or a code of the provider's API.
    pub error: Option<&'a str>,
    pub description: Option<&'a str>,
    /// A more precise name of the error, if it was sent apart from `error`.
    pub reason: Option<&'a str>,
    /// The id of the request, if it was sent apart from the description.
    pub trace_id: Option<&'a str>,
    /// The id of the sign-in, if it was sent apart from the description.
    pub correlation_id: Option<&'a str>,
    /// The provider's own codes, if they were sent apart from the description.
    pub codes: &'a [serde_json::Value],
}

/// A stored value that this program cannot have written. It names the member that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable(pub &'static str);

/// Mistakes in the provider's own fields: the name of the field, and what to change.
pub type SettingErrors = Vec<(&'static str, &'static str)>;

/// A provider of mailboxes.
#[async_trait]
pub trait Provider: Debug + Send + Sync {
    /// The parsers of typed values.
    fn form(&self) -> &'static dyn ProviderForm;

    fn names(&self) -> &'static Names;

    /// All permissions that connectors may ask for.
    fn permissions(&self) -> &'static [Permission];

    /// What a permission allows, in the language of the person who grants it; `None` if it is no permission of
    /// [`Self::permissions`]. Several permissions may have the same words.
    fn permission_words(&self, scope: &str, language: Language) -> Option<&'static str>;

    /// What these granted permissions let this program do.
    fn abilities(&self, granted: &[String]) -> Abilities;

    /// How long a grant may stay unused before the provider ends it; `None` if it never does.
    fn idle_limit(&self) -> Option<Duration>;

    /// Why the provider has ended a grant, if the time from the sign-in to that end tells it: whole sentences for an
    /// administrator.
    fn end_by_age(&self, _age: Duration) -> Option<&'static str> {
        None
    }

    /// Where a user removes the permission that they gave; `None` if [`Pinned::revoke`] removes it.
    fn removal_place(&self) -> Option<RemovalPlace>;

    /// The fields of the form that only this provider has, in the order of the form.
    fn settings(&self) -> &'static [SettingField];

    /// The periods in months that the provider offers for a secret, longest first; empty if secrets do not expire.
    fn secret_periods(&self) -> &'static [u8];

    /// The last day of a secret that is made today for one of the periods.
    fn secret_expiry(&self, today: Date, months: u8) -> ExpiryDate;

    /// The application with this client ID and these typed values.
    ///
    /// # Errors
    /// Every mistake, in the order of the form.
    fn parse_application(
        &self,
        client_id: &ClientId,
        typed: &Values,
    ) -> Result<SharedApplication, SettingErrors>;

    /// The application with these stored settings ([`Application::settings`]).
    ///
    /// # Errors
    /// [`Unreadable`].
    fn read_application(&self, client_id: &ClientId, settings: &str)
    -> Result<SharedApplication, Unreadable>;

    /// Reads the stored pinned values of a sign-in or a grant ([`Pinned::to_json`]).
    ///
    /// # Errors
    /// [`Unreadable`].
    fn read_pinned(&self, client_id: &str, pinned: &str) -> Result<SharedPinned, Unreadable>;

    /// Typed values of the provider's own fields in words, for a comparison of two versions.
    fn setting_words(&self, typed: &Values) -> Vec<(&'static str, String)>;

    /// The explanation of a refusal.
    fn diagnose(&self, why: &RefusalKind, said: Option<&ProviderWords>) -> Diagnosis;

    /// The explanation, if the connector has no address for consent.
    fn without_consent(&self, diagnosis: Diagnosis) -> Diagnosis;

    /// The words of an error. Codes and ids may be in its description.
    fn read_words(&self, raw: &RawError<'_>) -> ProviderWords;

    /// The most specific code in the provider's words.
    fn code(&self, said: &ProviderWords) -> Option<ErrorCode>;

    /// Whether the words prove a mistake in the client ID, the secret or a setting, even if the OAuth `error` does not.
    fn is_about_credentials(&self, said: &ProviderWords) -> bool;

    /// Reads an error that the provider showed on its own page.
    fn read_pasted(&self, text: &str) -> Pasted;

    /// The first difference of two Redirect URIs; `None` if they are identical.
    fn redirect_difference(&self, ours: &str, theirs: &str) -> Option<Difference>;

    /// The change that asks for this field ([`SettingsChange::asks`]), if there is one.
    fn change_asking(&self, field: &str) -> Option<&'static SettingsChange>;

    /// Whether the provider is known to have a page on which an administrator consents for a company.
    fn has_consent_page(&self) -> bool;

    /// Warnings about its configuration, for the operator.
    fn warnings(&self) -> Vec<String>;

    /// Warnings about a Redirect URI that the provider would not accept, for the operator.
    fn redirect_warnings(&self, redirect_uri: &str, is_ipv6: bool) -> Vec<String>;

    /// The addresses to which this program sends requests.
    fn request_urls(&self) -> Vec<String>;

    /// The help at a field.
    fn help(&self, field: &Field) -> FieldHelp;

    /// The row of the form whose steps show the client ID.
    fn client_id_row(&self) -> Row {
        Row::Register
    }

    /// The field for the console's file with the client ID and the secret; `None` if the console offers none.
    fn credentials_file(&self) -> Option<CredentialsFile> {
        None
    }

    /// The provider's own fields in a row of the form; `None` if it has none there.
    fn fields(&self, row: Row, view: &FieldsView) -> Option<AnyView>;

    /// The guide to registering an application, for each row of the form.
    fn guide(&self, view: &GuideView) -> Guide;

    /// The steps to a new secret of an existing application.
    fn new_secret(&self, client_id: &ClientId) -> AnyView;

    /// A sentence in which places in the provider's console are links.
    fn directions(&self, text: &str, client_id: &ClientId) -> AnyView;

    /// The address of a page of the provider's console, for one application, by the console's words for the page
    /// ([`super::diagnosis::Remedy::Open`]); `None` if the console has no address for it.
    fn console_page(&self, _page: &'static str, _client_id: &ClientId) -> Option<String> {
        None
    }

    /// The words above the address for approval: the action of the company's administrator.
    fn consent_words(&self) -> &'static str;

    /// How to name a directory in a form, for [`Application::find_directory`].
    fn directory_help(&self) -> &'static str {
        ""
    }
}

/// An application that an administrator registered at a provider, as a connector describes it.
#[async_trait]
pub trait Application: Debug + Send + Sync {
    /// The settings beside name, client ID and secret, as a JSON object whose values are texts or null. A sealed secret
    /// is bound to these values.
    fn settings(&self) -> String;

    /// The same values by the names of their fields.
    fn values(&self) -> Values;

    /// Who may sign in: words, and a name if it is one company.
    fn audience(&self) -> (&'static str, Option<String>);

    /// The provider's own settings, for the page of the connector.
    fn facts(&self) -> Vec<Fact>;

    /// The directory (a company's accounts at the provider) that ID tokens must name, if it is known: from the
    /// settings, or from `proved`, which an earlier sign-in has proved.
    fn directory<'a>(&'a self, proved: Option<&'a str>) -> Option<&'a str>;

    /// The values that a sign-in is pinned to.
    fn pin(&self, proved: Option<&str>) -> SharedPinned;

    /// The values that the grant of this account is pinned to: its token endpoint is that of the account's own
    /// directory.
    fn pin_grant(&self, identity: &Identity) -> SharedPinned;

    /// The address at which an administrator of a company consents to these permissions; `None` if there is none.
    fn consent_address(&self, redirect_uri: &str, scopes: &[String]) -> Option<String>;

    /// Whose administrators can consent for their whole company.
    fn consent_offer(&self) -> ConsentOffer {
        ConsentOffer::NotOffered
    }

    /// The address at which an administrator of this directory consents to these permissions; `None` if there is none.
    fn consent_address_of(
        &self,
        _directory: &str,
        _redirect_uri: &str,
        _scopes: &[String],
    ) -> Option<String> {
        None
    }

    /// Finds a directory by its id or by a name, for which the provider may be asked. It is called only if
    /// [`Self::consent_offer`] offers consent. For [`ConsentOffer::Own`] the typed text is ignored.
    ///
    /// # Errors
    /// A sentence for the form that says what the user must change.
    async fn find_directory(
        &self,
        _http: &dyn ProviderHttp,
        _typed: &str,
    ) -> Result<FoundDirectory, &'static str> {
        Err("This provider has no companies.")
    }

    /// Whether the provider lets this application's credentials be tried without a sign-in.
    fn can_try_credentials(&self) -> bool;

    /// Tries the credentials without a sign-in. It is called only if [`Self::can_try_credentials`]. `redirect_uri` is
    /// ours, for a provider that asks for it.
    ///
    /// # Errors
    /// [`Refusal`].
    async fn try_credentials(
        &self,
        http: &dyn ProviderHttp,
        secret: &SecretString,
        redirect_uri: &str,
    ) -> Result<(), Refusal>;
}
