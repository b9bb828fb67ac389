//! `/re-authenticate`: asks for the password again before an action that an open browser alone must not
//! allow.
//!
//! A form that the user was sending waits in this page and is sent on afterwards, so that the user types
//! nothing twice.

use axum::{
    Extension,
    body::Bytes,
    extract::{Query, Request, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use leptos::prelude::*;
use secrecy::SecretString;
use tower_sessions::Session;

use super::{
    next::{Next, own_path},
    pages::CodeField,
    profile::{GivenCredentials, Profiles, Reauthentication},
    routes::{busy, too_many},
};
use crate::{
    people::access::Member,
    platform::{failure::Failure, page::Page},
    ui::{
        islands::SendOnce,
        widgets::{FieldKind, Notice, TextField, Tone},
    },
};

const HOME: &str = "/connectors";
/// The most bytes of a waiting form. Forms that need re-authentication are small.
const MAX_FORM: usize = 16 * 1024;
/// Names of this page's own fields, which no other form uses.
const PASSWORD: &str = "confirm_password";
const CODE: &str = "confirm_code";
const NEXT: &str = "confirm_next";
const AGAIN: &str = "confirm_again";

#[derive(Clone, Debug)]
struct ReauthenticateView {
    email: String,
    /// Whether a code of the second factor is asked for as well.
    code: bool,
    /// The path to go on to.
    next: String,
    /// The fields of the waiting form; `None` if the user only opened a page.
    form: Option<Vec<(String, String)>>,
    error: Option<String>,
}

impl ReauthenticateView {
    fn of(member: &Member, next: &str) -> Self {
        Self {
            email: member.email.clone(),
            code: member.has_second_factor(),
            next: own_path(next).unwrap_or(HOME).to_owned(),
            form: None,
            error: None,
        }
    }
}

fn page(view: ReauthenticateView) -> Page {
    Page::new("Confirm that it is you", move || {
        view! { <ReauthenticatePage model=view.clone() /> }.into_any()
    })
}

/// Whether a field may be written into a page. A typed secret may not; its expiry date may.
fn may_be_shown(name: &str) -> bool {
    let name = name.to_lowercase();
    name.starts_with("secret_expires") || !["password", "secret"].iter().any(|word| name.contains(word))
}

/// Answers a form whose sender must first re-authenticate. The form waits in the returned page.
pub async fn ask_for_password(member: &Member, request: Request) -> Response {
    let view = ReauthenticateView::of(member, request.uri().path());
    let Ok(body) = axum::body::to_bytes(request.into_body(), MAX_FORM).await else {
        return Failure::TooLarge.into_response();
    };
    let form = url::form_urlencoded::parse(&body).into_owned().filter(|(name, _)| may_be_shown(name));
    let view = ReauthenticateView { form: Some(form.collect()), ..view };
    page(view).with_status(StatusCode::FORBIDDEN).into_response()
}

/// `GET /re-authenticate`.
pub async fn show(Extension(member): Extension<Member>, Query(Next { next }): Query<Next>) -> Response {
    let view = ReauthenticateView::of(&member, &next);
    if member.has_reauthenticated() {
        return Redirect::to(&view.next).into_response();
    }
    page(view).into_response()
}

/// `POST /re-authenticate`. The browser itself sends a waiting form on (307 keeps method and body, RFC 9110,
/// 15.4.8). The handler of that form ignores this page's own fields.
pub async fn reauthenticate(
    State(profiles): State<Profiles>,
    Extension(member): Extension<Member>,
    session: Session,
    body: Bytes,
) -> Result<Response, Failure> {
    let mut view = ReauthenticateView::of(&member, HOME);
    let (mut given, mut again, mut form) = (GivenCredentials::default(), false, Vec::new());
    for (name, value) in url::form_urlencoded::parse(&body).into_owned() {
        match name.as_str() {
            PASSWORD => given.password = SecretString::from(value),
            CODE => given.code = value,
            NEXT => own_path(&value).unwrap_or(HOME).clone_into(&mut view.next),
            AGAIN => again = true,
            _ if may_be_shown(&name) => form.push((name, value)),
            _ => {}
        }
    }
    view.form = again.then_some(form);
    let outcome = match profiles.reauthenticate(member.logged_in_user(), &session, given).await {
        Err(Failure::Busy(seconds)) => {
            return Ok(busy(seconds, |words| page(ReauthenticateView { error: Some(words), ..view })));
        }
        outcome => outcome?,
    };
    match outcome {
        Reauthentication::Done if again => Ok(Redirect::temporary(&view.next).into_response()),
        Reauthentication::Done => Ok(Redirect::to(&view.next).into_response()),
        Reauthentication::Wrong | Reauthentication::WrongCode => {
            let words = if outcome == Reauthentication::Wrong {
                "This is not your password."
            } else {
                "The code is not right, or it has been used. Wait for the next one, and enter both again. If that one \
                 is refused as well, the clocks of your phone and of the server differ: let the phone set its time by \
                 itself, or use a recovery code."
            };
            view.error = Some(words.to_owned());
            Ok(page(view).with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
        Reauthentication::TooMany(wait) => {
            Ok(too_many(wait, |words| page(ReauthenticateView { error: Some(words), ..view })))
        }
    }
}

#[component]
fn ReauthenticatePage(model: ReauthenticateView) -> impl IntoView {
    let ReauthenticateView { email, code, next, form, error } = model;
    let code = code.then(|| view! { <CodeField name=CODE focus=false /> });
    let again = form.is_some().then(|| view! { <input type="hidden" name=AGAIN value="1" /> });
    let waiting = form
        .into_iter()
        .flatten()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    view! {
        <div class="card low alone">
            <h1>"Confirm that it is you"</h1>
            <p class="soft">
                "The next step concerns access or a secret. You last gave your password more than ten minutes \
                 ago, and an open browser alone is not enough."
            </p>
            {error.clone().map(|words| view! { <Notice tone=Tone::Bad><p>{words}</p></Notice> })}
            <SendOnce><form class="fields" method="post" action="/re-authenticate">
                {waiting}
                {again}
                <input type="hidden" name=NEXT value=next />
                // Tells password managers whose password it is.
                <input class="unseen" type="email" value=email autocomplete="username" readonly tabindex="-1" aria-hidden="true" />
                <TextField
                    name=PASSWORD
                    label="Password"
                    kind=FieldKind::Password
                    autocomplete="current-password"
                    focus=true
                />
                {code}
                <div class="row">
                    <button class="button primary">"Confirm"</button>
                    <a class="button plain" href=HOME>"Cancel"</a>
                </div>
            </form></SendOnce>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::may_be_shown;

    #[test]
    fn a_waiting_form_keeps_no_secret() {
        for secret in ["password", "client_secret", "New_Password", "clientSecret"] {
            assert!(!may_be_shown(secret), "{secret}");
        }
        assert!(may_be_shown("email") && may_be_shown("role") && may_be_shown("secret_expires_on"));
    }
}
