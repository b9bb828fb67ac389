//! `/login`, `/logout` and `/set-up/{token}`: plain routes. If something is wrong, a POST shows the page
//! again with an error status.

use std::sync::Arc;

use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use leptos::prelude::*;
use secrecy::SecretString;
use serde::Deserialize;
use time::Duration;
use tower_sessions::Session;

use super::{
    choosing::Chosen,
    devices::last_organisation,
    next::{Next, append_next, own_path},
    pages::{CodePage, LoginPage, LoginView, SetUpDone, SetUpPage, SetUpView, title_of},
    second_factor::wrong_code,
    service::{Browser, Credentials, LogInService, LoggedIn},
    set_up::{Founder, SetUp},
    throttle::WINDOW,
};
use crate::{
    people::{
        access::Member,
        model::{Email, OrganisationName, PersonName},
        service::People,
    },
    platform::{
        config::{Config, doctor::Doctor},
        failure::Failure,
        note::FormKept,
        page::Page,
        randomness::Token,
    },
    providers::Providers,
};

const HOME: &str = "/connectors";

fn login_page(view: LoginView) -> Page {
    let title = title_of("Log in", view.error.is_some());
    Page::new(title, move || view! { <LoginPage model=view /> }.into_any()).narrow()
}

/// The query of the log-in page besides `next`.
#[derive(Deserialize)]
pub struct LoginQuery {
    #[serde(default)]
    organisation: String,
}

/// The value of the organisation field; `None` if there is only one organisation.
async fn organisation_field(people: &People, typed: &str) -> Result<Option<String>, Failure> {
    let several = people.has_several_organisations().await?;
    Ok(several.then(|| typed.chars().take(254).collect()))
}

/// `GET /login`.
#[expect(clippy::too_many_arguments, reason = "each parameter is an extractor")]
pub async fn show_login(
    State(set_up): State<SetUp>,
    State(people): State<People>,
    State(config): State<Arc<Config>>,
    State(providers): State<Providers>,
    member: Option<Extension<Member>>,
    Query(Next { next }): Query<Next>,
    Query(LoginQuery { organisation }): Query<LoginQuery>,
    kept: Option<Extension<FormKept>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let next = own_path(&next);
    if member.is_some() {
        return Ok(Redirect::to(next.unwrap_or(HOME)).into_response());
    }
    let next = next.unwrap_or_default().to_owned();
    let not_set_up = set_up.is_awaited().await?;
    let kept = kept.is_some();
    let warnings = providers.redirect_warnings(&config.public_url);
    let doctor = Some(Doctor::new(&config.public_url, &headers, warnings));
    let last = || last_organisation(&headers, &config.public_url).unwrap_or_default();
    let organisation = if organisation.is_empty() { last() } else { organisation };
    let organisation = organisation_field(&people, &organisation).await?;
    Ok(login_page(LoginView { organisation, next, kept, not_set_up, doctor, ..LoginView::default() })
        .into_response())
}

/// Fields of the log-in form.
#[derive(Deserialize)]
pub struct LoginForm {
    #[serde(default)]
    organisation: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    next: String,
}

/// `POST /login`.
pub async fn log_in(
    State(log_ins): State<Arc<LogInService>>,
    State(people): State<People>,
    session: Session,
    Extension(browser): Extension<Browser>,
    Form(form): Form<LoginForm>,
) -> Result<Response, Failure> {
    let next = own_path(&form.next);
    let organisation = organisation_field(&people, &form.organisation).await?;
    let organisation_shown = organisation.is_some();
    let again = |error| LoginView {
        organisation,
        email: form.email.chars().take(254).collect(),
        next: next.unwrap_or_default().to_owned(),
        error: Some(error),
        ..LoginView::default()
    };
    let credentials =
        Credentials { organisation: form.organisation, email: form.email.clone(), password: form.password };
    let logged_in = match log_ins.log_in(&session, &credentials, &browser).await {
        Err(Failure::Busy(seconds)) => return Ok(busy(seconds, |words| login_page(again(words)))),
        logged_in => logged_in?,
    };
    match logged_in {
        LoggedIn::Yes => Ok(Redirect::to(next.unwrap_or(HOME)).into_response()),
        LoggedIn::CodeWanted => {
            Ok(Redirect::to(&append_next("/login/code", next.unwrap_or_default())).into_response())
        }
        LoggedIn::Refused | LoggedIn::LateCode(_) => {
            let words = if organisation_shown {
                "The organisation, the email or the password is wrong."
            } else {
                "The email or the password is wrong."
            };
            let view = again(words.to_owned());
            Ok(login_page(view).with_status(StatusCode::UNAUTHORIZED).into_response())
        }
        LoggedIn::TooMany(wait) => Ok(too_many(wait, |words| login_page(again(words)))),
    }
}

/// Answers 429 after too many wrong passwords, and says how long to wait. `page` makes the page from the message.
pub(super) fn too_many(wait: Duration, page: impl FnOnce(String) -> Page) -> Response {
    too_many_of("passwords", wait, page)
}

/// The same for something else that was wrong too often: its plural.
pub(super) fn too_many_of(what: &str, wait: Duration, page: impl FnOnce(String) -> Page) -> Response {
    let words = format!("Too many wrong {what}. Try again in {}.", format_minutes(wait));
    let page = page(words).with_status(StatusCode::TOO_MANY_REQUESTS);
    let seconds = HeaderValue::from(wait.whole_seconds().max(1));
    ([(header::RETRY_AFTER, seconds)], page).into_response()
}

/// Answers 429 to a form that was sent too often, whether right or wrong. `page` makes the page from the
/// message.
pub(super) fn too_often(page: impl FnOnce(String) -> Page) -> Response {
    let words =
        format!("This form was sent too often. Nothing was done. Try again in {}.", format_minutes(WINDOW));
    let page = page(words).with_status(StatusCode::TOO_MANY_REQUESTS);
    ([(header::RETRY_AFTER, HeaderValue::from(WINDOW.whole_seconds()))], page).into_response()
}

/// Answers 503 because the server is busy. `page` makes the page from the message; it keeps the typed fields
/// except secrets.
pub(super) fn busy(seconds: u32, page: impl FnOnce(String) -> Page) -> Response {
    let words = format!(
        "The server is busy. Nothing was saved. Fill in the empty fields again and try again in {seconds} seconds."
    );
    let page = page(words).with_status(StatusCode::SERVICE_UNAVAILABLE);
    ([(header::RETRY_AFTER, HeaderValue::from(seconds))], page).into_response()
}

fn code_page(next: Option<&str>, error: Option<String>) -> Page {
    let next = next.unwrap_or_default().to_owned();
    let title = title_of("Enter the code", error.is_some());
    Page::new(title, move || view! { <CodePage next=next error=error /> }.into_any()).narrow()
}

/// `GET /login/code`.
pub async fn show_code(
    State(log_ins): State<Arc<LogInService>>,
    session: Session,
    Query(Next { next }): Query<Next>,
) -> Result<Response, Failure> {
    let next = own_path(&next);
    Ok(if log_ins.is_half_way(&session).await? {
        code_page(next, None).into_response()
    } else {
        Redirect::to(&append_next("/login", next.unwrap_or_default())).into_response()
    })
}

/// Fields of the form that asks for a code of the second factor.
#[derive(Deserialize)]
pub struct CodeForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

/// `POST /login/code`.
pub async fn enter_code(
    State(log_ins): State<Arc<LogInService>>,
    session: Session,
    Extension(browser): Extension<Browser>,
    Form(form): Form<CodeForm>,
) -> Result<Response, Failure> {
    let next = own_path(&form.next);
    Ok(match log_ins.log_in_with_code(&session, &form.code, &browser).await? {
        Some(LoggedIn::Yes) => Redirect::to(next.unwrap_or(HOME)).into_response(),
        Some(LoggedIn::TooMany(wait)) => too_many_of("codes", wait, |words| code_page(next, Some(words))),
        Some(LoggedIn::Refused | LoggedIn::CodeWanted) => {
            code_page(next, Some(wrong_code(None))).with_status(StatusCode::UNAUTHORIZED).into_response()
        }
        Some(LoggedIn::LateCode(ago)) => {
            code_page(next, Some(wrong_code(Some(ago)))).with_status(StatusCode::UNAUTHORIZED).into_response()
        }
        None => Redirect::to(&append_next("/login", next.unwrap_or_default())).into_response(),
    })
}

/// A wait in words, rounded up to minutes.
pub(super) fn format_minutes(wait: Duration) -> String {
    match (wait.whole_seconds() + 59) / 60 {
        ..=1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

/// `POST /logout`. Makes the browser forget cached pages and storage (W3C Clear Site Data, 3.1). Not all
/// cookies, because other programs on the same host have cookies too.
pub async fn log_out(
    State(log_ins): State<Arc<LogInService>>,
    session: Session,
    member: Option<Extension<Member>>,
) -> Result<impl IntoResponse, Failure> {
    let member = member.as_ref().map(|Extension(member)| member.logged_in_user());
    log_ins.log_out(&session, member).await?;
    let forget = HeaderName::from_static("clear-site-data");
    Ok(([(forget, "\"cache\", \"storage\"")], Redirect::to("/login")))
}

fn set_up_page(view: SetUpView) -> Page {
    let title = title_of("Set up Mail360 Connectors", !view.errors.is_empty() || view.busy.is_some());
    Page::new(title, move || view! { <SetUpPage model=view /> }.into_any()).narrow()
}

/// The page for a set-up link that was used, has expired or never existed. The log-in page says to every visitor, too,
/// whether there are users.
async fn set_up_closed(set_up: &SetUp) -> Result<Page, Failure> {
    let is_done = !set_up.is_awaited().await?;
    let title = if is_done { "This console is already set up" } else { "This link no longer works" };
    let view = move || view! { <SetUpDone title=title is_done=is_done /> }.into_any();
    Ok(Page::new(title, view).narrow().with_status(StatusCode::NOT_FOUND))
}

/// The token of a link that opens the set-up now.
async fn open_set_up(set_up: &SetUp, token: &str) -> Result<Option<Token>, Failure> {
    let Some(token) = Token::from_link(token) else { return Ok(None) };
    Ok(if set_up.is_open(&token).await? { Some(token) } else { None })
}

fn set_up_path(token: &Token) -> String {
    format!("/set-up/{}", token.expose())
}

/// `GET /set-up/{token}`.
pub async fn show_set_up(State(set_up): State<SetUp>, Path(token): Path<String>) -> Result<Page, Failure> {
    let Some(token) = open_set_up(&set_up, &token).await? else { return set_up_closed(&set_up).await };
    Ok(set_up_page(SetUpView { action: set_up_path(&token), ..SetUpView::default() }))
}

/// Fields of the form that creates the organisation and its first administrator.
#[derive(Deserialize)]
pub struct SetUpForm {
    #[serde(default)]
    organisation: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: SecretString,
}

/// `POST /set-up/{token}`: adds the organisation and the first administrator, and logs them in.
pub async fn set_up(
    State(set_up): State<SetUp>,
    State(log_ins): State<Arc<LogInService>>,
    session: Session,
    Extension(browser): Extension<Browser>,
    Path(token): Path<String>,
    Form(form): Form<SetUpForm>,
) -> Result<Response, Failure> {
    let Some(token) = open_set_up(&set_up, &token).await? else {
        return Ok(set_up_closed(&set_up).await?.into_response());
    };
    let mut errors = Vec::new();
    let organisation =
        OrganisationName::parse(&form.organisation).map_err(|words| errors.push(("organisation", words)));
    let name = PersonName::parse(&form.name).map_err(|words| errors.push(("name", words)));
    let email = Email::parse(&form.email).map_err(|words| errors.push(("email", words)));
    let about = [form.organisation.as_str(), &form.name, &form.email];
    let cut = |text: &str| text.chars().take(254).collect();
    let mut view = SetUpView {
        action: set_up_path(&token),
        organisation: cut(&form.organisation),
        name: cut(&form.name),
        email: cut(&form.email),
        errors,
        busy: None,
    };
    let password = match log_ins.choose_password(&token, &browser, form.password.clone(), &about).await {
        Ok(Chosen::Password(password)) => Ok(password),
        Ok(Chosen::Refused(words)) => {
            view.errors.push(("password", words));
            Err(())
        }
        Ok(Chosen::TooOften) => {
            return Ok(too_often(|words| set_up_page(SetUpView { busy: Some(words), ..view })));
        }
        Err(Failure::Busy(seconds)) => {
            return Ok(busy(seconds, |words| set_up_page(SetUpView { busy: Some(words), ..view })));
        }
        Err(failure) => return Err(failure),
    };
    let (Ok(organisation), Ok(name), Ok(email), Ok(password)) = (organisation, name, email, password) else {
        return Ok(set_up_page(view).with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
    };
    let founder = Founder { organisation, name, email, password };
    match set_up.claim(&token, &founder, browser.address, browser.request_id).await {
        Err(Failure::Busy(seconds)) => {
            return Ok(busy(seconds, |words| set_up_page(SetUpView { busy: Some(words), ..view })));
        }
        // Another request used the link at the same time.
        Err(Failure::NotFound) => return Ok(set_up_closed(&set_up).await?.into_response()),
        claimed => claimed?,
    }
    let credentials = Credentials {
        organisation: String::new(),
        email: founder.email.as_str().to_owned(),
        password: form.password,
    };
    let logged_in = log_ins.log_in_by_link(&token, &session, &credentials, &browser).await;
    Ok(redirect_after_link(logged_in)?.into_response())
}

/// Where a new user goes. If they could not be logged in, because the program stopped or was busy, they use the
/// log-in page.
pub(super) fn redirect_after_link(logged_in: Result<LoggedIn, Failure>) -> Result<Redirect, Failure> {
    match logged_in {
        Ok(LoggedIn::Yes) => Ok(Redirect::to(HOME)),
        Ok(LoggedIn::CodeWanted) => Ok(Redirect::to("/login/code")),
        Ok(_) | Err(Failure::Busy(_)) => Ok(Redirect::to("/login")),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::format_minutes;

    #[test]
    fn a_wait_is_rounded_up() {
        assert_eq!(format_minutes(Duration::seconds(1)), "a minute");
        assert_eq!(format_minutes(Duration::seconds(61)), "2 minutes");
        assert_eq!(format_minutes(Duration::minutes(5)), "5 minutes");
    }
}
