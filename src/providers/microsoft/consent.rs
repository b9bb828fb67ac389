//! Builds the address at which an administrator of a tenant approves a connector's permissions for all its users
//! (Microsoft, v2-admin-consent). Microsoft sends that administrator back to our Redirect URI. The callback trusts none
//! of the values that come with it.

use super::{AccountType, urls::MicrosoftUrls};

/// The words above the address: the administrator's action.
pub const WORDS: &str = "Send this link to a Microsoft 365 administrator of the company. There they can allow the \
                         permissions for all users. No mailbox is connected.";

/// The gap for the tenant in a template.
const TENANT: &str = "{tenant}";
/// The gap for the client ID in a template.
const CLIENT_ID: &str = "{client_id}";
/// The gap for the permissions in a template.
const SCOPES: &str = "{scopes}";

/// The address with the gaps [`TENANT`], [`CLIENT_ID`] and [`SCOPES`]; `None` if the configured provider is not known
/// to have such a page.
pub fn template(urls: &MicrosoftUrls, redirect_uri: &str) -> Option<String> {
    let base = urls.authorize.strip_suffix("/oauth2/v2.0/authorize")?;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("redirect_uri", redirect_uri);
    // The braces must not be percent-encoded.
    Some(format!("{base}/v2.0/adminconsent?client_id={CLIENT_ID}&scope={SCOPES}&{}", query.finish()))
}

/// Whether the configured provider is known to have such a page.
pub fn has_page(urls: &MicrosoftUrls) -> bool {
    template(urls, "").is_some()
}

/// The address for one application and these permissions. The short names of permissions mean those of Microsoft
/// Graph, and none of them needs percent-encoding.
pub fn address<'a>(
    template: &str,
    tenant: &str,
    client_id: &str,
    scopes: impl IntoIterator<Item = &'a str>,
) -> String {
    let scopes: Vec<_> = scopes.into_iter().collect();
    template.replace(TENANT, tenant).replace(CLIENT_ID, client_id).replace(SCOPES, &scopes.join("+"))
}

/// The address at which an administrator approves these permissions for an application. `None` if each person
/// approves alone, or the tenant is not known.
pub fn address_of(
    urls: &MicrosoftUrls,
    redirect_uri: &str,
    account_type: AccountType,
    tenant: Option<&str>,
    client_id: &str,
    scopes: &[String],
) -> Option<String> {
    let template = template(urls, redirect_uri)?;
    let (tenant, client_id) = account_type.approval(tenant, Some(client_id)).ok()?;
    Some(address(&template, tenant, client_id, scopes.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(authorize: &str) -> MicrosoftUrls {
        MicrosoftUrls {
            authorize: authorize.to_owned(),
            token: String::new(),
            graph: "https://graph.microsoft.com/v1.0".to_owned(),
            issuer: String::new(),
        }
    }

    #[test]
    fn the_address_names_the_tenant_the_application_and_the_permissions() {
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

    #[test]
    fn an_application_for_personal_accounts_has_no_address() {
        let urls = urls("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize");
        let of = |kind, tenant| address_of(&urls, "https://mail.example.com/x", kind, tenant, "id", &[]);
        assert!(of(AccountType::SingleTenant, Some("contoso.com")).is_some());
        assert_eq!(of(AccountType::SingleTenant, None), None);
        assert_eq!(of(AccountType::PersonalOnly, Some("contoso.com")), None);
    }
}
