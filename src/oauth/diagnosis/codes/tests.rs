use std::collections::HashSet;

use super::*;

/// What the words of a code must be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// The client secret.
    Secret,
    /// The platform on which the Redirect URI is registered.
    Platform,
    /// The Redirect URI itself.
    RedirectUri,
    /// The application is not found or may not be used.
    Application,
    /// The tenant must be named or corrected.
    Tenant,
    /// Another of Microsoft's clouds.
    Cloud,
    /// The account is not let in: another account, or another audience.
    Audience,
    /// Somebody has to agree, perhaps an administrator.
    Approval,
    /// The permissions of the application.
    Permissions,
    /// A rule of the company.
    Rule,
    /// One more step or proof by the person who signs in.
    Step,
    /// The account itself: its password, its state, its company's directory.
    Account,
    /// A code or an access that is spent: sign in again.
    Spent,
    /// The browser's page or session: start again.
    Browser,
    /// The request was malformed.
    Request,
    /// It passes by itself.
    Transient,
}

use Class::{
    Account, Application, Approval, Audience, Browser, Cloud, Permissions, Platform, RedirectUri, Request,
    Rule, Secret, Spent, Step, Tenant, Transient,
};

/// Codes that a sign-in of this kind can meet, by Microsoft's reference (reference-error-codes, 24 April 2024), by its
/// troubleshooting pages, and by reports in public. A code of this list that has no words fails the test.
const REFERENCE: &[(Class, &[u64])] = &[
    (Secret, &[7_000_215, 7_000_222, 70_002, 50_012]),
    (Platform, &[700_025, 9_002_327, 90_023, 7_000_218, 7_000_216, 700_084]),
    (RedirectUri, &[50_011, 70_004, 500_113, 900_971]),
    (Application, &[700_016, 700_011, 70_001, 7_000_112, 1_000_031, 65_002, 700_027, 700_030]),
    (Tenant, &[90_002, 50_059, 50_128, 90_019, 50_194, 9_001_023, 90_124, 90_130]),
    (Cloud, &[90_038, 90_043, 90_051, 900_382, 900_432, 50_049, 1_000_104]),
    (
        Audience,
        &[
            9_002_331, 9_002_332, 50_020, 50_034, 50_014, 51_004, 16_000, 16_003, 90_072, 500_200, 500_208,
            700_005, 7_000_012,
        ],
    ),
    (
        Approval,
        &[
            65_001, 65_004, 90_093, 90_094, 90_095, 900_941, 900_981, 90_099, 7_000_229, 650_052, 500_011,
            500_014, 50_001, 650_054,
        ],
    ),
    (Permissions, &[65_005, 650_053, 650_056, 650_057, 70_011, 28_002, 28_003, 700_022, 700_023, 90_008]),
    (
        Rule,
        &[
            50_105, 53_000, 53_001, 53_002, 53_003, 53_004, 53_009, 53_010, 53_011, 530_002, 530_003,
            530_021, 530_031, 530_032, 530_034, 530_035, 50_097, 50_005, 50_127, 50_129, 50_131, 50_155,
            50_187, 135_011, 130_007, 500_021, 500_022, 50_002, 500_212, 500_213, 70_043, 54_000, 50_015,
            80_012,
        ],
    ),
    (Step, &[50_072, 50_074, 50_076, 50_078, 50_079, 50_158, 700_020]),
    (
        Account,
        &[
            50_053, 50_055, 50_056, 50_057, 50_064, 50_126, 50_135, 50_144, 50_125, 80_001, 80_002, 80_005,
            80_007, 80_010, 80_013, 80_014, 20_001, 20_012, 20_033, 40_008, 40_009, 40_010, 40_015, 50_008,
            50_107,
        ],
    ),
    (Spent, &[54_005, 70_000, 70_008, 700_082, 50_173, 50_132, 50_133, 50_085, 50_139, 501_481, 50_148]),
    (
        Browser,
        &[
            90_014, 900_561, 165_000, 165_004, 50_089, 90_007, 50_058, 16_001, 16_002, 160_021, 50_136,
            50_140, 50_143, 50_168, 50_180, 50_192, 50_197, 50_199, 51_006, 81_004, 81_005, 81_006, 81_007,
            81_009, 81_010, 81_011, 81_012,
        ],
    ),
    (
        Request,
        &[
            9_002_313, 9_002_326, 900_144, 90_004, 90_015, 90_056, 90_100, 90_102, 90_121, 901_002, 50_050,
            50_147, 501_491, 70_003, 70_005, 70_007,
        ],
    ),
    (
        Transient,
        &[
            90_006, 90_012, 90_024, 90_033, 90_090, 50_033, 50_087, 70_012, 50_196, 90_055, 50_166, 50_088,
            50_000, 50_086, 90_036, 90_091, 90_092,
        ],
    ),
];

impl Class {
    /// Whether an entry serves this class: some cause has the right remedy, or names the right person and place.
    fn is_served_by(self, entry: &Entry) -> bool {
        let offers = |remedy: Remedy| entry.causes.iter().any(|cause| cause.remedy == remedy);
        let says = |words: &str| {
            entry.causes.iter().any(|cause| cause.next.contains(words))
                || entry.what.contains(words)
                || entry.title.contains(words)
        };
        let first = &entry.causes[0];
        match self {
            Self::Secret => offers(Remedy::Secret),
            Self::Platform => offers(Remedy::RedirectUri) && says("platform Web"),
            Self::RedirectUri => first.remedy == Remedy::RedirectUri && says("under Authentication"),
            Self::Application => {
                says("application") && (offers(Remedy::Edit) || says("Enterprise applications"))
            }
            Self::Tenant => first.remedy == Remedy::Tenant,
            Self::Cloud => says("cloud") && first.who == Who::Operator,
            Self::Audience => {
                offers(Remedy::Edit)
                    || entry.causes.iter().any(|it| matches!(it.remedy, Remedy::AccountType(_)))
            }
            Self::Approval => offers(Remedy::Approval),
            Self::Permissions => first.remedy == Remedy::Edit && says("API permissions"),
            Self::Rule => entry.causes.iter().any(|cause| cause.who == Who::TenantAdmin),
            Self::Step => first.who == Who::SignsIn && says("do what Microsoft asks"),
            Self::Account => says("account") || says("company’s own"),
            Self::Spent => first.who == Who::SignsIn && first.remedy == Remedy::Again,
            Self::Browser => first.who == Who::SignsIn && says("private window"),
            Self::Request => entry.causes.iter().any(|cause| cause.who == Who::Operator),
            Self::Transient => first.who == Who::Nobody,
        }
    }
}

#[test]
fn c3_to_c9_every_code_of_the_reference_has_words_of_its_class() {
    let mut wrong = Vec::new();
    for (class, codes) in REFERENCE {
        for code in *codes {
            match find(*code) {
                None => wrong.push(format!("AADSTS{code} has no words")),
                Some(entry) if !class.is_served_by(entry) => {
                    wrong.push(format!("AADSTS{code} is not told as {class:?}: {}", entry.title));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_code_that_has_words_is_in_the_reference() {
    let listed: HashSet<u64> = REFERENCE.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
    for code in table().flat_map(|entry| entry.codes) {
        assert!(listed.contains(code), "AADSTS{code} is in no class");
    }
}

#[test]
fn each_code_stands_there_once_and_is_found() {
    let mut seen = HashSet::new();
    for entry in table() {
        for code in entry.codes {
            assert!(seen.insert(code), "{code} stands there twice");
            assert_eq!(find(*code).map(|found| found.title), Some(entry.title));
        }
    }
    assert!(find(1).is_none());
}

#[test]
fn the_words_are_whole_sentences() {
    for Entry { title, what, causes, .. } in table() {
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
    for Entry { title, causes, .. } in table() {
        let heads: HashSet<_> = causes.iter().map(|cause| cause.when).collect();
        assert_eq!(heads.len(), causes.len(), "{title}");
        assert_eq!(causes.iter().any(|cause| cause.when.is_empty()), causes.len() == 1, "{title}");
    }
}

#[test]
fn c19_to_c21_what_was_made_a_moment_ago_is_tried_again_without_making_it_again() {
    for (code, remedy) in [
        (7_000_215, Remedy::TryCredentials),
        (70_002, Remedy::TryCredentials),
        (700_016, Remedy::TryCredentials),
        (700_011, Remedy::TryCredentials),
        (70_001, Remedy::TryCredentials),
        (65_001, Remedy::Again),
        (90_094, Remedy::Again),
        (50_011, Remedy::Again),
        (50_105, Remedy::Again),
        (7_000_229, Remedy::Again),
    ] {
        let entry = find(code).expect("an entry");
        let waits = entry.causes.iter().find(|cause| cause.next.starts_with("Wait a minute and try again"));
        let waits = waits.expect("a cause that passes by itself");
        assert_eq!(waits.remedy, remedy, "{code}");
        assert!(waits.when.contains("within the last few minutes"), "{code}: {}", waits.when);
    }
}

#[test]
fn no_entry_tells_of_a_likelihood_that_microsoft_does_not_tell_of() {
    for Entry { title, what, .. } in table() {
        assert!(!what.contains("ost often"), "{title}: {what}");
    }
}
