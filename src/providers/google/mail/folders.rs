//! Folders: those labels that are folders, and *All Mail*, which is none. The names of labels within each other have
//! slashes between them.

use std::collections::HashMap;

use super::{
    address::segment,
    json::number,
    labels::{self, RawLabel},
    place::{ALL_MAIL, DRAFT, INBOX, SENT, SPAM, TRASH, kind_of},
    request::Google,
};
use crate::providers::{
    google::permissions::GMAIL_LABELS,
    mailbox::{Folder, FolderKind, MailError, MailProblem, folder_path},
};

/// The system's folders in the order of a list.
const SYSTEM: [&str; 5] = [INBOX, SENT, DRAFT, TRASH, SPAM];
/// Gmail's word for the messages with any label or none.
const ALL_MAIL_NAME: &str = "All Mail";

/// The folders of these labels, each behind its parent, without the numbers of their messages. A label whose name begins
/// with that of another one and a slash is within it; the rest of the name is its own, though it may have a slash.
pub(super) fn of(labels: Vec<RawLabel>) -> Vec<Folder> {
    let (mut users, others): (Vec<_>, Vec<_>) = labels.into_iter().partition(|label| label.is_user);
    let name_of = |id: &str| others.iter().find(|label| label.id == id).map(|label| label.name.clone());
    let system = SYSTEM.iter().filter_map(|id| Some(at_top(id, name_of(id)?)));
    let mut folders: Vec<_> = system.chain([at_top(ALL_MAIL, ALL_MAIL_NAME.to_owned())]).collect();
    // A name comes before the longer ones that begin with it.
    users.sort_by(|one, other| one.name.cmp(&other.name));
    let mut known: HashMap<String, (String, String)> = HashMap::new();
    for label in users {
        let ends = label.name.match_indices('/').map(|(at, _)| at).rev();
        let above = ends.filter_map(|at| label.name.split_at_checked(at)).find_map(|(above, rest)| {
            let (id, path) = known.get(above)?;
            let rest = rest.strip_prefix('/').filter(|rest| !rest.is_empty())?;
            Some((Some(id.clone()), path.as_str(), rest))
        });
        let (parent, path_above, name) = above.unwrap_or((None, "", label.name.as_str()));
        let path = format!("{path_above}{}", folder_path([name]));
        let name = name.to_owned();
        known.insert(label.name, (label.id.clone(), path.clone()));
        folders.push(Folder {
            id: label.id,
            name,
            path,
            parent,
            kind: FolderKind::User,
            messages: None,
            unread: None,
        });
    }
    folders
}

fn at_top(id: &str, name: String) -> Folder {
    let path = folder_path([name.as_str()]);
    Folder { id: id.to_owned(), name, path, parent: None, kind: kind_of(id), messages: None, unread: None }
}

/// All folders. Gmail tells the numbers of their messages only folder by folder.
pub(super) async fn list(google: &Google<'_>) -> Result<Vec<Folder>, MailError> {
    Ok(of(labels::all(google).await?))
}

/// One folder, with the numbers of its messages.
pub(super) async fn get(google: &Google<'_>, id: &str) -> Result<Folder, MailError> {
    let address = google.gmail(&format!("/labels/{}", segment(id)?));
    let found = list(google).await?.into_iter().find(|folder| folder.id == id);
    let folder = found.ok_or_else(|| MailError::from(MailProblem::NotFound))?;
    if id == ALL_MAIL {
        return Ok(folder);
    }
    let answer = google.get(GMAIL_LABELS, &address).await?;
    let count = |name: &str| number(&answer, name);
    Ok(Folder { messages: count("messagesTotal"), unread: count("messagesUnread"), ..folder })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    fn user(name: &str) -> RawLabel {
        RawLabel { id: format!("id of {name}"), name: name.to_owned(), is_user: true, color: None }
    }

    #[test]
    fn labels_within_labels_are_folders_within_folders() {
        let labels = ["Work/2026", "Work", "Home/Tax", "Work/2026/May", "Work-x", "Odd/"].map(user);
        let folders = of(labels.to_vec());
        let seen: Vec<_> = folders
            .iter()
            .map(|folder| (folder.name.as_str(), folder.path.as_str(), folder.parent.as_deref()))
            .collect();
        let expected = [
            ("All Mail", "/All Mail", None),
            ("Home/Tax", "/Home%2FTax", None),
            ("Odd/", "/Odd%2F", None),
            ("Work", "/Work", None),
            ("Work-x", "/Work-x", None),
            ("2026", "/Work/2026", Some("id of Work")),
            ("May", "/Work/2026/May", Some("id of Work/2026")),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn only_the_labels_that_are_places_are_the_systems_folders() {
        let system = [
            "CHAT",
            "SENT",
            "INBOX",
            "TRASH",
            "DRAFT",
            "SPAM",
            "CATEGORY_FORUMS",
            "UNREAD",
            "STARRED",
            "IMPORTANT",
        ];
        let system = system.map(|id| RawLabel { is_user: false, id: id.to_owned(), ..user(id) });
        let kinds: Vec<_> = of(system.to_vec()).iter().map(|folder| folder.kind).collect();
        let expected = [
            FolderKind::Inbox,
            FolderKind::Sent,
            FolderKind::Drafts,
            FolderKind::Trash,
            FolderKind::Spam,
            FolderKind::Archive,
        ];
        assert_eq!(kinds, expected);
    }

    proptest! {
        #[test]
        fn each_folder_is_behind_its_parent_and_has_its_name_at_the_end_of_its_path(
            names in btree_set("[ab/%]{1,6}", 0..12),
        ) {
            let folders = of(names.iter().map(|name| user(name)).collect());
            prop_assert_eq!(folders.len(), names.len() + 1);
            for (at, folder) in folders.iter().enumerate() {
                let above = folder.parent.as_ref().map(|id| folders.iter().position(|other| other.id == *id));
                prop_assert!(above.is_none_or(|above| above.is_some_and(|above| above < at)));
                prop_assert!(folder.path.ends_with(&folder_path([folder.name.as_str()])));
            }
        }
    }
}
