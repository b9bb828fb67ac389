//! Finds out what became of a message whose sending was asked and not clearly answered.
//!
//! A draft decides by itself: while it is a draft it was not sent, and it is asked to be sent again after it has stayed one
//! for longer than the provider takes. A message that is gone is looked for by its Message-ID. Times are measured by
//! this process from the first look on: what an earlier process has waited is not known.

use tokio::time::Instant;

use super::{
    Run, Stop,
    asking::{Reply, ask},
    drafts::LOOK_AGAIN,
};
use crate::{
    mail::{
        sending::{DRAFT_STAYS, LOOKED_FOR},
        store::sends::Stage,
    },
    providers::mailbox::{SendState, SendWay},
};

/// How often a draft is asked to be sent without a clear answer. Then a draft of the program is deleted, and was not sent;
/// what becomes of a draft of the user is unknown.
const MAX_DOUBTS: u32 = 5;

/// What looking for a message outside the drafts has found.
pub(super) enum Sighting {
    /// The message with this id.
    Sent(String),
    Nothing,
    /// There was no answer, and a wait since.
    NoAnswer,
}

impl Run {
    pub(super) async fn find_out(&mut self) -> Result<(), Stop> {
        match (self.send.way, self.send.draft.clone()) {
            (SendWay::Draft, Some(draft)) => self.find_out_by_draft(draft).await,
            (SendWay::Draft | SendWay::Findable, _) => self.find_out_by_message_id().await,
            (SendWay::Blind, _) => self.end_unknown().await,
        }
    }

    /// Looks at the draft until it says what became of it, or is asked to be sent again.
    async fn find_out_by_draft(&mut self, draft: String) -> Result<(), Stop> {
        let monotonic = self.sending.parts().monotonic.clone();
        let (mut draft_since, mut gone_since): (Option<Instant>, Option<Instant>) = (None, None);
        loop {
            let mut session = self.session().await?;
            match ask!(self, session, state_of, &draft) {
                Reply::Answer(SendState::Sent(id)) => return self.end_done(Some(id)).await,
                Reply::Answer(SendState::Draft) => {
                    gone_since = None;
                    let now = monotonic.now();
                    let since = *draft_since.get_or_insert(now);
                    if now.saturating_duration_since(since) >= DRAFT_STAYS {
                        return self.send_again(&draft).await;
                    }
                    self.hold(LOOK_AGAIN).await?;
                }
                Reply::Answer(SendState::Gone) => {
                    draft_since = None;
                    let since = *gone_since.get_or_insert(monotonic.now());
                    match self.look().await? {
                        Sighting::Sent(id) => return self.end_done(Some(id)).await,
                        Sighting::Nothing if self.has_looked_enough(since) => {
                            return self.end_unknown().await;
                        }
                        Sighting::Nothing => self.hold(LOOK_AGAIN).await?,
                        Sighting::NoAnswer => {}
                    }
                }
                Reply::NotAsked(error)
                | Reply::Doubtful(error)
                | Reply::Refused(error)
                | Reply::NoAccess(error) => self.pause_after(error).await?,
            }
        }
    }

    /// The message was not sent. Asks once more, unless the provider has refused it, or was asked too often.
    async fn send_again(&mut self, draft: &str) -> Result<(), Stop> {
        if self.refusal.is_none() && self.send.doubts <= MAX_DOUBTS {
            return self.send_draft(draft).await;
        }
        if self.owns_draft() {
            return self.store(Stage::Withdrawing).await;
        }
        if self.send.doubts > 1 || self.refusal.is_none() {
            // The program does not delete a draft of the user, so a request without an answer may still send it.
            return self.end_unknown().await;
        }
        let failure = self.failure_of_draft();
        self.end_failed(failure).await
    }

    /// Looks for a message that was sent without a draft.
    async fn find_out_by_message_id(&mut self) -> Result<(), Stop> {
        let began = self.sending.parts().monotonic.now();
        loop {
            match self.look().await? {
                Sighting::Sent(id) => return self.end_done(Some(id)).await,
                Sighting::Nothing if self.has_looked_enough(began) => return self.end_unknown().await,
                Sighting::Nothing => self.hold(LOOK_AGAIN).await?,
                Sighting::NoAnswer => {}
            }
        }
    }

    /// Whether a message was looked for long enough, since this moment.
    pub(super) fn has_looked_enough(&self, since: Instant) -> bool {
        self.sending.parts().monotonic.now().saturating_duration_since(since) >= LOOKED_FOR
    }

    /// Looks once for the message outside the drafts.
    pub(super) async fn look(&mut self) -> Result<Sighting, Stop> {
        // Every message without one would be found.
        if self.send.message_id.is_empty() {
            return Ok(Sighting::Nothing);
        }
        let mut session = self.session().await?;
        match ask!(self, session, find_by_message_id, &self.send.message_id) {
            Reply::Answer(found) => {
                // A draft with our Message-ID may be a second one whose making came late. It is never sent.
                let sent = found.into_iter().find(|found| !found.is_draft);
                Ok(sent.map_or(Sighting::Nothing, |sent| Sighting::Sent(sent.id)))
            }
            Reply::NotAsked(error)
            | Reply::Doubtful(error)
            | Reply::Refused(error)
            | Reply::NoAccess(error) => {
                self.pause_after(error).await?;
                Ok(Sighting::NoAnswer)
            }
        }
    }
}
