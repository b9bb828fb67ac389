//! The accounts of a connector on its page: how many are in which state, how many have not granted a permission, the
//! links that are open, and the approvals of companies.

use leptos::prelude::*;

use crate::{
    accounts::{
        model::AccountState,
        pages::{StateBadge, count_words},
        service::{AccountId, consent_links::ConsentCounts, grants::LackingPermissions},
    },
    connectors::{model::ConnectorState, service::Connector},
    ui::{
        email::EmailText,
        numbers::grouped,
        widgets::{Notice, Tone},
    },
};

/// Numbers of open links are counted up to one more than this.
pub const MAX_LINKS: u64 = 100;

/// The accounts of a connector.
#[derive(Clone)]
pub struct ConnectorAccounts {
    /// The numbers of accounts by state.
    pub counts: Vec<(AccountState, u64)>,
    /// What only administrators see.
    pub for_admins: Option<LinksAndPermissions>,
}

/// The open links of a connector, and the accounts that lack a permission.
#[derive(Clone)]
pub struct LinksAndPermissions {
    /// Number of open links, at most one more than [`MAX_LINKS`].
    pub open_links: u64,
    pub lacking: LackingPermissions,
    /// Some of these accounts with their emails, by email.
    pub to_ask: Vec<(AccountId, String)>,
    /// Consent links and approved companies, each at most one more than [`MAX_LINKS`]; `None` if the connector's settings
    /// offer no approval of a company.
    pub approvals: Option<ConsentCounts>,
}

/// How many accounts have not granted all permissions; `None` if all have.
fn lacking_words(lacking: &LackingPermissions) -> Option<String> {
    let number = grouped(lacking.accounts);
    Some(match (lacking.accounts, lacking.is_partial) {
        (0, _) => return None,
        (1, false) => "1 account has not granted all permissions of this connector.".to_owned(),
        (_, false) => format!("{number} accounts have not granted all permissions of this connector."),
        (1, true) => "At least 1 account has not granted all permissions of this connector.".to_owned(),
        (_, true) => {
            format!("At least {number} accounts have not granted all permissions of this connector.")
        }
    })
}

/// Each permission that accounts lack, in words, and how many of the compared accounts lack it.
fn lacked(connector: &Connector, lacking: LackingPermissions) -> impl IntoView + use<> {
    let known = connector.provider.permissions();
    let items = lacking.each.into_iter().map(|(scope, accounts)| {
        let allows = known.iter().find(|known| known.name == scope).map_or("", |known| known.allows);
        let noun = if accounts == 1 { "account" } else { "accounts" };
        let number = format!(": {} {noun}", grouped(accounts));
        view! { <li>{allows} " " <code>{scope}</code> {number}</li> }
    });
    view! { <ul class="list">{items.collect_view()}</ul> }
}

/// The accounts of which another sign-in can ask for the permissions.
fn draw_accounts_to_ask(to_ask: Vec<(AccountId, String)>) -> impl IntoView {
    let items = to_ask.into_iter().map(|(account, email)| {
        let to = format!("/accounts/{account}/link");
        let of = format!(" for {email}");
        view! {
            <li>
                <EmailText email=email />
                " "
                <a href=to>"Ask again"<span class="unseen">{of}</span></a>
            </li>
        }
    });
    view! { <ul class="list">{items.collect_view()}</ul> }
}

/// How many accounts need a sign-in.
fn sign_in_words(number: u64) -> String {
    if number == 1 {
        "1 account needs a sign-in.".to_owned()
    } else {
        format!("{} accounts need a sign-in.", count_words(number))
    }
}

/// The number of open links, for a link to their list.
fn links_words(number: u64) -> String {
    match number {
        0 => "Connect links: none open".to_owned(),
        number if number > MAX_LINKS => format!("Connect links: {MAX_LINKS}+ open"),
        number => format!("Connect links: {number} open"),
    }
}

/// The approvals of companies, for a link to their page.
fn approvals_words(ConsentCounts { open_links, approved }: ConsentCounts) -> String {
    let approved = match approved {
        0 => "Approvals of companies: none".to_owned(),
        number if number > MAX_LINKS => format!("Approvals of companies: {MAX_LINKS}+"),
        number => format!("Approvals of companies: {number}"),
    };
    match open_links {
        0 => approved,
        1 => format!("{approved}, 1 open link"),
        number if number > MAX_LINKS => format!("{approved}, {MAX_LINKS}+ open links"),
        number => format!("{approved}, {number} open links"),
    }
}

#[component]
pub(super) fn Accounts(connector: Connector, accounts: ConnectorAccounts) -> impl IntoView {
    let id = connector.id;
    let ConnectorAccounts { counts, for_admins } = accounts;
    let is_being_deleted = connector.deleted_at.is_some();
    let none = counts.is_empty().then(|| {
        let words = match (connector.state, for_admins.is_some()) {
            _ if is_being_deleted => "No account of this connector is left.",
            (_, false) => "No mailbox is connected through this connector.",
            (ConnectorState::Verified, true) => {
                "No mailbox is connected through this connector yet. Send a person a link, or connect your own."
            }
            (_, true) => "No mailbox is connected through this connector. Verify the connector first.",
        };
        view! { <p class="soft">{words}</p> }
    });
    let stopped = counts.iter().find(|(state, _)| *state == AccountState::NeedsSignIn).copied();
    // No link works any more: the accounts are deleted soon.
    let stopped = stopped.filter(|_| !is_being_deleted).map(|(state, number)| {
        let to = format!("/accounts?connector={id}&state={}", state.name());
        view! {
            <Notice tone=Tone::Warn>
                <p>{sign_in_words(number)} " " <a href=to>"Show these accounts"</a></p>
            </Notice>
        }
    });
    let states = counts
        .into_iter()
        .map(|(state, number)| {
            let to = format!("/accounts?connector={id}&state={}", state.name());
            let noun = if number == 1 { " account: " } else { " accounts: " };
            view! {
                <li>
                    <StateBadge state=state is_paused=false />
                    " "
                    <a href=to>{count_words(number)}<span class="unseen">{noun} {state.words()}</span></a>
                </li>
            }
        })
        .collect_view();
    let for_admins = for_admins.filter(|_| !is_being_deleted);
    let admin = for_admins.map(|LinksAndPermissions { open_links, lacking, to_ask, approvals }| {
        let words = lacking_words(&lacking);
        let has_others = lacking.accounts > to_ask.len() || lacking.is_partial;
        let lacked = lacked(&connector, lacking);
        let lacking = words.map(|words| {
            let to = format!("/accounts?connector={id}");
            let others = has_others.then(|| {
                view! {
                    <p>"To ask others again, " <a href=to>"open an account"</a> " and make a link."</p>
                }
            });
            view! {
                <Notice tone=Tone::Warn>
                    <p>{words}</p>
                    {lacked}
                    {draw_accounts_to_ask(to_ask)}
                    {others}
                </Notice>
            }
        });
        let add = (connector.state == ConnectorState::Verified).then(|| {
            view! { <a class="button" href=format!("/accounts/new?connector={id}")>"Add account"</a> }
        });
        let approvals = approvals.map(|counts| {
            view! { <a href=format!("/connectors/{id}/approvals")>{approvals_words(counts)}</a> }
        });
        view! {
            {lacking}
            <div class="row">
                {add}
                <a href=format!("/connectors/{id}/links")>{links_words(open_links)}</a>
                {approvals}
            </div>
        }
    });
    view! {
        <section class="card low" aria-labelledby="accounts-title">
            <h2 id="accounts-title">"Accounts"</h2>
            {none}
            {stopped}
            <ul class="state-counts" role="list">{states}</ul>
            {admin}
        </section>
    }
}

/// What a page of a connector says that is being deleted with its accounts.
#[component]
pub(super) fn BeingDeleted() -> impl IntoView {
    view! {
        <Notice tone=Tone::Warn title="Being deleted">
            <p>
                "This connector is out of use: no one can sign in with it, and your software has no access through it. \
                 Its accounts are removed in the background, and then the connector. This page disappears with it."
            </p>
        </Notice>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_without_a_permission_are_counted_as_far_as_they_were_compared() {
        let words = |accounts, is_partial| {
            lacking_words(&LackingPermissions { accounts, is_partial, ..LackingPermissions::default() })
        };
        assert_eq!(words(0, false), None);
        assert_eq!(words(0, true), None);
        for (accounts, is_partial, begins) in [
            (1, false, "1 account has not"),
            (12, false, "12 accounts have not"),
            (1, true, "At least 1 account has not"),
            (1_000, true, "At least 1,000 accounts have not"),
        ] {
            let words = words(accounts, is_partial).expect("words");
            assert!(words.starts_with(begins), "{words}");
        }
    }

    #[test]
    fn accounts_that_need_a_sign_in_are_counted() {
        let words = [1, 2, 1_000, 1_001].map(sign_in_words);
        let counts = ["1 account needs", "2 accounts need", "1,000 accounts need", "1,000+ accounts need"];
        assert_eq!(words, counts.map(|count| format!("{count} a sign-in.")));
    }

    #[test]
    fn the_approvals_of_companies_are_bounded_too() {
        let words = |open_links, approved| approvals_words(ConsentCounts { open_links, approved });
        assert_eq!(words(0, 0), "Approvals of companies: none");
        assert_eq!(words(1, 0), "Approvals of companies: none, 1 open link");
        assert_eq!(words(2, 1), "Approvals of companies: 1, 2 open links");
        assert_eq!(words(101, 101), "Approvals of companies: 100+, 100+ open links");
    }

    #[test]
    fn the_number_of_open_links_is_bounded() {
        let words = [0, 1, 2, 100, 101].map(links_words);
        assert_eq!(
            words,
            [
                "Connect links: none open",
                "Connect links: 1 open",
                "Connect links: 2 open",
                "Connect links: 100 open",
                "Connect links: 100+ open"
            ]
        );
    }
}
