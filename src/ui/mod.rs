//! Widgets that more than one feature uses.

pub mod icons;
pub mod islands;
#[cfg(feature = "ssr")]
pub mod widgets;
