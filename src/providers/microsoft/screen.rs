//! Microsoft's part of the connector's form: the help at each field, and the fields that only Microsoft has.

use leptos::prelude::*;

use super::{
    AccountType,
    form::{ACCOUNT_TYPE, TENANT},
    names::NAMES,
};
use crate::{
    providers::{
        Field,
        guide::Row,
        provider::{FieldHelp, FieldsView},
    },
    ui::widgets::{FieldError, FieldKind, HelpMark, TextField},
};

/// The label of the field with the account type.
pub const ACCOUNT_TYPE_LABEL: &str = "Who may sign in";
/// The label of the field with the tenant.
pub const TENANT_LABEL: &str = "Tenant";

/// The help at a field, or at our Redirect URI.
pub fn help(field: &Field) -> FieldHelp {
    let (line, mark) = match field {
        Field::Provider => (
            NAMES.mailboxes,
            "The company that keeps the mailboxes. Outlook means Microsoft 365 and Outlook.com. Mailboxes of other \
             companies cannot sign in through this connector.",
        ),
        Field::ServiceName => (
            "Use the name of your application in Azure.",
            "The name of this connector. Use the name of your application in Azure: then your colleagues recognise it. \
             Users see the name in Azure when they sign in.",
        ),
        Field::ClientId => (
            "In Azure: Overview > Application (client) ID.",
            "The ID of your application at Microsoft. In Azure: Overview > Application (client) ID. Do not copy the \
             Object ID below it: sign-ins then fail with AADSTS700016.",
        ),
        Field::ClientSecret => (
            "Value, not Secret ID. We store it encrypted.",
            "The password of your application. In Azure: Certificates & secrets > column Value. Azure shows it once, right \
             after you create it. Do not copy the Secret ID: sign-ins then fail with AADSTS7000215.",
        ),
        Field::SecretExpires => (
            "Choose the same time as in Azure.",
            "The last day of the secret. In Azure: Certificates & secrets > column Expires. After this day sign-ins fail \
             with AADSTS7000222. You are warned here 60 days before.",
        ),
        Field::Permissions => (
            "Add the same in Azure.",
            "What your software may do in a mailbox. A permission works only if you also add it in Azure, under API \
             permissions, and an administrator allows it where that is needed.",
        ),
        Field::Setting(_) if *field == Field::REDIRECT_URI => (
            "Enter it in Azure, under the platform Web.",
            "The address to which Microsoft sends users back. In Azure: Authentication, platform Web. It must be the same \
             in Azure, character by character. Otherwise Microsoft shows AADSTS50011.",
        ),
        Field::Setting(name) => return help_of_setting(name),
    };
    FieldHelp { line, mark }
}

/// The help at a field of Microsoft's own.
fn help_of_setting(name: &str) -> FieldHelp {
    let (line, mark) = match name {
        ACCOUNT_TYPE => (
            "In Azure: Supported account types.",
            "The users who can sign in. It must be the same as Supported account types in Azure, under Authentication. \
             If it differs, Microsoft stops users on its own page (AADSTS50194, AADSTS9002331).",
        ),
        TENANT => (
            "Your company’s directory at Microsoft: a domain, such as contoso.com, or the Directory (tenant) ID.",
            "Your company’s directory at Microsoft. In Azure: Overview > Directory (tenant) ID. With the tenant of another \
             company your own users are refused (AADSTS50020).",
        ),
        _ => ("", ""),
    };
    FieldHelp { line, mark }
}

/// The fields that only Microsoft has: all of them are decisions.
pub fn fields(row: Row, model: &FieldsView) -> Option<AnyView> {
    (row == Row::Decide).then(|| view! { <WhoMaySignIn model=model.clone() /> }.into_any())
}

/// The choice of the account type, with the field for the tenant at the one that needs it.
#[component]
fn WhoMaySignIn(model: FieldsView) -> impl IntoView {
    let FieldsView { values, errors } = model;
    let chosen = values.get(ACCOUNT_TYPE).and_then(|name| AccountType::from_name(name)).unwrap_or_default();
    let error = errors.get(ACCOUNT_TYPE).cloned();
    let FieldHelp { line, mark } = help_of_setting(ACCOUNT_TYPE);
    let help = help_of_setting(TENANT);
    let mut tenant = Some(view! {
        <TextField
            name=TENANT
            label=TENANT_LABEL
            help=help.line
            mark=Some(help.mark)
            kind=FieldKind::Code
            value=values.get(TENANT).cloned().unwrap_or_default()
            error=errors.get(TENANT).cloned()
            required=false
        />
    });
    let choices = AccountType::ALL
        .into_iter()
        .map(|kind| {
            let more = kind
                .needs_tenant()
                .then(|| tenant.take())
                .flatten()
                .map(|field| view! { <div class="more">{field}</div> });
            view! {
                <div class="choice">
                    <label>
                        <input
                            type="radio"
                            id=(kind == AccountType::default()).then_some(ACCOUNT_TYPE)
                            name=ACCOUNT_TYPE
                            value=kind.name()
                            checked={kind == chosen}
                        />
                        <span>
                            <span data-label>{kind.label()}</span>
                            <span class="help">{kind.meaning()}</span>
                        </span>
                    </label>
                    {more}
                </div>
            }
        })
        .collect_view();
    let older = AccountType::ALL
        .into_iter()
        .map(|kind| view! { <li>{kind.label()} ": " {kind.older_label()}</li> })
        .collect_view();
    view! {
        <fieldset
            class="field"
            aria-labelledby=format!("{ACCOUNT_TYPE}-label")
            aria-describedby=format!("{ACCOUNT_TYPE}-help {ACCOUNT_TYPE}-error")
        >
            <legend>
                <span id=format!("{ACCOUNT_TYPE}-label")>{ACCOUNT_TYPE_LABEL}</span>
                " "
                <span class="help" id=format!("{ACCOUNT_TYPE}-help")>{line}</span>
            </legend>
            <HelpMark label=ACCOUNT_TYPE_LABEL words=mark />
            <div class="choices inline">{choices}</div>
            <FieldError id=format!("{ACCOUNT_TYPE}-error") error=error />
            <details class="disclosure">
                <summary>"Azure shows other names?"</summary>
                <p class="note">"Older pages of Azure use these names:"</p>
                <ul class="list note">{older}</ul>
            </details>
        </fieldset>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_help() {
        let names = ["provider", "service_name", "client_id", "client_secret", "secret_expires_on", "scopes"];
        for name in names.into_iter().chain([ACCOUNT_TYPE, TENANT, "redirect_uri"]) {
            let FieldHelp { line, mark } = help(&Field::of(name));
            assert!(!line.is_empty() && !mark.is_empty(), "{name}");
        }
    }
}
