//! Changes of folders, which are labels of the user. A label is within another one if its name begins with that one's and
//! a slash, so that a rename or a move changes the names of all labels within it too.
//!
//! Each label is renamed by a request of its own, those within it first. So a change that breaks off is repeated by the
//! same call: the label itself still has its old name, and those that are left are found by it. If Gmail does not take the
//! name, those that were renamed get their old names back.

use ::http::Method;
use serde_json::json;

use super::{
    address::segment,
    folders,
    labels::{self, RawLabel},
    request::Google,
};
use crate::providers::{
    google::permissions::GMAIL_LABELS,
    mailbox::{Folder, FolderKind, MailError, MailProblem, folder_path},
};

/// Maximum number of characters of the whole name of a label.
const MAX_NAME: usize = 225;

const WRONG_NAME: &str = "Give a folder a name without slashes and control characters. With the folders above it, it has at most 225 characters.";
const OF_SYSTEM: &str = "A folder of the system cannot be renamed, moved or deleted.";
const WITHIN_SYSTEM: &str = "Gmail has folders only at the top and within folders of the user.";
const BELOW_ITSELF: &str = "A folder cannot be moved into itself, or into a folder within it.";

/// # Errors
/// [`MailProblem::InvalidValue`] if no folder can have this name: a slash would be a folder within another one.
fn check_name(name: &str) -> Result<(), MailError> {
    let is_sound = !name.trim().is_empty()
        && name.chars().count() <= MAX_NAME
        && !name.contains(|c: char| c == '/' || c.is_control());
    if is_sound { Ok(()) } else { Err(MailProblem::InvalidValue(WRONG_NAME).into()) }
}

/// The whole name of a folder within another one, or at the top.
fn name_within(above: Option<&RawLabel>, name: &str) -> String {
    above.map_or_else(|| name.to_owned(), |above| format!("{}/{name}", above.name))
}

/// The labels of the mailbox, and what of them is in question.
struct Known(Vec<RawLabel>);

impl Known {
    async fn read(google: &Google<'_>) -> Result<Self, MailError> {
        Ok(Self(labels::all(google).await?))
    }

    /// The folder with this id.
    fn folder(&self, id: &str) -> Result<Folder, MailError> {
        let found = folders::of(self.0.clone()).into_iter().find(|folder| folder.id == id);
        found.ok_or_else(|| MailProblem::NotFound.into())
    }

    /// A folder of the user, and its label.
    fn own(&self, id: &str, otherwise: &'static str) -> Result<(Folder, &RawLabel), MailError> {
        let folder = self.folder(id)?;
        if folder.kind != FolderKind::User {
            return Err(MailProblem::InvalidValue(otherwise).into());
        }
        Ok((folder, self.label(id)?))
    }

    fn label(&self, id: &str) -> Result<&RawLabel, MailError> {
        let found = self.0.iter().find(|label| label.is_user && label.id == id);
        found.ok_or_else(|| MailProblem::NotFound.into())
    }

    /// The labels within one, from the deepest.
    fn within(&self, label: &RawLabel) -> Vec<&RawLabel> {
        let beginning = format!("{}/", label.name);
        let is_within = |other: &&RawLabel| other.is_user && other.name.starts_with(&beginning);
        let mut within: Vec<&RawLabel> = self.0.iter().filter(is_within).collect();
        within.sort_by(|one, other| other.name.cmp(&one.name));
        within
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|label| label.name == name)
    }
}

/// Gmail's answer to a name that another label has.
fn explain(error: MailError) -> MailError {
    match error.problem {
        MailProblem::Conflict => MailError { problem: MailProblem::FolderExists, ..error },
        _ => error,
    }
}

/// Creates a folder within another one, or at the top.
pub(super) async fn create(
    google: &Google<'_>,
    name: &str,
    parent: Option<&str>,
) -> Result<Folder, MailError> {
    check_name(name)?;
    let known = Known::read(google).await?;
    let above = parent.map(|parent| known.own(parent, WITHIN_SYSTEM)).transpose()?;
    let whole = name_within(above.as_ref().map(|(_, label)| *label), name);
    if whole.chars().count() > MAX_NAME {
        return Err(MailProblem::InvalidValue(WRONG_NAME).into());
    }
    if known.has(&whole) {
        return Err(MailProblem::FolderExists.into());
    }
    let body = json!({ "name": whole, "labelListVisibility": "labelShow", "messageListVisibility": "show" });
    let url = google.gmail("/labels");
    let created = google.send_json(Method::POST, GMAIL_LABELS, &url, Some(&body)).await.map_err(explain)?;
    let created = RawLabel::read(&created).ok_or_else(|| MailError::from(MailProblem::Garbled))?;
    let path_above = above.as_ref().map(|(folder, _)| folder.path.as_str()).unwrap_or_default();
    Ok(Folder {
        id: created.id,
        name: name.to_owned(),
        path: format!("{path_above}{}", folder_path([name])),
        parent: above.map(|(folder, _)| folder.id),
        kind: FolderKind::User,
        messages: Some(0),
        unread: Some(0),
    })
}

/// Renames a folder.
pub(super) async fn rename(google: &Google<'_>, folder: &str, name: &str) -> Result<(), MailError> {
    check_name(name)?;
    let known = Known::read(google).await?;
    let (found, label) = known.own(folder, OF_SYSTEM)?;
    // A folder without a folder above it may have a slash in its name.
    if found.name == name {
        return Ok(());
    }
    let above = found.parent.as_deref().map(|parent| known.label(parent)).transpose()?;
    give_name(google, &known, label, &name_within(above, name)).await
}

/// Moves a folder into another one, or to the top.
pub(super) async fn move_to(
    google: &Google<'_>,
    folder: &str,
    parent: Option<&str>,
) -> Result<(), MailError> {
    let known = Known::read(google).await?;
    let (found, label) = known.own(folder, OF_SYSTEM)?;
    let above = parent.map(|parent| known.own(parent, WITHIN_SYSTEM)).transpose()?;
    let above = above.map(|(_, label)| label);
    if found.parent.as_deref() == above.map(|above| above.id.as_str()) {
        return Ok(());
    }
    let is_within = |above: &RawLabel| known.within(label).iter().any(|within| within.id == above.id);
    if above.is_some_and(|above| above.id == label.id || is_within(above)) {
        return Err(MailProblem::InvalidValue(BELOW_ITSELF).into());
    }
    give_name(google, &known, label, &name_within(above, &found.name)).await
}

/// Gives a label of the user another whole name, and those within it the names that follow.
pub(super) async fn rename_label(google: &Google<'_>, label: &str, whole: &str) -> Result<(), MailError> {
    let known = Known::read(google).await?;
    let found = known.label(label)?;
    if found.name == whole { Ok(()) } else { give_name(google, &known, found, whole).await }
}

async fn give_name(
    google: &Google<'_>,
    known: &Known,
    label: &RawLabel,
    whole: &str,
) -> Result<(), MailError> {
    let within = known.within(label);
    let mut renamed = Vec::with_capacity(within.len().saturating_add(1));
    for inner in within.into_iter().chain([label]) {
        let rest = inner.name.strip_prefix(&label.name).unwrap_or_default();
        let name = format!("{whole}{rest}");
        if name.chars().count() > MAX_NAME {
            return Err(MailProblem::InvalidValue(WRONG_NAME).into());
        }
        renamed.push((inner, name));
    }
    // Before the first request, so that a name that is taken leaves all as it is.
    let is_taken = |name: &String| known.has(name) && !renamed.iter().any(|(inner, _)| inner.name == *name);
    if renamed.iter().any(|(_, name)| is_taken(name)) {
        return Err(MailProblem::FolderExists.into());
    }
    for (done, (inner, name)) in renamed.iter().enumerate() {
        let Err(error) = put_name(google, inner, name).await else { continue };
        // No repeated call would succeed, so those within it must not stay with names of their own.
        if matches!(error.problem, MailProblem::Conflict | MailProblem::InvalidValue(_)) {
            for (inner, _) in renamed.iter().take(done) {
                put_name(google, inner, &inner.name).await?;
            }
        }
        return Err(explain(error));
    }
    Ok(())
}

async fn put_name(google: &Google<'_>, label: &RawLabel, name: &str) -> Result<(), MailError> {
    let url = google.gmail(&format!("/labels/{}", segment(&label.id)?));
    let body = json!({ "name": name });
    google.send_only(Method::PATCH, GMAIL_LABELS, &url, Some(&body)).await
}

/// Deletes a folder and those within it, from the deepest. The messages stay, without these labels.
pub(super) async fn delete(google: &Google<'_>, folder: &str) -> Result<(), MailError> {
    let known = Known::read(google).await?;
    let (_, label) = known.own(folder, OF_SYSTEM)?;
    for inner in known.within(label) {
        match delete_label(google, &inner.id).await {
            // Another program has deleted it.
            Err(error) if error.problem == MailProblem::NotFound => {}
            deleted => deleted?,
        }
    }
    delete_label(google, &label.id).await
}

/// Deletes one label. No page of Google says that the history has the messages which lose it, so all are read again.
pub(super) async fn delete_label(google: &Google<'_>, id: &str) -> Result<(), MailError> {
    let url = google.gmail(&format!("/labels/{}", segment(id)?));
    let deleted = google.send_only(Method::DELETE, GMAIL_LABELS, &url, None).await;
    google.call.memory.restart_messages(None);
    deleted
}
