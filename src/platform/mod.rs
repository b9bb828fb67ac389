//! The base of all features, which depends on none of them: configuration, database, middleware, HTTP server,
//! clocks, randomness, telemetry, periodic work and typed text.

pub mod assets;
pub mod clock;
pub mod config;
pub(crate) mod cookies;
pub mod cpu;
pub mod database;
pub(crate) mod exposure;
pub mod failure;
pub(crate) mod held;
pub mod id;
pub mod language;
pub mod middleware;
pub mod monotonic;
pub(crate) mod net;
pub(crate) mod note;
pub(crate) mod origin;
pub(crate) mod page;
pub mod periodic;
pub mod randomness;
pub(crate) mod request_id;
pub mod search;
pub mod server;
pub(crate) mod session_error;
pub(crate) mod session_hash;
pub mod settled_time;
pub mod telemetry;
pub mod text;
