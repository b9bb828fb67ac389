//! The changes that a user's page offers, and the message after each.

use serde::{Deserialize, Serialize};

use crate::{
    people::{model::Role, service::UserChange},
    platform::id::UserId,
};

/// A change that this page offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    Role(RequestedRole),
    Disable,
    Enable,
    EndSessions,
    NoSecondFactor,
}

/// The role that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RequestedRole {
    Admin,
    Viewer,
}

impl Change {
    /// The change as the service takes it.
    pub const fn of_the_service(self) -> UserChange {
        match self {
            Self::Role(RequestedRole::Admin) => UserChange::Role(Role::Admin),
            Self::Role(RequestedRole::Viewer) => UserChange::Role(Role::Viewer),
            Self::Disable => UserChange::Enabled(false),
            Self::Enable => UserChange::Enabled(true),
            Self::EndSessions => UserChange::EndSessions,
            Self::NoSecondFactor => UserChange::NoSecondFactor,
        }
    }
}

/// The result of a change, for the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonNotice {
    pub user: UserId,
    pub change: Change,
    /// Whether it changed anything.
    pub changed: bool,
    /// Number of browsers in which the user was logged out.
    pub browsers: usize,
}

impl PersonNotice {
    /// The message on the user's page.
    pub fn words(self, name: &str) -> String {
        if !self.changed {
            let state = match self.change {
                Change::Role(RequestedRole::Admin) => "is an administrator already",
                Change::Role(RequestedRole::Viewer) => "is a viewer already",
                Change::Disable => "is disabled already",
                Change::Enable => "is active already",
                Change::NoSecondFactor => "has no second factor",
                Change::EndSessions => "is not logged in",
            };
            return format!("Nothing was changed: {name} {state}.");
        }
        let logged_out = match self.browsers {
            0 => String::new(),
            1 => format!(" {name} was logged out in 1 browser."),
            count => format!(" {name} was logged out in {count} browsers."),
        };
        match self.change {
            Change::Role(RequestedRole::Admin) => format!("{name} is now an administrator.{logged_out}"),
            Change::Role(RequestedRole::Viewer) => format!("{name} is now a viewer.{logged_out}"),
            Change::Disable => format!("{name} is disabled and cannot log in.{logged_out}"),
            Change::Enable => format!("{name} is active again and can log in."),
            Change::NoSecondFactor => {
                format!(
                    "The second factor of {name} is off. {name} can log in with the password only.{logged_out}"
                )
            }
            // The change also ends a log-in that waits for a code and a link for a new password. No page counts them.
            Change::EndSessions if self.browsers == 0 => format!(
                "{name} was not logged in anywhere. A log-in that waits for a code and a link for a new password \
                 no longer work."
            ),
            Change::EndSessions => logged_out.trim_start().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_the_user_and_claims_no_log_out_that_did_not_happen() {
        let user = UserId(uuid::Uuid::from_u128(1));
        let words =
            |change, changed, browsers| PersonNotice { user, change, changed, browsers }.words("Grace");
        for change in [
            Change::Role(RequestedRole::Admin),
            Change::Role(RequestedRole::Viewer),
            Change::Disable,
            Change::Enable,
            Change::EndSessions,
            Change::NoSecondFactor,
        ] {
            let nothing = words(change, false, 0);
            assert!(nothing.starts_with("Nothing was changed: Grace "), "{nothing}");
            for browsers in [0, 1, 2] {
                let message = words(change, true, browsers);
                assert!(message.contains("Grace"), "{message}");
                let claims = message.contains("was logged out in");
                assert_eq!(claims, browsers > 0 && change != Change::Enable, "{message}");
            }
        }
        assert_eq!(words(Change::EndSessions, true, 2), "Grace was logged out in 2 browsers.");
        let message = words(Change::Role(RequestedRole::Admin), true, 1);
        assert_eq!(message, "Grace is now an administrator. Grace was logged out in 1 browser.");
    }
}
