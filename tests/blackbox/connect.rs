//! The trip of a person without a user: from the page behind a link, through the provider, to the outcome.

use axum::body::Body;
use mail360::accounts::service::links::NewLink;
use rstest::rstest;
use serde_json::json;
use time::Duration;

use crate::support::{Canned, Kind, Linked, held, parameter, tokens};

/// The id of another account of the same directory.
const OTHER_OID: &str = "acc00000-7e57-4000-8000-000000000002";

fn expecting(linked: &Linked, email: &str) -> NewLink {
    NewLink { expected_email: Some(email.to_owned()), ..linked.plain() }
}

async fn count(linked: &Linked, table: &str) -> i64 {
    linked.world.raw.count(table).await
}

#[rstest]
#[tokio::test]
async fn a_person_without_a_user_connects_a_mailbox_with_a_link(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(expecting(&linked, "Grace@Contoso.test")).await;
    let mut grace = linked.world.browser();
    let page = grace.get(&path).await;
    page.assert_status(200).assert_says("Contoso asks to connect your mailbox");
    page.assert_says("grace@contoso.test").assert_says("Continue with Microsoft");
    for hidden in ["Connectors", "Ada", "ada@contoso.test", "Log in"] {
        assert!(!page.text().contains(hidden), "the page shows {hidden}: {}", page.text());
    }

    let authorize = linked.press(&mut grace, &path).await;
    assert_eq!(parameter(&authorize, "login_hint"), "grace@contoso.test");
    linked.world.grant_everything(&authorize);
    let (page, outcome) = linked.come_back(&mut grace, &authorize, "code=abc").await;
    page.assert_status(200).assert_says("Your mailbox is connected").assert_says("grace@contoso.test");
    let state: String = linked.world.raw.one("SELECT state FROM accounts").await;
    assert_eq!((state.as_str(), count(&linked, "grants").await), ("connected", 1));
    assert_eq!(linked.world.state(&linked.connector).await, "verified");
    for action in ["link.used", "account.connected"] {
        let recorded = format!("SELECT COUNT(*) FROM activity WHERE action = '{action}'");
        assert_eq!(linked.world.raw.one::<i64>(&recorded).await, 1, "{action}");
    }

    // The link works once; the outcome is shown again, and only here.
    grace.get(&path).await.assert_status(410).assert_says("This link has been used");
    grace.post(&path, &[]).await.assert_status(410);
    grace.get(&outcome).await.assert_status(200).assert_says("Your mailbox is connected");
    let other = linked.world.browser().get(&outcome).await;
    other.assert_status(404);
    assert!(!other.body.contains("grace"), "{}", other.body);
    linked.world.clock.advance(Duration::hours(1));
    grace.get(&outcome).await.assert_status(404);
    assert!(!linked.world.raw.dump(&[]).await.join("\n").contains("canary-refresh"), "tokens are sealed");
}

#[rstest]
#[tokio::test]
async fn a_link_that_a_mail_program_fetches_changes_nothing_and_still_works(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let before = linked.world.raw.dump(&[]).await;
    for method in ["GET", "HEAD"] {
        let mut browser = linked.world.browser();
        let request = browser.request(method, &path).body(Body::empty()).expect("a request");
        let answer = browser.send(request).await;
        answer.assert_status(200);
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert!(answer.header("x-robots-tag").contains("noindex"));
        assert_eq!(answer.header("cache-control"), "no-store, no-transform");
        assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    }
    assert_eq!(linked.world.raw.dump(&[]).await, before, "GET and HEAD change nothing");
    linked.connect(&mut linked.world.browser(), &path).await.assert_says("Your mailbox is connected");
}

#[rstest]
#[tokio::test]
async fn another_mailbox_than_the_expected_one_is_refused_and_the_right_one_may_follow(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(expecting(&linked, "grace@contoso.test")).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    linked.grant_to(&authorize, OTHER_OID, "hopper@contoso.test");
    let (page, outcome) = linked.come_back(&mut grace, &authorize, "code=abc").await;
    page.assert_says("You signed in as hopper@contoso.test, but this link is for grace@contoso.test");
    page.assert_says("Choose another account");
    assert_eq!((count(&linked, "accounts").await, count(&linked, "grants").await), (0, 0));
    let clear: String = linked.world.raw.one("SELECT outcome FROM attempts").await;
    assert!(!clear.contains("hopper"), "the account is stored sealed: {clear}");

    // The provider asks which account to use.
    let again = linked.press(&mut grace, &outcome).await;
    assert!(!again.query_pairs().any(|(name, _)| name == "login_hint"), "{again}");
    linked.grant_to(&again, OTHER_OID, "GRACE@contoso.test");
    let (page, _) = linked.come_back(&mut grace, &again, "code=def").await;
    page.assert_says("Your mailbox is connected");
    // Another browser cannot start with the outcome of this one.
    linked.world.browser().post(&outcome, &[]).await.assert_status(404);
}

#[rstest]
#[tokio::test]
async fn an_account_signs_in_again_with_its_own_identity_only(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let mut grace = linked.world.browser();
    linked.connect(&mut grace, &path).await.assert_says("Your mailbox is connected");
    let account = linked.account().await;
    linked.world.raw.run("UPDATE accounts SET state = 'needs_sign_in'").await.expect("changed");

    let path = linked.make(NewLink { account: Some(account), ..linked.plain() }).await;
    grace.get(&path).await.assert_says("asks you to sign in again");
    let authorize = linked.press(&mut grace, &path).await;
    linked.grant_to(&authorize, OTHER_OID, "grace@contoso.test");
    let (page, outcome) = linked.come_back(&mut grace, &authorize, "code=abc").await;
    page.assert_says("This is another mailbox");
    let state: String = linked.world.raw.one("SELECT state FROM accounts").await;
    assert_eq!(state, "needs_sign_in");

    // The same identity, although its email has changed.
    let authorize = linked.press(&mut grace, &outcome).await;
    let claims = linked.world.claims(&authorize);
    linked.grant_to(&authorize, &claims.oid, "grace.hopper@contoso.test");
    let (page, _) = linked.come_back(&mut grace, &authorize, "code=def").await;
    page.assert_says("Your mailbox is connected").assert_says("grace.hopper@contoso.test");
    assert_eq!(linked.account().await, account, "the key stays");
    let state: String = linked.world.raw.one("SELECT state FROM accounts").await;
    assert_eq!(state, "connected");
    let purposes = "SELECT COUNT(*) FROM attempts WHERE purpose = 'reconnect'";
    assert_eq!(linked.world.raw.one::<i64>(purposes).await, 2);
}

#[rstest]
#[tokio::test]
async fn an_account_moves_only_by_a_link_that_was_made_for_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let mut grace = linked.world.browser();
    linked.connect(&mut grace, &path).await.assert_says("Your mailbox is connected");
    let account = linked.account().await;
    let other = linked.another_connector("Calendar").await;

    let path = linked.make(NewLink::of_console(other)).await;
    let page = linked.connect(&mut grace, &path).await;
    page.assert_says("This mailbox is already connected").assert_says("through other software");
    assert!(!page.text().contains("Mail archive"), "the page names no other connector");
    let refused = "SELECT detail FROM activity WHERE action = 'account.refused'";
    let detail: String = linked.world.raw.one(refused).await;
    assert!(detail.contains("Mail archive"), "administrators see it: {detail}");
    // The link stays open, for another mailbox.
    grace.get(&path).await.assert_status(200);

    let earlier = linked.make(NewLink { account: Some(account), ..linked.plain() }).await;
    let under_way = linked.follow(&mut grace, &earlier).await;
    let path = linked.make(NewLink { account: Some(account), ..NewLink::of_console(other) }).await;
    linked.connect(&mut grace, &path).await.assert_says("Your mailbox is connected");
    // An earlier link and its sign-in do not move it back.
    linked.world.grant_everything(&under_way);
    let (page, _) = linked.come_back(&mut grace, &under_way, "code=late").await;
    page.assert_says("This mailbox is already connected");
    grace.get(&earlier).await.assert_status(410).assert_says("This link was withdrawn");
    assert_eq!(linked.account().await, account);
    let id = linked.world.raw.id(other);
    let moved = format!("SELECT COUNT(*) FROM accounts WHERE connector_id = {id}");
    assert_eq!(linked.world.raw.one::<i64>(&moved).await, 1);
    let recorded = "SELECT COUNT(*) FROM activity WHERE action = 'account.moved'";
    assert_eq!(linked.world.raw.one::<i64>(recorded).await, 1);
}

#[rstest]
#[tokio::test]
async fn an_account_that_was_disconnected_is_not_connected_again_by_an_earlier_link(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    let mut answer = tokens(&linked.world.claims(&authorize));
    answer["scope"] = "User.Read Mail.Read".into();
    linked.world.provider.answer_token(Canned::Json(200, answer));
    linked.world.say_who();
    let (page, outcome) = linked.come_back(&mut grace, &authorize, "code=a").await;
    page.assert_says("Your mailbox is connected").assert_says("Ask again");
    let account = linked.account().await;
    let earlier = linked.make(NewLink { account: Some(account), ..linked.plain() }).await;

    let admin = linked.world.admin().await;
    assert!(linked.world.program.accounts.disconnect(&admin, account).await.expect("an answer"));
    grace.get(&earlier).await.assert_status(410).assert_says("This link was withdrawn");
    let recorded = "SELECT COUNT(*) FROM activity WHERE action = 'links.revoked'";
    assert_eq!(linked.world.raw.one::<i64>(recorded).await, 1);
    grace.post(&outcome, &[]).await.assert_status(410);
    // A link that is made afterwards connects it.
    let path = linked.make(NewLink { account: Some(account), ..linked.plain() }).await;
    linked.connect(&mut grace, &path).await.assert_says("Your mailbox is connected");
    assert_eq!(linked.account().await, account);
}

#[rstest]
#[tokio::test]
async fn an_account_without_a_mailbox_or_without_a_lasting_grant_is_not_stored(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let mut grace = linked.world.browser();

    let authorize = linked.follow(&mut grace, &path).await;
    linked.world.grant_everything(&authorize);
    let error = json!({ "error": { "code": "MailboxNotEnabledForRESTAPI", "message": "No mailbox." } });
    linked.world.provider.answer_inbox(Canned::Json(404, error));
    let (page, _) = linked.come_back(&mut grace, &authorize, "code=a").await;
    page.assert_says("This account has no mailbox").assert_says("Choose another account");

    let authorize = linked.follow(&mut grace, &path).await;
    let mut answer = tokens(&linked.world.claims(&authorize));
    answer.as_object_mut().expect("an object").remove("refresh_token");
    linked.world.provider.answer_token(Canned::Json(200, answer));
    linked.world.say_who();
    let (page, _) = linked.come_back(&mut grace, &authorize, "code=b").await;
    page.assert_says("Not everything was allowed").assert_says("Keep this access while you are away");

    let authorize = linked.follow(&mut grace, &path).await;
    linked.grant_to(&authorize, "not-a-guid", "grace@contoso.test");
    let (page, _) = linked.come_back(&mut grace, &authorize, "code=c").await;
    page.assert_says("The answer of Microsoft was not complete");
    assert_eq!((count(&linked, "accounts").await, count(&linked, "grants").await), (0, 0));

    // A mailbox whose provider does not answer the question is connected.
    let authorize = linked.follow(&mut grace, &path).await;
    linked.world.grant_everything(&authorize);
    linked.world.provider.answer_inbox(Canned::Text(503, "busy".to_owned()));
    let (page, _) = linked.come_back(&mut grace, &authorize, "code=d").await;
    page.assert_says("Your mailbox is connected");
}

#[rstest]
#[tokio::test]
async fn permissions_that_were_not_granted_are_named_and_can_be_asked_for_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    let mut answer = tokens(&linked.world.claims(&authorize));
    answer["scope"] = "User.Read Mail.Read".into();
    linked.world.provider.answer_token(Canned::Json(200, answer));
    linked.world.say_who();
    let (page, outcome) = linked.come_back(&mut grace, &authorize, "code=a").await;
    page.assert_says("Your mailbox is connected").assert_says("were not granted").assert_says("Ask again");
    let account = linked.account().await;

    // Other browsers cannot use the link any more; this one is asked for the rest, for the same account only.
    linked.world.browser().get(&path).await.assert_status(410);
    let authorize = linked.press(&mut grace, &outcome).await;
    assert_eq!(parameter(&authorize, "prompt"), "consent");
    linked.grant_to(&authorize, OTHER_OID, "hopper@contoso.test");
    let (page, _) = linked.come_back(&mut grace, &authorize, "code=b").await;
    page.assert_says("This is another mailbox");
    assert_eq!(linked.account().await, account, "no second account");
    let authorize = linked.press(&mut grace, &outcome).await;
    linked.world.grant_everything(&authorize);
    let (page, _) = linked.come_back(&mut grace, &authorize, "code=c").await;
    page.assert_says("Your mailbox is connected");
    assert!(!page.text().contains("were not granted"), "{}", page.text());
    let used = "SELECT COUNT(*) FROM activity WHERE action = 'link.used'";
    assert_eq!(linked.world.raw.one::<i64>(used).await, 1, "the link was used once");
}

#[rstest]
#[case::cancelled(
    "error=access_denied&error_description=AADSTS65004",
    "You stopped the sign-in",
    "Try again"
)]
#[case::approval(
    "error=access_denied&error_description=AADSTS90094",
    "Your company must allow this first",
    "Try again"
)]
#[case::unavailable("error=temporarily_unavailable", "Microsoft does not answer at the moment", "Try again")]
#[case::refused("error=invalid_request", "Your mailbox could not be connected", "Reference:")]
#[tokio::test]
async fn an_error_in_place_of_a_code_is_explained_and_says_nothing_about_the_connector(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] query: &str,
    #[case] title: &str,
    #[case] next: &str,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    let (page, _) = linked.come_back(&mut grace, &authorize, query).await;
    page.assert_status(200).assert_says(title).assert_says(next);
    assert_eq!(linked.world.state(&linked.connector).await, "verified");
    grace.get(&path).await.assert_status(200);
}

#[rstest]
#[tokio::test]
async fn a_sign_in_that_began_before_the_links_expiry_may_finish(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(NewLink { life: Some(Duration::minutes(1)), ..linked.plain() }).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    linked.world.clock.advance(Duration::minutes(5));
    grace.get(&path).await.assert_status(410).assert_says("This link has expired");
    linked.world.grant_everything(&authorize);
    let (page, _) = linked.come_back(&mut grace, &authorize, "code=abc").await;
    page.assert_says("Your mailbox is connected");
}

#[rstest]
#[tokio::test]
async fn a_connector_that_was_changed_during_the_sign_in_connects_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let grace = linked.world.browser();
    let mut starting = grace.clone();
    let authorize = linked.follow(&mut starting, &path).await;
    let (gate, request) = held(&linked.world, &starting, &authorize).await;
    let change = "UPDATE connectors SET application_version = application_version + 1";
    linked.world.raw.run(change).await.expect("changed");
    gate.notify_one();
    let answer = request.await.expect("an answer");
    starting.get(answer.assert_status(303).location()).await.assert_says("This link is out of date");
    assert_eq!((count(&linked, "accounts").await, count(&linked, "grants").await), (0, 0));
}

#[rstest]
#[tokio::test]
async fn the_page_says_checking_and_interrupted(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    let (gate, request) = held(&linked.world, &grace, &authorize).await;
    let id: uuid::Uuid = linked.world.raw.one("SELECT id FROM attempts").await;
    let outcome = format!("/connect/outcome/{id}");
    let page = grace.get(&outcome).await;
    page.assert_status(200).assert_says("Checking…");
    assert_eq!(page.header("refresh"), "2");
    linked.world.clock.advance(Duration::seconds(16));
    grace.get(&outcome).await.assert_says("The sign-in was interrupted").assert_says("Try again");
    gate.notify_one();
    request.await.expect("an answer").assert_status(303);
    // What came too late is dropped.
    grace.get(&outcome).await.assert_says("The sign-in was interrupted");
    assert_eq!((count(&linked, "accounts").await, count(&linked, "grants").await), (0, 0));
}

#[rstest]
#[tokio::test]
async fn the_pages_speak_the_language_of_their_reader(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let mut grace = linked.world.browser();
    let french = grace.request("GET", &path).header("accept-language", "fr-CH,fr;q=0.9");
    let french = grace.send(french.body(Body::empty()).expect("a request")).await;
    assert!(french.assert_status(200).body.contains("<html lang=\"fr\""), "{}", french.body);
    let german = grace.get(&format!("{path}?language=de")).await;
    assert!(german.body.contains("<html lang=\"de\""), "{}", german.body);
    // The choice lasts through the provider.
    let answer = grace.post(&path, &[]).await;
    assert!(answer.assert_status(200).body.contains("<html lang=\"de\""), "{}", answer.body);
    grace.get("/connect/nothing").await.assert_status(404);
}
