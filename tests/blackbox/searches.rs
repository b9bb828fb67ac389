//! The search of the list of connectors: what it finds, and that words follow the names.

use mail360::{
    connectors::{
        model::list::{Found, Order},
        service::{Changed, ConnectorId, ListPage, Typed},
    },
    people::access::Admin,
    platform::database::DatabaseError,
};
use rstest::rstest;

use crate::{
    connectors::typed,
    list::read_names,
    support::{Kind, NewConnector, World},
};

/// The columns that a copy of a connector shares with it.
const SHARED: &str = "organisation_id, provider, client_id, client_secret, client_secret_hint, expiry_key, \
                      provider_settings, scopes, state, version, application_version, created_at";

/// Adds copies of the only connector, as a program of an earlier version does: without their words. Their names are
/// `Copy`, a number, and `of mail`.
pub async fn add_copies(world: &World, kind: Kind, count: usize) {
    let (numbers, id) = match kind {
        Kind::Sqlite => (
            format!(
                "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})"
            ),
            "randomblob(16)",
        ),
        Kind::Postgres => {
            (format!("WITH numbers(n) AS (SELECT generate_series(1, {count}))"), "gen_random_uuid()")
        }
    };
    let into = format!("INSERT INTO connectors (id, form_id, name_key, service_name, {SHARED})");
    let from = format!(
        "SELECT {id}, {id}, 'copy ' || n || ' of mail', 'Copy ' || n || ' of mail', {SHARED} FROM connectors, numbers"
    );
    let insert = match kind {
        Kind::Sqlite => format!("{into} {numbers} {from}"),
        Kind::Postgres => format!("{numbers} {into} {from}"),
    };
    world.raw.run(&insert).await.expect("inserted");
}

/// The first page of a search.
async fn search(world: &World, admin: &Admin, text: &str) -> ListPage {
    world.program.connectors.list(&admin.caller(), text, Order::Added, None).await.expect("a page")
}

async fn find_names(world: &World, admin: &Admin, text: &str) -> Vec<String> {
    let page = search(world, admin, text).await;
    page.connectors.into_iter().map(|connector| connector.service_name.as_str().to_owned()).collect()
}

async fn read_words(world: &World) -> Vec<String> {
    world.raw.column("SELECT word FROM connector_words ORDER BY word").await
}

#[rstest]
#[tokio::test]
async fn a4_a_search_finds_the_beginning_of_any_word_of_a_name_and_of_a_client_id(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    for (name, client_id) in [
        ("Mail archive EU", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
        ("Archive of all invoices", "2c4e28ba-2fa1-11d2-883f-0016d3cca427"),
        ("Reminders (finance)", "3d4e28ba-2fa1-11d2-883f-0016d3cca427"),
        ("Research-Datenbank", "4e4e28ba-2fa1-11d2-883f-0016d3cca427"),
        ("Große Straße 1b4e", "5f4e28ba-2fa1-11d2-883f-0016d3cca427"),
        ("¿Mail? 2027-11", "6a4e28ba-2fa1-11d2-883f-0016d3cca427"),
        ("North 12 south 34 east 56 west 78 up 90 down", "7b4e28ba-2fa1-11d2-883f-0016d3cca427"),
    ] {
        let new = NewConnector { name, client_id: client_id.to_owned(), ..Default::default() };
        world.add_connector(&mut ada, &new).await;
    }
    let [mail, archive, reminders, research, street, strange, long] = [
        "Mail archive EU",
        "Archive of all invoices",
        "Reminders (finance)",
        "Research-Datenbank",
        "Große Straße 1b4e",
        "¿Mail? 2027-11",
        "North 12 south 34 east 56 west 78 up 90 down",
    ];
    for (search, wanted) in [
        ("archive", vec![archive, mail]),
        ("ARCH", vec![archive, mail]),
        ("arch+mai", vec![mail]),
        ("mail+archive+eu", vec![mail]),
        ("invoices+of", vec![archive]),
        ("reminders", vec![reminders]),
        ("finance", vec![reminders]),
        ("(fin", vec![reminders]),
        ("re", vec![reminders, research]),
        ("daten", vec![research]),
        ("research-d", vec![research]),
        ("STRASSE", vec![street]),
        ("stra%C3%9Fe+gro", vec![street]),
        ("mail", vec![mail, strange]),
        ("2027-11", vec![strange]),
        // More words than are looked up: the others must match as well.
        ("north+12+south+34+east+56+west+78+up+90+down", vec![long]),
        ("north+12+south+34+east+56+west+78+up+91+down", vec![]),
        // A text that has no word is the beginning of a name.
        ("%C2%BF", vec![strange]),
        ("%3F", vec![]),
        // Words and client IDs together, by name.
        ("1b4e", vec![street, mail]),
        ("%7B1B4E28BA-2FA1%7D", vec![mail]),
        ("1b4e28ba-2fa1-11d2-883f-0016d3cca427", vec![mail]),
        // Not within a word, and not within a client ID.
        ("chive", vec![]),
        ("2fa1", vec![]),
        ("archive+nothing", vec![]),
    ] {
        let page = ada.get(&format!("/connectors?search={search}")).await;
        assert_eq!(read_names(&page), wanted, "{search}");
    }
    let mut eve = world.stranger().await;
    assert!(read_names(&eve.get("/connectors?search=archive").await).is_empty());
}

#[rstest]
#[tokio::test]
async fn the_words_of_a_name_change_with_it_and_go_with_the_connector(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let path = world.add_connector(&mut ada, &NewConnector::default()).await;
    let (admin, service) = (world.admin().await, &world.program.connectors);
    let id: ConnectorId = path.rsplit('/').next().expect("an id").parse().expect("an id");
    assert_eq!(read_words(&world).await, ["archive", "mail"]);
    for (name, words, found) in
        [("Post room (mail)", vec!["mail", "post", "room"], 1), ("Mail Archive", vec!["archive", "mail"], 0)]
    {
        let stored = service.get(&admin.caller(), id).await.expect("a connector");
        // Without a new secret, which would need a re-authentication.
        let new = Typed {
            client_id: stored.client_id.to_string(),
            client_secret: String::new().into(),
            ..typed(name)
        };
        let new = new.parse_edit(service.providers(), service.today(), &stored).expect("sound");
        let changed = service.change(&admin, id, stored.version, &new).await;
        assert!(matches!(changed, Ok(Changed::Changed)), "{changed:?}");
        assert_eq!(read_words(&world).await, words);
        let page = search(&world, &admin, "room").await;
        assert_eq!((page.connectors.len(), page.found), (found, Some(Found::Exactly(found))), "{name}");
    }
    let without: i64 =
        world.raw.one("SELECT COUNT(*) FROM connectors WHERE indexed_name IS DISTINCT FROM name_key").await;
    assert_eq!(without, 0);
    service.delete(&admin.clone().reauthenticated().expect("a proof"), id, "").await.expect("deleted");
    assert!(read_words(&world).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn d6_the_sweep_writes_the_words_that_a_program_of_an_earlier_version_leaves_out(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector::default()).await;
    let admin = world.admin().await;
    add_copies(&world, kind, 450).await;
    let renamed = "UPDATE connectors SET service_name = 'Letter box', name_key = 'letter box' \
                   WHERE name_key = 'mail archive'";
    assert_eq!(world.raw.run(renamed).await, Ok(1));
    // The words of the earlier name lead nowhere.
    assert!(find_names(&world, &admin, "archive").await.is_empty());
    world.run_sweep().await;
    assert_eq!(find_names(&world, &admin, "box").await, ["Letter box"]);
    assert_eq!(find_names(&world, &admin, "450").await, ["Copy 450 of mail"]);
    let page = search(&world, &admin, "archive").await;
    assert_eq!((page.connectors.len(), page.found), (0, Some(Found::Exactly(0))));
    assert_eq!(search(&world, &admin, "mail").await.found, Some(Found::Exactly(450)));
    let words = world.raw.count("connector_words").await;
    assert_eq!(words, 2 + 4 * 450);
    world.run_sweep().await;
    assert_eq!(world.raw.count("connector_words").await, words);
}

#[rstest]
#[tokio::test]
async fn d6_after_an_upgrade_a_search_finds_the_beginnings_of_names_until_the_sweep_has_written_their_words(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector { name: "Großes Archiv", ..Default::default() }).await;
    // More than one transaction of the sweep writes.
    add_copies(&world, kind, 700).await;
    for statement in [
        "DROP TABLE connector_words",
        "DROP INDEX connectors_without_words",
        "ALTER TABLE connectors DROP COLUMN indexed_name",
        "DELETE FROM seaql_migrations WHERE version = 'm20261130_000020_index_words'",
    ] {
        world.raw.run(statement).await.expect(statement);
    }
    world.program.database.migrate::<DatabaseError>(async |_| Ok(())).await.expect("migrated");
    let world = world.another_process(&[]).await;
    let admin = world.admin().await;
    // The migration locks the connectors on PostgreSQL, so it writes no words.
    assert_eq!(world.raw.count("connector_words").await, 0);
    assert_eq!(find_names(&world, &admin, "gross").await, ["Großes Archiv"]);
    assert_eq!(find_names(&world, &admin, "COPY 700 of").await, ["Copy 700 of mail"]);
    assert_eq!(search(&world, &admin, "co").await.found, Some(Found::Exactly(700)));
    assert!(find_names(&world, &admin, "archiv gross").await.is_empty());
    world.run_sweep().await;
    assert_eq!(find_names(&world, &admin, "archiv gross").await, ["Großes Archiv"]);
    assert_eq!(find_names(&world, &admin, "mail 700").await, ["Copy 700 of mail"]);
    assert_eq!(search(&world, &admin, "co").await.found, Some(Found::Exactly(700)));
    let words = world.raw.count("connector_words").await;
    assert_eq!(words, 2 + 4 * 700);
    // One run of the sweep has written them all.
    let without: i64 =
        world.raw.one("SELECT COUNT(*) FROM connectors WHERE indexed_name IS DISTINCT FROM name_key").await;
    assert_eq!(without, 0);
}

#[rstest]
#[tokio::test]
async fn a_search_finds_a_thousand_connectors_on_forty_pages_and_says_that_more_match(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector::default()).await;
    let admin = world.admin().await;
    add_copies(&world, kind, 1_000).await;
    world.run_sweep().await;
    assert_eq!(search(&world, &admin, "copy").await.found, Some(Found::Exactly(1_000)));
    ada.get("/connectors?search=copy").await.assert_says("1,000 connectors match");
    ada.get("/connectors?search=mail")
        .await
        .assert_says("More than 1,000 connectors match. Type more letters.");
    // A word that all have, its beginnings, and a word that all but one have.
    for text in ["mail", "ma", "m", "copy mail"] {
        let more = text != "copy mail";
        let (mut names, mut pages, mut after) = (Vec::new(), 0, None);
        loop {
            let service = &world.program.connectors;
            let page =
                service.list(&admin.caller(), text, Order::Expiry, after.as_ref()).await.expect("a page");
            let found = if more { Found::MoreThan(1_000) } else { Found::Exactly(1_000) };
            assert_eq!(page.found, Some(found), "{text}");
            names.extend(page.connectors.into_iter().map(|connector| connector.name_key));
            pages += 1;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!((names.len(), pages), (1_000, 40), "{text}");
        assert!(names.is_sorted_by(|a, b| a < b), "{text}");
    }
}
