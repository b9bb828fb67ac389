//! The parts of a guide that providers share: what it shows, its steps with their boxes, and texts to copy. A provider
//! writes its own steps.

use leptos::prelude::*;

use super::Values;
use crate::ui::widgets::CopyButton;

/// The id of the connector's form. Fields outside of the form, such as the boxes of the guide, name it to belong to it.
pub const FORM: &str = "connector-form";
/// The name of the boxes of the guide's steps.
pub const DONE: &str = "done";

/// The values that a guide shows, as far as the form beside it has them.
#[derive(Clone, Debug)]
pub struct GuideView {
    /// The service name.
    pub name: String,
    /// Our Redirect URI.
    pub redirect_uri: String,
    /// The client ID as typed.
    pub client_id: String,
    /// The typed values of the provider's own fields.
    pub values: Values,
    /// The required and the chosen permissions.
    pub scopes: Vec<&'static str>,
    /// The period in months after which the secret expires, as typed.
    pub expires_in: String,
    /// The day on which the secret expires, as typed.
    pub expires_on: String,
    /// The ticked steps; `None` if the application exists already, so that there are no steps to tick.
    pub done: Option<Vec<String>>,
}

/// A guide, ready to be shown.
pub struct Guide {
    /// Its heading.
    pub title: &'static str,
    /// The sentence below the heading.
    pub lead: &'static str,
    pub parts: AnyView,
}

/// The ticked steps, if the steps have boxes.
#[derive(Clone, Debug)]
pub struct Ticks(pub Option<Vec<String>>);

impl Ticks {
    /// A step with its box. Its id has at most eight characters. The box belongs to the form, so that it is still ticked
    /// if the form is shown again.
    pub fn step(&self, id: &'static str, content: impl IntoView) -> AnyView {
        let content = content.into_any();
        let Some(done) = &self.0 else {
            return view! { <li><div class="stack tight">{content}</div></li> }.into_any();
        };
        let checked = done.iter().any(|done| done == id);
        view! {
            <li>
                <div class="step">
                    <input
                        type="checkbox"
                        name=format!("{DONE}[]")
                        value=id
                        form=FORM
                        checked=checked
                        aria-label=format!("Step {id} is done")
                        autocomplete="off"
                    />
                    <div>{content}</div>
                </div>
            </li>
        }
        .into_any()
    }
}

/// A part of a guide: A, B or C.
#[component]
pub fn Part(
    /// A, B or C.
    letter: &'static str,
    /// Its heading.
    title: &'static str,
    /// The steps.
    children: Children,
) -> impl IntoView {
    let id = format!("part-{}", letter.to_lowercase());
    let heading = id.clone();
    view! {
        <section class="part" aria-labelledby=id>
            <h3 id=heading>
                <span class="letter" aria-hidden="true">{letter}</span>
                <span class="unseen">{format!("Part {letter}: ")}</span>
                {title}
            </h3>
            {children()}
        </section>
    }
}

/// A text to copy, parts of which follow the values in the form.
#[component]
pub fn Copying(
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="copy">
            <code>{children()}</code>
            <CopyButton what="the request" />
        </div>
    }
}
