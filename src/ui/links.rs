//! Links that lead out of the program.

use leptos::prelude::*;

/// A link that opens a window of its own, so that what was typed here stays; and says that it does.
#[component]
pub fn NewWindow(
    /// The address.
    to: String,
    /// What is there.
    words: &'static str,
    /// The address with gaps, which a form's island fills in once it knows what belongs there.
    #[prop(optional_no_strip)]
    template: Option<String>,
) -> impl IntoView {
    view! {
        <a href=to data-portal=template target="_blank" rel="noopener noreferrer">
            {words}
            <span class="unseen">" (opens a new window)"</span>
        </a>
    }
}
