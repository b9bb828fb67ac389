//! The typed values of a connector's forms, and the one place where they are parsed.

use secrecy::{ExposeSecret, SecretString};
use time::Date;

use super::super::{
    model::{
        AccountType, ClientId, ExpiryDate, Field, FieldErrors, MONTHS, ServiceName, Tenant, holds_secret,
        optional_permissions, parse_client_secret, required_permissions,
    },
    store::Settings,
};
use crate::platform::text;

/// The typed values of a connector's form. Every value is text and may be missing.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// The service provider.
    pub provider: String,
    /// The service name.
    pub service_name: String,
    /// The client ID.
    pub client_id: String,
    /// The client secret.
    pub client_secret: SecretString,
    /// In how many months the secret expires, where it is not another day.
    pub secret_expires_in: String,
    /// The day on which it expires otherwise.
    pub secret_expires_on: String,
    /// Who may sign in.
    pub account_type: String,
    /// The tenant.
    pub tenant: String,
    /// The optional permissions.
    pub scopes: Vec<String>,
}

/// The parsed values of a form without mistakes.
#[derive(Debug)]
pub struct Parsed {
    pub(super) settings: Settings,
    /// `None` if the field was left empty, which only an edit allows.
    pub(super) secret: Option<SecretString>,
    /// What is unusual about the secret.
    pub warning: Option<&'static str>,
}

impl Parsed {
    /// Whether a secret was typed.
    pub const fn has_secret(&self) -> bool {
        self.secret.is_some()
    }
}

impl Typed {
    /// Parses a form in which every field counts.
    ///
    /// # Errors
    /// Everything that is wrong, in the form's order.
    pub fn parse(&self, today: Date) -> Result<Parsed, FieldErrors> {
        self.parse_with(today, true, None)
    }

    /// Parses a form in which an empty secret keeps the stored one, which expires, or has expired, on this day.
    ///
    /// # Errors
    /// Everything that is wrong, in the form's order.
    pub fn parse_edit(&self, today: Date, stored: Option<ExpiryDate>) -> Result<Parsed, FieldErrors> {
        self.parse_with(today, false, stored)
    }

    fn parse_with(
        &self,
        today: Date,
        secret_required: bool,
        stored: Option<ExpiryDate>,
    ) -> Result<Parsed, FieldErrors> {
        let mut errors = FieldErrors::new();
        let mut note = |field: Field, words: &str| errors.push((field, words.to_owned()));

        if self.provider != "outlook" {
            note(Field::Provider, "Choose Outlook: this version connects to no other provider.");
        }
        let holds_secret = |text: &str| holds_secret(text, self.client_secret.expose_secret());
        // The name is stored unsealed and shown to all users, so it must not contain the secret.
        let service_name = if holds_secret(&self.service_name) {
            Err("This is the client secret. Give the name of your Azure application here.")
        } else {
            ServiceName::parse(&self.service_name)
        };
        let service_name = service_name.map_err(|words| note(Field::ServiceName, words));
        let client_id = ClientId::parse(&self.client_id).map_err(|words| note(Field::ClientId, words));
        let typed_secret = text::trim(self.client_secret.expose_secret());
        let secret = if typed_secret.is_empty() && !secret_required {
            Ok(None)
        } else {
            parse_client_secret(typed_secret, &self.client_id)
                .map(|(secret, warning)| Some((SecretString::from(secret), warning)))
                .map_err(|words| note(Field::ClientSecret, words))
        };
        // Only the stored secret may have an expiry day in the past.
        let kept = stored.filter(|_| typed_secret.is_empty());
        let secret_expires_on = parse_expiry(&self.secret_expires_in, &self.secret_expires_on, today, kept)
            .map_err(|words| note(Field::SecretExpires, words));
        let account_type = AccountType::from_name(&self.account_type).ok_or_else(|| {
            note(Field::AccountType, "Choose what you chose when you registered the application.");
        });
        let tenant = match account_type {
            Ok(kind) if kind.needs_tenant() && holds_secret(&self.tenant) => {
                Err("This is the client secret. Write the Directory (tenant) ID, or a domain.")
                    .map_err(|words| note(Field::Tenant, words))
            }
            Ok(kind) if kind.needs_tenant() => {
                Tenant::parse(&self.tenant).map(Some).map_err(|words| note(Field::Tenant, words))
            }
            // This account type needs no tenant, so a value in the field is ignored.
            _ => Ok(None),
        };
        let unknown =
            self.scopes.iter().any(|name| optional_permissions().all(|permission| permission.name != name));
        if unknown {
            note(Field::Permissions, "Choose among the permissions that are shown.");
        }

        match (service_name, client_id, secret, secret_expires_on, account_type, tenant) {
            (
                Ok(service_name),
                Ok(client_id),
                Ok(secret),
                Ok(secret_expires_on),
                Ok(account_type),
                Ok(tenant),
            ) if errors.is_empty() => {
                let chosen = optional_permissions()
                    .filter(|permission| self.scopes.iter().any(|name| name == permission.name));
                let scopes = required_permissions().chain(chosen);
                let (secret, warning) = secret.unzip();
                Ok(Parsed {
                    settings: Settings {
                        name_key: name_key(&service_name),
                        service_name,
                        client_id,
                        secret_expires_on,
                        account_type,
                        tenant,
                        scopes: scopes.map(|permission| permission.name.to_owned()).collect(),
                    },
                    secret,
                    warning: warning.flatten(),
                })
            }
            _ => Err(errors),
        }
    }
}

/// The typed values of the form that replaces a secret.
#[derive(Clone, Debug, Default)]
pub struct TypedSecret {
    /// The client secret.
    pub client_secret: SecretString,
    /// In how many months it expires, where it is not another day.
    pub secret_expires_in: String,
    /// The day on which it expires otherwise.
    pub secret_expires_on: String,
}

/// The parsed values of that form, without mistakes.
#[derive(Debug)]
pub struct ParsedSecret {
    pub(super) secret: SecretString,
    pub(super) expires_on: Option<ExpiryDate>,
    /// What is unusual about the secret.
    pub warning: Option<&'static str>,
}

impl TypedSecret {
    /// Parses the form, for the application with this client ID.
    ///
    /// # Errors
    /// Everything that is wrong, in the form's order.
    pub fn parse(&self, today: Date, client_id: &ClientId) -> Result<ParsedSecret, FieldErrors> {
        let secret = parse_client_secret(self.client_secret.expose_secret(), client_id.as_str());
        let expires_on = parse_expiry(&self.secret_expires_in, &self.secret_expires_on, today, None);
        match (secret, expires_on) {
            (Ok((secret, warning)), Ok(expires_on)) => {
                Ok(ParsedSecret { secret: SecretString::from(secret), expires_on, warning })
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
    months: &str,
    day: &str,
    today: Date,
    kept: Option<ExpiryDate>,
) -> Result<Option<ExpiryDate>, &'static str> {
    if let Some(months) = MONTHS.into_iter().find(|offered| offered.to_string() == months) {
        return Ok(Some(ExpiryDate::in_months(today, months)));
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
