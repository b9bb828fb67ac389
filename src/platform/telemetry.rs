//! Logs: one line per event, on standard error; text at a terminal, JSON otherwise. Start with [`start`].

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

/// Crates whose lower levels print cookies, headers or bodies, or are noise. No filter lets them log more
/// than this: an operator who turns on `trace` must not write secrets into a file.
const CAPPED: [(&str, LevelFilter); 12] = [
    ("hyper", LevelFilter::INFO),
    ("hyper_util", LevelFilter::INFO),
    ("reqwest", LevelFilter::INFO),
    ("rustls", LevelFilter::INFO),
    ("h2", LevelFilter::INFO),
    ("sqlx", LevelFilter::INFO),
    ("sea_orm", LevelFilter::INFO),
    // One line per migration. `platform::database` logs a summary instead.
    ("sea_orm_migration", LevelFilter::WARN),
    ("tower_sessions", LevelFilter::INFO),
    ("tower_sessions_core", LevelFilter::ERROR),
    ("server_fn", LevelFilter::INFO),
    ("oauth2", LevelFilter::INFO),
];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text at a terminal, JSON otherwise.
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

/// The resulting format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Text { coloured: bool },
    Json,
}

impl Look {
    /// `no_color` is the variable of that name (no-color.org), which forbids colours if it is not empty.
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

/// Starts logging. [`super::config::Options::check`] has checked `filter` and `format`.
pub fn start(filter: &str, format: &str) {
    let no_color = std::env::var("NO_COLOR").ok();
    let is_terminal = std::io::stderr().is_terminal();
    let look = Look::choose(format.parse().unwrap_or_default(), is_terminal, no_color.as_deref());
    tracing_subscriber::registry().with(layer(filter, look, std::io::stderr)).init();
    std::panic::set_hook(Box::new(log_panic));
}

/// Logs a panic as one event. It only logs a message that is a literal in the source: a formatted message may
/// contain values of a request, even a secret.
fn log_panic(info: &PanicHookInfo<'_>) {
    let at = info.location().map_or_else(String::new, ToString::to_string);
    let text =
        info.payload().downcast_ref::<&'static str>().copied().unwrap_or("a message with values in it");
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
            // Omit the name of the message field, because its value is the sentence itself.
            let fields = debug_fn(|writer, field, value| {
                if field.name() != "message" {
                    write!(writer, "{}=", field.name())?;
                }
                write!(writer, "{}", one_line(&format!("{value:?}")))
            });
            let layer = layer.with_ansi(coloured).fmt_fields(fields.delimited(" ")).compact();
            layer.with_filter(capped(filter)).boxed()
        }
        // JSON escapes what could forge a log line: line ends and the terminal's control codes.
        Look::Json => {
            let layer = layer.json().flatten_event(true).with_current_span(true).with_span_list(false);
            layer.with_filter(capped(filter)).boxed()
        }
    }
}

/// Escapes line ends and the terminal's control codes, with which an attacker could forge a log line or
/// rewrite the terminal.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        // Also Unicode's own line ends, and characters that change the direction of text.
        let forges = c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if forges { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

/// The operator's filter, and the caps, as two filters. Within one filter the more specific directive wins,
/// and `hyper::proto=trace` would be more specific than any cap.
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

    /// Runs this in a thread whose panics are logged. Other threads keep their hook: tests run concurrently.
    fn with_logged_panics(run: impl FnOnce() -> String + Send) -> String {
        let run = || {
            let (own, others) = (std::thread::current().id(), std::panic::take_hook());
            std::panic::set_hook(Box::new(move |info| {
                if std::thread::current().id() == own { log_panic(info) } else { others(info) }
            }));
            run()
        };
        std::thread::scope(|scope| scope.spawn(run).join().expect("no panic"))
    }

    #[test]
    fn s7_a_panic_is_one_line_with_its_location_and_no_value_of_a_request() {
        let secret = "canary\nforged".to_owned();
        let log = with_logged_panics(|| {
            logged_of("info", || {
                let _ = std::panic::catch_unwind(|| panic!("no {secret}"));
                let _ = std::panic::catch_unwind(|| panic!("a text of ours"));
            })
        });
        assert_eq!(log.lines().count(), 2, "{log}");
        assert!(log.contains("telemetry.rs") && log.contains("a text of ours"), "{log}");
        assert!(!log.contains("canary"), "{log}");
    }

    #[test]
    fn each_event_is_one_line_of_the_log() {
        let log = logged("trace");
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains("\"message\":\"ours\\nforged\""), "{log}");
        assert!(logged("error").is_empty());
    }

    #[test]
    fn the_log_is_text_at_a_terminal_and_json_otherwise_unless_a_format_is_chosen() {
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
    fn each_event_is_one_line_of_a_text_log_too() {
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
