//! Whether an API client may still do what it has asked for, when the program comes to it.

use crate::{
    accounts::service::{Account, ClientReaches},
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Tx},
        id::ApiClientId,
    },
};

/// Whether a client may still do what it has asked for at this time: it is there, it reaches the account, and its
/// credentials were not revoked since. Until the transaction ends, they are not.
///
/// The attack: a stolen credential has asked for work that begins after the credential was revoked.
///
/// # Errors
/// Those of the database.
pub(in crate::mail) async fn is_still_allowed(
    tx: &Tx,
    client: ApiClientId,
    account: &Account,
    asked_at: Timestamp,
) -> Result<bool, DatabaseError> {
    let clients = ClientReaches::of(account.organisation);
    let Some(found) = clients.lock_client(tx, client).await? else { return Ok(false) };
    if found.revoked_at.is_some_and(|at| at >= asked_at) {
        return Ok(false);
    }
    clients.reaches(tx, client, account).await
}
