//! What this process remembers about mailboxes, for a bounded number of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    accounts::service::AccountId,
    providers::mailbox::{MailboxMemory, MessageSpace},
};

/// Maximum number of mailboxes that are remembered. Each is about a kilobyte, besides the messages that it remembers.
const MAX_REMEMBERED: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Memories {
    mailboxes: Mutex<HashMap<AccountId, Arc<MailboxMemory>>>,
    space: MessageSpace,
}

impl Memories {
    /// The memory of an account. All memories are forgotten when there are too many: reading them again costs one
    /// request for each mailbox. So are the messages of the other mailboxes when they take too much space.
    pub(super) fn of(&self, account: AccountId) -> Arc<MailboxMemory> {
        let mut memories = self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        if memories.len() >= MAX_REMEMBERED && !memories.contains_key(&account) {
            memories.clear();
        }
        if self.space.is_full() {
            let others = memories.iter().filter(|(other, _)| **other != account);
            others.for_each(|(_, memory)| memory.restart_messages(None));
        }
        let new = || Arc::new(MailboxMemory::sharing(self.space.clone()));
        memories.entry(account).or_insert_with(new).clone()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_account_has_a_memory_of_its_own_and_their_number_is_bounded() {
        let memories = Memories::default();
        let id = |number: usize| AccountId(Uuid::from_u128(number.try_into().expect("a number")));
        let first = memories.of(id(1));
        assert!(Arc::ptr_eq(&first, &memories.of(id(1))));
        assert!(!Arc::ptr_eq(&first, &memories.of(id(2))));
        for number in 0..=MAX_REMEMBERED {
            memories.of(id(number));
        }
        assert!(memories.mailboxes.lock().expect("no test panicked").len() <= MAX_REMEMBERED);
    }
}
