//! Labels. Those of the user are labels and folders, with one id.

use serde_json::Value;

use super::{
    address::segment,
    json::{items, owned, text},
    request::Google,
};
use crate::providers::{
    google::permissions::GMAIL_LABELS,
    mailbox::{Label, MailError, MailProblem},
};

/// A label of Gmail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawLabel {
    pub id: String,
    /// With the names of the labels above it, between slashes.
    pub name: String,
    /// Whether the user made it.
    pub is_user: bool,
    /// The colour behind the name, as `#rrggbb`.
    pub color: Option<String>,
}

impl RawLabel {
    /// `None` if it has no id.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let id = owned(value, "id")?;
        Some(Self {
            name: owned(value, "name").unwrap_or_else(|| id.clone()),
            is_user: text(value, "type") == Some("user"),
            color: value.get("color").and_then(|color| owned(color, "backgroundColor")),
            id,
        })
    }

    /// The label, without its position.
    pub(super) fn label(self) -> Label {
        Label { id: self.id, name: self.name, color: self.color, position: None }
    }
}

/// All labels of the mailbox, also Gmail's own, by one request.
pub(super) async fn all(google: &Google<'_>) -> Result<Vec<RawLabel>, MailError> {
    let answer = google.get(GMAIL_LABELS, &google.gmail("/labels")).await?;
    Ok(items(&answer, "labels").iter().filter_map(RawLabel::read).collect())
}

/// The labels that the user made, by their names.
pub(super) async fn list(google: &Google<'_>) -> Result<Vec<Label>, MailError> {
    let mut labels: Vec<_> = all(google).await?.into_iter().filter(|label| label.is_user).collect();
    labels.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    let labels =
        (1..).zip(labels).map(|(position, label)| Label { position: Some(position), ..label.label() });
    Ok(labels.collect())
}

/// A label that the user made.
pub(super) async fn get(google: &Google<'_>, id: &str) -> Result<Label, MailError> {
    segment(id)?;
    let labels = list(google).await?;
    labels.into_iter().find(|label| label.id == id).ok_or_else(|| MailProblem::NotFound.into())
}
