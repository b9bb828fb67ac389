//! The permissions (scopes) that a connector asks for.

/// A permission of Microsoft Graph or of OpenID Connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Its name, as Microsoft has it.
    pub name: &'static str,
    /// What it allows.
    pub allows: &'static str,
    /// Whether every connector asks for it.
    pub required: bool,
    /// Whether, in a tenant that has left consent to Microsoft, an administrator must approve it.
    pub needs_administrator: bool,
}

/// All permissions. By Microsoft's managed consent policy of 2026, Mail.Read needs an administrator; Mail.Send and
/// Contacts.Read do not (manage-app-consent-policies).
pub const PERMISSIONS: [Permission; 7] = [
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
