//! The remedies that a page offers after a failed sign-in. The step that is due is the main action; to sign in again is
//! one only if nothing else has to be done before.

use leptos::prelude::*;

use super::{
    super::service::SignIns,
    TryAgain, VerifyButton,
    ask::{AskCard, Retry},
    message::{Message, MessageCard, Recipient},
};
use crate::{
    connectors::service::Connector,
    people::access::Member,
    platform::failure::Failure,
    providers::{
        Provider, ProviderWords, Values,
        diagnosis::{Ask, Cause, Diagnosis, Remedy, SettingsChange},
    },
    ui::to_copy::ToCopy,
};

/// The user who asks another person for a step.
#[derive(Clone, Debug)]
pub struct MessageSender {
    pub name: String,
    /// The name of their organisation.
    pub organisation: String,
}

impl MessageSender {
    /// The logged-in user.
    pub fn of(member: &Member) -> Self {
        Self { name: member.name.clone(), organisation: member.organisation_name.clone() }
    }
}

/// The values that the remedies of a connector need.
#[derive(Clone, Debug)]
pub struct Offers {
    pub redirect_uri: String,
    /// The link at which an administrator of a company allows the permissions, if there is one.
    pub approval: Option<String>,
    /// The user in whose name messages are written.
    pub asker: MessageSender,
}

impl Offers {
    /// The values for a connector, on a page of this user.
    pub fn of(sign_ins: &SignIns, connector: &Connector, member: &Member) -> Result<Self, Failure> {
        Ok(Self {
            redirect_uri: sign_ins.redirect_uri(),
            approval: sign_ins.consent_link(connector)?,
            asker: MessageSender::of(member),
        })
    }

    /// Adapts an explanation to this connector. If it has no address for approval, no step mentions one.
    pub fn adapt_diagnosis(&self, provider: &dyn Provider, diagnosis: Diagnosis) -> Diagnosis {
        if self.approval.is_some() { diagnosis } else { provider.without_consent(diagnosis) }
    }
}

/// A step that the page offers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum OfferedStep {
    /// To sign in again.
    SignIn,
    /// To try the stored credentials again.
    TryAgain,
    /// A page of this program.
    Link(String, &'static str),
    /// A page of the provider's console.
    Open(String, String),
    /// To change settings and sign in.
    Change(&'static SettingsChange),
    /// To enter a value, change settings and sign in.
    Ask(&'static SettingsChange, &'static Ask),
    /// To copy the Redirect URI.
    RedirectUri,
    /// To copy a message.
    Message(Recipient),
}

impl OfferedStep {
    /// The step of a cause.
    fn of(cause: &Cause, connector: &Connector) -> Self {
        let id = connector.id;
        match cause.remedy {
            Remedy::Again => Self::SignIn,
            Remedy::TryCredentials => Self::TryAgain,
            Remedy::Secret => Self::Link(format!("/connectors/{id}/secret"), REPLACE_SECRET),
            Remedy::Edit => Self::Link(format!("/connectors/{id}/edit"), "Edit the connector"),
            Remedy::RedirectUri => Self::RedirectUri,
            Remedy::Change(change) => match change.asks {
                Some(ask) => Self::Ask(change, ask),
                None if changes(change, &connector.application.values()) => Self::Change(change),
                None => Self::SignIn,
            },
            Remedy::Consent | Remedy::Message => {
                Self::Message(Recipient::of(cause).unwrap_or(Recipient::Administrator))
            }
            Remedy::Open(page) => match connector.provider.console_page(page, &connector.client_id) {
                Some(address) => Self::Open(address, format!("Open {page} in {}", connector.names().console)),
                // The portal of this cloud is not known. The next step names the page.
                None => Self::SignIn,
            },
        }
    }

    /// Whether it is a card rather than a button in a row.
    const fn is_card(&self) -> bool {
        matches!(self, Self::Ask(..) | Self::RedirectUri | Self::Message(_))
    }

    /// Whether it starts a sign-in itself.
    const fn signs_in(&self) -> bool {
        matches!(self, Self::SignIn | Self::Change(_) | Self::Ask(..))
    }
}

/// The one name of this action.
pub const REPLACE_SECRET: &str = "Replace the client secret";

/// Whether a change sets another value than the connector has.
fn changes(change: &SettingsChange, values: &Values) -> bool {
    change.values.iter().any(|(name, value)| values.get(*name).map(String::as_str) != Some(*value))
}

/// The steps of an explanation, each once, in the order of the causes. The first one is due.
fn steps_of(diagnosis: &Diagnosis, connector: &Connector) -> Vec<OfferedStep> {
    let mut steps: Vec<OfferedStep> = Vec::new();
    for cause in &diagnosis.causes {
        let step = OfferedStep::of(cause, connector);
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    if steps.is_empty() {
        steps.push(OfferedStep::SignIn);
    }
    steps
}

/// The steps: the one that is due first, then the others. Buttons are in one row unless the due step is a card. The last
/// lines have the sign-in that comes after the step, and the link back.
#[component]
pub fn Remedies(
    /// The explanation. Each cause has a step.
    diagnosis: Diagnosis,
    connector: Connector,
    /// The values that the steps need.
    offers: Offers,
    /// The words of the provider, for messages.
    #[prop(default = None)]
    said: Option<ProviderWords>,
    /// Content after the cards.
    #[prop(default = None)]
    between: Option<AnyView>,
) -> impl IntoView {
    let id = connector.id;
    let name = connector.service_name.as_str().to_owned();
    let names = connector.names();
    let steps = steps_of(&diagnosis, &connector);
    let due = steps.first().cloned().unwrap_or(OfferedStep::SignIn);
    let draw = |step: &OfferedStep, primary: bool| -> AnyView {
        let class = if primary { "button primary" } else { "button" };
        match step {
            OfferedStep::SignIn => {
                view! { <VerifyButton id=id names=names words="Sign in again" primary=primary /> }.into_any()
            }
            OfferedStep::TryAgain => view! { <TryAgain id=id primary=primary /> }.into_any(),
            OfferedStep::Link(to, words) => view! { <a class=class href=to.clone()>{*words}</a> }.into_any(),
            OfferedStep::Open(to, words) => view! {
                <a class=class href=to.clone() target="_blank" rel="noopener noreferrer">
                    {words.clone()} <span class="unseen">" (opens a new window)"</span>
                </a>
            }
            .into_any(),
            OfferedStep::Change(change) => {
                let change = *change;
                view! {
                    <Retry connector=connector.clone() change=change>
                        <button class=class>{change.button}</button>
                    </Retry>
                }
                .into_any()
            }
            OfferedStep::Ask(change, ask) => {
                view! { <AskCard connector=connector.clone() change=*change ask=*ask primary=primary /> }
                    .into_any()
            }
            OfferedStep::RedirectUri => {
                let uri = offers.redirect_uri.clone();
                view! {
                    <section class="card low" aria-labelledby="uri-title">
                        <h2 id="uri-title">"Redirect URI"</h2>
                        <ToCopy label="Redirect URI" text=uri what="the Redirect URI" primary=primary />
                    </section>
                }
                .into_any()
            }
            OfferedStep::Message(to) => Message::about(*to, &diagnosis, &connector, &offers, said.as_ref())
                .map(|message| view! { <MessageCard message=message primary=primary /> })
                .into_any(),
        }
    };
    // Before such a step is done, a sign-in would fail again.
    let waits = !due.signs_in();
    let others: Vec<&OfferedStep> = steps.iter().filter(|step| **step != due).collect();
    let cards =
        others.iter().copied().filter(|step| step.is_card()).map(|step| draw(step, false)).collect_view();
    let buttons: Vec<AnyView> = others
        .iter()
        .copied()
        .filter(|step| !(step.is_card() || waits && **step == OfferedStep::SignIn))
        .map(|step| draw(step, false))
        .collect();
    let first = draw(&due, true);
    let (first, buttons) = if due.is_card() {
        let buttons = (!buttons.is_empty()).then(|| view! { <div class="row">{buttons}</div> });
        (first, buttons)
    } else {
        (view! { <div class="row">{first} {buttons}</div> }.into_any(), None)
    };
    let again = waits.then(|| {
        view! {
            <div class="row">
                <span>"When that is done:"</span>
                <VerifyButton id=id names=names words="Sign in again" primary=false plain=true />
            </div>
        }
    });
    view! {
        {first}
        {cards}
        {between}
        {buttons}
        {again}
        <div class="row">
            <a class="button plain" href=format!("/connectors/{id}")><span>"Back to " <bdi>{name}</bdi></span></a>
        </div>
    }
}
