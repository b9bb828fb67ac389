//! The log-in page and the set-up page.

use leptos::prelude::*;

use crate::{
    people::model::Password,
    platform::config::doctor::Doctor,
    ui::{
        doctor::AddressDoctor,
        islands::SendOnce,
        widgets::{ErrorSummary, FieldKind, Notice, TextField, Tone},
    },
};

/// The title of a page: begins with the word *Error* if the page refuses a form, so that the browser's tab and a screen
/// reader say it first.
pub fn title_of(title: &str, is_refused: bool) -> String {
    if is_refused { format!("Error: {title}") } else { title.to_owned() }
}

/// The content of the log-in page.
#[derive(Clone, Debug, Default)]
pub struct LoginView {
    /// The typed short name of the organisation; `None` if there is only one organisation.
    pub organisation: Option<String>,
    /// The typed email.
    pub email: String,
    /// The path to return to.
    pub next: String,
    /// Whether a form that was sent after the session had ended is kept.
    pub kept: bool,
    /// Whether there is no user yet who could log in.
    pub not_set_up: bool,
    /// The check of the address under which the browser reached the program.
    pub doctor: Option<Doctor>,
    /// The error message.
    pub error: Option<String>,
}

/// The log-in page.
#[component]
pub fn LoginPage(
    /// Content of the page.
    model: LoginView,
) -> impl IntoView {
    let LoginView { organisation, email, next, kept, not_set_up, doctor, error } = model;
    let not_set_up = not_set_up.then(|| {
        view! {
            <Notice tone=Tone::Info title="Not set up yet">
                <p>
                    "This console has no users yet. Open the set-up link from the program's log. Every start of the \
                     program prints a new link."
                </p>
            </Notice>
        }
    });
    let kept = kept.then(|| {
        view! {
            <Notice tone=Tone::Info title="You were logged out">
                <p>"We kept what you typed, except the secret. Log in to continue."</p>
            </Notice>
        }
    });
    // After an error, only the password has to be typed again.
    let retry = error.is_some();
    let asks = organisation.as_ref().is_some_and(String::is_empty);
    let organisation = organisation.map(|short_name| {
        view! {
            <TextField
                name="organisation"
                label="Organisation"
                value=short_name
                autocomplete="organization"
                help="The short name of your organisation. Your administrator knows it."
                focus=asks
            />
        }
    });
    view! {
        <div class="card">
            <h1>"Log in"</h1>
            {doctor.map(|doctor| view! { <AddressDoctor doctor=doctor /> })}
            {not_set_up}
            {kept}
            {error.map(|words| view! { <Notice tone=Tone::Bad><p>{words}</p></Notice> })}
            <SendOnce><form class="fields" method="post" action="/login">
                <input type="hidden" name="next" value=next />
                {organisation}
                <TextField
                    name="email"
                    label="Email"
                    kind=FieldKind::Email
                    value=email
                    autocomplete="username"
                    focus={!retry && !asks}
                />
                <TextField
                    name="password"
                    label="Password"
                    kind=FieldKind::Password
                    autocomplete="current-password"
                    focus={retry && !asks}
                />
                <button class="button primary wide">"Log in"</button>
            </form></SendOnce>
            <p class="help">
                "Forgot your password? Ask an administrator of your organisation for a new link. The operator can also \
                 set a password with " <code>"mail360 user password"</code> "."
            </p>
        </div>
    }
}

/// The page that asks for a code after the password.
#[component]
pub fn CodePage(
    /// The path to return to.
    next: String,
    /// The error message.
    error: Option<String>,
) -> impl IntoView {
    view! {
        <div class="card">
            <h1>"Enter the code"</h1>
            {error.map(|words| view! { <Notice tone=Tone::Bad><p>{words}</p></Notice> })}
            <SendOnce><form class="fields" method="post" action="/login/code">
                <input type="hidden" name="next" value=next />
                <CodeField name="code" focus=true />
                <button class="button primary wide">"Log in"</button>
            </form></SendOnce>
            <p class="help">
                "Lost your phone and your recovery codes? An administrator of your organisation can turn off your second \
                 factor. The operator can also turn it off with "
                <code>"mail360 user reset-second-factor"</code> "."
            </p>
            <div class="row"><a class="button plain small" href="/login">"Log in as another user"</a></div>
        </div>
    }
}

/// The content of the set-up page.
#[derive(Clone, Debug, Default)]
pub struct SetUpView {
    /// Path of the page, with the token.
    pub action: String,
    /// The typed organisation.
    pub organisation: String,
    /// The typed name.
    pub name: String,
    /// The typed email.
    pub email: String,
    /// Error messages by field.
    pub errors: Vec<(&'static str, &'static str)>,
    /// The message if the server is busy.
    pub busy: Option<String>,
}

const LABELS: [(&str, &str); 4] =
    [("organisation", "Organisation"), ("name", "Your name"), ("email", "Email"), ("password", "Password")];

#[component]
pub fn SetUpPage(
    /// Content of the page.
    model: SetUpView,
) -> impl IntoView {
    let SetUpView { action, organisation, name, email, errors, busy } = model;
    // After an error the summary has the focus.
    let focus = match (&busy, errors.is_empty()) {
        (Some(_), _) => "password",
        (None, true) => "organisation",
        (None, false) => "",
    };
    let wrong: Vec<_> =
        LABELS.into_iter().filter(|(id, _)| errors.iter().any(|(field, _)| field == id)).collect();
    let error =
        |id: &str| errors.iter().find(|(field, _)| *field == id).map(|(_, words)| (*words).to_owned());
    view! {
        <div class="card">
            <div class="stack tight">
                <h1>"Set up Mail360 Connectors"</h1>
                <p class="soft">
                    "You are the first user. This form creates your organisation and makes you its administrator."
                </p>
            </div>
            {(!wrong.is_empty()).then(|| view! { <ErrorSummary fields=wrong /> })}
            {busy.map(|words| view! { <Notice tone=Tone::Bad><p>{words}</p></Notice> })}
            <form class="fields" method="post" action=action>
                <TextField
                    name="organisation"
                    label="Organisation"
                    help="The name of your company."
                    value=organisation
                    autocomplete="organization"
                    error=error("organisation")
                    focus={focus == "organisation"}
                />
                <TextField
                    name="name"
                    label="Your name"
                    value=name
                    autocomplete="name"
                    error=error("name")
                    focus={focus == "name"}
                />
                <TextField
                    name="email"
                    label="Email"
                    kind=FieldKind::Email
                    help="You log in with this address."
                    value=email
                    autocomplete="username"
                    error=error("email")
                    focus={focus == "email"}
                />
                <TextField
                    name="password"
                    label="Password"
                    kind=FieldKind::Password
                    help=Password::ADVICE
                    autocomplete="new-password"
                    error=error("password")
                    focus={focus == "password"}
                />
                <button class="button primary wide">"Set up"</button>
            </form>
        </div>
    }
}

/// The content of the page for a set-up link that no longer works.
#[component]
pub fn SetUpDone(
    /// The heading.
    title: &'static str,
    /// Whether there are users already.
    is_done: bool,
) -> impl IntoView {
    let words = if is_done {
        "Log in with your email and password. If you have no user here, ask an administrator of your organisation for an \
         invitation."
    } else {
        "Open the newest set-up link from the program's log. Every start of the program prints a new link, which works \
         for 24 hours."
    };
    let log_in = is_done
        .then(|| view! { <div class="row"><a class="button primary" href="/login">"Log in"</a></div> });
    view! {
        <div class="card">
            <h1>{title}</h1>
            <p class="soft">{words}</p>
            {log_in}
        </div>
    }
}

/// The field for a code of the second factor.
#[component]
pub fn CodeField(
    /// Name of the field in the form.
    name: &'static str,
    /// Whether the field has the focus.
    focus: bool,
) -> impl IntoView {
    view! {
        <TextField
            name=name
            label="Code"
            kind=FieldKind::Digits
            help="The six digits that your authenticator app shows now, or one of your recovery codes."
            autocomplete="one-time-code"
            focus=focus
            max=Some(40)
        />
    }
}
