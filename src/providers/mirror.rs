//! Shows values of the form in the steps of a guide, while the user types. It runs only in the browser. Each provider's
//! `follow` decides which values its guide shows.

use crate::ui::islands::{for_each, show};

/// Shows this text wherever the guide repeats the value with this name; while there is none, the name that the guide
/// suggests.
pub fn mirror(name: &str, text: &str) {
    let text = if text.is_empty() { "Mail360" } else { text };
    for_each(&["[data-mirror=", name, "]"].concat(), |element| element.set_text_content(Some(text)));
}

/// Shows the notes about these permissions, and hides those about the others.
pub fn show_chosen(scopes: &[String]) {
    for_each("[data-scope]", |item| {
        let _ =
            show(item, scopes.iter().any(|scope| item.get_attribute("data-scope").as_ref() == Some(scope)));
    });
}

/// The permissions: the required ones, which the guide names in an attribute of its list, and those that are ticked in
/// the form, without those that another ticked one includes.
pub fn chosen_scopes() -> Vec<String> {
    let mut scopes = Vec::new();
    for_each("[data-required]", |list| {
        let required = list.get_attribute("data-required").unwrap_or_default();
        scopes.extend(required.split(' ').map(str::to_owned));
    });
    let mut included = Vec::new();
    for_each("input[name^=scopes]:checked", |input| {
        scopes.extend(input.get_attribute("value"));
        let lesser = input.get_attribute("data-includes").unwrap_or_default();
        included.extend(lesser.split(' ').map(str::to_owned));
    });
    scopes.retain(|scope| !included.contains(scope));
    scopes
}
