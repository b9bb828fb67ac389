//! The headers that pass between a caller and the provider. Every other header is dropped, in both directions.
//!
//! The attack: a header of the caller that changes what the provider does with the account's token, such as a method
//! override or a cookie, or a header of the provider that changes what a browser does with our origin.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Headers of a request that pass to the provider.
const OF_REQUEST: [&str; 11] = [
    "accept",
    "accept-language",
    "client-request-id",
    "consistencylevel",
    "content-length",
    "content-range",
    "content-type",
    "if-match",
    "if-none-match",
    "prefer",
    "range",
];
/// Headers of resumable uploads, such as the type and the length of the whole file.
const OF_UPLOADS: &str = "x-upload-content-";
/// A long query may be sent in the body of a POST. Only reading may be asked for in this way.
const METHOD_OVERRIDE: &str = "x-http-method-override";

/// Headers of an answer that pass to the caller. `Location` passes too, after a check.
const OF_ANSWER: [&str; 14] = [
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
    "preference-applied",
    "range",
    "request-id",
    "retry-after",
];
/// Tells an answer of the provider from one of this program, whose errors have other bodies.
const ANSWERED_BY: HeaderName = HeaderName::from_static("x-answered-by");

/// The headers of a caller's request that the provider gets.
pub fn of_request(headers: &HeaderMap) -> HeaderMap {
    let may_pass = |name: &HeaderName, value: &HeaderValue| {
        let name = name.as_str();
        OF_REQUEST.contains(&name)
            || name.starts_with(OF_UPLOADS)
            || (name == METHOD_OVERRIDE && value.as_bytes() == b"GET")
    };
    let mut passed = HeaderMap::new();
    // With a second override a server could follow the wrong one.
    let overrides = headers.get_all(METHOD_OVERRIDE).iter().count();
    for (name, value) in headers.iter().filter(|(name, value)| may_pass(name, value)) {
        if name.as_str() != METHOD_OVERRIDE || overrides == 1 {
            passed.append(name, value.clone());
        }
    }
    passed
}

/// The headers of the provider's answer that the caller gets. `location` gives the address for the caller in place of
/// the provider's; `None` if it must not pass.
pub fn of_answer(headers: &HeaderMap, location: impl Fn(&str) -> Option<String>) -> HeaderMap {
    let mut passed = HeaderMap::new();
    for (name, value) in headers.iter().filter(|(name, _)| OF_ANSWER.contains(&name.as_str())) {
        passed.append(name, value.clone());
    }
    let moved = headers.get(header::LOCATION).and_then(|value| location(value.to_str().ok()?));
    if let Some(moved) = moved.and_then(|moved| HeaderValue::try_from(moved).ok()) {
        passed.insert(header::LOCATION, moved);
    }
    passed.insert(ANSWERED_BY, HeaderValue::from_static("provider"));
    if !is_json(headers) {
        save_body(&mut passed);
    }
    passed
}

/// Says in the headers of an answer that a browser saves the body. Mail may contain any page or script, and a browser that
/// is led here must not show it under our origin.
pub fn save_body(headers: &mut HeaderMap) {
    if !is_attachment(headers) {
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
}

/// Whether the provider itself says that the body is to be saved. Its header may have the name of the file.
fn is_attachment(headers: &HeaderMap) -> bool {
    let mut dispositions = headers.get_all(header::CONTENT_DISPOSITION).iter();
    let (first, second) = (dispositions.next(), dispositions.next());
    let kind = first.and_then(|value| value.to_str().ok()).and_then(|value| value.split(';').next());
    second.is_none() && kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("attachment"))
}

/// Whether a body is JSON that can be read as it comes.
pub fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let is_plain = headers.get(header::CONTENT_ENCODING).is_none_or(|it| it.as_bytes() == b"identity");
    let essence = essence.to_ascii_lowercase();
    is_plain
        && (essence == "application/json"
            || (essence.starts_with("application/") && essence.ends_with("+json")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn map(headers: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).expect("a name");
            map.append(name, HeaderValue::try_from(*value).expect("a value"));
        }
        map
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn only_the_headers_of_the_list_reach_the_provider() {
        let asked = map(&[
            ("Authorization", "Bearer m360_secret"),
            ("Cookie", "mail360_session=x"),
            ("Host", "evil.example"),
            ("Connection", "accept"),
            ("Transfer-Encoding", "chunked"),
            ("Accept-Encoding", "gzip"),
            ("Expect", "100-continue"),
            ("X-Forwarded-For", "127.0.0.1"),
            ("User-Agent", "a program"),
            ("X-HTTP-Method", "DELETE"),
            ("Accept", "application/json"),
            ("Prefer", "IdType=\"ImmutableId\""),
            ("prefer", "outlook.body-content-type=\"text\""),
            ("ConsistencyLevel", "eventual"),
            ("Client-Request-Id", "1"),
            ("If-Match", "W/\"1\""),
            ("X-Upload-Content-Type", "message/rfc822"),
        ]);
        let passed = of_request(&asked);
        assert_eq!(
            names(&passed),
            [
                "accept",
                "client-request-id",
                "consistencylevel",
                "if-match",
                "prefer",
                "x-upload-content-type"
            ]
        );
        assert_eq!(passed.get_all("prefer").iter().count(), 2);
    }

    #[test]
    fn a_method_is_overridden_for_reading_alone() {
        let of = |values: &[&str]| {
            let headers: Vec<_> = values.iter().map(|value| ("X-HTTP-Method-Override", *value)).collect();
            of_request(&map(&headers)).contains_key(METHOD_OVERRIDE)
        };
        assert!(of(&["GET"]));
        for values in
            [&["DELETE"][..], &["get"], &["GET, DELETE"], &["GET", "DELETE"], &["DELETE", "GET"], &[""]]
        {
            assert!(!of(values), "{values:?}");
        }
    }

    #[test]
    fn only_the_headers_of_the_list_reach_the_caller() {
        let answered = map(&[
            ("Set-Cookie", "x=1"),
            ("WWW-Authenticate", "Bearer"),
            ("Content-Security-Policy", "default-src *"),
            ("Access-Control-Allow-Origin", "*"),
            ("Strict-Transport-Security", "max-age=0"),
            ("Transfer-Encoding", "chunked"),
            ("Clear-Site-Data", "*"),
            ("X-Answered-By", "somebody else"),
            ("Location", "https://provider.example/v1.0/me"),
            ("Content-Type", "application/json; charset=utf-8"),
            ("ETag", "W/\"1\""),
            ("request-id", "2"),
            ("Retry-After", "3"),
        ]);
        let passed = of_answer(&answered, |_| None);
        assert_eq!(names(&passed), ["content-type", "etag", "request-id", "retry-after", "x-answered-by"]);
        assert_eq!(passed["x-answered-by"], "provider");
        let moved = of_answer(&answered, |address| Some(address.replace("provider", "ours")));
        assert_eq!(moved["location"], "https://ours.example/v1.0/me");
        assert!(!of_answer(&answered, |_| Some("a\r\nb: c".to_owned())).contains_key("location"));
    }

    #[test]
    fn a_body_that_is_not_json_is_saved_and_never_shown() {
        for (headers, is_saved) in [
            (&[("content-type", "text/html")][..], true),
            (&[("content-type", "text/plain"), ("content-disposition", "inline")][..], true),
            (&[("content-disposition", "attachment"), ("content-disposition", "inline")][..], true),
            (&[("content-type", "application/json"), ("content-encoding", "gzip")][..], true),
            (&[][..], true),
            (&[("content-type", "Application/JSON;odata.metadata=minimal")][..], false),
            (&[("content-type", "application/problem+json")][..], false),
        ] {
            let passed = of_answer(&map(headers), |_| None);
            let disposition = passed.get(header::CONTENT_DISPOSITION).map(HeaderValue::as_bytes);
            assert_eq!(disposition == Some(&b"attachment"[..]), is_saved, "{headers:?}");
        }
        let named =
            [("content-type", "image/png"), ("content-disposition", "Attachment; filename=\"a.png\"")];
        let passed = of_answer(&map(&named), |_| None);
        assert_eq!(passed["content-disposition"], "Attachment; filename=\"a.png\"");
    }

    proptest! {
        #[test]
        fn no_header_outside_the_lists_passes(
            headers in prop::collection::vec(("[a-z][a-z-]{0,20}", "[ -~]{0,20}"), 0..20),
        ) {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let map = map(&headers);
            let passed = of_request(&map);
            for name in names(&passed) {
                let known = OF_REQUEST.contains(&name) || name.starts_with(OF_UPLOADS) || name == METHOD_OVERRIDE;
                prop_assert!(known, "{}", name);
            }
            let passed = of_answer(&map, |_| None);
            for name in names(&passed) {
                prop_assert!(OF_ANSWER.contains(&name) || name == ANSWERED_BY.as_str(), "{}", name);
            }
        }
    }
}
