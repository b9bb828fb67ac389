//! The calls that change and delete drafts. How they are made and sent is in `mail::sending`.

use super::{Mail, MailFailure, reading::ask};
use crate::{
    accounts::service::AccountId,
    people::access::Caller,
    providers::mailbox::{Address, DraftChange, MailProblem, OutgoingFile, SendState},
};

/// Maximum number of bytes of the files that one change adds: the call waits while they are sent, and a repeat sends a file
/// from its beginning that was not sent in time.
const MAX_ADDED: u64 = 20 * 1024 * 1024;

/// A change of a draft and of its attachments.
#[derive(Debug, Default)]
pub struct DraftUpdate {
    pub change: DraftChange,
    /// Ids of attachments that the draft loses.
    pub removed: Vec<String>,
    /// Files that it gets besides those that it has. One that an earlier call has added is not added again.
    pub added: Vec<OutgoingFile>,
}

/// Why a draft was not changed, or only in part.
#[derive(Clone, Debug)]
pub enum DraftFailure {
    Mail(MailFailure),
    /// The mailbox does not send from the new sender's address.
    FromUnknown,
    /// The files have more bytes together than one change adds. Nothing was changed.
    TooLarge {
        max: u64,
    },
}

impl From<MailFailure> for DraftFailure {
    fn from(failure: MailFailure) -> Self {
        Self::Mail(failure)
    }
}

impl Mail {
    /// Changes a draft. A call that is repeated changes what the first one has left.
    ///
    /// # Errors
    /// A message that is not a draft is [`MailProblem::ContentIsFinal`].
    pub async fn update_draft(
        &self,
        caller: &Caller,
        account: AccountId,
        draft: &str,
        update: &DraftUpdate,
    ) -> Result<(), DraftFailure> {
        let DraftUpdate { change, removed, added } = update;
        if added.iter().map(|file| file.size).fold(0, u64::saturating_add) > MAX_ADDED {
            return Err(DraftFailure::TooLarge { max: MAX_ADDED });
        }
        if let Some(from) = &change.from {
            self.check_sender(caller, account, from).await?;
        }
        // Before the change, which may give the parts of a message other places.
        if !removed.is_empty() {
            ask!(self, caller, account, detach, draft, removed);
        }
        if *change != DraftChange::default() {
            ask!(self, caller, account, update_draft, draft, change);
        } else if removed.is_empty() {
            self.require_draft(caller, account, draft).await?;
        }
        for file in added {
            ask!(self, caller, account, attach, draft, file);
        }
        Ok(())
    }

    async fn require_draft(
        &self,
        caller: &Caller,
        account: AccountId,
        draft: &str,
    ) -> Result<(), MailFailure> {
        match ask!(self, caller, account, state_of, draft) {
            SendState::Draft => Ok(()),
            SendState::Sent(_) => Err(MailProblem::ContentIsFinal.into()),
            SendState::Gone => Err(MailProblem::NotFound.into()),
        }
    }

    /// The provider replaces a sender that it does not know without saying so.
    async fn check_sender(
        &self,
        caller: &Caller,
        account: AccountId,
        from: &Address,
    ) -> Result<(), DraftFailure> {
        let own = ask!(self, caller, account, own_addresses);
        let is_own = own.iter().any(|own| own.trim().eq_ignore_ascii_case(from.email.trim()));
        if is_own { Ok(()) } else { Err(DraftFailure::FromUnknown) }
    }

    /// Deletes a draft for good.
    ///
    /// # Errors
    /// A message that is not a draft is [`MailProblem::NotFound`].
    pub async fn delete_draft(
        &self,
        caller: &Caller,
        account: AccountId,
        draft: &str,
    ) -> Result<(), MailFailure> {
        ask!(self, caller, account, delete_draft, draft);
        Ok(())
    }
}
