//! Sending, against a Graph that answers from a script.

mod at_once;
mod attaching;
mod combinations;
mod drafts;
mod uploading;
mod wire;

use serde_json::{Value, json};

use wire::{Reply, Wire, error, failure, file, found};

use super::NOW;
use crate::providers::mailbox::{
    Address, Basis, Content, Limit, MailError, MailProblem, MailboxSending, Outgoing,
};

const MESSAGE_ID: &str = "<1@mail360.test>";

fn person(email: &str) -> Address {
    Address { name: None, email: email.to_owned() }
}

#[expect(clippy::unnecessary_wraps, reason = "the field of a message")]
fn text(text: &str) -> Option<Content> {
    Some(Content { text: text.to_owned(), is_html: false })
}

fn outgoing() -> Outgoing {
    Outgoing {
        message_id: MESSAGE_ID.to_owned(),
        to: vec![person("to@contoso.test")],
        subject: Some("Hello".to_owned()),
        content: text("Hello"),
        ..Outgoing::default()
    }
}

/// The same in the JSON of Graph.
fn written() -> Value {
    json!({
        "internetMessageId": MESSAGE_ID,
        "toRecipients": [{ "emailAddress": { "address": "to@contoso.test" } }],
        "subject": "Hello",
        "body": { "contentType": "text", "content": "Hello" },
    })
}

fn answer_to(basis: Basis) -> Outgoing {
    Outgoing { basis, message_id: MESSAGE_ID.to_owned(), content: text("New"), ..Outgoing::default() }
}

/// The original of an answer.
fn original() -> Reply {
    found(json!({
        "id": "m", "subject": "Old", "from": { "emailAddress": { "address": "a@b.test" } },
        "sentDateTime": "2026-11-28T09:30:00Z",
        "body": { "contentType": "text", "content": "Old text" },
    }))
}

/// The text of an answer to it.
const QUOTED: &str = "New\r\n\r\n________________________________\r\nFrom: a@b.test\r\n\
    Sent: 28 Nov 2026, 09:30 UTC\r\nSubject: Old\r\n\r\nOld text";

fn problem<T>(result: Result<T, MailError>) -> Option<MailProblem> {
    result.err().map(|error| error.problem)
}

#[test]
fn the_limits_are_those_of_exchange() {
    let wire = Wire::new([]);
    let limits = wire.mailbox.send_limits();
    assert_eq!((limits.message, limits.warning, limits.without_draft), (157_286_400, 36_700_160, 3_000_000));
    let size = |bytes: usize| wire.mailbox.encoded_size(&outgoing(), &[file("f", vec![0; bytes])]);
    assert!(size(3_000_000) > 4_000_000 && size(3_000_000) < 4_200_000);
    assert!(size(0) < 5_000);
}

#[test]
fn ids_of_a_basis_and_of_labels_are_judged_by_their_form_without_a_request() {
    let wire = Wire::new([]);
    let check = |message: &Outgoing| problem(wire.mailbox.check_ids(message));
    let labelled = |label: &str| Outgoing { labels: vec!["UmVk".to_owned(), label.to_owned()], ..outgoing() };
    for sound in [outgoing(), answer_to(Basis::Reply("AAMk/x+y=".to_owned())), labelled("Qmx1ZQ")] {
        assert_eq!(check(&sound), None, "{sound:?}");
    }
    for wrong in ["", "!", "..", "$count", &"a".repeat(401)] {
        for basis in [Basis::Reply, Basis::ReplyAll, Basis::Forward] {
            assert_eq!(check(&answer_to(basis(wrong.to_owned()))), Some(MailProblem::NotFound), "{wrong}");
        }
    }
    assert!(matches!(check(&labelled("?")), Some(MailProblem::InvalidValue(_))));
}

#[tokio::test]
async fn the_addresses_of_the_mailbox_are_read_once_a_day() {
    let profile = json!({ "mail": "a@contoso.test", "proxyAddresses": ["smtp:b@contoso.test"] });
    let wire = Wire::new([found(profile)]);
    for _ in 0..2 {
        let own = wire.mailbox.own_addresses(&wire.call()).await.expect("addresses");
        assert_eq!(own, ["a@contoso.test", "b@contoso.test"]);
    }
    assert_eq!(wire.lines(), ["GET /me?$select=mail,userPrincipalName,proxyAddresses"]);
}

#[tokio::test]
async fn an_account_without_further_addresses_has_its_name() {
    let private = json!({ "mail": null, "userPrincipalName": "a@outlook.test" });
    let wire = Wire::new([error(400, "ErrorInvalidRequest"), found(private)]);
    let own = wire.mailbox.own_addresses(&wire.call()).await.expect("addresses");
    assert_eq!(own, ["a@outlook.test"]);
    assert_eq!(wire.lines()[1], "GET /me?$select=mail,userPrincipalName");
    let wire = Wire::new([found(json!({}))]);
    assert_eq!(problem(wire.mailbox.own_addresses(&wire.call()).await), Some(MailProblem::Garbled));
    let wire = Wire::new([error(403, "ErrorAccessDenied"), error(403, "ErrorAccessDenied")]);
    let missing = Some(MailProblem::PermissionNotGranted("User.Read"));
    assert_eq!(problem(wire.mailbox.own_addresses(&wire.call()).await), missing);
}
