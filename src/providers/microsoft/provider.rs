//! Microsoft as a provider: the one face that the rest of the program sees.

use std::sync::Arc;

use leptos::prelude::AnyView;
use time::{Date, Duration};

use super::{
    Form, MicrosoftUrls,
    application::{self, AzureApplication},
    changes, clouds, codes, consent, directories, errors,
    form::{ACCOUNT_TYPE, TENANT},
    guide,
    names::NAMES,
    pasted, permission_words,
    permissions::PERMISSIONS,
    pinned::PinnedSignIn,
    places, redirect, removal, scopes,
    screen::{self, ACCOUNT_TYPE_LABEL, TENANT_LABEL},
    secret_periods, words,
};
use crate::{
    platform::language::Language,
    providers::{
        ClientId, ErrorCode, ExpiryDate, Field, FieldsView, Names, Permission, Provider, ProviderForm,
        ProviderWords, RawError, RefusalKind, SharedApplication, SharedPinned, Values,
        diagnosis::{Diagnosis, SettingsChange},
        guide::{Guide, GuideView, Row},
        provider::{Abilities, FieldHelp, Pasted, RemovalPlace, SettingErrors, SettingField, Unreadable},
        redirect::Difference,
    },
};

/// The fields of the form that only Microsoft has.
static SETTINGS: [SettingField; 2] = [
    SettingField {
        name: ACCOUNT_TYPE,
        label: ACCOUNT_TYPE_LABEL,
        row: Row::Decide,
        is_text: false,
        needs_secret: false,
    },
    SettingField { name: TENANT, label: TENANT_LABEL, row: Row::Decide, is_text: true, needs_secret: true },
];

/// Microsoft, at the configured addresses.
#[derive(Clone, Debug)]
pub struct Microsoft {
    urls: Arc<MicrosoftUrls>,
}

impl Microsoft {
    /// Microsoft at these addresses.
    pub fn new(urls: impl Into<Arc<MicrosoftUrls>>) -> Self {
        Self { urls: urls.into() }
    }
}

impl Provider for Microsoft {
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
        Some(Duration::days(removal::IDLE_DAYS))
    }

    fn removal_place(&self) -> Option<RemovalPlace> {
        Some(removal::place(&self.urls))
    }

    fn settings(&self) -> &'static [SettingField] {
        &SETTINGS
    }

    fn secret_periods(&self) -> &'static [u8] {
        &secret_periods::MONTHS
    }

    fn secret_expiry(&self, today: Date, months: u8) -> ExpiryDate {
        secret_periods::expiry(today, months)
    }

    fn parse_application(
        &self,
        client_id: &ClientId,
        typed: &Values,
    ) -> Result<SharedApplication, SettingErrors> {
        let application = AzureApplication::parse(self.urls.clone(), client_id.clone(), typed)?;
        Ok(Arc::new(application))
    }

    fn read_application(
        &self,
        client_id: &ClientId,
        settings: &str,
    ) -> Result<SharedApplication, Unreadable> {
        let application = AzureApplication::read(self.urls.clone(), client_id.clone(), settings)?;
        Ok(Arc::new(application))
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
        let diagnosis = errors::of_code(code);
        let page = diagnosis.is_none().then(|| codes::page(code));
        Some(ErrorCode { text: format!("AADSTS{code}"), page, diagnosis })
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

    fn has_consent_page(&self) -> bool {
        consent::has_page(&self.urls)
    }

    fn warnings(&self) -> Vec<String> {
        clouds::warnings(&self.urls)
    }

    fn redirect_warnings(&self, redirect_uri: &str, is_ipv6: bool) -> Vec<String> {
        redirect::warnings(redirect_uri, is_ipv6)
    }

    fn request_urls(&self) -> Vec<String> {
        vec![self.urls.token.clone(), self.urls.graph.clone()]
    }

    fn help(&self, field: &Field) -> FieldHelp {
        screen::help(field)
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
        guide::portal::directions(&self.urls, text, client_id)
    }

    fn console_page(&self, page: &'static str, client_id: &ClientId) -> Option<String> {
        places::address(&self.urls, page, client_id)
    }

    fn consent_words(&self) -> &'static str {
        consent::WORDS
    }

    fn directory_help(&self) -> &'static str {
        directories::HELP
    }
}
