//! Sending, against a Gmail that answers from a script.

mod answers;
mod drafts;
mod edits;

use serde_json::json;

use super::wire::{Reply, Wire, empty, error, failure, file, found, missing, raw, unreadable};
use crate::providers::{
    google::permissions::{GMAIL_MODIFY, GMAIL_READ, GMAIL_SEND},
    mailbox::{Address, Basis, Content, Limit, MailError, MailProblem, MailboxSending, Outgoing},
};

const MESSAGE_ID: &str = "<1@mail360.test>";
const OWN: &str = "ada@contoso.test";

fn person(email: &str) -> Address {
    Address { name: None, email: email.to_owned() }
}

fn outgoing() -> Outgoing {
    Outgoing {
        message_id: MESSAGE_ID.to_owned(),
        to: vec![person("to@contoso.test")],
        subject: Some("Hello".to_owned()),
        content: Some(Content { text: "Hello".to_owned(), is_html: false }),
        ..Outgoing::default()
    }
}

/// A draft that Gmail has made.
fn made() -> Reply {
    found(json!({ "id": "r1", "message": { "id": "1a", "threadId": "1a", "labelIds": ["DRAFT"] } }))
}

fn later() -> MailProblem {
    MailProblem::Throttled { limit: Limit::Provider, retry_after: None }
}

fn problem<T>(result: Result<T, MailError>) -> Option<MailProblem> {
    result.err().map(|error| error.problem)
}

#[test]
fn the_limit_is_that_of_gmail_and_drafts_are_made_with_their_files() {
    let wire = Wire::new([]);
    let limits = wire.mailbox.send_limits();
    assert_eq!((limits.message, limits.without_draft), (36_700_160, 36_700_160));
    assert!(wire.mailbox.makes_whole_drafts());
    let size = wire.mailbox.encoded_size(&outgoing(), &[file("f", vec![0; 3_000_000])]);
    assert!(size > 4_000_000 && size < 4_200_000);
}

#[tokio::test]
async fn the_addresses_of_the_mailbox_are_read_once_a_day() {
    let settings = json!({ "sendAs": [{ "sendAsEmail": OWN, "isPrimary": true, "isDefault": true }] });
    let wire = Wire::new([found(settings)]);
    for _ in 0..2 {
        assert_eq!(wire.mailbox.own_addresses(&wire.call()).await.expect("addresses"), [OWN]);
    }
    assert_eq!(wire.lines(), ["GET /settings/sendAs"]);
}

#[tokio::test]
async fn without_the_settings_the_address_is_that_of_the_account() {
    let wire = Wire::new([error(403, "insufficientPermissions"), found(json!({ "emailAddress": OWN }))]);
    assert_eq!(wire.mailbox.own_addresses(&wire.call()).await.expect("addresses"), [OWN]);
    assert_eq!(wire.lines(), ["GET /settings/sendAs", "GET /profile"]);
    let wire = Wire::new([error(403, "insufficientPermissions"), error(403, "insufficientPermissions")]);
    let refused = problem(wire.mailbox.own_addresses(&wire.call()).await);
    assert_eq!(refused, Some(MailProblem::PermissionNotGranted(GMAIL_READ)));
    let wire = Wire::new([error(503, "backendError")]);
    assert_eq!(problem(wire.mailbox.own_addresses(&wire.call()).await), Some(MailProblem::Unavailable));
}
