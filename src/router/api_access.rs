//! The rows of the route table for API clients and for the records of their calls.

use super::{Route, get, post};
use crate::{
    app::{self, client_page},
    clients::{add_page, edit_page, list_page},
    log_in::guard::RouteAccess::Admin,
};

/// The rows. A page that shows a secret, or a form again with typed values, is not compressed.
pub(super) fn rows() -> Vec<Route> {
    vec![
        get("/settings/api-access", Admin, list_page::show).compressed(),
        get("/settings/api-access/new", Admin, add_page::show),
        post("/settings/api-access/new", Admin, add_page::add).reauthenticated(),
        get("/settings/api-access/{id}", Admin, client_page::show),
        get("/settings/api-access/{id}/edit", Admin, edit_page::show),
        post("/settings/api-access/{id}/edit", Admin, edit_page::change).reauthenticated(),
        post("/settings/api-access/{id}/credentials", Admin, client_page::make).reauthenticated(),
        post("/settings/api-access/{id}/credentials/{credential}/remove", Admin, client_page::remove),
        post("/settings/api-access/{id}/revoke", Admin, client_page::revoke),
        post("/settings/api-access/{id}/delete", Admin, client_page::delete).reauthenticated(),
        get("/logs/api", Admin, app::calls_page).compressed(),
    ]
}
