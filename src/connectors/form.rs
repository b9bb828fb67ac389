//! The form of a connector, for a new and for an existing one. The pages that show it are in `add_page` and
//! `edit_page`; `actions` takes the form.

mod api_scope;

use leptos::prelude::*;
use time::Date;

use self::api_scope::ApiScope;
use super::{
    draft::{Draft, OWNER, Target},
    islands::CheckedForm,
    model::{AccountType, EXPIRES_IN, ExpiryDate, Field, MONTHS},
};
use crate::{
    platform::config::doctor::Doctor,
    ui::{
        doctor::AddressDoctor,
        widgets::{Copyable, FieldError, FieldKind, HelpMark, TextField},
    },
};

/// The id of the form element. Fields outside of the form, such as the guide's checklist, name it to belong to it.
pub const FORM: &str = "connector-form";

/// The values that the form shows, and the address to which it posts.
#[derive(Clone, Debug)]
pub struct FormView {
    /// The address to which it posts.
    pub action: &'static str,
    /// The sealed user for whom the form is made.
    pub owner: String,
    /// The values of its fields, and their mistakes.
    pub draft: Draft,
    /// The field that gets the focus if the form has no mistakes.
    pub focus: Field,
    /// Today.
    pub today: Date,
    /// Our Redirect URI.
    pub redirect_uri: String,
    /// The result of the check of the Redirect URI.
    pub doctor: Doctor,
}

impl FormView {
    fn is_edit(&self) -> bool {
        matches!(self.draft.target, Target::Edit { .. })
    }

    /// The chosen account type.
    pub fn account_type(&self) -> AccountType {
        AccountType::from_name(self.draft.value(Field::AccountType.name())).unwrap_or_default()
    }

    fn has_focus(&self, field: Field) -> bool {
        let first = self.draft.errors.first().map(|(field, _)| *field);
        first.unwrap_or(self.focus) == field
    }

    fn field(&self, field: Field, help: &'static str) -> impl IntoView + use<> {
        let kind = match field {
            Field::ClientId | Field::Tenant => FieldKind::Code,
            Field::ClientSecret => FieldKind::SecretCode,
            Field::SecretExpires => FieldKind::Date,
            _ => FieldKind::Text,
        };
        // Keeps password managers from filling in a password and from saving this value as one.
        let autocomplete = if kind == FieldKind::SecretCode { "new-password" } else { "off" };
        view! {
            <TextField
                name=field.name()
                label=field.label()
                help=help
                mark=Some(mark(field))
                kind=kind
                value=self.draft.value(field.name())
                autocomplete=autocomplete
                error=self.draft.error(field)
                focus=self.has_focus(field)
                required=false
            />
        }
    }
}

/// The help behind a field's question mark: what the value is, where to find it, and common mistakes.
pub const fn mark(field: Field) -> &'static str {
    match field {
        Field::Provider => {
            "The company that keeps the mailboxes: Outlook means Microsoft 365 and Outlook.com. Mailboxes \
             of other companies cannot sign in through this connector."
        }
        Field::ServiceName => {
            "What the connector is called here: best the name that your application has on its Overview page in \
             Azure, which users see when they sign in. With another name no one finds the application by it."
        }
        Field::ClientId => {
            "The number by which Microsoft knows your application: Application (client) ID on its Overview page. \
             With the Object ID, the line below it, Microsoft says that there is no such application \
             (AADSTS700016)."
        }
        Field::ClientSecret => {
            "Your application’s password: the column Value under Certificates & secrets, which Azure shows only \
             right after it was made. With the Secret ID beside it every sign-in fails (AADSTS7000215)."
        }
        Field::SecretExpires => {
            "The last day of the secret: the column Expires under Certificates & secrets. After it no one can sign \
             in (AADSTS7000222), so you are warned here 60 days before."
        }
        Field::AccountType => {
            "Whose accounts may sign in: Supported account types under Authentication in Azure. If it differs from \
             Azure, Microsoft stops people on its own page (AADSTS50194, AADSTS9002331)."
        }
        Field::Tenant => {
            "Your company’s directory at Microsoft: Directory (tenant) ID on the Overview page. With another \
             company’s tenant your own users are refused (AADSTS50020)."
        }
        Field::Permissions => {
            "What your software may do with a mailbox: the delegated permissions under API permissions in Azure. \
             One that is not listed there, or that a Microsoft 365 administrator must approve and has not, is not granted."
        }
    }
}

/// The form.
#[component]
pub fn ConnectorForm(
    /// What it shows.
    model: FormView,
    /// Its heading.
    title: &'static str,
    /// The text of its button.
    button: &'static str,
    /// The address to which *Cancel* leads.
    cancel: String,
) -> impl IntoView {
    let edit = model.is_edit();
    let name = model.field(Field::ServiceName, "Use the name of your Azure application.");
    let client_id =
        model.field(Field::ClientId, "Application (client) ID on your application’s Overview page in Azure.");
    let secret = model.field(
        Field::ClientSecret,
        if edit {
            "Leave it empty to keep the one that is stored."
        } else {
            "From the column Value, not Secret ID. It is stored encrypted and never shown again."
        },
    );
    let hidden = match model.draft.target {
        Target::Add { form } => vec![("form", form.to_string())],
        Target::Edit { connector, version } | Target::Secret { connector, version } => {
            vec![("connector", connector.to_string()), ("version", version.to_string())]
        }
    };
    let hidden = hidden
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    let redirect_uri = model.redirect_uri.clone();
    let redirect = "Where Microsoft sends people back to: it is registered under Authentication, platform Web. If \
                    one sign of it differs, Microsoft says AADSTS50011 and no one comes back.";
    view! {
        <CheckedForm>
            <form class="card" id=FORM method="post" action=model.action>
                {hidden}
                <input type="hidden" name=OWNER value=model.owner.clone() />
                <h2>{title}</h2>
                <div class="fields">
                    <Providers error=model.draft.error(Field::Provider) />
                    {name}
                    {client_id}
                    {secret}
                    <Expires
                        draft=model.draft.clone()
                        today=model.today
                        focus=model.has_focus(Field::SecretExpires)
                    />
                    <WhoMaySignIn model=model.clone() />
                    <ApiScope
                        chosen=model.draft.scopes.clone()
                        error=model.draft.error(Field::Permissions)
                    />
                    <div class="field">
                        <p><b>"Redirect URI"</b></p>
                        <HelpMark label="Redirect URI" words=redirect />
                        <p class="help">
                            "Your Azure application must have exactly this address, under the platform Web."
                        </p>
                        <Copyable value=redirect_uri what="the Redirect URI" />
                        <AddressDoctor doctor=model.doctor />
                    </div>
                </div>
                <div class="row">
                    <button class="button primary">{button}</button>
                    <a class="button plain" href=cancel>"Cancel"</a>
                </div>
            </form>
        </CheckedForm>
    }
}

#[component]
fn Providers(error: Option<String>) -> impl IntoView {
    let id = Field::Provider.name();
    let choice = |value, name, help, image, enabled: bool| {
        view! {
            <div class="choice">
                <label>
                    <input
                        type="radio"
                        id=enabled.then_some(id)
                        name=id
                        value=value
                        checked=enabled
                        disabled=!enabled
                    />
                    <img class="sign" src=image alt="" width="32" height="32" />
                    <span>{name}<span class="help">{help}</span></span>
                </label>
            </div>
        }
    };
    view! {
        <fieldset class="field" aria-describedby=format!("{id}-error")>
            <legend>{Field::Provider.label()}</legend>
            <HelpMark label=Field::Provider.label() words=mark(Field::Provider) />
            <div class="choices cards">
                {choice("outlook", "Outlook", "Microsoft 365 and Outlook.com", "/outlook.svg", true)}
                {choice("gmail", "Gmail", "Outlook only in this version", "/gmail.svg", false)}
            </div>
            <FieldError id=format!("{id}-error") error=error />
        </fieldset>
    }
}

/// The choice of the day on which the secret expires: the periods that Azure offers, or another day.
#[component]
pub fn Expires(
    /// What was typed.
    draft: Draft,
    /// Today.
    today: Date,
    /// Whether this field gets the focus.
    focus: bool,
) -> impl IntoView {
    let field = Field::SecretExpires;
    let chosen = draft.value(EXPIRES_IN).to_owned();
    let months: Vec<String> = MONTHS.into_iter().map(|months| months.to_string()).collect();
    let other = !months.contains(&chosen);
    let chip = |value: String, words: String, checked: bool| {
        view! {
            <label class="chip">
                <input type="radio" name=EXPIRES_IN value=value checked=checked />
                <span>{words}</span>
            </label>
        }
    };
    let chips = MONTHS
        .into_iter()
        .zip(months)
        .map(|(months, value)| {
            let day = ExpiryDate::in_months(today, months).for_people();
            let checked = value == chosen;
            chip(value, format!("{months} months ({day})"), checked)
        })
        .collect_view();
    view! {
        <fieldset class="field expires">
            <legend>{field.label()}</legend>
            <HelpMark label=field.label() words=mark(field) />
            <p class="help">"What you chose in Azure when you made the secret."</p>
            <div class="chips">{chips} {chip("date".to_owned(), "Another day".to_owned(), other)}</div>
            <div class="more">
                <TextField
                    name=field.name()
                    label="Day"
                    help="Leave it empty if you do not know it."
                    kind=FieldKind::Date
                    value=draft.value(field.name())
                    error=draft.error(field)
                    focus=focus
                    required=false
                />
            </div>
        </fieldset>
    }
}

#[component]
fn WhoMaySignIn(model: FormView) -> impl IntoView {
    let id = Field::AccountType.name();
    let error = model.draft.error(Field::AccountType);
    let mut tenant = Some(model.field(
        Field::Tenant,
        "Directory (tenant) ID on the Overview page, or your domain, such as contoso.com.",
    ));
    let choices = AccountType::ALL
        .into_iter()
        .map(|kind| {
            let more = kind
                .needs_tenant()
                .then(|| tenant.take())
                .flatten()
                .map(|field| view! { <div class="more">{field}</div> });
            view! {
                <div class="choice">
                    <label>
                        <input
                            type="radio"
                            id=(kind == AccountType::default()).then_some(id)
                            name=id
                            value=kind.name()
                            checked={kind == model.account_type()}
                        />
                        <span>
                            <span data-label>{kind.label()}</span>
                            <span class="help">{kind.meaning()}</span>
                            <span class="help">"Older portal: " {kind.older_label()}</span>
                        </span>
                    </label>
                    {more}
                </div>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field" aria-describedby=format!("{id}-error")>
            <legend>{Field::AccountType.label()}</legend>
            <HelpMark label=Field::AccountType.label() words=mark(Field::AccountType) />
            <p class="help">"Decide here, and choose the same in Azure under " <em>"Supported account types"</em> "."</p>
            <div class="choices">{choices}</div>
            <FieldError id=format!("{id}-error") error=error />
        </fieldset>
    }
}
