//! What ends a consent link, what it may not do, and its limits.

use axum::body::Body;
use mail360::{
    people::model::Role,
    platform::clock::{Clock, SystemClock},
};
use rstest::rstest;
use time::Duration;

use crate::{
    consent_links::{COMPANY, make},
    support::{Kind, Linked, World},
};

async fn recorded(world: &World, action: &str) -> i64 {
    world.raw.one(&format!("SELECT COUNT(*) FROM activity WHERE action = '{action}'")).await
}

#[rstest]
#[tokio::test]
async fn a_link_works_for_seven_days_and_is_erased_90_days_after_its_end(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let connector = linked.connector.clone();
    let path = make(&mut linked.ada, &connector, COMPANY).await;
    let mut mona = linked.world.browser();
    linked.world.clock.advance(Duration::days(7) - Duration::seconds(1));
    mona.get(&path).await.assert_status(200);
    linked.world.clock.advance(Duration::seconds(1));
    mona.get(&path).await.assert_status(410).assert_says("This link has expired");
    mona.post(&path, &[]).await.assert_status(410);
    linked.world.run_sweep().await;
    assert_eq!(recorded(&linked.world, "consent_link.expired").await, 0, "a browser may still come back");
    linked.world.clock.advance(Duration::hours(1));
    linked.world.run_sweep().await;
    linked.world.run_sweep().await;
    assert_eq!(recorded(&linked.world, "consent_link.expired").await, 1);

    // A sign-in proves the approval of an administrator who never came back.
    let connect = linked.make(linked.plain()).await;
    linked.connect(&mut linked.world.browser(), &connect).await.assert_says("Your mailbox is connected");
    assert_eq!(linked.world.raw.count("approved_directories").await, 1);
    linked.world.clock.advance(Duration::days(89));
    linked.world.run_sweep().await;
    assert_eq!(linked.world.raw.count("consent_links").await, 1);
    linked.world.clock.advance(Duration::days(2));
    linked.world.run_sweep().await;
    assert_eq!(linked.world.raw.count("consent_links").await, 0);
    assert_eq!(linked.world.raw.count("approved_directories").await, 1, "the approval stays known");
}

#[rstest]
#[tokio::test]
async fn i4_a_revoked_link_stops_at_once_and_only_administrators_of_the_organisation_revoke_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let connector = linked.connector.clone();
    let path = make(&mut linked.ada, &connector, COMPANY).await;
    let id: uuid::Uuid = linked.world.raw.one("SELECT id FROM consent_links").await;
    let revoke = format!("{connector}/approvals/{id}/revoke");
    linked.world.stranger().await.post(&revoke, &[]).await.assert_status(404);
    linked.world.viewer().await.post(&revoke, &[]).await.assert_status(403);
    linked.world.browser().get(&path).await.assert_status(200);
    let answer = linked.ada.post(&revoke, &[]).await;
    assert_eq!(answer.assert_status(303).location(), format!("{connector}/approvals"));
    linked.ada.post(&revoke, &[]).await.assert_status(303);
    let list = linked.ada.get(&format!("{connector}/approvals")).await;
    list.assert_says("Revoked").assert_says("by Ada Example");
    assert!(!list.body.contains("/revoke"), "a revoked link has no button");
    let page = linked.world.browser().get(&path).await;
    page.assert_status(410).assert_says("This link was withdrawn");
    assert!(!page.text().contains("mailbox"), "{}", page.text());
    linked.world.browser().post(&path, &[]).await.assert_status(410);
    assert_eq!(recorded(&linked.world, "consent_link.revoked").await, 1);
    let activity = linked.ada.get("/settings/activity").await;
    activity.assert_says("revoked the link for the approval of the company");
}

#[rstest]
#[case::disabled(Some(&[("change", "disable")][..]), 1)]
#[case::demoted(Some(&[("change", "role"), ("role", "viewer")][..]), 1)]
#[case::logged_out_everywhere(Some(&[("change", "end-sessions")][..]), 1)]
#[case::second_factor_removed(Some(&[("change", "no-second-factor")][..]), 0)]
#[case::sessions_ended_by_the_operator(None, 2)]
#[tokio::test]
async fn links_of_a_user_who_may_have_no_more_effect_are_revoked(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] change: Option<&[(&str, &str)]>,
    #[case] revoked: i64,
) {
    let mut linked = Linked::new(kind).await;
    if change.is_none() {
        // The command has the real clock.
        linked.world.clock.advance(SystemClock.now().since(linked.world.clock.now()));
        linked.ada = linked.world.log_in("ada@contoso.test").await;
    }
    let connector = linked.connector.clone();
    let bob = linked.world.add_user("Contoso", "bob@contoso.test", Role::Admin).await;
    let of_ada = make(&mut linked.ada, &connector, COMPANY).await;
    let of_bob = make(&mut linked.world.log_in("bob@contoso.test").await, &connector, COMPANY).await;
    if let Some(fields) = change {
        linked.ada.post(&format!("/settings/people/{bob}"), fields).await.assert_status(303);
    } else {
        let done = linked.world.run("end-sessions").expect("done");
        assert!(done.contains("links withdrawn: 2"), "{done}");
    }
    let stored = "SELECT COUNT(*) FROM consent_links WHERE revoked_at IS NOT NULL";
    assert_eq!(linked.world.raw.one::<i64>(stored).await, revoked, "{change:?}");
    let mut mona = linked.world.browser();
    mona.get(&of_bob).await.assert_status(if revoked > 0 { 410 } else { 200 });
    mona.get(&of_ada).await.assert_status(if revoked > 1 { 410 } else { 200 });
    let entries = recorded(&linked.world, "consent_link.revoked").await;
    assert_eq!(entries, i64::from(revoked == 1), "the end of all is one entry");
}

#[rstest]
#[tokio::test]
async fn another_application_or_the_end_of_the_connector_ends_its_links_and_approvals(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let connector = linked.connector.clone();
    make(&mut linked.ada, &connector, COMPANY).await;
    let connect = linked.make(linked.plain()).await;
    linked.connect(&mut linked.world.browser(), &connect).await.assert_says("Your mailbox is connected");
    linked.ada.get(&connector).await.assert_says("Approvals of companies: 1");
    let path = make(&mut linked.ada, &connector, COMPANY).await;

    let change = "UPDATE connectors SET client_id = '1b4e28ba-2fa1-11d2-883f-0016d3cca427'";
    linked.world.raw.run(change).await.expect("changed");
    linked.ada.get(&connector).await.assert_says("Approvals of companies: none");
    let mut mona = linked.world.browser();
    mona.get(&path).await.assert_status(410).assert_says("This link cannot be used now");
    mona.post(&path, &[]).await.assert_status(410);

    // A connector without accounts is deleted at once.
    linked.world.raw.run("DELETE FROM accounts").await.expect("deleted");
    let form = linked.ada.get(&format!("{connector}/delete")).await;
    let (id, owner) = (form.hidden("connector"), form.hidden("owner"));
    linked
        .ada
        .post("/do/connectors/delete", &[("connector", &id), ("owner", &owner)])
        .await
        .assert_status(302);
    assert_eq!(linked.world.raw.count("consent_links").await, 0);
    assert_eq!(linked.world.raw.count("approved_directories").await, 0);
    mona.get(&path).await.assert_status(404).assert_says("This link does not work");
}

#[rstest]
#[tokio::test]
async fn o22_a_foreign_page_cannot_press_the_button_and_starts_are_counted_by_address(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let connector = linked.connector.clone();
    let path = make(&mut linked.ada, &connector, COMPANY).await;
    let mut mallory = linked.world.browser();
    for headers in [vec![], vec![("sec-fetch-site", "cross-site")], vec![("origin", "https://evil.example")]]
    {
        let mut request = mallory.request("POST", &path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        mallory.send(request.body(Body::empty()).expect("a request")).await.assert_status(403);
    }
    mallory.post(&path, &[]).await.assert_status(200);
    linked.world.raw.run("UPDATE throttles SET count = 300").await.expect("changed");
    mallory.post(&path, &[]).await.assert_status(429).assert_says("Wait a few minutes");
    let mut mona = linked.world.browser();
    mona.address = [198, 51, 100, 7].into();
    mona.post(&path, &[]).await.assert_status(200);
}

#[rstest]
#[tokio::test]
async fn an_organisation_has_at_most_1000_open_links_and_lists_have_pages(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let connector = linked.connector.clone();
    make(&mut linked.ada, &connector, COMPANY).await;
    let template: uuid::Uuid = linked.world.raw.one("SELECT id FROM consent_links").await;
    let template = linked.world.raw.id(template);
    for number in 1..1_000_u128 {
        let id = linked.world.raw.id(uuid::Uuid::from_u128(number));
        let hash = linked.world.raw.bytes(&number.to_be_bytes());
        let copy = format!(
            "INSERT INTO consent_links (id, organisation_id, token_hash, connector_id, client_id, directory, \
             directory_name, made_by, made_by_version, created_at, expires_at) SELECT {id}, organisation_id, {hash}, \
             connector_id, client_id, directory, directory_name, made_by, made_by_version, created_at, expires_at FROM \
             consent_links WHERE id = {template}"
        );
        assert_eq!(linked.world.raw.run(&copy).await, Ok(1));
    }
    let refused = linked.ada.post(&format!("{connector}/approvals"), &[("directory", COMPANY)]).await;
    refused.assert_status(422).assert_says("1,000 open links of this kind");
    linked.ada.get(&connector).await.assert_says("100+ open links");
    let first = linked.ada.get(&format!("{connector}/approvals")).await;
    assert_eq!(first.body.matches("/revoke\"").count(), 25);
    let (_, rest) = first.body.split_once("/approvals?after=").expect("a next page");
    let next = rest.split_once('"').expect("its end").0.to_owned();
    let second = linked.ada.get(&format!("{connector}/approvals?after={next}")).await;
    second.assert_status(200).assert_says("First page");
    assert_eq!(second.body.matches("/revoke\"").count(), 25);
    // Expired links do not count.
    linked.world.clock.advance(Duration::days(7));
    make(&mut linked.world.log_in("ada@contoso.test").await, &connector, COMPANY).await;
}
