//! Sending without a draft: the form of each request, and what its failure means.

use base64::{Engine, engine::general_purpose::STANDARD};
use mail_parser::{MessageParser, MimeHeaders};

use super::{
    wire::{empty, unreadable},
    *,
};
use crate::providers::mailbox::Priority;

const OWN: &str = "me@contoso.test";

fn threaded() -> Outgoing {
    Outgoing {
        in_reply_to: Some("<0@b.test>".to_owned()),
        references: vec!["<a@b.test>".to_owned(), "<0@b.test>".to_owned()],
        ..outgoing()
    }
}

#[tokio::test]
async fn a_new_message_is_sent_as_json_with_its_files() {
    let wire = Wire::new([empty(202)]);
    let files = [file("a.pdf", b"content".to_vec())];
    wire.mailbox.send_at_once(&wire.call(), &outgoing(), &files).await.expect("accepted");
    let sent = wire.sent();
    assert_eq!(
        (sent[0].line().as_str(), sent[0].header("content-type")),
        ("POST /me/sendMail", "application/json")
    );
    let mut expected = written();
    expected["attachments"] = json!([{
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": "a.pdf",
        "contentType": "application/pdf",
        "isInline": false,
        "contentBytes": "Y29udGVudA==",
    }]);
    assert_eq!(sent[0].json(), json!({ "message": expected }));
}

#[tokio::test]
async fn a_message_of_a_thread_is_sent_as_mime_from_the_main_address() {
    for from in [None, Some(person("ME@contoso.test"))] {
        let wire = Wire::of(OWN, [empty(202)]);
        let message = Outgoing { from: from.clone(), priority: Some(Priority::High), ..threaded() };
        let files = [file("\u{dc}bersicht.pdf", vec![7; 1000])];
        wire.mailbox.send_at_once(&wire.call(), &message, &files).await.expect("accepted");
        let sent = wire.sent();
        assert_eq!(
            (sent[0].line().as_str(), sent[0].header("content-type")),
            ("POST /me/sendMail", "text/plain")
        );
        let source = STANDARD.decode(&sent[0].body).expect("base64");
        let read = MessageParser::default().parse(&source).expect("a message");
        assert_eq!((read.message_id(), read.subject()), (Some("1@mail360.test"), Some("Hello")));
        assert_eq!(read.in_reply_to().as_text(), Some("0@b.test"));
        let references = read.references().as_text_list().expect("a list");
        assert_eq!(references, ["a@b.test", "0@b.test"]);
        let sender = read.from().and_then(|from| from.first()).and_then(|from| from.address());
        assert_eq!(sender, Some(from.map_or(OWN.to_owned(), |from| from.email).as_str()));
        let attachment = read.attachment(0).expect("a file");
        assert_eq!(attachment.attachment_name(), Some("\u{dc}bersicht.pdf"));
        assert_eq!(attachment.contents(), [7; 1000]);
    }
}

#[tokio::test]
async fn a_message_of_a_thread_from_another_address_is_json_with_the_threads_properties() {
    let wire = Wire::of(OWN, [empty(202)]);
    let message = Outgoing { from: Some(person("alias@contoso.test")), ..threaded() };
    wire.mailbox.send_at_once(&wire.call(), &message, &[]).await.expect("accepted");
    let json = wire.sent()[0].json();
    assert_eq!(json["message"]["from"]["emailAddress"]["address"], "alias@contoso.test");
    let expected = json!([
        { "id": "String 0x1042", "value": "<0@b.test>" },
        { "id": "String 0x1039", "value": "<a@b.test> <0@b.test>" },
    ]);
    assert_eq!(json["message"]["singleValueExtendedProperties"], expected);
}

#[tokio::test]
async fn a_message_of_a_thread_that_mime_cannot_have_is_json() {
    let long = format!("<{}@b.test>", "x".repeat(989));
    assert_eq!(long.len(), 998);
    for message in [
        Outgoing { references: vec![long.clone()], ..threaded() },
        Outgoing { to: vec![person("d\u{f6}rte@contoso.test")], ..threaded() },
        Outgoing { to: vec![person("\"ada l\"@contoso.test")], ..threaded() },
    ] {
        let wire = Wire::of(OWN, [empty(202)]);
        wire.mailbox.send_at_once(&wire.call(), &message, &[]).await.expect("accepted");
        let sent = wire.sent();
        assert_eq!(sent[0].header("content-type"), "application/json");
        let whole = sent[0].json();
        let fields = &whole["message"];
        assert_eq!(fields["toRecipients"][0]["emailAddress"]["address"], message.to[0].email.as_str());
        let references = json!({ "id": "String 0x1039", "value": message.references.join(" ") });
        assert_eq!(fields["singleValueExtendedProperties"][1], references);
    }
}

#[tokio::test]
async fn an_answer_is_sent_by_the_call_for_it_with_the_original_below_its_text() {
    for (basis, action) in [
        (Basis::Reply("m".to_owned()), "reply"),
        (Basis::ReplyAll("m".to_owned()), "replyAll"),
        (Basis::Forward("m".to_owned()), "forward"),
    ] {
        let wire = Wire::new([original(), empty(202)]);
        let message = Outgoing { to: vec![person("to@contoso.test")], ..answer_to(basis) };
        wire.mailbox.send_at_once(&wire.call(), &message, &[]).await.expect("accepted");
        let sent = wire.sent();
        assert_eq!(sent[1].line(), format!("POST /me/messages/m/{action}"));
        let expected = json!({
            "internetMessageId": MESSAGE_ID,
            "toRecipients": [{ "emailAddress": { "address": "to@contoso.test" } }],
            "body": { "contentType": "text", "content": QUOTED },
        });
        assert_eq!(sent[1].json(), json!({ "message": expected }));
    }
}

#[tokio::test]
async fn without_a_permission_to_read_an_answer_has_its_own_text_alone() {
    let unreadable = || error(403, "ErrorAccessDenied");
    let wire = Wire::new([unreadable(), empty(202)]);
    wire.mailbox
        .send_at_once(&wire.call(), &answer_to(Basis::Reply("m".to_owned())), &[])
        .await
        .expect("accepted");
    let body = json!({ "contentType": "text", "content": "New" });
    let expected = json!({ "message": { "internetMessageId": MESSAGE_ID, "body": body } });
    assert_eq!(wire.sent()[1].json(), expected);
    // Graph puts a comment above the message that it passes on.
    let forward = answer_to(Basis::Forward("m".to_owned()));
    let wire = Wire::new([unreadable(), empty(202)]);
    wire.mailbox.send_at_once(&wire.call(), &forward, &[]).await.expect("accepted");
    let expected = json!({ "message": { "internetMessageId": MESSAGE_ID }, "comment": "New" });
    assert_eq!(wire.sent()[1].json(), expected);
    let html = Some(Content { text: "<p>New</p>".to_owned(), is_html: true });
    let wire = Wire::new([unreadable()]);
    let refused = wire.mailbox.send_at_once(&wire.call(), &Outgoing { content: html, ..forward }, &[]).await;
    assert!(matches!(problem(refused), Some(MailProblem::NotSupported(_))));
}

#[tokio::test]
async fn a_lost_answer_leaves_a_doubt_and_a_refusal_does_not() {
    for (reply, expected, in_doubt) in [
        (error(504, "UnknownError"), MailProblem::Slow, true),
        (failure(MailProblem::Slow), MailProblem::Slow, true),
        (failure(MailProblem::Unavailable), MailProblem::Unavailable, true),
        (error(503, "serviceNotAvailable"), MailProblem::Unavailable, true),
        (Reply::Answer(302, Vec::new()), MailProblem::Garbled, true),
        (error(400, "ErrorInvalidRecipients"), MailProblem::Refused, false),
        (error(403, "ErrorSendAsDenied"), MailProblem::Refused, false),
        (error(403, "ErrorAccessDenied"), MailProblem::PermissionNotGranted("Mail.Send"), false),
        (error(401, "InvalidAuthenticationToken"), MailProblem::TokenRefused, false),
        (error(413, "ErrorMessageSizeExceeded"), MailProblem::TooLarge, false),
        (
            error(429, "ErrorSubmissionQuotaExceeded"),
            MailProblem::Throttled { limit: Limit::Provider, retry_after: None },
            false,
        ),
    ] {
        let wire = Wire::new([reply]);
        let found = wire.mailbox.send_at_once(&wire.call(), &outgoing(), &[]).await;
        let found = problem(found).expect("a problem");
        assert_eq!((found.leaves_doubt(), &found), (in_doubt, &expected));
        assert_eq!(wire.sent().len(), 1, "nothing is repeated");
    }
}

#[tokio::test]
async fn what_fails_before_the_message_is_sent_leaves_no_doubt() {
    let later = Some(MailProblem::Throttled { limit: Limit::Provider, retry_after: None });
    let wire = Wire::new([]);
    let unread = wire.mailbox.send_at_once(&wire.call(), &outgoing(), &[unreadable()]).await;
    assert_eq!(problem(unread), later);
    let wire = Wire::of(OWN, []);
    let unread = wire.mailbox.send_at_once(&wire.call(), &threaded(), &[unreadable()]).await;
    assert_eq!(problem(unread), later);
    let wire = Wire::new([error(504, "UnknownError")]);
    let lost = wire.mailbox.send_at_once(&wire.call(), &threaded(), &[]).await;
    assert_eq!(problem(lost), later, "the addresses of the mailbox");
    let wire = Wire::new([failure(MailProblem::Slow)]);
    let reply = answer_to(Basis::Reply("m".to_owned()));
    assert_eq!(problem(wire.mailbox.send_at_once(&wire.call(), &reply, &[]).await), later);
    assert_eq!(wire.lines().len(), 1);
}

#[tokio::test]
async fn a_message_takes_room_in_memory_for_its_size_and_only_after_its_original_was_read() {
    let wire = Wire::new([original(), empty(202)]);
    let reply = answer_to(Basis::Reply("m".to_owned()));
    wire.mailbox.send_at_once(&wire.call(), &reply, &[]).await.expect("accepted");
    let sent = wire.sent();
    assert_eq!(sent[0].room, 0);
    assert!(sent[1].room >= sent[1].body.len() && sent[1].room < 8_000, "{}", sent[1].room);
    let mime = Wire::of(OWN, [empty(202)]);
    let json = Wire::new([empty(202)]);
    for (wire, message) in [(mime, threaded()), (json, outgoing())] {
        let files = [file("a.pdf", vec![7; 1_000_000])];
        wire.mailbox.send_at_once(&wire.call(), &message, &files).await.expect("accepted");
        let sent = wire.sent();
        assert!(sent[0].room >= sent[0].body.len() && sent[0].room < 2_000_000, "{}", sent[0].room);
    }
}

#[tokio::test]
async fn a_message_over_the_limit_is_not_sent() {
    let wire = Wire::new([]);
    let files = [file("a.pdf", vec![7; 2_300_000])];
    let refused = wire.mailbox.send_at_once(&wire.call(), &outgoing(), &files).await;
    assert_eq!(problem(refused), Some(MailProblem::TooLarge));
    let wire = Wire::new([empty(202)]);
    let files = [file("a.pdf", vec![7; 2_150_000])];
    wire.mailbox.send_at_once(&wire.call(), &outgoing(), &files).await.expect("accepted");
    assert!(wire.sent()[0].body.len() < 4_000_000);
}
