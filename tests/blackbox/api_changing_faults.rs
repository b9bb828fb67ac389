//! Changes of messages that the provider refuses, or for which there is no time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use http::{HeaderMap, Method, StatusCode};
use mail360::{
    mail::service::{CALL_TIME, MailFailure, Outcome},
    people::access::Caller,
    providers::mailbox::{
        Bytes, MailBody, MailError, MailHttp, MailProblem, MailRequest, MailResponse, MessageChange,
    },
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    api_changing::{Changing, assert_done, assert_results, label, marked},
    api_waits::mail_of,
    support::{Kind, MailSeen, assert_refusal, jobs::until, refreshing::Scene, rotate},
};

#[rstest]
#[tokio::test]
async fn what_was_not_changed_has_a_code_beside_what_was(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let changing = Changing::new(kind).await;
    changing.reading.scene.world.provider.answer_refreshes(rotate);
    for (refusal, code) in [
        ((404, "ErrorItemNotFound"), "NOT_FOUND"),
        ((400, "ErrorInvalidIdMalformed"), "NOT_FOUND"),
        ((403, "ErrorAccessDenied"), "PERMISSION_NOT_GRANTED"),
        ((403, "insufficient_claims"), "ACCOUNT_NEEDS_SIGN_IN"),
        ((400, "ErrorInvalidPropertyUpdateSentMessage"), "CONTENT_IS_FINAL"),
        ((400, "ErrorSomethingNew"), "PROVIDER_ERROR"),
        ((401, "InvalidAuthenticationToken"), "PROVIDER_ERROR"),
        ((503, "serviceNotAvailable"), "PROVIDER_UNAVAILABLE"),
        ((504, "UnknownError"), "PROVIDER_UNAVAILABLE"),
    ] {
        for mode in ["markAsRead", "markAsUnread"] {
            changing.mailbox().refuse("/m5", refusal, None, 9);
            let answer = changing.change(&["m1", "m5"], json!({ "mode": mode })).await;
            let results = json!([{ "messageId": "m1" }, { "messageId": "m5", "errorCode": code }]);
            assert_results(&answer, &results);
            assert_eq!(changing.message("m1")["isRead"], mode == "markAsRead");
            assert_eq!(changing.message("m5")["isRead"], false);
            changing.mailbox().forgive();
        }
    }
    let none = changing.change(&["gone", "no id"], marked()).await;
    let results = json!([
        { "messageId": "gone", "errorCode": "NOT_FOUND" }, { "messageId": "no id", "errorCode": "NOT_FOUND" },
    ]);
    assert_results(&none, &results);
}

#[rstest]
#[tokio::test]
async fn what_is_the_fault_of_no_message_refuses_the_call(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let changing = Changing::new(kind).await;
    changing.reading.scene.world.provider.answer_refreshes(rotate);
    for (refusal, status, code) in [
        ((403, "ErrorAccessDenied"), 403, "PERMISSION_NOT_GRANTED"),
        ((403, "insufficient_claims"), 409, "ACCOUNT_NEEDS_SIGN_IN"),
        ((404, "MailboxNotEnabledForRESTAPI"), 404, "NOT_FOUND"),
        ((401, "InvalidAuthenticationToken"), 502, "PROVIDER_ERROR"),
        ((503, "serviceNotAvailable"), 503, "PROVIDER_UNAVAILABLE"),
        ((504, "UnknownError"), 503, "PROVIDER_UNAVAILABLE"),
    ] {
        for ids in [&["m1"][..], &["m1", "m5"]] {
            changing.mailbox().refuse("/messages", refusal, None, 99);
            let refused = assert_refusal(&changing.change(ids, marked()).await, status, code);
            assert_eq!(refused["provider"]["code"], refusal.1);
            if code == "PERMISSION_NOT_GRANTED" {
                assert!(refused["moreInfo"].as_str().expect("more").contains("Mail.ReadWrite"), "{refused}");
            }
            changing.mailbox().forgive();
        }
    }
    assert_eq!(changing.message("m1")["isRead"], false);
}

#[tokio::test]
async fn a_message_that_another_program_changes_is_tried_again_twice() {
    let changing = Changing::new(Kind::Sqlite).await;
    let conflict = (409, "ErrorIrresolvableConflict");
    changing.mailbox().refuse("/m5", conflict, None, 2);
    assert_done(&changing.change(&["m1", "m5"], marked()).await);
    let asked: Vec<_> = changing.requests().iter().map(|seen| seen.path().to_owned()).collect();
    assert_eq!(asked, ["/$batch", "/me/messages/m5", "/me/messages/m5"]);
    changing.mailbox().refuse("/m5", conflict, None, 3);
    let answer = changing.change(&["m1", "m5"], marked()).await;
    let results = json!([{ "messageId": "m1" }, { "messageId": "m5", "errorCode": "PROVIDER_UNAVAILABLE" }]);
    assert_results(&answer, &results);
}

#[tokio::test]
async fn a_label_that_another_program_puts_on_a_message_at_the_same_time_stays() {
    let changing = Changing::new(Kind::Sqlite).await;
    let mailbox = changing.kept.clone();
    let others = AtomicUsize::new(0);
    changing.reading.scene.world.mail.answer(move |seen| {
        let mut mailbox = mailbox.lock().expect("a mailbox");
        let answer = mailbox.answer(seen);
        // Once, between the reading and the writing of this program.
        if seen.method == Method::GET && others.fetch_add(1, Ordering::SeqCst) == 0 {
            let url = seen.url.clone();
            let body = json!({ "categories": ["Red", "Theirs"] }).to_string().into_bytes();
            mailbox.answer(&MailSeen { method: Method::PATCH, url, headers: seen.headers.clone(), body });
        }
        answer
    });
    assert_done(&changing.change(&["m5"], json!({ "mode": "applyLabel", "labelId": label("Blue") })).await);
    assert_eq!(changing.message("m5")["categories"], json!(["Red", "Theirs", "Blue"]));
}

#[tokio::test]
async fn a_throttled_message_is_tried_again_after_the_wait_of_the_provider() {
    let changing = Changing::new(Kind::Sqlite).await;
    changing.mailbox().refuse("/m5", (429, "ApplicationThrottled"), Some(1), 1);
    let began = std::time::Instant::now();
    assert_done(&changing.change(&["m1", "m5"], marked()).await);
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
    assert_eq!(changing.requests().len(), 2);
    changing.mailbox().refuse("/m5", (429, "ApplicationThrottled"), Some(600), 1);
    let answer = changing.change(&["m1", "m5"], marked()).await;
    let results = json!([{ "messageId": "m1" }, { "messageId": "m5", "errorCode": "TOO_MANY_REQUESTS" }]);
    assert_results(&answer, &results);
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_only_the_rest_is_sent_again() {
    let changing = Changing::new(Kind::Sqlite).await;
    let world = &changing.reading.scene.world;
    world.provider.answer_refreshes(rotate);
    world.clock.advance(time::Duration::minutes(5));
    changing.mailbox().refuse("/m5", (401, "InvalidAuthenticationToken"), None, 1);
    assert_done(&changing.change(&["m1", "m5"], marked()).await);
    let asked = changing.requests();
    let sent: Vec<_> = asked.iter().map(|seen| (seen.path(), seen.header("authorization"))).collect();
    let expected =
        [("/$batch", "Bearer canary-access-grace"), ("/me/messages/m5", "Bearer canary-access-grace+")];
    assert_eq!(sent, expected);
}

/// A provider that answers the first request, and then no more.
#[derive(Default)]
struct Tired(AtomicUsize);

#[async_trait]
impl MailHttp for Tired {
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError> {
        if self.0.fetch_add(1, Ordering::SeqCst) > 0 {
            std::future::pending::<()>().await;
        }
        let MailBody::Whole(body) = request.body else { unreachable!("a batch without a body") };
        let asked: Value = serde_json::from_slice(&body).expect("JSON");
        let answers = asked["requests"].as_array().expect("requests").iter();
        let answers: Vec<_> =
            answers.map(|one| json!({ "id": one["id"], "status": 200, "body": {} })).collect();
        let body = Bytes::from(json!({ "responses": answers }).to_string());
        let body = Box::pin(futures_util::stream::iter([Ok::<_, MailError>(body)]));
        Ok(MailResponse { status: StatusCode::OK, headers: HeaderMap::new(), body })
    }
}

#[rstest]
#[tokio::test]
async fn when_the_time_is_over_the_answer_says_what_was_changed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    let http = Arc::new(Tired::default());
    let mail = mail_of(&scene, http.clone());
    let caller = Caller::job(scene.organisation, "test");
    let ids: Vec<String> = (0..50).map(|number| format!("n{number}")).collect();
    let waiting = tokio::spawn(async move {
        mail.change_messages(&caller, account, &ids, &MessageChange::Read(true)).await
    });
    until(|| http.0.load(Ordering::SeqCst) == 2).await;
    assert!(!waiting.is_finished());
    scene.process.monotonic.advance(CALL_TIME.as_secs_f64() + 1.0);
    let outcomes = waiting.await.expect("a task").expect("some are changed");
    let is_slow = |outcome: &Outcome| {
        matches!(outcome.failure, Some(MailFailure::Mail(MailError { problem: MailProblem::Slow, .. })))
    };
    assert_eq!(outcomes.len(), 50);
    assert!(outcomes[..20].iter().all(|outcome| outcome.failure.is_none()));
    assert!(outcomes[20..].iter().all(is_slow));
}
