//! What the sealed secrets of return addresses are bound to: the address that they sign for, their name, and the number
//! of secrets of the row so far.

use crate::{
    platform::{
        clock::Timestamp,
        database::columns::{Bound, Column, ContextPart},
    },
    vault::{Binding, reseal::SealedColumn},
};

/// The secrets that sign.
pub const SEALED_RETURN_SECRETS: SealedColumn = SealedColumn {
    column: Column { table: "return_addresses", column: "secret" },
    what: "The secret of the return address",
    remedy: "Make a new one under Settings > Return addresses.",
    bound: Some(Bound {
        version: "secret_version",
        context: &[ContextPart::Column("address"), ContextPart::Column("key_id")],
    }),
};

/// The secrets that sign until a rotation ends.
pub const SEALED_PREVIOUS_RETURN_SECRETS: SealedColumn = SealedColumn {
    column: Column { table: "return_addresses", column: "previous_secret" },
    what: "The previous secret of the return address",
    remedy: "It goes by itself within a day.",
    bound: Some(Bound {
        version: "secret_version",
        context: &[
            ContextPart::Column("address"),
            ContextPart::Column("previous_key_id"),
            // Otherwise an attacker with write access to the database could let an old secret sign for ever.
            ContextPart::Integer("previous_until"),
        ],
    }),
};

/// The values that a secret is bound to: the context of [`SEALED_RETURN_SECRETS`], in its order.
pub(super) fn binding(version: i64, address: &str, key_id: &str) -> Binding {
    Binding { version, context: vec![Some(address.to_owned()), Some(key_id.to_owned())] }
}

/// The values that a previous secret is bound to: the context of [`SEALED_PREVIOUS_RETURN_SECRETS`], in its order.
pub(super) fn previous_binding(version: i64, address: &str, key_id: &str, until: Timestamp) -> Binding {
    let mut binding = binding(version, address, key_id);
    binding.context.push(Some(until.micros().to_string()));
    binding
}
