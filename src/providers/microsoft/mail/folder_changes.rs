//! Changes of folders (Microsoft Graph, mailFolder resource). A folder of the system is known by its id alone, and a caller
//! may also give one of Graph's own names, such as `inbox`. So each change first reads the folder.

use ::http::Method;
use serde_json::json;

use super::{
    address::{Query, segment},
    changes,
    folders::{self, Found},
    read::{listed, next_link, owned, written},
    request::{Graph, MAIL_READ, MAIL_WRITE},
    walk::MAX_TOP,
};
use crate::{
    platform::clock::Timestamp,
    providers::mailbox::{
        Changed, Folder, FolderKind, MailError, MailProblem, MessageChange, SystemFolders, folder_path,
    },
};

/// Maximum number of characters of a folder's name.
const MAX_NAME: usize = 255;
/// The folder that contains those at the top, by Graph's name for it.
const ROOT: &str = "msgfolderroot";
/// Maximum number of messages that one call deletes: five for each of the requests that Outlook serves at once.
const EMPTIED_AT_ONCE: usize = 4 * 5;

const WRONG_NAME: &str = "Give a folder a name of 1 to 255 characters, without control characters.";
const OF_SYSTEM: &str = "A folder of the system cannot be renamed, moved or deleted.";
const BELOW_ITSELF: &str = "A folder cannot be moved into itself, or into a folder within it.";
/// Graph's codes for a change of one of its folders, of which we know only some.
const DISTINGUISHED: [&str; 2] = ["errordeletedistinguishedfolder", "errormovedistinguishedfolder"];

/// # Errors
/// [`MailProblem::InvalidValue`] if no folder can have this name.
fn check_name(name: &str) -> Result<(), MailError> {
    let is_sound =
        !name.trim().is_empty() && name.chars().count() <= MAX_NAME && !name.contains(char::is_control);
    if is_sound { Ok(()) } else { Err(MailProblem::InvalidValue(WRONG_NAME).into()) }
}

/// Creates a folder within another one, or at the top.
pub(super) async fn create(graph: &Graph<'_>, name: &str, parent: Option<&str>) -> Result<Folder, MailError> {
    check_name(name)?;
    let system = folders::system(graph).await?;
    // Before the folder is made: an error after that would hide that it is there.
    let above = match parent {
        Some(parent) => Some(folders::get(graph, parent).await?),
        None => None,
    };
    let path = folders::path_within(above.as_ref().map(|folder| folder.id.as_str()))?;
    let body = json!({ "displayName": name });
    let created = graph.send_json(Method::POST, MAIL_WRITE, &path, Some(&body), &[]).await;
    graph.call.memory.forget_hidden_folders();
    let created = created?;
    let created = Found::read(&created).ok_or_else(|| MailError::from(MailProblem::Garbled))?;
    let above = above.map(|folder| folder.path).unwrap_or_default();
    let path = format!("{above}{}", folder_path([created.name.as_str()]));
    Ok(created.folder(path, &system))
}

/// Renames a folder.
pub(super) async fn rename(graph: &Graph<'_>, folder: &str, name: &str) -> Result<(), MailError> {
    check_name(name)?;
    let system = folders::system(graph).await?;
    let found = own(graph, &system, folder).await?;
    if found.name == name {
        return Ok(());
    }
    let path = format!("/me/mailFolders/{}", segment(&found.id)?);
    let body = json!({ "displayName": name });
    let renamed = graph.send_only(Method::PATCH, MAIL_WRITE, &path, Some(&body), &[]).await;
    renamed.map_err(explain)
}

/// Moves a folder into another one, or to the top.
pub(super) async fn move_to(graph: &Graph<'_>, folder: &str, parent: Option<&str>) -> Result<(), MailError> {
    let system = folders::system(graph).await?;
    let found = own(graph, &system, folder).await?;
    let destination = match parent {
        Some(parent) => destination(graph, &system, &found, parent).await?,
        None => system.root.clone().unwrap_or_else(|| ROOT.to_owned()),
    };
    // A move to the same place would meet the folder itself.
    if found.parent.as_ref() == Some(&destination) {
        return Ok(());
    }
    let path = format!("/me/mailFolders/{}/move", segment(&found.id)?);
    let body = json!({ "destinationId": destination });
    let moved = graph.send_only(Method::POST, MAIL_WRITE, &path, Some(&body), &[]).await;
    graph.call.memory.forget_hidden_folders();
    moved.map_err(explain)
}

/// Deletes a folder. It goes to the deleted items; one that is there already is deleted for good.
pub(super) async fn delete(graph: &Graph<'_>, folder: &str) -> Result<(), MailError> {
    let system = folders::system(graph).await?;
    let found = own(graph, &system, folder).await?;
    let path = format!("/me/mailFolders/{}", segment(&found.id)?);
    let deleted = graph.send_only(Method::DELETE, MAIL_WRITE, &path, None, &[]).await;
    graph.call.memory.forget_hidden_folders();
    deleted.map_err(explain)
}

/// Deletes some messages of a folder.
pub(super) async fn empty_some(
    graph: &Graph<'_>,
    folder: &str,
    before: Timestamp,
    skip: &[String],
) -> Result<Vec<Changed>, MailError> {
    let system = folders::system(graph).await?;
    let found = folders::one(graph, &system, folder).await?;
    let messages = some_messages(graph, &found.id, before, skip).await?;
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let is_for_good = is_trash(&system, &found.id)
        || folders::containing(graph, &system, &found)
            .await?
            .iter()
            .any(|above| is_trash(&system, &above.id));
    let change = if is_for_good { MessageChange::Expunge } else { MessageChange::Trash };
    changes::change(graph, &messages, &change).await
}

/// A folder that is not the system's.
async fn own(graph: &Graph<'_>, system: &SystemFolders, id: &str) -> Result<Found, MailError> {
    let found = folders::one(graph, system, id).await?;
    match system.kind_of(&found.id) {
        FolderKind::User => Ok(found),
        _ => Err(MailProblem::InvalidValue(OF_SYSTEM).into()),
    }
}

/// The id of the folder into which another one is moved.
///
/// # Errors
/// [`MailProblem::InvalidValue`] if that is the folder itself, or within it.
async fn destination(
    graph: &Graph<'_>,
    system: &SystemFolders,
    moved: &Found,
    parent: &str,
) -> Result<String, MailError> {
    let to = folders::one(graph, system, parent).await?;
    let above = folders::containing(graph, system, &to).await?;
    if above.iter().chain([&to]).any(|folder| folder.id == moved.id) {
        return Err(MailProblem::InvalidValue(BELOW_ITSELF).into());
    }
    Ok(to.id)
}

/// Whether messages are deleted for good from this folder.
fn is_trash(system: &SystemFolders, id: &str) -> bool {
    matches!(system.kind_of(id), FolderKind::Trash | FolderKind::Spam)
}

/// The ids of some messages of a folder that are not in `skip`; of all of them if these are few.
async fn some_messages(
    graph: &Graph<'_>,
    folder: &str,
    before: Timestamp,
    skip: &[String],
) -> Result<Vec<String>, MailError> {
    let top = EMPTIED_AT_ONCE.saturating_add(skip.len()).min(MAX_TOP);
    // Graph compares whole seconds.
    let end = written(before.plus(time::Duration::seconds(1)));
    let query = Query::default()
        .with("$select", "id")
        .with("$filter", &format!("receivedDateTime lt {end}"))
        .with("$top", &top.to_string());
    let path = query.on(&format!("/me/mailFolders/{}/messages", segment(folder)?));
    let mut answer = graph.get(MAIL_READ, &path).await?;
    let mut found: Vec<String> = Vec::new();
    loop {
        let ids = listed(&answer)?.iter().filter_map(|message| owned(message, "id"));
        found.extend(ids.filter(|id| !skip.contains(id)));
        found.truncate(EMPTIED_AT_ONCE);
        let next = next_link(&answer).filter(|_| found.len() < EMPTIED_AT_ONCE);
        let Some(link) = next else { return Ok(found) };
        answer = graph.follow(MAIL_READ, &link).await?;
    }
}

/// Names the reason why Graph refuses to change one of its own folders.
fn explain(error: MailError) -> MailError {
    let code = error.provider.as_ref().and_then(|answer| answer.code.as_deref());
    let is_of_system = code.is_some_and(|code| DISTINGUISHED.contains(&code.to_ascii_lowercase().as_str()));
    if is_of_system { MailError { problem: MailProblem::InvalidValue(OF_SYSTEM), ..error } } else { error }
}
