//! The parsers of Microsoft's values, for the form of a connector.

use super::{
    AccountType,
    fields::{Tenant, looks_like_secret, parse_client_id},
    follow,
    secret::parse_client_secret,
};
use crate::providers::form::{ProviderForm, SecretAndWarning};

/// The name of the field with the account type.
pub const ACCOUNT_TYPE: &str = "account_type";
/// The name of the field with the tenant.
pub const TENANT: &str = "tenant";

/// The parsers of Microsoft's values.
#[derive(Clone, Copy, Debug)]
pub struct Form;

impl ProviderForm for Form {
    fn name(&self) -> &'static str {
        "outlook"
    }

    fn parse_client_id(&self, text: &str) -> Result<String, &'static str> {
        parse_client_id(text)
    }

    fn parse_secret<'a>(&self, text: &'a str, client_id: &str) -> Result<SecretAndWarning<'a>, &'static str> {
        parse_client_secret(text, client_id)
    }

    fn looks_like_secret(&self, text: &str) -> bool {
        looks_like_secret(text)
    }

    fn parse_setting(&self, name: &str, text: &str) -> Result<String, &'static str> {
        match name {
            ACCOUNT_TYPE => AccountType::from_name(text)
                .map(|kind| kind.name().to_owned())
                .ok_or("Choose the account type that your application has in Azure."),
            TENANT => Tenant::parse(text).map(|tenant| tenant.as_str().to_owned()),
            _ => Err("Outlook has no such setting."),
        }
    }

    /// The tenant counts only for an application of one tenant.
    fn counts(&self, name: &str, value_of: &dyn Fn(&str) -> Option<String>) -> bool {
        name != TENANT
            || value_of(ACCOUNT_TYPE)
                .and_then(|kind| AccountType::from_name(&kind))
                .is_some_and(AccountType::needs_tenant)
    }

    fn follow(&self) -> Option<()> {
        follow::follow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

    #[test]
    fn every_setting_is_parsed_by_its_name() {
        assert_eq!(Form.parse_setting(ACCOUNT_TYPE, "single_tenant").as_deref(), Ok("single_tenant"));
        assert!(Form.parse_setting(ACCOUNT_TYPE, "contoso.com").is_err());
        assert_eq!(Form.parse_setting(TENANT, " Contoso.COM ").as_deref(), Ok("contoso.com"));
        assert!(Form.parse_setting(TENANT, "single_tenant").is_err());
        assert!(Form.parse_setting("another", "contoso.com").is_err());
    }

    #[test]
    fn the_tenant_counts_only_for_an_application_of_one_tenant() {
        let counts = |name: &str, kind: Option<&str>| {
            let kind = kind.map(str::to_owned);
            Form.counts(name, &|field: &str| kind.clone().filter(|_| field == ACCOUNT_TYPE))
        };
        for kind in AccountType::ALL {
            let is_single = kind == AccountType::SingleTenant;
            assert_eq!(counts(TENANT, Some(kind.name())), is_single, "{kind:?}");
            assert!(counts(ACCOUNT_TYPE, Some(kind.name())));
        }
        assert!(!counts(TENANT, None) && !counts(TENANT, Some("unknown")) && counts(ACCOUNT_TYPE, None));
    }

    #[test]
    fn a_client_id_and_a_secret_are_parsed_as_microsoft_writes_them() {
        assert_eq!(Form.parse_client_id(&GUID.to_uppercase()).as_deref(), Ok(GUID));
        assert!(Form.parse_secret(GUID, GUID).expect_err("no secret").contains("Client ID again"));
        assert_eq!(Form.parse_secret(" abc~.def-GHI_jkl ", GUID), Ok(("abc~.def-GHI_jkl", None)));
    }
}
