//! Where a list of messages goes on: a page of Gmail's ids and the place within it. The place is found by the next ids, so
//! that it stays right while mail arrives or is moved; if all of them are gone, it is the number of ids before it.

use std::collections::VecDeque;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{
    platform::randomness::Hash,
    providers::mailbox::{MailError, MailProblem},
};

/// How many of the next ids are kept. A program that lists a folder while it empties it moves a page at a time.
pub(super) const MAX_NEXT: usize = 5;
/// Maximum number of ids on one page of Gmail.
pub(super) const PAGE: usize = 500;
/// Maximum number of characters of what Gmail gives out: an id, or the name of a page.
const MAX_TEXT: usize = 400;
/// Maximum number of threads that a cursor remembers. A thread comes twice only if more than this number of other threads
/// are between two of its messages.
const MAX_THREADS: usize = 10_000;

/// The beginning of a hash of an id. Among 10,000 ids two are the same with a chance of less than one in a million.
type Mark = [u8; 6];

fn mark(id: &str) -> Mark {
    let mut mark = Mark::default();
    mark.iter_mut().zip(Hash::of(id.as_bytes()).as_bytes()).for_each(|(to, from)| *to = *from);
    mark
}

/// The threads of which a message was found, those with the latest message last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Threads(VecDeque<Mark>);

impl Threads {
    /// Notes a message of a thread.
    ///
    /// # Returns
    /// Whether it is the first of its thread.
    pub(super) fn note(&mut self, thread: &str) -> bool {
        let mark = mark(thread);
        let known = self.0.iter().position(|known| *known == mark);
        if let Some(at) = known {
            self.0.remove(at);
        } else if self.0.len() >= MAX_THREADS {
            self.0.pop_front();
        }
        self.0.push_back(mark);
        known.is_none()
    }

    fn written(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.iter().flatten().copied().collect::<Vec<_>>())
    }

    fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let marks: Option<VecDeque<Mark>> = bytes.chunks(6).map(|mark| mark.try_into().ok()).collect();
        Some(Self(marks?))
    }
}

/// Where a list goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// Gmail's name of the page; `None` is the first one.
    #[serde(rename = "p")]
    pub page: Option<String>,
    /// The number of ids on it that are behind.
    #[serde(rename = "o")]
    pub offset: usize,
    /// The next ids on it.
    #[serde(rename = "n")]
    pub next: Vec<String>,
}

/// The written form of a cursor, with the threads before it.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "a")]
    at: Cursor,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    threads: Option<String>,
}

impl Cursor {
    pub(super) fn write(self, threads: Option<&Threads>) -> String {
        let stored = Stored { at: self, threads: threads.map(Threads::written) };
        // A number and texts are always JSON.
        serde_json::to_string(&stored).unwrap_or_default()
    }

    /// Reads a written cursor.
    ///
    /// # Errors
    /// [`MailProblem::InvalidValue`] if this program did not write it.
    pub(super) fn read(text: &str) -> Result<(Self, Threads), MailError> {
        let read = || {
            let Stored { at, threads } = serde_json::from_str(text).ok()?;
            let is_sound = |text: &String| (1..=MAX_TEXT).contains(&text.len());
            // Without a page the ids may be all of a list that is read from its end.
            let is_sound = at.page.iter().chain(&at.next).all(is_sound)
                && at.next.len() <= MAX_NEXT
                && (at.page.is_none() || at.offset <= PAGE);
            let threads = Threads::read(threads.as_deref().unwrap_or_default())?;
            is_sound.then_some((at, threads))
        };
        read().ok_or_else(|| MailProblem::InvalidValue("cursor").into())
    }

    /// The place among the ids of the page.
    pub(super) fn place<'i>(&self, ids: impl Iterator<Item = &'i str> + Clone) -> usize {
        let found = self.next.iter().find_map(|next| ids.clone().position(|id| id == next));
        found.unwrap_or_else(|| self.offset.min(ids.count()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    #[test]
    fn a_place_is_found_by_the_next_ids_and_otherwise_by_their_number() {
        let next = ["c", "d"].map(str::to_owned).to_vec();
        let cursor = Cursor { page: None, offset: 2, next };
        let place = |ids: &[&str]| cursor.place(ids.iter().copied());
        assert_eq!(place(&["a", "b", "c", "d"]), 2);
        assert_eq!(place(&["new", "new", "a", "b", "c", "d"]), 4);
        assert_eq!(place(&["c", "d"]), 0);
        assert_eq!(place(&["a", "d"]), 1);
        assert_eq!(place(&["x", "y", "z"]), 2);
        assert_eq!(place(&[]), 0);
    }

    #[test]
    fn a_bounded_number_of_threads_is_remembered_and_the_latest() {
        let mut threads = Threads::default();
        assert!(threads.note("first"));
        for number in 1..MAX_THREADS {
            assert!(threads.note(&number.to_string()));
        }
        assert!(!threads.note("first") && threads.note("one more"));
        assert_eq!(threads.0.len(), MAX_THREADS);
        assert!(!threads.note("first") && threads.note("1"));
    }

    proptest! {
        #[test]
        fn a_written_cursor_is_read_again(
            page in option::of("[a-z0-9]{1,20}"), offset in 0..=PAGE, next in vec("[a-f0-9]{1,16}", 0..=MAX_NEXT),
            names in vec("[a-z]{1,3}", 0..9),
        ) {
            let cursor = Cursor { page, offset, next };
            let mut threads = Threads::default();
            for name in &names {
                threads.note(name);
            }
            prop_assert_eq!(Cursor::read(&cursor.clone().write(Some(&threads))).ok(), Some((cursor.clone(), threads)));
            prop_assert_eq!(Cursor::read(&cursor.clone().write(None)).ok(), Some((cursor, Threads::default())));
        }

        #[test]
        fn another_text_is_no_cursor(text in "\\PC{0,40}") {
            prop_assert!(Cursor::read(&text).is_err());
        }
    }

    #[test]
    fn a_cursor_of_an_impossible_place_is_refused() {
        for cursor in [
            Cursor { page: Some("p".to_owned()), offset: PAGE + 1, next: Vec::new() },
            Cursor { page: Some(String::new()), ..Cursor::default() },
            Cursor { page: Some("p".repeat(MAX_TEXT + 1)), ..Cursor::default() },
            Cursor { next: vec!["a".to_owned(); MAX_NEXT + 1], ..Cursor::default() },
        ] {
            assert!(Cursor::read(&cursor.write(None)).is_err());
        }
    }
}
