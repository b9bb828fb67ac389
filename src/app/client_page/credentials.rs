//! The credentials of an API client on its page: API keys, and behind a disclosure what programs that were written for
//! Mail360 use.

use leptos::prelude::*;

use crate::{
    clients::{
        list_page::HERE,
        make_form::draw_hidden_fields,
        model::{Client, Credential, CredentialKind, ids_of_kind},
        words::{action_label, area_heading, credential_words, danger_of, summary},
    },
    people::access::Scope,
    ui::{
        islands::SendOnce,
        widgets::{Copyable, Moment},
    },
};

/// The API keys of a client, and the button that makes one.
#[component]
pub(super) fn ApiKeys(client: Client, credentials: Vec<Credential>) -> impl IntoView {
    view! {
        <section class="card low" aria-labelledby="keys-title">
            <h2 id="keys-title">"Keys"</h2>
            <p class="soft">
                "A program sends one of these keys with each call: " <code>"Authorization: Bearer m360_…"</code>
            </p>
            {draw_list(&client, &credentials, CredentialKind::ApiKey)}
            {draw_make(&client, &credentials, CredentialKind::ApiKey, ().into_any())}
        </section>
    }
}

/// Client ID, Client Secrets and refresh tokens.
#[component]
pub(super) fn ForMail360(client: Client, credentials: Vec<Credential>) -> impl IntoView {
    let is_used = credentials.iter().any(|credential| credential.kind != CredentialKind::ApiKey);
    let scopes = client
        .scopes
        .iter()
        .map(|scope| {
            view! {
                <li>
                    <label>
                        <input type="checkbox" name="scopes" value=scope.name() checked=true />
                        " "
                        {scope_label(scope)}
                    </label>
                </li>
            }
        })
        .collect_view();
    let scopes = view! {
        <fieldset class="field">
            <legend>"What may the token do?"</legend>
            <ul class="ticks" role="list">{scopes}</ul>
        </fieldset>
    };
    view! {
        <details class="disclosure" open=is_used>
            <summary>"For programs written for Mail360"</summary>
            <div class="stack">
                <p class="soft">
                    "Such a program sends a Client ID, a Client Secret and a refresh token, and gets an access token for \
                     an hour."
                </p>
                <div class="field">
                    <p class="label"><b>"Client ID"</b></p>
                    <Copyable value=client.id.to_string() what="the Client ID" />
                </div>
                <section class="stack tight" aria-labelledby="secrets-title">
                    <h3 id="secrets-title">"Client Secrets"</h3>
                    {draw_list(&client, &credentials, CredentialKind::ClientSecret)}
                    {draw_make(&client, &credentials, CredentialKind::ClientSecret, ().into_any())}
                </section>
                <section class="stack tight" aria-labelledby="tokens-title">
                    <h3 id="tokens-title">"Refresh tokens"</h3>
                    {draw_list(&client, &credentials, CredentialKind::RefreshToken)}
                    {draw_make(&client, &credentials, CredentialKind::RefreshToken, scopes.into_any())}
                </section>
            </div>
        </details>
    }
}

/// What one scope allows, as the label of its box: `Mail: Read`.
fn scope_label(scope: Scope) -> String {
    match danger_of(scope) {
        Some((what, _)) => what.to_owned(),
        None => format!("{}: {}", area_heading(scope.area()), action_label(scope)),
    }
}

/// The credentials of a kind, each with the button that revokes it.
fn draw_list(client: &Client, credentials: &[Credential], kind: CredentialKind) -> impl IntoView + use<> {
    let here = format!("{HERE}/{}/credentials", client.id);
    let items = credentials
        .iter()
        .filter(|credential| credential.kind == kind)
        .map(|credential| {
            let used = match credential.used_at {
                Some(at) => view! { ", last used on " <Moment at=at /> }.into_any(),
                None => ", never used".into_any(),
            };
            let ends = credential.ends_unused_at().map(
                |at| view! { <p class="soft note">"Ends on " <Moment at=at /> " unless it is used."</p> },
            );
            let may = credential.scopes.as_ref().map(|scopes| {
                let allowed = summary(&scopes.intersection(&client.scopes));
                view! { <p class="soft note">{allowed}</p> }
            });
            view! {
                <li class="row apart">
                    <div>
                        <p><code>{credential.hint.clone()}</code></p>
                        <p class="soft note">"Made on " <Moment at=credential.created_at /> {used}</p>
                        {may}
                        {ends}
                    </div>
                    <form method="post" action=format!("{here}/{}/remove", credential.id)>
                        <button class="button small danger">
                            "Revoke"<span class="unseen">" " {credential.hint.clone()}</span>
                        </button>
                    </form>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="stack" role="list">{items}</ul> }
}

/// The form that makes a credential of a kind. A client has a limited number of them.
fn draw_make(client: &Client, credentials: &[Credential], kind: CredentialKind, fields: AnyView) -> AnyView {
    let number = ids_of_kind(credentials, kind).count();
    if number >= kind.max() {
        let words = format!("{number} is the maximum. Revoke one to make another.");
        return view! { <p class="soft note">{words}</p> }.into_any();
    }
    let button = format!("Make {}", credential_words(kind));
    let (action, hidden) =
        (format!("{HERE}/{}/credentials", client.id), draw_hidden_fields(kind, credentials));
    view! {
        <SendOnce>
            <form class="stack tight" method="post" action=action>
                {hidden}
                {fields}
                <div class="row"><button class="button">{button}</button></div>
            </form>
        </SendOnce>
    }
    .into_any()
}
