//! Code that runs in the browser for several features. Each island wraps server-rendered elements and listens
//! to their events. An island with properties, or one that renders by itself, would add a JSON parser and a
//! renderer to the bundle. Without scripts nothing is missing: buttons that need them are not shown
//! (`scripted`).

use std::time::Duration;

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};
#[cfg(feature = "hydrate")]
use web_sys::{HtmlElement, KeyboardEvent};

/// How long a form that was sent is not sent again. A second click is an accident; a later one may be meant.
const SENDING: Duration = Duration::from_secs(5);

/// How long a button shows that it has done its work.
const SAID: Duration = Duration::from_secs(2);

/// The nearest element that matches `selector`, from the event's target upwards.
pub fn closest(event: &ev::Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}

/// Calls `then` with every element of the page that matches `selector`.
pub fn for_each(selector: &str, mut then: impl FnMut(&Element)) {
    let Ok(found) = document().query_selector_all(selector) else { return };
    for at in 0..found.length() {
        if let Some(element) = found.item(at).and_then(|node| node.dyn_into::<Element>().ok()) {
            then(&element);
        }
    }
}

/// Shows or hides an element. `None` if the browser refuses it.
pub fn show(element: &Element, shown: bool) -> Option<()> {
    if shown { element.remove_attribute("hidden").ok() } else { element.set_attribute("hidden", "").ok() }
}

/// The present value of the input with this id. `None` if the page has no such input.
pub fn typed(id: &str) -> Option<String> {
    let element = document().get_element_by_id(id)?;
    Some(element.dyn_into::<HtmlInputElement>().ok()?.value())
}

/// Closes open menus on Escape, and on a click elsewhere. Without scripts a second click on the menu closes it.
#[cfg(feature = "hydrate")]
pub fn close_menus() {
    for event in ["click", "keydown"] {
        // The handle can only remove the listener, which stays as long as the page.
        let _ = window_event_listener_untyped(event, |event| close_menus_on(&event));
    }
}

#[cfg(feature = "hydrate")]
fn close_menus_on(event: &ev::Event) {
    let key = event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key);
    let escape = key.as_deref() == Some("Escape");
    if key.is_some() && !escape {
        return;
    }
    // A click inside a menu belongs to it. Escape closes the menu that has the focus, too.
    let inside = if escape { None } else { closest(event, "details.menu") };
    for_each("details.menu[open]", |menu| {
        if inside.as_ref() == Some(menu) {
            return;
        }
        let _ = menu.remove_attribute("open");
        let summary = menu.query_selector("summary").ok().flatten();
        if let Some(summary) =
            summary.filter(|_| escape).and_then(|found| found.dyn_into::<HtmlElement>().ok())
        {
            // Otherwise the focus would be in a part of the page that is hidden now.
            let _ = summary.focus();
        }
    });
}

/// Wraps the button of [`super::widgets::Copyable`]: copies the text beside it.
#[island]
pub fn Copying(
    /// The button.
    children: Children,
) -> impl IntoView {
    let on_click = |event: ev::MouseEvent| {
        // `None` if the page was altered; then there is nothing to copy.
        let _ = copy(&event);
    };
    view! { <span class="contents" on:click=on_click>{children()}</span> }
}

fn copy(event: &ev::Event) -> Option<()> {
    let button = closest(event, "button")?;
    let said = button.query_selector("span").ok()??;
    let text = button.closest(".copy").ok()??.query_selector("code").ok()??.text_content()?;
    // Without a secure context there is no clipboard, and asking for it is an error.
    let copied = window()
        .is_secure_context()
        .then(|| wasm_bindgen_futures::JsFuture::from(window().navigator().clipboard().write_text(&text)));
    wasm_bindgen_futures::spawn_local(async move {
        let copied = match copied {
            // A browser may forbid it. The user can still select the text.
            Some(copied) => copied.await.is_ok(),
            None => false,
        };
        said.set_text_content(Some(if copied { "Copied" } else { "Not copied" }));
        // Some screen readers do not announce a change inside a button, so one status of the page says it for all.
        // The button reads "Copied the Redirect URI".
        let status = document().get_element_by_id("copy-status");
        let tell = move |words: Option<&str>| {
            if let Some(status) = &status {
                status.set_text_content(words);
            }
        };
        let words = if copied { button.text_content() } else { said.text_content() };
        tell(words.as_deref());
        set_timeout(
            move || {
                said.set_text_content(Some("Copy"));
                tell(None);
            },
            SAID,
        );
    });
    Some(())
}

/// Wraps the button of a password field: shows and hides the typed text.
#[island]
pub fn Revealing(
    /// The button.
    children: Children,
) -> impl IntoView {
    let on_click = |event: ev::MouseEvent| {
        // `None` if the page was altered; then the field stays as it is.
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

/// Wraps a form: keeps a double click from sending it twice.
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

/// Stops a form that was sent a moment ago from being sent again. `None` if the page was altered.
pub fn send_once(event: &ev::SubmitEvent) -> Option<()> {
    let form = closest(event, "form")?;
    if form.has_attribute("aria-busy") {
        event.prevent_default();
        return None;
    }
    form.set_attribute("aria-busy", "true").ok()?;
    // A user who returns with the Back button must be able to send the form.
    set_timeout(
        move || {
            let _ = form.remove_attribute("aria-busy");
        },
        SENDING,
    );
    Some(())
}

/// Wraps the warning about the address: shows it if the browser's address is not the configured one, and
/// hides a warning that a proxy caused in error.
#[island]
pub fn AddressCheck(
    /// The warning.
    children: Children,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    {
        // `None` if the page was altered; then the server's result stays.
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
    // The proxy's warning is enough. Otherwise the text names both addresses.
    if said.query_selector("[data-told]").ok()?.is_none() {
        said.query_selector("[data-here]").ok()??.set_text_content(Some(&here));
        said.query_selector("[data-seen]").ok()??.remove_attribute("hidden").ok()?;
    }
    Some(())
}
