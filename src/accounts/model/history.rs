//! The history of an account: kinds of entries, what they say, and which of them are kept.

use serde::{Deserialize, Deserializer};
use strum::{EnumString, IntoStaticStr, VariantArray};
use uuid::Uuid;

use super::StateReason;

/// Maximum number of entries of an account.
pub const MAX_ENTRIES: usize = 50;
/// Number of refreshes that are always among them: the newest ones. Of older refreshes only those are kept that came out
/// otherwise than the one before.
pub const KEPT_REFRESHES: usize = 10;

/// The kind of an entry in an account's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum HistoryKind {
    SignedIn,
    Refreshed,
    RefreshFailed,
    StateChanged,
    Moved,
    Paused,
    Resumed,
    Disconnected,
}

impl HistoryKind {
    /// The stored form.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Finds a kind by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Whether it is the result of a refresh.
    pub const fn is_refresh(self) -> bool {
        matches!(self, Self::Refreshed | Self::RefreshFailed)
    }
}

/// What an entry says besides its kind. Values that another version of the program wrote are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct HistoryDetail {
    /// Why a refresh failed, or the reason for a state.
    #[serde(deserialize_with = "read_known_reason")]
    pub reason: Option<StateReason>,
    /// The name of the new state.
    pub state: Option<String>,
    /// The provider's own codes.
    pub codes: Vec<u64>,
    /// The number of seconds that the provider wanted to wait.
    pub retry_after: Option<u64>,
    /// The connector before a move.
    pub from: Option<Uuid>,
    /// The connector after a move.
    pub to: Option<Uuid>,
}

/// Reads a reason; `None` for one that only another version of the program knows. The other values stay readable.
fn read_known_reason<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<StateReason>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

impl HistoryDetail {
    /// Reads the stored JSON object.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// The result of a refresh, for comparing it with the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryOutcome {
    pub kind: HistoryKind,
    /// Why the refresh failed.
    pub reason: Option<StateReason>,
}

/// Which entries of an account are kept, given all of them with the newest first.
pub fn keep_entries(newest_first: &[EntryOutcome]) -> Vec<bool> {
    let (mut kept, mut refreshes) = (0, 0);
    let keep = |(at, entry): (usize, &EntryOutcome)| {
        let mut is_wanted = true;
        if entry.kind.is_refresh() {
            refreshes += 1;
            let before = newest_first.iter().skip(at + 1).find(|older| older.kind.is_refresh());
            is_wanted = refreshes <= KEPT_REFRESHES || before != Some(entry);
        }
        let keep = is_wanted && kept < MAX_ENTRIES;
        kept += usize::from(keep);
        keep
    };
    newest_first.iter().enumerate().map(keep).collect()
}
