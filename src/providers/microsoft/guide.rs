//! The guide to step 1: registering the application in Microsoft's portal. It uses the words of the help page, except
//! where they mislead: the portal has no *Client Secrets ID* but a *Value* and a *Secret ID*, and the Redirect URI is
//! ours. It gives today's names in the portal and the older ones, because people follow older instructions.

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
    ui::{links::NewWindow, widgets::Copyable},
};

/// The values that the guide shows.
#[derive(Clone)]
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
}

pub fn guide(urls: &MicrosoftUrls, form: &GuideView) -> Guide {
    let shown = Shown::of(urls, form);
    let (title, lead) = if shown.is_new() {
        (
            "Step 1: Setting up an Azure application",
            "Do this first, in a second window. You come back with a Client ID and a Client Secret. Tick what you \
             have done, to find your place again.",
        )
    } else {
        ("The application in Azure", "How it was set up: compare each step with what Azure shows.")
    };
    let parts = view! {
        <Register model=shown.clone() />
        <Permissions model=shown.clone() />
        <Credentials model=shown />
    };
    Guide { title, lead, parts: parts.into_any() }
}

/// The steps to a new secret of an existing application.
pub fn new_secret(urls: &MicrosoftUrls, client_id: &ClientId) -> AnyView {
    let at = Portal::of(urls).page(Page::Credentials, Some(client_id.as_str()));
    view! { <NewSecret at=at /> }.into_any()
}

#[component]
fn Register(model: Shown) -> impl IntoView {
    let follows = model.is_new();
    let Shown { name, account_type, redirect_uri, client_id, scopes, expiration, ticks, portal, .. } = model;
    let forbidden = (name.clone(), redirect_uri.clone());
    view! {
        <Part letter="A" title="Register an Azure application">
            <ol class="steps">
                {ticks.step("A1", view! {
                    <p>
                        "Go to " <ToPlace to=portal.home() words="Microsoft Azure Portal" />
                        " and log in with the account that administers your company’s Microsoft 365 or Azure."
                    </p>
                })}
                {ticks.step("A2", view! {
                    <p>
                        "Choose " <strong>"Microsoft Entra ID"</strong> " in the left navigation menu, then "
                        <strong>"App registrations"</strong> " > " <strong>"New registration"</strong> "."
                        {portal.new_application().map(|to| view! {
                            " Or " <NewWindow to=to words="go there directly" /> "."
                        })}
                    </p>
                    <p class="help">"Older name: Azure Active Directory."</p>
                })}
                {ticks.step("A3", view! {
                    <p>"Enter a name for your application. Your users will see it."</p>
                    <Copyable value=name what="the name" mirror="service_name" />
                })}
                {ticks.step("A4", view! {
                    <p>
                        "Choose the application’s account type: the same as under " <em>"Who may sign in"</em> " here."
                    </p>
                    <Copyable value=account_type what="the account type" mirror="account_type" />
                    <p class="help">"Does Azure show another name? Each choice here has its older one below it."</p>
                })}
                {ticks.step("A5", view! {
                    <p>"Under " <strong>"Redirect URI"</strong> " choose the platform"</p>
                    <Copyable value="Web" what="the platform" />
                    <p>"and provide the Redirect URI"</p>
                    <Copyable value=redirect_uri what="the Redirect URI" />
                    <p class="help">
                        "Not " <em>"Single-page application"</em> ", which cannot hold a secret. For an application \
                         that exists already: "
                        <ToPage portal=portal page=Page::Authentication client_id=client_id.clone() /> "."
                    </p>
                })}
                {ticks.step("A6", view! {
                    <p>"Review Microsoft’s Platform Policies, then click " <strong>"Register"</strong> "."</p>
                })}
                {ticks.step("A7", view! {
                    <p>
                        "Your application now has an " <strong>"Application (client) ID"</strong>
                        ". Copy it into " <em>"Client ID"</em> " here. It is on the page "
                        <ToPage portal=portal page=Page::Overview client_id=client_id />
                        ", with the Directory (tenant) ID."
                    </p>
                })}
            </ol>
            <Forbidden
                name=forbidden.0
                account_type=account_type
                redirect_uri=forbidden.1
                scopes=scopes
                expiration=expiration.1
                follows=follows
            />
        </Part>
    }
}

/// Help for a user who may not register applications: a text to send to their administrator.
#[component]
fn Forbidden(
    name: String,
    account_type: &'static str,
    redirect_uri: String,
    scopes: Vec<&'static str>,
    expiration: String,
    /// Whether the text follows the values in the form.
    follows: bool,
) -> impl IntoView {
    view! {
        <details class="disclosure">
            <summary>"Not allowed to register applications?"</summary>
            <div class="stack tight">
                <p>
                    "Many companies let only administrators do this. Ask one for the role "
                    <strong>"Application Developer"</strong> ", or send them this:"
                </p>
                <Copying>
                    "Please register an application in Microsoft Entra ID. Name: "
                    <span data-mirror="service_name">{name}</span> ". Account type: "
                    <span data-mirror="account_type">{account_type}</span> ". Platform: Web. Redirect URI: "
                    {redirect_uri} ". Delegated permissions of Microsoft Graph: "
                    <span data-mirror="scopes">{scopes.join(", ")}</span>
                    ". Then make a client secret " <span data-mirror=follows.then_some("life")>{expiration}</span>
                    ", and send me the Application (client) ID and the Value of the secret."
                </Copying>
            </div>
        </details>
    }
}

#[component]
fn Permissions(model: Shown) -> impl IntoView {
    let Shown { client_id, ticks, scopes, portal, consent, .. } = model;
    let item = |name: &'static str| {
        let chosen = scopes.contains(&name);
        view! { <li data-scope=name hidden=!chosen><Copyable value=name what=name /></li> }
    };
    let required = required_permissions().map(|permission| item(permission.name)).collect_view();
    let none = !optional_permissions().any(|permission| scopes.contains(&permission.name));
    let optional = optional_permissions().map(|permission| item(permission.name)).collect_view();
    let approved: Vec<_> = optional_permissions()
        .filter(|permission| permission.needs_administrator)
        .map(|permission| permission.name)
        .collect();
    view! {
        <Part letter="B" title="Enable the necessary APIs and permissions">
            <ol class="steps">
                {ticks.step("B1", view! {
                    <p>
                        "Navigate " <strong>"Home"</strong> " > " <strong>"Microsoft Entra ID"</strong> " > "
                        <strong>"App registrations"</strong> ", select your application, then "
                        <ToPage portal=portal page=Page::Permissions client_id=client_id /> "."
                    </p>
                })}
                {ticks.step("B2", view! {
                    <p>
                        "Click " <strong>"+ Add a permission"</strong> ", choose "
                        <strong>"Microsoft Graph"</strong> ", then " <strong>"Delegated permissions"</strong>
                        ": your software reaches the data as the signed-in user."
                    </p>
                })}
                {ticks.step("B3", view! {
                    <p>"Find and tick each of these required permissions"</p>
                    <ul class="copies" role="list">{required}</ul>
                    <div class="stack tight" data-optional="" hidden=none>
                        <p>
                            "and those of the optional ones that you choose under " <em>"View API scope"</em> " here"
                        </p>
                        <ul class="copies" role="list">{optional}</ul>
                    </div>
                })}
                {ticks.step("B4", view! { <p>"Click " <strong>"Add permissions"</strong> "."</p> })}
                {ticks.step("B5", view! {
                    <p>
                        "If you chose " <code>{approved.join(", ")}</code> ", click "
                        <strong>"Grant admin consent"</strong>
                        " too. If the button is grey, ask a Microsoft 365 administrator of your company."
                    </p>
                })}
            </ol>
            {consent.map(|(template, address)| view! { <Consent template=template address=address /> })}
        </Part>
    }
}

#[component]
fn Credentials(model: Shown) -> impl IntoView {
    let follows = model.is_new();
    let Shown { name, client_id, ticks, expiration: (expiration, _), portal, .. } = model;
    let same = follows.then(|| view! { ", the same as under " <em>"Secret expires"</em> " here" });
    view! {
        <Part letter="C" title="Create OAuth 2.0 credentials">
            <ol class="steps">
                {ticks.step("C1", view! {
                    <p>
                        "Navigate " <strong>"Home"</strong> " > " <strong>"Microsoft Entra ID"</strong> " > "
                        <strong>"App registrations"</strong> ", select your application, then "
                        <ToPage portal=portal page=Page::Credentials client_id=client_id />
                        " in the left navigation menu."
                    </p>
                })}
                {ticks.step("C2", view! {
                    <p>"Click " <strong>"+ New client secret"</strong> "."</p>
                })}
                {ticks.step("C3", view! {
                    <p>
                        "In the " <em>"Add a client secret"</em> " window enter a description"
                    </p>
                    <Copyable value=name what="the description" mirror="service_name" />
                    <p>
                        "and set the expiration to "
                        <strong data-mirror=follows.then_some("expiration")>{expiration}</strong> {same}
                        ". Then click " <strong>"Add"</strong> "."
                    </p>
                })}
                {ticks.step("C4", view! { <TheSecret /> })}
            </ol>
        </Part>
    }
}
