//! What was typed into a connector's form, kept for one showing: in the session where something was wrong with
//! it, in a cookie of its own where the session had ended meanwhile, as it does while one works in Azure. Never
//! the secret.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::Duration;
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    model::{EXPIRES_IN, Field, FieldErrors, holds_secret, looks_like_secret},
    service::{ConnectorId, Typed, TypedSecret},
};
use crate::{
    people::access::Member,
    platform::{
        config::{Config, PublicUrl},
        cookies,
        failure::Failure,
        id::UserId,
        session_error, text,
    },
};

/// The cookie in which it is kept without a session.
const COOKIE: &str = "draft";
/// For so long.
const KEPT: Duration = Duration::hours(1);
/// Browsers drop a cookie that is longer than 4096 bytes with its name and attributes.
const MAX_COOKIE: usize = 3_800;
/// The hidden field that says for whom the form was made.
pub const OWNER: &str = "owner";
/// The steps of the guide that were ticked.
pub const DONE: &str = "done";

/// Which form it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// A new connector, with the one-time id of the form: a second try is still the same form.
    Add {
        /// The id.
        form: Uuid,
    },
    /// A connector that is there, as it was when the form was opened.
    Edit {
        /// Which.
        connector: ConnectorId,
        /// Its version then.
        version: i64,
    },
    /// A connector's secret.
    Secret {
        /// Of which.
        connector: ConnectorId,
        /// Its version then.
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

/// What came between a form and what it was to do, besides mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Between {
    /// Somebody else changed the connector.
    Changed,
    /// The sender had to prove anew who they are.
    Proof,
}

/// What was typed into a form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// Which form.
    pub target: Target,
    /// What was typed, by field.
    pub values: BTreeMap<String, String>,
    /// The permissions that were chosen.
    pub scopes: Vec<String>,
    /// The steps of the guide that were ticked.
    pub done: Vec<String>,
    /// What is wrong.
    pub errors: FieldErrors,
    /// What came between.
    pub between: Option<Between>,
}

/// A draft without a session, and whose it is.
#[derive(Serialize, Deserialize)]
struct Orphan {
    owner: UserId,
    draft: Draft,
}

/// Where a draft was found.
pub enum Kept {
    /// Something was wrong with it.
    Failed(Draft),
    /// The session had ended; the cookie that held it is to be removed by this header.
    SignedOut(Draft, HeaderValue),
}

impl Draft {
    /// Of nothing typed yet.
    pub fn empty(target: Target) -> Self {
        Self {
            target,
            values: BTreeMap::new(),
            scopes: Vec::new(),
            done: Vec::new(),
            errors: FieldErrors::new(),
            between: None,
        }
    }

    /// Of what was typed into this form, and the steps of the guide that were ticked.
    pub fn new(target: Target, typed: &Typed, done: &[String]) -> Self {
        // Whoever pastes the secret into another field as well must not find it stored, or shown, there.
        let secret = typed.client_secret.expose_secret();
        let is_secret = |field: Field, value: &str| {
            let plain = text::ascii(value);
            let value = text::unwrapped(&plain);
            let free = matches!(field, Field::ServiceName | Field::ClientId | Field::Tenant);
            // A GUID with a sign missing is kept, to be mended; what no GUID can hold may be another secret.
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
        .filter(|(field, value)| !is_secret(*field, value))
        .map(|(field, value)| (field.name().to_owned(), cut(value)))
        .chain([(EXPIRES_IN.to_owned(), cut(&typed.secret_expires_in))])
        .collect();
        let scopes = typed.scopes.iter().take(20).map(|scope| cut(scope)).collect();
        let done = done.iter().take(40).map(|step| step.chars().take(8).collect()).collect();
        Self { values, scopes, done, ..Self::empty(target) }
    }

    /// Of what was typed to replace a secret: all but that.
    pub fn of_secret(target: Target, typed: &TypedSecret) -> Self {
        let values =
            [(Field::SecretExpires.name(), &typed.secret_expires_on), (EXPIRES_IN, &typed.secret_expires_in)];
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), cut(value))).collect();
        Self { values, ..Self::empty(target) }
    }

    /// What was typed into a field.
    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// What is wrong with a field.
    pub fn error(&self, field: Field) -> Option<String> {
        self.errors.iter().find(|(wrong, _)| *wrong == field).map(|(_, words)| words.clone())
    }

    /// The fields in which something is wrong, as the summary above a form names them: name and label.
    pub fn wrong(&self) -> Vec<(&'static str, &'static str)> {
        self.errors.iter().map(|(field, _)| (field.name(), field.label())).collect()
    }

    fn key(path: &str) -> String {
        format!("draft:{path}")
    }

    /// Keeps it in the session.
    pub async fn keep(&self, session: &Session) -> Result<(), Failure> {
        let key = Self::key(&self.target.path());
        session.insert(&key, self).await.map_err(session_error::failure)
    }

    /// Takes the draft for the page at `path` from where it is kept: it is shown once. One without a session is
    /// found by its owner alone: another user who logs in at the same browser is shown nothing of it.
    pub async fn take(
        session: &Session,
        headers: &HeaderMap,
        public_url: &PublicUrl,
        member: &Member,
        path: &str,
    ) -> Result<Option<Kept>, Failure> {
        let key = Self::key(path);
        // Only where there is one: taking it out is a write.
        if session.get::<Self>(&key).await.map_err(session_error::failure)?.is_some() {
            return Ok(session.remove(&key).await.map_err(session_error::failure)?.map(Kept::Failed));
        }
        let found = cookies::read(headers, public_url, COOKIE)
            .and_then(|value| serde_json::from_slice::<Orphan>(&URL_SAFE_NO_PAD.decode(value).ok()?).ok());
        let theirs = |orphan: &Orphan| orphan.owner == member.user() && orphan.draft.target.path() == path;
        let Some(Orphan { draft, .. }) = found.filter(theirs) else { return Ok(None) };
        let remove = cookies::set(public_url, COOKIE, "", Duration::ZERO)?;
        Ok(Some(Kept::SignedOut(draft, remove)))
    }
}

/// Longer than anything that a field takes, and short enough to be kept.
fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}

/// Answers a form that nobody who is signed in has sent: keeps what was typed in the browser that sent it,
/// and leads over the log-in back to the form. The server keeps nothing, for anybody can send one.
pub async fn keep_of_signed_out(config: Arc<Config>, max_body: usize, request: Request<Body>) -> Response {
    let Ok(body) = axum::body::to_bytes(request.into_body(), max_body).await else {
        return Failure::SignedOut.into_response();
    };
    let Some(orphan) = orphan(&body) else { return Failure::SignedOut.into_response() };
    match orphan.cookie(&config.public_url) {
        Some(cookie) => {
            let to = Redirect::to(&format!("/login?next={}&kept=true", orphan.draft.target.path()));
            ([(header::SET_COOKIE, cookie)], to).into_response()
        }
        None => Failure::SignedOut.into_response(),
    }
}

/// What stands in a form's body; none where it is not one of ours.
fn orphan(body: &[u8]) -> Option<Orphan> {
    let mut typed = Typed::default();
    let (mut form, mut connector, mut version, mut owner) = (None, None, None, None);
    let mut done = Vec::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        let value = value.into_owned();
        let name = name.split('[').next()?;
        match Field::from_name(name) {
            Some(Field::Provider) => typed.provider = value,
            Some(Field::ServiceName) => typed.service_name = value,
            Some(Field::ClientId) => typed.client_id = value,
            Some(Field::ClientSecret) => typed.client_secret = SecretString::from(value),
            Some(Field::SecretExpires) => typed.secret_expires_on = value,
            Some(Field::AccountType) => typed.account_type = value,
            Some(Field::Tenant) => typed.tenant = value,
            Some(Field::Permissions) => typed.scopes.push(value),
            None => match name {
                "form" => form = value.parse().ok(),
                "connector" => connector = value.parse().ok(),
                "version" => version = value.parse().ok(),
                OWNER => owner = value.parse().ok().map(UserId),
                EXPIRES_IN => typed.secret_expires_in = value,
                DONE => done.push(value),
                _ => {}
            },
        }
    }
    let target = match (form, connector, version) {
        (Some(form), _, _) => Target::Add { form },
        (None, Some(connector), Some(version)) => Target::Edit { connector, version },
        _ => return None,
    };
    Some(Orphan { owner: owner?, draft: Draft::new(target, &typed, &done) })
}

impl Orphan {
    fn cookie(&self, public_url: &PublicUrl) -> Option<HeaderValue> {
        let value = URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).ok()?);
        let fits = value.len() <= MAX_COOKIE;
        fits.then(|| cookies::set(public_url, COOKIE, &value, KEPT).ok()).flatten()
    }
}
