//! The message after a change: it states the result, only to the user who made the change, until the next POST.

use axum::body::Body;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mail360::people::model::Role;
use rstest::rstest;
use time::Duration;

use crate::{
    new_secret::{NEW_SECRET, replace},
    people::PEOPLE,
    support::{
        Answer, Browser, Kind, NewConnector, PASSWORD, SECRET, World, authenticator::set_up,
        without_reference,
    },
};

const FORM: &str = "/connectors/new";
const COOKIE: &str = "mail360_3000_draft";
const HERE_AGAIN: &str = "What you typed is here again";

async fn ask(browser: &mut Browser, method: &str, path: &str, site: &str) -> Answer {
    let request = browser.request(method, path).header("sec-fetch-site", site).body(Body::empty());
    browser.send(request.expect("a request")).await
}

/// A draft in the cookie of Ada's browser. Her session had ended, and she has logged in again.
async fn draft_in_browser(world: &World, ada: &mut Browser, email: &str) -> String {
    let page = ada.get(FORM).await;
    let (form, owner) = (page.hidden("form"), page.hidden("owner"));
    let mut visitor = world.browser();
    let fields = [("form", form.as_str()), ("owner", &owner), ("service_name", "Typed at length")];
    visitor.post("/do/connectors/add", &fields).await.assert_status(303);
    *ada = world.log_in(email).await;
    visitor.cookies[COOKIE].clone()
}

#[rstest]
#[tokio::test]
async fn n19_a_draft_that_was_planted_changed_or_made_for_another_user_is_not_shown(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let user: uuid::Uuid = world.raw.one("SELECT id FROM users").await;
    let mut eve = world.stranger().await;
    let cookie = draft_in_browser(&world, &mut ada, "ada@contoso.test").await;
    let hers = draft_in_browser(&world, &mut eve, "eve@fabrikam.test").await;
    let show = async |cookie: &str| {
        let mut ada = ada.clone();
        ada.cookies.insert(COOKIE.to_owned(), cookie.to_owned());
        ada.get(FORM).await
    };
    let page = show(&cookie).await;
    page.assert_says(HERE_AGAIN);
    assert!(page.body.contains("value=\"Typed at length\""));

    // An unsealed draft of an earlier version: an attacker could choose the words of its errors.
    let planted = serde_json::json!({
        "owner": user,
        "draft": {
            "target": { "Add": { "form": user } },
            "values": { "client_id": "planted" },
            "scopes": [],
            "done": [],
            "errors": [["ClientId", "Call 555 to have this mended"]],
            "between": null,
        },
    });
    let mut flipped = URL_SAFE_NO_PAD.decode(&cookie).expect("base64");
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    for planted in [
        URL_SAFE_NO_PAD.encode(planted.to_string()),
        URL_SAFE_NO_PAD.encode(&flipped),
        hers,
        cookie[..cookie.len() / 2].to_owned(),
        "x".repeat(4_000),
        "no base64 at all!".to_owned(),
        String::new(),
    ] {
        let page = show(&planted).await;
        let text = page.assert_status(200).text();
        assert!(!text.contains(HERE_AGAIN) && !text.contains("555"), "{planted:.40}: {text}");
        assert!(!page.body.contains("planted") && !page.body.contains("Typed at length"), "{planted:.40}");
    }

    // An attacker cannot get a draft sealed for a user without that user's form.
    for owner in [user.to_string(), cookie.clone(), "x".to_owned()] {
        let mut visitor = world.browser();
        let form = user.to_string();
        let fields = [("form", form.as_str()), ("owner", &owner), ("service_name", "planted")];
        visitor.post("/do/connectors/add", &fields).await.assert_status(401);
        assert!(!visitor.cookies.contains_key(COOKIE));
    }
    world.clock.advance(Duration::minutes(29));
    show(&cookie).await.assert_says(HERE_AGAIN);
    world.clock.advance(Duration::minutes(29));
    show(&cookie).await.assert_says(HERE_AGAIN);
    world.clock.advance(Duration::minutes(3));
    let mut ada = world.log_in("ada@contoso.test").await;
    ada.cookies.insert(COOKIE.to_owned(), cookie);
    assert!(!ada.get(FORM).await.text().contains(HERE_AGAIN), "an hour later");
}

#[rstest]
#[tokio::test]
async fn n25_a_get_does_not_remove_a_draft_before_a_form_is_sent_or_ten_minutes_have_passed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(false, true)] in_browser: bool,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let typed = "Typed at length";
    if in_browser {
        let cookie = draft_in_browser(&world, &mut ada, "ada@contoso.test").await;
        ada.cookies.insert(COOKIE.to_owned(), cookie);
    } else {
        let new = NewConnector { name: typed, client_id: "no client id".to_owned(), ..Default::default() };
        world.send_form(&mut ada, &new).await;
    }
    for (method, site) in [
        ("HEAD", "none"),
        ("GET", "cross-site"),
        ("HEAD", "cross-site"),
        ("GET", "same-origin"),
        ("GET", "none"),
    ] {
        ask(&mut ada, method, FORM, site).await.assert_status(200);
    }
    assert!(ada.get(FORM).await.body.contains(typed), "still there");

    let mut elsewhere = ada.clone();
    elsewhere.post("/profile/second-factor/cancel", &[]).await.assert_status(303);
    assert!(!elsewhere.get(FORM).await.body.contains(typed), "a form was sent");

    if !in_browser {
        let new = NewConnector { name: typed, client_id: "no client id".to_owned(), ..Default::default() };
        world.send_form(&mut ada, &new).await;
        world.clock.advance(Duration::minutes(10) - Duration::seconds(1));
        assert!(ada.get(FORM).await.body.contains(typed));
        world.clock.advance(Duration::seconds(1));
        assert!(!ada.get(FORM).await.body.contains(typed), "ten minutes have passed");
    }
}

#[rstest]
#[tokio::test]
async fn n25_each_message_is_shown_again_until_a_form_is_sent_or_ten_minutes_have_passed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let vera = world.add_user("Contoso", "vera@contoso.test", Role::Viewer).await;
    let person = format!("{PEOPLE}/{vera}");
    for note in 0..5 {
        let connector = world
            .add_connector(&mut ada, &NewConnector { name: &format!("Number {note}"), ..Default::default() })
            .await;
        let (page, words) = match note {
            0 => (connector.as_str(), "successfully added"),
            1 => {
                replace(&mut ada, &connector, NEW_SECRET).await;
                (connector.as_str(), "The client secret was replaced")
            }
            2 => {
                let form = ada.get(&format!("{connector}/delete")).await;
                let (id, owner) = (form.hidden("connector"), form.hidden("owner"));
                ada.post("/do/connectors/delete", &[("connector", &id), ("owner", &owner)]).await;
                ("/connectors", "The connector was deleted")
            }
            3 => {
                ada.post(&person, &[("change", "disable")]).await.assert_status(303);
                (person.as_str(), "Somebody is disabled and cannot log in.")
            }
            _ => {
                let new = "another horse battery staple";
                ada.post("/profile", &[("current", PASSWORD), ("new", new)]).await.assert_status(303);
                ("/profile", "Your password has been changed")
            }
        };
        for (method, site) in [("HEAD", "none"), ("GET", "cross-site"), ("HEAD", "cross-site")] {
            ask(&mut ada, method, page, site).await.assert_status(200);
        }
        let data = world.raw.column::<String>("SELECT data FROM sessions ORDER BY hash").await;
        for _ in 0..2 {
            ada.get(page).await.assert_says(words);
        }
        assert_eq!(world.raw.column::<String>("SELECT data FROM sessions ORDER BY hash").await, data);
        if note % 2 == 0 {
            ada.post("/profile/second-factor/cancel", &[]).await;
        } else {
            world.clock.advance(Duration::minutes(10));
            let password = [("confirm_password", PASSWORD)];
            ada.post("/re-authenticate", &password).await.assert_status(303);
        }
        assert!(!ada.get(page).await.text().contains(words), "{words}");
    }
}

#[rstest]
#[tokio::test]
async fn the_message_after_a_change_of_a_user_states_the_result_on_that_users_page_alone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let other = world.add_user("Contoso", "cleo@contoso.test", Role::Viewer).await;
    let vera = world.add_user("Contoso", "vera@contoso.test", Role::Viewer).await;
    let path = format!("{PEOPLE}/{vera}");
    let role = |role| vec![("change", "role"), ("role", role)];
    let just = |change| vec![("change", change)];
    let cases = [
        (role("viewer"), "Nothing was changed: Somebody is a viewer already.", false),
        (role("admin"), "Somebody is now an administrator.", true),
        (role("admin"), "Nothing was changed: Somebody is an administrator already.", false),
        (role("viewer"), "Somebody is now a viewer.", true),
        (just("enable"), "Nothing was changed: Somebody is active already.", false),
        (just("disable"), "Somebody is disabled and cannot log in.", true),
        (just("disable"), "Nothing was changed: Somebody is disabled already.", false),
        (just("enable"), "Somebody is active again and can log in.", true),
        (just("no-second-factor"), "Nothing was changed: Somebody has no second factor.", false),
        (just("end-sessions"), "Somebody was not logged in anywhere.", true),
    ];
    let recorded = async || {
        let done = "SELECT COUNT(*) FROM activity WHERE action = 'user.changed' AND outcome = 'done'";
        world.raw.one::<i64>(done).await
    };
    for (fields, words, is_change) in cases {
        let before = recorded().await;
        ada.post(&path, &fields).await.assert_status(303);
        ada.get(&path).await.assert_says(words);
        assert_eq!(recorded().await, before + i64::from(is_change), "{words}");
        assert!(!ada.get(&format!("{PEOPLE}/{other}")).await.text().contains(words), "{words}");
    }
    // A change that ends no session leaves the user logged in.
    let mut there = world.log_in("vera@contoso.test").await;
    for fields in [role("viewer"), just("enable"), just("no-second-factor")] {
        ada.post(&path, &fields).await.assert_status(303);
        there.get("/connectors").await.assert_status(200);
    }
    ada.post(&path, &just("end-sessions")).await.assert_status(303);
    ada.get(&path).await.assert_says("Somebody was logged out in 1 browser.");
    assert_eq!(there.get("/connectors").await.status, 303);
    let mut there = world.log_in("vera@contoso.test").await;
    ada.post(&path, &role("admin")).await.assert_status(303);
    let said = "Somebody is now an administrator. Somebody was logged out in 1 browser.";
    ada.get(&path).await.assert_says(said);
    assert_eq!(there.get("/connectors").await.status, 303);
    let mut vera = world.log_in("vera@contoso.test").await;
    set_up(&world, &mut vera).await;
    ada.post(&path, &just("no-second-factor")).await.assert_status(303);
    ada.get(&path).await.assert_says("The second factor of Somebody is off.");
    // An administrator's own row, with nothing to change: the same page says so.
    let me: uuid::Uuid = world.raw.one("SELECT id FROM users WHERE email = 'ada@contoso.test'").await;
    let me = format!("{PEOPLE}/{me}");
    assert_eq!(ada.post(&me, &role("admin")).await.assert_status(303).location(), me);
    ada.get(&me).await.assert_says("Nothing was changed: Ada Example is an administrator already.");
}

#[rstest]
#[tokio::test]
async fn the_second_of_two_administrators_with_the_same_change_reads_that_nothing_was_changed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut bob = world.user("Contoso", "bob@contoso.test", Role::Admin).await;
    let vera = world.add_user("Contoso", "vera@contoso.test", Role::Viewer).await;
    let path = format!("{PEOPLE}/{vera}");
    let disable = [("change", "disable")];
    tokio::join!(ada.post(&path, &disable), bob.post(&path, &disable));
    let mut said = [ada.get(&path).await.text(), bob.get(&path).await.text()]
        .map(|text| text.contains("Nothing was changed: Somebody is disabled already."));
    said.sort_unstable();
    assert_eq!(said, [false, true]);
}

#[rstest]
#[tokio::test]
async fn the_stored_secret_typed_again_does_not_count_as_replaced(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let stored = async || world.raw.one::<Vec<u8>>("SELECT client_secret FROM connectors").await;
    let before = stored().await;
    // With another expiry day: the day is changed, and the secret is not.
    replace(&mut ada, &connector, SECRET).await;
    let page = ada.get(&connector).await;
    page.assert_says("The changes are saved");
    assert!(!page.text().contains("The client secret was replaced"));
    replace(&mut ada, &connector, SECRET).await;
    ada.get(&connector).await.assert_says("Nothing to save");
    assert_eq!(stored().await, before);
    replace(&mut ada, &connector, NEW_SECRET).await;
    ada.get(&connector).await.assert_says("The client secret was replaced");
    assert_ne!(stored().await, before);
}

#[rstest]
#[tokio::test]
async fn no_address_makes_a_page_claim_that_a_change_was_made(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    ada.post("/profile/second-factor/cancel", &[]).await;
    let vera = world.add_user("Contoso", "vera@contoso.test", Role::Viewer).await;
    let query =
        "kept=true&changed=true&changed=password&deleted=it&added=true&done=added&said=x&error=x&saved=1";
    let person = format!("{PEOPLE}/{vera}");
    for path in ["/connectors", &connector, FORM, "/profile", PEOPLE, &person, "/settings/activity"] {
        let (plain, forged) = (ada.get(path).await, ada.get(&format!("{path}?{query}")).await);
        assert_eq!(
            without_reference(&forged.assert_status(200).text()),
            without_reference(&plain.text()),
            "{path}"
        );
    }
    let mut visitor = world.browser();
    let (plain, forged) = (visitor.get("/login").await, visitor.get(&format!("/login?{query}")).await);
    assert_eq!(forged.assert_status(200).text(), plain.text());
    assert!(!plain.text().contains("We kept what you typed"));
}

#[rstest]
#[tokio::test]
async fn typed_values_beside_another_users_change_are_discarded_for_good(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let edit = format!("{connector}/edit");
    let form = ada.get(&edit).await;
    let hidden = ["connector", "owner"].map(|name| (name, form.hidden(name)));
    let client_id = form.value("client_id");
    let mut fields: Vec<_> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend([
        ("version", "0"),
        ("provider", "outlook"),
        ("service_name", "Mine"),
        ("client_id", &client_id),
        ("secret_expires_on", "2028-11-23"),
        ("account_type", "tenants_and_personal"),
    ]);
    assert_eq!(ada.post("/do/connectors/change", &fields).await.location(), edit);
    ada.get(&edit).await.assert_says("while you were editing it").assert_says("Discard my changes");
    assert_eq!(ada.post(&edit, &[]).await.assert_status(303).location(), connector);
    let page = ada.get(&edit).await;
    assert!(!page.text().contains("while you were editing it") && !page.body.contains("value=\"Mine\""));
}
