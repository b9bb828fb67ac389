//! `/profile/second-factor`: sets up and removes the user's own second factor, and renews recovery codes.

use std::sync::Arc;

use axum::{
    Extension, Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};
use leptos::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tower_sessions::Session;

use super::{
    pages::title_of,
    profile_page::note_second_factor_off,
    second_factor::clocks,
    service::{Browser, LogInService},
    session::{self, Issued, Sessions},
};
use crate::{
    people::{
        access::Member,
        service::{People, RECOVERY_CODES, RecoveryCode, Setup},
    },
    platform::{clock::SharedClock, database::Tx, failure::Failure, page::Page},
    ui::{
        islands::{Copying, SendOnce},
        widgets::{Back, Copyable, FieldKind, Notice, TextField, Tone},
    },
};

const HERE: &str = "/profile/second-factor";
const PROFILE: &str = "/profile";
/// Maximum number of QR codes that are drawn for a user within a window of the throttles.
const DRAWN: i64 = 60;

#[derive(Clone, Debug)]
struct SecondFactorView {
    setup: Setup,
    /// The QR code of the key that is being set up; `None` if too many were drawn or the server is busy.
    qr_code: Option<String>,
    required: bool,
    demanded: bool,
    error: Option<String>,
}

async fn view_of(
    people: &People,
    log_ins: &LogInService,
    member: &Member,
    session: &Session,
    error: Option<String>,
) -> Result<Page, Failure> {
    let required = people.organisation(&member.caller()).await?.second_factor_required;
    let demanded = member.lacks_second_factor();
    let (asker, drawn) = (member.logged_in_user().asker(), format!("drawn\0{}", member.user()));
    let begun = session::begun_second_factor(session).await?;
    let setup = people.second_factor(&member.reauthenticated()?, begun.as_ref()).await?;
    let draw = async || {
        let Setup::Begun(key) = &setup else { return Ok(None) };
        if !log_ins.throttles.is_within(&drawn, DRAWN).await? {
            return Ok(None);
        }
        people.draw_qr_code(asker, key.clone(), &member.email).await.map(Some)
    };
    let qr_code = match draw().await {
        // The user can type the key instead.
        Err(Failure::Busy(_) | Failure::Unavailable(_)) => None,
        drawn => drawn?,
    };
    let title = title_of("Second factor", error.is_some());
    let model = SecondFactorView { setup, qr_code, required, demanded, error };
    Ok(Page::new(title, move || view! { <SecondFactorPage model=model /> }.into_any()))
}

/// `GET /profile/second-factor`.
pub async fn show(
    State(people): State<People>,
    State(log_ins): State<Arc<LogInService>>,
    Extension(member): Extension<Member>,
    session: Session,
) -> Result<Page, Failure> {
    view_of(&people, &log_ins, &member, &session, None).await
}

/// `POST /profile/second-factor`: begins the set-up. The session gets a new id first, so that an attacker
/// with a cookie stolen before cannot read the key.
pub async fn begin_set_up(
    State(people): State<People>,
    State(sessions): State<Sessions>,
    Extension(member): Extension<Member>,
    session: Session,
) -> Result<Redirect, Failure> {
    let begun = people.begin_second_factor(&member.reauthenticated()?)?;
    sessions.renew(member.logged_in_user(), &session).await?;
    session::begin_second_factor(&session, &begun).await?;
    Ok(Redirect::to(HERE))
}

/// Fields of a form with a code.
#[derive(Deserialize)]
pub struct CodeForm {
    #[serde(default)]
    code: String,
}

/// `POST /profile/second-factor/finish`: the first right code activates the second factor.
pub async fn finish_set_up(
    State(people): State<People>,
    State(log_ins): State<Arc<LogInService>>,
    State(sessions): State<Sessions>,
    Extension(browser): Extension<Browser>,
    Extension(member): Extension<Member>,
    session: Session,
    Form(form): Form<CodeForm>,
) -> Result<Response, Failure> {
    let proved = member.reauthenticated()?;
    // It was finished in another window, or begun in a session that has ended. The page shows the current
    // state.
    let Some(begun) = session::begun_second_factor(&session).await? else {
        return Ok(Redirect::to(HERE).into_response());
    };
    let end_sessions = async |tx: &Tx| {
        sessions.end_all_and_renew(tx, member.logged_in_user(), &session, &browser.device).await
    };
    if let Some((codes, issued)) =
        people.finish_second_factor(&proved, &begun, &form.code, end_sessions).await?
    {
        return show_codes(codes, true, issued, &session).await;
    }
    let words = match people.clock_difference(&proved, &begun, &form.code)? {
        Some(difference) => {
            format!("This is not the code that is valid now. {} Let the phone set its time by itself.", clocks(difference))
        }
        None => "This is not the code that the app shows now. If you entered the right one, the clocks of your phone and of \
                 the server differ: let the phone set its time by itself."
            .to_owned(),
    };
    let page = view_of(&people, &log_ins, &member, &session, Some(words)).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// `POST /profile/second-factor/recovery-codes`: replaces the recovery codes.
pub async fn replace_recovery_codes(
    State(people): State<People>,
    State(sessions): State<Sessions>,
    Extension(browser): Extension<Browser>,
    Extension(member): Extension<Member>,
    session: Session,
) -> Result<Response, Failure> {
    let end_sessions = async |tx: &Tx| {
        sessions.end_all_and_renew(tx, member.logged_in_user(), &session, &browser.device).await
    };
    match people.new_recovery_codes(&member.reauthenticated()?, end_sessions).await? {
        Some((codes, issued)) => show_codes(codes, false, issued, &session).await,
        None => Ok(Redirect::to(HERE).into_response()),
    }
}

/// Shows recovery codes, in the session that was renewed for them.
async fn show_codes(
    codes: Vec<RecoveryCode>,
    first: bool,
    issued: Issued,
    session: &Session,
) -> Result<Response, Failure> {
    issued.hand_to(session).await?;
    Ok(codes_page(codes, first).into_response())
}

/// `POST /profile/second-factor/cancel`: drops a set-up. An active second factor stays, because another
/// window may have finished it.
pub async fn cancel_set_up(session: Session) -> Result<Redirect, Failure> {
    session::forget_second_factor(&session).await?;
    // A user who must have a second factor is sent back to the set-up.
    Ok(Redirect::to(PROFILE))
}

/// `POST /profile/second-factor/remove`.
pub async fn remove_second_factor(
    State(people): State<People>,
    State(sessions): State<Sessions>,
    State(clock): State<SharedClock>,
    Extension(browser): Extension<Browser>,
    Extension(member): Extension<Member>,
    session: Session,
) -> Result<Redirect, Failure> {
    let end_sessions = async |tx: &Tx| {
        sessions.end_all_and_renew(tx, member.logged_in_user(), &session, &browser.device).await
    };
    if let Some(issued) = people.remove_second_factor(&member.reauthenticated()?, end_sessions).await? {
        issued.hand_to(&session).await?;
        note_second_factor_off(&session, member.user(), clock.now()).await?;
    }
    Ok(Redirect::to(PROFILE))
}

/// Fields of the form that downloads the recovery codes as a file.
#[derive(Deserialize)]
pub struct FileForm {
    #[serde(default)]
    codes: SecretString,
}

/// `POST /profile/second-factor/recovery-codes/file`: the codes as a text file, for browsers without scripts too. The
/// database has only their hashes, so the page sends them. The answer repeats nothing that is not written as a code.
pub async fn save_codes(
    Extension(member): Extension<Member>,
    Form(form): Form<FileForm>,
) -> Result<Response, Failure> {
    let codes: Vec<&str> = form.codes.expose_secret().split_ascii_whitespace().collect();
    let are_codes =
        codes.len() == RECOVERY_CODES && codes.iter().all(|code| RecoveryCode::is_written_as_one(code));
    if !are_codes {
        return Err(Failure::BadRequest);
    }
    let text = format!(
        "Recovery codes of {} for Mail360 Connectors\n\n{}\n\nIf you lose your phone, use one of these codes instead. \
         Each works once.\n",
        member.email,
        codes.join("\n")
    );
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"mail360-recovery-codes.txt\""),
    ];
    Ok((headers, text).into_response())
}

/// The only page that shows recovery codes. It has no URL of its own to return to.
fn codes_page(codes: Vec<RecoveryCode>, first: bool) -> Page {
    Page::new("Recovery codes", move || view! { <Codes codes=codes first=first /> }.into_any())
}

#[component]
fn Codes(codes: Vec<RecoveryCode>, first: bool) -> impl IntoView {
    let title = if first { "The second factor is on" } else { "You have new recovery codes" };
    let words = if first {
        "From now on, a log-in asks for a code from the app after the password. You were logged out in all other browsers."
    } else {
        "The old codes no longer work. You were logged out in all other browsers."
    };
    let codes: Vec<String> = codes.iter().map(|code| code.expose().expose_secret().to_owned()).collect();
    let (lines, fields) = (codes.join("\n"), codes.join(" "));
    let items = codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view();
    view! {
        <div class="head"><h1>"Recovery codes"</h1></div>
        <Notice tone=Tone::Good title=title><p>{words}</p></Notice>
        <section class="card low alone" aria-labelledby="codes-title">
            <h2 id="codes-title">"Save these ten codes"</h2>
            <p>
                "If you lose your phone, use one of these codes instead. Each works once. Print them or save them in a \
                 password manager: they are not shown again."
            </p>
            <ul class="codes" role="list">{items}</ul>
            <div class="copy saving">
                <code hidden>{lines}</code>
                <Copying>
                    <button class="button small scripted" type="button">
                        <span>"Copy"</span>
                        " all"
                        <span class="unseen">" recovery codes"</span>
                    </button>
                </Copying>
                <form method="post" action=format!("{HERE}/recovery-codes/file")>
                    <input type="hidden" name="codes" value=fields />
                    <button class="button small">"Save as file"</button>
                </form>
            </div>
            <form class="saved stack tight" method="get" action=PROFILE>
                <label><input type="checkbox" required /> " " <span>"I have saved the codes"</span></label>
                <div class="row"><button class="button primary">"Continue"</button></div>
            </form>
        </section>
    }
}

#[component]
fn SecondFactorPage(model: SecondFactorView) -> impl IntoView {
    let SecondFactorView { setup, qr_code, required, demanded, error } = model;
    let notice = demanded.then(|| {
        view! {
            <Notice tone=Tone::Warn title="Your organisation requires a second factor">
                <p>"Set up a second factor here. After that you can use the other pages."</p>
            </Notice>
        }
    });
    let content = match setup {
        Setup::None => view! {
            <section class="card low alone">
                <p>
                    "With a second factor, a stolen password is not enough to log in. A log-in also asks for a code. An \
                     authenticator app on your phone shows this code, and a new one every 30 seconds. You can use any \
                     such app, for example Aegis or FreeOTP."
                </p>
                <form method="post" action=HERE>
                    <button class="button primary">"Set up a second factor"</button>
                </form>
            </section>
        }
        .into_any(),
        Setup::Begun(key) => {
            let type_it = if qr_code.is_some() {
                "Or type this key into the app: time-based, 6 digits."
            } else {
                "Type this key into the authenticator app on your phone: time-based, 6 digits. The server is too \
                 busy for a QR code. To scan one, load this page again in a few minutes."
            };
            view! {
            <section class="card low alone">
                <ol class="steps">
                    <li><div class="stack tight">
                        // A library draws the SVG from the key. The user's email is the only typed text in
                        // it, as modules of the QR code, so it cannot inject markup.
                        {qr_code.map(|drawn| view! {
                            <p>"Scan this picture with the authenticator app on your phone."</p>
                            <div class="qr" role="img" aria-label="QR code of the key below" inner_html=drawn />
                        })}
                        <p class="help">{type_it}</p>
                        <Copyable value=key.for_people() what="the key" />
                    </div></li>
                    <li>
                        <SendOnce><form class="fields" method="post" action=format!("{HERE}/finish")>
                            <TextField
                                name="code"
                                label="Code"
                                help="The six digits that the app shows now."
                                kind=FieldKind::Digits
                                autocomplete="one-time-code"
                                error=error
                                focus=true
                                max=Some(12)
                            />
                            <div class="row">
                                <button class="button primary">"Turn on the second factor"</button>
                                <button class="button plain" form="cancel">"Cancel"</button>
                            </div>
                        </form></SendOnce>
                    </li>
                </ol>
                <form id="cancel" method="post" action=format!("{HERE}/cancel")></form>
            </section>
        }
        .into_any()
        }
        Setup::Works { recovery_codes } => {
            let left = match recovery_codes {
                0 => "No recovery code is left.".to_owned(),
                1 => "One recovery code is left.".to_owned(),
                count => format!("{count} recovery codes are left."),
            };
            let away = if required {
                "Then you must set up a new second factor at once, because your organisation requires one. You are logged \
                 out in all other browsers."
            } else {
                "Then you log in with your password only. You are logged out in all other browsers."
            };
            view! {
                <Notice tone=Tone::Good title="The second factor is on"><p>{left}</p></Notice>
                <section class="card low alone">
                    <SendOnce>
                        <form method="post" action=format!("{HERE}/recovery-codes")>
                            <button class="button">"Create new recovery codes"</button>
                        </form>
                    </SendOnce>
                    <details class="disclosure">
                        <summary>"Log in without a second factor"</summary>
                        <form class="stack tight" method="post" action=format!("{HERE}/remove")>
                            <p>{away}</p>
                            <div class="row"><button class="button danger">"Turn off the second factor"</button></div>
                        </form>
                    </details>
                </section>
            }
            .into_any()
        }
    };
    view! {
        <div class="head">
            <div>
                <Back to=PROFILE what="Profile" />
                <h1>"Second factor"</h1>
            </div>
        </div>
        {notice}
        {content}
    }
}
