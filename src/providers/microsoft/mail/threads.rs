//! Threads: the messages with one `conversationId`.

use serde::{Deserialize, Serialize};

use super::{
    address::{Query, literal, segment},
    folders, labels,
    list::{self, MAX_READ, Passed, Plan},
    messages::get_expanded,
    place::{self, Place, Threads},
    read::{self, next_link},
    request::{Graph, MAIL_READ},
    walk::{ALL, End, Pace, SIZE, Walk, Wanted},
};
use crate::{
    platform::clock::Timestamp,
    providers::mailbox::{
        MailError, MailProblem, Message, MessagePage, MessageQuery, Order, Position, ThreadQuery,
    },
};

/// How many messages to ask for at a time, for each wanted thread.
const MESSAGES_OF_THREAD: usize = 4;
/// How many messages of a thread to ask for at a time.
const TOP: &str = "200";
/// Maximum number of messages of a thread that are read.
const MAX_MESSAGES: usize = 2_000;
const TOO_MANY: &str = "The thread has more than 2,000 messages. List the messages of a folder, and choose those with this threadId.";

/// Of each thread of a query its newest message. One call reads at most [`MAX_READ`] messages for its page, and passes
/// over those before it with few properties of each.
pub(super) async fn list(graph: &Graph<'_>, query: &MessageQuery) -> Result<MessagePage, MailError> {
    if query.order != Order::NewestFirst {
        return Err(MailProblem::NotSupported("threads with the oldest first").into());
    }
    let Plan { paths, conditions } = list::plan(graph, query).await?;
    let limit = usize::try_from(query.limit).unwrap_or(MAX_READ).clamp(1, MAX_READ);
    let top = limit.saturating_mul(MESSAGES_OF_THREAD).clamp(50, 400);
    let pace = Pace { order: query.order, select: ALL, top, budget: MAX_READ };
    let (mut start, threads, skip) = match &query.position {
        Position::After(text) => {
            let (start, threads) = place::read(text)?;
            (start, threads, 0)
        }
        Position::Skip(skip) => (Place::default(), Threads::default(), *skip),
    };
    let mut wanted = Wanted { conditions, threads: Some(threads) };
    if skip > 0 {
        start = match list::pass_over(graph, &paths, start, pace, &mut wanted, skip).await? {
            Passed::To(end) => end,
            Passed::EndOfList => return Ok(MessagePage::default()),
        };
    }
    let mut walk = Walk::begin(*graph, &paths, start, pace, 0);
    let (messages, end) = walk.collect(&mut wanted, 0, limit).await?;
    let next = (end != End::OfList).then(|| place::write(&walk.place, wanted.threads.as_ref()));
    Ok(MessagePage { messages, next })
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

/// Messages of a thread, oldest first. Graph takes no order beside this filter, so each part reads the whole thread.
pub(super) async fn get(graph: &Graph<'_>, query: &ThreadQuery) -> Result<MessagePage, MailError> {
    // The id is no segment of a path here, but must have the same form.
    segment(&query.thread)?;
    let label = query.label.as_deref().map(|id| labels::name_of(id).map(|_| id)).transpose()?;
    let (last, skip) = match &query.position {
        Position::After(text) => (Some(Last::read(text)?), 0),
        Position::Skip(skip) => (None, usize::try_from(*skip).unwrap_or(usize::MAX)),
    };
    let hidden = match query.folder {
        None => folders::hidden(graph).await?.trash,
        Some(_) => Vec::new(),
    };
    let mut messages = all(graph, &query.thread, ALL, &[SIZE]).await?;
    if query.folder.is_none() {
        let is_trash = |folder: &String| hidden.contains(folder);
        messages.retain(|message| !message.is_draft && !message.folder.as_ref().is_some_and(is_trash));
    }
    // A thread of which the folder or the label has no message exists, and its list is empty.
    if messages.is_empty() {
        return Err(MailProblem::NotFound.into());
    }
    messages.retain(|message| {
        let is_there = query.folder.as_ref().is_none_or(|folder| message.folder.as_ref() == Some(folder));
        is_there && label.is_none_or(|id| message.labels.iter().any(|label| label == id))
    });
    messages.sort_by(|one, other| (one.received_at, &one.id).cmp(&(other.received_at, &other.id)));
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX).max(1);
    let is_behind = |message: &Message| last.as_ref().is_none_or(|last| last.is_before(message));
    let mut rest = messages.into_iter().filter(is_behind).skip(skip).peekable();
    let messages: Vec<_> = rest.by_ref().take(limit).collect();
    let last = messages.last().filter(|_| rest.peek().is_some()).map(Last::of);
    let next = last.and_then(|last| serde_json::to_string(&last).ok());
    Ok(MessagePage { messages, next })
}

/// All messages of a thread, in no order. `select` names their properties.
///
/// # Errors
/// [`MailProblem::TooMany`] if there are more than [`MAX_MESSAGES`]: a part would look like the whole.
pub(super) async fn all(
    graph: &Graph<'_>,
    thread: &str,
    select: &str,
    expansions: &[&str],
) -> Result<Vec<Message>, MailError> {
    let query = Query::default()
        .with("$select", select)
        .with("$filter", &format!("conversationId eq {}", literal(thread)))
        .with("$top", TOP);
    let mut answer = get_expanded(graph, "/me/messages", &query, expansions).await?;
    let mut messages = Vec::new();
    loop {
        messages.extend(read::messages(&answer)?);
        let Some(link) = next_link(&answer) else { return Ok(messages) };
        if messages.len() >= MAX_MESSAGES {
            return Err(MailProblem::TooMany(TOO_MANY).into());
        }
        answer = graph.follow(MAIL_READ, &link).await?;
    }
}
