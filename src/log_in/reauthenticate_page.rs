//! `/re-authenticate`: asks for the password again before an action that an open browser alone must not
//! allow.
//!
//! A form that the user was sending waits in this page and is sent on afterwards, so that the user types
//! nothing twice. A secret in the form waits on the server, and the page says so in a hidden field.

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
    pages::{CodeField, title_of},
    profile::{GivenCredentials, Profiles, Reauthentication},
    routes::{busy, too_many_of},
};
use crate::{
    people::access::Member,
    platform::{
        failure::Failure,
        note::{SECRET_KEPT, VERSION, mark_version},
        page::Page,
    },
    ui::{
        islands::SendOnce,
        widgets::{FieldKind, Notice, TextField, Tone},
    },
};

const HOME: &str = "/connectors";
/// Maximum number of bytes of a waiting form. Forms that need re-authentication are small.
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
    /// The path to which the browser goes afterwards.
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
    let title = title_of("Confirm that it is you", view.error.is_some());
    Page::new(title, move || view! { <ReauthenticatePage model=view.clone() /> }.into_any())
}

/// The actions and pages that ask for the password, and what the user does there, as an infinitive. `*` is any one
/// segment of a path.
static ACTIONS: &[(&str, &str)] = &[
    ("/do/connectors/change", "change a connector"),
    ("/do/connectors/replace-secret", "replace a client secret"),
    ("/do/connectors/delete", "delete a connector"),
    ("/connectors/*/secret", "replace a client secret"),
    ("/connectors/*/retry", "change a connector and sign in again"),
    ("/settings/people", "invite a user"),
    ("/settings/people/second-factor", "change who must have a second factor"),
    ("/settings/people/invitations/*/withdraw", "withdraw an invitation"),
    ("/settings/people/*", "change a user's access"),
    ("/settings/return-addresses", "add a return address"),
    ("/settings/return-addresses/*/rotate", "make a new secret for a return address"),
    ("/settings/return-addresses/*/remove", "remove a return address"),
    ("/settings/return-addresses/*/confirmation", "change whether mailboxes must be confirmed"),
    ("/profile/second-factor", "change your second factor"),
    ("/profile/second-factor/finish", "turn on your second factor"),
    ("/profile/second-factor/recovery-codes", "create new recovery codes"),
    ("/profile/second-factor/remove", "turn off your second factor"),
];

/// The action of this path, as an infinitive.
fn action_at(path: &str) -> &'static str {
    let path = path.split('?').next().unwrap_or_default();
    let is_at = |pattern: &str| {
        pattern.split('/').count() == path.split('/').count()
            && pattern.split('/').zip(path.split('/')).all(|(one, other)| one == "*" || one == other)
    };
    ACTIONS.iter().find(|(pattern, _)| is_at(pattern)).map_or("continue", |(_, action)| action)
}

/// Whether a field may be written into a page. A typed secret may not; its expiry date may.
fn may_be_shown(name: &str) -> bool {
    let name = name.to_lowercase();
    name == SECRET_KEPT
        || name.starts_with("secret_expires")
        || !["password", "secret"].iter().any(|word| name.contains(word))
}

/// The fields of a form, as they wait in the page. If its secret waits on the server, the form names it in the field
/// [`SECRET_KEPT`], and must not be taken for one without a secret.
fn waiting_fields(body: &[u8], kept: Option<&str>) -> Vec<(String, String)> {
    let fields = url::form_urlencoded::parse(body).into_owned().filter(|(name, _)| may_be_shown(name));
    let Some(kept) = kept else { return fields.collect() };
    let others = fields.filter(|(name, _)| name != SECRET_KEPT).map(|(name, value)| {
        let value = if name == VERSION { mark_version(&value) } else { value };
        (name, value)
    });
    others.chain([(SECRET_KEPT.to_owned(), kept.to_owned())]).collect()
}

/// Answers a form whose sender must first re-authenticate. The form waits in the returned page. `kept` is the id of its
/// secret, if the server keeps one.
pub async fn ask_for_password(member: &Member, request: Request, kept: Option<&str>) -> Response {
    let view = ReauthenticateView::of(member, request.uri().path());
    let Ok(body) = axum::body::to_bytes(request.into_body(), MAX_FORM).await else {
        return Failure::TooLarge.into_response();
    };
    let view = ReauthenticateView { form: Some(waiting_fields(&body, kept)), ..view };
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
        Reauthentication::TooMany(wait) => Ok(too_many_of("passwords or codes", wait, |words| {
            page(ReauthenticateView { error: Some(words), ..view })
        })),
    }
}

#[component]
fn ReauthenticatePage(model: ReauthenticateView) -> impl IntoView {
    let ReauthenticateView { email, code, next, form, error } = model;
    let why = format!(
        "To {}, enter your password again. We ask because this changes a secret or a user's access.",
        action_at(&next)
    );
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
            <p class="soft">{why}</p>
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
    use super::{action_at, may_be_shown, waiting_fields};

    #[test]
    fn a_waiting_form_keeps_no_secret() {
        for secret in ["password", "client_secret", "New_Password", "clientSecret", "secret_kept_value"] {
            assert!(!may_be_shown(secret), "{secret}");
        }
        for field in ["email", "role", "secret_expires_on", "secret_kept"] {
            assert!(may_be_shown(field), "{field}");
        }
    }

    #[test]
    fn in_place_of_a_secret_a_waiting_form_names_the_one_that_is_kept() {
        for (body, kept, waits) in [
            ("name=a&client_secret=b", Some("id"), &[("name", "a"), ("secret_kept", "id")][..]),
            ("secret_kept=old&version=7", Some("id"), &[("version", "k7"), ("secret_kept", "id")]),
            ("version=k7", Some("id"), &[("version", "k7"), ("secret_kept", "id")]),
            ("client_secret=++&version=7", None, &[("version", "7")]),
            ("password=b&email=a", None, &[("email", "a")]),
        ] {
            let fields = waiting_fields(body.as_bytes(), kept);
            let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(fields, waits, "{body}");
        }
    }

    #[test]
    fn the_page_says_what_the_password_is_for() {
        for (path, action) in [
            ("/do/connectors/replace-secret", "replace a client secret"),
            ("/connectors/01932b5e/secret", "replace a client secret"),
            ("/settings/people", "invite a user"),
            ("/settings/people/second-factor", "change who must have a second factor"),
            ("/settings/people/01932b5e", "change a user's access"),
            ("/settings/return-addresses/01932b5e/rotate", "make a new secret for a return address"),
            ("/profile/second-factor?from=here", "change your second factor"),
            ("/another", "continue"),
        ] {
            assert_eq!(action_at(path), action, "{path}");
        }
    }
}
