//! Lists of messages, of drafts and of threads: the ids are walked, and only the wanted messages are read.

use super::{
    address::Query,
    cursor::{Cursor, Threads},
    known, messages, place,
    q::{self, Asked, Conditions},
    request::Google,
    walk::{Items, MAX_PAGES, Walk},
};
use crate::providers::{
    google::units,
    mailbox::{
        DraftQuery, Limit, MailError, MailProblem, MessagePage, MessageQuery, Order, Position, Reserved,
    },
};

/// Maximum number of messages that one call reads.
const MAX_READ: usize = 250;
/// What a call needs besides: the changes of labels, and their names.
const OTHER_UNITS: usize = 20;
/// No call alone may use up the minute.
const _: () = assert!(
    MAX_PAGES * units::PAGE as usize + MAX_READ * units::MESSAGE as usize + OTHER_UNITS
        < units::LIMITS.units as usize
);

const TOO_FAR: &str = "start: Too many messages are before it. Use the cursor.";

/// What is listed, and how.
pub(super) struct Plan {
    pub items: Items,
    pub query: Query,
    pub conditions: Conditions,
    pub order: Order,
    /// Whether only the first message of each thread is listed.
    pub is_by_thread: bool,
}

impl Plan {
    pub(super) fn of_messages(asked: Asked, order: Order) -> Self {
        let query = asked.query();
        Self { items: Items::Messages, query, conditions: asked.conditions, order, is_by_thread: false }
    }
}

/// A page of the messages of a query.
pub(super) async fn messages(google: &Google<'_>, query: &MessageQuery) -> Result<MessagePage, MailError> {
    let plan = Plan::of_messages(q::of_list(query)?, query.order);
    page(google, &plan, &query.position, query.limit).await
}

/// A page of the drafts, with their own ids.
pub(super) async fn drafts(google: &Google<'_>, query: &DraftQuery) -> Result<MessagePage, MailError> {
    let plan = Plan {
        items: Items::Drafts,
        query: Query::default(),
        conditions: Conditions::default(),
        order: query.order,
        is_by_thread: false,
    };
    page(google, &plan, &query.position, query.limit).await
}

/// A page of a list. It may have fewer messages than `limit`, and a next one nevertheless, if many messages have changed
/// since their ids were read.
///
/// # Errors
/// [`MailProblem::InvalidValue`] if more ids than one call reads are before the page.
pub(super) async fn page(
    google: &Google<'_>,
    plan: &Plan,
    position: &Position,
    limit: u32,
) -> Result<MessagePage, MailError> {
    let limit = usize::try_from(limit).unwrap_or(MAX_READ).clamp(1, MAX_READ);
    let (cursor, mut threads, mut skip) = match position {
        Position::After(text) => {
            let (cursor, threads) = Cursor::read(text)?;
            (cursor, threads, 0)
        }
        Position::Skip(skip) => (Cursor::default(), Threads::default(), *skip),
    };
    let mut walk = Walk::begin(google, plan.items, plan.query.clone(), plan.order, &cursor).await?;
    let is_draft = plan.items == Items::Drafts;
    // A draft keeps its id while its content changes, and is not remembered.
    let state = if is_draft { None } else { known::refresh(google).await? };
    let mut found = Vec::new();
    let mut left = MAX_READ;
    while found.len() < limit && left > 0 {
        let most = limit.saturating_sub(found.len()).min(left);
        let mut wanted = Vec::new();
        while wanted.len() < most {
            let Some(entry) = walk.next().await? else { break };
            if plan.is_by_thread && !threads.note(&entry.thread) {
                continue;
            }
            if skip > 0 {
                skip = skip.saturating_sub(1);
            } else {
                wanted.push(entry.id);
            }
        }
        if wanted.is_empty() {
            break;
        }
        left = left.saturating_sub(wanted.len());
        let state = state.as_deref();
        let is_unknown = |id: &&String| state.is_none() || google.call.memory.known_message(id).is_none();
        set_aside(google, wanted.iter().filter(is_unknown).count()).await?;
        let reading: Vec<_> = wanted
            .iter()
            .map(|id| messages::of_list(google, id, is_draft, state, &plan.conditions))
            .collect();
        found.extend(google.join(reading).await?.into_iter().flatten());
    }
    let next = walk.cursor();
    if skip > 0 && next.is_some() {
        return Err(MailProblem::InvalidValue(TOO_FAR).into());
    }
    place::file(google, &mut found).await?;
    let threads = plan.is_by_thread.then_some(&threads);
    Ok(MessagePage { messages: found, next: next.map(|next| next.write(threads)) })
}

/// Makes sure that this number of messages can be read within the mailbox's quota.
async fn set_aside(google: &Google<'_>, messages: usize) -> Result<(), MailError> {
    let units = u32::try_from(messages).unwrap_or(u32::MAX).saturating_mul(units::MESSAGE);
    match google.call.http.reserve(units).await? {
        Reserved::All => Ok(()),
        Reserved::TooFew { left, retry_after } => {
            let limit = match left / units::MESSAGE {
                0 => Limit::Mailbox,
                fits => Limit::Page { fits },
            };
            Err(MailProblem::Throttled { limit, retry_after: Some(retry_after) }.into())
        }
    }
}
