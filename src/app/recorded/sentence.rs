//! Writes each activity entry as a sentence. The page writes the author's name, its subject, before it.

use crate::{
    activity::model::{Action, By, Detail, Recorded},
    people::model::Role,
};

/// The part of the sentence after the author's name: `invited`, `third@contoso.example`, `as Viewer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The verb and the words before the object.
    pub verb: &'static str,
    /// The object: a name or an email that people chose, so a page isolates its direction. Empty if there is none.
    pub object: String,
    /// The words after the object; may be empty.
    pub rest: String,
}

impl Sentence {
    fn plain(verb: &'static str) -> Self {
        Self { verb, object: String::new(), rest: String::new() }
    }

    /// A sentence about the thing of the entry. The entry names none if it counts events about several users.
    fn about(verb: &'static str, entry: &Recorded) -> Self {
        let object = if entry.entity.is_empty() { "several users".to_owned() } else { entry.entity.clone() };
        Self { object, ..Self::plain(verb) }
    }

    fn ending(mut self, rest: impl Into<String>) -> Self {
        self.rest = rest.into();
        self
    }

    /// The sentence as one text.
    #[cfg(test)]
    pub fn text(&self) -> String {
        let parts = [self.verb, &self.object, &self.rest];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

pub fn sentence(entry: &Recorded) -> Sentence {
    let about = |verb| Sentence::about(verb, entry);
    let plain = Sentence::plain;
    // A user who acts on themselves is the subject already. A visitor is not: then the email is the object.
    let themselves = matches!(entry.by, By::User(_));
    let own = |of_a_user, of_a_visitor| if themselves { plain(of_a_user) } else { about(of_a_visitor) };
    let Some(action) = entry.action else { return about("did something that this version does not know:") };
    match action {
        Action::OrganisationAdded => about("added the organisation"),
        Action::OrganisationChanged => match &entry.detail {
            Detail::SecondFactorRequired => plain("required a second factor for all users"),
            Detail::SecondFactorOptional => plain("made the second factor optional"),
            _ => about("changed the organisation"),
        },
        Action::UserAdded => own("joined", "added").ending(as_role(&entry.detail)),
        Action::UserInvited => about("invited").ending(as_role(&entry.detail)),
        Action::UserChanged => user_changed(entry),
        Action::UserDeleted => about("deleted the user"),
        Action::InvitationWithdrawn => about("withdrew the link for"),
        Action::NewPasswordOffered => about("made a link for a new password for"),
        Action::PasswordChanged => match &entry.detail {
            Detail::ByLink => plain("chose a new password with a link from an administrator"),
            _ => own("changed their password", "changed the password of"),
        },
        Action::PasswordChangeRefused => plain("entered a wrong current password to change it"),
        Action::LoggedIn => plain("logged in"),
        Action::LoggedOut => plain("logged out"),
        Action::LogInRefused if entry.entity.is_empty() => {
            plain("tried to log in with an email that no user has")
        }
        Action::LogInRefused => about("tried to log in as"),
        Action::CodeAsked => about("gave the correct password of").ending("and was asked for a code"),
        Action::CodeRefused => own("entered a wrong code", "entered a wrong code for"),
        Action::RecoveryCodeUsed => own("used a recovery code", "used a recovery code of"),
        Action::RecoveryCodesMade => plain("made new recovery codes"),
        Action::SecondFactorAdded => plain("set up a second factor"),
        Action::SecondFactorRemoved => plain("turned off their second factor"),
        Action::Reauthenticated => plain("re-authenticated with their password"),
        Action::ReauthenticationRefused => plain("entered a wrong password to re-authenticate"),
        Action::SessionEnded => plain("logged out one of their other browsers"),
        Action::SessionsEnded => plain("logged out all users and ended all open sign-ins and links"),
        Action::SecretsResealed => match &entry.detail {
            Detail::Key { key } => plain("re-encrypted all secrets").ending(format!("with the key {key}")),
            _ => plain("re-encrypted all secrets"),
        },
        Action::ConnectorAdded => about("added the connector"),
        Action::ConnectorChanged => about("changed the connector"),
        Action::ConnectorDeleted => about("deleted the connector"),
        Action::ConnectorTried => about("checked the Client ID and the client secret of"),
        Action::SignInStarted => about("started a sign-in for"),
        Action::SignInEnded => about("finished a sign-in for"),
        Action::RequestRefused => match &entry.detail {
            Detail::Method { method } if ["GET", "HEAD"].contains(&method.as_str()) => {
                plain("tried to open a page that is only for administrators")
            }
            _ => plain("tried to do something that only administrators can do"),
        },
    }
}

fn user_changed(entry: &Recorded) -> Sentence {
    let about = |verb| Sentence::about(verb, entry);
    match &entry.detail {
        Detail::RoleChanged { role } => match Role::from_name(role) {
            Some(Role::Admin) => about("made").ending("an administrator"),
            Some(Role::Viewer) => about("made").ending("a viewer"),
            None => about("changed the role of").ending(format!("to {role}")),
        },
        Detail::Password => about("set a new password for"),
        Detail::Enabled => about("enabled"),
        Detail::Disabled => about("disabled"),
        Detail::SecondFactorRemoved => about("turned off the second factor of"),
        Detail::SessionsEnded => about("logged out").ending("everywhere"),
        _ => about("changed the user"),
    }
}

/// `as Viewer`; empty if the entry has no role.
fn as_role(detail: &Detail) -> String {
    let Detail::Role { role } = detail else { return String::new() };
    let role = Role::from_name(role).map_or_else(|| role.clone(), |role| role.to_string());
    format!("as {role}")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        activity::model::ActivityPosition,
        platform::{clock::Timestamp, id::UserId},
    };

    const ADA: By = By::User(UserId(Uuid::from_u128(1)));

    fn entry(action: Option<Action>, by: By, detail: Detail) -> Recorded {
        Recorded {
            position: ActivityPosition { at: Timestamp::from_micros(0), id: Uuid::nil() },
            by,
            address: None,
            action,
            entity: "it".to_owned(),
            outcome: "done".to_owned(),
            detail,
            request_id: None,
            count: 1,
        }
    }

    type Row = (Action, By, Detail, &'static str);

    /// Sentences about organisations and users.
    fn of_people() -> Vec<Row> {
        let role = |role: &str| Detail::Role { role: role.to_owned() };
        let new_role = |role: &str| Detail::RoleChanged { role: role.to_owned() };
        vec![
            (Action::OrganisationAdded, By::NoUser, Detail::None, "added the organisation it"),
            (
                Action::OrganisationChanged,
                ADA,
                Detail::SecondFactorRequired,
                "required a second factor for all users",
            ),
            (
                Action::OrganisationChanged,
                ADA,
                Detail::SecondFactorOptional,
                "made the second factor optional",
            ),
            (Action::OrganisationChanged, ADA, Detail::None, "changed the organisation it"),
            (Action::UserAdded, ADA, role("viewer"), "joined as Viewer"),
            (Action::UserAdded, By::NoUser, role("admin"), "added it as Administrator"),
            (Action::UserInvited, ADA, role("viewer"), "invited it as Viewer"),
            (Action::UserInvited, ADA, role("owner"), "invited it as owner"),
            (Action::UserInvited, ADA, Detail::None, "invited it"),
            (Action::UserChanged, ADA, new_role("admin"), "made it an administrator"),
            (Action::UserChanged, ADA, new_role("viewer"), "made it a viewer"),
            (Action::UserChanged, ADA, new_role("owner"), "changed the role of it to owner"),
            (Action::UserChanged, By::NoUser, Detail::Password, "set a new password for it"),
            (Action::UserChanged, ADA, Detail::Enabled, "enabled it"),
            (Action::UserChanged, ADA, Detail::Disabled, "disabled it"),
            (Action::UserChanged, ADA, Detail::SecondFactorRemoved, "turned off the second factor of it"),
            (Action::UserChanged, ADA, Detail::SessionsEnded, "logged out it everywhere"),
            (Action::UserChanged, ADA, Detail::Earlier("role: admin".to_owned()), "changed the user it"),
            (Action::UserDeleted, By::NoUser, Detail::None, "deleted the user it"),
            (Action::InvitationWithdrawn, ADA, Detail::None, "withdrew the link for it"),
            (Action::NewPasswordOffered, ADA, Detail::None, "made a link for a new password for it"),
            (
                Action::PasswordChanged,
                ADA,
                Detail::ByLink,
                "chose a new password with a link from an administrator",
            ),
            (Action::PasswordChanged, ADA, Detail::None, "changed their password"),
            (Action::PasswordChanged, By::NoUser, Detail::None, "changed the password of it"),
            (
                Action::PasswordChangeRefused,
                ADA,
                Detail::None,
                "entered a wrong current password to change it",
            ),
        ]
    }

    /// Sentences about log-ins, secrets, connectors and sign-ins.
    fn of_the_others() -> Vec<Row> {
        let text = str::to_owned;
        let method = |method: &str| Detail::Method { method: method.to_owned() };
        vec![
            (Action::LoggedIn, ADA, Detail::None, "logged in"),
            (Action::LoggedOut, ADA, Detail::None, "logged out"),
            (Action::LogInRefused, By::NoUser, Detail::None, "tried to log in as it"),
            (
                Action::CodeAsked,
                By::NoUser,
                Detail::None,
                "gave the correct password of it and was asked for a code",
            ),
            (Action::CodeRefused, ADA, Detail::None, "entered a wrong code"),
            (Action::CodeRefused, By::NoUser, Detail::None, "entered a wrong code for it"),
            (Action::RecoveryCodeUsed, ADA, Detail::None, "used a recovery code"),
            (Action::RecoveryCodeUsed, By::NoUser, Detail::None, "used a recovery code of it"),
            (Action::RecoveryCodesMade, ADA, Detail::None, "made new recovery codes"),
            (Action::SecondFactorAdded, ADA, Detail::None, "set up a second factor"),
            (Action::SecondFactorRemoved, ADA, Detail::None, "turned off their second factor"),
            (Action::Reauthenticated, ADA, Detail::None, "re-authenticated with their password"),
            (
                Action::ReauthenticationRefused,
                ADA,
                Detail::None,
                "entered a wrong password to re-authenticate",
            ),
            (Action::SessionEnded, ADA, Detail::None, "logged out one of their other browsers"),
            (
                Action::SessionsEnded,
                By::NoUser,
                Detail::Ended { browsers: 2, sign_ins: 1, links: 0 },
                "logged out all users and ended all open sign-ins and links",
            ),
            (
                Action::SecretsResealed,
                By::NoUser,
                Detail::Key { key: text("2026") },
                "re-encrypted all secrets with the key 2026",
            ),
            (Action::SecretsResealed, By::NoUser, Detail::None, "re-encrypted all secrets"),
            (Action::ConnectorAdded, ADA, Detail::None, "added the connector it"),
            (
                Action::ConnectorChanged,
                ADA,
                Detail::Fields { fields: vec![text("client_id")] },
                "changed the connector it",
            ),
            (Action::ConnectorDeleted, ADA, Detail::None, "deleted the connector it"),
            (Action::ConnectorTried, ADA, Detail::None, "checked the Client ID and the client secret of it"),
            (Action::SignInStarted, ADA, Detail::None, "started a sign-in for it"),
            (Action::SignInEnded, ADA, Detail::None, "finished a sign-in for it"),
            (
                Action::RequestRefused,
                ADA,
                method("GET"),
                "tried to open a page that is only for administrators",
            ),
            (
                Action::RequestRefused,
                ADA,
                method("POST"),
                "tried to do something that only administrators can do",
            ),
        ]
    }

    #[test]
    fn each_action_with_each_of_its_details_has_its_sentence() {
        let table = [of_people(), of_the_others()].concat();
        for (action, by, detail, words) in &table {
            assert_eq!(sentence(&entry(Some(*action), *by, detail.clone())).text(), *words, "{action:?}");
        }
        for action in Action::ALL {
            assert!(table.iter().any(|(listed, ..)| listed == action), "{action:?} is not in the table");
        }
    }

    #[test]
    fn an_entry_without_a_known_action_or_a_name_has_a_sentence_too() {
        let unknown = sentence(&entry(None, ADA, Detail::None));
        assert_eq!(unknown.text(), "did something that this version does not know: it");
        let nameless =
            |action| Recorded { entity: String::new(), ..entry(Some(action), By::NoUser, Detail::None) };
        assert_eq!(
            sentence(&nameless(Action::LogInRefused)).text(),
            "tried to log in with an email that no user has"
        );
        assert_eq!(sentence(&nameless(Action::CodeRefused)).text(), "entered a wrong code for several users");
    }
}
