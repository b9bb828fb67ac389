//! `/connectors/{id}/links`: the connect links of a connector, newest first, without their addresses. Open ones can be
//! revoked.

use axum::{
    Extension,
    extract::{Path, Query, State},
    response::Redirect,
};
use leptos::prelude::*;
use serde::Deserialize;

use super::service::links::{
    ConnectLinks, Link, LinkEnd, LinkFilter, LinkId, LinkPage, LinkSource, LinkState, ListedLink,
};
use crate::{
    connectors::service::{Connector, ConnectorId, ConnectorService},
    people::access::Member,
    platform::{failure::Failure, page::Page},
    ui::{
        email::EmailText,
        table::{Pager, Table},
        widgets::{Back, Badge, Moment, Tone},
    },
};

/// The query of the page.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct LinksQuery {
    /// The position after which the page begins. An invalid one shows the first page.
    #[serde(default)]
    after: String,
}

/// `GET /connectors/{id}/links`.
pub async fn show(
    State(connectors): State<ConnectorService>,
    State(links): State<ConnectLinks>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
    Query(LinksQuery { after }): Query<LinksQuery>,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let caller = member.admin()?.caller();
    let connector = connectors.get(&caller, id).await?;
    let after = after.parse().ok();
    let filter = LinkFilter { connector: Some(id), ..LinkFilter::default() };
    let page = links.list(&caller, filter, after).await?;
    let is_first = after.is_none();
    let title = format!("Links · {}", connector.service_name.as_str());
    Ok(Page::new(title, move || {
        view! { <LinksPage connector=connector page=page is_first=is_first /> }.into_any()
    }))
}

/// `POST /connectors/{id}/links/{link}/revoke`. A link that has ended in the meantime stays as it is, and the page says
/// how it ended.
pub async fn revoke(
    State(links): State<ConnectLinks>,
    Extension(member): Extension<Member>,
    Path((id, link)): Path<(String, String)>,
) -> Result<Redirect, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let link: LinkId = link.parse().map_err(|_| Failure::NotFound)?;
    links.revoke(&member.admin()?, link).await?;
    Ok(Redirect::to(&format!("/connectors/{id}/links")))
}

#[component]
fn LinksPage(connector: Connector, page: LinkPage, is_first: bool) -> impl IntoView {
    let here = format!("/connectors/{}", connector.id);
    let LinkPage { links, next } = page;
    let add = format!("/accounts/new?connector={}", connector.id);
    let content = if links.is_empty() {
        let words = if is_first {
            "No link of this connector is stored. A link lets a person connect a mailbox without a user here."
        } else {
            "There are no more links."
        };
        view! { <p class="soft">{words}</p> }.into_any()
    } else {
        let rows = links
            .into_iter()
            .map(|link| view! { <LinkRow link=link connector=connector.id /> })
            .collect_view();
        view! {
            <Table
                caption="Connect links, newest first"
                kind="links"
                columns=&["For", "State", "Made", "End"]
            >
                {rows}
            </Table>
        }
        .into_any()
    };
    let next = next.map(|next| (format!("{here}/links?after={next}"), "Next page"));
    let first = (!is_first).then(|| (format!("{here}/links"), "First page"));
    view! {
        <div class="stack list-page">
            <div class="head">
                <div>
                    <Back to=here what=connector.service_name.as_str() />
                    <h1>"Links"</h1>
                    <p class="soft">"A link is kept for 90 days after its end. Its address was shown once."</p>
                </div>
                <a class="button primary" href=add>"Make a link"</a>
            </div>
            {content}
            <Pager first=first next=next />
        </div>
    }
}

/// The state of a link with its meaning, and how it ended.
fn state_words(link: &Link, state: LinkState) -> (Tone, &'static str, Option<&'static str>) {
    match state {
        LinkState::Open => (Tone::Info, "Open", None),
        LinkState::Used => (Tone::Good, "Used", None),
        LinkState::Expired => (Tone::Idle, "Expired", None),
        LinkState::Revoked => (Tone::Idle, "Revoked", link.revoked_why.and_then(LinkEnd::words)),
    }
}

#[component]
fn LinkRow(link: ListedLink, connector: ConnectorId) -> impl IntoView {
    let ListedLink { link, state, maker, confirm_until } = link;
    let (tone, words, why) = state_words(&link, state);
    let email = link.expected_email.clone();
    let what = email.clone().unwrap_or_else(|| "any mailbox".to_owned());
    let account = link.result.or(link.account);
    let account = account.map(|id| {
        view! {
            <p class="note">
                <a href=format!("/accounts/{id}")>"Open the account"<span class="unseen">": " {what.clone()}</span></a>
            </p>
        }
    });
    let whom = match (email, link.account) {
        (Some(email), _) => view! { <EmailText email=email /> }.into_any(),
        (None, Some(_)) => "An account of this connector, to sign in again".into_any(),
        (None, None) => "Any mailbox".into_any(),
    };
    let maker = match (maker, link.source) {
        (Some(maker), _) => view! { <p class="soft note">"by " <bdi>{maker}</bdi></p> }.into_any(),
        (None, LinkSource::Api) => view! { <p class="soft note">"by a program"</p> }.into_any(),
        (None, LinkSource::Console) => view! { <p class="soft note">"by a deleted user"</p> }.into_any(),
    };
    let waits = confirm_until.map(|at| {
        view! {
            <p class="note">"Waiting for your software to confirm the mailbox, until " <Moment at=at /></p>
        }
    });
    // A link that was used or revoked ended then, not at its expiry.
    let end = link.used_at.or(link.revoked_at).map_or(link.expires_at, |at| at.min(link.expires_at));
    let revoke = (state == LinkState::Open || (state == LinkState::Expired && confirm_until.is_some())).then(|| {
        let to = format!("/connectors/{connector}/links/{}/revoke", link.id);
        view! {
            <form method="post" action=to>
                <button class="button small">"Revoke"<span class="unseen">" the link for " {what}</span></button>
            </form>
        }
    });
    view! {
        <tr role="row">
            <th scope="row" role="rowheader"><div>{whom} {account}</div></th>
            <td role="cell" data-label="State">
                <div>
                    <p><Badge tone=tone words=words /></p>
                    {why.map(|why| view! { <p class="soft note">{why}</p> })}
                    {waits}
                    {revoke}
                </div>
            </td>
            <td role="cell" data-label="Made"><div><p><Moment at=link.created_at /></p> {maker}</div></td>
            <td role="cell" data-label="End"><div><p><Moment at=end /></p></div></td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::platform::{clock::Timestamp, id::OrganisationId};

    #[test]
    fn each_end_of_a_link_has_words_and_only_an_open_one_is_open() {
        let now = Timestamp::from_micros(1_795_417_030_000_000);
        let link = |revoked_why: Option<LinkEnd>| Link {
            id: LinkId(Uuid::from_u128(1)),
            organisation: OrganisationId(Uuid::from_u128(2)),
            connector: ConnectorId(Uuid::from_u128(3)),
            account: None,
            account_connector: None,
            expected_email: None,
            name: None,
            reference: None,
            return_address: None,
            return_address_id: None,
            needs_confirmation: false,
            state: None,
            made_by: None,
            made_by_version: 0,
            client: None,
            source: LinkSource::Console,
            attempts: 0,
            created_at: now,
            expires_at: now,
            used_at: None,
            revoked_at: revoked_why.map(|_| now),
            revoked_why,
            result: None,
        };
        let words = |why, state| {
            let (_, words, why) = state_words(&link(why), state);
            (words, why.is_some())
        };
        assert_eq!(words(None, LinkState::Open), ("Open", false));
        assert_eq!(words(None, LinkState::Used), ("Used", false));
        assert_eq!(words(Some(LinkEnd::Expired), LinkState::Expired), ("Expired", false));
        assert_eq!(words(Some(LinkEnd::Withdrawn), LinkState::Revoked), ("Revoked", false));
        let ends =
            [LinkEnd::MakerMayNot, LinkEnd::MakerLoggedOut, LinkEnd::EndedByOperator, LinkEnd::ClientRevoked];
        for why in ends {
            assert_eq!(words(Some(why), LinkState::Revoked), ("Revoked", true), "{why:?}");
        }
    }
}
