//! How sessions begin. A row is added in the transaction of the event that needs it, such as a log-in, and never by
//! tower-sessions. So a session exists exactly if that transaction was committed. A visitor who is not logged in gets
//! no row.

use std::collections::HashMap;

use serde::Serialize;
use time::Duration;
use tower_sessions::{Session, session::Id};

use super::{ABSOLUTE, HALF_WAY, ISSUED, MAX_HALF_WAY, MAX_SESSIONS, Sessions, hash, store};
use crate::{
    log_in::{devices::DeviceSlot, service::Browser, store::StoredSession},
    people::service::User,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Tx},
        failure::Failure,
        id::UserId,
        note,
        randomness::{Hash, Token},
        session_error,
    },
};

/// The time of re-authentication of a renewed session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    /// The time of the replaced session.
    Kept,
    /// The current time, because the user has just typed the password.
    Reauthenticated,
}

/// A session whose row was added in a transaction, and whose id the browser does not have yet.
#[must_use = "the browser gets the session only when it is handed over"]
pub struct Issued {
    id: Id,
    /// Content of the row, as JSON.
    data: String,
    /// A new device cookie for the same browser.
    device: Option<(DeviceSlot, Token)>,
}

impl Issued {
    /// The hash that identifies the session in the database.
    pub(super) fn hash(&self) -> Hash {
        hash(self.id)
    }

    /// Makes [`Self::hand_to`] set this device cookie too.
    pub(super) fn with_device(&mut self, slot: DeviceSlot, token: Token) {
        self.device = Some((slot, token));
    }

    /// Gives the session to the browser of this request. Call it after the transaction was committed. The browser's
    /// earlier session ends, and the response sets the new cookie.
    pub async fn hand_to(self, session: &Session) -> Result<(), Failure> {
        // The data in memory belong to the earlier session: possibly a draft of another user, or a key that
        // an attacker has read.
        session.clear().await;
        session.cycle_id().await.map_err(session_error::failure)?;
        // From here on the data belong to the new session. tower-sessions saves them again at the end of the
        // request.
        let data: HashMap<String, serde_json::Value> =
            serde_json::from_str(&self.data).map_err(|error| Failure::unexpected(&error))?;
        for (key, value) in data {
            session.insert(&key, value).await.map_err(session_error::failure)?;
        }
        session.insert(ISSUED, self.id.to_string()).await.map_err(session_error::failure)?;
        session.save().await.map_err(session_error::failure)?;
        if let Some((slot, token)) = self.device {
            slot.set_cookie_values(token, None);
        }
        Ok(())
    }
}

fn address(browser: &Browser) -> Option<String> {
    browser.address.map(|address| address.to_string())
}

impl Sessions {
    /// Adds a session for a user who has just logged in. If the user has [`MAX_SESSIONS`] sessions already, the
    /// least recently used one ends. The caller holds the user's lock.
    pub async fn begin_session(
        &self,
        tx: &Tx,
        user: &User,
        browser: &Browser,
    ) -> Result<Issued, DatabaseError> {
        let now = self.clock.now();
        store::make_room(tx, user.organisation, user.id, now, MAX_SESSIONS).await?;
        let session = StoredSession {
            user: Some((user.organisation, user.id)),
            reauthenticated_at: Some(now),
            address: address(browser),
            user_agent: browser.user_agent.clone(),
            ..Self::empty(now, ABSOLUTE)
        };
        self.add(tx, session).await
    }

    /// Adds the session of a half-way log-in: the password was right, and the code of the second factor is still
    /// missing. The session ends after `lasts`. The caller holds the user's lock.
    pub async fn begin_half_way(
        &self,
        tx: &Tx,
        user: UserId,
        how_far: &impl Serialize,
        lasts: Duration,
        browser: &Browser,
    ) -> Result<Issued, Failure> {
        let address = address(browser);
        store::make_room_half_way(tx, user, address.as_deref(), MAX_HALF_WAY).await?;
        let data = serde_json::json!({ HALF_WAY: how_far });
        let session = StoredSession {
            half_way_of: Some(user),
            address,
            data: data.to_string(),
            ..Self::empty(self.clock.now(), lasts)
        };
        Ok(self.add(tx, session).await?)
    }

    /// Adds a session in place of one that was just ended. The new one keeps the user, the time of the log-in and the
    /// address, and no other data. After a re-authentication it also keeps the note, because the password page returns
    /// to the page that shows the note.
    pub(super) async fn renew_in(
        &self,
        tx: &Tx,
        ended: StoredSession,
        renewal: Renewal,
    ) -> Result<Issued, DatabaseError> {
        let now = self.clock.now();
        let reauthenticated_at = match renewal {
            Renewal::Kept => ended.reauthenticated_at,
            Renewal::Reauthenticated => Some(now),
        };
        let data: serde_json::Map<String, serde_json::Value> = match renewal {
            Renewal::Kept => serde_json::Map::new(),
            Renewal::Reauthenticated => serde_json::from_str(&ended.data).unwrap_or_default(),
        };
        let data: serde_json::Map<_, _> = data.into_iter().filter(|(key, _)| key == note::KEY).collect();
        let data = serde_json::Value::Object(data).to_string();
        self.add(tx, StoredSession { last_seen_at: now, reauthenticated_at, data, ..ended }).await
    }

    fn empty(now: Timestamp, lasts: Duration) -> StoredSession {
        StoredSession {
            hash: hash(Id(0)),
            user: None,
            created_at: now,
            last_seen_at: now,
            expires_at: now.plus(lasts),
            address: None,
            user_agent: None,
            data: "{}".to_owned(),
            reauthenticated_at: None,
            half_way_of: None,
        }
    }

    async fn add(&self, tx: &Tx, session: StoredSession) -> Result<Issued, DatabaseError> {
        // 128 random bits do not collide. If a broken random source repeats itself, the database refuses and
        // the request fails, rather than logging one browser into another's session.
        let mut bytes = [0; 16];
        self.randomness.fill(&mut bytes);
        let id = Id(i128::from_le_bytes(bytes));
        let session = StoredSession { hash: hash(id), ..session };
        store::add_session(tx, &session).await?;
        Ok(Issued { id, data: session.data, device: None })
    }
}
