//! The handlers of sign-ins: starting one, the callback, the page of an outcome, and pasted errors.

pub mod connect;
pub mod consent;
mod try_again;
mod visit;

use std::sync::Arc;

use axum::{
    Extension, Form,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header};
use leptos::prelude::*;
use serde::Deserialize;
use tower_sessions::Session;
use url::Url;

pub use try_again::try_again;

use super::{
    callback::{Approval, Callback, Malformed, NotApproved},
    model::FINDABLE,
    pages::{
        ALLOWED, AskPage, ConsentPage, DOUBLED, DoubledPage, FOREIGN, Foreign, Headline, Leaving, MAX_PASTED,
        NOT_ALLOWED, NOT_NOW, NotNow, Offers, ShownPage, ShownView, SignInPage,
        connect::{foreign_page, language_of},
        leaving_title,
    },
    service::{AttemptId, CallbackOwner, Progress, SignIns},
};
use crate::{
    accounts::service::appearance::Appearances,
    connectors::{
        change_notice::{ChangeMade, ChangeNotice},
        draft::{Confirmation, Draft},
        service::{Changed, ConnectorId, ConnectorService},
    },
    log_in::service::Browser,
    people::access::{Admin, Member},
    platform::{
        config::{Config, PublicUrl},
        cookies,
        failure::Failure,
        language::Language,
        page::{Page, Then},
        randomness::{Randomness, SharedRandomness, Token},
    },
    providers::{Providers, Values},
};

/// The name of the binding cookie. It proves which browser started an attempt.
const BINDING: &str = cookies::SIGN_IN;

fn binding(headers: &HeaderMap, public_url: &PublicUrl) -> Option<Token> {
    cookies::read(headers, public_url, BINDING).and_then(|value| Token::parse(&value))
}

/// `POST /connectors/{id}/verify`: answers 200 with a small page that continues to the provider by itself. A redirect
/// would not work: browsers apply `form-action` to all redirects after a form, and those of the provider are unknown.
pub async fn verify(
    State(sign_ins): State<SignIns>,
    State(config): State<Arc<Config>>,
    State(randomness): State<SharedRandomness>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let admin = member.admin()?;
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    leave(&sign_ins, &config, &*randomness, &admin, id, &headers).await
}

/// The form that changes settings of the provider's own and tries again.
#[derive(Deserialize)]
pub struct RetryForm {
    #[serde(default)]
    version: String,
    /// The settings, by the name of the field.
    #[serde(flatten)]
    settings: Values,
}

/// `POST /connectors/{id}/retry`: changes settings of the provider's own, and starts a sign-in.
#[expect(clippy::too_many_arguments, reason = "each parameter is an extractor")]
pub async fn retry(
    State(sign_ins): State<SignIns>,
    State(connectors): State<ConnectorService>,
    State(config): State<Arc<Config>>,
    State(randomness): State<SharedRandomness>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<RetryForm>,
) -> Result<Response, Failure> {
    let admin = member.admin()?.reauthenticated()?;
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    // First, so that a user of another organisation learns nothing from the checks of the other fields.
    let connector = connectors.get(&admin.caller(), id).await?;
    let version: i64 = form.version.parse().map_err(|_| Failure::BadRequest)?;
    let application = match connector.provider.parse_application(&connector.client_id, &form.settings) {
        Ok(application) => application,
        Err(errors) => {
            // The first one, because later fields may depend on it. A mistake that no page asks about was not typed.
            let (field, words) = *errors.first().ok_or(Failure::BadRequest)?;
            let change = connector.provider.change_asking(field).ok_or(Failure::BadRequest)?;
            let ask = change.asks.ok_or(Failure::BadRequest)?;
            let typed = form.settings.get(field).cloned().unwrap_or_default();
            let title = format!("Error: {} · {}", ask.title, connector.service_name.as_str());
            let page = Page::new(title, move || {
                let error = words.to_owned();
                view! { <AskPage change=change ask=ask connector=connector typed=typed error=error /> }
                    .into_any()
            });
            return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
        }
    };
    let changed = connectors.change_settings(&admin, id, version, application.clone()).await?;
    match changed {
        Changed::Changed | Changed::Nothing => {
            leave(&sign_ins, &config, &*randomness, &admin, id, &headers).await
        }
        // Another administrator has changed the connector since then; its page shows the present values.
        Changed::Outdated | Changed::NameTaken | Changed::SecretGone => {
            let notice =
                ChangeNotice { connector: id, done: ChangeMade::Outdated, warning: None, finding: None };
            notice.keep_in_session(&session, connectors.now()).await?;
            Ok(Redirect::to(&format!("/connectors/{id}")).into_response())
        }
        // The stored secret must not be sent for other settings that it belongs to, and accounts must not lose their access
        // by one click. So the edit form asks for the secret or the Service Name.
        Changed::SecretNeeded | Changed::NameNeeded => {
            let needs_name = changed == Changed::NameNeeded;
            let confirmation = if needs_name { Confirmation::Needed } else { Confirmation::NotNeeded };
            let draft = Draft { confirmation, ..Draft::with_settings(&connector, application.values()) };
            draft.keep_in_session(&session, connectors.now()).await?;
            Ok(Redirect::to(&draft.target.path()).into_response())
        }
    }
}

/// Answers with a page that sends the browser to the provider, and renews the binding cookie.
fn bind(mut response: Response, config: &Config, binding: &Token) -> Result<Response, Failure> {
    let value = cookies::set(&config.public_url, BINDING, binding.expose(), FINDABLE)?;
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(response)
}

/// The host of the provider's address.
fn host_of(url: &str) -> String {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_default()
}

/// Starts a sign-in, and answers with the page that sends the browser to the provider.
async fn leave(
    sign_ins: &SignIns,
    config: &Config,
    randomness: &dyn Randomness,
    admin: &Admin,
    id: ConnectorId,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    // Each browser has one binding, and each start renews its cookie: a browser may have several open sign-ins.
    let binding = binding(headers, &config.public_url).unwrap_or_else(|| Token::random(randomness));
    let started = sign_ins.start(admin, id, &binding).await?;

    let url = started.authorize_url;
    let (to, host, connector) = (url.clone(), host_of(&url), started.connector);
    let title = format!("{} · {}", leaving_title(&host), connector.service_name.as_str());
    let page = Page::new(title, move || {
        view! { <Leaving url=url.clone() host=host.clone() connector=connector.clone() /> }.into_any()
    })
    .narrow()
    .then(Then::GoTo(to));

    bind(page.into_response(), config, &binding)
}

/// `GET /api/connectors`: the redirect from the provider. A callback that does not belong to this browser always gets
/// the same page, so that an attacker learns nothing from it.
pub async fn callback(
    State(sign_ins): State<SignIns>,
    State(config): State<Arc<Config>>,
    State(providers): State<Providers>,
    State(appearances): State<Appearances>,
    Extension(browser): Extension<Browser>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let binding = binding(&headers, &config.public_url);
    // The query is the provider's, so only the cookie and the browser choose the language.
    let language = language_of(&headers, &config.public_url, None);
    let services = (&sign_ins, &providers, &appearances);
    let answer = answer(services, &browser, query.as_deref(), binding, language).await;
    answer.unwrap_or_else(|failure| match (&failure, failure.retry_after()) {
        // The attempt is not consumed, so this address still works. The general page would lead away from it.
        (Failure::Unavailable(error), Some(seconds)) => {
            tracing::error!(%error, "could not accept a callback");
            let provider = providers.only().cloned();
            let page = Page::new(NOT_NOW, move || view! { <NotNow provider=provider /> }.into_any()).narrow();
            let page = page.with_status(StatusCode::SERVICE_UNAVAILABLE);
            ([(header::RETRY_AFTER, seconds)], page).into_response()
        }
        _ => failure.into_response(),
    })
}

async fn answer(
    (sign_ins, providers, appearances): (&SignIns, &Providers, &Appearances),
    browser: &Browser,
    query: Option<&str>,
    binding: Option<Token>,
    language: Language,
) -> Result<Response, Failure> {
    let foreign = || {
        if language != Language::English {
            return foreign_page(language).into_response();
        }
        let provider = providers.only().cloned();
        Page::new(FOREIGN, move || view! { <Foreign provider=provider /> }.into_any())
            .narrow()
            .with_status(StatusCode::BAD_REQUEST)
            .into_response()
    };
    Ok(match Callback::parse(query.unwrap_or_default()) {
        Err(malformed) => {
            // The values are not logged: an attacker may have written them.
            tracing::warn!(reason = %malformed, "a callback cannot be read");
            if malformed == Malformed::Doubled {
                let provider = providers.only().cloned();
                Page::new(DOUBLED, move || view! { <DoubledPage provider=provider /> }.into_any())
                    .narrow()
                    .with_status(StatusCode::BAD_REQUEST)
                    .into_response()
            } else {
                foreign()
            }
        }
        Ok(Callback::Approval(approval)) => {
            let of_link = match &approval.trip {
                Some(trip) => {
                    let (refused, binding) = (approval.refused.as_ref(), binding.as_ref());
                    let (address, request_id) = (browser.address, browser.request_id);
                    let back = consent::Returned { trip, refused, binding, address, request_id, language };
                    consent::come_back(sign_ins, appearances, back).await?
                }
                None => None,
            };
            match of_link {
                Some(response) => response,
                None => approved_or_not(sign_ins, providers, &approval).await.unwrap_or_else(foreign),
            }
        }
        Ok(Callback::SignIn(parameters)) => {
            let (address, request_id) = (browser.address, browser.request_id);
            match sign_ins.accept_callback(parameters, binding.as_ref(), address, request_id).await? {
                CallbackOwner::Own { id, is_of_link: true } => {
                    Redirect::to(&connect::outcome_path(id)).into_response()
                }
                CallbackOwner::Own { id, is_of_link: false } => {
                    Redirect::to(&format!("/sign-ins/{id}")).into_response()
                }
                CallbackOwner::Foreign => foreign(),
            }
        }
    })
}

/// The page for an administrator who comes back from approving or refusing permissions. An attacker can write such an
/// address, so its values are shown as text and never trusted. `None` if there is no provider.
async fn approved_or_not(
    sign_ins: &SignIns,
    providers: &Providers,
    Approval { refused, reference, .. }: &Approval,
) -> Option<Response> {
    let raw = refused.as_ref().map(NotApproved::raw);
    let request = match reference {
        // The approval at the provider counts even if our database cannot be read. The page then names no one.
        Some(reference) => sign_ins.consent_request(reference).await.unwrap_or_else(|failure| {
            failure.log();
            None
        }),
        None => None,
    };
    // Without our reference the address does not name the provider, so the words of the error do.
    let by_words = || providers.of_consent(raw.as_ref()).cloned();
    let provider = request.as_ref().map(|request| request.provider.clone()).or_else(by_words);
    let provider = provider?;
    let refused = raw.map(|raw| provider.read_words(&raw));
    if let Some(said) = &refused {
        let error = said.known_error().unwrap_or("another");
        tracing::warn!(error, codes = ?said.codes, "permissions were not approved at the provider");
    }
    let title = if refused.is_some() { NOT_ALLOWED } else { ALLOWED };
    let page = Page::new(title, move || {
        view! { <ConsentPage provider=provider request=request refused=refused /> }.into_any()
    });
    Some(page.narrow().into_response())
}

/// `GET /sign-ins/{id}`: the outcome, shown to the user who started the sign-in.
pub async fn show(
    State(connectors): State<ConnectorService>,
    State(sign_ins): State<SignIns>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let id: AttemptId = id.parse().map_err(|_| Failure::NotFound)?;
    let (sign_in, connector) = sign_ins.get(&member.admin()?, id).await?;
    let has_accounts = connectors.count_accounts(&member.caller(), connector.id).await?.number > 0;
    let checking = sign_in.progress == Progress::Checking;
    let offers = Offers::of(&sign_ins, &connector, &member)?;
    let headline = Headline::of(&sign_in, &connector);
    let title = format!("{} · {}", headline.words, connector.service_name.as_str());
    let page = Page::new(title, move || {
        let (sign_in, connector, offers) = (sign_in.clone(), connector.clone(), offers.clone());
        view! { <SignInPage sign_in=sign_in connector=connector offers=offers has_accounts=has_accounts /> }
            .into_any()
    });
    Ok(if checking { page.then(Then::Reload(2)) } else { page })
}

/// The form with a pasted error.
#[derive(Deserialize)]
pub struct ShownForm {
    #[serde(default)]
    shown: String,
    #[serde(default)]
    registered: String,
}

/// `GET /connectors/{id}/pasted-error`: asks for an error that the provider showed on its own page.
pub async fn ask_for_error(
    State(connectors): State<ConnectorService>,
    State(sign_ins): State<SignIns>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?;
    let connector = connectors.get(&admin.caller(), id).await?;
    let offers = Offers::of(&sign_ins, &connector, &member)?;
    Ok(shown_page(ShownView { connector, offers, pasted: None, registered: String::new() }))
}

/// `POST /connectors/{id}/pasted-error`: explains an error. The pasted text is used only for the answer.
pub async fn explain_error(
    State(connectors): State<ConnectorService>,
    State(sign_ins): State<SignIns>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
    Form(form): Form<ShownForm>,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?;
    let connector = connectors.get(&admin.caller(), id).await?;
    let offers = Offers::of(&sign_ins, &connector, &member)?;
    let text: String = form.shown.chars().take(MAX_PASTED).collect();
    let pasted = connector.provider.read_pasted(&text);
    let understood = pasted.is_understood;
    let pasted = Some((text, pasted));
    let page = shown_page(ShownView { connector, offers, pasted, registered: form.registered });
    Ok(if understood { page } else { page.with_status(StatusCode::UNPROCESSABLE_ENTITY) })
}

fn shown_page(model: ShownView) -> Page {
    let title = format!("{} · {}", model.title(), model.connector.service_name.as_str());
    Page::new(title, move || view! { <ShownPage model=model.clone() /> }.into_any())
}
