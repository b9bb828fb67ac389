//! Places in Microsoft's portal; with a client ID, those of its application.

use leptos::prelude::*;

use crate::{connectors::model::ClientId, ui::links::NewWindow};

const BASE: &str = "https://portal.azure.com/#view/Microsoft_AAD_RegisteredApps";

/// All applications.
pub fn applications() -> String {
    format!("{BASE}/ApplicationsListBlade")
}

/// The form for a new application.
pub fn new_application() -> String {
    format!("{BASE}/CreateApplicationBlade/quickStartType~/null/isMSAApp~/false")
}

/// What stands for the client ID in a template.
const CLIENT_ID: &str = "{client_id}";

/// A page of an application in the portal.
#[derive(Clone, Copy)]
pub enum Page {
    /// The IDs.
    Overview,
    /// What it may do.
    Permissions,
    /// Its secrets.
    Credentials,
    /// Its Redirect URIs.
    Authentication,
}

impl Page {
    const ALL: [Self; 4] = [Self::Overview, Self::Permissions, Self::Credentials, Self::Authentication];

    /// What the portal calls it.
    const fn words(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Permissions => "API permissions",
            Self::Credentials => "Certificates & secrets",
            Self::Authentication => "Authentication",
        }
    }

    /// Its address, with [`CLIENT_ID`] still to be put in.
    fn template(self) -> String {
        let name = match self {
            Self::Overview => "Overview",
            Self::Permissions => "CallAnAPI",
            Self::Credentials => "Credentials",
            Self::Authentication => "Authentication",
        };
        format!("{BASE}/ApplicationMenuBlade/~/{name}/appId/{CLIENT_ID}")
    }

    /// Its address; that of all applications where the client ID is not known yet.
    pub fn address(self, client_id: Option<&str>) -> String {
        client_id.map_or_else(applications, |id| self.template().replace(CLIENT_ID, id))
    }
}

/// A link to a page of an application, which follows the Client ID in the form beside it.
#[component]
pub fn ToPage(
    /// The page.
    page: Page,
    /// The application.
    client_id: Option<String>,
) -> impl IntoView {
    view! { <NewWindow to=page.address(client_id.as_deref()) words=page.words() template=Some(page.template()) /> }
}

/// A sentence in which each page of an application that it names leads there, and *App registrations* to all of them.
#[component]
pub fn Directions(
    /// The sentence.
    text: String,
    /// The application.
    client_id: ClientId,
) -> impl IntoView {
    let id = Some(client_id.as_str());
    let places: Vec<_> = Page::ALL
        .into_iter()
        .map(|page| (page.words(), page.address(id)))
        .chain([("App registrations", applications())])
        .collect();
    let mut parts = Vec::new();
    let mut rest = text.as_str();
    let named = |rest: &str| {
        places
            .iter()
            .filter_map(|(words, to)| Some((rest.find(words)?, *words, to)))
            .min_by_key(|(at, ..)| *at)
    };
    while let Some((at, words, to)) = named(rest) {
        parts.push(rest[..at].to_owned().into_any());
        parts.push(view! { <NewWindow to=to.clone() words=words /> }.into_any());
        rest = &rest[at + words.len()..];
    }
    parts.push(rest.to_owned().into_any());
    parts
}
