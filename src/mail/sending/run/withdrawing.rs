//! Ends a message that stays a draft although the provider was asked to send it: because it was refused, or because no
//! answer ever came. The draft is deleted first, as one that stays could still be sent.

use tokio::time::Instant;

use super::{
    Run, Stop,
    asking::{Reply, ask},
    doubt::Sighting,
    drafts::LOOK_AGAIN,
};
use crate::{
    mail::{
        sending::{
            SendFailure,
            stops::{Step, StopPoint},
        },
        store::sends::Stage,
    },
    providers::mailbox::{MailProblem, SendState},
};

impl Run {
    /// Why the provider does not send the draft. After a kill the refusal is not known any more.
    pub(super) fn failure_of_draft(&mut self) -> SendFailure {
        let refusal = self.refusal.clone().map(SendFailure::from);
        let failure = refusal.or_else(|| self.last_failure.take());
        failure.unwrap_or_else(|| MailProblem::Unavailable.into())
    }

    /// Deletes the draft. If it is gone after its deletion was asked, it was deleted, unless it is found outside the drafts.
    /// If it is gone before, the provider may have sent it.
    pub(super) async fn withdraw(&mut self) -> Result<(), Stop> {
        let failure = self.failure_of_draft();
        let Some(draft) = self.send.draft.clone() else { return self.end_unknown().await };
        let mut gone_since: Option<Instant> = None;
        loop {
            let mut session = self.session().await?;
            match ask!(self, session, state_of, &draft) {
                Reply::Answer(SendState::Sent(id)) => return self.end_done(Some(id)).await,
                Reply::Answer(SendState::Draft) => {
                    gone_since = None;
                    if self.delete(&draft).await? {
                        self.send.draft = None;
                        return self.end_failed(failure).await;
                    }
                }
                Reply::Answer(SendState::Gone) => {
                    let now = self.sending.parts().monotonic.now();
                    let since = *gone_since.get_or_insert(now);
                    match self.look().await? {
                        Sighting::Sent(id) => return self.end_done(Some(id)).await,
                        Sighting::Nothing if self.has_looked_enough(since) => {
                            return self.end_gone(failure).await;
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

    /// The draft is gone, and the message is not found.
    async fn end_gone(&mut self, failure: SendFailure) -> Result<(), Stop> {
        if self.send.stage != Stage::Deleting {
            return self.end_unknown().await;
        }
        self.send.draft = None;
        self.end_failed(failure).await
    }

    /// # Returns
    /// Whether the draft was deleted; otherwise its state says more.
    async fn delete(&mut self, draft: &str) -> Result<bool, Stop> {
        let mut session = self.session().await?;
        let was_asked = self.send.stage == Stage::Deleting;
        // Another process may have the lease by now, and ask to send.
        self.store(Stage::Deleting).await?;
        self.reach(StopPoint::Claimed(Step::DeleteDraft)).await;
        let reply = ask!(self, session, delete_draft, draft);
        self.reach(StopPoint::Answered(Step::DeleteDraft)).await;
        let error = match reply {
            Reply::Answer(()) => return Ok(true),
            Reply::Doubtful(error) => {
                self.pause_after(error).await?;
                return Ok(false);
            }
            Reply::NotAsked(error) | Reply::Refused(error) | Reply::NoAccess(error) => error,
        };
        if !was_asked {
            // This deletion had no effect, and there was none before.
            self.store_at_last(Stage::Withdrawing).await?;
        }
        if error.problem == MailProblem::NotFound {
            self.hold(LOOK_AGAIN).await?;
        } else {
            self.pause_after(error).await?;
        }
        Ok(false)
    }
}
