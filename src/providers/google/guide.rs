//! The steps in the Google Cloud console, for the rows of the form, in the words of the console.

mod audience;
mod classes;
pub(crate) mod console;
mod secret;

use leptos::prelude::*;

use self::{
    audience::Internal,
    classes::{Class, short_name},
    console::{Console, Page},
    secret::{IdAndSecret, NewSecret},
};
use super::{fields::parse_client_id, permissions::PERMISSIONS, urls::GoogleUrls};
use crate::{
    providers::{
        ClientId, Permission,
        guide::{Copying, Guide, GuideView, Part, Ticks},
    },
    ui::widgets::{CopyButton, Copyable},
};

/// The values that the guide shows.
struct Shown {
    name: String,
    redirect_uri: String,
    ticks: Ticks,
    scopes: Vec<&'static str>,
    console: Console,
}

/// The guide to a project, its permissions and its OAuth client.
pub fn guide(urls: &GoogleUrls, form: &GuideView) -> Guide {
    let shown = Shown {
        name: form.name.clone(),
        redirect_uri: form.redirect_uri.clone(),
        ticks: Ticks(form.done.clone()),
        scopes: form.scopes.clone(),
        console: Console::of(urls, parse_client_id(&form.client_id).ok()),
    };
    let lead = if shown.ticks.0.is_some() {
        "Tick each step when it is done."
    } else {
        "The steps show how the application was set up. Compare each step with what Google shows."
    };
    Guide { lead, register: project(&shown), permissions: permissions(&shown), credentials: client(&shown) }
}

/// The steps to a new secret of an existing OAuth client.
pub fn new_secret(urls: &GoogleUrls, client_id: &ClientId) -> AnyView {
    let console = Console::of(urls, Some(client_id.to_string()));
    view! { <NewSecret console=console /> }.into_any()
}

fn project(shown: &Shown) -> Part {
    let Shown { name, ticks, console, .. } = shown;
    let steps = view! {
        <ol class="steps" role="list">
            {ticks.step("G1", view! {
                <p>
                    "Open " {console.link(Page::NewProject)} " in " {console.link(Page::Home)}
                    ". Sign in as an administrator of your company. Enter this name:"
                </p>
                <Copyable value=name.clone() what="the name" mirror="service_name" />
                <p class="help">
                    "Choose your company under " <strong>"Organization"</strong> ", then click "
                    <strong>"Create"</strong> ". In the next steps choose this project at the top of each page."
                </p>
            })}
            {ticks.step("G2", view! {
                <p>
                    "Open " {console.link(Page::GmailApi)} " and click " <strong>"Enable"</strong> ". "
                    <span class="soft">"APIs & Services > Library"</span>
                </p>
            })}
            {ticks.step("G3", view! {
                <p>
                    "Open " {console.link(Page::PeopleApi)} " and click " <strong>"Enable"</strong>
                    ". It gives access to contacts."
                </p>
            })}
            {ticks.step("G4", view! {
                <p>
                    "Open " {console.link(Page::Branding)} ". Is there a button "
                    <strong>"Get started"</strong>
                    "? Click it. Enter the name of step G1 as " <strong>"App name"</strong>
                    ", and your email. Users see both when they sign in. "
                    <span class="soft">"Google Auth Platform > Branding"</span>
                </p>
            })}
            {ticks.step("G5", view! { <Internal console=console.clone() /> })}
        </ol>
        {forbidden(shown)}
    };
    Part { title: "Set up a project at Google", steps: steps.into_any(), values: None }
}

/// Help for a user who may not create projects: a text to send to their administrator.
fn forbidden(shown: &Shown) -> impl IntoView + use<> {
    let (name, redirect_uri) = (shown.name.clone(), shown.redirect_uri.clone());
    let scopes = shown.scopes.join(", ");
    view! {
        <details class="disclosure">
            <summary>"Not allowed to create projects?"</summary>
            <div class="stack tight">
                <p>
                    "Ask an administrator of your company for the role " <strong>"Project Creator"</strong>
                    ", or send them this message:"
                </p>
                <Copying>
                    "Please create a project in Google Cloud, in our organization. Enable the Gmail API and the People \
                     API. Set up the Google Auth Platform with the app name "
                    <span data-mirror="service_name">{name}</span>
                    " and the audience Internal. Add these scopes under Data Access: "
                    <span data-mirror="scopes">{scopes}</span>
                    ". Create an OAuth client of the type Web application with the authorized redirect URI "
                    {redirect_uri} ". Then send me its Client ID and its client secret in a safe way."
                </Copying>
            </div>
        </details>
    }
}

fn permissions(shown: &Shown) -> Part {
    let Shown { ticks, console, .. } = shown;
    let steps = view! {
        <ol class="steps" role="list">
            {ticks.step("G6", view! {
                <p>
                    "Open " {console.link(Page::DataAccess)} " and click "
                    <strong>"Add or remove scopes"</strong> ". "
                    <span class="soft">"Google Auth Platform > Data Access"</span>
                </p>
            })}
            {ticks.step("G7", view! {
                <p>
                    "Copy all names under " <em>"Permissions to add"</em> " into the box "
                    <strong>"Manually add scopes"</strong> ". Click " <strong>"Add to table"</strong> ", then "
                    <strong>"Update"</strong> "."
                </p>
            })}
            {ticks.step("G8", view! { <p>"Click " <strong>"Save"</strong> " at the end of the page."</p> })}
        </ol>
    };
    Part {
        title: "Add the permissions at Google",
        steps: steps.into_any(),
        values: Some(permissions_to_add(shown).into_any()),
    }
}

/// The names of the permissions, and the class of each optional one.
fn permissions_to_add(shown: &Shown) -> impl IntoView + use<> {
    let scopes = shown.scopes.clone();
    let (required, optional): (Vec<&Permission>, Vec<&Permission>) =
        PERMISSIONS.iter().partition(|permission| permission.required);
    let required: Vec<_> = required.into_iter().map(|permission| permission.name).collect();
    let classes = optional
        .into_iter()
        .map(|permission| {
            let is_hidden = !scopes.contains(&permission.name);
            let class = Class::of(permission.name).words();
            view! {
                <li data-scope=permission.name hidden=is_hidden>
                    <code>{short_name(permission.name)}</code> ": " {class}
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="stack tight">
            <h3>"Permissions to add"</h3>
            <div class="copy names">
                <code data-mirror="names" data-required=required.join(" ")>{scopes.join("\n")}</code>
                <CopyButton what="all names" />
            </div>
            <p class="help">"How Google classes each permission:"</p>
            <ul class="list help" role="list">{classes}</ul>
            <p class="help">
                "With the audience " <em>"Internal"</em> " the class makes no difference. With " <em>"External"</em>
                " Google reviews an application with sensitive permissions, and one with restricted permissions needs a \
                 security assessment every year."
            </p>
        </div>
    }
}

fn client(shown: &Shown) -> Part {
    let Shown { name, redirect_uri, ticks, console, .. } = shown;
    let steps = view! {
        <ol class="steps" role="list">
            {ticks.step("G9", view! {
                <p>
                    "Open " {console.link(Page::NewClient)} ". As " <strong>"Application type"</strong> " choose "
                    <strong>"Web application"</strong> ", and no other. "
                    <span class="soft">"Google Auth Platform > Clients > Create client"</span>
                </p>
            })}
            {ticks.step("G10", view! {
                <p>"Enter this name:"</p>
                <Copyable value=name.clone() what="the name of the client" mirror="service_name" />
            })}
            {ticks.step("G11", view! {
                <p>
                    "Under " <strong>"Authorized redirect URIs"</strong> " click " <strong>"Add URI"</strong>
                    " and enter this address:"
                </p>
                <Copyable value=redirect_uri.clone() what="the Redirect URI" />
                <p class="help">
                    "Do not enter it under " <em>"Authorized JavaScript origins"</em>
                    ". Later you find the address under " {console.link(Page::Clients)} "."
                </p>
            })}
            {ticks.step("G12", view! { <IdAndSecret /> })}
        </ol>
    };
    Part { title: "Create the OAuth client at Google", steps: steps.into_any(), values: None }
}
