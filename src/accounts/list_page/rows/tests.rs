//! A row has the account's state and the one next step, and a viewer gets no link to it.

use clap::Parser;
use time::Duration;
use uuid::Uuid;

use super::*;
use crate::{
    accounts::{
        model::StateReason,
        service::{AccountId, Paused},
    },
    platform::id::OrganisationId,
    providers::{ProviderOptions, ProviderWords},
};

const NOW: Timestamp = Timestamp::from_micros(1_795_417_030_000_000);
const CONNECTOR: ConnectorId = ConnectorId(Uuid::from_u128(3));

/// The settings of all providers, which are not set here.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    providers: ProviderOptions,
}

fn account(state: AccountState, reason: Option<StateReason>) -> Account {
    Account {
        id: AccountId(Uuid::from_u128(1)),
        organisation: OrganisationId(Uuid::from_u128(2)),
        provider: "outlook".to_owned(),
        subject: "subject".to_owned(),
        connector: CONNECTOR,
        email: "alice@contoso.test".to_owned(),
        name: "Alice <Meier>".to_owned(),
        reference: None,
        state,
        reason,
        provider_words: reason.map(|_| ProviderWords::default().with_codes([70_043])),
        state_since: NOW.minus(Duration::days(2)),
        failures: 0,
        paused: None,
        signed_in_at: NOW.minus(Duration::days(100)),
        created_at: NOW.minus(Duration::days(100)),
        version: 1,
    }
}

fn html(account: &Account, admin: bool) -> String {
    let providers = Line::parse_from(["mail360"]).providers.check().expect("sound settings");
    let provider = providers.find("outlook").expect("the provider").clone();
    let connector = ConnectorChoice { id: CONNECTOR, service_name: "Mail archive".to_owned(), provider };
    let names = HashMap::from([(CONNECTOR, connector)]);
    let mut html = Markup::default();
    write_row(
        &mut html,
        account,
        false,
        &RowContext { names: &names, providers: &providers, now: NOW, admin },
    );
    html.into_string()
}

#[test]
fn a_row_has_the_reason_and_one_step_only_if_the_account_needs_something() {
    let row = html(&account(AccountState::NeedsSignIn, Some(StateReason::GrantRefused)), true);
    for words in [
        "href=\"/accounts/00000000-0000-0000-0000-000000000001\"",
        "alice@contoso.test",
        "Alice &lt;Meier&gt;",
        "Mail archive",
        "Needs sign-in",
        "A rule of the company has ended the access.",
        "Began 2 days ago",
        "/accounts/00000000-0000-0000-0000-000000000001/link\">Make a link to sign in again",
        "15 Aug 2026",
    ] {
        assert!(row.contains(words), "{words:?} is not in {row}");
    }
    let row = html(&account(AccountState::Connected, None), true);
    assert!(
        row.contains("Connected") && !row.contains("Make a link") && !row.contains("2 days ago"),
        "{row}"
    );
    let paused =
        Account { paused: Some(Paused { at: NOW, by: None }), ..account(AccountState::Connected, None) };
    let row = html(&paused, true);
    let (before, _) = row.split_once("Connected</").expect("its state");
    assert!(before.contains("Paused</"), "{row}");
}

#[test]
fn i4_a_viewer_sees_the_email_and_the_state_and_no_link_to_the_account() {
    let row = html(&account(AccountState::NeedsSignIn, Some(StateReason::GrantRefused)), false);
    assert!(row.contains("alice@<wbr>contoso.test") && row.contains("Needs sign-in"), "{row}");
    assert!(!row.contains("/accounts/"), "{row}");
}
