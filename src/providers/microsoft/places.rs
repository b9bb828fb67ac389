//! The pages of Microsoft's portal that explanations of errors send people to, by the portal's words for them.

use super::{
    guide::portal::{Page, Portal},
    urls::MicrosoftUrls,
};
use crate::providers::ClientId;

/// The page with the IDs of the application.
pub const OVERVIEW: &str = "Overview";
/// The page of the application's permissions.
pub const PERMISSIONS: &str = "API permissions";
/// The page of the application's Redirect URIs and account types.
pub const AUTHENTICATION: &str = "Authentication";

/// The address of a page, for one application; `None` if the portal is not known or has no such page.
pub fn address(urls: &MicrosoftUrls, page: &str, client_id: &ClientId) -> Option<String> {
    let page = match page {
        OVERVIEW => Page::Overview,
        PERMISSIONS => Page::Permissions,
        AUTHENTICATION => Page::Authentication,
        _ => return None,
    };
    Portal::of(urls).page(page, Some(client_id.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{
        ProviderForm,
        diagnosis::Remedy,
        microsoft::{Form, codes},
    };

    const CLIENT: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

    fn at(authorize: &str, page: &str) -> Option<String> {
        let urls = MicrosoftUrls {
            authorize: authorize.to_owned(),
            token: String::new(),
            graph: String::new(),
            issuer: String::new(),
        };
        let form: &'static dyn ProviderForm = &Form;
        address(&urls, page, &ClientId::parse(form, CLIENT).expect("a client ID"))
    }

    #[test]
    fn every_page_that_an_explanation_opens_has_an_address_with_the_client_id() {
        let authorize = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize";
        let pages = codes::table().flat_map(|entry| entry.causes).filter_map(|cause| match cause.remedy {
            Remedy::Open(page) => Some(page),
            _ => None,
        });
        for page in pages.chain([OVERVIEW, PERMISSIONS, AUTHENTICATION]) {
            let address = at(authorize, page).expect(page);
            assert!(
                address.starts_with("https://portal.azure.com/") && address.ends_with(CLIENT),
                "{address}"
            );
            assert_eq!(at("https://login.contoso.example/authorize", page), None);
        }
        assert_eq!(at(authorize, "Billing"), None);
    }
}
