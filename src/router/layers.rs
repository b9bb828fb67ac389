//! The layers of the routers that answer people: the console's and the callback's. The API's are in [`crate::api`].

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
};
use http::{Extensions, HeaderMap, Method, StatusCode, Version};
use tower_http::{CompressionLevel, catch_panic::CatchPanicLayer, compression::CompressionLayer};
use url::form_urlencoded;

use super::{MAX_FORM, Program};
use crate::{
    accounts::{add_page::MANY, appearance_page::UPLOAD},
    app::{self, Renderer},
    connectors::draft::tend_cookie,
    log_in::{self, guard},
    platform::{
        failure::Failure,
        middleware::{
            body::{self, BodyLimits},
            head, headers, host, origin,
        },
        note,
    },
};

/// The longest address that the console reads.
pub(super) const MAX_ADDRESS: usize = 16 * 1024;
/// The longest address of a callback, in which a provider's long description fits.
pub(super) const MAX_CALLBACK: usize = 32 * 1024;

/// How hard brotli tries, of 11: a page becomes a fifth to an eighth of its bytes in about a millisecond.
const BROTLI_QUALITY: i32 = 4;

/// In the extensions of a response: the route table allows to compress its page.
#[derive(Clone, Copy, Debug)]
struct Compressible;

/// Parameters of an address whose values no page shows: an order and a position in a list.
const NOT_SHOWN: [&str; 4] = ["sort", "after", "before", "from"];

/// Middleware of a route whose page is compressed: marks the page, and neither its redirects nor its failures. A page
/// whose address has a search or a filter is not marked, because it shows that text again (see `Route::compressed`).
pub(super) async fn allow_compression(request: Request, next: Next) -> Response {
    let shows_query = has_shown_values(request.uri().query().unwrap_or_default());
    let mut response = next.run(request).await;
    if response.status() == StatusCode::OK && !shows_query {
        response.extensions_mut().insert(Compressible);
    }
    response
}

/// Whether the page may show a value of this query. A form sends its empty fields too.
fn has_shown_values(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes())
        .any(|(name, value)| !value.is_empty() && !NOT_SHOWN.contains(&name.as_ref()))
}

/// Whether a response may be compressed. A response without the mark of its route never is.
fn may_compress(_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<Compressible>().is_some()
}

/// Maximum number of bytes of a form with a file.
const MAX_FILE_FORM: usize = 512 * 1024;

/// Whether requests of this method and path send a form with a file, whose body may be longer than others.
pub(super) fn has_file(method: &Method, path: &str) -> bool {
    method == Method::POST && [UPLOAD, MANY].contains(&path)
}

/// Middleware of a route: reads the body of a form with a file. It runs behind the check of access, so that only users
/// who may send the form make the program read a long body.
pub(super) async fn read_file_form(request: Request, next: Next) -> Response {
    body::read_whole(State(BodyLimits::new(MAX_FILE_FORM)), request, next).await
}

/// Middleware: reads the body of a form, except one with a file.
async fn read_form(request: Request, next: Next) -> Response {
    if has_file(request.method(), request.uri().path()) {
        return next.run(request).await;
    }
    body::read_whole(State(BodyLimits::new(MAX_FORM)), request, next).await
}

/// Routes behind sessions, the check of the origin, and the layer that renders pages.
pub(super) fn pages(
    routes: Router<Program>,
    program: &Program,
    renderer: &Renderer,
    max_address: usize,
) -> Router<Program> {
    let config = program.config.clone();
    let sessions = log_in::session::layer(program.sessions.clone(), &config.public_url);
    routes
        .layer(from_fn_with_state((program.connectors.clone(), config.clone()), tend_cookie))
        .layer(from_fn(note::forget_after_post))
        // The layers below this one know the user.
        .layer(from_fn_with_state((program.log_ins.clone(), config.clone()), guard::identify_member))
        .layer(sessions)
        .layer(from_fn_with_state(config.clone(), log_in::session::fix_session_response))
        .layer(from_fn(read_form))
        .layer(from_fn_with_state(config.clone(), origin::require_own))
        .layer(from_fn_with_state(config, host::require_public))
        .layer(from_fn_with_state(max_address, head::limit))
        .layer(CatchPanicLayer::custom(Failure::of_panic))
        .layer(from_fn_with_state(renderer.clone(), app::render))
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Precise(BROTLI_QUALITY))
                .compress_when(may_compress),
        )
        // An answer even if rendering itself panics.
        .layer(CatchPanicLayer::new())
}

/// Routes with the headers that protect pages and assets.
pub(super) fn protected(routes: Router<Program>, program: &Program) -> Router<Program> {
    let state = (program.config.clone(), program.randomness.clone());
    routes.layer(from_fn_with_state(state, headers::add_security_headers))
}
