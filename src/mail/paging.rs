//! Where lists go on: cursors, and the tokens for changes of contacts. Both hold a position at the provider, sealed, and
//! are bound to the caller, the account and the query, so that one that is stolen or guessed is of no use.
//!
//! A short one needs no row. The position of a long one is a row, and the caller gets a random name of it. A new key of
//! the vault seals none of them again: once the old key is removed, they have expired.

use std::fmt::Debug;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use time::Duration;
use uuid::Uuid;

use super::{
    service::MailFailure,
    store::cursors::{self, StoredCursor},
};
use crate::{
    accounts::service::AccountId,
    jobs::service::Lease,
    people::access::Caller,
    platform::{
        clock::{SKEW, SharedClock, Timestamp},
        database::Database,
        failure::Failure,
        randomness::{Hash, SharedRandomness, Token},
    },
    providers::mailbox::{MailProblem, Position},
    vault::{Binding, Place, Vault, VaultError},
};

/// The number of items that a list can reach without a cursor.
pub const MAX_REACH: u32 = 10_000;
/// How long a cursor lives.
pub const CURSOR_LIFE: Duration = Duration::hours(24);
/// How long a token for changes lives.
pub const CHANGE_TOKEN_LIFE: Duration = Duration::days(7);
/// Maximum number of characters of a cursor. A longer one becomes a row.
pub const MAX_CURSOR: usize = 2_048;
/// Maximum number of rows of a caller. The oldest ones make room.
pub const MAX_ROWS: u64 = 1_000;
/// Begins the name of a row. No sealed cursor contains a dot.
const OF_ROW: &str = "r.";
/// Number of rows that one transaction erases, so that each transaction is short.
const ERASED_AT_ONCE: u64 = 1_000;

const PAST_REACH: &str =
    "start and limit together are at most 10000: use the cursor of the last answer instead";
const NO_CURSOR: &str = "the cursor is not one of this list, or has expired: read the list from its start";
const NO_TOKEN: &str = "the token is not one of this account's contacts";

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The cursor of the next part; `None` at the end.
    pub next: Option<String>,
}

/// What a cursor belongs to, besides the query.
#[derive(Clone, Copy)]
pub struct Paged<'a> {
    pub caller: &'a Caller,
    pub account: AccountId,
    /// The name of the list. It is part of what cursors are bound to.
    pub what: &'static str,
}

/// A query of a list.
pub trait Listed: Debug {
    /// Its position, and the number of items.
    fn parts(&mut self) -> (&mut Position, u32);
}

/// A list that is being read.
pub struct Begun<'a> {
    paged: Paged<'a>,
    query: Hash,
}

/// Makes and opens cursors. A clone shares the database.
#[derive(Clone)]
pub struct Cursors {
    database: Database,
    vault: Vault,
    clock: SharedClock,
    randomness: SharedRandomness,
}

/// Why a cursor has no position.
enum NotOpened {
    Wrong,
    Expired,
    Failure(Failure),
}

impl Paged<'_> {
    /// The client or the user whose cursor it is.
    fn holder(&self) -> Uuid {
        let client = self.caller.client().map(|client| client.0);
        client.or_else(|| self.caller.user().map(|user| user.0)).unwrap_or_default()
    }

    fn place(&self) -> Place {
        let organisation = self.caller.organisation().0;
        Place { organisation, table: "cursors", column: "position", row: self.holder() }
    }

    fn binding(&self, query: &Hash) -> Binding {
        let context = [self.what.to_owned(), self.account.to_string(), query.to_string()];
        Binding { version: 1, context: context.into_iter().map(Some).collect() }
    }
}

/// The hash of a query without its position.
fn hash_of(query: &mut impl Listed) -> Hash {
    let position = std::mem::replace(query.parts().0, Position::Skip(0));
    let hash = Hash::of(format!("{query:?}").as_bytes());
    *query.parts().0 = position;
    hash
}

impl Cursors {
    pub const fn new(
        database: Database,
        vault: Vault,
        clock: SharedClock,
        randomness: SharedRandomness,
    ) -> Self {
        Self { database, vault, clock, randomness }
    }

    /// Puts the position of a cursor into the query, or checks the position that is there.
    ///
    /// # Errors
    /// [`MailProblem::InvalidValue`] for a cursor of another list, and for a position that only a cursor can reach.
    pub(super) async fn begin<'a>(
        &self,
        paged: Paged<'a>,
        query: &mut impl Listed,
        cursor: Option<&str>,
    ) -> Result<Begun<'a>, MailFailure> {
        let begun = Begun { paged, query: hash_of(query) };
        let (position, limit) = query.parts();
        if let Some(cursor) = cursor {
            let opened = self.open(&begun, cursor, CURSOR_LIFE).await;
            *position = Position::After(opened.map_err(|not| not.failure(NO_CURSOR))?);
        } else if let Position::Skip(skipped) = position
            && skipped.saturating_add(limit) > MAX_REACH
        {
            return Err(MailProblem::InvalidValue(PAST_REACH).into());
        }
        Ok(begun)
    }

    /// A part of the list, with the cursor of the next one.
    pub(super) async fn finish<T>(
        &self,
        begun: &Begun<'_>,
        items: Vec<T>,
        next: Option<String>,
    ) -> Result<Page<T>, MailFailure> {
        let next = match next {
            Some(next) => Some(self.seal(begun, &next, CURSOR_LIFE).await?),
            None => None,
        };
        Ok(Page { items, next })
    }

    /// The provider's token within a token for changes.
    ///
    /// # Errors
    /// [`MailProblem::SyncTokenExpired`], and [`MailProblem::InvalidValue`] for a token of something else.
    pub(super) async fn open_change_token(
        &self,
        paged: Paged<'_>,
        token: &str,
    ) -> Result<String, MailFailure> {
        let begun = Begun { paged, query: Hash::of(b"") };
        match self.open(&begun, token, CHANGE_TOKEN_LIFE).await {
            // A row that is gone was one of a token that has expired.
            Err(NotOpened::Expired) => Err(MailProblem::SyncTokenExpired.into()),
            opened => opened.map_err(|not| not.failure(NO_TOKEN)),
        }
    }

    pub(super) async fn seal_change_token(
        &self,
        paged: Paged<'_>,
        token: String,
    ) -> Result<String, MailFailure> {
        let begun = Begun { paged, query: Hash::of(b"") };
        Ok(self.seal(&begun, &token, CHANGE_TOKEN_LIFE).await?)
    }

    async fn seal(&self, begun: &Begun<'_>, position: &str, life: Duration) -> Result<String, Failure> {
        let Begun { paged, query } = begun;
        let expires_at = self.clock.now().plus(life);
        let text = SecretString::from(format!("{}\n{position}", expires_at.micros()));
        let sealed = self.vault.seal_bound(paged.place(), &paged.binding(query), &text);
        let sealed = sealed.map_err(|error| Failure::unexpected(&error))?;
        let cursor = URL_SAFE_NO_PAD.encode(&sealed);
        if cursor.len() <= MAX_CURSOR {
            return Ok(cursor);
        }
        let token = Token::random(&*self.randomness);
        let row = StoredCursor {
            token_hash: token.hash(),
            organisation: paged.caller.organisation(),
            holder: paged.holder(),
            account: paged.account,
            position: sealed,
            created_at: self.clock.now(),
            expires_at,
        };
        self.database
            .write::<_, Failure, _>(async |tx| {
                let (organisation, holder) = (row.organisation, row.holder);
                cursors::add(&tx, row).await?;
                cursors::erase_beyond(&tx, organisation, holder, MAX_ROWS).await?;
                Ok(())
            })
            .await?;
        Ok(format!("{OF_ROW}{}", token.expose()))
    }

    async fn open(&self, begun: &Begun<'_>, cursor: &str, life: Duration) -> Result<String, NotOpened> {
        let Begun { paged, query } = begun;
        let sealed = match cursor.strip_prefix(OF_ROW) {
            Some(name) => {
                let token = Token::parse(name).ok_or(NotOpened::Wrong)?;
                let (organisation, holder) = (paged.caller.organisation(), paged.holder());
                let found = cursors::find(&self.database.read(), organisation, holder, &token.hash()).await;
                found.map_err(|error| NotOpened::Failure(error.into()))?.ok_or(NotOpened::Expired)?
            }
            None if cursor.len() > MAX_CURSOR => return Err(NotOpened::Wrong),
            None => URL_SAFE_NO_PAD.decode(cursor).map_err(|_| NotOpened::Wrong)?,
        };
        // A cursor of another caller, account or query does not open.
        let opened = self.vault.open_bound(paged.place(), &paged.binding(query), &sealed);
        let opened = opened.map_err(|error| match error {
            // It was sealed with a key whose line the operator has removed since then. Those that callers hold cannot be
            // sealed again, so rows are not either.
            VaultError::UnknownKey(_) => NotOpened::Expired,
            VaultError::Form | VaultError::Refused => NotOpened::Wrong,
        })?;
        let (expires_at, position) = opened.expose_secret().split_once('\n').ok_or(NotOpened::Wrong)?;
        let expires_at = expires_at.parse().map(Timestamp::from_micros).map_err(|_| NotOpened::Wrong)?;
        let now = self.clock.now();
        // One that seems to live longer was made by a clock that was ahead.
        if expires_at <= now || expires_at > now.plus(life).plus(SKEW) {
            return Err(NotOpened::Expired);
        }
        Ok(position.to_owned())
    }

    /// Erases rows whose cursors have expired.
    pub(super) async fn erase_expired(&self, lease: &Lease) -> Result<(), Failure> {
        loop {
            let now = self.clock.now();
            let erased = self
                .database
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    Ok(cursors::erase_expired(&tx, now, ERASED_AT_ONCE).await?)
                })
                .await?;
            if erased < ERASED_AT_ONCE {
                return Ok(());
            }
        }
    }
}

impl NotOpened {
    fn failure(self, words: &'static str) -> MailFailure {
        match self {
            Self::Wrong | Self::Expired => MailProblem::InvalidValue(words).into(),
            Self::Failure(failure) => failure.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Query {
        folder: &'static str,
        position: Position,
    }

    impl Listed for Query {
        fn parts(&mut self) -> (&mut Position, u32) {
            (&mut self.position, 1)
        }
    }

    #[test]
    fn the_hash_of_a_query_does_not_depend_on_its_position() {
        let mut query = Query { folder: "a", position: Position::Skip(7) };
        let hash = hash_of(&mut query);
        assert_eq!(query.position, Position::Skip(7), "the position is kept");
        query.position = Position::After("x".to_owned());
        assert_eq!(hash_of(&mut query), hash);
        query.folder = "b";
        assert_ne!(hash_of(&mut query), hash);
    }
}
