//! The handlers of `/connect`: the page behind a link, the start of a sign-in with it, and the page of its outcome. The
//! reader has no user here. GET and HEAD change nothing, because mail programs and chat tools fetch links.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};

use super::{bind, binding, host_of};
use crate::{
    accounts::service::{
        appearance::{Appearance, Appearances},
        links::{ClosedLink, ConnectLinks, LinkProblem, OpenLink, confirming::ConfirmationState},
    },
    connectors::service::Connector,
    log_in::service::Browser,
    platform::{
        config::Config,
        failure::Failure,
        language::Language,
        page::Page,
        randomness::{SharedRandomness, Token},
    },
    providers::{RefusalKind, diagnosis::Remedy},
    sign_ins::{
        diagnosis::diagnose,
        model::{ConnectProblem, Outcome, SignInProblem},
        pages::connect::{
            Asker, BrokenLink, BrokenLinkView, ConnectView, Ending, LeavingView, OutcomeView, Return,
            chosen_in, foreign_page, language_of, remember_language,
        },
        service::{AttemptId, LinkOutcome, LinkStart, Progress, SignIns, StartedByLink},
    },
};

/// The path of the outcome of a sign-in that a link has started.
pub(super) fn outcome_path(id: AttemptId) -> String {
    format!("/connect/outcome/{id}")
}

/// The path of the page of a link. For a text that is no token it is that of an unknown link.
fn link_path(token: Option<&Token>) -> String {
    format!("/connect/{}", token.map_or("-", Token::expose))
}

/// `GET /connect/{token}`: who asks for which permissions, and a button to continue.
pub async fn show(
    State(sign_ins): State<SignIns>,
    State(links): State<ConnectLinks>,
    State(appearances): State<Appearances>,
    State(config): State<Arc<Config>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let language = language_of(&headers, &config.public_url, query.as_deref());
    let token = Token::from_link(&token);
    let path = link_path(token.as_ref());
    let opened = match &token {
        Some(token) => links.open(token).await?,
        None => Err(ClosedLink { problem: LinkProblem::Unknown, organisation: None }),
    };
    let page = match opened {
        Ok(open) => open_page(&sign_ins, &appearances, open, language, path, false).await?,
        Err(closed) => closed_page(&appearances, closed, language, path).await?,
    };
    remember(page.into_response(), &config, query.as_deref())
}

/// `POST /connect/{token}`: starts a sign-in in this browser, and answers with a page that sends it to the provider.
#[expect(clippy::too_many_arguments, reason = "each parameter is an extractor")]
pub async fn start(
    State(sign_ins): State<SignIns>,
    State(appearances): State<Appearances>,
    State(config): State<Arc<Config>>,
    State(randomness): State<SharedRandomness>,
    Extension(browser): Extension<Browser>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let language = language_of(&headers, &config.public_url, query.as_deref());
    let token = Token::from_link(&token);
    let path = link_path(token.as_ref());
    // Each browser has one binding, and each start renews its cookie: a browser may have several open sign-ins.
    let binding = binding(&headers, &config.public_url).unwrap_or_else(|| Token::random(&*randomness));
    let started = match &token {
        Some(token) => sign_ins.start_by_link(token, &binding, browser.address).await?,
        None => LinkStart::Closed(ClosedLink { problem: LinkProblem::Unknown, organisation: None }),
    };
    let page = started_page(&sign_ins, &appearances, started, language, path).await?;
    remember(bind(page.into_response(), &config, &binding)?, &config, query.as_deref())
}

/// `GET /connect/outcome/{id}`: the outcome of a sign-in, for the browser that started it.
pub async fn show_outcome(
    State(sign_ins): State<SignIns>,
    State(appearances): State<Appearances>,
    State(config): State<Arc<Config>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let language = language_of(&headers, &config.public_url, query.as_deref());
    let own = id.parse::<AttemptId>().ok().zip(binding(&headers, &config.public_url));
    let Some((id, binding)) = own else { return Ok(not_here(language)) };
    let outcome = match sign_ins.link_outcome(id, &binding).await {
        Ok(outcome) => outcome,
        Err(Failure::NotFound) => return Ok(not_here(language)),
        Err(failure) => return Err(failure),
    };
    let appearance = appearances.of_organisation(outcome.attempt.organisation).await?;
    let asker = asker_of(&sign_ins, &outcome.connector, appearance)?;
    let ending = ending_of(&outcome);
    let path = outcome_path(id);
    let again = outcome.can_start.then(|| path.clone());
    let returns = outcome.returns.map(|signed| Return { url: signed.url, host: signed.host });
    let page = OutcomeView { asker, language, path, ending, again, returns }.page();
    remember(page.into_response(), &config, query.as_deref())
}

/// `POST /connect/outcome/{id}`: starts another sign-in with the same link, in the browser that started this one. The
/// address of the link is not stored, so the page of an outcome cannot lead back to it.
pub async fn start_again(
    State(sign_ins): State<SignIns>,
    State(appearances): State<Appearances>,
    State(config): State<Arc<Config>>,
    Extension(browser): Extension<Browser>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let language = language_of(&headers, &config.public_url, query.as_deref());
    let own = id.parse::<AttemptId>().ok().zip(binding(&headers, &config.public_url));
    let Some((id, binding)) = own else { return Ok(not_here(language)) };
    let started = match sign_ins.start_again(id, &binding, browser.address).await {
        Ok(started) => started,
        Err(Failure::NotFound) => return Ok(not_here(language)),
        Err(failure) => return Err(failure),
    };
    let page = started_page(&sign_ins, &appearances, started, language, outcome_path(id)).await?;
    remember(bind(page.into_response(), &config, &binding)?, &config, query.as_deref())
}

/// The page for a browser that has not started the sign-in, or more than an hour ago. It is the same for ids that exist
/// and those that do not.
fn not_here(language: Language) -> Response {
    foreign_page(language).with_status(StatusCode::NOT_FOUND).into_response()
}

/// The response with the language that the reader has chosen in the address, if any.
pub(super) fn remember(
    mut response: Response,
    config: &Config,
    query: Option<&str>,
) -> Result<Response, Failure> {
    if let Some(chosen) = chosen_in(query) {
        let value = remember_language(&config.public_url, chosen)?;
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

fn asker_of(sign_ins: &SignIns, connector: &Connector, appearance: Appearance) -> Result<Asker, Failure> {
    Ok(Asker::of(connector, appearance, sign_ins.consent_link(connector)?))
}

async fn open_page(
    sign_ins: &SignIns,
    appearances: &Appearances,
    open: OpenLink,
    language: Language,
    path: String,
    too_many: bool,
) -> Result<Page, Failure> {
    let appearance = appearances.of_organisation(open.link.organisation).await?;
    let view = ConnectView {
        asker: asker_of(sign_ins, &open.connector, appearance)?,
        language,
        path,
        expected: open.email().map(str::to_owned),
        again: open.account.is_some(),
        expires_at: open.link.expires_at,
        too_many,
    };
    Ok(view.page())
}

async fn closed_page(
    appearances: &Appearances,
    closed: ClosedLink,
    language: Language,
    path: String,
) -> Result<Page, Failure> {
    let appearance = match closed.organisation {
        Some(organisation) => Some(appearances.of_organisation(organisation).await?),
        None => None,
    };
    let problem = match closed.problem {
        LinkProblem::Unknown => BrokenLink::Unknown,
        LinkProblem::Used => BrokenLink::Used,
        LinkProblem::Expired => BrokenLink::Expired,
        LinkProblem::Revoked => BrokenLink::Revoked,
        LinkProblem::ConnectorUnavailable => BrokenLink::Unavailable,
        LinkProblem::Exhausted => BrokenLink::Exhausted,
    };
    Ok(BrokenLinkView { problem, appearance, language, path }.page())
}

/// The answer to the start of a sign-in.
async fn started_page(
    sign_ins: &SignIns,
    appearances: &Appearances,
    started: LinkStart,
    language: Language,
    path: String,
) -> Result<Page, Failure> {
    match started {
        LinkStart::Started(started) => {
            let StartedByLink { authorize_url, open } = *started;
            let appearance = appearances.of_organisation(open.link.organisation).await?;
            let asker = asker_of(sign_ins, &open.connector, appearance)?;
            let host = host_of(&authorize_url);
            Ok(LeavingView { asker, language, path, url: authorize_url, host }.page())
        }
        LinkStart::TooMany(open) => open_page(sign_ins, appearances, *open, language, path, true).await,
        LinkStart::Closed(closed) => closed_page(appearances, closed, language, path).await,
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
            ConnectProblem::WrongMailbox | ConnectProblem::WrongAccount => {
                let expected = expected.clone().unwrap_or_default();
                Ending::WrongMailbox { account: account.clone(), expected }
            }
            ConnectProblem::OtherConnector => Ending::OtherConnector { email: account.clone() },
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
