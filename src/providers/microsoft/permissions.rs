//! The permissions (scopes) that a connector asks for.

use crate::providers::Permission;

/// The text of three permissions. Screens show it once for all three.
const SEE_USER: &str = "See the name and address of the user";

const MAIL: &str = "Mail";
const CONTACTS: &str = "Contacts";
const SETTINGS: &str = "Labels and settings";

/// All permissions, of Microsoft Graph and of OpenID Connect. If a tenant lets Microsoft manage its consent settings,
/// Microsoft's policy of 2026 applies: `Mail.Read`, `Mail.ReadWrite`, `Contacts.ReadWrite` and `MailboxSettings.*` need
/// an administrator; `Mail.Send` and `Contacts.Read` do not (manage-app-consent-policies).
pub static PERMISSIONS: [Permission; 11] = [
    required("User.Read", SEE_USER),
    required("offline_access", "Stay connected when the user is not there"),
    required("profile", SEE_USER),
    required("openid", SEE_USER),
    Permission {
        suggested: true,
        needs_administrator: true,
        ..optional(
            MAIL,
            "Mail.Read",
            "Read mail",
            "Read and search messages, threads, folders, attachments and drafts.",
        )
    },
    Permission {
        needs_administrator: true,
        includes: &["Mail.Read"],
        ..optional(
            MAIL,
            "Mail.ReadWrite",
            "Read and change mail",
            "All calls of Mail.Read. Change, move and delete messages, threads and folders; write drafts. With Mail.Send: each message is sent exactly once, also with large files.",
        )
    },
    Permission {
        suggested: true,
        ..optional(
            MAIL,
            "Mail.Send",
            "Send mail",
            "Send, reply and forward. Without Mail.ReadWrite a message has at most 3 MB, and whether it was sent may stay unknown after a lost answer.",
        )
    },
    Permission {
        suggested: true,
        ..optional(
            CONTACTS,
            "Contacts.Read",
            "Read contacts",
            "Read and search contacts, read folders of contacts and what has changed.",
        )
    },
    Permission {
        needs_administrator: true,
        includes: &["Contacts.Read"],
        ..optional(
            CONTACTS,
            "Contacts.ReadWrite",
            "Read and change contacts",
            "All calls of Contacts.Read. Create, change and delete contacts.",
        )
    },
    Permission {
        needs_administrator: true,
        ..optional(
            SETTINGS,
            "MailboxSettings.Read",
            "Read labels and settings",
            "Read the list of labels with their colours.",
        )
    },
    Permission {
        needs_administrator: true,
        includes: &["MailboxSettings.Read"],
        ..optional(
            SETTINGS,
            "MailboxSettings.ReadWrite",
            "Read and change labels and settings",
            "All calls of MailboxSettings.Read. Create, colour and delete labels.",
        )
    },
];

const fn required(name: &'static str, allows: &'static str) -> Permission {
    Permission { required: true, ..optional("", name, allows, "") }
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
        needs_administrator: false,
        includes: &[],
    }
}

/// The permissions that every connector asks for.
pub fn required_permissions() -> impl Iterator<Item = &'static Permission> {
    PERMISSIONS.iter().filter(|permission| permission.required)
}

/// The permissions that an administrator may choose.
pub fn optional_permissions() -> impl Iterator<Item = &'static Permission> {
    PERMISSIONS.iter().filter(|permission| !permission.required)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_administrator_must_allow_what_the_policy_of_2026_lists() {
        let listed = optional_permissions().filter(|permission| permission.needs_administrator);
        let listed: Vec<_> = listed.map(|permission| permission.name).collect();
        assert_eq!(
            listed,
            [
                "Mail.Read",
                "Mail.ReadWrite",
                "Contacts.ReadWrite",
                "MailboxSettings.Read",
                "MailboxSettings.ReadWrite"
            ]
        );
        assert!(required_permissions().all(|permission| !permission.needs_administrator));
    }

    #[test]
    fn each_optional_permission_says_what_it_allows_and_includes_one_of_its_own_group() {
        for permission in optional_permissions() {
            assert!(!permission.calls.is_empty() && !permission.group.is_empty(), "{}", permission.name);
            for lesser in permission.includes {
                let lesser = PERMISSIONS.iter().find(|known| known.name == *lesser).expect(lesser);
                assert_eq!(lesser.group, permission.group, "{}", permission.name);
                assert!(permission.calls.contains(lesser.name), "{}", permission.name);
                // The list is complete: nothing that a lesser permission includes is left out.
                assert!(lesser.includes.iter().all(|name| permission.includes.contains(name)));
            }
        }
    }

    #[test]
    fn the_suggested_permissions_change_nothing_in_a_mailbox() {
        let suggested = optional_permissions().filter(|permission| permission.suggested);
        let suggested: Vec<_> = suggested.map(|permission| permission.name).collect();
        assert_eq!(suggested, ["Mail.Read", "Mail.Send", "Contacts.Read"]);
    }
}
