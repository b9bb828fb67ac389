//! The permissions (scopes) of a provider: what each allows, who must approve it, and which one includes which.

/// A permission that a connector may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The name of the permission at the provider.
    pub name: &'static str,
    /// A phrase that says what an application with the permission can do.
    pub allows: &'static str,
    /// The calls of the API that it allows, as a sentence; empty if no call of the API needs it.
    pub calls: &'static str,
    /// The heading under which the form shows it: permissions about the same things have the same one.
    pub group: &'static str,
    /// Whether every connector asks for it.
    pub required: bool,
    /// Whether the form of a new connector suggests it.
    pub suggested: bool,
    /// Whether an administrator of the company must approve it, in most companies.
    pub needs_administrator: bool,
    /// The names of all lesser permissions that it includes, also of those that a lesser one includes.
    pub includes: &'static [&'static str],
}

/// Whether one of `chosen` includes this permission, so that it need not be asked for.
pub fn is_included(known: &[Permission], chosen: &[String], name: &str) -> bool {
    let is_chosen = |name: &str| chosen.iter().any(|chosen| chosen == name);
    known.iter().any(|permission| permission.includes.contains(&name) && is_chosen(permission.name))
}

/// Whether `granted` has this permission, or one that includes it.
pub fn is_covered(known: &[Permission], granted: &[String], name: &str) -> bool {
    granted.iter().any(|granted| granted == name) || is_included(known, granted, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Permission = Permission {
        name: "mail.read",
        allows: "Read mail",
        calls: "",
        group: "Mail",
        required: false,
        suggested: true,
        needs_administrator: false,
        includes: &[],
    };
    const CHANGE: Permission = Permission { name: "mail.change", includes: &["mail.read"], ..READ };
    const ALL: Permission = Permission { name: "mail.all", includes: &["mail.change", "mail.read"], ..READ };

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_permission_covers_itself_and_those_that_it_includes() {
        let known = [READ, CHANGE, ALL];
        for (granted, reads, changes) in [
            ("", false, false),
            ("mail.read", true, false),
            ("mail.change", true, true),
            ("mail.change mail.read", true, true),
            ("mail.all", true, true),
            ("another", false, false),
        ] {
            let granted = list(granted);
            assert_eq!(is_covered(&known, &granted, "mail.read"), reads, "{granted:?}");
            assert_eq!(is_covered(&known, &granted, "mail.change"), changes, "{granted:?}");
        }
        assert!(is_included(&known, &list("mail.change"), "mail.read"));
        assert!(!is_included(&known, &list("mail.read"), "mail.read"));
        assert!(!is_included(&known, &list("mail.read"), "mail.change"));
        assert!(!is_included(&known, &list("mail.all"), "mail.all"));
    }
}
