//! Makes the steps of the guide follow the values in the form, while the user types. It runs only in the browser.

use crate::{
    platform::text,
    providers::{
        Field,
        mirror::{chosen_scopes, mirror, show_chosen},
    },
    ui::islands::typed,
};

/// Copies the typed values into the guide's instructions for the console. `None` if the page lacks an element.
pub fn follow() -> Option<()> {
    let scopes = chosen_scopes();
    show_chosen(&scopes);
    mirror("names", &scopes.join("\n"));
    mirror(Field::Permissions.name(), &scopes.join(", "));
    mirror(Field::ServiceName.name(), text::trim(&typed(Field::ServiceName.name())?));
    Some(())
}
