//! The parts of an API client's page: what it may do, its settings, and how its access is ended.

use leptos::prelude::*;

use crate::{
    clients::{
        list_page::HERE,
        model::{Client, ReachKind},
        words::{reach_words, sentences, state_words},
    },
    connectors::service::ConnectorId,
    people::access::Scope,
    platform::clock::Timestamp,
    ui::{
        islands::SendOnce,
        widgets::{Badge, Moment, Tone},
    },
};

/// What the client may do, in words; the names of the scopes are behind a disclosure.
#[component]
pub(super) fn MayDo(client: Client) -> impl IntoView {
    let allowed = sentences(&client.scopes);
    let allowed = allowed.into_iter().map(|words| view! { <li>{words}</li> }).collect_view();
    let names = client.scopes.names();
    let names = names.into_iter().map(|name| view! { <li><code>{name}</code></li> }).collect_view();
    let danger = client.scopes.has_far_reaching().then(|| {
        let what = if client.scopes.contains(Scope::TokensRead) {
            "It can get access tokens of the provider, which work past a revocation here until they expire."
        } else {
            "It can send any request to the provider with the access of its accounts."
        };
        view! { <p><Badge tone=Tone::Warn words="Direct access" /> " " {what}</p> }
    });
    view! {
        <section class="card low" aria-labelledby="may-title">
            <h2 id="may-title">"What it may do"</h2>
            <ul class="list">{allowed}</ul>
            {danger}
            <details class="disclosure">
                <summary>"Names in the API"</summary>
                <ul class="list">{names}</ul>
            </details>
        </section>
    }
}

#[component]
pub(super) fn Settings(
    client: Client,
    connectors: Vec<(ConnectorId, String)>,
    /// Name and email of the user who added it.
    maker: Option<String>,
    now: Timestamp,
) -> impl IntoView {
    let (tone, words) = state_words(&client, now);
    let end = client
        .expires_at
        .map(|at| view! { <p class="soft note">"Its credentials end on " <Moment at=at /></p> });
    let connectors = (client.reach == ReachKind::Connectors).then(|| {
        let items = connectors
            .into_iter()
            .map(|(id, name)| view! { <li><a href=format!("/connectors/{id}")><bdi>{name}</bdi></a></li> });
        view! { <ul class="list">{items.collect_view()}</ul> }
    });
    let networks = if client.networks.is_empty() {
        "Any address".into_any()
    } else {
        let networks =
            client.networks.iter().map(|network| view! { <li><code>{network.to_string()}</code></li> });
        view! { <ul class="list">{networks.collect_view()}</ul> }.into_any()
    };
    let used = match client.used_at {
        Some(at) => view! { <Moment at=at /> }.into_any(),
        None => "Never".into_any(),
    };
    let maker = maker.unwrap_or_else(|| "a deleted user".to_owned());
    let rate = format!(
        "{} calls a second, {} at the same time, for each process of this program",
        client.rate, client.at_once
    );
    view! {
        <section class="card low" aria-labelledby="settings-title">
            <h2 id="settings-title">"Settings"</h2>
            <dl class="facts">
                <div><dt>"State"</dt><dd><Badge tone=tone words=words /> {end}</dd></div>
                <div><dt>"Accounts"</dt><dd>{reach_words(client.reach)} {connectors}</dd></div>
                <div><dt>"May call from"</dt><dd>{networks}</dd></div>
                <div><dt>"Limits"</dt><dd>{rate}</dd></div>
                <div><dt>"Last used"</dt><dd>{used}</dd></div>
                <div><dt>"Added"</dt><dd><Moment at=client.created_at /> " by " <bdi>{maker}</bdi></dd></div>
            </dl>
        </section>
    }
}

/// How the access of the client is ended.
#[component]
pub(super) fn End(client: Client) -> impl IntoView {
    let [revoke, delete] = ["revoke", "delete"].map(|what| format!("{HERE}/{}/{what}", client.id));
    view! {
        <section class="card low" aria-labelledby="end-title">
            <h2 id="end-title">"End the access"</h2>
            <details class="disclosure">
                <summary>"Revoke everything"</summary>
                <div class="stack tight">
                    <ul class="list">
                        <li>"All keys, Client Secrets and refresh tokens of this client stop working within 10 seconds."</li>
                        <li>"Open links that the program has made are revoked. Accounts stay connected."</li>
                        <li>"The client stays here, and you can make new keys."</li>
                    </ul>
                    <SendOnce>
                        <form method="post" action=revoke>
                            <button class="button danger">"Revoke everything"</button>
                        </form>
                    </SendOnce>
                </div>
            </details>
            <details class="disclosure">
                <summary><span>"Delete " <bdi>{client.name}</bdi></span></summary>
                <div class="stack tight">
                    <ul class="list">
                        <li>"Everything is revoked, and the client itself is deleted."</li>
                        <li>"Accounts that it connected stay. The logs keep its calls for 7 days."</li>
                    </ul>
                    <SendOnce>
                        <form method="post" action=delete>
                            <button class="button danger">"Delete this client"</button>
                        </form>
                    </SendOnce>
                </div>
            </details>
        </section>
    }
}
