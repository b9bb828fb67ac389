//! The permissions (scopes) that a connector asks for.

use crate::providers::Permission;

/// All permissions of Microsoft Graph and of OpenID Connect. In a tenant that has left consent to Microsoft, its managed
/// consent policy of 2026 applies: Mail.Read needs an administrator; Mail.Send and Contacts.Read do not
/// (manage-app-consent-policies).
pub static PERMISSIONS: [Permission; 7] = [
    permission("User.Read", "Sign in and read user profiles", true, false),
    permission("offline_access", "Maintain access to data you have given it access to", true, false),
    permission("profile", "View the user's basic profile", true, false),
    permission("openid", "Sign users in: Microsoft says who it was", true, false),
    permission("Mail.Read", "Read the user's mail", false, true),
    permission("Mail.Send", "Send mail as the user", false, false),
    permission("Contacts.Read", "Read the user's contacts", false, false),
];

const fn permission(
    name: &'static str,
    allows: &'static str,
    required: bool,
    needs_administrator: bool,
) -> Permission {
    Permission { name, allows, required, needs_administrator }
}

/// The permissions that every connector asks for.
pub fn required_permissions() -> impl Iterator<Item = &'static Permission> {
    PERMISSIONS.iter().filter(|permission| permission.required)
}

/// The permissions that an administrator may choose.
pub fn optional_permissions() -> impl Iterator<Item = &'static Permission> {
    PERMISSIONS.iter().filter(|permission| !permission.required)
}
