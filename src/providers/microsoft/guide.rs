//! The steps in Microsoft's portal, for the rows of the form. They use the words of the help page, except where they
//! mislead: the portal has no *Client Secrets ID* but a *Value* and a *Secret ID*, and the Redirect URI is ours.

mod consent_address;
pub(crate) mod portal;
mod secret;

use leptos::prelude::*;

use self::{
    consent_address::Consent,
    portal::{Page, Portal, ToPage, ToPlace},
    secret::{NewSecret, TheSecret},
};
use super::{
    AccountType, NoApproval, consent,
    fields::{Tenant, parse_client_id},
    form::{ACCOUNT_TYPE, TENANT},
    permissions::{optional_permissions, required_permissions},
    secret_periods::expiration,
    urls::MicrosoftUrls,
};
use crate::{
    providers::{
        ClientId,
        guide::{Copying, Guide, GuideView, Part, Ticks},
    },
    ui::widgets::{CopyButton, Copyable, breakable},
};

/// The values that the guide shows.
struct Shown {
    name: String,
    account_type: &'static str,
    redirect_uri: String,
    client_id: Option<String>,
    ticks: Ticks,
    scopes: Vec<&'static str>,
    /// The expiry that the user chooses in the portal, as [`expiration`] words it.
    expiration: (String, String),
    portal: Portal,
    /// The address for approval with its gaps, and the filled-in address or the reason why there is none.
    consent: Option<(String, Result<String, NoApproval>)>,
}

impl Shown {
    fn of(urls: &MicrosoftUrls, form: &GuideView) -> Self {
        let value = |name: &str| form.values.get(name).map_or("", String::as_str);
        let client_id = parse_client_id(&form.client_id).ok();
        let tenant = Tenant::parse(value(TENANT)).ok();
        let tenant = tenant.as_ref().map(Tenant::as_str);
        let kind = AccountType::from_name(value(ACCOUNT_TYPE)).unwrap_or_default();
        Self {
            name: form.name.clone(),
            account_type: kind.label(),
            redirect_uri: form.redirect_uri.clone(),
            portal: Portal::of(urls),
            ticks: Ticks(form.done.clone()),
            consent: consent::template(urls, &form.redirect_uri).map(|template| {
                let address = kind.approval(tenant, client_id.as_deref()).map(|(tenant, client_id)| {
                    consent::address(&template, tenant, client_id, form.scopes.iter().copied())
                });
                (template, address)
            }),
            scopes: form.scopes.clone(),
            expiration: expiration(&form.expires_in, &form.expires_on),
            client_id,
        }
    }

    /// Whether the application is new, so that the guide has boxes and follows the expiry in the form.
    const fn is_new(&self) -> bool {
        self.ticks.0.is_some()
    }

    /// A link to a page of the application.
    fn page(&self, page: Page) -> impl IntoView + use<> {
        view! { <ToPage portal=self.portal page=page client_id=self.client_id.clone() /> }
    }
}

pub fn guide(urls: &MicrosoftUrls, form: &GuideView) -> Guide {
    let shown = Shown::of(urls, form);
    let lead = if shown.is_new() {
        "Tick each step when it is done."
    } else {
        "The steps show how the application was set up. Compare each step with what Azure shows."
    };
    Guide {
        lead,
        register: register(&shown),
        permissions: permissions(&shown),
        credentials: credentials(&shown),
    }
}

/// The steps to a new secret of an existing application.
pub fn new_secret(urls: &MicrosoftUrls, client_id: &ClientId) -> AnyView {
    let at = Portal::of(urls).page(Page::Credentials, Some(client_id.as_str()));
    view! { <NewSecret at=at /> }.into_any()
}

fn register(shown: &Shown) -> Part {
    let Shown { name, account_type, redirect_uri, ticks, portal, .. } = shown;
    let account_type = *account_type;
    let steps = view! {
        <ol class="steps" role="list">
            {ticks.step("A1", view! {
                <p>
                    "Open " <ToPlace to=portal.new_application() words="New registration" /> " in "
                    <ToPlace to=portal.home() words="Microsoft Azure Portal" />
                    ". Sign in as an administrator of your company. "
                    <span class="soft">"Microsoft Entra ID > App registrations > New registration"</span>
                </p>
            })}
            {ticks.step("A2", view! {
                <p>"Enter this name:"</p>
                <Copyable value=name.clone() what="the name" mirror="service_name" />
            })}
            {ticks.step("A3", view! {
                <p>"Choose the account type " <strong data-mirror="account_type">{account_type}</strong> "."</p>
            })}
            {ticks.step("A4", view! {
                <p>
                    "Under " <strong>"Redirect URI"</strong> " choose " <strong>"Web"</strong>
                    " and enter this address:"
                </p>
                <Copyable value=redirect_uri.clone() what="the Redirect URI" />
                <p class="help">
                    "Do not choose " <em>"Single-page application"</em> ": it cannot hold a secret. Later you find \
                     the address under " {shown.page(Page::Authentication)} "."
                </p>
            })}
            {ticks.step("A5", view! {
                <p>"Read Microsoft’s Platform Policies, then click " <strong>"Register"</strong> "."</p>
            })}
            {ticks.step("A6", view! {
                <p>
                    "On the page " {shown.page(Page::Overview)} " copy the "
                    <strong>"Application (client) ID"</strong> " into the field " <em>"Client ID"</em> "."
                </p>
            })}
        </ol>
        {forbidden(shown)}
    };
    Part { title: "Register it in Azure", steps: steps.into_any(), values: None }
}

/// Help for a user who may not register applications: a text to send to their administrator.
fn forbidden(shown: &Shown) -> impl IntoView + use<> {
    let follows = shown.is_new();
    let (name, account_type, redirect_uri) =
        (shown.name.clone(), shown.account_type, shown.redirect_uri.clone());
    let (scopes, life) = (shown.scopes.join(", "), shown.expiration.1.clone());
    view! {
        <details class="disclosure">
            <summary>"Not allowed to register applications?"</summary>
            <div class="stack tight">
                <p>
                    "In many companies only administrators may do this. Ask one of them for the role "
                    <strong>"Application Developer"</strong> ", or send them this message:"
                </p>
                <Copying>
                    "Please register an application in Microsoft Entra ID. Name: "
                    <span data-mirror="service_name">{name}</span> ". Account type: "
                    <span data-mirror="account_type">{account_type}</span> ". Platform: Web. Redirect URI: "
                    {redirect_uri} ". Delegated permissions of Microsoft Graph: "
                    <span data-mirror="scopes">{scopes}</span> ". Then create a client secret "
                    <span data-mirror=follows.then_some("life")>{life}</span>
                    ", and send me the Application (client) ID and the Value of the secret."
                </Copying>
            </div>
        </details>
    }
}

fn permissions(shown: &Shown) -> Part {
    let ticks = &shown.ticks;
    let steps = view! {
        <ol class="steps" role="list">
            {ticks.step("B1", view! {
                <p>
                    "Open " {shown.page(Page::Permissions)} " of your application in Azure. "
                    <span class="soft">"App registrations > your application > API permissions"</span>
                </p>
            })}
            {ticks.step("B2", view! {
                <p>
                    "Click " <strong>"+ Add a permission"</strong> ", choose " <strong>"Microsoft Graph"</strong>
                    ", then " <strong>"Delegated permissions"</strong> " (for users who have signed in)."
                </p>
            })}
            {ticks.step("B3", view! {
                <p>
                    "Tick each name under " <em>"Permissions to tick"</em> ", then click "
                    <strong>"Add permissions"</strong> "."
                </p>
            })}
            {ticks.step("B4", view! {
                <p>
                    "If an administrator must allow one of them, also click " <strong>"Grant admin consent"</strong>
                    ". Is it grey? Ask a Microsoft 365 administrator."
                </p>
            })}
        </ol>
    };
    Part {
        title: "Add the permissions in Azure",
        steps: steps.into_any(),
        values: Some(permissions_to_tick(shown).into_any()),
    }
}

/// The names of the optional permissions that need an administrator in most companies.
fn approved() -> impl Iterator<Item = &'static str> {
    optional_permissions()
        .filter(|permission| permission.needs_administrator)
        .map(|permission| permission.name)
}

/// The names of the permissions, and who must allow them.
fn permissions_to_tick(shown: &Shown) -> impl IntoView + use<> {
    let Shown { name, scopes, consent, .. } = shown;
    let required: Vec<_> = required_permissions().map(|permission| permission.name).collect();
    let notes = approved()
        .map(|name| {
            view! {
                <p class="help" data-scope=name hidden=!scopes.contains(&name)>
                    <code>{breakable(name, '.')}</code> ": in most companies an administrator must allow this."
                </p>
            }
        })
        .collect_view();
    let consent = consent.clone().map(|(template, address)| {
        view! { <Consent name=name.clone() template=template address=address /> }
    });
    view! {
        <div class="stack tight">
            <h3>"Permissions to tick"</h3>
            <div class="copy names">
                <code data-mirror="names" data-required=required.join(" ")>{scopes.join("\n")}</code>
                <CopyButton what="all names" />
            </div>
            {notes}
            {consent}
        </div>
    }
}

fn credentials(shown: &Shown) -> Part {
    let follows = shown.is_new();
    let Shown { name, ticks, expiration: (expiration, _), .. } = shown;
    let steps = view! {
        <ol class="steps" role="list">
            {ticks.step("C1", view! {
                <p>
                    "Open " {shown.page(Page::Credentials)} " of your application in Azure. "
                    <span class="soft">"App registrations > your application > Certificates & secrets"</span>
                </p>
            })}
            {ticks.step("C2", view! { <p>"Click " <strong>"+ New client secret"</strong> "."</p> })}
            {ticks.step("C3", view! {
                <p>"Enter this description:"</p>
                <Copyable value=name.clone() what="the description" mirror="service_name" />
                <p>
                    "Set the expiration to "
                    <strong data-mirror=follows.then_some("expiration")>{expiration.clone()}</strong>
                    ". Then click " <strong>"Add"</strong> "."
                </p>
            })}
            {ticks.step("C4", view! { <TheSecret /> })}
        </ol>
    };
    Part { title: "Create the secret in Azure", steps: steps.into_any(), values: None }
}
