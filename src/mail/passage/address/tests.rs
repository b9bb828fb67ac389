use proptest::prelude::*;

use super::*;

/// The parts of a provider as it is configured, and of one behind a gateway.
fn parts() -> Vec<PassagePart> {
    vec![
        PassagePart { prefix: "v1.0/", address: "https://graph.example/v1.0/".to_owned() },
        PassagePart { prefix: "beta/", address: "https://gateway.example:8443/graph/beta/".to_owned() },
    ]
}

fn built(rest: &str, query: Option<&str>) -> Result<String, AddressProblem> {
    build(&parts(), rest, query).map(String::from)
}

#[test]
fn a_part_without_a_slash_at_its_end_takes_custom_methods_and_no_longer_name() {
    let parts = [PassagePart { prefix: "v1/people", address: "https://people.example/v1/people".to_owned() }];
    let built = |rest: &str, query| build(&parts, rest, query).map(String::from);
    for (rest, query, address) in [
        (
            "v1/people/me/connections",
            Some("pageSize=1"),
            "https://people.example/v1/people/me/connections?pageSize=1",
        ),
        ("v1/people:batchGet", None, "https://people.example/v1/people:batchGet"),
        ("v1/people/c12:updateContact", None, "https://people.example/v1/people/c12:updateContact"),
    ] {
        assert_eq!(built(rest, query), Ok(address.to_owned()));
    }
    for (rest, problem) in [
        ("v1/peopleX", AddressProblem::Elsewhere),
        ("v1/people@evil.example", AddressProblem::Elsewhere),
        ("v1/people.evil.example/x", AddressProblem::Elsewhere),
        ("v1/people:80/..", AddressProblem::DotSegment),
        ("v1/people/", AddressProblem::EmptySegment),
    ] {
        assert_eq!(built(rest, None), Err(problem), "{rest}");
    }
}

/// Percent-encodes a text as one segment of a path.
fn encode(text: &str) -> String {
    let of = |byte: u8| {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if is_plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(of).collect()
}

#[test]
fn an_address_is_the_providers_with_the_rest_of_the_path() {
    for (rest, query, address) in [
        ("v1.0/me", None, "https://graph.example/v1.0/me"),
        ("v1.0/$batch", None, "https://graph.example/v1.0/$batch"),
        ("beta/me/messages", None, "https://gateway.example:8443/graph/beta/me/messages"),
        (
            "v1.0/me/messages/AAMk%2FAA%2F%2Fb%2B8%3D/$value",
            None,
            "https://graph.example/v1.0/me/messages/AAMk%2FAA%2F%2Fb%2B8%3D/$value",
        ),
        (
            "v1.0/users/ada@contoso.com/mailFolders('inbox')/messages",
            Some("$filter=subject%20eq%20'a'&$top=10&$skiptoken=a/b=="),
            "https://graph.example/v1.0/users/ada@contoso.com/mailFolders('inbox')/messages\
             ?$filter=subject%20eq%20%27a%27&$top=10&$skiptoken=a/b==",
        ),
        ("v1.0/search(q='50%25')", Some(""), "https://graph.example/v1.0/search(q='50%25')?"),
        ("v1.0/a..b/.hidden/...x", None, "https://graph.example/v1.0/a..b/.hidden/...x"),
        ("v1.0/http://evil.example", None, ""),
        ("v1.0/@evil.example:80", None, "https://graph.example/v1.0/@evil.example:80"),
    ] {
        let expected =
            if address.is_empty() { Err(AddressProblem::EmptySegment) } else { Ok(address.to_owned()) };
        assert_eq!(built(rest, query), expected, "{rest}");
    }
}

#[test]
fn a_path_that_may_lead_elsewhere_is_refused() {
    use AddressProblem::{Character, DotSegment, Elsewhere, EmptySegment, Encoding};

    for (rest, problem) in [
        ("me", Elsewhere),
        ("v1.0", Elsewhere),
        ("v2.0/me", Elsewhere),
        ("V1.0/me", Elsewhere),
        ("v1%2E0/me", Elsewhere),
        ("@evil.example/v1.0/me", Elsewhere),
        (".evil.example/v1.0/me", Elsewhere),
        ("https:/evil.example", Elsewhere),
        ("", EmptySegment),
        ("/v1.0/me", EmptySegment),
        ("//evil.example/v1.0/me", EmptySegment),
        ("v1.0/", EmptySegment),
        ("v1.0//me", EmptySegment),
        ("v1.0/me/", EmptySegment),
        ("..", DotSegment),
        ("v1.0/../beta", DotSegment),
        ("v1.0/./me", DotSegment),
        ("v1.0/.%2e/x", DotSegment),
        ("v1.0/%2E%2E/x", DotSegment),
        ("v1.0/%252e%252e/x", DotSegment),
        ("v1.0/%25252e./x", DotSegment),
        ("v1.0/a%2F..%2Fb", DotSegment),
        ("v1.0/a%252F%2e%2e%252Fb", DotSegment),
        ("v1.0/..;x=1/y", DotSegment),
        ("v1.0/..%3bx/y", DotSegment),
        ("v1.0/..%20/y", DotSegment),
        ("v1.0/.../y", DotSegment),
        // Full-width and two-dot forms.
        ("v1.0/%EF%BC%8E%EF%BC%8E/x", DotSegment),
        ("v1.0/%E2%80%A5/x", DotSegment),
        ("v1.0/a\\b", Character),
        ("v1.0/a%5Cb", Character),
        ("v1.0/a%255cb", Character),
        ("v1.0/%EF%BC%BC", Character),
        ("v1.0/a%00b", Character),
        ("v1.0/a%0D%0AHost:%20evil.example", Character),
        ("v1.0/a%7F", Character),
        ("v1.0/a%C2%85", Character),
        ("v1.0/a b", Character),
        ("v1.0/a\tb", Character),
        ("v1.0/a?b", Character),
        ("v1.0/a#b", Character),
        ("v1.0/{id}", Character),
        ("v1.0/é", Character),
        // Overlong forms of a dot and of a slash, and other bytes that are not UTF-8.
        ("v1.0/%C0%AE%C0%AE/x", Encoding),
        ("v1.0/..%C0%AF", Encoding),
        ("v1.0/%FF", Encoding),
        ("v1.0/%25c0%25ae", Encoding),
        ("v1.0/%", Encoding),
        ("v1.0/%2", Encoding),
        ("v1.0/%2G", Encoding),
        ("v1.0/%u002e", Encoding),
        ("v1.0/%252525252e", Encoding),
    ] {
        assert_eq!(built(rest, None), Err(problem), "{rest}");
    }
    for query in ["a b", "a\tb", "a\r\nHost: evil.example", "a\\b", "a#b", "é"] {
        assert_eq!(built("v1.0/me", Some(query)), Err(Character), "{query:?}");
    }
}

#[test]
fn an_address_of_a_provider_that_cannot_be_read_reaches_nothing() {
    for address in ["", "v1.0/", "https:///", "mailto:a@b.example/"] {
        let parts = [PassagePart { prefix: "v1.0/", address: address.to_owned() }];
        assert_eq!(build(&parts, "v1.0/me", None), Err(AddressProblem::Elsewhere), "{address}");
    }
}

#[test]
fn the_last_segment_counts_however_it_is_written() {
    for (path, is_batch) in [
        ("v1.0/$batch", true),
        ("v1.0/%24Batch", true),
        ("$batch", true),
        ("v1.0/$batch/me", false),
        ("v1.0/x$batch", false),
        ("v1.0/%", false),
    ] {
        assert_eq!(ends_with_segment(path, &["$batch"]), is_batch, "{path}");
    }
}

#[test]
fn every_problem_says_what_to_do() {
    use AddressProblem::{Character, DotSegment, Elsewhere, EmptySegment, Encoding};

    for problem in [Character, DotSegment, Elsewhere, EmptySegment, Encoding] {
        assert!(problem.words().ends_with('.'), "{problem:?}");
    }
}

/// Pieces of which attacks on an address are made.
fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "/",
        "//",
        "\\",
        ".",
        "..",
        "%2e",
        "%2E%2E",
        "%252e",
        "%2f",
        "%5c",
        "%00",
        "%0d%0a",
        "@",
        ":",
        "?",
        "#",
        ";",
        "v1.0/",
        "beta/",
        "me",
        "http:",
        "https://evil.example",
        "evil.example",
        "%C0%AE",
        "%EF%BC%8E",
        "%",
        "%25",
        "$batch",
        "'",
        " ",
        "\t",
        "\n",
        "\u{ff0e}",
        "\u{2025}",
        "[::1]",
        "|",
        "~",
    ];
    prop_oneof![
        3 => prop::sample::select(fixed.to_vec()).prop_map(str::to_owned),
        1 => "[a-zA-Z0-9]{1,6}",
        1 => "\\PC{1,3}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn whatever_is_sent_reaches_the_providers_api_only(
        starts in prop::bool::ANY,
        pieces in prop::collection::vec(piece(), 0..8),
        query in prop::option::of(prop::collection::vec(piece(), 0..4)),
    ) {
        let rest = [if starts { "v1.0/" } else { "" }, &pieces.concat()].concat();
        let query = query.map(|pieces| pieces.concat());
        if let Ok(url) = build(&parts(), &rest, query.as_deref()) {
            let whole = url.as_str();
            let below = whole
                .strip_prefix("https://graph.example/v1.0/")
                .or_else(|| whole.strip_prefix("https://gateway.example:8443/graph/beta/"));
            prop_assert!(below.is_some(), "{} gave {}", rest, whole);
            // Another parser of addresses agrees on the host and the path.
            let uri: http::Uri = whole.parse().expect("an address");
            prop_assert_eq!(uri.host(), url.host_str());
            prop_assert_eq!(uri.path(), url.path());
            prop_assert_eq!(uri.authority().map(|it| it.as_str().contains('@')), Some(false));
            let mut decoded = url.path().to_owned();
            for _ in 0..6 {
                let is_step = |segment: &str| segment == "." || segment == "..";
                prop_assert!(!decoded.split(['/', '\\']).any(is_step), "{} gave {}", rest, decoded);
                decoded = decode(&decoded).unwrap_or(decoded);
            }
        }
    }

    #[test]
    fn every_id_of_the_providers_makes_the_trip(id in "[A-Za-z0-9+/=_-]{1,400}") {
        let url = build(&parts(), &format!("v1.0/me/messages/{}", encode(&id)), None).expect("an address");
        let segment = url.path_segments().and_then(|mut segments| segments.next_back()).expect("a segment");
        prop_assert_eq!(decode(segment), Ok(id));
    }

    #[test]
    fn a_text_of_any_language_may_be_a_segment(text in "[\\p{L}\\p{N} ,!?+&=@:]{1,40}") {
        prop_assert!(built(&format!("v1.0/{}", encode(&text)), None).is_ok(), "{}", text);
    }
}
