//! Searching a list by the beginnings of words: what a typed text asks for, and how much a search finds. The queries
//! are in `database/word_index.rs`, the rule that splits names into words in `migrations/src/words.rs`.

use migrations::words;

/// Maximum number of rows that a search finds.
pub const MAX_FOUND: usize = 1_000;
/// The most words of a search that are looked up. Further words are compared with the names that the others find.
const MAX_TERMS: usize = 8;

/// How many rows a search has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// All that match.
    Exactly(usize),
    /// Some that match. More may match, because the search did not check every row.
    AtLeast(usize),
    /// As many as a search may find; more match.
    MoreThan(usize),
}

impl Found {
    /// The result of a search that has read `count` matches, at most one more than [`MAX_FOUND`]. `all_checked` tells
    /// whether it has checked every row that may match.
    pub const fn of(count: usize, all_checked: bool) -> Self {
        if count > MAX_FOUND {
            Self::MoreThan(MAX_FOUND)
        } else if all_checked {
            Self::Exactly(count)
        } else {
            Self::AtLeast(count)
        }
    }
}

/// The words of a search. A name is found if each of them is the beginning of one of its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The longest ones, which are looked up.
    looked_up: Vec<String>,
    /// The others.
    rest: Vec<String>,
}

impl Terms {
    /// The words of a folded text, the longest first; `None` if it has no letter and no digit.
    pub fn parse(folded: &str) -> Option<Self> {
        let mut terms: Vec<String> = Vec::new();
        for word in words::split(folded) {
            // A word that begins with the longer one also begins with the shorter one.
            if terms.iter().any(|term| term.starts_with(&word)) {
                continue;
            }
            terms.retain(|term| !word.starts_with(term.as_str()));
            terms.push(word);
        }
        terms.sort_by_key(|term| std::cmp::Reverse(term.chars().count()));
        let rest = terms.split_off(terms.len().min(MAX_TERMS));
        (!terms.is_empty()).then_some(Self { looked_up: terms, rest })
    }

    /// The words that are looked up: at least one, and at most eight.
    pub fn as_slice(&self) -> &[String] {
        &self.looked_up
    }

    /// Whether a folded name also has the words that are not looked up.
    pub fn match_rest(&self, folded: &str) -> bool {
        self.rest.iter().all(|term| words::split(folded).any(|word| word.starts_with(term.as_str())))
    }
}

/// The first text after all texts that begin with `prefix`, in the order of characters; `None` if there is none. The
/// texts with a prefix are the range from the prefix itself to this text.
pub fn after_all(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // The next character; surrogates are skipped.
        if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_search_has_each_word_once_and_the_longest_first() {
        let terms = |text: &str| Terms::parse(text).map_or(Vec::new(), |terms| terms.looked_up);
        assert_eq!(terms("mail"), ["mail"]);
        assert_eq!(terms("eu mail-archive"), ["archive", "mail", "eu"]);
        assert_eq!(terms("ma mail m mail mailbox"), ["mailbox"]);
        assert_eq!(terms("r&d"), ["r", "d"]);
        assert!(terms("— & —").is_empty());
    }

    #[test]
    fn eight_words_are_looked_up_and_the_shorter_ones_are_compared_with_names() {
        let terms = Terms::parse("k north 12 south 34 east 56 west 78 up").expect("words");
        assert_eq!(terms.as_slice(), ["north", "south", "east", "west", "12", "34", "56", "78"]);
        assert!(terms.match_rest("a kiosk, upstairs"));
        assert!(!terms.match_rest("a kiosk"), "without `up`");
        assert!(!terms.match_rest("sky up"), "`k` begins no word");
        assert!(Terms::parse("north 12").expect("words").match_rest(""), "nothing is left to compare");
    }

    #[test]
    fn the_extent_of_a_search_tells_whether_more_match() {
        assert_eq!(Found::of(0, true), Found::Exactly(0));
        assert_eq!(Found::of(MAX_FOUND, true), Found::Exactly(MAX_FOUND));
        assert_eq!(Found::of(0, false), Found::AtLeast(0));
        assert_eq!(Found::of(MAX_FOUND, false), Found::AtLeast(MAX_FOUND));
        for all_checked in [true, false] {
            assert_eq!(Found::of(MAX_FOUND + 1, all_checked), Found::MoreThan(MAX_FOUND));
        }
    }

    proptest! {
        #[test]
        fn a_range_contains_exactly_the_texts_with_its_prefix(prefix in "\\PC{1,6}", text in "\\PC{0,8}") {
            let end = after_all(&prefix);
            for text in [text.clone(), format!("{prefix}{text}")] {
                let within = text >= prefix && end.as_ref().is_none_or(|end| text < *end);
                prop_assert_eq!(within, text.starts_with(&prefix), "{:?} {:?}", prefix, text);
            }
        }
    }
}
