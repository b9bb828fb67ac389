use proptest::prelude::*;
use url::form_urlencoded;

use super::*;

const BY_HTTPS: Requests<'static> = Requests { providers: "Example", https: true, http: false };

fn warned(variables: &[(&str, &str)], requests: Requests<'_>) -> Vec<String> {
    let environment = |name: &str| {
        variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| OsString::from(value))
    };
    warnings_of(&environment, requests).into_iter().map(|warning| warning.text).collect()
}

#[test]
fn c63_a_proxy_url_that_is_read_as_meant_gets_no_warning() {
    for value in [
        "http://proxy.contoso.test:3128",
        "http://proxy.contoso.test:3128/",
        "HTTP://proxy.contoso.test",
        "https://proxy.contoso.test:3129",
        "proxy.contoso.test:3128",
        "proxy.contoso.test",
        "http://[2001:db8::1]:3128",
        "http://[2001:db8::1]",
        "http://jane:canary@proxy.contoso.test:3128",
        "http://CORP%5Cjane:p%40ss%2Fw%23rd%20%C3%A4@proxy.contoso.test:3128",
    ] {
        assert_eq!(warned(&[("HTTPS_PROXY", value)], BY_HTTPS), Vec::<String>::new(), "{value}");
    }
    // Nothing is set, or the proxy is switched off.
    for variables in [&[][..], &[("HTTPS_PROXY", "")], &[("NO_PROXY", "*.contoso.test")]] {
        assert_eq!(warned(variables, BY_HTTPS), Vec::<String>::new(), "{variables:?}");
    }
}

#[test]
fn c63_a_setting_with_which_no_request_uses_the_proxy_is_an_error_and_another_one_a_warning() {
    let (sound, wrong, socks) = ("http://proxy:3128", "http://a b", "socks5://proxy:1080");
    for (variables, is_error) in [
        (&[("HTTPS_PROXY", wrong)][..], true),
        (&[("HTTPS_PROXY", socks)], true),
        (&[("HTTPS_PROXY", "http://proxy:80800")], true),
        (&[("HTTPS_PROXY", sound), ("REQUEST_METHOD", "GET")], true),
        (&[("HTTPS_PROXY", wrong), ("ALL_PROXY", sound)], false),
        (&[("HTTPS_PROXY", sound), ("NO_PROXY", "*.contoso.test")], false),
    ] {
        let environment = |name: &str| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| OsString::from(value))
        };
        let messages = warnings_of(&environment, BY_HTTPS);
        assert!(messages.len() == 1 && messages[0].is_error == is_error, "{variables:?}: {messages:?}");
    }
}

#[test]
fn c63_a_proxy_url_that_is_ignored_or_misread_gets_a_warning_without_the_password() {
    let (ignored, misread) = ("cannot be read as the address of a proxy", "is not read as you mean it");
    for (value, what, why) in [
        ("http://CORP\\jane:ca-nary@proxy:3128", ignored, "there is a \\ in it"),
        ("http://jane:ca nary@proxy:3128", ignored, "there is a blank in it"),
        ("\"http://jane:ca-nary@proxy:3128\"", ignored, "a quotation mark"),
        ("http://jane:ca^nary@proxy:3128", ignored, "must be percent-encoded"),
        ("http://jane:ca-näry@proxy:3128", ignored, "must be percent-encoded"),
        ("http://jane:ca[nary@proxy:3128", ignored, "must be percent-encoded"),
        ("jane:ca-nary@proxy:3128/", ignored, "no http:// at its beginning"),
        ("ftp://jane:ca-nary@proxy:3128", ignored, "neither with http:// nor with https://"),
        ("SOCKS5://jane:ca-nary@proxy:1080", ignored, "neither with http:// nor with https://"),
        ("socks5://jane:ca-nary@proxy:1080", "names a SOCKS proxy", "Name an HTTP proxy"),
        ("socks5h://jane:ca-nary@proxy:1080", "no request reaches Example", "SOCKS"),
        ("http://jane:ca@nary@proxy:3128", misread, "more than one @"),
        ("http://jane:ca/nary@proxy:3128", misread, "before its last @"),
        ("http://jane:ca?nary@proxy:3128", misread, "before its last @"),
        ("http://jane:ca#nary@proxy:3128", misread, "before its last @"),
        ("http://jane:1#nary@proxy:3128", misread, "before its last @"),
        ("http://jane:ca-n%E4ry@proxy:3128", misread, "not UTF-8"),
        ("http://proxy:80800", misread, "its port is no number"),
        ("http://proxy:", misread, "its port is no number"),
        ("http://:3128", misread, "it names no host"),
        ("http://proxy:3128/proxy.pac", misread, "a PAC file cannot be used"),
    ] {
        let messages = warned(&[("HTTPS_PROXY", value)], BY_HTTPS);
        assert_eq!(messages.len(), 1, "{value}: {messages:?}");
        assert!(messages[0].starts_with("HTTPS_PROXY "), "{value}: {messages:?}");
        for words in [what, why, "@ as %40", "http://USER:PASSWORD@HOST:PORT"] {
            assert!(messages[0].contains(words), "{value}: {words}: {messages:?}");
        }
        assert!(!["nary", "näry", "jane"].iter().any(|part| messages[0].contains(part)), "{messages:?}");
    }
}

#[test]
fn c63_only_variables_that_the_client_reads_get_warnings() {
    let (sound, wrong) = ("http://proxy:3128", "http://a b");
    let both = Requests { http: true, ..BY_HTTPS };
    for (variables, requests, begins) in [
        (&[("https_proxy", wrong)][..], BY_HTTPS, &["https_proxy cannot be read"][..]),
        (&[("HTTPS_PROXY", sound), ("https_proxy", wrong), ("ALL_PROXY", wrong)], BY_HTTPS, &[]),
        (
            &[("HTTPS_PROXY", ""), ("https_proxy", sound)],
            BY_HTTPS,
            &["HTTPS_PROXY is set and empty, so https"],
        ),
        (&[("HTTPS_PROXY", wrong), ("ALL_PROXY", sound)], BY_HTTPS, &["HTTPS_PROXY cannot be read"]),
        (
            &[("HTTPS_PROXY", wrong), ("all_proxy", wrong)],
            both,
            &["HTTPS_PROXY cannot be read", "all_proxy cannot be read"],
        ),
        (&[("HTTP_PROXY", wrong)], BY_HTTPS, &[]),
        (&[("HTTP_PROXY", wrong)], both, &["HTTP_PROXY cannot be read"]),
        (&[("HTTPS_PROXY", sound), ("REQUEST_METHOD", "GET")], BY_HTTPS, &["REQUEST_METHOD is set"]),
    ] {
        let messages = warned(variables, requests);
        assert_eq!(messages.len(), begins.len(), "{variables:?}: {messages:?}");
        for (message, begin) in messages.iter().zip(begins) {
            assert!(message.starts_with(begin), "{variables:?}: {message}");
        }
    }
    let in_its_place = warned(&[("HTTPS_PROXY", wrong), ("ALL_PROXY", sound)], BY_HTTPS);
    assert!(in_its_place[0].contains("ALL_PROXY is used instead"), "{in_its_place:?}");
    let none = warned(&[("HTTPS_PROXY", wrong)], BY_HTTPS);
    assert!(none[0].contains("requests to Example use no proxy"), "{none:?}");
}

#[test]
fn c63_a_variable_that_is_not_text_gets_a_warning() {
    use std::os::unix::ffi::OsStringExt;

    let environment =
        |name: &str| (name == "HTTPS_PROXY").then(|| OsString::from_vec(b"http://ca\xffnary@h".into()));
    let messages = warnings_of(&environment, BY_HTTPS);
    assert!(messages.len() == 1 && messages[0].text.starts_with("HTTPS_PROXY is not UTF-8"), "{messages:?}");
}

#[test]
fn c63_entries_of_no_proxy_that_match_no_host_get_a_warning() {
    let messages_of =
        |entries: &str| warned(&[("HTTPS_PROXY", "http://proxy:3128"), ("NO_PROXY", entries)], BY_HTTPS);
    let sound = "localhost, 127.0.0.1,::1,10.0.0.0/8,.contoso.test,contoso.test,a_b.test,xn--bro-hoa.test";
    for entries in [sound, "*", "", " , "] {
        assert_eq!(messages_of(entries), Vec::<String>::new(), "{entries}");
    }
    let matches = |entry: &str, host: &str| {
        let matcher = Matcher::builder().https("http://proxy:3128").no(entry).build();
        matcher.intercept(&format!("https://{host}/").parse().expect("an address")).is_none()
    };
    assert!(matches(sound, "api.contoso.test") && matches("*", "api.contoso.test"));
    for (entry, host) in [
        ("*.contoso.test", "api.contoso.test"),
        ("https://api.contoso.test", "api.contoso.test"),
        ("api.contoso.test:443", "api.contoso.test"),
        ("api.contoso.test.", "api.contoso.test"),
        ("one.test;api.contoso.test", "api.contoso.test"),
        ("one.test api.contoso.test", "api.contoso.test"),
        ("\"api.contoso.test\"", "api.contoso.test"),
        ("<local>", "api"),
        ("10.0.0.*", "10.0.0.7"),
        ("10.0.0", "10.0.0.7"),
        ("10.0.0.0/33", "10.0.0.7"),
        ("[::1]", "[::1]"),
    ] {
        assert!(!matches(entry, host), "{entry} does what is meant");
        let messages = messages_of(&format!("localhost,{entry}"));
        assert!(
            messages.len() == 1 && messages[0].contains(&format!(": `{entry}`. ")),
            "{entry}: {messages:?}"
        );
        assert!(
            messages[0].starts_with("NO_PROXY ") && messages[0].contains("separated by commas"),
            "{messages:?}"
        );
    }
    let many = messages_of("a:1,b:1,c:1,d:1,e:1,f:1,http://jane:canary@g");
    assert!(many[0].contains("`e:1`, and 2 more") && !many[0].contains("canary"), "{many:?}");
    assert!(!messages_of("http://jane:canary@g")[0].contains("canary"));
}

proptest! {
    #[test]
    fn c63_a_password_is_sent_as_meant_or_gets_a_warning(password in "[!-~]{1,12}") {
        let encoded: String = form_urlencoded::byte_serialize(password.as_bytes()).collect();
        let encoded = encoded.replace('+', "%20");
        let address = |password: &str| format!("http://jane:{password}@proxy.contoso.test:3128");
        for (written, is_encoded) in [(encoded, true), (password.clone(), false)] {
            let reading = reading(&address(&written));
            if is_encoded {
                prop_assert_eq!(reading, Reading::Sound);
            }
            // A raw % is ambiguous.
            if reading != Reading::Sound || (!is_encoded && password.contains('%')) {
                continue;
            }
            let proxy = Matcher::builder().https(address(&written)).build();
            let proxy = proxy.intercept(&Uri::from_static("https://a.test/")).expect("it was read");
            prop_assert_eq!(proxy.uri().to_string(), "http://proxy.contoso.test:3128/");
            let sent = format!("Basic {}", STANDARD.encode(format!("jane:{password}")));
            prop_assert_eq!(proxy.basic_auth().map(http::HeaderValue::as_bytes), Some(sent.as_bytes()));
        }
    }
}
