//! Stores the outcome of a record: in one transaction with the end of its uploads and with the activity, and again and
//! again while the database is away.

use super::{Run, Stop};
use crate::{
    mail::{
        sending::{
            SEALED_ANSWERS, SendFailure, Shown,
            cleaning::{self, leaves_drafts},
            kept::{KeptAnswer, KeptFailure},
            stops::StopPoint,
        },
        service::MailFailure,
        store::sends::{
            SendKind, Stage,
            open::{self, SendEnd},
        },
        uploads::Settled,
    },
    platform::{clock::Timestamp, database::DatabaseError, failure::Failure},
    providers::mailbox::MailProblem,
};

/// How often an outcome is stored again while the database is away: for about ten minutes. Then another process finds out
/// what became of the message.
const MAX_TRIES: u32 = 600;

/// Whether the same message would be refused again, so that a repeat with the same key gets this failure. After other
/// failures the key may be used again.
pub(in crate::mail::sending) fn is_final(failure: &SendFailure) -> bool {
    let SendFailure::Mail(MailFailure::Mail(error)) = failure else { return false };
    match error.problem {
        MailProblem::Refused
        | MailProblem::NotFound
        | MailProblem::NotSupported(_)
        | MailProblem::InvalidValue(_)
        | MailProblem::TooLarge
        | MailProblem::TooMany(_)
        | MailProblem::AttachmentIsLink
        | MailProblem::FolderExists
        | MailProblem::EtagMismatch
        | MailProblem::ContentIsFinal
        | MailProblem::SyncTokenExpired => true,
        MailProblem::NoMailbox
        | MailProblem::ApiDisabled
        | MailProblem::PermissionNotGranted(_)
        | MailProblem::TokenRefused
        | MailProblem::NeedsSignIn
        | MailProblem::Throttled { .. }
        | MailProblem::Conflict
        | MailProblem::NotSent
        | MailProblem::Unavailable
        | MailProblem::UnavailableFor(_)
        | MailProblem::Slow
        | MailProblem::Garbled => false,
    }
}

impl Run {
    /// The message was sent, or the draft was made. `message` is its id, if it is known. Like the other methods that end
    /// a record, it stops the run.
    pub(super) async fn end_done(&mut self, message: Option<String>) -> Result<(), Stop> {
        self.end(Stage::Done, message, None).await?;
        Err(Stop::Over)
    }

    /// The message may have been sent.
    pub(super) async fn end_unknown(&mut self) -> Result<(), Stop> {
        tracing::warn!(send = %self.send.id, "what became of a message cannot be found out");
        let draft = self.send.draft.take().filter(|_| self.owns_draft());
        self.end(Stage::Unknown, draft, None).await?;
        Err(Stop::Over)
    }

    /// The message was not sent. Its draft is deleted afterwards.
    pub(super) async fn end_failed(&mut self, failure: SendFailure) -> Result<(), Stop> {
        let draft = self.send.draft.take().filter(|_| self.owns_draft());
        let is_ours = self.end(Stage::Failed, draft, Some(failure)).await?;
        // Another process may just send it.
        if is_ours && leaves_drafts(&self.send) {
            self.sending.delete_left(&mut self.send).await?;
        }
        Err(Stop::Over)
    }

    /// Ends a message that its client may not send any more. A draft of ours that was asked to be sent is withdrawn first.
    pub(super) async fn end_not_allowed(&mut self) -> Result<(), Stop> {
        tracing::warn!(send = %self.send.id, "a message is not sent: its client may not do it any more");
        let failure = SendFailure::from(Failure::NotFound);
        if self.is_in_doubt() && self.owns_draft() && self.send.draft.is_some() {
            self.refusal = None;
            self.last_failure = Some(failure);
            return self.store(Stage::Withdrawing).await;
        }
        if self.is_in_doubt() {
            return self.end_unknown().await;
        }
        self.end_failed(failure).await
    }

    /// Stores the outcome. `message` is the id of the message that was sent, or of the draft that may be left.
    ///
    /// # Returns
    /// Whether this run still had the lease; otherwise nothing was stored.
    async fn end(
        &mut self,
        stage: Stage,
        message: Option<String>,
        failure: Option<SendFailure>,
    ) -> Result<bool, Stop> {
        self.send.stage = stage;
        self.send.draft = message;
        for _ in 0..MAX_TRIES {
            let ended_at = self.sending.parts().clock.now();
            self.send.ended_at = Some(ended_at);
            self.send.clean_at = leaves_drafts(&self.send).then(|| ended_at.plus(cleaning::FIRST));
            match self.store_end(failure.as_ref(), ended_at).await {
                Ok(is_ours) => {
                    self.reach(StopPoint::Ended).await;
                    return Ok(is_ours);
                }
                // The lease may be lost by now. The write changes nothing if another process has it.
                Err(Failure::Unavailable(reason)) => {
                    tracing::warn!(send = %self.send.id, reason, "the outcome of a send waits for the database");
                    self.sleep_for_database().await;
                }
                Err(failure) => return Err(Stop::Failure(failure)),
            }
        }
        Ok(false)
    }

    async fn store_end(&self, failure: Option<&SendFailure>, ended_at: Timestamp) -> Result<bool, Failure> {
        let parts = self.sending.parts();
        let (send, owner) = (&self.send, self.lease.owner());
        // The call that repeats another one has the same values. It lacks only what was read from a draft.
        let shown = match send.kind {
            SendKind::SendDraft => self.kept.request.shown.shortened(),
            SendKind::Send | SendKind::CreateDraft => Shown::default(),
        };
        let answer = KeptAnswer {
            body: self.kept.body.clone(),
            shown,
            is_large: self.kept.is_large,
            failure: failure.map(KeptFailure::of),
        };
        let answer = self.sending.seal(SEALED_ANSWERS, send.organisation, send.id.0, &answer)?;
        // A call without a key that failed may be made again.
        let keeps_identity = failure.is_none_or(|failure| is_final(failure) && !send.is_untold);
        let end = SendEnd { stage: send.stage, answer, keeps_identity, clean_at: send.clean_at, ended_at };
        let settled = if send.stage == Stage::Done { Settled::Sent } else { Settled::NotSent };
        let is_sent = send.stage == Stage::Done && send.kind != SendKind::CreateDraft;
        let ended = parts
            .database
            .write::<_, DatabaseError, _>(async |tx| {
                if !open::end(&tx, send, owner, end).await? {
                    return Ok(false);
                }
                parts.uploads.release(&tx, send.organisation, send.id.0, settled).await?;
                if is_sent {
                    self.sending.record_sent(&tx, send, self.email.as_deref().unwrap_or_default()).await?;
                }
                Ok(true)
            })
            .await?;
        if !ended {
            tracing::warn!(send = %send.id, "another process has taken over a send");
        }
        Ok(ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::mailbox::Limit;

    #[test]
    fn a_key_keeps_a_failure_only_if_the_same_message_would_be_refused_again() {
        for (problem, expected) in [
            (MailProblem::Refused, true),
            (MailProblem::TooLarge, true),
            (MailProblem::InvalidValue("to is wrong"), true),
            (MailProblem::NeedsSignIn, false),
            (MailProblem::ApiDisabled, false),
            (MailProblem::PermissionNotGranted("Mail.Send"), false),
            (MailProblem::Unavailable, false),
            (MailProblem::Throttled { limit: Limit::Provider, retry_after: None }, false),
        ] {
            assert_eq!(is_final(&problem.clone().into()), expected, "{problem:?}");
        }
        assert!(!is_final(&Failure::NotFound.into()));
        assert!(!is_final(&SendFailure::UnknownUpload { id: String::new() }));
    }
}
