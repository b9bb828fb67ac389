//! A client that keeps the limits of one mailbox.

use std::{
    sync::{
        Arc,
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
    patience::Patience,
    permit::{AnswerPermit, Permit},
    reached,
    reserve::Reserve,
};
use crate::{
    accounts::service::AccountId,
    mail::streams::{self, CALL_BUFFER, STREAM_BUFFER},
    providers::mailbox::{
        MailError, MailHttp, MailProblem, MailRequest, MailResponse, MailboxLimits, Reserved, Room,
    },
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
    mailbox: MailboxLimits,
    http: Arc<dyn MailHttp>,
    /// Only the time counts that requests wait for the limits: not that of their answers.
    patience: Arc<Patience>,
    reserve: Arc<Reserve>,
    /// Whether the answers tell something about the limits of the mailbox.
    is_of_mailbox: bool,
    /// Whether the provider has refused a request, since [`LimitedHttp::begin`], that it does not count for the mailbox.
    is_refused_elsewhere: Arc<AtomicBool>,
    /// Whether a request that may change something was given to the transport since [`LimitedHttp::begin`].
    has_changed: Arc<AtomicBool>,
}

impl MailLimits {
    /// A client for one call of a mailbox, whose provider has these limits. Its requests together wait for them at most
    /// this long.
    pub fn http(
        &self,
        account: AccountId,
        mailbox: MailboxLimits,
        http: Arc<dyn MailHttp>,
        wait: Duration,
    ) -> LimitedHttp {
        LimitedHttp {
            limits: self.clone(),
            account,
            mailbox,
            http,
            patience: Arc::new(Patience::new(wait, self.0.monotonic.clone())),
            reserve: Arc::new(Reserve::new(self.clone(), account, mailbox)),
            is_of_mailbox: true,
            is_refused_elsewhere: Arc::default(),
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
        self.is_refused_elsewhere.store(false, Ordering::SeqCst);
    }

    /// Whether the provider may have got a request that changes something: all but GET.
    pub(in crate::mail) fn may_have_changed(&self) -> bool {
        self.has_changed.load(Ordering::SeqCst)
    }

    /// Whether there is time to wait for as long as the provider wants. Notes the wait if it is not known yet, as of
    /// an answer within a batch. There is none for a refused request that the provider does not count for the mailbox:
    /// the other requests of the mailbox would have to wait too.
    pub fn may_wait(&self, named: Option<Duration>) -> bool {
        if self.is_refused_elsewhere.load(Ordering::SeqCst) {
            return false;
        }
        if self.limits.closed_for(self.account).is_none() {
            self.limits.note_throttled(self.account, named);
        }
        let wait = self.limits.closed_for(self.account).unwrap_or_default();
        wait <= self.patience.left()
    }

    async fn permit(&self, need: Need) -> Result<Permit, MailError> {
        let wait = self.patience.begin();
        self.wait(need, wait.until).await
    }

    async fn wait(&self, need: Need, until: Instant) -> Result<Permit, MailError> {
        loop {
            self.limits.wait_until_open(self.account, until).await?;
            let permit = self.limits.take(self.account, self.mailbox.at_once, need, until).await?;
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
        if !self.reserve.take(request.units) {
            self.limits.count(self.account, self.mailbox, request.units).await?;
        }
        let is_counted = request.units > 0;
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
        if self.is_of_mailbox && is_counted {
            self.limits.note_answer(self.account, status, &headers);
        } else if !status.is_success() {
            self.is_refused_elsewhere.store(true, Ordering::SeqCst);
        }
        let max = if need == Need::Stream { STREAM_BUFFER } else { CALL_BUFFER };
        let held = Box::new(AnswerPermit::new(permit, need));
        let body = streams::pass_on(body, held, max, self.limits.0.monotonic.clone());
        Ok(MailResponse { status, headers, body })
    }

    async fn room(&self, bytes: usize) -> Result<Room, MailError> {
        let units = bytes.saturating_mul(COPIES).div_ceil(UNIT).clamp(1, MAX_WHOLE / UNIT);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let wait = self.patience.begin();
        let permit = tokio::select! {
            biased;
            permit = self.limits.0.memory.clone().acquire_many_owned(units) => permit.ok(),
            () = self.limits.0.monotonic.sleep_until(wait.until) => None,
        };
        drop(wait);
        permit.map(Room::of).ok_or_else(|| {
            tracing::warn!("an answer of a provider was refused, because others take all memory for answers");
            reached(RETRY_AFTER)
        })
    }

    async fn reserve(&self, units: u32) -> Result<Reserved, MailError> {
        self.reserve.fill(units).await
    }
}
