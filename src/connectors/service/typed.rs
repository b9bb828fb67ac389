//! The typed values of a connector's forms, and the one place where they are parsed.

use std::borrow::Cow;

use secrecy::{ExposeSecret, SecretString};
use time::Date;

use super::{
    super::{
        model::{ClientId, ExpiryDate, Field, FieldErrors, ServiceName, Values},
        store::{Connector, Settings},
    },
    changes::Given,
    kept_secrets::{SECRET_NOT_KEPT, SentForm},
};
use crate::{
    platform::text,
    providers::{
        Provider, Providers, SharedApplication, SharedProvider, day_counts, form::holds_secret,
        permission::is_included,
    },
};

/// The typed values of a connector's form. Every value is text and may be missing.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// The service provider.
    pub provider: String,
    pub service_name: String,
    pub client_id: String,
    pub client_secret: SecretString,
    /// Mistakes in the file from which these two were taken (`fill_from_file`).
    pub file_errors: FieldErrors,
    /// The number of months until the secret expires, if the user has not chosen a day.
    pub secret_expires_in: String,
    /// The day on which it expires otherwise.
    pub secret_expires_on: String,
    /// The provider's own fields, by name. Names that the provider does not have are ignored.
    pub settings: Values,
    /// The optional permissions.
    pub scopes: Vec<String>,
    /// The form itself, and where its secret comes from.
    pub form: SentForm,
}

/// The parsed values of a form without mistakes.
#[derive(Debug)]
pub struct Parsed {
    pub(super) settings: Settings,
    /// `None` if the field was left empty, which only an edit allows.
    pub(super) secret: Option<SecretString>,
    /// A warning about an unusual secret.
    pub warning: Option<&'static str>,
    pub(super) form: SentForm,
    /// The Service Name that was typed to confirm that accounts lose their access.
    pub(super) confirmed_name: String,
}

impl Parsed {
    /// The same values, confirmed by this Service Name.
    #[must_use]
    pub fn confirmed_by(self, confirmed_name: String) -> Self {
        Self { confirmed_name, ..self }
    }

    pub(super) const fn given(&self) -> Given<'_> {
        let confirmed_name = self.confirmed_name.as_str();
        Given { secret: self.secret.as_ref(), form: &self.form, confirmed_name }
    }

    /// Whether a secret was typed.
    pub const fn has_secret(&self) -> bool {
        self.secret.is_some()
    }

    /// The chosen provider.
    pub fn provider(&self) -> &dyn Provider {
        self.settings.provider.as_ref()
    }
}

impl Typed {
    /// Parses a form in which every field counts.
    ///
    /// # Errors
    /// Everything that is wrong, in the form's order.
    pub fn parse(&self, providers: &Providers, today: Date) -> Result<Parsed, FieldErrors> {
        self.parse_with(providers, today, None)
    }

    /// Parses the form of a stored connector. An empty secret keeps the stored one. A connector keeps its provider.
    ///
    /// # Errors
    /// Everything that is wrong, in the form's order.
    pub fn parse_edit(
        &self,
        providers: &Providers,
        today: Date,
        stored: &Connector,
    ) -> Result<Parsed, FieldErrors> {
        self.parse_with(providers, today, Some(stored))
    }

    /// The chosen provider, or else the first one.
    pub fn provider_or_first<'a>(&self, providers: &'a Providers) -> Option<&'a SharedProvider> {
        providers.find(&self.provider).or_else(|| providers.all().first())
    }

    fn parse_with(
        &self,
        providers: &Providers,
        today: Date,
        stored: Option<&Connector>,
    ) -> Result<Parsed, FieldErrors> {
        let mut errors = self.file_errors.clone();
        let mut note = |field: Field, words: &str| errors.push((field, words.to_owned()));

        if providers.find(&self.provider).is_none() {
            note(Field::Provider, &choose_provider(providers));
        } else if let Some(stored) = stored.filter(|stored| stored.form().name() != self.provider) {
            let service = stored.names().service;
            let words =
                format!("This connector is for {service}. Add another connector for another provider.");
            note(Field::Provider, &words);
        }
        // Without a provider, the other fields are checked as those of the first one.
        let Some(provider) = self.provider_or_first(providers) else { return Err(errors) };
        // The name is stored unsealed and shown to all users, so it must not contain the secret.
        let service_name = if self.holds_secret(&self.service_name) {
            let application = provider.names().application;
            Err(format!("This is the client secret. Give the name of your {application} here."))
        } else if providers.looks_like_secret(&self.service_name) {
            Err(ServiceName::SECRET.to_owned())
        } else {
            ServiceName::parse(&self.service_name).map_err(str::to_owned)
        };
        let service_name = service_name.map_err(|words| note(Field::ServiceName, &words));
        let client_id =
            ClientId::parse(provider.form(), &self.client_id).map_err(|words| note(Field::ClientId, words));
        let typed_secret = text::trim(self.client_secret.expose_secret());
        let secret = if self.form.lacks_secret() {
            // Otherwise an edit would keep the stored secret without a word.
            note(Field::ClientSecret, SECRET_NOT_KEPT);
            Err(())
        } else if typed_secret.is_empty() && stored.is_some() {
            Ok(None)
        } else {
            let parsed = provider.form().parse_secret(typed_secret, &self.client_id);
            parsed
                .map(|(secret, warning)| Some((SecretString::from(secret), warning)))
                .map_err(|words| note(Field::ClientSecret, words))
        };
        // Only the stored secret may have an expiry day in the past.
        let kept = stored.filter(|_| typed_secret.is_empty()).and_then(|stored| stored.secret_expires_on);
        let (months, day) = (&self.secret_expires_in, &self.secret_expires_on);
        let secret_expires_on = parse_expiry(provider.as_ref(), months, day, today, kept)
            .map_err(|words| note(Field::SecretExpires, words));
        let application = self.parse_application(provider, client_id.as_ref().ok()).map_err(|wrong| {
            for (field, words) in wrong {
                note(field, &words);
            }
        });
        let scopes = self.parse_scopes(provider.as_ref()).map_err(|words| note(Field::Permissions, words));

        match (service_name, client_id, secret, secret_expires_on, application, scopes) {
            (
                Ok(service_name),
                Ok(client_id),
                Ok(secret),
                Ok(secret_expires_on),
                Ok(application),
                Ok(scopes),
            ) if errors.is_empty() => {
                let (secret, warning) = secret.unzip();
                Ok(Parsed {
                    settings: Settings {
                        provider: provider.clone(),
                        name_key: name_key(&service_name),
                        service_name,
                        client_id,
                        secret_expires_on,
                        application,
                        scopes,
                    },
                    secret,
                    warning: warning.flatten(),
                    form: self.form.clone(),
                    confirmed_name: String::new(),
                })
            }
            _ => Err(errors),
        }
    }

    fn holds_secret(&self, text: &str) -> bool {
        holds_secret(text, self.client_secret.expose_secret())
    }

    /// The application with the typed settings. They are checked even if the client ID has a mistake.
    fn parse_application(
        &self,
        provider: &SharedProvider,
        client_id: Option<&ClientId>,
    ) -> Result<SharedApplication, FieldErrors> {
        // The settings are stored unsealed, so a text that contains the secret is treated as none.
        let is_secret = |name: &str| {
            let is_text = provider.settings().iter().any(|setting| setting.name == name && setting.is_text);
            is_text && self.settings.get(name).is_some_and(|typed| self.holds_secret(typed))
        };
        // The checks in the browser leave out the same fields.
        let value_of = |name: &str| self.settings.get(name).cloned();
        let counts = |name: &str| provider.form().counts(name, &value_of);
        let typed = self.settings.iter().filter(|(name, _)| counts(name) && !is_secret(name));
        let typed: Values = typed.map(|(name, value)| (name.clone(), value.clone())).collect();
        let unknown = ClientId::unknown();
        let parsed = provider.parse_application(client_id.unwrap_or(&unknown), &typed);
        let mut wrong = parsed.as_ref().err().cloned().unwrap_or_default();
        // A setting that may be empty must not be saved as empty because of it.
        let secrets =
            provider.settings().iter().filter(|setting| counts(setting.name) && is_secret(setting.name));
        for setting in secrets {
            if wrong.iter().all(|(name, _)| *name != setting.name) {
                wrong.push((setting.name, "It is not needed here."));
            }
        }
        let errors = wrong.into_iter().map(|(name, words)| {
            let prefix = if is_secret(name) { "This is the client secret. " } else { "" };
            (Field::Setting(Cow::Borrowed(name)), [prefix, words].concat())
        });
        let errors: FieldErrors = errors.collect();
        match parsed {
            Ok(application) if errors.is_empty() => Ok(application),
            _ => Err(errors),
        }
    }

    /// The required and the chosen permissions, in the provider's order, without those that a chosen one includes.
    fn parse_scopes(&self, provider: &dyn Provider) -> Result<Vec<String>, &'static str> {
        let is_chosen = |name: &str| self.scopes.iter().any(|chosen| chosen == name);
        let all = provider.permissions();
        let is_optional = |name: &String| all.iter().any(|known| !known.required && known.name == name);
        if !self.scopes.iter().all(is_optional) {
            return Err("Choose among the permissions that are shown.");
        }
        let required = all.iter().filter(|permission| permission.required);
        let chosen = all.iter().filter(|permission| !permission.required && is_chosen(permission.name));
        let chosen = chosen.filter(|permission| !is_included(all, &self.scopes, permission.name));
        Ok(required.chain(chosen).map(|permission| permission.name.to_owned()).collect())
    }
}

/// The message at the field for the provider.
fn choose_provider(providers: &Providers) -> String {
    let names: Vec<_> = providers.all().iter().map(|provider| provider.names().service).collect();
    format!("Choose {}: this version connects to no other provider.", names.join(" or "))
}

/// The typed values of the form that replaces a secret.
#[derive(Clone, Debug, Default)]
pub struct TypedSecret {
    pub client_secret: SecretString,
    /// The number of months until the secret expires, if the user has not chosen a day.
    pub secret_expires_in: String,
    /// The day on which it expires otherwise.
    pub secret_expires_on: String,
    /// The form itself, and where its secret comes from.
    pub form: SentForm,
}

/// The parsed values of that form, without mistakes.
#[derive(Debug)]
pub struct ParsedSecret {
    pub(super) secret: SecretString,
    pub(super) expires_on: Option<ExpiryDate>,
    /// A warning about an unusual secret.
    pub warning: Option<&'static str>,
    pub(super) form: SentForm,
}

impl ParsedSecret {
    pub(super) const fn given(&self) -> Given<'_> {
        Given { secret: Some(&self.secret), form: &self.form, confirmed_name: "" }
    }
}

impl TypedSecret {
    /// Parses the form, for the application with this client ID.
    ///
    /// # Errors
    /// Everything that is wrong, in the form's order.
    pub fn parse(
        &self,
        provider: &dyn Provider,
        today: Date,
        client_id: &ClientId,
    ) -> Result<ParsedSecret, FieldErrors> {
        let secret = if self.form.lacks_secret() {
            Err(SECRET_NOT_KEPT)
        } else {
            provider.form().parse_secret(self.client_secret.expose_secret(), client_id.as_str())
        };
        let (months, day) = (&self.secret_expires_in, &self.secret_expires_on);
        let expires_on = parse_expiry(provider, months, day, today, None);
        match (secret, expires_on) {
            (Ok((secret, warning)), Ok(expires_on)) => {
                let (secret, form) = (SecretString::from(secret), self.form.clone());
                Ok(ParsedSecret { secret, expires_on, warning, form })
            }
            (secret, expires_on) => {
                let of_secret = secret.err().map(|words| (Field::ClientSecret, words.to_owned()));
                let of_date = expires_on.err().map(|words| (Field::SecretExpires, words.to_owned()));
                Err(of_secret.into_iter().chain(of_date).collect())
            }
        }
    }
}

/// The day on which the secret expires. It must not be in the past, except for the stored day of a kept secret.
fn parse_expiry(
    provider: &dyn Provider,
    months: &str,
    day: &str,
    today: Date,
    kept: Option<ExpiryDate>,
) -> Result<Option<ExpiryDate>, &'static str> {
    let periods = provider.secret_periods();
    if let Some(months) = periods.iter().find(|offered| offered.to_string() == months) {
        return Ok(Some(provider.secret_expiry(today, *months)));
    }
    // The checks in the browser leave out the day in the same case.
    if !periods.is_empty() && !day_counts(months) {
        return Err("Choose one of the periods, or another day.");
    }
    match ExpiryDate::parse(day)? {
        Some(date) if date.days_from(today) < 0 && kept != Some(date) => {
            Err("This day has passed. Make a new client secret, and enter the day on which it expires.")
        }
        date => Ok(date),
    }
}

/// The name in the form in which names are compared.
pub fn name_key(name: &ServiceName) -> String {
    text::fold(name.as_str())
}
