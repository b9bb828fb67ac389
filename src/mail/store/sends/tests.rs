mod plans;

use rstest::rstest;
use sea_orm::ConnectionTrait;
use time::Duration;

use super::{
    open::{SendEnd, WaitingSend, Without},
    *,
};
use crate::{
    platform::database::Database,
    test_database::{Kind as On, Place},
};

const ORGANISATION: OrganisationId = OrganisationId(Uuid::from_u128(1));
const ACCOUNT: AccountId = AccountId(Uuid::from_u128(3));
const OTHER: AccountId = AccountId(Uuid::from_u128(4));
const CLIENT: ApiClientId = ApiClientId(Uuid::from_u128(5));
const OWNER: Owner = Owner(Uuid::from_u128(6));
const ANOTHER: Owner = Owner(Uuid::from_u128(7));

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn id(on: On, number: u128) -> String {
    let id = Uuid::from_u128(number);
    if on == On::Sqlite { format!("X'{}'", id.simple()) } else { format!("'{id}'") }
}

async fn run(database: &Database, statements: &[String]) {
    for statement in statements {
        let done = database.write::<_, DatabaseError, _>(async |tx| {
            tx.connection().execute_unprepared(statement).await?;
            Ok(())
        });
        done.await.expect("done");
    }
}

/// A database with an organisation and two accounts.
async fn database(on: On) -> (Place, Database) {
    let place = Place::new(on).await;
    let database = Database::open(&place.address()).await.expect("a database");
    database.migrate::<DatabaseError>(async |_| Ok(())).await.expect("migrated");
    let [organisation, connector] = [1, 2].map(|number| id(on, number));
    let bytes = if on == On::Sqlite { "x''" } else { "''::bytea" };
    let mut statements = vec![
        format!("INSERT INTO organisations (id, name, short_name) VALUES ({organisation}, 'Org', 'org')"),
        format!(
            "INSERT INTO connectors (id, organisation_id, provider, service_name, name_key, form_id, client_id, \
             client_secret, client_secret_hint, expiry_key, provider_settings, scopes, state, version, created_at) \
             VALUES ({connector}, {organisation}, 'outlook', 'Mail', 'mail', {connector}, '', {bytes}, '', '', '{{}}', \
             '', 'verified', 1, 0)"
        ),
    ];
    for account in [3, 4] {
        statements.push(format!(
            "INSERT INTO accounts (id, organisation_id, provider, subject, connector_id, email, email_key, name, \
             indexed_name, state, state_since, failures, signed_in_at, created_at, version) VALUES ({}, \
             {organisation}, 'outlook', 's{account}', {connector}, '', 'e{account}', '', '', 'connected', 0, 0, 0, 0, 1)",
            id(on, account)
        ));
    }
    run(&database, &statements).await;
    (place, database)
}

/// A record without an owner that is due after 100 seconds.
fn send(number: u128) -> StoredSend {
    StoredSend {
        id: SendId(Uuid::from_u128(number)),
        organisation: ORGANISATION,
        account: ACCOUNT,
        holder: Holder::Client(CLIENT),
        identity: Some(Hash::of(&number.to_be_bytes())),
        kind: SendKind::Send,
        stage: Stage::Accepted,
        way: SendWay::Findable,
        message_id: "<a@b>".to_owned(),
        draft: None,
        attached: 1,
        doubts: 2,
        recipients: 3,
        request: Some(vec![1, 2]),
        answer: None,
        is_untold: true,
        lease: LeaseState { owner: None, counter: 4 },
        tries: 5,
        next_at: Some(at(100)),
        lost_drafts: 6,
        clean_at: Some(at(500)),
        created_at: at(50),
        begun_at: Some(at(55)),
        ended_at: None,
    }
}

async fn store(database: &Database, send: StoredSend) -> Result<(), DatabaseError> {
    database.write(async |tx| add(&tx, send).await).await
}

async fn get(database: &Database, send: &StoredSend) -> StoredSend {
    find(&database.read(), ORGANISATION, send.id).await.expect("an answer").expect("a row")
}

async fn take(database: &Database, send: &StoredSend, before: LeaseState, owner: Owner) -> bool {
    database.write(async |tx| open::take(&tx, send.id, before, owner).await).await.expect("an answer")
}

fn end_of(stage: Stage) -> SendEnd {
    SendEnd { stage, answer: vec![9], keeps_identity: true, clean_at: Some(at(260)), ended_at: at(200) }
}

#[rstest]
#[tokio::test]
async fn a_record_is_read_as_it_was_stored_and_found_by_its_identity_alone(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let (_place, database) = database(on).await;
    let (first, second) =
        (send(10), StoredSend { kind: SendKind::CreateDraft, way: SendWay::Draft, ..send(11) });
    store(&database, first.clone()).await.expect("stored");
    store(&database, second.clone()).await.expect("stored");
    assert_eq!(get(&database, &first).await, first);
    assert_eq!(get(&database, &second).await, second);
    let read = database.read();
    let identity = first.identity.expect("an identity");
    let found = find_by_identity(&read, ORGANISATION, &identity).await.expect("an answer");
    assert_eq!(found, Some(first.clone()));
    let elsewhere = OrganisationId(Uuid::from_u128(99));
    assert_eq!(find_by_identity(&read, elsewhere, &identity).await.expect("an answer"), None);
    assert_eq!(find(&read, elsewhere, first.id).await.expect("an answer"), None);
    assert_eq!(open::count(&read, ORGANISATION, CLIENT.0).await.expect("a count"), 2);
}

#[rstest]
#[tokio::test]
async fn of_two_records_with_one_identity_the_second_is_a_conflict_until_the_first_forgets_it(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let (_place, database) = database(on).await;
    let (first, second) = (send(10), StoredSend { identity: send(10).identity, ..send(11) });
    store(&database, first.clone()).await.expect("stored");
    assert!(store(&database, second.clone()).await.expect_err("a conflict").is_conflict());
    let identity = first.identity.expect("an identity");
    let forget = async || {
        let forgotten = database.write(async |tx| forget_identity(&tx, first.id, &identity).await).await;
        forgotten.expect("an answer")
    };
    assert!(forget().await);
    assert!(!forget().await, "it has none any more");
    store(&database, second).await.expect("stored");
    let forgotten = get(&database, &first).await;
    assert_eq!((forgotten.identity, forgotten.is_untold), (None, false));
    // Records without an identity do not disturb each other.
    store(&database, StoredSend { identity: None, ..send(12) }).await.expect("stored");
}

#[rstest]
#[tokio::test]
async fn a_record_is_taken_once_for_each_state_of_its_lease(#[values(On::Sqlite, On::Postgres)] on: On) {
    let (_place, database) = database(on).await;
    let first = send(10);
    store(&database, first.clone()).await.expect("stored");
    assert!(take(&database, &first, first.lease, OWNER).await);
    assert!(!take(&database, &first, first.lease, ANOTHER).await);
    let taken = get(&database, &first).await;
    assert_eq!(taken.lease, LeaseState { owner: Some(OWNER), counter: 5 });
    assert_eq!(taken.next_at, None);
    assert!(take(&database, &first, taken.lease, ANOTHER).await, "its owner is gone");
    let renewed = database.write(async |tx| open::renew(&tx, ORGANISATION, first.id, OWNER).await).await;
    assert!(!renewed.expect("an answer"));
    let renewed = database.write(async |tx| open::renew(&tx, ORGANISATION, first.id, ANOTHER).await).await;
    assert!(renewed.expect("an answer"));
    assert_eq!(get(&database, &first).await.lease.counter, 7);
}

#[rstest]
#[tokio::test]
async fn only_the_owner_writes_and_an_end_is_the_last_write(#[values(On::Sqlite, On::Postgres)] on: On) {
    let (_place, database) = database(on).await;
    let first = send(10);
    store(&database, first.clone()).await.expect("stored");
    assert!(take(&database, &first, first.lease, OWNER).await);
    let drafted = StoredSend {
        stage: Stage::Drafted,
        draft: Some("d".to_owned()),
        attached: 7,
        doubts: 8,
        tries: 0,
        ..first.clone()
    };
    let advance = async |owner| {
        database.write(async |tx| open::advance(&tx, &drafted, owner).await).await.expect("an answer")
    };
    assert!(!advance(ANOTHER).await);
    assert_eq!(get(&database, &first).await.stage, Stage::Accepted);
    assert!(advance(OWNER).await);
    let stored = get(&database, &first).await;
    let (draft, attached) = (stored.draft.as_deref(), stored.attached);
    assert_eq!(
        (stored.stage, draft, attached, stored.doubts, stored.tries),
        (Stage::Drafted, Some("d"), 7, 8, 0)
    );

    let end = async |owner| {
        let sent = StoredSend { draft: Some("m".to_owned()), lost_drafts: 1, ..first.clone() };
        let ended = database.write(async |tx| open::end(&tx, &sent, owner, end_of(Stage::Done)).await).await;
        ended.expect("an answer")
    };
    assert!(!end(ANOTHER).await);
    assert!(end(OWNER).await);
    assert!(!end(OWNER).await && !advance(OWNER).await);
    let ended = get(&database, &first).await;
    assert_eq!((ended.stage, ended.request, ended.answer), (Stage::Done, None, Some(vec![9])));
    assert_eq!((ended.draft.as_deref(), ended.ended_at), (Some("m"), Some(at(200))));
    assert_eq!((ended.lost_drafts, ended.clean_at, ended.tries), (1, Some(at(260)), 0));
    assert_eq!((ended.lease.owner, ended.identity), (None, first.identity));
    assert!(!take(&database, &first, ended.lease, ANOTHER).await, "it has ended");
    let read = database.read();
    assert_eq!(open::count(&read, ORGANISATION, CLIENT.0).await.expect("a count"), 0);
    for (organisation, holder, expected) in [
        (ORGANISATION, CLIENT.0, 1),
        (ORGANISATION, Uuid::from_u128(99), 0),
        (OrganisationId(Uuid::from_u128(99)), CLIENT.0, 0),
    ] {
        let kept = count_of_holder(&read, organisation, holder).await.expect("a count");
        assert_eq!(kept, expected, "{organisation} {holder}");
    }
}

#[rstest]
#[tokio::test]
async fn an_end_may_free_the_identity_for_a_new_call(#[values(On::Sqlite, On::Postgres)] on: On) {
    let (_place, database) = database(on).await;
    let first = send(10);
    store(&database, first.clone()).await.expect("stored");
    assert!(take(&database, &first, first.lease, OWNER).await);
    let end = SendEnd { keeps_identity: false, ..end_of(Stage::Failed) };
    assert!(database.write(async |tx| open::end(&tx, &first, OWNER, end).await).await.expect("an answer"));
    let ended = get(&database, &first).await;
    assert_eq!((ended.identity, ended.is_untold), (None, true), "only the identity is forgotten");
    store(&database, StoredSend { identity: first.identity, ..send(11) }).await.expect("stored");
}

#[rstest]
#[tokio::test]
async fn due_records_come_in_order_without_those_of_full_accounts_and_clients(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let (_place, database) = database(on).await;
    for (number, account, next_at) in [
        (10, ACCOUNT, 300),
        (11, OTHER, 200),
        (12, ACCOUNT, 100),
        (13, ACCOUNT, 1_000),
        (14, OTHER, 1_000_000),
    ] {
        let row = StoredSend { account, next_at: Some(at(next_at)), ..send(number) };
        store(&database, row).await.expect("stored");
    }
    let ids = |found: Vec<WaitingSend>| found.iter().map(|send| send.id.0.as_u128()).collect::<Vec<_>>();
    let read = database.read();
    let longest = Duration::seconds(900);
    let due = async |accounts: &[AccountId], limit| {
        let without = Without { accounts: accounts.to_vec(), ..Without::default() };
        ids(open::find_due(&read, at(300), longest, &without, limit).await.expect("records"))
    };
    let of_others = Without { holders: vec![CLIENT.0], ..Without::default() };
    let found = open::find_due(&read, at(300), longest, &of_others, 10).await.expect("records");
    assert!(found.is_empty(), "{found:?}");
    // The last one was written by a clock that was ahead.
    assert_eq!(due(&[], 10).await, [12, 11, 10, 14]);
    assert_eq!(due(&[], 2).await, [12, 11]);
    assert_eq!(due(&[ACCOUNT], 10).await, [11, 14]);
    for (now, account, expected) in [(99, ACCOUNT, false), (100, ACCOUNT, true), (199, OTHER, false)] {
        assert_eq!(open::is_due(&read, at(now), account).await.expect("an answer"), expected);
    }
    let first = send(12);
    assert!(take(&database, &first, first.lease, OWNER).await);
    assert_eq!(due(&[OTHER], 10).await, [10]);
    let leased = open::find_leased(&read, 10).await.expect("records");
    let lease = LeaseState { owner: Some(OWNER), counter: 5 };
    assert_eq!(
        leased,
        [WaitingSend { id: first.id, organisation: ORGANISATION, account: ACCOUNT, holder: CLIENT.0, lease }]
    );
    let released = database.write(async |tx| open::release(&tx, &first, OWNER, at(100)).await).await;
    assert!(released.expect("an answer"));
    assert_eq!(due(&[OTHER], 10).await, [12, 10]);
}

#[rstest]
#[tokio::test]
async fn ended_records_are_erased_some_at_a_time_and_others_stay(#[values(On::Sqlite, On::Postgres)] on: On) {
    let (_place, database) = database(on).await;
    for (number, stage, ended_at) in
        [(10, Stage::Done, 100), (11, Stage::Done, 101), (12, Stage::Done, 300), (13, Stage::Unknown, 100)]
    {
        let ended_at = Some(at(ended_at));
        store(&database, StoredSend { stage, ended_at, next_at: None, ..send(number) })
            .await
            .expect("stored");
    }
    store(&database, send(14)).await.expect("stored");
    let erase = async |stage, limit| {
        let erased = database.write(async |tx| erase_ended(&tx, stage, at(200), limit).await).await;
        erased.expect("an answer")
    };
    assert_eq!(erase(Stage::Done, 1).await, 1);
    assert_eq!(erase(Stage::Done, 5).await, 1);
    assert_eq!(erase(Stage::Done, 5).await, 0);
    assert_eq!(erase(Stage::Failed, 5).await, 0);
    assert_eq!(erase(Stage::Unknown, 5).await, 1);
    get(&database, &send(12)).await;
    get(&database, &send(14)).await;
}

#[rstest]
#[tokio::test]
async fn a_record_is_cleaned_up_by_one_process_at_a_time(#[values(On::Sqlite, On::Postgres)] on: On) {
    let (_place, database) = database(on).await;
    for (number, clean_at) in
        [(10, Some(300)), (11, Some(200)), (12, None), (13, Some(1_000)), (14, Some(1_000_000))]
    {
        let clean_at = clean_at.map(at);
        store(&database, StoredSend { clean_at, next_at: None, ..send(number) }).await.expect("stored");
    }
    let read = database.read();
    let due = async |limit| {
        cleaning::find_due(&read, at(300), Duration::seconds(900), limit).await.expect("records")
    };
    let ids = |found: &[cleaning::DueCleanUp]| found.iter().map(|due| due.id.0.as_u128()).collect::<Vec<_>>();
    let found = due(10).await;
    // The last one was written by a clock that was ahead.
    assert_eq!(ids(&found), [11, 10, 14]);
    assert_eq!(ids(&due(1).await), [11]);
    let put_off = async |tries, next| {
        let moved = database.write(async |tx| cleaning::put_off(&tx, found[0], tries, at(next)).await).await;
        moved.expect("an answer")
    };
    assert!(put_off(1, 400).await);
    assert!(!put_off(2, 500).await, "another process has it");
    assert_eq!(ids(&due(10).await), [10, 14]);
    let mut left = get(&database, &send(11)).await;
    assert_eq!((left.tries, left.clean_at), (1, Some(at(400))));
    (left.draft, left.lost_drafts, left.clean_at) = (Some("d".to_owned()), 2, None);
    let stored = database.write(async |tx| cleaning::store(&tx, &left).await).await;
    stored.expect("stored");
    assert_eq!(get(&database, &send(11)).await, left);
}
