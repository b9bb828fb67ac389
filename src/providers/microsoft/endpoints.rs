//! Microsoft's identity platform: its addresses, and what is particular to it.

use uuid::Uuid;

use super::MicrosoftUrls;
use crate::providers::guid;

/// The addresses that one attempt uses. Later changes of the configuration do not affect them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The address at which people sign in.
    pub authorize: String,
    /// The token endpoint, where the code is exchanged.
    pub token: String,
    /// The base of Microsoft Graph.
    pub graph: String,
    /// The issuer of ID tokens. The tenant that a token names replaces `{tenant}` in it.
    pub issuer: IssuerTemplate,
}

const TENANT: &str = "{tenant}";

impl Endpoints {
    /// The addresses of a connector. `segment` is its tenant, or the word for its account type.
    pub fn of(urls: &MicrosoftUrls, segment: &str) -> Self {
        Self {
            authorize: urls.authorize.replace(TENANT, segment),
            token: urls.token.replace(TENANT, segment),
            graph: urls.graph.replace(TENANT, segment),
            issuer: IssuerTemplate(urls.issuer.clone()),
        }
    }
}

/// An issuer with a gap for the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerTemplate(pub String);

impl IssuerTemplate {
    /// The issuer of this tenant.
    pub fn for_tenant(&self, tenant: &str) -> String {
        self.0.replace(TENANT, tenant)
    }

    /// Whether a callback may name this issuer: that of the tenant if it is known, and otherwise that of any tenant.
    /// The gap accepts only the id of a tenant, so that `https://login.example/evil/../…` does not pass.
    pub fn may_be(&self, issuer: &str, tenant: Option<&str>) -> bool {
        if let Some(tenant) = tenant {
            return self.for_tenant(tenant) == issuer;
        }
        match self.0.split_once(TENANT) {
            None => self.0 == issuer,
            Some((before, _)) => issuer
                .strip_prefix(before)
                .and_then(|rest| rest.get(..36))
                .is_some_and(|tenant| Uuid::try_parse(tenant).is_ok() && self.for_tenant(tenant) == issuer),
        }
    }

    /// The tenant's GUID in an issuer of this form.
    pub fn tenant_in(&self, issuer: &str) -> Option<String> {
        let (before, _) = self.0.split_once(TENANT)?;
        let id = guid(issuer.strip_prefix(before)?.get(..36)?)?;
        (self.for_tenant(&id) == issuer).then_some(id)
    }

    /// Whether the issuer depends on the tenant.
    pub fn names_tenant(&self) -> bool {
        self.0.contains(TENANT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

    #[test]
    fn o8_an_issuer_is_the_configured_one_with_a_tenant_and_nothing_else() {
        let twice = IssuerTemplate("https://{tenant}.login.example/{tenant}/v2.0".to_owned());
        assert!(twice.may_be(&twice.for_tenant(TID), None));
        let other = "bbbbbbbb-7e57-4000-8000-000000000002";
        assert!(!twice.may_be(&format!("https://{TID}.login.example/{other}/v2.0"), None));
        let template = IssuerTemplate("https://login.example/{tenant}/v2.0".to_owned());
        assert!(template.may_be(&template.for_tenant(TID), None));
        for wrong in [
            "https://login.example/v2.0",
            "https://login.example//v2.0",
            "https://login.example/x/../y/v2.0",
            "https://evil.example/1b4e28ba-2fa1-11d2-883f-0016d3cca427/v2.0",
            "https://login.example/1b4e28ba-2fa1-11d2-883f-0016d3cca427/v2.0/",
            "",
        ] {
            assert!(!template.may_be(wrong, None), "{wrong} was accepted");
        }
        assert!(IssuerTemplate("https://one.example".to_owned()).may_be("https://one.example", None));
    }

    #[test]
    fn o8_where_the_tenant_is_known_no_other_tenants_issuer_will_do() {
        let other = "2b4e28ba-2fa1-11d2-883f-0016d3cca427";
        for template in
            ["https://login.example/{tenant}/v2.0", "https://{tenant}.login.example/{tenant}/v2.0"]
        {
            let template = IssuerTemplate(template.to_owned());
            assert!(template.may_be(&template.for_tenant(TID), Some(TID)), "{}", template.0);
            assert!(!template.may_be(&template.for_tenant(other), Some(TID)), "{}", template.0);
        }
    }

    #[test]
    fn n13_the_tenant_is_read_from_an_issuer_of_the_configured_form_alone() {
        let template = IssuerTemplate("https://login.example/{tenant}/v2.0".to_owned());
        assert_eq!(template.tenant_in(&template.for_tenant(TID)).as_deref(), Some(TID));
        for wrong in [
            template.for_tenant("contoso.com"),
            format!("https://evil.example/{TID}/v2.0"),
            format!("https://login.example/{TID}/v2.0/x"),
            String::new(),
        ] {
            assert_eq!(template.tenant_in(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_tenant_replaces_its_gap_in_every_address_but_the_issuer() {
        let urls = MicrosoftUrls {
            authorize: "https://a/{tenant}/authorize".to_owned(),
            token: "https://a/{tenant}/token".to_owned(),
            graph: "https://g/v1.0".to_owned(),
            issuer: "https://a/{tenant}/v2.0".to_owned(),
        };
        let endpoints = Endpoints::of(&urls, "contoso.com");
        assert_eq!(endpoints.token, "https://a/contoso.com/token");
        assert!(endpoints.issuer.names_tenant());
    }
}
