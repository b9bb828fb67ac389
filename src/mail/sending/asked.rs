//! What a caller wants to send, and the key under which it may be repeated.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{mail::uploads::UploadId, providers::mailbox::Outgoing};

/// Maximum number of characters of a [`Key`].
pub const MAX_KEY: usize = 255;
/// Maximum number of characters of a value of [`Shown`] that is kept with an outcome.
const MAX_KEPT_SHOWN: usize = 300;

/// A message to send, or a draft to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SendRequest {
    /// Without a Message-ID: each record of a send gets one of its own.
    pub message: Outgoing,
    /// Uploads that become attachments, in this order.
    pub files: Vec<UploadId>,
    pub shown: Shown,
}

/// What the answer repeats, as the program gave it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shown {
    pub from: String,
    pub to: String,
    pub subject: String,
}

impl Shown {
    /// What is kept with the outcome: the beginning of each value.
    pub(super) fn shortened(&self) -> Self {
        let Self { from, to, subject } = self;
        Self { from: beginning_of(from), to: beginning_of(to), subject: beginning_of(subject) }
    }
}

fn beginning_of(text: &str) -> String {
    match text.char_indices().nth(MAX_KEPT_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The value of `Idempotency-Key`: with it, a repeat of a call has the result of the first one. It counts for one client,
/// account and call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

/// The text is not a [`Key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoKey;

impl Key {
    /// Reads a key: 1 to [`MAX_KEY`] printable ASCII characters.
    pub fn parse(text: &str) -> Result<Self, NoKey> {
        let is_sound =
            (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if is_sound { Ok(Self(text.to_owned())) } else { Err(NoKey) }
    }

    /// The key of a scheduled message.
    pub(super) fn of_schedule(schedule: Uuid) -> Self {
        Self(schedule.to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_long_value_is_kept() {
        let shown = Shown { from: "a@b".to_owned(), to: "é".repeat(301), subject: "é".repeat(300) };
        let kept = shown.shortened();
        assert_eq!((kept.from, kept.subject), (shown.from, shown.subject));
        assert_eq!(kept.to, format!("{}…", "é".repeat(300)));
    }

    #[test]
    fn a_key_has_one_to_255_printable_ascii_characters() {
        for sound in ["a", "order 7/2026", "~", &"k".repeat(255)] {
            assert_eq!(Key::parse(sound).expect("a key").as_str(), sound);
        }
        for wrong in ["", &"k".repeat(256), "a\nb", "a\tb", "\u{7f}", "é"] {
            assert_eq!(Key::parse(wrong), Err(NoKey), "{wrong:?}");
        }
    }
}
