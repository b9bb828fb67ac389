//! What Gmail is asked for: labels, and the words of its search box (Gmail help, "Refine searches in Gmail"). What can be
//! judged by the labels and the time of a message is judged here too, because a message may change between two requests.

use time::Date;

use super::{
    address::{Query, segment},
    place::{ALL_MAIL, DRAFT, INBOX, SENT, SPAM, STARRED, TRASH, UNREAD, is_systems, kind_of},
};
use crate::{
    platform::clock::Timestamp,
    providers::mailbox::{
        Clause, FolderKind, MailError, MailProblem, Message, MessageQuery, Phrase, SearchQuery,
    },
};

const NO_INLINE: &str = "inlinedMails: Gmail lists no messages by inline pictures";
const ONE_FOLDER: &str = "includesent: Gmail lists sent messages only beside those of the inbox, the trash, the spam or the \
                          drafts";

/// Which messages belong to a list, as far as their labels and times tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conditions {
    /// Labels that a message must have.
    all: Vec<String>,
    /// Labels of which it must have one, if there are any.
    some: Vec<String>,
    /// Labels that it must not have.
    none: Vec<&'static str>,
    /// The first second in which it may have been received, and the first one behind the last.
    from: Option<i64>,
    before: Option<i64>,
}

impl Conditions {
    /// Whether a message with these labels is in the list.
    pub(super) fn hold(&self, labels: &[&str], message: &Message) -> bool {
        let has = |label: &str| labels.contains(&label);
        let second = message.received_at.map(Timestamp::seconds);
        let is_within = |second: i64| {
            self.from.is_none_or(|from| from <= second) && self.before.is_none_or(|before| second < before)
        };
        self.all.iter().all(|label| has(label))
            && (self.some.is_empty() || self.some.iter().any(|label| has(label)))
            && !self.none.iter().any(|label| has(label))
            && second.is_none_or(is_within)
    }
}

/// A list of messages to ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// The clauses of `q`.
    words: Vec<String>,
    labels: Vec<String>,
    /// Whether messages in trash and spam are found too.
    has_hidden: bool,
    pub conditions: Conditions,
}

impl Asked {
    /// The parameters.
    pub(super) fn query(&self) -> Query {
        let mut query = Query::default();
        if !self.words.is_empty() {
            query = query.with("q", &self.words.join(" "));
        }
        for label in &self.labels {
            query = query.with("labelIds", label);
        }
        if self.has_hidden { query.with("includeSpamTrash", "true") } else { query }
    }

    /// Those with this label.
    fn require(&mut self, label: &str) {
        self.labels.push(label.to_owned());
        self.conditions.all.push(label.to_owned());
    }

    /// Those with or without a label for which the search box has a word.
    fn choose(&mut self, is: Option<bool>, label: &'static str, word: &str) {
        match is {
            None => {}
            Some(true) => self.require(label),
            Some(false) => {
                self.words.push(format!("-{word}"));
                self.conditions.none.push(label);
            }
        }
    }

    /// Those of a folder; without one, those of all folders but trash, spam and drafts.
    fn within(&mut self, folder: Option<&str>, includes_sent: bool) -> Result<(), MailError> {
        let Some(folder) = folder else {
            self.conditions.none.extend([TRASH, SPAM]);
            self.choose(Some(false), DRAFT, "in:draft");
            return Ok(());
        };
        segment(folder)?;
        let kind = kind_of(folder);
        if kind == FolderKind::User && is_systems(folder) {
            return Err(MailProblem::NotFound.into());
        }
        self.has_hidden = matches!(folder, TRASH | SPAM);
        for hidden in [TRASH, SPAM] {
            // Gmail leaves out both, or neither.
            if folder != hidden {
                self.conditions.none.push(hidden);
                if self.has_hidden {
                    self.words.push(format!("-{}", word_of(hidden)));
                }
            }
        }
        match folder {
            ALL_MAIL => {}
            _ if !includes_sent || folder == SENT => self.require(folder),
            _ if kind == FolderKind::User => return Err(MailProblem::NotSupported(ONE_FOLDER).into()),
            _ => {
                self.words.insert(0, format!("{{{} {}}}", word_of(folder), word_of(SENT)));
                self.conditions.some.extend([folder.to_owned(), SENT.to_owned()]);
            }
        }
        Ok(())
    }
}

/// The word for a folder of the system.
fn word_of(folder: &str) -> &'static str {
    match folder {
        INBOX => "in:inbox",
        SENT => "in:sent",
        TRASH => "in:trash",
        SPAM => "in:spam",
        _ => "in:draft",
    }
}

/// What a list asks for.
///
/// # Errors
/// [`MailProblem::NotSupported`] for a condition that Gmail has not; [`MailProblem::NotFound`] for a folder or a label
/// that cannot exist.
pub(super) fn of_list(query: &MessageQuery) -> Result<Asked, MailError> {
    if query.has_inline.is_some() {
        return Err(MailProblem::NotSupported(NO_INLINE).into());
    }
    let mut asked = Asked::default();
    asked.within(query.folder.as_deref(), query.includes_sent)?;
    if let Some(label) = &query.label {
        segment(label)?;
        if is_systems(label) {
            return Err(MailProblem::NotFound.into());
        }
        asked.require(label);
    }
    asked.choose(query.is_read.map(|is_read| !is_read), UNREAD, "is:unread");
    asked.choose(query.is_flagged, STARRED, "is:starred");
    asked.words.extend(query.has_attachment.map(attachment));
    Ok(asked)
}

/// What a search asks for.
///
/// # Errors
/// [`MailProblem::InvalidValue`] for a search without clauses and dates, and those of [`of_list`].
pub(super) fn of_search(query: &SearchQuery) -> Result<Asked, MailError> {
    if query.clauses.is_empty() && query.received.is_none() {
        return Err(MailProblem::InvalidValue("mailQry").into());
    }
    let mut asked = Asked::default();
    asked.within(query.folder.as_deref(), false)?;
    if let Some(range) = query.received {
        asked.received(range.first, range.last);
    }
    for clause in &query.clauses {
        match clause {
            // Gmail searches both in the same field.
            Clause::Sender(phrase) | Clause::SenderName(phrase) => asked.phrase("from:", phrase),
            Clause::To(phrase) => asked.phrase("to:", phrase),
            Clause::Cc(phrase) => asked.phrase("cc:", phrase),
            Clause::Bcc(phrase) => asked.phrase("bcc:", phrase),
            Clause::Subject(phrase) => asked.phrase("subject:", phrase),
            // Words without a field are looked for everywhere: Gmail has no field for the body alone.
            Clause::Content(phrase) => asked.phrase("", phrase),
            Clause::AttachmentName(phrase) => asked.phrase("filename:", phrase),
            // Gmail knows one time of a message: when it took it, which is that of sending for a sent message.
            Clause::SentOn(date) | Clause::ReceivedOn(date) => asked.received(*date, *date),
            Clause::HasAttachment(has) => asked.words.push(attachment(*has)),
        }
    }
    Ok(asked)
}

fn attachment(has: bool) -> String {
    if has { "has:attachment" } else { "-has:attachment" }.to_owned()
}

impl Asked {
    /// Those with a phrase in a field. It has no quotation mark, so that nothing in it is an operator.
    fn phrase(&mut self, field: &str, phrase: &Phrase) {
        self.words.push(format!("{field}\"{}\"", phrase.as_str()));
    }

    /// Those of these days in UTC, both included. Gmail takes seconds too, and days would be those of the mailbox's time
    /// zone. No page says whether the second behind `after:` is included: the second before is asked for, and judged here.
    fn received(&mut self, first: Date, last: Date) {
        let from = first.midnight().assume_utc().unix_timestamp();
        let last = last.midnight().assume_utc().unix_timestamp();
        let before = last.saturating_add(24 * 60 * 60);
        // Every message is later than a time below zero.
        if from > 1 {
            self.words.push(format!("after:{}", from.saturating_sub(1)));
        }
        self.words.push(format!("before:{}", before.max(1)));
        let conditions = &mut self.conditions;
        conditions.from = Some(conditions.from.map_or(from, |known| known.max(from)));
        conditions.before = Some(conditions.before.map_or(before, |known| known.min(before)));
    }
}

#[cfg(test)]
mod tests;
