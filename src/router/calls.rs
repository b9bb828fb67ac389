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
        changing, confirm, contacts,
        credentials::ClientAccess,
        drafts, folders, jobs, layers,
        layers::Limits,
        messages, openapi,
        records::{self, Recorder},
        schedules, sending, threads, uploads,
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
    let Route { method, path, access, handler, .. } = route;
    let time = layers::time_of(&method, path, limits);
    let (access, limits) = (client_access(program, access), limits_of(&method, path, limits));
    // A call that streams ends when one of both sides stops.
    let max = if limits.streams { Duration::MAX } else { time };
    let recorder = Recorder { calls: program.calls.clone(), route: path, max };
    layers::route(handler, access, limits).route_layer(from_fn_with_state(recorder, records::record))
}

/// What a route of the API needs of an API client; `None` if it needs none.
fn client_access(program: &Program, access: RouteAccess) -> Option<ClientAccess> {
    let RouteAccess::ApiClient(scope) = access else { return None };
    Some(ClientAccess { clients: program.clients.clone(), config: program.config.clone(), scope })
}

/// The limits of a route of the API. Some bodies are read before their credentials are known to be right.
fn limits_of(method: &Method, path: &str, limits: Limits) -> Limits {
    match path {
        confirm::PATH => Limits { body: BodyLimits::new(confirm::MAX_BODY), ..limits },
        // The call explains by itself that a form is not taken.
        access_token::PATH => {
            Limits { body: BodyLimits::new(access_token::MAX_BODY), any_type: true, ..limits }
        }
        path if layers::is_stream(method, path) => Limits { streams: true, ..limits },
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
        row(&calls::CHANGE_MESSAGES, changing::change_messages),
        row(&calls::DELETE_MESSAGE, changing::delete_message),
        row(&calls::LIST_ATTACHMENTS, messages::attachments),
        row(&calls::DOWNLOAD_ATTACHMENT, messages::attachment),
        row(&calls::UPLOAD_ATTACHMENT, uploads::add),
        row(&calls::DELETE_UPLOAD, uploads::delete),
        row(&calls::SEND_MESSAGE, sending::send),
        row(&calls::ANSWER_MESSAGE, sending::answer),
        row(&calls::LIST_THREADS, threads::list),
        row(&calls::GET_THREAD, threads::get),
        row(&calls::CHANGE_THREADS, changing::change_threads),
        row(&calls::DELETE_THREAD, changing::delete_thread),
        row(&calls::DELETE_THREADS, changing::delete_threads),
        row(&calls::LIST_DRAFTS, threads::list_drafts),
        row(&calls::GET_DRAFT, threads::get_draft),
        row(&calls::CREATE_DRAFT, drafts::create),
        row(&calls::UPDATE_DRAFT, drafts::update),
        row(&calls::DELETE_DRAFT, drafts::delete),
        row(&calls::SEND_DRAFT, drafts::send),
        row(&calls::LIST_TEMPLATES, threads::templates),
        row(&calls::ADD_TEMPLATE, threads::templates),
        row(&calls::LIST_SCHEDULES, schedules::list),
        row(&calls::GET_SCHEDULE, schedules::get),
        row(&calls::CANCEL_SCHEDULE, schedules::cancel),
        row(&calls::LIST_FOLDERS, folders::list),
        row(&calls::GET_FOLDER, folders::get),
        row(&calls::CREATE_FOLDER, folders::create),
        row(&calls::CHANGE_FOLDER, folders::change),
        row(&calls::DELETE_FOLDER, folders::delete),
        row(&calls::LIST_LABELS, folders::list_labels),
        row(&calls::GET_LABEL, folders::get_label),
        row(&calls::CREATE_LABEL, folders::create_label),
        row(&calls::UPDATE_LABEL, folders::update_label),
        row(&calls::DELETE_LABEL, folders::delete_label),
        row(&calls::GET_JOB, jobs::get),
        row(&calls::LIST_CONTACTS, contacts::list),
        row(&calls::SEARCH_CONTACTS, contacts::search),
        row(&calls::CONTACT_CHANGES, contacts::changes),
        row(&calls::GET_CONTACT, contacts::get),
        row(&calls::CREATE_CONTACT, contacts::create),
        row(&calls::UPDATE_CONTACT, contacts::update),
        row(&calls::DELETE_CONTACT, contacts::delete),
        row(&calls::LIST_CONTACT_FOLDERS, contacts::folders),
        row(&calls::OPENAPI, openapi::show),
    ]
}
