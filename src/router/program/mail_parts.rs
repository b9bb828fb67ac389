//! Assembles the part that sends.

use std::sync::Arc;

use super::Foundations;
use crate::{
    activity::service::Activity,
    mail::{
        sending::{NoStops, Sending, SendingDependencies},
        service::Mail,
        uploads::Uploads,
    },
    platform::database::DatabaseUrl,
};

impl Foundations {
    pub(super) fn sending(&self, mail: &Mail, uploads: &Uploads, activity: &Activity) -> Sending {
        Sending::new(SendingDependencies {
            database: self.database.clone(),
            // A SQLite file has only one serving process (`platform::database::sole`).
            is_alone: matches!(self.config.database, DatabaseUrl::Sqlite(_)),
            vault: self.vault.clone(),
            mail: mail.clone(),
            uploads: uploads.clone(),
            activity: activity.clone(),
            clock: self.clock.clone(),
            monotonic: self.monotonic.clone(),
            randomness: self.randomness.clone(),
            stops: Arc::new(NoStops),
        })
    }
}
