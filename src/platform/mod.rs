//! What every feature stands on, and what names no feature: configuration, database, middleware,
//! clocks, randomness, telemetry, the runner of periodic work.

pub mod assets;
pub mod clock;
pub mod config;
pub mod cookies;
pub mod cpu;
pub mod database;
pub mod exposure;
pub mod failure;
pub mod id;
pub mod middleware;
pub mod monotonic;
pub mod net;
pub mod note;
pub mod origin;
pub mod page;
pub mod periodic;
pub mod randomness;
pub mod request_id;
pub mod server;
pub mod session_error;
pub mod telemetry;
pub mod text;
