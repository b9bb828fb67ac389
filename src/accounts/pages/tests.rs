//! Every state and every reason has its words, and no sentence of one provider is another's.

use clap::Parser;
use strum::VariantArray;

use super::*;
use crate::{
    accounts::service::AccountId,
    connectors::service::ConnectorId,
    platform::{clock::Timestamp, id::OrganisationId},
    providers::{ProviderOptions, ProviderWords},
};

/// The settings of all providers, which are not set here.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    providers: ProviderOptions,
}

static NAMES: Names = Names {
    service: "Mail",
    mailboxes: "",
    image: "/mail.svg",
    provider: "Contoso Mail",
    console: "the console",
    application: "application",
    administrator: "Contoso Mail administrator",
    redirect_uris: "",
    redirect_uri_misplaced: "",
    choice: "",
    directory: "Directory",
    permissions_page: "",
    approve_button: "",
    error_line: "",
    error_place: "",
};

#[test]
fn each_state_has_words_and_one_next_step() {
    use NextStep as Next;
    for (state, words, next) in [
        (AccountState::Connected, "Connected", Next::None),
        (AccountState::Retrying, "Retrying", Next::None),
        (AccountState::WaitingForConnector, "Waiting for the connector", Next::OpenConnector),
        (AccountState::WaitingForCompany, "Waiting for their company", Next::SignIn),
        (AccountState::NeedsAttention, "Needs attention", Next::TryAgain),
        (AccountState::NeedsSignIn, "Needs sign-in", Next::SignIn),
        (AccountState::Disconnected, "Disconnected", Next::SignIn),
    ] {
        assert_eq!((state.words(), state.next_step()), (words, next));
        assert_eq!(outlook_words(state, &NAMES).is_none(), state == AccountState::Connected);
    }
    for state in AccountState::VARIANTS {
        let is_good = *state == AccountState::Connected;
        assert_eq!(state.tone() == Tone::Good, is_good, "{state:?}");
    }
}

#[test]
fn each_reason_is_one_or_two_sentences_of_its_own() {
    let all: Vec<_> = StateReason::VARIANTS.iter().map(|reason| reason_words(*reason, &NAMES)).collect();
    for (at, words) in all.iter().enumerate() {
        assert!(words.ends_with('.') && words.len() < 130, "{words}");
        assert!(!all.iter().skip(at + 1).any(|other| other == words), "twice: {words}");
        assert!(!words.contains("token") && !words.contains("Microsoft"), "{words}");
    }
    assert!(reason_words(StateReason::Slow, &NAMES).starts_with("Contoso Mail "));
    assert!(reason_words(StateReason::ApplicationChanged, &NAMES).starts_with("The application changed"));
    assert!(reason_words(StateReason::Interrupted, &NAMES).starts_with("Interrupted during a refresh"));
}

fn account(state: AccountState, reason: StateReason, codes: &[u64]) -> Account {
    let now = Timestamp::from_micros(1_795_417_030_000_000);
    Account {
        id: AccountId(uuid::Uuid::from_u128(1)),
        organisation: OrganisationId(uuid::Uuid::from_u128(2)),
        provider: "outlook".to_owned(),
        subject: "subject".to_owned(),
        connector: ConnectorId(uuid::Uuid::from_u128(3)),
        email: "alice@contoso.test".to_owned(),
        name: String::new(),
        reference: None,
        state,
        reason: Some(reason),
        provider_words: Some(ProviderWords::default().with_codes(codes.iter().copied())),
        state_since: now,
        failures: 0,
        paused: None,
        signed_in_at: now,
        created_at: now,
        version: 1,
    }
}

#[test]
fn the_providers_own_code_gives_the_reason_of_an_ended_grant_more_exact_words() {
    let providers = Line::parse_from(["mail360"]).providers.check().expect("sound settings");
    let line = |account: &Account| {
        let provider = provider_of(account, &providers).expect("the provider");
        reason_line(account, &provider)
    };
    let refused = |codes: &[u64]| account(AccountState::NeedsSignIn, StateReason::GrantRefused, codes);
    assert_eq!(line(&refused(&[50_173])).as_deref(), Some("The access was withdrawn."));
    assert_eq!(line(&refused(&[700_082])).as_deref(), Some("The access was not used for too long."));
    let without = line(&refused(&[])).expect("a reason");
    assert!(without.starts_with("Microsoft has ended the access."), "{without}");
    // A code of an outage says nothing about the grant.
    let slow = account(AccountState::Retrying, StateReason::Slow, &[50_173]);
    assert_eq!(line(&slow).as_deref(), Some("Microsoft does not answer in time."));
    let unknown = Account { provider: "other".to_owned(), ..refused(&[]) };
    assert!(provider_of(&unknown, &providers).is_err());
}

#[test]
fn a_number_is_shown_up_to_the_greatest_one_that_is_counted() {
    assert_eq!([0, 12, 1_000, 1_001].map(count_words), ["0", "12", "1,000", "1,000+"]);
}
