//! The budgets of downloads: how fast they pass through the program, and the memory that they take. The provider is in
//! this process, and sends at an even pace over all its answers.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use tokio::task::JoinSet;

use crate::{
    installation::{Installation, Running, Setup},
    load::client,
    mailboxes::{Mailboxes, account_keys},
    strict_server::{Application, Minted},
    table::{Row, Table},
};

const MAILBOXES: u32 = 25;
const DOWNLOADS: usize = 100;
const SIZE: usize = 20_000_000;
const PIECE: usize = 64 * 1024;
/// What the provider sends in a second, in all.
const PACE: f64 = 100_000_000.0;
/// By how much the provider may be late and still keep its pace. Timers are late by about a millisecond.
const LAG: Duration = Duration::from_millis(20);
/// What a slow reader takes in a second.
const SLOW: usize = 50_000;
/// How long slow readers are watched: longer than any time limit of a connection, and of a body that is too slow.
const WATCHED: Duration = Duration::from_mins(2);

/// Measures downloads.
pub async fn measure(table: &mut Table) {
    let provider = Provider::start().await;
    let installation = Installation::empty(Setup { provider: Some(provider), postgres: None });
    let mailboxes = Mailboxes::of(&installation).await;
    let application = Application {
        id: "00000000-7e57-4000-8000-00000000d0d0".to_owned(),
        secret: "not-a-real-secret~of-the-downloads".to_owned(),
    };
    let connector = mailboxes.add_connector_with("Archive", &application, &["Mail.Read"]).await;
    let minted: Vec<_> = (0..MAILBOXES).map(mailbox).collect();
    mailboxes.connect(&connector, &minted, ["Mail", "Mail"]).await;
    let key = mailboxes.add_api_client(&installation).await;
    let accounts = account_keys(&installation.database().await).await;
    let paths: Vec<_> = accounts.iter().map(|it| format!("/api/accounts/{it}/messages/1/raw")).collect();
    fast(table, &installation.start().await, &paths, &key).await;
    slow(table, &installation.start().await, &paths, &key).await;
}

fn mailbox(number: u32) -> Minted {
    Minted {
        login: format!("m{number}@contoso.test"),
        tid: "5a1e0000-7e57-4000-8000-00000000c0de".to_owned(),
        oid: format!("{number:08}-7e57-4000-8000-000000000acc"),
        refresh_token: format!("never-issued-{number}"),
    }
}

/// A provider whose content is of [`SIZE`] bytes, sent at [`PACE`]: when the next piece of any content may be sent.
struct Provider {
    next: Mutex<tokio::time::Instant>,
}

impl Provider {
    /// Starts it. Returns its address.
    async fn start() -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let provider = Arc::new(Self { next: Mutex::new(tokio::time::Instant::now()) });
        let router = Router::new().fallback(move |request: Request| {
            let provider = provider.clone();
            async move { provider.answer(&request) }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://127.0.0.1:{}", address.port())
    }

    fn answer(self: Arc<Self>, request: &Request) -> Response {
        if !request.uri().path().ends_with("/$value") {
            return ([("content-type", "application/json")], r#"{"id":"1","value":[]}"#).into_response();
        }
        let piece = Bytes::from(vec![b'x'; PIECE]);
        let body = stream::unfold((SIZE, self, piece), |(left, provider, piece)| async move {
            if left == 0 {
                return None;
            }
            provider.wait_for_turn().await;
            let next = piece.slice(..left.min(PIECE));
            Some((Ok::<_, Infallible>(next.clone()), (left - next.len(), provider, piece)))
        });
        let headers = [("content-type", "text/plain".to_owned()), ("content-length", SIZE.to_string())];
        (headers, Body::from_stream(body)).into_response()
    }

    /// Waits for the next piece's turn. What was not sent earlier is not made up for.
    async fn wait_for_turn(&self) {
        let turn = {
            let mut next = self.next.lock().expect("a time");
            let earliest = tokio::time::Instant::now() - LAG;
            *next = earliest.max(*next) + Duration::from_secs_f64(to_f64(PIECE) / PACE);
            *next
        };
        tokio::time::sleep_until(turn).await;
    }
}

fn to_f64(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).expect("a number of bytes"))
}

/// Downloads a message; again a moment later while too many others of its mailbox are under way. `pace`: bytes a second.
async fn download(url: String, key: String, pace: Option<usize>, received: Arc<AtomicU64>) {
    let http = client();
    loop {
        let sent = http.get(&url).header("authorization", format!("Bearer {key}")).send();
        let mut answer = sent.await.expect("an answer");
        if answer.status() == 429 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        }
        assert_eq!(answer.status(), 200, "{url}");
        while let Some(piece) = answer.chunk().await.expect("the whole body") {
            received.fetch_add(u64::try_from(piece.len()).expect("a length"), Ordering::Relaxed);
            if let Some(pace) = pace {
                tokio::time::sleep(Duration::from_secs_f64(to_f64(piece.len()) / to_f64(pace))).await;
            }
        }
        return;
    }
}

/// Begins all downloads.
fn begin(
    running: &Running,
    paths: &[String],
    key: &str,
    pace: Option<usize>,
) -> (JoinSet<()>, Arc<AtomicU64>) {
    let (mut tasks, received) = (JoinSet::new(), Arc::<AtomicU64>::default());
    for path in paths.iter().cycle().take(DOWNLOADS) {
        tasks.spawn(download(format!("{}{path}", running.url), key.to_owned(), pace, received.clone()));
    }
    (tasks, received)
}

async fn fast(table: &mut Table, running: &Running, paths: &[String], key: &str) {
    let began = Instant::now();
    let (tasks, received) = begin(running, paths, key, None);
    let (memory, _) = running.watch_memory(tasks.join_all()).await;
    let took = began.elapsed().as_secs_f64();
    let whole = to_f64(SIZE) * to_f64(DOWNLOADS);
    let share = whole / took / PACE;
    let is_whole = received.load(Ordering::Relaxed) == u64::try_from(SIZE * DOWNLOADS).expect("a sum");
    table.add(Row {
        what: "100 downloads of 20 MB at once over 25 mailboxes, from a provider that sends 100 MB/s in all",
        budget: "at least 0.70 of that, under 60 MB of memory above rest".to_owned(),
        value: format!("{share:.2}, {memory:.1} MB"),
        met: share >= 0.7 && memory < 60.0 && is_whole,
    });
}

async fn slow(table: &mut Table, running: &Running, paths: &[String], key: &str) {
    let (mut tasks, received) = begin(running, paths, key, Some(SLOW));
    let (memory, ()) = running.watch_memory(tokio::time::sleep(WATCHED)).await;
    // None ends within this time: what has ended was cut, and its task has panicked.
    let mut cut = 0_u32;
    while tasks.try_join_next().is_some() {
        cut += 1;
    }
    drop(tasks);
    let got = received.load(Ordering::Relaxed);
    // Two downloads of a mailbox are under way at a time. A reader is a little slower than its pace.
    let expected = u64::from(MAILBOXES) * 2 * u64::try_from(SLOW).expect("a pace") * WATCHED.as_secs();
    table.add(Row {
        what: "the same, for two minutes with readers of 50 kB/s",
        budget: "under 60 MB of memory above rest, none is cut, and each admitted reader gets its bytes"
            .to_owned(),
        value: format!("{memory:.1} MB, {} MB sent, {cut} cut", got / 1_000_000),
        met: memory < 60.0 && cut == 0 && got >= expected * 9 / 10,
    });
}
