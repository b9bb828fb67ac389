//! The table that lists things, and the links to its other pages. On a narrow screen the style sheet shows its rows as
//! cards. Browsers then no longer report a table to a screen reader, so ARIA roles say what each element is.

use leptos::prelude::*;

use super::markup::Markup;

/// A table of rows. Each row is a `tr` with the role `row`; each of its cells names its column in `data-label`.
#[component]
pub fn Table(
    /// The name of the listed things, for screen readers.
    #[prop(into)]
    caption: String,
    /// The heads of its columns.
    columns: &'static [&'static str],
    /// The class by which the style sheet knows its columns: how wide they are, and which are left out first.
    #[prop(default = "")]
    kind: &'static str,
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
        <div class="listing">
            <table class=format!("table {kind}").trim_end().to_owned() role="table">
                <caption class="unseen">{caption}</caption>
                {head.into_view()}
                <tbody role="rowgroup">{children()}</tbody>
            </table>
        </div>
    }
}

/// Links to other pages of a list, if there are any.
#[component]
pub fn Pager(
    /// URL and text of the link to the first page; `None` on the first page.
    #[prop(default = None)]
    first: Option<(String, &'static str)>,
    /// URL and text of the link to the next page.
    #[prop(default = None)]
    next: Option<(String, &'static str)>,
    /// The numbers of the first and the last row of this page, such as `26 to 30`.
    #[prop(default = None)]
    place: Option<String>,
) -> impl IntoView {
    let link = |(to, words): (String, &'static str)| view! { <a class="button" href=to>{words}</a> };
    (first.is_some() || next.is_some()).then(|| {
        let place = place.map(|place| view! { <p class="soft">{place}</p> });
        view! { <nav class="row apart" aria-label="Pages">{first.map(link)}{place}{next.map(link)}</nav> }
    })
}
