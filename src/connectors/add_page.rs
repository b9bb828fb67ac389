//! The Add Connector page: the form, and the guide beside it.

use std::sync::Arc;

use axum::{Extension, extract::State, response::IntoResponse};
use http::HeaderMap;
use leptos::prelude::*;
use tower_sessions::Session;

use super::{
    actions::ADD,
    draft::{Draft, InBrowser, Kept, Target},
    form::{ConnectorForm, FormView},
    guide::{Guide, GuideView},
    model::{EXPIRES_IN, Field, MONTHS, optional_permissions},
    service::ConnectorService,
};
use crate::{
    people::access::Member,
    platform::{
        config::{Config, doctor::Doctor},
        failure::Failure,
        page::Page,
    },
    ui::widgets::{Back, ErrorSummary, Notice, Tone},
};

/// `GET /connectors/new`.
pub async fn show(
    State(service): State<ConnectorService>,
    State(config): State<Arc<Config>>,
    Extension(member): Extension<Member>,
    session: Session,
    kept: InBrowser,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Failure> {
    let admin = member.admin()?;
    let target = Target::Add { form: service.new_form() };
    let kept = Draft::find(&session, kept, &admin, &target.path(), service.now()).await?;
    let (draft, logged_out) = kept.map_or_else(|| (fresh(target), false), Kept::take_apart);
    let form = FormView {
        action: ADD,
        owner: service.seal_owner(&admin)?,
        draft,
        // A form that is restored after the log-in lacks only the secret, so that field gets the focus.
        focus: if logged_out { Field::ClientSecret } else { Field::ServiceName },
        today: service.today(),
        redirect_uri: config.public_url.redirect_uri(),
        doctor: Doctor::new(&config.public_url, &headers),
    };
    let guide = GuideView::of(&form, &config.microsoft);
    Ok(Page::new("Add Connector", move || {
        view! { <AddPage form=form.clone() guide=guide.clone() logged_out=logged_out /> }.into_any()
    }))
}

/// An empty form for a new connector.
fn fresh(target: Target) -> Draft {
    let [longest, ..] = MONTHS;
    Draft {
        values: [(EXPIRES_IN.to_owned(), longest.to_string())].into(),
        // Most companies need all of them.
        scopes: optional_permissions().map(|permission| permission.name.to_owned()).collect(),
        ..Draft::empty(target)
    }
}

#[component]
fn AddPage(form: FormView, guide: GuideView, logged_out: bool) -> impl IntoView {
    let wrong = form.draft.wrong();
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
        {logged_out}
        <div class="beside">
            <ConnectorForm
                model=form
                title="Step 2: Adding it to Mail360"
                button="Add"
                cancel="/connectors".to_owned()
            />
            <Guide model=guide />
        </div>
    }
}
