//! The permissions (scopes) that a connector asks for.

use crate::providers::Permission;

/// The text of three permissions. Screens show it once for all three.
const SEE_USER: &str = "See the name and address of the user";

/// All permissions, of Microsoft Graph and of OpenID Connect. If a tenant lets Microsoft manage its consent settings,
/// Microsoft's policy of 2026 applies: Mail.Read needs an administrator; Mail.Send and Contacts.Read do not
/// (manage-app-consent-policies).
pub static PERMISSIONS: [Permission; 7] = [
    permission("User.Read", SEE_USER, true, false),
    permission("offline_access", "Stay connected when the user is not there", true, false),
    permission("profile", SEE_USER, true, false),
    permission("openid", SEE_USER, true, false),
    permission("Mail.Read", "Read mail", false, true),
    permission("Mail.Send", "Send mail", false, false),
    permission("Contacts.Read", "Read contacts", false, false),
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
