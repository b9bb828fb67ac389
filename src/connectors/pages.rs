//! The Connectors pane, and what every page shows of a connector.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State},
    response::IntoResponse,
};
use leptos::prelude::*;
use serde::Deserialize;
use time::Date;

use super::{
    model::{AccountType, ConnectorState, ExpiryDate},
    service::{Connector, ConnectorService, ListPage},
};
use crate::{
    people::access::Member,
    platform::{config::Config, failure::Failure, page::Page},
    ui::{
        icons::Icon,
        widgets::{Badge, Copyable, Pager, Tone},
    },
};

/// Within this many days a secret's end is a warning.
const SOON: i64 = 60;

/// Where the list begins.
#[derive(Debug, Default, Deserialize)]
pub struct Position {
    after: Option<String>,
}

/// `GET /connectors`.
pub async fn list(
    State(service): State<ConnectorService>,
    State(config): State<Arc<Config>>,
    Extension(member): Extension<Member>,
    Query(Position { after }): Query<Position>,
) -> Result<impl IntoResponse, Failure> {
    // What no name key can be begins at the first page; PostgreSQL would refuse a NUL.
    let after = after.filter(|after| after.len() <= 1024 && !after.contains(char::is_control));
    let ListPage { connectors, next } = service.list(&member, after.as_deref()).await?;
    let model = ListView {
        connectors,
        next,
        first: after.is_none(),
        today: service.today(),
        redirect_uri: config.public_url.redirect_uri(),
        admin: member.is_admin(),
        organisation: member.organisation_name,
    };
    Ok(Page::new("Connectors", move || view! { <List model=model.clone() /> }.into_any()))
}

#[derive(Clone, Debug)]
struct ListView {
    connectors: Vec<Connector>,
    next: Option<String>,
    first: bool,
    today: Date,
    redirect_uri: String,
    admin: bool,
    organisation: String,
}

#[component]
fn List(model: ListView) -> impl IntoView {
    let ListView { connectors, next, first, today, redirect_uri, admin, organisation } = model;
    let empty = connectors.is_empty() && first;
    let add = (admin && !empty).then(add_button);
    let rows = connectors
        .into_iter()
        .map(|connector| view! { <Row connector=connector today=today /> })
        .collect_view();
    let content = if empty {
        view! { <Empty admin=admin /> }.into_any()
    } else {
        view! {
            <table class="table" role="table">
                <caption class="unseen">"Connectors, by service name"</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">"Service name and client ID"</th>
                        <th scope="col" role="columnheader">"Who may sign in"</th>
                        <th scope="col" role="columnheader">"State"</th>
                        <th scope="col" role="columnheader">"Secret expires"</th>
                        <th scope="col" role="columnheader">"API scope"</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
        }
        .into_any()
    };
    let first = (!first).then(|| ("/connectors".to_owned(), "First page"));
    let next = next.map(|key| {
        let mut address = url::form_urlencoded::Serializer::new("/connectors?".to_owned());
        // The serializer writes after what is there.
        address.append_pair("after", &key);
        (address.finish(), "Next page")
    });
    view! {
        <div class="head">
            <div>
                <h1>"Connectors"</h1>
                <p class="soft">
                    "The applications through which " <bdi>{organisation}</bdi>
                    " reaches its users’ mail and contacts."
                </p>
            </div>
            {add}
        </div>
        <RedirectUri uri=redirect_uri />
        {content}
        <Pager first=first next=next />
    }
}

/// The Redirect URI, to be given to the provider.
#[component]
pub fn RedirectUri(
    /// The address.
    uri: String,
    /// Whether it stands in a column rather than across the page.
    #[prop(optional)]
    column: bool,
) -> impl IntoView {
    let class = if column { "card low" } else { "card low strip" };
    view! {
        <section class=class aria-labelledby="redirect-title">
            <div>
                <h2 id="redirect-title">"Redirect URI"</h2>
                <p class="help">
                    "Give this address to the service provider when you register your application. It is \
                     the same for all connectors."
                </p>
            </div>
            <Copyable value=uri what="the Redirect URI" />
        </section>
    }
}

fn add_button() -> impl IntoView {
    view! {
        <a class="button primary" href="/connectors/new">
            {Icon::Plus.draw()} " Add connector"
        </a>
    }
}

#[component]
fn Empty(admin: bool) -> impl IntoView {
    let end = if admin {
        "You need an administrator’s access to Azure and about ten minutes; every step is explained."
    } else {
        "An administrator of your organisation can add the first one."
    };
    view! {
        <section class="empty" aria-labelledby="empty-title">
            <svg
                viewBox="0 0 128 56"
                fill="none"
                stroke="currentColor"
                stroke-width="1.5"
                stroke-linecap="round"
                stroke-linejoin="round"
                aria-hidden="true"
            >
                <rect x="1" y="10" width="44" height="36" rx="6" />
                <path d="m7 18 16 12 16-12" />
                <path d="M45 28h10m18 0h10" stroke-dasharray="1 5" />
                <circle cx="64" cy="28" r="9" />
                <path d="m60 28.3 2.7 2.7 5-5.6" />
                <rect x="83" y="10" width="44" height="36" rx="6" />
                <path d="M91 20h16M91 28h28M91 36h22" />
            </svg>
            <div class="stack tight">
                <h2 id="empty-title">"No connectors yet"</h2>
                <p>
                    "A connector holds the OAuth application that your company has registered with \
                     Microsoft. Through it your users sign in once, and your own software may then read or \
                     send their mail, within the permissions that you choose. " {end}
                </p>
            </div>
            {admin.then(add_button)}
        </section>
    }
}

#[component]
fn Row(connector: Connector, today: Date) -> impl IntoView {
    let name = connector.service_name.as_str().to_owned();
    let scopes = connector.scopes.iter().map(|scope| view! { <li>{scope.clone()}</li> }).collect_view();
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">
                <div class="named">
                    <img class="sign" src="/outlook.svg" alt="Outlook" width="32" height="32" />
                    <div>
                        <a href=format!("/connectors/{}", connector.id)><bdi>{name.clone()}</bdi></a>
                        <p class="soft note">
                            <span class="unseen">"Client ID "</span>
                            <code>{connector.client_id.to_string()}</code>
                        </p>
                    </div>
                </div>
            </th>
            <td role="cell" data-label="Who may sign in">
                <div>{who_may_sign_in(&connector)}</div>
            </td>
            <td role="cell" data-label="State">
                <div><StateBadge state=connector.state /></div>
            </td>
            <td role="cell" data-label="Secret expires">
                <div><Expiry date=connector.secret_expires_on today=today /></div>
            </td>
            <td role="cell" data-label="API scope">
                <details class="disclosure">
                    <summary>"View API scope" <span class="unseen">" of " <bdi>{name}</bdi></span></summary>
                    <ul class="mono" role="list">{scopes}</ul>
                </details>
            </td>
        </tr>
    }
}

fn who_may_sign_in(connector: &Connector) -> AnyView {
    match (&connector.tenant, connector.account_type) {
        (Some(tenant), AccountType::SingleTenant) => {
            let tenant = tenant.as_str().to_owned();
            view! { <p>{connector.account_type.label()}</p><p class="soft note"><code>{tenant}</code></p> }
                .into_any()
        }
        (_, kind) => kind.label().into_any(),
    }
}

/// Where a connector stands, in words and with a sign.
#[component]
pub fn StateBadge(
    /// Where.
    state: ConnectorState,
) -> impl IntoView {
    match state {
        ConnectorState::NotVerified => view! { <Badge tone=Tone::Idle words=state.words() /> }.into_any(),
        ConnectorState::Verified => view! { <Badge tone=Tone::Good words=state.words() /> }.into_any(),
        ConnectorState::Failing(reason) => {
            view! { <Badge tone=Tone::Bad words="Failing" reason=reason.words() /> }.into_any()
        }
    }
}

/// When a secret expires: how far away that is, and the date.
#[component]
pub fn Expiry(
    /// The date, where it is known.
    date: Option<ExpiryDate>,
    /// Today.
    today: Date,
) -> impl IntoView {
    let Some(date) = date else { return view! { <p>"unknown"</p> }.into_any() };
    let words = date.distance(today);
    let words = match date.days_from(today) {
        days if days < 0 => view! { <Badge tone=Tone::Bad words=words /> }.into_any(),
        days if days <= SOON => view! { <Badge tone=Tone::Warn words=words /> }.into_any(),
        _ => words.into_any(),
    };
    view! {
        <p>{words}</p>
        <p class="soft note"><time datetime=date.to_string()>{date.for_people()}</time></p>
    }
    .into_any()
}

/// What a connector consists of.
#[component]
pub fn Settings(
    /// The connector.
    connector: Connector,
    /// Today.
    today: Date,
    /// Whether an administrator looks.
    admin: bool,
) -> impl IntoView {
    let hint = connector.secret_hint.clone();
    let secret = admin.then(|| {
        let words = if hint.is_empty() {
            "stored sealed".into_any()
        } else {
            view! { "begins with " <code>{hint}</code> "; stored sealed" }.into_any()
        };
        view! { <div><dt>"Client Secret"</dt><dd>{words}</dd></div> }
    });
    let tenant = connector.tenant.as_ref().map(|tenant| {
        let tenant = tenant.as_str().to_owned();
        view! { <div><dt>"Tenant"</dt><dd><code>{tenant}</code></dd></div> }
    });
    let scopes =
        connector.scopes.iter().map(|scope| view! { <code>{scope.clone()}</code>" " }).collect_view();
    view! {
        <section class="card low" aria-labelledby="settings-title">
            <h2 id="settings-title">"Settings"</h2>
            <dl class="facts">
                <div><dt>"Service provider"</dt><dd>"Outlook"</dd></div>
                <div>
                    <dt>"Service Name"</dt>
                    <dd><bdi>{connector.service_name.as_str().to_owned()}</bdi></dd>
                </div>
                <div><dt>"Client ID"</dt><dd><code>{connector.client_id.to_string()}</code></dd></div>
                {secret}
                <div>
                    <dt>"Secret expires"</dt>
                    <dd><Expiry date=connector.secret_expires_on today=today /></dd>
                </div>
                <div><dt>"Who may sign in"</dt><dd>{connector.account_type.label()}</dd></div>
                {tenant}
                <div><dt>"API scope"</dt><dd>{scopes}</dd></div>
                <div>
                    <dt>"Added"</dt>
                    <dd><crate::ui::widgets::Moment at=connector.created_at /></dd>
                </div>
            </dl>
        </section>
    }
}
