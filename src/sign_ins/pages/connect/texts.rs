//! The texts of the pages for people without a user, one table for each language. [`Texts`] is a plain struct, so a
//! language that lacks a text does not compile. A text has `{names}` in place of values; [`super::words`] fills them in.

mod english;
mod french;
mod german;
mod spanish;

use crate::platform::language::Language;

/// Defines [`Texts`] with these fields.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// The texts of one language.
        #[derive(Debug)]
        pub struct Texts {
            /// The names of the months, in the middle of a date.
            pub months: [&'static str; 12],
            $($(#[$doc])* pub $name: &'static str,)+
        }

        impl Texts {
            /// Every text with its name.
            #[cfg(test)]
            pub fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name)),+]
            }
        }
    };
}

texts! {
    // Around every page.
    language,
    contact,
    privacy,
    close,

    // Times.
    date,
    /// The first day of a month, as a number.
    first_day,
    in_a_minute,
    in_minutes,
    in_an_hour,
    in_hours,
    in_a_day,
    in_days,

    // The page behind a link.
    connect_title,
    connect_heading,
    renew_title,
    renew_heading,
    renew_why,
    permissions,
    mailbox,
    next_title,
    next_sign_in,
    next_agree,
    next_return,
    go_on,
    until,
    unexpected,
    end_it,
    too_many_title,
    too_many,

    // The message for an administrator of the reader's company.
    administrator_title,
    administrator_what,
    administrator_subject,
    message_label,
    message_hello,
    message_asks,
    message_permissions,
    message_link,
    message_application,
    message_thanks,
    message_send,

    // The page before the provider.
    leaving_title,
    leaving_what,

    // Links that do not work.
    unknown_title,
    unknown_what,
    used_title,
    used_what,
    expired_title,
    expired_what,
    revoked_title,
    revoked_what,
    unavailable_title,
    unavailable_what,
    exhausted_title,
    exhausted_what,

    // After the provider.
    checking_title,
    checking_what,
    checking_reload,
    reload,
    interrupted_title,
    interrupted_what,
    connected_title,
    connected_what,
    unconfirmed_title,
    unconfirmed_what,
    not_confirmed_title,
    not_confirmed_what,
    missing,
    back,
    going_back,
    wrong_title,
    wrong_what,
    choose_another,
    elsewhere_title,
    elsewhere_what,
    permissions_title,
    permissions_what,
    ask_again,
    approval_title,
    approval_what,
    cancelled_title,
    nothing_connected,
    try_again,
    no_mailbox_title,
    no_mailbox_what,
    incomplete_title,
    incomplete_what,
    changed_title,
    changed_what,
    late_title,
    late_what,
    unreachable_title,
    unreachable_what,
    failed_title,
    failed_what,
    reference,

    // For an administrator of a company: the page behind a consent link, and what follows.
    consent_title,
    consent_heading,
    consent_company,
    consent_permissions,
    consent_nothing,
    consent_sign_in,
    consent_agree,
    consent_return,
    consent_unexpected,
    consent_withdraw,
    consent_reported,
    consent_wait,
    consent_thanks_title,
    consent_thanks,
    consent_approved_title,
    consent_approved,
    consent_revoked,
    consent_refused_title,
    consent_denied,
    consent_unavailable,
    consent_failed,
    consent_code,

    // A sign-in that does not belong to this browser.
    foreign_title,
    foreign_what,
    foreign_app,
}

impl Texts {
    /// The texts of this language.
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &english::TEXTS,
            Language::German => &german::TEXTS,
            Language::French => &french::TEXTS,
            Language::Spanish => &spanish::TEXTS,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const LANGUAGES: [Language; 4] =
        [Language::English, Language::German, Language::French, Language::Spanish];

    /// The names in braces.
    fn values(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).map(|rest| rest.split_once('}').expect("a closing brace").0).collect()
    }

    #[test]
    fn every_language_has_every_text_with_the_same_values() {
        let english = Texts::of(Language::English).all();
        for language in LANGUAGES {
            let texts = Texts::of(language).all();
            assert_eq!(texts.len(), english.len());
            for ((name, text), (_, original)) in texts.into_iter().zip(&english) {
                assert!(!text.trim().is_empty() && text.trim() == text, "{language:?} {name}: {text:?}");
                assert_eq!(values(text), values(original), "{language:?} {name}");
            }
        }
    }

    #[test]
    fn no_text_of_one_language_is_in_another() {
        let shared = ["first_day"];
        for (at, one) in LANGUAGES.into_iter().enumerate() {
            for other in LANGUAGES.into_iter().skip(at + 1) {
                for ((name, text), (_, theirs)) in
                    Texts::of(one).all().into_iter().zip(Texts::of(other).all())
                {
                    let may = shared.contains(&name);
                    assert!(text != theirs || may, "{name} is the same in {one:?} and {other:?}: {text}");
                }
            }
        }
    }

    #[test]
    fn a_polite_form_and_no_other_is_used() {
        let has = |text: &str, words: &[&str]| {
            text.split(|c: char| !c.is_alphabetic()).any(|word| words.contains(&word))
        };
        for (language, familiar) in [
            (Language::German, &["du", "dir", "dich", "dein", "deine", "deinem", "deinen", "deiner"][..]),
            (Language::French, &["tu", "te", "toi", "ton", "ta", "tes"]),
            (Language::Spanish, &["tú", "tu", "tus", "ti", "contigo", "vosotros"]),
        ] {
            for (name, text) in Texts::of(language).all() {
                assert!(!has(text, familiar), "{language:?} {name}: {text}");
            }
        }
    }

    #[test]
    fn a_sentence_has_at_most_25_words() {
        for language in LANGUAGES {
            for (name, text) in Texts::of(language).all() {
                for sentence in text.split_inclusive(['.', '?']) {
                    let words = sentence.split_whitespace().count();
                    assert!(words <= 25, "{language:?} {name} has {words} words in a sentence: {sentence}");
                }
            }
        }
    }
}
