use serde_json::{Value, json};

use super::*;

fn address(name: &str, email: &str) -> Address {
    Address { name: Some(name.to_owned()).filter(|name| !name.is_empty()), email: email.to_owned() }
}

fn full() -> mailbox::Message {
    mailbox::Message {
        id: "AAMk=".to_owned(),
        folder: Some("inbox".to_owned()),
        thread: Some("t".to_owned()),
        internet_message_id: Some("<1@contoso.test>".to_owned()),
        subject: "Hello".to_owned(),
        summary: Some("First words".to_owned()),
        received_at: Some(Timestamp::from_micros(1_700_000_000_123_456)),
        sent_at: Some(Timestamp::from_micros(1_700_000_000_000_000)),
        is_read: Some(false),
        is_draft: false,
        is_flagged: Some(true),
        has_attachment: Some(true),
        has_inline: Some(false),
        size: Some(2_048),
        priority: Some(Priority::High),
        from: Some(address("Doe, J", "j@contoso.test")),
        sender: None,
        to: vec![address("", "a@x.test"), address("B \"the\" \\ Second\r\nTo: x", "b@x.test")],
        cc: vec![],
        bcc: vec![address("", "c@x.test")],
        reply_to: vec![],
        labels: vec!["red".to_owned()],
    }
}

fn json_of(value: impl Serialize) -> Value {
    serde_json::to_value(value).expect("JSON")
}

#[test]
fn a_message_has_mail360s_names_and_types() {
    let expected = json!({
        "messageId": "AAMk=", "folderId": "inbox", "threadId": "t", "subject": "Hello", "summary": "First words",
        "receivedTime": "1700000000123", "sentDateInGMT": "1700000000000", "status": "0", "hasAttachment": "1",
        "hasInline": "false", "size": "2048", "priority": "1", "flagid": "followup", "sender": "Doe, J",
        "fromAddress": "j@contoso.test",
        "toAddress": "<a@x.test>,\"B \\\"the\\\" \\\\ Second To: x\" <b@x.test>",
        "ccAddress": "Not Provided", "labelId": ["red"],
    });
    assert_eq!(json_of(Message::from(full())), expected);
}

#[test]
fn addresses_are_written_as_in_mail360s_samples() {
    let published = mailbox::Message {
        id: "1".to_owned(),
        from: Some(address("Google", "no-reply@accounts.google.com")),
        to: vec![address("", "admin@zm.m100.org")],
        ..mailbox::Message::default()
    };
    let written = json_of(Message::from(published));
    for (name, value) in [
        ("sender", "Google"),
        ("fromAddress", "no-reply@accounts.google.com"),
        ("toAddress", "<admin@zm.m100.org>"),
        ("ccAddress", "Not Provided"),
    ] {
        assert_eq!(written[name], value, "{name}");
    }
    let group = mailbox::Message { from: Some(address("A group", "")), ..mailbox::Message::default() };
    let written = json_of(Message::from(group));
    assert_eq!((&written["sender"], &written["fromAddress"]), (&json!("A group"), &json!("Not Provided")));
}

#[test]
fn a_field_that_the_provider_does_not_answer_is_absent() {
    let bare = mailbox::Message { id: "1".to_owned(), ..mailbox::Message::default() };
    let expected = json!({
        "messageId": "1", "subject": "", "sender": "Not Provided", "fromAddress": "Not Provided",
        "toAddress": "Not Provided", "ccAddress": "Not Provided", "labelId": [],
    });
    assert_eq!(json_of(Message::from(bare)), expected);
}

#[test]
fn a_draft_has_its_own_id_and_its_blind_copies() {
    let draft = json_of(Draft::from(full()));
    assert_eq!((&draft["draftId"], &draft["bccAddress"]), (&json!("AAMk="), &json!("<c@x.test>")));
    assert_eq!(draft.get("messageId"), None);
}

#[test]
fn inline_attachments_are_listed_apart_and_only_if_asked_for() {
    let file = mailbox::Attachment {
        id: "1".to_owned(),
        name: "report.pdf".to_owned(),
        content_type: Some("application/pdf".to_owned()),
        size: Some(7),
        is_inline: false,
        content_id: None,
        kind: AttachmentKind::File,
    };
    let picture = mailbox::Attachment {
        id: "2".to_owned(),
        is_inline: true,
        content_id: Some("logo@1".to_owned()),
        ..file.clone()
    };
    let link =
        mailbox::Attachment { id: "3".to_owned(), kind: AttachmentKind::Link, size: None, ..file.clone() };
    let found = vec![file, picture, link];
    let all = json_of(Attachments::of("m".to_owned(), found.clone(), true));
    assert_eq!(all["attachments"][0]["attachmentSize"], 7);
    assert_eq!(all["attachments"][1]["kind"], "link");
    assert_eq!((&all["inline"][0]["cid"], &all["messageId"]), (&json!("logo@1"), &json!("m")));
    let without = json_of(Attachments::of("m".to_owned(), found, false));
    assert_eq!((without["attachments"].as_array().map(Vec::len), &without["inline"]), (Some(2), &json!([])));
}
