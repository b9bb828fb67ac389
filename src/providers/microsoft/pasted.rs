//! Reads an error that Microsoft showed on its own page and an administrator pasted. Such errors (50011, 50194, 700016,
//! 90094, …) never come to the Redirect URI. The pasted text is never stored.

mod text;

use super::{
    errors,
    words::{self, id_after},
};
use crate::providers::{ProviderWords, RawError, diagnosis::Remedy, pasted_text, provider, single_line};

/// At most this number of characters of the text is read. Microsoft's errors have a few hundred characters. A form
/// sends a character that is not ASCII in up to nine bytes; a text of this length still fits into a body.
const MAX: usize = 7000;

/// The values that were read from the pasted text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Found {
    /// Microsoft's code.
    code: Option<u64>,
    /// Microsoft's words, with the ids.
    said: ProviderWords,
    /// The Redirect URIs in the text; Microsoft's own addresses are left out.
    uris: Vec<String>,
}

/// English words of Microsoft's pages without a code, in small letters, each entry with a code of the same meaning.
/// The pages are about personal accounts (login.live.com), approval, rules of the company, and the account. A page
/// matches if it has all words of an entry. For pages in other languages, the program names the usual reason.
const WITHOUT_CODE: &[(&[&str], u64)] = &[
    (&["redirect_uri", "is not valid"], 50_011),
    (&["'scope'", "is not valid"], 70_011),
    (&["client does not exist or is not enabled for consumers"], 9_002_332),
    (&["need admin approval"], 90_094),
    (&["approval required"], 90_095),
    (&["this app may be risky"], 90_094),
    (&["only an admin can grant"], 90_094),
    (&["only an administrator can grant"], 90_094),
    (&["ask your admin to grant"], 90_094),
    (&["ask an admin to grant"], 90_094),
    (&["ask your administrator to grant"], 90_094),
    (&["ask an administrator to grant"], 90_094),
    (&["can't get there from here"], 53_000),
    (&["set up your device to get access"], 53_000),
    (&["you cannot access this right now"], 53_003),
    (&["you can't access this right now"], 53_003),
    (&["does not meet the criteria to access this resource"], 53_003),
    (&["more information required"], 50_079),
    (&["contact your support person to unlock it"], 50_057),
    (&["account is temporarily locked"], 50_053),
    (&["couldn't find an account with that"], 50_034),
    (&["that microsoft account doesn't exist"], 50_034),
    (&["this username may be incorrect"], 50_034),
    (&["your account or password is incorrect"], 50_126),
    (&["your password has expired"], 50_055),
    (&["use your work or school account instead"], 500_200),
    (&["can't sign in here with a personal account"], 500_200),
    (&["does not exist in tenant"], 50_020),
    (&["is not assigned to a role for the application"], 50_105),
    // From the address bar, after the browser came back.
    (&["access_denied"], 65_004),
];

/// Microsoft's own hosts. An address on one of them is not a Redirect URI.
const MICROSOFT: [&str; 17] = [
    "aka.ms",
    "go.microsoft.com",
    "learn.microsoft.com",
    "docs.microsoft.com",
    "support.microsoft.com",
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
    "login.windows.net",
    "login.live.com",
    "portal.azure.com",
    "portal.azure.us",
    "portal.azure.cn",
    "entra.microsoft.com",
    "entra.microsoft.us",
    "graph.microsoft.com",
];

/// Reads the pasted text, and explains the error in it.
pub fn explain(text: &str) -> provider::Pasted {
    let Found { code, said, uris } = read(text);
    let diagnosis = errors::of_shown(code);
    provider::Pasted {
        is_understood: code.is_some(),
        is_about_redirect_uri: diagnosis.remedies().contains(&Remedy::RedirectUri),
        diagnosis,
        said,
        uris,
    }
}

/// Reads the pasted text. It may be Microsoft's whole page or its source, the error or the code alone, the JSON of the
/// token endpoint, or the address of the page.
fn read(text: &str) -> Found {
    let text: String = text.chars().take(MAX).collect();
    // The text may be the address of the page.
    let text = if text.contains("%20") || text.contains("%3a") || text.contains("%3A") {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        pairs.flat_map(|(name, value)| [name, "=".into(), value, " ".into()]).collect()
    } else {
        text
    };
    let text = text::decode(&text);
    let plain = text::plain(&text);
    let lower = text::words(&plain);
    let by_words = || {
        let found = WITHOUT_CODE.iter().find(|(all, _)| all.iter().all(|part| lower.contains(part)));
        found.map(|(_, code)| *code)
    };
    let code = text::code(&plain).or_else(by_words);
    let id = |names: &[&str]| names.iter().find_map(|name| id_after(&plain, name));
    let (trace, correlation) = (id(&["trace id", "request id"]), id(&["correlation id"]));
    let said = words::read(&RawError {
        description: description(&plain).as_deref(),
        trace_id: trace,
        correlation_id: correlation,
        ..RawError::default()
    });
    // The addresses keep every character of the pasted text, because they are compared.
    Found { code, said: said.with_codes(code), uris: pasted_text::uris(&text, &MICROSOFT) }
}

/// The description: from the code to the end of its line.
fn description(text: &str) -> Option<String> {
    let from = &text[text.to_ascii_lowercase().find("aadsts")?..];
    let line = from.lines().next()?;
    // If the whole error is one line, the ids follow the description and are read separately.
    let end =
        [" Trace ID:", " Correlation ID:", " Timestamp:"].iter().filter_map(|mark| line.find(mark)).min();
    Some(single_line(&line[..end.unwrap_or(line.len())], 1_000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAGE: &str = "Sign in\nSorry, but we’re having trouble signing you in.\n\n\
        AADSTS50011: The redirect URI 'http://mail.example.com/api/connectors' specified in the request does not match \
        the redirect URIs configured for the application '1b4e28ba-2fa1-11d2-883f-0016d3cca427'. Make sure the \
        redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to \
        https://aka.ms/redirectUriMismatchError to learn more about how to fix this.\n\n\
        Troubleshooting details\nRequest Id: 2b4e28ba-2fa1-11d2-883f-0016d3cca427\n\
        Correlation Id: 3b4e28ba-2fa1-11d2-883f-0016d3cca427\nTimestamp: 2026-11-27T10:00:00Z\n\
        Message: AADSTS50011: The redirect URI";

    #[test]
    fn code_ids_and_redirect_uri_are_read_from_microsofts_whole_page() {
        let pasted = read(PAGE);
        assert_eq!(pasted.code, Some(50_011));
        assert_eq!(pasted.uris, ["http://mail.example.com/api/connectors"]);
        assert_eq!(pasted.said.trace_id.as_deref(), Some("2b4e28ba-2fa1-11d2-883f-0016d3cca427"));
        assert_eq!(pasted.said.correlation_id.as_deref(), Some("3b4e28ba-2fa1-11d2-883f-0016d3cca427"));
        let said = pasted.said.description.expect("a description");
        assert!(
            said.starts_with("AADSTS50011: The redirect URI") && said.ends_with("how to fix this."),
            "{said}"
        );
    }

    #[test]
    fn a_pasted_error_is_explained_with_its_code_and_its_redirect_uris() {
        let pasted = explain(PAGE);
        assert!(pasted.is_understood && pasted.is_about_redirect_uri);
        assert_eq!(pasted.said.codes, [50_011]);
        assert_eq!(pasted.uris, ["http://mail.example.com/api/connectors"]);
        let other = explain("AADSTS90094: Admin consent is required.");
        assert!(other.is_understood && !other.is_about_redirect_uri);
        assert!(!explain("hello").is_understood);
    }

    #[test]
    fn a_line_an_address_and_the_bare_code_are_enough() {
        let line = "AADSTS50194: Application 'x' is not configured as a multi-tenant application. \
            Trace ID: 2b4e28ba-2fa1-11d2-883f-0016d3cca427 Correlation ID: 3b4e28ba-2fa1-11d2-883f-0016d3cca427 \
            Timestamp: 2026-11-27 10:00:00Z";
        let pasted = read(line);
        assert_eq!(pasted.code, Some(50_194));
        assert_eq!(pasted.said.trace_id.as_deref(), Some("2b4e28ba-2fa1-11d2-883f-0016d3cca427"));
        assert!(!pasted.said.description.expect("a description").contains("Trace ID"));
        for text in [
            "90094",
            " 90094\n",
            "https://login.microsoftonline.com/error?code=90094",
            "Error AADSTS90094",
            "https://mail.example.com/api/connectors?error=access_denied&error_description=AADSTS90094%3a+Admin",
            "Need admin approval\n\nMail archive needs permission to access resources in your organization",
        ] {
            assert_eq!(read(text).code, Some(90_094), "{text}");
        }
        assert_eq!(read("hello").code, None);
        assert_eq!(read("12").code, None);
    }

    #[test]
    fn pages_for_personal_accounts_have_no_code_and_are_recognised() {
        let redirect = "invalid_request: The provided value for the input parameter 'redirect_uri' is not valid. The \
            expected value is a URI which matches a redirect URI registered for this client application.";
        assert_eq!(read(redirect).code, Some(50_011));
        let closed = "unauthorized_client: The client does not exist or is not enabled for consumers.";
        assert_eq!(read(closed).code, Some(9_002_332));
    }

    #[test]
    fn c10_c11_pages_without_a_code_are_known_by_their_english_words() {
        for (text, code) in [
            (
                "This app may be risky. If you trust this app, please ask your admin to grant you access.",
                90_094,
            ),
            ("… needs permission … that only an administrator can grant", 90_094),
            ("Administrator approval required\n\nMail archive needs permission", 90_095),
            ("Approval required", 90_095),
            ("https://mail.example.com/api/connectors?error=access_denied&error_subcode=cancel", 65_004),
            ("You can’t get there\nfrom here", 53_000),
            (
                "You cannot access this right now\nYour sign-in was successful but does not meet the criteria",
                53_003,
            ),
            (
                "You can't sign in here with a personal account. Use your work or school account instead.",
                500_200,
            ),
            (
                "Your account or password is incorrect. If you don't remember your password, reset it now.",
                50_126,
            ),
        ] {
            assert_eq!(read(text).code, Some(code), "{text}");
        }
    }

    #[test]
    fn the_code_of_every_page_without_a_code_is_in_the_table() {
        for (words, code) in WITHOUT_CODE {
            assert!(crate::providers::microsoft::codes::find(*code).is_some(), "{words:?}");
            assert!(words.iter().all(|words| **words == text::words(words)), "{words:?}");
        }
    }

    #[test]
    fn a_code_is_found_in_any_encoding_of_its_characters() {
        for text in [
            "AADSTS50011",
            "AADSTS 50011: The redirect URI",
            "AADSTS50011:",
            "aadsts50011",
            "AADSTS: 50011",
            "AADSTS\u{a0}50011",
            "AADSTS-50011",
            "AAD\u{ad}STS500\u{200b}11: words",
            "\u{feff}AADSTS\u{2060}5\u{ad}0011",
            "ＡＡＤＳＴＳ５００１１",
            "AADSTS\u{665}\u{660}\u{660}\u{661}\u{661}",
            "AADSTS\u{6f5}\u{6f0}\u{6f0}\u{6f1}\u{6f1}: words",
            "AADSTS\u{1e955}\u{1e950}\u{1e950}\u{1e951}\u{1e951}: words",
            "AAD\u{3164}STS\u{115f}50\u{1d173}0\u{ffa0}11",
            "AADSTS–50011",
            "\u{ff15}\u{ff10}\u{ff10}\u{ff11}\u{ff11}",
            "Error Code: 50011 Request Id: 2b4e28ba-2fa1-11d2-883f-0016d3cca427",
            "Fehlercode: 50011\nAnforderungs-ID: 2b4e28ba-2fa1-11d2-883f-0016d3cca427",
            "Code d’erreur : 50011",
            "错误代码：50011",
        ] {
            assert_eq!(read(text).code, Some(50_011), "{text:?}");
        }
        for text in [
            "http://localhost:50011/api/connectors",
            "Ticket: 12345",
            "Timestamp: 2026-11-27T10:00:00Z",
            "AADSTS: none",
            "Correlation Id: 50011111-2fa1-11d2-883f-0016d3cca427",
        ] {
            assert_eq!(read(text).code, None, "{text:?}");
        }
    }

    #[test]
    fn the_source_of_a_page_and_the_json_of_an_answer_are_read_like_plain_text() {
        let source = "AADSTS50011: The redirect URI &#39;https://mail.example.com/a?x=1&amp;y=2&#39; does not match.<br>";
        let json = concat!(
            r#"{"error":"invalid_request","error_description":"AADSTS50011: The redirect URI "#,
            r#"\u0027https:\/\/mail.example.com/a?x=1\u0026y=2\u0027 does not match.\r\n"#,
            r#"Trace ID: 2b4e28ba-2fa1-11d2-883f-0016d3cca427\r\n"#,
            r#"Correlation ID: 3b4e28ba-2fa1-11d2-883f-0016d3cca427\r\n"#,
            r#"Timestamp: 2026-11-27 10:00:00Z","error_codes":[50011]}"#,
        );
        for text in [source, json] {
            let pasted = read(text);
            assert_eq!(pasted.code, Some(50_011), "{text}");
            assert_eq!(pasted.uris, ["https://mail.example.com/a?x=1&y=2"], "{text}");
            let said = pasted.said.description.expect("a description");
            assert!(said.starts_with("AADSTS50011: The redirect URI 'https://"), "{said}");
            assert!(!said.contains("Trace ID") && !said.contains('\\'), "{said}");
        }
        assert_eq!(read(json).said.trace_id.as_deref(), Some("2b4e28ba-2fa1-11d2-883f-0016d3cca427"));
        assert_eq!(text::decode(r"C:\Mail \u00zz \uD800 \"), r"C:\Mail \u00zz \uD800 \");
        assert_eq!(text::decode(r#"\"a\\b\""#), r#""a\b""#);
    }

    proptest! {
        #[test]
        fn no_invisible_sign_and_no_other_digit_hides_a_code(
            code in 10_000_u64..10_000_000,
            hidden in proptest::collection::vec((0..20_usize, "[\\p{Default_Ignorable_Code_Point}]"), 0..6),
            zero in "[0\u{ff10}\u{660}\u{6f0}\u{966}\u{1d7ce}\u{16d70}\u{1e950}]",
        ) {
            let digit = |c: char| {
                let value = c.to_digit(10).unwrap_or_default();
                zero.chars().next().and_then(|zero| char::from_u32(u32::from(zero) + value)).unwrap_or(c)
            };
            let mut signs: Vec<String> = "AADSTS".chars().map(String::from).collect();
            signs.extend(code.to_string().chars().map(|c| digit(c).to_string()));
            for (at, sign) in hidden {
                signs.insert(at.min(signs.len()), sign);
            }
            prop_assert_eq!(read(&signs.concat()).code, Some(code), "{:?}", signs);
        }

        #[test]
        fn explaining_any_pasted_text_does_not_panic(text in "(AADSTS|https?://|Request Id: |%3a|&#|;|\\\\u?|[0-9a-f]|\\PC|\n){0,60}") {
            let _ = read(&text);
        }
    }
}
