//! The type of a password: a text with one normalised form, however it was typed.

use icu_normalizer::ComposingNormalizerBorrowed;
use secrecy::{ExposeSecret, SecretString};

/// A password that a user chooses or tries.
///
/// Keyboards differ: one sends "é" as one character, another as "e" with an accent. Passwords are normalised to NFC
/// (NIST SP 800-63B-4, 3.1.1.2), so that both are the same. The typed form is tried too, because older hashes
/// were made without normalising.
#[derive(Clone, Debug)]
pub struct Password {
    text: SecretString,
    /// As it was typed; `None` if that is the normalised form.
    typed: Option<SecretString>,
}

impl Password {
    /// The fewest characters: NIST SP 800-63B-4, 3.1.1.2, asks for 15 if the password is the only factor.
    pub const MIN_CHARACTERS: usize = 15;
    /// Maximum number of bytes. A longer password is refused before anything is hashed.
    pub const MAX_BYTES: usize = 1024;
    /// Maximum number of typed bytes. A text takes up to three times the bytes if its accents are typed as separate
    /// characters.
    const MAX_TYPED: usize = 4 * Self::MAX_BYTES;

    /// Advice for a user who chooses a password.
    pub const ADVICE: &str =
        "At least 15 characters. Four or five unrelated words are easy to remember and hard to guess.";

    /// A password to try; `None` if it is too long to be any user's password.
    pub fn try_out(text: SecretString) -> Option<Self> {
        let exposed = text.expose_secret();
        if exposed.len() > Self::MAX_TYPED {
            return None;
        }
        let normalised = ComposingNormalizerBorrowed::new_nfc().normalize(exposed);
        let may_be_typed = exposed.len() <= Self::MAX_BYTES;
        if !may_be_typed && normalised.len() > Self::MAX_BYTES {
            return None;
        }
        let is_same = normalised == exposed;
        let normalised = SecretString::from(normalised.into_owned());
        Some(Self { text: normalised, typed: (!is_same && may_be_typed).then_some(text) })
    }

    /// A password to choose, if its length is allowed.
    ///
    /// # Errors
    /// A sentence for the form that says what the user must change.
    pub(super) fn of_allowed_length(text: SecretString) -> Result<Self, &'static str> {
        let password = Self::try_out(text).filter(|password| password.text().len() <= Self::MAX_BYTES);
        let password = password.ok_or("Choose a password of at most 1024 bytes.")?;
        if password.text().chars().count() < Self::MIN_CHARACTERS {
            return Err("Choose a password of at least 15 characters; a few words in a row are fine.");
        }
        Ok(password)
    }

    /// Whether two passwords are the same after normalising.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.text() == other.text()
    }

    /// The normalised text.
    pub(super) fn text(&self) -> &str {
        self.text.expose_secret()
    }

    /// The forms that a stored hash may have been made of: the normalised text, and the typed text if it
    /// differs.
    pub(super) fn forms(&self) -> impl Iterator<Item = &[u8]> {
        let typed = self.typed.as_ref().map(|typed| typed.expose_secret().as_bytes());
        std::iter::once(self.text().as_bytes()).chain(typed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn forms(text: &str) -> Vec<Vec<u8>> {
        let password = Password::try_out(text.into()).expect("a password");
        password.forms().map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn c31_composed_and_decomposed_accents_give_the_same_password() {
        for (composed, parted) in [
            ("pr\u{e9}lude z\u{e8}bre", "pre\u{301}lude ze\u{300}bre"),
            ("\u{d55c}\u{ae00}", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
            ("\u{c5}ngstr\u{f6}m", "\u{212b}ngstro\u{308}m"),
        ] {
            assert_eq!(forms(composed), [composed.as_bytes()]);
            assert_eq!(forms(parted), [composed.as_bytes(), parted.as_bytes()]);
        }
    }

    #[test]
    fn c31_one_that_may_be_chosen_may_be_typed_either_way() {
        // 341 syllables are 1023 bytes; as single letters they are 3069.
        let composed = "\u{d55c}".repeat(341);
        let parted = "\u{1112}\u{1161}\u{11ab}".repeat(341);
        assert!(Password::of_allowed_length(composed.as_str().into()).is_ok());
        assert_eq!(forms(&parted), [composed.as_bytes()], "no stored hash is of more than 1024 bytes");
        assert!(Password::of_allowed_length("\u{d55c}".repeat(342).into()).is_err());
        assert!(Password::try_out("x".repeat(1025).into()).is_none(), "and it is never hashed");
    }

    proptest! {
        #[test]
        fn c31_a_password_has_two_forms_only_where_normalising_changes_it(text in "\\PC{0,200}") {
            let forms = forms(&text);
            let normalised = ComposingNormalizerBorrowed::new_nfc().normalize(&text);
            prop_assert_eq!(&forms[0], normalised.as_bytes());
            prop_assert_eq!(forms.len(), if *normalised == *text { 1 } else { 2 });
            prop_assert!(Password::try_out(text.as_str().into()).expect("one")
                .is_same_as(&Password::try_out(normalised.as_ref().into()).expect("one")));
        }
    }
}
