//! The message about the last action on an account. It is kept in the session for the page that comes next.

use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::{model::AccountState, service::AccountId};
use crate::platform::{clock::Timestamp, failure::Failure, note};

const NAME: &str = "accounts";

/// The action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountChange {
    Paused,
    Resumed,
    Disconnected,
    /// It was tried again, and has the state with this name since.
    TriedAgain(String),
    /// The account with this email was deleted.
    Deleted(String),
}

impl AccountChange {
    /// The account was tried again, and has this state since.
    pub fn tried_again(state: AccountState) -> Self {
        Self::TriedAgain(state.name().to_owned())
    }
}

/// An action and its account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountNotice {
    pub account: AccountId,
    pub change: AccountChange,
}

impl AccountNotice {
    /// Keeps the message in the session for the pages after this request.
    pub async fn keep(&self, session: &Session, now: Timestamp) -> Result<(), Failure> {
        note::keep_note(session, NAME, self, now).await
    }

    /// The action on this account, which still exists.
    pub async fn about(
        session: &Session,
        id: AccountId,
        now: Timestamp,
    ) -> Result<Option<AccountChange>, Failure> {
        let notice = note::read::<Self>(session, NAME, now).await?;
        let notice = notice
            .filter(|notice| notice.account == id && !matches!(notice.change, AccountChange::Deleted(_)));
        Ok(notice.map(|notice| notice.change))
    }

    /// The email of an account that was deleted.
    pub async fn deleted(session: &Session, now: Timestamp) -> Result<Option<String>, Failure> {
        let notice = note::read::<Self>(session, NAME, now).await?;
        Ok(notice.and_then(|notice| match notice.change {
            AccountChange::Deleted(email) => Some(email),
            _ => None,
        }))
    }
}
