//! `/profile`: the user's password, and the browsers in which they are logged in.

use axum::{
    Extension, Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use leptos::prelude::*;
use secrecy::SecretString;
use serde::Deserialize;
use tower_sessions::Session;

use super::{
    profile::{PasswordChange, Profiles},
    routes::{busy, too_many, too_often},
    service::Browser,
    session::LoggedInBrowser,
    user_agent,
};
use crate::{
    people::{access::Member, model::Password},
    platform::{clock::SharedClock, failure::Failure, id::UserId, note, page::Page},
    ui::islands::SendOnce,
    ui::widgets::{Badge, ErrorSummary, FieldKind, Moment, Notice, TextField, Tone},
};

/// Name of the note that the password was just changed.
const CHANGED: &str = "password";

const CURRENT: (&str, &str) = ("current", "Current password");
const NEW: (&str, &str) = ("new", "New password");

#[derive(Clone, Debug)]
struct ProfileView {
    member: Member,
    browsers: Vec<LoggedInBrowser>,
    changed: bool,
    error: Option<((&'static str, &'static str), String)>,
    /// The message that nothing was tried, and when to try again. No field is wrong.
    wait: Option<String>,
}

fn page(view: ProfileView) -> Page {
    Page::new("My profile", move || view! { <ProfilePage model=view.clone() /> }.into_any())
}

/// `GET /profile`.
pub async fn show(
    State(profiles): State<Profiles>,
    State(clock): State<SharedClock>,
    Extension(member): Extension<Member>,
    session: Session,
) -> Result<Page, Failure> {
    let browsers = profiles.browsers(member.logged_in_user(), &session).await?;
    let changed = note::read::<UserId>(&session, CHANGED, clock.now()).await? == Some(member.user());
    Ok(page(ProfileView { member, browsers, changed, error: None, wait: None }))
}

/// Fields of the form.
#[derive(Deserialize)]
pub struct PasswordForm {
    #[serde(default)]
    current: SecretString,
    #[serde(default)]
    new: SecretString,
}

/// `POST /profile`: changes the password.
pub async fn change_password(
    State(profiles): State<Profiles>,
    State(clock): State<SharedClock>,
    Extension(member): Extension<Member>,
    Extension(browser): Extension<Browser>,
    session: Session,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Failure> {
    let again = async || {
        let (member, browsers) =
            (member.clone(), profiles.browsers(member.logged_in_user(), &session).await?);
        let view = |wait| ProfileView { member, browsers, changed: false, error: None, wait: Some(wait) };
        Ok::<_, Failure>(|words| page(view(words)))
    };
    let user = member.logged_in_user();
    let outcome = match profiles.change_password(user, &session, &browser, form.current, form.new).await {
        Ok(PasswordChange::Changed) => Ok(()),
        Ok(PasswordChange::Refused(words)) => Err((NEW, words.to_owned(), StatusCode::UNPROCESSABLE_ENTITY)),
        Ok(PasswordChange::WrongCurrent) => {
            let words = "This is not your current password.".to_owned();
            Err((CURRENT, words, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Ok(PasswordChange::TooMany(wait)) => return Ok(too_many(wait, again().await?)),
        Ok(PasswordChange::TooOften) => return Ok(too_often(again().await?)),
        Err(Failure::Busy(seconds)) => return Ok(busy(seconds, again().await?)),
        Err(failure) => return Err(failure),
    };
    match outcome {
        Ok(()) => {
            note::keep_note(&session, CHANGED, &member.user(), clock.now()).await?;
            Ok(Redirect::to("/profile").into_response())
        }
        Err((field, words, status)) => {
            let browsers = profiles.browsers(member.logged_in_user(), &session).await?;
            let error = Some((field, words));
            let view = ProfileView { member, browsers, changed: false, error, wait: None };
            Ok(page(view).with_status(status).into_response())
        }
    }
}

/// `POST /profile/sessions/{id}/end`.
pub async fn end_session(
    State(profiles): State<Profiles>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Redirect, Failure> {
    profiles.end_session(member.logged_in_user(), &id).await?;
    Ok(Redirect::to("/profile"))
}

#[component]
fn ProfilePage(model: ProfileView) -> impl IntoView {
    let ProfileView { member, browsers, changed, error, wait } = model;
    let retry = error.as_ref().map(|((field, _), _)| *field).or_else(|| wait.is_some().then_some(CURRENT.0));
    let wait = wait.map(|words| view! { <Notice tone=Tone::Bad><p>{words}</p></Notice> });
    let second_factor = member.has_second_factor();
    let summary = error.as_ref().map(|(field, _)| view! { <ErrorSummary fields=vec![*field] /> });
    let said = changed.then(|| {
        view! {
            <Notice tone=Tone::Good title="Your password has been changed">
                <p>"You have been logged out in all other browsers."</p>
            </Notice>
        }
    });
    let role = format!("{} of ", member.role());
    view! {
        <div class="head">
            <div>
                <h1>"My profile"</h1>
                <p class="soft">
                    <bdi>{member.name.clone()}</bdi> ", " {member.email.clone()} ", " {role}
                    <bdi>{member.organisation_name.clone()}</bdi>
                </p>
            </div>
        </div>
        {said}
        {wait}
        {summary}
        <div class="beside">
            <PasswordCard email=member.email error=error retry=retry />
            <div class="stack">
                <SecondFactorCard works=second_factor />
                <Browsers browsers=browsers />
            </div>
        </div>
    }
}

#[component]
fn PasswordCard(
    email: String,
    error: Option<((&'static str, &'static str), String)>,
    /// The field that gets the focus after an error.
    retry: Option<&'static str>,
) -> impl IntoView {
    let wrong = move |(name, _): (&str, &str)| {
        error.as_ref().filter(|((field, _), _)| *field == name).map(|(_, words)| words.clone())
    };
    view! {
        <section class="card low" aria-labelledby="password-title">
            <h2 id="password-title">"Password"</h2>
            <SendOnce><form class="fields" method="post" action="/profile">
                // Tells password managers whose password it is.
                <input class="unseen" type="email" name="email" value=email autocomplete="username" readonly tabindex="-1" aria-hidden="true" />
                <TextField
                    name=CURRENT.0
                    label=CURRENT.1
                    kind=FieldKind::Password
                    autocomplete="current-password"
                    error=wrong(CURRENT)
                    focus={retry == Some(CURRENT.0)}
                />
                <TextField
                    name=NEW.0
                    label=NEW.1
                    kind=FieldKind::Password
                    help=Password::ADVICE
                    autocomplete="new-password"
                    error=wrong(NEW)
                    focus={retry == Some(NEW.0)}
                />
                <div class="row"><button class="button primary">"Change the password"</button></div>
            </form></SendOnce>
            <p class="help">"You stay logged in here, and are logged out in all other browsers."</p>
        </section>
    }
}

#[component]
fn SecondFactorCard(works: bool) -> impl IntoView {
    let (badge, words) = if works {
        ((Tone::Good, "On"), "A log-in asks for a code of your authenticator app as well.")
    } else {
        ((Tone::Idle, "Off"), "With a second factor a stolen password is not enough.")
    };
    view! {
        <section class="card low" aria-labelledby="second-factor-title">
            <div class="row apart">
                <h2 id="second-factor-title">"Second factor"</h2>
                <Badge tone=badge.0 words=badge.1 />
            </div>
            <p class="soft">{words}</p>
            <div class="row">
                <a class="button" href="/profile/second-factor">{if works { "Change it" } else { "Set it up" }}</a>
            </div>
        </section>
    }
}

#[component]
fn Browsers(browsers: Vec<LoggedInBrowser>) -> impl IntoView {
    let items = browsers
        .into_iter()
        .map(|browser| {
            let name = user_agent::describe(browser.user_agent.as_deref().unwrap_or_default());
            let address = browser.address.unwrap_or_else(|| "an unknown address".to_owned());
            let end = if browser.current {
                view! { <p class="soft note">"This browser"</p> }.into_any()
            } else {
                view! {
                    <form method="post" action=format!("/profile/sessions/{}/end", browser.id)>
                        <button class="button small">
                            <span>"End" <span class="unseen">" the session of " {name.clone()} " at " {address.clone()}</span></span>
                        </button>
                    </form>
                }
                .into_any()
            };
            view! {
                <li class="row apart">
                    <div>
                        <p>{name.clone()} " at " <code>{address.clone()}</code></p>
                        <p class="soft note">"Since " <Moment at=browser.since /></p>
                        <p class="soft note">"Last seen " <Moment at=browser.last_seen_at /></p>
                    </div>
                    {end}
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="card low" aria-labelledby="browsers-title">
            <h2 id="browsers-title">"Logged-in browsers"</h2>
            <ul class="stack" role="list">{items}</ul>
            <p class="help">
                "An unused browser is logged out after 30 minutes, and every browser after 12 hours. If more than \
                 20 are logged in, the one that was used longest ago is logged out."
            </p>
        </section>
    }
}
