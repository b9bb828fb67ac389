//! Settings > Appearance to users: the texts, the logo, and who may see them.

use axum::body::Body;
use http::header;
use rstest::rstest;

use crate::support::{Answer, Browser, Kind, World};

const APPEARANCE: &str = "/settings/appearance";
const LOGO: &str = "/settings/appearance/logo";

/// A file with the signature of a PNG picture.
fn png(length: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.resize(length, 7);
    bytes
}

/// Sends a file as the form with the logo does.
async fn upload(browser: &mut Browser, file: &[u8]) -> Answer {
    let head = "--limit\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"logo.png\"\r\n\
                Content-Type: image/png\r\n\r\n";
    let body = [head.as_bytes(), file, b"\r\n--limit--\r\n"].concat();
    let request = browser
        .request("POST", LOGO)
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=limit")
        .body(Body::from(body))
        .expect("a request");
    browser.send(request).await
}

async fn change(browser: &mut Browser, version: &str, name: &str, contact: &str, url: &str) -> Answer {
    let fields = [("version", version), ("name", name), ("contact", contact), ("privacy_url", url)];
    browser.post(APPEARANCE, &fields).await
}

/// The path of the logo that the page shows.
fn shown_logo(page: &Answer) -> Option<String> {
    let (_, rest) = page.body.split_once("src=\"/connect/logo/")?;
    Some(format!("/connect/logo/{}", rest.split_once('"')?.0))
}

#[rstest]
#[tokio::test]
async fn the_texts_are_saved_and_shown_to_people_without_a_user(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let organisation = world.admin().await.organisation();
    let before = world.program.appearances.of_organisation(organisation).await.expect("an appearance");
    assert_eq!((before.name.as_str(), before.contact, before.privacy_url), ("Contoso", None, None));

    let page = ada.get(APPEARANCE).await;
    page.assert_status(200).assert_says("they see “Contoso”");
    let version = page.hidden("version");
    let url = "https://contoso.test/privacy";
    let saved = change(&mut ada, &version, " Contoso  Werke ", "help@contoso.test", url).await;
    assert_eq!(saved.assert_status(303).location(), APPEARANCE);
    let page = ada.get(APPEARANCE).await;
    page.assert_says("Saved.");
    assert_eq!(page.value("name"), "Contoso Werke");
    let after = world.program.appearances.of_organisation(organisation).await.expect("an appearance");
    assert_eq!(after.name, "Contoso Werke");
    assert_eq!(
        (after.contact.as_deref(), after.privacy_url.as_deref()),
        (Some("help@contoso.test"), Some(url))
    );
    let changes = "SELECT COUNT(*) FROM activity WHERE action = 'appearance.changed'";
    assert_eq!(world.raw.one::<i64>(changes).await, 1);

    // The same texts again are no change, and another organisation sees none of it.
    change(&mut ada, &page.hidden("version"), "Contoso Werke", "help@contoso.test", url)
        .await
        .assert_status(303);
    assert_eq!(world.raw.one::<i64>(changes).await, 1);
    let mut eve = world.stranger().await;
    let theirs = eve.get(APPEARANCE).await;
    assert!(!theirs.assert_status(200).body.contains("Werke"), "{}", theirs.body);

    // All texts may be removed again.
    change(&mut ada, &page.hidden("version"), "", "", "").await.assert_status(303);
    let after = world.program.appearances.of_organisation(organisation).await.expect("an appearance");
    assert_eq!((after.name.as_str(), after.contact, after.privacy_url), ("Contoso", None, None));
}

#[rstest]
#[tokio::test]
async fn a_wrong_text_is_named_and_kept_in_the_form_and_nothing_is_saved(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let long = "x".repeat(300);
    for (name, contact, url, words) in [
        (long.as_str(), "", "", "Enter the name that users know"),
        ("", long.as_str(), "", "Enter an email address or a telephone number"),
        ("", "", "http://contoso.test/privacy", "It must begin with https"),
        ("", "", "javascript:alert(1)", "It must begin with https"),
        ("Con\u{202e}toso", "", "https://contoso.test", "Enter the name that users know"),
    ] {
        let refused = change(&mut ada, "0", name, contact, url).await;
        refused.assert_status(422).assert_says(words).assert_says("1 field needs your attention");
        assert!(refused.body.contains("<title>Error: Appearance to users"), "{}", refused.body);
        assert_eq!((refused.value("name").as_str(), refused.value("privacy_url").as_str()), (name, url));
    }
    assert_eq!(world.raw.count("appearances").await, 0);
    change(&mut ada, "none", "Contoso", "", "").await.assert_status(400);
}

#[rstest]
#[tokio::test]
async fn of_two_administrators_who_change_it_at_the_same_time_one_is_told(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut other = ada.clone();
    let (first, second) =
        tokio::join!(change(&mut ada, "0", "First", "", ""), change(&mut other, "0", "Second", "", ""));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    let late = change(&mut ada, "0", "Third", "", "").await;
    late.assert_status(409).assert_says("Another administrator changed this at the same time");
    let stored: String = world.raw.one("SELECT public_name FROM appearances").await;
    assert_eq!(late.value("name"), stored);
    change(&mut ada, &late.hidden("version"), "Third", "", "").await.assert_status(303);
}

#[rstest]
#[tokio::test]
async fn a_logo_is_served_to_everyone_under_the_hash_of_its_bytes(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    assert_eq!(shown_logo(&ada.get(APPEARANCE).await), None);
    let picture = png(100_000);
    assert_eq!(upload(&mut ada, &picture).await.assert_status(303).location(), APPEARANCE);
    let page = ada.get(APPEARANCE).await;
    page.assert_says("The logo was saved.");
    let path = shown_logo(&page).expect("a logo");

    let mut visitor = world.browser();
    let served = visitor.get(&path).await;
    served.assert_status(200);
    assert_eq!(served.body, String::from_utf8_lossy(&picture));
    for (name, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-robots-tag", "noindex, nofollow"),
    ] {
        assert_eq!(served.header(name), value, "{name}");
    }
    assert_eq!(served.cookies(), [""; 0]);
    assert!(served.header("content-security-policy").starts_with("default-src 'none'"));
    let organisation = world.admin().await.organisation();
    let appearance = world.program.appearances.of_organisation(organisation).await.expect("an appearance");
    assert_eq!(appearance.logo_url.as_deref(), Some(path.as_str()));

    // A text that is changed leaves the logo, and another logo has another address.
    change(&mut ada, &page.hidden("version"), "Contoso Werke", "", "").await.assert_status(303);
    assert_eq!(shown_logo(&ada.get(APPEARANCE).await).as_deref(), Some(path.as_str()));
    upload(&mut ada, &png(50)).await.assert_status(303);
    let page = ada.get(APPEARANCE).await;
    assert_ne!(shown_logo(&page).expect("a logo"), path);
    assert_eq!(page.value("name"), "Contoso Werke");
    visitor.get(&path).await.assert_status(404);

    ada.post("/settings/appearance/logo/remove", &[]).await.assert_status(303);
    let page = ada.get(APPEARANCE).await;
    page.assert_says("The logo was removed.");
    assert_eq!((shown_logo(&page), page.value("name").as_str()), (None, "Contoso Werke"));
    for nothing in ["/connect/logo/", "/connect/logo/x", &format!("/connect/logo/{}", "0".repeat(64))] {
        let missing = visitor.get(nothing).await;
        assert_eq!(missing.assert_status(404).header("x-robots-tag"), "noindex, nofollow");
    }
}

#[rstest]
#[tokio::test]
async fn a_file_that_is_no_picture_or_too_large_is_refused_whatever_the_browser_calls_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
    let (too_large, cut_off) = (png(100_001), png(100)[..10].to_vec());
    for (file, words) in [
        (&script, "not a PNG, JPEG or WebP picture"),
        (&b"<!DOCTYPE html><script>alert(1)</script>".to_vec(), "not a PNG, JPEG or WebP picture"),
        (&cut_off, "not a PNG, JPEG or WebP picture"),
        (&too_large, "A logo may have up to 100 kB"),
        (&Vec::new(), "Choose a file with your logo"),
    ] {
        let refused = upload(&mut ada, file).await;
        refused.assert_status(422).assert_says(words).assert_says("1 field needs your attention");
    }
    upload(&mut ada, &png(1_000_000)).await.assert_status(413).assert_says("The form is too large");
    ada.post(LOGO, &[("logo", "no file")]).await.assert_status(400);
    assert_eq!(world.raw.count("appearances").await, 0);
    // Only this form may be as long as a picture.
    let long = "x".repeat(100_000);
    change(&mut ada, "0", &long, "", "").await.assert_status(413);
}
