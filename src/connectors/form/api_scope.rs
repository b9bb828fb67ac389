//! The part of the form that shows a connector's permissions and lets the user choose the optional ones.

use leptos::prelude::*;

use crate::{
    providers::{Field, Names, Permission, SharedProvider},
    ui::{
        icons::Icon,
        widgets::{FieldError, HelpMark},
    },
};

/// The permissions; the user chooses the optional ones.
#[component]
pub fn ApiScope(provider: SharedProvider, chosen: Vec<String>, error: Option<String>) -> impl IntoView {
    let id = Field::Permissions.name();
    let names = provider.names();
    let (required, optional): (Vec<&Permission>, Vec<&Permission>) =
        provider.permissions().iter().partition(|permission| permission.required);
    let required = required
        .into_iter()
        .map(|permission| {
            view! {
                <li class="choice">
                    <div class="fixed">
                        {Icon::Tick.draw()}
                        <span>
                            <code>{permission.name}</code>
                            <span class="help">{permission.allows} "."</span>
                        </span>
                    </div>
                </li>
            }
        })
        .collect_view();
    let optional = optional
        .into_iter()
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
                        <span>
                            <code>{permission.name}</code>
                            <span class="help">{permission.allows} "."</span>
                            <span class="help">{approval(names, permission)}</span>
                        </span>
                    </label>
                </li>
            }
        })
        .collect_view();
    let help = provider.help(&Field::Permissions);
    view! {
        <details class="disclosure" open id=id>
            <summary>"View API scope"</summary>
            <div class="stack field">
                <HelpMark label="API scope" words=help.mark />
                <p class="help">{help.line}</p>
                <div class="stack tight">
                    <h3 id="required">"Required"</h3>
                    <ul class="choices" role="list" aria-labelledby="required">{required}</ul>
                </div>
                <fieldset class="field" aria-describedby=format!("{id}-error")>
                    <legend>"Optional"</legend>
                    <ul class="choices" role="list">{optional}</ul>
                    <FieldError id=format!("{id}-error") error=error />
                </fieldset>
            </div>
        </details>
    }
}

fn approval(names: &Names, permission: &Permission) -> AnyView {
    if permission.needs_administrator {
        let words = format!("A {} must approve it", names.administrator);
        view! { <strong>{words}</strong>" in most companies, once for everyone." }.into_any()
    } else {
        "Each user can approve it, unless the company forbids that.".into_any()
    }
}
