//! The route table, the layers round it, and the periodic work.

mod program;
mod sweep;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    handler::Handler,
    middleware::{from_fn, from_fn_with_state, map_request_with_state},
    response::{IntoResponse, Response},
    routing::{MethodRouter, on},
};
use http::{Method, StatusCode};
use leptos::prelude::provide_context;
use tower_http::catch_panic::CatchPanicLayer;
use tower_sessions::Session;

pub use program::{Ended, Foundations, Program};
pub use sweep::SWEEP;

use crate::{
    app::{self, Renderer},
    connectors::{
        self, actions,
        draft::{keep_of_logged_out, tend_cookie},
        preflight::SharedPreflight,
    },
    log_in::{
        self,
        guard::{self, Instead, RouteAccess, Rule},
    },
    people::access::Member,
    platform::{
        config::REDIRECT_PATH,
        failure::Failure,
        middleware::{body, headers, host, origin, request_id},
        note,
    },
    sign_ins,
    vault::custody::{self, Fit},
};

/// The most that a request's body may hold: no form of ours comes near it.
const MAX_BODY: usize = 64 * 1024;
/// The longest address that is read; and that of a callback, in which a provider's long description fits.
const MAX_ADDRESS: usize = 16 * 1024;
const MAX_CALLBACK: usize = 32 * 1024;
/// The most that all headers may hold together: cookies of ours come nowhere near it.
const MAX_HEADERS: usize = 16 * 1024;

/// A line of the table.
pub struct Route {
    /// The method; GET answers HEAD too.
    pub method: Method,
    /// The path, as axum writes it.
    pub path: &'static str,
    /// Who may ask for it.
    pub access: RouteAccess,
    /// Whether they must have given their password of late.
    pub reauthenticated: bool,
    handler: MethodRouter<Program>,
}

impl Route {
    /// The same, for whoever has given their password of late.
    fn reauthenticated(self) -> Self {
        Self { reauthenticated: true, ..self }
    }
}

/// A line of the table for GET.
pub fn get<H: Handler<T, Program>, T: 'static>(path: &'static str, access: RouteAccess, handler: H) -> Route {
    Route {
        method: Method::GET,
        path,
        access,
        reauthenticated: false,
        handler: on(axum::routing::MethodFilter::GET, handler),
    }
}

fn post<H: Handler<T, Program>, T: 'static>(path: &'static str, access: RouteAccess, handler: H) -> Route {
    Route {
        method: Method::POST,
        path,
        access,
        reauthenticated: false,
        handler: on(axum::routing::MethodFilter::POST, handler),
    }
}

/// Every route that there is, save the assets and the two for operators. No route is added elsewhere.
pub fn table() -> Vec<Route> {
    use RouteAccess::{Admin, Anyone, Member, Newcomer};
    use log_in::{invitation_page, profile_page, reauthenticate_page, second_factor_page};

    vec![
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
        get("/connectors", Member, connectors::list_page::list),
        get("/connectors/new", Admin, connectors::add_page::show),
        get("/connectors/{id}", Member, app::connector_page::show),
        get("/connectors/{id}/edit", Admin, connectors::edit_page::show),
        post("/connectors/{id}/edit", Admin, connectors::edit_page::discard),
        get("/connectors/{id}/secret", Admin, connectors::secret_page::show).reauthenticated(),
        get("/connectors/{id}/delete", Admin, connectors::delete_page::show),
        get("/connectors/{id}/sign-ins", Admin, app::connector_page::sign_ins),
        post("/connectors/{id}/verify", Admin, sign_ins::routes::verify),
        post("/connectors/{id}/retry", Admin, sign_ins::routes::retry).reauthenticated(),
        post("/connectors/{id}/try-again", Admin, sign_ins::routes::try_again),
        get("/connectors/{id}/pasted-error", Admin, sign_ins::routes::ask_for_error),
        post("/connectors/{id}/pasted-error", Admin, sign_ins::routes::explain_error),
        get("/sign-ins/{id}", Admin, sign_ins::routes::show),
        get("/re-authenticate", Newcomer, reauthenticate_page::show),
        post("/re-authenticate", Newcomer, reauthenticate_page::reauthenticate),
        get("/profile", Member, profile_page::show),
        post("/profile", Member, profile_page::change_password),
        post("/profile/sessions/{id}/end", Member, profile_page::end_session),
        get("/profile/second-factor", Newcomer, second_factor_page::show).reauthenticated(),
        post("/profile/second-factor", Newcomer, second_factor_page::begin).reauthenticated(),
        post("/profile/second-factor/finish", Newcomer, second_factor_page::finish).reauthenticated(),
        post("/profile/second-factor/cancel", Newcomer, second_factor_page::cancel),
        post("/profile/second-factor/recovery-codes", Newcomer, second_factor_page::renew).reauthenticated(),
        post("/profile/second-factor/remove", Newcomer, second_factor_page::remove).reauthenticated(),
        get("/settings/people", Admin, app::people_page::show),
        post("/settings/people", Admin, app::people_page::invite).reauthenticated(),
        post("/settings/people/second-factor", Admin, app::people_page::require_second_factor)
            .reauthenticated(),
        post("/settings/people/invitations/{id}/withdraw", Admin, app::people_page::withdraw)
            .reauthenticated(),
        get("/settings/people/{id}", Admin, app::person_page::show),
        post("/settings/people/{id}", Admin, app::person_page::change).reauthenticated(),
        get("/settings/activity", Admin, app::activity_page),
        get("/api/connectors", Anyone, sign_ins::routes::callback),
        post(actions::ADD, Admin, run_server_function),
        post(actions::CHANGE, Admin, run_server_function),
        post(actions::REPLACE_SECRET, Admin, run_server_function).reauthenticated(),
        post(actions::DELETE, Admin, run_server_function).reauthenticated(),
    ]
}

/// The whole program as a service.
pub fn router(program: &Program) -> Router {
    router_of(program, table())
}

/// The same with another table: what a handler costs is measured beside one that does nothing, behind the same
/// layers.
pub fn router_of(program: &Program, table: Vec<Route>) -> Router {
    let (config, clock, randomness) =
        (program.config.clone(), program.clock.clone(), program.randomness.clone());
    let mut pages = Router::new();
    for Route { path, access, reauthenticated, handler, .. } in table {
        // Here what was typed over many minutes would be lost with the session.
        let instead: Option<Instead> = [actions::ADD, actions::CHANGE].contains(&path).then(|| {
            let (service, config) = (program.connectors.clone(), config.clone());
            let instead: Instead = Arc::new(move |request| {
                Box::pin(keep_of_logged_out(service.clone(), config.clone(), MAX_BODY, request))
            });
            instead
        });
        let rule = Rule { access, reauthenticated, instead };
        let guarded = from_fn_with_state((program.log_ins.clone(), rule), guard::require);
        pages = pages.route(path, handler.route_layer(guarded));
    }
    let sessions = log_in::session::layer(program.sessions.clone(), &config.public_url);
    let renderer = Renderer::new(config.clone(), &program.assets);
    let pages = pages
        .fallback(app::not_found)
        .layer(from_fn_with_state((program.connectors.clone(), config.clone()), tend_cookie))
        .layer(from_fn(note::forget_after_post))
        // From here on inwards somebody is asking.
        .layer(from_fn_with_state((program.log_ins.clone(), config.clone()), guard::identify))
        .layer(sessions)
        .layer(from_fn_with_state(config.clone(), log_in::session::tend))
        .layer(from_fn_with_state(MAX_BODY, body::read_whole))
        .layer(from_fn_with_state(config.clone(), origin::require_own))
        .layer(from_fn_with_state(config.clone(), host::require_public))
        .layer(map_request_with_state((), limit_head))
        .layer(CatchPanicLayer::custom(app::panicked))
        .layer(from_fn_with_state(renderer, app::render))
        // Were rendering itself to panic, there is still an answer.
        .layer(CatchPanicLayer::new());
    // Operators' probes come under any name, and assets carry nothing of anybody: neither has a session.
    let plain = Router::new()
        .route("/healthz", axum::routing::get(health))
        .route("/readyz", axum::routing::get(ready));
    let assets = program.assets.clone();
    plain
        .merge(pages)
        .layer(from_fn(move |request: Request, next: axum::middleware::Next| {
            let assets = assets.clone();
            async move {
                let safe = matches!(*request.method(), Method::GET | Method::HEAD);
                match assets.serve(request.uri().path(), request.headers()).filter(|_| safe) {
                    Some(asset) => asset,
                    None => next.run(request).await,
                }
            }
        }))
        .layer(from_fn_with_state((config, randomness.clone()), headers::add_security_headers))
        .layer(from_fn_with_state((clock, randomness), request_id::assign_request_id))
        .with_state(program.clone())
}

async fn limit_head(request: Request) -> Result<Request, StatusCode> {
    let most = if request.uri().path() == REDIRECT_PATH { MAX_CALLBACK } else { MAX_ADDRESS };
    if request.uri().path_and_query().is_some_and(|it| it.as_str().len() > most) {
        return Err(StatusCode::URI_TOO_LONG);
    }
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > MAX_HEADERS {
        return Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    Ok(request)
}

/// `GET /healthz`: the program runs.
async fn health() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the database answers and lets its tables be read, and the key opens it and is still one to seal with.
async fn ready(State(program): State<Program>) -> (StatusCode, &'static str) {
    let (read, vault) = (program.database.read(), &program.vault);
    let fit = async {
        program.database.ping().await?;
        custody::fit(&read, vault).await
    };
    match fit.await {
        Ok(Fit::Sound) => (StatusCode::OK, "ready\n"),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "the encryption key does not fit\n"),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}

/// Runs the server function that a form posts to.
async fn run_server_function(
    State(program): State<Program>,
    session: Session,
    member: Option<axum::Extension<Member>>,
    request: Request<Body>,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return Failure::TooLarge.into_response();
    };
    let uri = parts.uri.clone();
    // A form is answered with a redirect of ours or with a page, never with one to where the browser
    // says that it came from, nor with the data that a script would ask for.
    parts.headers.remove(http::header::REFERER);
    parts.headers.insert(http::header::ACCEPT, http::HeaderValue::from_static("text/html"));
    let request = Request::from_parts(parts, Body::from(body.clone()));
    let member = member.map(|axum::Extension(member)| member);
    let failed = actions::Failed::default();
    let contexts = {
        let (connectors, failed) = (program.connectors.clone(), failed.clone());
        let preflight: SharedPreflight = Arc::new(program.sign_ins.clone());
        let member = member.clone();
        move || {
            provide_context(connectors.clone());
            provide_context(preflight.clone());
            provide_context(session.clone());
            provide_context(member.clone());
            provide_context(failed.clone());
        }
    };
    let response = leptos_axum::handle_server_fns_with_context(contexts, request).await.into_response();
    match (failed.take(), member) {
        // Whether the form needs a proof shows only by what it changes: it waits in the page that asks for one.
        (Some(Failure::ReauthenticationNeeded), Some(member)) => {
            let mut waiting = Request::new(Body::from(body));
            *waiting.uri_mut() = uri;
            log_in::reauthenticate_page::ask(&member, waiting).await
        }
        (Some(failure), _) => failure.into_response(),
        (None, _) if response.status().is_redirection() => response,
        (None, _) => Failure::Unexpected("a server function gave no redirect".to_owned()).into_response(),
    }
}
