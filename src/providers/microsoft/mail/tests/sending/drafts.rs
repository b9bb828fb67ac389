//! Drafts: each request, and what its answers mean.

use super::{
    wire::{answer, empty},
    *,
};
use crate::providers::mailbox::{ContactFields, DraftChange, Found, MailboxChanges, SendState};

#[tokio::test]
async fn a_draft_is_made_by_one_request_with_our_message_id() {
    let wire = Wire::new([found(json!({ "id": "d1", "isDraft": true }))]);
    assert_eq!(wire.mailbox.create_draft(&wire.call(), &outgoing(), &[]).await.ok().as_deref(), Some("d1"));
    let sent = wire.sent();
    assert_eq!(sent[0].line(), "POST /me/messages");
    assert_eq!(sent[0].json(), written());
    assert_eq!(sent[0].header("prefer"), r#"IdType="ImmutableId""#);
}

#[tokio::test]
async fn the_draft_of_an_answer_has_its_text_and_the_original_from_the_beginning() {
    for (basis, action) in [
        (Basis::Reply("m".to_owned()), "createReply"),
        (Basis::ReplyAll("m".to_owned()), "createReplyAll"),
        (Basis::Forward("m".to_owned()), "createForward"),
    ] {
        let wire = Wire::new([original(), found(json!({ "id": "d1" }))]);
        let id = wire.mailbox.create_draft(&wire.call(), &answer_to(basis), &[]).await;
        assert_eq!(id.ok().as_deref(), Some("d1"));
        let sent = wire.sent();
        assert_eq!(sent[0].header("prefer"), r#"IdType="ImmutableId", outlook.body-content-type="text""#);
        assert_eq!(sent[1].line(), format!("POST /me/messages/m/{action}"));
        let body = json!({ "contentType": "text", "content": QUOTED });
        assert_eq!(sent[1].json(), json!({ "message": { "internetMessageId": MESSAGE_ID, "body": body } }));
    }
}

#[tokio::test]
async fn an_answer_without_a_text_leaves_the_body_to_graph() {
    let wire = Wire::new([found(json!({ "id": "d1" }))]);
    let bare = Outgoing { content: None, ..answer_to(Basis::Forward("m".to_owned())) };
    wire.mailbox.create_draft(&wire.call(), &bare, &[]).await.expect("a draft");
    assert_eq!(wire.sent()[0].json(), json!({ "message": { "internetMessageId": MESSAGE_ID } }));
}

#[tokio::test]
async fn an_original_that_is_too_large_is_left_out_of_an_answer_and_never_of_a_forwarded_message() {
    let large = || {
        let body = json!({ "contentType": "text", "content": "x".repeat(3_000_000) });
        found(json!({ "id": "m", "body": body }))
    };
    let wire = Wire::new([large(), found(json!({ "id": "d1" }))]);
    wire.mailbox
        .create_draft(&wire.call(), &answer_to(Basis::Reply("m".to_owned())), &[])
        .await
        .expect("a draft");
    assert_eq!(wire.sent()[1].json()["message"]["body"]["content"], "New");
    let wire = Wire::new([large()]);
    let refused =
        wire.mailbox.create_draft(&wire.call(), &answer_to(Basis::Forward("m".to_owned())), &[]).await;
    assert_eq!(problem(refused), Some(MailProblem::TooLarge));
}

#[tokio::test]
async fn only_the_request_that_makes_a_draft_leaves_a_doubt() {
    let reply = answer_to(Basis::Reply("m".to_owned()));
    let later = Some(MailProblem::Throttled { limit: Limit::Provider, retry_after: None });
    for lost in [failure(MailProblem::Slow), failure(MailProblem::Unavailable), error(504, "UnknownError")] {
        let wire = Wire::new([lost]);
        assert_eq!(problem(wire.mailbox.create_draft(&wire.call(), &reply, &[]).await), later);
    }
    for (lost, expected) in [
        (failure(MailProblem::Slow), MailProblem::Slow),
        (error(504, "UnknownError"), MailProblem::Slow),
        (error(503, "serviceNotAvailable"), MailProblem::Unavailable),
        (Reply::Answer(201, b"<html>".to_vec()), MailProblem::Garbled),
        (Reply::Answer(201, vec![b' '; 9 * 1024 * 1024]), MailProblem::Garbled),
        (found(json!({ "noId": 1 })), MailProblem::Garbled),
    ] {
        let wire = Wire::new([original(), lost]);
        let found = problem(wire.mailbox.create_draft(&wire.call(), &reply, &[]).await).expect("a problem");
        assert_eq!((found.leaves_doubt(), &found), (true, &expected));
    }
    for (status, code, expected) in [
        (400, "ErrorInvalidRecipients", MailProblem::Refused),
        (403, "ErrorAccessDenied", MailProblem::PermissionNotGranted("Mail.ReadWrite")),
        (404, "ErrorItemNotFound", MailProblem::NotFound),
        (413, "ErrorMessageSizeExceeded", MailProblem::TooLarge),
        (429, "ApplicationThrottled", MailProblem::Throttled { limit: Limit::Provider, retry_after: None }),
        (401, "InvalidAuthenticationToken", MailProblem::TokenRefused),
    ] {
        let wire = Wire::new([original(), error(status, code)]);
        let found = problem(wire.mailbox.create_draft(&wire.call(), &reply, &[]).await).expect("a problem");
        assert_eq!((found.leaves_doubt(), &found), (false, &expected), "{code}");
    }
}

#[tokio::test]
async fn a_change_that_was_made_is_in_doubt_if_there_is_no_room_for_its_answer() {
    let wire = Wire::with_room(0, [answer(201, json!({ "id": "d1" }))]);
    let created = wire.mailbox.create_draft(&wire.call(), &outgoing(), &[]).await;
    assert_eq!(problem(created), Some(MailProblem::Garbled));
    let wire = Wire::with_room(0, [answer(201, json!({ "id": "c1" }))]);
    let fields = ContactFields { display_name: Some("Ada".to_owned()), ..ContactFields::default() };
    let created = wire.mailbox.create_contact(&wire.call(), &fields).await;
    assert_eq!(problem(created), Some(MailProblem::Garbled));
    assert_eq!(wire.lines(), ["POST /me/contacts"]);
}

#[tokio::test]
async fn a_draft_is_sent_once_and_each_answer_says_whether_there_is_a_doubt() {
    let wire = Wire::new([empty(202)]);
    assert_eq!(wire.mailbox.send_draft(&wire.call(), "d1").await.ok().as_deref(), Some("d1"));
    let sent = wire.sent();
    assert_eq!((sent[0].line().as_str(), sent[0].body.len()), ("POST /me/messages/d1/send", 0));
    for (reply, expected, in_doubt) in [
        (failure(MailProblem::Slow), MailProblem::Slow, true),
        (error(504, "UnknownError"), MailProblem::Slow, true),
        (error(500, "generalException"), MailProblem::Unavailable, true),
        (Reply::Answer(404, b"<html>".to_vec()), MailProblem::Garbled, true),
        (error(404, "ErrorItemNotFound"), MailProblem::NotFound, false),
        (error(403, "ErrorAccessDenied"), MailProblem::PermissionNotGranted("Mail.Send"), false),
        (error(403, "ErrorSendAsDenied"), MailProblem::Refused, false),
    ] {
        let wire = Wire::new([reply]);
        let found = problem(wire.mailbox.send_draft(&wire.call(), "d1").await).expect("a problem");
        assert_eq!((found.leaves_doubt(), &found), (in_doubt, &expected));
        assert_eq!(wire.sent().len(), 1);
    }
}

#[tokio::test]
async fn a_message_is_a_draft_or_sent_or_gone() {
    for (reply, expected) in [
        (found(json!({ "id": "d1", "isDraft": true })), Ok(SendState::Draft)),
        (found(json!({ "id": "d1", "isDraft": false })), Ok(SendState::Sent("d1".to_owned()))),
        (error(404, "ErrorItemNotFound"), Ok(SendState::Gone)),
        (found(json!({ "id": "d1" })), Err(MailProblem::Garbled)),
        (error(503, "serviceNotAvailable"), Err(MailProblem::Unavailable)),
    ] {
        let wire = Wire::new([reply]);
        let state = wire.mailbox.state_of(&wire.call(), "d1").await.map_err(|error| error.problem);
        assert_eq!(state, expected);
        assert_eq!(wire.lines(), ["GET /me/messages/d1?$select=id,isDraft"]);
    }
}

#[tokio::test]
async fn a_lost_draft_is_found_by_its_message_id() {
    let list = json!({ "value": [{ "id": "d1", "isDraft": true }, { "id": "s1", "isDraft": false }, {}] });
    let wire = Wire::new([found(list)]);
    let found = wire.mailbox.find_by_message_id(&wire.call(), "<it's@b.test>").await.expect("a list");
    let expected = [("d1", true), ("s1", false)].map(|(id, is_draft)| Found { id: id.to_owned(), is_draft });
    assert_eq!(found, expected);
    let sent = wire.sent();
    let line = "GET /me/messages?$filter=internetMessageId eq '<it''s@b.test>'&$select=id,isDraft&$top=10";
    assert_eq!(sent[0].line(), line);
    assert_eq!(sent[0].header("prefer"), r#"IdType="ImmutableId""#);
}

#[tokio::test]
async fn only_drafts_are_changed() {
    let change = DraftChange { subject: Some("New".to_owned()), ..DraftChange::default() };
    let wire = Wire::new([found(json!({ "isDraft": true })), found(json!({ "id": "d1" }))]);
    wire.mailbox.update_draft(&wire.call(), "d1", &change).await.expect("a change");
    let sent = wire.sent();
    assert_eq!(sent[1].line(), "PATCH /me/messages/d1");
    assert_eq!(sent[1].json(), json!({ "subject": "New" }));
    let is_sent = || found(json!({ "isDraft": false }));
    let wire = Wire::new([is_sent(), is_sent(), is_sent()]);
    let changed = wire.mailbox.update_draft(&wire.call(), "m", &change).await;
    assert_eq!(problem(changed), Some(MailProblem::ContentIsFinal));
    let detached = wire.mailbox.detach(&wire.call(), "m", &["a".to_owned()]).await;
    assert_eq!(problem(detached), Some(MailProblem::ContentIsFinal));
    let deleted = wire.mailbox.delete_draft(&wire.call(), "m").await;
    assert_eq!(problem(deleted), Some(MailProblem::NotFound));
    assert_eq!(wire.lines().iter().filter(|line| !line.starts_with("GET ")).count(), 0);
    let wire = Wire::new([error(404, "ErrorItemNotFound")]);
    let missing = wire.mailbox.update_draft(&wire.call(), "m", &change).await;
    assert_eq!(problem(missing), Some(MailProblem::NotFound));
}

#[tokio::test]
async fn an_attachment_of_a_draft_is_deleted_and_its_files_are_counted() {
    let wire = Wire::new([found(json!({ "isDraft": true })), error(404, "ErrorItemNotFound"), empty(204)]);
    let ids = ["a0", "..", "a1"].map(str::to_owned);
    wire.mailbox.detach(&wire.call(), "d1", &ids).await.expect("deleted");
    let deleted: Vec<_> = wire.lines().split_off(1);
    assert_eq!(deleted, ["a0", "a1"].map(|id| format!("DELETE /me/messages/d1/attachments/{id}")));
    let files = json!({ "value": [{ "id": "a1", "name": "a" }, { "id": "a2", "isInline": true }] });
    let wire = Wire::new([found(files)]);
    assert_eq!(wire.mailbox.files_of_draft(&wire.call(), "d1").await.ok(), Some(2));
}

#[tokio::test]
async fn a_draft_is_deleted_for_good() {
    let wire = Wire::new([found(json!({ "isDraft": true })), empty(204)]);
    wire.mailbox.delete_draft(&wire.call(), "d1").await.expect("deleted");
    assert_eq!(wire.lines()[1], "POST /me/messages/d1/permanentDelete");
    let wire = Wire::new([found(json!({ "isDraft": true })), error(403, "ErrorAccessDenied")]);
    let refused = problem(wire.mailbox.delete_draft(&wire.call(), "d1").await);
    assert_eq!(refused, Some(MailProblem::PermissionNotGranted("Mail.ReadWrite")));
}

#[tokio::test]
async fn a_text_that_is_no_id_is_the_id_of_no_draft_and_is_not_sent() {
    let wire = Wire::new([]);
    let none = Some(MailProblem::NotFound);
    for id in ["", "..", "a?b", "$count"] {
        assert_eq!(problem(wire.mailbox.send_draft(&wire.call(), id).await), none);
        assert_eq!(problem(wire.mailbox.state_of(&wire.call(), id).await), none);
        assert_eq!(problem(wire.mailbox.delete_draft(&wire.call(), id).await), none);
        let attached = wire.mailbox.attach(&wire.call(), id, &file("f", Vec::new())).await;
        assert_eq!(problem(attached), none);
        let reply = answer_to(Basis::Reply(id.to_owned()));
        assert_eq!(problem(wire.mailbox.create_draft(&wire.call(), &reply, &[]).await), none);
    }
}
