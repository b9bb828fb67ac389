//! The handlers of `/connect`: the page behind a link, the start of a sign-in with it, and the page of its outcome. The
//! reader has no user here. GET and HEAD change nothing, because mail programs and chat tools fetch links.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;

use super::{
    host_of,
    visit::{Visit, appearance_of, link_path},
};
use crate::{
    accounts::service::{
        appearance::Appearance,
        links::{ClosedLink, ConnectLinks, LinkProblem, OpenLink, confirming::ConfirmationState},
    },
    connectors::service::Connector,
    log_in::service::Browser,
    platform::{failure::Failure, language::Language, page::Page, randomness::Token},
    providers::{RefusalKind, diagnosis::Remedy},
    sign_ins::{
        diagnosis::diagnose,
        model::{ConnectProblem, Outcome, SignInProblem},
        pages::connect::{
            Asker, BrokenLink, BrokenLinkView, ConnectView, Ending, LeavingView, OutcomeView, Return,
            foreign_page,
        },
        service::{AttemptId, LinkOutcome, LinkStart, Progress, SignIns, StartedByLink},
    },
};

/// The path of the outcome of a sign-in that a link has started.
pub(super) fn outcome_path(id: AttemptId) -> String {
    format!("/connect/outcome/{id}")
}

/// `GET /connect/{token}`: who asks for which permissions, and a button to continue.
pub async fn show(
    State(sign_ins): State<SignIns>,
    State(links): State<ConnectLinks>,
    visit: Visit,
) -> Result<Response, Failure> {
    let token = visit.token();
    let path = link_path("/connect", token.as_ref());
    let opened = match &token {
        Some(token) => links.open(token).await?,
        None => Err(ClosedLink::UNKNOWN),
    };
    visit.answer(match opened {
        Ok(open) => open_page(&sign_ins, &visit, open, path, false).await?,
        Err(closed) => closed_page(&visit, closed, path).await?,
    })
}

/// `POST /connect/{token}`: starts a sign-in in this browser, and answers with a page that sends it to the provider.
pub async fn start(
    State(sign_ins): State<SignIns>,
    Extension(browser): Extension<Browser>,
    visit: Visit,
) -> Result<Response, Failure> {
    let (token, binding) = (visit.token(), visit.binding_or_new());
    let path = link_path("/connect", token.as_ref());
    let started = match &token {
        Some(token) => sign_ins.start_by_link(token, &binding, browser.address).await?,
        None => LinkStart::Closed(ClosedLink::UNKNOWN),
    };
    visit.answer_bound(started_page(&sign_ins, &visit, started, path).await?, &binding)
}

/// The sign-in in the path of the visit, with the binding of the browser. `None` if the browser has not started it.
fn own_attempt(visit: &Visit) -> Option<(AttemptId, Token)> {
    visit.last_part.parse().ok().zip(visit.binding())
}

/// `GET /connect/outcome/{id}`: the outcome of a sign-in, for the browser that started it.
pub async fn show_outcome(State(sign_ins): State<SignIns>, visit: Visit) -> Result<Response, Failure> {
    let Some((id, binding)) = own_attempt(&visit) else { return Ok(not_here(visit.language)) };
    let outcome = match sign_ins.link_outcome(id, &binding).await {
        Ok(outcome) => outcome,
        Err(Failure::NotFound) => return Ok(not_here(visit.language)),
        Err(failure) => return Err(failure),
    };
    let appearance = visit.appearances.of_organisation(outcome.attempt.organisation).await?;
    let asker = asker_of(&sign_ins, &outcome.connector, appearance)?;
    let ending = ending_of(&outcome);
    let (language, path) = (visit.language, outcome_path(id));
    let again = outcome.can_start.then(|| path.clone());
    let returns = outcome.returns.map(|signed| Return { url: signed.url, host: signed.host });
    visit.answer(OutcomeView { asker, language, path, ending, again, returns }.page())
}

/// `POST /connect/outcome/{id}`: starts another sign-in with the same link, in the browser that started this one. The
/// address of the link is not stored, so the page of an outcome cannot lead back to it.
pub async fn start_again(
    State(sign_ins): State<SignIns>,
    Extension(browser): Extension<Browser>,
    visit: Visit,
) -> Result<Response, Failure> {
    let Some((id, binding)) = own_attempt(&visit) else { return Ok(not_here(visit.language)) };
    let started = match sign_ins.start_again(id, &binding, browser.address).await {
        Ok(started) => started,
        Err(Failure::NotFound) => return Ok(not_here(visit.language)),
        Err(failure) => return Err(failure),
    };
    visit.answer_bound(started_page(&sign_ins, &visit, started, outcome_path(id)).await?, &binding)
}

/// The page for a browser that has not started the sign-in, or more than an hour ago. It is the same for ids that exist
/// and those that do not.
fn not_here(language: Language) -> Response {
    foreign_page(language).with_status(StatusCode::NOT_FOUND).into_response()
}

fn asker_of(sign_ins: &SignIns, connector: &Connector, appearance: Appearance) -> Result<Asker, Failure> {
    Ok(Asker::of(connector, appearance, sign_ins.consent_link(connector)?))
}

async fn open_page(
    sign_ins: &SignIns,
    visit: &Visit,
    open: OpenLink,
    path: String,
    too_many: bool,
) -> Result<Page, Failure> {
    let appearance = visit.appearances.of_organisation(open.link.organisation).await?;
    let view = ConnectView {
        asker: asker_of(sign_ins, &open.connector, appearance)?,
        language: visit.language,
        path,
        expected: open.email().map(str::to_owned),
        again: open.account.is_some(),
        expires_at: open.link.expires_at,
        too_many,
    };
    Ok(view.page())
}

async fn closed_page(visit: &Visit, closed: ClosedLink, path: String) -> Result<Page, Failure> {
    let appearance = appearance_of(&visit.appearances, closed.organisation).await?;
    let problem = match closed.problem {
        LinkProblem::Unknown => BrokenLink::Unknown,
        LinkProblem::Used => BrokenLink::Used,
        LinkProblem::Expired => BrokenLink::Expired,
        LinkProblem::Revoked => BrokenLink::Revoked,
        LinkProblem::ConnectorUnavailable => BrokenLink::Unavailable,
        LinkProblem::Exhausted => BrokenLink::Exhausted,
    };
    Ok(BrokenLinkView { problem, appearance, language: visit.language, path }.page())
}

/// The answer to the start of a sign-in.
async fn started_page(
    sign_ins: &SignIns,
    visit: &Visit,
    started: LinkStart,
    path: String,
) -> Result<Page, Failure> {
    match started {
        LinkStart::Started(started) => {
            let StartedByLink { authorize_url, open } = *started;
            let appearance = visit.appearances.of_organisation(open.link.organisation).await?;
            let asker = asker_of(sign_ins, &open.connector, appearance)?;
            let (language, host) = (visit.language, host_of(&authorize_url));
            Ok(LeavingView { asker, language, path, url: authorize_url, host }.page())
        }
        LinkStart::TooMany(open) => open_page(sign_ins, visit, *open, path, true).await,
        LinkStart::Closed(closed) => closed_page(visit, closed, path).await,
    }
}

/// How the trip ended, for the person who signed in.
fn ending_of(outcome: &LinkOutcome) -> Ending {
    let LinkOutcome { attempt, connector, progress, expected, confirmation, .. } = outcome;
    let failed = || Ending::Failed { reference: attempt.id.to_string() };
    let outcome = match progress {
        Progress::Checking => return Ending::Checking,
        Progress::Open | Progress::Interrupted => return Ending::Interrupted,
        Progress::Abandoned => return Ending::TooLate,
        Progress::Ended(outcome) => outcome,
    };
    match outcome {
        Outcome::Connected { email, missing, .. } => {
            Ending::Connected { email: email.clone(), missing: missing.clone() }
        }
        Outcome::Unconfirmed { email, missing } => {
            let (email, missing) = (email.clone(), missing.clone());
            match confirmation {
                Some(ConfirmationState::Waiting(_)) => Ending::Unconfirmed { email, missing },
                Some(ConfirmationState::Confirmed(_)) => Ending::Connected { email, missing },
                Some(ConfirmationState::Over) | None => Ending::NotConfirmed,
            }
        }
        Outcome::NotConnected { why, account } => match why {
            ConnectProblem::UnexpectedMailbox | ConnectProblem::WrongAccount => {
                let expected = expected.clone().unwrap_or_default();
                Ending::UnexpectedMailbox { account: account.clone(), expected }
            }
            ConnectProblem::OtherConnector | ConnectProblem::AccountAlreadyConnected => {
                Ending::OtherConnector { email: account.clone() }
            }
            ConnectProblem::NoMailbox => Ending::NoMailbox { email: account.clone() },
            ConnectProblem::NoSubject | ConnectProblem::NoRefreshToken => Ending::Incomplete,
            ConnectProblem::LinkUsed => Ending::Link(BrokenLink::Used),
            ConnectProblem::LinkExpired => Ending::Link(BrokenLink::Expired),
            ConnectProblem::LinkRevoked => Ending::Link(BrokenLink::Revoked),
        },
        Outcome::Failed { why, provider: said } => {
            // The provider's codes choose the words only.
            let needs_approval = || {
                let diagnosis = diagnose(&*connector.provider, why, said.as_ref());
                let mut causes = diagnosis.causes.iter().map(|cause| cause.remedy == Remedy::Consent);
                // A person who stops the sign-in gets the same error as one who may not consent.
                if outcome.is_denied() {
                    causes.next() == Some(true)
                } else {
                    causes.any(|is_consent| is_consent)
                }
            };
            match why {
                SignInProblem::Expired => Ending::TooLate,
                SignInProblem::ConnectorChanged => Ending::ConnectorChanged,
                SignInProblem::Superseded
                | SignInProblem::EndedByOperator
                | SignInProblem::NotAllowed
                | SignInProblem::LoggedOut => Ending::Interrupted,
                SignInProblem::Provider(RefusalKind::PermissionsMissing(missing)) => {
                    Ending::PermissionsMissing(missing.clone())
                }
                SignInProblem::Provider(
                    RefusalKind::Unavailable
                    | RefusalKind::Unreachable
                    | RefusalKind::Slow
                    | RefusalKind::Throttled(_),
                ) => Ending::Unreachable,
                SignInProblem::Provider(_) if needs_approval() => Ending::ApprovalNeeded,
                SignInProblem::Provider(RefusalKind::Denied) => Ending::Cancelled,
                SignInProblem::Provider(_)
                | SignInProblem::SecretUnreadable
                | SignInProblem::AttemptUnreadable => failed(),
            }
        }
        // A link never verifies a connector.
        Outcome::Verified { .. } => failed(),
    }
}
