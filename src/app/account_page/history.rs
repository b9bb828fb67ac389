//! The history of an account: its sign-ins, refreshes and changes of state, and what administrators did, in one list.

use std::collections::HashMap;

use leptos::prelude::*;
use time::Duration;
use uuid::Uuid;

use crate::{
    accounts::{
        model::{AccountState, HistoryDetail, HistoryKind},
        pages::reason_words,
        service::{HistoryEntry, grants::MAX_THROTTLE},
    },
    activity::model::{Action, Recorded},
    app::{
        logs::by_day,
        recorded::{self, Author, EntrySentence, Sentence, UserNames},
    },
    connectors::service::{ConnectorChoice, ConnectorId},
    platform::clock::Timestamp,
    providers::{ErrorCode, ProviderWords, SharedProvider},
    ui::widgets::{Badge, Tone},
};

/// Number of lines that are shown at first.
const NEWEST: usize = 10;

/// What administrators do to an account. Everything else is in the account's own history.
const OF_ADMINISTRATORS: [Action; 6] = [
    Action::AccountPaused,
    Action::AccountResumed,
    Action::AccountDisconnected,
    Action::AccountTriedAgain,
    Action::AccountTested,
    Action::AccountRefused,
];

/// A line of the history.
#[derive(Clone, Debug)]
pub struct HistoryLine {
    at: Timestamp,
    what: What,
    /// The reason or another explanation.
    note: Option<String>,
}

#[derive(Clone, Debug)]
enum What {
    /// The account's own event.
    Event { tone: Option<Tone>, words: String },
    /// An action of a user, of an API client, or of a person with a link.
    Action(Author, Sentence),
}

/// The provider's own code of an entry.
fn code_of(detail: &HistoryDetail, provider: &SharedProvider) -> Option<ErrorCode> {
    if detail.codes.is_empty() {
        return None;
    }
    provider.code(&ProviderWords::default().with_codes(detail.codes.iter().copied()))
}

/// A wait that the provider wants, if it is longer than the one that is kept.
fn wait_words(seconds: u64, provider: &str) -> Option<String> {
    let minutes = seconds.div_ceil(60);
    let longest = u64::try_from(MAX_THROTTLE.whole_minutes()).unwrap_or_default();
    let kept = "The program tries again after 1 hour.";
    (minutes > longest).then(|| match (minutes / 60, minutes % 60) {
        (hours, 0) => format!("{provider} wants no request for {hours} hours. {kept}"),
        (hours, minutes) => format!("{provider} wants no request for {hours} h {minutes} min. {kept}"),
    })
}

/// A provider's own code, after its explanation if this program has one.
fn code_words(code: ErrorCode) -> String {
    let ErrorCode { text, diagnosis, .. } = code;
    match diagnosis {
        Some(diagnosis) => format!("{} ({text})", diagnosis.title),
        None => text,
    }
}

/// The connectors that the entries name.
pub fn connectors_of(entries: &[HistoryEntry]) -> Vec<ConnectorId> {
    let moves = entries.iter().filter(|entry| entry.kind == HistoryKind::Moved);
    let details = moves.map(HistoryEntry::read_detail);
    let mut all: Vec<_> = details.flat_map(|it| [it.from, it.to]).flatten().map(ConnectorId).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The provider's own code of the newest failure that has one, in words, and when that was.
pub fn last_code(entries: &[HistoryEntry], provider: &SharedProvider) -> Option<(String, Timestamp)> {
    let mut failures = entries.iter().filter(|entry| entry.kind == HistoryKind::RefreshFailed);
    failures
        .find_map(|entry| code_of(&entry.read_detail(), provider).map(|code| (code_words(code), entry.at)))
}

/// The meaning of an entry, its words and its note.
fn words_of(
    entry: &HistoryEntry,
    moves: &HashMap<ConnectorId, ConnectorChoice>,
    provider: &SharedProvider,
) -> (Option<Tone>, String, Option<String>) {
    let detail = entry.read_detail();
    let reason = || {
        let reason = detail.reason.map(|reason| reason_words(reason, provider.names()));
        let code = code_of(&detail, provider).map(|code| format!("{}.", code_words(code)));
        let wait = detail.retry_after.and_then(|seconds| wait_words(seconds, provider.names().provider));
        let parts: Vec<_> = [reason, code, wait].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    let name = |id: Option<Uuid>| {
        let found = id.and_then(|id| moves.get(&ConnectorId(id)));
        found.map_or_else(|| "a deleted connector".to_owned(), |connector| connector.service_name.clone())
    };
    match entry.kind {
        HistoryKind::SignedIn => (Some(Tone::Good), "The owner of the mailbox signed in".to_owned(), None),
        HistoryKind::Refreshed => (None, "Refreshed".to_owned(), None),
        HistoryKind::RefreshFailed => (Some(Tone::Warn), "A refresh failed".to_owned(), reason()),
        HistoryKind::StateChanged => {
            let state = detail.state.as_deref().and_then(AccountState::from_name);
            let words = state.map_or("Another state", AccountState::words);
            (state.map(AccountState::tone), words.to_owned(), reason())
        }
        HistoryKind::Moved => {
            (None, format!("Moved from {} to {}", name(detail.from), name(detail.to)), None)
        }
        HistoryKind::Paused => (None, "Paused".to_owned(), None),
        HistoryKind::Resumed => (None, "Resumed".to_owned(), None),
        HistoryKind::Disconnected => (None, "Disconnected".to_owned(), None),
    }
}

/// The action that the activity records together with an entry of this kind.
const fn action_of(kind: HistoryKind) -> Option<Action> {
    match kind {
        HistoryKind::Paused => Some(Action::AccountPaused),
        HistoryKind::Resumed => Some(Action::AccountResumed),
        HistoryKind::Disconnected => Some(Action::AccountDisconnected),
        _ => None,
    }
}

/// The account's own history and the activity about it as one list, newest first. What both have is shown once, with
/// its author.
pub fn merge(
    entries: &[HistoryEntry],
    activity: Vec<Recorded>,
    moves: &HashMap<ConnectorId, ConnectorChoice>,
    names: &UserNames,
    provider: &SharedProvider,
) -> Vec<HistoryLine> {
    let is_listed = |action: Action| OF_ADMINISTRATORS.contains(&action);
    let entries_of_activity: Vec<_> =
        activity.into_iter().filter(|entry| entry.action.is_some_and(is_listed)).collect();
    let has_author = |entry: &HistoryEntry| {
        let Some(action) = action_of(entry.kind) else { return false };
        entries_of_activity.iter().any(|it| {
            let distance = it.position.at.since(entry.at).abs();
            it.action == Some(action) && distance < Duration::minutes(1)
        })
    };
    let own = entries.iter().filter(|&entry| !has_author(entry)).map(|entry| {
        let (tone, words, note) = words_of(entry, moves, provider);
        HistoryLine { at: entry.at, what: What::Event { tone, words }, note }
    });
    let mut lines: Vec<_> = own.collect();
    lines.extend(entries_of_activity.iter().map(|entry| HistoryLine {
        at: entry.position.at,
        what: What::Action(names.author_of(entry), recorded::sentence(entry)),
        note: None,
    }));
    // Stable: of the same moment, the account's own order stays.
    lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    lines
}

fn draw_line(line: HistoryLine) -> impl IntoView {
    let HistoryLine { at, what, note } = line;
    let words = match what {
        What::Event { tone: Some(tone), words } => view! { <Badge tone=tone words=words /> }.into_any(),
        What::Event { tone: None, words } => view! { <bdi>{words}</bdi> }.into_any(),
        What::Action(author, sentence) => {
            view! { <EntrySentence author=author sentence=sentence /> }.into_any()
        }
    };
    let note = note.map(|note| view! { <p class="soft note">{note}</p> });
    view! {
        <li>
            <p><time datetime=at.for_machines()>{at.minute_of_day()}</time> " " {words}</p>
            {note}
        </li>
    }
}

fn draw_days(lines: Vec<HistoryLine>, now: Timestamp) -> impl IntoView {
    by_day(lines, now, |line| line.at)
        .into_iter()
        .map(|(heading, lines)| {
            let lines = lines.into_iter().map(draw_line).collect_view();
            view! {
                <h3>{heading}</h3>
                <ol class="events" role="list">{lines}</ol>
            }
        })
        .collect_view()
}

/// The history, newest first.
#[component]
pub(super) fn AccountHistory(lines: Vec<HistoryLine>, now: Timestamp) -> impl IntoView {
    let mut lines = lines;
    let earlier = lines.split_off(lines.len().min(NEWEST));
    let earlier = (!earlier.is_empty()).then(|| {
        view! {
            <details class="disclosure">
                <summary>"Show all"</summary>
                <div class="stack">{draw_days(earlier, now)}</div>
            </details>
        }
    });
    view! {
        <section class="stack account-history" aria-labelledby="history-title">
            <h2 id="history-title">"History"</h2>
            <p class="soft note">"Sign-ins, changes, and the latest 10 refreshes. All times are in UTC."</p>
            {draw_days(lines, now)}
            {earlier}
        </section>
    }
}

#[cfg(test)]
mod tests;
