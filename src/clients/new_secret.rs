//! The page that shows a new secret of an API client once, with a first call that uses it. It is the answer to the form
//! that made the secret, so another request cannot show it again.

use leptos::prelude::*;
use secrecy::ExposeSecret;

use super::{
    curl::list_accounts,
    list_page::HERE,
    model::{ApiClientId, CredentialKind},
    service::NewSecret,
};
use crate::{
    platform::page::Page,
    ui::{
        to_copy::ToCopy,
        widgets::{Back, Copyable, Notice, Tone},
    },
};

/// A secret with the client that it belongs to.
#[derive(Clone)]
pub struct NewSecretView {
    pub client: ApiClientId,
    /// The name of the client.
    pub name: String,
    pub new: NewSecret,
    /// The base address of the API.
    pub api: String,
}

impl NewSecretView {
    pub fn page(self) -> Page {
        Page::new(title_of(self.new.kind), move || view! { <NewSecretPage model=self /> }.into_any())
    }
}

const fn title_of(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::ApiKey => "Your new API key",
        CredentialKind::ClientSecret => "Your new Client Secret",
        CredentialKind::RefreshToken => "Your new refresh token",
    }
}

/// The secret in the middle of a sentence.
pub const fn noun_of(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::ApiKey => "key",
        CredentialKind::ClientSecret => "secret",
        CredentialKind::RefreshToken => "token",
    }
}

/// The line of curl that asks for an access token. The secret that is not known here is named in capitals.
fn get_access_token(api: &str, client: ApiClientId, new: &NewSecret) -> String {
    let secret = new.secret.expose_secret();
    let (client_secret, refresh_token) = match new.kind {
        CredentialKind::RefreshToken => ("YOUR_CLIENT_SECRET", secret),
        CredentialKind::ClientSecret | CredentialKind::ApiKey => (secret, "YOUR_REFRESH_TOKEN"),
    };
    format!(
        "curl -H \"Content-Type: application/json\" -d '{{\"client_id\":\"{client}\",\
         \"client_secret\":\"{client_secret}\",\"refresh_token\":\"{refresh_token}\"}}' \"{api}/access-token\""
    )
}

#[component]
fn NewSecretPage(model: NewSecretView) -> impl IntoView {
    let NewSecretView { client, name, new, api } = model;
    let (here, noun) = (format!("{HERE}/{client}"), noun_of(new.kind));
    let secret = new.secret.expose_secret().to_owned();
    let (words, line) = match new.kind {
        CredentialKind::ApiKey => ("A first call, which lists the accounts:", list_accounts(&api, &secret)),
        CredentialKind::ClientSecret | CredentialKind::RefreshToken => {
            ("The call that asks for an access token:", get_access_token(&api, client, &new))
        }
    };
    let remove = format!("{here}/credentials/{}/remove", new.id);
    view! {
        <div class="head">
            <div>
                <Back to=here.clone() what=name />
                <h1>{title_of(new.kind)}</h1>
            </div>
        </div>
        <div class="stack text">
            <Copyable value=secret what=format!("the {noun}") />
            <Notice tone=Tone::Warn>
                <p>{format!("Copy the {noun} now. We store only a fingerprint and cannot show it again.")}</p>
            </Notice>
            <p>{words}</p>
            <ToCopy label="A first call with curl" text=line what="the line" primary=false />
            <div class="row">
                <a class="button primary" href=here>{format!("I have saved the {noun}")}</a>
                <form method="post" action=remove>
                    <button class="button">{format!("Revoke this {noun}")}</button>
                </form>
            </div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use uuid::Uuid;

    use super::*;
    use crate::clients::model::CredentialId;

    #[test]
    fn a_first_call_has_the_secret_in_its_place() {
        let api = "https://mail.contoso.test/api";
        let new = |kind| NewSecret {
            id: CredentialId(Uuid::nil()),
            kind,
            secret: SecretString::from("canary"),
            hint: String::new(),
        };
        let client = ApiClientId(Uuid::nil());
        let line = get_access_token(api, client, &new(CredentialKind::RefreshToken));
        assert!(
            line.contains("\"client_secret\":\"YOUR_CLIENT_SECRET\",\"refresh_token\":\"canary\""),
            "{line}"
        );
        let line = get_access_token(api, client, &new(CredentialKind::ClientSecret));
        assert!(
            line.contains("\"client_secret\":\"canary\",\"refresh_token\":\"YOUR_REFRESH_TOKEN\""),
            "{line}"
        );
        assert!(line.ends_with("\"https://mail.contoso.test/api/access-token\""), "{line}");
    }
}
