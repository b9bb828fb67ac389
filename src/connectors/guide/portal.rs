//! Places in Microsoft's portal; with a client ID, those of its application.

use leptos::prelude::*;

use crate::connectors::model::ClientId;

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

/// The address of an application's page, by the name that the page has in the portal's addresses, with
/// [`CLIENT_ID`] still to be put in.
fn template(page: &str) -> String {
    format!("{BASE}/ApplicationMenuBlade/~/{page}/appId/{CLIENT_ID}")
}

fn of_application(page: &str, client_id: Option<&str>) -> String {
    match client_id {
        Some(id) => template(page).replace(CLIENT_ID, id),
        None => applications(),
    }
}

/// Overview: the IDs.
pub fn overview(client_id: Option<&str>) -> String {
    of_application("Overview", client_id)
}

/// API permissions.
pub fn permissions(client_id: Option<&str>) -> String {
    of_application("CallAnAPI", client_id)
}

/// Certificates & secrets.
pub fn credentials(client_id: Option<&str>) -> String {
    of_application("Credentials", client_id)
}

/// Authentication.
pub fn authentication(client_id: Option<&str>) -> String {
    of_application("Authentication", client_id)
}

/// What the portal calls the pages of an application, and their names in its addresses.
const PAGES: [(&str, &str); 4] = [
    ("Certificates & secrets", "Credentials"),
    ("API permissions", "CallAnAPI"),
    ("Authentication", "Authentication"),
    ("Overview", "Overview"),
];

/// A sentence in which each page of an application that it names leads there.
#[component]
pub fn Directions(
    /// The sentence.
    text: String,
    /// The application.
    client_id: ClientId,
) -> impl IntoView {
    let mut parts = Vec::new();
    let mut rest = text.as_str();
    while let Some((at, (words, page))) =
        PAGES.into_iter().filter_map(|page| Some((rest.find(page.0)?, page))).min_by_key(|(at, _)| *at)
    {
        let to = of_application(page, Some(client_id.as_str()));
        parts.push(rest[..at].to_owned().into_any());
        parts.push(view! { <Portal to=to words=words /> }.into_any());
        rest = &rest[at + words.len()..];
    }
    parts.push(rest.to_owned().into_any());
    parts
}

/// A link into the portal; `page` names the page of the application to which it leads once its client ID is known.
#[component]
pub fn Portal(
    /// The address.
    to: String,
    /// What is there.
    words: &'static str,
    /// The page of the application.
    #[prop(optional)]
    page: Option<&'static str>,
) -> impl IntoView {
    view! {
        <a href=to data-portal=page.map(template) target="_blank" rel="noopener noreferrer">
            {words}
            <span class="unseen">" (opens a new window)"</span>
        </a>
    }
}
