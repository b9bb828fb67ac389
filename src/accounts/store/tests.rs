mod plans;

use rstest::rstest;
use sea_orm::ConnectionTrait;

use super::*;
use crate::{
    accounts::{
        model::{HistoryKind, KEPT_REFRESHES, StateFilter},
        store::history::HistoryEntry,
    },
    platform::{
        database::{Database, DatabaseError, Read, word_index::Hit},
        search::{Found, Terms},
        text::fold,
    },
    test_database::{Kind, Place},
};

const OURS: OrganisationId = OrganisationId(Uuid::from_u128(1));
const OTHERS: OrganisationId = OrganisationId(Uuid::from_u128(2));
const FIRST: ConnectorId = ConnectorId(Uuid::from_u128(0x11));
const SECOND: ConnectorId = ConnectorId(Uuid::from_u128(0x12));
const OF_OTHERS: ConnectorId = ConnectorId(Uuid::from_u128(0x21));
const NOW: Timestamp = Timestamp::from_micros(1_795_417_030_000_000);

/// A UUID in a statement.
fn id(kind: Kind, id: Uuid) -> String {
    match kind {
        Kind::Sqlite => format!("X'{}'", id.simple()),
        Kind::Postgres => format!("'{id}'"),
    }
}

/// The statements that add two organisations with their connectors.
fn organisations(kind: Kind) -> Vec<String> {
    let bytes = if kind == Kind::Sqlite { "x''" } else { "''::bytea" };
    let mut statements = Vec::new();
    for (organisation, connectors) in [(OURS, vec![FIRST, SECOND]), (OTHERS, vec![OF_OTHERS])] {
        let organisation = id(kind, organisation.0);
        let number = connectors.len();
        statements.push(format!(
            "INSERT INTO organisations (id, name, short_name) VALUES ({organisation}, 'Org {number}', 'org-{number}')"
        ));
        for connector in connectors {
            let (name, connector) = (connector.0.simple(), id(kind, connector.0));
            statements.push(format!(
                "INSERT INTO connectors (id, organisation_id, provider, service_name, name_key, indexed_name, form_id, \
                 client_id, client_secret, client_secret_hint, expiry_key, provider_settings, scopes, state, version, \
                 created_at) VALUES ({connector}, {organisation}, 'outlook', '{name}', '{name}', '{name}', \
                 {connector}, '', {bytes}, '', '9999-12-31', '{{}}', 'Mail.Read', 'verified', 1, 0)"
            ));
        }
    }
    statements
}

async fn run(database: &Database, statements: Vec<String>) {
    database
        .write::<_, DatabaseError, _>(async |tx| {
            for statement in statements {
                tx.connection().execute_unprepared(&statement).await?;
            }
            Ok(())
        })
        .await
        .expect("done");
}

async fn new(kind: Kind) -> (Place, Database) {
    let place = Place::migrated(kind).await;
    let database = Database::open(&place.address()).await.expect("a database");
    run(&database, organisations(kind)).await;
    (place, database)
}

fn mailbox(number: u128, connector: ConnectorId, email: &str, name: &str) -> NewAccount {
    NewAccount {
        id: AccountId(Uuid::from_u128(number)),
        provider: "outlook".to_owned(),
        subject: format!("subject-{number}"),
        connector,
        email: email.to_owned(),
        name: name.to_owned(),
        reference: None,
    }
}

async fn add(database: &Database, organisation: OrganisationId, mailboxes: Vec<NewAccount>) {
    database
        .write::<_, DatabaseError, _>(async |tx| {
            for new in mailboxes {
                assert!(Accounts::of(organisation).add(&tx, &new, NOW).await?);
            }
            Ok(())
        })
        .await
        .expect("added");
}

async fn change(database: &Database, id: AccountId, state: AccountState) {
    let change = StateChange { state, reason: None, provider_words: None };
    database
        .write::<_, DatabaseError, _>(async |tx| {
            Accounts::of(OURS).change_state(&tx, id, &change, 0, NOW).await
        })
        .await
        .expect("changed");
}

async fn pause(database: &Database, id: AccountId) {
    let paused = Some(Paused { at: NOW, by: None });
    database
        .write::<_, DatabaseError, _>(async |tx| Accounts::of(OURS).set_paused(&tx, id, paused).await)
        .await
        .expect("paused");
}

/// Four accounts of ours over two connectors, one of them waits; and one of the other organisation.
async fn five(kind: Kind) -> (Place, Database) {
    let (place, database) = new(kind).await;
    let ours = vec![
        mailbox(1, FIRST, "Grace@contoso.test", "Grace Hopper"),
        mailbox(2, FIRST, "ada@contoso.test", "Ada Lovelace"),
        mailbox(3, SECOND, "grace.m@fabrikam.test", "Margaret Hamilton"),
        mailbox(4, SECOND, "zoe@contoso.test", ""),
    ];
    add(&database, OURS, ours).await;
    add(&database, OTHERS, vec![mailbox(5, OF_OTHERS, "grace@contoso.test", "Grace Hopper")]).await;
    change(&database, AccountId(Uuid::from_u128(3)), AccountState::NeedsSignIn).await;
    (place, database)
}

fn words(text: &str) -> Search {
    Terms::parse(&fold(text)).map_or(Search::Nothing, Search::Words)
}

/// The numbers of the accounts on a page, and how many the search has found.
async fn find(read: &Read, search: Option<&Search>, filter: AccountFilter) -> (Vec<u128>, Option<Found>) {
    let request = ListRequest { search, filter, after: None, limit: 25 };
    let page = Accounts::of(OURS).list(read, request).await.expect("a page");
    assert!(page.accounts.iter().all(|account| account.organisation == OURS));
    (page.accounts.iter().map(|account| account.id.0.as_u128()).collect(), page.found)
}

#[rstest]
#[tokio::test]
async fn a_list_is_in_the_order_of_the_email_and_each_filter_leaves_out_the_others(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = five(kind).await;
    let read = database.read();
    for paused in [2, 3] {
        pause(&database, AccountId(Uuid::from_u128(paused))).await;
    }
    let filter = |connector, state| AccountFilter { connector, state };
    let waiting = Some(StateFilter::In(AccountState::NeedsSignIn));
    let paused = Some(StateFilter::Paused);
    for (filter, expected) in [
        (filter(None, None), &[2_u128, 3, 1, 4][..]),
        (filter(Some(FIRST), None), &[2, 1]),
        (filter(None, waiting), &[3]),
        (filter(Some(SECOND), waiting), &[3]),
        (filter(Some(FIRST), waiting), &[]),
        (filter(None, paused), &[2, 3]),
        (filter(Some(FIRST), paused), &[2]),
        (filter(Some(OF_OTHERS), paused), &[]),
        (filter(Some(OF_OTHERS), None), &[]),
    ] {
        assert_eq!(find(&read, None, filter).await, (expected.to_vec(), None), "{filter:?}");
    }
}

#[rstest]
#[tokio::test]
async fn a_search_finds_the_beginning_of_an_email_and_of_words_of_both(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = five(kind).await;
    let read = database.read();
    let all = AccountFilter::default();
    let email = |text: &str| Search::Email(text.to_owned());
    for (search, expected) in [
        (email("grace@contoso"), &[1_u128][..]),
        (email("grace@"), &[1]),
        (email("a@"), &[]),
        (words("grac"), &[3, 1]),
        (words("hop"), &[1]),
        (words("contoso"), &[2, 1, 4]),
        (words("contoso grace"), &[1]),
        (words("lovelace ada"), &[2]),
        (words("opper"), &[]),
        (Search::Nothing, &[]),
    ] {
        let found = Some(Found::Exactly(expected.len()));
        assert_eq!(find(&read, Some(&search), all).await, (expected.to_vec(), found), "{search:?}");
    }
    let in_state = |state| AccountFilter { connector: None, state: Some(state) };
    let needs_sign_in = in_state(StateFilter::In(AccountState::NeedsSignIn));
    assert_eq!(find(&read, Some(&words("grace")), needs_sign_in).await.0, [3]);
    assert_eq!(find(&read, Some(&email("grace@")), needs_sign_in).await.0, [0_u128; 0]);
    let of_first = AccountFilter { connector: Some(FIRST), state: None };
    assert_eq!(find(&read, Some(&words("grace")), of_first).await.0, [1]);
    pause(&database, AccountId(Uuid::from_u128(1))).await;
    assert_eq!(find(&read, Some(&words("grace")), in_state(StateFilter::Paused)).await.0, [1]);
    assert_eq!(find(&read, Some(&email("grace@")), in_state(StateFilter::Paused)).await.0, [1]);
}

#[rstest]
#[tokio::test]
async fn pages_by_key_show_each_account_once_with_and_without_a_search(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = new(kind).await;
    // Some have the same email: the id decides then.
    let ours = (0..60_u128).map(|n| mailbox(n + 1, FIRST, &format!("m{}@contoso.test", n / 3), "Grace"));
    add(&database, OURS, ours.collect()).await;
    let read = database.read();
    for search in [None, Some(words("grace")), Some(Search::Email("m1@".to_owned()))] {
        for filter in [AccountFilter::default(), AccountFilter { connector: Some(FIRST), state: None }] {
            let (mut after, mut seen): (Option<Hit>, Vec<Account>) = (None, Vec::new());
            loop {
                let request =
                    ListRequest { search: search.as_ref(), filter, after: after.as_ref(), limit: 7 };
                let page = Accounts::of(OURS).list(&read, request).await.expect("a page");
                assert!(page.accounts.len() <= 7);
                seen.extend(page.accounts);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let expected = if matches!(search, Some(Search::Email(_))) { 3 } else { 60 };
            assert_eq!(seen.len(), expected, "{search:?} {filter:?}");
            let keys: Vec<_> = seen.iter().map(|account| (account.email.clone(), account.id)).collect();
            assert!(keys.is_sorted(), "{keys:?}");
            let mut ids: Vec<_> = keys.into_iter().map(|(_, id)| id).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), expected, "{search:?} {filter:?}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn accounts_are_counted_by_state_and_by_connector(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (_place, database) = five(kind).await;
    let read = database.read();
    let accounts = Accounts::of(OURS);
    let all = accounts.count_by_state(&read, None).await.expect("counts");
    assert_eq!(all, [(AccountState::Connected, 3), (AccountState::NeedsSignIn, 1)]);
    let of_second = accounts.count_by_state(&read, Some(SECOND)).await.expect("counts");
    assert_eq!(of_second, [(AccountState::Connected, 1), (AccountState::NeedsSignIn, 1)]);
    assert!(accounts.count_by_state(&read, Some(OF_OTHERS)).await.expect("counts").is_empty());
    assert_eq!(accounts.count_of_connector(&read, FIRST).await.expect("a count"), 2);
    // A paused account also counts in its state.
    pause(&database, AccountId(Uuid::from_u128(3))).await;
    let with_paused = accounts.count_by_filter(&read, None).await.expect("counts");
    let states = [(AccountState::Connected, 3_u64), (AccountState::NeedsSignIn, 1)];
    let expected = states.map(|(state, number)| (StateFilter::In(state), number));
    assert_eq!(with_paused, [expected[0], expected[1], (StateFilter::Paused, 1)]);
    assert_eq!(accounts.count_by_state(&read, None).await.expect("counts"), states);
    for (connector, number) in [(None, 1), (Some(FIRST), 0), (Some(SECOND), 1), (Some(OF_OTHERS), 0)] {
        let filter = AccountFilter { connector, state: Some(StateFilter::Paused) };
        assert_eq!(accounts.count(&read, filter).await.expect("a count"), number, "{connector:?}");
    }
    assert!(accounts.has_any(&read, FIRST).await.expect("an answer"));
    assert!(!accounts.has_any(&read, OF_OTHERS).await.expect("an answer"));
}

#[rstest]
#[tokio::test]
async fn an_identity_is_one_account_of_an_organisation(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (_place, database) = five(kind).await;
    let again = NewAccount { subject: "subject-1".to_owned(), ..mailbox(9, SECOND, "g@contoso.test", "") };
    let (added, found, of_others) = database
        .write::<_, DatabaseError, _>(async |tx| {
            let added = Accounts::of(OURS).add(&tx, &again, NOW).await?;
            let found = Accounts::of(OURS).lock_by_subject(&tx, "outlook", "subject-1").await?;
            let of_others = Accounts::of(OTHERS).lock_by_subject(&tx, "outlook", "subject-1").await?;
            Ok((added, found, of_others))
        })
        .await
        .expect("an answer");
    let found = found.expect("an account");
    assert_eq!((added, found.id.0.as_u128(), found.connector), (false, 1, FIRST));
    assert!(of_others.is_none());
    assert_eq!(find(&database.read(), Some(&words("g")), AccountFilter::default()).await.0, [3, 1]);
    let other_id = AccountId(Uuid::from_u128(5));
    assert!(Accounts::of(OURS).get(&database.read(), other_id).await.expect("an answer").is_none());
}

#[rstest]
#[tokio::test]
async fn missing_words_are_written_again_for_each_organisation(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = five(kind).await;
    run(
        &database,
        vec!["UPDATE accounts SET indexed_name = NULL".into(), "DELETE FROM account_words".into()],
    )
    .await;
    let read = database.read();
    let all = AccountFilter::default();
    assert_eq!(find(&read, Some(&words("grace")), all).await.0, [0_u128; 0]);
    let mut last = None;
    let mut written = Vec::new();
    while let Some(organisation) = crate::platform::database::Unscoped
        .next_organisation_without_account_words(&read, last)
        .await
        .expect("an answer")
    {
        let count = database
            .write::<_, DatabaseError, _>(async |tx| {
                Accounts::of(organisation).write_missing_words(&tx, 3).await
            })
            .await
            .expect("written");
        written.push((organisation, count));
        last = (count < 3).then_some(organisation).or(last);
    }
    assert_eq!(written, [(OURS, 3), (OURS, 1), (OTHERS, 1)]);
    assert_eq!(find(&read, Some(&words("grace")), all).await.0, [3, 1]);
}

#[rstest]
#[tokio::test]
async fn a_history_is_trimmed_as_it_grows(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (_place, database) = five(kind).await;
    let account = AccountId(Uuid::from_u128(1));
    let kinds = [HistoryKind::SignedIn].into_iter().chain([HistoryKind::Refreshed; 20]);
    for (number, kind) in kinds.enumerate() {
        let at = NOW.plus(time::Duration::hours(i64::try_from(number).expect("a small number")));
        let id = Uuid::from_u128(0x100 + number as u128);
        let entry = HistoryEntry { id, at, kind, detail: "{}".to_owned() };
        database
            .write::<_, DatabaseError, _>(async |tx| Accounts::of(OURS).add_event(&tx, account, entry).await)
            .await
            .expect("added");
    }
    let history = Accounts::of(OURS).history(&database.read(), account).await.expect("a history");
    assert_eq!(history.len(), KEPT_REFRESHES + 2, "the first refresh, the newest ones, and the sign-in");
    assert_eq!(history.last().map(|entry| entry.kind), Some(HistoryKind::SignedIn));
    assert!(history.is_sorted_by(|a, b| a.at >= b.at));
    assert!(Accounts::of(OTHERS).history(&database.read(), account).await.expect("a history").is_empty());
}
