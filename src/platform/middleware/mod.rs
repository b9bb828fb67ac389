//! Middleware, outermost first: [`request_id`] assigns an id, [`headers`] adds security headers, [`head`] refuses a
//! URL that is too long, [`host`] refuses foreign host names, [`origin`] refuses cross-site requests, [`body`] reads
//! the body. `router` decides which router has which of them.

pub mod body;
pub(crate) mod head;
pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod origin;
pub(crate) mod request_id;
