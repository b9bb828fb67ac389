use std::collections::HashSet;

use super::*;
use crate::providers::{
    google::places::{AUDIENCE, CLIENTS, DATA_ACCESS, GMAIL_API, PEOPLE_API},
    known_error, pasted_text,
};

/// The subject that the words of an error must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// The application is not found, or was deleted or switched off.
    Application,
    /// The client secret.
    Secret,
    /// The Redirect URI.
    RedirectUri,
    /// Google's rules for addresses of applications.
    Policy,
    /// The browser in which the page was opened.
    Browser,
    /// Who may sign in: internal or external, testing, verified.
    Audience,
    /// A rule of the account's company.
    Rule,
    /// An access that has ended.
    Ended,
    /// The account itself.
    Account,
    /// An API that is not enabled.
    DisabledApi,
    /// A permission that was not granted.
    Permission,
    /// A limit that passes by itself.
    Limit,
}

use Class::{
    Account, Application, Audience, Browser, DisabledApi, Ended, Limit, Permission, Policy, RedirectUri,
    Rule, Secret,
};

/// The subject of each error of the table.
const CLASSES: &[(Class, &[&str])] = &[
    (Application, &["client_not_found", "deleted_client", "disabled_client"]),
    (Secret, &["client_secret_invalid"]),
    (RedirectUri, &["redirect_uri_mismatch", "request_is_invalid"]),
    (Policy, &["oauth_policy"]),
    (Browser, &["disallowed_useragent"]),
    (Audience, &["app_in_testing", "app_not_verified", "app_blocked", "org_internal"]),
    (Rule, &["admin_policy_enforced", "invalid_rapt", "rapt_required", "domainPolicy"]),
    (Ended, &["token_expired_or_revoked", "authError", "UNAUTHENTICATED"]),
    (Account, &["account_deleted", "mail_service_not_enabled", "delegationDenied"]),
    (DisabledApi, &["SERVICE_DISABLED", "accessNotConfigured", "access_not_configured"]),
    (Permission, &["ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions", "insufficient_scope"]),
    (
        Limit,
        &[
            "dailyLimitExceeded",
            "quotaExceeded",
            "rateLimitExceeded",
            "userRateLimitExceeded",
            "RATE_LIMIT_EXCEEDED",
            "RESOURCE_EXHAUSTED",
        ],
    ),
];

impl Class {
    /// Whether an entry serves this class: some cause has the right remedy, or names the right person and place.
    fn is_served_by(self, entry: &CodeEntry) -> bool {
        let offers = |remedy: Remedy| entry.causes.iter().any(|cause| cause.remedy == remedy);
        let asks = |who: Who| entry.causes.iter().any(|cause| cause.who == who);
        let says = |words: &str| entry.causes.iter().any(|cause| cause.next.contains(words));
        let first = &entry.causes[0];
        match self {
            Self::Application => says("Clients") && (offers(Remedy::Edit) || offers(Remedy::Open(CLIENTS))),
            Self::Secret => first.remedy == Remedy::Secret && says("Add secret"),
            Self::RedirectUri => first.remedy == Remedy::RedirectUri && says("redirect URIs"),
            Self::Policy => first.who == Who::Operator && says("MAIL360_PUBLIC_URL"),
            Self::Browser => first.who == Who::SignsIn && says("usual browser"),
            Self::Audience => offers(Remedy::Open(AUDIENCE)) && says("Audience"),
            Self::Rule => first.who == Who::CompanyAdmin && says("admin.google.com"),
            Self::Ended => asks(Who::SignsIn) && offers(Remedy::Again),
            Self::Account => {
                asks(Who::SignsIn) && (entry.title.contains("account") || entry.title.contains("mailbox"))
            }
            Self::DisabledApi => {
                offers(Remedy::Open(GMAIL_API)) && offers(Remedy::Open(PEOPLE_API)) && says("choose Enable")
            }
            Self::Permission => first.who == Who::SignsIn && offers(Remedy::Open(DATA_ACCESS)),
            Self::Limit => first.who == Who::NoOne,
        }
    }
}

#[test]
fn every_error_has_words_of_its_class() {
    let mut wrong = Vec::new();
    for (class, codes) in CLASSES {
        for code in *codes {
            match find(code) {
                None => wrong.push(format!("{code} has no words")),
                Some(entry) if !class.is_served_by(entry) => {
                    wrong.push(format!("{code} is not told as {class:?}: {}", entry.title));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_error_is_in_one_class_and_once_in_the_table() {
    let classed: Vec<_> = CLASSES.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
    let in_table: Vec<_> = table().flat_map(|entry| entry.codes).copied().collect();
    assert_eq!(classed.iter().collect::<HashSet<_>>().len(), classed.len());
    assert_eq!(in_table.iter().collect::<HashSet<_>>().len(), in_table.len());
    for code in &in_table {
        assert!(classed.contains(code), "{code} is in no class");
        assert_eq!(
            name(&code.to_lowercase()).and_then(find).map(|entry| entry.title),
            find(code).map(|e| e.title)
        );
    }
    assert!(find("access_denied").is_none() && find("").is_none());
}

#[test]
fn every_error_may_be_stored_in_clear() {
    for code in table().flat_map(|entry| entry.codes).chain(&CREDENTIALS).chain(&API_DISABLED) {
        assert_eq!(known_error(code), Some(*code));
        assert!(find(code).is_some(), "{code}");
    }
}

#[test]
fn names_of_this_program_are_shown_as_google_writes_the_error() {
    for (code, googles) in NAMED_HERE {
        assert!(find(code).is_some() && find(googles).is_none(), "{code}");
        assert_eq!((shown(code), known_error(googles)), (googles, Some(googles)));
    }
    assert_eq!(shown("org_internal"), "org_internal");
}

#[test]
fn each_sentence_of_google_names_one_error() {
    let mut seen = HashSet::new();
    for entry in table() {
        for phrase in entry.phrases {
            assert!(seen.insert(phrase), "{phrase} is listed twice");
            assert_eq!(*phrase, pasted_text::words(&pasted_text::plain(phrase)));
            assert_eq!(name_in_words(phrase), entry.codes.first().copied(), "{phrase}");
        }
    }
}

/// Otherwise a page would offer *Sign in again* first, although another step is due before it.
#[test]
fn a_step_of_another_person_is_a_message_and_a_step_in_the_console_opens_it() {
    for CodeEntry { title, causes, .. } in table() {
        for Cause { who, next, remedy, .. } in *causes {
            let fits = match who {
                Who::CompanyAdmin | Who::Operator => *remedy == Remedy::Message,
                Who::SignsIn | Who::NoOne => matches!(remedy, Remedy::Again | Remedy::TryCredentials),
                Who::Admin => !matches!(remedy, Remedy::Again | Remedy::Message | Remedy::Consent),
            };
            assert!(fits, "{title}: {who:?} {remedy:?}: {next}");
            if let Remedy::Open(page) = remedy {
                assert!(next.contains(page), "{title}: {next} does not name {page}");
            }
        }
    }
}

#[test]
fn the_words_are_whole_sentences() {
    for CodeEntry { title, what, causes, .. } in table() {
        assert!(!title.ends_with('.') && !title.is_empty(), "{title}");
        assert!(what.ends_with('.') && !what.contains("  "), "{title}");
        assert!(!causes.is_empty(), "{title}");
        for Cause { when, next, .. } in *causes {
            assert!(next.ends_with('.') && !next.contains("  "), "{title}: {next}");
            assert!(!when.ends_with('.'), "{title}: {when}");
        }
    }
}

#[test]
fn where_there_are_several_causes_each_says_how_to_tell_it() {
    for CodeEntry { title, causes, .. } in table() {
        let heads: HashSet<_> = causes.iter().map(|cause| cause.when).collect();
        assert_eq!(heads.len(), causes.len(), "{title}");
        assert_eq!(causes.iter().any(|cause| cause.when.is_empty()), causes.len() == 1, "{title}");
    }
}

#[test]
fn an_application_in_testing_is_told_of_the_seven_days() {
    for code in ["app_in_testing", "token_expired_or_revoked"] {
        let entry = find(code).expect("an entry");
        let words = format!("{} {:?}", entry.what, entry.causes);
        assert!(words.contains("seven days") && words.contains("Make internal"), "{words}");
    }
}
