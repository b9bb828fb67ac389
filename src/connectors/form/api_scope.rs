//! The part of the form that lets the user choose the optional permissions, and shows all of them.

use leptos::prelude::*;

use crate::{
    providers::{Field, Names, Permission, SharedProvider},
    ui::widgets::{FieldError, HelpMark, breakable},
};

/// The choice of the optional permissions.
#[component]
pub fn ApiScope(
    provider: SharedProvider,
    chosen: Vec<String>,
    error: Option<String>,
    /// The line of help.
    line: Option<&'static str>,
) -> impl IntoView {
    let id = Field::Permissions.name();
    let optional: Vec<_> = provider.permissions().iter().filter(|permission| !permission.required).collect();
    let choices = by(&optional, |permission| permission.group)
        .into_iter()
        .map(|(group, permissions)| {
            let choices = permissions.into_iter().map(|permission| draw_choice(permission, &chosen));
            view! {
                <ul class="choices inline" role="list" aria-label=group>{choices.collect_view()}</ul>
            }
        })
        .collect_view();
    let line = line.map(|line| view! { " " <span class="help" id=format!("{id}-help")>{line}</span> });
    let described = [line.is_some().then(|| format!("{id}-help")), Some(format!("{id}-error"))];
    let described: Vec<_> = described.into_iter().flatten().collect();
    let label = format!("{id}-label");
    view! {
        <fieldset class="field" id=id aria-labelledby=label aria-describedby=described.join(" ")>
            <legend><span id=label.clone()>"What should your software do?"</span> {line}</legend>
            <HelpMark label="API scope" words=provider.help(&Field::Permissions).mark />
            <div class="stack tight">{choices}</div>
            <FieldError id=format!("{id}-error") error=error />
        </fieldset>
    }
}

/// One permission with its box. The script follows `data-includes`.
fn draw_choice(permission: &'static Permission, chosen: &[String]) -> impl IntoView + use<> {
    let Permission { name, allows, includes, .. } = *permission;
    let checked = chosen.iter().any(|chosen| chosen == name);
    // In a few words: [`ScopeDetails`] has the sentence.
    let approval =
        permission.needs_administrator.then(|| view! { <span class="help">"Admin approval"</span> });
    view! {
        <li class="choice">
            <label>
                <input
                    type="checkbox"
                    name=format!("{}[]", Field::Permissions.name())
                    value=name
                    checked=checked
                    data-includes=(!includes.is_empty()).then(|| includes.join(" "))
                />
                <span>
                    <span>{allows}</span> " " <code>{breakable(name, '.')}</code> " " {approval}
                </span>
            </label>
        </li>
    }
}

/// What each permission allows and who must approve it, behind a line that opens.
#[component]
pub fn ScopeDetails(provider: SharedProvider) -> impl IntoView {
    let names = provider.names();
    let (required, optional): (Vec<&Permission>, Vec<&Permission>) =
        provider.permissions().iter().partition(|permission| permission.required);
    let required = by(&required, |permission| permission.allows)
        .into_iter()
        .map(|(allows, permissions)| {
            let names: Vec<_> = permissions.into_iter().map(|permission| permission.name).collect();
            view! { <li><code>{breakable(&names.join(", "), '.')}</code> ": " {allows} "."</li> }
        })
        .collect_view();
    let optional = optional
        .into_iter()
        .map(|permission| {
            let Permission { name, calls, .. } = *permission;
            view! { <li><code>{breakable(name, '.')}</code> ": " {calls} " " {approval(names, permission)}</li> }
        })
        .collect_view();
    view! {
        <details class="disclosure">
            <summary>"View API scope"</summary>
            <div class="stack tight note">
                <p>"Every connector asks for these permissions:"</p>
                <ul class="list text">{required}</ul>
                <p>"The permissions that you choose, and the calls of the API that need them:"</p>
                <ul class="list text">{optional}</ul>
            </div>
        </details>
    }
}

/// The permissions in groups that have the same text.
fn by(
    permissions: &[&'static Permission],
    text: impl Fn(&Permission) -> &'static str,
) -> Vec<(&'static str, Vec<&'static Permission>)> {
    let mut groups: Vec<(&'static str, Vec<&'static Permission>)> = Vec::new();
    for permission in permissions.iter().copied() {
        let common = text(permission);
        match groups.iter_mut().find(|(group, _)| *group == common) {
            Some((_, members)) => members.push(permission),
            None => groups.push((common, vec![permission])),
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
