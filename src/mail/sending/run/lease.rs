//! The lease of a run. A renewal is sent every ten seconds; without one that went through, the lease is lost before any
//! other process may take it, and the run asks the provider nothing more.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    jobs::lease::{Owner, REMAINS_AT_RENEWAL, TERM},
    mail::{
        sending::Sending,
        store::sends::{SendId, open},
    },
    platform::{database::DatabaseError, id::OrganisationId},
};

/// How long a write waits after the database has refused it.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// The lease of a record's row. A clone is the same lease.
#[derive(Clone)]
pub(super) struct RunLease(Arc<Held>);

struct Held {
    organisation: OrganisationId,
    send: SendId,
    owner: Owner,
    taken_at: Instant,
    lost: CancellationToken,
}

impl RunLease {
    pub(super) fn new(organisation: OrganisationId, send: SendId, owner: Owner, taken_at: Instant) -> Self {
        let lost = CancellationToken::new();
        Self(Arc::new(Held { organisation, send, owner, taken_at, lost }))
    }

    pub(super) fn owner(&self) -> Owner {
        self.0.owner
    }

    /// Whether it is known to be lost.
    pub(super) fn is_lost(&self) -> bool {
        self.0.lost.is_cancelled()
    }

    /// Waits until it is known to be lost.
    pub(super) async fn wait_until_lost(&self) {
        self.0.lost.cancelled().await;
    }

    /// Renews the lease for as long as that succeeds in time, and then marks it as lost. It never returns: the run may
    /// still have an outcome to store.
    pub(super) async fn keep(&self, sending: &Sending) {
        let monotonic = &sending.parts().monotonic;
        let mut until = self.0.taken_at + TERM;
        loop {
            let renewed = async {
                monotonic.sleep_until(until - REMAINS_AT_RENEWAL).await;
                loop {
                    let sent = monotonic.now();
                    match self.renew(sending).await {
                        Ok(true) => break Some(sent),
                        Ok(false) => break None,
                        Err(error) => {
                            tracing::debug!(%error, send = %self.0.send, "could not renew the lease of a send");
                            monotonic.sleep_until(sent + RETRY).await;
                        }
                    }
                }
            };
            let sent = tokio::select! {
                biased;
                () = monotonic.sleep_until(until) => None,
                sent = renewed => sent,
            };
            let Some(sent) = sent else { break };
            until = sent + TERM;
        }
        self.0.lost.cancel();
        std::future::pending::<()>().await;
    }

    async fn renew(&self, sending: &Sending) -> Result<bool, DatabaseError> {
        let Held { organisation, send, owner, .. } = *self.0;
        let database = &sending.parts().database;
        database.write(async |tx| open::renew(&tx, organisation, send, owner).await).await
    }
}
