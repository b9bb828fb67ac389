//! The calls: each becomes a record and waits for its outcome, or is a repeat of an earlier call and gets the outcome of
//! that one.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::{
    CALL_WAIT, CreatedDraft, Key, SEALED_REQUESTS, SendFailure, SendRequest, Sending, Sent, Shown,
    accepting::Accepted,
    identity::{Asked, Identified},
    kept::KeptRequest,
    waiting::EndedSend,
};
use crate::{
    accounts::service::AccountId,
    mail::store::{
        schedules::Taken,
        sends::{self, Holder, SendKind, Stage, StoredSend},
    },
    people::access::Caller,
    platform::{
        failure::Failure,
        id::{ApiClientId, OrganisationId},
    },
};

/// When a caller may call again whose send goes on, or who has too many open sends.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(5);
/// When a caller may call again of whom too many outcomes are kept: each is erased after a day.
pub(super) const RETRY_AFTER_KEPT: Duration = Duration::from_mins(10);
const LARGE: &str = "The message is large. Servers of other companies may refuse it.";
/// In place of the id of a call of the API, as part of the identity: these methods serve one call each.
const SEND_DRAFT: &str = "send_draft";
const CREATE_DRAFT: &str = "create_draft";
pub(super) const SCHEDULED: &str = "scheduled";

/// The outcome of a call.
struct Outcome {
    ended: EndedSend,
    shown: Shown,
    is_replay: bool,
}

impl Sending {
    /// Sends a message once. `call` is the id of the call of the API: a key counts for it alone.
    ///
    /// # Errors
    /// [`SendFailure`].
    pub async fn send(
        &self,
        caller: &Caller,
        account: AccountId,
        call: &'static str,
        key: Option<Key>,
        request: SendRequest,
    ) -> Result<Sent, SendFailure> {
        let (organisation, holder, kind) = (caller.organisation(), Holder::of(caller)?, SendKind::Send);
        let asked =
            Asked { organisation, holder, account, call, key, taken: None, kind, draft: None, request };
        self.do_once(caller, asked).await?.sent()
    }

    /// Sends a draft of the mailbox once. What the answer shows is read from the draft.
    ///
    /// # Errors
    /// [`SendFailure`].
    pub async fn send_draft(
        &self,
        caller: &Caller,
        account: AccountId,
        draft: &str,
        key: Option<Key>,
    ) -> Result<Sent, SendFailure> {
        let (organisation, holder) = (caller.organisation(), Holder::of(caller)?);
        let (kind, call, draft) = (SendKind::SendDraft, SEND_DRAFT, Some(draft.to_owned()));
        let request = SendRequest::default();
        let asked = Asked { organisation, holder, account, call, key, taken: None, kind, draft, request };
        self.do_once(caller, asked).await?.sent()
    }

    /// Makes a draft once. Without a key each call makes one.
    ///
    /// # Errors
    /// [`SendFailure`].
    pub async fn create_draft(
        &self,
        caller: &Caller,
        account: AccountId,
        key: Option<Key>,
        request: SendRequest,
    ) -> Result<CreatedDraft, SendFailure> {
        let (organisation, holder) = (caller.organisation(), Holder::of(caller)?);
        let (kind, call) = (SendKind::CreateDraft, CREATE_DRAFT);
        let asked =
            Asked { organisation, holder, account, call, key, taken: None, kind, draft: None, request };
        self.do_once(caller, asked).await?.created()
    }

    /// Sends a message that a client has scheduled. The schedule is the key: a repeat never sends it again. Nothing begins if
    /// another process has taken the message since `taken`, or it was cancelled: that is [`SendFailure::InProgress`].
    ///
    /// # Errors
    /// [`SendFailure`].
    pub async fn send_scheduled(
        &self,
        organisation: OrganisationId,
        schedule: Uuid,
        taken: Option<Taken>,
        account: AccountId,
        client: ApiClientId,
        request: SendRequest,
    ) -> Result<Sent, SendFailure> {
        let caller = Caller::job(organisation, SCHEDULED);
        let asked = Asked {
            organisation,
            holder: Holder::Client(client),
            account,
            call: SCHEDULED,
            key: Some(Key::of_schedule(schedule)),
            taken,
            kind: SendKind::Send,
            draft: None,
            request,
        };
        self.do_once(&caller, asked).await?.sent()
    }

    async fn do_once(&self, caller: &Caller, asked: Asked) -> Result<Outcome, SendFailure> {
        let until = self.parts().monotonic.now() + CALL_WAIT;
        let call = self.identify(asked)?;
        let (organisation, account) = (call.asked.organisation, call.asked.account);
        // A client that does not reach the account any more learns nothing about what it sent before.
        self.parts().mail.accounts().get(caller, account).await?;
        // First, because the files of an earlier call may be gone by now.
        if let Some(found) = self.find_repeated(&call).await? {
            return self.join(&call, found, until).await;
        }
        let judged = self.judge(caller, &call.asked).await?;
        match self.accept(&call, &judged).await? {
            Accepted::New(id) => {
                let ended = self.wait_for_outcome(organisation, id, &judged.message_id, until).await?;
                let ended = ended.ok_or_else(|| call.not_yet())?;
                self.tell(&ended.send).await?;
                Ok(Outcome { ended, shown: judged.shown, is_replay: false })
            }
            Accepted::Repeat(found) => self.join(&call, *found, until).await,
        }
    }

    async fn find_repeated(&self, call: &Identified) -> Result<Option<StoredSend>, Failure> {
        let Some(identity) = &call.identity else { return Ok(None) };
        let read = self.parts().database.read();
        let found = sends::find_by_identity(&read, call.asked.organisation, identity).await?;
        let now = self.parts().clock.now();
        Ok(found.filter(|found| call.repeats(found, now)))
    }

    /// Waits for the outcome of the call that this one repeats.
    async fn join(
        &self,
        call: &Identified,
        found: StoredSend,
        until: Instant,
    ) -> Result<Outcome, SendFailure> {
        let (organisation, id) = (found.organisation, found.id);
        if let Some(sealed) = &found.request {
            match self.open::<KeptRequest>(SEALED_REQUESTS, organisation, id.0, sealed) {
                Ok(kept) => call.check_body(&kept.body)?,
                // Another process, which has the key of the vault, may be sending it.
                Err(failure) => failure.log(),
            }
        }
        let ended = self.wait_for_outcome(organisation, id, &found.message_id, until).await?;
        let ended = ended.ok_or_else(|| call.not_yet())?;
        call.check_body(&ended.answer.body)?;
        self.tell(&ended.send).await?;
        let shown = match call.asked.kind {
            SendKind::SendDraft => ended.answer.shown.clone(),
            SendKind::Send | SendKind::CreateDraft => call.asked.request.shown.clone(),
        };
        Ok(Outcome { ended, shown, is_replay: true })
    }

    /// Notes that a caller without a key is told that the message was sent: the next call with the same values is another
    /// one. It comes before the answer: the caller of one that is lost on its way may send twice, as without this program.
    async fn tell(&self, send: &StoredSend) -> Result<(), Failure> {
        if !send.is_untold || send.stage != Stage::Done {
            return Ok(());
        }
        let Some(identity) = send.identity else { return Ok(()) };
        let database = &self.parts().database;
        database.write(async |tx| sends::forget_identity(&tx, send.id, &identity).await).await?;
        Ok(())
    }
}

impl Identified {
    /// The answer to a caller who has waited long enough: the send goes on.
    fn not_yet(&self) -> SendFailure {
        match (&self.asked.key, self.asked.kind) {
            (Some(_), _) => SendFailure::InProgress,
            (None, SendKind::CreateDraft) => SendFailure::DraftUnderWay,
            (None, SendKind::Send | SendKind::SendDraft) => {
                SendFailure::UnderWay { retry_after: RETRY_AFTER }
            }
        }
    }
}

impl Outcome {
    /// The outcome, unless it is a failure.
    fn done(self) -> Result<Self, SendFailure> {
        let EndedSend { send, answer } = &self.ended;
        if send.stage == Stage::Unknown {
            return Err(SendFailure::OutcomeUnknown { message_id: send.message_id.clone() });
        }
        match &answer.failure {
            Some(failure) => Err(failure.clone().failure()),
            None => Ok(self),
        }
    }

    fn sent(self) -> Result<Sent, SendFailure> {
        let Self { ended: EndedSend { send, answer }, shown, is_replay } = self.done()?;
        let message_id = send.draft.unwrap_or_else(|| send.message_id.clone());
        Ok(Sent {
            message_id,
            internet_message_id: send.message_id,
            shown,
            warning: answer.is_large.then_some(LARGE),
            is_replay,
        })
    }

    fn created(self) -> Result<CreatedDraft, SendFailure> {
        let Self { ended: EndedSend { send, answer }, shown, is_replay } = self.done()?;
        Ok(CreatedDraft {
            draft_id: send.draft.unwrap_or_default(),
            internet_message_id: send.message_id,
            shown,
            warning: answer.is_large.then_some(LARGE),
            is_replay,
        })
    }
}
