//! What was done, in words: for the page of all activity and for that of a connector.

use std::collections::HashMap;

use crate::{
    activity::model::{Action, By, Recorded},
    platform::id::UserId,
    ui::widgets::Tone,
};

/// Who did it, of users with these names.
pub fn who(entry: &Recorded, names: &HashMap<UserId, String>) -> String {
    match entry.by {
        By::User(user) => names.get(&user).cloned().unwrap_or_else(|| "A user who is gone".to_owned()),
        // What comes over the network has an address.
        By::Nobody if entry.address.is_none() => "Whoever runs the program".to_owned(),
        By::Nobody => "Somebody who did not prove who they are".to_owned(),
    }
}

/// What was done.
pub fn action(entry: &Recorded) -> &'static str {
    entry.action.map_or("Something that this version does not know", |action| action.words())
}

/// What it was done to.
pub fn entity(entry: &Recorded) -> String {
    match entry.action {
        _ if !entry.entity.is_empty() => entry.entity.clone(),
        Some(Action::LogInRefused) => "E-mails that no user has".to_owned(),
        _ => "Further ones".to_owned(),
    }
}

/// How often it happened, where that was more than once.
pub fn times(entry: &Recorded) -> Option<String> {
    (entry.count > 1).then(|| format!("{} times in five minutes", entry.count))
}

/// What came of it.
pub fn outcome(entry: &Recorded) -> (Tone, &'static str) {
    match entry.outcome.as_str() {
        "done" => (Tone::Good, "Done"),
        "verified" => (Tone::Good, "Verified"),
        "denied" => (Tone::Warn, "Cancelled"),
        "refused" => (Tone::Bad, "Refused"),
        _ => (Tone::Bad, "Failed"),
    }
}
