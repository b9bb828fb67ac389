//! Searches. They are lists with words for Gmail's search box, and have no limit of results.

use super::{
    list::{Plan, page},
    q,
    request::Google,
};
use crate::providers::mailbox::{MailError, MessagePage, Order, SearchQuery};

/// A page of what a search finds, newest first.
pub(super) async fn search(google: &Google<'_>, query: &SearchQuery) -> Result<MessagePage, MailError> {
    let plan = Plan::of_messages(q::of_search(query)?, Order::NewestFirst);
    page(google, &plan, &query.position, query.limit).await
}
