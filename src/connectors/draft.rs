//! Keeps the values that a user typed into a connector's form, so that the form can show them again. They are in the
//! session if the form has mistakes, and in a sealed cookie if the session had ended (`logged_out`). A draft never
//! contains the secret. It says whether the server keeps one for the form (`service/kept_secrets`).

mod logged_out;
mod stored;

use axum::extract::FromRequestParts;
use http::request::Parts;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    model::{ClientId, EXPIRES_IN, ExpiryDate, Field, FieldErrors, OTHER_DAY, Values},
    service::{
        Connector, ConnectorId, ConnectorService, FormKey, KeptSecretId, SECRET_NOT_KEPT, Typed, TypedSecret,
    },
};
use crate::{
    people::access::Admin,
    platform::{clock::Timestamp, failure::Failure, note, session_hash, text},
    providers::{Provider, Providers, form::holds_secret},
};

use self::{logged_out::LoggedOutDraft, stored::StoredDraft};
pub use logged_out::{keep_of_logged_out, tend_cookie};

/// The name of the hidden field with the sealed user for whom the form was made.
pub const OWNER: &str = "owner";
/// The steps of the guide that were ticked.
pub const DONE: &str = "done";
/// The name of the hidden field with the state of the guide (`guide::GuideState`), in which the form is shown again.
pub const GUIDE: &str = "guide";
/// The name of the field in which the present Service Name confirms that accounts lose their access.
pub const CONFIRMED_NAME: &str = "confirmed_name";
/// The fields of the form that all providers share.
static SHARED: [Field; 6] = [
    Field::Provider,
    Field::ServiceName,
    Field::ClientId,
    Field::ClientSecret,
    Field::SecretExpires,
    Field::Permissions,
];

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
        connector: ConnectorId,
        /// The connector's version when the form was opened.
        version: i64,
    },
    /// The form that replaces the secret of a connector.
    Secret {
        connector: ConnectorId,
        /// The connector's version when the form was opened.
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

    /// The form as kept secrets know it; `None` if the session has no id yet. `provider` is the one that the form
    /// names. It counts only for a new connector: a secret must not be used with another provider.
    pub fn key(self, session: &Session, providers: &Providers, provider: &str) -> Option<FormKey> {
        let (form, connector) = match self {
            Self::Add { form } => {
                // Any text may have been sent.
                let provider = providers.find(provider).map_or("", |provider| provider.form().name());
                (format!("add {provider} {form}"), None)
            }
            Self::Edit { connector, .. } => (format!("edit {connector}"), Some(connector)),
            Self::Secret { connector, .. } => (format!("secret {connector}"), Some(connector)),
        };
        Some(FormKey { session: session_hash::of(session)?, form, connector })
    }
}

/// The values that were typed into a form.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "StoredDraft", into = "StoredDraft")]
pub struct Draft {
    /// The form.
    pub target: Target,
    /// The typed values, by the name of the field.
    pub values: Values,
    /// The permissions that were chosen.
    pub scopes: Vec<String>,
    /// The steps of the guide that were ticked.
    pub done: Vec<String>,
    /// The mistakes, by field.
    pub errors: FieldErrors,
    /// Whether another user has changed the connector since the form was opened.
    pub is_outdated: bool,
    /// The secret that was typed, if the server keeps it.
    pub secret_kept: Option<KeptSecretId>,
    /// Whether the form asks for the present Service Name.
    pub confirmation: Confirmation,
}

/// Whether the form asks for the present Service Name, to confirm that accounts lose their access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirmation {
    #[default]
    NotNeeded,
    Needed,
    /// Another name was typed.
    Wrong,
}

impl Confirmation {
    /// What the form asks for after this name was typed, which does not confirm the change.
    pub fn after(typed: &str) -> Self {
        if text::trim(typed).is_empty() { Self::Needed } else { Self::Wrong }
    }
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
            values: Values::new(),
            scopes: Vec::new(),
            done: Vec::new(),
            errors: FieldErrors::new(),
            is_outdated: false,
            secret_kept: None,
            confirmation: Confirmation::NotNeeded,
        }
    }

    /// The draft of a form that was sent, with the ticked steps of the guide.
    pub fn new(target: Target, typed: &Typed, done: &[String], providers: &Providers) -> Self {
        let provider = typed.provider_or_first(providers);
        // A user may paste the secret into another field too. It must not be stored or shown there either.
        let is_secret = |value: &str| {
            let plain = text::ascii(value);
            providers.looks_like_secret(text::unwrapped(&plain))
                || holds_secret(&plain, typed.client_secret.expose_secret())
        };
        let free = |value: &str| (!is_secret(value)).then(|| cut(value));
        let client_id = |value: &str| {
            // Only the ID itself is kept: the text around it may contain a secret.
            let id = provider.and_then(|provider| ClientId::parse(provider.form(), value).ok());
            id.map(|id| id.to_string()).or_else(|| free(value).filter(|_| !is_opaque(value)))
        };
        let common = [
            (Field::Provider, Some(cut(&typed.provider))),
            (Field::ServiceName, free(&typed.service_name)),
            (Field::ClientId, client_id(&typed.client_id)),
            (Field::SecretExpires, Some(cut(&typed.secret_expires_on))),
        ];
        let common = common.into_iter().map(|(field, value)| (field.name().to_owned(), value));
        let own = provider.into_iter().flat_map(|provider| {
            provider.settings().iter().map(move |setting| {
                let value = typed.settings.get(setting.name).map_or("", String::as_str);
                let kept = if setting.is_text {
                    let parsed = provider.form().parse_setting(setting.name, value);
                    parsed.ok().or_else(|| free(value))
                } else {
                    Some(cut(value))
                };
                (setting.name.to_owned(), kept)
            })
        });
        let months = (EXPIRES_IN.to_owned(), Some(cut(&typed.secret_expires_in)));
        let guide = (GUIDE.to_owned(), typed.settings.get(GUIDE).map(|state| cut(state)));
        let values = common.chain(own).chain([months, guide]);
        let values = values.filter_map(|(name, value)| value.map(|value| (name, value))).collect();
        let scopes = typed.scopes.iter().take(20).map(|scope| cut(scope)).collect();
        let done = done.iter().take(40).map(|step| step.chars().take(8).collect()).collect();
        Self { values, scopes, done, ..Self::empty(target) }
    }

    /// The draft of a stored connector, without its secret.
    pub fn of_stored(connector: &Connector, target: Target) -> Self {
        let common = [
            (Field::Provider.name(), connector.form().name().to_owned()),
            (Field::ServiceName.name(), connector.service_name.as_str().to_owned()),
            (Field::ClientId.name(), connector.client_id.to_string()),
            (EXPIRES_IN, OTHER_DAY.to_owned()),
            (Field::SecretExpires.name(), day(connector.secret_expires_on)),
        ];
        let common = common.into_iter().map(|(name, value)| (name.to_owned(), value));
        Self {
            values: common.chain(connector.application.values()).collect(),
            scopes: connector.scopes.clone(),
            ..Self::empty(target)
        }
    }

    /// The draft of a stored connector with other settings of the provider's own. It asks for the secret, because a
    /// secret belongs to some of them.
    pub fn with_settings(connector: &Connector, settings: Values) -> Self {
        let target = Target::Edit { connector: connector.id, version: connector.version };
        let mut draft = Self::of_stored(connector, target);
        for setting in connector.provider.settings() {
            draft.values.insert(setting.name.to_owned(), String::new());
        }
        draft.values.extend(settings);
        draft.asking_for_secret(connector.provider.as_ref())
    }

    /// The same draft with a message that asks for the secret.
    #[must_use]
    pub fn asking_for_secret(self, provider: &dyn Provider) -> Self {
        let bound = provider.settings().iter().filter(|setting| setting.needs_secret);
        let bound: Vec<_> = bound.map(|setting| format!(" and {}", setting.label.to_lowercase())).collect();
        let bound = bound.concat();
        let words = format!(
            "Enter the client secret of this application. The stored one belongs to the Client ID{bound} of before, \
             and is not sent for others."
        );
        Self { errors: vec![(Field::ClientSecret, words)], ..self }
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

    /// The version in the form. It is marked if the form relies on a kept secret.
    pub fn version_field(&self, version: i64) -> String {
        let version = version.to_string();
        if self.secret_kept.is_some() { note::mark_version(&version) } else { version }
    }

    /// The mistake in a field.
    pub fn error(&self, field: &Field) -> Option<String> {
        self.errors.iter().find(|(wrong, _)| wrong == field).map(|(_, words)| words.clone())
    }

    /// The fields with mistakes, for the summary above the form: name and label.
    pub fn wrong(&self, providers: &Providers) -> Vec<(&'static str, &'static str)> {
        let wrong = self.errors.iter().map(|(field, _)| field);
        wrong.filter_map(|field| Some((known_name(field, providers)?, providers.label(field)))).collect()
    }

    fn name(path: &str) -> String {
        format!("draft:{path}")
    }

    /// Keeps the draft in the session.
    pub async fn keep_in_session(&self, session: &Session, now: Timestamp) -> Result<(), Failure> {
        note::keep_note(session, &Self::name(&self.target.path()), self, now).await
    }

    /// Finds the draft for the page at `path`. A draft in the cookie is shown only to its owner, and not to another
    /// user who logs in at the same browser.
    pub async fn find(
        session: &Session,
        InBrowser(form): InBrowser,
        admin: &Admin,
        path: &str,
        service: &ConnectorService,
    ) -> Result<Option<Kept>, Failure> {
        if let Some(draft) = note::read::<Self>(session, &Self::name(path), service.now()).await? {
            return Ok(Some(Kept::Failed(draft.check_secret(session, admin, service).await?)));
        }
        Ok(form.and_then(|form| form.draft_of(admin, path, service.providers())).map(Kept::LoggedOut))
    }

    /// The same draft, which asks for the secret again if the secret is not kept any more.
    async fn check_secret(
        mut self,
        session: &Session,
        admin: &Admin,
        service: &ConnectorService,
    ) -> Result<Self, Failure> {
        let Some(id) = self.secret_kept else { return Ok(self) };
        let provider = self.value(Field::Provider.name());
        let is_kept = match self.target.key(session, service.providers(), provider) {
            Some(key) => service.has_kept_secret(admin, &key, id).await?,
            None => false,
        };
        if !is_kept {
            self.secret_kept = None;
            self.errors.push((Field::ClientSecret, SECRET_NOT_KEPT.to_owned()));
        }
        Ok(self)
    }
}

fn day(day: Option<ExpiryDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// The name of a field that the form has.
fn known_name(field: &Field, providers: &Providers) -> Option<&'static str> {
    let own = providers.all().iter().flat_map(|provider| provider.settings()).map(|setting| setting.name);
    SHARED.iter().map(Field::name).chain(own).find(|name| *name == field.name())
}

/// Whether a text has no blank, at least 16 characters, and some that no GUID has. It may be a secret. A GUID that
/// lacks a character is not opaque, so that the user can correct it.
fn is_opaque(text: &str) -> bool {
    let plain = text::ascii(text);
    let text = text::unwrapped(&plain);
    let of_no_guid = |c: char| !c.is_ascii_hexdigit() && !"-{}".contains(c);
    text.len() >= 16 && !text.contains(char::is_whitespace) && text.contains(of_no_guid)
}

/// Cuts a value at a length that is above the limit of every field and small enough for the session.
fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}
