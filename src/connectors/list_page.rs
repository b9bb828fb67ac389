//! The Connectors pane: the list.

mod rows;

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State},
    response::IntoResponse,
};
use http::HeaderMap;
use leptos::prelude::*;
use serde::Deserialize;
use time::Date;
use tower_sessions::Session;

use super::{
    model::list::{Order, Position},
    pages::{ExpiryBanner, RedirectUri, any_of},
    said::Said,
    service::{ConnectorService, ListPage, Listed},
};
use crate::{
    people::access::Member,
    platform::{
        config::{Config, doctor::Doctor},
        failure::Failure,
        page::Page,
        text,
    },
    providers::Providers,
    ui::{
        icons::Icon,
        table::Table,
        widgets::{Notice, Pager, Tone},
    },
};

/// The search, order and page, as the query of the address has them.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    search: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    after: String,
}

const HERE: &str = "/connectors";

impl Asked {
    fn order(&self) -> Order {
        Order::from_name(&self.sort).unwrap_or_default()
    }

    fn is_searched(&self) -> bool {
        !text::line(&self.search).is_empty()
    }

    fn address(&self, after: Option<&Position>) -> String {
        let mut address = url::form_urlencoded::Serializer::new(String::new());
        if self.is_searched() {
            address.append_pair("search", &self.search);
        }
        if self.order() != Order::default() {
            address.append_pair("sort", self.order().name());
        }
        if let Some(after) = after {
            address.append_pair("after", &after.to_string());
        }
        match address.finish() {
            query if query.is_empty() => HERE.to_owned(),
            query => format!("{HERE}?{query}"),
        }
    }
}

/// `GET /connectors`.
pub async fn list(
    State(service): State<ConnectorService>,
    State(config): State<Arc<Config>>,
    State(providers): State<Providers>,
    Extension(member): Extension<Member>,
    session: Session,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse, Failure> {
    // A text that is no position leads to the first page.
    let after: Option<Position> = asked.after.parse().ok().filter(|after| asked.order().fits(after));
    let ListPage { connectors, next, expiring } =
        service.list(&member.caller(), &asked.search, asked.order(), after.as_ref()).await?;
    let model = ListView {
        connectors,
        next,
        first: after.is_none(),
        asked,
        deleted: Said::deleted(&session, service.now()).await?.map(|(_, name)| name),
        expiring,
        today: service.today(),
        redirect_uri: config.public_url.redirect_uri(),
        doctor: Doctor::new(&config.public_url, &headers, providers.redirect_warnings(&config.public_url)),
        providers,
        admin: member.is_admin(),
        organisation: member.organisation_name,
    };
    Ok(Page::new("Connectors", move || view! { <List model=model /> }.into_any()))
}

#[derive(Clone, Debug)]
struct ListView {
    connectors: Vec<Listed>,
    next: Option<Position>,
    first: bool,
    asked: Asked,
    deleted: Option<String>,
    expiring: Vec<Listed>,
    today: Date,
    redirect_uri: String,
    doctor: Doctor,
    providers: Providers,
    admin: bool,
    organisation: String,
}

#[component]
fn List(model: ListView) -> impl IntoView {
    let ListView {
        connectors,
        next,
        first,
        asked,
        deleted,
        expiring,
        today,
        redirect_uri,
        doctor,
        providers,
        admin,
        organisation,
    } = model;
    let console = any_of(&providers, |names| names.console);
    let expiring = expiring.into_iter();
    let expiring = expiring.filter_map(|it| Some((it.id, it.service_name, it.secret_expires_on?))).collect();
    let none = connectors.is_empty() && first && !asked.is_searched();
    let add = (admin && !none).then(add_button);
    let filters = (!none).then(|| view! { <Filters asked=asked.clone() /> });
    let content = if none {
        view! { <Empty admin=admin providers=providers /> }.into_any()
    } else if connectors.is_empty() {
        let words = if asked.is_searched() {
            "No connector’s name or Client ID begins with this text."
        } else {
            "There are no more connectors."
        };
        view! { <p class="soft">{words}</p> }.into_any()
    } else {
        let rows = rows::rows(&connectors, today);
        view! {
            <Table
                caption=format!("Connectors, by {}", asked.order().words())
                columns=&[
                    "Service Name and Client ID",
                    "Who may sign in",
                    "State",
                    "Secret expires",
                    "API scope",
                ]
            >
                {rows}
            </Table>
        }
        .into_any()
    };
    let first = (!first).then(|| (asked.address(None), "First page"));
    let next = next.map(|next| (asked.address(Some(&next)), "Next page"));
    let deleted = deleted.map(|name| {
        let gone = format!(
            " is gone from here with its secret and its sign-ins. The application is still in {console}: delete the \
             application there too, if nothing else uses it."
        );
        view! {
            <Notice tone=Tone::Good title="The connector was deleted">
                <p>
                    <bdi>{name}</bdi> {gone}
                </p>
            </Notice>
        }
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
        {deleted}
        <ExpiryBanner expiring=expiring today=today />
        <RedirectUri console=console uri=redirect_uri doctor=doctor />
        {filters}
        {content}
        <Pager first=first next=next />
    }
}

#[component]
fn Filters(asked: Asked) -> impl IntoView {
    let orders = Order::ALL
        .into_iter()
        .map(|order| {
            let selected = order == asked.order();
            view! { <option value=order.name() selected=selected>{order.words()}</option> }
        })
        .collect_view();
    let all = asked.is_searched().then(|| {
        let all = Asked { search: String::new(), ..asked.clone() }.address(None);
        view! { <a class="button plain" href=all>"Show all"</a> }
    });
    view! {
        <form class="row filters" method="get" action=HERE role="search" aria-label="Connectors">
            <div class="field">
                <label for="search">"Search"</label>
                <input
                    class="input"
                    id="search"
                    name="search"
                    type="search"
                    value=asked.search
                    maxlength="100"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder="Beginning of a name or Client ID"
                />
            </div>
            <div class="field">
                <label for="sort">"Sort by"</label>
                <select class="input" id="sort" name="sort">{orders}</select>
            </div>
            <button class="button">"Show"</button>
            {all}
        </form>
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
fn Empty(admin: bool, providers: Providers) -> impl IntoView {
    let end = if admin {
        let console = any_of(&providers, |names| names.console);
        format!("You need access to {console} and about ten minutes; every step is explained.")
    } else {
        "An administrator of your organisation can add the first one.".to_owned()
    };
    let provider = any_of(&providers, |names| names.provider);
    let words = format!(
        "A connector holds the application that your company registers with {provider}, so that its own software may \
         read or send mail for people who agree to it. Here you set the connector up, and prove by one sign-in that \
         the connector works. {end}"
    );
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
                <p>{words}</p>
            </div>
            {admin.then(add_button)}
        </section>
    }
}
