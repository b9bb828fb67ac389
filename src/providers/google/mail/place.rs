//! In which folder a message is. Gmail has labels, of which a message may have several: its folder is the first of
//! trash, spam, drafts, sent, inbox and the user's label that comes first by its name. A message with none of them was
//! archived: it is in *All Mail*, which is no label of Gmail.

use super::{labels::RawLabel, request::Google};
use crate::providers::mailbox::{FolderKind, MailError, Message};

pub(super) const INBOX: &str = "INBOX";
pub(super) const SENT: &str = "SENT";
pub(super) const DRAFT: &str = "DRAFT";
pub(super) const TRASH: &str = "TRASH";
pub(super) const SPAM: &str = "SPAM";
pub(super) const UNREAD: &str = "UNREAD";
pub(super) const STARRED: &str = "STARRED";
/// Our id of *All Mail*. No label has it: the ids of users' labels have small letters, and Gmail's own are others.
pub(super) const ALL_MAIL: &str = "ALL_MAIL";

/// The labels that are folders, from the one that decides first.
const FOLDERS: [&str; 5] = [TRASH, SPAM, DRAFT, SENT, INBOX];

/// Whether a label is one of Gmail's own, such as `INBOX` and `CATEGORY_FORUMS`. Those of users have small letters and
/// digits (`Label_12`).
pub(super) fn is_systems(label: &str) -> bool {
    label.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// What a folder is for.
pub(super) fn kind_of(id: &str) -> FolderKind {
    match id {
        INBOX => FolderKind::Inbox,
        SENT => FolderKind::Sent,
        DRAFT => FolderKind::Drafts,
        TRASH => FolderKind::Trash,
        SPAM => FolderKind::Spam,
        ALL_MAIL => FolderKind::Archive,
        _ => FolderKind::User,
    }
}

/// The folder of a message with these labels, if it can be told without the names of labels.
pub(super) fn told_by_ids<'l>(ids: &[&'l str]) -> Option<&'l str> {
    let systems = FOLDERS.iter().find_map(|folder| ids.iter().copied().find(|id| id == folder));
    if systems.is_some() {
        return systems;
    }
    let mut users = ids.iter().copied().filter(|id| !is_systems(id));
    match (users.next(), users.next()) {
        (None, _) => Some(ALL_MAIL),
        (Some(only), None) => Some(only),
        (Some(_), Some(_)) => None,
    }
}

/// The folder of a message with these labels. A label that was made in the meantime has no name, and comes last.
pub(super) fn folder_of<'l>(ids: &[&'l str], labels: &[RawLabel]) -> &'l str {
    told_by_ids(ids).unwrap_or_else(|| {
        let name_of = |id: &str| labels.iter().find(|label| label.id == id).map(|label| label.name.as_str());
        let users = ids.iter().copied().filter(|id| !is_systems(id));
        users.min_by_key(|id| (name_of(id).is_none(), name_of(id), *id)).unwrap_or(ALL_MAIL)
    })
}

/// Gives a folder to those messages that have none yet, because they have several labels of the user. The names of the
/// labels are read only for them.
pub(super) async fn file(google: &Google<'_>, messages: &mut [Message]) -> Result<(), MailError> {
    if messages.iter().all(|message| message.folder.is_some()) {
        return Ok(());
    }
    let labels = super::labels::all(google).await?;
    for message in messages.iter_mut().filter(|message| message.folder.is_none()) {
        let ids: Vec<_> = message.labels.iter().map(String::as_str).collect();
        message.folder = Some(folder_of(&ids, &labels).to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(id: &str, name: &str) -> RawLabel {
        RawLabel { id: id.to_owned(), name: name.to_owned(), is_user: true, color: None }
    }

    #[test]
    fn the_folder_of_a_message_is_the_first_of_its_labels() {
        let labels = [label("Label_1", "Work"), label("Label_2", "Home"), label("Label_3", "Home/Tax")];
        for (ids, expected) in [
            (vec!["INBOX", "UNREAD"], "INBOX"),
            (vec!["Label_1", "INBOX", "IMPORTANT"], "INBOX"),
            (vec!["INBOX", "SENT"], "SENT"),
            (vec!["SENT", "DRAFT"], "DRAFT"),
            (vec!["SENT", "SPAM"], "SPAM"),
            (vec!["SPAM", "INBOX", "TRASH"], "TRASH"),
            (vec!["Label_1"], "Label_1"),
            (vec!["Label_1", "Label_3", "Label_2", "STARRED"], "Label_2"),
            (vec!["Label_9", "Label_1"], "Label_1"),
            (vec!["CATEGORY_PERSONAL", "UNREAD"], "ALL_MAIL"),
            (vec![], "ALL_MAIL"),
        ] {
            assert_eq!(folder_of(&ids, &labels), expected, "{ids:?}");
        }
        assert_eq!(told_by_ids(&["Label_1", "Label_2"]), None);
    }

    #[test]
    fn only_a_folder_of_the_user_has_no_purpose() {
        assert!(
            FOLDERS.iter().chain([&ALL_MAIL]).all(|id| kind_of(id) != FolderKind::User && is_systems(id))
        );
        assert_eq!((kind_of("Label_1"), is_systems("Label_1")), (FolderKind::User, false));
    }
}
