//! The address at which an administrator of a tenant approves a connector's permissions for everybody
//! (Microsoft, v2-admin-consent). Whoever opens it comes back to our Redirect URI, where nothing is believed of
//! what they bring.

use super::{model::Tenant, service::Connector};
use crate::platform::config::ProviderUrls;

/// Where the tenant stands in a template.
const TENANT: &str = "{tenant}";
/// Where the client ID stands in a template.
const CLIENT_ID: &str = "{client_id}";
/// Where the permissions stand in a template.
const SCOPES: &str = "{scopes}";

/// The address with [`TENANT`], [`CLIENT_ID`] and [`SCOPES`] still to be put in; none where the configured
/// provider has no such page as far as is known.
pub fn template(urls: &ProviderUrls, redirect_uri: &str) -> Option<String> {
    let base = urls.authorize.strip_suffix("/oauth2/v2.0/authorize")?;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("redirect_uri", redirect_uri);
    // The braces must stay as they are.
    Some(format!("{base}/v2.0/adminconsent?client_id={CLIENT_ID}&scope={SCOPES}&{}", query.finish()))
}

/// Whether the configured provider has such a page, as far as is known.
pub fn has_page(urls: &ProviderUrls) -> bool {
    template(urls, "").is_some()
}

/// The address for one application, which asks for these permissions: by their short names, which mean Graph's,
/// and none of which needs to be encoded.
pub fn address<'a>(
    template: &str,
    tenant: &str,
    client_id: &str,
    scopes: impl IntoIterator<Item = &'a str>,
) -> String {
    let scopes: Vec<_> = scopes.into_iter().collect();
    template.replace(TENANT, tenant).replace(CLIENT_ID, client_id).replace(SCOPES, &scopes.join("+"))
}

/// The address for a connector; none where each person approves for themselves, or the tenant is not known.
pub fn of(urls: &ProviderUrls, redirect_uri: &str, connector: &Connector) -> Option<String> {
    let template = template(urls, redirect_uri)?;
    let tenant = connector.tenant.as_ref().map(Tenant::as_str);
    let (tenant, client_id) =
        connector.account_type.approval(tenant, Some(connector.client_id.as_str())).ok()?;
    let scopes = connector.scopes.iter().map(String::as_str);
    Some(address(&template, tenant, client_id, scopes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(authorize: &str) -> ProviderUrls {
        ProviderUrls {
            authorize: authorize.to_owned(),
            token: String::new(),
            graph: "https://graph.microsoft.com/v1.0".to_owned(),
            issuer: String::new(),
        }
    }

    #[test]
    fn the_address_names_the_tenant_the_application_and_what_is_to_be_approved() {
        let urls = urls("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize");
        let scopes = ["User.Read", "offline_access", "openid", "Mail.Read"];
        let template = template(&urls, "https://mail.example.com/api/connectors").expect("a template");
        let address = address(&template, "contoso.com", "1b4e28ba-2fa1-11d2-883f-0016d3cca427", scopes);
        let url = url::Url::parse(&address).expect("an address");
        assert_eq!(url.path(), "/contoso.com/v2.0/adminconsent");
        let pairs: std::collections::BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(pairs["client_id"], "1b4e28ba-2fa1-11d2-883f-0016d3cca427");
        assert_eq!(pairs["scope"], "User.Read offline_access openid Mail.Read");
        assert_eq!(pairs["redirect_uri"], "https://mail.example.com/api/connectors");
    }

    #[test]
    fn another_providers_address_is_not_guessed() {
        assert_eq!(template(&urls("https://login.example.com/authorize"), "x"), None);
    }
}
