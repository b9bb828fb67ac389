//! `/settings/activity`: the activity of an organisation, with the names of its users. It is in `app` because
//! activity and users belong to two features.

use axum::{
    Extension,
    extract::{Query, State},
};
use leptos::prelude::*;
use serde::Deserialize;

use super::recorded::{self, EntrySentence, UserNames};
use crate::{
    activity::{
        model::{ActionGroup, ActivityFilter, ActivityPosition, By, Recorded},
        service::{ActivityLog, ActivityPage},
    },
    people::{access::Member, service::People},
    platform::{
        clock::{SharedClock, Timestamp},
        failure::Failure,
        id::UserId,
        page::Page,
    },
    providers::Providers,
    ui::widgets::{Badge, Moment, Pager},
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
    State(clock): State<SharedClock>,
    Extension(member): Extension<Member>,
    Query(asked): Query<ActivityQuery>,
) -> Result<Page, Failure> {
    let admin = member.admin()?;
    let before = asked.before.parse().ok();
    let ActivityPage { entries, next } = log.page(admin.organisation(), asked.filter(), before).await?;
    let users = people.users(admin.organisation()).await?;
    let users: Vec<_> = users.into_iter().map(|user| (user.id, user.name, user.email)).collect();
    let model =
        ActivityView { entries, next, first: before.is_none(), users, asked, providers, now: clock.now() };
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
    now: Timestamp,
}

/// The heading of the entries of one day, such as `Today, 23 Nov 2026`.
pub(super) fn heading(at: Timestamp, now: Timestamp) -> String {
    let day = at.day_for_people();
    match (now.date_time().date() - at.date_time().date()).whole_days() {
        0 => format!("Today, {day}"),
        1 => format!("Yesterday, {day}"),
        _ => day,
    }
}

/// The entries of each day under its heading, in the same order.
fn by_day(entries: Vec<Recorded>, now: Timestamp) -> Vec<(String, Vec<Recorded>)> {
    let mut days: Vec<(String, Vec<Recorded>)> = Vec::new();
    for entry in entries {
        let heading = heading(entry.position.at, now);
        match days.last_mut() {
            Some((last, entries)) if *last == heading => entries.push(entry),
            _ => days.push((heading, vec![entry])),
        }
    }
    days
}

#[component]
fn Activity(model: ActivityView) -> impl IntoView {
    let ActivityView { entries, next, first, users, asked, providers, now } = model;
    let names = UserNames::of(&users);
    let nothing = entries.is_empty().then(|| view! { <p class="soft">"No activity matches."</p> });
    let days = by_day(entries, now)
        .into_iter()
        .enumerate()
        .map(|(at, (heading, entries))| {
            let id = format!("day-{at}");
            let labelled_by = id.clone();
            let entries = entries
                .into_iter()
                .map(|entry| view! { <EntryLine entry=entry names=&names providers=&providers /> })
                .collect_view();
            view! {
                <section class="day" aria-labelledby=labelled_by>
                    <h2 id=id>{heading}</h2>
                    <ol class="entries" role="list">{entries}</ol>
                </section>
            }
        })
        .collect_view();
    let first = (!first).then(|| (asked.address(None), "Latest"));
    let next = next.map(|next| (asked.address(Some(next)), "Earlier"));
    view! {
        <div class="head">
            <div>
                <h1>"Activity"</h1>
                <p class="soft">"Changes and log-ins of the last 12 months. All times are in UTC."</p>
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
                <label for="who">"User"</label>
                <select class="input" id="who" name="who">
                    {option(String::new(), "All users".to_owned(), &asked.who)}
                    {who}
                    {option(NO_USER.to_owned(), "The operator or an unknown person".to_owned(), &asked.who)}
                </select>
            </div>
            <div class="field">
                <label for="what">"Kind of activity"</label>
                <select class="input" id="what" name="what">
                    {option(String::new(), "All activity".to_owned(), &asked.what)}
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
    let author = recorded::author_of(&entry, &names.labels);
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

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn a_day_is_named_today_or_yesterday_and_always_with_its_date() {
        // 23 Nov 2026, 06:57 UTC.
        let now = Timestamp::from_micros(1_795_417_030_000_000);
        for (ago, words) in [
            (Duration::ZERO, "Today, 23 Nov 2026"),
            (Duration::hours(6), "Today, 23 Nov 2026"),
            (Duration::hours(7), "Yesterday, 22 Nov 2026"),
            (Duration::hours(31), "21 Nov 2026"),
            (Duration::hours(-24), "24 Nov 2026"),
        ] {
            assert_eq!(heading(now.minus(ago), now), words, "{ago}");
        }
    }
}
