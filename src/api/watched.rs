//! Ends an answer that goes on while the credential of its call ends.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio_util::{
    sync::{CancellationToken, WaitForCancellationFutureOwned},
    task::AbortOnDropHandle,
};

use crate::{
    clients::service::{ApiClient, ClientService},
    people::access::Scope,
};

/// The same body, if it is in memory. Another one breaks off within ten seconds after its client has lost the credential
/// or this scope.
pub(super) fn watch(body: Body, clients: ClientService, client: ApiClient, scope: Scope) -> Body {
    if body.is_end_stream() || body.size_hint().exact().is_some() {
        return body;
    }
    let ended = CancellationToken::new();
    let ends = ended.clone().drop_guard();
    // A task, because nothing polls a body whose reader has stopped.
    let task = tokio::spawn(async move {
        if let Err(failure) = clients.wait_until_invalid(&client, scope).await {
            failure.log();
        }
        drop(ends);
    });
    let ended = Box::pin(ended.cancelled_owned());
    Body::new(Watched { body, ended, _task: AbortOnDropHandle::new(task) })
}

struct Watched {
    body: Body,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    _task: AbortOnDropHandle<()>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.ended.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(axum::Error::new("the credential of the call has ended"))));
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
