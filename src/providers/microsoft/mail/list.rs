//! Lists of messages and of drafts.

use super::{
    address::segment,
    conditions::Conditions,
    folders,
    place::{self, Place},
    request::Graph,
    walk::{ALL, End, FEW, MAX_TOP, Pace, Walk, Wanted, is_inefficient},
};
use crate::providers::mailbox::{
    DraftQuery, FolderKind, MailError, MailProblem, Message, MessagePage, MessageQuery, Order, Position,
};

/// Maximum number of messages that one call reads from Graph.
pub(super) const MAX_READ: usize = 2_000;
/// Maximum number of messages that one call passes over on its way to the first one, with few properties of each.
const MAX_PASSED: usize = 15_000;
/// The least number of messages to ask for where conditions are judged here.
const LEAST_TOP: usize = 50;

/// Where the messages of a list are.
pub(super) struct Plan {
    /// The lists of Graph.
    pub paths: Vec<String>,
    pub conditions: Conditions,
}

/// Which lists of Graph a query needs.
pub(super) async fn plan(graph: &Graph<'_>, query: &MessageQuery) -> Result<Plan, MailError> {
    if query.has_inline.is_some() {
        return Err(
            MailProblem::NotSupported("inlinedMails: Outlook lists no messages by inline pictures").into()
        );
    }
    let mut conditions = Conditions::of(query)?;
    let Some(folder) = &query.folder else {
        conditions.excluded = folders::hidden(graph).await?.all();
        return Ok(Plan { paths: vec!["/me/messages".to_owned()], conditions });
    };
    let path = |id: &str| Ok::<_, MailError>(format!("/me/mailFolders/{}/messages", segment(id)?));
    let mut paths = vec![path(folder)?];
    if query.includes_sent {
        let system = folders::system(graph).await?;
        let sent = system.id_of(FolderKind::Sent).filter(|sent| sent != folder);
        paths.extend(sent.map(path).transpose()?);
    }
    Ok(Plan { paths, conditions })
}

/// A page of the messages of a query.
pub(super) async fn messages(graph: &Graph<'_>, query: &MessageQuery) -> Result<MessagePage, MailError> {
    let plan = plan(graph, query).await?;
    page(graph, plan, query.order, &query.position, query.limit).await
}

/// A page of the drafts.
pub(super) async fn drafts(graph: &Graph<'_>, query: &DraftQuery) -> Result<MessagePage, MailError> {
    let conditions = Conditions { is_draft: Some(true), ..Conditions::default() };
    let plan = Plan { paths: vec!["/me/mailFolders/drafts/messages".to_owned()], conditions };
    page(graph, plan, query.order, &query.position, query.limit).await
}

async fn page(
    graph: &Graph<'_>,
    plan: Plan,
    order: Order,
    position: &Position,
    limit: u32,
) -> Result<MessagePage, MailError> {
    let Plan { paths, conditions } = plan;
    let is_for_graph = conditions.is_for_graph();
    let mut wanted = Wanted { conditions, threads: None };
    let limit = usize::try_from(limit).unwrap_or(MAX_READ).clamp(1, MAX_READ);
    // One more shows whether the list goes on.
    let more = limit.saturating_add(1);
    let top = if is_for_graph { more } else { more.max(LEAST_TOP) };
    let pace = Pace { order, select: ALL, top, budget: MAX_READ };
    let (mut start, skip) = match position {
        Position::After(text) => (place::read(text)?.0, 0),
        Position::Skip(skip) => (Place::default(), *skip),
    };
    if skip > 0 && paths.len() == 1 && is_for_graph {
        let mut walk = Walk::begin(*graph, &paths, start.clone(), pace, skip);
        match walk.collect(&mut wanted, 0, limit).await {
            Err(error) if is_inefficient(&error) => {}
            found => {
                let (messages, end) = found?;
                return Ok(finished(messages, end, &walk.place));
            }
        }
    }
    if skip > 0 {
        start = match pass_over(graph, &paths, start, pace, &mut wanted, skip).await? {
            Passed::To(end) => end,
            Passed::EndOfList => return Ok(MessagePage::default()),
        };
    }
    let mut walk = Walk::begin(*graph, &paths, start, pace, 0);
    let (messages, end) = walk.collect(&mut wanted, 0, limit).await?;
    Ok(finished(messages, end, &walk.place))
}

/// Where a call is that has passed over messages.
pub(super) enum Passed {
    /// Behind the last of them.
    To(Place),
    /// The list has no more.
    EndOfList,
}

/// Passes over the first `skip` wanted messages, of which few properties are read.
///
/// # Errors
/// [`MailProblem::InvalidValue`] if more than [`MAX_PASSED`] messages would have to be read for it.
pub(super) async fn pass_over(
    graph: &Graph<'_>,
    paths: &[String],
    start: Place,
    pace: Pace,
    wanted: &mut Wanted,
    skip: u32,
) -> Result<Passed, MailError> {
    let pace = Pace { select: FEW, top: MAX_TOP, budget: MAX_PASSED, ..pace };
    let mut walk = Walk::begin(*graph, paths, start, pace, 0);
    match walk.collect(wanted, skip, 0).await?.1 {
        End::Found => Ok(Passed::To(walk.place)),
        End::OfList => Ok(Passed::EndOfList),
        End::OfBudget => {
            Err(MailProblem::InvalidValue("start: Too many messages are before it. Use the cursor.").into())
        }
    }
}

fn finished(messages: Vec<Message>, end: End, place: &Place) -> MessagePage {
    let next = (end != End::OfList).then(|| place::write(place, None));
    MessagePage { messages, next }
}
