//! `/connectors/{id}/edit`: the form of an existing connector. If another administrator has saved a change since the
//! form was opened, the page shows both versions, and the second administrator chooses.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use http::HeaderMap;
use leptos::prelude::*;
use tower_sessions::Session;

use super::{
    actions::CHANGE,
    draft::{Draft, InBrowser, Interruption, Kept, Target},
    form::{ConnectorForm, FormView, own_values},
    guide::{self, Guide},
    model::{ClientId, EXPIRES_IN, ExpiryDate, Field, ServiceName},
    pages::labels_of,
    service::{Connector, ConnectorId, ConnectorService},
};
use crate::{
    activity::{
        model::{Action, ActivityFilter, By},
        service::ActivityLog,
    },
    people::{
        access::{Admin, Member},
        model::UserLabel,
        service::People,
    },
    platform::{
        clock::Timestamp,
        config::{Config, doctor::Doctor},
        failure::Failure,
        page::Page,
        text,
    },
    providers::{ProviderForm, Providers, guide::GuideView, redirect_warnings},
    ui::{
        table::Table,
        widgets::{Back, ErrorSummary, Moment, Notice, Tone},
    },
};

/// A change of the connector by another administrator since the form was opened. The author, the changed fields and
/// the time are there if the activity has them.
#[derive(Clone, Debug)]
struct OtherChange(Option<(String, String, Timestamp)>);

/// `GET /connectors/{id}/edit`.
#[expect(clippy::too_many_arguments, reason = "a handler asks for what it needs, one by one")]
pub async fn show(
    State(service): State<ConnectorService>,
    State(log): State<ActivityLog>,
    State(people): State<People>,
    State(config): State<Arc<Config>>,
    State(providers): State<Providers>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
    kept: InBrowser,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?;
    let connector = service.get(&admin.caller(), id).await?;
    let now = Target::Edit { connector: id, version: connector.version };
    let kept = Draft::find(&session, kept, &admin, &now.path(), service.now(), &providers).await?;
    let (mut draft, logged_out) =
        kept.map_or_else(|| (Draft::of_stored(&connector, now), false), Kept::take_apart);
    let other = match draft.interruption {
        Some(Interruption::Changed) => {
            // The page shows both versions, so the next form that it sends may replace this version.
            draft.target = now;
            Some(last_change(&admin, &log, &people, &providers, id).await?)
        }
        _ => None,
    };
    let focus = match draft.interruption {
        Some(Interruption::ReauthenticationNeeded) => Field::ClientSecret,
        _ => Field::ServiceName,
    };
    let form = FormView {
        action: CHANGE,
        owner: service.seal_owner(&admin)?,
        provider: connector.provider.clone(),
        draft,
        focus,
        today: service.today(),
        redirect_uri: config.public_url.redirect_uri(),
        doctor: Doctor::new(
            &config.public_url,
            &headers,
            redirect_warnings(connector.provider.as_ref(), &config.public_url),
        ),
        providers,
    };
    let guide = guide::values_of(&form);
    let model = EditView { connector, form, guide, other, logged_out };
    Ok(Page::new("Edit", move || view! { <EditPage model=model.clone() /> }.into_any()))
}

/// `POST /connectors/{id}/edit`: discards the draft, as every POST does.
pub async fn discard(
    State(service): State<ConnectorService>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Redirect, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    service.get(&member.caller(), id).await?;
    Ok(Redirect::to(&format!("/connectors/{id}")))
}

fn day(day: Option<ExpiryDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

async fn last_change(
    admin: &Admin,
    log: &ActivityLog,
    people: &People,
    providers: &Providers,
    id: ConnectorId,
) -> Result<OtherChange, Failure> {
    let about = ActivityFilter { about: Some(id.0), ..ActivityFilter::default() };
    let page = log.page(admin.organisation(), about, None).await?;
    let Some(entry) = page.entries.into_iter().find(|it| it.action == Some(Action::ConnectorChanged)) else {
        return Ok(OtherChange(None));
    };
    let who = match entry.by {
        By::User(user) => {
            people.names(admin.organisation(), [user]).await?.get(&user).map(UserLabel::to_string)
        }
        By::NoUser => None,
    };
    let changed = labels_of(providers, entry.detail.fields());
    Ok(OtherChange(who.map(|who| (who, changed, entry.position.at))))
}

#[derive(Clone)]
struct EditView {
    connector: Connector,
    form: FormView,
    guide: GuideView,
    other: Option<OtherChange>,
    logged_out: bool,
}

#[component]
fn EditPage(model: EditView) -> impl IntoView {
    let EditView { connector, form, guide, other, logged_out } = model;
    let here = format!("/connectors/{}", connector.id);
    let name = connector.service_name.as_str().to_owned();
    let wrong = form.draft.wrong(&form.providers);
    let provider = form.provider.clone();
    let summary = (!wrong.is_empty()).then(|| {
        view! {
            <ErrorSummary
                fields=wrong
                more="Nothing was changed. A secret is not kept: if you entered one, enter it again."
            />
        }
    });
    let between = match form.draft.interruption {
        Some(Interruption::ReauthenticationNeeded) => view! {
            <Notice tone=Tone::Info title="Enter the new secret again">
                <p>
                    "Replacing a secret asks for your password. You have given it; nothing was changed yet, and the \
                     secret was not kept."
                </p>
            </Notice>
        }
        .into_any(),
        _ if logged_out => view! {
            <Notice tone=Tone::Info title="What you typed is here again">
                <p>
                    "Your session had ended, so nothing was changed yet. A secret is not kept: if you entered one, \
                     enter it again."
                </p>
            </Notice>
        }
        .into_any(),
        _ => ().into_any(),
    };
    let conflict = other.map(|last| {
        view! { <Conflict connector=connector.clone() form=form.clone() last=last here=here.clone() /> }
    });
    view! {
        <div class="head">
            <div>
                <Back to=here.clone() what=name />
                <h1>"Edit the connector"</h1>
            </div>
        </div>
        {summary}
        {between}
        {conflict}
        <div class="beside">
            <ConnectorForm model=form title="Settings" button="Save" cancel=here />
            <Guide provider=provider values=guide />
        </div>
    }
}

/// A table with the version that another administrator has saved beside the version that was typed here.
#[component]
fn Conflict(connector: Connector, form: FormView, last: OtherChange, here: String) -> impl IntoView {
    let versions = versions(&connector, &form.draft);
    let rows: Vec<_> = versions.into_iter().filter(|(_, stored, typed)| stored != typed).collect();
    let title = match &last.0 {
        Some((who, ..)) => format!("{who} changed this connector while you were editing it"),
        None => "Another user changed this connector while you were editing it".to_owned(),
    };
    // The table leaves out the secret, because no version of it is ever shown.
    let changed = last.0.map(|(_, what, at)| {
        view! { <p>"Changed: " <strong>{what}</strong> " (" <Moment at=at /> ")."</p> }
    });
    let rows = rows
        .into_iter()
        .map(|(field, stored, typed)| {
            let label = form.providers.label(&field);
            view! {
                <tr role="row">
                    <th scope="row" role="rowheader">{label}</th>
                    <td role="cell" data-label="Stored now"><bdi>{stored}</bdi></td>
                    <td role="cell" data-label="Yours"><bdi>{typed}</bdi></td>
                </tr>
            }
        })
        .collect_view();
    let table = if rows.is_empty() {
        view! { <p>"In all that can be shown, what is stored now is the same as what you typed."</p> }
            .into_any()
    } else {
        view! {
            <Table caption="Where the two versions differ" columns=&["Setting", "Stored now", "Yours"]>
                {rows}
            </Table>
        }
        .into_any()
    };
    view! {
        <Notice tone=Tone::Warn title=title>
            {changed}
            <p>
                "Nothing of yours was saved yet. The form below holds your version: adjust it, then click \
                 Save. A secret that you entered is not kept."
            </p>
        </Notice>
        {table}
        <form class="row" method="post" action=format!("{here}/edit")>
            <button class="button">"Discard mine, keep what is stored"</button>
        </form>
    }
}

/// The typed value in the form in which it would be stored, or unchanged if it is not valid.
fn as_stored(form: &dyn ProviderForm, field: &Field, typed: &str) -> String {
    let parsed = match field {
        Field::ServiceName => ServiceName::parse(typed).ok().map(|name| name.as_str().to_owned()),
        Field::ClientId => ClientId::parse(form, typed).ok().map(|id| id.to_string()),
        Field::SecretExpires => ExpiryDate::parse(typed).ok().flatten().map(|day| day.to_string()),
        _ => None,
    };
    parsed.unwrap_or_else(|| text::line(typed))
}

/// Each setting with its stored and its typed value, in words.
fn versions(connector: &Connector, draft: &Draft) -> Vec<(Field, String, String)> {
    let provider = &connector.provider;
    let typed = |field: &Field| as_stored(provider.form(), field, draft.value(field.name()));
    let is_typed = |months: &&u8| months.to_string() == draft.value(EXPIRES_IN);
    let expires = match provider.secret_periods().iter().find(is_typed) {
        Some(months) => format!("in {months} months"),
        None => typed(&Field::SecretExpires),
    };
    let or_unknown = |day: String| if day.is_empty() { "unknown".to_owned() } else { day };
    let optional = |scopes: &[String]| {
        let known = provider.permissions();
        let is_required = |scope: &str| known.iter().any(|known| known.required && known.name == scope);
        let mut scopes: Vec<_> = scopes.iter().filter(|scope| !is_required(scope)).cloned().collect();
        scopes.sort();
        scopes.join(", ")
    };
    let mut versions = vec![
        (Field::ServiceName, connector.service_name.as_str().to_owned(), typed(&Field::ServiceName)),
        (Field::ClientId, connector.client_id.to_string(), typed(&Field::ClientId)),
        (Field::SecretExpires, or_unknown(day(connector.secret_expires_on)), or_unknown(expires)),
    ];
    let stored = provider.setting_words(&connector.application.values());
    let own = provider.setting_words(&own_values(provider, draft));
    let own = stored.into_iter().zip(own);
    versions.extend(own.map(|((name, stored), (_, typed))| (Field::of(name), stored, typed)));
    versions.push((Field::Permissions, optional(&connector.scopes), optional(&draft.scopes)));
    versions
}
