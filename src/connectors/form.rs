//! The form of a connector, for a new and for an existing one, in four rows. A row has the steps at the provider and
//! the fields that they fill. The pages that show it are in `add_page` and `edit_page`; `actions` takes the form.

mod api_scope;
mod expires;
mod file;
mod row;

use leptos::prelude::*;
use time::Date;

pub use self::expires::Expires;
use self::{
    api_scope::{ApiScope, ScopeDetails},
    file::FileChoice,
    row::FormRow,
};
use super::{
    draft::{Draft, GUIDE, OWNER, Target},
    guide::GuideState,
    islands::{CheckedForm, Checklist},
};
use crate::{
    platform::{
        config::doctor::Doctor,
        failure::Failure,
        note::{SECRET_KEPT, VERSION},
    },
    providers::{
        Field, FieldsView, Provider, Providers, SharedProvider, Values,
        guide::{Guide, Part, Row},
    },
    ui::{
        doctor::AddressDoctor,
        widgets::{Copyable, FieldError, FieldKind, HelpMark, Notice, TextField, Tone},
    },
};

/// The id of the form, for the link that skips to it.
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
    /// The providers that it offers.
    pub providers: Providers,
    /// The chosen provider.
    pub provider: SharedProvider,
    /// Whether it shows the steps.
    pub guide: GuideState,
    /// The name of another connector with the same Client ID.
    pub same_client_id: Option<String>,
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

/// The row of a field, and its place there.
fn place(provider: &dyn Provider, field: &Field) -> (Row, usize) {
    match field {
        Field::Provider => (Row::Decide, 0),
        Field::ServiceName => (Row::Decide, 1),
        // Beside the other decisions, or below them.
        Field::Permissions => (Row::Decide, usize::MAX),
        Field::ClientId => (provider.client_id_row(), 0),
        Field::ClientSecret => (Row::Credentials, 1),
        Field::SecretExpires => (Row::Credentials, 2),
        // A provider's own fields are below those that every provider has.
        Field::Setting(name) => {
            let own = provider.settings().iter().enumerate().find(|(_, setting)| setting.name == name);
            own.map_or((Row::Credentials, usize::MAX), |(at, setting)| (setting.row, 3 + at))
        }
    }
}

impl FormView {
    /// The same form with its mistakes in the order of the page, for the summary above it.
    #[must_use]
    pub fn in_page_order(mut self) -> Self {
        let provider = self.provider.clone();
        self.draft.errors.sort_by_key(|(field, _)| place(provider.as_ref(), field));
        self
    }

    fn is_edit(&self) -> bool {
        matches!(self.draft.target, Target::Edit { .. })
    }

    /// The values and mistakes of the provider's own fields.
    fn own_values(&self) -> FieldsView {
        let own = self.provider.settings();
        let error = |name: &str| Some((name.to_owned(), self.draft.error(&Field::of(name))?));
        FieldsView {
            values: own_values(&self.provider, &self.draft),
            errors: own.iter().filter_map(|setting| error(setting.name)).collect(),
        }
    }

    /// The provider's own fields in this row.
    fn own_fields(&self, row: Row) -> Option<AnyView> {
        self.provider.fields(row, &self.own_values())
    }

    /// The line of help at a field. The form of an existing connector has it only behind the question mark, except
    /// where the line says what happens to the stored value.
    fn line(&self, field: &Field) -> Option<&'static str> {
        match field {
            Field::ClientSecret if self.draft.secret_kept.is_some() => {
                Some("Kept from your last try. Type to replace it.")
            }
            Field::ClientSecret if self.is_edit() => Some("Leave it empty to keep the one that is stored."),
            _ => (!self.is_edit()).then(|| self.provider.help(field).line),
        }
    }

    fn field(&self, field: &'static Field) -> AnyView {
        let kind = match field {
            Field::ClientId => FieldKind::Code,
            Field::ClientSecret => FieldKind::SecretCode,
            _ => FieldKind::Text,
        };
        // Keeps password managers from filling in a password and from saving this value as one.
        let autocomplete = if kind == FieldKind::SecretCode { "new-password" } else { "off" };
        let (label, mark) = (self.providers.label(field), Some(self.provider.help(field).mark));
        let (value, error) = (self.draft.value(field.name()), self.draft.error(field));
        view! {
            <TextField
                name=field.name()
                label=label
                help=self.line(field).unwrap_or_default()
                mark=mark
                kind=kind
                value=value
                autocomplete=autocomplete
                error=error
                required=false
            />
        }
        .into_any()
    }

    /// The hidden fields: what the form is for, and the state in which it is shown again.
    fn hidden(&self) -> impl IntoView + use<> {
        let target = match self.draft.target {
            Target::Add { form } => vec![("form", form.to_string())],
            Target::Edit { connector, version } | Target::Secret { connector, version } => {
                vec![("connector", connector.to_string()), (VERSION, self.draft.version_field(version))]
            }
        };
        let state = [(OWNER, self.owner.clone()), (GUIDE, self.guide.name().to_owned())];
        // Without it, a form of an existing connector would keep the stored secret.
        let kept = self.draft.secret_kept.map(|id| (SECRET_KEPT, id.to_string()));
        let hidden = target
            .into_iter()
            .chain(state)
            .chain(kept)
            .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
            .collect_view();
        let provider = Field::Provider.name();
        let chosen = self.provider.form().name();
        view! {
            {hidden}
            <input type="hidden" id=provider name=provider value=chosen />
        }
    }

    /// The decisions. On the left are the name and the provider's own ones, on the right the permissions, and below both
    /// what each permission allows.
    fn decide(&self) -> (AnyView, AnyView, AnyView) {
        let provider_error = self.draft.error(&Field::Provider).map(|error| {
            view! { <FieldError id=format!("{}-error", Field::Provider.name()) error=Some(error) /> }
        });
        let left = view! {
            {provider_error}
            {self.field(&Field::ServiceName)}
            {self.own_fields(Row::Decide)}
        };
        let right = view! {
            <ApiScope
                provider=self.provider.clone()
                chosen=self.draft.scopes.clone()
                error=self.draft.error(&Field::Permissions)
                line=self.line(&Field::Permissions)
            />
        };
        let below = view! { <ScopeDetails provider=self.provider.clone() /> };
        (left.into_any(), right.into_any(), below.into_any())
    }

    /// The values of a registered application.
    fn register(&self) -> AnyView {
        view! { {self.client_id(Row::Register)} {self.own_fields(Row::Register)} }.into_any()
    }

    /// The secret of the application, and the values that the console shows with it.
    fn credentials(&self) -> AnyView {
        view! {
            {self.client_id(Row::Credentials)}
            {self.field(&Field::ClientSecret)}
            {self.expires()}
            {self.own_fields(Row::Credentials)}
        }
        .into_any()
    }

    /// The Client ID, and the choice of a file that has it, if they are in this row.
    fn client_id(&self, row: Row) -> Option<AnyView> {
        if self.provider.client_id_row() != row {
            return None;
        }
        let file = self.provider.credentials_file();
        let file = file.map(|file| view! { <FileChoice file=file redirect_uri=self.redirect_uri.clone() /> });
        let same = self.same_client_id.clone().map(|name| {
            view! {
                <Notice tone=Tone::Warn>
                    <p><bdi>{name}</bdi> " already uses this Client ID."</p>
                </Notice>
            }
        });
        Some(view! { {file} {self.field(&Field::ClientId)} {same} }.into_any())
    }

    /// The Redirect URI, where no step shows it.
    fn redirect_uri(&self) -> AnyView {
        let help = self.provider.help(&Field::REDIRECT_URI);
        let line = self.line(&Field::REDIRECT_URI).map(|line| view! { <p class="help">{line}</p> });
        view! {
            <div class="field">
                <div class="label"><p><b>"Redirect URI"</b></p> {line}</div>
                <HelpMark label="Redirect URI" words=help.mark />
                <Copyable value=self.redirect_uri.clone() what="the Redirect URI" />
                {self.doctor()}
            </div>
        }
        .into_any()
    }

    fn doctor(&self) -> AnyView {
        view! { <AddressDoctor doctor=self.doctor.clone() /> }.into_any()
    }

    fn expires(&self) -> AnyView {
        view! {
            <Expires
                provider=self.provider.clone()
                label=self.providers.label(&Field::SecretExpires)
                draft=self.draft.clone()
                today=self.today
                focus=false
            />
        }
        .into_any()
    }

    /// The rows with the steps on the left.
    fn rows_with_steps(&self, guide: Guide) -> AnyView {
        let Guide { lead, register, permissions, credentials } = guide;
        let lead = if self.is_edit() {
            lead.to_owned()
        } else {
            format!("Open {} in a second window. {lead}", self.provider.names().console)
        };
        let with_steps = |number: u8, part: Part, row: Row, fields: AnyView| {
            let Part { title, steps, values } = part;
            // The address is one of the values of the steps that show the Client ID.
            let doctor = (row == self.provider.client_id_row()).then(|| self.doctor());
            let lead = (row == Row::Register).then(|| lead.clone());
            let left = view! { {doctor} {steps} }.into_any();
            let right = view! { {fields} {values} }.into_any();
            view! {
                <FormRow number=Some(number) title=title lead=lead has_steps=true left=left right=right />
            }
        };
        let (name, scope, details) = self.decide();
        let rows = view! {
            <FormRow number=Some(1) title="Decide" has_steps=false left=name right=scope below=Some(details) />
            {with_steps(2, register, Row::Register, self.register())}
            {with_steps(3, permissions, Row::Permissions, self.own_fields(Row::Permissions).into_any())}
            {with_steps(4, credentials, Row::Credentials, self.credentials())}
        }
        .into_any();
        // An existing application has no steps to tick.
        if self.is_edit() { rows } else { view! { <Checklist>{rows}</Checklist> }.into_any() }
    }

    /// The rows without steps. A row without fields is left out.
    fn rows(&self) -> AnyView {
        let (name, scope, details) = self.decide();
        let permissions = self.own_fields(Row::Permissions).map(|fields| {
            view! { <FormRow number=None title="Permissions" has_steps=false left=fields right={().into_any()} /> }
        });
        // One column has what the provider shows for an application, the other one its secret.
        let application = view! { {self.register()} {self.redirect_uri()} }.into_any();
        let title = self.provider.names().application;
        view! {
            <FormRow number=None title="Settings" has_steps=false left=name right=scope below=Some(details) />
            {permissions}
            <FormRow number=None title=title has_steps=false left=application right=self.credentials() />
        }
        .into_any()
    }
}

#[component]
pub fn ConnectorForm(
    /// The connector and the typed values.
    model: FormView,
    /// The provider's steps, if the form shows them.
    guide: Option<Guide>,
    /// The text of the button that sends the form.
    button: &'static str,
    /// The address to which *Cancel* leads.
    cancel: String,
) -> impl IntoView {
    let hidden = model.hidden();
    let rows = match guide {
        Some(guide) => model.rows_with_steps(guide),
        None => model.rows(),
    };
    view! {
        <CheckedForm>
            <form class="rows inline-help" id=FORM method="post" action=model.action>
                {hidden}
                {rows}
                <div class="row">
                    <button class="button primary">{button}</button>
                    <a class="button plain" href=cancel>"Cancel"</a>
                </div>
            </form>
        </CheckedForm>
    }
}
