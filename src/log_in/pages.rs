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

/// What the log-in page shows.
#[derive(Clone, Debug, Default)]
pub struct LoginView {
    /// The short name of the organisation that was typed; `None` where there is only one organisation.
    pub organisation: Option<String>,
    /// The e-mail that was typed.
    pub email: String,
    /// The path to come back to.
    pub next: String,
    /// Whether what was typed before is kept.
    pub kept: bool,
    /// That there is nobody yet who could log in.
    pub nobody: bool,
    /// What was found of the program's address.
    pub doctor: Option<Doctor>,
    /// What is wrong.
    pub error: Option<String>,
}

/// The log-in page.
#[component]
pub fn LoginPage(
    /// What it shows.
    model: LoginView,
) -> impl IntoView {
    let LoginView { organisation, email, next, kept, nobody, doctor, error } = model;
    let nobody = nobody.then(|| {
        view! {
            <Notice tone=Tone::Info title="Not set up yet">
                <p>
                    "Open the set-up link that the program printed, in its terminal or log, when it was started. \
                     Each start prints a new one."
                </p>
            </Notice>
        }
    });
    let kept = kept.then(|| {
        view! {
            <Notice tone=Tone::Info title="Your session had ended">
                <p>"What you typed is kept, all but the secret. Log in to go on with it."</p>
            </Notice>
        }
    });
    // After a mistake the password is what has to be typed again.
    let retry = error.is_some();
    let asks = organisation.as_ref().is_some_and(String::is_empty);
    let organisation = organisation.map(|short_name| {
        view! {
            <TextField
                name="organisation"
                label="Organisation"
                value=short_name
                autocomplete="organization"
                help="The short name that your administrator gave you."
                focus=asks
            />
        }
    });
    view! {
        <div class="card">
            <h1>"Log in"</h1>
            {doctor.map(|doctor| view! { <AddressDoctor doctor=doctor /> })}
            {nobody}
            {kept}
            {error.map(|words| view! { <Notice tone=Tone::Bad><p>{words}</p></Notice> })}
            <SendOnce><form class="fields" method="post" action="/login">
                <input type="hidden" name="next" value=next />
                {organisation}
                <TextField
                    name="email"
                    label="E-mail"
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
                "Forgotten? An administrator of your organisation can send you a link with which you choose a new \
                 password. Whoever runs this program can set one with "
                <code>"mail360 user password"</code> "."
            </p>
        </div>
    }
}

/// The page that asks for a code after the password.
#[component]
pub fn CodePage(
    /// The path to come back to.
    next: String,
    /// What is wrong.
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
                "Lost both? An administrator of your organisation can take your second factor away. Whoever \
                 runs this program can do so with " <code>"mail360 user reset-second-factor"</code> "."
            </p>
            <div class="row"><a class="button plain small" href="/login">"Log in as somebody else"</a></div>
        </div>
    }
}

/// What the set-up page shows.
#[derive(Clone, Debug, Default)]
pub struct SetUpView {
    /// The page's own path, which holds the capability.
    pub action: String,
    /// The organisation that was typed.
    pub organisation: String,
    /// The name that was typed.
    pub name: String,
    /// The e-mail that was typed.
    pub email: String,
    /// What is wrong, by field.
    pub errors: Vec<(&'static str, &'static str)>,
    /// That there is too much to do.
    pub busy: Option<String>,
}

const LABELS: [(&str, &str); 4] =
    [("organisation", "Organisation"), ("name", "Your name"), ("email", "E-mail"), ("password", "Password")];

/// The set-up page.
#[component]
pub fn SetUpPage(
    /// What it shows.
    model: SetUpView,
) -> impl IntoView {
    let SetUpView { action, organisation, name, email, errors, busy } = model;
    let usual = if busy.is_some() { "password" } else { "organisation" };
    let first = errors.first().map_or(usual, |(field, _)| field);
    let wrong: Vec<_> =
        LABELS.into_iter().filter(|(id, _)| errors.iter().any(|(field, _)| field == id)).collect();
    let error =
        |id: &str| errors.iter().find(|(field, _)| *field == id).map(|(_, words)| (*words).to_owned());
    view! {
        <div class="card">
            <div class="stack tight">
                <h1>"Set up Mail360 Connectors"</h1>
                <p class="soft">
                    "You are the first here. This makes your organisation and its first administrator: you."
                </p>
            </div>
            {(!wrong.is_empty()).then(|| view! { <ErrorSummary fields=wrong /> })}
            {busy.map(|words| view! { <Notice tone=Tone::Bad><p>{words}</p></Notice> })}
            <form class="fields" method="post" action=action>
                <TextField
                    name="organisation"
                    label="Organisation"
                    help="The company whose connectors these will be."
                    value=organisation
                    autocomplete="organization"
                    error=error("organisation")
                    focus={first == "organisation"}
                />
                <TextField
                    name="name"
                    label="Your name"
                    value=name
                    autocomplete="name"
                    error=error("name")
                    focus={first == "name"}
                />
                <TextField
                    name="email"
                    label="E-mail"
                    kind=FieldKind::Email
                    help="You log in with it."
                    value=email
                    autocomplete="username"
                    error=error("email")
                    focus={first == "email"}
                />
                <TextField
                    name="password"
                    label="Password"
                    kind=FieldKind::Password
                    help=Password::ADVICE
                    autocomplete="new-password"
                    error=error("password")
                    focus={first == "password"}
                />
                <button class="button primary wide">"Set up"</button>
            </form>
        </div>
    }
}

/// The field for a code of the second factor.
#[component]
pub fn CodeField(
    /// Under which name it is sent.
    name: &'static str,
    /// Whether it is the one to type into.
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
