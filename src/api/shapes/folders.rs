//! Folders and labels.

use serde::Serialize;
use utoipa::ToSchema;

use crate::providers::mailbox::{self, FolderKind};

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are Mail360's")]
pub struct Folder {
    folder_id: String,
    /// The provider's word, in the language of the mailbox.
    folder_name: String,
    /// Inbox, Sent, Drafts, Trash, Spam, Archive, Outbox or User, in every language.
    folder_type: &'static str,
    /// The names from the top. In a name, / is %2F and % is %25.
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_folder_id: Option<String>,
    /// Always 0: a provider has no archived folders. Only in the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_archived: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_count: Option<u64>,
}

impl Folder {
    /// The folder in a list, where Mail360 has one field more.
    #[must_use]
    pub fn listed(self) -> Self {
        Self { is_archived: Some(0), ..self }
    }
}

impl From<mailbox::Folder> for Folder {
    fn from(folder: mailbox::Folder) -> Self {
        Self {
            folder_id: folder.id,
            folder_name: folder.name,
            folder_type: match folder.kind {
                FolderKind::Inbox => "Inbox",
                FolderKind::Sent => "Sent",
                FolderKind::Drafts => "Drafts",
                FolderKind::Trash => "Trash",
                FolderKind::Spam => "Spam",
                FolderKind::Archive => "Archive",
                FolderKind::Outbox => "Outbox",
                FolderKind::User => "User",
            },
            path: folder.path,
            parent_folder_id: folder.parent,
            is_archived: None,
            message_count: folder.messages,
            unread_count: folder.unread,
        }
    }
}

/// A label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are Mail360's")]
pub struct Label {
    label_id: String,
    display_name: String,
    /// #rrggbb.
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<String>,
    /// The position in the list, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<usize>,
}

impl From<mailbox::Label> for Label {
    fn from(label: mailbox::Label) -> Self {
        Self { label_id: label.id, display_name: label.name, color: label.color, sequence: label.position }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_folder_has_mail360s_names_and_one_field_more_in_the_list() {
        let folder = mailbox::Folder {
            id: "1".to_owned(),
            name: "Posteingang".to_owned(),
            path: "/Posteingang".to_owned(),
            parent: None,
            kind: FolderKind::Inbox,
            messages: Some(7),
            unread: None,
        };
        let one = json!({
            "folderId": "1", "folderName": "Posteingang", "folderType": "Inbox", "path": "/Posteingang",
            "messageCount": 7,
        });
        assert_eq!(serde_json::to_value(Folder::from(folder.clone())).expect("JSON"), one);
        let listed = serde_json::to_value(Folder::from(folder).listed()).expect("JSON");
        assert_eq!(listed["isArchived"], 0);
    }

    #[test]
    fn a_label_has_mail360s_names_and_its_position() {
        let label = mailbox::Label {
            id: "27684000000021003".to_owned(),
            name: "L1".to_owned(),
            color: Some("#FFD700".to_owned()),
            position: Some(1),
        };
        let published = json!({
            "labelId": "27684000000021003", "displayName": "L1", "color": "#FFD700", "sequence": 1,
        });
        assert_eq!(serde_json::to_value(Label::from(label)).expect("JSON"), published);
    }
}
