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
            "The company that keeps the mailboxes: Outlook means Microsoft 365 and Outlook.com. Mailboxes \
             of other companies cannot sign in through this connector.",
        ),
        Field::ServiceName => (
            "Use the name of your Azure application.",
            "The name of the connector here. Best use the name that your application has on its Overview page in \
             Azure, which users see when they sign in. With another name no one finds the application.",
        ),
        Field::ClientId => (
            "Application (client) ID on your application’s Overview page in Azure.",
            "The number by which Microsoft knows your application: Application (client) ID on its Overview page. \
             With the Object ID, the line below it, Microsoft says that there is no such application \
             (AADSTS700016).",
        ),
        Field::ClientSecret => (
            "From the column Value, not Secret ID. It is stored encrypted and never shown again.",
            "Your application’s password: the column Value under Certificates & secrets, which Azure shows only \
             right after the secret was made. With the Secret ID beside it every sign-in fails (AADSTS7000215).",
        ),
        Field::SecretExpires => (
            "What you chose in Azure when you made the secret.",
            "The last day of the secret: the column Expires under Certificates & secrets. After it no one can sign \
             in (AADSTS7000222), so you are warned here 60 days before.",
        ),
        Field::Permissions => (
            "What your software may do for a user who has signed in. Enable the same permissions in \
             Azure (part B of the guide).",
            "What your software may do with a mailbox: the delegated permissions under API permissions in Azure. \
             One that is not listed there, or that a Microsoft 365 administrator must approve and has not, is not granted.",
        ),
        Field::Setting(_) if *field == Field::REDIRECT_URI => (
            "Your Azure application must have exactly this address, under the platform Web.",
            "The address to which Microsoft sends people back. It is registered under Authentication, platform Web. \
             If one character differs, Microsoft says AADSTS50011 and no one comes back.",
        ),
        Field::Setting(name) => return help_of_setting(name),
    };
    FieldHelp { line, mark }
}

/// The help at a field of Microsoft's own.
fn help_of_setting(name: &str) -> FieldHelp {
    let (line, mark) = match name {
        ACCOUNT_TYPE => (
            "Decide here, and choose the same in Azure under Supported account types.",
            "Whose accounts may sign in: Supported account types under Authentication in Azure. If it differs from \
             Azure, Microsoft stops people on its own page (AADSTS50194, AADSTS9002331).",
        ),
        TENANT => (
            "Directory (tenant) ID on the Overview page, or your domain, such as contoso.com.",
            "Your company’s directory at Microsoft: Directory (tenant) ID on the Overview page. With another \
             company’s tenant your own users are refused (AADSTS50020).",
        ),
        _ => ("", ""),
    };
    FieldHelp { line, mark }
}

/// The fields that only Microsoft has.
pub fn fields(model: &FieldsView) -> AnyView {
    view! { <WhoMaySignIn model=model.clone() /> }.into_any()
}

/// The choice of the account type, with the field for the tenant at the one that needs it.
#[component]
fn WhoMaySignIn(model: FieldsView) -> impl IntoView {
    let FieldsView { values, errors, focus } = model;
    let chosen = values.get(ACCOUNT_TYPE).and_then(|name| AccountType::from_name(name)).unwrap_or_default();
    let error = errors.get(ACCOUNT_TYPE).cloned();
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
            focus={focus.as_deref() == Some(TENANT)}
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
                            <span class="help">"Older portal: " {kind.older_label()}</span>
                        </span>
                    </label>
                    {more}
                </div>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field" aria-describedby=format!("{ACCOUNT_TYPE}-error")>
            <legend>{ACCOUNT_TYPE_LABEL}</legend>
            <HelpMark label=ACCOUNT_TYPE_LABEL words=help_of_setting(ACCOUNT_TYPE).mark />
            <p class="help">"Decide here, and choose the same in Azure under " <em>"Supported account types"</em> "."</p>
            <div class="choices">{choices}</div>
            <FieldError id=format!("{ACCOUNT_TYPE}-error") error=error />
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
