use strum::VariantArray;

use super::*;
use crate::{accounts::model::AccountState, providers::ProviderWords};

const OPEN: GateEffect = GateEffect::Open { is_served: false };

fn meaning(problem: RefreshProblem, is_interrupted: bool) -> Meaning {
    Verdict::Refused(problem.into()).meaning(is_interrupted)
}

#[test]
fn each_line_of_the_table_of_the_design_gives_the_state_and_the_gate_that_it_names() {
    use AccountState::{
        Connected, NeedsAttention, NeedsSignIn, Retrying, WaitingForCompany, WaitingForConnector,
    };
    use RefreshProblem as Problem;
    let wait = Some(Elapsed::from_secs(30));
    for (problem, state, reason, gate) in [
        (Problem::GrantRefused, NeedsSignIn, StateReason::GrantRefused, OPEN),
        (Problem::InteractionRequired, NeedsSignIn, StateReason::InteractionRequired, OPEN),
        (Problem::ConsentRequired, NeedsSignIn, StateReason::ConsentRequired, OPEN),
        (Problem::LoginRequired, NeedsSignIn, StateReason::LoginRequired, OPEN),
        (
            Problem::CredentialsRejected,
            WaitingForConnector,
            StateReason::CredentialsRejected,
            GateEffect::Credentials,
        ),
        (Problem::CompanyRefused, WaitingForCompany, StateReason::CompanyRefused, GateEffect::Company),
        (Problem::ScopesRefused, NeedsAttention, StateReason::ScopesRefused, GateEffect::None),
        (Problem::Refused, NeedsAttention, StateReason::Refused, GateEffect::None),
        (Problem::Throttled(wait), Retrying, StateReason::Throttled, GateEffect::Throttle(wait)),
        (Problem::Throttled(None), Retrying, StateReason::Throttled, GateEffect::Throttle(None)),
        (Problem::Unavailable(wait), Retrying, StateReason::Unavailable, GateEffect::None),
        (Problem::Unreachable, Retrying, StateReason::Unreachable, GateEffect::None),
        (Problem::Slow, Retrying, StateReason::Slow, GateEffect::None),
        (Problem::Garbled, Retrying, StateReason::Garbled, GateEffect::None),
    ] {
        let meaning = meaning(problem, false);
        assert_eq!((meaning.reason, meaning.gate), (Some(reason), gate), "{problem:?}");
        assert_eq!(Connected.after(meaning.event, 3), Some(state), "{problem:?}");
        let is_transient = state == Retrying;
        let first = Connected.after(meaning.event, 1).unwrap_or(Connected);
        assert_eq!(first == Connected, is_transient, "{problem:?} at the first time");
    }
}

#[test]
fn a_refused_token_whose_last_answer_was_lost_was_interrupted_and_nothing_else_was() {
    let interrupted = meaning(RefreshProblem::GrantRefused, true);
    assert_eq!(interrupted.reason, Some(StateReason::Interrupted));
    assert_eq!(AccountState::Connected.after(interrupted.event, 0), Some(AccountState::NeedsSignIn));
    let login = meaning(RefreshProblem::LoginRequired, true);
    assert_eq!(login.reason, Some(StateReason::LoginRequired));
}

#[test]
fn only_a_lost_answer_leaves_the_token_uncertain() {
    use RefreshProblem as Problem;
    for (problem, is_uncertain) in [
        (Problem::Slow, true),
        (Problem::Garbled, true),
        (Problem::Unreachable, false),
        (Problem::Unavailable(None), false),
        (Problem::Throttled(None), false),
        (Problem::GrantRefused, false),
    ] {
        assert_eq!(meaning(problem, false).is_uncertain, is_uncertain, "{problem:?}");
    }
}

#[test]
fn a_connection_that_broke_off_leaves_the_token_uncertain_and_one_that_was_never_made_does_not() {
    for (why, is_uncertain) in [
        (NoConnection::BrokenOff, true),
        (NoConnection::Refused, false),
        (NoConnection::NameNotFound, false),
        (NoConnection::TimedOut, false),
    ] {
        let evidence = Evidence::NoConnection { host: "login.example".to_owned(), why };
        let words = Some(Box::new(ProviderWords::found(evidence)));
        let refusal = RefreshRefusal { problem: RefreshProblem::Unreachable, words };
        let meaning = Verdict::Refused(refusal).meaning(false);
        assert_eq!((meaning.is_uncertain, meaning.reason), (is_uncertain, Some(StateReason::Unreachable)));
    }
}

#[test]
fn an_account_is_never_declared_dead_because_the_network_was() {
    use RefreshProblem as Problem;
    for problem in [Problem::Unreachable, Problem::Slow, Problem::Garbled, Problem::Unavailable(None)] {
        let event = meaning(problem, true).event;
        for failures in [1, 3, 1_000_000] {
            for state in AccountState::VARIANTS {
                let after = state.after(event, failures);
                assert!(after.is_none_or(|after| after == AccountState::Retrying), "{state:?} {after:?}");
            }
        }
    }
}
