//! Fields that the forms for one link and for many links have, and the notice for users who have no connector for links.

use leptos::prelude::*;
use time::Duration;

use crate::ui::widgets::{FieldError, Notice, Tone};

/// The label of the choice of a life.
pub(super) const LIFE: &str = "The link works for";
/// The lives that a form offers, in days.
const LIVES: [(&str, i64, &str); 3] = [("1", 1, "1 day"), ("7", 7, "7 days"), ("30", 30, "30 days")];
/// The life that is chosen at first.
pub(super) const USUAL_LIFE: &str = "7";

/// The chosen life; `None` if the form offers no such life.
pub(super) fn chosen_life(value: &str) -> Option<Duration> {
    let chosen = LIVES.iter().find(|(offered, ..)| *offered == value);
    chosen.map(|(_, days, _)| Duration::days(*days))
}

/// An option of a choice.
pub(super) fn option(value: String, words: String, chosen: &str) -> impl IntoView + use<> {
    let selected = value == chosen;
    view! { <option value=value selected=selected>{words}</option> }
}

/// A choice as a row of the form.
#[component]
pub(super) fn Choice(
    /// Name in the form, and id.
    name: &'static str,
    label: &'static str,
    #[prop(optional, into)] help: Option<String>,
    error: Option<String>,
    /// The options.
    children: Children,
) -> impl IntoView {
    let described = help.as_ref().map(|_| format!("{name}-help "));
    let described = described.unwrap_or_default() + name + "-error";
    let is_wrong = error.is_some().then_some("true");
    view! {
        <div class="field">
            <label for=name>{label}</label>
            {help.map(|help| view! { <p class="help" id=format!("{name}-help")>{help}</p> })}
            <select class="input" id=name name=name aria-describedby=described aria-invalid=is_wrong>
                {children()}
            </select>
            <FieldError id=format!("{name}-error") error=error />
        </div>
    }
}

/// The choice of a life.
pub(super) fn life_field(chosen: &str, error: Option<String>) -> impl IntoView + use<> {
    let lives = LIVES
        .into_iter()
        .map(|(value, _, words)| option(value.to_owned(), words.to_owned(), chosen))
        .collect_view();
    view! { <Choice name="life" label=LIFE error=error>{lives}</Choice> }
}

/// The choice of a return address, if the organisation has any.
pub(super) fn return_address_field(
    addresses: &[String],
    chosen: &str,
    error: Option<String>,
) -> Option<impl IntoView + use<>> {
    if addresses.is_empty() && error.is_none() {
        return None;
    }
    let options =
        addresses.iter().map(|address| option(address.clone(), address.clone(), chosen)).collect_view();
    let none = option(String::new(), "None: the person stays on our page".to_owned(), chosen);
    Some(view! {
        <Choice
            name="return_address"
            label="Return address"
            help="Optional. The page of your own software to which the person goes back afterwards."
            error=error
        >
            {none}
            {options}
        </Choice>
    })
}

/// Links need a connector that works.
#[component]
pub(super) fn NoConnector() -> impl IntoView {
    view! {
        <Notice tone=Tone::Info title="Verify a connector first">
            <p>"Accounts are connected through a connector that works. A test sign-in verifies it."</p>
            <div class="row"><a class="button primary" href="/connectors">"Go to Connectors"</a></div>
        </Notice>
    }
}
