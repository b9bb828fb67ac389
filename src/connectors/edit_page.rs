//! `/connectors/{id}/edit`: the form of an existing connector. If another administrator has saved a change since the
//! form was opened, the page shows both versions and asks which one to keep.

mod accounts;

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect},
};
use http::HeaderMap;
use leptos::prelude::*;
use serde::Deserialize;
use tower_sessions::Session;

use self::accounts::AccountsWarning;
use super::{
    actions::CHANGE,
    draft::{Confirmation, Draft, InBrowser, Kept, Target},
    form::{ConnectorForm, FORM, FormView, own_values},
    guide::{GuideState, guide_of},
    model::{ClientId, EXPIRES_IN, ExpiryDate, Field, ServiceName, list::Count},
    pages::labels_of,
    service::{Connector, ConnectorId, ConnectorService, KeptSecretId},
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
        note::SECRET_KEPT,
        page::Page,
        text,
    },
    providers::{ProviderForm, Providers, permission::is_included, redirect_warnings},
    ui::{
        table::Table,
        widgets::{Back, ErrorSummary, FocusedNotice, Moment, Notice, Tone},
    },
};

/// A change of the connector by another administrator since the form was opened: the author, the changed fields and
/// the time. `None` if the activity has no entry for the change.
#[derive(Clone, Debug)]
struct OtherChange(Option<(String, String, Timestamp)>);

/// The query of the page.
#[derive(Deserialize)]
pub struct EditQuery {
    /// Whether the form shows the steps in the provider's console ([`GuideState`]).
    guide: Option<String>,
}

/// `GET /connectors/{id}/edit?guide={state}`.
#[expect(clippy::too_many_arguments, reason = "each parameter is an extractor")]
pub async fn show(
    State(service): State<ConnectorService>,
    State(log): State<ActivityLog>,
    State(people): State<People>,
    State(config): State<Arc<Config>>,
    State(providers): State<Providers>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
    Query(query): Query<EditQuery>,
    kept: InBrowser,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?;
    let connector = service.get_usable(&admin.caller(), id).await?;
    let now = Target::Edit { connector: id, version: connector.version };
    let kept = Draft::find(&session, kept, &admin, &now.path(), &service).await?;
    let (mut draft, logged_out) =
        kept.map_or_else(|| (Draft::of_stored(&connector, now), false), Kept::take_apart);
    let other = if draft.is_outdated {
        // The page shows both versions. So the form that the user sends from it may replace the stored version.
        draft.target = now;
        Some(last_change(&admin, &log, &people, &providers, id).await?)
    } else {
        None
    };
    let accounts = service.count_accounts(&admin.caller(), id).await?;
    let form = FormView {
        action: CHANGE,
        owner: service.seal_owner(&admin)?,
        provider: connector.provider.clone(),
        guide: GuideState::of(query.guide.as_deref(), &draft, GuideState::Closed),
        same_client_id: None,
        draft,
        today: service.today(),
        redirect_uri: config.public_url.redirect_uri(),
        doctor: Doctor::new(
            &config.public_url,
            &headers,
            redirect_warnings(connector.provider.as_ref(), &config.public_url),
        ),
        providers,
    }
    .in_page_order();
    let is_wrong = !form.draft.errors.is_empty() || form.draft.confirmation == Confirmation::Wrong;
    let error = if is_wrong { "Error: " } else { "" };
    let title = format!("{error}Edit the connector · {}", connector.service_name.as_str());
    let model = EditView { connector, form, other, logged_out, accounts };
    Ok(Page::new(title, move || view! { <EditPage model=model /> }.into_any()))
}

/// `POST /connectors/{id}/edit`: erases the secret that is kept for the form, and discards the draft, which every POST
/// does.
pub async fn discard(
    State(service): State<ConnectorService>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Redirect, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?;
    let connector = service.get(&admin.caller(), id).await?;
    let target = Target::Edit { connector: id, version: connector.version };
    let key = target.key(&session, service.providers(), connector.form().name());
    let kept = url::form_urlencoded::parse(&body).find(|(name, _)| name == SECRET_KEPT);
    let kept: Option<KeptSecretId> = kept.and_then(|(_, kept)| kept.parse().ok());
    if let (Some(key), Some(kept)) = (key, kept) {
        service.erase_kept_secret(&admin, &key, kept).await?;
    }
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
    let author = match entry.by {
        By::User(user) => {
            people.names(admin.organisation(), [user]).await?.get(&user).map(UserLabel::to_string)
        }
        By::Client(_) | By::NoUser => None,
    };
    let changed = labels_of(providers, entry.detail.fields());
    Ok(OtherChange(author.map(|author| (author, changed, entry.position.at))))
}

#[derive(Clone)]
struct EditView {
    connector: Connector,
    form: FormView,
    other: Option<OtherChange>,
    logged_out: bool,
    /// The number of accounts that use the connector.
    accounts: Count,
}

#[component]
fn EditPage(model: EditView) -> impl IntoView {
    let EditView { connector, form, other, logged_out, accounts } = model;
    let here = format!("/connectors/{}", connector.id);
    let name = connector.service_name.as_str().to_owned();
    let wrong = form.draft.wrong(&form.providers);
    let names = form.provider.names();
    let more = if form.draft.secret_kept.is_some() {
        "The connector was not changed. Your client secret is kept for ten minutes."
    } else {
        "The connector was not changed."
    };
    let summary = (!wrong.is_empty()).then(|| view! { <ErrorSummary fields=wrong more=more /> });
    let between = logged_out.then(|| {
        view! {
            <Notice tone=Tone::Info title="What you typed is here again">
                <p>"You were logged out, so the connector was not changed yet."</p>
            </Notice>
        }
    });
    let conflict = other.map(|last| {
        view! { <Conflict connector=connector.clone() form=form.clone() last=last here=here.clone() /> }
    });
    let confirmation = form.draft.confirmation;
    let warning = view! {
        <AccountsWarning connector=connector.clone() accounts=accounts confirmation=confirmation />
    };
    let guide = guide_of(&form);
    let (to, words) = if guide.is_some() {
        (GuideState::Closed, "Show only the form".to_owned())
    } else {
        (GuideState::Open, format!("Show the steps in {}", names.console))
    };
    let to = format!("{here}/edit?guide={}", to.name());
    view! {
        <a class="skip" href=format!("#{FORM}")>"Skip to the form"</a>
        <div class="head">
            <div>
                <Back to=here.clone() what=name />
                <div class="row">
                    <h1>"Edit the connector"</h1>
                    <div class="providers">
                        <p class="provider">
                            <img class="sign" src=names.image alt="" width="24" height="24" />
                            <span>{names.service} " " <span class="help">{names.mailboxes}</span></span>
                        </p>
                    </div>
                </div>
            </div>
            <p><a href=to>{words}</a></p>
        </div>
        {summary}
        {between}
        {conflict}
        {warning}
        <ConnectorForm model=form guide=guide button="Save" cancel=here />
    }
}

/// A table that compares the version that another administrator has saved with the version that the user typed.
#[component]
fn Conflict(connector: Connector, form: FormView, last: OtherChange, here: String) -> impl IntoView {
    let versions = versions(&connector, &form.draft);
    let rows: Vec<_> = versions.into_iter().filter(|(_, stored, typed)| stored != typed).collect();
    let title = match &last.0 {
        Some((who, ..)) => format!("{who} changed this connector while you were editing it"),
        None => "Another user changed this connector while you were editing it".to_owned(),
    };
    // The changed fields may include the secret. The table below does not, because no page shows a secret.
    let changed = last.0.map(|(_, what, at)| {
        view! { <p>"Changed: " <strong>{what}</strong> ", " <Moment at=at /> "."</p> }
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
        view! { <p>"All values that can be shown are the same in both versions."</p> }.into_any()
    } else {
        view! {
            <Table caption="Where the two versions differ" columns=&["Setting", "Stored now", "Yours"]>
                {rows}
            </Table>
        }
        .into_any()
    };
    let kept = form.draft.secret_kept.map(|id| {
        view! { <input type="hidden" name=SECRET_KEPT value=id.to_string() /> }
    });
    view! {
        <FocusedNotice tone=Tone::Warn title=title>
            {changed}
            <p>
                "Your changes are not saved yet. The form below shows your version. Change it if you like, then click \
                 Save."
            </p>
        </FocusedNotice>
        {table}
        <form class="row" method="post" action=format!("{here}/edit")>
            {kept}
            <button class="button">"Discard my changes"</button>
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

/// Each setting with its stored value and its typed value, as texts.
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
        let is_asked = |scope: &&String| !is_required(scope) && !is_included(known, scopes, scope);
        let mut asked: Vec<_> = scopes.iter().filter(is_asked).cloned().collect();
        asked.sort();
        asked.join(", ")
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
