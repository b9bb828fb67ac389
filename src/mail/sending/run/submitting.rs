//! Asks the provider to send: the draft, or a message without one.

use super::{
    Run, Stop,
    asking::{Reply, ask},
};
use crate::{
    mail::{
        sending::stops::{Step, StopPoint},
        store::sends::Stage,
    },
    providers::mailbox::MailProblem,
};

impl Run {
    /// Asks to send the draft. After a doubt it is called again for the same draft, which the provider sends once.
    pub(super) async fn send_draft(&mut self, draft: &str) -> Result<(), Stop> {
        let mut session = self.session().await?;
        if !self.claim(Stage::Sending, session.account()).await? {
            return self.end_not_allowed().await;
        }
        self.reach(StopPoint::Claimed(Step::SendDraft)).await;
        let reply = ask!(self, session, send_draft, draft);
        self.reach(StopPoint::Answered(Step::SendDraft)).await;
        let had_doubts = self.send.doubts > 0;
        match reply {
            Reply::Answer(sent) => self.end_done(Some(sent)).await,
            Reply::NotAsked(error) => {
                if !had_doubts {
                    self.store_at_last(Stage::Drafted).await?;
                }
                self.pause_after(error).await
            }
            Reply::Refused(error) | Reply::NoAccess(error)
                if had_doubts || error.problem == MailProblem::NotFound =>
            {
                // It may have been sent before. The draft decides.
                self.note_doubt();
                self.refusal = Some(error);
                Ok(())
            }
            Reply::Refused(error) | Reply::NoAccess(error) => self.end_failed(error.into()).await,
            Reply::Doubtful(error) => {
                self.note_doubt();
                self.last_failure = Some(error.into());
                Ok(())
            }
        }
    }

    fn note_doubt(&mut self) {
        self.send.doubts = self.send.doubts.saturating_add(1);
    }

    /// Sends without a draft. It is never asked again after a doubt.
    pub(super) async fn send_at_once(&mut self) -> Result<(), Stop> {
        let (message, files) = (self.message(), self.files().await?);
        let mut session =
            if files.is_empty() { self.session().await? } else { self.session_for_file().await? };
        if !self.claim(Stage::Sending, session.account()).await? {
            return self.end_not_allowed().await;
        }
        self.reach(StopPoint::Claimed(Step::SendAtOnce)).await;
        let reply = ask!(self, session, send_at_once, &message, &files);
        self.reach(StopPoint::Answered(Step::SendAtOnce)).await;
        match reply {
            Reply::Answer(sent) => self.end_done(sent).await,
            Reply::NotAsked(error) => {
                self.store_at_last(Stage::Accepted).await?;
                self.pause_after(error).await
            }
            Reply::Refused(error) | Reply::NoAccess(error) => self.end_failed(error.into()).await,
            Reply::Doubtful(error) => {
                self.note_doubt();
                self.last_failure = Some(error.into());
                Ok(())
            }
        }
    }
}
