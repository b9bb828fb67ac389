//! The part of the form that lets the user choose the optional permissions, and shows all of them.

use leptos::prelude::*;

use crate::{
    providers::{Field, Names, Permission, SharedProvider},
    ui::widgets::{FieldError, HelpMark},
};

/// The choice of the optional permissions, and behind a disclosure what each permission allows.
#[component]
pub fn ApiScope(
    provider: SharedProvider,
    chosen: Vec<String>,
    error: Option<String>,
    /// The line of help.
    line: Option<&'static str>,
) -> impl IntoView {
    let id = Field::Permissions.name();
    let names = provider.names();
    let (required, optional): (Vec<&Permission>, Vec<&Permission>) =
        provider.permissions().iter().partition(|permission| permission.required);
    let choices = optional
        .iter()
        .map(|permission| {
            view! {
                <li class="choice">
                    <label>
                        <input
                            type="checkbox"
                            name=format!("{id}[]")
                            value=permission.name
                            checked=chosen.iter().any(|name| name == permission.name)
                        />
                        <span>{permission.allows} " " <code>{permission.name}</code></span>
                    </label>
                </li>
            }
        })
        .collect_view();
    let required = by_meaning(&required)
        .into_iter()
        .map(|(allows, names)| view! { <li><code>{names.join(", ")}</code> ": " {allows} "."</li> })
        .collect_view();
    let optional = optional
        .into_iter()
        .map(
            |permission| view! { <li><code>{permission.name}</code> ": " {approval(names, permission)}</li> },
        )
        .collect_view();
    let line = line.map(|line| view! { " " <span class="help" id=format!("{id}-help")>{line}</span> });
    let described = [line.is_some().then(|| format!("{id}-help")), Some(format!("{id}-error"))];
    let described: Vec<_> = described.into_iter().flatten().collect();
    let label = format!("{id}-label");
    view! {
        <fieldset class="field" id=id aria-labelledby=label aria-describedby=described.join(" ")>
            <legend><span id=label.clone()>"What should your software do?"</span> {line}</legend>
            <HelpMark label="API scope" words=provider.help(&Field::Permissions).mark />
            <ul class="choices compact" role="list">{choices}</ul>
            <FieldError id=format!("{id}-error") error=error />
        </fieldset>
        <details class="disclosure">
            <summary>"View API scope"</summary>
            <div class="stack tight note">
                <p>"Every connector asks for these permissions:"</p>
                <ul class="list">{required}</ul>
                <p>"The permissions that you choose:"</p>
                <ul class="list">{optional}</ul>
            </div>
        </details>
    }
}

/// The permissions in groups that allow the same.
fn by_meaning(permissions: &[&'static Permission]) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut groups: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
    for permission in permissions {
        match groups.iter_mut().find(|(allows, _)| *allows == permission.allows) {
            Some((_, names)) => names.push(permission.name),
            None => groups.push((permission.allows, vec![permission.name])),
        }
    }
    groups
}

/// The users who can allow a permission.
fn approval(names: &Names, permission: &Permission) -> String {
    if permission.needs_administrator {
        format!("In most companies a {} must allow this once for everyone.", names.administrator)
    } else {
        "Each user can allow this, unless the company has switched that off.".to_owned()
    }
}
