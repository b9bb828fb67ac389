//! `/logs/api`: the calls of the API, newest first, with filters by client, account, outcome and day. It is in `app`
//! because it joins API clients, accounts and the meanings of the API's errors.

mod lines;

use std::collections::HashMap;

use axum::{
    Extension,
    extract::{Query, State},
};
use leptos::prelude::*;
use serde::Deserialize;
use time::Duration;

pub(super) use self::lines::{CallLines, CallNames, accounts_of};
use super::{
    activity_page::{self, address_about},
    logs::{address_of, by_day, draw_choice, draw_days, heading},
};
use crate::{
    accounts::service::{AccountId, AccountService},
    clients::{
        calls::{CallEntry, CallFilter, CallOutcome, CallPage, CallPosition, Calls, RETENTION},
        service::ClientService,
    },
    people::access::{Admin, Member},
    platform::{clock::Timestamp, failure::Failure, id::ApiClientId, page::Page, text},
    ui::table::Pager,
};

pub(super) const HERE: &str = "/logs/api";
/// Maximum number of characters of a typed account. The page shows no more of a longer text in an address.
const MAX_TYPED: usize = 320;

/// The address of the calls of one client.
pub(super) fn address_of_client(client: ApiClientId) -> String {
    format!("{HERE}?client={client}")
}

/// The address of the calls of one account.
pub(super) fn address_of_account(account: AccountId) -> String {
    format!("{HERE}?account={account}")
}

/// The query of the page, unchecked.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct CallsQuery {
    #[serde(default)]
    client: String,
    /// The email or the key of an account.
    #[serde(default)]
    account: String,
    #[serde(default)]
    outcome: String,
    /// The first day, such as `2026-11-23`.
    #[serde(default)]
    from: String,
    #[serde(default)]
    before: String,
}

impl CallsQuery {
    fn address(&self, before: Option<CallPosition>) -> String {
        let filter = [
            ("client", &*self.client),
            ("account", &*self.account),
            ("outcome", &*self.outcome),
            ("from", &*self.from),
        ];
        address_of(HERE, &filter, before)
    }

    fn is_filtered(&self) -> bool {
        !(self.client.is_empty()
            && self.account.is_empty()
            && self.outcome.is_empty()
            && self.from.is_empty())
    }
}

/// A day in UTC, as an address has it.
fn day_of(at: Timestamp) -> String {
    at.date_time().date().to_string()
}

/// The days from which all records are kept, newest first.
fn days(now: Timestamp) -> impl Iterator<Item = Timestamp> {
    (0..RETENTION.whole_days()).map(move |days| now.minus(Duration::days(days)))
}

/// The beginning of the day with this name; `None` if it is none of [`days`].
fn start_of_day(name: &str, now: Timestamp) -> Option<Timestamp> {
    let day = days(now).find(|at| day_of(*at) == name)?;
    let start = day.date_time().date().midnight().assume_utc();
    start.unix_timestamp().checked_mul(1_000_000).map(Timestamp::from_micros)
}

/// `GET /logs/api`.
pub async fn show(
    State(calls): State<Calls>,
    State(clients): State<ClientService>,
    State(accounts): State<AccountService>,
    Extension(member): Extension<Member>,
    Query(mut asked): Query<CallsQuery>,
) -> Result<Page, Failure> {
    let admin = member.admin()?;
    asked.account = text::trim(&asked.account).chars().take(MAX_TYPED).collect();
    let before: Option<CallPosition> = asked.before.parse().ok();
    let (account, is_unknown) = find_account(&accounts, &admin, &asked.account).await?;
    let now = calls.now();
    let filter = CallFilter {
        client: asked.client.parse().ok(),
        account,
        outcome: CallOutcome::from_name(&asked.outcome),
        from: start_of_day(&asked.from, now),
    };
    let CallPage { entries, next } = if is_unknown {
        CallPage { entries: Vec::new(), next: None }
    } else {
        calls.page(&admin, filter, before).await?
    };
    let mut ids = accounts_of(&entries);
    ids.extend(account);
    let emails = accounts.emails(&admin, &ids).await?;
    if let Some(email) = account.and_then(|account| emails.get(&account)) {
        asked.account.clone_from(email);
    }
    let mut choices = clients.names(&admin).await?;
    choices.sort_by_cached_key(|(id, name)| (text::fold(name), *id));
    let names = CallNames { clients: choices.iter().cloned().collect::<HashMap<_, _>>(), accounts: emails };
    let first = before.is_none();
    let activity = ActivityLink::of(filter);
    let model = CallsView { entries, next, first, names, choices, asked, is_unknown, activity, now };
    Ok(Page::new("API calls", move || view! { <CallsOfApi model=model.clone() /> }.into_any()))
}

/// The account of a typed email or key, and whether there is none. The key of a deleted account counts, because its
/// records are kept.
async fn find_account(
    accounts: &AccountService,
    admin: &Admin,
    typed: &str,
) -> Result<(Option<AccountId>, bool), Failure> {
    if typed.is_empty() {
        return Ok((None, false));
    }
    if let Ok(id) = typed.parse() {
        return Ok((Some(id), false));
    }
    let found = accounts.find_by_email(admin, typed).await?.map(|account| account.id);
    Ok((found, found.is_none()))
}

/// The link to the activity about what the page is limited to.
#[derive(Clone)]
struct ActivityLink {
    address: String,
    words: &'static str,
}

impl ActivityLink {
    fn of(filter: CallFilter) -> Self {
        let CallFilter { account, client, .. } = filter;
        let account =
            account.map(|id| Self { address: address_about(id), words: "Activity of this account" });
        let client =
            client.map(|id| Self { address: address_about(id), words: "Activity of this API client" });
        let all = || Self { address: activity_page::HERE.to_owned(), words: "Activity" };
        account.or(client).unwrap_or_else(all)
    }
}

#[derive(Clone)]
struct CallsView {
    entries: Vec<CallEntry>,
    next: Option<CallPosition>,
    first: bool,
    names: CallNames,
    /// The clients, for the filter.
    choices: Vec<(ApiClientId, String)>,
    asked: CallsQuery,
    /// Whether no account has the typed email.
    is_unknown: bool,
    activity: ActivityLink,
    now: Timestamp,
}

#[component]
fn CallsOfApi(model: CallsView) -> impl IntoView {
    let CallsView { entries, next, first, names, choices, asked, is_unknown, activity, now } = model;
    let nothing = entries.is_empty().then(|| {
        if is_unknown {
            view! { <p class="soft">"No account has this email. Enter it as the list of accounts shows it."</p> }
                .into_any()
        } else if asked.is_filtered() || !first {
            view! { <p class="soft">"No call matches."</p> }.into_any()
        } else {
            view! {
                <p class="soft">
                    "No program has called the API in the last 7 days. "
                    <a href="/settings/api-access">"API access"</a> " has the keys for programs."
                </p>
            }
            .into_any()
        }
    });
    let days = by_day(entries, now, |entry| entry.position().at);
    let days = draw_days(days, |entries| view! { <CallLines entries=entries names=&names /> }.into_any());
    let latest = (!first).then(|| (asked.address(None), "Latest"));
    let earlier = next.map(|next| (asked.address(Some(next)), "Earlier"));
    let refresh = first.then(|| view! { <a class="button" href=asked.address(None)>"Refresh"</a> });
    view! {
        <div class="head">
            <div>
                <h1>"API calls"</h1>
                <p class="soft">
                    "The calls of your programs in the last 7 days. All times are in UTC. "
                    <a href=activity.address>{activity.words}</a> " shows what people have changed."
                </p>
            </div>
            <div class="row">{refresh}</div>
        </div>
        <Filters choices=choices asked=asked now=now />
        {nothing}
        {days}
        <Pager first=latest next=earlier />
    }
}

#[component]
fn Filters(choices: Vec<(ApiClientId, String)>, asked: CallsQuery, now: Timestamp) -> impl IntoView {
    let clients =
        choices.into_iter().map(|(id, name)| draw_choice(id.to_string(), name, &asked.client)).collect_view();
    let outcomes = CallOutcome::ALL
        .iter()
        .map(|outcome| draw_choice(outcome.name().to_owned(), outcome.words().to_owned(), &asked.outcome))
        .collect_view();
    let from = days(now).map(|at| draw_choice(day_of(at), heading(at, now), &asked.from)).collect_view();
    let all = asked.is_filtered().then(|| view! { <a class="button plain" href=HERE>"Show all calls"</a> });
    view! {
        <form class="row filters" method="get" action=HERE role="search" aria-label="API calls">
            <div class="field">
                <label for="client">"API client"</label>
                <select class="input" id="client" name="client">
                    {draw_choice(String::new(), "All API clients".to_owned(), &asked.client)}
                    {clients}
                </select>
            </div>
            <div class="field">
                <label for="account">"Email or key of the account"</label>
                <input
                    class="input"
                    type="search"
                    id="account"
                    name="account"
                    value=asked.account.clone()
                    maxlength=MAX_TYPED.to_string()
                />
            </div>
            <div class="field">
                <label for="outcome">"Outcome"</label>
                <select class="input" id="outcome" name="outcome">
                    {draw_choice(String::new(), "All outcomes".to_owned(), &asked.outcome)}
                    {outcomes}
                </select>
            </div>
            <div class="field">
                <label for="from">"From"</label>
                <select class="input" id="from" name="from">
                    {draw_choice(String::new(), "7 days ago".to_owned(), &asked.from)}
                    {from}
                </select>
            </div>
            <button class="button">"Show"</button>
            {all}
        </form>
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_day_begins_at_midnight_and_only_days_with_all_records_count() {
        // 23 Nov 2026, 06:57 UTC.
        let now = Timestamp::from_micros(1_795_417_030_000_000);
        let start = |name| start_of_day(name, now).map(Timestamp::for_machines);
        assert_eq!(start("2026-11-23").as_deref(), Some("2026-11-23T00:00:00Z"));
        assert_eq!(start("2026-11-17").as_deref(), Some("2026-11-17T00:00:00Z"));
        for other in ["2026-11-16", "2026-11-24", "yesterday", ""] {
            assert_eq!(start(other), None, "{other}");
        }
        assert_eq!(days(now).count(), 7);
    }

    #[test]
    fn the_link_to_the_activity_is_limited_as_the_calls_are() {
        let (account, client) = (AccountId(Uuid::from_u128(1)), ApiClientId(Uuid::from_u128(2)));
        let both = CallFilter { client: Some(client), account: Some(account), ..CallFilter::default() };
        assert_eq!(ActivityLink::of(both).address, format!("/settings/activity?about={account}"));
        let of_client = CallFilter { account: None, ..both };
        assert_eq!(ActivityLink::of(of_client).address, format!("/settings/activity?about={client}"));
        assert_eq!(ActivityLink::of(CallFilter::default()).address, "/settings/activity");
    }

    #[test]
    fn the_address_of_a_page_keeps_the_filter() {
        let asked = CallsQuery {
            client: "1".to_owned(),
            account: "a&b@contoso.test".to_owned(),
            ..CallsQuery::default()
        };
        assert_eq!(asked.address(None), "/logs/api?client=1&account=a%26b%40contoso.test");
        assert!(asked.is_filtered() && !CallsQuery::default().is_filtered());
    }
}
