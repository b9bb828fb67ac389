//! The table that lists things. On a narrow screen the style sheet shows its rows as cards. Browsers then no longer
//! report a table to a screen reader, so ARIA roles say what each element is.

use leptos::prelude::*;

use super::markup::Markup;

/// A table of rows. Each row is a `tr` with the role `row`; each of its cells names its column in `data-label`.
#[component]
pub fn Table(
    /// What it lists, for screen readers.
    #[prop(into)]
    caption: String,
    /// The heads of its columns.
    columns: &'static [&'static str],
    /// The rows.
    children: Children,
) -> impl IntoView {
    let mut head = Markup::default();
    head.raw(r#"<thead role="rowgroup"><tr role="row">"#);
    for column in columns {
        head.raw(r#"<th scope="col" role="columnheader">"#).raw(column).raw("</th>");
    }
    head.raw("</tr></thead>");
    view! {
        <table class="table" role="table">
            <caption class="unseen">{caption}</caption>
            {head.into_view()}
            <tbody role="rowgroup">{children()}</tbody>
        </table>
    }
}
