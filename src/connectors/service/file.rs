//! A file of the provider's console that was pasted into a form. It has the client ID and the secret, and fills both
//! fields. The text of the file contains the secret, so it is never kept or shown.

#[cfg(test)]
mod tests;

use super::super::model::{ClientId, Field, FieldErrors};
use crate::{
    platform::text,
    providers::{Provider, ProviderForm, Providers},
};

/// The two fields that a file fills, as if their values had been typed.
#[derive(Default)]
pub struct FileFields {
    pub client_id: String,
    pub client_secret: String,
    /// Our Redirect URI, if the file does not have it.
    pub errors: FieldErrors,
}

/// Puts the values of a pasted file into the two fields. A field in which something else was typed keeps that. A file
/// that cannot be used stays where it is, and the parser of that field says why.
pub fn fill_from_file(
    provider: &dyn Provider,
    client_id: String,
    client_secret: String,
    redirect_uri: &str,
) -> FileFields {
    let (client_id, client_secret, registered) = fill(provider.form(), client_id, client_secret);
    let missing = registered.filter(|uris| !uris.iter().any(|uri| uri == redirect_uri));
    let error = missing.map(|uris| (Field::ClientId, words_about(provider, &uris, redirect_uri)));
    FileFields { client_id, client_secret, errors: error.into_iter().collect() }
}

/// The values of a file, which are not parsed yet.
struct FileTexts {
    client_id: String,
    client_secret: String,
    redirect_uris: Vec<String>,
}

/// The two fields, and the Redirect URIs that the file has, if there is one.
fn fill(
    form: &dyn ProviderForm,
    client_id: String,
    client_secret: String,
) -> (String, String, Option<Vec<String>>) {
    let read = |text: &str| {
        let file = form.read_file(text)?.ok()?;
        Some(FileTexts {
            client_id: file.client_id.to_owned(),
            client_secret: file.client_secret.to_owned(),
            redirect_uris: file.redirect_uris.all().into_iter().map(str::to_owned).collect(),
        })
    };
    let is_empty = |text: &str| text::trim(text).is_empty();
    match (read(&client_id), read(&client_secret)) {
        (Some(file), None) if is_empty(&client_secret) => {
            (file.client_id, file.client_secret, Some(file.redirect_uris))
        }
        (None, Some(file)) if is_empty(&client_id) => {
            (file.client_id, file.client_secret, Some(file.redirect_uris))
        }
        (None, Some(file)) if is_same(form, &client_id, &file.client_id) => {
            (client_id, file.client_secret, Some(file.redirect_uris))
        }
        (Some(one), Some(other)) if is_same(form, &one.client_id, &other.client_id) => {
            (one.client_id, other.client_secret, Some(other.redirect_uris))
        }
        // The parser of the secret refuses the file of another client.
        (Some(file), _) => (file.client_id, client_secret, Some(file.redirect_uris)),
        (None, _) => (client_id, client_secret, None),
    }
}

/// Whether two texts do not name two different client IDs.
fn is_same(form: &dyn ProviderForm, one: &str, other: &str) -> bool {
    match (form.parse_client_id(one), form.parse_client_id(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => true,
    }
}

/// The message about a file that does not have our Redirect URI. The form can be sent again without a new file: it then
/// has the values and not the file.
fn words_about(provider: &dyn Provider, registered: &[String], redirect_uri: &str) -> String {
    let names = provider.names();
    let near = match registered {
        [theirs] => provider
            .redirect_difference(redirect_uri, theirs)
            .map(|near| format!(" {}", near.sentence("In the file", redirect_uri, theirs))),
        _ => None,
    };
    format!(
        "The file does not have the Redirect URI {redirect_uri}.{} Add this address in {}, under {}. Then send this form \
         again: its other values are kept.",
        near.unwrap_or_default(),
        names.console,
        names.redirect_uris,
    )
}

/// The body of a form that waits in a page, without texts that contain a client secret. Only the client ID of a pasted
/// file stays.
pub fn without_secrets(providers: &Providers, body: &[u8]) -> String {
    let fields = url::form_urlencoded::parse(body).map(|(name, value)| {
        if !providers.looks_like_secret(&value) {
            return (name.into_owned(), value.into_owned());
        }
        let client_id = providers.all().iter().find_map(|provider| {
            let file = provider.form().read_file(&value)?.ok()?;
            Some(ClientId::parse(provider.form(), file.client_id).ok()?.to_string())
        });
        (name.into_owned(), client_id.unwrap_or_default())
    });
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
