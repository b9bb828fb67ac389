//! `/settings/api-access`: the API clients of an organisation, and the base address of the API.

use std::sync::Arc;

use axum::{Extension, extract::State};
use leptos::prelude::*;

use super::{
    curl::{YOUR_KEY, list_accounts},
    model::{Client, ReachKind},
    service::{ClientService, Reached},
    words::{reach_words, state_words, summary},
};
use crate::{
    accounts::service::MAX_COUNTED,
    people::access::Member,
    platform::{
        clock::{SharedClock, Timestamp},
        config::Config,
        failure::Failure,
        page::Page,
    },
    ui::{
        icons::Icon,
        numbers::bounded,
        table::Table,
        to_copy::ToCopy,
        widgets::{Badge, Copyable, Moment},
    },
};

/// The address of the page. Those of clients are below it.
pub const HERE: &str = "/settings/api-access";
pub const TITLE: &str = "API access";

/// `GET /settings/api-access`.
pub async fn show(
    State(clients): State<ClientService>,
    State(config): State<Arc<Config>>,
    State(clock): State<SharedClock>,
    Extension(member): Extension<Member>,
) -> Result<Page, Failure> {
    let admin = member.admin()?;
    let listed = clients.list(&admin).await?;
    let mut reached = clients.count_reached(&admin, &listed).await?;
    let clients: Vec<(Client, Option<Reached>)> = listed
        .into_iter()
        .map(|client| {
            let reached = reached.remove(&client.id);
            (client, reached)
        })
        .collect();
    let (api, now) = (config.public_url.join("/api"), clock.now());
    Ok(Page::new(TITLE, move || {
        view! { <ClientList clients=clients.clone() api=api.clone() now=now /> }.into_any()
    }))
}

#[component]
fn ClientList(clients: Vec<(Client, Option<Reached>)>, api: String, now: Timestamp) -> impl IntoView {
    // The empty list has the button itself.
    let add_above = (!clients.is_empty()).then(draw_add);
    let content = if clients.is_empty() {
        view! {
            <section class="empty" aria-labelledby="empty-title">
                <div class="stack tight">
                    <h2 id="empty-title">"No API clients yet"</h2>
                    <p>"An API client is a program of yours that uses the connected mailboxes. Add one to get its key."</p>
                </div>
                {draw_add()}
            </section>
        }
        .into_any()
    } else {
        let rows = clients
            .into_iter()
            .map(move |(client, reached)| view! { <ClientRow client=client reached=reached now=now /> });
        view! {
            <Table
                caption="API clients, by name"
                kind="api-clients"
                columns=&["Name", "What it may do", "Accounts", "Last used", "State"]
            >
                {rows.collect_view()}
            </Table>
        }
        .into_any()
    };
    let line = list_accounts(&api, YOUR_KEY);
    view! {
        <div class="stack list-page">
            <div class="head">
                <div>
                    <h1>{TITLE}</h1>
                    <p class="soft">"Programs that use the connected mailboxes, and their keys."</p>
                </div>
                {add_above}
            </div>
            <div class="field base-url">
                <p class="label"><b>"Base URL"</b></p>
                <Copyable value=api what="the base URL" />
                <p class="note">
                    <a href="/api-reference">"API reference"</a> " · " <a href="/logs/api">"API calls"</a>
                </p>
                <details class="disclosure">
                    <summary>"Try it: a first call with curl"</summary>
                    <div class="stack tight">
                        <p class="soft">
                            "Replace " <code>{YOUR_KEY}</code>
                            " with the API key of a client. The line lists the accounts that the client reaches:"
                        </p>
                        <ToCopy label="A first call with curl" text=line what="the line" primary=false />
                    </div>
                </details>
            </div>
            {content}
        </div>
    }
}

fn draw_add() -> impl IntoView {
    view! { <a class="button primary" href=format!("{HERE}/new")>{Icon::Plus.draw()} " Add API client"</a> }
}

#[component]
fn ClientRow(client: Client, reached: Option<Reached>, now: Timestamp) -> impl IntoView {
    let (tone, words) = state_words(&client, now);
    let used = match client.used_at {
        Some(at) => view! { <Moment at=at /> }.into_any(),
        None => view! { <span class="soft">"Never"</span> }.into_any(),
    };
    let may = summary(&client.scopes);
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">
                <div><a href=format!("{HERE}/{}", client.id)><bdi>{client.name}</bdi></a></div>
            </th>
            <td role="cell" data-label="What it may do"><div>{may}</div></td>
            <td role="cell" data-label="Accounts"><div>{draw_reached(client.reach, reached)}</div></td>
            <td role="cell" data-label="Last used"><div>{used}</div></td>
            <td role="cell" data-label="State"><div><Badge tone=tone words=words /></div></td>
        </tr>
    }
}

/// The accounts of a client, with their bounded number where they are counted.
fn draw_reached(reach: ReachKind, reached: Option<Reached>) -> AnyView {
    match reached {
        Some(Reached::OfConnector { number, connector }) => {
            view! { {bounded(number, MAX_COUNTED)} " of " <bdi>{connector}</bdi> }.into_any()
        }
        Some(Reached::OfConnectors { connectors: 0, .. }) => "None: no connector is left".into_any(),
        Some(Reached::OfConnectors { number, connectors }) => {
            format!("{} of {connectors} connectors", bounded(number, MAX_COUNTED)).into_any()
        }
        Some(Reached::Connected(number)) => {
            format!("{} that it connected", bounded(number, MAX_COUNTED)).into_any()
        }
        None => reach_words(reach).into_any(),
    }
}
