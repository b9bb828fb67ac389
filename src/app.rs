//! The HTML shell with the left pane, the pages that use several features, and the middleware that renders
//! every page and failure. Start with [`render`].

mod activity_page;
pub(crate) mod connector_page;
mod errors;
pub(crate) mod people_page;
pub(crate) mod person_page;
mod recorded;

pub use activity_page::show as activity_page;

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use leptos::{
    config::LeptosOptions,
    hydration::HydrationScripts,
    nonce::{Nonce, provide_nonce},
    prelude::*,
};
use url::{Position, Url};

use crate::{
    log_in::next::own_path,
    people::access::Member,
    platform::{
        assets::Assets,
        config::Config,
        failure::Failure,
        middleware::{headers::ScriptNonce, host::Misdirected},
        origin::Origin,
        page::{Frame, Page, Then},
        request_id::RequestId,
    },
    ui::icons::Icon,
};

/// State of the middleware [`render`].
#[derive(Clone)]
pub struct Renderer {
    config: Arc<Config>,
    options: LeptosOptions,
}

impl Renderer {
    /// A renderer for pages with these assets.
    pub fn new(config: Arc<Config>, assets: &Assets) -> Self {
        // An error means that the executor is set already.
        let _ = any_spawner::Executor::init_tokio();
        let options = LeptosOptions::builder()
            // The name contains the build's hash, so that a page and its assets always match.
            .output_name(assets.name())
            .site_pkg_dir("pkg")
            .build();
        Self { config, options }
    }
}

/// Middleware: renders a [`Page`], a [`Failure`] or a [`Misdirected`] that an inner layer left in the
/// response. Other responses pass unchanged.
pub async fn render(State(renderer): State<Renderer>, request: Request, next: Next) -> Response {
    let nonce = request.extensions().get::<ScriptNonce>().cloned();
    let request_id = request.extensions().get::<RequestId>().copied();
    let path = request.uri().path().to_owned();
    let came_from = came_from(&request, renderer.config.public_url.parts());
    let sent_from = request.headers().get(http::header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let sent_from = sent_from.map(str::to_owned);
    let mut response = next.run(request).await;

    let failure = response.extensions_mut().remove::<Failure>();
    let page = if let Some(page) = response.extensions_mut().remove::<Page>() {
        page
    } else if let Some(failure) = failure {
        failure.log();
        let public_url = &renderer.config.public_url;
        errors::failure(&failure, request_id, public_url, came_from.as_deref(), sent_from.as_deref())
    } else if let Some(misdirected) = response.extensions_mut().remove::<Misdirected>() {
        errors::misdirected(&misdirected, &renderer.config.public_url)
    } else if is_bare_error(&response) {
        // Extractors and the router answer errors with a plain line of text.
        if response.status().is_server_error() {
            tracing::error!(status = response.status().as_u16(), "a request failed");
        }
        errors::bare(response.status(), request_id)
    } else {
        return response;
    };
    let member = response.extensions_mut().remove::<Member>();
    let html = to_html(&renderer, page, member, nonce, &path).await;

    // Keep the headers of the inner response, such as cookies. The body is the page's.
    let (mut parts, _) = response.into_parts();
    let (page_parts, body) = html.into_parts();
    parts.headers.remove(http::header::CONTENT_LENGTH);
    parts.headers.extend(page_parts.headers);
    parts.status = page_parts.status;
    Response::from_parts(parts, body)
}

/// The page of this program from which a form was sent, to return to after a log-in.
fn came_from(request: &Request, own: &Origin) -> Option<String> {
    let referer = Url::parse(request.headers().get(http::header::REFERER)?.to_str().ok()?).ok()?;
    let ours = Origin::of_url(&referer).as_ref() == Some(own);
    ours.then(|| own_path(&referer[Position::BeforePath..Position::AfterQuery]).map(str::to_owned)).flatten()
}

fn is_bare_error(response: &Response) -> bool {
    let html = response
        .headers()
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    !html && (response.status().is_client_error() || response.status().is_server_error())
}

async fn to_html(
    renderer: &Renderer,
    page: Page,
    member: Option<Member>,
    nonce: Option<ScriptNonce>,
    path: &str,
) -> Response {
    let status = page.status;
    let reload = match page.then {
        Some(Then::Reload(seconds)) => Some(seconds),
        _ => None,
    };
    let options = renderer.options.clone();
    let contexts = move || {
        provide_nonce();
        if let Some(ScriptNonce(nonce)) = &nonce {
            // The nonce of the Content-Security-Policy.
            provide_context(Nonce::from_value(nonce.clone()));
        }
    };
    let here = path.to_owned();
    let app = move || shell(&page, member.as_ref(), &options, &here);
    let render = leptos_axum::render_app_async_with_context(contexts, app);
    let mut request = Request::new(Body::empty());
    if let Ok(uri) = path.parse() {
        *request.uri_mut() = uri;
    }
    let mut response = render(request).await.into_response();
    *response.status_mut() = status;
    if let Some(seconds) = reload {
        response.headers_mut().insert(http::header::REFRESH, seconds.into());
    }
    response
}

/// The HTML document around a page.
fn shell(page: &Page, member: Option<&Member>, options: &LeptosOptions, here: &str) -> impl IntoView + use<> {
    let content = page.content.take();
    let title = format!("{} · Mail360 Connectors", page.title);
    let stylesheet = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    let refresh = match &page.then {
        Some(Then::GoTo(to)) => Some(view! { <meta http-equiv="refresh" content=format!("0;url={to}") /> }),
        _ => None,
    };
    let (class, frame) = match (page.frame, member) {
        (Frame::Console, Some(member)) => ("console", console(member, here)),
        _ => ("narrow", view! { <header><Brand /></header> }.into_any()),
    };
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                {refresh}
                <title>{title}</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=stylesheet />
                <HydrationScripts options=options.clone() islands=true />
            </head>
            <body class=class>
                <a class="skip" href="#main">"Skip to the content"</a>
                {frame}
                <main id="main" tabindex="-1">{content}</main>
            </body>
        </html>
    }
}

#[component]
fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href="/connectors">
            <svg viewBox="0 0 32 32" aria-hidden="true">
                <g
                    fill="none"
                    stroke="currentColor"
                    stroke-width="3"
                    stroke-linecap="round"
                    stroke-linejoin="round"
                >
                    <path d="M22.2 4.6a13 13 0 1 0 5.2 5.2" />
                    <path d="m4.8 10.2 11.2 8.6L27.4 9.8" />
                </g>
            </svg>
            <span>"Mail360 " <span>"Connectors"</span></span>
        </a>
    }
}

const PEOPLE: &str = "/settings/people";
const ACTIVITY: &str = "/settings/activity";

/// The left pane, with the pages that this user may open, and the user's menu.
fn console(member: &Member, here: &str) -> AnyView {
    const CONNECTORS: &str = "/connectors";
    let entries =
        [(CONNECTORS, CONNECTORS), ("/sign-ins", CONNECTORS), (PEOPLE, PEOPLE), (ACTIVITY, ACTIVITY)];
    let current = entries.iter().find(|(path, _)| here.starts_with(path)).map(|(_, entry)| *entry);
    let entry = |to: &'static str, icon: Icon, words: &'static str| {
        let current = (current == Some(to)).then_some("true");
        view! { <li><a href=to aria-current=current>{icon.draw()} " " {words}</a></li> }
    };
    let initials: String =
        member.name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    let role = format!("{} of {}", member.role(), member.organisation_name);
    let settings = member.is_admin().then(|| {
        view! {
            <p class="part" id="pane-settings-title">"Settings"</p>
            <ul role="list" aria-labelledby="pane-settings-title">
                {entry(PEOPLE, Icon::People, "People")}
                {entry(ACTIVITY, Icon::Waiting, "Activity")}
            </ul>
        }
    });
    view! {
        <nav class="pane" aria-label="Main">
            <Brand />
            <div class="entries">
                <ul role="list">{entry(CONNECTORS, Icon::Link, "Connectors")}</ul>
                {settings}
            </div>
        </nav>
        <header class="top">
            <details class="menu">
                <summary>
                    <span class="initials" aria-hidden="true">{initials.to_uppercase()}</span>
                    " "
                    <span class="name">{member.name.clone()}</span>
                </summary>
                <div class="panel">
                    <div>
                        <p><b><bdi>{member.name.clone()}</bdi></b></p>
                        <p class="soft note">{member.email.clone()}</p>
                        <p class="soft note">{role}</p>
                    </div>
                    <a class="button small wide" href="/profile">"My profile"</a>
                    <form method="post" action="/logout">
                        <button class="button small wide">"Log out"</button>
                    </form>
                </div>
            </details>
        </header>
    }
    .into_any()
}

/// The fallback if no route matches.
pub async fn not_found() -> Failure {
    Failure::NotFound
}

/// `/` redirects to the connectors.
pub async fn home() -> (StatusCode, [(http::HeaderName, &'static str); 1]) {
    (StatusCode::SEE_OTHER, [(http::header::LOCATION, "/connectors")])
}
