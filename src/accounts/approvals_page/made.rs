//! A new consent link, shown once, with a message to send.

use leptos::prelude::*;
use secrecy::ExposeSecret;

use crate::{
    accounts::service::consent_links::MadeConsentLink,
    ui::{
        to_copy::{ToCopy, mail_link},
        widgets::{Copyable, Moment, Notice, Tone},
    },
};

/// A new link, with what its message says.
pub(super) struct Made {
    pub link: MadeConsentLink,
    /// The company that runs the mailboxes.
    pub provider: &'static str,
    /// The name of the connector.
    pub application: String,
    pub organisation: String,
    /// The name of the administrator who made it.
    pub sender: String,
}

/// The message with the link.
fn message(made: &Made) -> String {
    let Made { link, provider, application, organisation, sender } = made;
    let (url, until) = (link.url.expose_secret(), link.expires_at.for_people());
    format!(
        "Hello,\n\nusers of your company ({}) are asked to connect their mailboxes to the software “{application}” of \
         {organisation}. {provider} requires that an administrator of your company allows it first. Open this link, \
         and sign in with {provider} as an administrator:\n\n{url}\n\nThe page says which permissions are asked for. \
         No mailbox is connected to you. The link works until {until}.\n\n{sender}\n",
        link.directory_name
    )
}

const SUBJECT: &str = "Please allow our software for your company";

#[component]
pub(super) fn MadeLink(made: Made) -> impl IntoView {
    let message = message(&made);
    let mail = mail_link(None, SUBJECT, &message);
    let MadeConsentLink { url, directory_name, expires_at } = made.link;
    view! {
        <Notice tone=Tone::Good title="Copy the link now: it is not shown again">
            <Copyable value=url.expose_secret().to_owned() what="the link" />
            <p>
                "It asks an administrator of " <bdi>{directory_name}</bdi> ", until " <Moment at=expires_at /> "."
            </p>
        </Notice>
        <section class="card low message text" aria-labelledby="message-title">
            <h2 id="message-title">"Message to send"</h2>
            <ToCopy label="Message to send" text=message what="the message" primary=true mail=Some(mail) />
        </section>
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::platform::clock::Timestamp;

    #[test]
    fn the_message_has_the_link_its_end_and_the_asker_and_connects_no_mailbox() {
        let message = message(&Made {
            link: MadeConsentLink {
                url: SecretString::from("https://mail.contoso.test/consent/abc"),
                directory_name: "fabrikam.test".to_owned(),
                expires_at: Timestamp::from_micros(1_795_417_030_000_000),
            },
            provider: "Contoso Mail",
            application: "Mail archive".to_owned(),
            organisation: "Contoso".to_owned(),
            sender: "Ada Example".to_owned(),
        });
        for words in [
            "users of your company (fabrikam.test) are asked",
            "the software “Mail archive” of Contoso",
            "sign in with Contoso Mail as an administrator:\n\nhttps://mail.contoso.test/consent/abc\n",
            "No mailbox is connected to you.",
            "until 23 Nov 2026, 06:57 UTC",
            "Ada Example",
        ] {
            assert!(message.contains(words), "{words:?} is not in {message}");
        }
    }
}
