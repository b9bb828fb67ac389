//! Compares the Redirect URI of this program with another one, character by character, as providers do.

use std::borrow::Cow;

/// The first difference of two Redirect URIs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Number of characters at the beginning that both have in common.
    pub at: usize,
    /// The characters that only ours has there; the ends that both have in common are left out.
    pub ours: String,
    /// The characters that only the other one has in their place.
    pub theirs: String,
    /// The kind of the difference, as a sentence.
    pub words: Cow<'static, str>,
}

impl Difference {
    /// The difference as a sentence. It begins with the place that has the other address, and says for example
    /// that *the last letter s is missing*.
    pub fn sentence(&self, place: &str, ours: &str, theirs: &str) -> String {
        let (only_ours, only_theirs) = (name(&self.ours), name(&self.theirs));
        let end_of = |text: &str, part: &str| self.at + part.chars().count() == text.chars().count();
        match (self.ours.is_empty(), self.theirs.is_empty()) {
            (false, true) if end_of(ours, &self.ours) => format!("{place} the last {only_ours} is missing."),
            (false, true) => format!("{place} the {only_ours} is missing."),
            (true, false) if end_of(theirs, &self.theirs) => {
                format!("{place} the {only_theirs} at the end is too much.")
            }
            (true, false) => format!("{place} the {only_theirs} is too much."),
            _ => format!("{place} it has the {only_theirs} instead of the {only_ours}."),
        }
    }
}

/// The name of a part of an address in a sentence.
fn name(part: &str) -> String {
    let mut characters = part.chars();
    match (characters.next(), characters.next()) {
        (Some(' '), None) => "space".to_owned(),
        (Some('/'), None) => "slash /".to_owned(),
        (Some(letter), None) if letter.is_alphabetic() => format!("letter {letter}"),
        (Some(digit), None) if digit.is_ascii_digit() => format!("digit {digit}"),
        (Some(character), None) => format!("character {character}"),
        _ => format!("text “{part}”"),
    }
}

/// The first difference of our Redirect URI and another one; `None` if both are identical.
pub fn difference(ours: &str, theirs: &str) -> Option<Difference> {
    if ours == theirs {
        return None;
    }
    let at = ours.chars().zip(theirs.chars()).take_while(|(a, b)| a == b).count();
    let (only_ours, only_theirs) = without_common_end(ours, theirs, at);
    let words = match (url::Url::parse(ours), url::Url::parse(theirs)) {
        _ if theirs.trim() == ours => "There is a space too many.".into(),
        _ if theirs.strip_suffix('/') == Some(ours) => {
            "There is a slash at the end which this program does not send.".into()
        }
        (Ok(a), Ok(b)) if a.scheme() != b.scheme() => "One begins with https, the other with http.".into(),
        (Ok(a), Ok(b)) if a.host_str() != b.host_str() => "The host differs.".into(),
        (Ok(a), Ok(b)) if a.port_or_known_default() != b.port_or_known_default() => {
            "The port differs.".into()
        }
        (Ok(a), Ok(b)) if a.path() != b.path() && a.path().eq_ignore_ascii_case(b.path()) => {
            "Capital and small letters differ, and to providers they are different.".into()
        }
        (Ok(a), Ok(b)) if a.path() != b.path() => match a.authority().rsplit('@').next() {
            Some(host) if !host.is_empty() => format!("The part after {host} is different.").into(),
            _ => "The part after the host is different.".into(),
        },
        (Ok(_), Ok(_)) => "Something is written in another way, or follows the path.".into(),
        _ => "The Redirect URI is not a whole address.".into(),
    };
    Some(Difference { at, ours: only_ours, theirs: only_theirs, words })
}

/// The parts after the first `at` characters, without the end that both texts have in common.
fn without_common_end(ours: &str, theirs: &str, at: usize) -> (String, String) {
    let rest = |text: &str| text.chars().skip(at).collect::<Vec<_>>();
    let (ours, theirs) = (rest(ours), rest(theirs));
    let common = ours.iter().rev().zip(theirs.iter().rev()).take_while(|(a, b)| a == b).count();
    let middle = |text: &[char]| text.iter().take(text.len() - common).collect::<String>();
    (middle(&ours), middle(&theirs))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OURS: &str = "https://mail.example.com/api/connectors";

    #[test]
    fn the_difference_is_a_sentence_about_the_place_that_has_the_other_address() {
        for (theirs, sentence) in [
            ("https://mail.example.com/api/connector", "In Azure the last letter s is missing."),
            ("https://mail.example.com/api/connectors/", "In Azure the slash / at the end is too much."),
            ("https://mail.example.com/api/connectors ", "In Azure the space at the end is too much."),
            ("http://mail.example.com/api/connectors", "In Azure the letter s is missing."),
            (
                "https://mail.example.com/api/Connectors",
                "In Azure it has the letter C instead of the letter c.",
            ),
            ("https://www.mail.example.com/api/connectors", "In Azure the text “www.” is too much."),
            ("https://mail.example.com", "In Azure the last text “/api/connectors” is missing."),
            ("https://mail.example.com:80/api/connectors", "In Azure the text “:80” is too much."),
        ] {
            let difference = difference(OURS, theirs).expect("a difference");
            assert_eq!(difference.sentence("In Azure", OURS, theirs), sentence);
        }
    }

    #[test]
    fn another_path_is_named_by_the_host_before_it() {
        let ours = "http://localhost:3350/api/connectors";
        let other = difference(ours, "http://localhost:3350/api/connector").expect("a difference");
        assert_eq!(other.words, "The part after localhost:3350 is different.");
    }

    proptest! {
        #[test]
        fn the_parts_that_differ_turn_one_address_into_the_other(ours in "[a-cä]{0,8}", theirs in "[a-cä]{0,8}") {
            match difference(&ours, &theirs) {
                None => prop_assert_eq!(ours, theirs),
                Some(found) => {
                    let before: String = ours.chars().take(found.at).collect();
                    let after: String = ours.chars().skip(found.at + found.ours.chars().count()).collect();
                    prop_assert_eq!(format!("{before}{}{after}", found.ours), ours);
                    prop_assert_eq!(format!("{before}{}{after}", found.theirs), theirs);
                    prop_assert_ne!(found.ours, found.theirs);
                }
            }
        }
    }
}
