//! The Add Connector page: the form, with the steps at the provider in each of its rows.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use leptos::prelude::*;
use serde::Deserialize;
use tower_sessions::Session;

use super::{
    actions::ADD,
    draft::{Draft, InBrowser, Target},
    form::{ConnectorForm, FORM, FormView, chosen_provider},
    guide::{GuideState, guide_of},
    model::{ClientId, EXPIRES_IN, Field, list::Order},
    service::ConnectorService,
};
use crate::{
    people::access::{Admin, Member},
    platform::{
        config::{Config, doctor::Doctor},
        failure::Failure,
        page::Page,
    },
    providers::{Provider, Providers},
    ui::widgets::{Back, ErrorSummary, Notice, Tone},
};

/// The address of the page.
const PATH: &str = "/connectors/new";

/// The query of the page.
#[derive(Deserialize)]
pub struct AddQuery {
    /// The name of the provider whose form is shown.
    provider: Option<String>,
    /// Whether the steps are shown ([`GuideState`]).
    guide: Option<String>,
}

/// `GET /connectors/new?provider={name}&guide={state}`. Without a provider, or with an unknown one, it shows the form
/// of the first one. Without a state it uses the one that the user chose last.
#[expect(clippy::too_many_arguments, reason = "each parameter is an extractor")]
pub async fn show(
    State(service): State<ConnectorService>,
    State(config): State<Arc<Config>>,
    State(providers): State<Providers>,
    Extension(member): Extension<Member>,
    session: Session,
    Query(query): Query<AddQuery>,
    kept: InBrowser,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let admin = member.admin()?;
    let cookie = GuideState::remember(query.guide.as_deref(), &config.public_url)?;
    let target = Target::Add { form: service.new_form() };
    let kept = Draft::find(&session, kept, &admin, &target.path(), &service).await?;
    let wanted = query.provider.as_deref().and_then(|name| providers.find(name));
    let (mut draft, logged_out) = if let Some(kept) = kept {
        kept.take_apart()
    } else {
        let provider = wanted.cloned().map_or_else(|| chosen_provider(&providers, None), Ok)?;
        (fresh(target, provider.as_ref()), false)
    };
    if let Some(provider) = wanted {
        let name = provider.form().name();
        if draft.value(Field::Provider.name()) != name {
            // A secret of one provider must not be used with another one, whose fields have other mistakes. Its Client
            // ID and its permissions do not exist there.
            let Draft { values, scopes, .. } = fresh(draft.target, provider.as_ref());
            draft.values.remove(Field::ClientId.name());
            draft.values.extend(values);
            draft = Draft { scopes, secret_kept: None, errors: Vec::new(), ..draft };
        }
        draft.values.insert(Field::Provider.name().to_owned(), name.to_owned());
    }
    let provider = chosen_provider(&providers, Some(&draft))?;
    let form = FormView {
        action: ADD,
        owner: service.seal_owner(&admin)?,
        guide: GuideState::of_new(query.guide.as_deref(), &draft, &headers, &config.public_url),
        same_client_id: with_same_client_id(&service, &admin, provider.as_ref(), &draft).await?,
        provider,
        draft,
        today: service.today(),
        redirect_uri: config.public_url.redirect_uri(),
        doctor: Doctor::new(&config.public_url, &headers, providers.redirect_warnings(&config.public_url)),
        providers,
    }
    .in_page_order();
    let title = if form.draft.errors.is_empty() { "Add Connector" } else { "Error: Add Connector" };
    let page = Page::new(title, move || view! { <AddPage form=form logged_out=logged_out /> }.into_any());
    let mut response = page.into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// An empty form for a new connector of this provider.
fn fresh(target: Target, provider: &dyn Provider) -> Draft {
    let longest = provider.secret_periods().first().map(|months| (EXPIRES_IN.to_owned(), months.to_string()));
    let suggested = provider.permissions().iter().filter(|permission| permission.suggested);
    Draft {
        values: longest.into_iter().collect(),
        scopes: suggested.map(|permission| permission.name.to_owned()).collect(),
        ..Draft::empty(target)
    }
}

/// The name of a connector with the Client ID in this draft, if there is one. Two connectors may have the same one, but
/// most often a second one is a mistake.
async fn with_same_client_id(
    service: &ConnectorService,
    admin: &Admin,
    provider: &dyn Provider,
    draft: &Draft,
) -> Result<Option<String>, Failure> {
    let Ok(client_id) = ClientId::parse(provider.form(), draft.value(Field::ClientId.name())) else {
        return Ok(None);
    };
    let found = service.list(&admin.caller(), client_id.as_str(), Order::default(), None).await?;
    let same = found.connectors.into_iter().find(|listed| listed.client_id == client_id);
    Ok(same.map(|listed| listed.service_name.as_str().to_owned()))
}

/// The address of this page with another state of the guide, or with another provider.
fn address(form: &FormView, provider: &dyn Provider, guide: GuideState) -> String {
    let guide = guide.name();
    match form.providers.only() {
        Some(_) => format!("{PATH}?guide={guide}"),
        None => format!("{PATH}?provider={}&guide={guide}", provider.form().name()),
    }
}

#[component]
fn AddPage(form: FormView, logged_out: bool) -> impl IntoView {
    let wrong = form.draft.wrong(&form.providers);
    let more = if form.draft.secret_kept.is_some() {
        "The connector was not added. Your client secret is kept for ten minutes."
    } else {
        "The connector was not added."
    };
    let summary = (!wrong.is_empty()).then(|| view! { <ErrorSummary fields=wrong more=more /> });
    let logged_out = logged_out.then(|| {
        view! {
            <Notice tone=Tone::Info title="What you typed is here again">
                <p>"You were logged out, so the connector was not added yet."</p>
            </Notice>
        }
    });
    let guide = guide_of(&form);
    let provider = form.provider.clone();
    let console = provider.names().console;
    let switch = if guide.is_some() {
        let to = address(&form, provider.as_ref(), GuideState::Closed);
        view! { <a href=to>"I already have an application: show only the form"</a> }.into_any()
    } else {
        let to = address(&form, provider.as_ref(), GuideState::Open);
        view! { <a href=to>"Show the steps in " {console}</a> }.into_any()
    };
    view! {
        <a class="skip" href=format!("#{FORM}")>"Skip to the form"</a>
        <div class="head">
            <div>
                <Back to="/connectors" what="Connectors" />
                <div class="row">
                    <h1>"Add Connector"</h1>
                    <ChooseProvider form=form.clone() />
                </div>
            </div>
            <p>{switch}</p>
        </div>
        {summary}
        {logged_out}
        <ConnectorForm model=form guide=guide button="Add" cancel="/connectors".to_owned() />
    }
}

/// The provider of the form. If there are several, each is a link to its own form, so that the server renders the right
/// steps without a script.
#[component]
fn ChooseProvider(form: FormView) -> impl IntoView {
    let chosen = form.provider.form().name();
    let choices = form
        .providers
        .all()
        .iter()
        .map(|provider| {
            let names = provider.names();
            let words = view! {
                <img class="sign" src=names.image alt="" width="24" height="24" />
                <span>{names.service} " " <span class="help">{names.mailboxes}</span></span>
            };
            if form.providers.only().is_some() {
                return view! { <p class="provider">{words}</p> }.into_any();
            }
            let to = address(&form, provider.as_ref(), form.guide);
            let current = (provider.form().name() == chosen).then_some("true");
            view! { <a class="provider" href=to aria-current=current>{words}</a> }.into_any()
        })
        .collect_view();
    let label = form.providers.label(&Field::Provider);
    view! {
        <div class="providers" role="group" aria-label=label>
            {choices}
        </div>
    }
}
