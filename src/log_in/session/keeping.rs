//! The store in which tower-sessions keeps sessions: our table.

use async_trait::async_trait;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store,
};

use super::{IS_SAFE_METHOD, ISSUED, SNAPSHOT, SessionUser, Sessions, USER, hash};
use crate::{
    log_in::store,
    platform::{database::Unscoped, session_error},
};

/// The use of a session is written at most this often.
const TOUCH: time::Duration = time::Duration::minutes(1);
/// Time limit for writing the use of a session. After that the write is given up.
const FOR_TOUCHING: std::time::Duration = std::time::Duration::from_secs(1);

/// The content of the column `data`: not the user, who has columns, and not the snapshot that was read with
/// the session.
fn data_of(record: &Record) -> session_store::Result<String> {
    let mut data = record.data.clone();
    data.retain(|key, _| ![USER, SNAPSHOT, ISSUED].contains(&key.as_str()));
    serde_json::to_string(&data).map_err(|error| session_store::Error::Encode(error.to_string()))
}

#[async_trait]
impl SessionStore for Sessions {
    /// Takes over the id of a session whose row was added in a transaction ([`super::Issued`]). It begins no
    /// other session, so that a visitor who is not logged in cannot fill the table.
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
                // The worst effect: a notice that is shown once is shown again.
                if error.is_outage() && IS_SAFE_METHOD.try_with(|looks| *looks) == Ok(true) {
                    tracing::error!(%error, "could not save a session");
                    return Ok(());
                }
                Err(session_error::of_database(error))
            },
        )
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let hash = hash(*id);
        // Read the session and its user in one query, because every page needs both.
        let found = Unscoped
            .session_by_hash(&self.database.read(), hash)
            .await
            .map_err(session_error::of_database)?;
        let now = self.clock.now();
        let Some((session, snapshot)) = found.filter(|(session, _)| session.is_live(now)) else {
            return Ok(None);
        };
        if now.since(session.last_seen_at) >= TOUCH {
            let recording = self.database.write(async |tx| store::record_use(&tx, hash, now).await);
            // A GET works while the database cannot be written, and does not wait until it can.
            match tokio::time::timeout(FOR_TOUCHING, recording).await {
                Ok(Err(error)) if !error.is_outage() => return Err(session_error::of_database(error)),
                Ok(Err(error)) => tracing::error!(%error, "could not write the use of a session"),
                Err(_) => tracing::warn!("could not write the use of a session in time"),
                Ok(Ok(())) => {}
            }
        }
        let decode = |error: serde_json::Error| session_store::Error::Decode(error.to_string());
        let mut data: std::collections::HashMap<String, serde_json::Value> =
            serde_json::from_str(&session.data).map_err(decode)?;
        // The columns decide who is logged in. Ignore such keys in the JSON.
        data.retain(|key, _| ![USER, SNAPSHOT, ISSUED].contains(&key.as_str()));
        if let Some((organisation, user)) = session.user {
            let session_user = SessionUser {
                organisation,
                user,
                since: session.created_at,
                reauthenticated_at: session.reauthenticated_at,
            };
            data.insert(USER.to_owned(), serde_json::to_value(session_user).map_err(decode)?);
        }
        if let Some(snapshot) = snapshot {
            data.insert(SNAPSHOT.to_owned(), serde_json::to_value(snapshot).map_err(decode)?);
        }
        Ok(Some(Record { id: *id, data, expiry_date: session.expires_at.date_time() }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        let hash = hash(*id);
        // Usually a transaction has ended the session already. Then nothing has to be written.
        if !store::is_there(&self.database.read(), hash).await.map_err(session_error::of_database)? {
            return Ok(());
        }
        self.database
            .write(async |tx| store::end_session(&tx, hash).await)
            .await
            .map_err(session_error::of_database)
    }
}
