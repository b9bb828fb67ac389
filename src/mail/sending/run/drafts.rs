//! The draft of a record: made once, found again by its Message-ID after a lost answer, and given its files.

use std::time::Duration;

use super::{
    Run, Stop,
    asking::{Reply, ask},
};
use crate::{
    mail::{
        sending::{
            SendFailure,
            stops::{Step, StopPoint},
        },
        service::MailFailure,
        store::sends::{SendKind, Stage},
    },
    providers::mailbox::{Basis, DraftChange, Found, OutgoingFile, SendWay},
};

/// How long a draft is looked for whose making had no clear answer, until another one may be made.
const LOOKED_FOR_DRAFT: Duration = Duration::from_secs(20);
/// How often a message is looked for.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(2);

impl Run {
    /// The first question of a record.
    pub(super) async fn begin(&mut self) -> Result<(), Stop> {
        match self.send.way {
            SendWay::Draft => self.create_draft().await,
            SendWay::Findable | SendWay::Blind => self.send_at_once().await,
        }
    }

    async fn create_draft(&mut self) -> Result<(), Stop> {
        let message = self.message();
        let (mut session, mut files) = (self.session().await?, Vec::new());
        let is_whole = session.mailbox().makes_whole_drafts();
        if is_whole {
            files = self.files().await?;
        }
        if is_whole && (!files.is_empty() || matches!(message.basis, Basis::Forward(_))) {
            session = self.session_for_file().await?;
        }
        // Until there is a clear answer.
        self.send.lost_drafts = self.send.lost_drafts.saturating_add(1);
        if !self.claim(Stage::Drafting, session.account()).await? {
            self.note_known_draft();
            return self.end_not_allowed().await;
        }
        self.reach(StopPoint::Claimed(Step::CreateDraft)).await;
        let reply = ask!(self, session, create_draft, &message, &files);
        self.reach(StopPoint::Answered(Step::CreateDraft)).await;
        if !matches!(reply, Reply::Doubtful(_)) {
            self.note_known_draft();
        }
        match reply {
            Reply::Answer(draft) => {
                self.adopt(draft, is_whole).await?;
                self.reach(StopPoint::Committed(Step::CreateDraft)).await;
                Ok(())
            }
            Reply::Refused(error) | Reply::NoAccess(error) => self.end_failed(error.into()).await,
            Reply::NotAsked(error) => {
                self.store_at_last(Stage::Accepted).await?;
                self.pause_after(error).await
            }
            Reply::Doubtful(error) => {
                self.last_failure = Some(error.into());
                self.find_draft().await
            }
        }
    }

    /// One draft that was asked for is not lost: it was found, or was never made.
    fn note_known_draft(&mut self) {
        self.send.lost_drafts = self.send.lost_drafts.saturating_sub(1);
    }

    /// `is_whole` is whether it has its files.
    async fn adopt(&mut self, draft: String, is_whole: bool) -> Result<(), Stop> {
        let files = if is_whole { self.kept.request.files.len() } else { 0 };
        self.send.draft = Some(draft);
        self.send.attached = u32::try_from(files).unwrap_or(u32::MAX);
        self.send.tries = 0;
        self.store_at_last(Stage::Drafted).await
    }

    /// Looks for the draft by its Message-ID. Only if there is none for this long, the record may make one again.
    pub(super) async fn find_draft(&mut self) -> Result<(), Stop> {
        let monotonic = self.sending.parts().monotonic.clone();
        let began = monotonic.now();
        loop {
            let mut session = self.session().await?;
            let waited = monotonic.now().saturating_duration_since(began);
            match ask!(self, session, find_by_message_id, &self.send.message_id) {
                Reply::Answer(found) if !found.is_empty() => {
                    let is_whole = session.mailbox().makes_whole_drafts();
                    return self.take_found(found, is_whole).await;
                }
                Reply::Answer(_) if waited >= LOOKED_FOR_DRAFT => return self.store(Stage::Accepted).await,
                Reply::Answer(_) => self.hold(LOOK_AGAIN).await?,
                Reply::NoAccess(error) => return self.end_failed(error.into()).await,
                Reply::NotAsked(error) | Reply::Doubtful(error) | Reply::Refused(error) => {
                    self.pause_after(error).await?;
                }
            }
        }
    }

    /// Goes on with a message that has our Message-ID. Others are deleted, so that the record has one draft.
    async fn take_found(&mut self, found: Vec<Found>, is_whole: bool) -> Result<(), Stop> {
        let (drafts, sent): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| found.is_draft);
        if let Some(sent) = sent.into_iter().next() {
            // The user has sent it.
            self.note_known_draft();
            return self.end_done(Some(sent.id)).await;
        }
        let mut drafts: Vec<String> = drafts.into_iter().map(|draft| draft.id).collect();
        // In one order, so that a run after a kill takes the same one.
        drafts.sort_unstable();
        let mut drafts = drafts.into_iter();
        let Some(draft) = drafts.next() else { return Ok(()) };
        self.put_labels_on(&draft).await?;
        self.note_known_draft();
        self.adopt(draft, is_whole).await?;
        for other in drafts {
            if self.try_to_delete(&other).await? {
                self.note_known_draft();
            }
        }
        Ok(())
    }

    /// Puts the labels on a draft that was found. Where they come in a request of their own, that one may not have been
    /// sent.
    async fn put_labels_on(&mut self, draft: &str) -> Result<(), Stop> {
        let labels = self.kept.request.message.labels.clone();
        if labels.is_empty() {
            return Ok(());
        }
        let change = DraftChange { labels: Some(labels), ..DraftChange::default() };
        let mut session = self.session().await?;
        match ask!(self, session, update_draft, draft, &change) {
            Reply::Answer(()) => {}
            Reply::NotAsked(error)
            | Reply::Doubtful(error)
            | Reply::Refused(error)
            | Reply::NoAccess(error) => {
                tracing::warn!(send = %self.send.id, %error, "could not put the labels on a draft that was made");
            }
        }
        Ok(())
    }

    /// Gives the draft its files. Then it is sent, or is the outcome.
    pub(super) async fn complete(&mut self) -> Result<(), Stop> {
        let Some(draft) = self.send.draft.clone() else {
            // A row that was changed by hand.
            return self.store(Stage::Accepted).await;
        };
        self.attach_files(&draft).await?;
        match self.send.kind {
            SendKind::CreateDraft => self.end_done(Some(draft)).await,
            SendKind::Send | SendKind::SendDraft => self.send_draft(&draft).await,
        }
    }

    async fn attach_files(&mut self, draft: &str) -> Result<(), Stop> {
        let files = self.files().await?;
        let attached = usize::try_from(self.send.attached).unwrap_or(usize::MAX);
        for file in files.iter().skip(attached) {
            while !self.attach(draft, file).await? {}
            self.send.attached = self.send.attached.saturating_add(1);
            self.send.tries = 0;
            self.store_at_last(Stage::Drafted).await?;
            self.reach(StopPoint::Committed(Step::Attach)).await;
        }
        Ok(())
    }

    /// Attaches a file. The mailbox does not add one that an earlier try has added.
    ///
    /// # Returns
    /// Whether it was attached; otherwise it may be tried again.
    async fn attach(&mut self, draft: &str, file: &OutgoingFile) -> Result<bool, Stop> {
        let mut session = self.session_for_file().await?;
        self.store(Stage::Drafted).await?;
        self.reach(StopPoint::Claimed(Step::Attach)).await;
        let reply = ask!(self, session, attach, draft, file);
        self.reach(StopPoint::Answered(Step::Attach)).await;
        match reply {
            Reply::Answer(()) => Ok(true),
            Reply::NotAsked(error) | Reply::Doubtful(error) => {
                self.pause_after(error).await?;
                Ok(false)
            }
            Reply::Refused(error) | Reply::NoAccess(error) => {
                self.end_failed(error.into()).await?;
                Ok(false)
            }
        }
    }

    /// The files of the message.
    pub(super) async fn files(&mut self) -> Result<Vec<OutgoingFile>, Stop> {
        let (organisation, holder, account) = (self.send.organisation, self.send.holder, self.send.account);
        let ids = &self.kept.request.files;
        match self.sending.find_files(organisation, holder, account, ids).await {
            Ok(files) => Ok(files),
            Err(SendFailure::Mail(MailFailure::Failure(failure))) => Err(Stop::Failure(failure)),
            Err(failure) => {
                self.end_failed(failure).await?;
                Err(Stop::Over)
            }
        }
    }

    /// Deletes a draft that is not needed, with one try. One that stays is deleted after the end.
    ///
    /// # Returns
    /// Whether it was deleted.
    async fn try_to_delete(&mut self, draft: &str) -> Result<bool, Stop> {
        let mut session = self.session().await?;
        match ask!(self, session, delete_draft, draft) {
            Reply::Answer(()) => Ok(true),
            Reply::NotAsked(error)
            | Reply::Doubtful(error)
            | Reply::Refused(error)
            | Reply::NoAccess(error) => {
                tracing::warn!(send = %self.send.id, %error, "could not delete a draft that is not needed");
                Ok(false)
            }
        }
    }
}
