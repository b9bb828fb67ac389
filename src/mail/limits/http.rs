//! A client that keeps the limits of one mailbox.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ::http::Method;
use async_trait::async_trait;
use tokio::{sync::Semaphore, time::Instant};

use super::{
    MailLimits, RETRY_AFTER,
    line::Need,
    permit::{AnswerPermit, Permit},
    reached,
};
use crate::{
    accounts::service::AccountId,
    mail::streams::{self, CALL_BUFFER, STREAM_BUFFER},
    providers::mailbox::{MailError, MailHttp, MailProblem, MailRequest, MailResponse, Room},
};

/// Maximum number of bytes that answers take in this process that are read whole.
const MAX_WHOLE: usize = 128 * 1024 * 1024;
/// An answer is in memory as text and as values.
const COPIES: usize = 2;
/// The bytes of a permit.
const UNIT: usize = 1024;

/// The memory for answers that are read whole, in units.
pub(super) fn memory() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MAX_WHOLE / UNIT))
}

/// Sends requests to one mailbox. A request keeps its slots until the provider has sent the body of its answer, or the
/// body is dropped.
#[derive(Clone)]
pub struct LimitedHttp {
    limits: MailLimits,
    account: AccountId,
    http: Arc<dyn MailHttp>,
    /// How long requests may still wait for the limits, over all of them. Only the time that they wait counts: not that
    /// of their answers.
    left: Arc<Mutex<Duration>>,
    /// Whether the answers tell something about the limits of the mailbox.
    is_of_mailbox: bool,
    /// Whether a request that may change something was given to the transport since [`LimitedHttp::begin`].
    has_changed: Arc<AtomicBool>,
}

impl MailLimits {
    /// A client for one call of a mailbox. Its requests together wait for the limits at most this long.
    pub fn http(&self, account: AccountId, http: Arc<dyn MailHttp>, wait: Duration) -> LimitedHttp {
        LimitedHttp {
            limits: self.clone(),
            account,
            http,
            left: Arc::new(Mutex::new(wait)),
            is_of_mailbox: true,
            has_changed: Arc::default(),
        }
    }
}

impl LimitedHttp {
    /// The same for requests to another part of the provider's API. If the provider wants fewer of them, the mailbox
    /// stays open.
    ///
    /// The attack: an application calls a part that has a low limit, and the answer closes the mailbox for all others.
    #[must_use]
    pub fn of_another_part(&self) -> Self {
        Self { is_of_mailbox: false, ..self.clone() }
    }

    /// Begins a call: from now on [`Self::may_have_changed`] is about this call.
    pub(in crate::mail) fn begin(&self) {
        self.has_changed.store(false, Ordering::SeqCst);
    }

    /// Whether the provider may have got a request that changes something: all but GET.
    pub(in crate::mail) fn may_have_changed(&self) -> bool {
        self.has_changed.load(Ordering::SeqCst)
    }

    /// Whether there is time to wait for as long as the provider wants. Notes the wait if it is not known yet, as of
    /// an answer within a batch.
    pub fn may_wait(&self, named: Option<Duration>) -> bool {
        if self.limits.closed_for(self.account).is_none() {
            self.limits.note_throttled(self.account, named);
        }
        let wait = self.limits.closed_for(self.account).unwrap_or_default();
        wait <= self.left()
    }

    fn left(&self) -> Duration {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn permit(&self, need: Need) -> Result<Permit, MailError> {
        let began = self.limits.now();
        let permit = self.wait(need, began + self.left()).await;
        self.count_waiting(began);
        permit
    }

    /// Takes the time since this moment from what is left.
    fn count_waiting(&self, began: Instant) {
        let waited = self.limits.now().saturating_duration_since(began);
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.saturating_sub(waited);
    }

    async fn wait(&self, need: Need, until: Instant) -> Result<Permit, MailError> {
        loop {
            self.limits.wait_until_open(self.account, until).await?;
            let permit = self.limits.take(self.account, need, until).await?;
            // The answer of another request may have closed the mailbox in the meantime.
            if self.limits.closed_for(self.account).is_none() {
                return Ok(permit);
            }
        }
    }
}

#[async_trait]
impl MailHttp for LimitedHttp {
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError> {
        let need = match (request.is_download, request.weight) {
            (true, _) => Need::Stream,
            (false, 0 | 1) => Need::Call,
            (false, _) => Need::All,
        };
        let permit = self.permit(need).await?;
        self.limits.count(self.account, request.weight.max(1).into()).await?;
        // The slots may be lost before the transport has got the request.
        let is_under_way = AtomicBool::new(false);
        let sent = async {
            is_under_way.store(true, Ordering::SeqCst);
            if request.method != Method::GET {
                self.has_changed.store(true, Ordering::SeqCst);
            }
            self.http.send(request).await
        };
        let response = tokio::select! {
            biased;
            () = permit.lost() => {
                let is_under_way = is_under_way.load(Ordering::SeqCst);
                let problem = if is_under_way { MailProblem::Unavailable } else { MailProblem::NotSent };
                return Err(problem.into());
            }
            response = sent => response?,
        };
        let MailResponse { status, headers, body } = response;
        if self.is_of_mailbox {
            self.limits.note_answer(self.account, status, &headers);
        }
        let max = if need == Need::Stream { STREAM_BUFFER } else { CALL_BUFFER };
        let held = Box::new(AnswerPermit::new(permit, need));
        let body = streams::pass_on(body, held, max, self.limits.0.monotonic.clone());
        Ok(MailResponse { status, headers, body })
    }

    async fn room(&self, bytes: usize) -> Result<Room, MailError> {
        let units = bytes.saturating_mul(COPIES).div_ceil(UNIT).clamp(1, MAX_WHOLE / UNIT);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let began = self.limits.now();
        let permit = tokio::select! {
            biased;
            permit = self.limits.0.memory.clone().acquire_many_owned(units) => permit.ok(),
            () = self.limits.0.monotonic.sleep_until(began + self.left()) => None,
        };
        self.count_waiting(began);
        permit.map(Room::of).ok_or_else(|| {
            tracing::warn!("an answer of a provider was refused, because others take all memory for answers");
            reached(RETRY_AFTER)
        })
    }
}
