//! What a process remembers about one mailbox: which of its folders are the system's, and which are not listed.

use std::sync::{Mutex, PoisonError};

use time::Duration;

use super::{HiddenFolders, SystemFolders};
use crate::platform::clock::Timestamp;

/// How long the ids of the system's folders are remembered.
const SYSTEM: Duration = Duration::days(1);
/// How long the ids of hidden folders are remembered. Users make and move subfolders.
const HIDDEN: Duration = Duration::minutes(5);

/// A value, and when it was read.
type Remembered<T> = Mutex<Option<(Timestamp, T)>>;

/// What is known about one mailbox. The owner keeps one for each account.
#[derive(Debug, Default)]
pub struct MailboxMemory {
    system: Remembered<SystemFolders>,
    hidden: Remembered<HiddenFolders>,
}

fn recall<T: Clone>(remembered: &Remembered<T>, age: Duration, now: Timestamp) -> Option<T> {
    let remembered = remembered.lock().unwrap_or_else(PoisonError::into_inner);
    remembered.as_ref().filter(|(at, _)| at.is_within(age, now)).map(|(_, value)| value.clone())
}

fn remember<T>(remembered: &Remembered<T>, value: T, now: Timestamp) {
    *remembered.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, value));
}

impl MailboxMemory {
    /// The system's folders, if they were read within a day.
    pub fn system_folders(&self, now: Timestamp) -> Option<SystemFolders> {
        recall(&self.system, SYSTEM, now)
    }

    pub fn remember_system_folders(&self, folders: SystemFolders, now: Timestamp) {
        remember(&self.system, folders, now);
    }

    /// The hidden folders, if they were read within five minutes.
    pub fn hidden_folders(&self, now: Timestamp) -> Option<HiddenFolders> {
        recall(&self.hidden, HIDDEN, now)
    }

    pub fn remember_hidden_folders(&self, folders: HiddenFolders, now: Timestamp) {
        remember(&self.hidden, folders, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_remembered_for_a_day_and_hidden_ones_for_five_minutes() {
        let memory = MailboxMemory::default();
        let now = Timestamp::from_micros(1_795_858_200_000_000);
        assert_eq!((memory.system_folders(now), memory.hidden_folders(now)), (None, None));
        memory.remember_system_folders(SystemFolders::default(), now);
        memory.remember_hidden_folders(HiddenFolders::default(), now);
        let later = now.plus(Duration::minutes(4));
        assert!(memory.system_folders(later).is_some() && memory.hidden_folders(later).is_some());
        let later = now.plus(Duration::hours(23));
        assert!(memory.system_folders(later).is_some() && memory.hidden_folders(later).is_none());
        assert_eq!(memory.system_folders(now.plus(Duration::hours(25))), None);
    }
}
