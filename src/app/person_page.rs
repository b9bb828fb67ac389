//! `/settings/people/{id}`: one user, and the actions of an administrator.

mod notice;

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

use self::notice::{Change, PersonNotice, RequestedRole};
use crate::{
    log_in::{administration::Administration, pages::title_of, session::LoggedInBrowser},
    people::{
        access::{Admin, Member},
        model::Role,
        service::{ChangeOutcome, Invitation, People, User},
    },
    platform::{
        clock::{SharedClock, Timestamp},
        config::Config,
        failure::Failure,
        id::UserId,
        note,
        page::Page,
    },
    ui::{
        email::EmailText,
        widgets::{Back, Badge, Copyable, Moment, Notice, Tone},
    },
};

const PEOPLE: &str = "/settings/people";
/// Name of the note about the last change.
const CHANGED: &str = "person";

#[derive(Clone)]
struct PersonView {
    user: User,
    browsers: usize,
    you: bool,
    notice: Option<(Tone, String)>,
    /// A link with which the user chooses a new password, and when it expires. Shown once.
    link: Option<(String, Timestamp)>,
    /// The open link for a new password, and who made it.
    open_link: Option<(Invitation, String)>,
}

/// The page of a user. `notice_of` makes the message from the user's name.
async fn view_of(
    administration: &Administration,
    people: &People,
    admin: &Admin,
    id: UserId,
    notice_of: impl FnOnce(&str) -> Option<(Tone, String)>,
    link: Option<(String, Timestamp)>,
) -> Result<Page, Failure> {
    let (user, browsers): (User, Vec<LoggedInBrowser>) = administration.person(admin, id).await?;
    let open_link = people.new_password_link(admin, id).await?;
    let notice = notice_of(&user.name);
    let title = title_of(&user.name, notice.as_ref().is_some_and(|(tone, _)| *tone == Tone::Bad));
    let you = user.id == admin.user();
    let model = PersonView { you, user, browsers: browsers.len(), notice, link, open_link };
    Ok(Page::new(title, move || view! { <Person model=model.clone() /> }.into_any()))
}

/// `GET /settings/people/{id}`.
pub async fn show(
    State(administration): State<Administration>,
    State(people): State<People>,
    State(clock): State<SharedClock>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let id: UserId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?;
    let notice =
        note::read::<PersonNotice>(&session, CHANGED, clock.now()).await?.filter(|notice| notice.user == id);
    let notice_of = |name: &str| {
        let tone = |notice: &PersonNotice| if notice.changed { Tone::Good } else { Tone::Info };
        notice.map(|notice| (tone(&notice), notice.words(name)))
    };
    view_of(&administration, &people, &admin, id, notice_of, None).await
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
    fn parse(&self) -> Option<Change> {
        Some(match self.change.as_str() {
            "role" => Change::Role(match Role::from_name(&self.role)? {
                Role::Admin => RequestedRole::Admin,
                Role::Viewer => RequestedRole::Viewer,
            }),
            "disable" => Change::Disable,
            "enable" => Change::Enable,
            "end-sessions" => Change::EndSessions,
            "no-second-factor" => Change::NoSecondFactor,
            _ => return None,
        })
    }
}

/// `POST /settings/people/{id}`.
#[expect(clippy::too_many_arguments, reason = "each parameter is an extractor")]
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
        let page = view_of(&administration, &people, &admin, id, |_| None, Some((link, until))).await?;
        return Ok(page.into_response());
    }
    let change = form.parse().ok_or(Failure::BadRequest)?;
    let (outcome, browsers) = administration.change(&admin, id, change.of_the_service()).await?;
    match outcome {
        // An administrator who changed their own user has just ended the session that would show the note.
        ChangeOutcome::Changed if id == admin.user() => Ok(Redirect::to("/login").into_response()),
        ChangeOutcome::Changed | ChangeOutcome::Nothing => {
            let notice =
                PersonNotice { user: id, change, changed: outcome == ChangeOutcome::Changed, browsers };
            note::keep_note(&session, CHANGED, &notice, clock.now()).await?;
            Ok(Redirect::to(&format!("{PEOPLE}/{id}")).into_response())
        }
        ChangeOutcome::NoSuchUser => Err(Failure::NotFound),
        ChangeOutcome::LastAdmin => {
            let notice_of = |name: &str| {
                let words = format!(
                    "Nothing was changed: {name} is the last administrator who can log in. Make another user an \
                     administrator first."
                );
                Some((Tone::Bad, words))
            };
            let page = view_of(&administration, &people, &admin, id, notice_of, None).await?;
            Ok(page.with_status(StatusCode::CONFLICT).into_response())
        }
    }
}

#[component]
fn Person(model: PersonView) -> impl IntoView {
    let PersonView { user, browsers, you, notice, link, open_link } = model;
    let notice = notice.map(|(tone, words)| view! { <Notice tone=tone><p>{words}</p></Notice> });
    let open_link = open_link.filter(|_| link.is_none());
    let email = user.email.clone();
    let link = link.map(|(link, until)| {
        view! {
            <Notice tone=Tone::Good>
                <p class="title">"Send this link to " <EmailText email=email /></p>
                <p>
                    "With it the user chooses a new password. It works once, until " <Moment at=until />
                    ". Copy it now: it is not shown again."
                </p>
                <Copyable value=link what="the link for a new password" />
            </Notice>
        }
    });
    let yourself = you.then(|| {
        view! {
            <Notice tone=Tone::Info>
                <p>"This is your own user. Every change on this page logs you out in all browsers."</p>
            </Notice>
        }
    });
    view! {
        <div class="head">
            <div>
                <Back to=PEOPLE what="People" />
                <h1><bdi>{user.name.clone()}</bdi></h1>
            </div>
        </div>
        {notice}
        {link}
        {open_link.map(|(link, by)| view! { <OpenLink link=link by=by /> })}
        {yourself}
        <div class="beside">
            <Facts user=user.clone() browsers=browsers />
            <Changes user=user browsers=browsers you=you />
        </div>
    }
}

/// The link for a new password that was made before and still works.
#[component]
fn OpenLink(link: Invitation, by: String) -> impl IntoView {
    let action = format!("{PEOPLE}/invitations/{}/withdraw", link.id);
    view! {
        <Notice tone=Tone::Info title="A link for a new password is open">
            <p>"It works until " <Moment at=link.expires_at /> ". Created by " <bdi>{by}</bdi> "."</p>
            <form method="post" action=action><button class="button small">"Withdraw the link"</button></form>
        </Notice>
    }
}

#[component]
fn Facts(user: User, browsers: usize) -> impl IntoView {
    let state = if user.disabled {
        view! { <Badge tone=Tone::Bad words="Disabled" /> }
    } else {
        view! { <Badge tone=Tone::Good words="Active" /> }
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
        0 => "No browser".to_owned(),
        1 => "1 browser".to_owned(),
        count => format!("{count} browsers"),
    };
    let activity = format!("/settings/activity?who={}", user.id);
    view! {
        <section class="card low" aria-labelledby="user-title">
            <h2 id="user-title">"User"</h2>
            <dl class="facts">
                <div><dt>"Email"</dt><dd><EmailText email=user.email /></dd></div>
                <div><dt>"Role"</dt><dd>{user.role.to_string()}</dd></div>
                <div><dt>"State"</dt><dd>{state}</dd></div>
                <div><dt>"Second factor"</dt><dd>{factor}</dd></div>
                <div><dt>"Last log-in"</dt><dd>{last}</dd></div>
                <div><dt>"Logged in"</dt><dd>{logged_in}</dd></div>
            </dl>
            <a href=activity>"Activity of this user"</a>
        </section>
    }
}

/// The possible changes. A summary names the situation, and its button what the click does.
#[component]
fn Changes(user: User, browsers: usize, you: bool) -> impl IntoView {
    let here = format!("{PEOPLE}/{}", user.id);
    let name = user.name.clone();
    let ask =
        |summary: &'static str, words: String, change: &'static str, class: &'static str, button: String| {
            let action = here.clone();
            view! {
                <details class="disclosure">
                    <summary>{summary}</summary>
                    <form class="stack tight" method="post" action=action>
                        <input type="hidden" name="change" value=change />
                        <p>{words}</p>
                        <div class="row"><button class=class>{button}</button></div>
                    </form>
                </details>
            }
        };
    let (plain, danger) = ("button", "button danger");
    let (role, wanted) = match user.role {
        Role::Admin => (Role::Viewer, "a viewer"),
        Role::Viewer => (Role::Admin, "an administrator"),
    };
    let password = (!user.disabled && !you).then(|| {
        let words = format!(
            "Create a link for a new password. It works for one day; the old password works until then. First make \
             sure that the request really comes from {name}."
        );
        let button = "Create a link for a new password".to_owned();
        ask("Forgotten password", words, "new-password", plain, button)
    });
    let sessions = (browsers > 0).then(|| {
        let words = format!("{name} is logged out in all browsers and can log in again.");
        let button = format!("Log out {name} everywhere");
        ask("Lost or stolen device", words, "end-sessions", danger, button)
    });
    let factor = user.has_second_factor.then(|| {
        let words = format!(
            "{name} can then log in with the password only, and can set up a new second factor. First make sure that \
             the request really comes from {name}."
        );
        let button = format!("Turn off the second factor of {name}");
        ask("Lost authenticator app", words, "no-second-factor", danger, button)
    });
    let access = if user.disabled {
        view! {
            <form method="post" action=here.clone()>
                <input type="hidden" name="change" value="enable" />
                <button class="button">{format!("Enable {name}")}</button>
            </form>
        }
        .into_any()
    } else {
        let words = format!(
            "{name} is logged out in all browsers and cannot log in until an administrator enables the user."
        );
        ask("Has left the company", words, "disable", danger, format!("Disable {name}")).into_any()
    };
    view! {
        <section class="card low" aria-labelledby="changes-title">
            <h2 id="changes-title">"Change"</h2>
            <form class="stack tight" method="post" action=here.clone()>
                <input type="hidden" name="change" value="role" />
                <input type="hidden" name="role" value=role.name() />
                <div class="row"><button class="button">{format!("Make {name} {wanted}")}</button></div>
                <p class="help">
                    "An administrator can do everything in this console. A viewer can only look at connectors. The \
                     change logs the user out. They get the new role at the next log-in."
                </p>
            </form>
            {password}
            {sessions}
            {factor}
            {access}
        </section>
    }
}
