//! Judges how early an attacker guesses a password. There are no rules of composition. The length counts, and
//! whether the password is among the first guesses (NIST SP 800-63B-4, 3.1.1.2): common passwords, names and
//! words, keyboard rows, repetitions, years, and what is known about the person.
//!
//! Denial of service: zxcvbn tries every reading of characters that can replace letters ("4" for "a") at
//! every place. Its work grows with the product of both; 100 such characters took more than a second. So
//! [`Judged`] limits the text that zxcvbn gets.

use icu_normalizer::ComposingNormalizerBorrowed;
use zxcvbn::Score;

use super::Password;
use crate::platform::cpu::Turn;

/// Maximum number of characters that are judged. The rest of a password cannot make a strong beginning weaker,
/// because an attacker has to guess the beginning too. A weak beginning is refused even if the rest is strong; the
/// page says that the first 40 characters decide.
pub(super) const CHARACTERS: usize = 40;
/// Maximum number of ways to read the characters of a text as letters.
const READINGS: usize = 64;
/// Maximum number of parts of each text about the person. Each part has at most [`CHARACTERS`] too.
const PARTS: usize = 8;

/// The characters that zxcvbn reads as letters, as in its own table.
const SIGNS: [(char, &str); 12] = [
    ('a', "4@"),
    ('b', "8"),
    ('c', "({[<"),
    ('e', "3"),
    ('g', "69"),
    ('i', "1!|"),
    ('l', "1|7"),
    ('o', "0"),
    ('s', "$5"),
    ('t', "+7"),
    ('x', "%"),
    ('z', "2"),
];

/// The text that zxcvbn judges: never the whole of a long password.
pub(super) struct Judged {
    text: String,
    about: Vec<String>,
}

impl Judged {
    /// Prepares a password. `about` is known about the person who chooses it: email, name, organisation.
    pub(super) fn new(password: &Password, about: &[&str]) -> Self {
        let text = without_a_cut_repetition(beginning(password.text()));
        let text = if readings(&text) > READINGS { reduce_signs(&text) } else { text };
        let about = about.iter().flat_map(|known| parts(known)).collect();
        Self { text, about }
    }

    /// Whether the password is among the first guesses.
    pub(super) fn is_guessed_early(&self, _: &Turn) -> bool {
        let about: Vec<&str> = self.about.iter().map(String::as_str).collect();
        #[expect(
            clippy::disallowed_methods,
            reason = "the turn shows that it runs in the pool, and its work is bounded"
        )]
        let strength = zxcvbn::zxcvbn(&self.text, &about);
        strength.score() < Score::Three
    }
}

fn beginning(text: &str) -> String {
    text.chars().take(CHARACTERS).collect()
}

/// Keeps only whole repetitions of a repeated text. zxcvbn takes a partial repetition at the end, where the
/// text was cut, for a random text.
fn without_a_cut_repetition(text: String) -> String {
    let chars: Vec<char> = text.chars().collect();
    let period =
        (1..=chars.len() / 2).find(|period| chars.iter().zip(&chars[*period..]).all(|(a, b)| a == b));
    match period {
        Some(period) => chars.iter().take(chars.len() / period * period).collect(),
        None => text,
    }
}

/// A text about the person, whole and in parts: a user of `ada@contoso.com` may type `contoso`.
fn parts(known: &str) -> Vec<String> {
    let known: String = known.chars().take(256).collect();
    let known = ComposingNormalizerBorrowed::new_nfc().normalize(&known);
    let parts = known.split(|c: char| !c.is_alphanumeric());
    std::iter::once(&*known)
        .chain(parts)
        .filter(|part| part.chars().count() >= 3)
        .take(PARTS)
        .map(beginning)
        .collect()
}

/// An upper limit of the ways to read the characters as letters: each letter by one of its characters, and a
/// character that two letters share by either.
fn readings(text: &str) -> usize {
    let letters = |sign: char| SIGNS.iter().filter(|(_, signs)| signs.contains(sign)).count();
    SIGNS
        .iter()
        .map(|(_, signs)| {
            signs.chars().filter(|sign| text.contains(*sign)).map(letters).sum::<usize>().max(1)
        })
        .product()
}

/// The same text with one punctuation mark for each letter. Digits stay, because zxcvbn looks for dates and
/// rows of digits too.
fn reduce_signs(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '@' => '4',
            '{' | '[' | '<' => '(',
            '!' | '|' => '1',
            '+' => '7',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A string of the security review, which took 1.2 s of a core.
    const HOSTILE: &str = "4@8({[<369&#!1|/0$5+7%2";

    fn judged(text: &str, about: &[&str]) -> Judged {
        Judged::new(&Password::try_out(text.into()).expect("a password"), about)
    }

    fn assert_bounded(judged: &Judged, about: usize) {
        assert!(judged.text.chars().count() <= 40, "{:?}", judged.text);
        assert!(readings(&judged.text) <= READINGS, "{:?}", judged.text);
        assert!(judged.about.len() <= about * PARTS, "{:?}", judged.about);
        assert!(judged.about.iter().all(|part| part.chars().count() <= 40), "{:?}", judged.about);
    }

    #[test]
    fn n1_the_work_for_the_strings_of_the_review_is_bounded() {
        let long = HOSTILE.repeat(5);
        assert!(readings(&long) > 2_000, "there are too many readings");
        let about = "x1 yy2 zzz3 ".repeat(10_000);
        let judged = judged(&long, &[&about, &long, &about]);
        assert_bounded(&judged, 3);
        judged.is_guessed_early(&Turn::for_a_test());
    }

    proptest! {
        #[test]
        fn n1_the_work_to_judge_any_text_is_bounded(
            signs in "[4@8({\\[<369!1|0$5+7%2a-zA-Z]{0,1024}",
            any in ".{0,300}",
            about in prop::collection::vec("(\\PC|[ .@-]){0,400}", 0..4),
        ) {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            for password in [signs.as_str(), &any] {
                assert_bounded(&judged(password, &about), about.len());
            }
        }
    }

    #[test]
    fn n1_an_ordinary_password_is_judged_as_it_was_typed() {
        for text in ["Tr0ub4dor&3 and more!", "12345678901234567890", "correct horse battery staple!"] {
            assert_eq!(judged(text, &[]).text, text);
        }
    }

    #[test]
    fn n1_the_first_forty_characters_decide() {
        let is_weak = |text: &str| judged(text, &["ada@contoso.test"]).is_guessed_early(&Turn::for_a_test());
        let strong = "2jf9-1kd0-xm3a-77 glacier trombone 91 ok";
        assert_eq!(strong.chars().count(), 40);
        assert!(!is_weak(&format!("{strong}password")), "a common one behind does not weaken it");
        assert!(!is_weak(&format!("{strong}{strong}")));
        assert!(is_weak(&format!("{}{strong}", "password".repeat(5))));
        assert!(is_weak(&"passwordpassword".repeat(64)));
    }

    #[test]
    fn n1_a_repeated_weak_word_is_weak() {
        let about = ["ada@contoso.test", "Contoso"];
        for word in ["ada@contoso.test", "ada@contoso.test ", "Contoso2026", "passw0rd", "iloveyou, "] {
            for times in 2..9 {
                let judged = judged(&word.repeat(times), &about);
                assert!(judged.is_guessed_early(&Turn::for_a_test()), "{word:?} {times} times");
            }
        }
        let cut = |text: &str| without_a_cut_repetition(text.to_owned());
        assert_eq!(cut("abcabcab"), "abcabc");
        assert_eq!(cut("aaaaa"), "aaaaa");
        assert_eq!(cut("abcab"), "abcab", "it is there once");
        assert_eq!(cut(""), "");
    }

    #[test]
    fn c31_both_ways_to_write_a_letter_are_judged_alike() {
        let (composed, parted) = ("pr\u{e9}lude z\u{e8}bre", "pre\u{301}lude ze\u{300}bre");
        assert_eq!(judged(composed, &[]).text, judged(parted, &[]).text);
        assert_eq!(judged("", &[composed]).about, judged("", &[parted]).about);
    }
}
