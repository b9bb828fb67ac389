//! An application that is registered at Contoso.

use std::sync::Arc;

use async_trait::async_trait;
use mail360::providers::{
    Application, Refusal, RefusalKind, SharedPinned, Values,
    http::ProviderHttp,
    provider::{Fact, Identity},
};
use secrecy::SecretString;

use super::{ContosoPin, REGION, Region};

#[derive(Debug)]
pub struct ContosoApplication {
    pub client_id: String,
    pub region: Region,
}

#[async_trait]
impl Application for ContosoApplication {
    fn settings(&self) -> String {
        self.region.to_json()
    }

    fn values(&self) -> Values {
        [(REGION.to_owned(), self.region.name().to_owned())].into()
    }

    fn audience(&self) -> (&'static str, Option<String>) {
        ("Everyone with a mailbox at Contoso", None)
    }

    fn facts(&self) -> Vec<Fact> {
        vec![Fact {
            label: "Region",
            value: self.region.words().to_owned(),
            is_code: false,
            meaning: "Where Contoso keeps the application.",
        }]
    }

    /// Contoso has no directories.
    fn directory<'a>(&'a self, _proved: Option<&'a str>) -> Option<&'a str> {
        None
    }

    fn pin(&self, _proved: Option<&str>) -> SharedPinned {
        Arc::new(ContosoPin { client_id: self.client_id.clone(), region: self.region })
    }

    /// Contoso has no directories, so a grant has the addresses of its sign-in.
    fn pin_grant(&self, _identity: &Identity) -> SharedPinned {
        self.pin(None)
    }

    fn consent_address(&self, _redirect_uri: &str, _scopes: &[String]) -> Option<String> {
        None
    }

    /// Contoso answers only sign-ins.
    fn can_try_credentials(&self) -> bool {
        false
    }

    async fn try_credentials(
        &self,
        _http: &dyn ProviderHttp,
        _secret: &SecretString,
        _redirect_uri: &str,
    ) -> Result<(), Refusal> {
        Err(RefusalKind::Garbled.into())
    }
}
