//! The limits in the form of an API client: from where, until when and how often it may call.

use leptos::prelude::*;

use super::ClientFormView;
use crate::ui::widgets::{FieldError, FieldKind, TextField};

/// The fields of the limits, with their values and mistakes.
pub(super) fn draw(model: &ClientFormView) -> impl IntoView + use<> {
    // Leptos does not escape the content of a `textarea`: `</textarea><script>` would end it (cross-site scripting).
    let networks = html_escape::encode_text(&model.typed.networks).into_owned();
    let wrong = model.error("networks").is_some().then_some("true");
    view! {
        <div class="field">
            <label for="networks">"Network addresses"</label>
            <p class="help" id="networks-help">
                "The addresses from which it may call, such as 192.0.2.7 or 192.0.2.0/24, one a line. Empty: from any."
            </p>
            <textarea
                class="input mono"
                id="networks"
                name="networks"
                rows="3"
                spellcheck="false"
                autocapitalize="none"
                autocomplete="off"
                aria-describedby="networks-help networks-error"
                aria-invalid=wrong
            >
                {networks}
            </textarea>
            <FieldError id={"networks-error".to_owned()} error=model.error("networks") />
        </div>
        <TextField
            name="expires"
            label="Last day"
            help="Its credentials work until the end of this day, such as 2028-11-23. Empty: without an end."
            kind=FieldKind::Digits
            value=model.typed.expires.clone()
            error=model.error("expires")
            required=false
        />
        <TextField
            name="rate"
            label="Calls a second"
            help="From 1 to 1,000, for each process of this program. Empty: 100."
            kind=FieldKind::Digits
            value=model.typed.rate.clone()
            error=model.error("rate")
            required=false
        />
        <TextField
            name="at_once"
            label="Calls at the same time"
            help="From 1 to 512, for each process of this program. Empty: 64."
            kind=FieldKind::Digits
            value=model.typed.at_once.clone()
            error=model.error("at_once")
            required=false
        />
    }
}
