//! Logs: one line per event, to standard error; as JSON where nobody reads along.

use std::{io::IsTerminal, panic::PanicHookInfo};

use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, Targets},
    fmt::MakeWriter,
    layer::{Filter, SubscriberExt},
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// Crates whose lower levels print cookies, headers or bodies, or are noise: whatever is asked for, they
/// say no more than this. An operator who turns on `trace` must not write secrets into a file.
const CAPPED: [(&str, LevelFilter); 12] = [
    ("hyper", LevelFilter::INFO),
    ("hyper_util", LevelFilter::INFO),
    ("reqwest", LevelFilter::INFO),
    ("rustls", LevelFilter::INFO),
    ("h2", LevelFilter::INFO),
    ("sqlx", LevelFilter::INFO),
    ("sea_orm", LevelFilter::INFO),
    // A line for each migration: ours says once what was done (`platform::database`).
    ("sea_orm_migration", LevelFilter::WARN),
    ("tower_sessions", LevelFilter::INFO),
    ("tower_sessions_core", LevelFilter::ERROR),
    ("server_fn", LevelFilter::INFO),
    ("oauth2", LevelFilter::INFO),
];

/// Turns logging on. `filter` has been checked by [`super::config::Options::check`].
pub fn start(filter: &str) {
    tracing_subscriber::registry()
        .with(layer(filter, std::io::stderr().is_terminal(), std::io::stderr))
        .init();
    std::panic::set_hook(Box::new(log_panic));
}

/// Logs a panic as one event. Its text is told only where it stands in the source as it is: one that was put
/// together may hold what a request brought, a secret among it.
fn log_panic(info: &PanicHookInfo<'_>) {
    let at = info.location().map_or_else(String::new, ToString::to_string);
    let text = info.payload().downcast_ref::<&'static str>().copied().unwrap_or("a text with values in it");
    tracing::error!("panicked at {at}: {text}");
}

fn layer<S, W>(filter: &str, for_people: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    if for_people {
        return layer.with_filter(capped(filter)).boxed();
    }
    // JSON escapes what would forge a line of its own: line ends, and the terminal's control codes.
    let layer = layer.json().flatten_event(true).with_current_span(true).with_span_list(false);
    layer.with_filter(capped(filter)).boxed()
}

/// What was asked for, and the caps: two filters, for within one the more particular directive wins, and
/// `hyper::proto=trace` would be more particular than any cap.
fn capped<S>(filter: &str) -> impl Filter<S> + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let caps = Targets::new().with_default(LevelFilter::TRACE).with_targets(CAPPED);
    EnvFilter::new(filter).and(caps)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("the log").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str) -> String {
        logged_of(filter, || {
            let span = tracing::info_span!("request");
            let _entered = span.enter();
            tracing::trace!(target: "hyper::proto::h1", "cookie: canary");
            tracing::debug!(target: "sea_orm_migration::manager", "canary");
            tracing::info!(target: "tower_sessions_core::session", "canary");
            tracing::trace!(target: "mail360::login", "ours\nforged");
        })
    }

    fn logged_of(filter: &str, what: impl FnOnce()) -> String {
        let memory = Memory::default();
        let writer = memory.clone();
        let subscriber = tracing_subscriber::registry().with(layer(filter, false, move || writer.clone()));
        tracing::subscriber::with_default(subscriber, what);
        let bytes = memory.0.lock().expect("the log").clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn s1_no_filter_opens_the_crates_that_would_log_secrets() {
        for filter in [
            "trace",
            "trace,hyper=trace",
            "hyper::proto=trace,mail360=trace",
            "[request]=trace",
            "[{x}]=trace,trace",
        ] {
            let log = logged(filter);
            assert!(!log.contains("canary"), "{filter}: {log}");
            assert!(log.contains("ours"), "{filter}: {log}");
        }
    }

    #[test]
    fn s7_a_panic_is_one_line_that_says_where_and_nothing_that_came_from_outside() {
        let secret = "canary\nforged".to_owned();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(log_panic));
        let log = logged_of("info", || {
            let _ = std::panic::catch_unwind(|| panic!("no {secret}"));
            let _ = std::panic::catch_unwind(|| panic!("a text of ours"));
        });
        std::panic::set_hook(before);
        assert_eq!(log.lines().count(), 2, "{log}");
        assert!(log.contains("telemetry.rs") && log.contains("a text of ours"), "{log}");
        assert!(!log.contains("canary"), "{log}");
    }

    #[test]
    fn what_is_logged_is_one_line_for_each_event() {
        let log = logged("trace");
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains("\"message\":\"ours\\nforged\""), "{log}");
        assert!(logged("error").is_empty());
    }
}
