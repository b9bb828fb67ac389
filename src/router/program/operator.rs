//! What the operator does to all features at once, from the command line: the survey of sealed values, sealing them
//! again, and the end of all sessions and links.

use super::{Ended, Program, SEALED};
use crate::{
    activity::model::{Action, Detail},
    log_in::{devices::DeviceCookies, session::Sessions},
    platform::database::{DatabaseError, Tx},
    vault::reseal::{ResealError, Resealed, Survey},
};

impl Program {
    /// Counts which keys have sealed the values in the database, and finds values that do not open.
    pub async fn survey(&self) -> Result<Survey, DatabaseError> {
        self.vault.survey(&self.database.read(), SEALED).await
    }

    /// Seals again every value that an older key has sealed, and records it.
    pub async fn reseal(&self) -> Result<Resealed, ResealError> {
        let record = async |tx: &Tx| {
            // Without the number of values, which would tell an organisation about the others.
            for organisation in self.people.organisations(tx).await? {
                let detail = Detail::Key { key: self.vault.newest_key().to_owned() };
                self.people
                    .record_operator_action(tx, &organisation, Action::SecretsResealed, detail)
                    .await?;
            }
            Ok(())
        };
        self.vault.reseal(&self.database, SEALED, record).await
    }

    /// Logs all users out, erases all device cookies, ends open sign-ins, and withdraws all links. Run it after a
    /// backup was restored: sessions, sign-ins and links that ended since the backup are open in it.
    ///
    /// Passwords and the credentials of API clients stay, because a copy of the database does not give them away: it has
    /// only their hashes. Ending them would stop every application.
    pub async fn end_sessions(&self) -> Result<Ended, DatabaseError> {
        self.database
            .write(async |tx| {
                let mut all = Ended::default();
                for organisation in self.people.organisations(&tx).await? {
                    // Lock users before sessions, as everywhere, against deadlocks.
                    let links =
                        self.people.withdraw_links_and_note_ended_sessions(&tx, organisation.id).await?
                            + self.links.revoke_all_within(&tx, organisation.id).await?
                            + self.consents.revoke_all_within(&tx, organisation.id).await?;
                    DeviceCookies::end_all_within(&tx, organisation.id).await?;
                    let browsers = self.sessions.end_all_within(&tx, organisation.id).await?;
                    let sign_ins = self.sign_ins.end_all(&tx, organisation.id).await?;
                    let detail = Detail::Ended { browsers, sign_ins, links };
                    let action = Action::SessionsEnded;
                    self.people.record_operator_action(&tx, &organisation, action, detail).await?;
                    all = all + Ended { browsers, sign_ins, links };
                }
                Sessions::end_half_way(&tx).await?;
                Ok(all)
            })
            .await
    }
}
