//! The HTML shell, the pages that use several features, and the middleware that renders every page and failure. Start
//! with [`render`].

pub(crate) mod account_page;
mod activity_page;
mod calls_page;
pub(crate) mod client_page;
pub(crate) mod connector_page;
mod documents;
mod errors;
mod logs;
mod pane;
mod pane_facts;
pub(crate) mod people_page;
pub(crate) mod person_page;
mod recorded;
pub(crate) mod reference_page;

pub use activity_page::show as activity_page;
pub use calls_page::show as calls_page;
pub use pane_facts::PaneReader;

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
        clock::SharedClock,
        config::Config,
        failure::Failure,
        middleware::{headers::ScriptNonce, host::Misdirected},
        origin::Origin,
        page::{Frame, Page, Then},
        request_id::RequestId,
    },
    ui::moment::Now,
};
use documents::Documents;
use pane::Pane;
use pane_facts::PaneFacts;

/// State of the middleware [`render`].
#[derive(Clone)]
pub struct Renderer {
    config: Arc<Config>,
    clock: SharedClock,
    pane: PaneReader,
    options: LeptosOptions,
    documents: Documents,
}

impl Renderer {
    /// A renderer whose pages load these assets, and whose left pane shows what this reads.
    pub fn new(config: Arc<Config>, clock: SharedClock, pane: PaneReader, assets: &Assets) -> Self {
        // An error means that the executor is set already.
        let _ = any_spawner::Executor::init_tokio();
        let options = LeptosOptions::builder()
            // The name contains the build's hash, so that a page and its assets always match.
            .output_name(assets.name())
            .site_pkg_dir("pkg")
            .build();
        Self { config, clock, pane, options, documents: Documents::default() }
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
    let takes_brotli = documents::takes_brotli(request.headers());
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
    let viewer = match member {
        Some(member) if page.frame == Frame::Console => {
            let facts = renderer.pane.read(&page, &member).await;
            Some((member, facts))
        }
        _ => None,
    };
    let html = if page.is_for_everyone && viewer.is_none() {
        documents::answer(&renderer, page, &path, takes_brotli).await
    } else {
        to_html(&renderer, page, viewer, nonce, &path).await
    };

    // Keep the headers of the inner response, such as cookies. Replace its body with the page.
    let (mut parts, _) = response.into_parts();
    let (page_parts, body) = html.into_parts();
    parts.headers.remove(http::header::CONTENT_LENGTH);
    parts.headers.extend(page_parts.headers);
    parts.status = page_parts.status;
    Response::from_parts(parts, body)
}

/// The page of this program from which a form was sent. After a log-in the user returns to it.
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
    viewer: Option<(Member, PaneFacts)>,
    nonce: Option<ScriptNonce>,
    path: &str,
) -> Response {
    let status = page.status;
    let reload = match page.then {
        Some(Then::Reload(seconds)) => Some(seconds),
        _ => None,
    };
    let options = renderer.options.clone();
    let now = Now(renderer.clock.now());
    let contexts = move || {
        provide_context(now);
        provide_nonce();
        if let Some(ScriptNonce(nonce)) = &nonce {
            // The nonce of the Content-Security-Policy.
            provide_context(Nonce::from_value(nonce.clone()));
        }
    };
    let here = path.to_owned();
    let app = move || shell(&page, viewer.as_ref(), &options, &here);
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

/// The HTML document around a page. A page with a left pane has a viewer, with what the pane shows.
fn shell(
    page: &Page,
    viewer: Option<&(Member, PaneFacts)>,
    options: &LeptosOptions,
    here: &str,
) -> impl IntoView + use<> {
    let content = page.content.make_view();
    let title = match page.frame {
        Frame::Guest => page.title.clone(),
        Frame::Console | Frame::Narrow => format!("{} · Mail360", page.title),
    };
    let stylesheet = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    let refresh = match &page.then {
        Some(Then::GoTo(to)) => Some(view! { <meta http-equiv="refresh" content=format!("0;url={to}") /> }),
        _ => None,
    };
    let (class, frame) = match (page.frame, viewer) {
        (Frame::Console, Some((member, facts))) => {
            let left = view! { <Pane member=member.clone() here=here.to_owned() facts=*facts /> };
            ("console", left.into_any())
        }
        (Frame::Guest, _) => ("narrow guest", ().into_any()),
        _ => ("narrow", view! { <header><Brand /></header> }.into_any()),
    };
    // A page for guests begins with its content, and has no scripts. One for everyone has none either, because they would
    // need the nonce of each response.
    let is_ours = page.frame != Frame::Guest;
    let skip = is_ours.then(|| view! { <a class="skip" href="#main">"Skip to the content"</a> });
    let has_scripts = is_ours && !(page.is_for_everyone && viewer.is_none());
    let scripts = has_scripts.then(|| view! { <HydrationScripts options=options.clone() islands=true /> });
    view! {
        <!DOCTYPE html>
        <html lang=page.language.code()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                {refresh}
                <title>{title}</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=stylesheet />
                {scripts}
            </head>
            <body class=class>
                {skip}
                {frame}
                <main id="main" tabindex="-1">{content}</main>
                <p class="unseen" id="copy-status" role="status"></p>
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
            <span class="words">"Mail360 " <span>"Connectors"</span></span>
        </a>
    }
}

/// Answers requests that match no route.
pub async fn not_found() -> Failure {
    Failure::NotFound
}

/// `/` redirects to the connectors.
pub async fn home() -> (StatusCode, [(http::HeaderName, &'static str); 1]) {
    (StatusCode::SEE_OTHER, [(http::header::LOCATION, "/connectors")])
}
