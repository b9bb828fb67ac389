//! A place in a list of messages that is in order by time. It stays right while mail arrives, is moved or is deleted:
//! it is a time, and the messages of that second that were already read.

use std::collections::VecDeque;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::read::written;
use crate::{
    platform::{clock::Timestamp, randomness::Hash},
    providers::mailbox::{MailError, MailProblem, Message, Order},
};

/// The beginning of a hash of an id. Among 10,000 ids two are the same with a chance of less than one in a million.
type Mark = [u8; 6];

fn mark(id: &str) -> Mark {
    let mut mark = Mark::default();
    mark.iter_mut().zip(Hash::of(id.as_bytes()).as_bytes()).for_each(|(to, from)| *to = *from);
    mark
}

/// Maximum number of threads that a place remembers. A thread comes twice only if more than this number of other threads
/// are between two of its messages.
const MAX_THREADS: usize = 10_000;

/// The second at which a message was received.
fn second(message: &Message) -> i64 {
    message.received_at.map_or(0, Timestamp::seconds)
}

/// How far a list was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The second of the last message; `None` at the beginning.
    second: Option<i64>,
    /// The messages of that second that were read.
    read: Vec<Mark>,
}

impl Place {
    /// Notes that this message was read.
    pub(super) fn note(&mut self, message: &Message) {
        let second = second(message);
        if self.second != Some(second) {
            *self = Self { second: Some(second), read: Vec::new() };
        }
        self.read.push(mark(&message.id));
    }

    /// Whether this message was read, or would come before one that was read.
    pub(super) fn is_behind(&self, message: &Message, order: Order) -> bool {
        let Some(at) = self.second else { return false };
        match second(message).cmp(&at) {
            std::cmp::Ordering::Equal => self.read.contains(&mark(&message.id)),
            std::cmp::Ordering::Greater => order == Order::NewestFirst,
            std::cmp::Ordering::Less => order == Order::OldestFirst,
        }
    }

    /// The condition for the rest of the list. Exchange knows fractions of the second that Graph does not show, so it
    /// includes the whole second.
    pub(super) fn filter(&self, order: Order) -> String {
        let at = |second: i64| written(Timestamp::from_micros(second.saturating_mul(1_000_000)));
        match (self.second, order) {
            // What is in the order must be in the filter, and first (Microsoft Graph, List messages).
            (None, _) => "receivedDateTime ge 1970-01-01T00:00:00Z".to_owned(),
            (Some(second), Order::NewestFirst) => {
                format!("receivedDateTime lt {}", at(second.saturating_add(1)))
            }
            (Some(second), Order::OldestFirst) => format!("receivedDateTime ge {}", at(second)),
        }
    }

    /// The number of messages that the rest of the list has in common with what was read.
    pub(super) const fn overlap(&self) -> usize {
        self.read.len()
    }
}

/// The threads of which a message was found, those with the latest message last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Threads(VecDeque<Mark>);

impl Threads {
    pub(super) fn has(&self, thread: &str) -> bool {
        self.0.contains(&mark(thread))
    }

    pub(super) fn note(&mut self, thread: &str) {
        let mark = mark(thread);
        if let Some(at) = self.0.iter().position(|known| *known == mark) {
            self.0.remove(at);
        } else if self.0.len() >= MAX_THREADS {
            self.0.pop_front();
        }
        self.0.push_back(mark);
    }
}

/// The written form of a place.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    /// The second.
    t: Option<i64>,
    /// The messages of the second.
    r: String,
    /// The threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<String>,
}

fn encode<'m>(marks: impl Iterator<Item = &'m Mark>) -> String {
    URL_SAFE_NO_PAD.encode(marks.flatten().copied().collect::<Vec<_>>())
}

fn decode(text: &str) -> Option<Vec<Mark>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    bytes.chunks(6).map(|mark| mark.try_into().ok()).collect()
}

/// The written form of a place, with the threads that came before it.
pub(super) fn write(place: &Place, threads: Option<&Threads>) -> String {
    let stored = Stored {
        t: place.second,
        r: encode(place.read.iter()),
        c: threads.map(|threads| encode(threads.0.iter())),
    };
    // A number and texts are always JSON.
    serde_json::to_string(&stored).unwrap_or_default()
}

/// Reads a written place.
///
/// # Errors
/// [`MailProblem::InvalidValue`] if this program did not write it.
pub(super) fn read(text: &str) -> Result<(Place, Threads), MailError> {
    let place = || {
        let stored: Stored = serde_json::from_str(text).ok()?;
        let place = Place { second: stored.t, read: decode(&stored.r)? };
        Some((place, Threads(decode(stored.c.as_deref().unwrap_or_default())?.into())))
    };
    place().ok_or_else(|| MailProblem::InvalidValue("cursor").into())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn message(id: &str, second: i64) -> Message {
        let received_at = Some(Timestamp::from_micros(second * 1_000_000));
        Message { id: id.to_owned(), received_at, ..Message::default() }
    }

    #[test]
    fn the_rest_of_a_list_begins_within_the_second_of_the_last_message() {
        let mut place = Place::default();
        assert_eq!(place.filter(Order::OldestFirst), "receivedDateTime ge 1970-01-01T00:00:00Z");
        place.note(&message("a", 100));
        place.note(&message("b", 60));
        place.note(&message("c", 60));
        assert_eq!(place.overlap(), 2);
        assert_eq!(place.filter(Order::NewestFirst), "receivedDateTime lt 1970-01-01T00:01:01Z");
        assert_eq!(place.filter(Order::OldestFirst), "receivedDateTime ge 1970-01-01T00:01:00Z");
        assert!(place.is_behind(&message("b", 60), Order::NewestFirst));
        assert!(!place.is_behind(&message("d", 60), Order::NewestFirst));
        assert!(place.is_behind(&message("new", 200), Order::NewestFirst));
        assert!(!place.is_behind(&message("old", 59), Order::NewestFirst));
        assert!(place.is_behind(&message("old", 59), Order::OldestFirst));
    }

    #[test]
    fn a_place_remembers_a_bounded_number_of_threads_and_the_latest() {
        let mut threads = Threads::default();
        threads.note("first");
        for number in 1..MAX_THREADS {
            threads.note(&number.to_string());
        }
        threads.note("first");
        threads.note("one more");
        assert_eq!(threads.0.len(), MAX_THREADS);
        assert!(threads.has("first") && threads.has("one more") && !threads.has("1"));
    }

    proptest! {
        #[test]
        fn a_written_place_is_read_again(seconds in vec(0_i64..4, 0..9), threads in vec("[a-z]{1,3}", 0..9)) {
            let mut place = Place::default();
            for (number, second) in seconds.iter().enumerate() {
                place.note(&message(&number.to_string(), *second));
            }
            let mut seen = Threads::default();
            for thread in &threads {
                seen.note(thread);
            }
            prop_assert_eq!(read(&write(&place, Some(&seen))).ok(), Some((place.clone(), seen)));
            prop_assert_eq!(read(&write(&place, None)).ok(), Some((place, Threads::default())));
        }

        #[test]
        fn another_text_is_no_place(text in "\\PC{0,40}") {
            prop_assert!(read(&text).is_err());
        }
    }
}
