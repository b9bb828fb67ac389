//! Drafts: each request, and what its answers mean.

use super::*;
use crate::providers::mailbox::{Found, SendState};

#[tokio::test]
async fn a_draft_is_made_by_one_request_with_our_message_id_and_its_files() {
    let wire = Wire::of(OWN, [made()]);
    let files = [file("a.pdf", b"hello".to_vec())];
    let made = wire.mailbox.create_draft(&wire.call(), &outgoing(), &files).await;
    assert_eq!(made.ok().as_deref(), Some("r1"));
    let sent = wire.sent();
    assert_eq!(sent[0].line(), "POST /drafts");
    let (resource, message) = sent[0].message();
    assert_eq!(resource, json!({ "message": {} }));
    for part in
        ["Message-ID: <1@mail360.test>\r\n", "<ada@contoso.test>\r\n", "filename=\"a.pdf\"", "aGVsbG8="]
    {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[tokio::test]
async fn a_large_message_goes_to_the_address_for_uploads_with_its_length() {
    let wire = Wire::of(OWN, [made()]);
    let files = [file("a.pdf", vec![7; 1_000_000])];
    wire.mailbox.create_draft(&wire.call(), &outgoing(), &files).await.expect("a draft");
    let sent = wire.sent();
    assert_eq!(sent[0].line(), "POST /upload/drafts?uploadType=media");
    assert_eq!(sent[0].header("content-type"), "message/rfc822");
    assert_eq!(sent[0].header("content-length"), sent[0].body.len().to_string());
    assert!(sent[0].message().1.starts_with("Date: "));
}

#[tokio::test]
async fn a_large_message_of_a_thread_is_sent_beside_the_id_of_the_thread() {
    let original = found(json!({ "messages": [{ "id": "9", "threadId": "9f" }] }));
    let wire = Wire::of(OWN, [original, made()]);
    let message = Outgoing { in_reply_to: Some("<0@b.test>".to_owned()), ..outgoing() };
    let files = [file("a.pdf", vec![7; 1_000_000])];
    wire.mailbox.create_draft(&wire.call(), &message, &files).await.expect("a draft");
    let sent = wire.sent();
    assert_eq!(sent[0].line(), "GET /messages?q=rfc822msgid:0@b.test&maxResults=1");
    assert_eq!(sent[1].line(), "POST /upload/drafts?uploadType=multipart");
    let (resource, message) = sent[1].message();
    assert_eq!(resource, json!({ "message": { "threadId": "9f" } }));
    assert!(message.contains("In-Reply-To: <0@b.test>\r\n"));
}

#[tokio::test]
async fn only_the_request_that_makes_a_draft_leaves_a_doubt() {
    let answered = Outgoing { basis: Basis::Reply("9".to_owned()), ..outgoing() };
    for lost in [failure(MailProblem::Slow), failure(MailProblem::Unavailable), error(504, "backendError")] {
        let wire = Wire::of(OWN, [lost]);
        let found = problem(wire.mailbox.create_draft(&wire.call(), &answered, &[]).await);
        assert_eq!(found, Some(later()));
    }
    for (lost, expected) in [
        (failure(MailProblem::Slow), MailProblem::Slow),
        (failure(MailProblem::Unavailable), MailProblem::Unavailable),
        (error(504, "backendError"), MailProblem::Slow),
        (error(500, "backendError"), MailProblem::Unavailable),
        (Reply::Answer(200, b"<html>".to_vec()), MailProblem::Garbled),
        (found(json!({ "noId": 1 })), MailProblem::Garbled),
    ] {
        let wire = Wire::of(OWN, [lost]);
        let found = problem(wire.mailbox.create_draft(&wire.call(), &outgoing(), &[]).await);
        let found = found.expect("a problem");
        assert_eq!((found.leaves_doubt(), &found), (true, &expected));
    }
    for (status, reason, expected) in [
        (400, "invalidArgument", MailProblem::Refused),
        (403, "insufficientPermissions", MailProblem::PermissionNotGranted(GMAIL_MODIFY)),
        (403, "userRateLimitExceeded", later()),
        (413, "uploadTooLarge", MailProblem::TooLarge),
        (429, "rateLimitExceeded", later()),
        (401, "authError", MailProblem::TokenRefused),
    ] {
        let wire = Wire::of(OWN, [error(status, reason)]);
        let found = problem(wire.mailbox.create_draft(&wire.call(), &outgoing(), &[]).await);
        let found = found.expect("a problem");
        assert_eq!((found.leaves_doubt(), &found), (false, &expected), "{reason}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_makes_no_draft_and_leaves_no_doubt() {
    // The request breaks off before the script is asked.
    let wire = Wire::of(OWN, []);
    let found = problem(wire.mailbox.create_draft(&wire.call(), &outgoing(), &[unreadable()]).await);
    assert_eq!(found, Some(later()));
    let too_large = file("a.pdf", vec![7; 30_000_000]);
    let found = problem(wire.mailbox.create_draft(&wire.call(), &outgoing(), &[too_large]).await);
    assert_eq!(found, Some(MailProblem::TooLarge));
}

#[tokio::test]
async fn a_draft_that_was_made_is_no_error_if_its_labels_are_refused() {
    let labels = || found(json!({ "labels": [{ "id": "Label_1", "name": "A", "type": "user" }] }));
    let message = Outgoing { labels: vec!["Label_1".to_owned()], ..outgoing() };
    for reply in [found(json!({})), error(500, "backendError")] {
        let wire = Wire::of(OWN, [labels(), made(), reply]);
        assert!(wire.mailbox.create_draft(&wire.call(), &message, &[]).await.is_ok());
        let sent = wire.sent();
        assert_eq!(sent[2].line(), "POST /messages/1a/modify");
        assert_eq!(sent[2].json(), json!({ "addLabelIds": ["Label_1"], "removeLabelIds": [] }));
    }
    let wire = Wire::of(OWN, [found(json!({ "labels": [] }))]);
    let refused = problem(wire.mailbox.create_draft(&wire.call(), &message, &[]).await);
    assert!(matches!(refused, Some(MailProblem::InvalidValue(_))));
}

#[tokio::test]
async fn a_draft_is_sent_once_and_the_message_has_the_id_that_gmail_answers() {
    let wire = Wire::new([found(json!({ "id": "2b", "labelIds": ["SENT"] }))]);
    assert_eq!(wire.mailbox.send_draft(&wire.call(), "r1").await.ok().as_deref(), Some("2b"));
    let sent = wire.sent();
    assert_eq!((sent[0].line(), sent[0].json()), ("POST /drafts/send".to_owned(), json!({ "id": "r1" })));
    for (reply, expected, in_doubt) in [
        (failure(MailProblem::Slow), MailProblem::Slow, true),
        (error(504, "backendError"), MailProblem::Slow, true),
        (found(json!({})), MailProblem::Garbled, true),
        (missing(), MailProblem::NotFound, false),
        (error(403, "insufficientPermissions"), MailProblem::PermissionNotGranted(GMAIL_MODIFY), false),
        (error(400, "invalidArgument"), MailProblem::Refused, false),
    ] {
        let wire = Wire::new([reply]);
        let found = problem(wire.mailbox.send_draft(&wire.call(), "r1").await).expect("a problem");
        assert_eq!((found.leaves_doubt(), &found), (in_doubt, &expected));
        assert_eq!(wire.sent().len(), 1);
    }
}

#[tokio::test]
async fn a_draft_is_there_or_sent_or_gone() {
    let draft = |label: &str| found(json!({ "id": "r1", "message": { "id": "1a", "labelIds": [label] } }));
    for (reply, expected) in [
        (draft("DRAFT"), Ok(SendState::Draft)),
        (draft("SENT"), Ok(SendState::Sent("1a".to_owned()))),
        (missing(), Ok(SendState::Gone)),
        (found(json!({ "id": "r1" })), Err(MailProblem::Garbled)),
        (error(503, "backendError"), Err(MailProblem::Unavailable)),
    ] {
        let wire = Wire::new([reply]);
        let state = wire.mailbox.state_of(&wire.call(), "r1").await.map_err(|error| error.problem);
        assert_eq!(state, expected);
        assert_eq!(wire.lines(), ["GET /drafts/r1"]);
    }
    let wire = Wire::new([found(json!({ "id": "2b", "labelIds": ["SENT", "INBOX"] }))]);
    let state = wire.mailbox.state_of(&wire.call(), "2b").await;
    assert_eq!(state.ok(), Some(SendState::Sent("2b".to_owned())));
}

#[tokio::test]
async fn the_message_of_a_draft_leads_to_its_draft() {
    let headers = json!([{ "name": "Message-ID", "value": MESSAGE_ID }]);
    let message = json!({ "id": "1a", "labelIds": ["DRAFT"], "payload": { "headers": headers } });
    let drafts = json!({ "drafts": [{ "id": "r1", "message": { "id": "1a" } }] });
    let wire = Wire::new([found(message), found(drafts), made()]);
    assert_eq!(wire.mailbox.state_of(&wire.call(), "1a").await.ok(), Some(SendState::Draft));
    let search = "GET /drafts?q=rfc822msgid:1@mail360.test&maxResults=10&includeSpamTrash=true";
    assert_eq!(wire.lines(), ["GET /messages/1a", search, "GET /drafts/r1"]);
}

#[tokio::test]
async fn a_draft_that_the_search_does_not_know_is_found_among_the_latest() {
    let drafts = || {
        found(
            json!({ "drafts": [{ "id": "r0", "message": { "id": "0f" } }, { "id": "r1", "message": { "id": "1a" } }] }),
        )
    };
    let search = "GET /drafts?q=rfc822msgid:1@mail360.test&maxResults=10&includeSpamTrash=true";
    let latest = "GET /drafts?maxResults=500&includeSpamTrash=true";
    let headers = json!([{ "name": "Message-ID", "value": MESSAGE_ID }]);
    let message = |headers: &serde_json::Value| {
        found(json!({ "id": "1a", "labelIds": ["DRAFT"], "payload": { "headers": headers } }))
    };
    let wire = Wire::new([message(&headers), found(json!({})), drafts(), made()]);
    assert_eq!(wire.mailbox.state_of(&wire.call(), "1a").await.ok(), Some(SendState::Draft));
    assert_eq!(wire.lines(), ["GET /messages/1a", search, latest, "GET /drafts/r1"]);
    let wire = Wire::new([message(&json!([])), drafts(), made()]);
    assert_eq!(wire.mailbox.state_of(&wire.call(), "1a").await.ok(), Some(SendState::Draft));
    assert_eq!(wire.lines(), ["GET /messages/1a", latest, "GET /drafts/r1"]);
    let wire = Wire::new([message(&json!([])), found(json!({}))]);
    assert_eq!(wire.mailbox.state_of(&wire.call(), "1a").await.ok(), Some(SendState::Gone));
}

#[tokio::test]
async fn a_lost_draft_is_found_by_its_message_id_and_what_was_sent_too() {
    let drafts = json!({ "drafts": [{ "id": "r1", "message": { "id": "1a" } }] });
    let messages = json!({ "messages": [{ "id": "1a" }, { "id": "2b" }, { "id": "3c" }, { "id": "4d" }, { "id": "5e" }] });
    let labels = |labels: &[&str]| found(json!({ "labelIds": labels }));
    let replies = [
        found(drafts),
        found(messages),
        labels(&["SENT", "TRASH"]),
        labels(&["DRAFT"]),
        missing(),
        labels(&["TRASH"]),
    ];
    let wire = Wire::new(replies);
    let found = wire.mailbox.find_by_message_id(&wire.call(), MESSAGE_ID).await.expect("a list");
    let expected = [("2b", false), ("r1", true)].map(|(id, is_draft)| Found { id: id.to_owned(), is_draft });
    assert_eq!(found, expected);
    let lines = wire.lines();
    assert_eq!(lines[1], "GET /messages?q=rfc822msgid:1@mail360.test&maxResults=10&includeSpamTrash=true");
    assert_eq!(lines[2..], ["GET /messages/2b", "GET /messages/3c", "GET /messages/4d", "GET /messages/5e"]);
}

#[tokio::test]
async fn with_the_permission_for_drafts_alone_the_drafts_are_found() {
    let drafts = json!({ "drafts": [{ "id": "r1", "message": { "id": "1a" } }] });
    let wire = Wire::new([found(drafts), error(403, "insufficientPermissions")]);
    let found = wire.mailbox.find_by_message_id(&wire.call(), MESSAGE_ID).await.expect("a list");
    assert_eq!(found, [Found { id: "r1".to_owned(), is_draft: true }]);
}

#[tokio::test]
async fn a_message_id_that_could_be_another_search_finds_nothing() {
    let wire = Wire::new([]);
    for odd in ["", "<>", "1@b.test", "<1 in:sent@b>", "<-1@b>", "<{a@b>", "<a(b)@c>", "<a\"b@c>", "<a:b@c>"]
    {
        let found = wire.mailbox.find_by_message_id(&wire.call(), odd).await.expect("a list");
        assert!(found.is_empty(), "{odd}");
    }
}

#[tokio::test]
async fn only_drafts_are_deleted() {
    let wire = Wire::new([made(), empty(204)]);
    wire.mailbox.delete_draft(&wire.call(), "r1").await.expect("deleted");
    assert_eq!(wire.lines(), ["GET /drafts/r1", "DELETE /drafts/r1"]);
    // The redirect of a proxy deletes nothing. A draft that was taken for deleted could still be sent.
    for status in [302, 307, 308] {
        let wire = Wire::new([made(), empty(status)]);
        let found = problem(wire.mailbox.delete_draft(&wire.call(), "r1").await).expect("a problem");
        assert!(found.leaves_doubt(), "{status}: {found:?}");
    }
    let wire = Wire::new([found(json!({ "id": "2b", "labelIds": ["SENT"] }))]);
    let refused = problem(wire.mailbox.delete_draft(&wire.call(), "2b").await);
    assert_eq!(refused, Some(MailProblem::NotFound));
    assert_eq!(wire.lines(), ["GET /messages/2b"]);
}

#[tokio::test]
async fn a_text_that_is_no_id_is_the_id_of_no_draft_and_is_not_sent() {
    let wire = Wire::of(OWN, []);
    let none = Some(MailProblem::NotFound);
    for id in ["", "..", "a?b", "r1/send"] {
        assert_eq!(problem(wire.mailbox.send_draft(&wire.call(), id).await), none);
        assert_eq!(problem(wire.mailbox.state_of(&wire.call(), id).await), none);
        assert_eq!(problem(wire.mailbox.delete_draft(&wire.call(), id).await), none);
        let attached = wire.mailbox.attach(&wire.call(), id, &file("f", Vec::new())).await;
        assert_eq!(problem(attached), none);
        let reply = Outgoing { basis: Basis::Reply(id.to_owned()), ..outgoing() };
        assert_eq!(problem(wire.mailbox.create_draft(&wire.call(), &reply, &[]).await), none);
    }
}

#[tokio::test]
async fn a_message_without_a_draft_is_sent_by_one_request() {
    let wire = Wire::of(OWN, [found(json!({ "id": "2b" }))]);
    let id = wire.mailbox.send_at_once(&wire.call(), &outgoing(), &[]).await.expect("sent");
    assert_eq!(id.as_deref(), Some("2b"));
    let sent = wire.sent();
    assert_eq!(sent[0].line(), "POST /messages/send");
    assert_eq!(sent[0].message().0, json!({}));
    for (reply, expected, in_doubt) in [
        (failure(MailProblem::Slow), MailProblem::Slow, true),
        (error(504, "backendError"), MailProblem::Slow, true),
        (error(403, "insufficientPermissions"), MailProblem::PermissionNotGranted(GMAIL_SEND), false),
        (error(429, "rateLimitExceeded"), later(), false),
    ] {
        let wire = Wire::of(OWN, [reply]);
        let found = problem(wire.mailbox.send_at_once(&wire.call(), &outgoing(), &[]).await);
        let found = found.expect("a problem");
        assert_eq!((found.leaves_doubt(), &found), (in_doubt, &expected));
    }
}

#[tokio::test]
async fn with_the_permission_to_send_alone_gmail_writes_the_sender() {
    let refused = || error(403, "insufficientPermissions");
    let wire = Wire::new([refused(), refused(), found(json!({ "id": "2b" }))]);
    wire.mailbox.send_at_once(&wire.call(), &outgoing(), &[]).await.expect("sent");
    let (_, message) = wire.sent()[2].message();
    assert!(!message.contains("From:"), "{message}");
    let wire = Wire::new([refused(), refused()]);
    let receipt = Outgoing { asks_receipt: true, ..outgoing() };
    let missing = problem(wire.mailbox.send_at_once(&wire.call(), &receipt, &[]).await);
    assert_eq!(missing, Some(MailProblem::PermissionNotGranted(GMAIL_READ)));
}
