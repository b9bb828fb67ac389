//! What runs in the browser for more than one feature. Without scripts nothing of it is missed: buttons
//! that do nothing then are not shown (`scripted`).

#![expect(
    missing_docs,
    reason = "the macro makes a type of each island's props, and its docs are the island's"
)]

use std::time::Duration;

use leptos::prelude::*;

/// How long a button says that it has done its work.
const SAID: Duration = Duration::from_secs(2);

/// Copies a text. `what` names it to those who hear the page: *Copy the Redirect URI*.
#[island]
pub fn CopyButton(
    /// The text to copy.
    text: String,
    /// What it is, with its article.
    what: String,
) -> impl IntoView {
    let said = RwSignal::new("Copy");
    let copy = move |_| {
        #[cfg(feature = "hydrate")]
        {
            let promise = window().navigator().clipboard().write_text(&text);
            leptos::task::spawn_local(async move {
                let copied = wasm_bindgen_futures::JsFuture::from(promise).await;
                // A browser may forbid it; then the text is still there to be selected.
                said.set(if copied.is_ok() { "Copied" } else { "Not copied" });
                set_timeout(move || said.set("Copy"), SAID);
            });
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = (&text, said, SAID);
    };
    view! {
        <button class="button plain small scripted" type="button" on:click=copy>
            <span aria-live="polite">{move || said.get()}</span>
            <span class="unseen">{format!(" {what}")}</span>
        </button>
    }
}

/// Shows and hides what is typed into a password field.
#[island]
pub fn RevealButton(
    /// The field's id.
    controls: String,
    /// What is shown, for those who hear the page.
    what: String,
) -> impl IntoView {
    let shown = RwSignal::new(false);
    let id = controls.clone();
    let toggle = move |_| {
        shown.update(|shown| *shown = !*shown);
        #[cfg(feature = "hydrate")]
        if let Some(field) = document().get_element_by_id(&id) {
            let kind = if shown.get_untracked() { "text" } else { "password" };
            // Nothing is lost where the browser refuses: the field stays as it was.
            let _ = field.set_attribute("type", kind);
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = &id;
    };
    view! {
        <button
            class="button plain small scripted"
            type="button"
            aria-pressed=move || shown.get().to_string()
            aria-controls=controls
            on:click=toggle
        >
            {move || if shown.get() { "Hide" } else { "Show" }}
            <span class="unseen">{format!(" {what}")}</span>
        </button>
    }
}
