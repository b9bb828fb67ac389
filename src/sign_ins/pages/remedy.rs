//! The remedies that a page offers after a failed sign-in: buttons, and cards with the needed values.

use leptos::prelude::*;

use super::{TryAgain, VerifyButton};
use crate::{
    connectors::{
        guide::{ToApprove, portal::Portal},
        model::{AccountType, Field, Tenant},
        service::{Connector, ConnectorId},
    },
    providers::diagnosis::{Diagnosis, Remedy},
    ui::{
        islands::SendOnce,
        widgets::{Back, Copyable, ErrorSummary, FieldKind, TextField},
    },
};

/// The values that the remedies of a connector need.
#[derive(Clone, Debug)]
pub struct Offers {
    /// The Redirect URI.
    pub redirect_uri: String,
    /// The address at which an administrator approves, if there is one.
    pub approval: Option<String>,
    /// The portal of the configured cloud.
    pub portal: Portal,
}

impl Offers {
    /// The explanation for this connector. If it has no address for approval, no step mentions one.
    pub fn fit(&self, diagnosis: Diagnosis) -> Diagnosis {
        if self.approval.is_some() { diagnosis } else { diagnosis.without_approval() }
    }
}

/// The buttons and cards for the next steps, and the link back.
#[component]
pub fn Remedies(
    /// The remedies, in the order of the causes.
    remedies: Vec<Remedy>,
    /// The connector.
    connector: Connector,
    /// The values that the remedies need.
    offers: Offers,
    /// Content between the cards and the buttons.
    #[prop(default = None)]
    between: Option<AnyView>,
) -> impl IntoView {
    let id = connector.id;
    let name = connector.service_name.as_str().to_owned();
    let cards = remedies.iter().filter_map(|remedy| card(*remedy, &connector, &offers)).collect_view();
    // The change of the tenant starts the sign-in itself. A sign-in without the change would fail again.
    let alone = [Remedy::Tenant].as_slice() == remedies.as_slice();
    let mut buttons: Vec<Button> = Vec::new();
    for remedy in remedies {
        let button = match remedy {
            Remedy::TryCredentials => Button::TryAgain,
            Remedy::Secret => Button::Link(format!("/connectors/{id}/secret"), "Replace the secret"),
            Remedy::Edit => Button::Link(format!("/connectors/{id}/edit"), "Edit the connector"),
            Remedy::AccountType(kind) if connector.account_type != kind => Button::AccountType(kind),
            // The card has the button.
            Remedy::Tenant => continue,
            Remedy::AccountType(_) | Remedy::Again | Remedy::RedirectUri | Remedy::Consent => Button::SignIn,
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
                    view! { <VerifyButton id=id words="Sign in again" primary=primary /> }.into_any()
                }
                Button::Link(to, words) => view! { <a class=class href=to>{words}</a> }.into_any(),
                Button::AccountType(kind) => view! {
                    <Retry connector=connector.clone() kind=kind>
                        <button class=class>{format!("Choose {} and sign in again", kind.label())}</button>
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
    AccountType(AccountType),
}

/// The card with the values that a remedy needs, most often for a page at Microsoft.
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
            view! { <ApprovalCard title="The address for approval" address=address /> }.into_any()
        }),
        Remedy::Tenant => {
            Some(view! { <TenantCard connector=connector.clone() typed=None error=None /> }.into_any())
        }
        _ => None,
    }
}

/// The address at which an administrator approves.
#[component]
pub fn ApprovalCard(title: &'static str, address: String) -> impl IntoView {
    view! {
        <section class="card low" aria-labelledby="approval-title">
            <h2 id="approval-title">{title}</h2>
            <ToApprove address=address />
        </section>
    }
}

/// The form that changes the account type and starts a sign-in.
#[component]
fn Retry(connector: Connector, kind: AccountType, children: Children) -> impl IntoView {
    let (id, version) = (connector.id, connector.version);
    view! {
        <SendOnce>
            <form class="fields" method="post" action=format!("/connectors/{id}/retry")>
                <input type="hidden" name="version" value=version.to_string() />
                <input type="hidden" name=Field::AccountType.name() value=kind.name() />
                {children()}
            </form>
        </SendOnce>
    }
}

/// Asks for the tenant to which the connector will belong.
#[component]
fn TenantCard(connector: Connector, typed: Option<String>, error: Option<String>) -> impl IntoView {
    let value = typed.or_else(|| connector.tenant.as_ref().map(Tenant::as_str).map(str::to_owned));
    let focus = error.is_some();
    view! {
        <section class="card low" aria-labelledby="tenant-title">
            <h2 id="tenant-title">"Single tenant only"</h2>
            <Retry connector=connector kind=AccountType::SingleTenant>
                <TextField
                    name=Field::Tenant.name()
                    label="Directory (tenant) ID"
                    help="From the application’s Overview page, or a domain of the organisation such as contoso.com."
                    kind=FieldKind::Code
                    value=value.unwrap_or_default()
                    error=error
                    focus=focus
                    required=false
                />
                <div class="row"><button class="button primary">"Use this tenant and sign in again"</button></div>
            </Retry>
        </section>
    }
}

/// The page that asks for the tenant again, because the typed text is not a tenant.
#[component]
pub fn TenantPage(
    /// The connector.
    connector: Connector,
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
                <h1>"Which tenant?"</h1>
            </div>
        </div>
        <div class="stack text">
            <ErrorSummary fields=vec![(Field::Tenant.name(), "Directory (tenant) ID")] />
            <TenantCard connector=connector typed=Some(typed) error=Some(error) />
        </div>
    }
}
