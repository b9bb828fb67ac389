//! Notes why a body could not be sent whole. The transport tells only that the request broke off.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::TryStreamExt;

use crate::providers::mailbox::{MailError, MailStream};

/// The error with which a body of ours has ended, if it has.
#[derive(Clone, Debug, Default)]
pub struct Fault(Arc<Mutex<Option<MailError>>>);

impl Fault {
    /// The same body. Its error is noted.
    pub fn watch(&self, body: MailStream) -> MailStream {
        let fault = self.0.clone();
        Box::pin(body.inspect_err(move |error| {
            *fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
        }))
    }

    pub fn take(&self) -> Option<MailError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
