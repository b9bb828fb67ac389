//! The Add Connector form's live checks: the server's own parsers, asked while one types. They help and
//! decide nothing; the form is posted whatever they say.

#![expect(
    missing_docs,
    reason = "the macro makes a type of each island's props, and its docs are the island's"
)]

use leptos::prelude::*;

use super::model::{ClientId, ExpiryDate, Field, ServiceName, Tenant, check_client_secret};
use crate::ui::{icons::Icon, islands::RevealButton};

/// What a field looks like.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct FieldView {
    /// Which field.
    pub field: Field,
    /// What to type, in plain words.
    pub help: String,
    /// What stands in it; of the secret nothing ever does.
    pub value: String,
    /// What the server found wrong.
    pub error: Option<String>,
    /// Whether the focus goes here.
    pub focus: bool,
}

/// What one parser says of a field: an error, or a warning.
enum Judgement {
    Sound,
    Warning(&'static str),
    Wrong(&'static str),
}

fn judge(field: Field, text: &str) -> Judgement {
    let judgement = match field {
        Field::ServiceName => ServiceName::parse(text).map(|_| None),
        Field::ClientId => ClientId::parse(text).map(|_| None),
        Field::ClientSecret => check_client_secret(text, &typed(Field::ClientId)),
        Field::SecretExpires => ExpiryDate::parse(text).map(|_| None),
        Field::Tenant => Tenant::parse(text).map(|_| None),
        Field::Provider | Field::AccountType | Field::Permissions => Ok(None),
    };
    match judgement {
        Ok(None) => Judgement::Sound,
        Ok(Some(words)) => Judgement::Warning(words),
        Err(words) => Judgement::Wrong(words),
    }
}

/// What stands in another field now.
fn typed(field: Field) -> String {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;

        document()
            .get_element_by_id(field.name())
            .and_then(|element| element.dyn_into::<web_sys::HtmlInputElement>().ok())
            .map(|input| input.value())
            .unwrap_or_default()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = field;
        String::new()
    }
}

/// A field that says at once what is wrong with it: when one leaves it, and from then on while one types.
#[island]
pub fn CheckedField(
    /// What it looks like.
    view: FieldView,
) -> impl IntoView {
    let FieldView { field, help, value, error, focus } = view;
    let id = field.name();
    // The words, and whether they are an error or only a warning.
    let said = RwSignal::new(error.map(|words| (words, true)));
    let check = move |text: String, leaving: bool| {
        // Who has typed nothing has made no mistake yet.
        if text.trim().is_empty() && (leaving || said.with_untracked(Option::is_none)) {
            return;
        }
        said.set(match judge(field, &text) {
            Judgement::Sound => None,
            Judgement::Warning(words) => Some((words.to_owned(), false)),
            Judgement::Wrong(words) => Some((words.to_owned(), true)),
        });
    };
    let on_change = move |event| check(event_target_value(&event), true);
    let on_input = move |event| {
        if said.with_untracked(Option::is_some) {
            check(event_target_value(&event), false);
        }
    };

    let secret = field == Field::ClientSecret;
    let code = matches!(field, Field::ClientId | Field::ClientSecret | Field::Tenant);
    let class = match field {
        Field::SecretExpires => "input short",
        _ if code => "input mono",
        _ => "input",
    };
    let kind = match field {
        Field::ClientSecret => "password",
        Field::SecretExpires => "date",
        _ => "text",
    };
    let wrong = move || said.with(|said| matches!(said, Some((_, true)))).then_some("true");
    let input = view! {
        <input
            class=class
            id=id
            name=id
            type=kind
            value=value
            aria-describedby=format!("{id}-help {id}-error")
            aria-invalid=wrong
            maxlength=(field == Field::ServiceName).then_some(ServiceName::MAX.to_string())
            autocomplete=if secret { "new-password" } else { "off" }
            autocapitalize=code.then_some("none")
            spellcheck=code.then_some("false")
            autofocus=focus
            on:change=on_change
            on:input=on_input
        />
    };
    let input = if secret {
        let what = field.label().to_lowercase();
        view! { <div class="inside">{input}<RevealButton controls=id.to_owned() what=what /></div> }
            .into_any()
    } else {
        input.into_any()
    };
    let words = move || {
        said.get().map(|(words, wrong)| {
            let icon = if wrong { Icon::Bad } else { Icon::Warning };
            view! { {icon.draw()}<span>{words}</span> }
        })
    };
    view! {
        <div class="field">
            <label for=id>{field.label()}</label>
            <p class="help" id=format!("{id}-help")>{help}</p>
            {input}
            <p class="error" id=format!("{id}-error") aria-live="polite">{words}</p>
        </div>
    }
}
