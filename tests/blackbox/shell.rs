//! The frame of every page: the title, the left pane, the user's menu, and the pages of failures inside the console.

use rstest::rstest;

use crate::support::{Answer, Kind, NewConnector, World};

/// The addresses of the pane's entries, with the one that is marked as the current one.
fn entries(page: &Answer) -> (Vec<String>, Option<String>) {
    let (_, entries) = page.body.split_once("<div class=\"pane-entries\">").expect("the pane");
    let entries = entries.split_once("</nav>").expect("its end").0;
    let (mut all, mut current) = (Vec::new(), None);
    for link in entries.split("<a ").skip(1) {
        let tag = link.split_once('>').expect("a tag").0;
        let to = tag.split_once("href=\"").expect("an address").1.split_once('"').expect("its end").0;
        if tag.contains("aria-current=") {
            current = Some(to.to_owned());
        }
        all.push(to.to_owned());
    }
    (all, current)
}

fn title(page: &Answer) -> &str {
    page.body.split_once("<title>").expect("a title").1.split_once("</title>").expect("its end").0
}

#[rstest]
#[tokio::test]
async fn the_pane_lists_the_pages_of_this_user_and_groups_only_several(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let all = [
        "/connectors",
        "/accounts",
        "/settings/people",
        "/settings/api-access",
        "/settings/return-addresses",
        "/settings/appearance",
        "/settings/activity",
    ];
    for (path, current, place) in [
        ("/connectors", Some("/connectors"), "Connectors"),
        (connector.as_str(), Some("/connectors"), "Connectors"),
        ("/accounts", Some("/accounts"), "Accounts"),
        ("/settings/people", Some("/settings/people"), "People"),
        ("/settings/api-access", Some("/settings/api-access"), "API access"),
        ("/settings/api-access/new", Some("/settings/api-access"), "API access"),
        ("/settings/return-addresses", Some("/settings/return-addresses"), "Return addresses"),
        ("/settings/appearance", Some("/settings/appearance"), "Appearance to users"),
        ("/settings/activity", Some("/settings/activity"), "Activity"),
        ("/profile", None, "Profile"),
        ("/nothing", None, "Menu"),
    ] {
        let page = ada.get(path).await;
        let (listed, marked) = entries(&page);
        assert_eq!(listed, all, "{path}");
        assert_eq!(marked.as_deref(), current, "{path}");
        assert!(page.body.contains(">Settings</p>"), "{path}");
        // The menu of a narrow screen names the place.
        let (_, menu) = page.body.split_once("menu places").expect("the menu");
        let summary = menu.split_once("</summary>").expect("its end").0;
        assert!(summary.ends_with(&format!("<span class=\"name\">{place}</span>")), "{path}: {summary}");
    }
    let mut vera = world.viewer().await;
    let page = vera.get("/connectors").await;
    assert_eq!(entries(&page).0, ["/connectors", "/accounts"]);
    assert!(!page.body.contains(">Settings</p>"));
}

#[rstest]
#[tokio::test]
async fn b8_a_logged_in_user_stays_in_the_console_where_a_page_is_missing_or_not_allowed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let mut vera = world.viewer().await;
    let missing = "/connectors/01932b5e-0000-7000-8000-000000000001";
    for (path, status) in [("/nothing", 404), (missing, 404), ("/connectors/new", 403)] {
        let page = vera.get(path).await;
        page.assert_status(status);
        assert!(page.body.contains("<body class=\"console\">"), "{path}");
        assert!(
            page.body.contains("action=\"/logout\"") && page.body.contains("vera@contoso.test"),
            "{path}"
        );
        assert_eq!(entries(&page).0, ["/connectors", "/accounts"], "{path}");
    }
    let refused = vera.post(&format!("{connector}/verify"), &[]).await;
    refused.assert_status(403);
    assert!(refused.body.contains("<body class=\"console\">"));
    // A visitor gets no pane, and reads nothing of a user.
    let page = world.browser().get("/nothing").await;
    page.assert_status(404);
    assert!(page.body.contains("<body class=\"narrow\">") && !page.body.contains("class=\"pane\""));
    // The cookie of a session that has ended names no user.
    let mut old = ada.clone();
    ada.post("/logout", &[]).await.assert_status(303);
    assert!(old.get("/nothing").await.assert_status(404).body.contains("<body class=\"narrow\">"));
}

#[rstest]
#[tokio::test]
async fn a8_a_title_begins_with_the_page_and_ends_with_the_programs_name(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    for (path, wanted) in [("/connectors", "Connectors · Mail360"), ("/settings/people", "People · Mail360")]
    {
        assert_eq!(title(&ada.get(path).await), wanted);
    }
    assert_eq!(title(&ada.get("/nothing").await), "There is no such page · Mail360");
}

#[rstest]
#[tokio::test]
async fn b22_every_page_has_one_status_for_all_its_copy_buttons(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    for path in ["/connectors", "/connectors/new", &connector] {
        let page = ada.get(path).await;
        assert_eq!(page.body.matches("id=\"copy-status\" role=\"status\"").count(), 1, "{path}");
        for button in page.body.split("<button").skip(1) {
            let button = button.split_once("</button>").expect("its end").0;
            assert!(!button.contains("aria-live"), "{path}: {button}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn c3_a_time_has_its_distance_in_words_beside_it(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    world.clock.advance(time::Duration::minutes(13));
    let page = ada.get(&connector).await;
    page.assert_says("23 Nov 2026, 06:57 UTC (13 minutes ago)");
}
