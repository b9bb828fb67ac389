//! `/settings/appearance`: the name, the contact, the privacy notice and the logo that people without a user see. Also
//! serves the logos.

use axum::{
    Extension, Form,
    extract::{Multipart, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderValue, StatusCode, header};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::service::appearance::{
    AppearanceChange, AppearanceErrors, AppearanceTexts, Appearances, MAX_CONTACT, MAX_NAME, MAX_PRIVACY_URL,
    StoredAppearance,
    logo::{Logo, MAX_LOGO},
    logo_path,
};
use crate::{
    people::access::Member,
    platform::{clock::SharedClock, failure::Failure, note, page::Page, randomness::Hash},
    ui::widgets::{ErrorSummary, FieldError, FocusedNotice, Notice, TextField, Tone},
};

const HERE: &str = "/settings/appearance";
const TITLE: &str = "Appearance to users";
/// The path to which the form with a logo is sent.
pub const UPLOAD: &str = "/settings/appearance/logo";
/// The name of the field with the file.
const LOGO: &str = "logo";
/// Name of the note about the last change.
const NOTE: &str = "appearance";

/// What the last form did, for the page after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Saved {
    Texts,
    Logo,
    LogoRemoved,
}

impl Saved {
    const fn words(self) -> &'static str {
        match self {
            Self::Texts => "Saved. Users see it from now on, also behind links that they have already.",
            Self::Logo => "The logo was saved.",
            Self::LogoRemoved => "The logo was removed.",
        }
    }
}

struct AppearanceView {
    /// The present values.
    stored: StoredAppearance,
    /// What the form shows: the present values, or what was typed.
    typed: AppearanceTexts,
    /// The name of the organisation.
    organisation: String,
    errors: AppearanceErrors,
    logo_error: Option<&'static str>,
    /// Whether another administrator has changed the appearance since the form was opened.
    is_outdated: bool,
    saved: Option<Saved>,
}

impl AppearanceView {
    /// The page with the present values.
    async fn of(appearances: &Appearances, member: &Member) -> Result<Self, Failure> {
        let stored = appearances.get(&member.admin()?).await?;
        Ok(Self {
            typed: stored.texts.clone(),
            stored,
            organisation: member.organisation_name.clone(),
            errors: Vec::new(),
            logo_error: None,
            is_outdated: false,
            saved: None,
        })
    }

    fn page(self) -> Page {
        let is_refused = !self.errors.is_empty() || self.logo_error.is_some() || self.is_outdated;
        let title = if is_refused { format!("Error: {TITLE}") } else { TITLE.to_owned() };
        Page::new(title, move || view! { <AppearancePage model=self /> }.into_any())
    }
}

/// `GET /settings/appearance`.
pub async fn show(
    State(appearances): State<Appearances>,
    State(clock): State<SharedClock>,
    Extension(member): Extension<Member>,
    session: Session,
) -> Result<Page, Failure> {
    let saved = note::read::<Saved>(&session, NOTE, clock.now()).await?;
    Ok(AppearanceView { saved, ..AppearanceView::of(&appearances, &member).await? }.page())
}

/// The form with the texts.
#[derive(Deserialize)]
pub struct AppearanceForm {
    #[serde(default)]
    version: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    contact: String,
    #[serde(default)]
    privacy_url: String,
}

/// `POST /settings/appearance`.
pub async fn change(
    State(appearances): State<Appearances>,
    State(clock): State<SharedClock>,
    Extension(member): Extension<Member>,
    session: Session,
    Form(form): Form<AppearanceForm>,
) -> Result<Response, Failure> {
    let AppearanceForm { version, name, contact, privacy_url } = form;
    let version: i64 = version.parse().map_err(|_| Failure::BadRequest)?;
    let typed = AppearanceTexts { name, contact, privacy_url };
    match appearances.change_texts(&member.admin()?, version, &typed).await? {
        AppearanceChange::Changed => go_back(&session, &clock, Saved::Texts).await,
        AppearanceChange::Wrong(errors) => {
            let mut view = AppearanceView::of(&appearances, &member).await?;
            // The form still changes the version that it was opened with.
            view.stored.version = version;
            let page = AppearanceView { typed, errors, ..view }.page();
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
        AppearanceChange::Outdated => {
            let view = AppearanceView::of(&appearances, &member).await?;
            let page = AppearanceView { is_outdated: true, ..view }.page();
            Ok(page.with_status(StatusCode::CONFLICT).into_response())
        }
    }
}

/// `POST /settings/appearance/logo`.
pub async fn upload_logo(
    State(appearances): State<Appearances>,
    State(clock): State<SharedClock>,
    Extension(member): Extension<Member>,
    session: Session,
    form: Multipart,
) -> Result<Response, Failure> {
    let admin = member.admin()?;
    match Logo::parse(&read_file(form).await?) {
        Ok(logo) => {
            appearances.set_logo(&admin, logo).await?;
            go_back(&session, &clock, Saved::Logo).await
        }
        Err(words) => {
            let view = AppearanceView::of(&appearances, &member).await?;
            let page = AppearanceView { logo_error: Some(words), ..view }.page();
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// The bytes of the file in a form; none if the form has no file.
async fn read_file(mut form: Multipart) -> Result<Vec<u8>, Failure> {
    while let Some(field) = form.next_field().await.map_err(|_| Failure::BadRequest)? {
        if field.name() == Some(LOGO) {
            return Ok(field.bytes().await.map_err(|_| Failure::BadRequest)?.to_vec());
        }
    }
    Ok(Vec::new())
}

/// `POST /settings/appearance/logo/remove`.
pub async fn remove_logo(
    State(appearances): State<Appearances>,
    State(clock): State<SharedClock>,
    Extension(member): Extension<Member>,
    session: Session,
) -> Result<Response, Failure> {
    appearances.remove_logo(&member.admin()?).await?;
    go_back(&session, &clock, Saved::LogoRemoved).await
}

/// Redirects to the page, which says what was done.
async fn go_back(session: &Session, clock: &SharedClock, saved: Saved) -> Result<Response, Failure> {
    note::keep_note(session, NOTE, &saved, clock.now()).await?;
    Ok(Redirect::to(HERE).into_response())
}

/// `GET /connect/logo/{hash}`: a logo, for everyone. Another logo has another address, so browsers keep it for a year.
pub async fn show_logo(
    State(appearances): State<Appearances>,
    Path(hash): Path<String>,
) -> Result<Response, Failure> {
    let hash: Hash = hash.parse().map_err(|_| Failure::NotFound)?;
    let logo = appearances.logo(hash).await?.ok_or(Failure::NotFound)?;
    let media_type = HeaderValue::try_from(logo.media_type).map_err(|error| Failure::unexpected(&error))?;
    let kept = HeaderValue::from_static("public, max-age=31536000, immutable");
    Ok(([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, kept)], logo.bytes).into_response())
}

/// The fields of the form with the texts, in its order.
const LABELS: [(&str, &str); 3] =
    [("name", "Public name"), ("contact", "Contact"), ("privacy_url", "Address of your privacy notice")];

#[component]
fn AppearancePage(model: AppearanceView) -> impl IntoView {
    let AppearanceView { stored, typed, organisation, errors, logo_error, is_outdated, saved } = model;
    let wrong = LABELS.into_iter().filter(|(name, _)| errors.iter().any(|(wrong, _)| wrong == name));
    let wrong: Vec<_> = wrong.chain(logo_error.map(|_| (LOGO, "File with the logo"))).collect();
    let summary =
        (!wrong.is_empty()).then(|| view! { <ErrorSummary fields=wrong more="Nothing was saved." /> });
    let outdated = is_outdated.then(|| {
        view! {
            <FocusedNotice tone=Tone::Warn title="Another administrator changed this at the same time">
                <p>"Nothing was saved. The form shows the present values: make your change again."</p>
            </FocusedNotice>
        }
    });
    let saved = saved.map(|saved| view! { <Notice tone=Tone::Good><p>{saved.words()}</p></Notice> });
    let error =
        |name: &str| errors.iter().find(|(wrong, _)| *wrong == name).map(|(_, words)| (*words).to_owned());
    let help = format!("The name that users know. If it is empty, they see “{organisation}”.");
    view! {
        <div class="head">
            <div>
                <h1>{TITLE}</h1>
                <p class="soft">"What people see behind the links that you send them. They need no user here."</p>
            </div>
        </div>
        {summary}
        {outdated}
        {saved}
        <form class="card low alone" method="post" action=HERE>
            <input type="hidden" name=note::VERSION value=stored.version.to_string() />
            <div class="fields">
                <TextField
                    name="name"
                    label="Public name"
                    help=help
                    value=typed.name
                    error=error("name")
                    required=false
                    max=Some(MAX_NAME)
                    autocomplete="organization"
                />
                <TextField
                    name="contact"
                    label="Contact"
                    help="An email address or a telephone number at which people can ask about a link."
                    value=typed.contact
                    error=error("contact")
                    required=false
                    max=Some(MAX_CONTACT)
                />
                <TextField
                    name="privacy_url"
                    label="Address of your privacy notice"
                    help="The page that says how you use personal data. It begins with https."
                    value=typed.privacy_url
                    error=error("privacy_url")
                    required=false
                    max=Some(MAX_PRIVACY_URL)
                />
            </div>
            <div class="row"><button class="button primary">"Save"</button></div>
        </form>
        <LogoCard logo=stored.logo error=logo_error.map(str::to_owned) />
    }
}

/// The logo, and the forms that replace and remove it.
#[component]
fn LogoCard(logo: Option<Hash>, error: Option<String>) -> impl IntoView {
    let (shown, remove) = logo
        .map(|hash| {
            let remove = format!("{UPLOAD}/remove");
            (
                view! { <img class="logo-shown" src=logo_path(hash) alt="The present logo" /> },
                view! {
                    <form method="post" action=remove>
                        <button class="button">"Remove the logo"</button>
                    </form>
                },
            )
        })
        .unzip();
    let is_wrong = error.is_some().then_some("true");
    let help = format!(
        "A PNG, JPEG or WebP picture of at most {} kB. It is shown beside the name, about 50 pixels high.",
        MAX_LOGO / 1_000
    );
    view! {
        <section class="card low alone" aria-labelledby="logo-title">
            <h2 id="logo-title">"Logo"</h2>
            {shown}
            <form class="fields" method="post" action=UPLOAD enctype="multipart/form-data">
                <div class="field">
                    <label for=LOGO>"File with the logo"</label>
                    <p class="help" id="logo-help">{help}</p>
                    <input
                        class="input"
                        id=LOGO
                        name=LOGO
                        type="file"
                        accept="image/png,image/jpeg,image/webp"
                        aria-describedby="logo-help logo-error"
                        aria-invalid=is_wrong
                        required=true
                    />
                    <FieldError id={"logo-error".to_owned()} error=error />
                </div>
                <div class="row"><button class="button">"Save the logo"</button></div>
            </form>
            {remove}
        </section>
    }
}
