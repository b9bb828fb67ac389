//! The budgets of Gmail: a list of messages against the same calls made straight to the stand-in for Google, and the memory
//! that a large message takes while it is made and sent.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::{
    accounts::create_database,
    api::{timed, token_and_inbox},
    installation::{Installation, Setup},
    load::{client, percentile},
    mailboxes::{Mailboxes, account_keys},
    strict_server::{Application, MintedAtGoogle, StrictServer},
    table::{Row, Table},
    uploads::upload,
};

const READ: &str = "https://www.googleapis.com/auth/gmail.readonly";
const MODIFY: &str = "https://www.googleapis.com/auth/gmail.modify";

/// Number of mailboxes, and of rounds in which each one is listed both ways. All these lists of a mailbox take less than
/// Google allows it in a minute: 6,000 units, of which a list takes 506.
const MAILBOXES: u32 = 50;
const ROUNDS: u32 = 4;
/// Number of messages of a mailbox. More than those of a list are in its inbox.
const MESSAGES: u32 = 60;
const LISTED: u32 = 25;
const AT_ONCE: usize = 8;
/// What a list of the API asks of each part of a message, and the most parts within each other.
const OF_PART: &str = "partId,mimeType,filename,headers,body(size,attachmentId)";
const DEPTH: usize = 10;

/// The bytes of the file of a large message. In base64 the message has 34 MB, near the limit of Gmail.
const FILE: u32 = 25_000_000;
/// What the stand-in takes of an upload in a second: slowly enough for the memory to be looked at some thirty times.
const PACE: f64 = 10_000_000.0;
const LOGIN: &str = "grace@contoso.test";

/// Measures everything about Gmail.
pub async fn measure(table: &mut Table) {
    list(table).await;
    let postgres = create_database().await;
    for (postgres, what) in [
        (
            None,
            "mail with a file of 25 MB, made and sent to a Gmail that takes 10 MB/s, SQLite: resident memory above that \
             after a small mail",
        ),
        (Some(postgres), "the same, PostgreSQL"),
    ] {
        large_mail(table, postgres, what).await;
    }
}

/// Lists the mailboxes of `myworld`, each one once in a process: a process remembers the messages that it has read, and
/// would read none of them again.
async fn list(table: &mut Table) {
    let server = StrictServer::start_google(MESSAGES);
    let installation = Installation::empty(Setup { provider: Some(server.url.clone()), postgres: None });
    let mailboxes = Mailboxes::of(&installation).await;
    let application = server.register_google().await;
    let connector = mailboxes.add_gmail_connector("Archive", &application, &[READ]).await;
    let logins: Vec<String> = (0..MAILBOXES).map(|number| format!("m{number}@contoso.test")).collect();
    let minted = server.mint_google(&application, &logins, &connector.scopes).await;
    mailboxes.connect_gmail(&connector, &minted, ["Mail", "Mail"]).await;
    let key = mailboxes.add_api_client(&installation).await;
    let database = installation.database().await;
    // The access tokens of the connections were made up, so the first calls must get others.
    database.execute_unprepared("UPDATE grants SET access_expires_at = 1").await.expect("ended");
    let accounts = account_keys(&database).await;

    let mut calls = Vec::new();
    {
        let (running, http) = (installation.start_logged_out(), client());
        for account in accounts {
            let account = format!("{}/api/accounts/{account}", running.url);
            let (token, inbox) = token_and_inbox(&http, &account, &key).await;
            // The stand-in makes a mailbox when it is first asked for it.
            list_straight(&http, &server.url, &token).await;
            calls.push((format!("{account}/messages?folderId={inbox}&limit={LISTED}"), token));
        }
    }
    let (mut by_us, mut by_itself) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (_running, http) = (installation.start_logged_out(), client());
        for (through, token) in &calls {
            by_itself.push(list_straight(&http, &server.url, token).await);
            let (took, listed) = timed(&http, through, &key).await;
            let count = listed.get("data").and_then(Value::as_array).map(Vec::len);
            assert_eq!(count.map(u32::try_from), Some(Ok(LISTED)));
            by_us.push(took);
        }
    }
    let mut given = 0;
    for login in &logins {
        given += server.messages_given(login).await;
    }
    let lists = MAILBOXES * (2 * ROUNDS + 1);
    let is_each_read = given == u64::from(lists * LISTED);
    let [by_us, by_itself] = [by_us, by_itself].map(|mut times| percentile(&mut times, 0.5));
    let ratio = by_us / by_itself;
    table.add(Row {
        what: "list of 25 messages of Gmail through the API, of which the program knows none, against the same 26 calls \
               straight to the stand-in, 8 at a time",
        budget: "p50 at most 1.3 times, and each message is read once in each list".to_owned(),
        value: format!("{ratio:.2} ({by_us:.1} ms against {by_itself:.1} ms), {given} read"),
        met: ratio <= 1.3 && is_each_read,
    });
}

/// Lists the inbox of a token as the program does: the ids, and then the messages, some of them at a time. Returns the
/// time in milliseconds.
async fn list_straight(http: &reqwest::Client, url: &str, token: &str) -> f64 {
    let messages = format!("{url}/gmail/v1/users/me/messages");
    let fields = fields();
    let began = Instant::now();
    let (_, listed) = timed(http, &format!("{messages}?labelIds=INBOX&maxResults=500"), token).await;
    let listed = listed.get("messages").and_then(Value::as_array).expect("messages");
    let ids = listed.iter().filter_map(|message| message.get("id")?.as_str());
    let mut addresses: Vec<String> =
        ids.map(|id| format!("{messages}/{id}?format=full&fields={fields}")).collect();
    assert!(addresses.len() > usize::try_from(LISTED).expect("a count"), "{}", addresses.len());
    addresses.truncate(usize::try_from(LISTED).expect("a count"));
    let reads: Vec<_> = addresses.iter().map(|address| timed(http, address, token)).collect();
    let read: Vec<(f64, Value)> = stream::iter(reads).buffered(AT_ONCE).collect().await;
    let took = began.elapsed().as_secs_f64() * 1000.0;
    assert!(read.iter().all(|(_, message)| message.get("payload").is_some()), "{read:?}");
    took
}

/// What a list of the API asks of each message, as a value of an address.
fn fields() -> String {
    let parts = (1..DEPTH).fold(OF_PART.to_owned(), |within, _| format!("{OF_PART},parts({within})"));
    let fields = format!("id,threadId,labelIds,snippet,internalDate,sizeEstimate,payload({parts})");
    form_urlencoded::byte_serialize(fields.as_bytes()).collect()
}

/// A Gmail that discards what it is given, and counts the bytes of its uploads. `myworld` cannot be the one here: it takes
/// seconds for each megabyte, and the program gives up before that. What is measured is the program alone.
#[derive(Default)]
struct Gmail {
    calls: AtomicU64,
    uploaded: AtomicU64,
}

impl Gmail {
    /// Starts it. Returns its address as well.
    async fn start() -> (String, Arc<Self>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let gmail = Arc::<Self>::default();
        let answering = gmail.clone();
        let router = Router::new().fallback(move |request: Request| {
            let gmail = answering.clone();
            async move { gmail.answer(request).await }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        (format!("http://127.0.0.1:{}", address.port()), gmail)
    }

    async fn answer(&self, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        let bytes = discard(request.into_body()).await;
        if path.starts_with("/upload/") {
            self.uploaded.fetch_add(bytes, Ordering::Relaxed);
        }
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let id = format!("{number:x}");
        let message = |label: &str| json!({ "id": id, "threadId": id, "labelIds": [label] });
        let answer = match path.rsplit_once("/users/me/").map_or("", |(_, call)| call) {
            "settings/sendAs" => json!({ "sendAs": [{ "sendAsEmail": LOGIN, "isPrimary": true }] }),
            "drafts" => json!({ "id": format!("r{number}"), "message": message("DRAFT") }),
            "drafts/send" => message("SENT"),
            _ => json!({}),
        };
        ([("content-type", "application/json")], answer.to_string()).into_response()
    }
}

/// Takes a body at [`PACE`]. Returns the number of its bytes.
async fn discard(body: Body) -> u64 {
    let began = tokio::time::Instant::now();
    let (mut pieces, mut received) = (body.into_data_stream(), 0_u32);
    while let Some(piece) = pieces.next().await {
        received += u32::try_from(piece.expect("the whole body").len()).expect("a length");
        tokio::time::sleep_until(began + Duration::from_secs_f64(f64::from(received) / PACE)).await;
    }
    u64::from(received)
}

/// Sends a mail, with this upload if there is one.
async fn send(http: &reqwest::Client, account: &str, key: &str, subject: &str, file: Option<&str>) {
    let files: Vec<Value> = file.iter().map(|file| json!({ "fileId": file })).collect();
    let mail = json!({
        "fromAddress": LOGIN,
        "toAddress": "ada@contoso.test",
        "subject": subject,
        "content": "<p>Here it is.</p>",
        "attachments": files,
    });
    let request = http
        .post(format!("{account}/messages"))
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .body(mail.to_string());
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    assert_eq!(status, 200, "{text}");
}

/// Sends a large mail in a process that has sent a small one, and whose administrator has not logged in: what it opens and
/// remembers at its first call belongs to no mail, and what a log-in gives back might serve the mail.
async fn large_mail(table: &mut Table, postgres: Option<String>, what: &'static str) {
    let (url, gmail) = Gmail::start().await;
    let installation = Installation::empty(Setup { provider: Some(url), postgres });
    let mailboxes = Mailboxes::of(&installation).await;
    let connector = mailboxes.add_gmail_connector("Archive", &Application::of_google(0), &[MODIFY]).await;
    let minted = MintedAtGoogle {
        login: LOGIN.to_owned(),
        sub: "110169484474386276334".to_owned(),
        refresh_token: "1//0never-issued".to_owned(),
    };
    mailboxes.connect_gmail(&connector, &[minted], ["Grace", "Grace"]).await;
    let key = mailboxes.add_api_client(&installation).await;
    let accounts = account_keys(&installation.database().await).await;
    let account = accounts.first().expect("an account");
    // By another process, because what an upload gives back might serve the mail as well.
    let file = {
        let running = installation.start_logged_out();
        let url = format!("{}/api/accounts/{account}/attachments?fileName=film.mp4", running.url);
        upload(client(), url, key.clone(), FILE).await
    };

    let (running, http) = (installation.start_logged_out(), client());
    let account = format!("{}/api/accounts/{account}", running.url);
    send(&http, &account, &key, "Small", None).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = running.memory();
    let (above_rest, ()) =
        running.watch_memory(send(&http, &account, &key, "Large", Some(file.as_str()))).await;
    let memory = above_rest + running.at_rest - before;
    let uploaded = gmail.uploaded.load(Ordering::Relaxed);
    // Four characters of base64 for three bytes.
    let is_whole = uploaded > u64::from(FILE) / 3 * 4;
    table.add(Row {
        what,
        budget: "under 8 MB".to_owned(),
        value: format!("{memory:.1} MB ({above_rest:.1} MB above rest), {} MB given", uploaded / 1_000_000),
        met: memory < 8.0 && is_whole,
    });
}
