use rstest::rstest;
use sea_orm::ConnectionTrait;

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
    let ids = async |without: &[OrganisationId], limit| {
        let due = find_due(&read, at(200), at(300), without, limit).await.expect("an answer");
        due.into_iter().map(|(id, organisation)| (id.0.as_u128(), organisation)).collect::<Vec<_>>()
    };
    let (one, two) = (OWNER.organisation, other.organisation);
    assert_eq!(ids(&[], 10).await, [(10, one), (11, one), (12, two)]);
    assert_eq!(ids(&[], 2).await, [(10, one), (11, one)]);
    assert_eq!(ids(&[one], 2).await, [(12, two)]);
    assert!(ids(&[one, two], 2).await.is_empty());
}
