//! The history tells each event once, in words, newest first.

use clap::Parser;

use super::*;
use crate::{
    activity::model::{ActivityPosition, By, Detail},
    people::model::UserLabel,
    platform::id::{ApiClientId, UserId},
    providers::ProviderOptions,
};

const NOW: Timestamp = Timestamp::from_micros(1_795_417_030_000_000);
const ADA: UserId = UserId(Uuid::from_u128(1));
const CRM: ApiClientId = ApiClientId(Uuid::from_u128(2));

/// The settings of all providers, which are not set here.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    providers: ProviderOptions,
}

fn provider() -> SharedProvider {
    let providers = Line::parse_from(["mail360"]).providers.check().expect("sound settings");
    providers.find("outlook").expect("the provider").clone()
}

fn entry(minutes_ago: i64, kind: HistoryKind, detail: &str) -> HistoryEntry {
    let at = NOW.minus(Duration::minutes(minutes_ago));
    HistoryEntry { id: Uuid::nil(), at, kind, detail: detail.to_owned() }
}

fn recorded_action(minutes_ago: i64, action: Action) -> Recorded {
    Recorded {
        position: ActivityPosition { at: NOW.minus(Duration::minutes(minutes_ago)), id: Uuid::nil() },
        by: By::User(ADA),
        address: None,
        action: Some(action),
        entity: "alice@contoso.test".to_owned(),
        outcome: "done".to_owned(),
        detail: Detail::None,
        request_id: None,
        count: 1,
    }
}

/// Ada, and the API client CRM.
fn names() -> UserNames {
    let ada = UserLabel { name: "Ada".to_owned(), email: "ada@contoso.test".to_owned() };
    UserNames::of_labels(HashMap::from([(ADA, ada)])).with_clients(vec![(CRM, "CRM".to_owned())])
}

/// The lines as texts, with their notes.
fn texts(lines: &[HistoryLine]) -> Vec<String> {
    let text = |line: &HistoryLine| {
        let words = match &line.what {
            What::Event { words, .. } => words.clone(),
            What::Action(who, sentence) => format!("{} {}", who.name, sentence.verb),
        };
        match &line.note {
            Some(note) => format!("{words}: {note}"),
            None => words,
        }
    };
    lines.iter().map(text).collect()
}

#[test]
fn an_action_of_an_administrator_is_shown_once_and_with_its_author() {
    let events = [
        entry(1, HistoryKind::Paused, "{}"),
        entry(2, HistoryKind::Refreshed, "{}"),
        // A year ago: the activity has forgotten it.
        entry(525_600, HistoryKind::Paused, "{}"),
        entry(525_601, HistoryKind::SignedIn, "{}"),
    ];
    let activity = vec![
        recorded_action(0, Action::AccountTested),
        recorded_action(1, Action::AccountPaused),
        recorded_action(525_601, Action::AccountConnected),
    ];
    let lines = merge(&events, activity, &HashMap::new(), &names(), &provider());
    assert_eq!(
        texts(&lines),
        [
            "Ada tested the access to",
            "Ada paused the account",
            "Refreshed",
            "Paused",
            "The owner of the mailbox signed in",
        ]
    );
    let days: Vec<_> = by_day(lines, NOW, |line| line.at)
        .into_iter()
        .map(|(heading, lines)| (heading, lines.len()))
        .collect();
    assert_eq!(days, [("Today, 23 Nov 2026".to_owned(), 3), ("23 Nov 2025".to_owned(), 2)]);
}

#[test]
fn an_action_of_an_api_client_has_its_name() {
    let by_client = |client| Recorded { by: By::Client(client), ..recorded_action(1, Action::AccountPaused) };
    let events = [entry(1, HistoryKind::Paused, "{}")];
    for (client, name) in [(CRM, "CRM (API client)"), (ApiClientId(Uuid::nil()), "An API client")] {
        let lines = merge(&events, vec![by_client(client)], &HashMap::new(), &names(), &provider());
        assert_eq!(texts(&lines), [format!("{name} paused the account")]);
    }
}

#[test]
fn a_failure_has_its_reason_and_the_providers_code_in_words() {
    let from = Uuid::from_u128(5);
    let moved = format!(r#"{{"from":"{from}","to":"{}"}}"#, Uuid::from_u128(6));
    let events = [
        entry(1, HistoryKind::RefreshFailed, r#"{"reason":"grant_refused","codes":[70043]}"#),
        entry(2, HistoryKind::StateChanged, r#"{"state":"needs_sign_in","reason":"interrupted"}"#),
        entry(3, HistoryKind::Moved, &moved),
        entry(4, HistoryKind::StateChanged, r#"{"state":"of_a_newer_version","reason":"unknown"}"#),
        entry(5, HistoryKind::RefreshFailed, "not JSON"),
        entry(6, HistoryKind::StateChanged, r#"{"state":"connected","reason":"unknown","of_later":[1]}"#),
    ];
    let provider = provider();
    let connector = ConnectorChoice {
        id: ConnectorId(from),
        service_name: "Mail archive".to_owned(),
        provider: provider.clone(),
    };
    let connectors = HashMap::from([(connector.id, connector)]);
    let lines = merge(&events, Vec::new(), &connectors, &names(), &provider);
    let texts = texts(&lines);
    for (at, begins, has) in [
        (0, "A refresh failed: Microsoft has ended the access.", "(AADSTS70043)."),
        (1, "Needs sign-in: Interrupted during a refresh", "stopped"),
        (2, "Moved from Mail archive to a deleted connector", ""),
        (3, "Another state", ""),
        (4, "A refresh failed", ""),
        (5, "Connected", ""),
    ] {
        let text = texts.get(at).expect("a line");
        assert!(text.starts_with(begins) && text.contains(has), "{text}");
    }
    assert_eq!(connectors_of(&events), [ConnectorId(from), ConnectorId(Uuid::from_u128(6))]);
    let (words, at) = last_code(&events, &provider).expect("a code");
    assert_eq!(words, "A rule of the company has ended the access (AADSTS70043)");
    assert_eq!(at, NOW.minus(Duration::minutes(1)));
}

#[test]
fn a_wait_that_is_longer_than_the_program_keeps_is_shown() {
    for (seconds, shown) in [
        (120, None),
        (3_600, None),
        (5_400, Some("Microsoft wants no request for 1 h 30 min. The program tries again after 1 hour.")),
        (7_200, Some("Microsoft wants no request for 2 hours. The program tries again after 1 hour.")),
        (86_400, Some("Microsoft wants no request for 24 hours. The program tries again after 1 hour.")),
    ] {
        let detail = format!(r#"{{"reason":"throttled","retry_after":{seconds}}}"#);
        let failed = entry(1, HistoryKind::RefreshFailed, &detail);
        let lines = texts(&merge(&[failed], Vec::new(), &HashMap::new(), &names(), &provider()));
        let note = "A refresh failed: Microsoft gets too many requests at present.";
        let expected = shown.map_or_else(|| note.to_owned(), |shown| format!("{note} {shown}"));
        assert_eq!(lines, [expected], "{seconds}");
    }
}
