//! An OAuth client of Google, with the one setting that a connector stores: the domain whose accounts may sign in.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{
    form::{Form, HOSTED_DOMAIN},
    pinned::PinnedSignIn,
    requests,
    screen::HOSTED_DOMAIN_LABEL,
    urls::GoogleUrls,
};
use crate::{
    platform::text,
    providers::{
        Application, ClientId, ProviderForm, Refusal, SharedPinned, Values,
        http::ProviderHttp,
        provider::{Fact, Identity, SettingErrors, Unreadable},
    },
};

#[derive(Clone, Debug)]
pub struct GoogleApplication {
    urls: Arc<GoogleUrls>,
    client_id: ClientId,
    /// `None` if accounts of any domain may sign in.
    hosted_domain: Option<String>,
}

/// The stored form of the settings. The name must not change, because sealed secrets are bound to the values.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    // Without this, serde would read a missing member as `None`.
    #[serde(deserialize_with = "Option::deserialize")]
    hosted_domain: Option<String>,
}

/// The typed domain; empty if the form did not have the field.
fn typed(values: &Values) -> &str {
    values.get(HOSTED_DOMAIN).map_or("", String::as_str)
}

/// The domain in the form in which it is stored; `None` if nothing was typed.
fn parse(typed: &str) -> Result<Option<String>, &'static str> {
    Form.parse_setting(HOSTED_DOMAIN, typed).map(|domain| Some(domain).filter(|domain| !domain.is_empty()))
}

impl GoogleApplication {
    /// Parses the typed values.
    ///
    /// # Errors
    /// Every mistake, in the order of the form.
    pub fn parse(urls: Arc<GoogleUrls>, client_id: ClientId, values: &Values) -> Result<Self, SettingErrors> {
        let hosted_domain = parse(typed(values)).map_err(|words| vec![(HOSTED_DOMAIN, words)])?;
        Ok(Self { urls, client_id, hosted_domain })
    }

    /// Reads stored settings.
    ///
    /// # Errors
    /// [`Unreadable`] names the member of the JSON that this program cannot have written.
    pub fn read(urls: Arc<GoogleUrls>, client_id: ClientId, settings: &str) -> Result<Self, Unreadable> {
        let Stored { hosted_domain } =
            serde_json::from_str(settings).map_err(|_| Unreadable("JSON object"))?;
        let is_sound = |domain: &str| parse(domain).is_ok_and(|read| read.as_deref() == Some(domain));
        if hosted_domain.as_deref().is_some_and(|domain| !is_sound(domain)) {
            return Err(Unreadable(HOSTED_DOMAIN));
        }
        Ok(Self { urls, client_id, hosted_domain })
    }

    fn pinned(&self, hosted_domain: Option<String>) -> SharedPinned {
        Arc::new(PinnedSignIn {
            client_id: self.client_id.to_string(),
            urls: GoogleUrls::clone(&self.urls),
            hosted_domain,
        })
    }
}

/// The typed settings as texts for the comparison of two versions. The domain has the form in which it would be
/// stored.
pub fn setting_words(values: &Values) -> Vec<(&'static str, String)> {
    let typed = typed(values);
    vec![(HOSTED_DOMAIN, parse(typed).map_or_else(|_| text::line(typed), Option::unwrap_or_default))]
}

#[async_trait]
impl Application for GoogleApplication {
    fn settings(&self) -> String {
        // A text can always be written as JSON.
        serde_json::to_string(&Stored { hosted_domain: self.hosted_domain.clone() }).unwrap_or_default()
    }

    fn values(&self) -> Values {
        let domain = self.hosted_domain.clone().unwrap_or_default();
        [(HOSTED_DOMAIN.to_owned(), domain)].into()
    }

    fn audience(&self) -> (&'static str, Option<String>) {
        match &self.hosted_domain {
            Some(domain) => ("One Google Workspace domain only", Some(domain.clone())),
            None => ("All accounts that the consent screen allows", None),
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let domain = self.hosted_domain.as_ref().map(|domain| Fact {
            label: HOSTED_DOMAIN_LABEL,
            value: domain.clone(),
            is_code: true,
            meaning: "Only accounts of this domain can sign in.",
        });
        domain.into_iter().collect()
    }

    /// The domain of the settings. No sign-in proves another one.
    fn directory<'a>(&'a self, _proved: Option<&'a str>) -> Option<&'a str> {
        self.hosted_domain.as_deref()
    }

    fn pin(&self, _proved: Option<&str>) -> SharedPinned {
        self.pinned(self.hosted_domain.clone())
    }

    /// The addresses alone: the account was checked, and a later change of the domain does not concern its grant.
    fn pin_grant(&self, _identity: &Identity) -> SharedPinned {
        self.pinned(None)
    }

    /// Google has no page on which an administrator consents for a company.
    fn consent_address(&self, _redirect_uri: &str, _scopes: &[String]) -> Option<String> {
        None
    }

    fn can_try_credentials(&self) -> bool {
        true
    }

    async fn try_credentials(
        &self,
        http: &dyn ProviderHttp,
        secret: &SecretString,
        redirect_uri: &str,
    ) -> Result<(), Refusal> {
        requests::try_credentials(http, &self.urls, self.client_id.as_str(), secret, redirect_uri).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{SharedApplication, SharedProvider, google::provider::GoogleProvider};

    const CLIENT: &str = "123456789012-abc0def1.apps.googleusercontent.com";

    fn provider() -> SharedProvider {
        Arc::new(GoogleProvider::new(GoogleUrls::of_google()))
    }

    fn client_id() -> ClientId {
        ClientId::parse(&Form, CLIENT).expect("a client ID")
    }

    fn values(domain: &str) -> Values {
        [(HOSTED_DOMAIN.to_owned(), domain.to_owned())].into()
    }

    fn application(domain: &str) -> SharedApplication {
        provider().parse_application(&client_id(), &values(domain)).expect("an application")
    }

    #[test]
    fn settings_are_stored_in_one_form_and_read_again() {
        for (domain, stored) in [
            (" Contoso.com ", r#"{"hosted_domain":"contoso.com"}"#),
            ("", r#"{"hosted_domain":null}"#),
            (" ", r#"{"hosted_domain":null}"#),
        ] {
            let parsed = application(domain);
            assert_eq!(parsed.settings(), stored);
            let read = provider().read_application(&client_id(), stored).expect("an application");
            assert_eq!((read.settings(), read.values()), (stored.to_owned(), parsed.values()));
        }
        let without = provider().parse_application(&client_id(), &Values::new()).expect("an application");
        assert_eq!(without.settings(), r#"{"hosted_domain":null}"#);
    }

    #[test]
    fn settings_that_this_program_has_not_written_are_refused() {
        for (stored, member) in [
            ("", "JSON object"),
            ("{}", "JSON object"),
            (r#"{"hosted_domain":7}"#, "JSON object"),
            (r#"{"hosted_domain":null,"x":null}"#, "JSON object"),
            (r#"{"hosted_domain":""}"#, HOSTED_DOMAIN),
            (r#"{"hosted_domain":"Contoso.com"}"#, HOSTED_DOMAIN),
            (r#"{"hosted_domain":"no domain"}"#, HOSTED_DOMAIN),
        ] {
            let read = provider().read_application(&client_id(), stored);
            assert_eq!(read.expect_err(stored), Unreadable(member), "{stored}");
        }
    }

    #[test]
    fn a_mistake_names_the_field() {
        let parsed = provider().parse_application(&client_id(), &values("no domain"));
        let fields: Vec<_> = parsed.expect_err("a mistake").into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, [HOSTED_DOMAIN]);
    }

    #[test]
    fn a_sign_in_is_pinned_to_the_domain_and_a_grant_to_the_addresses_alone() {
        let of_domain = application("contoso.com");
        assert!(of_domain.pin(None).to_json().contains(r#""hosted_domain":"contoso.com""#));
        let identity = Identity { directory: Some("contoso.com".to_owned()), ..Identity::default() };
        let grant = of_domain.pin_grant(&identity).to_json();
        assert_eq!(grant, application("").pin_grant(&Identity::default()).to_json());
        assert!(provider().read_pinned(CLIENT, &grant).is_ok());
        assert_eq!(of_domain.directory(Some("fabrikam.com")), Some("contoso.com"));
        assert_eq!(application("").directory(Some("fabrikam.com")), None);
    }

    #[test]
    fn the_words_of_typed_values_are_those_of_the_stored_ones() {
        for (domain, words) in [("Contoso.com", "contoso.com"), ("", ""), ("no  domain", "no domain")] {
            assert_eq!(setting_words(&values(domain)), [(HOSTED_DOMAIN, words.to_owned())]);
        }
        assert_eq!(application("contoso.com").audience().1.as_deref(), Some("contoso.com"));
        assert_eq!((application("").audience().1, application("").facts().len()), (None, 0));
    }
}
