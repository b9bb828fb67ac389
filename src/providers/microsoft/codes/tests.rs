mod published;

use std::collections::HashSet;

use super::*;
use crate::providers::microsoft::{changes::TENANT, places::PERMISSIONS};
use published::{CANNOT_OCCUR, FOUND_ELSEWHERE, PUBLISHED};

/// The subject that the words of a code must have.
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
    /// A further step or proof by the person who signs in.
    Step,
    /// The account itself: its password, its state, its company's directory.
    Account,
    /// A code or an access that is spent: sign in again.
    Spent,
    /// The browser's page or session: start again.
    Browser,
    /// The request was malformed.
    Request,
    /// A fault that passes by itself.
    Transient,
    /// The device, its key or its browser.
    Device,
    /// A provider of the company's besides Microsoft, or a rule that needs one.
    OtherProvider,
    /// The code says little: try again, then look in the logs of Microsoft.
    Unclear,
}

use Class::{
    Account, Application, Approval, Audience, Browser, Cloud, Device, OtherProvider, Permissions, Platform,
    RedirectUri, Request, Rule, Secret, Spent, Step, Tenant, Transient, Unclear,
};

/// The subject of each code of the table.
const CLASSES: &[(Class, &[u64])] = &[
    (Secret, &[7_000_215, 7_000_222, 70_002, 50_012]),
    (Platform, &[700_025, 9_002_327, 90_023, 7_000_218, 7_000_216, 700_084]),
    (RedirectUri, &[50_011, 70_004, 500_113, 900_971]),
    (
        Application,
        &[
            700_016, 700_011, 70_001, 7_000_112, 1_000_031, 65_002, 700_027, 700_030, 90_112, 50_003, 50_146,
            501_461, 50_165, 50_100, 50_101, 50_102, 50_103, 50_108, 50_109, 50_111, 50_123, 50_124, 50_162,
            50_163, 501_621, 501_631, 501_632,
        ],
    ),
    (
        Tenant,
        &[
            90_002, 900_023, 50_059, 50_128, 90_019, 90_125, 90_126, 50_194, 650_059, 9_001_023, 90_124,
            90_130,
        ],
    ),
    (Cloud, &[90_038, 90_043, 90_051, 900_382, 900_432, 900_439, 50_049, 1_000_104]),
    (
        Audience,
        &[
            9_002_331, 9_002_332, 50_020, 50_034, 50_014, 51_004, 16_000, 16_003, 90_072, 500_200, 500_207,
            500_208, 700_005, 7_000_012,
        ],
    ),
    (
        Approval,
        &[
            65_001, 50_150, 65_004, 90_093, 90_094, 90_095, 900_941, 900_981, 90_099, 7_000_229, 650_052,
            500_011, 500_014, 50_001, 650_054,
        ],
    ),
    (Permissions, &[65_005, 650_053, 650_056, 650_057, 70_011, 28_002, 28_003, 700_022, 700_023, 90_008]),
    (
        Rule,
        &[
            50_105, 53_000, 53_001, 53_002, 53_003, 53_004, 53_009, 53_010, 53_011, 530_002, 530_003,
            530_021, 530_031, 530_032, 530_034, 530_035, 50_097, 50_005, 50_127, 50_129, 50_131, 50_155,
            50_187, 530_004, 500_021, 500_022, 50_002, 500_212, 500_213, 70_043, 70_044, 54_000, 50_015,
            80_012, 5_000_224,
        ],
    ),
    (Step, &[50_072, 50_074, 50_076, 50_078, 50_079, 50_158, 500_121, 700_020, 9_002_341]),
    (
        Account,
        &[
            50_053, 50_055, 50_056, 50_057, 50_064, 50_126, 50_135, 50_144, 50_125, 80_001, 80_002, 80_005,
            80_007, 80_010, 80_013, 80_014, 20_001, 20_012, 20_033, 40_008, 40_009, 40_010, 40_015, 50_008,
            50_107, 399_284, 500_089, 5_000_811, 5_000_819, 90_081, 90_123, 50_137, 50_142, 500_571, 50_017,
            220_501, 50_029, 90_013, 90_101, 120_000, 120_002, 120_003, 120_004, 120_005, 120_008, 120_011,
            120_012, 120_013, 120_014, 120_015, 120_016, 120_018, 120_020, 120_021,
        ],
    ),
    (
        Spent,
        &[54_005, 70_000, 70_008, 700_082, 50_173, 50_132, 50_133, 50_085, 50_139, 500_141, 501_481, 50_148],
    ),
    (
        Browser,
        &[
            90_014, 900_561, 165_000, 165_004, 50_089, 90_007, 50_058, 16_001, 16_002, 160_021, 50_136,
            50_140, 50_143, 50_168, 50_180, 50_192, 50_197, 50_199, 51_006, 81_004, 81_005, 81_006, 81_007,
            81_009, 81_010, 81_011, 81_012, 50_006, 50_027, 50_032, 50_098, 50_099, 50_120, 50_130, 140_000,
            140_001, 900_384,
        ],
    ),
    (
        Request,
        &[
            9_002_313, 9_002_326, 900_144, 90_004, 90_015, 90_056, 90_100, 90_102, 90_121, 901_002, 50_050,
            50_147, 50_149, 501_491, 70_003, 70_005, 70_007, 90_027, 90_107, 90_117, 165_900, 7_000_110,
            9_000_411,
        ],
    ),
    (
        Transient,
        &[
            90_006, 90_012, 90_024, 90_033, 90_090, 50_033, 50_087, 70_012, 50_196, 90_055, 50_088, 50_000,
            50_086, 90_036, 90_091, 90_092,
        ],
    ),
    (Device, &[17_003, 50_141, 130_004, 130_005, 130_006, 130_007, 130_008, 135_011, 220_450, 700_003]),
    (OtherProvider, &[50_159, 50_161, 50_166, 50_170, 50_172, 50_176, 50_177, 50_178, 900_612, 5_001_256]),
    (
        Unclear,
        &[
            50_042, 50_043, 50_138, 50_157, 50_160, 51_000, 51_005, 90_010, 90_022, 90_085, 135_010, 240_003,
            240_004,
        ],
    ),
];

impl Class {
    /// Whether an entry serves this class: some cause has the right remedy, or names the right person and place.
    fn is_served_by(self, entry: &CodeEntry) -> bool {
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
            Self::Tenant => first.remedy == Remedy::Change(&TENANT),
            Self::Cloud => says("cloud") && first.who == Who::Operator,
            Self::Audience => {
                offers(Remedy::Edit)
                    || entry
                        .causes
                        .iter()
                        .any(|it| matches!(it.remedy, Remedy::Change(change) if change.asks.is_none()))
            }
            Self::Approval => offers(Remedy::Consent),
            Self::Permissions => first.remedy == Remedy::Open(PERMISSIONS) && says("API permissions"),
            Self::Rule => entry.causes.iter().any(|cause| cause.who == Who::CompanyAdmin),
            Self::Step => first.who == Who::SignsIn && says("do what Microsoft asks"),
            Self::Account => says("account") || says("company’s own"),
            Self::Spent => first.who == Who::SignsIn && first.remedy == Remedy::Again,
            Self::Browser => first.who == Who::SignsIn && says("private window"),
            Self::Request => entry.causes.iter().any(|cause| cause.who == Who::Operator),
            Self::Transient => first.who == Who::NoOne,
            Self::Device => first.who == Who::SignsIn && says("device"),
            Self::OtherProvider => {
                first.who == Who::SignsIn
                    && says("Microsoft Entra admin center")
                    && entry.causes.iter().any(|cause| cause.who == Who::CompanyAdmin)
            }
            Self::Unclear => first.who == Who::SignsIn && says("correlation ID"),
        }
    }
}

/// All codes of a list of groups.
fn codes_of<T>(groups: &[(T, &[u64])]) -> Vec<u64> {
    groups.iter().flat_map(|(_, codes)| codes.iter().copied()).collect()
}

/// Whether a list has no code twice.
fn has_each_once(codes: &[u64]) -> bool {
    codes.iter().collect::<HashSet<_>>().len() == codes.len()
}

#[test]
fn every_code_that_microsoft_publishes_has_words_or_a_reason_why_it_cannot_occur() {
    assert!(PUBLISHED.is_sorted() && has_each_once(&PUBLISHED));
    let cannot_occur = codes_of(CANNOT_OCCUR);
    let mut wrong = Vec::new();
    for code in PUBLISHED {
        match (find(code), cannot_occur.contains(&code)) {
            (None, false) => wrong.push(format!("AADSTS{code} has no words")),
            (Some(entry), true) => {
                wrong.push(format!("AADSTS{code} cannot occur and has words: {}", entry.title));
            }
            (Some(_), false) | (None, true) => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_published_codes_are_said_not_to_occur() {
    let cannot_occur = codes_of(CANNOT_OCCUR);
    assert!(has_each_once(&cannot_occur));
    for code in cannot_occur {
        assert!(PUBLISHED.contains(&code), "Microsoft does not publish AADSTS{code}");
    }
}

#[test]
fn every_code_of_the_table_is_published_or_its_source_is_named() {
    let elsewhere = codes_of(FOUND_ELSEWHERE);
    assert!(has_each_once(&elsewhere));
    for code in table().flat_map(|entry| entry.codes) {
        let published = PUBLISHED.contains(code);
        assert!(published != elsewhere.contains(code), "AADSTS{code}: published: {published}");
    }
    for code in elsewhere {
        assert!(find(code).is_some(), "AADSTS{code} has no words");
    }
}

#[test]
fn c3_to_c9_every_code_has_words_of_its_class() {
    let mut wrong = Vec::new();
    for (class, codes) in CLASSES {
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
fn every_code_that_has_words_is_in_one_class() {
    let classed = codes_of(CLASSES);
    assert!(has_each_once(&classed));
    for code in table().flat_map(|entry| entry.codes) {
        assert!(classed.contains(code), "AADSTS{code} is in no class");
    }
}

#[test]
fn a_tenant_that_cannot_be_read_is_corrected_in_the_connector_or_in_the_configured_addresses() {
    let entry = find(900_023).expect("an entry");
    let remedies: Vec<_> = entry.causes.iter().map(|cause| (cause.who, cause.remedy)).collect();
    assert_eq!(remedies, [(Who::Admin, Remedy::Change(&TENANT)), (Who::Operator, Remedy::Message)]);
    assert!(entry.causes[1].next.contains("{tenant}"));
}

#[test]
fn a_device_that_is_disabled_or_deleted_is_not_told_as_a_rule_about_devices() {
    for code in [130_007, 130_008, 135_011, 700_003] {
        let entry = find(code).expect("an entry");
        assert!(!entry.title.contains("rule") && !entry.what.contains("only on certain devices"), "{code}");
        assert!(entry.title.contains("disabled, or does not find it"), "{code}: {}", entry.title);
    }
}

/// Otherwise a page would offer *Sign in again* first, although another step is due before it.
#[test]
fn a_step_of_another_person_is_a_message_and_a_step_in_the_portal_opens_it() {
    for CodeEntry { title, causes, .. } in table() {
        for Cause { who, next, remedy, .. } in *causes {
            let fits = match who {
                Who::CompanyAdmin => matches!(remedy, Remedy::Message | Remedy::Consent | Remedy::Open(_)),
                Who::Operator => *remedy == Remedy::Message,
                Who::SignsIn | Who::NoOne => matches!(remedy, Remedy::Again | Remedy::TryCredentials),
                Who::Admin => !matches!(remedy, Remedy::Again | Remedy::Message | Remedy::Consent),
            };
            assert!(fits, "{title}: {who:?} {remedy:?}: {next}");
        }
    }
}

#[test]
fn each_code_is_listed_once_and_is_found() {
    let mut seen = HashSet::new();
    for entry in table() {
        for code in entry.codes {
            assert!(seen.insert(code), "{code} is listed twice");
            assert_eq!(find(*code).map(|found| found.title), Some(entry.title));
        }
    }
    assert!(find(1).is_none());
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
    for CodeEntry { title, what, .. } in table() {
        assert!(!what.contains("ost often"), "{title}: {what}");
    }
}
