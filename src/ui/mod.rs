//! Widgets that several features use. Start with [`widgets`].

#[cfg(feature = "ssr")]
pub(crate) mod doctor;
#[cfg(feature = "ssr")]
pub(crate) mod email;
#[cfg(feature = "ssr")]
pub(crate) mod icons;
pub(crate) mod islands;
#[cfg(feature = "ssr")]
pub(crate) mod links;
#[cfg(feature = "ssr")]
pub(crate) mod markup;
#[cfg(feature = "ssr")]
pub(crate) mod moment;
#[cfg(feature = "ssr")]
pub(crate) mod numbers;
#[cfg(feature = "ssr")]
pub(crate) mod search_result;
#[cfg(feature = "ssr")]
pub(crate) mod table;
#[cfg(feature = "ssr")]
pub(crate) mod to_copy;
#[cfg(feature = "ssr")]
pub mod widgets;
