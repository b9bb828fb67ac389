//! The activity: the record of changes.

use std::collections::BTreeSet;

use mail360::people::{
    model::{Email, Role},
    service::UserChange,
};
use rstest::rstest;
use time::Duration;

use crate::{
    new_secret::{NEW_SECRET, replace},
    sending_times::sweep,
    support::{Browser, Kind, NewConnector, PASSWORD, TestMonotonic, World, callback},
};

const ACTIVITY: &str = "/settings/activity";

/// The entries of an activity page as text, the latest first: the line, and what it shows when it is opened.
async fn opened(browser: &mut Browser, path: &str) -> Vec<(String, String)> {
    let page = browser.get(path).await;
    page.assert_status(200);
    let entries = page.body.split("<details class=\"entry\">").skip(1);
    entries
        .map(|entry| {
            let entry = entry.split("</details>").next().unwrap_or_default();
            let (line, rest) = entry.split_once("</summary>").expect("a line");
            (text(line), text(rest))
        })
        .collect()
}

/// The whole entries of an activity page as text.
async fn entries(browser: &mut Browser, path: &str) -> Vec<String> {
    opened(browser, path).await.into_iter().map(|(line, rest)| format!("{line} {rest}")).collect()
}

/// The text between the tags, with single spaces.
fn text(html: &str) -> String {
    let mut in_tag = false;
    let text: String = html
        .chars()
        .filter_map(|c| match c {
            '<' => {
                in_tag = true;
                Some(' ')
            }
            '>' => {
                in_tag = false;
                None
            }
            c => (!in_tag).then_some(c),
        })
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[rstest]
#[tokio::test]
async fn s8_the_record_says_who_did_what_when_from_where_and_with_which_outcome(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut vera = world.viewer().await;
    vera.get("/connectors/new").await.assert_status(403);
    vera.post("/logout", &[]).await.assert_status(303);
    let wrong = [("email", "vera@contoso.test"), ("password", "certainly not this one")];
    world.browser().post("/login", &wrong).await.assert_status(401);
    let visitor = [("email", "mallory@contoso.test"), ("password", "certainly not this one")];
    world.browser().post("/login", &visitor).await.assert_status(401);
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let authorize = world.start(&mut ada, &connector).await;
    ada.get(&callback(&authorize, "error=access_denied")).await.assert_status(303);
    let email = Email::parse("vera@contoso.test").expect("an e-mail");
    let admin = world.admin().await;
    let people = &world.program.people;
    let changed =
        people
            .change_user(admin.organisation(), &email, UserChange::Role(Role::Admin), async |_, _, _| Ok(()));
    changed.await.expect("changed");

    assert_eq!(replace(&mut ada, &connector, NEW_SECRET).await.location(), connector);
    let page = ada.get(&format!("{connector}/delete")).await;
    let fields = [("connector", page.hidden("connector")), ("owner", page.hidden("owner"))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(ada.post("/do/connectors/delete", &fields).await.location(), "/connectors");

    world.flush().await;
    let found = entries(&mut ada, ACTIVITY).await;
    let has = |words: &[&str]| {
        let fits = found.iter().filter(|entry| words.iter().all(|word| entry.contains(word))).count();
        assert_eq!(fits, 1, "{words:?} in {found:#?}");
    };
    has(&["The operator added the organisation Contoso", "UTC", "Done"]);
    has(&["Ada Example joined as Administrator", "ada@contoso.test"]);
    has(&["Ada Example logged in", "ada@contoso.test", "192.0.2.7", "Request ID", "Done"]);
    has(&[
        "Somebody tried to open a page",
        "GET /connectors/new",
        "vera@contoso.test",
        "192.0.2.7",
        "Refused",
    ]);
    has(&["Somebody logged out", "vera@contoso.test"]);
    has(&["An unknown person tried to log in as vera@contoso.test", "192.0.2.7", "Refused"]);
    has(&["Ada Example added the connector Mail archive"]);
    has(&["Ada Example started a sign-in for Mail archive"]);
    has(&["Ada Example finished a sign-in for Mail archive", "Cancelled"]);
    has(&["Ada Example changed the connector Mail archive", "Changed", "Client Secret"]);
    has(&["Ada Example deleted the connector Mail archive"]);
    has(&["The operator made vera@contoso.test an administrator"]);
    has(&["An unknown person tried to log in with an email that no user has", "192.0.2.7", "Refused"]);
    // The text that was typed as an email may be a password.
    assert!(!found.iter().any(|entry| entry.contains("mallory@contoso.test")));
}

#[rstest]
#[tokio::test]
async fn the_activity_is_filtered_by_user_and_action_and_split_into_pages(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    // All entries have the same time, so only their ids order them.
    for at in 0..60 {
        let name = format!("Connector {at}");
        world.add_connector(&mut ada, &NewConnector { name: &name, ..Default::default() }).await;
    }
    let mut seen = Vec::new();
    let mut path = format!("{ACTIVITY}?what=connectors");
    loop {
        seen.extend(entries(&mut ada, &path).await);
        let page = ada.get(&path).await;
        let Some((before, _)) = page.body.split_once(">Earlier</a>") else { break };
        let (_, address) = before.rsplit_once("href=\"").expect("an address");
        path = address.split_once('"').expect("its end").0.replace("&amp;", "&");
    }
    assert_eq!(seen.len(), 60);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 60, "none twice");
    assert!(seen.iter().all(|entry| entry.contains("Ada Example added the connector Connector")));

    let ada_id: uuid::Uuid = world.raw.one("SELECT id FROM users").await;
    let hers = entries(&mut ada, &format!("{ACTIVITY}?who={ada_id}&what=log-ins")).await;
    assert!(matches!(hers.as_slice(), [one] if one.contains("Ada Example logged in")), "{hers:?}");
    let operators = entries(&mut ada, &format!("{ACTIVITY}?who=no-user")).await;
    assert!(
        !operators.is_empty() && operators.iter().all(|entry| entry.contains("The operator")),
        "{operators:?}"
    );
    for nonsense in ["who=x&what=y&before=z", "before=1.2", "who=%00", "before=-9223372036854775808.x"] {
        ada.get(&format!("{ACTIVITY}?{nonsense}")).await.assert_status(200);
    }
}

#[rstest]
#[tokio::test]
async fn an_entry_is_one_sentence_below_its_day_and_the_rest_is_in_the_closed_details(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let invite = [("email", "third@contoso.test"), ("role", "viewer")];
    ada.post("/settings/people", &invite).await.assert_status(200);
    let mut vera = world.viewer().await;
    for _ in 0..3 {
        vera.get("/connectors/new").await.assert_status(403);
    }
    world.flush().await;
    let found = opened(&mut ada, ACTIVITY).await;
    let rest_of = |wanted: &str| {
        let entry = found.iter().find(|(line, _)| line == wanted);
        entry.unwrap_or_else(|| panic!("{wanted:?} in {found:#?}")).1.clone()
    };
    let invited = rest_of("06:57 Ada Example invited third@contoso.test as Viewer");
    for words in ["Result Done", "Email ada@contoso.test", "IP address 192.0.2.7", "Request ID"] {
        assert!(invited.contains(words), "{words} in {invited}");
    }
    let refused = "06:57 Somebody tried to open a page that is only for administrators , 3 times in five minutes Refused";
    assert!(rest_of(refused).contains("Request GET /connectors/new"));
    ada.get(ACTIVITY).await.assert_says("Today, 23 Nov 2026");
    world.clock.advance(Duration::days(1));
    let mut ada = world.log_in("ada@contoso.test").await;
    let page = ada.get(ACTIVITY).await;
    page.assert_says("Today, 24 Nov 2026").assert_says("Yesterday, 23 Nov 2026");
}

#[rstest]
#[tokio::test]
async fn i4_only_administrators_see_the_activity_and_only_that_of_their_organisation(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector::default()).await;
    let ada_id: uuid::Uuid = world.raw.one("SELECT id FROM users").await;
    let (mut eve, mut vera) = (world.stranger().await, world.viewer().await);
    vera.get(ACTIVITY).await.assert_status(403);
    assert!(!vera.get("/connectors").await.body.contains(ACTIVITY), "the page links to the activity");
    for path in [ACTIVITY.to_owned(), format!("{ACTIVITY}?who={ada_id}")] {
        let theirs = eve.get(&path).await;
        assert!(!theirs.body.contains("Mail archive") && !theirs.body.contains("ada@contoso.test"));
    }
}

#[rstest]
#[tokio::test]
async fn the_activity_is_kept_for_a_year_and_repeated_refusals_are_bounded(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let mut vera = world.viewer().await;
    for _ in 0..30 {
        vera.get("/connectors/new").await.assert_status(403);
    }
    world.flush().await;
    let refusals = "SELECT COUNT(*) FROM activity WHERE action = 'request.refused'";
    assert_eq!(world.raw.one::<i64>(refusals).await, 1);
    let times = "SELECT count FROM activity WHERE action = 'request.refused'";
    assert_eq!(world.raw.one::<i64>(times).await, 30);

    let monotonic = TestMonotonic::new();
    let sweep = async || {
        sweep(&world, &monotonic).await;
        world.raw.count("activity").await
    };
    let all = sweep().await;
    world.clock.advance(Duration::days(364));
    assert_eq!(sweep().await, all);
    let log_in = [("email", "ada@contoso.test"), ("password", PASSWORD)];
    world.browser().post("/login", &log_in).await.assert_status(303);
    world.clock.advance(Duration::days(1));
    assert_eq!(sweep().await, 1);
}

#[rstest]
#[tokio::test]
async fn a_clock_that_is_ahead_for_a_while_erases_no_entry(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let monotonic = TestMonotonic::new();
    world.run_sweep_at(monotonic.clone()).await;
    let all = world.raw.count("activity").await;
    world.clock.advance(Duration::days(400));
    world.run_sweep_at(monotonic.clone()).await;
    world.clock.advance(Duration::days(-400));
    monotonic.advance(6.0 * 3_600.0);
    world.run_sweep_at(monotonic).await;
    assert_eq!(world.raw.count("activity").await, all);
}
