use rstest::rstest;
use sea_orm::{ConnectionTrait, QueryTrait};

use super::*;
use crate::{
    platform::database::Database,
    test_database::{Kind as On, Place},
};

const OWNER: UploadOwner = UploadOwner {
    organisation: OrganisationId(Uuid::from_u128(1)),
    client: ApiClientId(Uuid::from_u128(3)),
    account: AccountId(Uuid::from_u128(4)),
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn id(on: On, number: u128) -> String {
    let id = Uuid::from_u128(number);
    if on == On::Sqlite { format!("X'{}'", id.simple()) } else { format!("'{id}'") }
}

/// A database with these organisations. Each has a client and an account, whose ids follow its own: 1, 3 and 4.
async fn database(on: On, organisations: &[u128]) -> (Place, Database) {
    let place = Place::new(on).await;
    let database = Database::open(&place.address()).await.expect("a database");
    database.migrate::<DatabaseError>(async |_| Ok(())).await.expect("migrated");
    let bytes = if on == On::Sqlite { "x''" } else { "''::bytea" };
    let mut statements = Vec::new();
    for number in organisations {
        let [organisation, connector, client, account] =
            [0, 1, 2, 3].map(|offset| id(on, number.saturating_add(offset)));
        statements.extend([
            format!(
                "INSERT INTO organisations (id, name, short_name) VALUES ({organisation}, 'Org', 'org{number}')"
            ),
            format!(
                "INSERT INTO connectors (id, organisation_id, provider, service_name, name_key, form_id, client_id, \
                 client_secret, client_secret_hint, expiry_key, provider_settings, scopes, state, version, \
                 created_at) VALUES ({connector}, {organisation}, 'outlook', 'Mail', 'mail', {connector}, '', {bytes}, \
                 '', '', '{{}}', '', 'verified', 1, 0)"
            ),
            format!(
                "INSERT INTO api_clients (id, organisation_id, name, scopes, reach, networks, rate, at_once, \
                 created_at, version) VALUES ({client}, {organisation}, 'CRM', '', 'all', '', 1, 1, 0, 1)"
            ),
            format!(
                "INSERT INTO accounts (id, organisation_id, provider, subject, connector_id, email, email_key, name, \
                 indexed_name, state, state_since, failures, signed_in_at, created_at, version) VALUES ({account}, \
                 {organisation}, 'outlook', 's{number}', {connector}, '', 'e{number}', '', '', 'connected', 0, 0, 0, 0, 1)"
            ),
        ]);
    }
    for statement in &statements {
        let done = database.write::<_, DatabaseError, _>(async |tx| {
            tx.connection().execute_unprepared(statement).await?;
            Ok(())
        });
        done.await.expect("done");
    }
    (place, database)
}

/// A message that is due after 100 seconds.
fn schedule(number: u128, owner: UploadOwner) -> StoredSchedule {
    StoredSchedule {
        id: ScheduleId(Uuid::from_u128(number)),
        owner,
        state: ScheduleState::Waiting,
        why: None,
        request: Some(vec![1, 2]),
        shown: vec![3],
        version: 1,
        key: Some(CallHashes { key: Hash::of(&number.to_be_bytes()), values: Hash::of(b"values") }),
        attempt: Uuid::from_u128(number),
        tries: 0,
        message_id: None,
        internet_message_id: None,
        due_at: at(100),
        next_at: Some(at(100)),
        created_at: at(50),
        ended_at: None,
    }
}

async fn store(database: &Database, schedule: StoredSchedule) {
    let stored = database.write::<_, DatabaseError, _>(async |tx| add(&tx, schedule).await);
    stored.await.expect("stored");
}

#[rstest]
#[tokio::test]
async fn only_the_process_that_sends_a_message_reads_it_whole(#[values(On::Sqlite, On::Postgres)] on: On) {
    let (_place, database) = database(on, &[1]).await;
    let whole = schedule(10, OWNER);
    store(&database, whole.clone()).await;
    let small = StoredSchedule { request: None, ..whole.clone() };
    let read = database.read();
    assert_eq!(list(&read, OWNER, None, 0, 10).await.expect("a list"), std::slice::from_ref(&small));
    assert_eq!(find(&read, OWNER, small.id).await.expect("an answer"), Some(small.clone()));
    let key = small.key.expect("a key").key;
    assert_eq!(find_by_key(&read, OWNER, &key).await.expect("an answer"), Some(small.clone()));
    let locked = database.write::<_, DatabaseError, _>(async |tx| lock(&tx, OWNER, small.id).await).await;
    assert_eq!(locked.expect("an answer"), Some(small.clone()));
    let taken = database
        .write::<_, DatabaseError, _>(async |tx| claim(&tx, &[whole.id], at(100), at(200), at(150)).await);
    assert_eq!(taken.await.expect("an answer"), [StoredSchedule { tries: 1, ..whole.clone() }]);
}

#[rstest]
#[tokio::test]
async fn what_is_due_is_found_without_the_organisations_that_have_enough(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let (_place, database) = database(on, &[1, 101]).await;
    let other = UploadOwner {
        organisation: OrganisationId(Uuid::from_u128(101)),
        client: ApiClientId(Uuid::from_u128(103)),
        account: AccountId(Uuid::from_u128(104)),
    };
    for (number, owner, next_at) in [(10, OWNER, 100), (11, OWNER, 101), (12, other, 102), (13, other, 201)] {
        let waiting = StoredSchedule { next_at: Some(at(next_at)), ..schedule(number, owner) };
        store(&database, waiting).await;
    }
    let read = database.read();
    let ids = async |without: Without, limit| {
        let due = find_due(&read, at(200), at(300), &without, limit).await.expect("an answer");
        due.into_iter().map(|due| (due.id.0.as_u128(), due.account)).collect::<Vec<_>>()
    };
    let without = |organisations: &[OrganisationId]| Without {
        organisations: organisations.to_vec(),
        ..Without::default()
    };
    let (one, two) = (OWNER.account, other.account);
    assert_eq!(ids(Without::default(), 10).await, [(10, one), (11, one), (12, two)]);
    assert_eq!(ids(Without::default(), 2).await, [(10, one), (11, one)]);
    assert_eq!(ids(without(&[OWNER.organisation]), 2).await, [(12, two)]);
    assert!(ids(without(&[OWNER.organisation, other.organisation]), 2).await.is_empty());
    let of_others = Without { clients: vec![OWNER.client], ..Without::default() };
    assert_eq!(ids(of_others, 2).await, [(12, two)]);
    let of_others = Without { accounts: vec![other.account], ..Without::default() };
    assert_eq!(ids(of_others, 10).await, [(10, one), (11, one)]);
}

#[rstest]
#[tokio::test]
async fn a_message_that_a_clock_ahead_has_tried_is_due_at_its_own_time_unless_it_is_being_sent(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let (_place, database) = database(on, &[1]).await;
    for (number, state, next_at) in [
        // Before it is due, for that clock.
        (10, ScheduleState::Waiting, 1_000),
        // The clock went back while it was tried.
        (11, ScheduleState::Waiting, 20),
        (12, ScheduleState::Sending, 1_000),
    ] {
        let tried = StoredSchedule { state, tries: 1, next_at: Some(at(next_at)), ..schedule(number, OWNER) };
        store(&database, tried).await;
    }
    let read = database.read();
    let due_at = async |now: i64| {
        let due = find_due(&read, at(now), at(500), &Without::default(), 10).await.expect("an answer");
        let mut numbers: Vec<u128> = due.into_iter().map(|due| due.id.0.as_u128()).collect();
        numbers.sort_unstable();
        numbers
    };
    assert_eq!(due_at(99).await, [12]);
    assert_eq!(due_at(100).await, [10, 11, 12]);
}

#[rstest]
#[tokio::test]
async fn the_bytes_of_messages_without_an_end_count(#[values(On::Sqlite, On::Postgres)] on: On) {
    let (_place, database) = database(on, &[1]).await;
    let first = StoredSchedule { request: Some(vec![7; 1_000]), ..schedule(10, OWNER) };
    store(&database, first.clone()).await;
    let sending = StoredSchedule { state: ScheduleState::Sending, ..schedule(11, OWNER) };
    store(&database, sending).await;
    let failed = StoredSchedule {
        state: ScheduleState::Failed,
        request: None,
        ended_at: Some(at(60)),
        ..schedule(12, OWNER)
    };
    store(&database, failed).await;
    let read = database.read();
    let count = async |client| count_bytes(&read, OWNER.organisation, client).await.expect("a sum");
    assert_eq!(count(OWNER.client).await, 1_001 + 3);
    assert_eq!(count(ApiClientId(Uuid::from_u128(99))).await, 0);
    let ending =
        Ending { state: ScheduleState::Sent, why: None, message_id: None, internet_message_id: None };
    let taken = Taken::from(&first);
    let ended = database.write::<_, DatabaseError, _>(async |tx| end(&tx, taken, ending, at(110)).await);
    assert!(ended.await.expect("an answer"));
    assert_eq!(count(OWNER.client).await, 3);
}

#[tokio::test]
async fn the_sum_of_the_bytes_reads_the_index_alone() {
    let (_place, database) = database(On::Sqlite, &[1]).await;
    let sql = query_bytes(OWNER.organisation, OWNER.client).build(DatabaseBackend::Sqlite);
    let values = sql.values.unwrap_or(sea_orm::Values(Vec::new()));
    let explain = format!("EXPLAIN QUERY PLAN {}", sql.sql);
    let statement = sea_orm::Statement::from_sql_and_values(DatabaseBackend::Sqlite, explain, values);
    let rows = database.read().connection().query_all_raw(statement).await.expect("a plan");
    let lines: Vec<String> = rows.iter().map(|row| row.try_get_by_index(3).expect("a line")).collect();
    let plan = lines.join("\n");
    assert!(plan.contains("USING COVERING INDEX schedules_by_state"), "{plan}");
}
