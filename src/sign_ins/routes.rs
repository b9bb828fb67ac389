//! The handlers of sign-ins: starting one, the callback, the page of an outcome, and pasted errors.

mod try_again;

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
    callback::{Approval, Callback, Malformed},
    model::FINDABLE,
    pages::{
        ConsentPage, DoubledPage, Foreign, Leaving, NotNow, Offers, ShownPage, ShownView, SignInPage,
        TenantPage,
    },
    pasted_error,
    service::{AttemptId, Progress, Returned, SignIns},
};
use crate::{
    connectors::{
        consent,
        draft::Draft,
        guide::portal::Portal,
        model::{AccountType, Tenant},
        said::{Done, Said},
        service::{Changed, Connector, ConnectorId, ConnectorService},
    },
    log_in::service::Browser,
    people::access::{Admin, Member},
    platform::{
        config::{Config, PublicUrl},
        cookies,
        failure::Failure,
        page::{Page, Then},
        randomness::{Randomness, SharedRandomness, Token},
    },
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

/// The form that changes the account type and tries again.
#[derive(Deserialize)]
pub struct RetryForm {
    #[serde(default)]
    version: String,
    #[serde(default)]
    account_type: String,
    #[serde(default)]
    tenant: String,
}

/// `POST /connectors/{id}/retry`: changes the account type, and starts a sign-in.
#[expect(clippy::too_many_arguments, reason = "a handler asks for what it needs, one by one")]
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
    let connector = connectors.get(&admin, id).await?;
    let version: i64 = form.version.parse().map_err(|_| Failure::BadRequest)?;
    let account_type = AccountType::from_name(&form.account_type).ok_or(Failure::BadRequest)?;
    let tenant = match account_type.needs_tenant().then(|| Tenant::parse(&form.tenant)).transpose() {
        Ok(tenant) => tenant,
        Err(words) => {
            let page = Page::new("Tenant", move || {
                let (connector, typed) = (connector.clone(), form.tenant.clone());
                view! { <TenantPage connector=connector typed=typed error=words.to_owned() /> }.into_any()
            });
            return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
        }
    };
    let changed = connectors.change_audience(&admin, id, version, account_type, tenant.clone()).await?;
    match changed {
        Changed::Changed | Changed::Nothing => {
            leave(&sign_ins, &config, &*randomness, &admin, id, &headers).await
        }
        // Another administrator has changed the connector since then; its page shows the present values.
        Changed::Outdated | Changed::NameTaken => {
            let said = Said { connector: id, done: Done::Outdated, warning: None, finding: None };
            said.keep(&session, connectors.now()).await?;
            Ok(Redirect::to(&format!("/connectors/{id}")).into_response())
        }
        // The stored secret must not be sent for another tenant, so the edit form asks for the secret.
        Changed::SecretNeeded => {
            let draft = Draft::for_audience(&connector, account_type, tenant.as_ref());
            draft.keep(&session, connectors.now()).await?;
            Ok(Redirect::to(&draft.target.path()).into_response())
        }
    }
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
    let host = Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let (to, host, connector) = (url.clone(), host.unwrap_or_default(), started.connector);
    let page = Page::new("Sign in", move || {
        view! { <Leaving url=url.clone() host=host.clone() connector=connector.clone() /> }.into_any()
    })
    .narrow()
    .then(Then::GoTo(to));

    let value = cookies::set(&config.public_url, BINDING, binding.expose(), FINDABLE)?;
    let mut response = page.into_response();
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(response)
}

/// `GET /api/connectors`: the redirect from the provider. A callback that does not belong to this browser always gets
/// the same page, so that an attacker learns nothing from it.
pub async fn callback(
    State(sign_ins): State<SignIns>,
    State(config): State<Arc<Config>>,
    Extension(browser): Extension<Browser>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let binding = binding(&headers, &config.public_url);
    let answer = answer(&sign_ins, &browser, query.as_deref(), binding).await;
    answer.unwrap_or_else(|failure| match (&failure, failure.retry_after()) {
        // The attempt is not consumed, so this address still works. The general page would lead away from it.
        (Failure::Unavailable(error), Some(seconds)) => {
            tracing::error!(%error, "a callback could not be taken");
            let page = Page::new("Sign-in", || view! { <NotNow /> }.into_any()).narrow();
            let page = page.with_status(StatusCode::SERVICE_UNAVAILABLE);
            ([(header::RETRY_AFTER, seconds)], page).into_response()
        }
        _ => failure.into_response(),
    })
}

async fn answer(
    sign_ins: &SignIns,
    browser: &Browser,
    query: Option<&str>,
    binding: Option<Token>,
) -> Result<Response, Failure> {
    let foreign = || {
        Page::new("Sign-in", || view! { <Foreign /> }.into_any())
            .narrow()
            .with_status(StatusCode::BAD_REQUEST)
            .into_response()
    };
    Ok(match Callback::parse(query.unwrap_or_default()) {
        Err(malformed) => {
            // The values are not logged: an attacker may have written them.
            tracing::warn!(reason = %malformed, "a callback cannot be read");
            if malformed == Malformed::Doubled {
                Page::new("Sign-in", || view! { <DoubledPage /> }.into_any())
                    .narrow()
                    .with_status(StatusCode::BAD_REQUEST)
                    .into_response()
            } else {
                foreign()
            }
        }
        Ok(Callback::Approval(approval)) => approved_or_not(approval),
        Ok(Callback::SignIn(sign_in)) => {
            let taken = sign_ins.take(sign_in, binding.as_ref(), browser.address, browser.request_id).await?;
            match taken {
                Returned::Own(id) => Redirect::to(&format!("/sign-ins/{id}")).into_response(),
                Returned::Foreign => foreign(),
            }
        }
    })
}

/// The page for an administrator who comes back from approving or refusing permissions. An attacker can write such an
/// address, so its values are shown as text and never trusted.
fn approved_or_not(Approval { refused }: Approval) -> Response {
    if let Some(said) = &refused {
        let error = said.known_error().unwrap_or("another");
        tracing::warn!(error, codes = ?said.codes, "permissions were not approved at the provider");
    }
    Page::new("Permissions", move || view! { <ConsentPage refused=refused.clone() /> }.into_any())
        .narrow()
        .into_response()
}

/// `GET /sign-ins/{id}`: the outcome, shown to the user who started the sign-in.
pub async fn show(
    State(sign_ins): State<SignIns>,
    State(config): State<Arc<Config>>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let id: AttemptId = id.parse().map_err(|_| Failure::NotFound)?;
    let (sign_in, connector) = sign_ins.get(&member.admin()?, id).await?;
    let checking = sign_in.progress == Progress::Checking;
    let offers = offers(&config, &connector);
    let page = Page::new("Sign-in", move || {
        let (sign_in, connector, offers) = (sign_in.clone(), connector.clone(), offers.clone());
        view! { <SignInPage sign_in=sign_in connector=connector offers=offers /> }.into_any()
    });
    Ok(if checking { page.then(Then::Reload(2)) } else { page })
}

fn offers(config: &Config, connector: &Connector) -> Offers {
    let redirect_uri = config.public_url.redirect_uri();
    let approval = consent::of(&config.microsoft, &redirect_uri, connector);
    let portal = Portal::of(&config.microsoft);
    Offers { redirect_uri, approval, portal }
}

/// The form with a pasted error.
#[derive(Deserialize)]
pub struct ShownForm {
    #[serde(default)]
    shown: String,
    #[serde(default)]
    registered: String,
}

/// `GET /connectors/{id}/pasted-error`: asks for an error that Microsoft showed on its own page.
pub async fn ask_for_error(
    State(connectors): State<ConnectorService>,
    State(config): State<Arc<Config>>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?;
    let connector = connectors.get(&admin, id).await?;
    let offers = offers(&config, &connector);
    Ok(shown_page(ShownView { connector, offers, pasted: None, registered: String::new() }))
}

/// `POST /connectors/{id}/pasted-error`: explains an error. The pasted text is used only for the answer.
pub async fn explain_error(
    State(connectors): State<ConnectorService>,
    State(config): State<Arc<Config>>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
    Form(form): Form<ShownForm>,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?;
    let connector = connectors.get(&admin, id).await?;
    let offers = offers(&config, &connector);
    let pasted = pasted_error::read(&form.shown);
    let understood = pasted.code.is_some();
    let text: String = form.shown.chars().take(pasted_error::MAX).collect();
    let pasted = Some((text, pasted));
    let page = shown_page(ShownView { connector, offers, pasted, registered: form.registered });
    Ok(if understood { page } else { page.with_status(StatusCode::UNPROCESSABLE_ENTITY) })
}

fn shown_page(model: ShownView) -> Page {
    Page::new("Microsoft’s error", move || view! { <ShownPage model=model.clone() /> }.into_any())
}
