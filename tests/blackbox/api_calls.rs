//! The records of API calls: gathered in memory, written in groups, bounded, erased.

use std::{borrow::Cow, sync::Arc};

use mail360::{
    accounts::service::AccountId,
    clients::calls::{Call, CallEntry, CallFilter, CallLimits, CallOutcome, CallPage, Calls},
    jobs::runner::{Runner, Worker},
    platform::{
        clock::Clock,
        id::{ApiClientId, OrganisationId},
        monotonic::SystemMonotonic,
    },
    router::SWEEP,
};
use rstest::rstest;
use time::Duration;
use uuid::Uuid;

use crate::support::{Kind, World, api_clients::everything, clock::TestMonotonic};

/// The time after which the sweep believes the clock, in seconds.
const SIX_HOURS: f64 = 6.0 * 3_600.0;
const MESSAGES: &str = "/api/accounts/{key}/messages";

/// The organisation of the first administrator.
async fn organisation(world: &World) -> OrganisationId {
    OrganisationId(world.raw.one::<Uuid>("SELECT id FROM organisations WHERE name = 'Contoso'").await)
}

fn call(organisation: OrganisationId, client: u128, account: Option<u128>, status: u16) -> Call {
    Call {
        organisation,
        client: ApiClientId(Uuid::from_u128(client)),
        account: account.map(|id| AccountId(Uuid::from_u128(id))),
        method: Cow::Borrowed("GET"),
        route: MESSAGES,
        status,
        duration: Duration::milliseconds(84),
        request_id: None,
        error_code: (status >= 400).then_some("ACCOUNT_NEEDS_SIGN_IN"),
        provider_request_id: None,
    }
}

/// The statuses of the calls of a page, and 0 for calls that were left out.
fn statuses(page: &CallPage) -> Vec<u16> {
    let status = |entry: &CallEntry| match entry {
        CallEntry::Call(call) => call.status,
        CallEntry::LeftOut { .. } => 0,
    };
    page.entries.iter().map(status).collect()
}

/// Records of this world with smaller limits.
fn limited(world: &World, waiting: usize, kept: u64) -> Calls {
    let limits = CallLimits { waiting, kept, kept_of_client: kept };
    let program = &world.program;
    Calls::new(program.database.clone(), program.clock.clone(), program.randomness.clone(), limits)
}

#[rstest]
#[tokio::test]
async fn calls_are_listed_newest_first_by_client_account_outcome_and_day(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let (calls, organisation, admin) =
        (&world.program.calls, organisation(&world).await, world.admin().await);
    let began = world.clock.now();
    for (client, account, status) in
        [(1, Some(7), 200), (1, Some(8), 409), (2, Some(7), 201), (2, None, 403), (2, Some(7), 500)]
    {
        world.clock.advance(Duration::seconds(1));
        calls.note(call(organisation, client, account, status));
    }
    assert_eq!(world.raw.count("api_calls").await, 0, "a call only touches memory");
    calls.flush().await.expect("written");
    calls.flush().await.expect("written");
    assert_eq!(world.raw.count("api_calls").await, 5);

    let (client, account) = (ApiClientId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(7)));
    let all = CallFilter::default();
    for (filter, expected) in [
        (all, vec![500, 403, 201, 409, 200]),
        (CallFilter { client: Some(client), ..all }, vec![409, 200]),
        (CallFilter { account: Some(account), ..all }, vec![500, 201, 200]),
        (CallFilter { outcome: Some(CallOutcome::Failed), ..all }, vec![500, 403, 409]),
        (CallFilter { outcome: Some(CallOutcome::Succeeded), ..all }, vec![201, 200]),
        (CallFilter { account: Some(account), outcome: Some(CallOutcome::Failed), ..all }, vec![500]),
        (CallFilter { from: Some(began.plus(Duration::seconds(3))), ..all }, vec![500, 403, 201]),
    ] {
        let page = calls.page(&admin, filter, None).await.expect("a page");
        assert_eq!(statuses(&page), expected, "{filter:?}");
        assert_eq!(page.next, None);
        let Some(first) = page.entries.first().map(CallEntry::position) else { continue };
        let rest = calls.page(&admin, filter, Some(first)).await.expect("a page");
        assert_eq!(statuses(&rest), expected[1..], "{filter:?}");
    }
    let CallEntry::Call(newest) = &calls.newest(&admin, all, None, 1).await.expect("a call")[0] else {
        unreachable!("it is a call");
    };
    assert_eq!((newest.method.as_str(), newest.route.as_str()), ("GET", MESSAGES));
    assert_eq!(newest.duration, Duration::milliseconds(84));
    assert_eq!(newest.error_code.as_deref(), Some("ACCOUNT_NEEDS_SIGN_IN"));
}

#[rstest]
#[tokio::test]
async fn a_page_has_fifty_calls_and_another_organisation_has_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    world.stranger().await;
    let (calls, admin) = (&world.program.calls, world.admin().await);
    let (own, other) = (
        organisation(&world).await,
        OrganisationId(world.raw.one::<Uuid>("SELECT id FROM organisations WHERE name <> 'Contoso'").await),
    );
    // All at one moment, so that only the ids separate them.
    for _ in 0..120 {
        calls.note(call(own, 1, None, 200));
        calls.note(call(other, 1, None, 204));
    }
    calls.flush().await.expect("written");
    let (mut before, mut seen) = (None, std::collections::BTreeSet::new());
    loop {
        let page = calls.page(&admin, CallFilter::default(), before).await.expect("a page");
        assert!(statuses(&page).iter().all(|status| *status == 200));
        for entry in &page.entries {
            assert!(seen.insert(entry.position().id), "a call is on two pages");
        }
        before = page.next;
        if before.is_none() {
            break;
        }
        assert_eq!(page.entries.len(), 50);
    }
    assert_eq!(seen.len(), 120);
}

#[rstest]
#[tokio::test]
async fn what_does_not_fit_into_memory_is_counted_and_what_was_not_written_is_written_later(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let (organisation, admin) = (organisation(&world).await, world.admin().await);
    // An organisation gets about a half of the places: three.
    let calls = limited(&world, 5, 1_000);
    for status in [200, 201, 202, 203, 204] {
        world.clock.advance(Duration::seconds(1));
        calls.note(call(organisation, 1, None, status));
    }
    world.raw.run("ALTER TABLE api_calls RENAME TO away").await.expect("renamed");
    assert!(calls.flush().await.is_err());
    calls.note(call(organisation, 1, None, 205));
    world.raw.run("ALTER TABLE away RENAME TO api_calls").await.expect("renamed");
    calls.flush().await.expect("written");
    let page = calls.page(&admin, CallFilter::default(), None).await.expect("a page");
    assert_eq!(statuses(&page), [0, 202, 201, 200]);
    assert!(matches!(page.entries[0], CallEntry::LeftOut { number: 3, .. }), "{:?}", page.entries[0]);

    // There is room again, and the number begins again.
    for status in [210, 211, 212, 213] {
        world.clock.advance(Duration::seconds(1));
        calls.note(call(organisation, 1, None, status));
    }
    calls.flush().await.expect("written");
    let page = calls.page(&admin, CallFilter::default(), None).await.expect("a page");
    assert_eq!(statuses(&page), [0, 212, 211, 210, 0, 202, 201, 200]);
    assert!(matches!(page.entries[0], CallEntry::LeftOut { number: 1, .. }), "{:?}", page.entries[0]);
}

#[rstest]
#[tokio::test]
async fn records_end_after_seven_days_and_an_organisation_and_a_client_keep_the_newest(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let organisation = organisation(&world).await;
    for status in [200, 201, 202] {
        world.program.calls.note(call(organisation, 1, None, status));
        world.clock.advance(Duration::days(3));
    }
    // They are nine, six and three days old.
    let monotonic = TestMonotonic::new();
    world.run_sweep_at(monotonic.clone()).await;
    assert_eq!(world.raw.count("api_calls").await, 3, "the clock may be ahead");
    monotonic.advance(SIX_HOURS);
    world.run_sweep_at(monotonic).await;
    let kept: Vec<i64> = world.raw.column("SELECT status FROM api_calls ORDER BY at").await;
    assert_eq!(kept, [201, 202]);

    for status in [203, 204, 205] {
        world.clock.advance(Duration::seconds(1));
        world.program.calls.note(call(organisation, 1, None, status));
    }
    world.program.calls.flush().await.expect("written");
    erase_surplus(&world, limited(&world, 10, 2), organisation).await;
    let kept: Vec<i64> = world.raw.column("SELECT status FROM api_calls ORDER BY at").await;
    assert_eq!(kept, [204, 205]);

    let busy = world.add_api_client("ada@contoso.test", &everything("Busy")).await.id.0.as_u128();
    for status in [206, 207, 208] {
        world.clock.advance(Duration::seconds(1));
        world.program.calls.note(call(organisation, busy, None, status));
    }
    world.program.calls.flush().await.expect("written");
    let program = &world.program;
    let limits = CallLimits { waiting: 10, kept: 1_000, kept_of_client: 1 };
    let calls =
        Calls::new(program.database.clone(), program.clock.clone(), program.randomness.clone(), limits);
    erase_surplus(&world, calls, organisation).await;
    let kept: Vec<i64> = world.raw.column("SELECT status FROM api_calls ORDER BY at").await;
    assert_eq!(kept, [204, 205, 208], "a client that calls often displaces its own records alone");
}

#[rstest]
#[tokio::test]
async fn a_clock_that_is_ahead_for_some_hours_erases_no_record(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let organisation = organisation(&world).await;
    world.program.calls.note(call(organisation, 1, None, 200));
    let monotonic = TestMonotonic::new();
    for (days, hours) in [(0, 0.0), (400, 1.0), (0, 5.0), (-400, 0.5), (0, 5.5), (0, 6.0)] {
        world.clock.advance(Duration::days(days));
        monotonic.advance(hours * 3_600.0);
        world.run_sweep_at(monotonic.clone()).await;
        assert_eq!(world.raw.count("api_calls").await, 1, "{days} days, {hours} hours");
    }
}

#[rstest]
#[tokio::test]
async fn calls_that_are_refused_because_of_their_number_make_one_record_of_each_client(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let (organisation, admin) = (organisation(&world).await, world.admin().await);
    let calls = limited(&world, 1_000, 1_000);
    for _ in 0..100 {
        calls.note(call(organisation, 1, None, 429));
    }
    calls.note(call(organisation, 2, None, 429));
    calls.note(call(organisation, 1, None, 409));
    calls.flush().await.expect("written");
    world.clock.advance(Duration::seconds(1));
    for _ in 0..7 {
        calls.note(call(organisation, 1, None, 429));
    }
    calls.flush().await.expect("written");
    calls.flush().await.expect("written");
    let page = calls.page(&admin, CallFilter::default(), None).await.expect("a page");
    let mut records: Vec<_> = page.entries.iter().map(client_status_and_more).collect();
    records.sort_unstable();
    assert_eq!(records, [(1, 409, 0), (1, 429, 6), (1, 429, 99), (2, 429, 0)]);
}

fn client_status_and_more(entry: &CallEntry) -> (u128, u16, u64) {
    match entry {
        CallEntry::Call(call) => (call.client.0.as_u128(), call.status, call.more),
        CallEntry::LeftOut { number, .. } => (0, 0, *number),
    }
}

#[rstest]
#[tokio::test]
async fn an_organisation_that_calls_often_leaves_places_for_the_records_of_others(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    world.stranger().await;
    let own = organisation(&world).await;
    let other =
        OrganisationId(world.raw.one::<Uuid>("SELECT id FROM organisations WHERE name <> 'Contoso'").await);
    let calls = limited(&world, 10, 1_000);
    for _ in 0..2 {
        for organisation in [own, other] {
            for _ in 0..20 {
                calls.note(call(organisation, 1, None, 200));
            }
        }
        calls.flush().await.expect("written");
    }
    for (organisation, recorded, left_out) in [(own, 10, 30), (other, 6, 34)] {
        let of = |what: &str| {
            let organisation = world.raw.id(organisation);
            format!("SELECT CAST({what} AS BIGINT) FROM api_calls WHERE organisation_id = {organisation}")
        };
        let seen = (
            world.raw.one::<i64>(&of("COUNT(client_id)")).await,
            world.raw.one::<i64>(&of("SUM(left_out)")).await,
        );
        assert_eq!(seen, (recorded, left_out));
    }
}

/// Erases what is more than these records keep, as the sweep does.
async fn erase_surplus(world: &World, calls: Calls, organisation: OrganisationId) {
    world.raw.run("UPDATE jobs SET due_at = 0 WHERE kind = 'sweep'").await.expect("due");
    let sweep = Worker::new(&SWEEP, move |lease, _| {
        let calls = calls.clone();
        async move { calls.erase_surplus(&lease, organisation).await }
    });
    let jobs = world.program.jobs.clone();
    let succeeded = || jobs.counts().of(&SWEEP).succeeded;
    let before = succeeded();
    let mut runner = Runner::new(jobs.clone(), vec![sweep], Arc::new(SystemMonotonic));
    assert_eq!(runner.start_due_jobs().await.expect("a look at the jobs"), 1);
    while succeeded() == before {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}
