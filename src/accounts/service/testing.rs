//! What an administrator asks the provider about an account: whether the access to its mailbox works, and whether its
//! grant can be refreshed again.

use super::{AccountId, AccountService, grants::AccessTested};
use crate::{
    accounts::model::AccountState, activity::model::Action, people::access::Admin, platform::failure::Failure,
};

impl AccountService {
    /// Reads the date of the newest message and the number of contacts of a mailbox. Neither is stored. The activity
    /// records first that an administrator reads them.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such account.
    pub async fn test_access(&self, admin: &Admin, id: AccountId) -> Result<AccessTested, Failure> {
        let account = self.get(&admin.caller(), id).await?;
        self.database
            .write(async |tx| self.record(&tx, admin, Action::AccountTested, &account).await)
            .await?;
        self.grants.test_access(admin.organisation(), id).await
    }

    /// Has an account refreshed that needs a sign-in or attention, once.
    ///
    /// # Returns
    /// The state of the account afterwards.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such account; [`Failure::Busy`] if no refresh could begin or end
    /// in time.
    pub async fn try_again(&self, admin: &Admin, id: AccountId) -> Result<AccountState, Failure> {
        let account = self.get(&admin.caller(), id).await?;
        self.database
            .write(async |tx| self.record(&tx, admin, Action::AccountTriedAgain, &account).await)
            .await?;
        self.grants.try_again(admin, id).await
    }
}
