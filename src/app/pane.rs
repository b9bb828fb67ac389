//! The left pane with the pages that a user may open, and the user's menu. On a narrow screen the style sheet shows the
//! pane's entries only while the menu in the top bar is open.

use leptos::prelude::*;

use super::{Brand, pane_facts::PaneFacts};
use crate::{accounts::pages::count_words, people::access::Member, ui::icons::Icon};

const CONNECTORS: &str = "/connectors";
const ACCOUNTS: &str = "/accounts";
/// The accounts that need a sign-in.
const DUE_ACCOUNTS: &str = "/accounts?state=needs_sign_in";
const PEOPLE: &str = "/settings/people";
const API_ACCESS: &str = "/settings/api-access";
const API_CALLS: &str = "/logs/api";
const RETURN_ADDRESSES: &str = "/settings/return-addresses";
const APPEARANCE: &str = "/settings/appearance";
const ACTIVITY: &str = "/settings/activity";
const PROFILE: &str = "/profile";

/// An entry of the pane: its address, icon and words.
type PaneEntry = (&'static str, Icon, &'static str);

/// Entries that belong together.
struct Group {
    /// The heading and its id. A group of one entry is shown without it.
    heading: Option<(&'static str, &'static str)>,
    entries: Vec<PaneEntry>,
}

/// The groups of entries for this user. An organisation without API clients has no calls to look at.
fn groups(member: &Member, has_clients: bool) -> Vec<Group> {
    let mut entries = vec![(CONNECTORS, Icon::Link, "Connectors"), (ACCOUNTS, Icon::Mailbox, "Accounts")];
    if has_clients {
        entries.push((API_CALLS, Icon::Lines, "API calls"));
    }
    let mut groups = vec![Group { heading: None, entries }];
    if member.is_admin() {
        groups.push(Group {
            heading: Some(("Settings", "pane-settings")),
            entries: vec![
                (PEOPLE, Icon::People, "People"),
                (API_ACCESS, Icon::Key, "API access"),
                (RETURN_ADDRESSES, Icon::Return, "Return addresses"),
                (APPEARANCE, Icon::Picture, "Appearance to users"),
                (ACTIVITY, Icon::Waiting, "Activity"),
            ],
        });
    }
    groups
}

/// The place that a path belongs to: the address of its entry, and its words.
fn place(path: &str) -> Option<(&'static str, &'static str)> {
    [
        (CONNECTORS, CONNECTORS, "Connectors"),
        ("/sign-ins", CONNECTORS, "Connectors"),
        (ACCOUNTS, ACCOUNTS, "Accounts"),
        (API_CALLS, API_CALLS, "API calls"),
        (PEOPLE, PEOPLE, "People"),
        (API_ACCESS, API_ACCESS, "API access"),
        (RETURN_ADDRESSES, RETURN_ADDRESSES, "Return addresses"),
        (APPEARANCE, APPEARANCE, "Appearance to users"),
        (ACTIVITY, ACTIVITY, "Activity"),
        (PROFILE, PROFILE, "Profile"),
    ]
    .into_iter()
    .find(|(start, ..)| {
        path.strip_prefix(*start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
    .map(|(_, entry, words)| (entry, words))
}

/// The pane and the top bar.
#[component]
pub(super) fn Pane(
    /// The logged-in user.
    member: Member,
    /// The path of the page.
    here: String,
    facts: PaneFacts,
) -> impl IntoView {
    let PaneFacts { due_accounts, has_clients } = facts;
    let place = place(&here);
    let current = place.map(|(entry, _)| entry);
    let groups = groups(&member, has_clients);
    let groups = groups.into_iter().map(|group| show_group(group, current, due_accounts)).collect_view();
    view! {
        <nav class="pane" aria-label="Main">
            <Brand />
            // The list follows instead of being inside: on a wide screen it is there whether this is open or not.
            <details class="menu places" name="menu">
                <summary>
                    {place.map(|_| view! { <span class="unseen">"Menu: "</span> })}
                    <span class="name">{place.map_or("Menu", |(_, words)| words)}</span>
                </summary>
            </details>
            <div class="pane-entries">{groups}</div>
        </nav>
        <header class="top"><UserMenu member=member /></header>
    }
}

/// The link below the entry of the accounts: for how many an administrator has something to do.
fn due_link(number: u64) -> impl IntoView {
    let verb = if number == 1 { "needs" } else { "need" };
    let accounts = if number == 1 { " account" } else { " accounts" };
    view! {
        <a class="due" href=DUE_ACCOUNTS>
            <span>{count_words(number)} <span class="unseen">{accounts}</span> " " {verb} " sign-in"</span>
        </a>
    }
}

fn show_group(group: Group, current: Option<&'static str>, due_accounts: u64) -> impl IntoView {
    let heading = group.heading.filter(|_| group.entries.len() > 1);
    let entries = group
        .entries
        .into_iter()
        .map(|(to, icon, words)| {
            let current = (current == Some(to)).then_some("true");
            let due = (to == ACCOUNTS && due_accounts > 0).then(|| due_link(due_accounts));
            view! { <li><a href=to aria-current=current>{icon.draw()} " " {words}</a> {due}</li> }
        })
        .collect_view();
    let id = heading.map(|(_, id)| id);
    view! {
        <div class="group">
            {heading.map(|(words, id)| view! { <p class="part" id=id>{words}</p> })}
            <ul role="list" aria-labelledby=id>{entries}</ul>
        </div>
    }
}

#[component]
fn UserMenu(member: Member) -> impl IntoView {
    let initials: String =
        member.name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    let role = format!("{} of {}", member.role(), member.organisation_name);
    let name = member.name;
    view! {
        <details class="menu" name="menu">
            <summary>
                <span class="initials" aria-hidden="true">{initials.to_uppercase()}</span>
                " "
                <span class="name">{name.clone()}</span>
            </summary>
            <div class="panel">
                <div>
                    <p><b><bdi>{name}</bdi></b></p>
                    <p class="soft note">{member.email}</p>
                    <p class="soft note">{role}</p>
                </div>
                <a class="button small wide" href=PROFILE>"Profile"</a>
                <form method="post" action="/logout">
                    <button class="button small wide">"Log out"</button>
                </form>
            </div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_entry_above_it_and_to_no_entry_that_only_begins_alike() {
        for (path, wanted) in [
            ("/connectors", Some("Connectors")),
            ("/connectors/new", Some("Connectors")),
            ("/sign-ins/01932b5e", Some("Connectors")),
            ("/accounts/01932b5e", Some("Accounts")),
            ("/connectors/01932b5e/links", Some("Connectors")),
            ("/settings/people/01932b5e", Some("People")),
            ("/settings/activity", Some("Activity")),
            ("/settings/api-access/01932b5e/edit", Some("API access")),
            ("/logs/api", Some("API calls")),
            ("/profile/second-factor", Some("Profile")),
            ("/connectorsx", None),
            ("/nothing", None),
        ] {
            assert_eq!(place(path).map(|(_, words)| words), wanted, "{path}");
        }
    }
}
