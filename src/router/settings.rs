//! The rows of the route table for the settings, except those for API clients.

use super::{Route, get, post};
use crate::{
    accounts::{appearance_page, return_addresses_page},
    app,
    log_in::guard::RouteAccess::Admin,
};

pub(super) fn rows() -> Vec<Route> {
    vec![
        get("/settings/people", Admin, app::people_page::show).compressed(),
        post("/settings/people", Admin, app::people_page::invite).reauthenticated(),
        post("/settings/people/second-factor", Admin, app::people_page::require_second_factor)
            .reauthenticated(),
        post("/settings/people/invitations/{id}/withdraw", Admin, app::people_page::withdraw)
            .reauthenticated(),
        get("/settings/people/{id}", Admin, app::person_page::show).compressed(),
        post("/settings/people/{id}", Admin, app::person_page::change).reauthenticated(),
        get("/settings/activity", Admin, app::activity_page).compressed(),
        get("/settings/appearance", Admin, appearance_page::show),
        post("/settings/appearance", Admin, appearance_page::change),
        post(appearance_page::UPLOAD, Admin, appearance_page::upload_logo),
        post("/settings/appearance/logo/remove", Admin, appearance_page::remove_logo),
        get("/settings/return-addresses", Admin, return_addresses_page::show),
        post("/settings/return-addresses", Admin, return_addresses_page::add).reauthenticated(),
        post("/settings/return-addresses/{id}/rotate", Admin, return_addresses_page::rotate)
            .reauthenticated(),
        post("/settings/return-addresses/{id}/remove", Admin, return_addresses_page::remove)
            .reauthenticated(),
        post("/settings/return-addresses/{id}/confirmation", Admin, return_addresses_page::set_confirmation)
            .reauthenticated(),
    ]
}
