//! The parts of a guide that providers share: the rows of the form, the numbered steps with their boxes, and texts to
//! copy. A provider writes its own steps.

use leptos::prelude::*;

use super::Values;
use crate::ui::{links::NewWindow, widgets::CopyButton};

/// The name of the boxes of the guide's steps.
pub const DONE: &str = "done";

/// A row of a connector's form, in the order of the page. It has steps at the provider, and the fields that they fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// The decisions on which the steps depend. It has no steps.
    Decide,
    /// Registering the application.
    Register,
    /// Adding the permissions.
    Permissions,
    /// Creating the secret.
    Credentials,
}

/// The values that a guide shows. The form beside it may not have all of them.
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

/// A sentence in which the names of these places are links to their addresses.
pub fn with_links(text: &str, places: &[(&'static str, String)]) -> AnyView {
    let mut parts = Vec::new();
    let mut rest = text;
    let named = |rest: &str| {
        places
            .iter()
            .filter_map(|(words, to)| Some((rest.find(words)?, *words, to)))
            .min_by_key(|(at, ..)| *at)
    };
    while let Some((at, words, to)) = named(rest) {
        parts.push(rest[..at].to_owned().into_any());
        parts.push(view! { <NewWindow to=to.clone() words=words /> }.into_any());
        rest = &rest[at + words.len()..];
    }
    parts.push(rest.to_owned().into_any());
    parts.into_any()
}

/// A guide, ready to be shown: the steps of each row.
pub struct Guide {
    /// The sentences beside the title of the first row with steps.
    pub lead: &'static str,
    /// The steps that register the application.
    pub register: Part,
    /// The steps that add the permissions.
    pub permissions: Part,
    /// The steps that create the secret.
    pub credentials: Part,
}

/// The part of a guide for one row.
pub struct Part {
    /// The heading of the row.
    pub title: &'static str,
    /// The steps, and help for users who cannot take them.
    pub steps: AnyView,
    /// Values for the steps that have no field, such as the names of the permissions. The page shows them with the
    /// fields of the row.
    pub values: Option<AnyView>,
}

/// The ticked steps, if the steps have boxes.
#[derive(Clone, Debug)]
pub struct Ticks(pub Option<Vec<String>>);

impl Ticks {
    /// A step with its number and its box. The number has at most eight characters. The box belongs to the form, so
    /// that it is still ticked if the form is shown again.
    pub fn step(&self, number: &'static str, content: impl IntoView) -> AnyView {
        let content = content.into_any();
        let Some(done) = &self.0 else {
            return view! {
                <li>
                    <div class="step">
                        <b class="number">{number}</b>
                        <div>{content}</div>
                    </div>
                </li>
            }
            .into_any();
        };
        let checked = done.iter().any(|done| done == number);
        let id = format!("step-{number}");
        let label_for = id.clone();
        view! {
            <li>
                <div class="step">
                    <input
                        type="checkbox"
                        id=id
                        name=format!("{DONE}[]")
                        value=number
                        checked=checked
                        aria-label=format!("Step {number} is done")
                        autocomplete="off"
                    />
                    <label class="number" for=label_for>{number}</label>
                    <div>{content}</div>
                </div>
            </li>
        }
        .into_any()
    }
}

/// A text to copy, parts of which follow the values in the form.
#[component]
pub fn Copying(
    /// The noun for the text, with its article, for the label of the button.
    #[prop(default = "the request")]
    what: &'static str,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="copy">
            <code>{children()}</code>
            <CopyButton what=what />
        </div>
    }
}
