//! An application that sends from a mailbox whose answers a test decides.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use http::Method;
use mail360::accounts::service::AccountId;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use url::Url;

use crate::support::{
    Answer, Application, MailAnswer, MailSeen, TestMonotonic,
    api_clients::{KeyedClient, everything},
    company::{Scopes, Site},
    data,
    outbox::Outbox,
    refreshing::Scene,
    sending::DRAFT,
};

/// The owner of the mailbox.
pub const GRACE: &str = "grace@contoso.test";

/// A mailbox with an application.
pub struct Posting {
    pub scene: Scene,
    pub account: AccountId,
    pub application: Application,
    pub outbox: Outbox,
}

impl Posting {
    /// With a mailbox that has granted everything for sending.
    pub async fn new(site: impl Into<Site>) -> Self {
        Self::with(site, DRAFT).await
    }

    /// With a mailbox that has granted these permissions.
    pub async fn with(site: impl Into<Site>, scopes: Scopes) -> Self {
        let scene = Scene::new(site).await;
        let account = scene.connect("grace").await;
        scene.grant(scopes).await;
        let application = Application::with_everything(&scene.world).await;
        let outbox = Outbox::of(scene.site.company, &TestMonotonic::new());
        let posting = Self { scene, account, application, outbox };
        posting.answer_with(&posting.outbox);
        posting
    }

    /// The provider answers with this mailbox from now on.
    fn answer_with(&self, outbox: &Outbox) {
        let outbox = outbox.clone();
        self.scene.world.mail.answer(move |seen| answer(&outbox, seen));
    }

    /// The same application and mailbox at a process whose clock a test moves.
    pub async fn with_clock(self) -> (Self, Arc<TestMonotonic>) {
        let monotonic = TestMonotonic::new();
        let process = self.scene.world.with_monotonic(&monotonic).await;
        let (application, outbox) =
            (self.application.at(&process), Outbox::of(self.scene.site.company, &monotonic));
        let posting = Self { application, outbox, ..self };
        posting.answer_with(&posting.outbox);
        (posting, monotonic)
    }

    /// The address of a call of the account.
    pub fn at(&self, path: &str) -> String {
        format!("/api/accounts/{}/{path}", self.account)
    }

    /// A call of the account.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.application.send(method, &self.at(path), body).await
    }

    /// A call of the account with a key.
    pub async fn call_once(&self, key: &str, method: &str, path: &str, body: &Value) -> Answer {
        let key = [("idempotency-key", key)];
        self.application.send_headed(method, &self.at(path), &key, body).await
    }

    /// Begins a call that may have a key.
    pub fn begin(&self, key: Option<&'static str>, path: &str, body: &Value) -> JoinHandle<Answer> {
        let (application, path, body) = (self.application.clone(), self.at(path), body.clone());
        tokio::spawn(async move {
            let headers: Vec<_> = key.into_iter().map(|key| ("idempotency-key", key)).collect();
            application.send_headed("POST", &path, &headers, &body).await
        })
    }

    /// Sends a message with this subject, which must succeed. Returns its `data`.
    pub async fn send(&self, subject: &str) -> Value {
        data(self.call("POST", "messages", &message(subject)).await.assert_status(200))
    }

    /// Uploads a file as another client, which has the same account. Returns the client and the `fileId`.
    pub async fn upload(&self, name: &str, content: Vec<u8>) -> (KeyedClient, String) {
        let world = &self.scene.world;
        let number = world.raw.count("api_clients").await;
        let client = world.add_api_client("ada@contoso.test", &everything(&format!("Files {number}"))).await;
        let mut browser = world.browser();
        let request = browser
            .request("POST", &self.at(&format!("attachments?fileName={name}")))
            .header("authorization", format!("Bearer {}", client.key))
            .header("content-type", "application/octet-stream");
        let answer = browser.send(request.body(Body::from(content)).expect("a request")).await;
        let file = data(answer.assert_status(201))["fileId"].as_str().expect("an id").to_owned();
        (client, file)
    }

    /// A call of the account by this client.
    pub async fn call_by(&self, client: &KeyedClient, method: &str, path: &str, body: &Value) -> Answer {
        let credential = format!("Bearer {}", client.key);
        self.scene.world.call_as(Some(&credential), method, &self.at(path), &body.to_string()).await
    }

    /// The requests of this method so far whose path ends so, with their bodies. Forgets all requests.
    pub fn written(&self, method: &Method, end: &str) -> Vec<(String, Value)> {
        let requests = self.scene.world.mail.take_requests();
        let found = requests.iter().filter(|seen| seen.method == *method && seen.path().ends_with(end));
        found
            .map(|seen| {
                let body = serde_json::from_slice(&seen.body).unwrap_or(Value::Null);
                (seen.path().to_owned(), body)
            })
            .collect()
    }
}

/// Lets time pass until a call has its answer.
pub async fn finish(monotonic: &TestMonotonic, call: JoinHandle<Answer>) -> Answer {
    // What needs no time comes first.
    for _ in 0..20 {
        if call.is_finished() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    while !call.is_finished() {
        monotonic.advance(0.1);
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    call.await.expect("no panic")
}

/// A call for a message with this subject.
pub fn message(subject: &str) -> Value {
    json!({
        "fromAddress": GRACE, "toAddress": "to@contoso.test", "subject": subject, "content": "<p>canary-content</p>",
    })
}

/// The mailbox of the tests of sending, with what changes drafts beside it.
pub fn answer(outbox: &Outbox, seen: &MailSeen) -> MailAnswer {
    let path = seen.path().to_owned();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match (seen.method.as_str(), parts.as_slice()) {
        (_, ["$batch"]) => batch(outbox, seen),
        ("PATCH", ["me", "messages", _]) => MailAnswer::Json(200, json!({})),
        ("DELETE", ["me", "messages", _, "attachments", id]) => match *id {
            "gone" => MailAnswer::refusal(404, "ErrorItemNotFound"),
            _ => MailAnswer::Bytes("text/plain", Vec::new()),
        },
        ("POST", [.., "createUploadSession"]) => {
            MailAnswer::Json(201, json!({ "uploadUrl": "https://outlook.office.com/session/1" }))
        }
        ("PUT", ["session", _]) => MailAnswer::Json(if is_last_piece(seen) { 201 } else { 200 }, json!({})),
        _ => outbox.answer(seen),
    }
}

/// Whether a piece of a file is the last one, by its range: `bytes 0-9/10`.
fn is_last_piece(seen: &MailSeen) -> bool {
    let range = seen.headers.get("content-range").and_then(|range| range.to_str().ok()).unwrap_or_default();
    let (piece, whole) = range.split_once('/').unwrap_or_default();
    let end = piece.rsplit('-').next().and_then(|end| end.parse::<u64>().ok());
    end.is_some_and(|end| whole.parse() == Ok(end + 1))
}

/// Answers each request of a batch.
fn batch(outbox: &Outbox, seen: &MailSeen) -> MailAnswer {
    let asked: Value = serde_json::from_slice(&seen.body).expect("JSON");
    let answers: Vec<_> = asked["requests"]
        .as_array()
        .expect("requests")
        .iter()
        .map(|request| {
            let url = request["url"].as_str().expect("an address");
            let part = MailSeen {
                method: request["method"].as_str().expect("a method").parse().expect("a method"),
                url: Url::parse(&format!("https://graph.microsoft.com/v1.0{url}")).expect("an address"),
                headers: seen.headers.clone(),
                body: request["body"].to_string().into_bytes(),
            };
            let (status, body) = match answer(outbox, &part) {
                MailAnswer::Json(status, body) | MailAnswer::Headed(status, _, body) => (status, body),
                MailAnswer::Failure(_) => (503, json!({ "error": { "code": "serviceNotAvailable" } })),
                _ => (204, Value::Null),
            };
            json!({ "id": request["id"], "status": status, "body": body })
        })
        .collect();
    MailAnswer::Json(200, json!({ "responses": answers }))
}
