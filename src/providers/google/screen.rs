//! Google's part of the connector's form: the help at each field, and the field that only Google has.

use leptos::prelude::*;

use super::{form::HOSTED_DOMAIN, names::NAMES};
use crate::{
    providers::{
        Field,
        guide::Row,
        provider::{CredentialsFile, FieldHelp, FieldsView},
    },
    ui::widgets::{FieldKind, TextField},
};

/// The label of the field with the Google Workspace domain.
pub const HOSTED_DOMAIN_LABEL: &str = "Only accounts of this domain";

/// The file that Google offers for an OAuth client.
pub const FILE: CredentialsFile = CredentialsFile {
    label: "JSON file of the OAuth client",
    help: FieldHelp {
        line: "It fills both fields below.",
        mark: "The file client_secret_….json that Google offers when you create the OAuth client: Download JSON. Your \
               browser reads it here and sends only the Client ID and the secret. It must be the file of a Web \
               application.",
    },
};

/// The help at a field, or at our Redirect URI.
pub fn help(field: &Field) -> FieldHelp {
    let (line, mark) = match field {
        Field::Provider => (
            NAMES.mailboxes,
            "The company that keeps the mailboxes. Gmail means accounts of gmail.com and of Google Workspace. Mailboxes \
             of other companies cannot sign in through this connector.",
        ),
        Field::ServiceName => (
            "Use the App name that you enter at Google.",
            "The name of this connector. Use the App name of your project at Google: then your colleagues recognise it. \
             Users see the App name when they sign in.",
        ),
        Field::ClientId => (
            "It ends in .apps.googleusercontent.com. Or paste the whole JSON file.",
            "The ID of your OAuth client at Google. In the console: Google Auth Platform > Clients > your client. Do not \
             copy the project number or the email of a service account.",
        ),
        Field::ClientSecret => (
            "It begins with GOCSPX-. We store it encrypted.",
            "The password of your OAuth client. Google shows it once, right after you create it. Was it lost? Add another \
             secret: Google Auth Platform > Clients > your client > Add secret.",
        ),
        Field::SecretExpires => (
            "Google’s secrets do not expire. Leave it empty.",
            "Enter a day only if your company changes its secrets on a day of its own. You are warned here 60 days \
             before.",
        ),
        Field::Permissions => (
            "Add the same at Google.",
            "What your software may do in a mailbox. Add the same permissions at Google, under Data Access. Users can \
             untick single permissions when they sign in.",
        ),
        Field::Setting(_) if *field == Field::REDIRECT_URI => (
            "Enter it at Google, under Authorized redirect URIs.",
            "The address to which Google sends users back. In the console: Google Auth Platform > Clients > your client > \
             Authorized redirect URIs. It must be the same there, character by character. Otherwise Google shows \
             redirect_uri_mismatch.",
        ),
        Field::Setting(name) => return help_of_setting(name),
    };
    FieldHelp { line, mark }
}

/// The help at a field of Google's own.
fn help_of_setting(name: &str) -> FieldHelp {
    let (line, mark) = match name {
        HOSTED_DOMAIN => (
            "Optional: the main domain of your Google Workspace, such as contoso.com.",
            "Accounts of other domains and of gmail.com are then refused. Leave it empty if every account that the \
             application lets in may sign in. Write the main domain also for users who have a further domain.",
        ),
        _ => ("", ""),
    };
    FieldHelp { line, mark }
}

/// The field that only Google has: a decision.
pub fn fields(row: Row, model: &FieldsView) -> Option<AnyView> {
    if row != Row::Decide {
        return None;
    }
    let FieldHelp { line, mark } = help_of_setting(HOSTED_DOMAIN);
    let field = view! {
        <TextField
            name=HOSTED_DOMAIN
            label=HOSTED_DOMAIN_LABEL
            help=line
            mark=Some(mark)
            kind=FieldKind::Code
            value=model.values.get(HOSTED_DOMAIN).cloned().unwrap_or_default()
            error=model.errors.get(HOSTED_DOMAIN).cloned()
            required=false
        />
    };
    Some(field.into_any())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_help() {
        let names = ["provider", "service_name", "client_id", "client_secret", "secret_expires_on", "scopes"];
        for name in names.into_iter().chain([HOSTED_DOMAIN, "redirect_uri"]) {
            let FieldHelp { line, mark } = help(&Field::of(name));
            assert!(!line.is_empty() && !mark.is_empty(), "{name}");
        }
    }
}
