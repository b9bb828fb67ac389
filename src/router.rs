//! The route table, the three routers that it makes, each with its own layers, and the periodic work. Start with
//! [`table`] and [`router_of`].

mod api_access;
mod calls;
mod layers;
mod program;
mod raw_calls;
mod settings;
mod sweep;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    handler::Handler,
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{MethodRouter, on},
};
use http::{Method, StatusCode};
use leptos::prelude::provide_context;
use tower_sessions::Session;

pub use program::{Ended, Foundations, Program};
pub use sweep::SWEEP;

use crate::{
    accounts::{add_page, appearance_page, approvals_page, links_page, list_page},
    api::{self, access_token, confirm, layers::Limits},
    app::{self, PaneReader, Renderer},
    connectors::{self, actions, draft::keep_of_logged_out, preflight::SharedPreflight},
    log_in::{
        self,
        guard::{self, AccessRule, LoggedOutHandler, RouteAccess},
    },
    people::access::Member,
    platform::{config::REDIRECT_PATH, failure::Failure, middleware::request_id},
    sign_ins,
    vault::custody::{self, KeyCheck},
};

/// Maximum number of bytes of a form's body. Every form without a file is far smaller.
const MAX_FORM: usize = 64 * 1024;

/// The three routers. Each has its own layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterKind {
    /// Pages for people: sessions, the check of the origin, a policy with a nonce, failures as pages.
    Console,
    /// The redirect from the provider: the console's layers, and a longer address.
    Callback,
    /// Everything else below `/api/`: credentials, failures as JSON.
    Api,
}

/// A row of the route table.
pub struct Route {
    /// Method of the route; GET also answers HEAD.
    pub method: Method,
    /// Path of the route, in axum's syntax.
    pub path: &'static str,
    /// Who may use the route.
    pub access: RouteAccess,
    /// Whether the user must have re-authenticated recently.
    pub reauthenticated: bool,
    /// Whether its page is compressed.
    pub compressed: bool,
    handler: MethodRouter<Program>,
}

impl Route {
    /// Which router it belongs to. Its path decides, so that no answer below `/api/` is a page by mistake.
    pub fn router(&self) -> RouterKind {
        match self.path {
            REDIRECT_PATH => RouterKind::Callback,
            path if path.starts_with("/api/") => RouterKind::Api,
            _ => RouterKind::Console,
        }
    }

    /// The same route, only for users who have re-authenticated recently.
    fn reauthenticated(self) -> Self {
        Self { reauthenticated: true, ..self }
    }

    /// This route with a compressed page, unless its address has a search or a filter. Do not use it for a page that
    /// shows a secret or that shows a form again with typed values. The length of a compressed page reveals whether
    /// two of its texts are alike (BREACH). So an attacker who chooses one of them could guess the other.
    fn compressed(self) -> Self {
        Self { compressed: true, ..self }
    }
}

/// A GET row of the table.
pub fn get<H: Handler<T, Program>, T: 'static>(path: &'static str, access: RouteAccess, handler: H) -> Route {
    Route {
        method: Method::GET,
        path,
        access,
        reauthenticated: false,
        compressed: false,
        handler: on(axum::routing::MethodFilter::GET, handler),
    }
}

/// A line of the table for POST.
pub fn post<H: Handler<T, Program>, T: 'static>(
    path: &'static str,
    access: RouteAccess,
    handler: H,
) -> Route {
    Route {
        method: Method::POST,
        path,
        access,
        reauthenticated: false,
        compressed: false,
        handler: on(axum::routing::MethodFilter::POST, handler),
    }
}

/// All routes, except assets and the two probes for operators. No route is defined elsewhere.
pub fn table() -> Vec<Route> {
    use RouteAccess::{Admin, Anyone, Member, Newcomer};
    use log_in::{invitation_page, profile_page, reauthenticate_page, second_factor_page};

    let mut table = vec![
        get("/", Anyone, app::home),
        get("/set-up/{token}", Anyone, log_in::routes::show_set_up),
        post("/set-up/{token}", Anyone, log_in::routes::set_up),
        get("/login", Anyone, log_in::routes::show_login),
        post("/login", Anyone, log_in::routes::log_in),
        get("/login/code", Anyone, log_in::routes::show_code),
        post("/login/code", Anyone, log_in::routes::enter_code),
        get("/invitations/{token}", Anyone, invitation_page::show),
        post("/invitations/{token}", Anyone, invitation_page::accept),
        post("/logout", Anyone, log_in::routes::log_out),
        get("/connectors", Member, connectors::list_page::list).compressed(),
        get("/connectors/new", Admin, connectors::add_page::show),
        get("/connectors/{id}", Member, app::connector_page::show).compressed(),
        get("/connectors/{id}/edit", Admin, connectors::edit_page::show),
        post("/connectors/{id}/edit", Admin, connectors::edit_page::discard),
        get("/connectors/{id}/secret", Admin, connectors::secret_page::show).reauthenticated(),
        get("/connectors/{id}/delete", Admin, connectors::delete_page::show),
        get("/connectors/{id}/sign-ins", Admin, app::connector_page::sign_ins).compressed(),
        post("/connectors/{id}/verify", Admin, sign_ins::routes::verify),
        post("/connectors/{id}/retry", Admin, sign_ins::routes::retry).reauthenticated(),
        post("/connectors/{id}/try-again", Admin, sign_ins::routes::try_again),
        get("/connectors/{id}/pasted-error", Admin, sign_ins::routes::ask_for_error),
        post("/connectors/{id}/pasted-error", Admin, sign_ins::routes::explain_error),
        get("/connectors/{id}/links", Admin, links_page::show).compressed(),
        post("/connectors/{id}/links/{link}/revoke", Admin, links_page::revoke),
        get("/connectors/{id}/approvals", Admin, approvals_page::show).compressed(),
        post("/connectors/{id}/approvals", Admin, approvals_page::make),
        post("/connectors/{id}/approvals/{link}/revoke", Admin, approvals_page::revoke),
        get("/sign-ins/{id}", Admin, sign_ins::routes::show).compressed(),
        get("/accounts", Member, list_page::list).compressed(),
        get("/accounts/new", Admin, add_page::show),
        post("/accounts/new", Admin, add_page::make),
        get(add_page::MANY, Admin, add_page::many::show),
        post(add_page::MANY, Admin, add_page::many::make),
        get(add_page::SIGN_IN_LINKS, Admin, add_page::signing_in::show),
        post(add_page::SIGN_IN_LINKS, Admin, add_page::signing_in::make),
        get("/accounts/{id}", Admin, app::account_page::show).compressed(),
        get("/accounts/{id}/link", Admin, add_page::show_for_account),
        post("/accounts/{id}/link", Admin, add_page::make_for_account),
        post("/accounts/{id}/test", Admin, app::account_page::test),
        post("/accounts/{id}/pause", Admin, app::account_page::pause),
        post("/accounts/{id}/resume", Admin, app::account_page::resume),
        post("/accounts/{id}/try-again", Admin, app::account_page::try_again),
        post("/accounts/{id}/disconnect", Admin, app::account_page::disconnect).reauthenticated(),
        post("/accounts/{id}/delete", Admin, app::account_page::delete).reauthenticated(),
        get("/re-authenticate", Newcomer, reauthenticate_page::show),
        post("/re-authenticate", Newcomer, reauthenticate_page::reauthenticate),
        get("/profile", Member, profile_page::show),
        post("/profile", Member, profile_page::change_password),
        post("/profile/sessions/{id}/end", Member, profile_page::end_session),
        get("/profile/second-factor", Newcomer, second_factor_page::show).reauthenticated(),
        post("/profile/second-factor", Newcomer, second_factor_page::begin_set_up).reauthenticated(),
        post("/profile/second-factor/finish", Newcomer, second_factor_page::finish_set_up).reauthenticated(),
        post("/profile/second-factor/cancel", Newcomer, second_factor_page::cancel_set_up),
        post("/profile/second-factor/recovery-codes", Newcomer, second_factor_page::replace_recovery_codes)
            .reauthenticated(),
        post("/profile/second-factor/recovery-codes/file", Newcomer, second_factor_page::save_codes),
        post("/profile/second-factor/remove", Newcomer, second_factor_page::remove_second_factor)
            .reauthenticated(),
        get("/connect/logo/{hash}", Anyone, appearance_page::show_logo),
        get("/connect/{token}", Anyone, sign_ins::routes::connect::show),
        post("/connect/{token}", Anyone, sign_ins::routes::connect::start),
        get("/connect/outcome/{id}", Anyone, sign_ins::routes::connect::show_outcome),
        post("/connect/outcome/{id}", Anyone, sign_ins::routes::connect::start_again),
        get("/consent/{token}", Anyone, sign_ins::routes::consent::show),
        post("/consent/{token}", Anyone, sign_ins::routes::consent::start),
        get(REDIRECT_PATH, Anyone, sign_ins::routes::callback),
        // The code in the body is the credential.
        post(confirm::PATH, Anyone, confirm::confirm),
        // So are the refresh token and the Client Secret.
        post(access_token::PATH, Anyone, access_token::give),
        post(actions::ADD, Admin, run_server_function),
        post(actions::CHANGE, Admin, run_server_function),
        // The use case asks for the password, because the typed secret is kept first.
        post(actions::REPLACE_SECRET, Admin, run_server_function),
        post(actions::DELETE, Admin, run_server_function).reauthenticated(),
        get("/api-reference", Anyone, app::reference_page::show).compressed(),
    ];
    table.extend(settings::rows());
    table.extend(api_access::rows());
    table.extend(calls::rows());
    table.push(calls::row(&api::calls::GET_TOKEN, api::token::show));
    table.extend(raw_calls::rows());
    table
}

/// The program as an HTTP service.
pub fn router(program: &Program) -> Router {
    router_of(program, table())
}

/// The program as an HTTP service with another route table. Benchmarks compare a handler with an empty one behind the
/// same layers. Tests ask the layers of a router that has no route yet.
pub fn router_of(program: &Program, table: Vec<Route>) -> Router {
    let (mut console, mut callback, mut api) = (Router::new(), Router::new(), Router::new());
    let limits = Limits::default();
    for route in table {
        let (kind, path) = (route.router(), route.path);
        match kind {
            RouterKind::Console => console = console.route(path, guarded(program, route)),
            RouterKind::Callback => callback = callback.route(path, guarded(program, route)),
            RouterKind::Api => {
                api = api.route(path, calls::handler_of(program, route, limits));
            }
        }
    }
    let clock = program.clock.clone();
    let pane = PaneReader::new(program.accounts.clone(), program.clients.clone(), clock.clone());
    let renderer = Renderer::new(program.config.clone(), clock, pane, &program.assets);
    let console = layers::pages(console.fallback(app::not_found), program, &renderer, layers::MAX_ADDRESS);
    let callback = layers::pages(callback, program, &renderer, layers::MAX_CALLBACK);
    let api = api::layers::router(api, &program.config, limits);
    // Probes arrive under any host name, and assets are the same for everyone. Neither has a session.
    let plain = Router::new()
        .route("/healthz", axum::routing::get(health))
        .route("/readyz", axum::routing::get(ready));
    let assets = program.assets.clone();
    let site = plain.merge(console).layer(from_fn(move |request: Request, next: Next| {
        let assets = assets.clone();
        async move {
            let safe = matches!(*request.method(), Method::GET | Method::HEAD);
            match assets.serve(request.uri().path(), request.headers()).filter(|_| safe) {
                Some(asset) => asset,
                None => next.run(request).await,
            }
        }
    }));
    layers::protected(site.merge(callback), program)
        .merge(api)
        .layer(from_fn_with_state(
            (program.clock.clone(), program.randomness.clone()),
            request_id::assign_request_id,
        ))
        .with_state(program.clone())
}

/// The handler of a page's route, behind what the table says of its access.
fn guarded(program: &Program, route: Route) -> MethodRouter<Program> {
    let Route { method, path, access, reauthenticated, compressed, handler } = route;
    let has_file = layers::has_file(&method, path);
    let handler = if has_file { handler.route_layer(from_fn(layers::read_file_form)) } else { handler };
    let handler = if compressed { handler.route_layer(from_fn(layers::allow_compression)) } else { handler };
    // Here what was typed over many minutes would be lost with the session.
    let keeps = [actions::ADD, actions::CHANGE, actions::REPLACE_SECRET].contains(&path);
    let instead: Option<LoggedOutHandler> = keeps.then(|| {
        let (service, config) = (program.connectors.clone(), program.config.clone());
        let instead: LoggedOutHandler = Arc::new(move |request| {
            Box::pin(keep_of_logged_out(service.clone(), config.clone(), MAX_FORM, request))
        });
        instead
    });
    let rule = AccessRule { access, reauthenticated, instead };
    handler.route_layer(from_fn_with_state((program.log_ins.clone(), rule), guard::require_access))
}

/// `GET /healthz`: the program runs.
async fn health() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: whether the database answers and can be read, and whether the newest key fits it.
async fn ready(State(program): State<Program>) -> (StatusCode, &'static str) {
    let (read, vault) = (program.database.read(), &program.vault);
    let fit = async {
        program.database.ping().await?;
        custody::check_keys(&read, vault).await
    };
    match fit.await {
        Ok(KeyCheck::Sound) => (StatusCode::OK, "ready\n"),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "the encryption key does not fit\n"),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}

/// Runs the server function of a form.
async fn run_server_function(
    State(program): State<Program>,
    session: Session,
    member: Option<axum::Extension<Member>>,
    request: Request<Body>,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_FORM).await else {
        return Failure::TooLarge.into_response();
    };
    let uri = parts.uri.clone();
    // Open redirect: a form is answered with our own redirect or a page, never with a redirect to the
    // `Referer`, and never with the data that a script would request.
    parts.headers.remove(http::header::REFERER);
    parts.headers.insert(http::header::ACCEPT, http::HeaderValue::from_static("text/html"));
    let request = Request::from_parts(parts, Body::from(body.clone()));
    let member = member.map(|axum::Extension(member)| member);
    let failed = actions::Failed::default();
    let contexts = {
        let (connectors, failed) = (program.connectors.clone(), failed.clone());
        let preflight: SharedPreflight = Arc::new(program.sign_ins.clone());
        let member = member.clone();
        let redirect_uri = actions::RedirectUri(program.config.public_url.redirect_uri());
        move || {
            provide_context(connectors.clone());
            provide_context(redirect_uri.clone());
            provide_context(preflight.clone());
            provide_context(session.clone());
            provide_context(member.clone());
            provide_context(failed.clone());
        }
    };
    let response = leptos_axum::handle_server_fns_with_context(contexts, request).await.into_response();
    match (failed.take_failure(), member) {
        // Only the submitted values show whether the form needs re-authentication. The form waits in the page
        // that asks for the password.
        (Some(Failure::ReauthenticationNeeded), Some(member)) => {
            let waiting = connectors::service::without_secrets(&program.providers, &body);
            let mut waiting = Request::new(Body::from(waiting));
            *waiting.uri_mut() = uri;
            let kept = failed.kept_secret().map(|id| id.to_string());
            log_in::reauthenticate_page::ask_for_password(&member, waiting, kept.as_deref()).await
        }
        (Some(failure), _) => failure.into_response(),
        (None, _) if response.status().is_redirection() => response,
        (None, _) => Failure::Unexpected("a server function gave no redirect".to_owned()).into_response(),
    }
}
