//! Mail360 Connectors: a self-hosted console for the OAuth connectors of an organisation.
//!
//! ARCHITECTURE.md names the rooms (top-level modules) and their dependencies. Start with `router` for a
//! request's way, and with `src/main.rs` for the command line.

// The view of a page is one nested type, as deep as its markup.
#![recursion_limit = "256"]

#[cfg(all(feature = "ssr", feature = "hydrate"))]
compile_error!("`ssr` is the server's half and `hydrate` the browser's: enable one of them");

// Some unit tests share the support modules of the black-box tests, which import this crate by name.
#[cfg(test)]
extern crate self as mail360;

/// Databases for tests of stores, shared with the black-box tests.
#[cfg(test)]
#[path = "../tests/blackbox/support/database.rs"]
#[expect(dead_code, reason = "the black-box tests use the rest of it")]
mod test_database;

#[cfg(feature = "ssr")]
pub mod accounts;
#[cfg(feature = "ssr")]
pub mod activity;
#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
pub mod app;
#[cfg(feature = "ssr")]
pub mod clients;
pub mod connectors;
#[cfg(feature = "ssr")]
pub mod jobs;
#[cfg(feature = "ssr")]
pub mod log_in;
#[cfg(feature = "ssr")]
pub mod mail;
#[cfg(feature = "ssr")]
pub mod people;
#[cfg(feature = "ssr")]
pub mod platform;
#[cfg(feature = "ssr")]
pub mod sign_ins;
/// The part of the platform that the browser needs as well.
#[cfg(not(feature = "ssr"))]
pub mod platform {
    pub mod text;
}
pub mod providers;
#[cfg(feature = "ssr")]
pub mod router;
pub mod ui;
#[cfg(feature = "ssr")]
pub mod vault;

/// The entry point in the browser, called when the WebAssembly is loaded. Hydrates the islands, makes menus close,
/// and shows the buttons that need scripts (see style/utilities.css).
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
    ui::islands::close_menus();
    // Leptos' script hydrates them directly after this, before a user can click.
    if let Some(root) = leptos::prelude::document().document_element() {
        let _ = root.set_attribute("data-hydrated", "");
    }
}
