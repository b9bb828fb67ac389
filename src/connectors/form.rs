//! The form of a connector, for a new and for an existing one. The pages that show it are in `add_page` and
//! `edit_page`; `actions` takes the form.

mod api_scope;

use leptos::prelude::*;
use time::Date;

use self::api_scope::ApiScope;
use super::{
    draft::{Draft, OWNER, Target},
    islands::CheckedForm,
};
use crate::{
    platform::{config::doctor::Doctor, failure::Failure},
    providers::{EXPIRES_IN, Field, FieldsView, Providers, SharedProvider, Values, guide::FORM},
    ui::{
        doctor::AddressDoctor,
        widgets::{Copyable, FieldError, FieldKind, HelpMark, TextField},
    },
};

/// The values that the form shows, and the address to which it posts.
#[derive(Clone, Debug)]
pub struct FormView {
    /// The address to which it posts.
    pub action: &'static str,
    /// The sealed user for whom the form is made.
    pub owner: String,
    /// The values of its fields, and their mistakes.
    pub draft: Draft,
    /// The providers that it offers.
    pub providers: Providers,
    /// The chosen provider.
    pub provider: SharedProvider,
    /// The field that gets the focus if the form has no mistakes.
    pub focus: Field,
    pub today: Date,
    /// Our Redirect URI.
    pub redirect_uri: String,
    /// The result of the check of the Redirect URI.
    pub doctor: Doctor,
}

/// The provider that a draft has chosen, or else the first one.
pub fn chosen_provider(providers: &Providers, draft: Option<&Draft>) -> Result<SharedProvider, Failure> {
    let typed = draft.and_then(|draft| providers.find(draft.value(Field::Provider.name())));
    let chosen = typed.or_else(|| providers.all().first()).cloned();
    chosen.ok_or_else(|| Failure::Unexpected("there is no provider".to_owned()))
}

/// The values of a draft for the provider's own fields.
pub fn own_values(provider: &SharedProvider, draft: &Draft) -> Values {
    let own = provider.settings().iter();
    own.map(|setting| (setting.name.to_owned(), draft.value(setting.name).to_owned())).collect()
}

impl FormView {
    fn is_edit(&self) -> bool {
        matches!(self.draft.target, Target::Edit { .. })
    }

    /// The field that gets the focus: the first one with a mistake, if there is one.
    fn focused(&self) -> &Field {
        self.draft.errors.first().map_or(&self.focus, |(field, _)| field)
    }

    /// The values and mistakes of the provider's own fields.
    fn own_fields(&self) -> FieldsView {
        let own = self.provider.settings();
        let error = |name: &str| Some((name.to_owned(), self.draft.error(&Field::of(name))?));
        let focused = self.focused().name();
        FieldsView {
            values: own_values(&self.provider, &self.draft),
            errors: own.iter().filter_map(|setting| error(setting.name)).collect(),
            focus: own.iter().any(|setting| setting.name == focused).then(|| focused.to_owned()),
        }
    }

    fn field(&self, field: &'static Field, help: &'static str) -> impl IntoView + use<> {
        let kind = match field {
            Field::ClientId => FieldKind::Code,
            Field::ClientSecret => FieldKind::SecretCode,
            Field::SecretExpires => FieldKind::Date,
            _ => FieldKind::Text,
        };
        // Keeps password managers from filling in a password and from saving this value as one.
        let autocomplete = if kind == FieldKind::SecretCode { "new-password" } else { "off" };
        view! {
            <TextField
                name=field.name()
                label=self.providers.label(field)
                help=help
                mark=Some(self.provider.help(field).mark)
                kind=kind
                value=self.draft.value(field.name())
                autocomplete=autocomplete
                error=self.draft.error(field)
                focus={self.focused() == field}
                required=false
            />
        }
    }
}

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
    let line = |field: &Field| model.provider.help(field).line;
    let name = model.field(&Field::ServiceName, line(&Field::ServiceName));
    let client_id = model.field(&Field::ClientId, line(&Field::ClientId));
    let secret = model.field(
        &Field::ClientSecret,
        if model.is_edit() {
            "Leave it empty to keep the one that is stored."
        } else {
            line(&Field::ClientSecret)
        },
    );
    let redirect = model.provider.help(&Field::REDIRECT_URI);
    let own = model.provider.fields(&model.own_fields());
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
    let expires_has_focus = *model.focused() == Field::SecretExpires;
    view! {
        <CheckedForm>
            <form class="card" id=FORM method="post" action=model.action>
                {hidden}
                <input type="hidden" name=OWNER value=model.owner.clone() />
                <h2>{title}</h2>
                <div class="fields">
                    <ChooseProvider model=model.clone() />
                    {name}
                    {client_id}
                    {secret}
                    <Expires
                        provider=model.provider.clone()
                        label=model.providers.label(&Field::SecretExpires)
                        draft=model.draft.clone()
                        today=model.today
                        focus=expires_has_focus
                    />
                    {own}
                    <ApiScope
                        provider=model.provider.clone()
                        chosen=model.draft.scopes.clone()
                        error=model.draft.error(&Field::Permissions)
                    />
                    <div class="field">
                        <p><b>"Redirect URI"</b></p>
                        <HelpMark label="Redirect URI" words=redirect.mark />
                        <p class="help">{redirect.line}</p>
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

/// A provider in the form.
struct Choice {
    value: &'static str,
    service: &'static str,
    help: String,
    image: &'static str,
    /// Whether it is chosen; `None` if it cannot be chosen.
    chosen: Option<bool>,
}

/// The provider that a later version will have.
const LATER: (&str, &str, &str) = ("gmail", "Gmail", "/gmail.svg");

#[component]
fn ChooseProvider(model: FormView) -> impl IntoView {
    let id = Field::Provider.name();
    let label = model.providers.label(&Field::Provider);
    let chosen = model.provider.form().name();
    let offered = model.providers.all().iter().map(|provider| {
        let (value, names) = (provider.form().name(), provider.names());
        Choice {
            value,
            service: names.service,
            help: names.mailboxes.to_owned(),
            image: names.image,
            // A connector keeps its provider.
            chosen: (!model.is_edit() || value == chosen).then_some(value == chosen),
        }
    });
    let (value, service, image) = LATER;
    let later = model.providers.find(value).is_none().then(|| {
        let services: Vec<_> = model.providers.all().iter().map(|it| it.names().service).collect();
        let help = format!("{} only in this version", services.join(" and "));
        Choice { value, service, help, image, chosen: None }
    });
    let choices = offered
        .chain(later)
        .enumerate()
        .map(|(at, Choice { value, service, help, image, chosen })| {
            view! {
                <div class="choice">
                    <label>
                        <input
                            type="radio"
                            id=(at == 0).then_some(id)
                            name=id
                            value=value
                            checked={chosen == Some(true)}
                            disabled=chosen.is_none()
                        />
                        <img class="sign" src=image alt="" width="32" height="32" />
                        <span>{service}<span class="help">{help}</span></span>
                    </label>
                </div>
            }
        })
        .collect_view();
    // Each provider has fields and a guide of its own.
    let others =
        model.providers.all().iter().filter(|other| !model.is_edit() && other.form().name() != chosen);
    let others = others
        .map(|other| {
            let to = format!("/connectors/new?provider={}", other.form().name());
            let words = format!("Show the form for {}", other.names().service);
            view! { <p class="help"><a href=to>{words}</a></p> }
        })
        .collect_view();
    view! {
        <fieldset class="field" aria-describedby=format!("{id}-error")>
            <legend>{label}</legend>
            <HelpMark label=label words=model.provider.help(&Field::Provider).mark />
            <div class="choices cards">{choices}</div>
            {others}
            <FieldError id=format!("{id}-error") error=model.draft.error(&Field::Provider) />
        </fieldset>
    }
}

/// The choice of the day on which the secret expires: the periods that the provider offers, or another day. A provider
/// whose secrets do not expire offers no period; then only the day can be entered.
#[component]
pub fn Expires(
    provider: SharedProvider,
    label: &'static str,
    /// What was typed.
    draft: Draft,
    today: Date,
    /// Whether this field gets the focus.
    focus: bool,
) -> impl IntoView {
    let name = Field::SecretExpires.name();
    let help = provider.help(&Field::SecretExpires);
    let value = draft.value(name).to_owned();
    let error = draft.error(&Field::SecretExpires);
    let periods = provider.secret_periods();
    if periods.is_empty() {
        return view! {
            <TextField
                name=name
                label=label
                help=help.line
                mark=Some(help.mark)
                kind=FieldKind::Date
                value=value
                error=error
                focus=focus
                required=false
            />
        }
        .into_any();
    }
    let chosen = draft.value(EXPIRES_IN).to_owned();
    let other = periods.iter().all(|months| months.to_string() != chosen);
    let chip = |value: String, words: String, checked: bool| {
        view! {
            <label class="chip">
                <input type="radio" name=EXPIRES_IN value=value checked=checked />
                <span>{words}</span>
            </label>
        }
    };
    let chips = periods
        .iter()
        .map(|&months| {
            let day = provider.secret_expiry(today, months).for_people();
            let value = months.to_string();
            let checked = value == chosen;
            chip(value, format!("{months} months ({day})"), checked)
        })
        .collect_view();
    view! {
        <fieldset class="field expires">
            <legend>{label}</legend>
            <HelpMark label=label words=help.mark />
            <p class="help">{help.line}</p>
            <div class="chips">{chips} {chip("date".to_owned(), "Another day".to_owned(), other)}</div>
            <div class="more">
                <TextField
                    name=name
                    label="Day"
                    help="Leave it empty if you do not know it."
                    kind=FieldKind::Date
                    value=value
                    error=error
                    focus=focus
                    required=false
                />
            </div>
        </fieldset>
    }
    .into_any()
}
