//! Threads, as Gmail makes them.

use serde::{Deserialize, Serialize};

use super::{
    address::{Query, segment},
    json::items,
    list::{Plan, page},
    place::{self, ALL_MAIL, SPAM, TRASH},
    q, read,
    request::{Google, Json},
};
use crate::{
    platform::clock::Timestamp,
    providers::{
        google::permissions::GMAIL_READ,
        mailbox::{MailError, MailProblem, Message, MessagePage, MessageQuery, Order, Position, ThreadQuery},
    },
};

/// Of each thread of a query its newest message. The ids of the messages come with those of their threads, so that only
/// the messages that are listed are read.
pub(super) async fn list(google: &Google<'_>, query: &MessageQuery) -> Result<MessagePage, MailError> {
    if query.order != Order::NewestFirst {
        return Err(MailProblem::NotSupported("threads with the oldest first").into());
    }
    let plan = Plan { is_by_thread: true, ..Plan::of_messages(q::of_list(query)?, query.order) };
    page(google, &plan, &query.position, query.limit).await
}

/// The last message of an earlier part of a thread.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    /// When it was received, in microseconds since 1970.
    t: Option<i64>,
    /// Its id.
    i: String,
}

impl Last {
    fn of(message: &Message) -> Self {
        Self { t: message.received_at.map(Timestamp::micros), i: message.id.clone() }
    }

    fn read(text: &str) -> Result<Self, MailError> {
        serde_json::from_str(text).map_err(|_| MailProblem::InvalidValue("cursor").into())
    }

    fn is_before(&self, message: &Message) -> bool {
        (self.t, &self.i) < (message.received_at.map(Timestamp::micros), &message.id)
    }
}

/// What Gmail answers about a thread: its messages with these members.
///
/// # Errors
/// [`MailProblem::NotFound`] also for an id that no thread can have.
pub(super) async fn ask(
    google: &Google<'_>,
    thread: &str,
    format: &str,
    fields: &str,
) -> Result<Json, MailError> {
    let path = format!("/threads/{}", segment(thread)?);
    let query = Query::default().with("format", format).with("fields", &format!("id,messages({fields})"));
    google.get(GMAIL_READ, &google.gmail(&query.on(&path))).await
}

/// Messages of a thread, oldest first. Gmail answers a thread whole, so each part reads it again.
pub(super) async fn get(google: &Google<'_>, query: &ThreadQuery) -> Result<MessagePage, MailError> {
    let (last, skip) = match &query.position {
        Position::After(text) => (Some(Last::read(text)?), 0),
        Position::Skip(skip) => (None, usize::try_from(*skip).unwrap_or(usize::MAX)),
    };
    let answer = ask(google, &query.thread, "full", &read::fields()).await?;
    let is_shown = |labels: &[&str], message: &Message| match query.folder.as_deref() {
        None => !message.is_draft && !labels.contains(&TRASH),
        Some(_) => true,
    };
    let is_wanted = |labels: &[&str]| {
        let is_there = match query.folder.as_deref() {
            None => true,
            Some(ALL_MAIL) => !labels.contains(&TRASH) && !labels.contains(&SPAM),
            // What was thrown away keeps its other labels.
            Some(folder) if folder == TRASH || folder == SPAM => labels.contains(&folder),
            Some(folder) => labels.contains(&folder) && !labels.contains(&TRASH) && !labels.contains(&SPAM),
        };
        is_there && query.label.as_deref().is_none_or(|label| labels.contains(&label))
    };
    let mut exists = false;
    let mut messages = Vec::new();
    for value in items(&answer, "messages") {
        let labels = read::label_ids(value);
        let Some(message) = read::message(value).filter(|message| is_shown(&labels, message)) else {
            continue;
        };
        // A thread of which the folder or the label has no message exists, and its list is empty.
        exists = true;
        if is_wanted(&labels) {
            messages.push(message);
        }
    }
    if !exists {
        return Err(MailProblem::NotFound.into());
    }
    messages.sort_by(|one, other| (one.received_at, &one.id).cmp(&(other.received_at, &other.id)));
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX).max(1);
    let is_behind = |message: &Message| last.as_ref().is_none_or(|last| last.is_before(message));
    let mut rest = messages.into_iter().filter(is_behind).skip(skip).peekable();
    let mut messages: Vec<_> = rest.by_ref().take(limit).collect();
    let has_more = rest.peek().is_some();
    drop(rest);
    place::file(google, &mut messages).await?;
    let last = messages.last().filter(|_| has_more).map(Last::of);
    let next = last.and_then(|last| serde_json::to_string(&last).ok());
    Ok(MessagePage { messages, next })
}
