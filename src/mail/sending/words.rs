//! Words of errors that are read back from the database.
//!
//! An error has words that are constants of the program. Stored ones come from this version or from another one, so they
//! are made constants again, each once.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// Maximum number of different words. All versions of the program together have fewer.
const MAX_WORDS: usize = 1_000;
const OTHER: &str = "the reason is that of the first call";

static KNOWN: Words = Words::new();

/// Words that are constants now.
struct Words(Mutex<BTreeSet<&'static str>>);

impl Words {
    const fn new() -> Self {
        Self(Mutex::new(BTreeSet::new()))
    }

    fn constant(&self, words: &str) -> &'static str {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&same) = known.get(words) {
            return same;
        }
        if known.len() >= MAX_WORDS {
            return OTHER;
        }
        let kept: &'static str = Box::leak(words.to_owned().into_boxed_str());
        known.insert(kept);
        kept
    }
}

/// The same words, for as long as the program runs.
pub(super) fn constant(words: &str) -> &'static str {
    KNOWN.constant(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_are_kept_once_and_their_number_is_bounded() {
        let words = Words::new();
        let (one, again) = (words.constant("to is wrong"), words.constant(&String::from("to is wrong")));
        assert_eq!(one, "to is wrong");
        assert!(std::ptr::eq(one, again));
        for number in 0..=MAX_WORDS {
            words.constant(&format!("words {number}"));
        }
        assert_eq!(words.constant("one too many"), OTHER);
        assert_eq!(words.constant("to is wrong"), "to is wrong");
    }
}
