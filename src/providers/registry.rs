//! The providers of this program. A further provider is one more line in [`ProviderOptions`], in
//! [`ProviderOptions::check`] and in `form::FORMS`.

use std::sync::Arc;

use clap::Args;

use super::{Field, Provider, RawError, SharedProvider, google, microsoft};
use crate::platform::config::PublicUrl;

/// The settings of all providers, as typed.
#[derive(Args, Clone, Debug)]
pub struct ProviderOptions {
    #[command(flatten)]
    microsoft: microsoft::Options,
    #[command(flatten)]
    google: google::Options,
}

impl ProviderOptions {
    /// Checks the settings of every provider.
    ///
    /// # Errors
    /// Every mistake, each with its setting and how to correct it.
    pub fn check(&self) -> Result<Providers, Vec<String>> {
        let providers: [Result<SharedProvider, Vec<String>>; 2] =
            [self.microsoft.check(), self.google.check()];
        let (mut sound, mut mistakes) = (Vec::new(), Vec::new());
        for provider in providers {
            match provider {
                Ok(provider) => sound.push(provider),
                Err(wrong) => mistakes.extend(wrong),
            }
        }
        if mistakes.is_empty() { Ok(Providers::new(sound)) } else { Err(mistakes) }
    }
}

/// The providers that connectors may use. A clone shares them.
#[derive(Clone, Debug)]
pub struct Providers(Arc<[SharedProvider]>);

impl Providers {
    /// These providers, in the order in which the form offers them.
    pub fn new(providers: Vec<SharedProvider>) -> Self {
        Self(providers.into())
    }

    /// All of them.
    pub fn all(&self) -> &[SharedProvider] {
        &self.0
    }

    /// The provider with this name ([`super::ProviderForm::name`]).
    pub fn find(&self, name: &str) -> Option<&SharedProvider> {
        self.0.iter().find(|provider| provider.form().name() == name)
    }

    /// The provider, if there is one alone.
    pub fn only(&self) -> Option<&SharedProvider> {
        self.0.first().filter(|_| self.0.len() == 1)
    }

    /// The provider at which an administrator was asked for consent: the one that has words for the error, or else the
    /// first one with a page for consent.
    pub fn of_consent(&self, refused: Option<&RawError<'_>>) -> Option<&SharedProvider> {
        let knows = |provider: &&SharedProvider| {
            let code = refused.and_then(|raw| provider.code(&provider.read_words(raw)));
            code.is_some_and(|code| code.diagnosis.is_some())
        };
        let consents = |provider: &&SharedProvider| provider.has_consent_page();
        self.0.iter().find(knows).or_else(|| self.0.iter().find(consents)).or_else(|| self.0.first())
    }

    /// Whether a text looks like a client secret of one of them.
    pub fn looks_like_secret(&self, text: &str) -> bool {
        self.0.iter().any(|provider| provider.form().looks_like_secret(text))
    }

    /// Warnings about a Redirect URI that a provider would not accept, for the operator (`Doctor::new`).
    pub fn redirect_warnings(&self, public_url: &PublicUrl) -> Vec<String> {
        self.0.iter().flat_map(|provider| redirect_warnings(provider.as_ref(), public_url)).collect()
    }

    /// The label of a field on the screen. Fields of a provider's own have a label there.
    pub fn label(&self, field: &Field) -> &'static str {
        match field {
            Field::Provider => "Service provider",
            Field::ServiceName => "Service Name",
            Field::ClientId => "Client ID",
            Field::ClientSecret => "Client Secret",
            Field::SecretExpires => "Secret expires",
            Field::Permissions => "Permissions",
            Field::Setting(name) => {
                let mut own = self.0.iter().flat_map(|provider| provider.settings());
                own.find(|setting| setting.name == name).map_or("Setting", |setting| setting.label)
            }
        }
    }
}

/// Warnings about a Redirect URI that this provider would not accept, for the operator.
pub fn redirect_warnings(provider: &dyn Provider, public_url: &PublicUrl) -> Vec<String> {
    provider.redirect_warnings(&public_url.redirect_uri(), public_url.parts().is_ipv6())
}
