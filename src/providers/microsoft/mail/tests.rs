//! The calls of a mailbox against a small Graph in memory.

mod batches;
mod changes;
mod contact_changes;
mod contacts;
mod fake;
mod folder_changes;
mod folders;
mod label_changes;
mod lists;
mod one;
mod script;
mod searches;
mod sending;
mod threads;

use secrecy::SecretString;

use fake::{Fake, mail};

use super::GraphMailbox;
use crate::{
    platform::clock::Timestamp,
    providers::mailbox::{MailCall, MailboxMemory, MessagePage, MessageQuery, Order, Position, ThreadQuery},
};

const NOW: Timestamp = Timestamp::from_micros(1_795_858_200_000_000);

/// A mailbox at the small Graph.
struct Bench {
    graph: Fake,
    mailbox: GraphMailbox,
    token: SecretString,
    memory: MailboxMemory,
}

impl Bench {
    fn new(graph: Fake) -> Self {
        let memory = MailboxMemory::default();
        memory.remember_system_folders(fake::system(), NOW);
        memory.remember_hidden_folders(fake::hidden(), NOW);
        let token = SecretString::from("canary-access");
        Self { graph, mailbox: GraphMailbox::new(fake::BASE), token, memory }
    }

    fn call(&self) -> MailCall<'_> {
        MailCall {
            http: &self.graph,
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

fn thread(id: &str) -> ThreadQuery {
    ThreadQuery { thread: id.to_owned(), folder: None, label: None, position: Position::Skip(0), limit: 25 }
}
