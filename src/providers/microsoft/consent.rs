//! Builds the address at which an administrator of a tenant approves a connector's permissions for all its users
//! (Microsoft, v2-admin-consent). Microsoft sends that administrator back to our Redirect URI. The callback trusts none
//! of the values that come with it.

use super::{AccountType, urls::MicrosoftUrls};
use crate::providers::{guid, provider::ConsentOffer};

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

/// Whose administrators can approve the permissions of an application.
pub fn offer(urls: &MicrosoftUrls, account_type: AccountType, tenant: Option<&str>) -> ConsentOffer {
    match (account_type, tenant) {
        _ if !has_page(urls) => ConsentOffer::NotOffered,
        (AccountType::PersonalOnly, _) | (AccountType::SingleTenant, None) => ConsentOffer::NotOffered,
        (AccountType::SingleTenant, Some(tenant)) => ConsentOffer::Own(tenant.to_owned()),
        (AccountType::MultipleTenants | AccountType::TenantsAndPersonal, _) => ConsentOffer::Any,
    }
}

/// The address at which an administrator of the tenant with this GUID approves these permissions. `None` if the text
/// is no GUID, because it becomes a part of the address.
pub fn address_for(
    urls: &MicrosoftUrls,
    redirect_uri: &str,
    tenant: &str,
    client_id: &str,
    scopes: &[String],
) -> Option<String> {
    let (tenant, template) = (guid(tenant)?, template(urls, redirect_uri)?);
    Some(address(&template, &tenant, client_id, scopes.iter().map(String::as_str)))
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

    #[test]
    fn approval_is_offered_to_the_companies_that_may_sign_in() {
        let urls = urls("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize");
        let of = |kind, tenant| offer(&urls, kind, tenant);
        assert_eq!(of(AccountType::PersonalOnly, Some("contoso.com")), ConsentOffer::NotOffered);
        assert_eq!(of(AccountType::SingleTenant, None), ConsentOffer::NotOffered);
        let own = ConsentOffer::Own("contoso.com".to_owned());
        assert_eq!(of(AccountType::SingleTenant, Some("contoso.com")), own);
        for kind in [AccountType::MultipleTenants, AccountType::TenantsAndPersonal] {
            assert_eq!(of(kind, None), ConsentOffer::Any);
        }
    }

    #[test]
    fn the_address_of_a_link_names_one_tenant_by_its_guid() {
        let urls = urls("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize");
        let of = |tenant: &str| address_for(&urls, "https://mail.example.com/x", tenant, "id", &[]);
        let address = of("1b4e28ba-2fa1-11d2-883f-0016d3cca427").expect("an address");
        let begins =
            "https://login.microsoftonline.com/1b4e28ba-2fa1-11d2-883f-0016d3cca427/v2.0/adminconsent?";
        assert!(address.starts_with(begins), "{address}");
        for other in ["contoso.com", "common", "organizations", "../evil", ""] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
