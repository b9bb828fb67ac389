//! Keeps the values that a user typed into a connector's form, so that the form can show them again. They are in the
//! session if the form has mistakes, and in a sealed cookie if the session had ended (`logged_out`). A draft never
//! contains the secret.

mod logged_out;

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use http::request::Parts;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    model::{
        AccountType, ClientId, EXPIRES_IN, ExpiryDate, Field, FieldErrors, Tenant, holds_secret,
        looks_like_secret,
    },
    service::{Connector, ConnectorId, Typed, TypedSecret},
};
use crate::{
    people::access::Member,
    platform::{clock::Timestamp, failure::Failure, note, text},
};

use logged_out::LoggedOutDraft;
pub use logged_out::{keep_of_logged_out, tend_cookie};

/// The name of the hidden field with the sealed user for whom the form was made.
pub const OWNER: &str = "owner";
/// The steps of the guide that were ticked.
pub const DONE: &str = "done";
/// The message at the field Client Secret.
pub const SECRET_NEEDED: &str = "Enter the client secret of this application. The stored one belongs to the Client ID and \
                                 tenant of before, and is not sent for others.";

/// The form that a draft belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// The form for a new connector. It keeps its one-time id when it is sent a second time.
    Add {
        /// The one-time id of the form.
        form: Uuid,
    },
    /// The form of an existing connector.
    Edit {
        /// The connector.
        connector: ConnectorId,
        /// Its version when the form was opened.
        version: i64,
    },
    /// The form that replaces the secret of a connector.
    Secret {
        /// The connector.
        connector: ConnectorId,
        /// Its version when the form was opened.
        version: i64,
    },
}

impl Target {
    /// The page with the form.
    pub fn path(self) -> String {
        match self {
            Self::Add { .. } => "/connectors/new".to_owned(),
            Self::Edit { connector, .. } => format!("/connectors/{connector}/edit"),
            Self::Secret { connector, .. } => format!("/connectors/{connector}/secret"),
        }
    }
}

/// The reason why a form without mistakes was not saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Interruption {
    /// Somebody else changed the connector.
    Changed,
    /// The user had to re-authenticate.
    ReauthenticationNeeded,
}

/// The values that were typed into a form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// The form.
    pub target: Target,
    /// The typed values, by the name of the field.
    pub values: BTreeMap<String, String>,
    /// The permissions that were chosen.
    pub scopes: Vec<String>,
    /// The steps of the guide that were ticked.
    pub done: Vec<String>,
    /// The mistakes, by field.
    pub errors: FieldErrors,
    /// The reason why it was not saved, besides mistakes.
    pub interruption: Option<Interruption>,
}

/// The place where a draft was found.
pub enum Kept {
    /// The session, because the form was not saved.
    Failed(Draft),
    /// The sealed cookie, because the session had ended.
    LoggedOut(Draft),
}

impl Kept {
    /// The draft, and whether the session had ended.
    pub fn take_apart(self) -> (Draft, bool) {
        match self {
            Self::Failed(draft) => (draft, false),
            Self::LoggedOut(draft) => (draft, true),
        }
    }
}

/// The form that the browser keeps in a cookie, if any.
#[derive(Clone, Debug, Default)]
pub struct InBrowser(Option<LoggedOutDraft>);

impl<S: Sync> FromRequestParts<S> for InBrowser {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<LoggedOutDraft>().cloned()))
    }
}

impl Draft {
    /// The draft of an empty form.
    pub fn empty(target: Target) -> Self {
        Self {
            target,
            values: BTreeMap::new(),
            scopes: Vec::new(),
            done: Vec::new(),
            errors: FieldErrors::new(),
            interruption: None,
        }
    }

    /// The draft of a form that was sent, with the ticked steps of the guide.
    pub fn new(target: Target, typed: &Typed, done: &[String]) -> Self {
        // A user may paste the secret into another field too. It must not be stored or shown there either.
        let secret = typed.client_secret.expose_secret();
        let is_secret = |field: Field, value: &str| {
            let plain = text::ascii(value);
            let value = text::unwrapped(&plain);
            let free = matches!(field, Field::ServiceName | Field::ClientId | Field::Tenant);
            // A GUID that lacks a character is kept so that the user can correct it. A text with characters
            // that no GUID has may be another secret.
            let of_no_guid = |c: char| !c.is_ascii_hexdigit() && !"-{}".contains(c);
            let like_one = value.len() >= 16 && !value.contains(char::is_whitespace);
            (free && (looks_like_secret(value) || holds_secret(value, secret)))
                || (field == Field::ClientId && like_one && value.contains(of_no_guid))
        };
        let values = [
            (Field::Provider, &typed.provider),
            (Field::ServiceName, &typed.service_name),
            (Field::ClientId, &typed.client_id),
            (Field::SecretExpires, &typed.secret_expires_on),
            (Field::AccountType, &typed.account_type),
            (Field::Tenant, &typed.tenant),
        ]
        .into_iter()
        // Only the ID itself is kept: the text around it may contain a secret.
        .filter_map(|(field, value)| {
            let id = match field {
                Field::ClientId => ClientId::parse(value).ok().map(|id| id.to_string()),
                Field::Tenant => Tenant::parse(value).ok().map(|tenant| tenant.as_str().to_owned()),
                _ => None,
            };
            let kept = id.or_else(|| (!is_secret(field, value)).then(|| cut(value)));
            kept.map(|value| (field.name().to_owned(), value))
        })
        .chain([(EXPIRES_IN.to_owned(), cut(&typed.secret_expires_in))])
        .collect();
        let scopes = typed.scopes.iter().take(20).map(|scope| cut(scope)).collect();
        let done = done.iter().take(40).map(|step| step.chars().take(8).collect()).collect();
        Self { values, scopes, done, ..Self::empty(target) }
    }

    /// The draft of a stored connector, without its secret.
    pub fn of_stored(connector: &Connector, target: Target) -> Self {
        let tenant = connector.tenant.as_ref().map(|tenant| tenant.as_str().to_owned());
        let values = [
            (Field::ServiceName.name(), connector.service_name.as_str().to_owned()),
            (Field::ClientId.name(), connector.client_id.to_string()),
            (EXPIRES_IN, "date".to_owned()),
            (Field::SecretExpires.name(), day(connector.secret_expires_on)),
            (Field::AccountType.name(), connector.account_type.name().to_owned()),
            (Field::Tenant.name(), tenant.unwrap_or_default()),
        ];
        Self {
            values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            scopes: connector.scopes.clone(),
            ..Self::empty(target)
        }
    }

    /// The draft of a stored connector with another account type and tenant. It asks for the secret, because a secret
    /// belongs to one tenant.
    pub fn for_audience(connector: &Connector, account_type: AccountType, tenant: Option<&Tenant>) -> Self {
        let target = Target::Edit { connector: connector.id, version: connector.version };
        let mut draft = Self::of_stored(connector, target);
        let tenant = tenant.map(Tenant::as_str).unwrap_or_default();
        for (field, value) in [(Field::AccountType, account_type.name()), (Field::Tenant, tenant)] {
            draft.values.insert(field.name().to_owned(), value.to_owned());
        }
        draft.asking_for_secret()
    }

    /// The same draft with a message that asks for the secret.
    #[must_use]
    pub fn asking_for_secret(self) -> Self {
        Self { errors: vec![(Field::ClientSecret, SECRET_NEEDED.to_owned())], ..self }
    }

    /// The draft of the form that replaces a secret, without the secret.
    pub fn of_secret(target: Target, typed: &TypedSecret) -> Self {
        let values =
            [(Field::SecretExpires.name(), &typed.secret_expires_on), (EXPIRES_IN, &typed.secret_expires_in)];
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), cut(value))).collect();
        Self { values, ..Self::empty(target) }
    }

    /// The typed value of a field.
    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// The mistake in a field.
    pub fn error(&self, field: Field) -> Option<String> {
        self.errors.iter().find(|(wrong, _)| *wrong == field).map(|(_, words)| words.clone())
    }

    /// The fields with mistakes, for the summary above the form: name and label.
    pub fn wrong(&self) -> Vec<(&'static str, &'static str)> {
        self.errors.iter().map(|(field, _)| (field.name(), field.label())).collect()
    }

    fn name(path: &str) -> String {
        format!("draft:{path}")
    }

    /// Keeps the draft in the session.
    pub async fn keep(&self, session: &Session, now: Timestamp) -> Result<(), Failure> {
        note::keep_note(session, &Self::name(&self.target.path()), self, now).await
    }

    /// Finds the draft for the page at `path`. A draft in the cookie is shown only to its owner, and not to another
    /// user who logs in at the same browser.
    pub async fn find(
        session: &Session,
        InBrowser(form): InBrowser,
        member: &Member,
        path: &str,
        now: Timestamp,
    ) -> Result<Option<Kept>, Failure> {
        if let Some(draft) = note::read(session, &Self::name(path), now).await? {
            return Ok(Some(Kept::Failed(draft)));
        }
        Ok(form.and_then(|form| form.draft_of(member, path)).map(Kept::LoggedOut))
    }
}

fn day(day: Option<ExpiryDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// Cuts a value at a length that is above the limit of every field and small enough for the session.
fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}
