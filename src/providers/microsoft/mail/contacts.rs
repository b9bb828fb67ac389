//! Contacts and their folders (Microsoft Graph, Outlook contacts). The default folder is the one without a name in the
//! address; the list of folders has only those below it.

use std::collections::VecDeque;

use serde_json::Value;

use super::{
    address::{Query, literal, segment},
    contact::{self, SELECT},
    read::{listed, next_link, owned},
    request::{CONTACTS_READ, Graph, MAX_JSON, Question},
};
use crate::providers::mailbox::{
    Contact, ContactChanges, ContactFolder, ContactPage, ContactQuery, ContactSearch, MailError, MailProblem,
    Position,
};

/// Maximum number of requests for the list of folders: one for each page, and one for each folder, because Graph does not
/// say whether it contains others.
const MAX_FOLDER_REQUESTS: usize = 200;
const TOO_MANY_FOLDERS: &str =
    "The mailbox has more folders of contacts than a call reads. Read them with the raw passage.";
/// Maximum number of folders that a search reads.
const MAX_SEARCHED: usize = 20;
/// Maximum number of contacts of a folder that are compared one by one, where the provider cannot search for names.
const MAX_COMPARED: usize = 1_000;
/// The number of contacts of a page that is compared.
const COMPARED_AT_ONCE: &str = "200";
/// The size of a page of changes. It is a preference, because a request for changes takes no `$top`.
const CHANGES_AT_ONCE: &str = "odata.maxpagesize=100";
/// The properties that a name may be the beginning of.
const NAMES: [&str; 4] = ["displayName", "givenName", "surname", "companyName"];

/// The path of the contacts of a folder; `None` is the default folder.
pub(super) fn path_of(folder: Option<&str>) -> Result<String, MailError> {
    Ok(match folder {
        None => "/me/contacts".to_owned(),
        Some(folder) => format!("/me/contactFolders/{}/contacts", segment(folder)?),
    })
}

/// A link of an answer without the base of its address.
fn rest_of(graph: &Graph<'_>, link: &str) -> Result<String, MailError> {
    let rest = link.strip_prefix(graph.url("").as_str()).filter(|rest| rest.starts_with('/'));
    rest.map(str::to_owned).ok_or_else(|| MailProblem::Garbled.into())
}

/// The contacts of an answer. Items without an id are left out.
fn contacts(answer: &Value) -> Result<Vec<Contact>, MailError> {
    Ok(listed(answer)?.iter().filter_map(contact::read).collect())
}

/// Contacts of one folder.
pub(super) async fn list(graph: &Graph<'_>, query: &ContactQuery) -> Result<ContactPage, MailError> {
    let path = path_of(query.folder.as_deref())?;
    let answer = match &query.position {
        Position::After(rest) => graph.follow(CONTACTS_READ, &graph.url(rest)).await?,
        Position::Skip(skipped) => {
            let query = Query::default()
                .with("$select", SELECT)
                .with("$orderby", "displayName")
                .with("$top", &query.limit.to_string())
                .with("$skip", &skipped.to_string());
            graph.get(CONTACTS_READ, &query.on(&path)).await?
        }
    };
    let next = next_link(&answer).map(|link| rest_of(graph, &link)).transpose()?;
    Ok(ContactPage { contacts: contacts(&answer)?, next })
}

/// One contact of any folder.
pub(super) async fn get(graph: &Graph<'_>, id: &str) -> Result<Contact, MailError> {
    let path = Query::default().with("$select", SELECT).on(&format!("/me/contacts/{}", segment(id)?));
    let answer = graph.get(CONTACTS_READ, &path).await?;
    contact::read(&answer).ok_or_else(|| MailProblem::NotFound.into())
}

/// Contacts of all folders that have an email address, or a name that begins with this text.
pub(super) async fn search(
    graph: &Graph<'_>,
    search: &ContactSearch,
    limit: u32,
) -> Result<Vec<Contact>, MailError> {
    let max = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = search_folder(graph, None, search, max).await?;
    if found.len() >= max {
        return Ok(found);
    }
    for folder in walk_folders(graph, MAX_SEARCHED).await?.0.into_iter().take(MAX_SEARCHED) {
        let within = match search_folder(graph, Some(&folder.id), search, max - found.len()).await {
            // It was deleted in the meantime.
            Err(error) if error.problem == MailProblem::NotFound => continue,
            within => within?,
        };
        for contact in within {
            if !found.iter().any(|known| known.id == contact.id) {
                found.push(contact);
            }
        }
        if found.len() >= max {
            break;
        }
    }
    Ok(found)
}

async fn search_folder(
    graph: &Graph<'_>,
    folder: Option<&str>,
    search: &ContactSearch,
    max: usize,
) -> Result<Vec<Contact>, MailError> {
    let path = path_of(folder)?;
    let top = max.to_string();
    let ask = |filter: String| {
        let query = Query::default().with("$select", SELECT).with("$filter", &filter).with("$top", &top);
        query.on(&path)
    };
    match search {
        ContactSearch::Email(email) => {
            let filter = format!("emailAddresses/any(a:a/address eq {})", literal(email));
            let answer = graph.get(CONTACTS_READ, &ask(filter)).await?;
            contacts(&answer)
        }
        ContactSearch::Name(name) => {
            let name = literal(name);
            let begins = NAMES.map(|property| format!("startswith({property},{name})")).join(" or ");
            match graph.get(CONTACTS_READ, &ask(begins)).await {
                // Microsoft documents no search for names. Where the service has none, the names are compared here.
                Err(error) if error.problem == MailProblem::Refused => {
                    compare(graph, &path, search, max).await
                }
                answer => {
                    let answer = answer?;
                    contacts(&answer)
                }
            }
        }
    }
}

/// Compares the names of the contacts of a folder.
async fn compare(
    graph: &Graph<'_>,
    path: &str,
    search: &ContactSearch,
    max: usize,
) -> Result<Vec<Contact>, MailError> {
    let query = Query::default().with("$select", SELECT).with("$top", COMPARED_AT_ONCE);
    let mut answer = graph.get(CONTACTS_READ, &query.on(path)).await?;
    let (mut found, mut compared) = (Vec::new(), 0);
    loop {
        let page = contacts(&answer)?;
        compared += page.len();
        found.extend(page.into_iter().filter(|contact| contact::fits(contact, search)));
        found.truncate(max);
        let goes_on = found.len() < max && compared < MAX_COMPARED;
        let Some(link) = next_link(&answer).filter(|_| goes_on) else { return Ok(found) };
        answer = graph.follow(CONTACTS_READ, &link).await?;
    }
}

/// Changes of the contacts in the default folder: one page of them. The token is the rest of the link to the next page,
/// or to the next changes.
pub(super) async fn changes(graph: &Graph<'_>, token: Option<&str>) -> Result<ContactChanges, MailError> {
    let rest = token.unwrap_or("/me/contacts/delta");
    let is_ours = rest.starts_with('/') && !rest.contains(|c: char| c.is_control() || c.is_whitespace());
    if !is_ours {
        return Err(MailProblem::InvalidValue("token").into());
    }
    let url = graph.url(rest);
    let question = Question { url: &url, permission: CONTACTS_READ, prefer: Some(CHANGES_AT_ONCE) };
    let answer = graph.ask(question, MAX_JSON).await?;
    let (mut changed, mut removed) = (Vec::new(), Vec::new());
    for item in listed(&answer)? {
        if item.get("@removed").is_some() {
            removed.extend(owned(item, "id"));
        } else {
            changed.extend(contact::read(item));
        }
    }
    let next = next_link(&answer);
    let has_more = next.is_some();
    let link = next.or_else(|| owned(&answer, "@odata.deltaLink"));
    let link = link.ok_or_else(|| MailError::from(MailProblem::Garbled))?;
    Ok(ContactChanges { changed, removed, token: rest_of(graph, &link)?, has_more })
}

/// The folders below the default one, each behind its parent.
///
/// # Errors
/// [`MailProblem::TooMany`] if they need more than [`MAX_FOLDER_REQUESTS`] requests.
pub(super) async fn folders(graph: &Graph<'_>) -> Result<Vec<ContactFolder>, MailError> {
    let (mut folders, are_all) = walk_folders(graph, usize::MAX).await?;
    if !are_all {
        return Err(MailProblem::TooMany(TOO_MANY_FOLDERS).into());
    }
    // The parent of the first ones is the default folder, which is not in the list.
    let ids: Vec<String> = folders.iter().map(|folder| folder.id.clone()).collect();
    for folder in &mut folders {
        folder.parent = folder.parent.take().filter(|parent| ids.contains(parent));
    }
    Ok(folders)
}

/// Reads folders until there are enough.
///
/// # Returns
/// The folders, and whether these are all.
async fn walk_folders(graph: &Graph<'_>, enough: usize) -> Result<(Vec<ContactFolder>, bool), MailError> {
    let query = Query::default().with("$select", "id,displayName,parentFolderId").with("$top", "100");
    let mut requests = 0;
    let mut waiting = VecDeque::from(["/me/contactFolders".to_owned()]);
    let mut folders: Vec<ContactFolder> = Vec::new();
    while let Some(path) = waiting.pop_front() {
        if requests >= MAX_FOLDER_REQUESTS || folders.len() >= enough {
            return Ok((folders, false));
        }
        requests += 1;
        let is_top = folders.is_empty();
        let mut answer = match graph.get(CONTACTS_READ, &query.on(&path)).await {
            // A folder that was deleted in the meantime.
            Err(error) if error.problem == MailProblem::NotFound && !is_top => continue,
            answer => answer?,
        };
        loop {
            for value in listed(&answer)? {
                let Some(folder) = folder(value) else { continue };
                // A folder that is moved in the meantime may come twice.
                if folders.iter().any(|known| known.id == folder.id) {
                    continue;
                }
                waiting.push_back(format!("/me/contactFolders/{}/childFolders", segment(&folder.id)?));
                folders.push(folder);
            }
            let Some(link) = next_link(&answer) else { break };
            if requests >= MAX_FOLDER_REQUESTS || folders.len() >= enough {
                return Ok((folders, false));
            }
            requests += 1;
            answer = graph.follow(CONTACTS_READ, &link).await?;
        }
    }
    Ok((folders, true))
}

fn folder(value: &Value) -> Option<ContactFolder> {
    Some(ContactFolder {
        id: owned(value, "id")?,
        name: owned(value, "displayName").unwrap_or_default(),
        parent: owned(value, "parentFolderId"),
    })
}
