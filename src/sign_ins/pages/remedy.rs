//! The remedies that a page offers after a failed sign-in: buttons, and cards with the needed values.

use leptos::prelude::*;

use super::{TryAgain, VerifyButton};
use crate::{
    connectors::{
        guide::ToApprove,
        service::{Connector, ConnectorId},
    },
    providers::{
        Provider, SharedProvider, Values,
        diagnosis::{Ask, Diagnosis, Remedy, SettingsChange},
    },
    ui::{
        islands::SendOnce,
        widgets::{Back, Copyable, ErrorSummary, FieldKind, TextField},
    },
};

/// The values that the remedies of a connector need.
#[derive(Clone, Debug)]
pub struct Offers {
    pub redirect_uri: String,
    /// The address at which an administrator approves, if there is one.
    pub approval: Option<String>,
}

impl Offers {
    /// The explanation for this connector. If it has no address for approval, no step mentions one.
    pub fn fit(&self, provider: &dyn Provider, diagnosis: Diagnosis) -> Diagnosis {
        if self.approval.is_some() { diagnosis } else { provider.without_consent(diagnosis) }
    }
}

/// The buttons and cards for the next steps, and the link back.
#[component]
pub fn Remedies(
    /// The remedies, in the order of the causes.
    remedies: Vec<Remedy>,
    connector: Connector,
    /// The values that the remedies need.
    offers: Offers,
    /// Content between the cards and the buttons.
    #[prop(default = None)]
    between: Option<AnyView>,
) -> impl IntoView {
    let id = connector.id;
    let name = connector.service_name.as_str().to_owned();
    let names = connector.names();
    let values = connector.application.values();
    let cards = remedies.iter().filter_map(|remedy| card(*remedy, &connector, &offers)).collect_view();
    // A change that asks for a value starts the sign-in itself. A sign-in without the change would fail again.
    let alone = matches!(remedies.as_slice(), [Remedy::Change(SettingsChange { asks: Some(_), .. })]);
    let mut buttons: Vec<Button> = Vec::new();
    for remedy in remedies {
        let button = match remedy {
            Remedy::TryCredentials => Button::TryAgain,
            Remedy::Secret => Button::Link(format!("/connectors/{id}/secret"), "Replace the secret"),
            Remedy::Edit => Button::Link(format!("/connectors/{id}/edit"), "Edit the connector"),
            // The card has the button.
            Remedy::Change(SettingsChange { asks: Some(_), .. }) => continue,
            Remedy::Change(change) if changes(change, &values) => Button::Change(change),
            Remedy::Change(_) | Remedy::Again | Remedy::RedirectUri | Remedy::Consent => Button::SignIn,
        };
        if !buttons.contains(&button) {
            buttons.push(button);
        }
    }
    if !alone && !buttons.contains(&Button::SignIn) {
        buttons.push(Button::SignIn);
    }
    let buttons = buttons
        .into_iter()
        .enumerate()
        .map(|(at, button)| {
            let primary = at == 0;
            let class = if primary { "button primary" } else { "button" };
            match button {
                Button::TryAgain => view! { <TryAgain id=id primary=primary /> }.into_any(),
                Button::SignIn => {
                    view! { <VerifyButton id=id names=names words="Sign in again" primary=primary /> }
                        .into_any()
                }
                Button::Link(to, words) => view! { <a class=class href=to>{words}</a> }.into_any(),
                Button::Change(change) => view! {
                    <Retry connector=connector.clone() change=change>
                        <button class=class>{change.button}</button>
                    </Retry>
                }
                .into_any(),
            }
        })
        .collect_view();
    view! {
        {cards}
        {between}
        <div class="row">
            {buttons}
            <a class="button plain" href=format!("/connectors/{id}")><span>"Back to " <bdi>{name}</bdi></span></a>
        </div>
    }
}

/// A button for a next step on this page.
#[derive(PartialEq, Eq)]
enum Button {
    SignIn,
    TryAgain,
    Link(String, &'static str),
    Change(&'static SettingsChange),
}

/// Whether a change sets another value than the connector has.
fn changes(change: &SettingsChange, values: &Values) -> bool {
    change.values.iter().any(|(name, value)| values.get(*name).map(String::as_str) != Some(*value))
}

/// The card with the values that a remedy needs, most often for a page of the provider.
fn card(remedy: Remedy, connector: &Connector, offers: &Offers) -> Option<AnyView> {
    match remedy {
        Remedy::RedirectUri => {
            let uri = offers.redirect_uri.clone();
            Some(
                view! {
                    <section class="card low" aria-labelledby="uri-title">
                        <h2 id="uri-title">"Redirect URI"</h2>
                        <Copyable value=uri what="the Redirect URI" />
                    </section>
                }
                .into_any(),
            )
        }
        Remedy::Consent => offers.approval.clone().map(|address| {
            let provider = connector.provider.clone();
            view! { <ApprovalCard title="The address for approval" provider=provider address=address /> }
                .into_any()
        }),
        Remedy::Change(change) => change.asks.map(|ask| {
            let connector = connector.clone();
            view! { <AskCard connector=connector change=change ask=ask typed=None error=None /> }.into_any()
        }),
        _ => None,
    }
}

/// The address at which an administrator approves, and what that administrator does.
#[component]
pub fn ApprovalCard(title: &'static str, provider: SharedProvider, address: String) -> impl IntoView {
    view! {
        <section class="card low" aria-labelledby="approval-title">
            <h2 id="approval-title">{title}</h2>
            <ToApprove words=provider.consent_words() address=address />
        </section>
    }
}

/// The form that changes settings and starts a sign-in.
#[component]
fn Retry(
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
fn AskCard(
    connector: Connector,
    change: &'static SettingsChange,
    /// What the change asks for.
    ask: &'static Ask,
    /// The typed text, if it is shown again.
    typed: Option<String>,
    /// The mistake in it.
    error: Option<String>,
) -> impl IntoView {
    let value = typed.or_else(|| connector.application.values().remove(ask.field)).unwrap_or_default();
    let focus = error.is_some();
    let title = format!("{}-title", ask.field);
    let label = title.clone();
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
                    focus=focus
                    required=false
                />
                <div class="row"><button class="button primary">{change.button}</button></div>
            </Retry>
        </section>
    }
}

/// The page that asks for the further value of a change again, because the typed text has a mistake.
#[component]
pub fn AskPage(
    connector: Connector,
    change: &'static SettingsChange,
    /// What the change asks for.
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
            <AskCard connector=connector change=change ask=ask typed=Some(typed) error=Some(error) />
        </div>
    }
}
