use proptest::prelude::*;

use super::*;
use crate::providers::{
    mailbox::{MailError, MailProblem, empty_stream, read_whole},
    passage::PassagePart,
};

const OURS: &str = "https://mail.example/api/accounts/7/proxy/";

fn passage() -> Passage {
    let part = |prefix, address: &str| PassagePart { prefix, address: address.to_owned() };
    Passage {
        api_base: Some("https://graph.example/v1.0".to_owned()),
        parts: vec![
            part("v1.0/", "https://graph.example/v1.0/"),
            part("beta/", "https://graph.example/beta/"),
        ],
        link_keys: &["@odata.nextLink"],
        downloads: &["$value"],
        long_answers: &["attachments"],
        batches: &["$batch"],
        max_in_batch: 20,
    }
}

fn asked() -> Url {
    Url::parse("https://graph.example/v1.0/me/messages").expect("an address")
}

fn call(rest: &str) -> RawCall {
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer m360_of_the_caller"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    RawCall { method: Method::GET, rest: rest.to_owned(), query: Some("$top=1".to_owned()), headers }
}

fn response(content_type: &'static str, pieces: Vec<Result<&'static str, MailError>>) -> MailResponse {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("9"));
    let pieces = pieces.into_iter().map(|piece| piece.map(|text| Bytes::from_static(text.as_bytes())));
    MailResponse { status: StatusCode::OK, headers, body: Box::pin(stream::iter(pieces)) }
}

#[test]
fn the_provider_gets_the_accounts_token_and_never_the_callers_credential() {
    let token = SecretString::from("token-of-the-account");
    for (rest, weight, is_download) in [
        ("v1.0/me", 1, false),
        ("v1.0/$batch", 20, false),
        ("v1.0/me/messages/1/$value", 1, true),
        ("v1.0/me/messages/1/attachments/2", 1, true),
        ("v1.0/me/messages/1/attachments", 1, false),
    ] {
        let call = call(rest);
        let address = call.address(&passage()).expect("an address");
        let request = call.request(&passage(), &address, &token, MailBody::Empty);
        assert_eq!(request.url, format!("https://graph.example/{rest}?$top=1"));
        assert_eq!(request.headers[header::AUTHORIZATION], "Bearer token-of-the-account");
        assert_eq!(request.headers.get_all(header::AUTHORIZATION).iter().count(), 1);
        assert_eq!((request.weight, request.is_download), (weight, is_download), "{rest}");
        assert_eq!(request.units, u32::from(weight), "{rest}");
        assert!(!format!("{:?}", request.headers).contains("token-of"), "the token would be logged");
    }
    assert_eq!(call("v1.0/../x").address(&passage()), Err(AddressProblem::DotSegment));
}

#[test]
fn a_body_that_has_not_come_whole_is_a_stream_and_a_dropped_one_leaves_no_length() {
    let token = SecretString::from("token-of-the-account");
    for (body, is_stream, has_length) in [
        (MailBody::Stream(empty_stream()), true, true),
        (MailBody::Whole(Bytes::from_static(b"123456789")), false, true),
        (MailBody::Empty, false, false),
    ] {
        let mut call = call("v1.0/me/messages");
        call.method = Method::POST;
        call.headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("9"));
        let request = call.request(&passage(), &asked(), &token, body);
        assert_eq!(request.is_download, is_stream);
        assert_eq!(request.headers.contains_key(header::CONTENT_LENGTH), has_length);
    }
}

#[tokio::test]
async fn pages_of_json_lead_back_here_and_other_bodies_pass_as_they_are() {
    let json: [Result<_, MailError>; 3] =
        [Ok(r#"{"@odata.next"#), Ok(r#"Link":"https://graph.ex"#), Ok(r#"ample/v1.0/me"}"#)];
    let answer = pass_back(response("application/json", json.to_vec()), &passage(), &asked(), OURS);
    assert!(!answer.headers.contains_key(header::CONTENT_LENGTH));
    let body = read_whole(answer.body, 1_000).await.expect("a body");
    assert_eq!(body, format!(r#"{{"@odata.nextLink":"{OURS}v1.0/me"}}"#).into_bytes());

    let answer = pass_back(response("text/plain", json.to_vec()), &passage(), &asked(), OURS);
    assert_eq!(answer.headers[header::CONTENT_LENGTH], "9");
    let body = read_whole(answer.body, 1_000).await.expect("a body");
    assert_eq!(body, br#"{"@odata.nextLink":"https://graph.example/v1.0/me"}"#);
}

#[tokio::test]
async fn content_of_mail_that_is_json_and_parts_of_a_body_pass_byte_for_byte() {
    let json = r#"{"@odata.nextLink":"https://graph.example/v1.0/me"}"#;
    let download =
        Url::parse("https://graph.example/v1.0/me/messages/1/attachments/2/%24Value").expect("an address");
    for (asked, status, range) in [
        (&download, StatusCode::OK, None),
        (&asked(), StatusCode::PARTIAL_CONTENT, None),
        (&asked(), StatusCode::OK, Some("bytes 0-8/9")),
        (&asked(), StatusCode::NOT_FOUND, None),
    ] {
        let mut answer = response("application/json", vec![Ok(json)]);
        answer.status = status;
        if let Some(range) = range {
            answer.headers.insert(header::CONTENT_RANGE, HeaderValue::from_static(range));
        }
        let passed = pass_back(answer, &passage(), asked, OURS);
        assert_eq!(passed.headers[header::CONTENT_LENGTH], "9");
        let is_saved = passed.headers.contains_key(header::CONTENT_DISPOSITION);
        assert_eq!(is_saved, asked == &download, "{asked} {status}");
        let body = read_whole(passed.body, 1_000).await.expect("a body");
        assert_eq!(body, json.as_bytes(), "{asked} {status}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_ended_as_if_it_were_whole() {
    let json = vec![Ok(r#"{"a":"#), Err(MailProblem::Slow.into()), Ok("1}")];
    let answer = pass_back(response("application/json", json), &passage(), &asked(), OURS);
    let pieces: Vec<_> = answer.body.collect().await;
    assert_eq!(pieces.len(), 2);
    assert_eq!(pieces[1].as_ref().expect_err("an error").problem, MailProblem::Slow);
}

#[test]
fn a_redirect_leads_back_here_or_to_an_encrypted_address() {
    for (location, expected) in [
        (
            "https://graph.example/v1.0/me/photo",
            Some("https://mail.example/api/accounts/7/proxy/v1.0/me/photo"),
        ),
        ("/beta/me?x=1#y", Some("https://mail.example/api/accounts/7/proxy/beta/me?x=1#y")),
        ("messages/1", Some("https://mail.example/api/accounts/7/proxy/v1.0/me/messages/1")),
        ("https://files.example/a?signature=b", Some("https://files.example/a?signature=b")),
        ("//files.example/a", Some("https://files.example/a")),
        ("https://graph.example.evil/v1.0/", Some("https://graph.example.evil/v1.0/")),
        ("http://files.example/a", None),
        ("https://user@files.example/a", None),
        ("https://user:password@files.example/a", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://", None),
    ] {
        let mut answer = response("text/plain", Vec::new());
        answer.status = StatusCode::FOUND;
        answer.headers.insert(header::LOCATION, HeaderValue::from_static(location));
        let passed = pass_back(answer, &passage(), &asked(), OURS);
        let moved = passed.headers.get(header::LOCATION).map(|value| value.to_str().expect("text"));
        assert_eq!((passed.status, moved), (StatusCode::FOUND, expected), "{location}");
    }
}

/// The headers that a request to the provider may have, written a second time: a name that is added to the lists by
/// mistake fails here. Those that begin with `x-upload-content-` may pass too.
const SENT: [&str; 13] = [
    "accept",
    "accept-language",
    "authorization",
    "client-request-id",
    "consistencylevel",
    "content-length",
    "content-range",
    "content-type",
    "if-match",
    "if-none-match",
    "prefer",
    "range",
    "x-http-method-override",
];
/// The headers that an answer to the caller may have.
const PASSED_BACK: [&str; 16] = [
    "client-request-id",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-range",
    "content-type",
    "etag",
    "last-modified",
    "location",
    "preference-applied",
    "range",
    "request-id",
    "retry-after",
    "x-answered-by",
];
/// Headers with which a caller could choose another host, another account or another method, and with which a provider
/// could reach into a browser.
const DANGEROUS: [&str; 26] = [
    "accept-encoding",
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "alt-svc",
    "clear-site-data",
    "connection",
    "content-security-policy",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy-authorization",
    "refresh",
    "set-cookie",
    "strict-transport-security",
    "te",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-http-method",
    "x-original-url",
    "x-upload-content-type",
];

fn header_name() -> impl Strategy<Value = String> {
    let known = [&SENT[..], &PASSED_BACK[..], &DANGEROUS[..]].concat();
    prop_oneof![
        6 => prop::sample::select(known).prop_map(str::to_owned),
        1 => "[a-z][a-z0-9-]{0,20}",
    ]
}

fn header_value() -> impl Strategy<Value = String> {
    let known = [
        "GET",
        "DELETE",
        "Bearer m360_of_the_caller",
        "https://evil.example/",
        "//evil.example",
        "attachment",
    ];
    prop_oneof![
        1 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "[ -~]{0,30}",
    ]
}

fn header_map(headers: &[(String, String)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = http::HeaderName::try_from(name.as_str()).expect("a name");
        map.append(name, HeaderValue::try_from(value.as_str()).expect("a value"));
    }
    map
}

/// Paths and queries of which some are sound.
fn path() -> impl Strategy<Value = String> {
    let pieces = [
        "v1.0/",
        "beta/",
        "me",
        "messages",
        "/",
        "..",
        ".",
        "%2e%2e",
        "%2f",
        "\\",
        "@evil.example",
        "evil.example",
        ":",
        "?",
        "#",
        "%0d%0aHost:%20evil.example",
        "$batch",
        "$value",
        "%25",
        ";",
        "'",
    ];
    let pieces = prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..6);
    (prop::bool::ANY, pieces)
        .prop_map(|(starts, pieces)| [if starts { "v1.0/" } else { "" }, &pieces.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    #[test]
    fn whatever_is_sent_goes_to_the_provider_alone_with_the_accounts_token_and_the_headers_of_the_list(
        rest in path(),
        query in prop::option::of(path()),
        headers in prop::collection::vec((header_name(), header_value()), 0..16),
        has_body in prop::bool::ANY,
    ) {
        let method = if has_body { Method::POST } else { Method::GET };
        let call = RawCall { method, rest, query, headers: header_map(&headers) };
        let Ok(address) = call.address(&passage()) else { return Ok(()) };
        let body = if has_body { MailBody::Stream(empty_stream()) } else { MailBody::Empty };
        let request = call.request(&passage(), &address, &SecretString::from("token-of-the-account"), body);
        let url = Url::parse(&request.url).expect("an address");
        prop_assert_eq!((url.scheme(), url.host_str(), url.port()), ("https", Some("graph.example"), None));
        prop_assert!(url.path().starts_with("/v1.0/") || url.path().starts_with("/beta/"), "{}", url);
        for name in request.headers.keys().map(http::HeaderName::as_str) {
            prop_assert!(SENT.contains(&name) || name.starts_with("x-upload-content-"), "{}", name);
        }
        let tokens: Vec<_> = request.headers.get_all(header::AUTHORIZATION).iter().collect();
        prop_assert_eq!(tokens, ["Bearer token-of-the-account"]);
        let overrides: Vec<_> = request.headers.get_all("x-http-method-override").iter().collect();
        prop_assert!(overrides.is_empty() || overrides == ["GET"], "{:?}", overrides);
    }

    #[test]
    fn whatever_the_provider_answers_only_the_headers_of_the_list_pass(
        status in prop::sample::select(vec![200_u16, 302, 401, 429, 500]),
        headers in prop::collection::vec((header_name(), header_value()), 0..16),
    ) {
        let status = StatusCode::from_u16(status).expect("a status");
        let response = MailResponse { status, headers: header_map(&headers), body: empty_stream() };
        let answer = pass_back(response, &passage(), &asked(), OURS);
        for name in answer.headers.keys().map(http::HeaderName::as_str) {
            prop_assert!(PASSED_BACK.contains(&name), "{}", name);
        }
        prop_assert_eq!(&answer.headers["x-answered-by"], "provider");
        if let Some(location) = answer.headers.get(header::LOCATION) {
            prop_assert!(location.to_str().is_ok_and(|it| it.starts_with("https://")), "{:?}", location);
        }
    }
}
