//! What every request passes through, outermost first: [`reference`] names it, [`headers`] seals the
//! answer, [`host`] refuses foreign names, [`origin`] refuses what a foreign page sent.

pub mod headers;
pub mod host;
pub mod origin;
pub mod reference;
