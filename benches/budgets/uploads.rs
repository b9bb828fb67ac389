//! The budget of uploads: how fast they arrive, the memory that they take, and how long a page takes beside them. No
//! upload reaches the provider.

use std::{collections::BTreeSet, convert::Infallible, time::Instant};

use axum::body::Bytes;
use futures_util::stream;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    accounts::create_database,
    installation::{Installation, Setup},
    load::client,
    mailboxes::{Mailboxes, account_keys, number},
    strict_server::{Application, Minted},
    table::{Row, Table},
};

/// Number of mailboxes. Each has a connector of its own, so that the page has as many rows as in the other measurements.
const MAILBOXES: u32 = 25;
/// Number of API clients. One has space for 1 GiB.
const CLIENTS: u32 = 2;
const UPLOADS: u32 = 100;
const SIZE: u32 = 20_000_000;
const PIECE: u32 = 64 * 1024;
/// How often the page is requested beside the uploads.
const PAGES_PER_SECOND: u32 = 20;
/// An address at which nothing listens.
const NO_PROVIDER: &str = "http://127.0.0.1:9";

/// Measures uploads.
pub async fn measure(table: &mut Table) {
    let postgres = create_database().await;
    for (postgres, what) in [
        (
            None,
            "100 uploads of 20 MB at once over 25 mailboxes, while the Connectors page is requested 20 times a second, \
             SQLite",
        ),
        (Some(postgres), "the same, PostgreSQL"),
    ] {
        uploads(table, postgres, what).await;
    }
}

/// Connects the mailboxes.
async fn connect(mailboxes: &Mailboxes) {
    for number in 0..MAILBOXES {
        let application = Application {
            id: format!("{number:08}-7e57-4000-8000-00000000d0d1"),
            secret: format!("not-a-real-secret~{number:016}"),
        };
        let connector = mailboxes.add_connector(&format!("Archive {number}"), &application).await;
        let minted = Minted {
            login: format!("m{number}@contoso.test"),
            tid: "5a1e0000-7e57-4000-8000-00000000c0de".to_owned(),
            oid: format!("{number:08}-7e57-4000-8000-000000000acc"),
            refresh_token: format!("never-issued-{number}"),
        };
        mailboxes.connect(&connector, &[minted], ["Mail", "Mail"]).await;
    }
}

/// The content of an upload, in pieces, so that no upload is held in memory here.
fn content(size: u32) -> reqwest::Body {
    let length = |bytes: u32| usize::try_from(bytes).expect("a number of bytes");
    let piece = Bytes::from(vec![b'x'; length(PIECE)]);
    let offsets = (0..size).step_by(length(PIECE));
    let pieces =
        offsets.map(move |offset| Ok::<_, Infallible>(piece.slice(..length(PIECE.min(size - offset)))));
    reqwest::Body::wrap_stream(stream::iter(pieces))
}

/// Uploads a file of this number of bytes. Returns its `fileId`.
pub async fn upload(http: reqwest::Client, url: String, key: String, size: u32) -> String {
    let request = http
        .post(&url)
        .header("authorization", format!("Bearer {key}"))
        .header("content-length", size.to_string())
        .body(content(size));
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    assert_eq!(status, 201, "{text}");
    let answered: Value = serde_json::from_str(&text).expect("JSON");
    answered.pointer("/data/fileId").and_then(Value::as_str).expect("a fileId").to_owned()
}

async fn uploads(table: &mut Table, postgres: Option<String>, what: &'static str) {
    let setup = Setup { provider: Some(NO_PROVIDER.to_owned()), postgres };
    let installation = Installation::empty(setup);
    let mailboxes = Mailboxes::of(&installation).await;
    connect(&mailboxes).await;
    let mut keys = Vec::new();
    for _ in 0..CLIENTS {
        keys.push(mailboxes.add_api_client(&installation).await);
    }
    let database = installation.database().await;
    let accounts = account_keys(&database).await;
    let running = installation.start().await;

    let (http, mut tasks) = (client(), JoinSet::new());
    let began = Instant::now();
    for ((account, key), file) in accounts.iter().cycle().zip(keys.iter().cycle()).zip(0..UPLOADS) {
        let url = format!("{}/api/accounts/{account}/attachments?fileName=upload-{file}.bin", running.url);
        tasks.spawn(upload(http.clone(), url, key.clone(), SIZE));
    }
    let arriving = async { (tasks.join_all().await, began.elapsed()) };
    let page = running.load("/connectors");
    let (page, (memory, (files, took))) =
        page.run_at_pace(PAGES_PER_SECOND, running.watch_memory(arriving)).await;

    let rate = f64::from(UPLOADS) * f64::from(SIZE) / 1_000_000.0 / took.as_secs_f64();
    let p99 = page.p99.as_secs_f64() * 1000.0;
    // The program marks an upload as whole only if it has stored as many bytes as the request announced.
    let whole = number(&database, &format!("SELECT COUNT(*) FROM uploads WHERE size = {SIZE}")).await;
    let distinct: BTreeSet<String> = files.into_iter().collect();
    let is_each_there = whole == i64::from(UPLOADS) && u32::try_from(distinct.len()) == Ok(UPLOADS);
    table.add(Row {
        what,
        budget: "at least 15 MB/s in all, under 60 MB of memory above rest, p99 of the page under 200 ms, each is stored \
                 whole"
            .to_owned(),
        value: format!(
            "{rate:.0} MB/s, {memory:.1} MB, {p99:.0} ms ({} pages, {} failed), {whole} stored",
            page.requests, page.failed
        ),
        met: rate >= 15.0 && memory < 60.0 && p99 < 200.0 && page.failed == 0 && is_each_there,
    });
}
