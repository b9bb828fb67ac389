//! Compares the permissions that Microsoft granted with the requested ones.

use super::permissions::PERMISSIONS;
use crate::providers::provider::{Abilities, Missing};

/// The requested permissions that were not granted. `granted` is the answer's `scope`; without it, all requested
/// permissions were granted (RFC 6749, 5.1). `openid`, `profile` and `email` are not compared, because Microsoft may
/// leave them out. Microsoft never names `offline_access`; a refresh token proves it.
pub fn missing(asked: &[String], granted: Option<&[String]>, refresh_token: bool, graph: &str) -> Missing {
    let granted = Granted::of(granted, graph);
    let mut missing = Missing::default();
    for scope in asked {
        let there = if scope == "offline_access" { refresh_token } else { granted.has(scope) };
        if !there {
            let required =
                PERMISSIONS.iter().any(|permission| permission.required && permission.name == scope);
            let list = if required { &mut missing.required } else { &mut missing.optional };
            list.push(scope.clone());
        }
    }
    missing
}

/// The requested permissions that a kept grant has, as they were requested. A kept grant has a refresh token.
pub fn granted(asked: &[String], granted: Option<&[String]>, graph: &str) -> Vec<String> {
    let granted = Granted::of(granted, graph);
    asked.iter().filter(|scope| *scope == "offline_access" || granted.has(scope)).cloned().collect()
}

/// What a grant with these permissions, as [`granted`] tells them, lets this program do.
pub fn abilities(granted: &[String]) -> Abilities {
    let has = |name: &str| granted.iter().any(|scope| scope.eq_ignore_ascii_case(name));
    Abilities { reads_mail: has("Mail.Read") || has("Mail.ReadWrite"), sends_mail: has("Mail.Send") }
}

/// What a token answer says about permissions.
struct Granted<'a> {
    /// Their bare names; `None` if the answer has none.
    scopes: Option<Vec<String>>,
    graph: &'a str,
}

impl<'a> Granted<'a> {
    fn of(scopes: Option<&[String]>, graph: &'a str) -> Self {
        let bare = |scopes: &[String]| scopes.iter().map(|scope| bare(scope, graph)).collect();
        Self { scopes: scopes.map(bare), graph }
    }

    /// Whether a permission other than `offline_access` counts as granted.
    fn has(&self, scope: &str) -> bool {
        if scope == "openid" || !is_checked(scope) {
            return true;
        }
        let Some(scopes) = &self.scopes else { return true };
        let including = PERMISSIONS.iter().filter(|permission| permission.includes.contains(&scope));
        let mut names = including.map(|permission| permission.name).chain([scope]);
        names.any(|name| scopes.contains(&bare(name, self.graph)))
    }
}

/// Whether a successful sign-in proves that a permission was granted. The ID token proves `openid`, the refresh token
/// `offline_access`, and the answer's `scope` those of Graph. Microsoft may leave out the others, so nothing proves
/// them.
pub fn is_checked(scope: &str) -> bool {
    !matches!(scope, "profile" | "email")
}

/// In lower case and without the prefix of Graph: `https://graph.microsoft.com/Mail.Read` and
/// `mail.read` are the same permission.
fn bare(scope: &str, graph: &str) -> String {
    let scope = scope.to_lowercase();
    let origin = graph.split('/').take(3).collect::<Vec<_>>().join("/").to_lowercase();
    for prefix in [origin.as_str(), "https://graph.microsoft.com"] {
        if let Some(name) = scope.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) {
            return name.to_owned();
        }
    }
    scope
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAPH: &str = "https://graph.microsoft.com/v1.0";

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn check(granted: Option<&str>, refresh_token: bool) -> Missing {
        let asked = list("User.Read offline_access profile openid Mail.Read Contacts.Read");
        let granted = granted.map(list);
        missing(&asked, granted.as_deref(), refresh_token, GRAPH)
    }

    #[test]
    fn both_of_microsofts_ways_to_answer_are_understood() {
        let short = "User.Read Mail.Read Contacts.Read";
        let long = "profile openid https://graph.microsoft.com/user.read \
            https://graph.microsoft.com/Mail.Read https://graph.microsoft.com/contacts.read";
        assert_eq!(check(Some(short), true), Missing::default());
        assert_eq!(check(Some(long), true), Missing::default());
    }

    #[test]
    fn no_answer_means_that_all_was_granted() {
        assert_eq!(check(None, true), Missing::default());
    }

    #[test]
    fn missing_required_and_optional_permissions_are_named_apart() {
        let missing = check(Some("Contacts.Read"), false);
        assert_eq!(missing.required, ["User.Read", "offline_access"]);
        assert_eq!(missing.optional, ["Mail.Read"]);
    }

    #[test]
    fn an_unchecked_permission_is_neither_missing_nor_granted() {
        let asked = list("openid profile email offline_access User.Read Mail.Read");
        let nothing = missing(&asked, Some(&[]), false, GRAPH);
        for scope in &asked {
            let missed = nothing.required.contains(scope) || nothing.optional.contains(scope);
            // The ID token proves it, and every successful sign-in has one.
            assert_eq!(missed, is_checked(scope) && scope != "openid", "{scope}");
        }
    }

    #[test]
    fn what_a_grant_has_is_told_in_the_words_of_the_request() {
        let asked = list("User.Read offline_access profile openid Mail.Read Contacts.Read");
        let of = |scopes: &str| granted(&asked, Some(&list(scopes)), GRAPH);
        let all = "user.read https://graph.microsoft.com/mail.read contacts.read Mail.Send";
        assert_eq!(of(all), asked);
        assert_eq!(of("User.Read"), list("User.Read offline_access profile openid"));
        assert_eq!(of(""), list("offline_access profile openid"));
        assert_eq!(granted(&asked, None, GRAPH), asked);
        assert_eq!(granted(&list("Mail.Read"), Some(&list("Contacts.Read")), GRAPH), list(""));
    }

    #[test]
    fn a_permission_is_granted_by_one_that_includes_it_and_not_the_other_way_round() {
        let greater =
            check(Some("User.Read https://graph.microsoft.com/mail.readwrite Contacts.ReadWrite"), true);
        assert_eq!(greater, Missing::default());
        let asked = list("User.Read offline_access Mail.ReadWrite Contacts.Read");
        let lesser = missing(&asked, Some(&list("User.Read Mail.Read Contacts.Read")), true, GRAPH);
        assert_eq!(lesser.optional, ["Mail.ReadWrite"]);
    }

    #[test]
    fn mail_is_read_with_either_permission_for_it_and_sent_with_its_own() {
        let of = |scopes: &str| {
            let Abilities { reads_mail, sends_mail } = abilities(&list(scopes));
            (reads_mail, sends_mail)
        };
        assert_eq!(of("User.Read Mail.Read"), (true, false));
        assert_eq!(of("Mail.ReadWrite mail.send"), (true, true));
        assert_eq!(of("Contacts.Read Mail.Send"), (false, true));
        assert_eq!(of(""), (false, false));
    }

    #[test]
    fn a_permission_of_another_resource_is_not_graphs() {
        let missing = check(Some("User.Read https://evil.example/mail.read Contacts.Read"), true);
        assert_eq!(missing.optional, ["Mail.Read"]);
    }
}
