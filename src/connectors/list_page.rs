//! `/connectors`: the list of connectors, with its search, its orders and its notices.

mod notices;
mod result;
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
    change_notice::ChangeNotice,
    model::list::{Expiring, Found, Order, Position},
    pages::any_of,
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
        doctor::AddressDoctor,
        icons::Icon,
        numbers::grouped,
        search_result::SearchResult,
        table::{Pager, Table},
        widgets::Copyable,
    },
};
use notices::{Deleted, ExpiryBanner};
use result::{CONNECTORS, explain_empty_page};

/// The search, the order and the page that the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    search: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    after: String,
    /// The number of the page's first row. It is only shown: `after` decides which rows the page has.
    #[serde(default)]
    from: String,
}

const HERE: &str = "/connectors";

/// Maximum number of characters of a search. The page shows no more of a longer text in an address.
const LONGEST_SEARCH: usize = 100;

/// The greatest row number that is accepted from an address. No list is that long.
const LAST_ROW: usize = 9_999_999;

impl ListQuery {
    fn order(&self) -> Order {
        // The results of a search are always ordered by name.
        if self.is_searched() { Order::Name } else { Order::from_name(&self.sort).unwrap_or_default() }
    }

    fn is_searched(&self) -> bool {
        !text::line(&self.search).is_empty()
    }

    /// The number of the page's first row, if the address has a plausible one.
    fn first_row(&self) -> Option<usize> {
        self.from.parse().ok().filter(|from| (2..=LAST_ROW).contains(from))
    }

    /// The address of a page of this list: the first page, or the page after a position. `after` is that position,
    /// and the number of the page's first row.
    fn address(&self, after: Option<(&Position, Option<usize>)>) -> String {
        let mut address = url::form_urlencoded::Serializer::new(String::new());
        if self.is_searched() {
            address.append_pair("search", &self.search);
        }
        if let Some(order) = Order::from_name(&self.sort).filter(|order| *order != Order::default()) {
            address.append_pair("sort", order.name());
        }
        if let Some((after, from)) = after {
            address.append_pair("after", &after.to_string());
            if let Some(from) = from {
                address.append_pair("from", &from.to_string());
            }
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
    Query(asked): Query<ListQuery>,
) -> Result<impl IntoResponse, Failure> {
    let asked = ListQuery { search: asked.search.chars().take(LONGEST_SEARCH).collect(), ..asked };
    // An invalid position shows the first page.
    let after: Option<Position> = asked.after.parse().ok().filter(|after| asked.order().fits(after));
    let ListPage { connectors, next, found, expiring } =
        service.list(&member.caller(), &asked.search, asked.order(), after.as_ref()).await?;
    let model = ListView {
        connectors,
        next,
        found,
        first_row: if after.is_none() { Some(1) } else { asked.first_row() },
        first: after.is_none(),
        asked,
        deleted: ChangeNotice::deleted(&session, service.now()).await?.map(|(_, name)| name),
        expiring,
        today: service.today(),
        redirect_uri: config.public_url.redirect_uri(),
        doctor: Doctor::new(&config.public_url, &headers, providers.redirect_warnings(&config.public_url)),
        providers,
        admin: member.is_admin(),
    };
    Ok(Page::new("Connectors", move || view! { <List model=model /> }.into_any()))
}

#[derive(Clone, Debug)]
struct ListView {
    connectors: Vec<Listed>,
    next: Option<Position>,
    found: Option<Found>,
    /// The number of the first row, if it is known.
    first_row: Option<usize>,
    /// Whether this is the first page.
    first: bool,
    asked: ListQuery,
    deleted: Option<String>,
    expiring: Expiring,
    today: Date,
    redirect_uri: String,
    doctor: Doctor,
    providers: Providers,
    admin: bool,
}

#[component]
fn List(model: ListView) -> impl IntoView {
    let ListView {
        connectors,
        next,
        found,
        first_row,
        first,
        asked,
        deleted,
        expiring,
        today,
        redirect_uri,
        doctor,
        providers,
        admin,
    } = model;
    let none = connectors.is_empty() && first && !asked.is_searched();
    let add = (admin && !none).then(add_button);
    let filters = (!none).then(|| view! { <Filters asked=asked.clone() /> });
    let result = found.map(|found| {
        let all = ListQuery { search: String::new(), ..asked.clone() }.address(None);
        view! { <SearchResult found=found search=asked.search.clone() list=CONNECTORS all=all /> }
    });
    let (first_page, next_page) = pages(&asked, next.as_ref(), first, first_row, connectors.len());
    let place = first_row
        .filter(|_| !connectors.is_empty())
        .map(|from| format!("{} to {}", grouped(from), grouped(from + connectors.len() - 1)));
    let content = if none {
        view! { <Empty admin=admin providers=providers.clone() /> }.into_any()
    } else if connectors.is_empty() {
        let words = explain_empty_page(found, first, next.is_some());
        words.map(|words| view! { <p class="soft">{words}</p> }).into_any()
    } else {
        let rows = rows::rows(&connectors, today);
        view! {
            <Table
                caption=format!("Connectors, by {}", asked.order().words())
                kind="connectors"
                columns=&[
                    "Service Name and Client ID",
                    "Who may sign in",
                    "State",
                    "Secret expires",
                    "Permissions",
                ]
            >
                {rows}
            </Table>
        }
        .into_any()
    };
    // The page has one notice: the result of the last action, or else the warning about expiring secrets.
    let notice = match deleted {
        Some(name) => view! { <Deleted name=name providers=providers /> }.into_any(),
        None => {
            view! { <ExpiryBanner expiring=expiring sorted={asked.order() == Order::Expiry} /> }.into_any()
        }
    };
    view! {
        <div class="stack list-page">
            <div class="head">
                <h1>"Connectors"</h1>
                <div class="row redirect">
                    <span class="soft note">"Redirect URI"</span>
                    <Copyable value=redirect_uri what="the Redirect URI" />
                </div>
                {add}
            </div>
            <AddressDoctor doctor=doctor />
            {notice}
            {filters}
            {result}
            {content}
            <Pager first=first_page next=next_page place=place />
        </div>
    }
}

/// The address of another page of the list, and the text of the link.
type PageLink = (String, &'static str);

/// The links to the first page and to the next one.
fn pages(
    asked: &ListQuery,
    next: Option<&Position>,
    first: bool,
    first_row: Option<usize>,
    rows: usize,
) -> (Option<PageLink>, Option<PageLink>) {
    let from = first_row.map(|from| from + rows);
    let next = next.map(|next| (asked.address(Some((next, from))), "Next page"));
    ((!first).then(|| (asked.address(None), "First page")), next)
}

#[component]
fn Filters(asked: ListQuery) -> impl IntoView {
    // The results of a search are ordered by name. The hidden field keeps the order that the user chose before, so it
    // applies again when the search is cleared.
    let order = if asked.is_searched() {
        let order = Order::from_name(&asked.sort).filter(|order| *order != Order::default());
        order.map(|order| view! { <input type="hidden" name="sort" value=order.name() /> }).into_any()
    } else {
        let orders = Order::ALL
            .into_iter()
            .map(|order| {
                let selected = order == asked.order();
                view! { <option value=order.name() selected=selected>{order.words()}</option> }
            })
            .collect_view();
        view! {
            <div class="row">
                <label class="soft note" for="sort">"Sort by"</label>
                <select class="input" id="sort" name="sort">{orders}</select>
            </div>
        }
        .into_any()
    };
    view! {
        <form class="row filters" method="get" action=HERE role="search" aria-label="Connectors">
            <label class="unseen" for="search">{SEARCH}</label>
            <input
                class="input"
                id="search"
                name="search"
                type="search"
                value=asked.search
                maxlength=LONGEST_SEARCH.to_string()
                autocomplete="off"
                spellcheck="false"
                placeholder=SEARCH
            />
            {order}
            <button class="button">"Search"</button>
        </form>
    }
}

/// The label and the placeholder of the search field.
const SEARCH: &str = "Search by name or Client ID";

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
        format!("You need access to {console} and about ten minutes. Every step is explained.")
    } else {
        "An administrator of your organisation can add the first one.".to_owned()
    };
    let (provider, console) =
        (any_of(&providers, |names| names.provider), any_of(&providers, |names| names.console));
    let words = format!(
        "Your company’s software can read and send mail for people who allow it. For this, {provider} must know your \
         software: you register it in {console}, then add it here as a connector. One test sign-in shows that it \
         works. {end}"
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
