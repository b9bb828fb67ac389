//! A call of one mailbox: its account, its access token and its time.

use std::{sync::Arc, time::Duration};

use secrecy::SecretString;
use tokio::time::Instant;

use super::{CALL_TIME, LIMIT_WAIT, Mail, MailFailure};
use crate::{
    accounts::service::{
        Account, AccountId,
        grants::{LentToken, NoToken},
    },
    mail::limits::LimitedHttp,
    people::access::Caller,
    providers::{
        SharedPinned,
        mailbox::{Limit, MailCall, MailError, MailProblem, MailboxMemory, SharedMailbox},
    },
};

/// When a caller asks again who did not want to wait for a token, in seconds.
const RETRY_AFTER: u32 = 5;
/// How often a call is made again after the provider has refused it because of too many requests.
const MAX_REPEATS: u32 = 3;

/// A call of a mailbox. It is made for one call of the API, and not kept.
pub struct Session {
    mail: Mail,
    account: Account,
    lent: LentToken,
    mailbox: SharedMailbox,
    http: LimitedHttp,
    memory: Arc<MailboxMemory>,
    request_id: Option<String>,
    /// When the call ends.
    end: Instant,
    has_renewed: bool,
    repeats: u32,
}

impl Mail {
    /// Begins a call of the mailbox of an account. The account is looked up within the caller's reach.
    ///
    /// # Errors
    /// [`MailFailure::Failure`] with *not found* if the caller reaches no such account; [`MailFailure::NoToken`].
    pub async fn open(&self, caller: &Caller, id: AccountId) -> Result<Session, MailFailure> {
        self.open_for(caller, id, CALL_TIME, LIMIT_WAIT).await
    }

    /// [`Self::open`] for work that may take this long, and wait this long for the limits of the mailbox.
    pub(in crate::mail) async fn open_for(
        &self,
        caller: &Caller,
        id: AccountId,
        time: Duration,
        limit_wait: Duration,
    ) -> Result<Session, MailFailure> {
        let inner = &self.0;
        let began = inner.monotonic.now();
        let (account, lent) = inner.grants.lend_to(caller, id).await?;
        let mailbox = mailbox_of(&lent)?;
        Ok(Session {
            http: inner.limits.http(id, mailbox.limits(), inner.http.clone(), limit_wait),
            mailbox,
            memory: inner.memories.of(id),
            request_id: caller.actor().request_id.map(|id| id.0.to_string()),
            end: began + time,
            has_renewed: false,
            repeats: 0,
            mail: self.clone(),
            account,
            lent,
        })
    }

    /// [`Self::open`] for a caller who waits at most this long, while a new token is fetched by this process or by another.
    ///
    /// # Errors
    /// Those of [`Self::open`], and [`NoToken::Busy`].
    pub async fn open_within(
        &self,
        caller: &Caller,
        id: AccountId,
        wait: Duration,
    ) -> Result<Session, MailFailure> {
        let monotonic = &self.0.monotonic;
        let until = monotonic.now() + wait;
        tokio::select! {
            biased;
            opened = self.open(caller, id) => opened,
            () = monotonic.sleep_until(until) => Err(NoToken::Busy { retry_after: RETRY_AFTER }.into()),
        }
    }
}

fn mailbox_of(lent: &LentToken) -> Result<SharedMailbox, MailFailure> {
    let none = MailProblem::NotSupported("this program does not read mailboxes of this provider");
    lent.pinned.mailbox().ok_or_else(|| none.into())
}

impl Session {
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// What the grant is pinned to.
    pub const fn pinned(&self) -> &SharedPinned {
        &self.lent.pinned
    }

    /// The access token, with its end and its permissions.
    pub const fn lent(&self) -> &LentToken {
        &self.lent
    }

    pub const fn token(&self) -> &SecretString {
        &self.lent.token
    }

    /// Sends requests to the provider within the limits of this mailbox.
    pub const fn http(&self) -> &LimitedHttp {
        &self.http
    }

    pub(in crate::mail) fn mailbox(&self) -> SharedMailbox {
        self.mailbox.clone()
    }

    /// Begins a call of the provider's mailbox, and gives what it needs.
    pub(in crate::mail) fn call(&self) -> MailCall<'_> {
        self.http.begin();
        MailCall {
            http: &self.http,
            token: &self.lent.token,
            memory: &self.memory,
            now: self.mail.0.clock.now(),
            request_id: self.request_id.as_deref(),
        }
    }

    /// Gets a new access token after the provider has refused the present one, once in a session. A token of a refresh in
    /// the last minutes is not refreshed ([`Grants::report_refused_token`]).
    ///
    /// # Returns
    /// Whether there is a new one.
    ///
    /// [`Grants::report_refused_token`]: crate::accounts::service::grants::Grants::report_refused_token
    ///
    /// # Errors
    /// [`MailFailure::NoToken`].
    pub async fn renew_token(&mut self) -> Result<bool, MailFailure> {
        if self.has_renewed {
            return Ok(false);
        }
        self.has_renewed = true;
        let Account { organisation, id, .. } = self.account;
        let renewed = self.mail.0.grants.report_refused_token(organisation, id, &self.lent.token).await?;
        let Some(renewed) = renewed else { return Ok(false) };
        self.mailbox = mailbox_of(&renewed)?;
        self.lent = renewed;
        Ok(true)
    }

    /// [`Self::renew_token`] until the time of the call is over.
    async fn renew_token_in_time(&mut self) -> Result<bool, MailFailure> {
        let (monotonic, end) = (self.mail.0.monotonic.clone(), self.end);
        tokio::select! {
            biased;
            renewed = self.renew_token() => renewed,
            () = monotonic.sleep_until(end) => Err(MailProblem::Slow.into()),
        }
    }

    /// Waits for an answer until the time of the call is over.
    ///
    /// # Errors
    /// Those of the answer, and [`MailProblem::Slow`].
    pub async fn limit_time<T>(
        &self,
        answer: impl Future<Output = Result<T, MailError>> + Send,
    ) -> Result<T, MailError> {
        tokio::select! {
            biased;
            answer = answer => answer,
            () = self.mail.0.monotonic.sleep_until(self.end) => Err(MailProblem::Slow.into()),
        }
    }

    /// [`Self::limit_time`] for a call that makes, changes or sends something.
    ///
    /// # Errors
    /// Those of the answer. At the end of the time [`MailProblem::Slow`], or [`MailProblem::NotSent`] if no request of the
    /// call that changes something has left this program.
    pub(in crate::mail) async fn limit_change<T>(
        &self,
        answer: impl Future<Output = Result<T, MailError>> + Send,
    ) -> Result<T, MailError> {
        tokio::select! {
            biased;
            answer = answer => answer,
            () = self.mail.0.monotonic.sleep_until(self.end) => {
                let is_asked = self.http.may_have_changed();
                let problem = if is_asked { MailProblem::Slow } else { MailProblem::NotSent };
                Err(problem.into())
            }
        }
    }

    /// Waits for this long, if the call has the time.
    ///
    /// # Returns
    /// Whether it has waited.
    pub(super) async fn pause(&self, wait: Duration) -> bool {
        let monotonic = &self.mail.0.monotonic;
        let until = monotonic.now() + wait;
        if until >= self.end {
            return false;
        }
        monotonic.sleep_until(until).await;
        true
    }

    /// Decides what follows from an answer: `None` if the call is to be made again, with a new token, or after the
    /// provider has wanted fewer requests.
    pub(in crate::mail) async fn settle<T>(
        &mut self,
        answer: Result<T, MailError>,
    ) -> Result<Option<T>, MailFailure> {
        let error = match answer {
            Ok(answer) => return Ok(Some(answer)),
            Err(error) => error,
        };
        match error.problem {
            MailProblem::TokenRefused if self.renew_token_in_time().await? => Ok(None),
            MailProblem::Throttled { limit: Limit::Provider, retry_after }
                if self.repeats < MAX_REPEATS && self.http.may_wait(retry_after) =>
            {
                self.repeats += 1;
                Ok(None)
            }
            _ => Err(error.into()),
        }
    }
}
