//! Where tower-sessions keeps its sessions: our table.

use async_trait::async_trait;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store,
};

use super::{ISSUED, LOOKS, SNAPSHOT, SessionUser, Sessions, USER, hash};
use crate::{
    log_in::store,
    platform::{database::Unscoped, session_error},
};

/// The use of a session is written down at most this often.
const TOUCH: time::Duration = time::Duration::minutes(1);
/// To write that down takes no longer than this, or is left.
const FOR_TOUCHING: std::time::Duration = std::time::Duration::from_secs(1);

/// What the column `data` keeps of a record: not the user, for whom there are columns, nor what was read beside the
/// session.
fn data_of(record: &Record) -> session_store::Result<String> {
    let mut data = record.data.clone();
    data.retain(|key, _| ![USER, SNAPSHOT, ISSUED].contains(&key.as_str()));
    serde_json::to_string(&data).map_err(|error| session_store::Error::Encode(error.to_string()))
}

#[async_trait]
impl SessionStore for Sessions {
    /// Takes over the id of a session whose row was added in a transaction ([`super::Issued`]). No other session
    /// begins: otherwise a visitor who is not logged in could fill the table.
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let issued = record.data.remove(ISSUED);
        let issued = issued.as_ref().and_then(serde_json::Value::as_str).and_then(|text| text.parse().ok());
        record.id = issued
            .ok_or_else(|| session_store::Error::Backend("a session began without a log-in".to_owned()))?;
        Ok(())
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let data = data_of(record)?;
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
        let Some((session, snapshot)) = found.filter(|(session, _)| session.is_live(now)) else {
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
        data.retain(|key, _| ![USER, SNAPSHOT, ISSUED].contains(&key.as_str()));
        if let Some((organisation, user)) = session.user {
            let who = SessionUser {
                organisation,
                user,
                since: session.created_at,
                reauthenticated_at: session.reauthenticated_at,
            };
            data.insert(USER.to_owned(), serde_json::to_value(who).map_err(decode)?);
        }
        if let Some(snapshot) = snapshot {
            data.insert(SNAPSHOT.to_owned(), serde_json::to_value(snapshot).map_err(decode)?);
        }
        Ok(Some(Record { id: *id, data, expiry_date: session.expires_at.date_time() }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        let hash = hash(*id);
        // Most often its transaction has ended it already: then this is no write.
        if !store::is_there(&self.database.read(), hash).await.map_err(session_error::of_database)? {
            return Ok(());
        }
        self.database.write(async |tx| store::end(&tx, hash).await).await.map_err(session_error::of_database)
    }
}
