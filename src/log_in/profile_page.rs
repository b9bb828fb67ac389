//! `/profile`: the user's password, and the browsers in which they are logged in.

use axum::{
    Extension, Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use leptos::prelude::*;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::{
    pages::title_of,
    profile::{PasswordChange, Profiles},
    routes::{busy, too_many, too_often},
    service::Browser,
    session::LoggedInBrowser,
    user_agent,
};
use crate::{
    people::{access::Member, model::Password},
    platform::{
        clock::{SharedClock, Timestamp},
        failure::Failure,
        id::UserId,
        note,
        page::Page,
    },
    ui::islands::SendOnce,
    ui::widgets::{Badge, ErrorSummary, FieldKind, Moment, Notice, TextField, Tone},
};

/// Name of the note about the last change.
const CHANGED: &str = "profile";

/// A change after which the user's other browsers were logged out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Changed {
    Password,
    SecondFactorOff,
}

/// Keeps a note for the profile that the second factor is off.
pub(super) async fn note_second_factor_off(
    session: &Session,
    user: UserId,
    now: Timestamp,
) -> Result<(), Failure> {
    note::keep_note(session, CHANGED, &(user, Changed::SecondFactorOff), now).await
}

/// The page of the second factor.
const SECOND_FACTOR: &str = "/profile/second-factor";
const CURRENT: (&str, &str) = ("current", "Current password");
const NEW: (&str, &str) = ("new", "New password");

#[derive(Clone, Debug)]
struct ProfileView {
    member: Member,
    browsers: Vec<LoggedInBrowser>,
    changed: Option<Changed>,
    error: Option<((&'static str, &'static str), String)>,
    /// The message that nothing was tried, and when to try again. No field is wrong.
    wait: Option<String>,
}

fn page(view: ProfileView) -> Page {
    let title = title_of("Profile", view.error.is_some() || view.wait.is_some());
    Page::new(title, move || view! { <ProfilePage model=view /> }.into_any())
}

/// `GET /profile`.
pub async fn show(
    State(profiles): State<Profiles>,
    State(clock): State<SharedClock>,
    Extension(member): Extension<Member>,
    session: Session,
) -> Result<Page, Failure> {
    let browsers = profiles.browsers(member.logged_in_user(), &session).await?;
    let note = note::read::<(UserId, Changed)>(&session, CHANGED, clock.now()).await?;
    let changed = note.filter(|(user, _)| *user == member.user()).map(|(_, changed)| changed);
    Ok(page(ProfileView { member, browsers, changed, error: None, wait: None }))
}

/// Fields of the form that changes the user's password.
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
        let view = |wait| ProfileView { member, browsers, changed: None, error: None, wait: Some(wait) };
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
            note::keep_note(&session, CHANGED, &(member.user(), Changed::Password), clock.now()).await?;
            Ok(Redirect::to("/profile").into_response())
        }
        Err((field, words, status)) => {
            let browsers = profiles.browsers(member.logged_in_user(), &session).await?;
            let error = Some((field, words));
            let view = ProfileView { member, browsers, changed: None, error, wait: None };
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
    let is_waiting = wait.is_some();
    let wait = wait.map(|words| view! { <Notice tone=Tone::Bad><p>{words}</p></Notice> });
    let second_factor = member.has_second_factor();
    let summary = error.as_ref().map(|(field, _)| view! { <ErrorSummary fields=vec![*field] /> });
    let said = changed.map(|changed| {
        let title = match changed {
            Changed::Password => "Your password has been changed",
            Changed::SecondFactorOff => "Your second factor is off",
        };
        view! {
            <Notice tone=Tone::Good title=title><p>"You were logged out in all other browsers."</p></Notice>
        }
    });
    let role = format!("{} of ", member.role());
    view! {
        <div class="head">
            <div>
                <h1>"Profile"</h1>
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
            <PasswordCard email=member.email error=error focus=is_waiting />
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
    /// Whether the first field gets the focus, because nothing was tried.
    focus: bool,
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
                    focus=focus
                />
                <TextField
                    name=NEW.0
                    label=NEW.1
                    kind=FieldKind::Password
                    help=Password::ADVICE
                    autocomplete="new-password"
                    error=wrong(NEW)
                />
                <div class="row"><button class="button primary">"Change the password"</button></div>
            </form></SendOnce>
            <p class="help">
                "A new password logs you out in all other browsers. This browser stays logged in."
            </p>
        </section>
    }
}

#[component]
fn SecondFactorCard(works: bool) -> impl IntoView {
    let (badge, words) = if works {
        ((Tone::Good, "On"), "A log-in also asks for a code from your authenticator app.")
    } else {
        ((Tone::Idle, "Off"), "With a second factor, a stolen password is not enough to log in.")
    };
    let next = if works {
        view! { <a class="button" href=SECOND_FACTOR>"Change the second factor"</a> }.into_any()
    } else {
        // The POST begins the set-up, so that the next page is the QR code.
        view! {
            <form method="post" action=SECOND_FACTOR><button class="button">"Set up a second factor"</button></form>
        }
        .into_any()
    };
    view! {
        <section class="card low" aria-labelledby="second-factor-title">
            <div class="row apart">
                <h2 id="second-factor-title">"Second factor"</h2>
                <Badge tone=badge.0 words=badge.1 />
            </div>
            <p class="soft">{words}</p>
            <div class="row">{next}</div>
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
                            <span>"Log out" <span class="unseen">" " {name.clone()} " at " {address.clone()}</span></span>
                        </button>
                    </form>
                }
                .into_any()
            };
            view! {
                <li class="row apart">
                    <div>
                        <p>{name.clone()} " at " <code>{address.clone()}</code></p>
                        <p class="soft note">"Logged in " <Moment at=browser.since /></p>
                        <p class="soft note">"Last used " <Moment at=browser.last_seen_at /></p>
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
                "You are logged out after 30 minutes without use, and after 12 hours in any case. At most 20 browsers stay \
                 logged in. One more log-in logs out the browser that you did not use for the longest time."
            </p>
        </section>
    }
}
