//! Changes of labels: the categories of Outlook (Microsoft Graph, outlookCategory resource). Graph changes a category by an
//! id of its own, which messages do not have, so each change first reads the categories. None of them changes a message.

use ::http::Method;
use serde_json::json;

use super::{
    address::segment,
    labels::{self, Category},
    request::Graph,
};
use crate::{
    platform::text::fold,
    providers::mailbox::{Label, MailError, MailProblem},
};

const SETTINGS_WRITE: &str = "MailboxSettings.ReadWrite";

/// Maximum number of characters of a category's name.
const MAX_NAME: usize = 255;
const WRONG_NAME: &str = "Give a label a name of 1 to 255 characters, without control characters.";
const EXISTS: &str = "A label of this name is there already. Upper and lower case are alike.";
const NO_RENAMING: &str = "Outlook cannot rename a label. Create another one, and put it on the messages.";

/// Creates a category with the preset colour that is nearest to `color`.
pub(super) async fn create(graph: &Graph<'_>, name: &str, color: Option<&str>) -> Result<Label, MailError> {
    let is_sound =
        !name.trim().is_empty() && name.chars().count() <= MAX_NAME && !name.contains(char::is_control);
    if !is_sound {
        return Err(MailProblem::InvalidValue(WRONG_NAME).into());
    }
    let preset = match color {
        Some(color) => labels::nearest_preset(color)?,
        None => "none".to_owned(),
    };
    let known = labels::categories(graph, SETTINGS_WRITE).await?;
    let exists = || MailError::from(MailProblem::InvalidValue(EXISTS));
    if known.iter().any(|category| fold(&category.label.name) == fold(name)) {
        return Err(exists());
    }
    let body = json!({ "displayName": name, "color": preset });
    let created = graph.send_json(Method::POST, SETTINGS_WRITE, labels::PATH, Some(&body), &[]).await;
    let created = match created {
        // Another program has created it since the categories were read.
        Err(error) if error.problem == MailProblem::Conflict => return Err(exists()),
        created => created?,
    };
    let label = labels::label(&created).ok_or_else(|| MailError::from(MailProblem::Garbled))?;
    Ok(Label { position: Some(known.len().saturating_add(1)), ..label })
}

/// Gives a category the preset colour that is nearest to `color`. A name is taken only if it is the present one: Outlook
/// renames no category.
pub(super) async fn update(
    graph: &Graph<'_>,
    label: &str,
    name: Option<&str>,
    color: Option<&str>,
) -> Result<(), MailError> {
    let present = labels::name_of(label)?;
    if name.is_some_and(|name| name != present) {
        return Err(MailProblem::NotSupported(NO_RENAMING).into());
    }
    let nearest = color.map(labels::nearest_preset).transpose()?;
    let path = path_of(graph, label).await?;
    let Some(nearest) = nearest else { return Ok(()) };
    let body = json!({ "color": nearest });
    graph.send_only(Method::PATCH, SETTINGS_WRITE, &path, Some(&body), &[]).await
}

/// Deletes a category. Messages keep its name.
pub(super) async fn delete(graph: &Graph<'_>, label: &str) -> Result<(), MailError> {
    let path = path_of(graph, label).await?;
    graph.send_only(Method::DELETE, SETTINGS_WRITE, &path, None, &[]).await
}

/// The path of a category.
async fn path_of(graph: &Graph<'_>, label: &str) -> Result<String, MailError> {
    labels::name_of(label)?;
    let known = labels::categories(graph, SETTINGS_WRITE).await?;
    let found = known.into_iter().find(|Category { label: known, .. }| known.id == label);
    let found = found.ok_or_else(|| MailError::from(MailProblem::NotFound))?;
    let id = found.id.ok_or_else(|| MailError::from(MailProblem::Garbled))?;
    Ok(format!("{}/{}", labels::PATH, segment(&id)?))
}
