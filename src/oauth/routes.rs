//! The way out, the redirect back, and the outcome's page.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header};
use leptos::prelude::*;
use url::Url;

use super::{
    callback::Callback,
    model::FINDABLE,
    pages::{AdminConsent, Foreign, Leaving, SignInPage},
    service::{AttemptId, Progress, Returned, SignIns},
};
use crate::{
    connectors::service::ConnectorId,
    login::service::Browser,
    people::access::Member,
    platform::{
        config::{Config, PublicUrl},
        cookies,
        failure::Failure,
        page::{Page, Then},
        randomness::{SharedRandomness, Token},
    },
};

/// The binding cookie: says which browser an attempt was started in.
const BINDING: &str = "sign_in";

fn binding(headers: &HeaderMap, public_url: &PublicUrl) -> Option<Token> {
    cookies::read(headers, public_url, BINDING).and_then(|value| Token::parse(&value))
}

/// `POST /connectors/{id}/verify`: answers 200 with a small page that goes on by itself. Not a redirect:
/// browsers apply `form-action` to the whole chain that follows a form, and the provider's is unknown.
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
    // One for each browser, renewed at each start: several sign-ins may be open side by side.
    let binding = binding(&headers, &config.public_url).unwrap_or_else(|| Token::random(&*randomness));
    let started = sign_ins.start(&admin, id, &binding).await?;

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

/// `GET /api/connectors`: the redirect from the provider. What is not this browser's own gets one and
/// the same page, whatever is wrong with it: an attacker learns nothing from it.
pub async fn callback(
    State(sign_ins): State<SignIns>,
    State(config): State<Arc<Config>>,
    Extension(browser): Extension<Browser>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let binding = binding(&headers, &config.public_url);
    let answer = answer(&sign_ins, &browser, query.as_deref(), binding).await;
    answer.unwrap_or_else(IntoResponse::into_response)
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
        None => foreign(),
        Some(Callback::AdminConsent { approved }) => {
            Page::new("Permissions", move || view! { <AdminConsent approved=approved /> }.into_any())
                .narrow()
                .into_response()
        }
        Some(Callback::SignIn(sign_in)) => {
            let taken = sign_ins.take(sign_in, binding.as_ref(), browser.address, browser.reference).await?;
            match taken {
                Returned::Own(id) => Redirect::to(&format!("/sign-ins/{id}")).into_response(),
                Returned::Foreign => foreign(),
            }
        }
    })
}

/// `GET /sign-ins/{id}`: the outcome, shown to whoever started it.
pub async fn show(
    State(sign_ins): State<SignIns>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let id: AttemptId = id.parse().map_err(|_| Failure::NotFound)?;
    let (attempt, progress, connector) = sign_ins.get(&member.admin()?, id).await?;
    let checking = progress == Progress::Checking;
    let page = Page::new("Sign-in", move || {
        view! {
            <SignInPage
                attempt=attempt.clone()
                progress=progress.clone()
                connector=connector.clone()
            />
        }
        .into_any()
    });
    Ok(if checking { page.then(Then::Reload(2)) } else { page })
}
