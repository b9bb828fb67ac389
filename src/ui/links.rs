//! Links to other sites.

use leptos::prelude::*;

/// A link that opens a new window, so that typed text is not lost, and says so.
#[component]
pub fn NewWindow(
    /// URL of the link.
    to: String,
    /// Text of the link.
    #[prop(into)]
    words: String,
    /// The URL with placeholders, which a form's island fills in.
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
