//! Encryption of scheduled messages. Both values are bound to the client, the account and the time, so that an attacker
//! who can write to the database can neither send a message from another account nor at another time.

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};

use super::ScheduleId;
use crate::{
    mail::{
        sending::{SendRequest, Shown},
        store::schedules::StoredSchedule,
        uploads::UploadOwner,
    },
    platform::{
        clock::Timestamp,
        database::columns::{Bound, Column, ContextPart},
        failure::Failure,
    },
    vault::{Binding, Vault, reseal::SealedColumn},
};

/// The number of sealed values of a row: they never change.
pub(super) const VERSION: i64 = 1;

/// Maximum number of bytes of each text that lists show, without the ellipsis of one that is longer.
const MAX_LISTED: usize = 1_000;
const BOUND: Option<Bound> = Some(Bound {
    version: "version",
    context: &[
        ContextPart::Id("client_id"),
        ContextPart::Id("account_id"),
        // Otherwise an attacker could have a message sent at once.
        ContextPart::Integer("due_at"),
    ],
});
const REMEDY: &str = "The message is not sent. Its application sees that in its list of scheduled messages.";

/// Messages that are sent later.
pub const SEALED_SCHEDULES: SealedColumn = SealedColumn {
    column: Column { table: "schedules", column: "request" },
    what: "The content of the scheduled message",
    remedy: REMEDY,
    bound: BOUND,
};

/// What lists show of them.
pub const SEALED_SHOWN: SealedColumn = SealedColumn {
    column: Column { table: "schedules", column: "shown" },
    what: "The sender, the recipients and the subject of the scheduled message",
    remedy: "Only the list of scheduled messages shows them.",
    bound: BOUND,
};

/// The sealed values of a row.
pub(super) struct Sealed {
    pub request: Vec<u8>,
    pub shown: Vec<u8>,
}

/// What lists show of a message. A list has 200, so that none may be large.
fn listed(shown: &Shown) -> Shown {
    Shown { from: cut(&shown.from), to: cut(&shown.to), subject: cut(&shown.subject) }
}

/// The text, or its beginning with an ellipsis.
fn cut(text: &str) -> String {
    if text.len() <= MAX_LISTED {
        return text.to_owned();
    }
    let (beginning, _) = text.split_at(text.floor_char_boundary(MAX_LISTED));
    format!("{beginning}…")
}

/// The context of [`BOUND`], in its order.
fn binding(owner: UploadOwner, due_at: Timestamp, version: i64) -> Binding {
    let context = [owner.client.to_string(), owner.account.to_string(), due_at.micros().to_string()];
    Binding { version, context: context.into_iter().map(Some).collect() }
}

fn seal_as(
    vault: &Vault,
    column: SealedColumn,
    owner: UploadOwner,
    id: ScheduleId,
    due_at: Timestamp,
    value: &impl Serialize,
) -> Result<Vec<u8>, Failure> {
    let text = serde_json::to_string(value).map_err(|error| Failure::unexpected(&error))?;
    let place = column.place(owner.organisation.0, id.0);
    let sealed = vault.seal_bound(place, &binding(owner, due_at, VERSION), &SecretString::from(text));
    sealed.map_err(|error| Failure::unexpected(&error))
}

fn open_as<T: DeserializeOwned>(
    vault: &Vault,
    column: SealedColumn,
    stored: &StoredSchedule,
    sealed: &[u8],
) -> Result<T, Failure> {
    let place = column.place(stored.owner.organisation.0, stored.id.0);
    let opened = vault.open_bound(place, &binding(stored.owner, stored.due_at, stored.version), sealed);
    let text = opened.map_err(|error| Failure::unexpected(&error))?;
    // Its text may quote the message.
    serde_json::from_str(text.expose_secret())
        .map_err(|_| Failure::Unexpected(format!("the scheduled message {} is not in its form", stored.id)))
}

/// Seals a message for its row.
pub(super) fn seal(
    vault: &Vault,
    owner: UploadOwner,
    id: ScheduleId,
    due_at: Timestamp,
    request: &SendRequest,
) -> Result<Sealed, Failure> {
    Ok(Sealed {
        request: seal_as(vault, SEALED_SCHEDULES, owner, id, due_at, request)?,
        shown: seal_as(vault, SEALED_SHOWN, owner, id, due_at, &listed(&request.shown))?,
    })
}

/// The message itself.
///
/// # Errors
/// [`Failure::Unexpected`] if it has an end, or does not open.
pub(super) fn open_request(vault: &Vault, stored: &StoredSchedule) -> Result<SendRequest, Failure> {
    let ended = || Failure::Unexpected(format!("the scheduled message {} has no content", stored.id));
    open_as(vault, SEALED_SCHEDULES, stored, stored.request.as_deref().ok_or_else(ended)?)
}

/// What lists show of a message.
///
/// # Errors
/// [`Failure::Unexpected`] if it does not open.
pub(super) fn open_shown(vault: &Vault, stored: &StoredSchedule) -> Result<Shown, Failure> {
    open_as(vault, SEALED_SHOWN, stored, &stored.shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_shows_the_beginning_of_a_long_text() {
        let ends = |text: &str| Shown { to: text.to_owned(), ..Shown::default() };
        let short = "a".repeat(1_000);
        assert_eq!(listed(&ends(&short)), ends(&short));
        assert_eq!(listed(&ends(&"a".repeat(1_001))), ends(&format!("{short}…")));
        // Not in the middle of a character.
        let [long, cut] = [1_001, 333].map(|count| "あ".repeat(count));
        assert_eq!(listed(&ends(&long)), ends(&format!("{cut}…")));
    }
}
