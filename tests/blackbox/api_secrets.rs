//! What an application must not find in an error, an administrator not in the log or the activity, and no
//! reader of the database in its rows: keys, tokens and mail.

use http::Method;
use mail360::{
    api::{
        calls::{self, Call, Credential},
        parameters::Place,
    },
    providers::mailbox::MailProblem,
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{
    Answer, Kind, Log, MailAnswer, SECRET,
    api_clients::{AsMail360, KeyedClient, everything},
    hex,
    refreshing::Scene,
    rotate,
};

const ADA: &str = "ada@contoso.test";
/// Mail, and the words that a program searches for.
const MAIL: &str = "canary-mail";
/// The beginnings of the provider's tokens.
const TOKENS: [&str; 2] = ["canary-access", "canary-refresh"];

/// An error whose words repeat mail and tokens.
fn refusal(status: u16, code: &str) -> MailAnswer {
    let words = format!("{MAIL}\r\n{{\"level\":\"INFO\"}} canary-access-grace canary-refresh-grace");
    let error = json!({ "code": code, "message": words, "innerError": { "message": words } });
    MailAnswer::Headed(status, ("retry-after", "600".to_owned()), json!({ "error": error }))
}

/// Answers of the provider: wrong types, broken JSON, and errors that repeat mail and a token.
fn answers() -> Vec<MailAnswer> {
    let item = json!({
        "id": 7, "subject": MAIL, "bodyPreview": { "text": MAIL }, "receivedDateTime": MAIL, "from": MAIL,
        "emailAddresses": MAIL, "displayName": [MAIL], "body": { "contentType": 1, "content": MAIL },
    });
    vec![
        MailAnswer::Json(200, json!({ "value": [item.clone()] })),
        MailAnswer::Json(200, item),
        MailAnswer::Json(200, json!([MAIL])),
        MailAnswer::Bytes(
            "application/json",
            vec![format!(r#"{{"value":[{{"subject":"{MAIL}"#).into_bytes()],
        ),
        MailAnswer::Bytes("text/html", vec![format!("<h1>{MAIL}</h1>").into_bytes()]),
        MailAnswer::Headed(302, ("location", format!("https://192.0.2.1/{MAIL}")), json!({})),
        refusal(400, "ErrorInvalidProperty"),
        refusal(403, "ErrorAccessDenied"),
        refusal(404, "ErrorItemNotFound"),
        refusal(410, "resyncRequired"),
        refusal(500, "generalException"),
        MailAnswer::Failure(MailProblem::Garbled),
    ]
}

/// The path of a call that reads, with what it requires. Its search is for [`MAIL`].
fn path(call: &Call, account: &str) -> String {
    let mut path = call.path.replace("{account_key}", account).replace("{path}", "v1.0/me/messages");
    let mut query = Vec::new();
    for parameter in call.parameters {
        match (parameter.place, parameter.name) {
            (Place::Path, name) => path = path.replace(&format!("{{{name}}}"), "AAMk1"),
            (Place::Query, "mailQry") => query.push(format!("mailQry=subject:{MAIL}")),
            (Place::Query, name) if parameter.is_required => query.push(format!("{name}={MAIL}")),
            _ => {}
        }
    }
    if call.id == calls::SEARCH_CONTACTS.id {
        query.push(format!("name={MAIL}"));
    }
    if call.id == calls::PROXY.id {
        query.push(format!("$search=%22{MAIL}%22"));
    }
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

struct Secrets {
    scene: Scene,
    client: KeyedClient,
    as_mail360: AsMail360,
}

impl Secrets {
    /// The credentials of the client.
    fn own(&self) -> [&str; 4] {
        let AsMail360 { client_secret, refresh_token, access_token } = &self.as_mail360;
        [&self.client.key, client_secret, refresh_token, access_token]
    }

    #[track_caller]
    fn assert_has_none(&self, text: &str, where_it_is: &str) {
        for secret in self.own().into_iter().chain(TOKENS).chain([SECRET, MAIL]) {
            assert!(!text.contains(secret), "{where_it_is} has {secret}: {text}");
        }
    }

    /// An error that this program wrote has neither secrets nor mail. What the provider wrote passes as it is.
    #[track_caller]
    fn assert_error(&self, answer: &Answer, what: &str) {
        if !answer.status.is_success() && answer.header("x-answered-by").is_empty() {
            self.assert_has_none(&answer.body, what);
        }
    }
}

#[rstest]
#[tokio::test]
async fn s7_keys_tokens_and_mail_are_in_no_log_no_activity_no_error_and_no_row(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let log = Log::start();
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await.to_string();
    let client = scene.world.add_api_client(ADA, &everything("CRM")).await;
    let as_mail360 = scene.world.as_mail360(ADA, client.id).await;
    let secrets = Secrets { scene, client, as_mail360 };
    let world = &secrets.scene.world;
    world.provider.answer_refreshes(rotate);

    let reading = calls::ALL
        .into_iter()
        .filter(|call| call.method == Method::GET && call.credential != Credential::None)
        .filter(|call| call.path.contains("{account_key}"));
    for (number, call) in reading.enumerate() {
        for answer in answers() {
            world.mail.answer(move |_| answer.clone());
            let is_key = number % 2 == 0 || [calls::GET_TOKEN.id, calls::PROXY.id].contains(&call.id);
            let key = if is_key { &secrets.client.key } else { &secrets.as_mail360.access_token };
            let answer = world.call_with(key, "GET", &path(call, &account)).await;
            secrets.assert_error(&answer, call.id);
        }
        world.mail.take_requests();
    }
    // Once each: a refused token is renewed, and a mailbox whose provider is busy gets no request for a while.
    for (status, code) in
        [(401, "InvalidAuthenticationToken"), (503, "serviceNotAvailable"), (429, "TooManyRequests")]
    {
        world.mail.answer(move |_| refusal(status, code));
        let answer =
            world.call_with(&secrets.client.key, "GET", &path(&calls::LIST_MESSAGES, &account)).await;
        assert!(!answer.status.is_success(), "{}", answer.body);
        secrets.assert_error(&answer, code);
    }

    wrong_credentials(&secrets).await;
    world.program.calls.flush().await.expect("written");
    world.program.clients.flush_uses().await.expect("written");
    secrets.assert_has_none(&log.text(), "the log");
    for line in log.text().lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "not one event: {line}");
    }
    let dump = world.raw.dump(&[]).await.join("\n");
    assert!(
        dump.contains("account.raw_call_sent") && dump.contains("account.token_read"),
        "the activity is there"
    );
    secrets.assert_has_none(&dump, "the database");
    let dump = dump.to_lowercase();
    for secret in secrets.own().into_iter().chain(TOKENS).chain([SECRET, MAIL]) {
        // A blob is written in hexadecimal digits.
        assert!(!dump.contains(&hex(secret.as_bytes())), "the database has {secret} in a blob");
    }
}

/// Sends the right credentials in places and forms in which they are wrong.
async fn wrong_credentials(secrets: &Secrets) {
    let world = &secrets.scene.world;
    for secret in secrets.own() {
        for authorization in
            [format!("Bearer {secret}x"), format!("Basic {secret}"), format!("Bearer {secret} {secret}")]
        {
            let answer = world.call_as(Some(&authorization), "GET", "/api/accounts", "").await;
            secrets.assert_error(answer.assert_status(401), "a wrong credential");
        }
        let body = json!({
            "grant_type": "refresh_token", "client_id": secret, "client_secret": secret, "refresh_token": secret,
            "unknown": secret,
        });
        for body in
            [body.to_string(), format!("{{\"client_secret\":\"{secret}"), format!("client_secret={secret}")]
        {
            let answer = world.call_as(None, "POST", "/api/access-token", &body).await;
            assert!(answer.status.is_client_error(), "{}", answer.body);
            secrets.assert_error(&answer, "an exchange");
        }
        let path = format!("/api/accounts/{secret}/messages?access_token={secret}");
        secrets.assert_error(&world.call_as(None, "GET", &path, "").await, "a credential in the address");
    }
}
