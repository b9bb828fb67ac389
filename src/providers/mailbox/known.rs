//! Messages that a process remembers, so that a list that is read again need not read each of them. They are as of a state
//! that the provider has named: those that have changed since then are forgotten. What a message says never changes, but
//! its labels do.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{Address, Message};

/// Maximum number of bytes of all messages that one process remembers.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Maximum number of messages of one mailbox.
const MAX_MESSAGES: usize = 1_000;
/// The bytes of a message besides its texts.
const FRAME: usize = 1_024;

/// The memory that the messages of several mailboxes take together.
#[derive(Clone, Debug, Default)]
pub struct MessageSpace(Arc<AtomicUsize>);

impl MessageSpace {
    /// Whether there is hardly any left.
    pub fn is_full(&self) -> bool {
        self.0.load(Ordering::Relaxed) > MAX_BYTES.saturating_sub(MAX_BYTES / 8)
    }

    /// Takes space; false if there is none.
    fn take(&self, bytes: usize) -> bool {
        let more = |used: usize| used.checked_add(bytes).filter(|used| *used <= MAX_BYTES);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A message as it was read, and the ids of all its labels, with the provider's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownMessage {
    pub message: Message,
    pub labels: Vec<String>,
}

impl KnownMessage {
    /// The number of bytes in memory, about.
    fn bytes(&self) -> usize {
        let Self { message, labels } = self;
        let texts = [&message.internet_message_id, &message.summary, &message.thread, &message.folder];
        let texts = texts.into_iter().flatten().chain([&message.id, &message.subject]);
        let people = [&message.to, &message.cc, &message.bcc, &message.reply_to];
        let people = people.into_iter().flatten().chain(&message.from).chain(&message.sender);
        let of_person = |person: &Address| {
            let name = person.name.as_ref().map_or(0, String::len);
            size_of::<Address>().saturating_add(person.email.len()).saturating_add(name)
        };
        let of_label = |label: &String| size_of::<String>().saturating_add(label.len());
        let parts = texts.map(String::len).chain(people.map(of_person));
        parts.chain(labels.iter().chain(&message.labels).map(of_label)).fold(FRAME, usize::saturating_add)
    }
}

/// The messages of one mailbox that are remembered.
#[derive(Default)]
pub(super) struct KnownMessages {
    /// The provider's name of the state of which they are.
    state: Option<String>,
    messages: HashMap<String, KnownMessage>,
    bytes: usize,
    space: MessageSpace,
}

impl KnownMessages {
    pub(super) fn sharing(space: MessageSpace) -> Self {
        Self { state: None, messages: HashMap::new(), bytes: 0, space }
    }

    pub(super) fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Forgets all messages, and goes on from this state.
    pub(super) fn restart(&mut self, state: Option<String>) {
        self.messages.clear();
        self.space.give_back(self.bytes);
        self.bytes = 0;
        self.state = state;
    }

    /// Goes from one state to a later one, and forgets the messages that have changed between them. Nothing is done in
    /// another state: another call has done it.
    pub(super) fn advance(&mut self, from: &str, to: &str, changed: &[String]) {
        if self.state.as_deref() != Some(from) {
            return;
        }
        for id in changed {
            self.forget(id);
        }
        self.state = Some(to.to_owned());
    }

    /// Forgets a message, because this program changes it.
    pub(super) fn forget(&mut self, id: &str) {
        if let Some(known) = self.messages.remove(id) {
            let bytes = known.bytes();
            self.space.give_back(bytes);
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<KnownMessage> {
        self.messages.get(id).cloned()
    }

    /// Remembers a message that was read after this state. In another state it might miss a change, and is not
    /// remembered.
    pub(super) fn keep(&mut self, state: &str, id: &str, message: KnownMessage) {
        if self.state.as_deref() != Some(state) || self.messages.contains_key(id) {
            return;
        }
        if self.messages.len() >= MAX_MESSAGES {
            self.restart(Some(state.to_owned()));
        }
        let bytes = message.bytes();
        if self.space.take(bytes) {
            self.bytes = self.bytes.saturating_add(bytes);
            self.messages.insert(id.to_owned(), message);
        }
    }
}

impl fmt::Debug for KnownMessages {
    /// What messages say belongs into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.messages.len();
        f.debug_struct("KnownMessages").field("count", &count).finish_non_exhaustive()
    }
}

impl Drop for KnownMessages {
    fn drop(&mut self) {
        self.space.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(labels: &[&str]) -> KnownMessage {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        KnownMessage { message: Message::default(), labels }
    }

    #[test]
    fn messages_that_have_changed_are_forgotten() {
        let mut messages = KnownMessages::default();
        messages.restart(Some("1".to_owned()));
        for id in ["a", "b"] {
            messages.keep("1", id, known(&["INBOX"]));
        }
        let changed = ["b", "unknown"].map(str::to_owned);
        messages.advance("0", "9", &changed);
        assert_eq!((messages.state(), messages.get("b")), (Some("1"), Some(known(&["INBOX"]))));
        messages.advance("1", "2", &changed);
        assert_eq!((messages.state(), messages.get("b")), (Some("2"), None));
        assert_eq!(messages.get("a"), Some(known(&["INBOX"])));
        messages.forget("a");
        assert_eq!((messages.get("a"), messages.space.0.load(Ordering::Relaxed)), (None, 0));
    }

    #[test]
    fn a_message_that_was_read_before_the_present_state_is_not_remembered() {
        let mut messages = KnownMessages::default();
        messages.keep("1", "a", known(&[]));
        messages.restart(Some("2".to_owned()));
        messages.keep("1", "a", known(&[]));
        assert_eq!(messages.get("a"), None);
    }

    #[test]
    fn the_space_is_bounded_and_is_given_back() {
        let space = MessageSpace::default();
        let mut mailboxes = Vec::new();
        for _ in 0..30 {
            let mut messages = KnownMessages::sharing(space.clone());
            messages.restart(Some("1".to_owned()));
            for number in 0..900 {
                messages.keep("1", &number.to_string(), known(&["INBOX"]));
            }
            mailboxes.push(messages);
        }
        assert!(space.is_full() && space.0.load(Ordering::Relaxed) <= MAX_BYTES);
        assert!(mailboxes.last().is_some_and(|last| last.messages.is_empty()));
        for messages in &mut mailboxes {
            messages.restart(None);
        }
        assert_eq!(space.0.load(Ordering::Relaxed), 0);
        for (number, messages) in mailboxes.iter_mut().enumerate() {
            messages.restart(Some("1".to_owned()));
            messages.keep("1", &number.to_string(), known(&["INBOX"]));
        }
        drop(mailboxes);
        assert_eq!(space.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn no_text_of_a_message_is_printed() {
        let mut messages = KnownMessages::default();
        messages.restart(Some("1".to_owned()));
        let message = Message { subject: "canary".to_owned(), ..Message::default() };
        messages.keep("1", "a", KnownMessage { message, labels: Vec::new() });
        assert_eq!(format!("{messages:?}"), "KnownMessages { count: 1, .. }");
    }

    #[test]
    fn a_mailbox_remembers_a_bounded_number_of_messages() {
        let mut messages = KnownMessages::default();
        messages.restart(Some("1".to_owned()));
        for number in 0..=MAX_MESSAGES {
            messages.keep("1", &number.to_string(), known(&[]));
        }
        assert_eq!((messages.messages.len(), messages.state()), (1, Some("1")));
    }
}
