//! Contacts and their folders (People v1). A folder is a contact group; the default folder has all contacts of the user.
//!
//! A list of the default folder is in the order of the first names. The API has pages with tokens, of which all must be
//! asked for in the same way, so our position holds the size of the pages too.

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::{
    address::Query,
    contact,
    json::{items, number, owned, text},
    people::{self, DEFAULT_GROUP, FIELDS, SOURCE},
    request::{Google, Json},
};
use crate::{
    platform::text::fold,
    providers::{
        google::permissions::CONTACTS_READ,
        mailbox::{
            Contact, ContactFolder, ContactPage, ContactQuery, ContactSearch, MailError, MailProblem,
            Position,
        },
    },
};

/// Maximum number of contacts on a page of the API.
const MAX_PAGE: usize = 1_000;
/// Maximum number of pages that one call reads.
const MAX_PAGES: usize = 20;
/// Maximum number of members of a group that a call reads.
const MAX_MEMBERS: u64 = 10_000;
const TOO_MANY_MEMBERS: &str =
    "The contact group has more contacts than a call reads. Read them with the raw passage.";
/// Maximum number of contacts that are read by their names at once: the address of more is long.
const READ_AT_ONCE: usize = 100;
/// Maximum number of contacts that a search of the API finds.
const MAX_FOUND: usize = 30;
/// Maximum number of pages of contacts that are compared one by one, where a search of the API may have missed some.
const MAX_COMPARED_PAGES: usize = 5;
const FORGOTTEN: &str = "cursor: The provider has forgotten this list. Begin again without it.";
const TOO_MANY_FOLDERS: &str =
    "The mailbox has more contact groups than a call reads. Read them with the raw passage.";

/// Contacts of one folder.
pub(super) async fn list(google: &Google<'_>, query: &ContactQuery) -> Result<ContactPage, MailError> {
    match query.folder.as_deref() {
        None | Some(DEFAULT_GROUP) => list_all(google, query).await,
        Some(folder) => list_group(google, folder, query).await,
    }
}

/// A place in the list of all contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    /// The number of contacts on a page.
    size: usize,
    /// The number of contacts on this page, or behind its beginning, that are passed over.
    skip: usize,
    /// The token of the page; `None` for the first.
    page: Option<String>,
}

impl Place {
    fn of(position: &Position, limit: usize) -> Result<Self, MailError> {
        match position {
            Position::Skip(skip) => {
                let skip = usize::try_from(*skip).unwrap_or(usize::MAX);
                Ok(Self { size: skip.saturating_add(limit).clamp(1, MAX_PAGE), skip, page: None })
            }
            Position::After(text) => {
                Self::read(text).ok_or_else(|| MailProblem::InvalidValue("position").into())
            }
        }
    }

    /// The text for a later call: two numbers, and the token.
    fn written(&self) -> String {
        format!("{}.{}.{}", self.size, self.skip, self.page.as_deref().unwrap_or_default())
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let size = parts.next()?.parse::<usize>().ok().filter(|size| (1..=MAX_PAGE).contains(size))?;
        let skip = parts.next()?.parse().ok()?;
        let page = parts.next()?;
        Some(Self { size, skip, page: (!page.is_empty()).then(|| page.to_owned()) })
    }
}

/// One page of all contacts.
async fn page(google: &Google<'_>, place: &Place) -> Result<Json, MailError> {
    let mut query =
        people::fields().with("sortOrder", "FIRST_NAME_ASCENDING").with("pageSize", &place.size.to_string());
    if let Some(page) = &place.page {
        query = query.with("pageToken", page);
    }
    let answer = google.get(CONTACTS_READ, &google.people(&query.on("/people/me/connections"))).await;
    answer.map_err(|error| match place.page {
        Some(_) => people::on_unknown_token(error, MailProblem::InvalidValue(FORGOTTEN)),
        None => error,
    })
}

async fn list_all(google: &Google<'_>, query: &ContactQuery) -> Result<ContactPage, MailError> {
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let mut place = Place::of(&query.position, limit)?;
    let mut found = Vec::new();
    for _ in 0..MAX_PAGES {
        let answer = page(google, &place).await?;
        let connections = items(&answer, "connections");
        let skipped = place.skip.min(connections.len());
        let taken = limit.saturating_sub(found.len()).min(connections.len().saturating_sub(skipped));
        found.extend(connections.iter().skip(skipped).take(taken).filter_map(contact::read));
        let next = owned(&answer, "nextPageToken");
        let passed = skipped.saturating_add(taken);
        if passed < connections.len() {
            place.skip = passed;
        } else if next.is_some() {
            place = Place { skip: place.skip.saturating_sub(skipped), page: next, ..place };
        } else {
            return Ok(ContactPage { contacts: found, next: None });
        }
        if found.len() >= limit {
            break;
        }
    }
    Ok(ContactPage { contacts: found, next: Some(place.written()) })
}

/// Contacts of a group, in the order of their ids: the API names the members without an order. The position is the id of
/// the last one, so that none is missed or repeated when others come or go.
async fn list_group(
    google: &Google<'_>,
    folder: &str,
    query: &ContactQuery,
) -> Result<ContactPage, MailError> {
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let asked = Query::default().with("maxMembers", &MAX_MEMBERS.to_string());
    let path = asked.on(&format!("/{}", people::group(folder)?));
    let answer = google.get(CONTACTS_READ, &google.people(&path)).await?;
    let mut members: Vec<&str> = items(&answer, "memberResourceNames")
        .iter()
        .filter_map(Value::as_str)
        .filter_map(people::contact_id)
        .collect();
    if number(&answer, "memberCount").is_some_and(|count| count > MAX_MEMBERS) {
        return Err(MailProblem::TooMany(TOO_MANY_MEMBERS).into());
    }
    members.sort_unstable();
    members.dedup();
    let begin = match &query.position {
        Position::Skip(skip) => usize::try_from(*skip).unwrap_or(usize::MAX),
        Position::After(last) => members.partition_point(|id| *id <= last.as_str()),
    };
    let wanted: Vec<&str> = members.iter().copied().skip(begin).take(limit).collect();
    let has_more = begin.saturating_add(wanted.len()) < members.len();
    let next = wanted.last().filter(|_| has_more).map(|last| (*last).to_owned());
    Ok(ContactPage { contacts: read_all(google, &wanted).await?, next })
}

/// Reads contacts by their ids. One that is gone is left out.
async fn read_all(google: &Google<'_>, ids: &[&str]) -> Result<Vec<Contact>, MailError> {
    let mut read = Vec::new();
    for ids in ids.chunks(READ_AT_ONCE) {
        let mut query = people::fields();
        for id in ids {
            query = query.with("resourceNames", &people::person(id)?);
        }
        let answer = google.get(CONTACTS_READ, &google.people(&query.on("/people:batchGet"))).await?;
        let responses = items(&answer, "responses");
        // The order of the answers is not promised.
        let of = |id: &&str| {
            let mut contacts = responses.iter().filter_map(|response| contact::read(response.get("person")?));
            contacts.find(|contact| contact.id == **id)
        };
        read.extend(ids.iter().filter_map(of));
    }
    Ok(read)
}

/// One contact.
pub(super) async fn get(google: &Google<'_>, id: &str) -> Result<Contact, MailError> {
    let path = people::fields().on(&format!("/{}", people::person(id)?));
    let answer = google.get(CONTACTS_READ, &google.people(&path)).await?;
    contact::read(&answer).ok_or_else(|| MailProblem::NotFound.into())
}

/// Contacts that have an email address, or a name that begins with this text.
pub(super) async fn search(
    google: &Google<'_>,
    search: &ContactSearch,
    limit: u32,
) -> Result<Vec<Contact>, MailError> {
    let max = usize::try_from(limit).unwrap_or(usize::MAX);
    let (ContactSearch::Email(wanted) | ContactSearch::Name(wanted)) = search;
    // The API searches a copy of the contacts, which an empty search brings up to date (People API, "Search contacts").
    ask_search(google, "").await?;
    let answer = ask_search(google, wanted).await?;
    let results = items(&answer, "results");
    let read = results.iter().filter_map(|result| contact::read(result.get("person")?));
    // It finds the beginning of any word of several fields.
    let mut found: Vec<_> = read.filter(|contact| fits(contact, search)).collect();
    if results.len() >= MAX_FOUND && found.len() < results.len().min(max) {
        // Those that are not wanted may have left no room for others.
        found = compare(google, search, max).await?;
    }
    found.truncate(max);
    Ok(found)
}

async fn ask_search(google: &Google<'_>, text: &str) -> Result<Json, MailError> {
    let query = Query::default()
        .with("query", text)
        .with("readMask", FIELDS)
        .with("sources", SOURCE)
        .with("pageSize", &MAX_FOUND.to_string());
    google.get(CONTACTS_READ, &google.people(&query.on("/people:searchContacts"))).await
}

/// Compares the contacts one by one.
async fn compare(google: &Google<'_>, search: &ContactSearch, max: usize) -> Result<Vec<Contact>, MailError> {
    let mut place = Place { size: MAX_PAGE, skip: 0, page: None };
    let mut found = Vec::new();
    for _ in 0..MAX_COMPARED_PAGES {
        let answer = page(google, &place).await?;
        let read = items(&answer, "connections").iter().filter_map(contact::read);
        found.extend(read.filter(|contact| fits(contact, search)));
        place.page = owned(&answer, "nextPageToken");
        if found.len() >= max || place.page.is_none() {
            break;
        }
    }
    Ok(found)
}

/// Whether a contact is what is looked for.
fn fits(contact: &Contact, search: &ContactSearch) -> bool {
    match search {
        ContactSearch::Email(wanted) => {
            let wanted = fold(wanted);
            contact.emails.iter().any(|email| fold(&email.address) == wanted)
        }
        ContactSearch::Name(beginning) => {
            let beginning = fold(beginning);
            let names = [&contact.display_name, &contact.first_name, &contact.last_name, &contact.company];
            names.into_iter().flatten().any(|name| fold(name).starts_with(&beginning))
        }
    }
}

/// The default folder, and the groups of the user.
pub(super) async fn folders(google: &Google<'_>) -> Result<Vec<ContactFolder>, MailError> {
    let mut folders: Vec<ContactFolder> = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let mut query =
            Query::default().with("pageSize", &MAX_PAGE.to_string()).with("groupFields", "groupType,name");
        if let Some(page) = &next {
            query = query.with("pageToken", page);
        }
        let answer = google.get(CONTACTS_READ, &google.people(&query.on("/contactGroups"))).await?;
        folders.extend(items(&answer, "contactGroups").iter().filter_map(folder));
        next = owned(&answer, "nextPageToken");
        if next.is_none() {
            // The default folder is the first.
            folders.sort_by_key(|folder| folder.id != DEFAULT_GROUP);
            return Ok(folders);
        }
    }
    Err(MailProblem::TooMany(TOO_MANY_FOLDERS).into())
}

fn folder(value: &Value) -> Option<ContactFolder> {
    let id = people::folder_id(text(value, "resourceName")?)?;
    let is_users = text(value, "groupType") == Some("USER_CONTACT_GROUP");
    let name = owned(value, "formattedName").or_else(|| owned(value, "name")).unwrap_or_default();
    let is_folder = (is_users && contact::is_folder(id)) || id == DEFAULT_GROUP;
    is_folder.then(|| ContactFolder { id: id.to_owned(), name, parent: None })
}
