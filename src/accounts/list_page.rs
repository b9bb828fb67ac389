//! `/accounts`: the list of accounts, with its search and its filters by connector and state.

mod asked;
mod result;
mod rows;
mod tabs;

use std::collections::HashMap;

use axum::{
    Extension,
    extract::{Query, State},
};
use leptos::prelude::*;
use tower_sessions::Session;

pub use self::asked::AccountsQuery;
use self::{
    asked::{Asked, HERE, LONGEST_SEARCH},
    result::{ACCOUNTS, explain_empty_page},
    rows::RowContext,
    tabs::StateTabs,
};
use super::{
    add_page::SIGN_IN_LINKS,
    model::{AccountState, StateFilter},
    notice::AccountNotice,
    pages::count_words,
    service::{Account, AccountPage, AccountService},
};
use crate::{
    connectors::service::{Choices, ConnectorChoice, ConnectorId, ConnectorService},
    people::access::Member,
    platform::{clock::Timestamp, failure::Failure, page::Page, search::Found},
    providers::Providers,
    ui::{
        email::EmailText,
        icons::Icon,
        numbers::grouped,
        search_result::SearchResult,
        table::{Pager, Table},
        widgets::{Notice, Tone},
    },
};

/// `GET /accounts`.
pub async fn list(
    State(service): State<AccountService>,
    State(connectors): State<ConnectorService>,
    State(providers): State<Providers>,
    Extension(member): Extension<Member>,
    session: Session,
    Query(query): Query<AccountsQuery>,
) -> Result<Page, Failure> {
    let asked = Asked::of(query);
    let caller = member.caller();
    let AccountPage { accounts, next, found } =
        service.list(&caller, &asked.search, asked.filter(), asked.after.as_ref()).await?;
    // The numbers are those of the whole list, so they would confuse beside the results of a search.
    let counts = if asked.is_searched() {
        None
    } else {
        Some(service.counts_with_paused(&caller, asked.connector).await?)
    };
    let mut shown: Vec<ConnectorId> = accounts.iter().map(|account| account.connector).collect();
    shown.extend(asked.connector);
    shown.sort_unstable();
    shown.dedup();
    let names = connectors.find_choices(&caller, &shown).await?;
    let choices = connectors.choices(&caller, false).await?;
    let has_verified = !connectors.choices(&caller, true).await?.connectors.is_empty();
    let model = ListView {
        next: next.as_ref().map(asked::position_of),
        is_first: asked.after.is_none(),
        accounts,
        found,
        counts,
        names,
        choices,
        has_verified,
        deleted: AccountNotice::deleted(&session, service.now()).await?,
        asked,
        providers,
        now: service.now(),
        admin: member.is_admin(),
    };
    Ok(Page::new("Accounts", move || view! { <List model=model /> }.into_any()))
}

struct ListView {
    accounts: Vec<Account>,
    /// The position after which the next page begins, as it is in an address.
    next: Option<String>,
    found: Option<Found>,
    is_first: bool,
    /// The numbers of accounts by state, and of the paused ones; `None` while searching.
    counts: Option<Vec<(StateFilter, u64)>>,
    /// The connectors of the accounts of this page.
    names: HashMap<ConnectorId, ConnectorChoice>,
    choices: Choices,
    /// Whether a connector is ready for accounts.
    has_verified: bool,
    /// The email of an account that was deleted a moment ago.
    deleted: Option<String>,
    asked: Asked,
    providers: Providers,
    now: Timestamp,
    admin: bool,
}

#[component]
fn List(model: ListView) -> impl IntoView {
    let ListView {
        accounts,
        next,
        found,
        is_first,
        counts,
        names,
        choices,
        has_verified,
        deleted,
        asked,
        providers,
        now,
        admin,
    } = model;
    let none = accounts.is_empty() && is_first && asked.is_plain();
    let add = (admin && has_verified && !none).then(|| add_button(asked.connector));
    let notice = match deleted {
        Some(email) => view! { <Deleted email=email /> }.into_any(),
        None => view! { <NeedSignIn counts=counts.clone() asked=asked.clone() admin=admin /> }.into_any(),
    };
    let filters = (!none).then(|| {
        view! {
            <Filters asked=asked.clone() choices=choices names=&names />
            <StateTabs asked=asked.clone() counts=counts />
        }
    });
    let rows = accounts.len();
    let links = (admin && rows > 0 && asked.state == Some(AccountState::NeedsSignIn.into()))
        .then(|| view! { <LinksForAll connector=asked.connector /> });
    let result = found.map(|found| {
        let all = Asked { search: String::new(), ..asked.clone() }.address();
        view! { <SearchResult found=found search=asked.search.clone() list=ACCOUNTS all=all /> }
    });
    let content = if none {
        view! { <Empty admin=admin has_verified=has_verified /> }.into_any()
    } else if accounts.is_empty() {
        let words = explain_empty_page(found, is_first, next.is_some());
        words.map(|words| view! { <p class="soft">{words}</p> }).into_any()
    } else {
        let rows = rows::rows(&accounts, &RowContext { names: &names, providers: &providers, now, admin });
        view! {
            <Table
                caption="Accounts, by email"
                kind="accounts"
                columns=&["Account", "Connector", "State", "Last sign-in"]
            >
                {rows}
            </Table>
        }
        .into_any()
    };
    let place = asked
        .first_row()
        .filter(|_| rows > 0)
        .map(|from| format!("{} to {}", grouped(from), grouped(from + rows - 1)));
    let first_page = (!is_first).then(|| (asked.address(), "First page"));
    let next_page = next.map(|after| (asked.next_address(&after, rows), "Next page"));
    view! {
        <div class="stack list-page">
            <div class="head">
                <h1>"Accounts"</h1>
                {add}
            </div>
            {notice}
            {filters}
            {links}
            {result}
            {content}
            <Pager first=first_page next=next_page place=place />
        </div>
    }
}

fn add_button(connector: Option<ConnectorId>) -> impl IntoView {
    let to = match connector {
        Some(id) => format!("/accounts/new?connector={id}"),
        None => "/accounts/new".to_owned(),
    };
    view! {
        <a class="button primary" href=to>
            {Icon::Plus.draw()} " Add account"
        </a>
    }
}

/// The message after an account was deleted. Its own page is gone.
#[component]
fn Deleted(email: String) -> impl IntoView {
    view! {
        <Notice tone=Tone::Good title="The account was deleted">
            <p><EmailText email=email /> " is gone from here with its access, its history and its links."</p>
        </Notice>
    }
}

/// A line for administrators: how many accounts need a sign-in.
#[component]
fn NeedSignIn(counts: Option<Vec<(StateFilter, u64)>>, asked: Asked, admin: bool) -> impl IntoView {
    let state = StateFilter::In(AccountState::NeedsSignIn);
    let is_shown = asked.state == Some(state);
    let counted = counts.into_iter().flatten().find(|(counted, _)| *counted == state);
    counted.filter(|_| admin && !is_shown).map(|(_, number)| {
        let show = if number == 1 { "Show it" } else { "Show them" };
        let words = if number == 1 {
            "1 account needs a sign-in. Make a link for it and send it to the owner of the mailbox.".to_owned()
        } else {
            let number = count_words(number);
            format!("{number} accounts need a sign-in. Make a link for each and send it to the owner of the mailbox.")
        };
        let to = Asked { state: Some(state), ..asked }.address();
        view! { <Notice tone=Tone::Warn><p>{words} " " <a href=to>{show}</a></p></Notice> }
    })
}

/// The way to links for all accounts that need a sign-in, not only for those of this page.
#[component]
fn LinksForAll(connector: Option<ConnectorId>) -> impl IntoView {
    let to = match connector {
        Some(id) => format!("{SIGN_IN_LINKS}?connector={id}"),
        None => SIGN_IN_LINKS.to_owned(),
    };
    view! { <div class="row"><a class="button" href=to>"Links for all who need to sign in"</a></div> }
}

/// The search and the choice of a connector. The state is kept: the tabs below choose it.
#[component]
fn Filters<'a>(
    asked: Asked,
    choices: Choices,
    names: &'a HashMap<ConnectorId, ConnectorChoice>,
) -> impl IntoView + use<> {
    let Choices { mut connectors, more } = choices;
    // The chosen connector may be none of the first ones.
    if let Some(chosen) = asked.connector.and_then(|id| names.get(&id))
        && !connectors.iter().any(|connector| connector.id == chosen.id)
    {
        connectors.push(chosen.clone());
    }
    let options = connectors
        .into_iter()
        .map(|connector| {
            let selected = asked.connector == Some(connector.id);
            view! { <option value=connector.id.to_string() selected=selected>{connector.service_name}</option> }
        })
        .collect_view();
    let all = if more { "All connectors (the first 100 are listed)" } else { "All connectors" };
    let state = asked.state.map(|state| view! { <input type="hidden" name="state" value=state.name() /> });
    view! {
        <form class="row filters" method="get" action=HERE role="search" aria-label="Accounts">
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
                placeholder="Beginning of an email or name"
            />
            <label class="unseen" for="connector">"Connector"</label>
            <select class="input" id="connector" name="connector">
                <option value="">{all}</option>
                {options}
            </select>
            {state}
            <button class="button">"Search"</button>
        </form>
    }
}

/// The label of the search field. A search finds beginnings of words.
const SEARCH: &str = "Search by the beginning of an email or a name";

#[component]
fn Empty(admin: bool, has_verified: bool) -> impl IntoView {
    let (words, next) = match (admin, has_verified) {
        (false, _) => ("An administrator of your organisation can add the first one.", None),
        (true, true) => {
            let words = "Send a person a link, or connect your own mailbox first.";
            (words, Some(add_button(None).into_any()))
        }
        (true, false) => {
            let words =
                "Accounts need a connector that works. Verify a connector first: a test sign-in does it.";
            let next = view! { <a class="button primary" href="/connectors">"Go to Connectors"</a> };
            (words, Some(next.into_any()))
        }
    };
    view! {
        <section class="empty" aria-labelledby="empty-title">
            <div class="stack tight">
                <h2 id="empty-title">"No accounts yet"</h2>
                <p>"An account is a mailbox that a person has connected. " {words}</p>
            </div>
            {next}
        </section>
    }
}
