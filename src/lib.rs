//! Mail360 Connectors: a self-hosted console that holds an organisation's OAuth connectors.
//!
//! See ARCHITECTURE.md for the rooms and the arrows between them.

// A page's view is one type, as deep as its markup.
#![recursion_limit = "256"]

#[cfg(all(feature = "ssr", feature = "hydrate"))]
compile_error!("`ssr` is the server's half and `hydrate` the browser's: enable one of them");

// The support of the black-box tests, which some tests here share, knows the program by its name.
#[cfg(test)]
extern crate self as mail360;

#[cfg(feature = "ssr")]
pub mod activity;
#[cfg(feature = "ssr")]
pub mod app;
pub mod connectors;
#[cfg(feature = "ssr")]
pub mod jobs;
#[cfg(feature = "ssr")]
pub mod log_in;
#[cfg(feature = "ssr")]
pub mod people;
#[cfg(feature = "ssr")]
pub mod platform;
#[cfg(feature = "ssr")]
pub mod sign_ins;
/// What of it the browser needs as well.
#[cfg(not(feature = "ssr"))]
pub mod platform {
    pub mod text;
}
#[cfg(feature = "ssr")]
pub mod router;
pub mod ui;
#[cfg(feature = "ssr")]
pub mod vault;

/// What the browser runs once the WebAssembly is there: brings the islands to life, and shows the buttons that would
/// have done nothing before (see style/utilities.css).
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
    // Leptos' script hydrates them right after this, before anybody can click.
    if let Some(root) = leptos::prelude::document().document_element() {
        let _ = root.set_attribute("data-hydrated", "");
    }
}
