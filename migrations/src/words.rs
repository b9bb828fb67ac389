//! How a name is split into words for a table of words. The words are stored, so another rule needs a migration that
//! has them written again, by setting `indexed_name` of `connectors` and `accounts` to NULL. That is why the rule is
//! beside the migrations.

use std::collections::BTreeSet;

/// The most words of a name that are stored. Names of people and things have fewer.
const MAX_WORDS: usize = 64;
/// The most characters of a word that are stored and compared.
const LONGEST_WORD: usize = 64;

/// A word of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word, at most 64 characters.
    pub text: String,
    /// Number of characters that it has in common, from the beginning, with the word before it in the order of the
    /// words. Of all words of a name that begin with a text, only the first one has fewer characters in common than the
    /// text has. A search that asks for this one finds each name once.
    pub shared: i64,
}

/// The words of a text in its own order: its runs of letters and digits. The text must be folded, as names are
/// compared.
pub fn split(folded: &str) -> impl Iterator<Item = String> {
    folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(LONGEST_WORD).collect())
        .take(MAX_WORDS)
}

/// The words of a folded name, each once and sorted.
pub fn words(folded: &str) -> Vec<Word> {
    let mut before = String::new();
    let each: BTreeSet<String> = split(folded).collect();
    each.into_iter()
        .map(|text| {
            let shared = before.chars().zip(text.chars()).take_while(|(a, b)| a == b).count();
            before.clone_from(&text);
            Word { text, shared: i64::try_from(shared).unwrap_or(i64::MAX) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> Vec<(String, i64)> {
        words(name).into_iter().map(|word| (word.text, word.shared)).collect()
    }

    #[test]
    fn a_name_is_split_at_everything_that_is_neither_letter_nor_digit() {
        let word = |text: &str, shared| (text.to_owned(), shared);
        assert_eq!(read("mail archive (eu)"), [word("archive", 0), word("eu", 0), word("mail", 0)]);
        assert_eq!(read("r&d_2027-11"), [word("11", 0), word("2027", 0), word("d", 0), word("r", 0)]);
        assert_eq!(read("größe straße"), [word("größe", 0), word("straße", 0)]);
        assert_eq!(read("メール アーカイブ"), [word("アーカイブ", 0), word("メール", 0)]);
        assert!(read("— & —").is_empty());
        assert!(read("").is_empty());
    }

    #[test]
    fn a_word_counts_the_characters_that_it_shares_with_the_word_before_it() {
        let word = |text: &str, shared| (text.to_owned(), shared);
        assert_eq!(read("mailbox mail ma mail"), [word("ma", 0), word("mail", 2), word("mailbox", 4)]);
        assert_eq!(read("öl öse"), [word("öl", 0), word("öse", 1)], "characters, not bytes");
    }

    #[test]
    fn of_the_words_that_begin_with_a_text_one_shares_less_than_the_text_has() {
        let found = words("a ab abc abd b ba mail mailbox mails archive");
        for text in ["a", "ab", "abc", "b", "ba", "m", "mail", "mailb", "arc"] {
            let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            let begins = found.iter().filter(|word| word.text.starts_with(text));
            assert_eq!(begins.filter(|word| word.shared < length).count(), 1, "{text}");
        }
    }

    #[test]
    fn the_number_of_words_and_their_length_are_bounded() {
        let many: Vec<String> = (0..1_000).map(|number| number.to_string()).collect();
        let many = many.join(" ");
        assert_eq!(words(&many).len(), MAX_WORDS);
        assert_eq!(split(&many).last().as_deref(), Some("63"), "the first ones");
        let long = "x".repeat(1_000);
        assert_eq!(split(&long).next().map(|word| word.len()), Some(LONGEST_WORD));
    }
}
