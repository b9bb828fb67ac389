//! The parsers of Contoso's values.

use mail360::providers::{ProviderForm, Values, form::SecretAndWarning, provider::Unreadable};
use serde_json::json;

use super::REGION;

pub static FORM: ContosoForm = ContosoForm;

/// The parsers of typed values.
pub struct ContosoForm;

impl ProviderForm for ContosoForm {
    fn name(&self) -> &'static str {
        "contoso"
    }

    fn parse_client_id(&self, text: &str) -> Result<String, &'static str> {
        let text = text.trim();
        let digits = text.strip_prefix("contoso-").unwrap_or_default();
        if digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(text.to_owned());
        }
        Err("This is no Client ID of Contoso, which looks like contoso-12345678.")
    }

    fn parse_secret<'a>(&self, text: &'a str, client_id: &str) -> Result<SecretAndWarning<'a>, &'static str> {
        let text = text.trim();
        if text.is_empty() {
            return Err("Copy the secret from the Contoso Console.");
        }
        if text == client_id.trim() {
            return Err("This is the Client ID. Copy the secret, which begins with cs_.");
        }
        let warning = (!self.looks_like_secret(text)).then_some("Secrets of Contoso begin with cs_.");
        Ok((text, warning))
    }

    fn looks_like_secret(&self, text: &str) -> bool {
        text.trim().starts_with("cs_")
    }

    fn parse_setting(&self, name: &str, text: &str) -> Result<String, &'static str> {
        if name != REGION {
            return Err("Contoso has no such setting.");
        }
        Region::parse(text).map(|region| region.name().to_owned())
    }

    /// This provider has no code for the browser.
    fn follow(&self) -> Option<()> {
        None
    }
}

/// Where Contoso keeps an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Europe.
    Eu,
    /// The United States.
    Us,
}

impl Region {
    pub const ALL: [Self; 2] = [Self::Eu, Self::Us];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Eu => "eu",
            Self::Us => "us",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Eu => "Europe",
            Self::Us => "United States",
        }
    }

    pub fn parse(text: &str) -> Result<Self, &'static str> {
        Self::find(text.trim()).ok_or("Choose the region in which the application is registered: eu or us.")
    }

    fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.name() == name)
    }

    /// As settings of a connector and pinned values have it.
    pub fn to_json(self) -> String {
        json!({ REGION: self.name() }).to_string()
    }

    pub fn of_json(text: &str) -> Result<Self, Unreadable> {
        let stored: Values = serde_json::from_str(text).map_err(|_| Unreadable(REGION))?;
        let region = stored.get(REGION).filter(|_| stored.len() == 1);
        region.and_then(|name| Self::find(name)).ok_or(Unreadable(REGION))
    }

    pub fn authorize_url(self) -> String {
        format!("{}/{}/authorize", super::ISSUER, self.name())
    }

    pub fn token_url(self) -> String {
        format!("{}/{}/token", super::ISSUER, self.name())
    }

    pub fn revoke_url(self) -> String {
        format!("{}/{}/revoke", super::ISSUER, self.name())
    }
}
