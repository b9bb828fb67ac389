//! The Add Connector page: the form, and the guide beside it.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State},
    response::IntoResponse,
};
use http::HeaderMap;
use leptos::prelude::*;
use serde::Deserialize;
use tower_sessions::Session;

use super::{
    actions::ADD,
    draft::{Draft, InBrowser, Target},
    form::{ConnectorForm, FormView, chosen_provider},
    guide::{self, Guide},
    model::{EXPIRES_IN, Field},
    service::ConnectorService,
};
use crate::{
    people::access::Member,
    platform::{
        config::{Config, doctor::Doctor},
        failure::Failure,
        page::Page,
    },
    providers::{Provider, Providers, guide::GuideView},
    ui::widgets::{Back, ErrorSummary, Notice, Tone},
};

/// The query of the page.
#[derive(Deserialize)]
pub struct AddQuery {
    /// The name of the provider whose form is shown.
    provider: Option<String>,
}

/// `GET /connectors/new?provider={name}`. Without a provider, or with an unknown one, it shows the form of the first one.
#[expect(clippy::too_many_arguments, reason = "a handler asks for what it needs, one by one")]
pub async fn show(
    State(service): State<ConnectorService>,
    State(config): State<Arc<Config>>,
    State(providers): State<Providers>,
    Extension(member): Extension<Member>,
    session: Session,
    Query(query): Query<AddQuery>,
    kept: InBrowser,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Failure> {
    let admin = member.admin()?;
    let target = Target::Add { form: service.new_form() };
    let kept = Draft::find(&session, kept, &admin, &target.path(), service.now(), &providers).await?;
    let wanted = query.provider.as_deref().and_then(|name| providers.find(name));
    let (mut draft, logged_out) = if let Some(kept) = kept {
        kept.take_apart()
    } else {
        let provider = wanted.cloned().map_or_else(|| chosen_provider(&providers, None), Ok)?;
        (fresh(target, provider.as_ref()), false)
    };
    if let Some(provider) = wanted {
        let name = provider.form().name().to_owned();
        draft.values.insert(Field::Provider.name().to_owned(), name);
    }
    let form = FormView {
        action: ADD,
        owner: service.seal_owner(&admin)?,
        provider: chosen_provider(&providers, Some(&draft))?,
        draft,
        // A form that is restored after the log-in lacks only the secret, so that field gets the focus.
        focus: if logged_out { Field::ClientSecret } else { Field::ServiceName },
        today: service.today(),
        redirect_uri: config.public_url.redirect_uri(),
        doctor: Doctor::new(&config.public_url, &headers, providers.redirect_warnings(&config.public_url)),
        providers,
    };
    let guide = guide::values_of(&form);
    Ok(Page::new("Add Connector", move || {
        view! { <AddPage form=form.clone() guide=guide.clone() logged_out=logged_out /> }.into_any()
    }))
}

/// An empty form for a new connector of this provider.
fn fresh(target: Target, provider: &dyn Provider) -> Draft {
    let longest = provider.secret_periods().first().map(|months| (EXPIRES_IN.to_owned(), months.to_string()));
    let optional = provider.permissions().iter().filter(|permission| !permission.required);
    Draft {
        values: longest.into_iter().collect(),
        // Most companies need all of them.
        scopes: optional.map(|permission| permission.name.to_owned()).collect(),
        ..Draft::empty(target)
    }
}

#[component]
fn AddPage(form: FormView, guide: GuideView, logged_out: bool) -> impl IntoView {
    let wrong = form.draft.wrong(&form.providers);
    let summary = (!wrong.is_empty()).then(|| {
        view! {
            <ErrorSummary
                fields=wrong
                more="Nothing was added. The secret is not kept: enter it again."
            />
        }
    });
    let logged_out = logged_out.then(|| {
        view! {
            <Notice tone=Tone::Info title="What you typed is here again">
                <p>"Your session had ended, so nothing was added yet. The secret is not kept: enter it again."</p>
            </Notice>
        }
    });
    let provider = form.provider.clone();
    let question = format!("No {} yet? ", provider.names().application);
    view! {
        <div class="head">
            <div>
                <Back to="/connectors" what="Connectors" />
                <h1>"Add Connector"</h1>
                <p class="soft">
                    {question} <a href="#guide">"Set one up first"</a>
                    ", then enter its details here."
                </p>
            </div>
        </div>
        {summary}
        {logged_out}
        <div class="beside">
            <ConnectorForm
                model=form
                title="Step 2: Adding it to Mail360"
                button="Add"
                cancel="/connectors".to_owned()
            />
            <Guide provider=provider values=guide />
        </div>
    }
}
