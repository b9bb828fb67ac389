//! Folders and labels.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use super::{
    asked::Asked,
    envelope::Envelope,
    errors::{ApiError, Code},
    parameters::Given,
    refused::Refused,
    shapes::{Folder, Label, StartedJob},
};
use crate::{
    mail::{emptying::MailJobs, service::Mail},
    platform::text,
};

/// The refusal of a path that no folder has.
const NO_PARENT: &str =
    "parentFolderPath: No folder has this path. Give parentFolderId, or a path of the list of folders.";
/// The refusal of an empty id. A program that has lost the id must not move a folder to the top.
const EMPTY_PARENT: &str = "parentFolderId: Give the id of a folder, or leave it out, which means the top.";
/// The same of a path.
const EMPTY_PARENT_PATH: &str =
    "parentFolderPath: Give a path of the list of folders, or leave it out, which means the top.";
/// The refusal of a change of nothing.
const NO_CHANGE: &str = "Give displayName or color.";

/// `GET …/folders`.
pub async fn list(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<Vec<Folder>>, Refused> {
    let folders = mail.list_folders(&asked.caller, asked.account()?).await?;
    Ok(Envelope::success(folders.into_iter().map(|folder| Folder::from(folder).listed()).collect()))
}

/// `GET …/folders/{folderId}`.
pub async fn get(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<Folder>, Refused> {
    let folder = mail.get_folder(&asked.caller, asked.account()?, asked.given.required("folderId")).await?;
    Ok(Envelope::success(folder.into()))
}

/// `POST …/folders`.
pub async fn create(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<Folder>, Refused> {
    let Asked { caller, given } = &asked;
    let account = asked.account()?;
    let parent = match (parent_id(given)?, given.text("parentFolderPath")) {
        (Some(id), _) => Some(id.to_owned()),
        (None, None) if given.has("parentFolderPath") => {
            return Err(Refused::of(Code::InvalidValue, EMPTY_PARENT_PATH));
        }
        // The path of the top.
        (None, None | Some("/")) => None,
        (None, Some(path)) => {
            let folders = mail.list_folders(caller, account).await?;
            let found = folders.into_iter().find(|folder| folder.path == path);
            Some(found.ok_or_else(|| Refused::of(Code::InvalidValue, NO_PARENT))?.id)
        }
    };
    let name = given.required("folderName");
    let folder = mail.create_folder(caller, account, name, parent.as_deref()).await?;
    Ok(Envelope::created(folder.into()))
}

/// The id of the folder into which a folder comes; `None` for the top.
///
/// # Errors
/// `INVALID_VALUE` if the call names it and it is empty.
fn parent_id(given: &Given) -> Result<Option<&str>, ApiError> {
    let id = given.text("parentFolderId").filter(|id| !text::trim(id).is_empty());
    if id.is_none() && given.has("parentFolderId") {
        return Err(ApiError::of(Code::InvalidValue, EMPTY_PARENT));
    }
    Ok(id)
}

/// `PUT …/folders/{folderId}`.
pub async fn change(
    State(mail): State<Mail>,
    State(jobs): State<MailJobs>,
    asked: Asked,
) -> Result<Response, Refused> {
    let Asked { caller, given } = &asked;
    let change = FolderChange::read(given)?;
    let (account, folder) = (asked.account()?, given.required("folderId"));
    match change {
        FolderChange::Rename(name) => mail.rename_folder(caller, account, folder, name).await?,
        FolderChange::Move(parent) => mail.move_folder(caller, account, folder, parent).await?,
        FolderChange::Empty => {
            let job_id = jobs.empty_folder(caller, account, folder).await?.to_string();
            return Ok(Envelope::success(StartedJob { job_id }).into_response());
        }
    }
    Ok(Envelope::done().into_response())
}

/// A change of a folder, as `mode` names it.
#[derive(Debug, PartialEq, Eq)]
enum FolderChange<'g> {
    Rename(&'g str),
    /// Into this folder, or to the top.
    Move(Option<&'g str>),
    Empty,
}

impl<'g> FolderChange<'g> {
    /// # Errors
    /// `INVALID_VALUE` if the new name is missing or the new parent is empty, or for a parameter of another mode.
    fn read(given: &'g Given) -> Result<Self, ApiError> {
        let mode = given.required("mode");
        for (name, of) in [("folderName", "rename"), ("parentFolderId", "move")] {
            if given.has(name) && mode != of {
                let more_info = format!("{name}: Give it only with the mode {of}.");
                return Err(ApiError::of(Code::InvalidValue, more_info));
            }
        }
        match mode {
            "rename" => given.text("folderName").map(Self::Rename).ok_or_else(|| {
                ApiError::of(Code::InvalidValue, "folderName is missing. The mode rename needs it.")
            }),
            "move" => Ok(Self::Move(parent_id(given)?)),
            _ => Ok(Self::Empty),
        }
    }
}

/// `DELETE …/folders/{folderId}`.
pub async fn delete(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<()>, Refused> {
    mail.delete_folder(&asked.caller, asked.account()?, asked.given.required("folderId")).await?;
    Ok(Envelope::done())
}

/// `GET …/labels`.
pub async fn list_labels(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<Vec<Label>>, Refused> {
    let labels = mail.list_labels(&asked.caller, asked.account()?).await?;
    Ok(Envelope::success(labels.into_iter().map(Label::from).collect()))
}

/// `GET …/labels/{labelId}`.
pub async fn get_label(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<Label>, Refused> {
    let label = mail.get_label(&asked.caller, asked.account()?, asked.given.required("labelId")).await?;
    Ok(Envelope::success(label.into()))
}

/// `POST …/labels`.
pub async fn create_label(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<Label>, Refused> {
    let Asked { caller, given } = &asked;
    let (name, color) = (given.required("displayName"), given.text("color"));
    let label = mail.create_label(caller, asked.account()?, name, color).await?;
    Ok(Envelope::created(label.into()))
}

/// `PUT …/labels/{labelId}`.
pub async fn update_label(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<()>, Refused> {
    let Asked { caller, given } = &asked;
    let (name, color) = (given.text("displayName"), given.text("color"));
    if name.is_none() && color.is_none() {
        return Err(Refused::of(Code::InvalidValue, NO_CHANGE));
    }
    mail.update_label(caller, asked.account()?, given.required("labelId"), name, color).await?;
    Ok(Envelope::done())
}

/// `DELETE …/labels/{labelId}`.
pub async fn delete_label(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<()>, Refused> {
    mail.delete_label(&asked.caller, asked.account()?, asked.given.required("labelId")).await?;
    Ok(Envelope::done())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::calls::CHANGE_FOLDER;

    fn given(body: &Value) -> Given {
        let path = [("account_key".to_owned(), "k".to_owned()), ("folderId".to_owned(), "f".to_owned())];
        Given::read(CHANGE_FOLDER.parameters, &path, "", body.to_string().as_bytes()).expect("a call")
    }

    #[test]
    fn each_mode_is_a_change_with_its_own_parameter() {
        for (body, change) in [
            (json!({ "mode": "rename", "folderName": "A/B" }), FolderChange::Rename("A/B")),
            (
                json!({ "mode": "move", "parentFolderId": "p", "previousFolderId": "q" }),
                FolderChange::Move(Some("p")),
            ),
            (json!({ "mode": "move" }), FolderChange::Move(None)),
            (json!({ "mode": "move", "parentFolderId": null }), FolderChange::Move(None)),
            (json!({ "mode": "emptyFolder" }), FolderChange::Empty),
        ] {
            assert_eq!(FolderChange::read(&given(&body)).ok(), Some(change), "{body}");
        }
    }

    #[test]
    fn a_missing_name_an_empty_parent_and_a_parameter_of_another_mode_are_refused() {
        for (body, words) in [
            (json!({ "mode": "rename" }), "folderName is missing."),
            (json!({ "mode": "rename", "folderName": "" }), "folderName is missing."),
            (
                json!({ "mode": "rename", "folderName": "a", "parentFolderId": "p" }),
                "parentFolderId: Give it only",
            ),
            (json!({ "mode": "move", "parentFolderId": "" }), "parentFolderId: Give the id of a folder"),
            (json!({ "mode": "move", "parentFolderId": " " }), "parentFolderId: Give the id of a folder"),
            (json!({ "mode": "move", "folderName": "a" }), "folderName: Give it only with the mode rename."),
            (json!({ "mode": "emptyFolder", "folderName": "a" }), "folderName: Give it only"),
        ] {
            let error = format!("{:?}", FolderChange::read(&given(&body)).expect_err("a mistake"));
            assert!(error.contains("INVALID_VALUE") && error.contains(words), "{body}: {error}");
        }
    }
}
