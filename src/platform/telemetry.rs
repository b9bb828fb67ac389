//! Logs: one line per event, to standard error; as JSON where nobody reads along.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

/// Crates whose lower levels print cookies, headers or bodies, or are noise: whatever level is asked
/// for, they stay at this one. An operator who turns on `trace` must not write secrets into a file.
const CAPPED: &str = "hyper=info,hyper_util=info,reqwest=info,rustls=info,h2=info,sqlx=info,\
    sea_orm=info,sea_orm_migration=info,tower_sessions=info,tower_sessions_core=error,\
    server_fn=info,oauth2=info";

/// Turns logging on. `filter` has been checked by [`super::config::Options::check`].
pub fn start(filter: &str) {
    let filter = EnvFilter::new(format!("{filter},{CAPPED}"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::NONE)
        .with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        builder.init();
    } else {
        // JSON escapes what would forge a line of its own: line ends, and the terminal's control codes.
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).init();
    }
}
