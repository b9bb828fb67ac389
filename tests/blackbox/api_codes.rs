//! Every code of the table of errors, provoked through the router: with its status, and none is left out.

use std::{collections::BTreeSet, convert::Infallible, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    routing::post as on_post,
};
use http::Request;
use http_body_util::BodyExt;
use mail360::{
    accounts::service::links::NewLink,
    api::{
        errors::Code,
        layers::{Limits, route, router},
    },
    clients::model::TypedClient,
    log_in::guard::RouteAccess,
    people::access::Scope,
    platform::{failure::Failure, middleware::body::BodyLimits},
    providers::mailbox::MailProblem,
    router::{get, router_of, table},
};
use serde_json::{Value, json};
use strum::VariantArray;
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::{
    api_reading::Reading,
    confirm::{add, code_of, confirm, returning, signed_in},
    support::{
        Answer, Application, Browser, Kind, Linked, MailAnswer, World,
        api_clients::{everything, only},
        assert_refusal,
        refreshing::refused,
    },
};

const ADA: &str = "ada@contoso.test";
const JSON: (&str, &str) = ("content-type", "application/json");

/// The codes of calls that send or change. Their own tests provoke them.
const OF_SENDING: [&str; 10] = [
    "Given FromAddress not exists!",
    "FOLDER_EXISTS",
    "IDEMPOTENCY_KEY_REUSED",
    "IDEMPOTENCY_IN_PROGRESS",
    "SEND_OUTCOME_UNKNOWN",
    "SCHEDULE_STARTED",
    "CONTENT_IS_FINAL",
    "ETAG_MISMATCH",
    "MESSAGE_TOO_LARGE",
    "UPLOAD_SPACE_FULL",
];

/// The codes that were provoked, and the limits that 429 has named.
#[derive(Default)]
struct Provoked {
    codes: BTreeSet<&'static str>,
    limits: BTreeSet<String>,
}

impl Provoked {
    #[track_caller]
    fn note(&mut self, answer: &Answer, code: Code) {
        let data = assert_refusal(answer, code.status().as_u16(), code.name());
        assert!(!data["moreInfo"].as_str().unwrap_or_default().is_empty(), "{}", answer.body);
        self.codes.insert(code.name());
        if code == Code::TooManyRequests {
            let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
            assert!(seconds >= 1);
            self.limits.insert(data["limit"].as_str().expect("a limit").to_owned());
        }
    }
}

#[tokio::test]
async fn each_code_of_the_table_is_an_answer_of_the_router() {
    let mut provoked = Provoked::default();
    provoke_by_requests(&mut provoked).await;
    provoke_by_mailboxes(&mut provoked).await;
    provoke_by_confirmations(&mut provoked).await;
    provoke_by_the_program(&mut provoked).await;
    let missing: Vec<_> = Code::VARIANTS
        .iter()
        .map(|code| code.name())
        .filter(|name| !provoked.codes.contains(name) && !OF_SENDING.contains(name))
        .collect();
    assert_eq!(missing, [""; 0]);
    assert_eq!(
        provoked.limits.iter().map(String::as_str).collect::<Vec<_>>(),
        ["client", "mailbox", "provider"]
    );
}

/// A call with an API key and one header more.
async fn call(
    world: &World,
    key: &str,
    method: &str,
    path: &str,
    (name, value): (&str, &str),
    body: impl Into<Body>,
) -> Answer {
    let mut browser = world.browser();
    let request = browser.request(method, path).header("authorization", format!("Bearer {key}"));
    browser.send(request.header(name, value).body(body.into()).expect("a request")).await
}

/// What a program may do wrong in a request.
async fn provoke_by_requests(provoked: &mut Provoked) {
    let world = World::new(Kind::Sqlite).await;
    world.set_up().await;
    let key = world.add_api_client(ADA, &everything("CRM")).await.key;
    let long = "x".repeat(17_000);
    let long_path = format!("/api/accounts?cursor={long}");
    let wrong = json!({ "client_id": "a", "client_secret": "b", "refresh_token": "c" }).to_string();
    for (method, path, header, body, code) in [
        ("POST", "/api/accounts/oauth", JSON, "[]".to_owned(), Code::JsonParseError),
        ("GET", "/api/accounts?folder=1", JSON, String::new(), Code::ExtraParamFound),
        ("GET", "/api/accounts?limit=0", JSON, String::new(), Code::InvalidValue),
        ("POST", "/api/accounts", JSON, "{}".to_owned(), Code::NotSupported),
        ("GET", "/api/nothing", JSON, String::new(), Code::NotFound),
        ("DELETE", "/api/accounts", JSON, String::new(), Code::MethodNotAllowed),
        ("GET", long_path.as_str(), JSON, String::new(), Code::UriTooLong),
        ("GET", "/api/accounts", ("x-padding", long.as_str()), String::new(), Code::RequestHeadersTooLarge),
        (
            "POST",
            "/api/accounts/oauth",
            ("content-type", "text/plain"),
            "{}".to_owned(),
            Code::UnsupportedMediaType,
        ),
        ("POST", "/api/accounts/oauth", JSON, " ".repeat(1024 * 1024 + 1), Code::ContentTooLarge),
        ("POST", "/api/access-token", JSON, wrong, Code::InvalidClientOrToken),
    ] {
        provoked.note(&call(&world, &key, method, path, header, body).await, code);
    }
    let elsewhere = Request::get("/api/accounts").header("host", "evil.example").body(Body::empty());
    provoked.note(&world.browser().send(elsewhere.expect("a request")).await, Code::MisdirectedRequest);
    provoked.note(&world.browser().get("/api/accounts").await, Code::InvalidOauthToken);
    let folders = world.add_api_client(ADA, &only("Folders", &[Scope::FoldersRead])).await.key;
    let answer = call(&world, &folders, "GET", "/api/accounts", JSON, "").await;
    provoked.note(&answer, Code::MissingScope);
    let typed = TypedClient { networks: "198.51.100.0/24".to_owned(), ..everything("Elsewhere") };
    let elsewhere = world.add_api_client(ADA, &typed).await.key;
    let answer = call(&world, &elsewhere, "GET", "/api/accounts", JSON, "").await;
    provoked.note(&answer, Code::AddressNotAllowed);
    for _ in 0..40 {
        let answer = call(&world, "m360_wrong", "GET", "/api/accounts", JSON, "").await;
        if answer.status == 429 {
            provoked.note(&answer, Code::TooManyRequests);
        }
    }
}

/// What a mailbox, its provider or its account says.
async fn provoke_by_mailboxes(provoked: &mut Provoked) {
    let reading = Reading::new(Kind::Sqlite).await;
    let mail = &reading.scene.world.mail;
    let get = async |path: &str| reading.application.get(&reading.at(path)).await;
    for (answer, code) in [
        (MailAnswer::Failure(MailProblem::NotSupported("No.")), Code::NotSupportedByProvider),
        (MailAnswer::refusal(403, "ErrorAccessDenied"), Code::PermissionNotGranted),
        (MailAnswer::refusal(403, "insufficient_claims"), Code::AccountNeedsSignIn),
        (MailAnswer::refusal(400, "ErrorSomethingNew"), Code::ProviderError),
        (MailAnswer::refusal(503, "serviceNotAvailable"), Code::ProviderUnavailable),
    ] {
        mail.answer(move |_| answer.clone());
        provoked.note(&get("messages/AAMk").await, code);
    }
    mail.answer(|_| MailAnswer::refusal(410, "syncStateNotFound"));
    provoked.note(&get("contacts/changes").await, Code::SyncTokenExpired);
    mail.answer(|seen| {
        if seen.path().ends_with("/$value") {
            return MailAnswer::refusal(405, "ErrorInvalidRequest");
        }
        MailAnswer::Json(200, json!({ "@odata.type": "#microsoft.graph.referenceAttachment", "id": "1" }))
    });
    provoked.note(&get("messages/AAMk/attachments/1").await, Code::AttachmentIsLink);
    provoke_too_many_of_a_mailbox(provoked, &reading).await;

    // Its own mailbox, which gets no requests for a while.
    let throttled = reading.scene.connect("throttled").await;
    mail.answer(|_| {
        let error = json!({ "error": { "code": "ApplicationThrottled" } });
        MailAnswer::Headed(429, ("retry-after", "600".to_owned()), error)
    });
    let path = format!("/api/accounts/{throttled}/messages/AAMk");
    provoked.note(&reading.application.get(&path).await, Code::TooManyRequests);

    let account = format!("/api/accounts/{}", reading.account);
    let disable = json!({ "mode": "disableAccount" });
    reading.application.send("PUT", &account, &disable).await.assert_status(200);
    provoked.note(&get("messages/AAMk").await, Code::AccountPaused);
    let failing = reading.scene.connect("failing").await;
    reading.scene.world.provider.answer_refreshes(|_| refused("invalid_scope"));
    reading.scene.expire();
    let path = format!("/api/accounts/{failing}/messages/AAMk");
    provoked.note(&reading.application.get(&path).await, Code::ConnectorFailing);
}

/// Two downloads that are not read use the places for downloads, and 32 wait. The next one is refused.
async fn provoke_too_many_of_a_mailbox(provoked: &mut Provoked, reading: &Reading) {
    let world = &reading.scene.world;
    world.mail.answer(|_| MailAnswer::Bytes("message/rfc822", vec![vec![b'x'; 16 * 1024]; 50]));
    let key = world.add_api_client(ADA, &everything("Downloads")).await.key;
    let mut calls = JoinSet::new();
    for _ in 0..40 {
        let request = world.browser().request("GET", &reading.at("messages/AAMk/raw"));
        let request = request.header("authorization", format!("Bearer {key}"));
        let request = request.body(Body::empty()).expect("a request");
        calls.spawn(world.router.clone().oneshot(request));
    }
    let mut open = Vec::new();
    loop {
        let response = calls.join_next().await.expect("a refusal").expect("a task").expect("an answer");
        if response.status() != 429 {
            open.push(response);
            continue;
        }
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        provoked.note(&answer, Code::TooManyRequests);
        break;
    }
    assert!(open.len() <= 2, "{}", open.len());
}

/// What may happen between a sign-in and its confirmation.
async fn provoke_by_confirmations(provoked: &mut Provoked) {
    for (change, code) in [
        ("UPDATE users SET role = 'viewer'", Code::LinkRevoked),
        ("UPDATE connectors SET application_version = application_version + 1", Code::ConnectorChanged),
    ] {
        let linked = Linked::new(Kind::Sqlite).await;
        add(&linked, true).await;
        let waiting = signed_in(&linked, &mut linked.world.browser()).await;
        linked.world.raw.run(change).await.expect("changed");
        provoked.note(&confirm(&linked, &waiting).await, code);
        provoked.note(&confirm(&linked, &waiting).await, Code::ConfirmationUnknown);
    }

    let linked = Linked::new(Kind::Sqlite).await;
    add(&linked, true).await;
    let path = linked.make(returning(&linked)).await;
    let first = code_of(&linked.connect(&mut linked.world.browser(), &path).await);
    let second = code_of(&linked.connect(&mut linked.world.browser(), &path).await);
    confirm(&linked, &first).await.assert_status(200);
    provoked.note(&confirm(&linked, &second).await, Code::LinkUsed);

    // The account is gone when its owner's sign-in is confirmed.
    let account = linked.account().await;
    let path = linked.make(NewLink { account: Some(account), ..returning(&linked) }).await;
    let waiting = code_of(&linked.connect(&mut linked.world.browser(), &path).await);
    linked.world.raw.run("UPDATE accounts SET subject = 'another'").await.expect("changed");
    provoked.note(&confirm(&linked, &waiting).await, Code::WrongAccount);

    let mut linked = Linked::new(Kind::Sqlite).await;
    add(&linked, true).await;
    let waiting = signed_in(&linked, &mut linked.world.browser()).await;
    let other = linked.another_connector("Calendar").await;
    let path = linked.make(NewLink::of_console(other)).await;
    linked.connect(&mut linked.world.browser(), &path).await.assert_says("Your mailbox is connected");
    provoked.note(&confirm(&linked, &waiting).await, Code::OtherConnector);

    provoke_a_harmful_sign_in(provoked).await;
}

/// The link of a limited client would take a permission from an account that others use.
async fn provoke_a_harmful_sign_in(provoked: &mut Provoked) {
    let linked = Linked::new(Kind::Sqlite).await;
    add(&linked, true).await;
    let limited = TypedClient { reach: "connected".to_owned(), ..everything("Limited") };
    let application = Application::of(&linked.world, limited).await;
    let link = json!({
        "hintEmail": "grace@contoso.test", "mailProvider": "Mail archive",
        "rUrl": "https://crm.example.com/mailboxes/7",
    });
    let made = application.send("POST", "/api/accounts/oauth", &link).await;
    let made: Value = serde_json::from_str(&made.assert_status(200).body).expect("JSON");
    let url = url::Url::parse(made["data"]["url"].as_str().expect("an address")).expect("an address");
    let waiting = code_of(&linked.connect(&mut linked.world.browser(), url.path()).await);
    let path = linked.make(linked.plain()).await;
    linked.connect(&mut linked.world.browser(), &path).await.assert_says("Your mailbox is connected");
    let more = "UPDATE grants SET scopes = scopes || ' Calendars.Read'";
    linked.world.raw.run(more).await.expect("changed");
    provoked.note(&confirm(&linked, &waiting).await, Code::AccountAlreadyConnected);
}

async fn forbid() -> Failure {
    Failure::Forbidden
}

async fn be_busy() -> Failure {
    Failure::Busy(3)
}

/// What happens to this program itself. No call is always busy or forbidden, so routes of this test are.
async fn provoke_by_the_program(provoked: &mut Provoked) {
    let mut world = World::new(Kind::Sqlite).await;
    world.set_up().await;
    let mut lines = table();
    lines.extend([
        get("/api/test/forbidden", RouteAccess::Anyone, forbid),
        get("/api/test/busy", RouteAccess::Anyone, be_busy),
    ]);
    world.router = router_of(&world.program, lines);
    for (path, code) in [("/api/test/forbidden", Code::Forbidden), ("/api/test/busy", Code::Busy)] {
        provoked.note(&world.browser().get(path).await, code);
    }
    let key = world.add_api_client(ADA, &everything("CRM")).await.key;
    let unread = world.add_api_client(ADA, &everything("Unread")).await.key;
    world.raw.run("ALTER TABLE accounts RENAME TO accounts_away").await.expect("renamed");
    let answer = call(&world, &key, "GET", "/api/accounts", JSON, "").await;
    provoked.note(&answer, Code::InternalError);
    world.program.database.clone().close().await.expect("closed");
    let answer = call(&world, &unread, "GET", "/api/accounts", JSON, "").await;
    provoked.note(&answer, Code::Unavailable);

    let short = Duration::from_millis(200);
    let body = BodyLimits { max_bytes: 10, patience: short / 2 };
    let limits = Limits { body, call: short, ..Limits::default() };
    let never = on_post(|_: Bytes| std::future::pending::<http::StatusCode>());
    let routes = Router::new().route("/api/test/never", route(never, None, limits));
    let browser = Browser::new(router(routes, &world.program.config, limits), "http://localhost:3000");
    let silent = Body::from_stream(futures_util::stream::pending::<Result<&str, Infallible>>());
    for (body, code) in [(Body::from("{}"), Code::TimedOut), (silent, Code::RequestTimeout)] {
        let request = browser.request("POST", "/api/test/never").body(body).expect("a request");
        provoked.note(&browser.clone().send(request).await, code);
    }
}
