//! The permissions (scopes) that a connector asks for, as Google writes them: full addresses, which are also stored.

use crate::providers::Permission;

/// Proves who signed in: the ID token.
pub const OPENID: &str = "openid";
/// The email address in the ID token. Google also answers it where the short name `email` was asked for.
pub const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";
/// The name of the person in the ID token. Google also answers it where the short name `profile` was asked for.
pub const PROFILE: &str = "https://www.googleapis.com/auth/userinfo.profile";
pub const GMAIL_READ: &str = "https://www.googleapis.com/auth/gmail.readonly";
pub const GMAIL_MODIFY: &str = "https://www.googleapis.com/auth/gmail.modify";
pub const GMAIL_SEND: &str = "https://www.googleapis.com/auth/gmail.send";
pub const GMAIL_LABELS: &str = "https://www.googleapis.com/auth/gmail.labels";
pub const GMAIL_FULL: &str = "https://mail.google.com/";
pub const CONTACTS_READ: &str = "https://www.googleapis.com/auth/contacts.readonly";
pub const CONTACTS: &str = "https://www.googleapis.com/auth/contacts";

/// The text of three permissions. Screens show it once for all three.
const SEE_USER: &str = "See the name and address of the user";

const OF_MAIL: &str = "Mail";
const OF_CONTACTS: &str = "Contacts";

/// All permissions. Google has three classes of them: restricted ones (an application for other companies needs a
/// yearly security assessment), sensitive ones (it needs a review) and the others (support.google.com/cloud,
/// 13464325). An application of the user type *Internal* needs neither.
pub static PERMISSIONS: [Permission; 10] = [
    required(OPENID),
    required(EMAIL),
    required(PROFILE),
    Permission {
        suggested: true,
        ..optional(
            OF_MAIL,
            GMAIL_READ,
            "Read mail",
            "Read and search messages, threads, folders, labels, attachments and drafts. Google calls it restricted.",
        )
    },
    Permission {
        includes: &[GMAIL_READ, GMAIL_SEND, GMAIL_LABELS],
        ..optional(
            OF_MAIL,
            GMAIL_MODIFY,
            "Read, change and send mail",
            "All calls of gmail.readonly, gmail.send and gmail.labels. Change, move and trash messages and threads; \
             write drafts. Each message is sent exactly once. Google calls it restricted.",
        )
    },
    Permission {
        suggested: true,
        ..optional(
            OF_MAIL,
            GMAIL_SEND,
            "Send mail",
            "Send, reply and forward. Without gmail.modify, whether a message was sent may stay unknown after a lost \
             answer. Google calls it sensitive.",
        )
    },
    optional(
        OF_MAIL,
        GMAIL_LABELS,
        "Read and change labels",
        "Read, create, change and delete labels and folders. Google calls it neither sensitive nor restricted.",
    ),
    Permission {
        includes: &[GMAIL_READ, GMAIL_MODIFY, GMAIL_SEND, GMAIL_LABELS],
        ..optional(
            OF_MAIL,
            GMAIL_FULL,
            "Read, change and send mail, and delete it for good",
            "All calls of gmail.readonly, gmail.modify, gmail.send and gmail.labels. Delete messages, threads and the \
             content of folders for good. Google calls it restricted.",
        )
    },
    Permission {
        suggested: true,
        ..optional(
            OF_CONTACTS,
            CONTACTS_READ,
            "Read contacts",
            "Read and search contacts, read folders of contacts and what has changed. Google calls it sensitive.",
        )
    },
    Permission {
        includes: &[CONTACTS_READ],
        ..optional(
            OF_CONTACTS,
            CONTACTS,
            "Read and change contacts",
            "All calls of contacts.readonly. Create, change and delete contacts. Google calls it sensitive.",
        )
    },
];

const fn required(name: &'static str) -> Permission {
    Permission { required: true, ..optional("", name, SEE_USER, "") }
}

const fn optional(
    group: &'static str,
    name: &'static str,
    allows: &'static str,
    calls: &'static str,
) -> Permission {
    Permission {
        name,
        allows,
        calls,
        group,
        required: false,
        suggested: false,
        // A company's administrator can restrict applications, but most companies allow their own.
        needs_administrator: false,
        includes: &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::permission::{is_covered, is_included};

    fn optional_permissions() -> impl Iterator<Item = &'static Permission> {
        PERMISSIONS.iter().filter(|permission| !permission.required)
    }

    /// The last part of a permission's address, as sentences name it.
    fn short(name: &str) -> &str {
        name.rsplit('/').next().unwrap_or_default()
    }

    #[test]
    fn every_name_is_a_full_address_but_that_of_the_id_token() {
        for permission in &PERMISSIONS {
            let is_address = permission.name.starts_with("https://");
            assert!(is_address || permission.name == OPENID, "{}", permission.name);
        }
    }

    #[test]
    fn each_optional_permission_says_what_it_allows_and_its_class() {
        for permission in optional_permissions() {
            assert!(!permission.group.is_empty(), "{}", permission.name);
            assert!(permission.calls.contains("Google calls it "), "{}", permission.name);
        }
    }

    #[test]
    fn what_a_permission_includes_is_complete_and_of_its_own_group() {
        for permission in optional_permissions() {
            for lesser in permission.includes {
                let lesser = PERMISSIONS.iter().find(|known| known.name == *lesser).expect(lesser);
                assert_eq!(lesser.group, permission.group, "{}", permission.name);
                assert!(permission.calls.contains(short(lesser.name)), "{}", permission.name);
                assert!(lesser.includes.iter().all(|name| permission.includes.contains(name)));
            }
        }
    }

    #[test]
    fn the_full_permission_makes_every_other_one_for_mail_needless() {
        let full = [GMAIL_FULL.to_owned()];
        for name in [GMAIL_READ, GMAIL_MODIFY, GMAIL_SEND, GMAIL_LABELS] {
            assert!(is_included(&PERMISSIONS, &full, name), "{name}");
        }
        assert!(!is_covered(&PERMISSIONS, &full, CONTACTS_READ));
        let modify = [GMAIL_MODIFY.to_owned()];
        assert!(
            is_covered(&PERMISSIONS, &modify, GMAIL_SEND) && !is_covered(&PERMISSIONS, &modify, GMAIL_FULL)
        );
        assert!(!is_covered(&PERMISSIONS, &[GMAIL_SEND.to_owned()], GMAIL_READ));
    }

    #[test]
    fn the_suggested_permissions_change_nothing_in_a_mailbox() {
        let suggested = optional_permissions().filter(|permission| permission.suggested);
        let suggested: Vec<_> = suggested.map(|permission| permission.name).collect();
        assert_eq!(suggested, [GMAIL_READ, GMAIL_SEND, CONTACTS_READ]);
    }
}
