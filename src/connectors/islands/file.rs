//! A file of the provider's console, chosen or pasted in the browser: its values fill the fields for the client ID and
//! the secret. So its text, which has the secret, is not shown.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::{Moment, check, chosen_form, follow};
use crate::{
    providers::Field,
    ui::islands::{closest, show},
};

/// The field with this name.
fn input(field: &Field) -> Option<HtmlInputElement> {
    document().get_element_by_id(field.name())?.dyn_into().ok()
}

/// Reads the file that the user has chosen. `None` if the event is that of another field.
pub fn read_chosen(event: &ev::Event) -> Option<()> {
    let chosen: HtmlInputElement = closest(event, "[data-redirect-uri]")?.dyn_into().ok()?;
    let text = wasm_bindgen_futures::JsFuture::from(chosen.files()?.get(0)?.text());
    leptos::task::spawn_local(async move {
        let text = text.await.ok().and_then(|text| text.as_string());
        // The field for the secret hides its text, and says what is wrong with a file that cannot be used.
        if let (Some(text), Some(secret)) = (text, input(&Field::ClientSecret)) {
            secret.set_value(&text);
            let _ = check(&secret, Moment::Leaving);
            let _ = follow();
        }
    });
    Some(())
}

/// Puts the values of a file into their fields, and checks both. `None` if the text is no such file, or one that cannot
/// be used.
pub fn spread(text: &str) -> Option<()> {
    let file = chosen_form()?.read_file(text)?.ok()?;
    let (id, secret) = (input(&Field::ClientId)?, input(&Field::ClientSecret)?);
    // The page that replaces a secret has its Client ID in a hidden field. The file of another client stays where it is,
    // and the parser of the secret refuses it.
    if id.get_attribute("type")? == "hidden" {
        if id.value() != file.client_id {
            return None;
        }
    } else {
        id.set_value(file.client_id);
    }
    secret.set_value(file.client_secret);
    let _ = check(&id, Moment::Leaving);
    let _ = check(&secret, Moment::Leaving);
    let words = document().query_selector("[data-unlisted]").ok()??;
    let ours = document().query_selector("[data-redirect-uri]").ok()??.get_attribute("data-redirect-uri")?;
    show(&words, !file.redirect_uris.has(&ours))
}
