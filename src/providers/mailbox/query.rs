//! What callers ask of a list of messages or a search.

use time::Date;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    NewestFirst,
    OldestFirst,
}

/// Where a part of a list begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// Behind this number of items.
    Skip(u32),
    /// Behind an earlier part: its `next`.
    After(String),
}

impl Default for Position {
    fn default() -> Self {
        Self::Skip(0)
    }
}

/// Which messages are listed. All conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageQuery {
    /// `None`: all folders but trash, spam and drafts.
    pub folder: Option<String>,
    /// Whether sent messages are listed beside those of the folder.
    pub includes_sent: bool,
    /// The id of a label that the messages must have.
    pub label: Option<String>,
    pub is_read: Option<bool>,
    pub has_attachment: Option<bool>,
    /// Whether a part of the message is shown within its body. A provider that cannot list by it refuses any value.
    pub has_inline: Option<bool>,
    pub is_flagged: Option<bool>,
    pub order: Order,
    pub position: Position,
    /// From 1 to 200.
    pub limit: u32,
}

/// Which messages of a thread are listed, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadQuery {
    /// The id of the thread.
    pub thread: String,
    /// `None`: all folders but trash and drafts.
    pub folder: Option<String>,
    /// The id of a label that the messages must have.
    pub label: Option<String>,
    pub position: Position,
    /// From 1 to 200.
    pub limit: u32,
}

/// Which drafts are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftQuery {
    pub order: Order,
    pub position: Position,
    /// From 1 to 200.
    pub limit: u32,
}

/// Maximum number of characters of a [`Phrase`].
pub const MAX_PHRASE: usize = 256;

/// Words to look for in this order. They cannot contain what separates or ends a clause in any provider's search
/// language, so that no value adds a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase(String);

impl Phrase {
    /// Reads a phrase. `None` if it is empty, longer than [`MAX_PHRASE`] characters, or has a quotation mark, a
    /// backslash or a control character.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_sound = !text.is_empty()
            && text.chars().count() <= MAX_PHRASE
            // Some programs read the typographic quotation marks as the plain one.
            && !text.chars().any(|c| matches!(c, '"' | '\\' | '\u{201c}'..='\u{201f}' | '\u{ff02}') || c.is_control());
        is_sound.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One condition of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    /// The address of the sender, or a part of it.
    Sender(Phrase),
    SenderName(Phrase),
    To(Phrase),
    Cc(Phrase),
    Bcc(Phrase),
    Subject(Phrase),
    Content(Phrase),
    AttachmentName(Phrase),
    SentOn(Date),
    ReceivedOn(Date),
    HasAttachment(bool),
}

/// Days in UTC, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    pub first: Date,
    pub last: Date,
}

/// A search. All clauses must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery {
    pub clauses: Vec<Clause>,
    /// When the messages were received.
    pub received: Option<DateRange>,
    /// `None`: all folders but trash, spam and drafts.
    pub folder: Option<String>,
    pub position: Position,
    /// From 1 to 200.
    pub limit: u32,
}
