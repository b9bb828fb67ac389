//! A row of the form, with its two halves beside each other, or below each other on a narrow page. Below both a row may
//! have a part of its whole width.

use leptos::prelude::*;

#[component]
pub fn FormRow(
    /// The number of the row, if the rows are numbered.
    number: Option<u8>,
    title: &'static str,
    /// A sentence beside the title.
    #[prop(default = None)]
    lead: Option<String>,
    /// Whether the left half has the steps that fill the fields of the right one. Otherwise both have fields.
    has_steps: bool,
    left: AnyView,
    right: AnyView,
    /// The part of the whole width.
    #[prop(default = None)]
    below: Option<AnyView>,
) -> impl IntoView {
    let id = format!("row-{}", title.to_lowercase().replace(' ', "-"));
    let heading = id.clone();
    let number = number.map(|number| view! { <span class="letter">{number}</span> " " });
    let class = if has_steps { "doing" } else { "fields" };
    view! {
        <section class="part" aria-labelledby=id>
            <div class="row">
                <h2 id=heading>{number}{title}</h2>
                {lead.map(|words| view! { <p class="soft note">{words}</p> })}
            </div>
            <div class="halves">
                <div class=class>{left}</div>
                <div class="fields">{right}</div>
            </div>
            {below}
        </section>
    }
}
