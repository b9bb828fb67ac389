//! The texts of activity entries, for the activity page and a connector's page.

use std::collections::HashMap;

use crate::{
    activity::model::{Action, By, Detail, Recorded},
    connectors::pages::labels_of,
    people::model::UserLabel,
    platform::id::UserId,
    providers::Providers,
    ui::widgets::Tone,
};

/// The author of an entry. Users choose their names, so pages always show the e-mail too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The user's name, or a text if it was no user.
    pub name: String,
    /// The user's e-mail.
    pub email: Option<String>,
}

/// The author of an entry, looked up in these users.
pub fn who(entry: &Recorded, users: &HashMap<UserId, UserLabel>) -> Who {
    let words = match entry.by {
        By::User(user) => match users.get(&user) {
            Some(UserLabel { name, email }) => return Who { name: name.clone(), email: Some(email.clone()) },
            None => "A deleted user",
        },
        // A request has an address; a command has none.
        By::NoUser if entry.address.is_none() => "The operator",
        By::NoUser => "A visitor who did not log in",
    };
    Who { name: words.to_owned(), email: None }
}

/// The label of the action.
pub fn action(entry: &Recorded) -> &'static str {
    entry.action.map_or("An action that this version does not know", |action| action.words())
}

/// The text for the thing that it was done to.
pub fn entity(entry: &Recorded) -> String {
    match entry.action {
        _ if !entry.entity.is_empty() => entry.entity.clone(),
        Some(Action::LogInRefused) => "E-mails that no user has".to_owned(),
        _ => "Others".to_owned(),
    }
}

/// What changed, if the entry has it.
pub fn detail(entry: &Recorded, providers: &Providers) -> Option<String> {
    Some(words_of(&entry.detail, providers)).filter(|words| !words.is_empty())
}

fn words_of(detail: &Detail, providers: &Providers) -> String {
    let words: &str = match detail {
        Detail::None => "",
        Detail::Earlier(text) => text,
        Detail::Fields { fields } => return labels_of(providers, fields),
        Detail::Role { role } => role,
        Detail::RoleChanged { role } => return format!("role: {role}"),
        Detail::Password => "password",
        Detail::Enabled => "enabled",
        Detail::Disabled => "disabled",
        Detail::SecondFactorRemoved => "second factor removed",
        Detail::SessionsEnded => "sessions ended",
        Detail::ByLink => "by a link of an administrator",
        Detail::InviterMayNotInvite { inviter } => return format!("{inviter} may not invite any more"),
        Detail::SecondFactorRequired => "second factor required",
        Detail::SecondFactorOptional => "second factor optional",
        Detail::Method { method } => method,
        Detail::Key { key } => return format!("with the key {key}"),
        Detail::Ended { browsers, sign_ins, links } => {
            return format!(
                "Browsers logged out: {browsers}, sign-ins ended: {sign_ins}, links withdrawn: {links}"
            );
        }
    };
    words.to_owned()
}

/// How often it happened; `None` if once.
pub fn times(entry: &Recorded) -> Option<String> {
    (entry.count > 1).then(|| format!("{} times in five minutes", entry.count))
}

/// Tone and text of the outcome.
pub fn outcome(entry: &Recorded) -> (Tone, &'static str) {
    match entry.outcome.as_str() {
        "done" => (Tone::Good, "Done"),
        "verified" => (Tone::Good, "Verified"),
        "denied" => (Tone::Warn, "Cancelled"),
        "refused" => (Tone::Bad, "Refused"),
        _ => (Tone::Bad, "Failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_detail_has_its_text() {
        let text = str::to_owned;
        for (detail, words) in [
            (Detail::None, ""),
            (Detail::Earlier(text("role: <admin>")), "role: <admin>"),
            (Detail::Fields { fields: vec![text("client_id"), text("scopes")] }, "Client ID, Permissions"),
            (Detail::Role { role: text("viewer") }, "viewer"),
            (Detail::RoleChanged { role: text("admin") }, "role: admin"),
            (Detail::Password, "password"),
            (Detail::Enabled, "enabled"),
            (Detail::Disabled, "disabled"),
            (Detail::SecondFactorRemoved, "second factor removed"),
            (Detail::SessionsEnded, "sessions ended"),
            (Detail::ByLink, "by a link of an administrator"),
            (Detail::InviterMayNotInvite { inviter: text("a@b.test") }, "a@b.test may not invite any more"),
            (Detail::SecondFactorRequired, "second factor required"),
            (Detail::SecondFactorOptional, "second factor optional"),
            (Detail::Method { method: text("GET") }, "GET"),
            (Detail::Key { key: text("2026") }, "with the key 2026"),
            (
                Detail::Ended { browsers: 2, sign_ins: 1, links: 0 },
                "Browsers logged out: 2, sign-ins ended: 1, links withdrawn: 0",
            ),
        ] {
            assert_eq!(words_of(&detail, &Providers::new(Vec::new())), words);
        }
    }
}
