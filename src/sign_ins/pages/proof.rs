//! Views of this program's own findings about a failed sign-in. The pages show them beside Microsoft's words.

use leptos::prelude::*;

use super::super::{model::Outcome, service::Progress};
use crate::providers::{Evidence, ProviderWords};

/// The findings, with both values of a failed check; `None` if there are none.
pub fn found(said: Option<&ProviderWords>) -> Option<impl IntoView + use<>> {
    let evidence = said?.evidence.clone()?;
    let row = |name: &'static str, value: String| {
        view! { <div><dt>{name}</dt><dd><code>{value}</code></dd></div> }
    };
    let rows = match *evidence {
        Evidence::Mismatch(mismatch) => {
            let none = || "none".to_owned();
            let values = (mismatch.expected.is_some() || mismatch.received.is_some()).then(|| {
                view! {
                    {mismatch.expected.clone().map(|value| row("Expected", value))}
                    {row("Received", mismatch.received.clone().unwrap_or_else(none))}
                }
            });
            let clock = mismatch.clock_words().map(|words| row("The server’s clock", words));
            view! { {row("What does not fit", mismatch.claim.name().to_owned())} {values} {clock} }.into_any()
        }
        Evidence::NoConnection { host, why } => {
            view! { {row("Host", host)} {row("Why", why.words().to_owned())} }.into_any()
        }
    };
    Some(view! {
        <section class="stack tight" aria-labelledby="found-title">
            <h2 id="found-title">"What this program found"</h2>
            <dl class="facts note">{rows}</dl>
        </section>
    })
}

/// The findings in one line, for the last step of a timeline.
pub fn in_a_line(progress: &Progress) -> Option<String> {
    match progress {
        Progress::Ended(Outcome::Failed { provider: Some(said), .. }) => {
            said.evidence.as_ref().map(ToString::to_string)
        }
        _ => None,
    }
}
