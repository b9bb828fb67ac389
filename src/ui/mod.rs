//! Widgets that several features use. Start with [`widgets`].

#[cfg(feature = "ssr")]
pub mod doctor;
pub mod icons;
pub mod islands;
#[cfg(feature = "ssr")]
pub mod links;
#[cfg(feature = "ssr")]
pub mod widgets;
