//! The page that shows a new link once, with a message to send.

use leptos::prelude::*;
use secrecy::ExposeSecret;

use crate::{
    accounts::service::{AccountId, links::MadeLink},
    connectors::service::ConnectorId,
    platform::clock::Timestamp,
    ui::{
        email::EmailText,
        to_copy::{ToCopy, mail_link},
        widgets::{Back, Copyable, Moment, Notice, Tone},
    },
};

/// A new link, with what its message says.
pub(super) struct Made {
    pub link: MadeLink,
    /// The account for which it was made.
    pub account: Option<AccountId>,
    /// The connector through which it connects the mailbox.
    pub connector: Option<ConnectorId>,
    /// The email of the mailbox, if one is expected.
    pub email: Option<String>,
    /// The company that runs the mailbox.
    pub provider: &'static str,
    /// The name of the organisation that the page behind the link shows.
    pub organisation: String,
    /// The name of the administrator who made it.
    pub sender: String,
}

/// The message with the link.
fn message(made: &Made) -> String {
    let Made { link, email, provider, organisation, sender, account, .. } = made;
    let what = match (account, email) {
        (Some(_), Some(email)) => {
            format!("Please sign in once more for the mailbox {email}.")
        }
        (_, Some(email)) => format!("Please connect your mailbox {email}."),
        (_, None) => "Please connect your mailbox.".to_owned(),
    };
    let (url, until) = (link.url.expose_secret(), link.expires_at.for_people());
    format!(
        "Hello,\n\n{what} Open this link and sign in with {provider}:\n\n{url}\n\nThe page says which permissions \
         {organisation} asks for. The link works once, until {until}. It is only for you: please do not pass it on.\n\n\
         {sender}\n"
    )
}

const SUBJECT: &str = "Please connect your mailbox";
const SUBJECT_AGAIN: &str = "Please sign in to your mailbox again";

#[component]
pub(super) fn MadeLinkPage(made: Made) -> impl IntoView {
    let message = message(&made);
    let subject = if made.account.is_some() { SUBJECT_AGAIN } else { SUBJECT };
    let mail = mail_link(made.email.as_deref(), subject, &message);
    let Made { link, account, connector, email, .. } = made;
    let MadeLink { url, expires_at, .. } = link;
    let (back, what, again) = match account {
        Some(id) => {
            (format!("/accounts/{id}"), email.clone().unwrap_or_default(), format!("/accounts/{id}/link"))
        }
        None => ("/accounts".to_owned(), "Accounts".to_owned(), "/accounts/new".to_owned()),
    };
    view! {
        <div class="head">
            <div>
                <Back to=back.clone() what=what />
                <h1>"The link is ready"</h1>
            </div>
        </div>
        <Ready
            url=url.expose_secret().to_owned()
            email=email
            connector=connector
            expires_at=expires_at
        />
        <section class="card low message text" aria-labelledby="message-title">
            <h2 id="message-title">"Message to send"</h2>
            <ToCopy label="Message to send" text=message what="the message" primary=true mail=Some(mail) />
        </section>
        <div class="row">
            <a class="button" href=back>{if account.is_some() { "Back to the account" } else { "Go to Accounts" }}</a>
            <a class="button plain" href=again>"Make another link"</a>
        </div>
    }
}

/// The link itself.
#[component]
fn Ready(
    url: String,
    email: Option<String>,
    connector: Option<ConnectorId>,
    expires_at: Timestamp,
) -> impl IntoView {
    let whom = match email {
        Some(email) => view! { "It connects the mailbox " <EmailText email=email /> " only. " }.into_any(),
        None => "It connects any mailbox that the connector accepts. ".into_any(),
    };
    let revoke = connector.map(|id| {
        let to = format!("/connectors/{id}/links");
        view! { " You can revoke it among the " <a href=to>"links of the connector"</a> "." }
    });
    view! {
        <Notice tone=Tone::Good title="Copy the link now: it is not shown again">
            <Copyable value=url what="the link" />
            <p>{whom} "It works once, until " <Moment at=expires_at /> "." {revoke}</p>
        </Notice>
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use uuid::Uuid;

    use super::*;
    use crate::accounts::service::links::LinkId;

    #[test]
    fn the_message_has_the_link_its_end_and_the_asker() {
        let made = |account, email: Option<&str>| Made {
            link: MadeLink {
                id: LinkId(Uuid::from_u128(1)),
                url: SecretString::from("https://mail.contoso.test/connect/abc"),
                expires_at: Timestamp::from_micros(1_795_417_030_000_000),
            },
            account,
            connector: None,
            email: email.map(str::to_owned),
            provider: "Contoso Mail",
            organisation: "Contoso".to_owned(),
            sender: "Ada Example".to_owned(),
        };
        let first = message(&made(None, None));
        for words in [
            "Please connect your mailbox. Open",
            "sign in with Contoso Mail:\n\nhttps://mail.contoso.test/connect/abc\n",
            "which permissions Contoso asks for",
            "until 23 Nov 2026, 06:57 UTC",
            "Ada Example",
        ] {
            assert!(first.contains(words), "{words:?} is not in {first}");
        }
        assert!(
            message(&made(None, Some("alice@contoso.test"))).contains("your mailbox alice@contoso.test.")
        );
        let again = message(&made(Some(AccountId(Uuid::from_u128(2))), Some("alice@contoso.test")));
        assert!(again.contains("sign in once more for the mailbox alice@contoso.test. Open"), "{again}");
    }
}
