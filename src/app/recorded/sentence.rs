//! Writes each activity entry as a sentence. The page writes the author's name, its subject, before it.

use crate::{
    accounts::model::AccountState,
    activity::model::{Action, By, Detail, Recorded},
    clients::model::CredentialKind,
    people::model::Role,
    ui::numbers::grouped,
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
        Action::ConnectorDeletionStarted => {
            about("started to delete the connector").ending("with its accounts")
        }
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
        _ => of_accounts(action, entry),
    }
}

/// The sentence of an action that concerns accounts, links, return addresses or the appearance.
fn of_accounts(action: Action, entry: &Recorded) -> Sentence {
    let about = |verb| Sentence::about(verb, entry);
    let plain = Sentence::plain;
    match action {
        Action::LinkMade => of_link("made a connect link", "made a connect link for", entry),
        Action::LinksMade => plain("made").ending(made_links(&entry.detail)),
        Action::LinksRevoked => plain("revoked").ending(number_of_links(&entry.detail)),
        Action::LinkUsed => of_link("used a connect link", "used the connect link for", entry),
        Action::LinkRevoked => of_link("revoked a connect link", "revoked the connect link for", entry),
        Action::LinkExpired => of_link("ended a connect link", "ended the connect link for", entry)
            .ending("because it had expired"),
        Action::ConsentLinkMade => about("made a link for the approval of the company"),
        Action::ConsentReported => about("reported the approval of the company"),
        Action::ConsentLinkRevoked => about("revoked the link for the approval of the company"),
        Action::ConsentLinkExpired => {
            about("ended the link for the approval of the company").ending("because it had expired")
        }
        Action::DirectoryApproved => about("proved by a sign-in the approval of the company"),
        Action::AccountConnected => about("connected the mailbox"),
        Action::AccountReconnected => about("connected the mailbox").ending("again"),
        Action::AccountMoved => about("connected the mailbox").ending("through another connector"),
        Action::AccountRefused => {
            about("tried to connect the mailbox").ending("although another connector has it")
        }
        Action::AccountPaused => about("paused the account"),
        Action::AccountResumed => about("resumed the account"),
        Action::AccountTriedAgain => about("tried the account").ending("again"),
        Action::AccountTested => about("tested the access to"),
        Action::AccountDisconnected => about("disconnected the account"),
        Action::AccountDeleted => about("deleted the account"),
        Action::TokenRead => about("read the access token of").ending("for the first time that day"),
        Action::RawCallSent => about("sent requests of its own to the provider with the access of")
            .ending("for the first time that day"),
        Action::MailSent => about("sent mail from").ending(sent_mail(entry)),
        Action::RefreshesFailed => about("could not refresh accounts of").ending(why_refreshes_fail(entry)),
        Action::ConfirmationAwaited => {
            about("signed in to the mailbox").ending("which its application must confirm")
        }
        Action::AccountConfirmed => about("confirmed the mailbox").ending("for its application"),
        Action::AccountNotConfirmed if entry.outcome == "refused" => {
            about("did not connect the mailbox").ending("because its confirmation was refused")
        }
        Action::AccountNotConfirmed => {
            about("did not connect the mailbox").ending("because no application confirmed it in time")
        }
        Action::AppearanceChanged => plain("changed the appearance to users"),
        Action::ReturnAddressAdded => about("added the return address"),
        Action::ReturnAddressSecretReplaced => about("replaced the secret of the return address"),
        Action::ReturnAddressRemoved => about("removed the return address"),
        Action::ReturnAddressChanged => match &entry.detail {
            Detail::ConfirmationRequired => {
                about("required a confirmation of each mailbox from the return address")
            }
            Detail::ConfirmationNotRequired => {
                about("removed the confirmation of mailboxes from the return address")
            }
            _ => about("changed the return address"),
        },
        _ => of_clients(action, entry),
    }
}

/// The sentence of an action that concerns API clients.
fn of_clients(action: Action, entry: &Recorded) -> Sentence {
    let about = |verb| Sentence::about(verb, entry);
    let credential = match &entry.detail {
        Detail::Credential { credential } => CredentialKind::from_name(credential),
        _ => None,
    };
    match (action, credential) {
        (Action::ClientAdded, _) => about("added the API client"),
        (Action::ClientChanged, _) => about("changed the API client"),
        (Action::ClientDeleted, _) => about("deleted the API client"),
        (Action::ClientRevoked, _) => about("revoked everything of the API client"),
        (Action::ClientCredentialMade, Some(CredentialKind::ApiKey)) => about("made an API key for"),
        (Action::ClientCredentialMade, Some(CredentialKind::ClientSecret)) => {
            about("made a Client Secret for")
        }
        (Action::ClientCredentialMade, Some(CredentialKind::RefreshToken)) => {
            about("made a refresh token for")
        }
        (Action::ClientCredentialMade, None) => about("made a credential for"),
        (Action::ClientCredentialRemoved, Some(CredentialKind::ApiKey)) => about("removed an API key of"),
        (Action::ClientCredentialRemoved, Some(CredentialKind::ClientSecret)) => {
            about("removed a Client Secret of")
        }
        (Action::ClientCredentialRemoved, Some(CredentialKind::RefreshToken)) => {
            about("removed a refresh token of")
        }
        (Action::ClientCredentialRemoved, None) => about("removed a credential of"),
        _ => about("did something that this version does not know:"),
    }
}

/// A sentence about a connect link. A link for any mailbox has no email that it could be named by.
fn of_link(nameless: &'static str, named: &'static str, entry: &Recorded) -> Sentence {
    if entry.entity.is_empty() { Sentence::plain(nameless) } else { Sentence::about(named, entry) }
}

/// Why accounts of a connector cannot be refreshed; empty if another version of the program knows it.
fn why_refreshes_fail(entry: &Recorded) -> &'static str {
    let Detail::AccountState { state } = &entry.detail else { return "" };
    match AccountState::from_name(state) {
        Some(AccountState::NeedsSignIn) => "because people must sign in again",
        Some(AccountState::WaitingForConnector) => "because its credentials were refused",
        Some(AccountState::WaitingForCompany) => "because a company does not allow the application any more",
        Some(AccountState::NeedsAttention) => "because the provider refused the requests",
        _ => "",
    }
}

/// `that day: 12 messages to 30 recipients`.
fn sent_mail(entry: &Recorded) -> String {
    let counted = |number: u64, one: &str, many: &str| match number {
        1 => format!("1 {one}"),
        number => format!("{} {many}", grouped(usize::try_from(number).unwrap_or(usize::MAX))),
    };
    let messages = counted(u64::try_from(entry.count).unwrap_or(1), "message", "messages");
    match entry.detail {
        Detail::MailSent { recipients } => {
            format!("that day: {messages} to {}", counted(recipients, "recipient", "recipients"))
        }
        _ => format!("that day: {messages}"),
    }
}

/// `500 links for connecting`.
fn made_links(detail: &Detail) -> String {
    let what = match detail {
        Detail::SignInLinks { .. } => "to sign in again",
        _ => "for connecting",
    };
    format!("{} {what}", number_of_links(detail))
}

fn number_of_links(detail: &Detail) -> String {
    match detail {
        Detail::ConnectLinks { links: 1 } | Detail::SignInLinks { links: 1 } => "1 link".to_owned(),
        Detail::ConnectLinks { links } | Detail::SignInLinks { links } => {
            format!("{} links", grouped(usize::try_from(*links).unwrap_or(usize::MAX)))
        }
        _ => "links".to_owned(),
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
mod tests;
