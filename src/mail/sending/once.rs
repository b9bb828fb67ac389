//! Calls that create something else than mail, and are done once under a key. There is nothing to take over: the call is
//! done by the process that got it, and if that process is killed, what became of it is not known.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::Duration;
use tokio::time::Instant;

use super::{
    CALL_WAIT, Key, MAX_KEPT_RESULTS, Once, SEALED_KEPT_RESULTS, SendFailure, Sending,
    calls::RETRY_AFTER_KEPT,
    identity::Scope,
    kept::{KeptFailure, body_hash},
    run::is_final,
};
use crate::{
    accounts::service::AccountId,
    mail::{
        service::MailFailure,
        store::{
            idempotency_keys::{self as keys, KeptResult, KeptResultId},
            sends::Holder,
        },
    },
    people::access::Caller,
    platform::{
        clock::{SKEW, Timestamp},
        database::DatabaseError,
        failure::Failure,
        id::OrganisationId,
        randomness::Hash,
    },
    providers::mailbox::{MailError, MailProblem},
};

/// A call that has not ended for this long has no process any more. Each call ends within half a minute; the rest is for
/// clocks that differ.
const LONGEST_CALL: Duration = Duration::minutes(2);
/// How often a caller looks whether the first call has ended.
const LOOK: std::time::Duration = std::time::Duration::from_millis(500);
/// How often a call is tried again after another call came first at the same moment.
const MAX_RACES: u32 = 5;
/// How often a result is stored again while the database is away.
const MAX_TRIES: u32 = 60;

/// A call that is done once.
pub struct OnceWork<C, W> {
    /// What comes before the call is noted: a call that it refuses leaves the key free.
    pub check: C,
    pub work: W,
}

/// What a row keeps sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The hash of the values of the call.
    body: String,
    /// The value as JSON; `None` before the end, and after a failure.
    value: Option<String>,
    failure: Option<KeptFailure>,
}

impl Kept {
    /// What is kept of a result; `None` frees the key, after a failure that may pass. Of a value that has no JSON form the
    /// outcome is unknown.
    fn of<T: Serialize>(body: String, result: &Result<T, SendFailure>) -> Option<Self> {
        let unknown = || SendFailure::OutcomeUnknown { message_id: String::new() };
        let failure = match result {
            Ok(value) => match serde_json::to_string(value) {
                Ok(value) => return Some(Self { body, value: Some(value), failure: None }),
                Err(error) => {
                    tracing::error!(%error, "a result cannot be kept for its key");
                    KeptFailure::of(&unknown())
                }
            },
            Err(failure) if is_final(failure) || matches!(failure, SendFailure::OutcomeUnknown { .. }) => {
                KeptFailure::of(failure)
            }
            Err(_) => return None,
        };
        Some(Self { body, value: None, failure: Some(failure) })
    }
}

/// Whether a call is the first with its key.
enum First {
    Yes(KeptResultId),
    No(Box<KeptResult>),
}

impl Sending {
    /// Does a call once for a key: a repeat has the result of the first call, without its work. The work goes on when the
    /// caller goes away. Without a key it is done each time, and nothing is checked before. `call` is the id of the call of
    /// the API, and `body` are its values, which must be the same in a repeat.
    ///
    /// A failure that may pass, such as a missing sign-in, frees the key. After a lost answer of the provider the outcome is
    /// unknown.
    ///
    /// # Errors
    /// Those of the check and of the work, and [`SendFailure::KeyReused`], [`SendFailure::InProgress`],
    /// [`SendFailure::OutcomeUnknown`], [`SendFailure::TooManyKept`].
    pub async fn once<T, C, W>(
        &self,
        caller: &Caller,
        account: AccountId,
        call: &'static str,
        key: Option<Key>,
        body: &(impl Serialize + Sync),
        work: OnceWork<C, W>,
    ) -> Result<Once<T>, SendFailure>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        C: Future<Output = Result<(), MailFailure>> + Send,
        W: Future<Output = Result<T, MailFailure>> + Send + 'static,
    {
        // A client that does not reach the account any more learns nothing about what it did before.
        self.parts().mail.accounts().get(caller, account).await?;
        let OnceWork { check, work } = work;
        let Some(key) = key else { return Ok(Once { value: work.await?, is_replay: false }) };
        let until = self.parts().monotonic.now() + CALL_WAIT;
        let (organisation, holder) = (caller.organisation(), Holder::of(caller)?.id());
        let scope = Scope { organisation, holder, account, call };
        let (identity, body) = (scope.identity_of_key(&key), body_hash(body)?);
        let found = keys::find(&self.parts().database.read(), organisation, &identity).await?;
        if let Some(found) = found {
            return self.replay(found, &body, until).await;
        }
        check.await?;
        match self.begin_once(&scope, identity, &body).await? {
            First::No(found) => self.replay(*found, &body, until).await,
            First::Yes(id) => {
                let (sending, body) = (self.clone(), body.clone());
                // The caller may go away, and a repeat must find the result.
                let working = self.0.tasks.spawn(async move {
                    let result = work.await.map_err(of_work);
                    let kept = Kept::of(body, &result);
                    sending.end_once(organisation, id, kept).await;
                    result
                });
                match working.await {
                    Ok(result) => Ok(Once { value: result?, is_replay: false }),
                    Err(error) => Err(Failure::unexpected(&error).into()),
                }
            }
        }
    }

    async fn begin_once(&self, scope: &Scope, identity: Hash, body: &str) -> Result<First, SendFailure> {
        let parts = self.parts();
        for _ in 0..MAX_RACES {
            let found = keys::find(&parts.database.read(), scope.organisation, &identity).await?;
            if let Some(found) = found {
                return Ok(First::No(Box::new(found)));
            }
            let kept =
                keys::count_of_holder(&parts.database.read(), scope.organisation, scope.holder).await?;
            if kept >= MAX_KEPT_RESULTS {
                return Err(SendFailure::TooManyKept { retry_after: RETRY_AFTER_KEPT });
            }
            let id = KeptResultId::new(&*parts.clock, &*parts.randomness);
            let kept = Kept { body: body.to_owned(), value: None, failure: None };
            let row = KeptResult {
                id,
                organisation: scope.organisation,
                account: scope.account,
                holder: scope.holder,
                identity,
                result: self.seal(SEALED_KEPT_RESULTS, scope.organisation, id.0, &kept)?,
                created_at: parts.clock.now(),
                ended_at: None,
            };
            let added =
                parts.database.write::<_, DatabaseError, _>(async |tx| keys::add(&tx, row).await).await;
            match added {
                Ok(()) => return Ok(First::Yes(id)),
                Err(error) if error.is_conflict() => {}
                Err(error) if error.is_missing_reference() => return Err(Failure::NotFound.into()),
                Err(error) => {
                    self.erase_unbegun(scope.organisation, id);
                    return Err(error.into());
                }
            }
        }
        Err(Failure::Busy(1).into())
    }

    /// Erases a row in a task. Its transaction may have been committed although it gave an error, and nothing works at it.
    fn erase_unbegun(&self, organisation: OrganisationId, id: KeptResultId) {
        let sending = self.clone();
        self.0.tasks.spawn(async move { sending.end_once(organisation, id, None).await });
    }

    /// Stores a result, or erases the row, again and again while the database is away.
    async fn end_once(&self, organisation: OrganisationId, id: KeptResultId, kept: Option<Kept>) {
        let parts = self.parts();
        for _ in 0..MAX_TRIES {
            match self.write_once(kept.as_ref(), organisation, id).await {
                Ok(()) => return,
                Err(Failure::Unavailable(reason)) => {
                    tracing::warn!(reason, "the result of a call with a key waits for the database");
                    parts.monotonic.sleep_until(parts.monotonic.now() + LOOK).await;
                }
                Err(failure) => return failure.log(),
            }
        }
    }

    async fn write_once(
        &self,
        kept: Option<&Kept>,
        organisation: OrganisationId,
        id: KeptResultId,
    ) -> Result<(), Failure> {
        let parts = self.parts();
        let now = parts.clock.now();
        let sealed = kept.map(|kept| self.seal(SEALED_KEPT_RESULTS, organisation, id.0, kept)).transpose()?;
        let written = parts.database.write::<_, DatabaseError, _>(async |tx| {
            match sealed {
                Some(sealed) => {
                    keys::end(&tx, id, sealed, now).await?;
                }
                None => keys::erase(&tx, id).await?,
            }
            Ok(())
        });
        Ok(written.await?)
    }

    /// Waits for the result of the first call.
    async fn replay<T: DeserializeOwned>(
        &self,
        mut found: KeptResult,
        body: &str,
        until: Instant,
    ) -> Result<Once<T>, SendFailure> {
        let parts = self.parts();
        loop {
            let kept: Kept = self.open(SEALED_KEPT_RESULTS, found.organisation, found.id.0, &found.result)?;
            if kept.body != body {
                return Err(SendFailure::KeyReused);
            }
            if found.ended_at.is_some() {
                return result_of(kept);
            }
            if is_abandoned(found.created_at, parts.clock.now()) {
                return Err(SendFailure::OutcomeUnknown { message_id: String::new() });
            }
            let now = parts.monotonic.now();
            if now >= until {
                return Err(SendFailure::InProgress);
            }
            parts.monotonic.sleep_until(until.min(now + LOOK)).await;
            let again = keys::find(&parts.database.read(), found.organisation, &found.identity).await?;
            // The first call failed and freed the key. The caller may repeat this one.
            found = again.ok_or(SendFailure::InProgress)?;
        }
    }
}

fn is_abandoned(created_at: Timestamp, now: Timestamp) -> bool {
    now.since(created_at) >= LONGEST_CALL || created_at > now.plus(SKEW)
}

/// The failure of work that creates something. After a lost answer it may have.
fn of_work(failure: MailFailure) -> SendFailure {
    match failure {
        MailFailure::Mail(MailError {
            problem:
                MailProblem::Unavailable
                | MailProblem::UnavailableFor(_)
                | MailProblem::Slow
                | MailProblem::Garbled
                | MailProblem::Conflict,
            ..
        }) => SendFailure::OutcomeUnknown { message_id: String::new() },
        failure => failure.into(),
    }
}

fn result_of<T: DeserializeOwned>(kept: Kept) -> Result<Once<T>, SendFailure> {
    if let Some(failure) = kept.failure {
        return Err(failure.failure());
    }
    let value = serde_json::from_str(kept.value.as_deref().unwrap_or_default());
    let value = value.map_err(|error| Failure::Unexpected(format!("a kept result: {error}")))?;
    Ok(Once { value, is_replay: true })
}
