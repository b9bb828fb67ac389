//! The step in which most people copy the wrong value: it shows which of two columns is the secret.

use leptos::prelude::*;

use super::portal::ToPlace;

/// Says which column to copy, with a drawing.
#[component]
pub fn TheSecret() -> impl IntoView {
    view! {
        <p>
            "Copy the secret from the column " <strong>"Value"</strong> " into the field " <em>"Client Secret"</em>
            ". Do it at once: Azure shows the value only this time."
        </p>
        <SecretTable />
        <p class="help">
            "Instructions that say " <em>"Client Secrets ID"</em> " mean the " <em>"Value"</em> "."
        </p>
    }
}

/// The steps to a new secret of an existing application.
#[component]
pub fn NewSecret(
    /// The address of the secrets in the portal, if it is known.
    at: Option<String>,
) -> impl IntoView {
    view! {
        <ol class="steps">
            <li>"Open " <ToPlace to=at words="Certificates & secrets" /> " of the application in Azure."</li>
            <li>
                "Click " <strong>"+ New client secret"</strong> ", set the expiration to " <strong>"24 months"</strong>
                ", and click " <strong>"Add"</strong> "."
            </li>
            <li><TheSecret /></li>
        </ol>
    }
}

/// A drawing of the portal's table that marks the column with the secret.
#[component]
fn SecretTable() -> impl IntoView {
    let words = "Drawing of the table under Client secrets in Azure. Its columns are Description, Expires, Value and \
                 Secret ID. Value is marked: copy this one. Secret ID is marked: not this one.";
    view! {
        <figure class="portal" role="img" aria-label=words>
            <div class="columns" aria-hidden="true">
                <span class="wide">"Description"</span>
                <span class="wide">"Expires"</span>
                <b>"Value"</b>
                <span>"Secret ID"</span>
                <span class="wide">"Mail360"</span>
                <span class="wide">"24 months"</span>
                <code class="right">"abC8Q~•••••"</code>
                <code class="wrong">"2b4e28ba-•••"</code>
                <span class="wide"></span>
                <span class="wide"></span>
                <b class="good">"✓ Copy this one"</b>
                <span class="bad">"✗ Not this one"</span>
            </div>
        </figure>
    }
}
