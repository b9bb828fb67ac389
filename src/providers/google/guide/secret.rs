//! The step in which the administrator copies the Client ID and the secret. Google shows a secret only when it is new.

use leptos::prelude::*;

use super::console::{Console, Page};

/// Says how both values get into the form, before the console's window is closed.
#[component]
pub fn IdAndSecret() -> impl IntoView {
    view! {
        <p>
            "Click " <strong>"Create"</strong> ". Google now shows the " <strong>"Client ID"</strong> " and the "
            <strong>"Client secret"</strong> ". Copy both into the fields, or click " <strong>"Download JSON"</strong>
            " and use the file: it has both values."
        </p>
        <p class="help">
            "Do it before you close that window: Google does not show the secret again. Delete the file afterwards, \
             because it contains the secret."
        </p>
    }
}

/// The steps to a new secret of an existing OAuth client. An OAuth client has at most two secrets.
#[component]
pub fn NewSecret(console: Console) -> impl IntoView {
    view! {
        <ol class="steps">
            <li>
                "Open the OAuth client under " {console.link(Page::Clients)} " in the Google Cloud console."
            </li>
            <li>
                "Under " <strong>"Client secrets"</strong> " click " <strong>"Add secret"</strong>
                ". If there are two already, first disable and delete the one that is not in use."
            </li>
            <li>
                "Copy the new secret into the field " <em>"Client Secret"</em>
                " at once: Google does not show the secret again."
            </li>
            <li>
                "Save the secret here and test it with a sign-in. After that click " <strong>"Disable"</strong>
                " at the old secret, and delete it some days later."
            </li>
        </ol>
    }
}
