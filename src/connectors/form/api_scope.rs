//! The part of the form that shows a connector's permissions and lets the user choose the optional ones.

use leptos::prelude::*;

use super::mark;
use crate::{
    connectors::model::{Field, Permission, optional_permissions, required_permissions},
    ui::{
        icons::Icon,
        widgets::{FieldError, HelpMark},
    },
};

/// The permissions; the user chooses the optional ones.
#[component]
pub fn ApiScope(chosen: Vec<String>, error: Option<String>) -> impl IntoView {
    let id = Field::Permissions.name();
    let required = required_permissions()
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
    let optional = optional_permissions()
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
                            <span class="help">{approval(permission)}</span>
                        </span>
                    </label>
                </li>
            }
        })
        .collect_view();
    view! {
        <details class="disclosure" open id=id>
            <summary>"View API scope"</summary>
            <div class="stack field">
                <HelpMark label="API scope" words=mark(Field::Permissions) />
                <p class="help">
                    "What your software may do for a user who has signed in. Enable the same permissions in \
                     Azure (part B of the guide)."
                </p>
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

fn approval(permission: &Permission) -> AnyView {
    if permission.needs_administrator {
        view! { <strong>"A Microsoft 365 administrator must approve it"</strong>" in most companies, once for everyone." }
            .into_any()
    } else {
        "Each user can approve it, unless the company forbids that.".into_any()
    }
}
