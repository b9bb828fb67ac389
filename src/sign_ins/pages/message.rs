//! Ready messages: what another person has to do, as a text that the reader copies and sends to them.

use std::fmt::Write;

use leptos::prelude::*;

use super::remedy::Offers;
use crate::{
    connectors::service::Connector,
    providers::{
        ProviderWords,
        diagnosis::{Cause, Diagnosis, Remedy, Who},
    },
    ui::to_copy::{ToCopy, mail_link},
};

/// The person to whom a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// An administrator of the company whose account signs in.
    Administrator,
    Operator,
}

impl Recipient {
    /// The person who takes the step of a cause; `None` if the page itself offers that step.
    pub fn of(cause: &Cause) -> Option<Self> {
        match (cause.remedy, cause.who) {
            (Remedy::Message, Who::Operator) => Some(Self::Operator),
            (Remedy::Message | Remedy::Consent, _) => Some(Self::Administrator),
            _ => None,
        }
    }

    const fn id(self) -> &'static str {
        match self {
            Self::Administrator => "administrator-title",
            Self::Operator => "operator-title",
        }
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::Administrator => "Message for the administrator",
            Self::Operator => "Message for the operator",
        }
    }

    /// In the words of the button that copies it.
    const fn what(self) -> &'static str {
        match self {
            Self::Administrator => "the message for the administrator",
            Self::Operator => "the message for the operator",
        }
    }
}

/// A message to another person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    to: Recipient,
    subject: String,
    text: String,
}

impl Message {
    /// Asks an administrator of a company to allow a connector's permissions at this address.
    pub fn asking_for_consent(connector: &Connector, offers: &Offers, address: &str) -> Self {
        let mut text = greeting(connector, offers);
        write_request(&mut text, connector, address);
        text.push_str(&ending(offers));
        Self { to: Recipient::Administrator, subject: subject(connector), text }
    }

    /// Asks a person to take the steps of an explanation that only they can take; `None` if there are none.
    pub fn about(
        to: Recipient,
        diagnosis: &Diagnosis,
        connector: &Connector,
        offers: &Offers,
        said: Option<&ProviderWords>,
    ) -> Option<Self> {
        let steps: Vec<_> =
            diagnosis.causes.iter().filter(|cause| Recipient::of(cause) == Some(to)).collect();
        let consents = steps.iter().any(|cause| cause.remedy == Remedy::Consent);
        let approval = offers.approval.as_deref().filter(|_| consents);
        let others: Vec<_> = steps.into_iter().filter(|cause| cause.remedy != Remedy::Consent).collect();
        if approval.is_none() && others.is_empty() {
            return None;
        }
        let mut text = match approval {
            Some(address) => {
                let mut text = greeting(connector, offers);
                write_request(&mut text, connector, address);
                text
            }
            None => report(diagnosis, connector, offers),
        };
        if !others.is_empty() {
            let head = if approval.is_some() { "\nIf that does not help:\n" } else { "\nPlease do this:\n" };
            text.push_str(head);
            for cause in &others {
                write_step(&mut text, cause, others.len() > 1 || approval.is_some());
            }
        }
        write_words(&mut text, connector, said);
        text.push_str(&ending(offers));
        Some(Self { to, subject: subject(connector), text })
    }
}

fn subject(connector: &Connector) -> String {
    format!("Sign-in to {}", connector.service_name.as_str())
}

/// The organisation that asks, and the application.
fn greeting(connector: &Connector, offers: &Offers) -> String {
    format!(
        "Hello,\n\n{} asks you to allow the application “{}” for the users of your company. Until then they cannot \
         sign in to it.\n",
        offers.asker.organisation,
        connector.service_name.as_str()
    )
}

/// The beginning of a message: the failure, the application, and the user who reports it.
fn report(diagnosis: &Diagnosis, connector: &Connector, offers: &Offers) -> String {
    format!(
        "Hello,\n\na sign-in to the application “{}” of {} failed.\n\nReason: {}. {}\n\nApplication: {}\n\
         Client ID: {}\n",
        connector.service_name.as_str(),
        offers.asker.organisation,
        diagnosis.title,
        diagnosis.what,
        connector.service_name.as_str(),
        connector.client_id
    )
}

fn ending(offers: &Offers) -> String {
    format!(
        "\nPlease tell me when it is done.\n\nThank you\n{}, {}\n",
        offers.asker.name, offers.asker.organisation
    )
}

/// The application with its permissions, and how to allow them.
fn write_request(text: &mut String, connector: &Connector, address: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\nApplication: {}\nClient ID: {}\nPermissions:",
        connector.service_name.as_str(),
        connector.client_id
    );
    for scope in &connector.scopes {
        let known = connector.provider.permissions().iter().find(|known| known.name == scope);
        let _ = match known {
            Some(permission) => writeln!(text, "- {scope}: {}", permission.allows),
            None => writeln!(text, "- {scope}"),
        };
    }
    let _ = writeln!(
        text,
        "\nPlease do this:\n1. Open this link: {address}\n2. Sign in as a {}.\n3. Compare the application and the \
         permissions with this message.\n4. Click Accept.\n\nThis allows the permissions for all users of your company. \
         No mailbox is connected.",
        connector.names().administrator
    );
}

fn write_step(text: &mut String, cause: &Cause, is_listed: bool) {
    let _ = match (is_listed, cause.when) {
        (true, "") => writeln!(text, "- {}", cause.next),
        (true, when) => writeln!(text, "- {when}: {}", cause.next),
        (false, _) => writeln!(text, "{}", cause.next),
    };
}

/// The codes and ids of the provider, by which its support and its logs find the sign-in.
fn write_words(text: &mut String, connector: &Connector, said: Option<&ProviderWords>) {
    let Some(said) = said else { return };
    let code = connector.provider.code(said).map(|code| code.text);
    let known = [
        ("Error code", code.as_deref()),
        ("Correlation ID", said.correlation_id.as_deref()),
        ("Trace ID", said.trace_id.as_deref()),
    ];
    let mut lines = known.into_iter().filter_map(|(name, value)| Some((name, value?))).peekable();
    if lines.peek().is_some() {
        let _ = writeln!(text, "\n{} said:", connector.names().provider);
    }
    for (name, value) in lines {
        let _ = writeln!(text, "{name}: {value}");
    }
}

/// A message with the button that copies it.
#[component]
pub fn MessageCard(
    message: Message,
    /// Whether to copy it is the main action of the page.
    primary: bool,
) -> impl IntoView {
    let Message { to, subject, text } = message;
    let mail = mail_link(None, &subject, &text);
    view! {
        <section class="card low message" aria-labelledby=to.id()>
            <h2 id=to.id()>{to.heading()}</h2>
            <ToCopy label=to.heading() text=text what=to.what() primary=primary mail=Some(mail) />
        </section>
    }
}
