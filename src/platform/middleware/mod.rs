//! Middleware of every request, outermost first: [`request_id`] assigns an id, [`headers`] adds security
//! headers, [`host`] refuses foreign host names, [`origin`] refuses cross-site requests, [`body`] reads the
//! body.

pub mod body;
pub mod headers;
pub mod host;
pub mod origin;
pub mod request_id;
