//! Changes of a connector's settings that a page offers after a failed sign-in: the button, the card that asks for a
//! value, and the page that asks again.

use leptos::prelude::*;

use crate::{
    connectors::service::{Connector, ConnectorId},
    providers::diagnosis::{Ask, SettingsChange},
    ui::{
        islands::SendOnce,
        widgets::{Back, ErrorSummary, FieldKind, TextField},
    },
};

/// The form that changes settings and starts a sign-in.
#[component]
pub fn Retry(
    connector: Connector,
    change: &'static SettingsChange,
    /// The further value that the change asks for, and the button.
    children: Children,
) -> impl IntoView {
    let (id, version) = (connector.id, connector.version);
    let values = change
        .values
        .iter()
        .map(|&(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    view! {
        <SendOnce>
            <form class="fields" method="post" action=format!("/connectors/{id}/retry")>
                <input type="hidden" name="version" value=version.to_string() />
                {values}
                {children()}
            </form>
        </SendOnce>
    }
}

/// Asks for the further value of a change, such as the one company whose accounts may sign in.
#[component]
pub fn AskCard(
    connector: Connector,
    change: &'static SettingsChange,
    /// The value that the change asks for.
    ask: &'static Ask,
    /// Whether its button is the main action of the page.
    primary: bool,
    /// The typed text, if it is shown again.
    #[prop(default = None)]
    typed: Option<String>,
    /// The mistake in it.
    #[prop(default = None)]
    error: Option<String>,
) -> impl IntoView {
    let value = typed.or_else(|| connector.application.values().remove(ask.field)).unwrap_or_default();
    let title = format!("{}-title", ask.field);
    let label = title.clone();
    let class = if primary { "button primary" } else { "button" };
    view! {
        <section class="card low" aria-labelledby=label>
            <h2 id=title>{ask.heading}</h2>
            <Retry connector=connector change=change>
                <TextField
                    name=ask.field
                    label=ask.label
                    help=ask.help
                    kind=FieldKind::Code
                    value=value
                    error=error
                    required=false
                />
                <div class="row"><button class=class>{change.button}</button></div>
            </Retry>
        </section>
    }
}

/// The page that asks for the further value of a change again, because the typed text has a mistake.
#[component]
pub fn AskPage(
    connector: Connector,
    change: &'static SettingsChange,
    /// The value that the change asks for.
    ask: &'static Ask,
    /// The typed text.
    typed: String,
    /// The mistake in it.
    error: String,
) -> impl IntoView {
    let id: ConnectorId = connector.id;
    let name = connector.service_name.as_str().to_owned();
    view! {
        <div class="head">
            <div>
                <Back to=format!("/connectors/{id}") what=name />
                <h1>{ask.title}</h1>
            </div>
        </div>
        <div class="stack text">
            <ErrorSummary fields=vec![(ask.field, ask.label)] />
            <AskCard
                connector=connector
                change=change
                ask=ask
                primary=true
                typed=Some(typed)
                error=Some(error)
            />
        </div>
    }
}
