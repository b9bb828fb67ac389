//! The layers of the routers that answer people: the console's and the callback's. The API's are in [`crate::api`].

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use tower_http::catch_panic::CatchPanicLayer;

use super::{MAX_FORM, Program};
use crate::{
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
        .layer(from_fn_with_state(BodyLimits::new(MAX_FORM), body::read_whole))
        .layer(from_fn_with_state(config.clone(), origin::require_own))
        .layer(from_fn_with_state(config, host::require_public))
        .layer(from_fn_with_state(max_address, head::limit))
        .layer(CatchPanicLayer::custom(Failure::of_panic))
        .layer(from_fn_with_state(renderer.clone(), app::render))
        // An answer even if rendering itself panics.
        .layer(CatchPanicLayer::new())
}

/// Routes with the headers that protect pages and assets.
pub(super) fn protected(routes: Router<Program>, program: &Program) -> Router<Program> {
    let state = (program.config.clone(), program.randomness.clone());
    routes.layer(from_fn_with_state(state, headers::add_security_headers))
}
