//! Logs: one line per event, to standard error; for people at a terminal, as JSON elsewhere.

use std::{io::IsTerminal, panic::PanicHookInfo, str::FromStr};

use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer,
    field::MakeExt,
    filter::{FilterExt, Targets},
    fmt::{MakeWriter, format::debug_fn},
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

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people at a terminal, as JSON elsewhere.
    #[default]
    Auto,
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(format!("`{text}` is not a format: write auto, text or json")),
        }
    }
}

/// How a log looks in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Text { coloured: bool },
    Json,
}

impl Look {
    /// `no_color`: the variable of that name (no-color.org), which forbids colours if it is not empty.
    fn choose(format: LogFormat, is_terminal: bool, no_color: Option<&str>) -> Self {
        let text = match format {
            LogFormat::Auto => is_terminal,
            LogFormat::Text => true,
            LogFormat::Json => false,
        };
        let coloured = is_terminal && no_color.is_none_or(str::is_empty);
        if text { Self::Text { coloured } } else { Self::Json }
    }
}

/// Turns logging on. `filter` and `format` have been checked by [`super::config::Options::check`].
pub fn start(filter: &str, format: &str) {
    let no_color = std::env::var("NO_COLOR").ok();
    let is_terminal = std::io::stderr().is_terminal();
    let look = Look::choose(format.parse().unwrap_or_default(), is_terminal, no_color.as_deref());
    tracing_subscriber::registry().with(layer(filter, look, std::io::stderr)).init();
    std::panic::set_hook(Box::new(log_panic));
}

/// Logs a panic as one event. Its text is told only where it stands in the source as it is: one that was put
/// together may hold what a request brought, a secret among it.
fn log_panic(info: &PanicHookInfo<'_>) {
    let at = info.location().map_or_else(String::new, ToString::to_string);
    let text = info.payload().downcast_ref::<&'static str>().copied().unwrap_or("a text with values in it");
    tracing::error!("panicked at {at}: {text}");
}

fn layer<S, W>(filter: &str, look: Look, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    match look {
        Look::Text { coloured } => {
            // The name of the message is left out, as it is the sentence itself.
            let fields = debug_fn(|writer, field, value| {
                if field.name() != "message" {
                    write!(writer, "{}=", field.name())?;
                }
                write!(writer, "{}", one_line(&format!("{value:?}")))
            });
            let layer = layer.with_ansi(coloured).fmt_fields(fields.delimited(" ")).compact();
            layer.with_filter(capped(filter)).boxed()
        }
        // JSON escapes what would forge a line of its own: line ends, and the terminal's control codes.
        Look::Json => {
            let layer = layer.json().flatten_event(true).with_current_span(true).with_span_list(false);
            layer.with_filter(capped(filter)).boxed()
        }
    }
}

/// The same with line ends and the terminal's control codes escaped: they would forge a line, or rewrite what is shown.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        // Unicode's own line ends, and what turns the direction of writing.
        let forges = c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if forges { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
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
            tracing::trace!(target: "mail360::log_in", "ours\nforged");
        })
    }

    fn logged_of(filter: &str, what: impl FnOnce()) -> String {
        logged_as(Look::Json, filter, what)
    }

    fn logged_as(look: Look, filter: &str, what: impl FnOnce()) -> String {
        let memory = Memory::default();
        let writer = memory.clone();
        let subscriber = tracing_subscriber::registry().with(layer(filter, look, move || writer.clone()));
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

    #[test]
    fn at_a_terminal_logs_are_for_people_and_elsewhere_for_programs_unless_a_format_is_chosen() {
        use LogFormat::{Auto, Json, Text};
        let [plain, coloured] = [false, true].map(|coloured| Look::Text { coloured });
        for (format, is_terminal, no_color, look) in [
            (Auto, true, None, coloured),
            (Auto, true, Some(""), coloured),
            (Auto, true, Some("1"), plain),
            (Auto, false, None, Look::Json),
            (Text, true, None, coloured),
            (Text, true, Some("0"), plain),
            (Text, false, None, plain),
            (Json, true, None, Look::Json),
            (Json, false, None, Look::Json),
        ] {
            assert_eq!(
                Look::choose(format, is_terminal, no_color),
                look,
                "{format:?} {is_terminal} {no_color:?}"
            );
        }
    }

    #[test]
    fn for_people_too_what_is_logged_is_one_line_for_each_event() {
        let log = logged_as(Look::Text { coloured: false }, "info", || {
            let span = tracing::info_span!("request", path = %"/a\nforged\u{1b}[2J");
            let _entered = span.enter();
            let error = "broken\r\nforged \u{202e}\u{1b}[31m";
            tracing::warn!(%error, count = 3, name = "a\nb", "ours\nforged\u{9b}2J");
        });
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(!log.trim_end().contains(|c: char| c.is_control() || c == '\u{202e}'), "{log:?}");
        for part in [
            "WARN",
            "ours\\nforged",
            "error=broken\\r\\nforged",
            "count=3",
            "name=\"a\\nb\"",
            "path=/a\\nforged",
        ] {
            assert!(log.contains(part), "{part}: {log}");
        }
        let coloured = logged_as(Look::Text { coloured: true }, "info", || tracing::info!("ours\u{1b}[2J"));
        assert!(coloured.contains("\u{1b}[") && !coloured.contains("\u{1b}[2J"), "{coloured:?}");
    }
}
