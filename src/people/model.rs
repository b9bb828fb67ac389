//! Values that describe organisations and people. Each type has one parser, which decides what is valid.

mod short_name;

use std::fmt;

use strum::{EnumString, IntoStaticStr};

pub use super::passwords::Password;
pub use short_name::ShortName;

use crate::platform::text::{self, BadName};

const HIDDEN_IN_NAME: &str =
    "This name contains an invisible character. Type the name yourself: do not paste it.";

/// An organisation's name: 1 to 100 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationName(String);

impl OrganisationName {
    /// Parses typed text.
    ///
    /// # Errors
    /// A sentence for the form that says what the user must change.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        text::name(text, 100).map(Self).map_err(|why| match why {
            BadName::Empty | BadName::TooLong => {
                "Enter the name of the organisation. It may have up to 100 characters."
            }
            BadName::Hidden => HIDDEN_IN_NAME,
        })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A person's name: 1 to 100 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// Parses typed text. Refuses an @, because a reader could take an email address in the name for the
    /// user's own address.
    ///
    /// # Errors
    /// A sentence for the form that says what the user must change.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text::ascii(text).contains('@') {
            return Err("Enter your name without an email address.");
        }
        text::name(text, 100).map(Self).map_err(|why| match why {
            BadName::Empty | BadName::TooLong => "Enter your name. It may have up to 100 characters.",
            BadName::Hidden => HIDDEN_IN_NAME,
        })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Name and email of a user, for pages on which it matters who did something. A user chooses their name and
/// can copy another user's; the email is unique.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserLabel {
    pub name: String,
    pub email: String,
}

impl fmt::Display for UserLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.email)
    }
}

/// An email address in lower case, with which a user logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Maximum number of bytes that are parsed. Anyone can send more, and normalising costs time.
    const MAX_TYPED: usize = 4096;

    /// Parses typed text. It accepts a local part, an @ and a domain, without blanks, of at most 254
    /// characters (RFC 5321, 4.5.3.1.3). All spellings of one address give the same value: upper and lower
    /// case, full-width letters, NFC and NFD, Unicode and punycode domains, and copied text with brackets or
    /// invisible characters around the address.
    ///
    /// # Errors
    /// A sentence for the form that says what the user must change.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "Enter an email address, such as name@example.com.";
        if text.len() > Self::MAX_TYPED {
            return Err(WRONG);
        }
        let plain = Self::folded(text);
        let mut bare = text::unwrapped(&plain);
        while let Some(rest) = bare.strip_prefix("mailto:") {
            bare = text::unwrapped(rest);
        }
        let (local, domain) = bare.rsplit_once('@').ok_or(WRONG)?;
        let domain = domain.trim_end_matches('.');
        let domain = if domain.is_ascii() {
            let sound = domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte));
            sound.then(|| domain.to_owned())
        } else {
            text::domain(domain)
        };
        let address = format!("{local}@{}", domain.ok_or(WRONG)?);
        let sound = !address.starts_with('@')
            && !address.ends_with('@')
            && address.chars().count() <= 254
            && !address.contains(|c| text::is_blank(c) || text::is_hidden(c));
        sound.then_some(Self(address)).ok_or(WRONG)
    }

    /// The text under which log-in attempts for a typed email are counted. It is the same for all spellings
    /// of an address, so that an attacker cannot start a new count with another spelling.
    pub fn counted(text: &str) -> String {
        match Self::parse(text) {
            Ok(email) => email.0,
            Err(_) if text.len() > Self::MAX_TYPED => text.to_owned(),
            Err(_) => text::line(&Self::folded(text)),
        }
    }

    /// Lower case, and ASCII where possible.
    fn folded(text: &str) -> String {
        let lower = text::ascii(&text::nfkc(text)).to_lowercase();
        // Removing characters and lowering the case can undo the composition.
        text::nfkc(&lower).into_owned()
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

crate::identifier! {
    /// Identifies an invitation.
    InvitationId
}

/// The rights of a user in the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// May do everything in the organisation.
    Admin,
    /// May only look at connectors.
    Viewer,
}

impl Role {
    /// The name in the database and on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Admin => "Administrator",
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
    fn c29_all_spellings_of_an_address_are_one() {
        for (spellings, wanted) in [
            (
                vec![
                    "Ada@Example.COM",
                    "\u{feff}ada@example.com\u{200b}",
                    "ada@\u{ad}example\u{2060}.com",
                    "ada＠example。com",
                    "ａｄａ@ｅｘａｍｐｌｅ.com",
                    "<ada@example.com>",
                    "“ada@example.com”",
                    "mailto:<mailto:ada@example.com>",
                    "ada@example.com.",
                    "ada@example.com;",
                    "\u{202a}ada@example.com\u{202c}",
                ],
                "ada@example.com",
            ),
            (
                vec![
                    "jörg@bücher.example",
                    "jo\u{308}rg@bu\u{308}cher.example",
                    "JÖRG@xn--bcher-kva.example",
                ],
                "jörg@xn--bcher-kva.example",
            ),
            (
                vec!["o’brien@jean–paul.example", "o'brien@jean\u{2011}paul.example"],
                "o'brien@jean-paul.example",
            ),
        ] {
            for text in spellings {
                assert_eq!(Email::parse(text).expect("an address").as_str(), wanted, "{text:?}");
                assert_eq!(Email::counted(text), wanted, "{text:?}");
            }
        }
        for wrong in [
            "a@b\u{1}.com",
            "ada@ä/b.com",
            "ada@ä.com:1",
            "\u{200b}@a.com",
            "a@\u{200b}",
            "a@.",
            "a@b/c.com",
            "\u{3000}a b@c.com",
        ] {
            assert!(Email::parse(wrong).is_err(), "{wrong:?} was accepted");
        }
    }

    #[test]
    fn n18_a_name_with_invisible_characters_or_an_email_is_refused() {
        let parse = |text: &str| PersonName::parse(text).map(|name| name.0);
        let organisation = |text: &str| OrganisationName::parse(text).map(|name| name.0);
        for (text, wanted) in [
            ("\u{202e}Ada Example\u{200b}", "Ada Example"),
            ("Ada\u{a0}\u{2003}Example", "Ada Example"),
            ("\u{feff}Ada  Example\u{2800}", "Ada Example"),
            ("A\u{fe0f}da Example", "Ada Example"),
            ("Jose\u{301}", "José"),
            ("علی\u{200c}رضا", "علی\u{200c}رضا"),
        ] {
            assert_eq!(parse(text), Ok(wanted.to_owned()), "{text:?}");
            assert_eq!(organisation(text), Ok(wanted.to_owned()), "{text:?}");
        }
        for hidden in [
            "\u{200b}",
            "\u{200c}",
            "\u{200d}",
            "\u{200e}",
            "\u{200f}",
            "\u{202e}",
            "\u{2066}",
            "\u{ad}",
            "\u{34f}",
            "\u{61c}",
            "\u{115f}",
            "\u{180e}",
            "\u{2060}",
            "\u{3164}",
            "\u{feff}",
            "\u{ffa0}",
            "\u{fff9}",
            "\u{e0001}",
            "\u{e0061}",
            "\u{7}",
            "\u{9f}",
        ] {
            let text = format!("Ada{hidden} Example");
            assert_eq!(parse(&text), Err(HIDDEN_IN_NAME), "{hidden:?}");
            assert_eq!(organisation(&text), Err(HIDDEN_IN_NAME), "{hidden:?}");
        }
        for wrong in
            ["", "\u{200b}", "\u{2800}", "ada@contoso.test", "Ada ada＠contoso.test", &"a".repeat(101)]
        {
            assert!(PersonName::parse(wrong).is_err(), "{wrong:?} was accepted");
        }
    }

    proptest! {
        #[test]
        fn n18_a_parsed_name_is_visible_and_parses_to_itself(text in "(.|\\p{Cf}|\\p{M}|[a-z]){0,60}") {
            let seen = |text: &str| !text.contains(|c| text::is_hidden(c) && !matches!(c, '\u{200c}' | '\u{200d}'));
            if let Ok(name) = OrganisationName::parse(&text) {
                prop_assert_eq!(OrganisationName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(seen(name.as_str()), "{:?}", name);
            }
            if let Ok(name) = PersonName::parse(&text) {
                prop_assert_eq!(PersonName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(seen(name.as_str()), "{:?}", name);
            }
            for typed in [format!("{text}@example.com"), format!("ada@{text}.com")] {
                if let Ok(email) = Email::parse(&typed) {
                    prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
                    prop_assert!(!email.as_str().contains(text::is_hidden));
                }
            }
        }

        #[test]
        fn n18_invisible_characters_around_a_value_and_its_composition_do_not_change_it(
            name in "[\\p{L}\\p{N}\\p{M}]{1,20}( [\\p{L}\\p{N}]{1,20})?",
            local in "[a-zäöüéàçñA-Z0-9.+_-]{1,20}",
            before in "[\\p{Default_Ignorable_Code_Point}\\p{White_Space}]{0,5}",
            after in "[\\p{Default_Ignorable_Code_Point}\\p{White_Space}]{0,5}",
        ) {
            let around = |text: &str| format!("{before}{text}{after}");
            let nfd = |text: &str| icu_normalizer::DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned();
            prop_assert_eq!(PersonName::parse(&around(&name)), PersonName::parse(&name));
            prop_assert_eq!(PersonName::parse(&nfd(&name)), PersonName::parse(&name));
            prop_assert_eq!(OrganisationName::parse(&around(&nfd(&name))), OrganisationName::parse(&name));
            let email = format!("{local}@{local}.example");
            prop_assert_eq!(Email::parse(&around(&nfd(&email))), Email::parse(&email));
        }
    }
}
