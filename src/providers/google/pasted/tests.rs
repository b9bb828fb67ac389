use proptest::prelude::*;

use super::*;

const PAGE: &str = "Sign in with Google\nAccess blocked: Mail archive’s request is invalid\n\nada@example.com\n\n\
    You can’t sign in because Mail archive sent an invalid request. You can try again later, or contact the developer \
    about this issue. Learn more about this error (https://developers.google.com/identity/protocols/oauth2)\n\
    If you are a developer of Mail archive, see error details.\nError 400: redirect_uri_mismatch\n\n\
    You can't sign in to this app because it doesn't comply with Google's OAuth 2.0 policy.\n\n\
    If you're the app developer, register the redirect URI in the Google Cloud Console.\n\
    Request details: redirect_uri=http://mail.example.com/api/connectors flowName=GeneralOAuthFlow";

#[test]
fn error_and_redirect_uri_are_read_from_googles_whole_page() {
    let pasted = explain(PAGE);
    assert!(pasted.is_understood && pasted.is_about_redirect_uri);
    assert_eq!(pasted.diagnosis.title, "The Redirect URI is not the one at Google");
    assert_eq!(pasted.uris, ["http://mail.example.com/api/connectors"]);
    assert_eq!(pasted.said.error.as_deref(), Some("redirect_uri_mismatch"));
    assert_eq!(pasted.said.description.as_deref(), Some("redirect_uri_mismatch"));
}

/// Texts of Google's pages, and the error that each names.
const PAGES: &[(&str, &str)] = &[
    ("Error 400: redirect_uri_mismatch", "redirect_uri_mismatch"),
    ("오류 400: redirect_uri_mismatch", "redirect_uri_mismatch"),
    ("redirect_uri_mismatch", "redirect_uri_mismatch"),
    (
        "The redirect URI in the request, http://a.example/x, does not match the ones authorized for the OAuth client.",
        "redirect_uri_mismatch",
    ),
    ("Access blocked: Mail archive’s request is invalid", "request_is_invalid"),
    (
        "Access blocked: Mail archive has not completed the Google verification process\n\nMail archive has not completed \
         the Google verification process. The app is currently being tested, and can only be accessed by \
         developer-approved testers.\nError 403: access_denied",
        "app_in_testing",
    ),
    ("Fehler 403: access_denied", "app_in_testing"),
    ("The app can only be accessed by\ndeveloper-approved testers.", "app_in_testing"),
    ("Google hasn’t verified this app", "app_not_verified"),
    ("This app isn't verified", "app_not_verified"),
    (
        "This app is blocked\nThis app tried to access sensitive info in your Google Account. To keep your account safe, \
         Google blocked this access.",
        "app_blocked",
    ),
    ("Error 403: org_internal\nThis client is restricted to users within its organization.", "org_internal"),
    ("Access blocked: Mail archive can only be used within its organization", "org_internal"),
    ("Error 400: admin_policy_enforced", "admin_policy_enforced"),
    (
        "The Google Account is unable to authorize one or more scopes requested due to the policies of their \
         administrator",
        "admin_policy_enforced",
    ),
    ("Access blocked: Your institution’s admin needs to review Mail archive", "admin_policy_enforced"),
    ("Error 403: disallowed_useragent", "disallowed_useragent"),
    ("it doesn't comply with Google's secure browsers policy", "disallowed_useragent"),
    ("Error 401: invalid_client\nThe OAuth client was not found.", "client_not_found"),
    ("Error 401: deleted_client\nThe OAuth client was deleted.", "deleted_client"),
    ("Error 403: disabled_client\nThe OAuth client was disabled.", "disabled_client"),
    ("Error 401: invalid_client", "invalid_client"),
    ("Error 400: invalid_scope\nSome requested scopes were invalid.", "invalid_scope"),
    (
        "You can't sign in to this app because it doesn't comply with Google's OAuth 2.0 policy for keeping apps \
         secure.\nError 400: invalid_request",
        "oauth_policy",
    ),
    (
        "device_id and device_name are required for private IP: http://192.168.0.7/api/connectors\nError 400: \
         invalid_request",
        "oauth_policy",
    ),
    ("https://mail.example.com/api/connectors?error=access_denied&state=abc", "access_denied"),
    (
        "https://accounts.google.com/signin/oauth/error?authError=ChVyZWRpcmVjdF91cmlfbWlzbWF0Y2ggkAMyAggB&client_id=1",
        "redirect_uri_mismatch",
    ),
    (
        r#"{"error":"invalid_grant","error_description":"Token has been expired or revoked."}"#,
        "token_expired_or_revoked",
    ),
    (
        r#"{"error":"invalid_grant","error_description":"reauth related error (invalid_rapt)","error_subtype":"invalid_rapt"}"#,
        "invalid_rapt",
    ),
    (
        r#"{"error":{"code":403,"message":"x","status":"PERMISSION_DENIED","details":[{"reason":"SERVICE_DISABLED"}]}}"#,
        "SERVICE_DISABLED",
    ),
    (
        r#"{"error":{"code":400,"errors":[{"message":"Mail service not enabled","reason":"failedPrecondition"}]}}"#,
        "mail_service_not_enabled",
    ),
];

#[test]
fn each_text_of_googles_pages_is_understood() {
    for (text, code) in PAGES {
        assert_eq!(read(text).code, Some(*code), "{text}");
        assert!(explain(text).is_understood, "{text}");
    }
    for text in ["", "hello", "400", "Sign in with Google", "authError=", "Error 12: x_y", "http://a:3000"] {
        assert!(!explain(text).is_understood, "{text}");
    }
}

#[test]
fn an_unknown_error_is_understood_as_one_without_words() {
    let unknown = explain("Error 418: something_new");
    assert!(unknown.is_understood);
    assert_eq!(unknown.diagnosis.what, "We do not know this error.");
    assert_eq!(unknown.said.error.as_deref(), Some("something_new"));
    assert_eq!(errors::telling_code(&unknown.said), None);
}

#[test]
fn a_text_of_one_line_in_any_case_is_understood_like_the_page() {
    for (text, code) in PAGES.iter().filter(|(text, _)| !text.contains("authError")) {
        let line = text.split_whitespace().collect::<Vec<_>>().join("  ");
        assert_eq!(read(&line).code, Some(*code), "{line}");
        assert_eq!(read(&text.to_uppercase()).code, Some(*code), "{text}");
    }
}

#[test]
fn source_and_address_keep_every_character_of_the_redirect_uri() {
    for text in [
        "Error 400: redirect_uri_mismatch redirect_uri: https://mail.example.com/a?x=1&amp;y=2<br>",
        "error=redirect_uri_mismatch&redirect_uri=https%3A%2F%2Fmail.example.com%2Fa%3Fx%3D1%26y%3D2",
    ] {
        let pasted = read(text);
        assert_eq!(pasted.code, Some("redirect_uri_mismatch"), "{text}");
        assert_eq!(pasted.uris, ["https://mail.example.com/a?x=1&y=2"], "{text}");
    }
}

#[test]
fn the_redirect_uri_comes_before_other_addresses_and_googles_own_are_left_out() {
    let text = "https://other.example/ https://www.googleapis.com/auth/gmail.modify https://accounts.google.com/x \
        Request details: redirect_uri=https://mail.example.com/api/connectors";
    assert_eq!(read(text).uris, ["https://mail.example.com/api/connectors", "https://other.example/"]);
}

#[test]
fn secrets_in_a_pasted_address_are_not_part_of_the_words() {
    for text in [
        "https://mail.example.com/api/connectors?error=access_denied&state=canary&code=canary",
        "https://accounts.google.com/x?client_secret=canary&error=org_internal#canary",
        r#"{"refresh_token":"canary","error":"invalid_grant"}"#,
    ] {
        let pasted = explain(text);
        let shown = format!("{:?} {:?}", pasted.said, pasted.diagnosis);
        assert!(pasted.is_understood && !shown.contains("canary"), "{shown}");
    }
}

proptest! {
    #[test]
    fn no_invisible_sign_hides_an_error(
        hidden in proptest::collection::vec((0..20_usize, "[\\p{Default_Ignorable_Code_Point}]"), 0..6),
    ) {
        let mut signs: Vec<String> = "org_internal".chars().map(String::from).collect();
        for (at, sign) in hidden {
            signs.insert(at.min(signs.len()), sign);
        }
        prop_assert_eq!(read(&signs.concat()).code, Some("org_internal"), "{:?}", signs);
    }

    #[test]
    fn explaining_any_pasted_text_does_not_panic(
        text in "(Error 4[0-9]{2}: |access_denied|authError=|redirect_uri=|https?://|%3a|&#|;|\\\\u?|[0-9a-f]|\\PC|\n){0,60}",
    ) {
        let _ = explain(&text);
    }
}
