//! Sessions: the layer of tower-sessions in front of our own table.
//!
//! Our store differs from the published ones: `save` never revives a session that was ended, the limits
//! follow our own clock, and the table keeps the hash of a session's id in place of the id. `beginning` and
//! `ending` say when a session begins and ends.

mod beginning;
mod ending;
mod keeping;

pub use beginning::Issued;
pub use ending::SessionFollower;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::Duration;
use tower_sessions::{Expiry, Session, SessionManagerLayer, cookie::SameSite};

use super::{devices::DeviceCookies, store};
use crate::jobs::service::Lease;
use crate::people::{
    access::{Admin, LoggedInUser},
    service::{BegunSecondFactor, UserSnapshot},
};
use crate::platform::{
    clock::{SharedClock, Timestamp},
    config::{Config, PublicUrl},
    cookies,
    database::{Database, DatabaseError, Queries},
    failure::Failure,
    id::{OrganisationId, UserId},
    randomness::{Hash, SharedRandomness},
    session_error,
    session_hash::of_id as hash,
};

/// A session ends after this long without use.
pub const IDLE: Duration = Duration::minutes(30);
/// A session ends after this long, even if it is used.
pub const ABSOLUTE: Duration = Duration::hours(12);

const USER: &str = "user";
const SNAPSHOT: &str = "standing";
const HALF_WAY: &str = "half_way";
const SECOND_FACTOR: &str = "second_factor";
/// Key of the id of a session that was added in a transaction, until tower-sessions takes the id over.
const ISSUED: &str = "issued";
/// Maximum number of sessions of one user. A further log-in ends the least recently used session.
pub const MAX_SESSIONS: usize = 20;
/// Maximum number of log-ins of one user that wait for a code.
const MAX_HALF_WAY: usize = 20;

/// The user who is logged in in a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionUser {
    /// Organisation of the user.
    pub organisation: OrganisationId,
    pub user: UserId,
    /// Time of the log-in. A renewed session keeps it.
    pub since: Timestamp,
    /// When the user last gave their password.
    pub reauthenticated_at: Option<Timestamp>,
}

/// A browser in which a user is logged in.
#[derive(Clone, Debug)]
pub struct LoggedInBrowser {
    /// Identifies it: the hash of its cookie, with which no one can log in.
    pub id: String,
    /// Whether it is the browser of this request.
    pub current: bool,
    /// Network address at the log-in.
    pub address: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// Time of the log-in.
    pub since: Timestamp,
    /// Time of the last use, to the minute.
    pub last_seen_at: Timestamp,
}

/// The layer that gives each request its session.
pub fn layer(store: Sessions, public_url: &PublicUrl) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(store)
        .with_name(cookies::full_name(public_url, cookies::SESSION))
        .with_secure(public_url.is_https())
        .with_http_only(true)
        // Lax, not Strict: the cookie must be there when the provider sends the browser back.
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnSessionEnd)
}

/// The state of a log-in that waits for a code.
pub async fn half_way<T: DeserializeOwned>(session: &Session) -> Result<Option<T>, Failure> {
    session.get(HALF_WAY).await.map_err(session_error::failure)
}

/// Keeps in the session the key of a second factor that is being set up.
pub async fn begin_second_factor(session: &Session, begun: &BegunSecondFactor) -> Result<(), Failure> {
    session.insert(SECOND_FACTOR, begun).await.map_err(session_error::failure)
}

/// The key of a second factor that is being set up in this session.
pub async fn begun_second_factor(session: &Session) -> Result<Option<BegunSecondFactor>, Failure> {
    session.get(SECOND_FACTOR).await.map_err(session_error::failure)
}

/// Drops that key from the session.
pub async fn forget_second_factor(session: &Session) -> Result<(), Failure> {
    session.remove::<BegunSecondFactor>(SECOND_FACTOR).await.map(|_| ()).map_err(session_error::failure)
}

tokio::task_local! {
    /// Whether the method of the request is safe (GET or HEAD). The store then tolerates that it cannot save
    /// the session.
    static IS_SAFE_METHOD: bool;
}

/// Middleware around the session layer. It corrects the response of that layer:
///
/// - It removes the session's cookie from a response if the session only changed. Of two concurrent requests
///   one may have given the session a new id; the response to the other must neither bring the old cookie back
///   nor remove the new one.
/// - The layer removes a cookie with a header without `Secure`. Browsers ignore such a header for a `__Host-`
///   name (RFC 6265bis, 4.1.3.2). So the log-out removes all our cookies here.
/// - If a session could not be saved, the layer answers 500 without a reason. That is an outage, and the log
///   says so.
/// - A GET succeeds even if the session cannot be saved.
pub async fn fix_session_response(
    State(config): State<Arc<Config>>,
    request: Request,
    next: axum::middleware::Next,
) -> Response {
    let logs_out = request.method() == Method::POST && request.uri().path() == "/logout";
    let looks = request.method().is_safe();
    let sent = cookies::read(request.headers(), &config.public_url, cookies::SESSION).unwrap_or_default();
    let mut response = IS_SAFE_METHOD.scope(looks, next.run(request)).await;
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR
        && response.extensions().get::<Failure>().is_none()
    {
        return Failure::Unavailable("a session could not be saved".to_owned()).into_response();
    }
    let name = cookies::full_name(&config.public_url, cookies::SESSION);
    let is_new = |header: &HeaderValue| {
        let cookie = header.to_str().ok().and_then(|text| text.split(';').next()?.split_once('='));
        cookie.is_none_or(|(set, value)| set != name || !(value.is_empty() || value == sent))
    };
    let new: Vec<_> = response
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .filter(|header| is_new(header))
        .cloned()
        .collect();
    response.headers_mut().remove(header::SET_COOKIE);
    for value in new {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    if logs_out && response.status().is_redirection() {
        for name in cookies::FORGOTTEN_AT_LOG_OUT {
            match cookies::set(&config.public_url, name, "", Duration::ZERO) {
                Ok(removal) => drop(response.headers_mut().append(header::SET_COOKIE, removal)),
                Err(failure) => return failure.into_response(),
            }
        }
    }
    response
}

/// Ends the session of this request.
pub async fn clear(session: &Session) -> Result<(), Failure> {
    session.flush().await.map_err(session_error::failure)
}

/// The user who is logged in in this session.
pub async fn user(session: &Session) -> Result<Option<SessionUser>, Failure> {
    session.get(USER).await.map_err(session_error::failure)
}

/// The logged-in user, as stored when the request began.
pub async fn user_snapshot(session: &Session) -> Result<Option<UserSnapshot>, Failure> {
    session.get(SNAPSHOT).await.map_err(session_error::failure)
}

/// Identifies a log-in, even after its session got a new id; `None` if no user is logged in.
pub async fn log_in_hash(session: &Session) -> Result<Option<Hash>, Failure> {
    let session_user = user(session).await?;
    Ok(session_user.map(|it| Hash::of(format!("{}\0{}", it.user, it.since.micros()).as_bytes())))
}

/// The store of sessions.
#[derive(Clone)]
pub struct Sessions {
    database: Database,
    clock: SharedClock,
    randomness: SharedRandomness,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions")
    }
}

impl Sessions {
    /// The sessions in this database.
    pub fn new(database: Database, clock: SharedClock, randomness: SharedRandomness) -> Self {
        Self { database, clock, randomness }
    }

    /// The device cookies in the same database.
    fn devices(&self) -> DeviceCookies {
        DeviceCookies::new(self.database.clone(), self.clock.clone(), self.randomness.clone())
    }

    /// The browsers in which a user is logged in, most recently used first. `current` is the session of this
    /// request.
    pub async fn of_user(
        &self,
        member: &LoggedInUser,
        current: &Session,
    ) -> Result<Vec<LoggedInBrowser>, Failure> {
        self.live(member.organisation(), member.user(), current.id().map(hash)).await
    }

    async fn live(
        &self,
        organisation: OrganisationId,
        user: UserId,
        current: Option<Hash>,
    ) -> Result<Vec<LoggedInBrowser>, Failure> {
        let now = self.clock.now();
        let read = self.database.read();
        let sessions = store::live_of(&read, organisation, user, now, MAX_SESSIONS as u64).await?;
        Ok(sessions
            .into_iter()
            .map(|session| LoggedInBrowser {
                id: session.hash.to_string(),
                current: current == Some(session.hash),
                address: session.address,
                user_agent: session.user_agent,
                since: session.created_at,
                last_seen_at: session.last_seen_at,
            })
            .collect())
    }

    /// The browsers in which another user is logged in, for an administrator.
    pub async fn of_other_user(&self, admin: &Admin, user: UserId) -> Result<Vec<LoggedInBrowser>, Failure> {
        self.live(admin.organisation(), user, None).await
    }

    /// Number of browsers in which a user is logged in.
    pub async fn count_of(
        &self,
        on: &impl Queries,
        organisation: OrganisationId,
        user: UserId,
    ) -> Result<usize, DatabaseError> {
        let now = self.clock.now();
        Ok(store::live_of(on, organisation, user, now, MAX_SESSIONS as u64).await?.len())
    }

    /// Erases sessions that have expired.
    pub async fn erase_expired_sessions(&self, lease: &Lease) -> Result<(), Failure> {
        let now = self.clock.now();
        self.database
            .write(async |tx| {
                lease.hold(&tx).await?;
                Ok(store::erase_expired_sessions(&tx, now).await?)
            })
            .await
    }
}
