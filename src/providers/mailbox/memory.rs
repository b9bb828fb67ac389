//! What a process remembers about one mailbox: which of its folders are the system's, which are not listed, its email
//! addresses, and messages.

use std::sync::{Mutex, MutexGuard, PoisonError};

use time::Duration;

use super::{HiddenFolders, KnownMessage, MessageSpace, SystemFolders, known::KnownMessages};
use crate::platform::clock::Timestamp;

/// How long the ids of the system's folders are remembered.
const SYSTEM: Duration = Duration::days(1);
/// How long the email addresses of the mailbox are remembered. Administrators add and remove them.
const ADDRESSES: Duration = Duration::days(1);
/// How long the ids of hidden folders are remembered. Users make and move subfolders.
const HIDDEN: Duration = Duration::minutes(5);

/// A value, and when it was read.
type Remembered<T> = Mutex<Option<(Timestamp, T)>>;

/// What is known about one mailbox. The owner keeps one for each account.
#[derive(Debug, Default)]
pub struct MailboxMemory {
    system: Remembered<SystemFolders>,
    hidden: Remembered<HiddenFolders>,
    addresses: Remembered<Vec<String>>,
    messages: Mutex<KnownMessages>,
}

fn recall<T: Clone>(remembered: &Remembered<T>, age: Duration, now: Timestamp) -> Option<T> {
    let remembered = remembered.lock().unwrap_or_else(PoisonError::into_inner);
    remembered.as_ref().filter(|(at, _)| at.is_within(age, now)).map(|(_, value)| value.clone())
}

fn remember<T>(remembered: &Remembered<T>, value: T, now: Timestamp) {
    *remembered.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, value));
}

impl MailboxMemory {
    /// A memory whose messages share space with those of other mailboxes.
    pub fn sharing(space: MessageSpace) -> Self {
        let messages = Mutex::new(KnownMessages::sharing(space));
        Self { messages, ..Self::default() }
    }

    fn messages(&self) -> MutexGuard<'_, KnownMessages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The provider's name of the state of the mailbox of which the remembered messages are.
    pub fn state_of_messages(&self) -> Option<String> {
        self.messages().state().map(str::to_owned)
    }

    /// Forgets all messages, and goes on from this state, if there is one.
    pub fn restart_messages(&self, state: Option<String>) {
        self.messages().restart(state);
    }

    /// Goes from one state of the mailbox to a later one, and forgets the messages that have changed between them.
    pub fn advance_messages(&self, from: &str, to: &str, changed: &[String]) {
        self.messages().advance(from, to, changed);
    }

    /// Forgets a message that is being changed by this program: the provider may list the change a moment later.
    pub fn forget_message(&self, id: &str) {
        self.messages().forget(id);
    }

    pub fn known_message(&self, id: &str) -> Option<KnownMessage> {
        self.messages().get(id)
    }

    /// Remembers a message that was read after this state, if it is still the present one.
    pub fn keep_message(&self, state: &str, id: &str, message: KnownMessage) {
        self.messages().keep(state, id, message);
    }

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

    /// The email addresses that the mailbox may send from, the main one first, if they were read within a day.
    pub fn own_addresses(&self, now: Timestamp) -> Option<Vec<String>> {
        recall(&self.addresses, ADDRESSES, now)
    }

    pub fn remember_own_addresses(&self, addresses: Vec<String>, now: Timestamp) {
        remember(&self.addresses, addresses, now);
    }

    /// Forgets the hidden folders, because a folder was made, moved or deleted. The system's folders stay what they are.
    pub fn forget_hidden_folders(&self) {
        *self.hidden.lock().unwrap_or_else(PoisonError::into_inner) = None;
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

    #[test]
    fn addresses_are_remembered_for_a_day() {
        let memory = MailboxMemory::default();
        let now = Timestamp::from_micros(1_795_858_200_000_000);
        assert_eq!(memory.own_addresses(now), None);
        let addresses = vec!["a@contoso.test".to_owned()];
        memory.remember_own_addresses(addresses.clone(), now);
        assert_eq!(memory.own_addresses(now.plus(Duration::hours(23))), Some(addresses));
        assert_eq!(memory.own_addresses(now.plus(Duration::hours(25))), None);
    }

    #[test]
    fn a_change_of_folders_makes_the_hidden_ones_unknown_and_not_the_systems() {
        let memory = MailboxMemory::default();
        let now = Timestamp::from_micros(1_795_858_200_000_000);
        memory.remember_system_folders(SystemFolders::default(), now);
        memory.remember_hidden_folders(HiddenFolders::default(), now);
        memory.forget_hidden_folders();
        assert!(memory.system_folders(now).is_some() && memory.hidden_folders(now).is_none());
    }
}
