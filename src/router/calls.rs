//! The rows of the API's calls in the route table. Address and credential come from `api::calls`.

use std::time::Duration;

use axum::{
    Extension,
    handler::Handler,
    middleware::from_fn_with_state,
    routing::{MethodRouter, on},
};
use http::Method;

use super::{Program, Route};
use crate::{
    api::{
        access_token, accounts,
        calls::{self, Call, Credential},
        confirm, contacts,
        credentials::ClientAccess,
        folders, layers,
        layers::Limits,
        messages, openapi, proxy,
        records::{self, Recorder},
        threads,
    },
    log_in::guard::RouteAccess,
    platform::middleware::body::BodyLimits,
};

/// A row of the table for a call. Its handler reads requests by the call's own parameters.
pub(super) fn row<H: Handler<T, Program>, T: 'static>(call: &'static Call, handler: H) -> Route {
    let filter = match call.method {
        Method::POST => axum::routing::MethodFilter::POST,
        Method::PUT => axum::routing::MethodFilter::PUT,
        Method::PATCH => axum::routing::MethodFilter::PATCH,
        Method::DELETE => axum::routing::MethodFilter::DELETE,
        _ => axum::routing::MethodFilter::GET,
    };
    Route {
        method: call.method.clone(),
        path: call.path,
        access: match call.credential {
            Credential::None => RouteAccess::Anyone,
            Credential::Client(scope) => RouteAccess::ApiClient(scope),
        },
        reauthenticated: false,
        compressed: false,
        handler: on(filter, handler).layer(Extension(call)),
    }
}

/// The handler of a route of the API, behind the record of its calls, its credential and its limits.
pub(super) fn handler_of(program: &Program, route: Route, limits: Limits) -> MethodRouter<Program> {
    let Route { path, access, handler, .. } = route;
    let (access, limits) = (client_access(program, access), limits_of(path, limits));
    // A call that streams ends when one of both sides stops.
    let max = if limits.streams { Duration::MAX } else { limits.call };
    let recorder = Recorder { calls: program.calls.clone(), route: path, max };
    layers::route(handler, access, limits).route_layer(from_fn_with_state(recorder, records::record))
}

/// What a route of the API needs of an API client; `None` if it needs none.
fn client_access(program: &Program, access: RouteAccess) -> Option<ClientAccess> {
    let RouteAccess::ApiClient(scope) = access else { return None };
    Some(ClientAccess { clients: program.clients.clone(), config: program.config.clone(), scope })
}

/// The limits of a route of the API. Some bodies are read before their credentials are known to be right.
fn limits_of(path: &str, limits: Limits) -> Limits {
    match path {
        confirm::PATH => Limits { body: BodyLimits::new(confirm::MAX_BODY), ..limits },
        // The call explains by itself that a form is not taken.
        access_token::PATH => {
            Limits { body: BodyLimits::new(access_token::MAX_BODY), any_type: true, ..limits }
        }
        proxy::PATH => Limits { streams: true, ..limits },
        _ => limits,
    }
}

/// The calls of the API, except those about credentials and those that reach the provider itself.
pub(super) fn rows() -> Vec<Route> {
    vec![
        row(&calls::LIST_ACCOUNTS, accounts::list),
        row(&calls::GET_ACCOUNT, accounts::get),
        row(&calls::ADD_ACCOUNT, accounts::add),
        row(&calls::ADD_ACCOUNT_BY_OAUTH, accounts::add_by_oauth),
        row(&calls::UPDATE_ACCOUNT_BY_OAUTH, accounts::update_by_oauth),
        row(&calls::CHANGE_ACCOUNT, accounts::change),
        row(&calls::DELETE_ACCOUNT, accounts::delete),
        row(&calls::GET_CONNECTOR, accounts::connector),
        row(&calls::LIST_MESSAGES, messages::list),
        row(&calls::SEARCH_MESSAGES, messages::search),
        row(&calls::GET_MESSAGE, messages::get),
        row(&calls::GET_CONTENT, messages::content),
        row(&calls::GET_HEADER, messages::header),
        row(&calls::GET_RAW, messages::raw),
        row(&calls::LIST_ATTACHMENTS, messages::attachments),
        row(&calls::DOWNLOAD_ATTACHMENT, messages::attachment),
        row(&calls::LIST_THREADS, threads::list),
        row(&calls::GET_THREAD, threads::get),
        row(&calls::LIST_DRAFTS, threads::list_drafts),
        row(&calls::GET_DRAFT, threads::get_draft),
        row(&calls::LIST_TEMPLATES, threads::templates),
        row(&calls::ADD_TEMPLATE, threads::templates),
        row(&calls::LIST_FOLDERS, folders::list),
        row(&calls::GET_FOLDER, folders::get),
        row(&calls::LIST_LABELS, folders::list_labels),
        row(&calls::GET_LABEL, folders::get_label),
        row(&calls::LIST_CONTACTS, contacts::list),
        row(&calls::SEARCH_CONTACTS, contacts::search),
        row(&calls::CONTACT_CHANGES, contacts::changes),
        row(&calls::GET_CONTACT, contacts::get),
        row(&calls::LIST_CONTACT_FOLDERS, contacts::folders),
        row(&calls::OPENAPI, openapi::show),
    ]
}
