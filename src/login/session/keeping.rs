//! Where tower-sessions keeps its sessions: our table.

use async_trait::async_trait;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store,
};

use super::{ABSOLUTE, IDLE, LOOKS, STANDING, Sessions, SignedIn, USER, hash};
use crate::{
    login::store::{self, StoredSession},
    platform::{database::Unscoped, session_error},
};

/// The use of a session is written down at most this often.
const TOUCH: time::Duration = time::Duration::minutes(1);
/// To write that down takes no longer than this, or is left.
const FOR_TOUCHING: std::time::Duration = std::time::Duration::from_secs(1);

/// Columns of our own for who is signed in; JSON for the rest.
fn split(record: &Record) -> session_store::Result<(Option<SignedIn>, String)> {
    let mut data = record.data.clone();
    let encode = |error: serde_json::Error| session_store::Error::Encode(error.to_string());
    let user = data.remove(USER).map(serde_json::from_value).transpose().map_err(encode)?;
    // It is of the moment at which it was read.
    data.remove(STANDING);
    Ok((user, serde_json::to_string(&data).map_err(encode)?))
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let (user, data) = split(record)?;
        let now = self.clock.now();
        // 128 bits do not collide; a source of randomness that repeats itself must not sign one
        // browser into another's session, so the database refuses and the request fails.
        let mut bytes = [0; 16];
        self.randomness.fill(&mut bytes);
        record.id = Id(i128::from_le_bytes(bytes));
        let since = user.as_ref().and_then(|user| user.since).unwrap_or(now);
        let session = StoredSession {
            hash: hash(record.id),
            user: user.as_ref().map(|user| (user.organisation, user.user)),
            created_at: since,
            last_seen_at: now,
            expires_at: since.plus(ABSOLUTE),
            proved_at: user.as_ref().map(|user| user.proved_at.unwrap_or(now)),
            address: user.as_ref().and_then(|user| user.address.clone()),
            user_agent: user.and_then(|user| user.user_agent),
            data,
        };
        self.database
            .write(async |tx| store::add(&tx, &session).await)
            .await
            .map_err(session_error::of_database)
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let (_, data) = split(record)?;
        let hash = hash(record.id);
        self.database.write(async |tx| store::update_data(&tx, hash, data.clone()).await).await.or_else(
            |error| {
                // What was shown once is shown once more, and nothing else is lost.
                if error.is_outage() && LOOKS.try_with(|looks| *looks) == Ok(true) {
                    tracing::error!(%error, "a session was not kept");
                    return Ok(());
                }
                Err(session_error::of_database(error))
            },
        )
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let hash = hash(*id);
        // With whom it names: who asks is asked for with every page.
        let found = Unscoped
            .session_by_hash(&self.database.read(), hash)
            .await
            .map_err(session_error::of_database)?;
        let now = self.clock.now();
        let Some((session, standing)) =
            found.filter(|(session, _)| now < session.expires_at && now.since(session.last_seen_at) < IDLE)
        else {
            return Ok(None);
        };
        if now.since(session.last_seen_at) >= TOUCH {
            let touch = self.database.write(async |tx| store::touch(&tx, hash, now).await);
            // Whoever only looks may do so while nothing can be written, and does not wait until it can.
            match tokio::time::timeout(FOR_TOUCHING, touch).await {
                Ok(Err(error)) if !error.is_outage() => return Err(session_error::of_database(error)),
                Ok(Err(error)) => tracing::error!(%error, "the use of a session was not noted"),
                Err(_) => tracing::warn!("the use of a session was not noted in time"),
                Ok(Ok(())) => {}
            }
        }
        let decode = |error: serde_json::Error| session_store::Error::Decode(error.to_string());
        let mut data: std::collections::HashMap<String, serde_json::Value> =
            serde_json::from_str(&session.data).map_err(decode)?;
        // Who asks is what the columns say, and nothing that stands in the text.
        data.remove(USER);
        data.remove(STANDING);
        if let Some((organisation, user)) = session.user {
            let who = SignedIn {
                organisation,
                user,
                address: session.address,
                user_agent: session.user_agent,
                since: Some(session.created_at),
                proved_at: session.proved_at,
            };
            data.insert(USER.to_owned(), serde_json::to_value(who).map_err(decode)?);
        }
        if let Some(standing) = standing {
            data.insert(STANDING.to_owned(), serde_json::to_value(standing).map_err(decode)?);
        }
        Ok(Some(Record { id: *id, data, expiry_date: session.expires_at.date_time() }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        let hash = hash(*id);
        self.database.write(async |tx| store::end(&tx, hash).await).await.map_err(session_error::of_database)
    }
}
