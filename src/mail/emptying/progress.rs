//! What a run of a job has done so far, and what follows from the result of a step.

use std::{collections::VecDeque, time::Duration};

use super::model::MailJobFailure;
use crate::{
    accounts::{model::AccountState, service::grants::NoToken},
    mail::service::MailFailure,
    platform::failure::Failure,
    providers::mailbox::{Changed, MailProblem},
};

/// Number of messages of a whole step.
const WHOLE_STEP: usize = 20;
/// Maximum number of messages that a run passes over because the provider has refused to delete them. With more, the job
/// fails.
const MAX_REFUSED: usize = 100;
/// The number of messages that a run remembers as deleted, so that a list that is out of date does not name them again.
const REMEMBERED: usize = 100;
/// The wait when the provider or a limit of ours names none.
const USUAL_WAIT: Duration = Duration::from_secs(30);
/// The wait for a person who must do something.
const LONG_WAIT: Duration = Duration::from_mins(10);

/// What a job does next.
#[derive(Debug)]
pub(super) enum Next {
    Step,
    /// The next step, after a pause.
    Pause,
    /// Waits. If it has waited for too long, it ends for this reason.
    Wait(Duration, MailJobFailure),
    /// Waits because the provider has not done what was asked: this long, if the provider names a time, and longer after
    /// each try. It may be the folder alone, so other jobs of the account may run.
    GiveWay(Option<Duration>),
    End(Option<MailJobFailure>),
    /// The program itself has failed: the job runs again later.
    Fail(Failure),
}

impl Next {
    /// What follows from a step that has failed.
    pub(super) fn after(failure: MailFailure) -> Self {
        match failure {
            MailFailure::Mail(error) => Self::after_problem(&error.problem),
            MailFailure::NoToken(no_token) => Self::after_no_token(no_token),
            MailFailure::Failure(Failure::NotFound) => Self::End(Some(MailJobFailure::NotFound)),
            MailFailure::Failure(failure) => Self::Fail(failure),
        }
    }

    fn after_no_token(no_token: NoToken) -> Self {
        let reason = match no_token {
            NoToken::NotFound => return Self::End(Some(MailJobFailure::NotFound)),
            NoToken::Failure(failure) => return Self::Fail(failure),
            NoToken::Busy { retry_after } => {
                return Self::Wait(Duration::from_secs(retry_after.into()), MailJobFailure::Unavailable);
            }
            // The state of the account follows from it.
            NoToken::Failed(_) => return Self::Wait(USUAL_WAIT, MailJobFailure::Unavailable),
            NoToken::Paused => MailJobFailure::Paused,
            NoToken::State(AccountState::NeedsSignIn | AccountState::Disconnected) => {
                MailJobFailure::NeedsSignIn
            }
            NoToken::State(
                AccountState::WaitingForConnector
                | AccountState::WaitingForCompany
                | AccountState::NeedsAttention,
            ) => MailJobFailure::ConnectorFailing,
            NoToken::State(AccountState::Connected | AccountState::Retrying) => MailJobFailure::Unavailable,
        };
        Self::Wait(LONG_WAIT, reason)
    }

    fn after_problem(problem: &MailProblem) -> Self {
        match problem {
            MailProblem::Throttled { retry_after, .. } => {
                Self::Wait(retry_after.unwrap_or(USUAL_WAIT), MailJobFailure::Unavailable)
            }
            MailProblem::UnavailableFor(named) => Self::GiveWay(Some(*named)),
            MailProblem::NotSent
            | MailProblem::Unavailable
            | MailProblem::Slow
            | MailProblem::Garbled
            | MailProblem::Conflict => Self::GiveWay(None),
            MailProblem::NeedsSignIn | MailProblem::TokenRefused => {
                Self::Wait(LONG_WAIT, MailJobFailure::NeedsSignIn)
            }
            MailProblem::ApiDisabled => Self::Wait(LONG_WAIT, MailJobFailure::ConnectorFailing),
            MailProblem::NotFound | MailProblem::NoMailbox => Self::End(Some(MailJobFailure::NotFound)),
            MailProblem::PermissionNotGranted(_) => Self::End(Some(MailJobFailure::PermissionNotGranted)),
            _ => Self::End(Some(MailJobFailure::Refused)),
        }
    }
}

/// The messages of a run.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Those that could not be deleted.
    refused: Vec<String>,
    /// Why the first of them could not be.
    reason: Option<MailJobFailure>,
    /// The last ones that were deleted, by this job or by another program.
    gone: VecDeque<String>,
}

impl Progress {
    /// The messages that the next step passes over.
    pub(super) fn passed_over(&self) -> Vec<String> {
        self.refused.iter().chain(&self.gone).cloned().collect()
    }

    /// Number of messages that could not be deleted.
    pub(super) fn refused(&self) -> u64 {
        u64::try_from(self.refused.len()).unwrap_or(u64::MAX)
    }

    /// Notes the result of a step.
    ///
    /// # Returns
    /// The number of messages that it has deleted, and what follows.
    pub(super) fn note(&mut self, changed: Vec<Changed>) -> (u64, Next) {
        if changed.is_empty() {
            return (0, Next::End(self.reason));
        }
        // A smaller one has met the end of the folder.
        let is_whole = changed.len() >= WHOLE_STEP;
        let (mut deleted, mut next) = (0_u64, if is_whole { Next::Pause } else { Next::Step });
        for Changed { id, error } in changed {
            let Some(error) = error else {
                deleted = deleted.saturating_add(1);
                self.gone.push_back(id);
                continue;
            };
            match (&error.problem, Next::after_problem(&error.problem)) {
                (MailProblem::NotFound, _) => self.gone.push_back(id),
                (_, Next::End(reason)) => {
                    self.refused.push(id);
                    self.reason = self.reason.or(reason);
                }
                // It is tried again. What the mailbox wants comes before an outage.
                (_, Next::GiveWay(_)) if matches!(next, Next::Wait(..)) => {}
                (_, wait) => next = wait,
            }
        }
        while self.gone.len() > REMEMBERED {
            self.gone.pop_front();
        }
        if self.refused.len() >= MAX_REFUSED { (deleted, Next::End(self.reason)) } else { (deleted, next) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::mailbox::{Limit, MailError};

    fn changed(id: &str, problem: Option<MailProblem>) -> Changed {
        Changed { id: id.to_owned(), error: problem.map(MailError::from) }
    }

    #[test]
    fn what_passes_is_waited_for_and_what_stays_ends_the_job() {
        let seven = Duration::from_secs(7);
        for (problem, expected) in [
            (MailProblem::Throttled { limit: Limit::Provider, retry_after: Some(seven) }, Some(7)),
            (MailProblem::Throttled { limit: Limit::Mailbox, retry_after: None }, Some(30)),
            (MailProblem::NeedsSignIn, Some(600)),
            (MailProblem::ApiDisabled, Some(600)),
            (MailProblem::NotFound, None),
            (MailProblem::PermissionNotGranted("Mail.ReadWrite"), None),
            (MailProblem::Refused, None),
        ] {
            match (Next::after(problem.clone().into()), expected) {
                (Next::Wait(wait, _), Some(seconds)) => assert_eq!(wait.as_secs(), seconds, "{problem}"),
                (Next::End(Some(_)), None) => {}
                (next, _) => panic!("{problem}: {next:?}"),
            }
        }
        for (problem, expected) in [
            (MailProblem::UnavailableFor(seven), Some(seven)),
            (MailProblem::Unavailable, None),
            (MailProblem::Slow, None),
            (MailProblem::NotSent, None),
            (MailProblem::Conflict, None),
        ] {
            let next = Next::after(problem.clone().into());
            assert!(matches!(next, Next::GiveWay(named) if named == expected), "{problem}: {next:?}");
        }
        for (no_token, reason) in [
            (NoToken::Paused, MailJobFailure::Paused),
            (NoToken::State(AccountState::Disconnected), MailJobFailure::NeedsSignIn),
            (NoToken::State(AccountState::WaitingForCompany), MailJobFailure::ConnectorFailing),
            (NoToken::Busy { retry_after: 5 }, MailJobFailure::Unavailable),
        ] {
            let next = Next::after(no_token.into());
            assert!(matches!(next, Next::Wait(_, found) if found == reason), "{next:?}");
        }
        let away = Failure::Unavailable("no database".to_owned());
        assert!(matches!(Next::after(away.into()), Next::Fail(_)));
        let gone = Next::after(MailFailure::Failure(Failure::NotFound));
        assert!(matches!(gone, Next::End(Some(MailJobFailure::NotFound))));
    }

    #[test]
    fn a_message_that_is_refused_is_passed_over_and_one_that_only_waits_is_tried_again() {
        let mut progress = Progress::default();
        let throttled = MailProblem::Throttled { limit: Limit::Provider, retry_after: None };
        let (deleted, next) = progress.note(vec![
            changed("deleted", None),
            changed("gone", Some(MailProblem::NotFound)),
            changed("refused", Some(MailProblem::Refused)),
            changed("later", Some(throttled)),
            changed("busy", Some(MailProblem::Conflict)),
        ]);
        assert!(matches!(next, Next::Wait(_, MailJobFailure::Unavailable)), "{next:?}");
        assert_eq!((deleted, progress.refused()), (1, 1));
        assert_eq!(progress.passed_over(), ["refused", "deleted", "gone"]);
        let (deleted, next) = progress.note(vec![changed("later", None)]);
        assert!(deleted == 1 && matches!(next, Next::Step), "{next:?}");
        let (_, next) = progress.note(Vec::new());
        assert!(matches!(next, Next::End(Some(MailJobFailure::Refused))), "{next:?}");
        let (_, next) = Progress::default().note(Vec::new());
        assert!(matches!(next, Next::End(None)), "{next:?}");
    }

    #[test]
    fn a_run_remembers_a_bounded_number_of_messages_and_gives_up_after_many_refusals() {
        let mut progress = Progress::default();
        let all = (0..1_000).map(|number| changed(&number.to_string(), None)).collect();
        assert!(matches!(progress.note(all), (1_000, Next::Pause)));
        assert_eq!(progress.passed_over().len(), REMEMBERED);
        let refused = |count: usize| {
            let one = |number| changed(&format!("r{number}"), Some(MailProblem::PermissionNotGranted("x")));
            (0..count).map(one).collect::<Vec<_>>()
        };
        assert!(matches!(progress.note(refused(MAX_REFUSED - 1)), (0, Next::Pause)));
        let (_, next) = progress.note(refused(1));
        assert!(matches!(next, Next::End(Some(MailJobFailure::PermissionNotGranted))), "{next:?}");
    }
}
