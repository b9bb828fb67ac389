use proptest::prelude::*;

use super::*;
use crate::providers::{RawError, google::words};

fn read(error: &str, description: &str) -> ProviderWords {
    words::read(&RawError {
        error: Some(error).filter(|error| !error.is_empty()),
        description: Some(description),
        ..RawError::default()
    })
}

fn words(why: RefusalKind, error: &str, description: &str) -> Diagnosis {
    of(&why, Some(&read(error, description)))
}

#[test]
fn errors_of_the_redirect_back_are_explained() {
    for (error, title) in [
        ("access_denied", "The sign-in was cancelled, or the permissions were not approved"),
        ("admin_policy_enforced", "The account’s company does not allow the application"),
        ("disallowed_useragent", "Google does not let people sign in inside another app"),
        ("org_internal", "The application is only for accounts of its own organization"),
        ("interaction_required", "Google asks for one more step"),
        ("login_required", "Google asks for one more step"),
        ("immediate_failed", "Google asks for one more step"),
        ("invalid_scope", "Google does not accept a permission"),
        ("unauthorized_client", "Google does not let the application sign people in"),
        ("server_error", "Google has a problem at the moment"),
        ("temporarily_unavailable", "Google has a problem at the moment"),
        ("invalid_request", "Google stopped the sign-in"),
        ("something_new", "Google stopped the sign-in"),
    ] {
        let found = words(RefusalKind::of_sign_in_error(error), error, "");
        assert_eq!(found.title, title, "{error}");
    }
}

#[test]
fn errors_of_the_token_endpoint_are_explained() {
    for (why, error, description, title) in [
        (
            RefusalKind::CodeRefused,
            "invalid_grant",
            "Bad Request",
            "Google did not take the sign-in’s one-time code",
        ),
        (
            RefusalKind::CodeRefused,
            "invalid_grant",
            "Token has been expired or revoked.",
            "Google has ended the access",
        ),
        (
            RefusalKind::CodeRefused,
            "invalid_grant",
            "reauth related error (invalid_rapt)",
            "A rule of the company ends the access after some hours",
        ),
        (
            RefusalKind::CredentialsRejected,
            "invalid_client",
            "The OAuth client was not found.",
            "Google does not find the application",
        ),
        (
            RefusalKind::CredentialsRejected,
            "invalid_client",
            "Unauthorized",
            "Google does not accept the client secret",
        ),
        (
            RefusalKind::CredentialsRejected,
            "invalid_client",
            "Something new.",
            "Google does not accept the Client ID and secret",
        ),
        (
            RefusalKind::CredentialsRejected,
            "deleted_client",
            "The OAuth client was deleted.",
            "The application was deleted at Google",
        ),
        (
            RefusalKind::CredentialsRejected,
            "disabled_client",
            "The OAuth client was disabled.",
            "The application is switched off at Google",
        ),
        (
            RefusalKind::ExchangeRefused,
            "redirect_uri_mismatch",
            "Bad Request",
            "The Redirect URI is not the one at Google",
        ),
        (
            RefusalKind::ApplicationRefused,
            "unauthorized_client",
            "Unauthorized",
            "Google does not let the application sign people in",
        ),
        (RefusalKind::ExchangeRefused, "new_error", "New.", "Google refused to finish the sign-in"),
    ] {
        assert_eq!(words(why, error, description).title, title, "{error}: {description}");
    }
}

const DISABLED: &str = "Gmail API has not been used in project 846187604739 before or it is disabled. Enable it by \
    visiting https://console.developers.google.com/apis/api/gmail.googleapis.com/overview?project=846187604739 then \
    retry. If you enabled this API recently, wait a few minutes.";

#[test]
fn an_api_that_is_not_enabled_is_named_with_the_address_that_enables_it() {
    let found = words(RefusalKind::ApiDisabled, "PERMISSION_DENIED", DISABLED);
    assert_eq!(found.title, "The Gmail API is not enabled for the application");
    let first = &found.causes[0];
    assert_eq!((first.who, first.remedy), (Who::Admin, Remedy::Open(GMAIL_API)));
    let address =
        "https://console.developers.google.com/apis/api/gmail.googleapis.com/overview?project=846187604739";
    assert!(first.next.contains(address) && first.next.contains("choose Enable"), "{}", first.next);
    assert!(found.what.contains("no one has to sign in again"), "{}", found.what);
    let people = DISABLED.replace("Gmail", "People").replace("gmail.", "people.");
    let people = words(RefusalKind::AccessRefused, "PERMISSION_DENIED", &people);
    assert_eq!(people.title, "The People API is not enabled for the application");
    assert_eq!(people.causes[0].remedy, Remedy::Open(PEOPLE_API));
}

#[test]
fn an_api_that_is_not_enabled_is_told_also_if_the_message_says_less() {
    for (said, pages) in [
        (None, vec![Remedy::Open(GMAIL_API), Remedy::Open(PEOPLE_API), Remedy::Again]),
        (
            Some(read("accessNotConfigured", "People API is off.")),
            vec![Remedy::Open(PEOPLE_API), Remedy::Again],
        ),
    ] {
        let found = of(&RefusalKind::ApiDisabled, said.as_ref());
        assert_eq!(found.remedies(), pages);
        assert!(!format!("{found:?}").contains("https://"), "{found:?}");
    }
}

#[test]
fn only_addresses_of_googles_consoles_are_taken_from_a_message() {
    let api = "gmail.googleapis.com";
    let path = "/apis/api/gmail.googleapis.com/overview?project=";
    for (host, project) in
        [("console.developers.google.com", "846187604739"), ("console.cloud.google.com", "my-project-7")]
    {
        let message = format!("Visit (https://{host}{path}{project}).");
        assert_eq!(console_address(&message, api), Some(format!("https://{host}{path}{project}")));
    }
    for wrong in [
        "https://console.cloud.google.com.evil.example/apis/api/gmail.googleapis.com/overview?project=1",
        "https://evil.example/console.cloud.google.com/apis/api/gmail.googleapis.com/overview?project=1",
        "https://console.cloud.google.com@evil.example/apis/api/gmail.googleapis.com/overview?project=1",
        "https://ada@console.cloud.google.com/apis/api/gmail.googleapis.com/overview?project=1",
        "https://console.cloud.google.com:8443/apis/api/gmail.googleapis.com/overview?project=1",
        "http://console.cloud.google.com/apis/api/gmail.googleapis.com/overview?project=1",
        "https://console.cloud.google.com/apis/api/other.googleapis.com/overview?project=1",
        "https://console.cloud.google.com/apis/api/gmail.googleapis.com/overview?project=<script>",
        "https://console.cloud.google.com/apis/api/gmail.googleapis.com/overview?project=",
        "https://console.cloud.google.com/apis/api/gmail.googleapis.com/overview",
        "",
    ] {
        assert_eq!(console_address(wrong, api), None, "{wrong}");
    }
    // Other parameters of the address are not repeated.
    let longer = format!("https://console.cloud.google.com{path}1&canary=canary#canary");
    assert_eq!(console_address(&longer, api), Some(format!("https://console.cloud.google.com{path}1")));
}

#[test]
fn errors_of_the_apis_are_explained() {
    for (error, description, title) in [
        ("domainPolicy", "", "The account’s company does not let programs use Gmail"),
        ("FAILED_PRECONDITION", "Mail service not enabled", "The account has no Gmail mailbox"),
        ("insufficientPermissions", "", "The account has not granted a permission"),
        ("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "", "The account has not granted a permission"),
        ("delegationDenied", "", "Google refuses access to another person’s mailbox"),
        ("dailyLimitExceeded", "", "The application’s daily limit at Google is used up"),
        ("userRateLimitExceeded", "", "Google gets too many requests for this mailbox"),
        ("PERMISSION_DENIED", "New.", "Google refused access to the mailbox"),
    ] {
        let found = words(RefusalKind::AccessRefused, error, description);
        assert_eq!(found.title, title, "{error}: {description}");
    }
    let expired = words(RefusalKind::TokenRefused, "UNAUTHENTICATED", "");
    assert_eq!(expired.title, "Google no longer accepts the access to the mailbox");
}

#[test]
fn a_throttled_user_reads_how_long_to_wait() {
    let said = read("RESOURCE_EXHAUSTED", "");
    assert!(of(&RefusalKind::Throttled(Some(30)), Some(&said)).causes[0].next.starts_with("Wait 30 seconds"));
    assert!(of(&RefusalKind::Throttled(Some(121)), None).causes[0].next.starts_with("Wait 3 minutes"));
    assert!(of(&RefusalKind::Throttled(None), None).causes[0].next.starts_with("Wait a few minutes"));
}

#[test]
fn every_error_about_credentials_is_known_to_be_one_and_others_are_not() {
    for code in codes::CREDENTIALS {
        assert!(is_about_credentials(&read(code, "")), "{code}");
    }
    assert!(is_about_credentials(&read("invalid_client", "The OAuth client was not found.")));
    for (error, description) in
        [("invalid_client", ""), ("invalid_grant", "Bad Request"), ("access_denied", "")]
    {
        assert!(!is_about_credentials(&read(error, description)), "{error}");
    }
}

#[test]
fn an_end_after_seven_days_is_told_as_that_of_an_application_in_testing() {
    let hours = |hours| end_by_age(Duration::hours(hours)).is_some();
    assert!(hours(7 * 24) && hours(7 * 24 + 24));
    assert!(!hours(0) && !hours(6 * 24) && !hours(9 * 24) && !hours(180 * 24) && !hours(-1));
    assert!(end_by_age(Duration::days(7)).is_some_and(|words| words.contains("Testing")));
}

/// Otherwise an error of another provider without a code of its own would be taken for one of Google's.
#[test]
fn an_error_of_the_specifications_alone_is_no_error_of_googles_own() {
    for error in ["access_denied", "invalid_client", "invalid_grant", "invalid_scope", "server_error", ""] {
        assert_eq!(telling_code(&read(error, "The user said no.")), None, "{error}");
    }
}

#[test]
fn no_explanation_needs_an_address_for_approval() {
    let all = codes::table().flat_map(|entry| entry.codes).map(|code| of_shown(Some(code)));
    for diagnosis in all.chain([of_shown(None), of_shown(Some("access_denied"))]) {
        assert!(!diagnosis.remedies().contains(&Remedy::Consent), "{}", diagnosis.title);
        assert_eq!(without_consent(diagnosis.clone()), diagnosis);
    }
}

#[test]
fn each_kind_of_refusal_has_whole_sentences() {
    let kinds = [
        RefusalKind::Denied,
        RefusalKind::RefusedAtSignIn,
        RefusalKind::CredentialsRejected,
        RefusalKind::ApplicationRefused,
        RefusalKind::PermissionsRefused,
        RefusalKind::CodeRefused,
        RefusalKind::ExchangeRefused,
        RefusalKind::IdentityNotProved,
        RefusalKind::WrongDirectory,
        RefusalKind::IdentityRefused,
        RefusalKind::NoRefreshToken,
        RefusalKind::TokenRefused,
        RefusalKind::AccessRefused,
        RefusalKind::ApiDisabled,
        RefusalKind::PermissionsMissing(vec!["openid".to_owned()]),
        RefusalKind::WrongIssuer,
        RefusalKind::Unavailable,
        RefusalKind::Unreachable,
        RefusalKind::Slow,
        RefusalKind::Throttled(None),
        RefusalKind::Garbled,
    ];
    for why in kinds {
        let Diagnosis { title, what, causes } = of(&why, None);
        assert!(!title.ends_with('.') && what.ends_with('.'), "{why:?}: {title}");
        assert!(!causes.is_empty() && causes.iter().all(|cause| cause.next.ends_with('.')), "{why:?}");
        let is_headed = causes.len() == 1 || causes.iter().all(|cause| !cause.when.is_empty());
        assert!(is_headed && !format!("{causes:?}{what}").contains("  "), "{why:?}");
    }
}

proptest! {
    /// A description may repeat anything that was sent, so no explanation repeats it.
    #[test]
    fn no_description_is_repeated_in_an_explanation(
        error in "(invalid_grant|PERMISSION_DENIED|accessNotConfigured|\\PC{0,9})",
        text in "(Gmail API |https://console.cloud.google.com/|Token has been revoked|\\PC){0,9}",
    ) {
        let said = read(&error, &format!("{text} canary {DISABLED}&canary=canary"));
        for why in [RefusalKind::ApiDisabled, RefusalKind::CodeRefused, RefusalKind::AccessRefused] {
            let shown = format!("{:?}", of(&why, Some(&said)));
            prop_assert!(!shown.contains("canary"), "{}", shown);
        }
    }
}
