//! The behaviours that every provider's mailbox must have, at the trait `Mailbox`, over a fake of the provider's API with
//! state. `world` has the fakes; `reading`, `changing`, `contacts` and `sending` have the behaviours.

mod changing;
mod contacts;
mod reading;
mod sending;
mod world;

use base64::{Engine, engine::general_purpose::STANDARD};
use mail360::providers::mailbox::{
    FolderKind, Message, MessageChange, MessagePage, MessageQuery, Order, Position,
};

pub use self::world::Company;
use self::world::{Bench, FIRST, Letter};

/// A message with this number and its number in the subject, a minute after the one before.
fn letter(number: i64) -> Letter {
    let raw = format!(
        "From: Ada <ada@example.test>\r\nTo: grace@example.test\r\nSubject: Number {number}\r\n\
         Message-ID: <number-{number}@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
         \r\nThis is number {number}.\r\n"
    );
    Letter { raw, place: FolderKind::Inbox, is_read: false, is_flagged: false, second: FIRST + number * 60 }
}

/// A message that answers another one.
fn answer(number: i64, original: i64) -> Letter {
    let plain = letter(number);
    let fields =
        format!("In-Reply-To: <number-{original}@example.test>\r\nSubject: Re: Number {original}\r\n");
    Letter { raw: plain.raw.replace(&format!("Subject: Number {number}\r\n"), &fields), ..plain }
}

/// A message with a file.
fn with_file(bytes: &[u8]) -> Letter {
    let mut message = letter(9);
    let lines: Vec<String> = STANDARD
        .encode(bytes)
        .as_bytes()
        .chunks(76)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    message.raw = format!(
        "From: Ada <ada@example.test>\r\nTo: grace@example.test\r\nSubject: A file\r\n\
         Message-ID: <file@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n\
         --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"r.pdf\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        lines.join("\r\n")
    );
    message
}

impl Bench {
    /// Puts messages into the inbox, the oldest first, and gives their ids.
    fn deliver(&self, count: i64) -> Vec<String> {
        (0..count).map(|number| self.world.deliver(&letter(number))).collect()
    }

    /// All messages of a list, read in parts of this size.
    async fn walk(&self, query: &MessageQuery, limit: u32) -> Vec<Message> {
        let mut query = MessageQuery { limit, ..query.clone() };
        let mut found = Vec::new();
        loop {
            let page = self.list(&query).await;
            assert!(
                page.messages.len() <= usize::try_from(limit).expect("a number"),
                "a part that is too large"
            );
            found.extend(page.messages);
            match page.next {
                Some(next) => query.position = Position::After(next),
                None => return found,
            }
        }
    }

    async fn list(&self, query: &MessageQuery) -> MessagePage {
        self.mailbox.list_messages(&self.call(), query).await.expect("a page")
    }

    async fn get(&self, id: &str) -> Message {
        self.mailbox.get_message(&self.call(), id).await.expect("a message")
    }

    /// Changes one message, twice: a change that was made already succeeds.
    async fn change(&self, id: &str, change: MessageChange) {
        for _ in 0..2 {
            let changed = self.mailbox.change_messages(&self.call(), &[id.to_owned()], &change).await;
            let changed = changed.expect("an answer");
            assert!(changed.len() == 1 && changed[0].id == id, "{changed:?}");
            assert_eq!(changed[0].error, None, "{change:?}");
        }
    }

    /// The id of the folder for a purpose.
    async fn folder(&self, kind: FolderKind) -> String {
        let folders = self.mailbox.list_folders(&self.call()).await.expect("folders");
        folders.into_iter().find(|folder| folder.kind == kind).expect("the folder").id
    }
}

fn query() -> MessageQuery {
    MessageQuery { limit: 200, ..MessageQuery::default() }
}

fn within(folder: &str) -> MessageQuery {
    MessageQuery { folder: Some(folder.to_owned()), ..query() }
}

fn in_order(order: Order) -> MessageQuery {
    MessageQuery { order, ..query() }
}

fn ids(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.id.as_str()).collect()
}
