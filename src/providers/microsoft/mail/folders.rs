//! Folders. Their names are in the language of the mailbox, so the system's are known by their ids alone.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    address::{Query, segment},
    batch,
    read::{listed, next_link, owned, text},
    request::{Graph, MAIL_READ},
};
use crate::providers::mailbox::{
    Folder, FolderKind, HiddenFolders, MailError, MailProblem, SystemFolders, folder_path,
};

/// Maximum number of requests for one list.
const MAX_REQUESTS: usize = 300;
const TOO_MANY: &str = "The mailbox has more folders than a call reads. Read the folders that you need one by one, or with \
                        the raw passage.";
/// Maximum number of requests for the subfolders of trash and spam.
const MAX_HIDDEN_REQUESTS: usize = 100;
const TOO_MANY_HIDDEN: &str = "The trash and the spam of the mailbox have more folders than a call reads, so their \
                               messages cannot be left out. Give a folderId.";
/// Maximum number of folders within each other. Exchange allows 300, of which no person makes use.
const MAX_DEPTH: usize = 300;

const SELECT: &str = "id,displayName,parentFolderId,childFolderCount,unreadItemCount,totalItemCount";

/// Which folders are the system's. They are asked for once a day: their ids never change.
pub(super) async fn system(graph: &Graph<'_>) -> Result<SystemFolders, MailError> {
    let (memory, now) = (graph.call.memory, graph.call.now);
    if let Some(known) = memory.system_folders(now) {
        return Ok(known);
    }
    let folders = batch::system_folders(graph).await?;
    memory.remember_system_folders(folders.clone(), now);
    Ok(folders)
}

/// The folders that a list of all messages leaves out: trash and spam with their subfolders, and drafts.
pub(super) async fn hidden(graph: &Graph<'_>) -> Result<HiddenFolders, MailError> {
    let (memory, now) = (graph.call.memory, graph.call.now);
    let hidden = if let Some(known) = memory.hidden_folders(now) {
        known
    } else {
        let read = read_hidden(graph).await?;
        memory.remember_hidden_folders(read.clone(), now);
        read
    };
    // That there are too many is remembered too, so that not each call makes all the requests.
    if hidden.has_more { Err(MailProblem::TooMany(TOO_MANY_HIDDEN).into()) } else { Ok(hidden) }
}

async fn read_hidden(graph: &Graph<'_>) -> Result<HiddenFolders, MailError> {
    let system = system(graph).await?;
    let drafts = system.id_of(FolderKind::Drafts).map(str::to_owned);
    let mut requests = Requests { left: MAX_HIDDEN_REQUESTS };
    let trash = with_subfolders(graph, system.id_of(FolderKind::Trash), &mut requests).await;
    let spam = with_subfolders(graph, system.id_of(FolderKind::Spam), &mut requests).await;
    let has_too_many = |folders: &Result<Vec<String>, MailError>| matches!(folders, Err(error) if matches!(error.problem, MailProblem::TooMany(_)));
    if has_too_many(&trash) || has_too_many(&spam) {
        return Ok(HiddenFolders { has_more: true, ..HiddenFolders::default() });
    }
    Ok(HiddenFolders { trash: trash?, spam: spam?, drafts, has_more: false })
}

/// The requests that a call may still make for folders.
struct Requests {
    left: usize,
}

impl Requests {
    /// Counts a request that is about to be made.
    ///
    /// # Errors
    /// [`MailProblem::TooMany`] if there is none left.
    fn count(&mut self) -> Result<(), MailError> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| MailError::from(MailProblem::TooMany(TOO_MANY)))?;
        Ok(())
    }
}

/// The ids of a folder and of all folders within it.
async fn with_subfolders(
    graph: &Graph<'_>,
    id: Option<&str>,
    requests: &mut Requests,
) -> Result<Vec<String>, MailError> {
    let mut found: Vec<String> = id.map(str::to_owned).into_iter().collect();
    let mut waiting = found.clone();
    while let Some(id) = waiting.pop() {
        let within = match children(graph, Some(&id), requests).await {
            // It was deleted in the meantime.
            Err(error) if error.problem == MailProblem::NotFound => continue,
            within => within?,
        };
        for child in within {
            if child.children > 0 {
                waiting.push(child.id.clone());
            }
            found.push(child.id);
        }
    }
    Ok(found)
}

/// A folder as Graph has it.
pub(super) struct Found {
    pub id: String,
    pub name: String,
    pub parent: Option<String>,
    children: u64,
    messages: Option<u64>,
    unread: Option<u64>,
}

impl Found {
    /// `None` for a search folder, which has no messages of its own.
    pub(super) fn read(value: &Value) -> Option<Self> {
        if text(value, "@odata.type").is_some_and(|kind| kind.ends_with("mailSearchFolder")) {
            return None;
        }
        let count = |name: &str| value.get(name).and_then(Value::as_u64);
        Some(Self {
            id: owned(value, "id")?,
            name: owned(value, "displayName").unwrap_or_default(),
            parent: owned(value, "parentFolderId"),
            children: count("childFolderCount").unwrap_or_default(),
            messages: count("totalItemCount"),
            unread: count("unreadItemCount"),
        })
    }

    pub(super) fn folder(self, path: String, system: &SystemFolders) -> Folder {
        Folder {
            kind: system.kind_of(&self.id),
            parent: self.parent.filter(|parent| system.root.as_ref() != Some(parent)),
            id: self.id,
            name: self.name,
            path,
            messages: self.messages,
            unread: self.unread,
        }
    }
}

/// The path of the folders directly within a folder; `None`: of those at the top.
pub(super) fn path_within(parent: Option<&str>) -> Result<String, MailError> {
    Ok(match parent {
        None => "/me/mailFolders".to_owned(),
        Some(id) => format!("/me/mailFolders/{}/childFolders", segment(id)?),
    })
}

/// The folders directly within a folder, or those at the top.
async fn children(
    graph: &Graph<'_>,
    parent: Option<&str>,
    requests: &mut Requests,
) -> Result<Vec<Found>, MailError> {
    let path = path_within(parent)?;
    let path = Query::default().with("$select", SELECT).with("$top", "100").on(&path);
    requests.count()?;
    let mut answer = graph.get(MAIL_READ, &path).await?;
    let mut found = Vec::new();
    loop {
        found.extend(listed(&answer)?.iter().filter_map(Found::read));
        let Some(link) = next_link(&answer) else { return Ok(found) };
        requests.count()?;
        answer = graph.follow(MAIL_READ, &link).await?;
    }
}

/// All folders, each behind its parent, in the order of Graph.
///
/// # Errors
/// [`MailProblem::TooMany`] if they need more than [`MAX_REQUESTS`] requests.
pub(super) async fn list(graph: &Graph<'_>) -> Result<Vec<Folder>, MailError> {
    let system = system(graph).await?;
    let mut requests = Requests { left: MAX_REQUESTS };
    let mut waiting: Vec<(Found, String)> = Vec::new();
    let at_top = children(graph, None, &mut requests).await?;
    waiting.extend(at_top.into_iter().rev().map(|found| (found, String::new())));
    let mut known = HashSet::new();
    let mut folders = Vec::new();
    while let Some((found, above)) = waiting.pop() {
        // A folder that is moved in the meantime may come twice.
        if !known.insert(found.id.clone()) {
            continue;
        }
        let path = format!("{above}{}", folder_path([found.name.as_str()]));
        if found.children > 0 {
            match children(graph, Some(&found.id), &mut requests).await {
                Ok(within) => waiting.extend(within.into_iter().rev().map(|found| (found, path.clone()))),
                // It was deleted in the meantime.
                Err(error) if error.problem == MailProblem::NotFound => continue,
                Err(error) => return Err(error),
            }
        }
        folders.push(found.folder(path, &system));
    }
    Ok(folders)
}

/// One folder. Neither a search folder nor the one that contains those at the top is one.
pub(super) async fn get(graph: &Graph<'_>, id: &str) -> Result<Folder, MailError> {
    let system = system(graph).await?;
    let found = one(graph, &system, id).await?;
    let above = containing(graph, &system, &found).await?;
    let names = above.iter().rev().chain([&found]).map(|folder| folder.name.as_str());
    let path = folder_path(names);
    Ok(found.folder(path, &system))
}

/// A folder as Graph has it, which is not the one that contains those at the top. The id may also be one of Graph's own
/// names, such as `inbox`: that of the answer never is.
///
/// # Errors
/// [`MailProblem::NotFound`], also for a search folder.
pub(super) async fn one(graph: &Graph<'_>, system: &SystemFolders, id: &str) -> Result<Found, MailError> {
    let found = any(graph, id).await?.filter(|found| system.root.as_ref() != Some(&found.id));
    found.ok_or_else(|| MailProblem::NotFound.into())
}

/// The folders that contain a folder, the nearest first, without the one that contains those at the top.
pub(super) async fn containing(
    graph: &Graph<'_>,
    system: &SystemFolders,
    folder: &Found,
) -> Result<Vec<Found>, MailError> {
    let mut found: Vec<Found> = Vec::new();
    let mut above = folder.parent.clone();
    while let Some(parent) = above.take().filter(|parent| system.root.as_ref() != Some(parent))
        && found.len() + 1 < MAX_DEPTH
    {
        let parent = match any(graph, &parent).await {
            // The folder that contains all others is not for every application to see.
            Err(error) if error.problem == MailProblem::NotFound => None,
            parent => parent?,
        };
        let Some(parent) = parent else { break };
        above.clone_from(&parent.parent);
        found.push(parent);
    }
    Ok(found)
}

/// Any folder; `None` for a search folder.
async fn any(graph: &Graph<'_>, id: &str) -> Result<Option<Found>, MailError> {
    let path = Query::default().with("$select", SELECT).on(&format!("/me/mailFolders/{}", segment(id)?));
    let answer = graph.get(MAIL_READ, &path).await?;
    Ok(Found::read(&answer))
}
