//! One question to the mailbox: a session with an access token, the answer within its time, and what an error says about
//! the effect of the question.

use std::time::Duration;

use super::{Run, Stop};
use crate::{
    accounts::{model::AccountState, service::grants::NoToken},
    mail::{
        sending::{NAME, SendFailure},
        service::{CALL_TIME, LIMIT_WAIT, MailFailure, Session},
    },
    people::access::Caller,
    platform::failure::Failure,
    providers::{
        RefreshProblem,
        mailbox::{MailError, MailProblem},
    },
};

/// How long the upload of one file may take: the provider takes the largest one in five minutes.
const FILE_TIME: Duration = Duration::from_mins(10);

/// What came of a question.
#[derive(Debug)]
pub(super) enum Reply<T> {
    Answer(T),
    /// It had no effect, and the same question later may have one.
    NotAsked(MailError),
    /// Whether it had an effect is not known.
    Doubtful(MailError),
    /// It had no effect, and will have none later.
    Refused(MailError),
    /// It had no effect, and will have none until the account or its application is changed.
    NoAccess(MailError),
}

impl<T> Reply<T> {
    pub(super) fn of(answer: Result<T, MailError>) -> Self {
        let error = match answer {
            Ok(answer) => return Self::Answer(answer),
            Err(error) => error,
        };
        match error.problem {
            // The provider has not got it, or has refused it before it has looked at it.
            MailProblem::NotSent | MailProblem::Throttled { .. } | MailProblem::TokenRefused => {
                Self::NotAsked(error)
            }
            MailProblem::Unavailable
            | MailProblem::UnavailableFor(_)
            | MailProblem::Slow
            | MailProblem::Garbled
            | MailProblem::Conflict => Self::Doubtful(error),
            MailProblem::NeedsSignIn
            | MailProblem::NoMailbox
            | MailProblem::ApiDisabled
            | MailProblem::PermissionNotGranted(_) => Self::NoAccess(error),
            MailProblem::Refused
            | MailProblem::NotFound
            | MailProblem::NotSupported(_)
            | MailProblem::InvalidValue(_)
            | MailProblem::TooLarge
            | MailProblem::TooMany(_)
            | MailProblem::AttachmentIsLink
            | MailProblem::FolderExists
            | MailProblem::EtagMismatch
            | MailProblem::ContentIsFinal
            | MailProblem::SyncTokenExpired => Self::Refused(error),
        }
    }
}

/// Asks the mailbox, again after a new token.
macro_rules! ask {
    ($run:expr, $session:expr, $method:ident $(, $argument:expr)*) => {{
        let answer = loop {
            let mailbox = $session.mailbox();
            let answer = {
                let call = $session.call();
                let asked = $session.limit_change(mailbox.$method(&call $(, $argument)*));
                $run.until_lost(asked).await?
            };
            if !($crate::mail::sending::run::asking::is_token_refused(&answer)
                && $crate::mail::sending::run::asking::renews(&mut $session).await)
            {
                break answer;
            }
        };
        $crate::mail::sending::run::asking::Reply::of(answer)
    }};
}
pub(super) use ask;

pub(super) fn is_token_refused<T>(answer: &Result<T, MailError>) -> bool {
    matches!(answer, Err(MailError { problem: MailProblem::TokenRefused, .. }))
}

/// Whether the session has a new token. If it has none, the next session says why.
pub(super) async fn renews(session: &mut Session) -> bool {
    session.renew_token().await.unwrap_or(false)
}

/// How long to wait, if an error says it.
pub(super) fn named_wait(error: &MailError) -> Option<Duration> {
    match error.problem {
        MailProblem::Throttled { retry_after, .. } => retry_after,
        MailProblem::UnavailableFor(wait) => Some(wait),
        _ => None,
    }
}

/// Why there is no session.
enum NoSession {
    /// There may be one later.
    Wait(Option<Duration>),
    /// There is none until the account is changed.
    NoAccess,
    /// The account is gone.
    Gone,
    Failure(Failure),
}

impl NoSession {
    fn of(failure: &MailFailure) -> Self {
        match failure {
            MailFailure::NoToken(no_token) => Self::of_no_token(no_token),
            MailFailure::Mail(_) => Self::NoAccess,
            MailFailure::Failure(Failure::NotFound) => Self::Gone,
            MailFailure::Failure(failure) => Self::Failure(failure.clone()),
        }
    }

    fn of_no_token(no_token: &NoToken) -> Self {
        match no_token {
            NoToken::Busy { retry_after } => Self::Wait(Some(Duration::from_secs((*retry_after).into()))),
            NoToken::State(AccountState::Connected | AccountState::Retrying) => Self::Wait(None),
            NoToken::Failed(refusal) => match refusal.problem {
                RefreshProblem::Throttled(wait) | RefreshProblem::Unavailable(wait) => Self::Wait(wait),
                RefreshProblem::Unreachable | RefreshProblem::Slow | RefreshProblem::Garbled => {
                    Self::Wait(None)
                }
                // The next try finds the account's new state.
                RefreshProblem::GrantRefused
                | RefreshProblem::InteractionRequired
                | RefreshProblem::ConsentRequired
                | RefreshProblem::LoginRequired
                | RefreshProblem::CredentialsRejected
                | RefreshProblem::CompanyRefused
                | RefreshProblem::ScopesRefused
                | RefreshProblem::Refused => Self::NoAccess,
            },
            NoToken::Paused | NoToken::State(_) => Self::NoAccess,
            NoToken::NotFound => Self::Gone,
            NoToken::Failure(failure) => Self::Failure(failure.clone()),
        }
    }
}

impl Run {
    /// The work as a caller. The reach of the client was checked when the message was accepted, and is before the provider
    /// is asked to send ([`Run::claim`]).
    pub(super) fn caller(&self) -> Caller {
        Caller::job(self.send.organisation, NAME)
    }

    /// A session for one question.
    pub(super) async fn session(&mut self) -> Result<Session, Stop> {
        self.session_for(CALL_TIME, LIMIT_WAIT).await
    }

    /// A session for the upload of a file.
    pub(super) async fn session_for_file(&mut self) -> Result<Session, Stop> {
        self.session_for(FILE_TIME, FILE_TIME).await
    }

    async fn session_for(&mut self, time: Duration, limit_wait: Duration) -> Result<Session, Stop> {
        loop {
            if self.is_stopping() {
                self.put_back_now().await?;
            }
            let (caller, mail) = (self.caller(), self.sending.parts().mail.clone());
            let opened = self.until_lost(mail.open_for(&caller, self.send.account, time, limit_wait)).await?;
            let failure = match opened {
                Ok(session) => {
                    self.email = Some(session.account().email.clone());
                    return Ok(session);
                }
                Err(failure) => failure,
            };
            match NoSession::of(&failure) {
                NoSession::Wait(named) => self.pause(named, failure.into()).await?,
                NoSession::NoAccess => self.lose_access(failure.into()).await?,
                // Its connector may be deleted, and the account with it soon.
                NoSession::Gone => self.lose_access(Failure::NotFound.into()).await?,
                NoSession::Failure(failure) => return Err(Stop::Failure(failure)),
            }
        }
    }

    /// Goes on without access: a message that may have been sent waits for it, others fail.
    pub(super) async fn lose_access(&mut self, failure: SendFailure) -> Result<(), Stop> {
        if self.is_in_doubt() {
            return self.put_back(None, failure).await;
        }
        self.end_failed(failure).await
    }

    /// The result of a future, unless the lease is lost first.
    pub(super) async fn until_lost<T>(&self, work: impl Future<Output = T> + Send) -> Result<T, Stop> {
        tokio::select! {
            // The lease first: a process that stood still must not go on with what waits here.
            biased;
            () = self.lease.wait_until_lost() => Err(Stop::Over),
            done = work => Ok(done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::mailbox::Limit;

    #[test]
    fn only_an_error_that_says_so_is_taken_for_a_question_without_effect() {
        let kind = |problem: MailProblem| match Reply::<()>::of(Err(problem.into())) {
            Reply::Answer(()) => "answer",
            Reply::NotAsked(_) => "not asked",
            Reply::Doubtful(_) => "doubtful",
            Reply::Refused(_) => "refused",
            Reply::NoAccess(_) => "no access",
        };
        let throttled = MailProblem::Throttled { limit: Limit::Provider, retry_after: None };
        for (problem, expected) in [
            (throttled, "not asked"),
            (MailProblem::NotSent, "not asked"),
            (MailProblem::TokenRefused, "not asked"),
            (MailProblem::Slow, "doubtful"),
            (MailProblem::Unavailable, "doubtful"),
            (MailProblem::UnavailableFor(Duration::from_secs(1)), "doubtful"),
            (MailProblem::Garbled, "doubtful"),
            (MailProblem::Conflict, "doubtful"),
            (MailProblem::Refused, "refused"),
            (MailProblem::NotFound, "refused"),
            (MailProblem::TooLarge, "refused"),
            (MailProblem::NeedsSignIn, "no access"),
            (MailProblem::ApiDisabled, "no access"),
            (MailProblem::PermissionNotGranted("Mail.Send"), "no access"),
        ] {
            assert_eq!(kind(problem.clone()), expected, "{problem:?}");
        }
        assert!(matches!(Reply::of(Ok(7)), Reply::Answer(7)));
    }
}
