//! What an application may do with an account's access itself: get the provider's access token, and send requests of its
//! own to the provider. The first of each on each day is activity.

use std::time::Duration;

use http::StatusCode;
use secrecy::SecretString;

use super::{
    first_uses::FirstUses,
    passage::{AddressProblem, RawAnswer, RawCall, pass_back},
    service::{Mail, MailFailure},
    streams,
};
use crate::{
    accounts::service::{
        AccountId,
        grants::{LentToken, NoToken},
    },
    activity::model::Action,
    people::access::Caller,
    platform::{clock::Timestamp, failure::Failure, monotonic::SharedMonotonic},
    providers::mailbox::{MailBody, MailError, MailHttp},
};

/// How long the call for a token waits for one.
pub const TOKEN_WAIT: Duration = Duration::from_secs(3);

/// The use cases. A clone is another handle to the same.
#[derive(Clone)]
pub struct AccountAccess {
    mail: Mail,
    first_uses: FirstUses,
    /// For bodies that arrive slowly.
    monotonic: SharedMonotonic,
}

/// An access token that is given to an application.
#[derive(Debug)]
pub struct HandedOut {
    /// The name of the provider.
    pub provider: String,
    /// The base of the provider's API, without a slash at its end.
    pub api_base: String,
    pub token: SecretString,
    pub expires_at: Timestamp,
    /// The permissions of the account.
    pub scopes: Vec<String>,
}

/// Why a token was not given, or a raw call not passed on.
#[derive(Debug)]
pub enum AccessProblem {
    /// The provider of this account offers neither.
    NotOffered,
    /// The address of a raw call.
    Address(AddressProblem),
    /// There is no access, the provider gave no answer, or a limit of ours was reached.
    Mail(MailFailure),
}

impl From<AddressProblem> for AccessProblem {
    fn from(problem: AddressProblem) -> Self {
        Self::Address(problem)
    }
}

impl From<MailFailure> for AccessProblem {
    fn from(failure: MailFailure) -> Self {
        Self::Mail(failure)
    }
}

impl From<NoToken> for AccessProblem {
    fn from(no_token: NoToken) -> Self {
        Self::Mail(no_token.into())
    }
}

impl From<MailError> for AccessProblem {
    fn from(error: MailError) -> Self {
        Self::Mail(error.into())
    }
}

impl From<Failure> for AccessProblem {
    fn from(failure: Failure) -> Self {
        Self::Mail(failure.into())
    }
}

impl AccountAccess {
    /// Uses these mailboxes, and records there who does so first.
    pub const fn new(mail: Mail, first_uses: FirstUses, monotonic: SharedMonotonic) -> Self {
        Self { mail, first_uses, monotonic }
    }

    /// The provider's access token of an account that the caller reaches.
    ///
    /// # Errors
    /// [`AccessProblem`]; its [`Failure::NotFound`] if the caller reaches no such account.
    pub async fn token(&self, caller: &Caller, account: AccountId) -> Result<HandedOut, AccessProblem> {
        let session = self.mail.open_within(caller, account, TOKEN_WAIT).await?;
        let (account, lent) = (session.account(), session.lent());
        let api_base = lent.pinned.passage().api_base.ok_or(AccessProblem::NotOffered)?;
        self.first_uses.record(caller, Action::TokenRead, account.id, &account.email).await?;
        let LentToken { token, scopes, expires_at, .. } = lent.clone();
        Ok(HandedOut { provider: account.provider.clone(), api_base, token, expires_at, scopes })
    }

    /// Passes a raw call on to the provider, and its answer back. `ours` is the public address of the account's raw
    /// passage, which ends with `proxy/`. The address is checked before a token is lent. If the provider refuses the
    /// token, it is refreshed once unless it is new, and a call without a body is sent again. A body that is not whole yet
    /// takes a slot for streams until it has come.
    ///
    /// # Errors
    /// [`AccessProblem`]; its [`Failure::NotFound`] if the caller reaches no such account.
    pub async fn pass(
        &self,
        caller: &Caller,
        account: AccountId,
        call: &RawCall,
        body: MailBody,
        ours: &str,
    ) -> Result<RawAnswer, AccessProblem> {
        let passage = self.mail.accounts().grants().pinned(caller, account).await?.passage();
        if passage.parts.is_empty() {
            return Err(AccessProblem::NotOffered);
        }
        call.address(&passage)?;
        let mut session = self.mail.open(caller, account).await?;
        let email = &session.account().email;
        self.first_uses.record(caller, Action::RawCallSent, account, email).await?;
        let has_body = !matches!(body, MailBody::Empty);
        let mut sent = match body {
            MailBody::Stream(body) => MailBody::Stream(streams::end_when_slow(body, self.monotonic.clone())),
            body => body,
        };
        loop {
            // The account may have been connected again since the check.
            let passage = session.pinned().passage();
            let address = call.address(&passage)?;
            let mut request = call.request(&passage, &address, session.token(), sent);
            request.units =
                request.units.saturating_mul(session.pinned().raw_units(&call.method, &call.rest));
            let answered = if session.pinned().is_of_mailbox(&call.rest) {
                session.http().send(request).await?
            } else {
                session.http().of_another_part().send(request).await?
            };
            let is_last = answered.status != StatusCode::UNAUTHORIZED || !session.renew_token().await?;
            // What was sent of a body is gone. The next call has the new token.
            if is_last || has_body {
                return Ok(pass_back(answered, &passage, &address, ours));
            }
            // Its slot among the requests of the mailbox is free before the next one waits for a slot.
            drop(answered);
            sent = MailBody::Empty;
        }
    }
}
