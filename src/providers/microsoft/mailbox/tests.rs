use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use oauth2::{HttpRequest, HttpResponse};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::providers::http::HttpFailure;

const GRAPH: &str = "https://graph.example/v1.0";

/// Graph with one answer for each path.
#[derive(Default)]
struct Graph {
    answers: BTreeMap<&'static str, (u16, String)>,
    asked: Mutex<Vec<String>>,
}

impl Graph {
    fn with(mut self, path: &'static str, status: u16, body: &str) -> Self {
        self.answers.insert(path, (status, body.to_owned()));
        self
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().expect("a list").clone();
        asked.sort();
        asked
    }
}

#[async_trait]
impl ProviderHttp for Graph {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        assert_eq!(request.headers()["authorization"], "Bearer canary-access");
        self.asked.lock().expect("a list").push(request.uri().to_string());
        let path = request.uri().path().to_owned();
        let (status, body) = self.answers.get(path.as_str()).cloned().ok_or(HttpFailure::TimedOut)?;
        Ok(::http::Response::builder().status(status).body(body.into_bytes()).expect("an answer"))
    }
}

fn token() -> SecretString {
    SecretString::from("canary-access")
}

fn error(code: &str) -> Value {
    json!({ "error": { "code": code, "message": "No.", "innerError": { "request-id": "x" } } })
}

const INBOX_PATH: &str = "/v1.0/me/mailFolders/inbox";
const MESSAGES: &str = "/v1.0/me/messages";
const CONTACTS_PATH: &str = "/v1.0/me/contacts";

#[tokio::test]
async fn a_mailbox_is_found_or_said_to_be_missing_and_no_other_answer_says_so() {
    let found = MailboxFinding::Found("AAMk-inbox".to_owned());
    for (status, body, expected) in [
        (200, json!({ "id": "AAMk-inbox", "displayName": "Posteingang" }).to_string(), found),
        (404, error("MailboxNotEnabledForRESTAPI").to_string(), MailboxFinding::None),
        (404, error("ErrorMailboxNotEnabledForRESTAPI").to_string(), MailboxFinding::None),
        (403, error("MailboxNotEnabledForRESTAPI").to_string(), MailboxFinding::None),
        (400, error("MailboxNotSupportedForRESTAPI").to_string(), MailboxFinding::None),
        (404, error("ErrorNonExistentMailbox").to_string(), MailboxFinding::None),
        (403, error("ErrorAccessDenied").to_string(), MailboxFinding::Unknown),
        (401, error("InvalidAuthenticationToken").to_string(), MailboxFinding::Unknown),
        (404, error("ErrorItemNotFound").to_string(), MailboxFinding::Unknown),
        (404, "MailboxNotEnabledForRESTAPI".to_owned(), MailboxFinding::Unknown),
        (429, error("MailboxNotEnabledForRESTAPI").to_string(), MailboxFinding::Unknown),
        (503, error("MailboxNotEnabledForRESTAPI").to_string(), MailboxFinding::Unknown),
        (200, json!({ "value": [] }).to_string(), MailboxFinding::Unknown),
        (200, "<html>".to_owned(), MailboxFinding::Unknown),
        (302, String::new(), MailboxFinding::Unknown),
    ] {
        let graph = Graph::default().with(INBOX_PATH, status, &body);
        assert_eq!(find(&graph, GRAPH, &token()).await, expected, "{status} {body}");
        assert_eq!(graph.asked(), [format!("{GRAPH}{INBOX}")]);
    }
    assert_eq!(find(&Graph::default(), GRAPH, &token()).await, MailboxFinding::Unknown, "a time-out");
}

fn scopes(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// What a test of access comes to with these permissions, if both questions are answered soundly.
async fn tested(with: &str) -> (AccessTest, usize) {
    let newest = json!({ "value": [{ "receivedDateTime": "2026-11-28T09:30:00Z" }] }).to_string();
    let contacts = json!({ "@odata.count": 12, "value": [{ "id": "1" }] }).to_string();
    let graph = Graph::default().with(MESSAGES, 200, &newest).with(CONTACTS_PATH, 200, &contacts);
    let test = test_access(&graph, GRAPH, &token(), &scopes(with)).await.expect("answers");
    (test, graph.asked().len())
}

#[tokio::test]
async fn a_test_of_access_reads_what_the_permissions_allow_and_asks_for_nothing_else() {
    let newest = Some(Some(Timestamp::from_micros(1_795_858_200_000_000)));
    for (with, newest_message, contacts, asked) in [
        ("User.Read Mail.Read Contacts.Read", newest, Some(12), 2),
        ("Mail.ReadWrite", newest, None, 1),
        ("Mail.ReadBasic", newest, None, 1),
        ("Contacts.ReadWrite Mail.Send", None, Some(12), 1),
        ("User.Read Mail.Send", None, None, 0),
        ("", None, None, 0),
    ] {
        assert_eq!(tested(with).await, (AccessTest { newest_message, contacts }, asked), "{with}");
    }
}

#[tokio::test]
async fn an_empty_mailbox_is_told_apart_from_one_that_may_not_be_read() {
    let empty = Graph::default().with(MESSAGES, 200, r#"{"value":[]}"#);
    let test = test_access(&empty, GRAPH, &token(), &scopes("Mail.Read")).await.expect("an answer");
    assert_eq!(test, AccessTest { newest_message: Some(None), contacts: None });
}

#[tokio::test]
async fn a_refused_test_of_access_says_whether_the_token_was_the_reason() {
    for (status, body, why) in [
        (401, error("InvalidAuthenticationToken").to_string(), RefusalKind::TokenRefused),
        (401, String::new(), RefusalKind::TokenRefused),
        (403, error("ErrorAccessDenied").to_string(), RefusalKind::AccessRefused),
        (404, error("MailboxNotEnabledForRESTAPI").to_string(), RefusalKind::AccessRefused),
        (429, String::new(), RefusalKind::Throttled(None)),
        (503, "<html>".to_owned(), RefusalKind::Unavailable),
        (200, "{}".to_owned(), RefusalKind::Garbled),
        (200, json!({ "value": [{ "receivedDateTime": "soon" }] }).to_string(), RefusalKind::Garbled),
        (200, "<html>".to_owned(), RefusalKind::Garbled),
    ] {
        let graph = Graph::default().with(MESSAGES, status, &body).with(CONTACTS_PATH, 200, "{}");
        let refused = test_access(&graph, GRAPH, &token(), &scopes("Mail.Read")).await.expect_err(&body);
        assert_eq!(refused.why, why, "{status} {body}");
        assert!(!format!("{refused:?}").contains("canary"), "it repeats the token");
    }
    let silent = test_access(&Graph::default(), GRAPH, &token(), &scopes("Contacts.Read")).await;
    assert_eq!(silent.expect_err("no answer").why, RefusalKind::Slow);
}

proptest! {
    #[test]
    fn a_time_of_graph_is_read_to_the_second(seconds in 0..4_000_000_000_i64, fraction in "(\\.[0-9]{1,7})?") {
        let time = Timestamp::from_micros(seconds * 1_000_000);
        let written = time.for_machines();
        prop_assert_eq!(read_time(&written), Some(time));
        prop_assert_eq!(read_time(&written.replace('Z', &format!("{fraction}Z"))), Some(time));
    }

    #[test]
    fn no_text_at_all_makes_the_reading_of_a_time_panic(text in "([0-9:TZ.-]|\\PC){0,30}") {
        let _ = read_time(&text);
    }
}
