//! What was done, in words: for the page of all activity and for that of a connector.

use std::collections::HashMap;

use crate::{
    activity::model::{Action, By, Recorded},
    people::model::UserLabel,
    platform::id::UserId,
    ui::widgets::Tone,
};

/// Who did something. Users choose their names themselves, so the e-mail is always shown beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// A user's name, or words for somebody else.
    pub name: String,
    /// A user's e-mail.
    pub email: Option<String>,
}

/// Who did it, of these users.
pub fn who(entry: &Recorded, users: &HashMap<UserId, UserLabel>) -> Who {
    let words = match entry.by {
        By::User(user) => match users.get(&user) {
            Some(UserLabel { name, email }) => return Who { name: name.clone(), email: Some(email.clone()) },
            None => "A user who is gone",
        },
        // What comes over the network has an address.
        By::NoUser if entry.address.is_none() => "Whoever runs the program",
        By::NoUser => "Somebody who did not prove who they are",
    };
    Who { name: words.to_owned(), email: None }
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
