//! `/settings/activity`: the activity of an organisation, with the names of its users. It is here because
//! activity and users are two features.

use std::collections::HashMap;

use axum::{
    Extension,
    extract::{Query, State},
};
use leptos::prelude::*;
use serde::Deserialize;

use super::recorded::{self, Who};
use crate::{
    activity::{
        model::{ActionGroup, ActivityFilter, ActivityPosition, By, Recorded},
        service::{ActivityLog, ActivityPage},
    },
    people::{access::Member, model::UserLabel, service::People},
    platform::{failure::Failure, id::UserId, page::Page},
    providers::Providers,
    ui::{
        table::Table,
        widgets::{Badge, Moment, Pager},
    },
};

const HERE: &str = "/settings/activity";
/// In the URL: actions by no user.
const NO_USER: &str = "no-user";

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
        let mut address = url::form_urlencoded::Serializer::for_suffix(format!("{HERE}?"), HERE.len() + 1);
        for (name, value) in [("who", &self.who), ("what", &self.what), ("about", &self.about)] {
            if !value.is_empty() {
                address.append_pair(name, value);
            }
        }
        if let Some(before) = before {
            address.append_pair("before", &before.to_string());
        }
        address.finish()
    }
}

/// `GET /settings/activity`.
pub async fn show(
    State(log): State<ActivityLog>,
    State(people): State<People>,
    State(providers): State<Providers>,
    Extension(member): Extension<Member>,
    Query(asked): Query<ActivityQuery>,
) -> Result<Page, Failure> {
    let admin = member.admin()?;
    let before = asked.before.parse().ok();
    let ActivityPage { entries, next } = log.page(admin.organisation(), asked.filter(), before).await?;
    let users = people.users(admin.organisation()).await?;
    let users: Vec<_> = users.into_iter().map(|user| (user.id, user.name, user.email)).collect();
    let model = ActivityView { entries, next, first: before.is_none(), users, asked, providers };
    Ok(Page::new("Activity", move || view! { <Activity model=model.clone() /> }.into_any()))
}

#[derive(Clone)]
struct ActivityView {
    entries: Vec<Recorded>,
    next: Option<ActivityPosition>,
    first: bool,
    users: Vec<(UserId, String, String)>,
    asked: ActivityQuery,
    providers: Providers,
}

#[component]
fn Activity(model: ActivityView) -> impl IntoView {
    let ActivityView { entries, next, first, users, asked, providers } = model;
    let names =
        users.iter().map(|(id, name, email)| (*id, UserLabel { name: name.clone(), email: email.clone() }));
    let names: HashMap<UserId, UserLabel> = names.collect();
    let content = if entries.is_empty() {
        view! { <p class="soft">"Nothing matches. Every action is listed here for a year."</p> }.into_any()
    } else {
        let row = |entry| view! { <Row entry=entry names=&names providers=&providers /> };
        let rows = entries.into_iter().map(row).collect_view();
        view! {
            <Table caption="Activity, latest first" columns=&["What", "Who", "When", "Outcome"]>
                {rows}
            </Table>
        }
        .into_any()
    };
    let first = (!first).then(|| (asked.address(None), "Latest"));
    let next = next.map(|next| (asked.address(Some(next)), "Earlier"));
    view! {
        <div class="head">
            <div>
                <h1>"Activity"</h1>
                <p class="soft">"Each entry says who did what, when, from where, and with which result. Entries are \
                                 kept for a year."</p>
            </div>
        </div>
        <Filters users=users asked=asked.clone() />
        {content}
        <Pager first=first next=next />
    }
}

#[component]
fn Filters(users: Vec<(UserId, String, String)>, asked: ActivityQuery) -> impl IntoView {
    let option = |value: String, words: String, chosen: &str| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{words}</option> }
    };
    let who = users
        .into_iter()
        .map(|(id, name, email)| option(id.to_string(), format!("{name} ({email})"), &asked.who))
        .collect_view();
    let what = ActionGroup::ALL
        .iter()
        .map(|group| option(group.name().to_owned(), group.words().to_owned(), &asked.what))
        .collect_view();
    let filtered = !asked.who.is_empty() || !asked.what.is_empty() || !asked.about.is_empty();
    let about = (!asked.about.is_empty()).then(|| {
        view! { <input type="hidden" name="about" value=asked.about.clone() /> }
    });
    view! {
        <form class="row filters" method="get" action=HERE role="search" aria-label="Activity">
            <div class="field">
                <label for="who">"Who"</label>
                <select class="input" id="who" name="who">
                    {option(String::new(), "Everyone".to_owned(), &asked.who)}
                    {who}
                    {option(NO_USER.to_owned(), "The operator, or an unknown person".to_owned(), &asked.who)}
                </select>
            </div>
            <div class="field">
                <label for="what">"What"</label>
                <select class="input" id="what" name="what">
                    {option(String::new(), "Everything".to_owned(), &asked.what)}
                    {what}
                </select>
            </div>
            {about}
            <button class="button">"Show"</button>
            {filtered.then(|| view! { <a class="button plain" href=HERE>"Show everything"</a> })}
        </form>
    }
}

#[component]
fn Row<'a>(
    entry: Recorded,
    names: &'a HashMap<UserId, UserLabel>,
    providers: &'a Providers,
) -> impl IntoView + use<> {
    let Who { name, email } = recorded::who(&entry, names);
    let email = email.map(|email| view! { <p class="soft note"><bdi>{email}</bdi></p> });
    let (tone, outcome) = recorded::outcome(&entry);
    let action = recorded::action(&entry);
    let entity = recorded::entity(&entry);
    let times = recorded::times(&entry).map(|words| view! { <p class="soft note">{words}</p> });
    let detail = recorded::detail(&entry, providers);
    let detail = detail.map(|words| view! { <p class="soft note">{words}</p> });
    let address = entry.address.map(|address| view! { <p class="soft note"><code>{address}</code></p> });
    let request_id =
        entry.request_id.map(|text| view! { <p class="soft note">"Request ID " <code>{text}</code></p> });
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">
                <p>{action}</p>
                <p class="soft note"><bdi>{entity}</bdi></p>
                {detail}
                {times}
            </th>
            <td role="cell" data-label="Who"><div><p><bdi>{name}</bdi></p>{email}{address}</div></td>
            <td role="cell" data-label="When"><div><p><Moment at=entry.position.at /></p>{request_id}</div></td>
            <td role="cell" data-label="Outcome"><Badge tone=tone words=outcome /></td>
        </tr>
    }
}
