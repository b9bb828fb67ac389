//! An Azure application, with the settings that a connector stores: the account type and the tenant.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{
    AccountType, MicrosoftUrls, consent, directories,
    endpoints::Endpoints,
    fields::Tenant,
    form::{ACCOUNT_TYPE, TENANT},
    pinned::PinnedSignIn,
    requests,
    screen::{ACCOUNT_TYPE_LABEL, TENANT_LABEL},
};
use crate::{
    platform::text,
    providers::{
        Application, ClientId, Refusal, SharedPinned, Values, guid,
        http::ProviderHttp,
        provider::{ConsentOffer, Fact, FoundDirectory, Identity, SettingErrors, Unreadable},
    },
};

#[derive(Clone, Debug)]
pub struct AzureApplication {
    urls: Arc<MicrosoftUrls>,
    client_id: ClientId,
    account_type: AccountType,
    tenant: Option<Tenant>,
}

/// The stored form of the settings. The names and their order must not change, because sealed secrets are bound to
/// the values.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    account_type: String,
    // Without this, serde would read a missing member as `None`.
    #[serde(deserialize_with = "Option::deserialize")]
    tenant: Option<String>,
}

/// The typed value of a field; empty if the form did not have the field.
fn typed<'a>(values: &'a Values, name: &str) -> &'a str {
    values.get(name).map_or("", String::as_str)
}

impl AzureApplication {
    /// Parses the typed values. Ignores the tenant if the account type needs none.
    ///
    /// # Errors
    /// Every mistake, in the order of the form.
    pub fn parse(
        urls: Arc<MicrosoftUrls>,
        client_id: ClientId,
        values: &Values,
    ) -> Result<Self, SettingErrors> {
        let Some(account_type) = AccountType::from_name(typed(values, ACCOUNT_TYPE)) else {
            let words = "Choose the account type that your application has in Azure.";
            return Err(vec![(ACCOUNT_TYPE, words)]);
        };
        let tenant = account_type.needs_tenant().then(|| Tenant::parse(typed(values, TENANT))).transpose();
        let tenant = tenant.map_err(|words| vec![(TENANT, words)])?;
        Ok(Self { urls, client_id, account_type, tenant })
    }

    /// Reads stored settings.
    ///
    /// # Errors
    /// [`Unreadable`] names the member of the JSON that this program cannot have written.
    pub fn read(urls: Arc<MicrosoftUrls>, client_id: ClientId, settings: &str) -> Result<Self, Unreadable> {
        let stored: Stored = serde_json::from_str(settings).map_err(|_| Unreadable("JSON object"))?;
        let account_type = AccountType::from_name(&stored.account_type).ok_or(Unreadable(ACCOUNT_TYPE))?;
        let tenant = stored.tenant.as_deref().map(Tenant::parse).transpose();
        let tenant = tenant.map_err(|_| Unreadable(TENANT))?;
        Ok(Self { urls, client_id, account_type, tenant })
    }

    fn tenant(&self) -> Option<&str> {
        self.tenant.as_ref().map(Tenant::as_str)
    }

    /// The addresses for this application. `{tenant}` is replaced by its tenant, or else by Microsoft's word for its
    /// account type, such as `common`.
    fn endpoints(&self) -> Endpoints {
        Endpoints::of(&self.urls, self.tenant().unwrap_or(self.account_type.path_segment()))
    }
}

/// The typed settings as texts for the comparison of two versions. The tenant has the form in which it would be
/// stored.
pub fn setting_words(values: &Values) -> Vec<(&'static str, String)> {
    let kind = AccountType::from_name(typed(values, ACCOUNT_TYPE));
    let tenant = typed(values, TENANT);
    let tenant =
        Tenant::parse(tenant).map_or_else(|_| text::line(tenant), |tenant| tenant.as_str().to_owned());
    vec![
        (ACCOUNT_TYPE, kind.map_or("", AccountType::label).to_owned()),
        (TENANT, if kind.is_some_and(AccountType::needs_tenant) { tenant } else { String::new() }),
    ]
}

#[async_trait]
impl Application for AzureApplication {
    fn settings(&self) -> String {
        let stored = Stored {
            account_type: self.account_type.name().to_owned(),
            tenant: self.tenant().map(str::to_owned),
        };
        // Two texts can always be written as JSON.
        serde_json::to_string(&stored).unwrap_or_default()
    }

    fn values(&self) -> Values {
        let tenant = self.tenant().unwrap_or_default();
        [(ACCOUNT_TYPE, self.account_type.name()), (TENANT, tenant)]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn audience(&self) -> (&'static str, Option<String>) {
        // Only the tenant of a single-tenant application limits who can sign in.
        let tenant = self.tenant().filter(|_| self.account_type.needs_tenant());
        (self.account_type.label(), tenant.map(str::to_owned))
    }

    fn facts(&self) -> Vec<Fact> {
        let audience = Fact {
            label: ACCOUNT_TYPE_LABEL,
            value: self.account_type.label().to_owned(),
            is_code: false,
            meaning: "Must be the same as Supported account types in Azure.",
        };
        let tenant = self.tenant().map(|tenant| Fact {
            label: TENANT_LABEL,
            value: tenant.to_owned(),
            is_code: true,
            meaning: "Only accounts of this directory can sign in.",
        });
        std::iter::once(audience).chain(tenant).collect()
    }

    fn directory<'a>(&'a self, proved: Option<&'a str>) -> Option<&'a str> {
        let named = self.tenant.as_ref().filter(|tenant| tenant.is_guid()).map(Tenant::as_str);
        named.or(proved)
    }

    fn pin(&self, proved: Option<&str>) -> SharedPinned {
        let known = self.directory(proved);
        Arc::new(PinnedSignIn {
            client_id: self.client_id.to_string(),
            endpoints: self.endpoints(),
            tenant: known.map(str::to_owned),
            domain: self.tenant().filter(|_| known.is_none()).map(str::to_owned),
        })
    }

    fn pin_grant(&self, identity: &Identity) -> SharedPinned {
        // Parsed again, because it becomes a part of an address to which the secret is sent. Elsewhere than at the
        // account's own tenant Microsoft refuses the refresh token (AADSTS7000012).
        let Some(tenant) = identity.directory.as_deref().and_then(guid) else { return self.pin(None) };
        Arc::new(PinnedSignIn {
            client_id: self.client_id.to_string(),
            endpoints: Endpoints::of(&self.urls, &tenant),
            tenant: Some(tenant),
            domain: None,
        })
    }

    fn consent_address(&self, redirect_uri: &str, scopes: &[String]) -> Option<String> {
        let client_id = self.client_id.as_str();
        consent::address_of(&self.urls, redirect_uri, self.account_type, self.tenant(), client_id, scopes)
    }

    fn consent_offer(&self) -> ConsentOffer {
        consent::offer(&self.urls, self.account_type, self.tenant())
    }

    fn consent_address_of(&self, directory: &str, redirect_uri: &str, scopes: &[String]) -> Option<String> {
        consent::address_for(&self.urls, redirect_uri, directory, self.client_id.as_str(), scopes)
    }

    async fn find_directory(
        &self,
        http: &dyn ProviderHttp,
        typed: &str,
    ) -> Result<FoundDirectory, &'static str> {
        let only = self.tenant.as_ref().filter(|_| self.account_type.needs_tenant());
        directories::find(http, &self.urls, only, typed).await
    }

    fn can_try_credentials(&self) -> bool {
        // Without a tenant Microsoft refuses this kind of request (AADSTS9001023).
        self.tenant.is_some()
    }

    async fn try_credentials(
        &self,
        http: &dyn ProviderHttp,
        secret: &SecretString,
        _redirect_uri: &str,
    ) -> Result<(), Refusal> {
        requests::try_credentials(http, &self.endpoints(), self.client_id.as_str(), secret).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{SharedProvider, microsoft::provider::Microsoft};

    const CLIENT: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
    const TID: &str = "2b4e28ba-2fa1-11d2-883f-0016d3cca427";

    fn provider() -> SharedProvider {
        Arc::new(Microsoft::new(MicrosoftUrls {
            authorize: "https://login.example/{tenant}/oauth2/v2.0/authorize".to_owned(),
            token: "https://login.example/{tenant}/oauth2/v2.0/token".to_owned(),
            graph: "https://graph.example/v1.0".to_owned(),
            issuer: "https://login.example/{tenant}/v2.0".to_owned(),
        }))
    }

    fn client_id() -> ClientId {
        ClientId::parse(provider().form(), CLIENT).expect("a client ID")
    }

    fn values(account_type: &str, tenant: &str) -> Values {
        [(ACCOUNT_TYPE, account_type), (TENANT, tenant)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn settings_are_stored_in_one_form_and_read_again() {
        for (account_type, tenant, stored) in [
            ("single_tenant", " Contoso.com ", r#"{"account_type":"single_tenant","tenant":"contoso.com"}"#),
            ("multiple_tenants", "contoso.com", r#"{"account_type":"multiple_tenants","tenant":null}"#),
            ("personal_only", "no tenant at all", r#"{"account_type":"personal_only","tenant":null}"#),
        ] {
            let parsed = provider().parse_application(&client_id(), &values(account_type, tenant));
            let parsed = parsed.expect("an application");
            assert_eq!(parsed.settings(), stored);
            let read = provider().read_application(&client_id(), stored).expect("an application");
            assert_eq!((read.settings(), read.values()), (stored.to_owned(), parsed.values()));
        }
    }

    #[test]
    fn settings_that_this_program_has_not_written_are_refused() {
        for (stored, member) in [
            ("", "JSON object"),
            ("{}", "JSON object"),
            (r#"{"account_type":"single_tenant"}"#, "JSON object"),
            (r#"{"account_type":"single_tenant","tenant":null,"x":null}"#, "JSON object"),
            (r#"{"account_type":"everybody","tenant":null}"#, ACCOUNT_TYPE),
            (r#"{"account_type":"single_tenant","tenant":"no tenant"}"#, TENANT),
        ] {
            let read = provider().read_application(&client_id(), stored);
            assert_eq!(read.expect_err(stored), Unreadable(member), "{stored}");
        }
    }

    #[test]
    fn mistakes_name_the_field() {
        for (account_type, tenant, field) in [
            ("", "contoso.com", ACCOUNT_TYPE),
            ("everybody", "", ACCOUNT_TYPE),
            ("single_tenant", "", TENANT),
        ] {
            let parsed = provider().parse_application(&client_id(), &values(account_type, tenant));
            let fields: Vec<_> = parsed.expect_err(field).into_iter().map(|(field, _)| field).collect();
            assert_eq!(fields, [field], "{account_type} {tenant}");
        }
    }

    #[test]
    fn the_directory_is_known_by_a_guid_or_by_an_earlier_sign_in() {
        let of = |tenant: &str| {
            let values = values("single_tenant", tenant);
            provider().parse_application(&client_id(), &values).expect("an application")
        };
        assert_eq!(of(TID).directory(None), Some(TID));
        assert_eq!(of(TID).directory(Some(CLIENT)), Some(TID));
        assert_eq!(of("contoso.com").directory(None), None);
        assert_eq!(of("contoso.com").directory(Some(TID)), Some(TID));
    }

    #[test]
    fn o19_a_grant_belongs_to_the_tenant_of_its_account_and_to_no_address_made_of_other_text() {
        let common = provider().parse_application(&client_id(), &values("tenants_and_personal", ""));
        let common = common.expect("an application");
        let of = |directory: Option<&str>| {
            let identity = Identity { directory: directory.map(str::to_owned), ..Identity::default() };
            common.pin_grant(&identity).to_json()
        };
        let own = of(Some(TID));
        assert!(
            own.contains(&format!(r#""token":"https://login.example/{TID}/oauth2/v2.0/token""#)),
            "{own}"
        );
        assert!(own.contains(&format!(r#""tenant":"{TID}""#)), "{own}");
        assert!(provider().read_pinned(CLIENT, &own).is_ok(), "{own}");
        for other in [None, Some("contoso.com"), Some("../evil"), Some("evil.example/x?")] {
            assert_eq!(of(other), common.pin(None).to_json(), "{other:?}");
        }
    }

    #[test]
    fn only_a_single_tenant_is_named_beside_the_account_type() {
        let of = |kind: AccountType| {
            let stored = format!(r#"{{"account_type":"{}","tenant":"contoso.com"}}"#, kind.name());
            provider().read_application(&client_id(), &stored).expect("an application").audience()
        };
        for kind in AccountType::ALL {
            let named = (kind == AccountType::SingleTenant).then(|| "contoso.com".to_owned());
            assert_eq!(of(kind), (kind.label(), named));
        }
    }

    #[test]
    fn the_words_of_typed_values_are_those_of_the_stored_ones() {
        for (account_type, tenant, words) in [
            ("single_tenant", "Contoso.com", ["Single tenant only", "contoso.com"]),
            ("single_tenant", "no  tenant", ["Single tenant only", "no tenant"]),
            ("personal_only", "contoso.com", ["Personal accounts only", ""]),
            ("everybody", "contoso.com", ["", ""]),
        ] {
            let found = setting_words(&values(account_type, tenant));
            assert_eq!(found.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>(), words);
        }
    }
}
