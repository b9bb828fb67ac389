//! A connector of a provider that ends grants on request is deleted with its accounts: the job ends the grants there.

use std::sync::Arc;

use mail360::{
    accounts::service::{
        grants::{MAX_FAILED_REVOCATIONS, NoStops},
        of_connector::{AccountsOfConnectors, DELETION},
    },
    connectors::service::Deletion,
    jobs::runner::{Runner, Worker},
    platform::monotonic::SystemMonotonic,
    providers::http::HttpFailure,
};
use rstest::rstest;
use serde_json::json;
use tokio::sync::Notify;

use super::{SOUND, connector};
use crate::support::{
    Canned, Kind, Log, Seen,
    jobs::until,
    refreshing::{Process, Scene},
};

const FAILURE: &str = "could not end a removed grant at the provider";

/// An organisation with a Contoso connector and this number of accounts: `m0`, `m1`, ….
pub(super) async fn scene(kind: Kind, accounts: usize) -> Scene {
    let (world, ada, connector) = connector(kind).await;
    let organisation = world.organisation_id_of("ada@contoso.test").await;
    let process = Process::new(&world.program, world.provider.clone(), Arc::new(NoStops));
    let scene = Scene { site: kind.into(), world, ada, connector, organisation, process };
    scene.connect_many(accounts).await;
    scene
}

/// A runner of the deletion on the monotonic clock of the scene's process.
fn runner(scene: &Scene) -> Runner {
    let program = &scene.world.program;
    let of_connectors =
        AccountsOfConnectors { accounts: scene.process.accounts(), ..(*program.of_connectors).clone() };
    let worker = Worker::new(&DELETION, move |lease, job| {
        let of_connectors = of_connectors.clone();
        async move { of_connectors.remove(&lease, &job).await }
    });
    Runner::new(program.jobs.clone(), vec![worker], Arc::new(SystemMonotonic))
}

/// Deletes the connector, and starts the job that removes its accounts.
async fn start_deletion(scene: &Scene) -> Runner {
    let admin = scene.world.admin().await.reauthenticated().expect("a proof");
    let connectors = &scene.world.program.connectors;
    let deletion = connectors.delete(&admin, scene.connector_id(), SOUND.name).await;
    assert!(matches!(deletion, Ok(Deletion::Started(_))), "{deletion:?}");
    let mut runner = runner(scene);
    assert_eq!(runner.start_due_jobs().await.expect("a look"), 1);
    runner
}

fn has_ended(scene: &Scene) -> bool {
    scene.world.program.jobs.counts().of(&DELETION).succeeded == 1
}

pub(super) fn revocations(scene: &Scene) -> Vec<Seen> {
    let requests = scene.world.provider.requests();
    requests.into_iter().filter(|seen| seen.url.ends_with("/revoke")).collect()
}

async fn assert_everything_is_gone(scene: &Scene) {
    for table in ["accounts", "grants", "connectors", "jobs WHERE kind = 'connector_deletion'"] {
        assert_eq!(scene.world.raw.count(table).await, 0, "{table}");
    }
}

#[rstest]
#[tokio::test]
async fn the_deletion_of_a_connector_ends_its_grants_at_the_provider_and_a_failure_does_not_stop_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = scene(kind, 7).await;
    scene.world.provider.answer_revoke(Canned::Json(503, json!({})));
    scene.world.provider.answer_revoke(Canned::Failure(HttpFailure::TimedOut));
    let log = Log::start();
    let _runner = start_deletion(&scene).await;
    until(|| has_ended(&scene)).await;
    let seen = revocations(&scene);
    assert!(seen.iter().all(|seen| seen.url == "https://id.contoso.example/eu/revoke"));
    assert!(seen.iter().all(|seen| seen.field("client_secret") == Some(SOUND.secret)));
    let mut tokens: Vec<_> = seen.iter().filter_map(|seen| seen.field("token")).collect();
    tokens.sort_unstable();
    let expected: Vec<_> = (0..7).map(|number| format!("canary-refresh-m{number}")).collect();
    assert_eq!(tokens, expected);
    assert_eq!(log.lines(FAILURE).len(), 2, "{}", log.text());
    assert!(!log.text().contains("canary"), "{}", log.text());
    assert_everything_is_gone(&scene).await;
}

#[rstest]
#[tokio::test]
async fn a_provider_that_does_not_answer_gets_fifteen_seconds_for_each_grant_of_a_deleted_connector(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = scene(kind, 2).await;
    let never = Arc::new(Notify::new());
    for _ in 0..2 {
        let answer = Canned::Json(200, json!({}));
        scene.world.provider.answer_revoke(Canned::After(never.clone(), Box::new(answer)));
    }
    let _runner = start_deletion(&scene).await;
    until(|| revocations(&scene).len() == 2).await;
    assert_eq!(scene.world.raw.count("accounts").await, 0, "the tokens are erased before the requests");
    scene.process.monotonic.advance(14.9);
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    assert!(!has_ended(&scene));
    scene.process.monotonic.advance(0.1);
    until(|| has_ended(&scene)).await;
    assert_everything_is_gone(&scene).await;
}

#[rstest]
#[tokio::test]
async fn d2_a_provider_that_refuses_every_revocation_is_not_asked_for_all_grants_of_a_deleted_connector(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    // More than one transaction removes.
    let accounts = 60;
    let scene = scene(kind, accounts).await;
    for _ in 0..accounts {
        scene.world.provider.answer_revoke(Canned::Json(503, json!({})));
    }
    let log = Log::start();
    let _runner = start_deletion(&scene).await;
    until(|| has_ended(&scene)).await;
    let asked = revocations(&scene).len();
    // Others may be under way while the last failure arrives.
    assert!((MAX_FAILED_REVOCATIONS..MAX_FAILED_REVOCATIONS + 4).contains(&asked), "{asked}");
    assert_eq!(log.lines(FAILURE).len(), asked);
    let left = log.lines("was not asked to end the other ones");
    assert_eq!(left.len(), 1, "{}", log.text());
    assert!(left[0].contains(&format!("\"grants\":{}", accounts - asked)), "{}", left[0]);
    assert_everything_is_gone(&scene).await;
}
