//! The calls that change messages and threads.
//!
//! Such a change may be made again: one that was made already succeeds. So a message is tried again after a moment if another
//! program was changing it, if the provider wanted fewer requests, or with a new access token. Many messages are changed in
//! parts, so that the call knows what was done when its time is over.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures_util::future::join_all;

use super::{Mail, MailFailure, Session};
use crate::{
    accounts::service::AccountId,
    people::access::Caller,
    providers::mailbox::{Changed, Limit, MailError, MailProblem, MessageChange},
};

/// The number of messages that are changed at a time.
const AT_A_TIME: usize = 20;
/// The number of threads whose messages are looked for at a time: as many as the requests that a mailbox takes at once.
const THREADS_AT_A_TIME: usize = 4;
/// How often messages are tried again that another program was changing.
const MAX_CONFLICTS: u32 = 2;
/// The wait before that. Nearly every change is over by then.
const CONFLICT_WAIT: Duration = Duration::from_secs(1);

/// What became of one message or thread.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub id: String,
    /// Why it was not changed, or not wholly; `None` if it is as wanted.
    pub failure: Option<MailFailure>,
}

impl Outcome {
    fn failed(id: &str, failure: MailFailure) -> Self {
        Self { id: id.to_owned(), failure: Some(failure) }
    }
}

/// The ids, each once.
fn distinct(ids: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    ids.iter().filter(|id| seen.insert(id.as_str())).cloned().collect()
}

/// The outcomes of a call that has ended before its last part: the rest has this failure. If there was no part before, it is
/// the failure of the call.
fn end_with(
    mut done: Vec<Outcome>,
    rest: &[String],
    failure: MailFailure,
) -> Result<Vec<Outcome>, MailFailure> {
    if done.is_empty() {
        return Err(failure);
    }
    done.extend(rest.iter().map(|id| Outcome::failed(id, failure.clone())));
    Ok(done)
}

impl Mail {
    /// Changes messages of the mailbox of an account.
    ///
    /// # Returns
    /// What became of each message, each once, in their order.
    ///
    /// # Errors
    /// What is the fault of no single message, if none is known to be changed.
    pub async fn change_messages(
        &self,
        caller: &Caller,
        account: AccountId,
        messages: &[String],
        change: &MessageChange,
    ) -> Result<Vec<Outcome>, MailFailure> {
        let mut session = self.open(caller, account).await?;
        session.change(&distinct(messages), change).await
    }

    /// Changes all messages of threads. Moves and deletions leave the messages in Sent and Drafts where they are.
    ///
    /// # Returns
    /// What became of each thread, each once, in their order.
    ///
    /// # Errors
    /// What is the fault of no single thread, if no message is known to be changed.
    pub async fn change_threads(
        &self,
        caller: &Caller,
        account: AccountId,
        threads: &[String],
        change: &MessageChange,
    ) -> Result<Vec<Outcome>, MailFailure> {
        let mut session = self.open(caller, account).await?;
        let threads = distinct(threads);
        let mut done = Vec::with_capacity(threads.len());
        for group in threads.chunks(THREADS_AT_A_TIME) {
            match session.change_threads(group, change).await {
                Ok(outcomes) => done.extend(outcomes),
                Err(failure) => {
                    let rest = threads.get(done.len()..).unwrap_or_default();
                    return end_with(done, rest, failure);
                }
            }
        }
        Ok(done)
    }
}

impl Session {
    /// Changes messages, part by part.
    async fn change(
        &mut self,
        messages: &[String],
        change: &MessageChange,
    ) -> Result<Vec<Outcome>, MailFailure> {
        let mut done = Vec::with_capacity(messages.len());
        for part in messages.chunks(AT_A_TIME) {
            match self.change_part(part, change).await {
                Ok(outcomes) => done.extend(outcomes),
                Err(failure) => {
                    let rest = messages.get(done.len()..).unwrap_or_default();
                    return end_with(done, rest, failure);
                }
            }
        }
        Ok(done)
    }

    /// Changes a few messages, and tries those again that a moment later may be changed.
    async fn change_part(
        &mut self,
        messages: &[String],
        change: &MessageChange,
    ) -> Result<Vec<Outcome>, MailFailure> {
        let mut failures: HashMap<String, Option<MailFailure>> = HashMap::new();
        let mut left = messages.to_vec();
        let mut conflicts = 0;
        while !left.is_empty() {
            let mailbox = self.mailbox();
            let answer = self.limit_time(mailbox.change_messages(&self.call(), &left, change)).await;
            let changed = match self.settle(answer).await {
                Ok(Some(changed)) => changed,
                Ok(None) => continue,
                Err(failure) if failures.is_empty() => return Err(failure),
                Err(failure) => {
                    failures.extend(left.into_iter().map(|id| (id, Some(failure.clone()))));
                    break;
                }
            };
            let (again, settled): (Vec<_>, Vec<_>) = changed.into_iter().partition(may_pass);
            failures.extend(
                settled.into_iter().map(|changed| (changed.id, changed.error.map(MailFailure::from))),
            );
            let repeat = self.prepare_repeat(&again, &mut conflicts).await;
            left = match repeat {
                Ok(true) => again.into_iter().map(|changed| changed.id).collect(),
                Ok(false) => {
                    failures.extend(
                        again.into_iter().map(|changed| (changed.id, changed.error.map(MailFailure::from))),
                    );
                    Vec::new()
                }
                Err(failure) => {
                    failures.extend(again.into_iter().map(|changed| (changed.id, Some(failure.clone()))));
                    Vec::new()
                }
            };
        }
        let outcome = |id: &String| {
            // A message of which the provider's mailbox says nothing was not changed.
            let failure = failures.remove(id).unwrap_or_else(|| Some(MailProblem::Garbled.into()));
            Outcome { id: id.clone(), failure }
        };
        Ok(messages.iter().map(outcome).collect())
    }

    /// Decides whether messages with these errors are tried again, and waits until then. A new access token and the wait
    /// that the provider wants come before the wait for another program.
    async fn prepare_repeat(&mut self, again: &[Changed], conflicts: &mut u32) -> Result<bool, MailFailure> {
        let errors = again.iter().filter_map(|changed| changed.error.as_ref());
        let first = errors.max_by_key(|error| match error.problem {
            MailProblem::TokenRefused => (2, None),
            MailProblem::Throttled { retry_after, .. } => (1, retry_after),
            _ => (0, None),
        });
        let Some(error) = first.cloned() else { return Ok(false) };
        if error.problem == MailProblem::Conflict {
            *conflicts = conflicts.saturating_add(1);
            return Ok(*conflicts <= MAX_CONFLICTS && self.pause(CONFLICT_WAIT).await);
        }
        match self.settle::<()>(Err(error)).await {
            Ok(_) => Ok(true),
            // There is no time left, or no other token.
            Err(MailFailure::Mail(_)) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Changes all messages of a few threads.
    async fn change_threads(
        &mut self,
        threads: &[String],
        change: &MessageChange,
    ) -> Result<Vec<Outcome>, MailFailure> {
        let found = self.find_messages(threads, change).await?;
        let messages: Vec<String> = found.iter().flatten().flatten().cloned().collect();
        let changed = self.change(&distinct(&messages), change).await?;
        let failed = changed.into_iter().filter_map(|outcome| Some((outcome.id, outcome.failure?)));
        // A message that has left the thread in the meantime needs no change.
        let mut failures: HashMap<String, MailFailure> =
            failed.filter(|(_, failure)| !is_not_found(failure)).collect();
        let outcomes = threads.iter().zip(found).map(|(thread, found)| {
            let failure = match found {
                Ok(messages) => messages.iter().find_map(|message| failures.remove(message)),
                Err(failure) => Some(failure),
            };
            Outcome { id: thread.clone(), failure }
        });
        Ok(outcomes.collect())
    }

    /// The messages of each thread that a change must still change.
    ///
    /// # Errors
    /// The failure of the first thread, if no thread was found and not because it does not exist.
    async fn find_messages(
        &mut self,
        threads: &[String],
        change: &MessageChange,
    ) -> Result<Vec<Result<Vec<String>, MailFailure>>, MailFailure> {
        let mailbox = self.mailbox();
        let answers = {
            let session = &*self;
            let call = session.call();
            let mut asked = Vec::with_capacity(threads.len());
            for thread in threads {
                asked.push(session.limit_time(mailbox.messages_of_thread(&call, thread, change)));
            }
            join_all(asked).await
        };
        let mut found = Vec::with_capacity(threads.len());
        for (thread, answer) in threads.iter().zip(answers) {
            found.push(self.settle_thread(thread, change, answer).await);
        }
        let is_of_all = found.iter().all(|found| found.as_ref().is_err_and(|failure| !is_of_item(failure)));
        match found.first() {
            Some(Err(failure)) if is_of_all => Err(failure.clone()),
            _ => Ok(found),
        }
    }

    /// The answer for one thread, which is asked for again after a new token or a throttle.
    async fn settle_thread(
        &mut self,
        thread: &str,
        change: &MessageChange,
        first: Result<Vec<String>, MailError>,
    ) -> Result<Vec<String>, MailFailure> {
        let mut answer = first;
        loop {
            if let Some(messages) = self.settle(answer).await? {
                return Ok(messages);
            }
            let mailbox = self.mailbox();
            answer = self.limit_time(mailbox.messages_of_thread(&self.call(), thread, change)).await;
        }
    }
}

/// Whether a message with this result may be changed a moment later.
fn may_pass(changed: &Changed) -> bool {
    let problem = changed.error.as_ref().map(|error| &error.problem);
    matches!(
        problem,
        Some(
            MailProblem::Conflict
                | MailProblem::TokenRefused
                | MailProblem::Throttled { limit: Limit::Provider, .. }
        )
    )
}

fn is_not_found(failure: &MailFailure) -> bool {
    matches!(failure, MailFailure::Mail(MailError { problem: MailProblem::NotFound, .. }))
}

/// Whether a failure is that of one thread.
fn is_of_item(failure: &MailFailure) -> bool {
    let MailFailure::Mail(error) = failure else { return false };
    matches!(error.problem, MailProblem::NotFound | MailProblem::TooMany(_))
}
