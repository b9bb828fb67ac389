//! The budgets of API calls: the provider's token against a call that reads nothing, and a list of messages against the
//! same list straight from the stand-in for Graph.

use std::time::{Duration, Instant};

use mail360::{api::envelope::Envelope, log_in::guard::RouteAccess, people::access::Scope, router::get};
use sea_orm::ConnectionTrait;
use serde_json::Value;
use url::form_urlencoded;

use crate::{
    accounts::create_database,
    installation::{Installation, Setup},
    load::{Load, client, percentile},
    mailboxes::{Mailboxes, account_keys},
    pages::median_rates,
    strict_server::StrictServer,
    table::{Row, Table},
};

/// Number of lists of each kind.
const LISTS: usize = 2_000;
const LOGIN: &str = "grace@contoso.test";
const SCOPES: [&str; 3] = ["Mail.Read", "Mail.Send", "Contacts.Read"];
/// What a list of the API asks Graph for: one message more than it answers, with the size of each.
const QUERY: [(&str, &str); 5] = [
    (
        "$select",
        "id,receivedDateTime,parentFolderId,conversationId,isRead,isDraft,flag,hasAttachments,categories,\
         internetMessageId,subject,bodyPreview,sentDateTime,importance,from,sender,toRecipients,ccRecipients,\
         bccRecipients,replyTo",
    ),
    ("$filter", "receivedDateTime ge 1970-01-01T00:00:00Z"),
    ("$orderby", "receivedDateTime desc"),
    ("$top", "26"),
    ("$expand", "singleValueExtendedProperties($filter=id eq 'LONG 0x0E08')"),
];

async fn nothing() -> Envelope<()> {
    Envelope::success(())
}

/// Measures calls of the API.
pub async fn measure(table: &mut Table) {
    let server = StrictServer::start();
    token_calls(table, &server).await;
    let postgres = create_database().await;
    for (postgres, what) in [
        (None, "list of 25 messages through the API against the stand-in itself, SQLite"),
        (Some(postgres), "the same, PostgreSQL"),
    ] {
        let setup = Setup { provider: Some(server.url.clone()), postgres };
        lists(table, &server, setup, what).await;
    }
}

/// Connects a mailbox of the server, with mail in it. Returns the key of an API client, and the path of the account.
async fn connect(server: &StrictServer, installation: &Installation) -> (String, String) {
    let mailboxes = Mailboxes::of(installation).await;
    let application = server.register().await;
    let scopes = format!("openid profile offline_access User.Read {}", SCOPES.join(" "));
    let minted = server.mint_with(&application, vec![LOGIN.to_owned()], &scopes).await;
    let connector = mailboxes.add_connector_with("Archive", &application, &SCOPES).await;
    mailboxes.connect(&connector, &minted, ["Grace", "Grace"]).await;
    server.deliver(LOGIN, 60).await;
    let database = installation.database().await;
    // The access token of the connection was made up, so the first call must get another.
    database.execute_unprepared("UPDATE grants SET access_expires_at = 1").await.expect("ended");
    let keys = account_keys(&database).await;
    let account = keys.first().expect("an account");
    (mailboxes.add_api_client(installation).await, format!("/api/accounts/{account}"))
}

async fn token_calls(table: &mut Table, server: &StrictServer) {
    let installation = Installation::empty(Setup { provider: Some(server.url.clone()), postgres: None });
    let (key, account) = connect(server, &installation).await;
    let reads_nothing = get("/api/bench/nothing", RouteAccess::ApiClient(Scope::TokensRead), nothing);
    let url = installation.serve_here(vec![reads_nothing]).await;
    let token = Load::of_api(&url, &format!("{account}/token"), &key);
    let [token, nothing] = median_rates(&token, &Load::of_api(&url, "/api/bench/nothing", &key)).await;
    let share = token / nothing;
    table.add(Row {
        what: "call for the provider's token, records on, against an authenticated call that reads nothing",
        budget: "at least 0.50 of its requests per second, and 2,000".to_owned(),
        value: format!("{share:.2} ({token:.0}/s against {nothing:.0}/s)"),
        met: share >= 0.5 && token >= 2_000.0,
    });
}

/// The time of a call in milliseconds, and its answer.
pub async fn timed(http: &reqwest::Client, url: &str, credential: &str) -> (f64, Value) {
    let began = Instant::now();
    // The API asks for the same kind of ids.
    let asked = http.get(url).header("prefer", r#"IdType="ImmutableId""#);
    let sent = asked.header("authorization", format!("Bearer {credential}")).send();
    let answer = sent.await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    let took = began.elapsed().as_secs_f64() * 1000.0;
    assert!(status.is_success(), "{url}: {status} {text}");
    (took, serde_json::from_str(&text).expect("JSON"))
}

/// The provider's token for an account, and the id of its inbox as a value of an address. `account` is its whole address.
pub async fn token_and_inbox(http: &reqwest::Client, account: &str, key: &str) -> (String, String) {
    let (_, token) = timed(http, &format!("{account}/token"), key).await;
    let token = token.pointer("/data/token").and_then(Value::as_str).expect("a token").to_owned();
    let (_, folders) = timed(http, &format!("{account}/folders"), key).await;
    let folders = folders.get("data").and_then(Value::as_array).expect("folders");
    let inbox = folders.iter().find(|folder| folder.get("folderType").is_some_and(|kind| kind == "Inbox"));
    let inbox = inbox.and_then(|folder| folder.get("folderId")?.as_str()).expect("an inbox");
    // Ids have characters that mean something in an address.
    (token, form_urlencoded::byte_serialize(inbox.as_bytes()).collect())
}

async fn lists(table: &mut Table, server: &StrictServer, setup: Setup, what: &'static str) {
    let installation = Installation::empty(setup);
    let (key, account) = connect(server, &installation).await;
    let running = installation.start().await;
    let http = client();
    let account = format!("{}{account}", running.url);
    let (token, inbox) = token_and_inbox(&http, &account, &key).await;
    let through = format!("{account}/messages?folderId={inbox}&limit=25");
    let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(QUERY).finish();
    let straight =
        format!("{}/v1.0/me/mailFolders/{inbox}/messages?{}", server.url, query.replace('+', "%20"));
    let (mut by_us, mut by_itself) = (Vec::new(), Vec::new());
    for _ in 0..LISTS {
        by_itself.push(timed(&http, &straight, &token).await.0);
        let (took, listed) = timed(&http, &through, &key).await;
        assert_eq!(listed.get("data").and_then(Value::as_array).map(Vec::len), Some(25));
        by_us.push(took);
    }
    let more = |by_us: &mut [f64], by_itself: &mut [f64], share| {
        percentile(by_us, share) - percentile(by_itself, share)
    };
    let p50 = more(&mut by_us, &mut by_itself, 0.5);
    let p99 = more(&mut by_us, &mut by_itself, 0.99);
    table.add(Row {
        what,
        budget: "p50 at most 2 ms more, p99 at most 10 ms more".to_owned(),
        value: format!("{p50:.2} ms and {p99:.2} ms more"),
        met: p50 <= 2.0 && p99 <= 10.0,
    });
    // The limit of requests to a mailbox, ours and the server's, counts ten minutes.
    tokio::time::sleep(Duration::from_secs(1)).await;
}
