//! The Add Connector form's live checks: the server's own parsers, asked while one types. They help and
//! decide nothing; the form is posted whatever they say.

use std::time::Duration;

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::model::{ClientId, ExpiryDate, Field, ServiceName, Tenant, check_client_secret};
use crate::ui::islands::{closest, send_once};

/// Longer than a button is pressed.
const PRESS: Duration = Duration::from_millis(400);

/// Round a connector's form: says at once what is wrong with a field, when one leaves it and from then on
/// while one types, and keeps a double click from sending the form twice.
#[island]
pub fn CheckedForm(
    /// The form.
    children: Children,
) -> impl IntoView {
    // None where the page is not as we made it; then the server alone says what is wrong.
    let on_change = |event: ev::Event| {
        // Whoever leaves a field by pressing a button must find it where it was when they let go: words that
        // come in between would move it away, and nothing would be clicked.
        let pressing = document().query_selector("button:active, a:active, label:active");
        if matches!(pressing, Ok(Some(_))) {
            set_timeout(
                move || {
                    let _ = check(&event, true);
                },
                PRESS,
            );
        } else {
            let _ = check(&event, true);
        }
    };
    let on_input = |event: ev::Event| {
        let _ = check(&event, false);
    };
    let on_submit = |event: ev::SubmitEvent| {
        let _ = send_once(&event);
    };
    view! {
        <div class="contents" on:change=on_change on:input=on_input on:submit=on_submit>
            {children()}
        </div>
    }
}

/// What one parser says of a field: nothing, a warning, or an error.
fn judge(field: Field, text: &str) -> Option<(&'static str, &'static str)> {
    let judgement = match field {
        Field::ServiceName => ServiceName::parse(text).map(|_| None),
        Field::ClientId => ClientId::parse(text).map(|_| None),
        Field::ClientSecret => check_client_secret(text, &typed(Field::ClientId).unwrap_or_default()),
        Field::SecretExpires => ExpiryDate::parse(text).map(|_| None),
        Field::Tenant => Tenant::parse(text).map(|_| None),
        Field::Provider | Field::AccountType | Field::Permissions => Ok(None),
    };
    match judgement {
        Ok(warning) => warning.map(|words| ("warn", words)),
        Err(words) => Some(("bad", words)),
    }
}

/// What stands in another field now.
fn typed(field: Field) -> Option<String> {
    let element = document().get_element_by_id(field.name())?;
    Some(element.dyn_into::<HtmlInputElement>().ok()?.value())
}

fn check(event: &ev::Event, leaving: bool) -> Option<()> {
    let input = closest(event, "input")?.dyn_into::<HtmlInputElement>().ok()?;
    let field = Field::from_name(&input.name())?;
    let line = document().get_element_by_id(&[field.name(), "-error"].concat())?;
    let words = line.query_selector("span").ok()??;
    let text = input.value();
    let silent = !line.has_attribute("data-tone");
    // Who has typed nothing has made no mistake yet, and who is still typing may be about to mend it.
    if if leaving { text.trim().is_empty() } else { silent } {
        return None;
    }
    let said = judge(field, &text);
    words.set_text_content(said.map(|(_, words)| words));
    match said {
        Some((tone, _)) => line.set_attribute("data-tone", tone).ok()?,
        None => line.remove_attribute("data-tone").ok()?,
    }
    if said.is_some_and(|(tone, _)| tone == "bad") {
        input.set_attribute("aria-invalid", "true").ok()
    } else {
        input.remove_attribute("aria-invalid").ok()
    }
}
