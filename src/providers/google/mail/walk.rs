//! Reads the ids of a list page by page, 500 at a time, in Gmail's order: newest first. Gmail has no other order, so a
//! list from its end reads all ids first, which costs little.

use serde_json::Value;

use super::{
    address::Query,
    cursor::{Cursor, MAX_NEXT, PAGE},
    json::{items, owned},
    request::Google,
};
use crate::providers::{
    google::permissions::GMAIL_READ,
    mailbox::{MailError, MailProblem, Order},
};

/// Maximum number of pages that one call reads: 10,000 ids, as many as a list reaches without a cursor.
pub(super) const MAX_PAGES: usize = 20;
const OLDEST_FIRST: &str = "sortorder: Gmail lists the newest first, and this list has more than 10,000 messages. List them \
                            newest first, or give a folder or conditions.";
const FORGOTTEN: &str = "cursor: The provider has forgotten this list. Begin again without it.";

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Items {
    Messages,
    /// Drafts, by their own ids.
    Drafts,
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub id: String,
    /// The id of its thread. A message without one is a thread of its own.
    pub thread: String,
}

impl Entry {
    fn read(value: &Value) -> Option<Self> {
        let id = owned(value, "id")?;
        let thread = owned(value, "threadId").unwrap_or_else(|| id.clone());
        Some(Self { id, thread })
    }
}

/// One list of Gmail.
struct Source<'a> {
    google: Google<'a>,
    items: Items,
    query: Query,
}

impl Source<'_> {
    /// The entries of a page, and the name of the next one.
    async fn page(&self, page: Option<&str>) -> Result<(Vec<Entry>, Option<String>), MailError> {
        let name = match self.items {
            Items::Messages => "messages",
            Items::Drafts => "drafts",
        };
        let mut query = self.query.clone().with("maxResults", &PAGE.to_string());
        if let Some(page) = page {
            query = query.with("pageToken", page);
        }
        let answer = self.google.get(GMAIL_READ, &self.google.gmail(&query.on(&format!("/{name}")))).await?;
        let entries = items(&answer, name).iter().filter_map(Entry::read).collect();
        Ok((entries, owned(&answer, "nextPageToken")))
    }

    /// All entries, the last one first.
    async fn all_from_end(&self) -> Result<Vec<Entry>, MailError> {
        let mut all = Vec::new();
        let mut page = None;
        for _ in 0..MAX_PAGES {
            let (entries, next) = self.page(page.as_deref()).await?;
            all.extend(entries);
            page = next;
            if page.is_none() {
                all.reverse();
                return Ok(all);
            }
        }
        Err(MailProblem::NotSupported(OLDEST_FIRST).into())
    }
}

/// A way through a list, from the place where an earlier one has ended.
pub(super) struct Walk<'a> {
    source: Source<'a>,
    /// The name of the page that was read, and that of the next one.
    page: Option<String>,
    next_page: Option<String>,
    entries: Vec<Entry>,
    /// The number of entries that are behind.
    at: usize,
    /// The number of pages that may still be read.
    pages: usize,
}

impl<'a> Walk<'a> {
    /// Reads the page of the cursor.
    ///
    /// # Errors
    /// [`MailProblem::InvalidValue`] if Gmail does not know the page any more, and [`MailProblem::NotSupported`] for a
    /// list from its end that is too long.
    pub(super) async fn begin(
        google: &Google<'a>,
        items: Items,
        query: Query,
        order: Order,
        cursor: &Cursor,
    ) -> Result<Self, MailError> {
        let source = Source { google: *google, items, query };
        let (entries, next_page) = match order {
            Order::OldestFirst => (source.all_from_end().await?, None),
            Order::NewestFirst => match source.page(cursor.page.as_deref()).await {
                Err(error) if cursor.page.is_some() && error.problem == MailProblem::Refused => {
                    return Err(MailError { problem: MailProblem::InvalidValue(FORGOTTEN), ..error });
                }
                read => read?,
            },
        };
        let at = cursor.place(entries.iter().map(|entry| entry.id.as_str()));
        Ok(Self {
            source,
            page: cursor.page.clone(),
            next_page,
            entries,
            at,
            pages: MAX_PAGES.saturating_sub(1),
        })
    }

    /// The next entry; `None` at the end of the list, or when as many pages were read as one call may read.
    pub(super) async fn next(&mut self) -> Result<Option<Entry>, MailError> {
        loop {
            if let Some(entry) = self.entries.get(self.at) {
                self.at = self.at.saturating_add(1);
                return Ok(Some(entry.clone()));
            }
            if self.pages == 0 {
                return Ok(None);
            }
            let Some(page) = self.next_page.clone() else { return Ok(None) };
            self.pages = self.pages.saturating_sub(1);
            (self.entries, self.next_page) = self.source.page(Some(&page)).await?;
            self.page = Some(page);
            self.at = 0;
        }
    }

    /// Where the list goes on; `None` at its end.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        let rest = self.entries.get(self.at..).unwrap_or_default();
        if rest.is_empty() {
            let page = self.next_page.clone()?;
            return Some(Cursor { page: Some(page), ..Cursor::default() });
        }
        let next = rest.iter().take(MAX_NEXT).map(|entry| entry.id.clone()).collect();
        Some(Cursor { page: self.page.clone(), offset: self.at, next })
    }
}
