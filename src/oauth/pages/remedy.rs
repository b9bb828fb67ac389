//! What a page offers for the next step after a sign-in that failed.

use leptos::prelude::*;

use super::{super::diagnosis::Remedy, VerifyButton};
use crate::{
    connectors::{
        guide::ToApprove,
        model::{AccountType, Field, Tenant},
        service::{Connector, ConnectorId},
    },
    ui::{
        islands::SendOnce,
        widgets::{Back, Copyable, ErrorSummary, FieldKind, TextField},
    },
};

/// What can be offered of a connector.
#[derive(Clone, Debug)]
pub struct Offers {
    /// The Redirect URI.
    pub redirect_uri: String,
    /// The address at which an administrator approves, where there is one.
    pub approval: Option<String>,
}

/// The next step, ready to be taken, and the way back.
#[component]
pub fn Remedies(
    /// What is to be done.
    remedy: Remedy,
    /// The connector.
    connector: Connector,
    /// What can be offered.
    offers: Offers,
    /// What stands between what is needed elsewhere and the buttons.
    #[prop(default = None)]
    between: Option<AnyView>,
) -> impl IntoView {
    let id = connector.id;
    let name = connector.service_name.as_str().to_owned();
    let Offers { redirect_uri, approval } = offers;
    let link = |to: String, words: &'static str| view! { <a class="button primary" href=to>{words}</a> };
    // Above the buttons, what is needed elsewhere; first among them, what is to be done here.
    let (above, first) = match remedy {
        Remedy::Secret => {
            (None, Some(link(format!("/connectors/{id}/secret"), "Replace the secret").into_any()))
        }
        Remedy::Edit => (None, Some(link(format!("/connectors/{id}/edit"), "Edit the connector").into_any())),
        Remedy::RedirectUri => {
            let above = view! {
                <section class="card low" aria-labelledby="uri-title">
                    <h2 id="uri-title">"Redirect URI"</h2>
                    <Copyable value=redirect_uri what="the Redirect URI" />
                </section>
            };
            (Some(above.into_any()), None)
        }
        Remedy::Approval => {
            let above = approval.map(|address| {
                view! {
                    <section class="card low" aria-labelledby="approval-title">
                        <h2 id="approval-title">"The address for approval"</h2>
                        <ToApprove address=address />
                    </section>
                }
                .into_any()
            });
            (above, None)
        }
        Remedy::AccountType(kind) if connector.account_type != kind => {
            let button = view! {
                <Retry connector=connector.clone() kind=kind>
                    <button class="button primary">{format!("Choose {} and sign in again", kind.label())}</button>
                </Retry>
            };
            (None, Some(button.into_any()))
        }
        Remedy::Tenant => {
            let above = view! { <TenantCard connector=connector.clone() typed=None error=None /> };
            (Some(above.into_any()), None)
        }
        Remedy::AccountType(_) | Remedy::Again => (None, None),
    };
    // Where the change itself leads to the sign-in, the sign-in alone would end as before.
    let again = (remedy != Remedy::Tenant).then(|| {
        let primary = first.is_none();
        view! { <VerifyButton id=id words="Sign in again" primary=primary /> }
    });
    view! {
        {above}
        {between}
        <div class="row">
            {first}
            {again}
            <a class="button plain" href=format!("/connectors/{id}")><span>"Back to " <bdi>{name}</bdi></span></a>
        </div>
    }
}

/// The form that changes who may sign in, and starts a sign-in.
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

/// Asks for the tenant, for which the connector then is.
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

/// The page that asks for the tenant once more, for what was typed is none.
#[component]
pub fn TenantPage(
    /// The connector.
    connector: Connector,
    /// What was typed.
    typed: String,
    /// What is wrong with it.
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
