//! The pages of the Google Cloud console that explanations of errors send people to, by the console's words for them.

use leptos::prelude::AnyView;

use super::{
    guide::console::{Console, Page},
    urls::GoogleUrls,
};
use crate::providers::{ClientId, guide::with_links};

/// The page of the OAuth client, with its secrets and Redirect URIs.
pub const CLIENTS: &str = "Clients";
/// The page with the user type, the publishing status and the test users.
pub const AUDIENCE: &str = "Audience";
/// The page of the application's permissions.
pub const DATA_ACCESS: &str = "Data Access";
/// The page on which an application is submitted to Google's review.
pub const VERIFICATION: &str = "Verification Center";
/// The page on which the Gmail API is enabled.
pub const GMAIL_API: &str = "Gmail API";
/// The page on which the People API is enabled.
pub const PEOPLE_API: &str = "People API";

const PAGES: [(&str, Page); 6] = [
    (CLIENTS, Page::Clients),
    (AUDIENCE, Page::Audience),
    (DATA_ACCESS, Page::DataAccess),
    (VERIFICATION, Page::Verification),
    (GMAIL_API, Page::GmailApi),
    (PEOPLE_API, Page::PeopleApi),
];

/// The address of a page, for one application; `None` if the console is not known or has no such page.
pub fn address(urls: &GoogleUrls, page: &str, client_id: &ClientId) -> Option<String> {
    let (_, page) = PAGES.into_iter().find(|(name, _)| *name == page)?;
    Console::of(urls, Some(client_id.to_string())).address(page)
}

/// A sentence in which places in the console are links, for one application.
pub fn directions(urls: &GoogleUrls, text: &str, client_id: &ClientId) -> AnyView {
    let console = Console::of(urls, Some(client_id.to_string()));
    let places = PAGES.into_iter().filter_map(|(name, page)| Some((name, console.address(page)?)));
    with_links(text, &places.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use leptos::prelude::RenderHtml;

    use super::*;
    use crate::providers::{
        diagnosis::Remedy,
        google::{Form, codes},
    };

    const CLIENT: &str = "123456789012-abc0def1.apps.googleusercontent.com";

    fn client_id() -> ClientId {
        ClientId::parse(&Form, CLIENT).expect("a client ID")
    }

    fn elsewhere() -> GoogleUrls {
        GoogleUrls {
            authorize: "https://login.contoso.example/authorize".to_owned(),
            ..GoogleUrls::of_google()
        }
    }

    #[test]
    fn every_page_that_an_explanation_opens_has_an_address_with_the_project() {
        let pages = codes::table().flat_map(|entry| entry.causes).filter_map(|cause| match cause.remedy {
            Remedy::Open(page) => Some(page),
            _ => None,
        });
        for page in pages.chain(PAGES.map(|(name, _)| name)) {
            let address = address(&GoogleUrls::of_google(), page, &client_id()).expect(page);
            let is_sound = address.starts_with("https://console.cloud.google.com/")
                && address.ends_with("?project=123456789012");
            assert!(is_sound, "{address}");
            assert_eq!(super::address(&elsewhere(), page, &client_id()), None);
        }
        assert_eq!(address(&GoogleUrls::of_google(), "Billing", &client_id()), None);
    }

    #[test]
    fn a_sentence_links_the_places_that_it_names() {
        let of =
            |urls: &GoogleUrls| directions(urls, "Open Gmail API, then Clients.", &client_id()).to_html();
        let linked = of(&GoogleUrls::of_google());
        assert_eq!(linked.matches("<a ").count(), 2, "{linked}");
        assert!(linked.contains("/apis/library/gmail.googleapis.com?project=123456789012"), "{linked}");
        assert!(!of(&elsewhere()).contains("<a "), "the console of another service is not known");
    }
}
