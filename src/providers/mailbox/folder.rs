//! Folders and labels.

/// The purpose of a folder, whatever its name is in the language of the mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FolderKind {
    Inbox,
    Sent,
    Drafts,
    Trash,
    Spam,
    Archive,
    Outbox,
    /// A folder that the user made, or one of the provider's with another purpose.
    User,
}

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    pub id: String,
    /// The name in the language of the mailbox.
    pub name: String,
    /// The names from the top to this folder: see [`folder_path`].
    pub path: String,
    /// The folder that contains it; `None` at the top.
    pub parent: Option<String>,
    pub kind: FolderKind,
    pub messages: Option<u64>,
    pub unread: Option<u64>,
}

/// Which folders of a mailbox are the system's, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemFolders {
    /// The folder that contains those at the top, if the provider has one. It is not shown.
    pub root: Option<String>,
    /// The id of each system folder that the mailbox has; never [`FolderKind::User`].
    pub ids: Vec<(FolderKind, String)>,
}

impl SystemFolders {
    /// What this folder is for.
    pub fn kind_of(&self, id: &str) -> FolderKind {
        self.ids.iter().find(|(_, known)| known == id).map_or(FolderKind::User, |(kind, _)| *kind)
    }

    /// The folder for this purpose.
    pub fn id_of(&self, kind: FolderKind) -> Option<&str> {
        self.ids.iter().find(|(known, _)| *known == kind).map(|(_, id)| id.as_str())
    }
}

/// Folders whose messages are not among those of the whole mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HiddenFolders {
    /// The ids of the trash and of the folders within it.
    pub trash: Vec<String>,
    /// The ids of the spam and of the folders within it.
    pub spam: Vec<String>,
    pub drafts: Option<String>,
    /// Whether the trash or the spam has more folders than were read.
    pub has_more: bool,
}

impl HiddenFolders {
    /// The ids of all of them.
    pub fn all(self) -> Vec<String> {
        self.trash.into_iter().chain(self.spam).chain(self.drafts).collect()
    }
}

/// Names joined by `/`. In a name `/` becomes `%2F`, and `%` becomes `%25`.
pub fn folder_path<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names = names.into_iter().map(|name| name.replace('%', "%25").replace('/', "%2F"));
    names.fold(String::new(), |path, name| path + "/" + &name)
}

/// A label that users put on messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub id: String,
    pub name: String,
    /// The colour as `#rrggbb`; `None` if it has none, or the provider does not say.
    pub color: Option<String>,
    /// The position among the labels of the mailbox, from 1; `None` if the provider does not say.
    pub position: Option<usize>,
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn a_path_gives_the_names_back(names in vec("[a%/2F5 ü]{1,6}", 1..5)) {
            let path = folder_path(names.iter().map(String::as_str));
            let read: Vec<_> = path.split('/').skip(1).map(|name| name.replace("%2F", "/").replace("%25", "%")).collect();
            prop_assert_eq!(read, names);
        }
    }
}
