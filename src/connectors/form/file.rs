//! The field in which the user chooses the file of the provider's console that has the client ID and the secret.

use leptos::prelude::*;

use crate::{
    providers::provider::CredentialsFile,
    ui::{icons::Icon, widgets::HelpMark},
};

/// The choice of a file. The browser reads the file and puts its values into the two fields (`islands/file`). The field
/// has no name, so the file itself is never sent. Without scripts the field is not shown, and the text of the file can
/// be pasted.
#[component]
pub fn FileChoice(
    file: CredentialsFile,
    /// Our Redirect URI, which the file should have.
    redirect_uri: String,
) -> impl IntoView {
    let CredentialsFile { label, help } = file;
    let unlisted = format!(
        "The file does not have the Redirect URI {redirect_uri}. Add this address to the application before you sign in."
    );
    view! {
        <div class="field scripted">
            <div class="label">
                <label for="credentials_file">{label}</label>
                <p class="help" id="credentials_file-help">{help.line}</p>
            </div>
            <HelpMark label=label words=help.mark />
            <input
                class="input"
                id="credentials_file"
                type="file"
                accept=".json,application/json"
                autocomplete="off"
                aria-describedby="credentials_file-help credentials_file-unlisted"
                data-redirect-uri=redirect_uri
            />
            <div id="credentials_file-unlisted" role="status">
                <p class="error" data-tone="warn" hidden=true data-unlisted>
                    {Icon::Bad.draw()} {Icon::Warning.draw()} <span>{unlisted}</span>
                </p>
            </div>
        </div>
    }
}
