//! The short name that distinguishes organisations at log-in.

use super::OrganisationName;
use crate::platform::text;

/// An organisation's short name: 2 to 40 of a to z, 0 to 9 and hyphens. It distinguishes organisations at
/// log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortName(String);

impl ShortName {
    const MAX: usize = 40;

    /// Parses typed text. Capital letters count as small letters.
    ///
    /// # Errors
    /// A sentence for the form that says what the user must change.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text::unwrapped(&text::line(&text::ascii(text))).to_lowercase();
        let is_sound = (2..=Self::MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        is_sound.then_some(Self(text)).ok_or(
            "A short name has 2 to 40 of the characters a to z, 0 to 9 and hyphens, and no hyphen at its ends.",
        )
    }

    /// Derives a short name from an organisation's name. A number above 1 gives another one for the same
    /// name.
    pub fn derive(name: &OrganisationName, number: u32) -> Self {
        // An accent is dropped. Every other character that is not ASCII separates words.
        let is_accent = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
        let plain = icu_normalizer::DecomposingNormalizerBorrowed::new_nfkd().normalize(name.as_str());
        let plain = plain.chars().filter(|c| !is_accent(c)).collect::<String>().to_lowercase();
        let mut slug = String::new();
        for part in plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
            if !slug.is_empty() {
                slug.push('-');
            }
            slug.push_str(part);
        }
        if slug.len() < 2 {
            "organisation".clone_into(&mut slug);
        }
        let suffix = if number > 1 { format!("-{number}") } else { String::new() };
        slug.truncate(Self::MAX - suffix.len());
        Self(format!("{}{suffix}", slug.trim_end_matches('-')))
    }

    /// The short name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn n8_a_short_name_is_derived_from_any_name() {
        for (name, number, short) in [
            ("Contoso", 1, "contoso"),
            ("Contoso", 2, "contoso-2"),
            ("Müller & Söhne GmbH", 1, "muller-sohne-gmbh"),
            ("  --A-- ", 1, "organisation"),
            ("株式会社", 3, "organisation-3"),
        ] {
            let name = OrganisationName::parse(name).expect("a name");
            assert_eq!(ShortName::derive(&name, number).as_str(), short);
        }
        for wrong in ["", "a", "-a", "a-", "a b", "ä1", &"a".repeat(41)] {
            assert!(ShortName::parse(wrong).is_err(), "{wrong:?} was accepted");
        }
        assert_eq!(ShortName::parse(" Contoso ").expect("a short name").as_str(), "contoso");
    }

    proptest! {
        #[test]
        fn n8_a_derived_short_name_is_valid(text in ".{1,100}", number in 1_u32..2_000) {
            if let Ok(name) = OrganisationName::parse(&text) {
                let derived = ShortName::derive(&name, number);
                prop_assert_eq!(ShortName::parse(derived.as_str()), Ok(derived.clone()));
            }
        }
    }
}
