//! Folders and labels.

use axum::extract::State;

use super::{
    asked::Asked,
    envelope::Envelope,
    refused::Refused,
    shapes::{Folder, Label},
};
use crate::mail::service::Mail;

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
