//! Parses codes that a user types: of an authenticator app, or a recovery code.

use secrecy::SecretString;

use crate::platform::{
    id::UserId,
    randomness::{Hash, Randomness},
    text,
};

/// The characters of a recovery code. None looks like another (Crockford's base 32).
const SIGNS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A recovery code, which replaces an authenticator app's code once: 16 characters of 32, so 80 bits. The
/// database stores its hash.
#[derive(Clone, Debug)]
pub struct RecoveryCode(SecretString);

impl RecoveryCode {
    pub(super) fn random(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; 16];
        randomness.fill(&mut bytes);
        let signs: Vec<char> = bytes.iter().map(|byte| char::from(SIGNS[usize::from(byte % 32)])).collect();
        let groups: Vec<String> = signs.chunks(4).map(|group| group.iter().collect()).collect();
        Self(SecretString::from(groups.join("-")))
    }

    /// The code itself, to be shown once.
    pub const fn expose(&self) -> &SecretString {
        &self.0
    }

    /// Whether a text is written as a page shows a recovery code: four groups of four characters.
    pub fn is_written_as_one(text: &str) -> bool {
        let is_group = |group: &str| group.len() == 4 && group.bytes().all(|byte| SIGNS.contains(&byte));
        text.split('-').count() == 4 && text.split('-').all(is_group)
    }
}

/// A typed code.
#[derive(Clone, Debug)]
pub enum Code {
    /// Six digits of an authenticator app.
    App(String),
    /// A recovery code, without its hyphens.
    Recovery(String),
}

impl Code {
    /// Parses typed text. Only letters and digits count, in any case and any script; O counts as zero, I and
    /// L as one.
    pub fn parse(text: &str) -> Self {
        let signs: String = text::ascii(text)
            .chars()
            .filter(|c| c.is_alphanumeric())
            .take(64)
            .map(|c| match c.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                c => c,
            })
            .collect();
        if signs.chars().count() <= 6 { Self::App(signs) } else { Self::Recovery(signs) }
    }
}

/// The stored hash of a recovery code. The user's id is part of it, so that a hash fits one user only.
pub(super) fn hash(user: UserId, code: &str) -> Hash {
    Hash::of(format!("{user}\0{}", code.replace('-', "")).as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::platform::randomness::SystemRandomness;

    #[test]
    fn a_recovery_code_is_read_in_any_grouping_and_fits_one_user() {
        let user = UserId(uuid::Uuid::from_u128(1));
        let code = RecoveryCode::random(&SystemRandomness);
        let text = code.expose().expose_secret();
        assert_eq!(text.len(), 19);
        assert!(RecoveryCode::is_written_as_one(text));
        for other in [
            "",
            "---",
            "0000-0000-0000",
            "0000-0000-0000-000o",
            "0000-0000-0000-0000-0000",
            "<b>0-0000-0000-0000",
        ] {
            assert!(!RecoveryCode::is_written_as_one(other), "{other:?}");
        }
        let loud = text.to_uppercase().replace('0', "O").replace('1', "l");
        for typed in [text.to_owned(), text.replace('-', ""), format!("  {}\n", text.replace('-', " ")), loud]
        {
            let Code::Recovery(read) = Code::parse(&typed) else { panic!("{typed:?} was taken for digits") };
            assert_eq!(hash(user, &read), hash(user, text));
        }
        assert_ne!(hash(UserId(uuid::Uuid::from_u128(2)), text), hash(user, text));
        assert!(!format!("{code:?}").contains(text));
        for typed in
            [" 123 456 ", "123\u{a0}456\u{200b}", "\u{feff}123–456", "１２３４５６", "١٢٣٤٥٦", "“123-456”"]
        {
            assert!(matches!(Code::parse(typed), Code::App(code) if code == "123456"), "{typed}");
        }
        for typed in
            [format!("\u{200b}{text}\u{feff}"), text.replace('-', "–"), text.replace('-', "\u{2011}\u{ad}")]
        {
            assert!(
                matches!(Code::parse(&typed), Code::Recovery(read) if hash(user, &read) == hash(user, text)),
                "{typed}"
            );
        }
    }

    proptest! {
        #[test]
        fn c29_invisible_characters_around_and_in_a_code_do_not_change_it(
            code in "[0-9]{6}|[0-9a-hjkmnp-tv-z]{16}",
            between in "[\\p{Default_Ignorable_Code_Point}\\p{White_Space}\\p{Pd}\"'“”.]{0,3}",
        ) {
            let signs: Vec<String> = code.chars().map(String::from).collect();
            let typed = format!("{between}{}{between}", signs.join(&between));
            match (Code::parse(&code), Code::parse(&typed)) {
                (Code::App(one), Code::App(other)) | (Code::Recovery(one), Code::Recovery(other)) => {
                    prop_assert_eq!(&one, &code);
                    prop_assert_eq!(one, other);
                }
                (one, other) => prop_assert!(false, "{:?} and {:?}", one, other),
            }
        }
    }
}
