use super::*;
use crate::providers::{RawError, microsoft::words};

fn read(error: &str, description: &str) -> ProviderWords {
    words::read(&RawError {
        error: Some(error).filter(|error| !error.is_empty()),
        description: Some(description),
        ..RawError::default()
    })
}

#[test]
fn a_known_code_chooses_the_words_and_an_unknown_one_leaves_them() {
    let said = |text| read("invalid_client", text);
    let expired = of(&RefusalKind::CredentialsRejected, Some(&said("AADSTS7000222: The keys are expired.")));
    assert_eq!(expired.title, "The client secret has expired");
    let unknown = of(&RefusalKind::CredentialsRejected, Some(&said("AADSTS9999999: Something new.")));
    assert_eq!(unknown.title, "Microsoft does not accept the Client ID and secret");
    assert_eq!(of(&RefusalKind::CredentialsRejected, None), unknown);
}

fn words(why: RefusalKind, error: &str, description: &str) -> Diagnosis {
    of(&why, Some(&read(error, description)))
}

#[test]
fn where_the_code_is_unknown_the_error_still_names_the_right_person() {
    let step = words(RefusalKind::ExchangeRefused, "interaction_required", "AADSTS9999999: New.");
    assert_eq!(
        step.causes,
        [Cause::only(Who::SignsIn, "Sign in again, and do what Microsoft asks.", Remedy::Again)]
    );
    let consent = words(RefusalKind::RefusedAtSignIn, "consent_required", "");
    assert!(consent.remedies().contains(&Remedy::Consent));
    let policy = words(RefusalKind::Denied, "access_denied", "AADSTS9999999: A policy.");
    assert_eq!(policy.causes[0].who, Who::CompanyAdmin);
    let slow = words(RefusalKind::Unavailable, "access_denied", "AADSTS9999999: New.");
    assert_eq!(slow.title, "Microsoft has a problem at the moment");
}

#[test]
fn c1_a_refusal_is_cancelled_or_waits_for_an_administrator_with_code_and_without() {
    for description in ["the user canceled the authentication", "AADSTS65004: User declined to consent."] {
        let refused = words(RefusalKind::Denied, "access_denied", description);
        assert!(refused.title.starts_with("The sign-in was cancelled"), "{}", refused.title);
        assert_eq!(refused.remedies(), [Remedy::Again, Remedy::Consent]);
        assert!(refused.causes.iter().any(|cause| cause.when.contains("administrator must approve")));
        assert_eq!(without_consent(refused).remedies(), [Remedy::Again]);
    }
}

#[test]
fn c2_only_an_invalid_grant_without_a_code_is_said_to_be_about_the_one_time_code() {
    for code in [530_003, 53_001, 70_000, 50_126, 50_097, 53_002, 9_999_999] {
        let refused = words(RefusalKind::CodeRefused, "invalid_grant", &format!("AADSTS{code}: No."));
        let text = format!("{refused:?}");
        assert!(!text.contains("one-time code") && !text.contains("had been used"), "{code}: {text}");
    }
    for description in ["", "AADSTS54005: Redeemed.", "AADSTS70008: Expired."] {
        let refused = words(RefusalKind::CodeRefused, "invalid_grant", description);
        assert!(format!("{refused:?}").contains("one-time code"), "{description}");
    }
}

/// Words that are true of one cause only. Explanations of unknown causes must not contain them.
const PARTICULAR: [&str; 8] = [
    "has expired.",
    "had been used",
    "was too old",
    "is switched off",
    "is disabled.",
    "Most often",
    "most often",
    "one-time code, ",
];

#[test]
fn c2_no_general_error_states_a_cause_that_an_unknown_code_does_not_name() {
    for (why, error) in [
        (RefusalKind::Denied, "access_denied"),
        (RefusalKind::RefusedAtSignIn, "invalid_request"),
        (RefusalKind::RefusedAtSignIn, "invalid_client"),
        (RefusalKind::CredentialsRejected, "invalid_client"),
        (RefusalKind::ApplicationRefused, "unauthorized_client"),
        (RefusalKind::PermissionsRefused, "invalid_scope"),
        (RefusalKind::CodeRefused, "invalid_grant"),
        (RefusalKind::ExchangeRefused, "invalid_request"),
        (RefusalKind::ExchangeRefused, "invalid_resource"),
    ] {
        let unknown = words(why, error, "AADSTS9999999: New.");
        for claim in PARTICULAR {
            assert!(!unknown.what.contains(claim) && !unknown.title.contains(claim), "{error}: {unknown:?}");
        }
        // Each further cause says how to tell that it is this one.
        let headed = unknown.causes.len() == 1 || unknown.causes.iter().all(|cause| !cause.when.is_empty());
        assert!(headed, "{error}: {unknown:?}");
    }
}

#[test]
fn the_most_specific_of_several_codes_chooses_the_words() {
    let said = read(
        "invalid_grant",
        "AADSTS70002: Error validating credentials. AADSTS50126: Invalid username or password.",
    );
    assert_eq!(telling_code(&said), Some(50_126));
    assert_eq!(telling_code(&said.clone().with_codes([70_002])), Some(50_126));
    assert_eq!(telling_code(&said.clone().with_codes([9_999_999, 53_003])), Some(53_003));
    let unknown = read("", "AADSTS9999999: New.");
    assert_eq!(telling_code(&unknown), Some(9_999_999));
    assert_eq!(telling_code(&ProviderWords::default()), None);
}

#[test]
fn a_connector_without_an_address_for_approval_is_not_told_to_send_one() {
    for code in [65_001, 65_004, 90_094, 650_056, 700_016, 7_000_229] {
        let diagnosis = without_consent(of_shown(Some(code)));
        assert!(!diagnosis.causes.is_empty(), "{code}");
        assert!(!format!("{diagnosis:?}").contains("message for the administrator"), "{code}: {diagnosis:?}");
    }
}

#[test]
fn a_throttled_user_reads_how_long_to_wait() {
    let said = read("", "AADSTS90033: A transient error.");
    assert!(of(&RefusalKind::Throttled(Some(30)), Some(&said)).causes[0].next.starts_with("Wait 30 seconds"));
    assert!(of(&RefusalKind::Throttled(Some(121)), None).causes[0].next.starts_with("Wait 3 minutes"));
    assert!(of(&RefusalKind::Throttled(None), None).causes[0].next.starts_with("Wait a few minutes"));
}

#[test]
fn every_code_about_credentials_has_an_explanation_and_a_code_of_a_sign_in_is_not_one() {
    for code in codes::CREDENTIALS {
        assert!(codes::find(code).is_some(), "{code}");
        assert!(is_about_credentials(&read("invalid_request", &format!("AADSTS{code}: No."))), "{code}");
    }
    assert!(!is_about_credentials(&read("invalid_request", "AADSTS500121: No.")));
    assert!(!is_about_credentials(&read("invalid_request", "No.")));
}

#[test]
fn an_unknown_code_of_a_pasted_error_is_said_to_have_no_explanation() {
    let unknown = of_shown(Some(9_999_999));
    assert_eq!(unknown.what, "We do not know this error.");
    assert_eq!(unknown.causes, of_shown(None).causes);
}
