//! A made-up provider, *Contoso Mail*, which only tests have. It differs from every provider of the program, so that
//! tests show whether code outside of a provider's folder assumes one of them.

mod application;
mod errors;
mod form;
mod pinned;

use std::sync::Arc;

use leptos::prelude::*;
use mail360::{
    platform::language::Language,
    providers::{
        ClientId, ErrorCode, ExpiryDate, Field, FieldsView, Names, Permission, Provider, ProviderForm,
        ProviderWords, RawError, RefusalKind, SharedApplication, SharedPinned, Values,
        diagnosis::{Diagnosis, SettingsChange},
        guide::{Guide, GuideView, Part, Row, Ticks},
        provider::{Abilities, FieldHelp, Pasted, RemovalPlace, SettingErrors, SettingField, Unreadable},
        redirect::{self, Difference},
    },
    ui::widgets::FieldError,
};
use time::{Date, Duration};

use self::{
    application::ContosoApplication,
    form::{FORM, Region},
    pinned::ContosoPin,
};

/// The issuer of all regions.
pub const ISSUER: &str = "https://id.contoso.example";
/// The address that names the account.
const ACCOUNT: &str = "https://api.contoso.example/me";
/// The address of the mailbox, which names its inbox, its newest message and its number of contacts.
const MAILBOX: &str = "https://api.contoso.example/mailbox";
/// The name of the only field that this provider has for itself.
const REGION: &str = "region";
/// The title of an error of the API, which no other provider has.
pub const API_DISABLED: &str = "Contoso’s API is not enabled for the application";

/// Why grants end after a day.
pub const ON_TRIAL: &str = "The application is on trial at Contoso, where access lasts a day.";

/// The title of the error E-1234, which no other provider has.
pub const OTHER_REGION: &str = "The application is registered in another region";

static NAMES: Names = Names {
    service: "Contoso Mail",
    mailboxes: "Mailboxes at Contoso",
    image: "/contoso.svg",
    provider: "Contoso",
    console: "Contoso Console",
    application: "Contoso application",
    administrator: "Contoso administrator",
    redirect_uris: "the tab Sign-in",
    redirect_uri_misplaced: "be on the tab Newsletter",
    directory: "Company",
    permissions_page: "the tab Access",
    approve_button: "Allow for everyone",
    choice: "",
    error_line: "its line with E- and a number",
    error_place: "Look for “E-” with a number at the bottom of Contoso’s page.",
};

static PERMISSIONS: [Permission; 2] = [
    Permission {
        name: "mail.all",
        allows: "Read and send all mail of the mailbox",
        calls: "",
        group: "",
        required: true,
        suggested: false,
        needs_administrator: false,
        includes: &[],
    },
    Permission {
        name: "contacts.all",
        allows: "Read and change the contacts",
        calls: "Read and search contacts.",
        group: "Contacts",
        required: false,
        suggested: true,
        needs_administrator: true,
        includes: &[],
    },
];

/// The Contoso Console shows the region of an application after it was registered.
static SETTINGS: [SettingField; 1] =
    [SettingField { name: REGION, label: "Region", row: Row::Register, is_text: false, needs_secret: true }];

/// The provider. It has no configuration.
#[derive(Debug)]
pub struct ContosoMail;

impl Provider for ContosoMail {
    fn form(&self) -> &'static dyn ProviderForm {
        &FORM
    }

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn permissions(&self) -> &'static [Permission] {
        &PERMISSIONS
    }

    fn permission_words(&self, scope: &str, language: Language) -> Option<&'static str> {
        let (english, german, french, spanish) = match scope {
            "mail.all" => (
                "Read and send all your mail",
                "Alle Ihre E-Mails lesen und senden",
                "Lire et envoyer tous vos e-mails",
                "Leer y enviar todo su correo",
            ),
            "contacts.all" => (
                "Read and change your contacts",
                "Ihre Kontakte lesen und ändern",
                "Lire et modifier vos contacts",
                "Leer y cambiar sus contactos",
            ),
            _ => return None,
        };
        Some(match language {
            Language::English => english,
            Language::German => german,
            Language::French => french,
            Language::Spanish => spanish,
        })
    }

    /// Every grant has the permission for mail.
    fn abilities(&self, _granted: &[String]) -> Abilities {
        Abilities { reads_mail: true, sends_mail: true }
    }

    /// Contoso keeps unused grants for ever.
    fn idle_limit(&self) -> Option<Duration> {
        None
    }

    /// Contoso ends grants of applications on trial after a day.
    fn end_by_age(&self, age: Duration) -> Option<&'static str> {
        (age == Duration::days(1)).then_some(ON_TRIAL)
    }

    /// This program revokes grants at Contoso by itself.
    fn removal_place(&self) -> Option<RemovalPlace> {
        None
    }

    fn settings(&self) -> &'static [SettingField] {
        &SETTINGS
    }

    /// Contoso's secrets do not expire.
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
        let typed = typed.get(REGION).map(String::as_str).unwrap_or_default();
        let region = Region::parse(typed).map_err(|words| vec![(REGION, words)])?;
        Ok(Arc::new(ContosoApplication { client_id: client_id.to_string(), region }))
    }

    fn read_application(
        &self,
        client_id: &ClientId,
        settings: &str,
    ) -> Result<SharedApplication, Unreadable> {
        let region = Region::of_json(settings)?;
        Ok(Arc::new(ContosoApplication { client_id: client_id.to_string(), region }))
    }

    fn read_pinned(&self, client_id: &str, pinned: &str) -> Result<SharedPinned, Unreadable> {
        let region = Region::of_json(pinned)?;
        Ok(Arc::new(ContosoPin { client_id: client_id.to_owned(), region }))
    }

    fn setting_words(&self, typed: &Values) -> Vec<(&'static str, String)> {
        let typed = typed.get(REGION).map(String::as_str).unwrap_or_default();
        let words = Region::parse(typed).map_or("none", Region::words);
        vec![(REGION, words.to_owned())]
    }

    fn diagnose(&self, why: &RefusalKind, said: Option<&ProviderWords>) -> Diagnosis {
        errors::diagnose(why, said)
    }

    fn without_consent(&self, diagnosis: Diagnosis) -> Diagnosis {
        diagnosis.without_consent(errors::ask_in_the_console())
    }

    fn read_words(&self, raw: &RawError<'_>) -> ProviderWords {
        errors::read_words(raw)
    }

    fn code(&self, said: &ProviderWords) -> Option<ErrorCode> {
        errors::code(said)
    }

    fn is_about_credentials(&self, said: &ProviderWords) -> bool {
        errors::is_of_another_region(said)
    }

    fn read_pasted(&self, text: &str) -> Pasted {
        errors::read_pasted(text)
    }

    fn redirect_difference(&self, ours: &str, theirs: &str) -> Option<Difference> {
        redirect::difference(ours, theirs)
    }

    fn change_asking(&self, field: &str) -> Option<&'static SettingsChange> {
        (field == REGION).then_some(&errors::CHANGE_REGION)
    }

    fn has_consent_page(&self) -> bool {
        false
    }

    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    fn redirect_warnings(&self, _redirect_uri: &str, _is_ipv6: bool) -> Vec<String> {
        Vec::new()
    }

    fn request_urls(&self) -> Vec<String> {
        let tokens = Region::ALL.into_iter().map(Region::token_url);
        tokens.chain([ACCOUNT.to_owned()]).collect()
    }

    fn help(&self, field: &Field) -> FieldHelp {
        let (line, mark) = match field {
            Field::Provider => {
                ("The company that keeps the mailboxes.", "Contoso Mail keeps mailboxes at Contoso.")
            }
            Field::ServiceName => (
                "Use the name of your Contoso application.",
                "What the connector is called here. People see the application’s name when they sign in.",
            ),
            Field::ClientId => (
                "It begins with contoso- and is on the card of your application.",
                "The number by which Contoso knows your application.",
            ),
            Field::ClientSecret => (
                "It begins with cs_. It is stored encrypted and never shown again.",
                "The password of your application, which the Contoso Console shows once.",
            ),
            Field::SecretExpires => (
                "Secrets of Contoso do not expire.",
                "Leave it empty, unless your company has a rule of its own.",
            ),
            Field::Permissions => {
                ("Choose what your software needs.", "What your software may do with a mailbox at Contoso.")
            }
            Field::Setting(_) if *field == Field::REDIRECT_URI => (
                "Your Contoso application must have exactly this address.",
                "Where Contoso sends people back to.",
            ),
            Field::Setting(_) => (
                "The region in which you registered the application.",
                "Contoso keeps applications in one region. The card of your application names it.",
            ),
        };
        FieldHelp { line, mark }
    }

    fn fields(&self, row: Row, view: &FieldsView) -> Option<AnyView> {
        if row != Row::Register {
            return None;
        }
        let chosen = view.values.get(REGION).cloned().unwrap_or_default();
        let options = Region::ALL
            .into_iter()
            .map(|region| {
                let is_chosen = region.name() == chosen;
                view! { <option value=region.name() selected=is_chosen>{region.words()}</option> }
            })
            .collect_view();
        let error = view.errors.get(REGION).cloned();
        let field = view! {
            <div class="field">
                <label for=REGION>"Region"</label>
                <select class="input" id=REGION name=REGION aria-describedby="region-error">
                    <option value="">"Choose one"</option>
                    {options}
                </select>
                <FieldError id="region-error".to_owned() error=error />
            </div>
        };
        Some(field.into_any())
    }

    fn guide(&self, view: &GuideView) -> Guide {
        let ticks = Ticks(view.done.clone());
        let uri = view.redirect_uri.clone();
        let register = ticks.step("C-1", "Register an application in the Contoso Console.");
        let address = ticks.step("C-2", view! { "Enter the address " <code>{uri}</code> "." });
        let part = |title, steps: Vec<AnyView>, values| Part {
            title,
            steps: view! { <ol class="steps" role="list">{steps}</ol> }.into_any(),
            values,
        };
        let allow = ticks.step("C-3", "Allow the access on the tab Access.");
        let access = view! { <p>{view.scopes.join(", ")}</p> }.into_any();
        let secret = ticks.step("C-4", "Copy the secret from the card of your application.");
        Guide {
            lead: "It takes four steps at Contoso.",
            register: part("Register the application at Contoso", vec![register, address], None),
            permissions: part("Allow the access at Contoso", vec![allow], Some(access)),
            credentials: part("Copy the secret from Contoso", vec![secret], None),
        }
    }

    fn new_secret(&self, _client_id: &ClientId) -> AnyView {
        view! { <p>"Choose Another secret on the card of your application."</p> }.into_any()
    }

    /// Contoso's console has no addresses to which a sentence could link.
    fn directions(&self, text: &str, _client_id: &ClientId) -> AnyView {
        text.to_owned().into_any()
    }

    fn consent_words(&self) -> &'static str {
        "Contoso has no page for it."
    }
}
