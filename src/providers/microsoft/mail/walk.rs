//! Reads messages in order of time, from one or more lists of Graph as if they were one, within a budget.

use std::collections::VecDeque;

use super::{
    address::Query,
    conditions::Conditions,
    place::{Place, Threads},
    read::{messages, next_link},
    request::{Graph, Json, MAIL_READ},
};
use crate::providers::mailbox::{MailError, MailProblem, Message, Order};

/// Maximum number of messages on one page of Graph.
pub(super) const MAX_TOP: usize = 1000;

/// The properties that conditions and places need.
pub(super) const FEW: &str =
    "id,receivedDateTime,parentFolderId,conversationId,isRead,isDraft,flag,hasAttachments,categories";
/// The properties of a message without its body.
pub(super) const ALL: &str = "id,receivedDateTime,parentFolderId,conversationId,isRead,isDraft,flag,hasAttachments,\
    categories,internetMessageId,subject,bodyPreview,sentDateTime,importance,from,sender,toRecipients,ccRecipients,\
    bccRecipients,replyTo";
/// The size, which is no property of Graph but one of MAPI (MS-OXPROPS 2.797, `PidTagMessageSize`).
pub(super) const SIZE: &str = "singleValueExtendedProperties($filter=id eq 'LONG 0x0E08')";

/// Whether Graph cannot combine a filter with the order.
pub(super) fn is_inefficient(error: &MailError) -> bool {
    let code = error.provider.as_ref().and_then(|answer| answer.code.as_deref());
    code.is_some_and(|code| code.eq_ignore_ascii_case("InefficientFilter"))
}

/// Which messages are wanted of those that are read.
pub(super) struct Wanted {
    pub conditions: Conditions,
    /// Of each thread only the first message, if there is a list of threads.
    pub threads: Option<Threads>,
}

impl Wanted {
    fn has(&self, message: &Message) -> bool {
        let is_first = |threads: &Threads| !threads.has(thread_of(message));
        self.conditions.hold(message) && self.threads.as_ref().is_none_or(is_first)
    }

    /// Notes that a message was read, and says whether it is wanted.
    fn take(&mut self, message: &Message) -> bool {
        let is_wanted = self.has(message);
        if let Some(threads) = &mut self.threads
            && self.conditions.hold(message)
        {
            threads.note(thread_of(message));
        }
        is_wanted
    }
}

/// The id of the thread. A message without one is a thread of its own.
fn thread_of(message: &Message) -> &str {
    message.thread.as_deref().unwrap_or(&message.id)
}

/// How to read.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    pub order: Order,
    /// The properties of the messages.
    pub select: &'static str,
    /// The number of messages to ask for at a time.
    pub top: usize,
    /// The number of messages after which reading ends.
    pub budget: usize,
}

/// How a walk has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The wanted number of messages was found. There may be more.
    Found,
    /// There are no more messages.
    OfList,
    /// As many messages were read as the budget allows.
    OfBudget,
}

/// One list of Graph.
struct Source {
    path: String,
    next: Next,
    page: VecDeque<Message>,
}

enum Next {
    /// The first page, behind this number of messages.
    First {
        skip: u32,
    },
    Link(String),
    None,
}

/// Asks Graph for pages.
struct Reader<'a> {
    graph: Graph<'a>,
    pace: Pace,
    /// Whether Graph judges the conditions. If it has refused, they are judged here.
    is_filtering: bool,
    asks_size: bool,
}

impl Reader<'_> {
    /// Fills the page of a source; false if the budget is spent.
    async fn fill(
        &mut self,
        source: &mut Source,
        place: &Place,
        conditions: &Conditions,
    ) -> Result<bool, MailError> {
        while source.page.is_empty() {
            let answer = match &source.next {
                Next::None => return Ok(true),
                Next::Link(_) if self.pace.budget < self.pace.top => return Ok(false),
                _ if self.pace.budget == 0 => return Ok(false),
                Next::First { skip } => self.first(&source.path, *skip, place, conditions).await?,
                Next::Link(link) => self.graph.follow(MAIL_READ, link).await?,
            };
            let read = messages(&answer)?;
            // An empty page counts too, so that a list of them ends.
            self.pace.budget = self.pace.budget.saturating_sub(read.len().max(1));
            source.next = next_link(&answer).map_or(Next::None, Next::Link);
            let order = self.pace.order;
            source.page.extend(read.into_iter().filter(|message| !place.is_behind(message, order)));
        }
        Ok(true)
    }

    async fn first(
        &mut self,
        path: &str,
        skip: u32,
        place: &Place,
        conditions: &Conditions,
    ) -> Result<Json, MailError> {
        loop {
            let address = self.address(path, skip, place, conditions);
            let error = match self.graph.get(MAIL_READ, &address).await {
                Err(error) if error.problem == MailProblem::Refused => error,
                answer => return answer,
            };
            let is_inefficient = is_inefficient(&error);
            if is_inefficient && self.is_filtering && skip == 0 {
                self.is_filtering = false;
            } else if !is_inefficient && self.asks_size {
                // No page of Microsoft promises that a list has this property.
                self.asks_size = false;
            } else {
                return Err(error);
            }
        }
    }

    fn address(&self, path: &str, skip: u32, place: &Place, conditions: &Conditions) -> String {
        let Pace { order, select, top, .. } = self.pace;
        let direction = match order {
            Order::NewestFirst => "receivedDateTime desc",
            Order::OldestFirst => "receivedDateTime asc",
        };
        let judged = if self.is_filtering { conditions.filter() } else { String::new() };
        let top = top.saturating_add(place.overlap()).clamp(1, MAX_TOP);
        let mut query = Query::default()
            .with("$select", select)
            .with("$filter", &format!("{}{judged}", place.filter(order)))
            .with("$orderby", direction)
            .with("$top", &top.to_string());
        if skip > 0 {
            query = query.with("$skip", &skip.to_string());
        }
        if self.asks_size {
            query = query.with("$expand", SIZE);
        }
        query.on(path)
    }
}

/// A way through one or more lists, from the place where an earlier one has ended.
pub(super) struct Walk<'a> {
    reader: Reader<'a>,
    sources: Vec<Source>,
    pub place: Place,
}

impl<'a> Walk<'a> {
    /// `skip`: the number of messages that Graph leaves out; only for one list, at its beginning.
    pub(super) fn begin(graph: Graph<'a>, paths: &[String], start: Place, pace: Pace, skip: u32) -> Self {
        let source =
            |path: &String| Source { path: path.clone(), next: Next::First { skip }, page: VecDeque::new() };
        let reader = Reader { graph, pace, is_filtering: true, asks_size: pace.select == ALL };
        Self { reader, sources: paths.iter().map(source).collect(), place: start }
    }

    /// Reads until `limit` wanted messages are found, and leaves out the first `skip`.
    pub(super) async fn collect(
        &mut self,
        wanted: &mut Wanted,
        mut skip: u32,
        limit: usize,
    ) -> Result<(Vec<Message>, End), MailError> {
        let mut found = Vec::new();
        while found.len() < limit || skip > 0 {
            for source in &mut self.sources {
                if !self.reader.fill(source, &self.place, &wanted.conditions).await? {
                    return Ok((found, End::OfBudget));
                }
            }
            let Some(message) = self.pop() else { return Ok((found, End::OfList)) };
            self.place.note(&message);
            if !wanted.take(&message) {
                continue;
            }
            if skip > 0 {
                skip -= 1;
            } else {
                found.push(message);
            }
        }
        let has_more = self.sources.iter().any(|source| !matches!(source.next, Next::None))
            || self.sources.iter().flat_map(|source| &source.page).any(|message| wanted.has(message));
        Ok((found, if has_more { End::Found } else { End::OfList }))
    }

    /// The next message of all lists.
    fn pop(&mut self) -> Option<Message> {
        let order = self.reader.pace.order;
        let first = self.sources.iter_mut().filter(|source| !source.page.is_empty()).reduce(|one, other| {
            let [at, later] =
                [&one, &other].map(|source| source.page.front().and_then(|first| first.received_at));
            let is_later = match order {
                Order::NewestFirst => later > at,
                Order::OldestFirst => later < at,
            };
            if is_later { other } else { one }
        });
        first?.page.pop_front()
    }
}
