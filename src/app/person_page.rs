//! `/settings/people/{id}`: one user, and the actions of an administrator.

use std::sync::Arc;

use axum::{
    Extension, Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use leptos::prelude::*;
use serde::Deserialize;
use tower_sessions::Session;

use super::people_page::RoleField;
use crate::{
    log_in::{administration::Administration, session::LoggedInBrowser},
    people::{
        access::{Admin, Member},
        model::Role,
        service::{ChangeOutcome, People, User, UserChange},
    },
    platform::{
        clock::{SharedClock, Timestamp},
        config::Config,
        failure::Failure,
        id::UserId,
        note,
        page::Page,
    },
    ui::widgets::{Back, Badge, Copyable, Moment, Notice, Tone},
};

/// Name of the note about the last change: the user, and the text to show.
const CHANGED: &str = "person";

#[derive(Clone)]
struct PersonView {
    user: User,
    browsers: usize,
    you: bool,
    said: Option<(Tone, String)>,
    /// A link with which the user chooses a new password, and when it expires. Shown once.
    link: Option<(String, Timestamp)>,
}

async fn view_of(
    administration: &Administration,
    admin: &Admin,
    id: UserId,
    said: Option<(Tone, String)>,
    link: Option<(String, Timestamp)>,
) -> Result<Page, Failure> {
    let (user, browsers): (User, Vec<LoggedInBrowser>) = administration.person(admin, id).await?;
    let model = PersonView { you: user.id == admin.user(), user, browsers: browsers.len(), said, link };
    Ok(Page::new(model.user.name.clone(), move || view! { <Person model=model.clone() /> }.into_any()))
}

/// `GET /settings/people/{id}`.
pub async fn show(
    State(administration): State<Administration>,
    State(clock): State<SharedClock>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let id: UserId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?;
    let note = note::read::<(UserId, bool, String)>(&session, CHANGED, clock.now()).await?;
    let said = note.filter(|(user, ..)| *user == id).map(|(_, changed, words)| {
        let tone = if changed { Tone::Good } else { Tone::Info };
        (tone, words)
    });
    view_of(&administration, &admin, id, said, None).await
}

/// Fields of the forms.
#[derive(Deserialize)]
pub struct ChangeForm {
    #[serde(default)]
    change: String,
    #[serde(default)]
    role: String,
}

impl ChangeForm {
    fn parse(&self) -> Option<UserChange> {
        Some(match self.change.as_str() {
            "role" => UserChange::Role(Role::from_name(&self.role)?),
            "disable" => UserChange::Enabled(false),
            "enable" => UserChange::Enabled(true),
            "end-sessions" => UserChange::EndSessions,
            "no-second-factor" => UserChange::NoSecondFactor,
            _ => return None,
        })
    }
}

/// The text after a change. `browsers` is the number of browsers in which the user was logged out.
const fn describe_change(change: &UserChange, browsers: usize) -> &'static str {
    match (change, browsers) {
        (UserChange::Role(_), 0) => "The role was changed. They have the new one when they log in.",
        (UserChange::Role(_), _) => {
            "The role was changed. They are logged out, and have the new one when they log in again."
        }
        (UserChange::Enabled(false), 0) => "Disabled. They cannot log in.",
        (UserChange::Enabled(false), _) => "Disabled. They are logged out, and cannot log in.",
        (UserChange::Enabled(true), _) => "Enabled. They can log in again.",
        (UserChange::EndSessions, 0) => {
            "They were not logged in in any browser. A log-in that waits for a code has ended."
        }
        (UserChange::EndSessions, _) => "They are logged out in all browsers.",
        (UserChange::NoSecondFactor, _) => {
            "The second factor is off: the password alone logs them in, until they set up another one."
        }
        (UserChange::Password(_), 0) => "The password was changed.",
        (UserChange::Password(_), _) => "The password was changed. They are logged out.",
        (UserChange::Delete, _) => "The user was deleted.",
    }
}

/// The text after a change that was not needed.
const fn describe_no_change(change: &UserChange) -> &'static str {
    match change {
        UserChange::Role(_) => "Nothing was changed: they have this role already.",
        UserChange::Enabled(false) => "Nothing was changed: they are disabled already.",
        UserChange::Enabled(true) => "Nothing was changed: they are enabled already.",
        UserChange::NoSecondFactor => "Nothing was changed: they have no second factor.",
        UserChange::EndSessions | UserChange::Password(_) | UserChange::Delete => "Nothing was changed.",
    }
}

/// `POST /settings/people/{id}`.
#[expect(clippy::too_many_arguments, reason = "a handler asks for what it needs, one by one")]
pub async fn change(
    State(administration): State<Administration>,
    State(clock): State<SharedClock>,
    State(people): State<People>,
    State(config): State<Arc<Config>>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
    Form(form): Form<ChangeForm>,
) -> Result<Response, Failure> {
    let id: UserId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?.reauthenticated()?;
    if form.change == "new-password" {
        let (token, until) = people.invite_to_new_password(&admin, id).await?;
        let link = config.public_url.join(&format!("/invitations/{}", token.expose()));
        return Ok(view_of(&administration, &admin, id, None, Some((link, until))).await?.into_response());
    }
    let change = form.parse().ok_or(Failure::BadRequest)?;
    let (changed, browsers) = administration.change(&admin, id, change.clone()).await?;
    match changed {
        // An administrator who changed their own user has just ended the session that would show the note.
        ChangeOutcome::Changed if id == admin.user() => Ok(Redirect::to("/login").into_response()),
        ChangeOutcome::Changed | ChangeOutcome::Nothing => {
            let is_changed = changed == ChangeOutcome::Changed;
            let words =
                if is_changed { describe_change(&change, browsers) } else { describe_no_change(&change) };
            note::keep_note(&session, CHANGED, &(id, is_changed, words), clock.now()).await?;
            Ok(Redirect::to(&format!("/settings/people/{id}")).into_response())
        }
        ChangeOutcome::NoSuchUser => Err(Failure::NotFound),
        ChangeOutcome::LastAdmin => {
            let words =
                "This is the last administrator who can log in. Make another user an administrator first.";
            let page =
                view_of(&administration, &admin, id, Some((Tone::Bad, words.to_owned())), None).await?;
            Ok(page.with_status(StatusCode::CONFLICT).into_response())
        }
    }
}

#[component]
fn Person(model: PersonView) -> impl IntoView {
    let PersonView { user, browsers, you, said, link } = model;
    let here = format!("/settings/people/{}", user.id);
    let said = said.map(|(tone, words)| view! { <Notice tone=tone><p>{words}</p></Notice> });
    let link = link.map(|(link, until)| {
        view! {
            <Notice tone=Tone::Good title=format!("Send this link to {}", user.email)>
                <p>
                    "The person who opens the link chooses a new password for this user. The link works once, until "
                    <Moment at=until /> ". It is not shown again."
                </p>
                <Copyable value=link what="the link" />
            </Notice>
        }
    });
    let yourself = you.then(|| {
        view! {
            <Notice tone=Tone::Info>
                <p>"This is your own user. Any change here logs you out in all browsers."</p>
            </Notice>
        }
    });
    let state = if user.disabled {
        view! { <Badge tone=Tone::Bad words="Disabled" /> }
    } else {
        view! { <Badge tone=Tone::Good words="May log in" /> }
    };
    let factor = if user.has_second_factor {
        view! { <Badge tone=Tone::Good words="On" /> }
    } else {
        view! { <Badge tone=Tone::Idle words="Off" /> }
    };
    let last = match user.last_login_at {
        Some(at) => view! { <Moment at=at /> }.into_any(),
        None => "Never".into_any(),
    };
    let logged_in = match browsers {
        0 => "In no browser".to_owned(),
        1 => "In one browser".to_owned(),
        count => format!("In {count} browsers"),
    };
    let activity = format!("/settings/activity?who={}", user.id);
    view! {
        <div class="head">
            <div>
                <Back to="/settings/people" what="People" />
                <h1><bdi>{user.name.clone()}</bdi></h1>
            </div>
        </div>
        {said}
        {link}
        {yourself}
        <div class="beside">
            <section class="card low" aria-labelledby="user-title">
                <h2 id="user-title">"User"</h2>
                <dl class="facts">
                    <div><dt>"E-mail"</dt><dd>{user.email.clone()}</dd></div>
                    <div><dt>"Role"</dt><dd>{user.role.to_string()}</dd></div>
                    <div><dt>"State"</dt><dd>{state}</dd></div>
                    <div><dt>"Second factor"</dt><dd>{factor}</dd></div>
                    <div><dt>"Last log-in"</dt><dd>{last}</dd></div>
                    <div><dt>"Logged in"</dt><dd>{logged_in}</dd></div>
                </dl>
                <a href=activity>"What they did"</a>
            </section>
            <Changes user=user here=here browsers=browsers you=you />
        </div>
    }
}

/// The possible changes. Each ends the user's sessions, which is said once. A change that takes access away
/// asks first.
#[component]
fn Changes(user: User, here: String, browsers: usize, you: bool) -> impl IntoView {
    let name = user.name.clone();
    let ask = |summary: &'static str, words: String, change: &'static str, button: &'static str| {
        let action = here.clone();
        view! {
            <details class="disclosure">
                <summary>{summary}</summary>
                <form class="stack tight" method="post" action=action>
                    <input type="hidden" name="change" value=change />
                    <p>{words}</p>
                    <div class="row"><button class="button danger">{button}</button></div>
                </form>
            </details>
        }
    };
    let sessions = (browsers > 0).then(|| {
        let words = format!("{name} is logged out everywhere and can log in again.");
        ask("Log out everywhere", words, "end-sessions", "Log out everywhere")
    });
    let factor = user.has_second_factor.then(|| {
        let words = format!(
            "Remove the second factor if the phone is lost: {name} then logs in with the password alone, and can set \
             up another factor. Make sure that it is really {name} who asks you."
        );
        ask("Remove the second factor", words, "no-second-factor", "Remove the second factor")
    });
    let password = (!user.disabled && !you).then(|| {
        let action = here.clone();
        let words = format!(
            "You get a link to send to {name}, which works for a day. Until the link is used, the current password \
             still works. Make sure that it is really {name} who asks you."
        );
        view! {
            <details class="disclosure">
                <summary>"Forgotten password"</summary>
                <form class="stack tight" method="post" action=action>
                    <input type="hidden" name="change" value="new-password" />
                    <p>{words}</p>
                    <div class="row"><button class="button">"Make a link for a new password"</button></div>
                </form>
            </details>
        }
    });
    let access = if user.disabled {
        view! {
            <form method="post" action=here.clone()>
                <input type="hidden" name="change" value="enable" />
                <button class="button">"Enable"</button>
            </form>
        }
        .into_any()
    } else {
        let words = format!("{name} is logged out everywhere and cannot log in until enabled again.");
        ask("Disable", words, "disable", "Disable").into_any()
    };
    view! {
        <section class="card low" aria-labelledby="changes-title">
            <h2 id="changes-title">"Change"</h2>
            <form class="fields" method="post" action=here.clone()>
                <input type="hidden" name="change" value="role" />
                <RoleField role=user.role />
                <div class="row"><button class="button">"Set the role"</button></div>
                <p class="help">
                    "A new role takes effect at once: the user is logged out, and has it after the next log-in."
                </p>
            </form>
            {password}
            {sessions}
            {factor}
            {access}
        </section>
    }
}
