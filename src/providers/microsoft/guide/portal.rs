//! Addresses of pages in Microsoft's portal, and of the pages of one application there. Each of Microsoft's clouds has
//! its own portal, which does not show the applications of other clouds.

use leptos::prelude::*;
use url::{Host, Url};

use super::super::urls::MicrosoftUrls;
use crate::{
    providers::{ClientId, guide::with_links},
    ui::links::NewWindow,
};

/// The path of the list of applications in a portal.
const APPLICATIONS: &str = "#view/Microsoft_AAD_RegisteredApps";

/// Hosts of Microsoft's sign-in, and the portal of their cloud (Microsoft, authentication-national-cloud).
const CLOUDS: [(&str, &str); 8] = [
    ("login.microsoftonline.com", "https://portal.azure.com/"),
    ("login.microsoft.com", "https://portal.azure.com/"),
    ("login.windows.net", "https://portal.azure.com/"),
    ("sts.windows.net", "https://portal.azure.com/"),
    ("login.microsoftonline.us", "https://portal.azure.us/"),
    ("login-us.microsoftonline.com", "https://portal.azure.us/"),
    ("login.partner.microsoftonline.cn", "https://portal.azure.cn/"),
    ("login.chinacloudapi.cn", "https://portal.azure.cn/"),
];

/// The portal of the configured cloud. It has no address if that cloud is not known: a link must not lead to a portal
/// that does not have the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portal(Option<&'static str>);

impl Portal {
    /// The portal of the cloud in which people sign in.
    pub fn of(urls: &MicrosoftUrls) -> Self {
        let Ok(url) = Url::parse(&urls.authorize) else { return Self(None) };
        let loopback = match url.host() {
            Some(Host::Domain(host)) => host == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        // A provider on this machine is a stand-in for the public cloud, as in `make demo`.
        let host = if loopback { CLOUDS[0].0 } else { url.host_str().unwrap_or_default() };
        Self(CLOUDS.iter().find(|(known, _)| *known == host).map(|(_, portal)| *portal))
    }

    /// Whether it is the portal of the public cloud.
    pub fn is_public(self) -> bool {
        self.0 == Some(CLOUDS[0].1)
    }

    /// The first page of the portal.
    pub fn home(self) -> Option<String> {
        self.0.map(str::to_owned)
    }

    /// All applications.
    pub fn applications(self) -> Option<String> {
        Some(format!("{}{APPLICATIONS}/ApplicationsListBlade", self.0?))
    }

    /// The applications that a tenant has allowed, its own and those of other companies.
    pub fn enterprise_applications(self) -> Option<String> {
        Some(format!("{}#view/Microsoft_AAD_IAM/StartboardApplicationsMenuBlade/~/AppAppsPreview", self.0?))
    }

    /// The record of a tenant's sign-ins.
    pub fn sign_in_logs(self) -> Option<String> {
        Some(format!("{}#view/Microsoft_AAD_IAM/ActiveDirectoryMenuBlade/~/SignIns", self.0?))
    }

    /// The form for a new application.
    pub fn new_application(self) -> Option<String> {
        Some(format!("{}{APPLICATIONS}/CreateApplicationBlade/quickStartType~/null/isMSAApp~/false", self.0?))
    }

    /// A page of an application, with the gap [`CLIENT_ID`].
    fn template(self, page: Page) -> Option<String> {
        let name = match page {
            Page::Overview => "Overview",
            Page::Permissions => "CallAnAPI",
            Page::Credentials => "Credentials",
            Page::Authentication => "Authentication",
        };
        Some(format!("{}{APPLICATIONS}/ApplicationMenuBlade/~/{name}/appId/{CLIENT_ID}", self.0?))
    }

    /// A page of an application, or the list of applications if the client ID is not known yet.
    pub fn page(self, page: Page, client_id: Option<&str>) -> Option<String> {
        match client_id {
            Some(id) => Some(self.template(page)?.replace(CLIENT_ID, id)),
            None => self.applications(),
        }
    }
}

/// The gap for the client ID in a template.
const CLIENT_ID: &str = "{client_id}";

/// A page of an application in the portal.
#[derive(Clone, Copy)]
pub enum Page {
    /// The IDs.
    Overview,
    /// The permissions of the application.
    Permissions,
    /// The secrets of the application.
    Credentials,
    /// The Redirect URIs of the application.
    Authentication,
}

impl Page {
    const ALL: [Self; 4] = [Self::Overview, Self::Permissions, Self::Credentials, Self::Authentication];

    /// The name of the page in the portal.
    const fn words(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Permissions => "API permissions",
            Self::Credentials => "Certificates & secrets",
            Self::Authentication => "Authentication",
        }
    }
}

/// A link to a page in the portal, or only its name if the portal is not known.
#[component]
pub fn ToPlace(
    /// The address of the portal's page; `None` if it is not known.
    to: Option<String>,
    /// The name of the page, as the text of the link.
    words: &'static str,
    /// The address with its gap, which the form's island fills in.
    #[prop(optional_no_strip)]
    template: Option<String>,
) -> impl IntoView {
    match to {
        Some(to) => view! { <NewWindow to=to words=words template=template /> }.into_any(),
        None => view! { <strong>{words}</strong> }.into_any(),
    }
}

/// A link to a page of an application, which follows the Client ID in the form.
#[component]
pub fn ToPage(
    portal: Portal,
    page: Page,
    /// The application.
    client_id: Option<String>,
) -> impl IntoView {
    view! {
        <ToPlace
            to=portal.page(page, client_id.as_deref())
            words=page.words()
            template=portal.template(page)
        />
    }
}

/// A sentence in which the names of an application's pages are links to them. *App registrations* links to the list.
pub fn directions(urls: &MicrosoftUrls, text: &str, client_id: &ClientId) -> AnyView {
    let portal = Portal::of(urls);
    let id = Some(client_id.as_str());
    let places: Vec<_> = Page::ALL
        .into_iter()
        .map(|page| (page.words(), portal.page(page, id)))
        .chain([
            ("App registrations", portal.applications()),
            ("Enterprise applications", portal.enterprise_applications()),
            ("Sign-in logs", portal.sign_in_logs()),
        ])
        .filter_map(|(words, to)| Some((words, to?)))
        .collect();
    with_links(text, &places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(authorize: &str) -> Portal {
        Portal::of(&MicrosoftUrls {
            authorize: authorize.to_owned(),
            token: String::new(),
            graph: String::new(),
            issuer: String::new(),
        })
    }

    #[test]
    fn c18_every_place_is_in_the_portal_of_the_configured_cloud() {
        for (host, portal) in [
            ("login.microsoftonline.com", Some("https://portal.azure.com/")),
            ("LOGIN.MicrosoftOnline.com", Some("https://portal.azure.com/")),
            ("login.microsoftonline.us", Some("https://portal.azure.us/")),
            ("login.partner.microsoftonline.cn", Some("https://portal.azure.cn/")),
            ("login.chinacloudapi.cn", Some("https://portal.azure.cn/")),
            ("127.0.0.1:4000", Some("https://portal.azure.com/")),
            ("login.contoso.example", None),
            ("login.microsoftonline.com.contoso.example", None),
        ] {
            let it = at(&format!("https://{host}/{{tenant}}/oauth2/v2.0/authorize"));
            let places = [
                it.home(),
                it.applications(),
                it.enterprise_applications(),
                it.sign_in_logs(),
                it.new_application(),
                it.page(Page::Overview, Some("id")),
            ];
            for place in places.into_iter().chain(Page::ALL.map(|page| it.template(page))) {
                assert_eq!(place.is_some(), portal.is_some(), "{host}");
                if let (Some(place), Some(portal)) = (place, portal) {
                    assert!(place.starts_with(portal), "{host}: {place}");
                }
            }
        }
    }
}
