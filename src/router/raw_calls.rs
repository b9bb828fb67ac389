//! The rows of the raw passage: one for each method, because it passes any request on to the provider.

use super::{Route, calls::row};
use crate::api::{calls, proxy};

pub(super) fn rows() -> impl Iterator<Item = Route> {
    let all =
        [&calls::PROXY, &calls::PROXY_POST, &calls::PROXY_PUT, &calls::PROXY_PATCH, &calls::PROXY_DELETE];
    // The path of the table of calls has one segment there, as OpenAPI describes paths.
    all.into_iter().map(|call| Route { path: proxy::PATH, ..row(call, proxy::pass) })
}
