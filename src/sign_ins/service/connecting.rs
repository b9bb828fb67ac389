//! The end of a sign-in that a connect link started: checks that the account is the expected one and has a mailbox, and
//! connects it, or keeps it for the application to confirm, in the transaction that writes the outcome.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};

use super::{
    super::{
        model::{ConnectProblem, FailedSignIn, Outcome, SignInProblem, Step},
        store::Attempt,
    },
    SignInDependencies, SignIns,
    checking::{Checked, Timeline, Trial},
};
use crate::{
    accounts::service::{
        Connected, ConnectedMailbox,
        links::{
            Link, LinkProblem,
            confirming::{EndedSignIn, Finished, PendingGrantId},
        },
    },
    activity::model::Actor,
    connectors::service::Connector,
    people::model::Email,
    platform::{clock::Timestamp, database::Tx, failure::Failure, randomness::Hash},
    providers::{
        self, SharedPinned,
        oauth::Grant,
        provider::{Identity, MailboxFinding, Missing, Redeemed},
        redact, single_line,
    },
};

/// Maximum number of characters of a name or an email that is kept of an identity.
const MAX_SHOWN: usize = 254;
/// The part of the time for the check that is left once the mailbox was looked for.
const AFTER_MAILBOX: Duration = Duration::from_millis(500);

/// A mailbox that may be connected: its identity and its grant.
#[derive(Debug)]
pub(super) struct Connecting {
    identity: Identity,
    /// The email, or the provider's name of the account.
    email: String,
    /// The granted permissions.
    scopes: Vec<String>,
    /// Permissions that were asked for and not granted.
    missing: Vec<String>,
    /// What the grant is pinned to.
    pinned: SharedPinned,
    grant: Grant,
    /// The hash of the code with which an application confirms the mailbox.
    confirm: Hash,
}

/// The identity without what was sent to the provider, which must not be shown or stored.
pub(super) fn clean_identity(identity: Identity, sent: &[&str]) -> Identity {
    let clean = |text: &str| single_line(&redact(text, sent), MAX_SHOWN);
    Identity {
        account: clean(&identity.account),
        email: identity.email.as_deref().map(clean),
        name: identity.name.as_deref().map(clean).filter(|name| !name.is_empty()),
        ..identity
    }
}

/// Whether the account has this email. It guards against mistakes; it proves no identity.
fn has_email(identity: &Identity, expected: &str) -> bool {
    let is_expected = |email: &str| {
        email.to_lowercase() == expected.to_lowercase()
            || Email::parse(email).is_ok_and(|email| email.as_str() == expected)
    };
    identity.emails.iter().chain(&identity.email).any(|email| is_expected(email))
}

/// What the provider says about the mailbox. One that does not say it before the check must end refuses nothing.
async fn find_in_time(until: Instant, finding: impl Future<Output = MailboxFinding>) -> MailboxFinding {
    let until = until.checked_sub(AFTER_MAILBOX).unwrap_or(until);
    timeout_at(until, finding).await.unwrap_or(MailboxFinding::Unknown)
}

/// The problem of a link, as the outcome of a sign-in.
pub(super) const fn connect_problem(problem: LinkProblem) -> ConnectProblem {
    match problem {
        LinkProblem::Used => ConnectProblem::LinkUsed,
        LinkProblem::Expired => ConnectProblem::LinkExpired,
        LinkProblem::Unknown
        | LinkProblem::Revoked
        | LinkProblem::ConnectorUnavailable
        | LinkProblem::Exhausted => ConnectProblem::LinkRevoked,
    }
}

impl SignIns {
    /// Checks the mailbox of an account that has signed in with a link.
    pub(super) async fn check_mailbox(
        &self,
        trial: Trial<'_>,
        link: &Link,
        identity: Identity,
        redeemed: Redeemed,
        missing: Missing,
        timeline: &mut Timeline<'_>,
    ) -> Result<Checked, FailedSignIn> {
        let Trial { attempt, connector, pinned, confirm, until, .. } = trial;
        let grant = redeemed.grant;
        let email = identity.email.clone().unwrap_or_else(|| identity.account.clone());
        if identity.subject.is_none() {
            return Ok(Checked::not_connected(ConnectProblem::NoSubject, email));
        }
        // A link for an account compares the identity, because the email may have changed.
        let expected = link.expected_email.as_deref().filter(|_| attempt.account.is_none());
        if expected.is_some_and(|expected| !has_email(&identity, expected)) {
            return Ok(Checked::not_connected(ConnectProblem::UnexpectedMailbox, email));
        }
        if !missing.required.is_empty() {
            return Err(providers::RefusalKind::PermissionsMissing(missing.required).into());
        }
        if !grant.has_refresh_token() {
            return Ok(Checked::not_connected(ConnectProblem::NoRefreshToken, email));
        }
        let finding = pinned.find_mailbox(&*self.dependencies.http, &grant.access_token);
        let finding = find_in_time(until, finding).await;
        timeline.add_step(Step::Mailbox, "");
        match finding {
            MailboxFinding::None => return Ok(Checked::not_connected(ConnectProblem::NoMailbox, email)),
            MailboxFinding::Refused(refusal) => return Err(refusal.into()),
            MailboxFinding::Found(_) | MailboxFinding::Unknown => {}
        }
        let directory = identity.directory.clone().filter(|_| identity.proves_directory);
        let connecting = Connecting {
            email,
            scopes: pinned.granted(&attempt.scopes, &grant),
            missing: missing.optional,
            pinned: connector.application.pin_grant(&identity),
            identity,
            grant,
            confirm,
        };
        Ok(Checked::from_mailbox(Arc::new(connecting), directory))
    }

    /// Connects a mailbox, in the transaction that has locked the connector and writes the outcome. If another sign-in
    /// has used the link, or the link was revoked, the tokens are dropped.
    pub(super) async fn connect(
        &self,
        tx: &Tx,
        attempt: &Attempt,
        connector: &Connector,
        connecting: &Connecting,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Outcome, Failure> {
        let SignInDependencies { links, confirmations, consents, .. } = &*self.dependencies;
        let Connecting { identity, email, scopes, missing, pinned, grant, confirm } = connecting;
        let refused = |why| Ok(Outcome::NotConnected { why, account: email.clone() });
        if connector.application_version != attempt.connector_version || connector.deleted_at.is_some() {
            return Ok(Outcome::Failed { why: SignInProblem::ConnectorChanged, provider: None });
        }
        let Some(link) = attempt.link else { return refused(ConnectProblem::LinkRevoked) };
        let (organisation, account, started) = (attempt.organisation, attempt.account, attempt.created_at);
        let link = match links.lock_returned(tx, organisation, link, account, started).await? {
            Ok(link) => link,
            Err(problem) => return refused(connect_problem(problem)),
        };
        let mailbox = ConnectedMailbox {
            organisation,
            connector,
            identity,
            name: link.name.clone(),
            reference: link.reference.clone(),
            only: account,
            moves_from: link.account_connector,
            client: link.client,
            scopes,
            asked: &attempt.scopes,
            pinned: pinned.clone(),
            grant,
        };
        let sign_in = EndedSignIn { id: PendingGrantId(attempt.id.0), code: *confirm, started };
        let finished = confirmations.finish_within(tx, &link, mailbox, sign_in, actor, now).await?;
        let is_connected =
            matches!(finished, Finished::Waiting | Finished::Now(Connected::Added(_) | Connected::Again(_)));
        // The account's directory lets its users sign in, whatever a browser has reported.
        if let Some(directory) = identity.directory.as_ref().filter(|_| is_connected) {
            consents.approve_within(tx, connector, directory, actor, now).await?;
        }
        match finished {
            Finished::Now(Connected::Added(account_id) | Connected::Again(account_id)) => {
                Ok(Outcome::Connected { account_id, email: email.clone(), missing: missing.clone() })
            }
            Finished::Waiting => Ok(Outcome::Unconfirmed { email: email.clone(), missing: missing.clone() }),
            Finished::Now(Connected::OtherConnector(_)) => refused(ConnectProblem::OtherConnector),
            Finished::Now(Connected::WrongAccount) => refused(ConnectProblem::WrongAccount),
            Finished::Now(Connected::AlreadyConnected(_)) => refused(ConnectProblem::AccountAlreadyConnected),
            Finished::CannotBeConfirmed => refused(ConnectProblem::LinkRevoked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expected_email_is_compared_without_case_with_every_address_of_the_account() {
        let identity = Identity {
            email: Some("Grace@Contoso.test".to_owned()),
            emails: ["grace.h@mail.contoso.test", "HOPPER@contoso.test"].map(str::to_owned).to_vec(),
            account: "admin@contoso.test".to_owned(),
            ..Identity::default()
        };
        for expected in ["grace@contoso.test", "hopper@contoso.test", "grace.h@mail.contoso.test"] {
            assert!(has_email(&identity, expected), "{expected}");
        }
        // The name of the account is any text, which the person may have chosen.
        for expected in ["admin@contoso.test", "race@contoso.test", "grace@contoso.tes"] {
            assert!(!has_email(&identity, expected), "{expected}");
        }
    }

    #[tokio::test]
    async fn a_mailbox_that_is_not_found_in_time_is_not_refused() {
        let until = Instant::now() + AFTER_MAILBOX + Duration::from_millis(20);
        let hanging = std::future::pending::<MailboxFinding>();
        assert!(matches!(find_in_time(until, hanging).await, MailboxFinding::Unknown));
        assert!(Instant::now() < until, "time is left to connect it");
        let said = async { MailboxFinding::None };
        assert!(matches!(find_in_time(until, said).await, MailboxFinding::None));
    }

    #[test]
    fn what_was_sent_is_removed_from_an_identity() {
        let identity = Identity {
            account: "canary-secret@contoso.test".to_owned(),
            email: Some("a\ncanary-secret".to_owned()),
            name: Some("Grace canary-secret".to_owned()),
            ..Identity::default()
        };
        let clean = clean_identity(identity, &["canary-secret"]);
        let all = format!("{clean:?}");
        assert!(!all.contains("canary") && !all.contains("\\n"), "{all}");
    }
}
