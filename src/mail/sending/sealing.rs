//! Seals what records keep: the message until the end, the outcome after it, and the results of calls that are done once.

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::Sending;
use crate::{
    platform::{database::columns::Column, failure::Failure, id::OrganisationId},
    vault::reseal::SealedColumn,
};

/// The messages of open records.
pub const SEALED_REQUESTS: SealedColumn = SealedColumn {
    column: Column { table: "sends", column: "request" },
    what: "The message of the send",
    remedy: "It cannot be sent any more. The call of the application fails, and it can send the message again.",
    bound: None,
};

/// The outcomes of records that have ended.
pub const SEALED_ANSWERS: SealedColumn = SealedColumn {
    column: Column { table: "sends", column: "answer" },
    what: "The outcome of the send",
    remedy: "A repeat of the call learns whether the message was sent, but not why it failed. The outcome is erased after \
             24 hours, or after 30 days.",
    bound: None,
};

/// The results of calls that are done once.
pub const SEALED_KEPT_RESULTS: SealedColumn = SealedColumn {
    column: Column { table: "idempotency_keys", column: "result" },
    what: "The result of the call with the key",
    remedy: "A repeat of the call fails. The result is erased after 24 hours.",
    bound: None,
};

impl Sending {
    pub(super) fn seal(
        &self,
        column: SealedColumn,
        organisation: OrganisationId,
        row: Uuid,
        value: &impl Serialize,
    ) -> Result<Vec<u8>, Failure> {
        let text = serde_json::to_string(value).map_err(|error| Failure::unexpected(&error))?;
        let sealed = self.parts().vault.seal(column.place(organisation.0, row), &SecretString::from(text));
        sealed.map_err(|error| Failure::unexpected(&error))
    }

    pub(super) fn open<T: DeserializeOwned>(
        &self,
        column: SealedColumn,
        organisation: OrganisationId,
        row: Uuid,
        sealed: &[u8],
    ) -> Result<T, Failure> {
        let opened = self.parts().vault.open(column.place(organisation.0, row), sealed);
        let text = opened.map_err(|error| Failure::Unexpected(format!("{} {row}: {error}", column.what)))?;
        serde_json::from_str(text.expose_secret())
            .map_err(|error| Failure::Unexpected(format!("{} {row}: {error}", column.what)))
    }
}
