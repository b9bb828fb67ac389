//! The guide to step 1: registering the application in Microsoft's portal. It uses the words of the help page, except
//! where they mislead: the portal has no *Client Secrets ID* but a *Value* and a *Secret ID*, and the Redirect URI is
//! ours. It gives today's names in the portal and the older ones, because people follow older instructions.

mod consent_address;
pub mod portal;
mod secret;

use leptos::prelude::*;

use consent_address::Consent;
pub use consent_address::{Approval, ToApprove};
use portal::{Page, Portal, ToPage, ToPlace};
pub use secret::NewSecret;
use secret::TheSecret;

use super::{
    consent,
    draft::{DONE, Target},
    form::{FORM, FormView},
    islands::Checklist,
    model::{
        ClientId, EXPIRES_IN, Field, MONTHS, NoApproval, Tenant, expiration, optional_permissions,
        required_permissions,
    },
};
use crate::{
    platform::{config::ProviderUrls, text},
    ui::{
        links::NewWindow,
        widgets::{CopyButton, Copyable},
    },
};

/// The values that the guide shows, as far as the form beside it has them.
#[derive(Clone, Debug)]
pub struct GuideView {
    name: String,
    account_type: &'static str,
    redirect_uri: String,
    client_id: Option<String>,
    /// The ticked steps; `None` if the application exists already, so that there are no steps to tick.
    done: Option<Vec<String>>,
    scopes: Vec<&'static str>,
    /// The expiry that the user chooses in the portal, as [`expiration`] words it.
    expiration: (String, String),
    portal: Portal,
    /// The address for approval with its gaps, and the filled-in address or the reason why there is none.
    consent: Option<(String, Result<String, NoApproval>)>,
}

impl GuideView {
    /// The guide beside this form.
    pub fn of(form: &FormView, urls: &ProviderUrls) -> Self {
        let draft = &form.draft;
        let client_id = ClientId::parse(draft.value(Field::ClientId.name())).ok().map(|id| id.to_string());
        let tenant = Tenant::parse(draft.value(Field::Tenant.name())).ok();
        let (kind, tenant) = (form.account_type(), tenant.as_ref().map(Tenant::as_str));
        let scopes: Vec<_> = required_permissions()
            .chain(optional_permissions())
            .filter(|permission| {
                permission.required || draft.scopes.iter().any(|name| name == permission.name)
            })
            .map(|permission| permission.name)
            .collect();
        let is_new = matches!(draft.target, Target::Add { .. });
        let template = consent::template(urls, &form.redirect_uri);
        let name = text::trim(draft.value(Field::ServiceName.name()));
        Self {
            name: if name.is_empty() { "Mail360" } else { name }.to_owned(),
            account_type: form.account_type().label(),
            redirect_uri: form.redirect_uri.clone(),
            portal: Portal::of(urls),
            done: is_new.then(|| draft.done.clone()),
            consent: template.map(|template| {
                let address = kind.approval(tenant, client_id.as_deref()).map(|(tenant, client_id)| {
                    consent::address(&template, tenant, client_id, scopes.iter().copied())
                });
                (template, address)
            }),
            scopes,
            // The expiry of an existing secret is unknown. The guide suggests the longest for the next secret.
            expiration: if is_new {
                expiration(draft.value(EXPIRES_IN), draft.value(Field::SecretExpires.name()))
            } else {
                expiration(&MONTHS[0].to_string(), "")
            },
            client_id,
        }
    }
}

/// The guide.
#[component]
pub fn Guide(
    /// What it shows.
    model: GuideView,
) -> impl IntoView {
    let ticks = Ticks(model.done.clone());
    let (title, words) = if model.done.is_some() {
        (
            "Step 1: Setting up an Azure application",
            "Do this first, in a second window. You come back with a Client ID and a Client Secret. Tick what you \
             have done, to find your place again.",
        )
    } else {
        ("The application in Azure", "How it was set up: compare each step with what Azure shows.")
    };
    let is_new = model.done.is_some();
    let parts = view! {
        <Register model=model.clone() ticks=ticks.clone() />
        <Permissions model=model.clone() ticks=ticks.clone() />
        <Credentials model=model ticks=ticks />
    };
    let parts = if is_new { view! { <Checklist>{parts}</Checklist> }.into_any() } else { parts.into_any() };
    view! {
        <section class="guide" id="guide" aria-labelledby="guide-title">
            <div class="stack tight">
                <h2 id="guide-title">{title}</h2>
                <p class="soft">{words}</p>
            </div>
            {parts}
        </section>
    }
}

/// The ticked steps, if the steps have boxes.
#[derive(Clone)]
struct Ticks(Option<Vec<String>>);

impl Ticks {
    /// A step with its box. The box belongs to the form, so that it is still ticked if the form is shown again.
    fn step(&self, id: &'static str, content: impl IntoView) -> AnyView {
        let content = content.into_any();
        let Some(done) = &self.0 else {
            return view! { <li><div class="stack tight">{content}</div></li> }.into_any();
        };
        let checked = done.iter().any(|done| done == id);
        view! {
            <li>
                <div class="step">
                    <input
                        type="checkbox"
                        name=format!("{DONE}[]")
                        value=id
                        form=FORM
                        checked=checked
                        aria-label=format!("Step {id} is done")
                        autocomplete="off"
                    />
                    <div>{content}</div>
                </div>
            </li>
        }
        .into_any()
    }
}

#[component]
fn Part(
    /// A, B or C.
    letter: &'static str,
    /// Its heading.
    title: &'static str,
    /// The steps.
    children: Children,
) -> impl IntoView {
    let id = format!("part-{}", letter.to_lowercase());
    let heading = id.clone();
    view! {
        <section class="part" aria-labelledby=id>
            <h3 id=heading>
                <span class="letter" aria-hidden="true">{letter}</span>
                <span class="unseen">{format!("Part {letter}: ")}</span>
                {title}
            </h3>
            {children()}
        </section>
    }
}

#[component]
fn Register(model: GuideView, ticks: Ticks) -> impl IntoView {
    let GuideView { name, account_type, redirect_uri, client_id, scopes, expiration, done, portal, .. } =
        model;
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
                follows=done.is_some()
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

/// A text to copy, parts of which follow the values in the form.
#[component]
fn Copying(
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="copy">
            <code>{children()}</code>
            <CopyButton what="the request" />
        </div>
    }
}

#[component]
fn Permissions(model: GuideView, ticks: Ticks) -> impl IntoView {
    let item = |name: &'static str| {
        let chosen = model.scopes.contains(&name);
        view! { <li data-scope=name hidden=!chosen><Copyable value=name what=name /></li> }
    };
    let required = required_permissions().map(|permission| item(permission.name)).collect_view();
    let none = !optional_permissions().any(|permission| model.scopes.contains(&permission.name));
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
                        <ToPage portal=model.portal page=Page::Permissions client_id=model.client_id /> "."
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
            {model.consent.map(|(template, address)| view! { <Consent template=template address=address /> })}
        </Part>
    }
}

#[component]
fn Credentials(model: GuideView, ticks: Ticks) -> impl IntoView {
    let (expiration, _) = model.expiration;
    let follows = model.done.is_some();
    let same = follows.then(|| view! { ", the same as under " <em>"Secret expires"</em> " here" });
    view! {
        <Part letter="C" title="Create OAuth 2.0 credentials">
            <ol class="steps">
                {ticks.step("C1", view! {
                    <p>
                        "Navigate " <strong>"Home"</strong> " > " <strong>"Microsoft Entra ID"</strong> " > "
                        <strong>"App registrations"</strong> ", select your application, then "
                        <ToPage portal=model.portal page=Page::Credentials client_id=model.client_id />
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
                    <Copyable value=model.name what="the description" mirror="service_name" />
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
