//! Every action has its sentence.

use uuid::Uuid;

use super::*;
use crate::{
    activity::model::ActivityPosition,
    platform::{
        clock::Timestamp,
        id::{ApiClientId, UserId},
    },
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
        (Action::OrganisationChanged, ADA, Detail::SecondFactorOptional, "made the second factor optional"),
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
        (Action::PasswordChangeRefused, ADA, Detail::None, "entered a wrong current password to change it"),
    ]
}

/// Sentences about accounts and links.
fn of_accounts() -> Vec<Row> {
    let connector = || Detail::Connector { connector: "Mail archive".to_owned() };
    let state = |state: &str| Detail::AccountState { state: state.to_owned() };
    vec![
        (Action::LinkMade, ADA, connector(), "made a connect link for it"),
        (Action::LinksMade, ADA, Detail::ConnectLinks { links: 500 }, "made 500 links for connecting"),
        (Action::LinksMade, ADA, Detail::SignInLinks { links: 1 }, "made 1 link to sign in again"),
        (Action::LinksRevoked, ADA, Detail::ConnectLinks { links: 1_000 }, "revoked 1,000 links"),
        (Action::LinkUsed, By::NoUser, connector(), "used the connect link for it"),
        (Action::LinkRevoked, ADA, connector(), "revoked the connect link for it"),
        (
            Action::LinkExpired,
            By::NoUser,
            connector(),
            "ended the connect link for it because it had expired",
        ),
        (Action::ConsentLinkMade, ADA, connector(), "made a link for the approval of the company it"),
        (Action::ConsentReported, By::NoUser, connector(), "reported the approval of the company it"),
        (Action::ConsentLinkRevoked, ADA, connector(), "revoked the link for the approval of the company it"),
        (
            Action::ConsentLinkExpired,
            By::NoUser,
            connector(),
            "ended the link for the approval of the company it because it had expired",
        ),
        (
            Action::DirectoryApproved,
            By::NoUser,
            connector(),
            "proved by a sign-in the approval of the company it",
        ),
        (Action::AccountConnected, By::NoUser, connector(), "connected the mailbox it"),
        (Action::AccountReconnected, By::NoUser, connector(), "connected the mailbox it again"),
        (Action::AccountMoved, By::NoUser, connector(), "connected the mailbox it through another connector"),
        (
            Action::AccountRefused,
            By::NoUser,
            connector(),
            "tried to connect the mailbox it although another connector has it",
        ),
        (Action::AccountPaused, ADA, Detail::None, "paused the account it"),
        (Action::AccountResumed, ADA, Detail::None, "resumed the account it"),
        (Action::AccountTriedAgain, ADA, Detail::None, "tried the account it again"),
        (Action::AccountTested, ADA, Detail::None, "tested the access to it"),
        (Action::AccountDisconnected, ADA, Detail::None, "disconnected the account it"),
        (Action::AccountDeleted, ADA, Detail::None, "deleted the account it"),
        (
            Action::RefreshesFailed,
            By::NoUser,
            state("needs_sign_in"),
            "could not refresh accounts of it because people must sign in again",
        ),
        (
            Action::RefreshesFailed,
            By::NoUser,
            state("waiting_for_connector"),
            "could not refresh accounts of it because its credentials were refused",
        ),
        (
            Action::RefreshesFailed,
            By::NoUser,
            state("waiting_for_company"),
            "could not refresh accounts of it because a company does not allow the application any more",
        ),
        (
            Action::RefreshesFailed,
            By::NoUser,
            state("needs_attention"),
            "could not refresh accounts of it because the provider refused the requests",
        ),
        (Action::RefreshesFailed, By::NoUser, state("of_next_year"), "could not refresh accounts of it"),
        (
            Action::ConfirmationAwaited,
            By::NoUser,
            connector(),
            "signed in to the mailbox it which its application must confirm",
        ),
        (Action::AccountConfirmed, By::NoUser, connector(), "confirmed the mailbox it for its application"),
        (
            Action::AccountNotConfirmed,
            By::NoUser,
            connector(),
            "did not connect the mailbox it because no application confirmed it in time",
        ),
    ]
}

/// Sentences about return addresses, and what people behind links see.
fn of_return_addresses() -> Vec<Row> {
    vec![
        (Action::AppearanceChanged, ADA, Detail::None, "changed the appearance to users"),
        (Action::ReturnAddressAdded, ADA, Detail::None, "added the return address it"),
        (
            Action::ReturnAddressSecretReplaced,
            ADA,
            Detail::None,
            "replaced the secret of the return address it",
        ),
        (Action::ReturnAddressRemoved, ADA, Detail::None, "removed the return address it"),
        (
            Action::ReturnAddressChanged,
            ADA,
            Detail::ConfirmationRequired,
            "required a confirmation of each mailbox from the return address it",
        ),
        (
            Action::ReturnAddressChanged,
            ADA,
            Detail::ConfirmationNotRequired,
            "removed the confirmation of mailboxes from the return address it",
        ),
        (Action::ReturnAddressChanged, ADA, Detail::None, "changed the return address it"),
    ]
}

/// Sentences about what API clients do with the access of accounts.
fn of_api_clients() -> Vec<Row> {
    let client = By::Client(ApiClientId(Uuid::from_u128(3)));
    vec![
        (Action::TokenRead, client, Detail::None, "read the access token of it for the first time that day"),
        (
            Action::RawCallSent,
            client,
            Detail::None,
            "sent requests of its own to the provider with the access of it for the first time that day",
        ),
        (
            Action::MailSent,
            client,
            Detail::MailSent { recipients: 3 },
            "sent mail from it that day: 1 message to 3 recipients",
        ),
        (Action::MailSent, client, Detail::None, "sent mail from it that day: 1 message"),
    ]
}

/// Sentences about API clients.
fn of_clients() -> Vec<Row> {
    let scopes = || Detail::Scopes { scopes: "MailApps.messages.READ".to_owned() };
    let credential = |kind: &str| Detail::Credential { credential: kind.to_owned() };
    let (made, removed) = (Action::ClientCredentialMade, Action::ClientCredentialRemoved);
    vec![
        (Action::ClientAdded, ADA, scopes(), "added the API client it"),
        (Action::ClientChanged, ADA, scopes(), "changed the API client it"),
        (Action::ClientDeleted, ADA, Detail::None, "deleted the API client it"),
        (Action::ClientRevoked, ADA, Detail::None, "revoked everything of the API client it"),
        (made, ADA, credential("api_key"), "made an API key for it"),
        (made, ADA, credential("client_secret"), "made a Client Secret for it"),
        (made, ADA, credential("refresh_token"), "made a refresh token for it"),
        (made, ADA, credential("of_next_year"), "made a credential for it"),
        (removed, ADA, credential("api_key"), "removed an API key of it"),
        (removed, ADA, credential("client_secret"), "removed a Client Secret of it"),
        (removed, ADA, credential("refresh_token"), "removed a refresh token of it"),
        (removed, ADA, Detail::None, "removed a credential of it"),
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
        (Action::ReauthenticationRefused, ADA, Detail::None, "entered a wrong password to re-authenticate"),
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
        (
            Action::ConnectorDeletionStarted,
            ADA,
            Detail::None,
            "started to delete the connector it with its accounts",
        ),
        (Action::ConnectorDeleted, ADA, Detail::None, "deleted the connector it"),
        (Action::ConnectorTried, ADA, Detail::None, "checked the Client ID and the client secret of it"),
        (Action::SignInStarted, ADA, Detail::None, "started a sign-in for it"),
        (Action::SignInEnded, ADA, Detail::None, "finished a sign-in for it"),
        (Action::RequestRefused, ADA, method("GET"), "tried to open a page that is only for administrators"),
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
    let table =
        [of_people(), of_accounts(), of_return_addresses(), of_api_clients(), of_clients(), of_the_others()]
            .concat();
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
    assert_eq!(sentence(&nameless(Action::LinkMade)).text(), "made a connect link");
    assert_eq!(
        sentence(&nameless(Action::LinkExpired)).text(),
        "ended a connect link because it had expired"
    );
}
