//! What requests pass through, outermost first: [`request_id`] gives each an id, [`headers`] protects the answer,
//! [`head`] refuses an endless address, [`host`] refuses foreign names, [`origin`] refuses what a foreign page sent;
//! innermost [`body`] reads what was sent. `router` says which router has which of them.

pub mod body;
pub mod head;
pub mod headers;
pub mod host;
pub mod origin;
pub mod request_id;
