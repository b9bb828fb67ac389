//! Searches. The ids that `$search` answers change when a message is moved, because it ignores the preference for others
//! (graph-mail, rule 1). So they are never given out: what was found is read again by its Message-ID.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    address::{Query, literal, segment},
    folders, kql,
    messages::get_expanded,
    read::{self, listed, next_link, owned},
    request::{Graph, MAIL_READ},
    walk::{ALL, SIZE},
};
use crate::providers::mailbox::{MailError, MailProblem, Message, MessagePage, Position, SearchQuery};

/// The largest number of results that Graph gives (Microsoft Graph, "Use the $search query parameter").
pub(super) const MAX_RESULTS: u32 = 1_000;
/// The least number of results to ask for where results in hidden folders are left out here.
const LEAST_TOP: u32 = 50;
/// Maximum number of messages that one request reads again.
const MAX_AGAIN: usize = 15;
/// Maximum number of pages for one of these requests. A Message-ID may have several copies.
const MAX_PAGES: usize = 5;

/// Refuses a cursor whose search Graph has forgotten.
const FORGOTTEN: &str = "cursor: The provider has forgotten this search. Begin again without it.";

/// What a search found: enough to find it again.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hit {
    internet_message_id: Option<String>,
    folder: Option<String>,
}

impl Hit {
    fn read(value: &Value) -> Self {
        Self {
            internet_message_id: owned(value, "internetMessageId"),
            folder: owned(value, "parentFolderId"),
        }
    }
}

/// Where a search goes on: an address of Graph, and the number of its results that are behind.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Further {
    u: String,
    n: usize,
}

/// A page of what a search finds, newest first.
pub(super) async fn search(graph: &Graph<'_>, query: &SearchQuery) -> Result<MessagePage, MailError> {
    let limit = count(query.limit).max(1);
    let (url, passed, skip) = match &query.position {
        Position::Skip(skip) if *skip >= MAX_RESULTS => {
            return Err(MailProblem::InvalidValue("start: a search has at most 1,000 results").into());
        }
        Position::Skip(skip) => {
            let least = if query.folder.is_none() { LEAST_TOP } else { 1 };
            let top = skip.saturating_add(query.limit).clamp(least, MAX_RESULTS);
            (first(graph, query, top)?, 0, count(*skip))
        }
        Position::After(text) => {
            let further: Option<Further> = serde_json::from_str(text).ok();
            let further = further.ok_or_else(|| MailError::from(MailProblem::InvalidValue("cursor")))?;
            (further.u, further.n, 0)
        }
    };
    // A search of Graph finds deleted mail, spam and drafts too, which a list leaves out.
    let hidden = match query.folder {
        None => folders::hidden(graph).await?.all(),
        Some(_) => Vec::new(),
    };
    let wanted = Hits { hidden, passed, skip, limit };
    let is_first = matches!(query.position, Position::Skip(_));
    let found = match wanted.read(graph, url.clone()).await {
        // Graph has forgotten a search that has only begun.
        Err(error) if is_first && is_stale(&error) => wanted.read(graph, url).await,
        found => found,
    };
    let (hits, next) = found.map_err(|error| forgotten(error, is_first))?;
    let messages = read_again(graph, &hits).await?;
    let left_out = hits.len().saturating_sub(messages.len());
    if left_out > 0 {
        tracing::info!(left_out, "results of a search have no id that survives a move");
    }
    let next = next.and_then(|further| serde_json::to_string(&further).ok());
    Ok(MessagePage { messages, next })
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn first(graph: &Graph<'_>, query: &SearchQuery, top: u32) -> Result<String, MailError> {
    let search = kql::written(query).ok_or_else(|| MailError::from(MailProblem::InvalidValue("mailQry")))?;
    let path = match &query.folder {
        None => "/me/messages".to_owned(),
        Some(folder) => format!("/me/mailFolders/{}/messages", segment(folder)?),
    };
    // Neither an order nor a filter may be beside it.
    let query = Query::default()
        .with("$search", &search)
        .with("$select", "id,internetMessageId,parentFolderId")
        .with("$top", &top.to_string());
    Ok(graph.url(&query.on(&path)))
}

/// Which results are read.
struct Hits {
    /// Ids of folders whose messages are left out.
    hidden: Vec<String>,
    /// The number of results of the first address that are behind, also those that were left out.
    passed: usize,
    /// The number of results to leave out, besides those in hidden folders.
    skip: usize,
    limit: usize,
}

impl Hits {
    /// The results from this address on, and where the others are.
    async fn read(
        &self,
        graph: &Graph<'_>,
        mut url: String,
    ) -> Result<(Vec<Hit>, Option<Further>), MailError> {
        let (mut passed, mut skip) = (self.passed, self.skip);
        let mut hits: Vec<Hit> = Vec::new();
        // The longest way: one result on each page.
        for _ in 0..MAX_RESULTS {
            let answer = graph.follow(MAIL_READ, &url).await?;
            for (at, value) in listed(&answer)?.iter().enumerate().skip(passed) {
                if hits.len() >= self.limit {
                    return Ok((hits, Some(Further { u: url, n: at })));
                }
                let hit = Hit::read(value);
                if hit.folder.as_ref().is_some_and(|folder| self.hidden.contains(folder)) {
                    continue;
                }
                if skip > 0 {
                    skip -= 1;
                } else {
                    hits.push(hit);
                }
            }
            passed = 0;
            let Some(link) = next_link(&answer) else { return Ok((hits, None)) };
            if hits.len() >= self.limit {
                return Ok((hits, Some(Further { u: link, n: 0 })));
            }
            url = link;
        }
        Ok((hits, None))
    }
}

/// Whether Graph has forgotten a search, which it does after a while.
fn is_stale(error: &MailError) -> bool {
    let code = error.provider.as_ref().and_then(|answer| answer.code.as_deref());
    code.is_some_and(|code| code.eq_ignore_ascii_case("ErrorExecuteSearchStaleData"))
}

/// The error for a caller whose search was forgotten. At the first call of a search the caller has done nothing wrong.
fn forgotten(error: MailError, is_first: bool) -> MailError {
    if !is_stale(&error) {
        return error;
    }
    let problem = if is_first { MailProblem::Unavailable } else { MailProblem::InvalidValue(FORGOTTEN) };
    MailError { problem, ..error }
}

/// The messages that were found, in the same order, with ids that survive a move. A message that is not found again is
/// left out.
async fn read_again(graph: &Graph<'_>, hits: &[Hit]) -> Result<Vec<Message>, MailError> {
    let mut messages = Vec::new();
    for part in hits.chunks(MAX_AGAIN) {
        let mut ids: Vec<_> = part.iter().filter_map(|hit| hit.internet_message_id.as_deref()).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            continue;
        }
        let is = |id: &&str| format!("internetMessageId eq {}", literal(id));
        let filter = ids.iter().map(is).collect::<Vec<_>>().join(" or ");
        let query = Query::default().with("$select", ALL).with("$filter", &filter).with("$top", "100");
        let mut answer = get_expanded(graph, "/me/messages", &query, &[SIZE]).await?;
        let mut copies = Vec::new();
        for _ in 0..MAX_PAGES {
            copies.extend(read::messages(&answer)?);
            let Some(link) = next_link(&answer) else { break };
            answer = graph.follow(MAIL_READ, &link).await?;
        }
        messages.extend(part.iter().filter_map(|hit| take(&mut copies, hit)));
    }
    Ok(messages)
}

/// Takes the message of a result out of the messages with its Message-ID: the one in its folder, and otherwise one that
/// was moved in the meantime.
fn take(copies: &mut Vec<Message>, hit: &Hit) -> Option<Message> {
    hit.internet_message_id.as_ref()?;
    let is_same = |copy: &Message| copy.internet_message_id == hit.internet_message_id;
    let at = copies.iter().position(|copy| is_same(copy) && copy.folder == hit.folder);
    let at = at.or_else(|| copies.iter().position(is_same))?;
    Some(copies.remove(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, internet_message_id: &str, folder: &str) -> Message {
        Message {
            id: id.to_owned(),
            internet_message_id: Some(internet_message_id.to_owned()),
            folder: Some(folder.to_owned()),
            ..Message::default()
        }
    }

    #[test]
    fn of_several_copies_the_one_in_the_folder_is_taken_and_each_only_once() {
        let hit = |id: Option<&str>, folder: &str| Hit {
            internet_message_id: id.map(str::to_owned),
            folder: Some(folder.to_owned()),
        };
        let mut copies =
            vec![message("1", "<a>", "sent"), message("2", "<a>", "inbox"), message("3", "<b>", "moved")];
        let mut taken = |hit: &Hit| take(&mut copies, hit).map(|message| message.id);
        assert_eq!(taken(&hit(Some("<a>"), "inbox")).as_deref(), Some("2"));
        assert_eq!(taken(&hit(Some("<a>"), "sent")).as_deref(), Some("1"));
        assert_eq!(taken(&hit(Some("<a>"), "inbox")), None);
        assert_eq!(taken(&hit(Some("<b>"), "inbox")).as_deref(), Some("3"));
        assert_eq!(taken(&hit(None, "inbox")), None);
    }
}
