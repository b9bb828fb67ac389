//! Compares the permissions that Google granted with the requested ones. Google writes them as full addresses, and
//! people may untick some of them on its page, so each one is compared exactly.

use super::permissions::{
    EMAIL, GMAIL_FULL, GMAIL_MODIFY, GMAIL_READ, GMAIL_SEND, OPENID, PERMISSIONS, PROFILE,
};
use crate::providers::{
    permission::is_covered,
    provider::{Abilities, Missing},
};

/// The requested permissions that were not granted. `granted` is the answer's `scope`; without it, all requested
/// permissions were granted (RFC 6749, 5.1).
pub fn missing(asked: &[String], granted: Option<&[String]>) -> Missing {
    let granted = Granted::of(granted);
    let mut missing = Missing::default();
    for scope in asked.iter().filter(|scope| !granted.has(scope)) {
        let is_required = PERMISSIONS.iter().any(|known| known.required && known.name == scope.as_str());
        let list = if is_required { &mut missing.required } else { &mut missing.optional };
        list.push(scope.clone());
    }
    missing
}

/// The requested permissions that a kept grant has, as they were requested.
pub fn granted(asked: &[String], granted: Option<&[String]>) -> Vec<String> {
    let granted = Granted::of(granted);
    asked.iter().filter(|scope| granted.has(scope)).cloned().collect()
}

/// What a grant with these permissions, as [`granted`] tells them, lets this program do.
pub fn abilities(granted: &[String]) -> Abilities {
    let has = |name: &str| is_covered(&PERMISSIONS, granted, name);
    Abilities { reads_mail: has(GMAIL_READ), sends_mail: has(GMAIL_SEND) }
}

/// Whether these permissions let the profile of the mailbox be read (Gmail API, users.getProfile).
pub fn reads_profile(granted: &[String]) -> bool {
    let allowing = [GMAIL_READ, GMAIL_MODIFY, GMAIL_FULL];
    granted.iter().any(|scope| allowing.contains(&scope.as_str()))
}

/// What a token answer says about permissions; `None` if it says nothing.
struct Granted(Option<Vec<String>>);

impl Granted {
    fn of(scopes: Option<&[String]>) -> Self {
        let all = |scopes: &[String]| scopes.iter().map(|scope| whole(scope).to_owned()).collect();
        Self(scopes.map(all))
    }

    fn has(&self, scope: &str) -> bool {
        // The ID token proves this one, and every successful sign-in has one.
        if scope == OPENID {
            return true;
        }
        self.0.as_ref().is_none_or(|granted| is_covered(&PERMISSIONS, granted, whole(scope)))
    }
}

/// The full address of a permission. OpenID Connect has short names for two of them, and Google uses both forms.
fn whole(scope: &str) -> &str {
    match scope {
        "email" => EMAIL,
        "profile" => PROFILE,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::google::permissions::{CONTACTS, CONTACTS_READ, GMAIL_LABELS};

    fn list(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(|scope| (*scope).to_owned()).collect()
    }

    fn asked() -> Vec<String> {
        list(&[OPENID, EMAIL, PROFILE, GMAIL_READ, GMAIL_SEND, CONTACTS_READ])
    }

    fn check(granted: &[&str]) -> Missing {
        missing(&asked(), Some(&list(granted)))
    }

    #[test]
    fn both_forms_of_the_permissions_for_the_id_token_are_understood() {
        let mail = [GMAIL_READ, GMAIL_SEND, CONTACTS_READ];
        for signed_in in [[OPENID, EMAIL, PROFILE], [OPENID, "email", "profile"]] {
            assert_eq!(check(&[signed_in, mail].concat()), Missing::default(), "{signed_in:?}");
        }
        let short = list(&["openid", "email"]);
        assert_eq!(missing(&short, Some(&list(&[OPENID, EMAIL]))), Missing::default());
        assert_eq!(granted(&short, Some(&list(&[OPENID, EMAIL]))), short);
    }

    #[test]
    fn no_answer_means_that_all_was_granted() {
        assert_eq!(missing(&asked(), None), Missing::default());
        assert_eq!(granted(&asked(), None), asked());
    }

    #[test]
    fn missing_required_and_unticked_permissions_are_named_apart() {
        let unticked = check(&[OPENID, EMAIL, PROFILE, GMAIL_READ]);
        assert_eq!((unticked.required, unticked.optional), (list(&[]), list(&[GMAIL_SEND, CONTACTS_READ])));
        let nothing = check(&[]);
        assert_eq!(nothing.required, [EMAIL, PROFILE]);
        assert_eq!(nothing.optional, [GMAIL_READ, GMAIL_SEND, CONTACTS_READ]);
    }

    #[test]
    fn a_permission_is_its_exact_address_and_no_other_text() {
        for other in [
            "https://www.googleapis.com/auth/gmail.readonly/",
            "https://www.googleapis.com/auth/Gmail.readonly",
            "http://www.googleapis.com/auth/gmail.readonly",
            "https://evil.example/auth/gmail.readonly",
            "gmail.readonly",
            "https://www.googleapis.com/auth/gmail.metadata",
            "https://mail.google.com",
        ] {
            let missing = missing(&list(&[GMAIL_READ]), Some(&list(&[other])));
            assert_eq!(missing.optional, [GMAIL_READ], "{other}");
        }
    }

    #[test]
    fn a_permission_is_granted_by_one_that_includes_it_and_not_the_other_way_round() {
        let of = |asked: &str, granted: &str| {
            missing(&list(&[asked]), Some(&list(&[granted]))).optional.is_empty()
        };
        for (greater, lesser) in [
            (GMAIL_FULL, GMAIL_MODIFY),
            (GMAIL_FULL, GMAIL_LABELS),
            (GMAIL_MODIFY, GMAIL_READ),
            (GMAIL_MODIFY, GMAIL_SEND),
            (CONTACTS, CONTACTS_READ),
        ] {
            assert!(of(lesser, greater) && !of(greater, lesser), "{greater} {lesser}");
        }
        assert!(!of(GMAIL_READ, GMAIL_SEND) && !of(GMAIL_LABELS, GMAIL_READ));
    }

    #[test]
    fn what_a_grant_has_is_told_in_the_words_of_the_request() {
        let told = |scopes: &[&str]| granted(&asked(), Some(&list(scopes)));
        assert_eq!(told(&[OPENID, "email", GMAIL_MODIFY]), list(&[OPENID, EMAIL, GMAIL_READ, GMAIL_SEND]));
        assert_eq!(told(&[]), list(&[OPENID]));
        // A later refresh with fewer permissions keeps no more than those.
        let kept = list(&[OPENID, EMAIL, GMAIL_READ]);
        assert_eq!(granted(&kept, Some(&list(&[OPENID, EMAIL]))), list(&[OPENID, EMAIL]));
    }

    #[test]
    fn mail_is_read_and_sent_with_each_permission_that_allows_it() {
        for (scope, reads, sends, profile) in [
            (GMAIL_READ, true, false, true),
            (GMAIL_MODIFY, true, true, true),
            (GMAIL_FULL, true, true, true),
            (GMAIL_SEND, false, true, false),
            (GMAIL_LABELS, false, false, false),
            (CONTACTS, false, false, false),
        ] {
            let granted = list(&[OPENID, scope]);
            let Abilities { reads_mail, sends_mail } = abilities(&granted);
            assert_eq!((reads_mail, sends_mail, reads_profile(&granted)), (reads, sends, profile), "{scope}");
        }
    }
}
