//! The guide to step 1, in the help page's words save where those are a trap: the portal has no *Client
//! Secrets ID* to copy but a *Value* and a *Secret ID*, and the Redirect URI is ours.

use leptos::prelude::*;

use super::model::{optional_permissions, required_permissions};
use crate::ui::widgets::{Copyable, Notice, Tone};

/// The guide.
#[component]
pub fn Guide(
    /// Our Redirect URI.
    redirect_uri: String,
) -> impl IntoView {
    view! {
        <section class="guide" id="guide" aria-labelledby="guide-title">
            <div class="stack tight">
                <h2 id="guide-title">"Step 1: Setting up an Azure application"</h2>
                <p class="soft">
                    "Do this first, in a second window. You come back with a Client ID and a Client Secret."
                </p>
            </div>
            <Register redirect_uri=redirect_uri />
            <Permissions />
            <Credentials />
        </section>
    }
}

#[component]
fn Part(
    /// A, B or C.
    letter: &'static str,
    /// What it is about.
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
fn Register(redirect_uri: String) -> impl IntoView {
    view! {
        <Part letter="A" title="Register an Azure application">
            <ol class="steps">
                <li>
                    "Go to "
                    <a href="https://portal.azure.com/" target="_blank" rel="noopener noreferrer">
                        "Microsoft Azure Portal"
                        <span class="unseen">" (opens a new window)"</span>
                    </a>
                    "."
                </li>
                <li>"Log in with your Outlook account."</li>
                <li>
                    "Choose " <strong>"Microsoft Entra ID"</strong>
                    " (previously named Azure Active Directory) in the left navigation menu."
                </li>
                <li>
                    "Choose " <strong>"App registrations"</strong> " > " <strong>"New registration"</strong>
                    "."
                </li>
                <li>
                    "Enter a name for your application. Your users will see it. Use the same as the Service \
                     Name here, for example " <Copyable value="Mail360" what="the name" />
                </li>
                <li>
                    "Choose the application’s account type: the same as under " <em>"Who may sign in"</em>
                    " here."
                </li>
                <li>
                    "Choose the platform " <strong>"Web"</strong> " and provide the Redirect URI "
                    <Copyable value=redirect_uri what="the Redirect URI" />
                </li>
                <li>
                    "Review Microsoft’s Platform Policies, then click " <strong>"Register"</strong> "."
                </li>
                <li>
                    "Your application now has an " <strong>"Application (client) ID"</strong>
                    ". Copy it into " <em>"Client ID"</em> " here."
                </li>
            </ol>
        </Part>
    }
}

#[component]
fn Permissions() -> impl IntoView {
    let item = |name: &'static str| view! { <li><Copyable value=name what=name /></li> };
    let required = required_permissions().map(|permission| item(permission.name)).collect_view();
    let optional = optional_permissions().map(|permission| item(permission.name)).collect_view();
    let approved: Vec<_> = optional_permissions()
        .filter(|permission| permission.needs_administrator)
        .map(|permission| permission.name)
        .collect();
    view! {
        <Part letter="B" title="Enable the necessary APIs and permissions">
            <ol class="steps">
                <li>
                    "Navigate " <strong>"Home"</strong> " > " <strong>"Microsoft Entra ID"</strong> " > "
                    <strong>"App registrations"</strong> "."
                </li>
                <li>"Select your application, then " <strong>"API permissions"</strong> "."</li>
                <li>
                    "Click " <strong>"+ Add a permission"</strong> ", choose "
                    <strong>"Microsoft Graph"</strong> ", then " <strong>"Delegated permissions"</strong>
                    ": your software reaches the data as the signed-in user."
                </li>
                <li>
                    "Find and tick each of these required permissions "
                    <ul class="copies" role="list">{required}</ul>
                    " and those of the optional ones that you choose under " <em>"View API scope"</em>
                    " here " <ul class="copies" role="list">{optional}</ul>
                </li>
                <li>"Click " <strong>"Add permissions"</strong> "."</li>
                <li>
                    "With " <code>{approved.join(", ")}</code> ", click "
                    <strong>"Grant admin consent"</strong>
                    " too, or ask an administrator of your company to."
                </li>
            </ol>
        </Part>
    }
}

#[component]
fn Credentials() -> impl IntoView {
    view! {
        <Part letter="C" title="Create OAuth 2.0 credentials">
            <ol class="steps">
                <li>
                    "Navigate " <strong>"Home"</strong> " > " <strong>"Microsoft Entra ID"</strong> " > "
                    <strong>"App registrations"</strong> "."
                </li>
                <li>"Select your application."</li>
                <li>
                    "Select " <strong>"Certificates & secrets"</strong> " in the left navigation menu."
                </li>
                <li>"Click " <strong>"+ New client secret"</strong> "."</li>
                <li>
                    "In the " <em>"Add a client secret"</em> " window, set the expiration to "
                    <strong>"24 months"</strong> " and enter a description, for example "
                    <Copyable value="Mail360" what="the description" />
                </li>
                <li>"Click " <strong>"Add"</strong> "."</li>
                <li>
                    "Copy the secret from the column " <strong>"Value"</strong> " into "
                    <em>"Client Secret"</em> " here, at once: Azure shows it only this time."
                </li>
            </ol>
            <Notice tone=Tone::Warn title="Value, not Secret ID">
                <p>
                    "Azure shows two columns side by side. " <strong>"Secret ID"</strong>
                    " only names the secret; nobody can sign in with it."
                </p>
            </Notice>
        </Part>
    }
}
