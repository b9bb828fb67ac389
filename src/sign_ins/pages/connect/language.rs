//! The language of a page for people without a user: the one that the reader chose on the page, or that the browser
//! prefers.

use http::{HeaderMap, HeaderValue, header};
use time::Duration;
use url::form_urlencoded;

use crate::platform::{config::PublicUrl, cookies, failure::Failure, language::Language};

/// How long a choice is remembered: as long as links of the console work.
const REMEMBERED: Duration = Duration::days(7);

/// The language that the reader chose in this address; `None` if the address chooses none.
pub fn chosen_in(query: Option<&str>) -> Option<Language> {
    let mut pairs = form_urlencoded::parse(query?.as_bytes());
    pairs.find(|(name, _)| name == "language").and_then(|(_, code)| Language::from_code(&code))
}

/// The language of a page: chosen in its address, chosen earlier, or preferred by the browser.
pub fn language_of(headers: &HeaderMap, public_url: &PublicUrl, query: Option<&str>) -> Language {
    let earlier =
        || cookies::read(headers, public_url, cookies::LANGUAGE).and_then(|code| Language::from_code(&code));
    let preferred = || {
        let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Language::of_header(header.unwrap_or_default())
    };
    chosen_in(query).or_else(earlier).unwrap_or_else(preferred)
}

/// The header that remembers a choice. The way through the provider would lose it otherwise. Set it only if the
/// address chose a language.
///
/// # Errors
/// Never for a language of [`Language::ALL`].
pub fn remember_language(public_url: &PublicUrl, language: Language) -> Result<HeaderValue, Failure> {
    cookies::set(public_url, cookies::LANGUAGE, language.code(), REMEMBERED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_in_the_address_counts_more_than_an_earlier_one_and_that_more_than_the_browser() {
        let public_url: PublicUrl = "https://mail.example.com".parse().expect("a public URL");
        let mut headers = HeaderMap::new();
        assert_eq!(language_of(&headers, &public_url, None), Language::English);
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("fr-CH, de;q=0.8"));
        assert_eq!(language_of(&headers, &public_url, Some("x=1")), Language::French);
        let cookie = remember_language(&public_url, Language::Spanish).expect("a header");
        headers.insert(header::COOKIE, cookie);
        assert_eq!(language_of(&headers, &public_url, None), Language::Spanish);
        assert_eq!(language_of(&headers, &public_url, Some("language=de")), Language::German);
        assert_eq!(language_of(&headers, &public_url, Some("language=xx")), Language::Spanish);
    }
}
