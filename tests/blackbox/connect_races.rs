//! Two browsers at one link, two links for one mailbox, and a link that is revoked while a person signs in.

use mail360::accounts::service::links::{LinkFilter, NewLink};
use rstest::rstest;

use crate::support::{Browser, Kind, Linked, held, path_of};

async fn count(linked: &Linked, table: &str) -> i64 {
    linked.world.raw.count(table).await
}

/// The texts of both outcomes, in any order.
async fn outcomes(linked: &Linked, browsers: Vec<(Browser, String)>) -> Vec<String> {
    linked.world.program.sign_ins.wait_for_exchanges().await;
    let mut texts = Vec::new();
    for (mut browser, path) in browsers {
        texts.push(browser.get(&path).await.text());
    }
    texts.sort_by_key(|text| !text.contains("Your mailbox is connected"));
    texts
}

/// Lets two browsers come back from the provider at the same moment, from these links.
async fn race(linked: &Linked, paths: [&str; 2]) -> Vec<String> {
    let mut returning = Vec::new();
    for path in paths {
        let mut browser = linked.world.browser();
        let authorize = linked.follow(&mut browser, path).await;
        let (gate, request) = held(&linked.world, &browser, &authorize).await;
        while linked.world.provider.exchanges().len() <= returning.len() {
            tokio::task::yield_now().await;
        }
        returning.push((browser, gate, request));
    }
    for (_, gate, _) in &returning {
        gate.notify_one();
    }
    let mut browsers = Vec::new();
    for (browser, _, request) in returning {
        let answer = request.await.expect("an answer");
        browsers.push((browser, answer.assert_status(303).location().to_owned()));
    }
    outcomes(linked, browsers).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_browsers_that_finish_one_link_one_connects(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let texts = race(&linked, [&path, &path]).await;
    assert!(texts[0].contains("Your mailbox is connected"), "{texts:?}");
    assert!(texts[1].contains("This link has been used"), "{texts:?}");
    assert_eq!((count(&linked, "accounts").await, count(&linked, "grants").await), (1, 1));
    let used = "SELECT COUNT(*) FROM activity WHERE action = 'link.used'";
    assert_eq!(linked.world.raw.one::<i64>(used).await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_links_that_connect_one_mailbox_make_one_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let paths = [linked.make(linked.plain()).await, linked.make(linked.plain()).await];
    let texts = race(&linked, [&paths[0], &paths[1]]).await;
    assert!(texts.iter().all(|text| text.contains("Your mailbox is connected")), "{texts:?}");
    assert_eq!((count(&linked, "accounts").await, count(&linked, "grants").await), (1, 1));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_links_of_two_connectors_that_connect_one_mailbox_make_one_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let other = linked.another_connector("Calendar").await;
    let paths = [linked.make(linked.plain()).await, linked.make(NewLink::of_console(other)).await];
    let texts = race(&linked, [&paths[0], &paths[1]]).await;
    assert!(texts[0].contains("Your mailbox is connected"), "{texts:?}");
    assert!(texts[1].contains("This mailbox is already connected"), "{texts:?}");
    assert_eq!((count(&linked, "accounts").await, count(&linked, "grants").await), (1, 1));
}

#[rstest]
#[tokio::test]
async fn a_link_that_is_revoked_while_the_person_signs_in_connects_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let made = linked.try_make(linked.plain()).await.expect("a link");
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path_of(&made)).await;
    let mut early = linked.world.browser();
    let before = linked.follow(&mut early, &path_of(&made)).await;
    // One has redeemed the code already, the other comes back later.
    let (gate, request) = held(&linked.world, &grace, &authorize).await;
    assert!(
        linked.world.program.links.revoke(&linked.world.admin().await, made.id).await.expect("an answer")
    );
    gate.notify_one();
    let answer = request.await.expect("an answer");
    grace.get(answer.assert_status(303).location()).await.assert_says("This link was withdrawn");
    let (page, _) = linked.come_back(&mut early, &before, "code=abc").await;
    page.assert_says("This link was withdrawn");
    assert_eq!(linked.world.provider.exchanges().len(), 1, "the second code was not redeemed");
    assert_eq!((count(&linked, "accounts").await, count(&linked, "grants").await), (0, 0));
    let admin = linked.world.admin().await;
    let list = linked.world.program.links.list(&admin.caller(), LinkFilter::default(), None).await;
    assert_eq!(list.expect("a list").links.len(), 1);
}
