//! Addresses of pages in the Google Cloud console, and links to them.

use leptos::prelude::*;
use url::{Host, Url};

use super::super::urls::GoogleUrls;
use crate::ui::links::NewWindow;

/// A page of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The first page.
    Home,
    /// The form for a new project.
    NewProject,
    /// The Gmail API, with the button that enables it.
    GmailApi,
    /// The People API, with the button that enables it.
    PeopleApi,
    /// The name of the application on Google's consent screen.
    Branding,
    /// Who may sign in.
    Audience,
    /// The permissions of the application.
    DataAccess,
    /// The review of the application by Google.
    Verification,
    /// All OAuth clients.
    Clients,
    /// The form for a new OAuth client.
    NewClient,
}

impl Page {
    /// The name of the page in the console.
    const fn words(self) -> &'static str {
        match self {
            Self::Home => "Google Cloud console",
            Self::NewProject => "New Project",
            Self::GmailApi => "Gmail API",
            Self::PeopleApi => "People API",
            Self::Branding => "Branding",
            Self::Audience => "Audience",
            Self::DataAccess => "Data Access",
            Self::Verification => "Verification Center",
            Self::Clients => "Clients",
            Self::NewClient => "Create client",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Home => "",
            Self::NewProject => "projectcreate",
            Self::GmailApi => "apis/library/gmail.googleapis.com",
            Self::PeopleApi => "apis/library/people.googleapis.com",
            Self::Branding => "auth/branding",
            Self::Audience => "auth/audience",
            Self::DataAccess => "auth/scopes",
            Self::Verification => "auth/verification",
            Self::Clients => "auth/clients",
            Self::NewClient => "auth/clients/create",
        }
    }
}

/// The console of the configured Google. It has no address if people sign in elsewhere: a link must not lead to a
/// console that does not have the application.
#[derive(Clone, Debug)]
pub struct Console {
    is_known: bool,
    client_id: Option<String>,
}

impl Console {
    /// The console of the application with this client ID, which may not exist yet.
    pub fn of(urls: &GoogleUrls, client_id: Option<String>) -> Self {
        let Ok(url) = Url::parse(&urls.authorize) else { return Self { is_known: false, client_id } };
        let is_known = match url.host() {
            // A provider on this machine is a stand-in for Google, as in `make demo`.
            Some(Host::Domain(host)) => host == "accounts.google.com" || host == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        Self { is_known, client_id }
    }

    /// The address of a page, in the project of the application if that is known. A client ID begins with the number of
    /// its project.
    pub fn address(&self, page: Page) -> Option<String> {
        let path = page.path();
        let project = self.client_id.as_deref().and_then(|id| id.split(['-', '.']).next());
        let project = project.filter(|_| !matches!(page, Page::Home | Page::NewProject));
        let project = project.map(|number| format!("?project={number}")).unwrap_or_default();
        let client = self.client_id.as_deref().filter(|_| page == Page::Clients);
        let client = client.map(|id| format!("/{id}")).unwrap_or_default();
        self.is_known.then(|| format!("https://console.cloud.google.com/{path}{client}{project}"))
    }

    /// A link to a page, with the name of the page as its text.
    pub fn link(&self, page: Page) -> AnyView {
        match self.address(page) {
            Some(to) => view! { <NewWindow to=to words=page.words() /> }.into_any(),
            None => view! { <strong>{page.words()}</strong> }.into_any(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "123456789012-abc0def1.apps.googleusercontent.com";

    fn at(authorize: &str, client_id: Option<&str>) -> Console {
        let urls = GoogleUrls { authorize: authorize.to_owned(), ..GoogleUrls::of_google() };
        Console::of(&urls, client_id.map(str::to_owned))
    }

    #[test]
    fn c18_a_page_has_an_address_only_if_people_sign_in_at_google() {
        for (authorize, is_known) in [
            ("https://accounts.google.com/o/oauth2/v2/auth", true),
            ("http://127.0.0.1:4000/google/auth", true),
            ("http://localhost:4000/google/auth", true),
            ("https://accounts.google.com.contoso.example/auth", false),
            ("https://login.contoso.example/auth", false),
        ] {
            assert_eq!(at(authorize, Some(ID)).address(Page::Clients).is_some(), is_known, "{authorize}");
        }
    }

    #[test]
    fn pages_of_an_application_are_opened_in_its_project() {
        let google = "https://accounts.google.com/o/oauth2/v2/auth";
        let console = "https://console.cloud.google.com/";
        for (page, without, with) in [
            (Page::Home, "", String::new()),
            (Page::NewProject, "projectcreate", "projectcreate".to_owned()),
            (
                Page::GmailApi,
                "apis/library/gmail.googleapis.com",
                "apis/library/gmail.googleapis.com?project=123456789012".to_owned(),
            ),
            (Page::Audience, "auth/audience", "auth/audience?project=123456789012".to_owned()),
            (Page::Clients, "auth/clients", format!("auth/clients/{ID}?project=123456789012")),
        ] {
            assert_eq!(at(google, None).address(page), Some(format!("{console}{without}")), "{page:?}");
            assert_eq!(at(google, Some(ID)).address(page), Some(format!("{console}{with}")), "{page:?}");
        }
    }
}
