//! What every request passes through, outermost first: [`request_id`] gives it an id, [`headers`] protects the
//! answer, [`host`] refuses foreign names, [`origin`] refuses what a foreign page sent; innermost [`body`] reads
//! what was sent.

pub mod body;
pub mod headers;
pub mod host;
pub mod origin;
pub mod request_id;
