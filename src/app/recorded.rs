//! The texts of activity entries, for the activity page and a connector's page.

use std::collections::HashMap;

use crate::{
    activity::model::{Action, By, Recorded},
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
    let words = match entry.action {
        // The names of the changed fields.
        Some(Action::ConnectorChanged) => labels_of(providers, &entry.detail),
        _ => entry.detail.clone(),
    };
    (!words.is_empty()).then_some(words)
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
