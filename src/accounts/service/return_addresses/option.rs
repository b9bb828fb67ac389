//! The option of a return address that its application confirms each mailbox before it is connected.
//!
//! The attack: an attacker lets the application make a link for the attacker's own session, and forwards it. The person
//! who opens it connects a mailbox, which the application then takes for the attacker's. With the option the access is
//! kept until the application has posted the code that only the browser of that person brings back.

use super::{ReturnAddressId, ReturnAddresses};
use crate::{
    accounts::store::{links::Link, return_addresses::OrganisationReturnAddresses},
    activity::model::{Action, Detail, Entry},
    people::access::{Admin, Reauthenticated},
    platform::{
        database::{DatabaseError, Queries},
        failure::Failure,
    },
};

/// Whether the application to which a person goes back must confirm the mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmationNeed {
    No,
    /// The application of this entry must confirm.
    By(ReturnAddressId),
    /// The application must confirm, and its entry was removed, so it cannot.
    Impossible,
}

impl ReturnAddresses {
    /// Switches the option. Links that were made before follow it: the value counts with which a sign-in ends.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such entry.
    pub async fn set_needs_confirmation(
        &self,
        admin: &Reauthenticated<Admin>,
        id: ReturnAddressId,
        needs_confirmation: bool,
    ) -> Result<(), Failure> {
        let store = OrganisationReturnAddresses::of(admin.organisation());
        self.database
            .write(async |tx| {
                self.people.lock_and_check_user(&tx, admin.logged_in_user()).await?;
                let stored = store.lock(&tx, id).await?.ok_or(Failure::NotFound)?;
                if stored.needs_confirmation == needs_confirmation {
                    return Ok(());
                }
                store.set_needs_confirmation(&tx, id, needs_confirmation).await?;
                let detail = if needs_confirmation {
                    Detail::ConfirmationRequired
                } else {
                    Detail::ConfirmationNotRequired
                };
                let entry = Entry::done(Action::ReturnAddressChanged, stored.address, id.0);
                self.activity.record(&tx, admin.actor(), entry.with_detail(detail)).await?;
                Ok(())
            })
            .await
    }

    /// Whether a mailbox that a sign-in with this link gave access to must be confirmed now.
    pub(in crate::accounts) async fn confirmation_need(
        &self,
        on: &impl Queries,
        link: &Link,
    ) -> Result<ConfirmationNeed, DatabaseError> {
        let Some(id) = link.return_address_id else { return Ok(ConfirmationNeed::No) };
        let entry = OrganisationReturnAddresses::of(link.organisation).get(on, id).await?;
        let needed = entry.as_ref().map_or(link.needs_confirmation, |entry| entry.needs_confirmation);
        Ok(match (needed, entry) {
            (false, _) => ConfirmationNeed::No,
            (true, Some(entry)) => ConfirmationNeed::By(entry.id),
            // Otherwise the removal of an address would take away the protection of its open links.
            (true, None) => ConfirmationNeed::Impossible,
        })
    }
}
