//! The Add Connector page: the form, and the guide beside it.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use leptos::prelude::*;
use std::sync::Arc;
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    actions::ADD,
    draft::{Draft, Kept, OWNER},
    guide::Guide,
    islands::CheckedForm,
    model::{
        AccountType, ExpiryDate, Field, Permission, ServiceName, optional_permissions, required_permissions,
    },
    service::ConnectorService,
};
use crate::{
    people::access::Member,
    platform::{config::Config, failure::Failure, id::UserId, page::Page},
    ui::{
        icons::Icon,
        widgets::{Back, Copyable, ErrorSummary, FieldError, FieldKind, Notice, TextField, Tone},
    },
};

/// `GET /connectors/new`.
pub async fn show(
    State(service): State<ConnectorService>,
    State(config): State<Arc<Config>>,
    Extension(member): Extension<Member>,
    session: Session,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let admin = member.admin()?;
    let kept = Draft::take(&session, &headers, &config.public_url, &admin).await?;
    let (draft, remove) = match kept {
        None => (None, None),
        Some(Kept::Failed(draft)) => (Some(draft), None),
        Some(Kept::SignedOut(draft, remove)) => (Some(draft), Some(remove)),
    };
    let model = AddView::new(
        draft,
        remove.is_some(),
        &admin,
        service.new_form(),
        ExpiryDate::in_24_months(service.today()),
        config.public_url.redirect_uri(),
    );
    let page = Page::new("Add Connector", move || view! { <AddPage model=model.clone() /> }.into_any());
    let mut response = page.into_response();
    if let Some(remove) = remove {
        response.headers_mut().append(header::SET_COOKIE, remove);
    }
    Ok(response)
}

/// What the page shows.
#[derive(Clone, Debug)]
struct AddView {
    form: Uuid,
    owner: UserId,
    draft: Draft,
    /// The draft was kept over a log-in.
    signed_out: bool,
    account_type: AccountType,
    redirect_uri: String,
}

impl AddView {
    /// A fresh form, or the one that failed.
    fn new(
        draft: Option<Draft>,
        signed_out: bool,
        owner: &Member,
        form: Uuid,
        expires: ExpiryDate,
        redirect_uri: String,
    ) -> Self {
        let draft = draft.unwrap_or_else(|| Draft {
            form,
            values: [(Field::SecretExpires.name().to_owned(), expires.to_string())].into(),
            // What a company most often wants to reach.
            scopes: optional_permissions().map(|permission| permission.name.to_owned()).collect(),
            errors: Vec::new(),
        });
        let account_type = AccountType::from_name(draft.value(Field::AccountType)).unwrap_or_default();
        Self { form: draft.form, owner: owner.user(), draft, signed_out, account_type, redirect_uri }
    }

    fn error(&self, field: Field) -> Option<String> {
        self.draft.errors.iter().find(|(wrong, _)| *wrong == field).map(|(_, words)| words.clone())
    }

    fn field(&self, field: Field, help: &'static str) -> impl IntoView + use<> {
        let first = self.draft.errors.first().map(|(field, _)| *field);
        // The first wrong one; where all is there but the secret, that; on a fresh form the first.
        let fresh = if self.signed_out { Field::ClientSecret } else { Field::ServiceName };
        let kind = match field {
            Field::ClientId | Field::Tenant => FieldKind::Code,
            Field::ClientSecret => FieldKind::SecretCode,
            Field::SecretExpires => FieldKind::Date,
            _ => FieldKind::Text,
        };
        let max = (field == Field::ServiceName).then_some(ServiceName::MAX);
        view! {
            <TextField
                name=field.name()
                label=field.label()
                help=help
                kind=kind
                value=self.draft.value(field)
                // A password manager is not to fill in a password, nor to keep this as one.
                autocomplete=if kind == FieldKind::SecretCode { "new-password" } else { "off" }
                error=self.error(field)
                focus={first.unwrap_or(fresh) == field}
                required=false
                max=max
            />
        }
    }
}

impl Draft {
    fn value(&self, field: Field) -> &str {
        self.values.get(field.name()).map_or("", String::as_str)
    }
}

#[component]
fn AddPage(model: AddView) -> impl IntoView {
    let wrong: Vec<_> = model.draft.errors.iter().map(|(field, _)| (field.name(), field.label())).collect();
    let summary = (!wrong.is_empty()).then(|| {
        view! {
            <ErrorSummary
                fields=wrong
                more="Nothing was added. The secret is not kept: enter it again."
            />
        }
    });
    let signed_out = model.signed_out.then(|| {
        view! {
            <Notice tone=Tone::Info title="What you typed is here again">
                <p>"Your session had ended, so nothing was added yet. The secret is not kept: enter it again."</p>
            </Notice>
        }
    });
    let redirect_uri = model.redirect_uri.clone();
    view! {
        <div class="head">
            <div>
                <Back to="/connectors" what="Connectors" />
                <h1>"Add Connector"</h1>
                <p class="soft">
                    "No Azure application yet? " <a href="#guide">"Set one up first"</a>
                    ", then enter its details here."
                </p>
            </div>
        </div>
        {summary}
        {signed_out}
        <div class="beside">
            <CheckedForm><Form model=model /></CheckedForm>
            <Guide redirect_uri=redirect_uri />
        </div>
    }
}

#[component]
fn Form(model: AddView) -> impl IntoView {
    let name = model.field(Field::ServiceName, "Use the name of your Azure application.");
    let client_id =
        model.field(Field::ClientId, "Application (client) ID on your application’s Overview page in Azure.");
    let secret = model.field(
        Field::ClientSecret,
        "From the column Value, not Secret ID. It is stored sealed and never shown again.",
    );
    let expires = model.field(
        Field::SecretExpires,
        "24 months from today, if you chose that in Azure. Empty it if you do not know.",
    );
    view! {
        <form class="card" method="post" action=ADD>
            <input type="hidden" name="form" value=model.form.to_string() />
            <input type="hidden" name=OWNER value=model.owner.to_string() />
            <h2>"Step 2: Adding it to Mail360"</h2>
            <div class="fields">
                <Providers error=model.error(Field::Provider) />
                {name}
                {client_id}
                {secret}
                {expires}
                <WhoMaySignIn model=model.clone() />
                <ApiScope chosen=model.draft.scopes.clone() error=model.error(Field::Permissions) />
                <div class="field">
                    <p><b>"Redirect URI"</b></p>
                    <p class="help">
                        "Your Azure application must have exactly this address, under the platform Web."
                    </p>
                    <Copyable value=model.redirect_uri what="the Redirect URI" />
                </div>
            </div>
            <div class="row">
                <button class="button primary">"Add"</button>
                <a class="button plain" href="/connectors">"Cancel"</a>
            </div>
        </form>
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
            <div class="choices cards">
                {choice("outlook", "Outlook", "Microsoft 365 and Outlook.com", "/outlook.svg", true)}
                {choice("gmail", "Gmail", "Outlook only in this version", "/gmail.svg", false)}
            </div>
            <FieldError id=format!("{id}-error") error=error />
        </fieldset>
    }
}

#[component]
fn WhoMaySignIn(model: AddView) -> impl IntoView {
    let id = Field::AccountType.name();
    let error = model.error(Field::AccountType);
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
                            checked={kind == model.account_type}
                        />
                        <span>
                            {kind.label()}
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
            <p class="help">"Choose the same as in Azure under " <em>"Supported account types"</em> "."</p>
            <div class="choices">{choices}</div>
            <FieldError id=format!("{id}-error") error=error />
        </fieldset>
    }
}

#[component]
fn ApiScope(chosen: Vec<String>, error: Option<String>) -> impl IntoView {
    let id = Field::Permissions.name();
    let required = required_permissions()
        .map(|permission| {
            view! {
                <li class="choice">
                    <div class="fixed">
                        {Icon::Tick.draw()}
                        <span>
                            <code>{permission.name}</code>
                            <span class="help">{permission.allows} "."</span>
                        </span>
                    </div>
                </li>
            }
        })
        .collect_view();
    let optional = optional_permissions()
        .map(|permission| {
            view! {
                <li class="choice">
                    <label>
                        <input
                            type="checkbox"
                            name=format!("{id}[]")
                            value=permission.name
                            checked=chosen.iter().any(|name| name == permission.name)
                        />
                        <span>
                            <code>{permission.name}</code>
                            <span class="help">{permission.allows} "."</span>
                            <span class="help">{approval(permission)}</span>
                        </span>
                    </label>
                </li>
            }
        })
        .collect_view();
    view! {
        <details class="disclosure" open id=id>
            <summary>"View API scope"</summary>
            <div class="stack">
                <p class="help">
                    "What your software may do for a user who has signed in. Enable the same permissions in \
                     Azure (part B of the guide)."
                </p>
                <div class="stack tight">
                    <h3 id="required">"Required"</h3>
                    <ul class="choices" role="list" aria-labelledby="required">{required}</ul>
                </div>
                <fieldset class="field" aria-describedby=format!("{id}-error")>
                    <legend>"Optional"</legend>
                    <ul class="choices" role="list">{optional}</ul>
                    <FieldError id=format!("{id}-error") error=error />
                </fieldset>
            </div>
        </details>
    }
}

fn approval(permission: &Permission) -> AnyView {
    if permission.needs_administrator {
        view! { <strong>"An administrator must approve it"</strong>" in most companies, once for everyone." }
            .into_any()
    } else {
        "Each user can approve it, unless the company forbids that.".into_any()
    }
}
