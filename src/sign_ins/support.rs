//! Writes a sign-in as a text that a user can send to a support team. The text contains no secret, code, token or
//! state, because the records that it is made of contain none.

use std::{borrow::Cow, fmt::Write};

use super::{
    diagnosis,
    model::{Outcome, Step, clock_of, took},
    service::{Progress, SignInDetails},
};
use crate::{connectors::service::Connector, providers::Provider};

/// The text for a support team.
pub fn write_text(sign_in: &SignInDetails, connector: &Connector) -> String {
    let SignInDetails { attempt, progress, timeline, .. } = sign_in;
    let provider = &*connector.provider;
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}: {value}");
    };
    line("Mail360 Connectors", env!("CARGO_PKG_VERSION"));
    line("Sign-in", &attempt.id.to_string());
    line("Connector", &attempt.connector.to_string());
    line("Client ID", &attempt.client_id);
    line("Who may sign in (current setting)", connector.application.audience().0);
    if let Some(sent) = timeline.iter().find(|event| event.step == Step::Sent) {
        line("Sent to", &sent.detail);
    }
    line("Redirect URI", &attempt.redirect_uri);
    line("Permissions asked", &attempt.scopes.join(" "));
    line("Outcome", &describe_progress(provider, progress));
    if let Progress::Ended(outcome) = progress {
        match outcome {
            Outcome::Verified { missing, current, .. } => {
                if !missing.is_empty() {
                    line("Not granted", &missing.join(" "));
                }
                if !current {
                    line("Note", "the connector was changed in the meantime");
                }
            }
            Outcome::Failed { provider: Some(said), .. } => {
                let codes: Vec<_> = said.codes.iter().map(u64::to_string).collect();
                let codes = (!codes.is_empty()).then(|| codes.join(", "));
                for (name, value) in [
                    ("Error", &said.error),
                    ("Codes", &codes),
                    ("Description", &said.description),
                    ("Trace ID", &said.trace_id),
                    ("Correlation ID", &said.correlation_id),
                ] {
                    if let Some(value) = value {
                        line(name, value);
                    }
                }
                if let Some(evidence) = &said.evidence {
                    line("Found", &evidence.words_of(&clock_of(provider.names())));
                }
            }
            Outcome::Connected { missing, .. } | Outcome::Unconfirmed { missing, .. }
                if !missing.is_empty() =>
            {
                line("Not granted", &missing.join(" "));
            }
            Outcome::Connected { .. }
            | Outcome::Unconfirmed { .. }
            | Outcome::NotConnected { .. }
            | Outcome::Failed { provider: None, .. } => {}
        }
    }
    for event in timeline {
        let duration = took(event.duration).map(|took| format!(" (took {took})")).unwrap_or_default();
        let detail = if event.detail.is_empty() { String::new() } else { format!(": {}", event.detail) };
        let (name, words) = (event.step.name(), event.step.words(provider.names()));
        line(&event.at.for_machines(), &format!("{name} ({words}){detail}{duration}"));
    }
    text
}

/// The progress of a sign-in in a few words.
pub fn describe_progress(provider: &dyn Provider, progress: &Progress) -> Cow<'static, str> {
    let words = match progress {
        Progress::Ended(outcome) => diagnosis::describe_in_short(provider, outcome),
        Progress::Open => return format!("Not back from {} yet", provider.names().provider).into(),
        Progress::Checking => "Checking…",
        Progress::Interrupted => "Interrupted",
        Progress::Abandoned => "Not finished within ten minutes",
    };
    words.into()
}
