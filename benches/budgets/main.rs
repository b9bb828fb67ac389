//! `make bench` measures each budget of the design on this machine, if possible as a ratio within one run.
//! The program prints one table and writes it to `benches/RESULTS.md`. `scripts/bench.sh PART...` measures only these
//! parts (pages, accounts, api, gmail, downloads, uploads) and writes nothing.

#![expect(clippy::expect_used, reason = "a measurement ends where what it needs is not there")]
#![expect(clippy::print_stdout, reason = "it is there to be read")]

mod accounts;
mod api;
mod downloads;
mod gmail;
mod installation;
mod load;
mod mailboxes;
mod pages;
mod strict_server;
mod table;
mod uploads;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use installation::{Installation, in_process};
use load::{Load, log_ins};
use pages::median_rates;
use table::{Row, Table};

/// The same allocator as in the program, because one measurement serves pages from this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Duration of each round.
const ROUND: Duration = Duration::from_secs(5);
const ROUNDS: usize = 3;

#[tokio::main]
async fn main() -> ExitCode {
    // `cargo test --benches` runs this as well, with nothing to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    if let Some(path) = std::env::var_os("FLAME") {
        flame(&PathBuf::from(path)).await;
        return ExitCode::SUCCESS;
    }
    let chosen: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |part: &str| chosen.is_empty() || chosen.iter().any(|chosen| chosen == part);
    let mut table = Table::default();
    if is_wanted("pages") {
        table.add(bundle());
        start(&mut table).await;
        page_against_memory(&mut table).await;
        few_against_many(&mut table).await;
        while_others_log_in(&mut table).await;
        thousand_browsers(&mut table).await;
        memory(&mut table).await;
    }
    if is_wanted("accounts") {
        accounts::measure(&mut table).await;
    }
    if is_wanted("api") {
        api::measure(&mut table).await;
    }
    if is_wanted("gmail") {
        gmail::measure(&mut table).await;
    }
    if is_wanted("downloads") {
        downloads::measure(&mut table).await;
    }
    if is_wanted("uploads") {
        uploads::measure(&mut table).await;
    }
    // The file has the measurements of one run.
    if chosen.is_empty() {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        table.write(&root.join("benches/RESULTS.md")).expect("the results are written");
    }
    if table.is_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs `perf` while the Connectors page is under load, and writes its samples.
async fn flame(path: &Path) {
    let running = Installation::new(25).await.start().await;
    let load = running.load("/connectors");
    let load = load.run(2 * ROUND);
    let mut perf = std::process::Command::new("perf");
    // Few samples, because unwinding without frame pointers takes longer than sampling.
    perf.args(["record", "--quiet", "-e", "cpu-clock", "-F", "61", "--call-graph", "dwarf,32768", "-o"])
        .arg(path)
        .args(["-p", &running.id().to_string(), "--", "sleep", "5"]);
    #[expect(clippy::disallowed_methods, reason = "no server runs in this process")]
    let seen = tokio::task::spawn_blocking(move || perf.status());
    let (measured, seen) = tokio::join!(load, seen);
    assert!(seen.expect("no panic").expect("perf").success());
    assert_eq!(measured.failed, 0, "a page that fails takes another way");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Script and WebAssembly, compressed as they are served.
fn bundle() -> Row {
    let folder = installation::binary().parent().expect("a folder").join("site/pkg");
    let size: u64 = std::fs::read_dir(folder)
        .expect("the assets beside the binary")
        .filter_map(Result::ok)
        .filter(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            name.ends_with(".js.br") || name.ends_with(".wasm.br")
        })
        .map(|file| file.metadata().expect("its size").len())
        .sum();
    Row {
        what: "WebAssembly and JavaScript of a page, brotli",
        budget: "at most 60 kB".to_owned(),
        value: format!("{:.1} kB", f64::from(u32::try_from(size).expect("small")) / 1000.0),
        met: size <= 60_000,
    }
}

async fn start(table: &mut Table) {
    let installation = Installation::new(25).await;
    let mut times = Vec::new();
    for _ in 0..7 {
        let mut running = installation.start().await;
        times.push(running.first_answer_after.as_secs_f64() * 1000.0);
        running.stop();
    }
    let value = median(times);
    table.add(Row {
        what: "start on an existing SQLite file to the first answer",
        budget: "under 200 ms".to_owned(),
        value: format!("{value:.0} ms"),
        met: value < 200.0,
    });
}

async fn page_against_memory(table: &mut Table) {
    let (url, cookie) = in_process(25).await;
    let (page, from_memory) =
        (Load::new(&url, "/connectors", &cookie), Load::new(&url, "/from-memory", &cookie));
    let [page, from_memory] = median_rates(&page, &from_memory).await;
    let share = page / from_memory;
    table.add(Row {
        what: "logged-in Connectors page, 25 rows, against the same bytes from memory behind the same layers",
        budget: "at least 0.30 of its requests per second".to_owned(),
        value: format!("{share:.2} ({page:.0}/s against {from_memory:.0}/s)"),
        met: share >= 0.3,
    });
}

async fn few_against_many(table: &mut Table) {
    let (few, many) = (Installation::new(100).await, Installation::new(1_000_000).await);
    let (few, many) = (few.start().await, many.start().await);
    let pages = [
        ("/connectors", "the same page with 1,000,000 connectors in the table against 100"),
        (
            "/connectors?search=mail",
            "a search for a word that every connector has, among 1,000,000 against among 100",
        ),
    ];
    pages::few_against_many(table, [&few, &many], &pages).await;
    let searches = [
        (
            "/connectors?search=mail+archive",
            "a search for two words that every connector has, among 1,000,000",
            100.0,
        ),
        (
            "/connectors?search=north+south",
            "a search for two words that half of the connectors have each and no connector has both, among 1,000,000",
            250.0,
        ),
    ];
    pages::searches(table, &many, &searches).await;
}

async fn while_others_log_in(table: &mut Table) {
    let running = Installation::new(25).await.start().await;
    let load = running.load("/connectors").with_connections(4);
    let (measured, statuses) = tokio::join!(load.run(2 * ROUND), log_ins(&running.url, 50, 2 * ROUND));
    let value = measured.p99.as_secs_f64() * 1000.0;
    table.add(Row {
        what: "the same page while 50 log-ins a second arrive",
        budget: "p99 under 100 ms, and nothing fails".to_owned(),
        value: format!("{value:.1} ms ({statuses})"),
        // Each was refused after the hash, or asked to come back; at least one was hashed.
        met: value < 100.0
            && measured.failed == 0
            && statuses.0.keys().all(|status| [401, 503].contains(status))
            && statuses.0.contains_key(&401),
    });
}

async fn thousand_browsers(table: &mut Table) {
    let running = Installation::new(25).await.start().await;
    let measured = running.load("/connectors").with_connections(1_000).run(2 * ROUND).await;
    let ratio = measured.p99.as_secs_f64() / measured.median.as_secs_f64();
    table.add(Row {
        what: "1,000 browsers that keep their connections",
        budget: "no request fails, p99 under ten times the median".to_owned(),
        value: format!("{} failed, {ratio:.1} times", measured.failed),
        met: measured.failed == 0 && ratio < 10.0,
    });
}

async fn memory(table: &mut Table) {
    let running = Installation::new(25).await.start().await;
    let mut requests = 0;
    while requests < 100_000 {
        requests += running.load("/connectors").run(ROUND).await.all_well().requests;
    }
    let after = running.memory();
    for (what, value, max) in [
        ("resident memory at rest, before the first log-in", running.at_rest, 40.0),
        ("resident memory after 100,000 requests", after, 80.0),
    ] {
        table.add(Row {
            what,
            budget: format!("under {max} MB"),
            value: format!("{value:.1} MB"),
            met: value < max,
        });
    }
}
