//! Log lines about refused log-ins: one per email and window, so that an attacker cannot fill the log.
//!
//! A text typed as an email may be a password. So the log has the beginning of a keyed hash of the text. The key is
//! drawn at each start: hashes can be compared within the life of one process, and are useless afterwards.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    service::Browser,
    throttle::{WINDOW, keys},
};
use crate::platform::{
    clock::{SharedClock, Timestamp},
    id::UserId,
    randomness::{Hash, Randomness},
};

/// Maximum number of lines in one window.
const MAX_REMEMBERED: usize = 10_000;

/// Writes the log lines. A clone shares the record of what was written.
#[derive(Clone)]
pub struct SecurityLog {
    clock: SharedClock,
    key: [u8; 32],
    written: Arc<Mutex<HashMap<(&'static str, Hash), Timestamp>>>,
}

impl SecurityLog {
    /// A log with a new random key.
    pub fn new(clock: SharedClock, randomness: &dyn Randomness) -> Self {
        let mut key = [0; 32];
        randomness.fill(&mut key);
        Self { clock, key, written: Arc::default() }
    }

    /// Logs that a password was wrong, or that there is no such user.
    pub fn log_refusal(&self, account: &str, user: Option<UserId>, browser: &Browser) {
        let tried = self.hash(account);
        if self.is_first("refused", tried) {
            tracing::warn!(
                account_hash = shorten(tried),
                user = user.map(tracing::field::display),
                address = browser.address.map(tracing::field::display),
                request_id = browser.request_id.map(tracing::field::display),
                "a log-in was refused; others with the same email are not logged for five minutes"
            );
        }
    }

    /// Logs that a log-in was refused without a check, because of too many wrong passwords.
    pub fn turned_away(&self, account: &str, browser: &Browser) {
        let tried = self.hash(account);
        // One line per network: an attacker who types another email each time, or has an IPv6 network, gets
        // one line as well.
        let network = browser.address.and_then(|address| keys::networks(Some(address)).into_iter().next());
        let from = network.map_or(tried, |(network, _)| self.hash(&network));
        if self.is_first("turned away", from) {
            tracing::warn!(
                account_hash = shorten(tried),
                address = browser.address.map(tracing::field::display),
                request_id = browser.request_id.map(tracing::field::display),
                "a log-in was refused without a check after too many wrong passwords; others from this network are not \
                 logged for five minutes"
            );
        }
    }

    fn hash(&self, text: &str) -> Hash {
        Hash::keyed(&self.key, &[text.as_bytes()])
    }

    fn is_first(&self, kind: &'static str, tried: Hash) -> bool {
        let now = self.clock.now();
        let is_open = |since: Timestamp| (time::Duration::ZERO..WINDOW).contains(&now.since(since));
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.get(&(kind, tried)).is_some_and(|since| is_open(*since)) {
            return false;
        }
        // At this number of open windows no further line is written. The activity still counts each refusal.
        if written.len() >= MAX_REMEMBERED {
            written.retain(|_, since| is_open(*since));
        }
        if written.len() >= MAX_REMEMBERED {
            return false;
        }
        written.insert((kind, tried), now);
        true
    }
}

/// Enough of a hash to tell the accounts of one log apart.
fn shorten(hash: Hash) -> String {
    hash.to_string().chars().take(8).collect()
}
