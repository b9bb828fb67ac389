//! `/invitations/{token}`: an invited person gives a name and chooses a password.

use std::sync::Arc;

use axum::{
    Extension, Form,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use leptos::prelude::*;
use secrecy::SecretString;
use serde::Deserialize;
use tower_sessions::Session;

use super::{
    choosing::Chosen,
    pages::title_of,
    routes::{busy, redirect_after_link, too_often},
    service::{Browser, Credentials, LogInService},
    session::Sessions,
};
use crate::{
    people::{
        model::{Password, PersonName},
        service::{Accepted, Invitation, People},
    },
    platform::{database::Tx, failure::Failure, page::Page, randomness::Token},
    ui::widgets::{ErrorSummary, FieldKind, Notice, TextField, Tone},
};

const LABELS: [(&str, &str); 2] = [("name", "Your name"), ("password", "Password")];

#[derive(Clone, Debug)]
struct InvitationView {
    action: String,
    email: String,
    role: String,
    organisation: String,
    name: String,
    errors: Vec<(&'static str, &'static str)>,
    taken: bool,
    /// The message if the server is busy, or too many requests were sent.
    busy: Option<String>,
    /// Whether an existing user sets a new password.
    new_password: bool,
}

impl InvitationView {
    fn of(token: &Token, invitation: Invitation, organisation: String) -> Self {
        Self {
            action: format!("/invitations/{}", token.expose()),
            email: invitation.email,
            role: invitation.role.to_string(),
            organisation,
            name: String::new(),
            errors: Vec::new(),
            taken: false,
            busy: None,
            new_password: invitation.for_user.is_some(),
        }
    }
}

fn page(view: InvitationView) -> Page {
    let title = if view.new_password {
        "Choose a new password".to_owned()
    } else {
        format!("Join {}", view.organisation)
    };
    let title = title_of(&title, !view.errors.is_empty() || view.taken || view.busy.is_some());
    Page::new(title, move || view! { <InvitationPage model=view /> }.into_any()).narrow()
}

/// The page for a link that no longer works. It gives no reason, because the visitor is unknown.
fn closed() -> Page {
    let view = || {
        view! {
            <div class="card">
                <h1>"This link no longer works"</h1>
                <p class="soft">
                    "The link was used or withdrawn, or it is too old. If you have chosen a password with it already, log \
                     in. Otherwise ask the administrator who sent you the link for a new one."
                </p>
                <div class="row"><a class="button" href="/login">"Log in"</a></div>
            </div>
        }
        .into_any()
    };
    Page::new("This link no longer works", view).narrow().with_status(StatusCode::NOT_FOUND)
}

/// `GET /invitations/{token}`.
pub async fn show(State(people): State<People>, Path(token): Path<String>) -> Result<Page, Failure> {
    let Some(token) = Token::from_link(&token) else { return Ok(closed()) };
    Ok(match people.invitation(&token).await? {
        Some((invitation, organisation)) => page(InvitationView::of(&token, invitation, organisation)),
        None => closed(),
    })
}

/// Fields of the form in which the holder of a link chooses a password.
#[derive(Deserialize)]
pub struct AcceptForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: SecretString,
}

/// `POST /invitations/{token}`: adds the user, or sets the new password, and logs them in.
pub async fn accept(
    State(people): State<People>,
    State(log_ins): State<Arc<LogInService>>,
    session: Session,
    Extension(browser): Extension<Browser>,
    Path(token): Path<String>,
    Form(form): Form<AcceptForm>,
) -> Result<Response, Failure> {
    let Some(token) = Token::from_link(&token) else { return Ok(closed().into_response()) };
    let Some((invitation, organisation)) = people.invitation(&token).await? else {
        return Ok(closed().into_response());
    };
    let into = invitation.organisation;
    let for_user = invitation.for_user.map(|user| (invitation.organisation, user));
    let mut view = InvitationView::of(&token, invitation, organisation);
    // A user who sets a new password keeps their name.
    let name = if view.new_password { "-" } else { form.name.as_str() };
    let name = PersonName::parse(name).map_err(|words| view.errors.push(("name", words)));
    let theirs = match for_user {
        Some((organisation, user)) => people.user_of(organisation, user).await?.map(|user| user.name),
        None => None,
    };
    let about = [theirs.as_deref().unwrap_or(&form.name), &view.email, &view.organisation];
    view.name = form.name.chars().take(254).collect();
    let password = match log_ins.choose_password(&token, &browser, form.password.clone(), &about).await {
        Ok(Chosen::Password(password)) => Ok(password),
        Ok(Chosen::Refused(words)) => {
            view.errors.push(("password", words));
            Err(())
        }
        Ok(Chosen::TooOften) => {
            return Ok(too_often(|words| page(InvitationView { busy: Some(words), ..view })));
        }
        Err(Failure::Busy(seconds)) => {
            return Ok(busy(seconds, |words| page(InvitationView { busy: Some(words), ..view })));
        }
        Err(failure) => return Err(failure),
    };
    let (Ok(name), Ok(password)) = (name, password) else {
        return Ok(page(view).with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
    };
    let from = (browser.address, browser.request_id);
    let end_sessions = async |tx: &Tx, organisation, user| Sessions::end_all_of(tx, organisation, user).await;
    let accepted = match people.accept(&token, &name, &password, from, end_sessions).await {
        Err(Failure::Busy(seconds)) => {
            return Ok(busy(seconds, |words| page(InvitationView { busy: Some(words), ..view })));
        }
        accepted => accepted?,
    };
    match accepted {
        Accepted::Welcome(email) => {
            let credentials = Credentials {
                organisation: people.short_name(into).await?,
                email: email.as_str().to_owned(),
                password: form.password,
            };
            let logged_in = log_ins.log_in_by_link(&token, &session, &credentials, &browser).await;
            Ok(redirect_after_link(logged_in)?.into_response())
        }
        Accepted::Closed => Ok(closed().into_response()),
        Accepted::EmailTaken => {
            view.taken = true;
            Ok(page(view).with_status(StatusCode::CONFLICT).into_response())
        }
    }
}

#[component]
fn InvitationPage(model: InvitationView) -> impl IntoView {
    let InvitationView { action, email, role, organisation, name, errors, taken, busy, new_password } = model;
    // After an error the summary has the focus.
    let focus = match (errors.is_empty(), new_password || busy.is_some()) {
        (false, _) => "",
        (true, true) => "password",
        (true, false) => "name",
    };
    let wrong: Vec<_> =
        LABELS.into_iter().filter(|(id, _)| errors.iter().any(|(field, _)| field == id)).collect();
    let error =
        |id: &str| errors.iter().find(|(field, _)| *field == id).map(|(_, words)| (*words).to_owned());
    let taken = taken.then(|| {
        view! {
            <Notice tone=Tone::Bad title="A user with this email exists already">
                <p>
                    "No user was added. " <a href="/login">"Log in"</a> " as that user, or ask the administrator who sent \
                     you the link to invite another email."
                </p>
            </Notice>
        }
    });
    let head = if new_password {
        view! {
            <div class="stack tight">
                <h1>"Choose a new password"</h1>
                <p class="soft">
                    "For your user at " <bdi>{organisation}</bdi> ". You will be logged out in all other browsers."
                </p>
            </div>
        }
        .into_any()
    } else {
        view! {
            <div class="stack tight">
                <h1>"Join "<bdi>{organisation}</bdi></h1>
                <p class="soft">"You are invited as "{role}". You will log in with the email below."</p>
            </div>
        }
        .into_any()
    };
    let name = (!new_password).then(|| {
        view! {
            <TextField
                name="name"
                label="Your name"
                value=name
                autocomplete="name"
                error=error("name")
                focus={focus == "name"}
            />
        }
    });
    view! {
        <div class="card">
            {head}
            {busy.map(|words| view! { <Notice tone=Tone::Bad><p>{words}</p></Notice> })}
            {taken}
            {(!wrong.is_empty()).then(|| view! { <ErrorSummary fields=wrong /> })}
            <form class="fields" method="post" action=action>
                <div class="field">
                    <label for="email">"Email"</label>
                    <input class="input" id="email" type="email" value=email autocomplete="username" readonly />
                </div>
                {name}
                <TextField
                    name="password"
                    label="Password"
                    kind=FieldKind::Password
                    help=Password::ADVICE
                    autocomplete="new-password"
                    error=error("password")
                    focus={focus == "password"}
                />
                <button class="button primary wide">{if new_password { "Set the password" } else { "Join" }}</button>
            </form>
        </div>
    }
}
