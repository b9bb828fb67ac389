//! Accounts by their emails, and the emails of accounts, for pages that are not about accounts.

use std::collections::HashMap;

use super::{Account, AccountFilter, AccountId, AccountPage, AccountService};
use crate::{
    accounts::store::Accounts,
    people::access::Admin,
    platform::{failure::Failure, text},
};

impl AccountService {
    /// The emails of those of these accounts that there are. The caller bounds their number.
    pub async fn emails(
        &self,
        admin: &Admin,
        ids: &[AccountId],
    ) -> Result<HashMap<AccountId, String>, Failure> {
        Ok(Accounts::of(admin.organisation()).emails(&self.database.read(), ids).await?)
    }

    /// The account with this email. The beginning of an email counts too if only one account has it.
    pub async fn find_by_email(&self, admin: &Admin, typed: &str) -> Result<Option<Account>, Failure> {
        let typed = text::trim(typed);
        let filter = AccountFilter::default();
        let AccountPage { mut accounts, .. } =
            self.list_up_to(&admin.caller(), typed, filter, None, 2).await?;
        let email = text::fold(typed);
        if let Some(at) = accounts.iter().position(|account| text::fold(&account.email) == email) {
            return Ok(Some(accounts.swap_remove(at)));
        }
        let is_only_one = accounts.len() == 1;
        Ok(accounts.pop().filter(|_| is_only_one))
    }
}
