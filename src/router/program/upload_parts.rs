//! Assembles the uploads and the messages that are sent later.

use std::sync::Arc;

use super::{Foundations, account_parts::AccountParts};
use crate::mail::{
    schedules::{ScheduleDependencies, ScheduledSender, Schedules},
    uploads::{UploadDependencies, Uploads},
};

impl Foundations {
    pub(super) fn uploads(&self, accounts: &AccountParts) -> Uploads {
        Uploads::new(UploadDependencies {
            database: self.database.clone(),
            url: self.config.database.clone(),
            space: self.config.upload_space,
            vault: self.vault.clone(),
            accounts: accounts.accounts.clone(),
            clock: self.clock.clone(),
            monotonic: self.monotonic.clone(),
            randomness: self.randomness.clone(),
        })
    }

    pub(super) fn schedules(
        &self,
        accounts: &AccountParts,
        uploads: &Uploads,
        sender: Arc<dyn ScheduledSender>,
    ) -> Schedules {
        Schedules::new(ScheduleDependencies {
            database: self.database.clone(),
            vault: self.vault.clone(),
            accounts: accounts.accounts.clone(),
            uploads: uploads.clone(),
            sender,
            clock: self.clock.clone(),
            monotonic: self.monotonic.clone(),
            randomness: self.randomness.clone(),
        })
    }
}
