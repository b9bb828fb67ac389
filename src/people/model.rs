//! The values that describe organisations and people, each with the one parser that decides.

use std::fmt;

pub use super::passwords::Password;

/// Text without control characters, trimmed, of 1 to `max` characters.
fn line(text: &str, max: usize) -> Option<String> {
    let text = text.trim();
    let sound = !text.is_empty() && text.chars().count() <= max && !text.chars().any(char::is_control);
    sound.then(|| text.to_owned())
}

/// An organisation's name: 1 to 100 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationName(String);

impl OrganisationName {
    /// Parses what was typed.
    ///
    /// # Errors
    /// What to change, in the reader's words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        line(text, 100).map(Self).ok_or("Give the organisation a name of 1 to 100 characters.")
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An organisation's short name: 2 to 40 of a to z, 0 to 9 and hyphens. It tells organisations apart at log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortName(String);

impl ShortName {
    const MAX: usize = 40;

    /// Parses what was typed; capitals count as small letters.
    ///
    /// # Errors
    /// What to change, in the reader's words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim().to_lowercase();
        let is_sound = (2..=Self::MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        is_sound.then_some(Self(text)).ok_or(
            "A short name has 2 to 40 of the characters a to z, 0 to 9 and hyphens, and no hyphen at its ends.",
        )
    }

    /// One that is derived from an organisation's name; with a number above 1, another for the same name.
    pub fn derive(name: &OrganisationName, number: u32) -> Self {
        // An accent is dropped, whatever else is not ASCII separates words.
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
            slug = "organisation".to_owned();
        }
        let suffix = if number > 1 { format!("-{number}") } else { String::new() };
        slug.truncate(Self::MAX - suffix.len());
        Self(format!("{}{suffix}", slug.trim_end_matches('-')))
    }

    /// The short name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A person's name: 1 to 100 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// Parses what was typed.
    ///
    /// # Errors
    /// What to change, in the reader's words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        line(text, 100).map(Self).ok_or("Give your name in 1 to 100 characters.")
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An e-mail address, in lower case: the name under which a user signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Parses what was typed. No more is asked than that it can be one: something, an @, something with
    /// no blanks, at most 254 characters (RFC 5321, 4.5.3.1.3).
    ///
    /// # Errors
    /// What to change, in the reader's words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "Write an e-mail address, such as name@example.com.";
        let text = line(text, 254).ok_or(WRONG)?;
        let sound = text.rsplit_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !text.contains(char::is_whitespace)
        });
        sound.then(|| Self(text.to_lowercase())).ok_or(WRONG)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

crate::identifier! {
    /// An invitation.
    InvitationId
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything in the organisation.
    Admin,
    /// Look at connectors.
    Viewer,
}

impl Role {
    /// As the database and the command line have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Viewer => "viewer",
        }
    }

    /// From its name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Admin, Self::Viewer].into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Admin => "Admin",
            Self::Viewer => "Viewer",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_lower_case_and_has_an_at() {
        assert_eq!(Email::parse(" Ada@Example.COM ").expect("an address").as_str(), "ada@example.com");
        for wrong in ["", "ada", "@example.com", "ada@", "a da@example.com", "ada@example.com\0"] {
            assert!(Email::parse(wrong).is_err(), "{wrong:?} was accepted");
        }
    }

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
        fn n8_what_is_derived_is_a_short_name(text in ".{1,100}", number in 1_u32..2_000) {
            if let Ok(name) = OrganisationName::parse(&text) {
                let derived = ShortName::derive(&name, number);
                prop_assert_eq!(ShortName::parse(derived.as_str()), Ok(derived.clone()));
            }
        }

        #[test]
        fn what_was_parsed_parses_to_itself(text in ".{0,120}") {
            if let Ok(name) = OrganisationName::parse(&text) {
                prop_assert_eq!(OrganisationName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(!name.as_str().contains(char::is_control));
            }
            if let Ok(email) = Email::parse(&format!("{text}@example.com")) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
            }
        }
    }
}
