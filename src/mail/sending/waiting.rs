//! Waiting for the outcome of a record, which this process or another one works at.

use std::time::Duration;

use tokio::time::Instant;

use super::{SEALED_ANSWERS, SendFailure, Sending, kept::KeptAnswer};
use crate::{
    mail::store::sends::{self, SendId, Stage, StoredSend},
    platform::{failure::Failure, id::OrganisationId},
};

/// How often a caller looks whose record another process works at.
const LOOK: Duration = Duration::from_millis(500);

/// A record that has ended.
#[derive(Debug)]
pub(super) struct EndedSend {
    pub send: StoredSend,
    pub answer: KeptAnswer,
}

/// The outcome of a record that was erased with its account: its message, which has this Message-ID, may have been sent.
fn erased(message_id: &str) -> SendFailure {
    SendFailure::OutcomeUnknown { message_id: message_id.to_owned() }
}

impl Sending {
    /// Waits until a record has ended. `None` if that is not before `until`. `message_id` is that of the record.
    ///
    /// # Errors
    /// [`SendFailure::OutcomeUnknown`] if the record was erased with its account, and those of the database.
    pub(super) async fn wait_for_outcome(
        &self,
        organisation: OrganisationId,
        id: SendId,
        message_id: &str,
        until: Instant,
    ) -> Result<Option<EndedSend>, SendFailure> {
        let (monotonic, database) = (&self.parts().monotonic, &self.parts().database);
        loop {
            let (now, read) = (monotonic.now(), database.read());
            let has_ended = sends::has_ended(&read, organisation, id).await?;
            if has_ended.ok_or_else(|| erased(message_id))? {
                let ended = self.read_ended(organisation, id).await?;
                return ended.map(Some).ok_or_else(|| erased(message_id));
            }
            if now >= until {
                return Ok(None);
            }
            tokio::select! {
                biased;
                () = self.0.running.wait_for_end(id) => {}
                () = monotonic.sleep_until(until.min(now + LOOK)) => {}
            }
        }
    }

    /// A record that has ended. Whether the message was sent does not depend on the sealed answer: the process may lack the
    /// key that opens it.
    async fn read_ended(
        &self,
        organisation: OrganisationId,
        id: SendId,
    ) -> Result<Option<EndedSend>, Failure> {
        let found = sends::find(&self.parts().database.read(), organisation, id).await?;
        let Some(mut send) = found else { return Ok(None) };
        let sealed = send.answer.take().unwrap_or_default();
        let opened: Result<KeptAnswer, Failure> = self.open(SEALED_ANSWERS, organisation, id.0, &sealed);
        let answer = match opened {
            Ok(answer) => answer,
            Err(failure) if send.stage == Stage::Failed => return Err(failure),
            Err(failure) => {
                failure.log();
                KeptAnswer::default()
            }
        };
        Ok(Some(EndedSend { send, answer }))
    }
}
