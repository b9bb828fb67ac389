//! Views of this program's own findings about a failed sign-in. The pages show them beside the provider's words.

use leptos::prelude::*;

use super::super::{model::Outcome, service::Progress};
use crate::providers::{Evidence, Names, ProviderWords, clock_words_of};

/// The findings, with both values of a failed check; `None` if there are none.
pub fn draw_findings(names: &Names, said: Option<&ProviderWords>) -> Option<impl IntoView + use<>> {
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
            let clock = mismatch.clock_ahead.map(|ahead| row("The server’s clock", clock(names, ahead)));
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

/// The error of the server's clock in words, with the provider's name.
pub fn clock(names: &Names, ahead: i64) -> String {
    clock_words_of(ahead, &whose(names))
}

/// The provider's clock, in the middle of a sentence.
fn whose(names: &Names) -> String {
    format!("{}’s", names.provider)
}

/// The findings in one line, for the last step of a timeline.
pub fn describe_findings(names: &Names, progress: &Progress) -> Option<String> {
    match progress {
        Progress::Ended(Outcome::Failed { provider: Some(said), .. }) => {
            said.evidence.as_ref().map(|evidence| evidence.words_of(&whose(names)))
        }
        _ => None,
    }
}
