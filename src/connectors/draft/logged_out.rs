//! Keeps a form whose sender's session had ended. The steps in the provider's console may take longer than the thirty
//! minutes after which an idle session ends, and the typed values must survive that. The browser keeps the form in a
//! cookie. The server stores nothing for logged-out visitors, because anyone can send a form. The cookie is sealed
//! and names the user for whom the server made the form. So an attacker who plants a cookie in a user's browser
//! cannot make the user see the attacker's form. The cookie never contains the secret: the form asks for it again,
//! and says why.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::Duration;

use super::{DONE, Draft, OWNER, Target};
use crate::{
    connectors::{
        actions::REPLACE_SECRET,
        model::{EXPIRES_IN, Field, Values},
        service::{ConnectorService, Owner, Typed, TypedSecret},
    },
    people::access::{Admin, Member},
    platform::{
        config::{Config, PublicUrl},
        cookies,
        failure::Failure,
        note::{CONFIRM, FormKept, SECRET_KEPT, VERSION, read_version},
        text,
    },
    providers::Providers,
};

/// The name of the cookie, and the purpose for which it is sealed.
const COOKIE: &str = "draft";
/// The form is shown again for at most this long.
const KEPT: Duration = Duration::hours(1);
/// Browsers drop a cookie that is longer than 4096 bytes with its name and attributes.
const MAX_COOKIE: usize = 3_800;
/// The message at the field for the secret, if the form had one.
const SECRET_LOST: &str = "You were logged out, so the secret was not kept. Paste it again.";

/// A form that was sent without a session. Its mistakes are not kept, because the values are checked again when the
/// form is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LoggedOutDraft {
    owner: Owner,
    target: Target,
    values: Values,
    scopes: Vec<String>,
    done: Vec<String>,
    /// Whether the form had a secret.
    #[serde(default)]
    had_secret: bool,
}

impl LoggedOutDraft {
    /// Reads the body of a form that was sent to `path`; `None` if the server did not make the form for a user.
    fn read(service: &ConnectorService, path: &str, body: &[u8]) -> Option<Self> {
        let mut typed = Typed::default();
        let (mut form, mut connector, mut version, mut owner) = (None, None, None, None);
        let (mut done, mut relies_on_kept) = (Vec::new(), false);
        for (name, value) in url::form_urlencoded::parse(body) {
            let value = value.into_owned();
            let name = name.split('[').next()?;
            match name {
                "form" => form = value.parse().ok(),
                "connector" => connector = value.parse().ok(),
                VERSION => version = read_version(&value),
                OWNER => owner = service.open_owner(&value),
                DONE => done.push(value),
                // Kept secrets are erased with their session.
                SECRET_KEPT => relies_on_kept = !value.is_empty(),
                name => put(&mut typed, name, value),
            }
        }
        let target = match (form, connector, version) {
            (Some(form), _, _) => Target::Add { form },
            (None, Some(connector), Some(version)) if path == REPLACE_SECRET => {
                Target::Secret { connector, version }
            }
            (None, Some(connector), Some(version)) => Target::Edit { connector, version },
            _ => return None,
        };
        // A file in the field for the client ID has a secret too.
        let provider = typed.provider_or_first(service.providers());
        let has_file = provider.is_some_and(|provider| provider.form().read_file(&typed.client_id).is_some());
        let had_secret =
            relies_on_kept || has_file || !text::trim(typed.client_secret.expose_secret()).is_empty();
        let Draft { values, scopes, done, .. } = draft_of_typed(target, typed, &done, service.providers());
        Some(Self { owner: owner?, target, values, scopes, done, had_secret })
    }

    fn cookie(&self, service: &ConnectorService, public_url: &PublicUrl) -> Option<HeaderValue> {
        let value = service.seal_for_browser(COOKIE, self).ok()?;
        let fits = value.len() <= MAX_COOKIE;
        fits.then(|| cookies::set(public_url, COOKIE, &value, KEPT).ok()).flatten()
    }

    fn open(service: &ConnectorService, cookie: &str) -> Option<Self> {
        (cookie.len() <= MAX_COOKIE).then(|| service.open_from_browser(COOKIE, cookie, KEPT)).flatten()
    }

    /// The draft of this administrator for the page at `path`, checked as if it were typed now.
    pub(super) fn draft_of(self, admin: &Admin, path: &str, providers: &Providers) -> Option<Draft> {
        let Self { owner, target, values, scopes, done, had_secret } = self;
        if !owner.is(admin) || target.path() != path {
            return None;
        }
        let mut typed = Typed { scopes, ..Typed::default() };
        for (name, value) in values {
            put(&mut typed, &name, value);
        }
        let errors = had_secret.then(|| (Field::ClientSecret, SECRET_LOST.to_owned()));
        let draft = draft_of_typed(target, typed, &done, providers);
        Some(Draft { errors: errors.into_iter().collect(), ..draft })
    }
}

fn draft_of_typed(target: Target, typed: Typed, done: &[String], providers: &Providers) -> Draft {
    let Target::Secret { .. } = target else { return Draft::new(target, &typed, done, providers) };
    let Typed { client_secret, secret_expires_in, secret_expires_on, form, .. } = typed;
    Draft::of_secret(target, &TypedSecret { client_secret, secret_expires_in, secret_expires_on, form })
}

fn put(typed: &mut Typed, name: &str, value: String) {
    if name == EXPIRES_IN {
        typed.secret_expires_in = value;
        return;
    }
    match Field::of(name) {
        Field::Provider => typed.provider = value,
        Field::ServiceName => typed.service_name = value,
        Field::ClientId => typed.client_id = value,
        Field::ClientSecret => typed.client_secret = SecretString::from(value),
        Field::SecretExpires => typed.secret_expires_on = value,
        Field::Permissions => typed.scopes.push(value),
        // A draft keeps only the settings that the provider has.
        Field::Setting(name) => drop(typed.settings.insert(name.into_owned(), value)),
    }
}

/// Answers a form whose sender is not logged in: keeps the typed values in the browser's cookie, and redirects to the
/// log-in, which leads back to the form.
pub async fn keep_of_logged_out(
    service: ConnectorService,
    config: Arc<Config>,
    max_body: usize,
    request: Request<Body>,
) -> Response {
    let path = request.uri().path().to_owned();
    let Ok(body) = axum::body::to_bytes(request.into_body(), max_body).await else {
        return Failure::LoggedOut.into_response();
    };
    let Some(form) = LoggedOutDraft::read(&service, &path, &body) else {
        return Failure::LoggedOut.into_response();
    };
    match form.cookie(&service, &config.public_url) {
        Some(cookie) => {
            let to = Redirect::to(&format!("/login?next={}", form.target.path()));
            ([(header::SET_COOKIE, cookie)], to).into_response()
        }
        None => Failure::LoggedOut.into_response(),
    }
}

/// Opens the cookie for the pages inside, and removes it with the next POST of a logged-in user. A cookie that cannot
/// be opened is ignored.
pub async fn tend_cookie(
    State((service, config)): State<(ConnectorService, Arc<Config>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(cookie) = cookies::read(request.headers(), &config.public_url, COOKIE) else {
        return next.run(request).await;
    };
    if let Some(form) = LoggedOutDraft::open(&service, &cookie) {
        request.extensions_mut().insert(form);
        request.extensions_mut().insert(FormKept);
    }
    let is_member = request.extensions().get::<Member>().is_some();
    let removes = is_member && !request.method().is_safe() && request.uri().path() != CONFIRM;
    let mut response = next.run(request).await;
    if removes && let Ok(removal) = cookies::set(&config.public_url, COOKIE, "", Duration::ZERO) {
        response.headers_mut().append(header::SET_COOKIE, removal);
    }
    response
}
