//! Pages of the list follow each other, also while connectors are renamed; and the numbers of secrets that expire.

use super::*;
use crate::connectors::model::list::{Count, MAX_COUNTED};

/// More than are counted.
const SOME: usize = 1_200;

#[rstest]
#[tokio::test]
async fn pages_follow_each_other_in_every_order_and_count_the_secrets_that_expire(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = many(kind, SOME).await;
    let providers = providers();
    let (read, ours) = (database.read(), Connectors::of(OURS, &providers));
    let mut all = Vec::new();
    for order in Order::ALL {
        (all, _) = read_all(&read, ours, None, order, 300).await;
        let positions: Vec<_> = all.iter().map(|connector| connector.position(order)).collect();
        let follows = |a: &Position, b: &Position| if order == Order::Added { a > b } else { a < b };
        assert_eq!(positions.len(), SOME, "{order:?}");
        assert!(positions.is_sorted_by(follows), "{order:?}");
    }
    let until = |condition: &dyn Fn(ExpiryDate) -> bool| {
        let number = all.iter().filter_map(|it| it.secret_expires_on).filter(|day| condition(*day)).count();
        Count { number: number.min(MAX_COUNTED), more: number > MAX_COUNTED }
    };
    let search = search("mail 4711");
    for (today, last) in [
        (date("2026-12-31"), date("2026-12-31")),
        (date("2027-01-01"), date("2027-01-01")),
        (date("2027-03-02"), date("2027-04-30")),
        (date("2027-07-01"), date("2027-12-31")),
        (date("2027-01-01"), date("2027-09-01")),
        (date("2027-12-31"), date("2027-12-31")),
    ] {
        let expected =
            Expiring { expired: until(&|day| day < today), soon: until(&|day| today <= day && day <= last) };
        // The second list has no row.
        for search in [None, Some(&search)] {
            let wanted = ListRequest { search, order: Order::Expiry, after: None, limit: 26 };
            let page = ours.list(&read, wanted, Some((today, last))).await.expect("a page");
            assert_eq!(page.expiring, expected, "{today} {last}");
            let rows: Vec<_> = page.connectors.iter().map(|connector| connector.id).collect();
            let first: Vec<_> = ours.list(&read, wanted, None).await.expect("a page").connectors;
            assert_eq!(rows, first.iter().map(|connector| connector.id).collect::<Vec<_>>());
            assert_eq!(
                (rows.len(), page.next.is_some()),
                if search.is_none() { (26, true) } else { (0, false) }
            );
        }
    }
}

/// Renames connectors of ours from `mail` to `post`. A search that has read the words before still finds them under
/// their earlier names.
async fn rename(database: &Database, names: &[String]) {
    let names = names.join("', '");
    let rename = format!(
        "UPDATE connectors SET service_name = 'Post ' || substr(name_key, 6), name_key = 'post ' || \
         substr(name_key, 6), indexed_name = 'post ' || substr(name_key, 6) WHERE name_key IN ('{names}') \
         AND organisation_id = (SELECT id FROM organisations WHERE short_name = 'org-1')"
    );
    let renamed = database.write::<_, DatabaseError, _>(async |tx| {
        tx.connection().execute_unprepared(&rename).await?;
        Ok(())
    });
    renamed.await.expect("renamed");
}

#[rstest]
#[tokio::test]
async fn a_search_has_a_next_page_although_connectors_have_been_renamed_since_it_found_them(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = many(kind, 60).await;
    let providers = providers();
    let (read, ours) = (database.read(), Connectors::of(OURS, &providers));
    let mut names: Vec<String> = (0..60).map(|number| format!("mail {number}")).collect();
    names.sort_unstable();
    let search = search("mail");
    let mut gone: Vec<&String> = Vec::new();
    // First the one after the page, then one of the page, then the whole page.
    for renamed in [&names[25..26], &names[..1], &names[..25]] {
        rename(&database, renamed).await;
        gone.extend(renamed);
        let is_left = |name: &&String| !gone.contains(name);
        let wanted = ListRequest { search: Some(&search), order: Order::Name, after: None, limit: 25 };
        let page = ours.list(&read, wanted, None).await.expect("a page");
        let shown = names.iter().take(25).filter(is_left).count();
        assert_eq!((page.connectors.len(), page.next.is_some()), (shown, true), "{renamed:?}");
        let (all, _) = read_all(&read, ours, Some(&search), Order::Name, 25).await;
        let found: Vec<&String> = all.iter().map(|connector| &connector.name_key).collect();
        assert_eq!(found, names.iter().filter(is_left).collect::<Vec<_>>(), "{renamed:?}");
    }
}

#[rstest]
#[tokio::test]
async fn a_client_id_finds_its_connector_although_words_find_it_under_an_earlier_name(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = many(kind, 60).await;
    let providers = providers();
    let (read, ours) = (database.read(), Connectors::of(OURS, &providers));
    let set =
        "UPDATE connectors SET client_id = '70000000-0000-4000-8000-000000000000' WHERE name_key = 'mail 7'";
    let changed = database.write::<_, DatabaseError, _>(async |tx| {
        tx.connection().execute_unprepared(set).await?;
        Ok(())
    });
    changed.await.expect("changed");
    rename(&database, &["mail 7".to_owned()]).await;
    let (all, _) = read_all(&read, ours, Some(&search("7")), Order::Name, 25).await;
    let found = all.iter().filter(|connector| connector.name_key == "post 7").count();
    assert_eq!(found, 1, "{all:?}");
}
