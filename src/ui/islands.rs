//! What runs in the browser for more than one feature. Each island wraps what the server has rendered and
//! listens to it: an island that takes properties, or renders by itself, brings a JSON parser and a
//! renderer into the bundle. Without scripts nothing is missed: buttons that do nothing then are not
//! shown (`scripted`).

use std::time::Duration;

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::Element;

/// For so long after a form was sent it is not sent again: a second click is one too many, a later one
/// may be meant.
const SENDING: Duration = Duration::from_secs(5);

/// How long a button says that it has done its work.
const SAID: Duration = Duration::from_secs(2);

/// The nearest element that fits `selector`, from where an event happened upwards.
pub fn closest(event: &ev::Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}

/// Round the button of [`super::widgets::Copyable`]: copies the text beside it.
#[island]
pub fn Copying(
    /// The button.
    children: Children,
) -> impl IntoView {
    let on_click = |event: ev::MouseEvent| {
        // None where the page is not as we made it; then there is nothing to copy.
        let _ = copy(&event);
    };
    view! { <span class="contents" on:click=on_click>{children()}</span> }
}

fn copy(event: &ev::Event) -> Option<()> {
    let button = closest(event, "button")?;
    let said = button.query_selector("[aria-live]").ok()??;
    let text = button.closest(".copy").ok()??.query_selector("code").ok()??.text_content()?;
    // Elsewhere there is no clipboard, and asking for it is an error.
    let copied = window()
        .is_secure_context()
        .then(|| wasm_bindgen_futures::JsFuture::from(window().navigator().clipboard().write_text(&text)));
    wasm_bindgen_futures::spawn_local(async move {
        let copied = match copied {
            // A browser may forbid it; then the text is still there to be selected.
            Some(copied) => copied.await.is_ok(),
            None => false,
        };
        said.set_text_content(Some(if copied { "Copied" } else { "Not copied" }));
        set_timeout(move || said.set_text_content(Some("Copy")), SAID);
    });
    Some(())
}

/// Round the button of a password field: shows and hides what is typed there.
#[island]
pub fn Revealing(
    /// The button.
    children: Children,
) -> impl IntoView {
    let on_click = |event: ev::MouseEvent| {
        // None where the page is not as we made it; then the field stays as it is.
        let _ = reveal(&event);
    };
    view! { <span class="contents" on:click=on_click>{children()}</span> }
}

fn reveal(event: &ev::Event) -> Option<()> {
    let button = closest(event, "button")?;
    let field = document().get_element_by_id(&button.get_attribute("aria-controls")?)?;
    let show = button.get_attribute("aria-pressed")? != "true";
    field.set_attribute("type", if show { "text" } else { "password" }).ok()?;
    button.set_attribute("aria-pressed", if show { "true" } else { "false" }).ok()?;
    button.query_selector("span").ok()??.set_text_content(Some(if show { "Hide" } else { "Show" }));
    Some(())
}

/// Round a form: keeps a double click from sending it twice.
#[island]
pub fn SendOnce(
    /// The form.
    children: Children,
) -> impl IntoView {
    let on_submit = |event: ev::SubmitEvent| {
        let _ = send_once(&event);
    };
    view! { <div class="contents" on:submit=on_submit>{children()}</div> }
}

/// Stops a form from being sent that was sent a moment ago. None where the page is not as we made it.
pub fn send_once(event: &ev::SubmitEvent) -> Option<()> {
    let form = closest(event, "form")?;
    if form.has_attribute("aria-busy") {
        event.prevent_default();
        return None;
    }
    form.set_attribute("aria-busy", "true").ok()?;
    // So that a form to which one comes back by the Back button can be sent.
    set_timeout(
        move || {
            let _ = form.remove_attribute("aria-busy");
        },
        SENDING,
    );
    Some(())
}

/// Round what is said where the browser's address is not the configured one: shows it where that is so, and hides
/// it where a proxy said so in error.
#[island]
pub fn AddressCheck(
    /// What is said.
    children: Children,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    {
        // None where the page is not as we made it; then what the server found stands.
        let _ = compare_address();
    }
    view! { <div class="contents">{children()}</div> }
}

#[cfg(feature = "hydrate")]
fn compare_address() -> Option<()> {
    let said = document().get_element_by_id("address-check")?;
    let here = window().location().origin().ok()?;
    if said.get_attribute("data-origin")? == here {
        return said.set_attribute("hidden", "").ok();
    }
    said.remove_attribute("hidden").ok()?;
    // What a proxy told is enough; otherwise both addresses are named.
    if said.query_selector("[data-told]").ok()?.is_none() {
        said.query_selector("[data-here]").ok()??.set_text_content(Some(&here));
        said.query_selector("[data-seen]").ok()??.remove_attribute("hidden").ok()?;
    }
    Some(())
}
