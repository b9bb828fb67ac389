//! The check of a message that a client wants to have sent later.

use uuid::Uuid;

use super::{
    Key, SendFailure, SendRequest, Sending,
    calls::SCHEDULED,
    identity::{Asked, Scope},
};
use crate::{
    accounts::service::AccountId,
    mail::{
        store::sends::{self, Holder, SendKind},
        uploads::UploadOwner,
    },
    people::access::Caller,
    platform::failure::Failure,
};

impl Sending {
    /// Checks a message as [`Self::send`] does, and sends nothing.
    ///
    /// # Errors
    /// [`SendFailure`].
    pub async fn check_scheduled(
        &self,
        caller: &Caller,
        account: AccountId,
        request: SendRequest,
    ) -> Result<(), SendFailure> {
        let asked = Asked {
            organisation: caller.organisation(),
            holder: Holder::of(caller)?,
            account,
            call: SCHEDULED,
            key: None,
            taken: None,
            kind: SendKind::Send,
            draft: None,
            request,
        };
        self.judge(caller, &asked).await?;
        Ok(())
    }

    /// Whether there is a record of [`Self::send_scheduled`] for this schedule, open or with an outcome.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn has_scheduled(&self, owner: UploadOwner, schedule: Uuid) -> Result<bool, Failure> {
        let UploadOwner { organisation, client, account } = owner;
        let scope = Scope { organisation, holder: client.0, account, call: SCHEDULED };
        let identity = scope.identity_of_key(&Key::of_schedule(schedule));
        let read = self.parts().database.read();
        Ok(sends::find_by_identity(&read, organisation, &identity).await?.is_some())
    }
}
