//! What the answer to a refresh means: the table *What went wrong* of the design, line by line. The OAuth `error` has
//! decided the kind of a refusal; the provider's own codes only choose words.

use std::time::Duration as Elapsed;

use time::Duration;

use super::times::{ATTENTION, OUTAGE, PROBE_OF_COMPANY, PROBE_OF_CONNECTOR};
use crate::{
    accounts::model::{AccountEvent, StateReason},
    jobs::model::BackOff,
    providers::{Evidence, NoConnection, RefreshProblem, RefreshRefusal, oauth::Grant},
};

/// How a refresh came out.
pub(super) enum Verdict {
    /// The provider gave new tokens.
    Tokens(Box<Grant>),
    Refused(RefreshRefusal),
    /// The stored refresh token cannot be opened. Nothing was sent.
    TokenUnreadable,
    /// The connector's secret cannot be opened. Nothing was sent.
    SecretUnreadable,
    /// The connector has another application than the grant. Nothing was sent.
    ApplicationChanged,
}

/// When an account is refreshed next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    /// Within a day.
    Daily,
    /// Not before a sign-in, or an administrator's *Try again*.
    Never,
    /// After a wait that grows with each try.
    BackOff(BackOff),
    /// When the gate lets it; without a gate after this time.
    Gate(Duration),
}

/// What the answer says about the connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GateEffect {
    None,
    /// The credentials are good, and the company knows the application.
    Open {
        /// Whether the token endpoint serves requests.
        is_served: bool,
    },
    /// The token endpoint wants fewer requests; the time that it named.
    Throttle(Option<Elapsed>),
    /// The credentials were refused.
    Credentials,
    /// The company of the account has refused the application.
    Company,
}

/// The meaning of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meaning {
    pub event: AccountEvent,
    pub reason: Option<StateReason>,
    pub next: Next,
    pub gate: GateEffect,
    /// Whether the provider may have used up the refresh token although no new one came.
    pub is_uncertain: bool,
}

impl Meaning {
    const fn of(event: AccountEvent, reason: StateReason, next: Next, gate: GateEffect) -> Self {
        Self { event, reason: Some(reason), next, gate, is_uncertain: false }
    }
}

impl Verdict {
    /// What it means. `is_interrupted`: an earlier refresh with the same token may have reached the provider, and its
    /// answer was lost.
    pub(super) fn meaning(&self, is_interrupted: bool) -> Meaning {
        use AccountEvent as Event;
        use StateReason as Reason;
        match self {
            Self::Tokens(_) => Meaning {
                event: Event::Refreshed,
                reason: None,
                next: Next::Daily,
                gate: GateEffect::Open { is_served: true },
                is_uncertain: false,
            },
            Self::Refused(refusal) => {
                let meaning = of_problem(refusal.problem, is_interrupted);
                Meaning { is_uncertain: meaning.is_uncertain || broke_off(refusal), ..meaning }
            }
            Self::TokenUnreadable => {
                Meaning::of(Event::GrantRefused, Reason::TokenUnreadable, Next::Never, GateEffect::None)
            }
            Self::SecretUnreadable => Meaning::of(
                Event::CredentialsConfirmedBad,
                Reason::CredentialsRejected,
                Next::Gate(PROBE_OF_CONNECTOR),
                GateEffect::None,
            ),
            Self::ApplicationChanged => Meaning::of(
                Event::ApplicationChanged,
                Reason::ApplicationChanged,
                Next::Never,
                GateEffect::None,
            ),
        }
    }

    /// The refusal, if the provider refused or did not answer.
    pub(super) const fn refusal(&self) -> Option<&RefreshRefusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

/// Whether the connection broke off after the request was sent, so that the answer may have been lost.
fn broke_off(refusal: &RefreshRefusal) -> bool {
    let evidence = refusal.words.as_deref().and_then(|words| words.evidence.as_deref());
    matches!(evidence, Some(Evidence::NoConnection { why: NoConnection::BrokenOff, .. }))
}

fn of_problem(problem: RefreshProblem, is_interrupted: bool) -> Meaning {
    use AccountEvent as Event;
    use RefreshProblem as Problem;
    use StateReason as Reason;
    let ended = |event, reason| {
        // An answer about the grant proves that the credentials are good.
        Meaning::of(event, reason, Next::Never, GateEffect::Open { is_served: false })
    };
    let outage = |reason, gate| Meaning::of(Event::TransientFailure, reason, Next::BackOff(OUTAGE), gate);
    let attention =
        |reason| Meaning::of(Event::OtherRefusal, reason, Next::BackOff(ATTENTION), GateEffect::None);
    match problem {
        Problem::GrantRefused if is_interrupted => ended(Event::Interrupted, Reason::Interrupted),
        Problem::GrantRefused => ended(Event::GrantRefused, Reason::GrantRefused),
        Problem::InteractionRequired => ended(Event::GrantRefused, Reason::InteractionRequired),
        Problem::ConsentRequired => ended(Event::GrantRefused, Reason::ConsentRequired),
        Problem::LoginRequired => ended(Event::GrantRefused, Reason::LoginRequired),
        Problem::CredentialsRejected => Meaning::of(
            Event::CredentialsConfirmedBad,
            Reason::CredentialsRejected,
            Next::Gate(PROBE_OF_CONNECTOR),
            GateEffect::Credentials,
        ),
        Problem::CompanyRefused => Meaning::of(
            Event::CompanyRefused,
            Reason::CompanyRefused,
            Next::Gate(PROBE_OF_COMPANY),
            GateEffect::Company,
        ),
        Problem::ScopesRefused => attention(Reason::ScopesRefused),
        Problem::Refused => attention(Reason::Refused),
        Problem::Throttled(after) => outage(Reason::Throttled, GateEffect::Throttle(after)),
        Problem::Unavailable(_) => outage(Reason::Unavailable, GateEffect::None),
        Problem::Unreachable => outage(Reason::Unreachable, GateEffect::None),
        Problem::Slow => Meaning { is_uncertain: true, ..outage(Reason::Slow, GateEffect::None) },
        Problem::Garbled => Meaning { is_uncertain: true, ..outage(Reason::Garbled, GateEffect::None) },
    }
}

#[cfg(test)]
mod tests;
