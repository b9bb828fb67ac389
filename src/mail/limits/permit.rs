//! The right to send a request to a mailbox now.

use std::{pin::Pin, task::Poll, time::Duration};

use async_trait::async_trait;
use tokio_util::sync::WaitForCancellationFuture;

use super::{
    MailLimits,
    line::{Granted, Need},
};
use crate::{
    accounts::service::AccountId,
    mail::streams::Held,
    providers::mailbox::{MailError, MailProblem},
};

/// How long a request that becomes a stream may wait for a slot for streams.
const MAX_WAIT_FOR_STREAM: Duration = Duration::from_secs(5);

/// Slots of a mailbox for one request. Dropping it frees them.
pub(super) struct Permit {
    limits: MailLimits,
    account: AccountId,
    /// The number of slots of the mailbox.
    at_once: u8,
    granted: Granted,
}

impl Permit {
    pub(super) const fn new(limits: MailLimits, account: AccountId, at_once: u8, granted: Granted) -> Self {
        Self { limits, account, at_once, granted }
    }

    /// Waits until another process may have taken one of the slots: then the request must end.
    pub(super) async fn lost(&self) {
        let mut waits: Vec<Pin<Box<WaitForCancellationFuture<'_>>>> =
            self.granted.lost.iter().map(|token| Box::pin(token.cancelled())).collect();
        std::future::poll_fn(|context| {
            let is_lost = waits.iter_mut().any(|wait| wait.as_mut().poll(context).is_ready());
            if is_lost { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Keeps only a slot for streams, if there is one among the slots.
    fn keep_for_stream(&mut self) -> bool {
        let Self { limits, account, granted, .. } = self;
        limits.change(*account, |line, now| line.keep_for_stream(granted, now)) == Some(true)
    }
}

/// The permit of a request whose answer is passed on to its reader.
pub(super) struct AnswerPermit {
    permit: Permit,
    is_stream: bool,
}

impl AnswerPermit {
    pub(super) const fn new(permit: Permit, need: Need) -> Self {
        Self { permit, is_stream: matches!(need, Need::Stream) }
    }

    /// Frees the slots that are not for streams. A request without a slot for streams waits for one first.
    async fn become_stream(&mut self) -> Result<(), MailError> {
        if !self.permit.keep_for_stream() {
            let Permit { limits, account, at_once, .. } = &self.permit;
            let until = limits.now() + MAX_WAIT_FOR_STREAM;
            let taken = tokio::select! {
                biased;
                () = self.permit.lost() => return Err(MailProblem::Unavailable.into()),
                taken = limits.take(*account, *at_once, Need::Stream, until) => taken?,
            };
            self.permit = taken;
        }
        self.is_stream = true;
        Ok(())
    }
}

#[async_trait]
impl Held for AnswerPermit {
    async fn lost(&self) -> MailError {
        self.permit.lost().await;
        MailProblem::Unavailable.into()
    }

    async fn wait_for_reader(&mut self) -> MailError {
        if !self.is_stream
            && let Err(error) = self.become_stream().await
        {
            return error;
        }
        self.lost().await
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let granted = &self.granted;
        self.limits.change(self.account, |line, now| line.release(granted, now));
    }
}
