//! Sessions: tower-sessions in front, our table behind. Unlike the published stores ours never revives
//! on `save` a session that has been ended, judges the limits by our own clock, and keeps the hash of a
//! session's id in place of the id.

mod keeping;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::Duration;
use tower_sessions::{Expiry, Session, SessionManagerLayer, cookie::SameSite, session::Id};

use super::store;
use crate::people::{
    access::{Admin, Member},
    service::{Begun, Standing},
};
use crate::platform::{
    clock::{SharedClock, Timestamp},
    config::{Config, PublicUrl},
    cookies,
    database::{Database, DatabaseError, Queries, Tx, Unscoped},
    failure::Failure,
    id::{OrganisationId, UserId},
    randomness::{Hash, SharedRandomness},
    session_error,
};

/// A session that nobody uses for this long has ended.
pub const IDLE: Duration = Duration::minutes(30);
/// A session ends after this long, however much it is used.
pub const ABSOLUTE: Duration = Duration::hours(12);

const USER: &str = "user";
const STANDING: &str = "standing";
const HALF_WAY: &str = "half_way";
const SECOND_FACTOR: &str = "second_factor";
/// The cookie.
const NAME: &str = "session";

/// Who is signed in in a session, and how they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Their organisation.
    pub organisation: OrganisationId,
    /// Who.
    pub user: UserId,
    /// Where from.
    pub address: Option<String>,
    /// What the browser calls itself, cut to 255 characters.
    pub user_agent: Option<String>,
    /// When they logged in; none is this very moment.
    pub since: Option<Timestamp>,
    /// When they last gave their password; none is this very moment.
    pub proved_at: Option<Timestamp>,
}

/// A browser in which a user is signed in.
#[derive(Clone, Debug)]
pub struct SignedInBrowser {
    /// What names it: the hash of its cookie, which opens nothing.
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// Where it was when it signed in.
    pub address: Option<String>,
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
}

/// The layer that gives each request its session.
pub fn layer(store: Sessions, public_url: &PublicUrl) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(store)
        .with_name(cookies::full_name(public_url, NAME))
        .with_secure(public_url.is_https())
        .with_http_only(true)
        // Lax, not Strict: the cookie must be there when Microsoft sends the browser back.
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnSessionEnd)
}

/// Signs a browser in: under a new id, so that one that was planted before is worth nothing.
pub async fn sign_in(session: &Session, who: SignedIn) -> Result<(), Failure> {
    // What another user left in this browser, such as a draft, is not this one's.
    session.clear().await;
    session.cycle_id().await.map_err(session_error::failure)?;
    session.insert(USER, who).await.map_err(session_error::failure)?;
    // Now, and not when the answer is on its way: a log-in that was answered has happened.
    session.save().await.map_err(session_error::failure)
}

/// Notes in a session of nobody's how far a log-in is, under a new id.
pub async fn go_half_way(session: &Session, how_far: &impl Serialize) -> Result<(), Failure> {
    session.clear().await;
    session.cycle_id().await.map_err(session_error::failure)?;
    session.insert(HALF_WAY, how_far).await.map_err(session_error::failure)?;
    session.save().await.map_err(session_error::failure)
}

/// How far a log-in is.
pub async fn half_way<T: DeserializeOwned>(session: &Session) -> Result<Option<T>, Failure> {
    session.get(HALF_WAY).await.map_err(session_error::failure)
}

/// Notes that whoever is signed in has just proved who they are: under a new id, for from now on the cookie
/// opens more than before. The session ends when it would have ended.
pub async fn prove(session: &Session, who: SignedIn) -> Result<(), Failure> {
    session.cycle_id().await.map_err(session_error::failure)?;
    session.insert(USER, SignedIn { proved_at: None, ..who }).await.map_err(session_error::failure)?;
    session.save().await.map_err(session_error::failure)
}

/// Keeps in a session with what key a second factor is being set up there.
pub async fn begin_second_factor(session: &Session, begun: &Begun) -> Result<(), Failure> {
    session.insert(SECOND_FACTOR, begun).await.map_err(session_error::failure)
}

/// With what key a second factor is being set up in a session.
pub async fn begun_second_factor(session: &Session) -> Result<Option<Begun>, Failure> {
    session.get(SECOND_FACTOR).await.map_err(session_error::failure)
}

/// Forgets it.
pub async fn forget_second_factor(session: &Session) -> Result<(), Failure> {
    session.remove::<Begun>(SECOND_FACTOR).await.map(|_| ()).map_err(session_error::failure)
}

tokio::task_local! {
    /// Whether the request only looks, which concerns what is kept of its session at its end.
    static LOOKS: bool;
}

/// Stands round the layer of sessions, for what that does at a request's end.
///
/// - A browser keeps its cookie unless it logs out: of two requests at once the second may come with the cookie that
///   the first has replaced, and must not take the new one away.
/// - Where a session could not be kept the layer answers 500 without a word of why: that is an outage, which the log
///   tells of.
/// - Whoever only looks is not refused for what could not be kept.
pub async fn tend(
    State(config): State<Arc<Config>>,
    request: Request,
    next: axum::middleware::Next,
) -> Response {
    let logs_out = request.uri().path() == "/logout";
    let looks = request.method().is_safe();
    let mut response = LOOKS.scope(looks, next.run(request)).await;
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR
        && response.extensions().get::<Failure>().is_none()
    {
        return Failure::Unavailable("a session could not be kept".to_owned()).into_response();
    }
    if logs_out {
        return response;
    }
    let emptied = format!("{}=;", cookies::full_name(&config.public_url, NAME));
    let kept: Vec<_> = response
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .filter(|value| !value.as_bytes().starts_with(emptied.as_bytes()))
        .cloned()
        .collect();
    response.headers_mut().remove(header::SET_COOKIE);
    for value in kept {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Ends the session.
pub async fn sign_out(session: &Session) -> Result<(), Failure> {
    session.flush().await.map_err(session_error::failure)
}

/// Who is signed in.
pub async fn signed_in(session: &Session) -> Result<Option<SignedIn>, Failure> {
    session.get(USER).await.map_err(session_error::failure)
}

/// Whoever was signed in when the request began, as the database had them at that moment.
pub async fn standing(session: &Session) -> Result<Option<Standing>, Failure> {
    session.get(STANDING).await.map_err(session_error::failure)
}

/// What names a session where its id must not be: the hash of it; `None` before it has one.
pub fn hash_of(session: &Session) -> Option<Hash> {
    session.id().map(hash)
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
    /// In this database.
    pub fn new(database: Database, clock: SharedClock, randomness: SharedRandomness) -> Self {
        Self { database, clock, randomness }
    }

    /// The browsers in which a user is signed in, latest used first; `current` is the one that asks.
    pub async fn of_user(&self, member: &Member, current: &Session) -> Result<Vec<SignedInBrowser>, Failure> {
        self.live(member.organisation(), member.user(), current.id().map(hash)).await
    }

    async fn live(
        &self,
        organisation: OrganisationId,
        user: UserId,
        current: Option<Hash>,
    ) -> Result<Vec<SignedInBrowser>, Failure> {
        let now = self.clock.now();
        let read = self.database.read();
        let sessions = store::live_of(&read, organisation, user, now, now.minus(IDLE)).await?;
        Ok(sessions
            .into_iter()
            .map(|session| SignedInBrowser {
                id: session.hash.to_string(),
                current: current == Some(session.hash),
                address: session.address,
                user_agent: session.user_agent,
                since: session.created_at,
                last_seen_at: session.last_seen_at,
            })
            .collect())
    }

    /// The browsers in which somebody else is signed in.
    pub async fn of_somebody(&self, admin: &Admin, user: UserId) -> Result<Vec<SignedInBrowser>, Failure> {
        self.live(admin.organisation(), user, None).await
    }

    /// Number of browsers in which a user is signed in.
    pub async fn count_of(
        &self,
        on: &impl Queries,
        organisation: OrganisationId,
        user: UserId,
    ) -> Result<usize, DatabaseError> {
        let now = self.clock.now();
        Ok(store::live_of(on, organisation, user, now, now.minus(IDLE)).await?.len())
    }

    /// Ends one session of a user, in the transaction that records it.
    ///
    /// # Returns
    /// Whether it was there.
    pub async fn end_one_of(tx: &Tx, member: &Member, id: &str) -> Result<bool, DatabaseError> {
        match id.parse() {
            Ok(hash) => store::end_one_of(tx, member.organisation(), member.user(), hash).await,
            Err(_) => Ok(false),
        }
    }

    /// Ends the session that asks, in the transaction that records it.
    pub async fn end(tx: &Tx, current: &Session) -> Result<(), DatabaseError> {
        match current.id().map(hash) {
            Some(hash) => store::end(tx, hash).await,
            None => Ok(()),
        }
    }

    /// Ends all sessions of a user but the one that asks.
    pub async fn end_others_of(tx: &Tx, member: &Member, current: &Session) -> Result<(), DatabaseError> {
        let (organisation, user) = (member.organisation(), member.user());
        match current.id().map(hash) {
            Some(current) => store::end_others_of(tx, organisation, user, current).await,
            None => store::end_all_of(tx, organisation, user).await,
        }
    }

    /// Ends all sessions of a user, in the transaction of what makes it necessary.
    pub async fn end_all_of(
        tx: &Tx,
        organisation: OrganisationId,
        user: UserId,
    ) -> Result<(), DatabaseError> {
        store::end_all_of(tx, organisation, user).await
    }

    /// Ends all sessions of an organisation, in the transaction that records it.
    ///
    /// # Returns
    /// In how many browsers somebody was signed in.
    pub async fn end_all_within(&self, tx: &Tx, organisation: OrganisationId) -> Result<u64, DatabaseError> {
        let now = self.clock.now();
        store::end_all_within(tx, organisation, now, now.minus(IDLE)).await
    }

    /// Ends the sessions of browsers in which nobody is signed in: a log-in may be half-way there.
    pub async fn end_nobodys(tx: &Tx) -> Result<(), DatabaseError> {
        store::end_nobodys(tx).await
    }

    /// Whether the session that asks is still there: what its request began with may have been ended since.
    pub async fn is_there(&self, current: &Session) -> Result<bool, Failure> {
        let Some(id) = current.id() else { return Ok(false) };
        Ok(Unscoped.session_by_hash(&self.database.read(), hash(id)).await?.is_some())
    }

    /// Erases what has ended by itself.
    pub async fn sweep(&self) -> Result<(), Failure> {
        let now = self.clock.now();
        self.database.write(async |tx| Ok(store::sweep(&tx, now, now.minus(IDLE)).await?)).await
    }
}

fn hash(id: Id) -> Hash {
    Hash::of(&id.0.to_le_bytes())
}
