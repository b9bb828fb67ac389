//! Deletes drafts that records have left in the mailbox: of a message that was not sent, or one whose making came late
//! after another one was made. Only messages that are drafts are deleted, and only those that the program has made: by
//! their id, or by the Message-ID of the record. It is tried until none is left, or a day is over.

use time::Duration;

use super::{NAME, Sending, judging::ask};
use crate::{
    jobs::model::BackOff,
    mail::{
        service::{MailFailure, Session},
        store::sends::{
            self, SendKind, Stage, StoredSend,
            cleaning::{self, DueCleanUp},
        },
    },
    people::access::Caller,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Read},
        failure::Failure,
    },
    providers::mailbox::{Found, MailError, MailProblem},
};

/// How long after its end a record is cleaned up for the first time.
pub(super) const FIRST: Duration = Duration::minutes(1);
/// How long a record waits after a try.
const BACK_OFF: BackOff = BackOff { first: Duration::minutes(1), longest: Duration::hours(1) };
/// How long after its end a record is cleaned up for the last time.
const TRIED_FOR: Duration = Duration::days(1);
/// Maximum number of records that one look cleans up. They come one after the other.
const MAX_AT_ONCE: u64 = 20;

/// Whether drafts that the program has made may be left in the mailbox by a record that has ended.
pub(super) fn leaves_drafts(send: &StoredSend) -> bool {
    match (send.kind, send.stage) {
        // The draft is the user's, or the outcome, of which the user may make a copy with the same Message-ID.
        (SendKind::SendDraft, _) | (SendKind::CreateDraft, Stage::Done) => false,
        // Its id tells the message that was sent from the others.
        (SendKind::Send, Stage::Done) => send.draft.is_some() && send.lost_drafts > 0,
        (SendKind::Send | SendKind::CreateDraft, _) => send.draft.is_some() || send.lost_drafts > 0,
    }
}

/// Deletes a draft. One that is not there counts as deleted.
async fn delete_draft(session: &mut Session, draft: &str) -> Result<(), MailFailure> {
    loop {
        let mailbox = session.mailbox();
        let answer = session.limit_time(mailbox.delete_draft(&session.call(), draft)).await;
        if matches!(answer, Err(MailError { problem: MailProblem::NotFound, .. })) {
            return Ok(());
        }
        if session.settle(answer).await?.is_some() {
            return Ok(());
        }
    }
}

impl Sending {
    /// The records that are to be cleaned up now.
    pub(super) async fn find_clean_ups(&self, read: &Read) -> Result<Vec<DueCleanUp>, DatabaseError> {
        cleaning::find_due(read, self.parts().clock.now(), BACK_OFF.longest, MAX_AT_ONCE).await
    }

    /// Cleans these records up in a task, unless this process is doing so already.
    pub(super) fn clean_up(&self, due: Vec<DueCleanUp>) {
        if due.is_empty() {
            return;
        }
        let Ok(guard) = self.0.cleaning.clone().try_lock_owned() else { return };
        let sending = self.clone();
        self.0.tasks.spawn(async move {
            let _guard = guard;
            let cleaning = async {
                for one in due {
                    if let Err(failure) = sending.clean_up_one(one).await {
                        tracing::warn!(send = %one.id, ?failure, "could not clean up after a send");
                    }
                }
            };
            tokio::select! {
                biased;
                () = sending.0.stopping.cancelled() => {}
                () = cleaning => {}
            }
        });
    }

    async fn clean_up_one(&self, due: DueCleanUp) -> Result<(), Failure> {
        let parts = self.parts();
        let found = sends::find(&parts.database.read(), due.organisation, due.id).await?;
        let Some(mut send) = found else { return Ok(()) };
        let now = parts.clock.now();
        let mut random = [0; 4];
        parts.randomness.fill(&mut random);
        let tries = send.tries.saturating_add(1);
        let next = now.plus(BACK_OFF.wait(tries, u32::from_le_bytes(random)));
        let put_off = parts
            .database
            .write::<_, DatabaseError, _>(async |tx| cleaning::put_off(&tx, due, tries, next).await);
        if !put_off.await? {
            return Ok(());
        }
        send.clean_at = Some(next).filter(|_| !is_over(&send, now));
        self.delete_left(&mut send).await?;
        if send.clean_at.is_none() && leaves_drafts(&send) {
            tracing::warn!(send = %send.id, "a draft of a send may be left in the mailbox");
        }
        Ok(())
    }

    /// Deletes the drafts that are left, as far as the mailbox answers, and stores which ones still are.
    pub(super) async fn delete_left(&self, send: &mut StoredSend) -> Result<(), Failure> {
        if let Err(failure) = self.delete_drafts(send).await {
            tracing::warn!(send = %send.id, ?failure, "could not delete a draft of a send");
        }
        if !leaves_drafts(send) {
            send.clean_at = None;
        }
        let (database, send) = (&self.parts().database, &*send);
        let stored = database.write::<_, DatabaseError, _>(async |tx| cleaning::store(&tx, send).await);
        Ok(stored.await?)
    }

    async fn delete_drafts(&self, send: &mut StoredSend) -> Result<(), MailFailure> {
        let caller = Caller::job(send.organisation, NAME);
        let mut session = self.parts().mail.open(&caller, send.account).await?;
        if send.stage != Stage::Done
            && let Some(draft) = send.draft.clone()
        {
            delete_draft(&mut session, &draft).await?;
            send.draft = None;
        }
        // Every message without one would be found.
        if send.lost_drafts == 0 || send.message_id.is_empty() {
            return Ok(());
        }
        let found = ask!(session, find_by_message_id, &send.message_id);
        for Found { id, is_draft } in found {
            if is_draft && send.draft.as_ref() != Some(&id) {
                delete_draft(&mut session, &id).await?;
                send.lost_drafts = send.lost_drafts.saturating_sub(1);
            }
        }
        Ok(())
    }
}

/// Whether this is the last time that the record is cleaned up.
fn is_over(send: &StoredSend, now: Timestamp) -> bool {
    send.ended_at.is_none_or(|ended_at| now.since(ended_at) >= TRIED_FOR)
}
