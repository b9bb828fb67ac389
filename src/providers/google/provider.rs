//! Google as a provider: the one face that the rest of the program sees.

use std::sync::Arc;

use leptos::prelude::AnyView;
use time::{Date, Duration};

use super::{
    Form,
    application::{self, GoogleApplication},
    changes, codes, errors,
    form::HOSTED_DOMAIN,
    guide,
    names::NAMES,
    pasted, permission_words,
    permissions::PERMISSIONS,
    pinned::PinnedSignIn,
    places, redirect, revocation, scopes,
    screen::{self, HOSTED_DOMAIN_LABEL},
    urls::{self, GoogleUrls},
    words,
};
use crate::{
    platform::language::Language,
    providers::{
        ClientId, ErrorCode, ExpiryDate, Field, FieldsView, Names, Permission, Provider, ProviderForm,
        ProviderWords, RawError, RefusalKind, SharedApplication, SharedPinned, Values,
        diagnosis::{Diagnosis, SettingsChange},
        guide::{Guide, GuideView, Row},
        provider::{
            Abilities, CredentialsFile, FieldHelp, Pasted, RemovalPlace, SettingErrors, SettingField,
            Unreadable,
        },
        redirect::Difference,
    },
};

/// The field of the form that only Google has.
static SETTINGS: [SettingField; 1] = [SettingField {
    name: HOSTED_DOMAIN,
    label: HOSTED_DOMAIN_LABEL,
    row: Row::Decide,
    is_text: true,
    needs_secret: false,
}];

/// Google, at the configured addresses.
#[derive(Clone, Debug)]
pub struct GoogleProvider {
    urls: Arc<GoogleUrls>,
}

impl GoogleProvider {
    /// Google at these addresses.
    pub fn new(urls: impl Into<Arc<GoogleUrls>>) -> Self {
        Self { urls: urls.into() }
    }
}

impl Provider for GoogleProvider {
    fn form(&self) -> &'static dyn ProviderForm {
        &Form
    }

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn permissions(&self) -> &'static [Permission] {
        &PERMISSIONS
    }

    fn permission_words(&self, scope: &str, language: Language) -> Option<&'static str> {
        permission_words::of(scope, language)
    }

    fn abilities(&self, granted: &[String]) -> Abilities {
        scopes::abilities(granted)
    }

    fn idle_limit(&self) -> Option<Duration> {
        Some(Duration::days(revocation::IDLE_DAYS))
    }

    fn end_by_age(&self, age: Duration) -> Option<&'static str> {
        errors::end_by_age(age)
    }

    /// This program revokes grants at Google by itself.
    fn removal_place(&self) -> Option<RemovalPlace> {
        None
    }

    fn settings(&self) -> &'static [SettingField] {
        &SETTINGS
    }

    /// Google's secrets do not expire.
    fn secret_periods(&self) -> &'static [u8] {
        &[]
    }

    fn secret_expiry(&self, today: Date, months: u8) -> ExpiryDate {
        ExpiryDate::in_days(today, 30 * i64::from(months))
    }

    fn parse_application(
        &self,
        client_id: &ClientId,
        typed: &Values,
    ) -> Result<SharedApplication, SettingErrors> {
        Ok(Arc::new(GoogleApplication::parse(self.urls.clone(), client_id.clone(), typed)?))
    }

    fn read_application(
        &self,
        client_id: &ClientId,
        settings: &str,
    ) -> Result<SharedApplication, Unreadable> {
        Ok(Arc::new(GoogleApplication::read(self.urls.clone(), client_id.clone(), settings)?))
    }

    fn read_pinned(&self, client_id: &str, pinned: &str) -> Result<SharedPinned, Unreadable> {
        Ok(Arc::new(PinnedSignIn::read(client_id, pinned)?))
    }

    fn setting_words(&self, typed: &Values) -> Vec<(&'static str, String)> {
        application::setting_words(typed)
    }

    fn diagnose(&self, why: &RefusalKind, said: Option<&ProviderWords>) -> Diagnosis {
        errors::of(why, said)
    }

    fn without_consent(&self, diagnosis: Diagnosis) -> Diagnosis {
        errors::without_consent(diagnosis)
    }

    fn read_words(&self, raw: &RawError<'_>) -> ProviderWords {
        words::read(raw)
    }

    fn code(&self, said: &ProviderWords) -> Option<ErrorCode> {
        let code = errors::telling_code(said)?;
        // Every code that has a name is explained, so none needs a page of Google's.
        Some(ErrorCode { text: codes::shown(code).to_owned(), page: None, diagnosis: errors::of_code(code) })
    }

    fn is_about_credentials(&self, said: &ProviderWords) -> bool {
        errors::is_about_credentials(said)
    }

    fn read_pasted(&self, text: &str) -> Pasted {
        pasted::explain(text)
    }

    fn redirect_difference(&self, ours: &str, theirs: &str) -> Option<Difference> {
        redirect::difference(ours, theirs)
    }

    fn change_asking(&self, field: &str) -> Option<&'static SettingsChange> {
        changes::asking(field)
    }

    /// The administrator of a company trusts an application in the Google Admin console, which has no address for one
    /// application.
    fn has_consent_page(&self) -> bool {
        false
    }

    fn warnings(&self) -> Vec<String> {
        urls::warnings(&self.urls)
    }

    fn redirect_warnings(&self, redirect_uri: &str, is_ipv6: bool) -> Vec<String> {
        redirect::warnings(redirect_uri, is_ipv6)
    }

    fn request_urls(&self) -> Vec<String> {
        let GoogleUrls { token, revoke, gmail, people, .. } = &*self.urls;
        [token, revoke, gmail, people].map(String::clone).into()
    }

    fn help(&self, field: &Field) -> FieldHelp {
        screen::help(field)
    }

    /// A client ID exists only once the permissions are known, beside its secret.
    fn client_id_row(&self) -> Row {
        Row::Credentials
    }

    fn credentials_file(&self) -> Option<CredentialsFile> {
        Some(screen::FILE)
    }

    fn fields(&self, row: Row, view: &FieldsView) -> Option<AnyView> {
        screen::fields(row, view)
    }

    fn guide(&self, view: &GuideView) -> Guide {
        guide::guide(&self.urls, view)
    }

    fn new_secret(&self, client_id: &ClientId) -> AnyView {
        guide::new_secret(&self.urls, client_id)
    }

    fn directions(&self, text: &str, client_id: &ClientId) -> AnyView {
        places::directions(&self.urls, text, client_id)
    }

    fn console_page(&self, page: &'static str, client_id: &ClientId) -> Option<String> {
        places::address(&self.urls, page, client_id)
    }

    fn consent_words(&self) -> &'static str {
        "Google has no such page. An administrator trusts the application in the Google Admin console."
    }
}
