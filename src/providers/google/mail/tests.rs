//! The calls of a mailbox against a small Gmail in memory.

mod changes;
mod fake;
mod folders;
mod known;
mod lists;
mod one;
mod sending;
mod threads;
mod wire;

use secrecy::SecretString;

use fake::Fake;

use super::GmailMailbox;
use crate::{
    platform::clock::Timestamp,
    providers::mailbox::{MailCall, MailboxMemory, MessagePage, MessageQuery},
};

const NOW: Timestamp = Timestamp::from_micros(1_795_858_200_000_000);

/// A mailbox at the small Gmail.
struct Bench {
    gmail: Fake,
    mailbox: GmailMailbox,
    token: SecretString,
    memory: MailboxMemory,
}

impl Bench {
    fn new(gmail: Fake) -> Self {
        let token = SecretString::from("canary-access");
        let mailbox = GmailMailbox::new(fake::GMAIL, fake::PEOPLE);
        Self { gmail, mailbox, token, memory: MailboxMemory::default() }
    }

    fn call(&self) -> MailCall<'_> {
        MailCall {
            http: &self.gmail,
            token: &self.token,
            memory: &self.memory,
            now: NOW,
            request_id: Some("3b4e28ba-2fa1-11d2-883f-0016d3cca427"),
        }
    }
}

fn query() -> MessageQuery {
    MessageQuery { limit: 10, ..MessageQuery::default() }
}

/// The ids of a page.
fn ids(page: &MessagePage) -> Vec<&str> {
    page.messages.iter().map(|message| message.id.as_str()).collect()
}
