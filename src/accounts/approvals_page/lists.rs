//! The two lists of the page: the consent links of a connector, newest first, and the companies that have allowed its
//! permissions.

use leptos::prelude::*;

use super::path_of;
use crate::{
    accounts::service::{
        consent_links::{
            ApprovedDirectory, ConsentLink, ConsentLinkPage, ConsentLinkState, DirectoryPage,
            ListedConsentLink,
        },
        links::LinkEnd,
    },
    connectors::service::ConnectorId,
    platform::clock::Timestamp,
    ui::{
        table::{Pager, Table},
        widgets::{Badge, Moment, Tone},
    },
};

#[component]
pub(super) fn Links(connector: ConnectorId, page: ConsentLinkPage, is_first: bool) -> impl IntoView {
    let here = path_of(connector);
    let ConsentLinkPage { links, next } = page;
    let content = if links.is_empty() {
        let words = if is_first { "No link is stored." } else { "There are no more links." };
        view! { <p class="soft">{words}</p> }.into_any()
    } else {
        let rows =
            links.into_iter().map(|link| view! { <LinkRow link=link connector=connector /> }).collect_view();
        view! {
            <Table
                caption="Links for administrators of companies, newest first"
                kind="links"
                columns=&["Company", "State", "Made", "End"]
            >
                {rows}
            </Table>
        }
        .into_any()
    };
    let next = next.map(|next| (format!("{here}?after={next}"), "Next page"));
    let first = (!is_first).then_some((here, "First page"));
    view! {
        <section class="stack" aria-labelledby="links-title">
            <h2 id="links-title">"Links"</h2>
            <p class="soft">"A link is kept for 90 days after its end. Its address was shown once."</p>
            {content}
            <Pager first=first next=next />
        </section>
    }
}

/// The state of a link in words: its badge, the time at which it began if it has one, and what it means.
struct StateWords {
    tone: Tone,
    words: &'static str,
    at: Option<Timestamp>,
    meaning: Option<&'static str>,
}

impl StateWords {
    fn of(link: &ConsentLink, state: ConsentLinkState) -> Self {
        let plain = |tone, words| Self { tone, words, at: None, meaning: None };
        match state {
            ConsentLinkState::Open => plain(Tone::Info, "Open"),
            ConsentLinkState::Reported(at) => Self {
                at: Some(at),
                meaning: Some("Not proved yet: the next mailbox of the company that is connected proves it."),
                ..plain(Tone::Info, "Approval reported")
            },
            ConsentLinkState::Approved(at) => Self {
                at: Some(at),
                meaning: Some("A sign-in of the company has proved it."),
                ..plain(Tone::Good, "Approved")
            },
            ConsentLinkState::Expired => plain(Tone::Idle, "Expired"),
            ConsentLinkState::Revoked => {
                Self { meaning: link.revoked_why.and_then(LinkEnd::words), ..plain(Tone::Idle, "Revoked") }
            }
        }
    }
}

#[component]
fn LinkRow(link: ListedConsentLink, connector: ConnectorId) -> impl IntoView {
    let ListedConsentLink { link, state, maker } = link;
    let StateWords { tone, words, at, meaning } = StateWords::of(&link, state);
    let company = link.directory_name;
    let maker = match maker {
        Some(maker) => view! { <p class="soft note">"by " <bdi>{maker}</bdi></p> }.into_any(),
        None => view! { <p class="soft note">"by a deleted user"</p> }.into_any(),
    };
    // A link that was used or revoked ended then, not at its expiry.
    let end = link.approved_at.or(link.revoked_at).map_or(link.expires_at, |at| at.min(link.expires_at));
    let is_open =
        link.revoked_at.is_none() && matches!(state, ConsentLinkState::Open | ConsentLinkState::Reported(_));
    let revoke = is_open.then(|| {
        let to = format!("{}/{}/revoke", path_of(connector), link.id);
        let of = format!(" the link for {company}");
        view! {
            <form method="post" action=to>
                <button class="button small">"Revoke"<span class="unseen">{of}</span></button>
            </form>
        }
    });
    view! {
        <tr role="row">
            <th scope="row" role="rowheader"><div><bdi>{company}</bdi></div></th>
            <td role="cell" data-label="State">
                <div>
                    <p><Badge tone=tone words=words /></p>
                    {at.map(|at| view! { <p class="soft note">"on " <Moment at=at /></p> })}
                    {meaning.map(|meaning| view! { <p class="soft note">{meaning}</p> })}
                    {revoke}
                </div>
            </td>
            <td role="cell" data-label="Made"><div><p><Moment at=link.created_at /></p> {maker}</div></td>
            <td role="cell" data-label="End"><div><p><Moment at=end /></p></div></td>
        </tr>
    }
}

#[component]
pub(super) fn Directories(
    connector: ConnectorId,
    /// The company that runs the mailboxes.
    provider: &'static str,
    page: DirectoryPage,
    is_first: bool,
) -> impl IntoView {
    let here = path_of(connector);
    let DirectoryPage { directories, next } = page;
    let is_empty = directories.is_empty();
    let none = is_empty.then(|| {
        let words =
            if is_first { "No approval has been proved yet." } else { "There are no more companies." };
        view! { <p class="soft">{words}</p> }
    });
    let items = directories
        .into_iter()
        .map(|ApprovedDirectory { id, name, approved_at }| {
            // The id adds nothing to a name that is the id.
            let id = (id != name).then(|| view! { " " <code>{id}</code> });
            view! {
                <li>
                    <p><bdi>{name}</bdi> {id}</p>
                    <p class="soft note">"Proved by a sign-in on " <Moment at=approved_at /></p>
                </li>
            }
        })
        .collect_view();
    let list = (!is_empty).then(|| view! { <ul class="stack" role="list">{items}</ul> });
    let next = next.map(|next| (format!("{here}?company={next}"), "Next page"));
    let first = (!is_first).then_some((here, "First page"));
    view! {
        <section class="stack" aria-labelledby="companies-title">
            <h2 id="companies-title">"Approved companies"</h2>
            <p class="soft">
                {format!(
                    "Companies for which you made a link, and of which a user has connected a mailbox since then. \
                     {provider}’s report of an approval alone is no proof."
                )}
            </p>
            {none}
            {list}
            <Pager first=first next=next />
        </section>
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{accounts::service::consent_links::ConsentLinkId, platform::id::OrganisationId};

    #[test]
    fn each_state_has_words_and_only_a_proved_approval_is_good() {
        let now = Timestamp::from_micros(1_795_417_030_000_000);
        let link = ConsentLink {
            id: ConsentLinkId(Uuid::from_u128(1)),
            organisation: OrganisationId(Uuid::from_u128(2)),
            connector: ConnectorId(Uuid::from_u128(3)),
            client_id: String::new(),
            directory: String::new(),
            directory_name: "fabrikam.test".to_owned(),
            made_by: None,
            made_by_version: 0,
            created_at: now,
            expires_at: now,
            reported_at: None,
            approved_at: None,
            revoked_at: None,
            revoked_why: Some(LinkEnd::MakerMayNot),
        };
        for (state, words, is_good, has_meaning) in [
            (ConsentLinkState::Open, "Open", false, false),
            (ConsentLinkState::Reported(now), "Approval reported", false, true),
            (ConsentLinkState::Approved(now), "Approved", true, true),
            (ConsentLinkState::Expired, "Expired", false, false),
            (ConsentLinkState::Revoked, "Revoked", false, true),
        ] {
            let shown = StateWords::of(&link, state);
            assert_eq!((shown.words, shown.tone == Tone::Good), (words, is_good), "{state:?}");
            assert_eq!(shown.meaning.is_some(), has_meaning, "{state:?}");
        }
    }
}
