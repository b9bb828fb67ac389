use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Reads the words as a provider without codes of its own does.
fn read(raw: &RawError<'_>) -> ProviderWords {
    ProviderWords::of(raw.error, raw.description, raw.trace_id, raw.correlation_id)
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("3599")),
        Just(json!(3599.0)),
        Just(json!("bEaReR")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|map| Value::from_iter(map.into_iter().collect::<Vec<_>>())),
        ]
    })
}

/// A valid answer in which some members have another value or are left out.
fn with(sound: Value, changes: Vec<(String, Option<Value>)>) -> Value {
    let Value::Object(mut answer) = sound else { return sound };
    for (name, value) in changes {
        match value {
            Some(value) => drop(answer.insert(name, value)),
            None => drop(answer.remove(&name)),
        }
    }
    answer.into()
}

fn changes(names: &'static [&'static str]) -> impl Strategy<Value = Vec<(String, Option<Value>)>> {
    let name = prop_oneof![prop::sample::select(names).prop_map(str::to_owned), "[a-z]{1,4}-[a-z]{1,4}",];
    prop::collection::vec((name, prop::option::of(any_value())), 0..6)
}

proptest! {
    #[test]
    fn no_header_at_all_makes_the_time_to_wait_panic_or_longer_than_a_day(text in "[ -~]{0,40}") {
        let answer = http::Response::builder().header("retry-after", text.as_str()).header("date", text.as_str());
        let waits = ResponseMeta::of(&answer.body(Vec::new()).expect("an answer")).retry_after;
        prop_assert!(waits.is_none_or(|seconds| (1..=86_400).contains(&seconds)));
    }

    #[test]
    fn c12_tokens_are_read_with_any_values_of_unused_members(
        changes in changes(&["token_type", "expires_in", "ext_expires_in", "expires_on", "not_before", "foci"]),
    ) {
        let sound = json!({
            "token_type": "Bearer", "expires_in": 3599, "access_token": "a", "refresh_token": "r",
            "id_token": "i", "scope": "User.Read Mail.Read",
        });
        let tokens: Tokens = serde_json::from_value(with(sound, changes)).expect("tokens");
        prop_assert_eq!(tokens.access_token().secret(), "a");
        prop_assert!(tokens.refresh_token().is_some() && tokens.id_token.is_some());
        prop_assert_eq!(tokens.scopes().map(Vec::len), Some(2));
    }

    #[test]
    fn c12_an_error_is_read_with_any_values_of_other_members(
        changes in changes(&[
            "error_description", "error_codes", "trace_id", "correlation_id", "timestamp", "error_uri", "claims",
        ]),
    ) {
        let error: TokenError = serde_json::from_value(with(json!({ "error": "invalid_client" }), changes)).expect("an error");
        prop_assert_eq!(error.why(), RefusalKind::CredentialsRejected);
        let _ = error.words(None, &[], read);
    }

    #[test]
    fn c12_no_answer_at_all_makes_the_parsers_panic(value in any_value()) {
        let _ = serde_json::from_value::<Tokens>(value.clone());
        let _ = serde_json::from_value::<TokenError>(value);
    }
}

#[test]
fn c12_codes_come_to_the_provider_as_they_were_sent_in_a_list_or_alone() {
    fn count(raw: &RawError<'_>) -> ProviderWords {
        ProviderWords::default().with_codes([1_000 + raw.codes.len() as u64])
    }
    for (codes, expected) in [
        (json!([7_000_215]), 1),
        (json!("7000215"), 1),
        (json!([null, {}, "x", "7000215"]), 4),
        (json!([]), 0),
        (json!(null), 0),
    ] {
        let error = json!({ "error": "invalid_client", "error_codes": codes });
        let error: TokenError = serde_json::from_value(error).expect("an error");
        assert_eq!(error.words(None, &[], count).code(), Some(1_000 + expected), "{codes}");
    }
}

#[test]
fn a_more_precise_name_of_an_error_comes_to_the_provider_without_the_sent_secrets() {
    fn reason(raw: &RawError<'_>) -> ProviderWords {
        ProviderWords::of(raw.reason, None, None, None)
    }
    let sent = SecretString::from("s3cret-canary-value");
    for (subtype, expected) in [("invalid_rapt", "invalid_rapt"), ("s3cret-canary-value", "[removed]")] {
        let error = json!({ "error": "invalid_grant", "error_subtype": subtype });
        let error: TokenError = serde_json::from_value(error).expect("an error");
        assert_eq!(error.words(None, &[&sent], reason).error.as_deref(), Some(expected));
    }
}

#[test]
fn an_application_that_is_gone_or_switched_off_is_an_error_of_the_credentials() {
    for error in ["invalid_client", "deleted_client", "disabled_client"] {
        let error: TokenError = serde_json::from_value(json!({ "error": error })).expect("an error");
        assert_eq!(error.why(), RefusalKind::CredentialsRejected);
    }
}

#[test]
fn c12_permissions_may_be_a_text_or_a_list_and_other_values_are_ignored() {
    for (scope, granted) in [
        (json!("User.Read  Mail.Read"), Some(2)),
        (json!(["User.Read", "Mail.Read"]), Some(2)),
        (json!(""), Some(0)),
        (json!(null), None),
        (json!(1), None),
        (json!({}), None),
    ] {
        let tokens: Tokens =
            serde_json::from_value(json!({ "access_token": "a", "scope": scope })).expect("tokens");
        assert_eq!(tokens.scopes().map(Vec::len), granted, "{scope}");
    }
    for wrong in [json!({}), json!({ "access_token": "" }), json!({ "access_token": 1 }), json!([])] {
        assert!(serde_json::from_value::<Tokens>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn c12_type_and_status_of_an_answer_are_read_no_more_strictly_than_needed() {
    let answer = |status: u16, kind: &str, body: &str| {
        let answer = http::Response::builder().status(status).header("content-type", kind);
        made_plain(answer.body(body.as_bytes().to_vec()).expect("an answer"))
    };
    let tokens = answer(201, "text/html", "\u{feff}{\"access_token\":\"a\"}");
    assert_eq!(
        (tokens.status().as_u16(), tokens.headers()["content-type"].as_bytes()),
        (200, &b"application/json"[..])
    );
    assert!(tokens.body().starts_with(b"{"));
    assert_eq!(answer(200, "text/plain", r#"{"error":"invalid_grant"}"#).status().as_u16(), 400);
    assert_eq!(answer(401, "text/plain", r#"{"error":"invalid_client"}"#).status().as_u16(), 401);
    assert_eq!(answer(200, "text/html", "<html>").headers()["content-type"].as_bytes(), b"text/html");
}

#[test]
fn the_lifetime_of_an_access_token_is_read_in_any_form_and_never_makes_tokens_unreadable() {
    for (written, seconds) in [
        ("3599", Some(3_599)),
        ("\"3599\"", Some(3_599)),
        ("3599.9", Some(3_599)),
        ("0", None),
        ("-5", None),
        ("null", None),
        ("\"soon\"", None),
        ("[3599]", None),
        ("{}", None),
        ("1e300", None),
        // No number type holds it.
        ("1e999", None),
        ("99999999999", Some(31 * 86_400)),
    ] {
        let body = format!("\u{feff}{{\"access_token\":\"a\",\"expires_in\":{written}}}");
        assert_eq!(lifetime(body.as_bytes()), seconds.map(Duration::from_secs), "{written}");
        let tokens: Tokens = serde_json::from_slice(without_mark(body.as_bytes())).expect("tokens");
        assert_eq!(tokens.access_token().secret(), "a");
    }
    assert_eq!(lifetime(br#"{"access_token":"a"}"#), None);
    assert_eq!(lifetime(b"<html>"), None);
}

#[test]
fn the_end_of_a_grant_is_read_in_any_form_if_it_is_a_time_that_can_come() {
    for (written, seconds) in [
        ("604799", Some(604_799)),
        ("\"604799\"", Some(604_799)),
        ("604799.5", Some(604_799)),
        ("0", None),
        ("-5", None),
        ("null", None),
        ("\"soon\"", None),
        ("1e999", None),
        ("99999999999", None),
    ] {
        let body = format!("{{\"expires_in\":3599,\"refresh_token_expires_in\":{written}}}");
        assert_eq!(grant_lifetime(body.as_bytes()), seconds.map(Duration::from_secs), "{written}");
        assert!(lifetime(body.as_bytes()).is_some(), "{written} makes the other one unreadable");
    }
    assert_eq!(grant_lifetime(br#"{"expires_in":3599}"#), None);
}

#[test]
fn the_time_to_wait_is_read_as_a_number_and_as_a_time_of_the_providers_clock() {
    let answer = |headers: &[(&str, &str)]| {
        let answer = headers
            .iter()
            .fold(http::Response::builder(), |answer, (name, value)| answer.header(*name, *value));
        ResponseMeta::of(&answer.body(Vec::new()).expect("an answer")).retry_after
    };
    let date = ("date", "Mon, 23 Nov 2026 06:57:10 GMT");
    for (wait, seconds) in [
        ("30", Some(30)),
        (" 30 ", Some(30)),
        ("0", None),
        ("-1", None),
        ("soon", None),
        ("999999999", Some(86_400)),
        ("99999999999999999999", None),
        ("Mon, 23 Nov 2026 06:58:10 GMT", Some(60)),
        ("Mon, 23 Nov 2026 06:57:10 GMT", None),
        ("Sun, 22 Nov 2026 06:58:10 GMT", None),
        ("Mon, 30 Nov 2026 06:58:10 GMT", Some(86_400)),
    ] {
        assert_eq!(answer(&[date, ("retry-after", wait)]), seconds, "{wait}");
    }
    assert_eq!(answer(&[("retry-after", "30")]), Some(30));
    assert_eq!(answer(&[("retry-after", "Mon, 23 Nov 2026 06:58:10 GMT")]), None);
    assert_eq!(answer(&[date]), None);
}

#[test]
fn c16_the_clock_of_the_provider_is_read_from_its_answer() {
    let answer = |date: &str| {
        let answer = http::Response::builder().header("date", date).body(Vec::new()).expect("an answer");
        ResponseMeta::of(&answer).date
    };
    let expected = Timestamp::from_micros(1_795_417_030_000_000);
    assert_eq!(answer("Mon, 23 Nov 2026 06:57:10 GMT"), Some(expected));
    assert_eq!(answer("now"), None);
    assert_eq!(answer("Mon, 01 Jan 1900 00:00:00 GMT"), None);
}

#[test]
fn s7_an_answer_of_the_token_endpoint_prints_no_token() {
    let answer = r#"{"token_type":"Bearer","access_token":"canary-1","refresh_token":"canary-2","id_token":"canary-3"}"#;
    let tokens: Tokens = serde_json::from_str(answer).expect("tokens");
    let printed = format!("{tokens:?}");
    assert!(printed.contains("[redacted]") && !printed.contains("canary"), "{printed}");
}

#[test]
fn the_error_of_a_challenge_is_read_in_both_its_forms() {
    for (challenge, error) in [
        (
            r#"Bearer realm="", authorization_uri="https://a.example/b", error="insufficient_claims""#,
            "insufficient_claims",
        ),
        (r#"Bearer error="insufficient_claims", claims="eyJ9""#, "insufficient_claims"),
        ("bearer Error=invalid_token", "invalid_token"),
        (r#"Bearer realm="x",error = "a b""#, "a b"),
    ] {
        assert_eq!(challenge_error(challenge), Some(error), "{challenge}");
    }
    for challenge in ["", "Bearer", r#"Bearer realm="error""#, r#"Bearer error_description="x""#] {
        assert_eq!(challenge_error(challenge), None, "{challenge}");
    }
    let answer = http::Response::builder()
        .status(403)
        .header("www-authenticate", "Negotiate")
        .header("www-authenticate", "Bearer error=\"insufficient_claims\"")
        .body(Vec::new())
        .expect("an answer");
    assert_eq!(ResponseMeta::of(&answer).challenge.as_deref(), Some("insufficient_claims"));
}
