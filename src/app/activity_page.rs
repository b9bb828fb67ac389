//! `/settings/activity`: the activity of an organisation, with the names of its users. It is in `app` because
//! activity and users belong to two features.

use axum::{
    Extension,
    extract::{Query, State},
};
use leptos::prelude::*;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    calls_page::{self, address_of_account, address_of_client},
    logs::{address_of, by_day, draw_choice, draw_days},
    recorded::{self, EntrySentence, UserNames},
};
use crate::{
    accounts::service::{AccountId, AccountService},
    activity::{
        model::{ActionGroup, ActivityFilter, ActivityPosition, By, Recorded},
        service::{ActivityLog, ActivityPage},
    },
    clients::service::ClientService,
    people::{
        access::{Admin, Member},
        service::People,
    },
    platform::{
        clock::{SharedClock, Timestamp},
        failure::Failure,
        id::{ApiClientId, UserId},
        page::Page,
    },
    providers::Providers,
    ui::widgets::{Badge, Moment, Pager},
};

pub(super) const HERE: &str = "/settings/activity";
/// In the URL: actions by no user.
const NO_USER: &str = "no-user";

/// The address of the activity about a thing, such as an account.
pub(super) fn address_about(id: impl Into<Uuid>) -> String {
    format!("{HERE}?about={}", id.into())
}

/// The query of the page, unchecked.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ActivityQuery {
    #[serde(default)]
    who: String,
    #[serde(default)]
    what: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    before: String,
}

impl ActivityQuery {
    /// The filter of the query. An invalid value counts as not set.
    fn filter(&self) -> ActivityFilter {
        let by = match self.who.as_str() {
            NO_USER => Some(By::NoUser),
            id => id.parse().ok().map(By::User),
        };
        ActivityFilter { by, group: ActionGroup::from_name(&self.what), about: self.about.parse().ok() }
    }

    fn address(&self, before: Option<ActivityPosition>) -> String {
        let filter = [("who", &*self.who), ("what", &*self.what), ("about", &*self.about)];
        address_of(HERE, &filter, before)
    }
}

/// `GET /settings/activity`.
#[expect(clippy::too_many_arguments, reason = "each parameter is an extractor")]
pub async fn show(
    State(log): State<ActivityLog>,
    State(accounts): State<AccountService>,
    State(people): State<People>,
    State(clients): State<ClientService>,
    State(providers): State<Providers>,
    State(clock): State<SharedClock>,
    Extension(member): Extension<Member>,
    Query(asked): Query<ActivityQuery>,
) -> Result<Page, Failure> {
    let admin = member.admin()?;
    let before = asked.before.parse().ok();
    let ActivityPage { entries, next } = log.page(admin.organisation(), asked.filter(), before).await?;
    let users = people.users(admin.organisation()).await?;
    let users: Vec<_> = users.into_iter().map(|user| (user.id, user.name, user.email)).collect();
    let about: Option<Uuid> = asked.about.parse().ok();
    let has_client = about.is_some() || entries.iter().any(|entry| matches!(entry.by, By::Client(_)));
    let clients = if has_client { clients.names(&admin).await? } else { Vec::new() };
    let calls = CallsLink::about(about, &accounts, &clients, &admin).await?;
    let model = ActivityView {
        entries,
        next,
        first: before.is_none(),
        users,
        clients,
        asked,
        calls,
        providers,
        now: clock.now(),
    };
    Ok(Page::new("Activity", move || view! { <Activity model=model.clone() /> }.into_any()))
}

/// The link to the API calls of what the page is limited to.
#[derive(Clone)]
struct CallsLink {
    address: String,
    words: &'static str,
}

impl CallsLink {
    /// To the calls of the account or of the API client with this id, and otherwise to all calls.
    async fn about(
        id: Option<Uuid>,
        accounts: &AccountService,
        clients: &[(ApiClientId, String)],
        admin: &Admin,
    ) -> Result<Self, Failure> {
        let all = Self { address: calls_page::HERE.to_owned(), words: "API calls" };
        let Some(id) = id else { return Ok(all) };
        let (account, client) = (AccountId(id), ApiClientId(id));
        Ok(if clients.iter().any(|(known, _)| *known == client) {
            Self { address: address_of_client(client), words: "API calls of this API client" }
        } else if accounts.emails(admin, &[account]).await?.contains_key(&account) {
            Self { address: address_of_account(account), words: "API calls of this account" }
        } else {
            all
        })
    }
}

#[derive(Clone)]
struct ActivityView {
    entries: Vec<Recorded>,
    next: Option<ActivityPosition>,
    first: bool,
    users: Vec<(UserId, String, String)>,
    clients: Vec<(ApiClientId, String)>,
    asked: ActivityQuery,
    calls: CallsLink,
    providers: Providers,
    now: Timestamp,
}

#[component]
fn Activity(model: ActivityView) -> impl IntoView {
    let ActivityView { entries, next, first, users, clients, asked, calls, providers, now } = model;
    let names = UserNames::of(&users).with_clients(clients);
    let nothing = entries.is_empty().then(|| view! { <p class="soft">"No activity matches."</p> });
    let days = by_day(entries, now, |entry| entry.position.at);
    let days = draw_days(days, |entries| {
        let entries = entries
            .into_iter()
            .map(|entry| view! { <EntryLine entry=entry names=&names providers=&providers /> })
            .collect_view();
        view! { <ol class="entries" role="list">{entries}</ol> }.into_any()
    });
    let first = (!first).then(|| (asked.address(None), "Latest"));
    let next = next.map(|next| (asked.address(Some(next)), "Earlier"));
    view! {
        <div class="head">
            <div>
                <h1>"Activity"</h1>
                <p class="soft">
                    "Changes and log-ins of the last 12 months. All times are in UTC. "
                    <a href=calls.address>{calls.words}</a> " has what programs have called."
                </p>
            </div>
        </div>
        <Filters users=users asked=asked.clone() />
        {nothing}
        {days}
        <Pager first=first next=next />
    }
}

#[component]
fn Filters(users: Vec<(UserId, String, String)>, asked: ActivityQuery) -> impl IntoView {
    let who = users
        .into_iter()
        .map(|(id, name, email)| draw_choice(id.to_string(), format!("{name} ({email})"), &asked.who))
        .collect_view();
    let what = ActionGroup::ALL
        .iter()
        .map(|group| draw_choice(group.name().to_owned(), group.words().to_owned(), &asked.what))
        .collect_view();
    let filtered = !asked.who.is_empty() || !asked.what.is_empty() || !asked.about.is_empty();
    let about = (!asked.about.is_empty()).then(|| {
        view! { <input type="hidden" name="about" value=asked.about.clone() /> }
    });
    view! {
        <form class="row filters" method="get" action=HERE role="search" aria-label="Activity">
            <div class="field">
                <label for="who">"User"</label>
                <select class="input" id="who" name="who">
                    {draw_choice(String::new(), "All users".to_owned(), &asked.who)}
                    {who}
                    {draw_choice(NO_USER.to_owned(), "The operator or an unknown person".to_owned(), &asked.who)}
                </select>
            </div>
            <div class="field">
                <label for="what">"Kind of activity"</label>
                <select class="input" id="what" name="what">
                    {draw_choice(String::new(), "All activity".to_owned(), &asked.what)}
                    {what}
                </select>
            </div>
            {about}
            <button class="button">"Show"</button>
            {filtered.then(|| view! { <a class="button plain" href=HERE>"Show all activity"</a> })}
        </form>
    }
}

/// An entry in one line, which opens to show everything else.
#[component]
fn EntryLine<'a>(entry: Recorded, names: &'a UserNames, providers: &'a Providers) -> impl IntoView + use<> {
    let at = entry.position.at;
    let author = names.author_of(&entry);
    let badge = recorded::unexpected_outcome(&entry);
    let badge = badge.map(|(tone, words)| view! { <Badge tone=tone words=words /> });
    let times = recorded::times(&entry).map(|words| view! { <span class="soft">", " {words}</span> });
    let (_, outcome) = recorded::outcome(&entry);
    let email = author.email.clone();
    let author = names.shorten(author);
    let sentence = recorded::sentence(&entry);
    let detail = recorded::detail(&entry, providers);
    // A sentence about the author does not name whom or what it is about.
    let is_named = !sentence.object.is_empty() || email.as_ref() == Some(&entry.entity) || detail.is_some();
    let about = (!is_named && !entry.entity.is_empty()).then_some(("About", entry.entity));
    let mut facts = vec![("Result", outcome.to_owned())];
    facts.extend(detail);
    facts.extend(about);
    facts.extend(email.map(|email| ("Email", email)));
    facts.extend(entry.address.map(|address| ("IP address", address)));
    facts.extend(entry.request_id.map(|id| ("Request ID", id)));
    let facts = facts
        .into_iter()
        .map(|(label, words)| view! { <div><dt>{label}</dt><dd><bdi>{words}</bdi></dd></div> })
        .collect_view();
    view! {
        <li>
            <details class="entry">
                <summary>
                    <time datetime=at.for_machines()>{at.minute_of_day()}</time>
                    " "
                    <span class="told">
                        <EntrySentence author=author sentence=sentence />
                        {times}
                    </span>
                    " "
                    {badge}
                </summary>
                <dl class="facts">
                    <div><dt>"Time"</dt><dd><Moment at=at /></dd></div>
                    {facts}
                </dl>
            </details>
        </li>
    }
}
