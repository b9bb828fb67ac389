//! The form of a Gmail connector: the choice of the provider, the guide in its rows, and the JSON file of an OAuth client
//! that fills two fields.

use mail360::connectors::service::ConnectorId;
use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{Answer, Browser, Kind, PASSWORD, World};

const FORM: &str = "/connectors/new?provider=google";
const REFUSED: &str = "/connectors/new";
const ID: &str = "123456789012-abc0def1.apps.googleusercontent.com";
const OTHER_ID: &str = "223456789012-abc0def1.apps.googleusercontent.com";
const SECRET: &str = "GOCSPX-canary-of-the-file-000000000";
const URI: &str = "http://localhost:3000/api/connectors";
const KEPT: &str = "Kept from your last try. Type to replace it.";
const STEPS: [&str; 12] = ["G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "G9", "G10", "G11", "G12"];

/// The file of an OAuth client, as Google offers it.
fn file_of(id: &str, uris: &[&str]) -> Value {
    json!({ "web": {
        "client_id": id,
        "project_id": "mail-archive-1",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "client_secret": SECRET,
        "redirect_uris": uris,
    }})
}

fn file() -> String {
    file_of(ID, &[URI]).to_string()
}

/// An installation and its first administrator.
async fn installation(kind: Kind) -> (World, Browser) {
    let world = World::new(kind).await;
    let ada = world.set_up().await;
    (world, ada)
}

/// Sends the form on this page with these values in place of sound ones.
async fn send(browser: &mut Browser, page: &Answer, to: &str, others: &[(&str, &str)]) -> Answer {
    let names = ["form", "connector", "version", "owner", "guide", "provider", "secret_kept"];
    let is_there = |name: &&str| page.body.contains(&format!("name=\"{name}\" value=\""));
    let hidden: Vec<_> = names.into_iter().filter(is_there).map(|name| (name, page.hidden(name))).collect();
    let sound = [
        ("service_name", "Gmail archive"),
        ("client_id", ID),
        ("client_secret", SECRET),
        ("secret_expires_on", ""),
        ("hosted_domain", ""),
    ];
    let sound = sound.into_iter().filter(|(name, _)| others.iter().all(|(other, _)| other != name));
    let hidden = hidden.iter().map(|(name, value)| (*name, value.as_str()));
    let fields: Vec<_> = hidden.chain(sound).chain(others.iter().copied()).collect();
    browser.post(to, &fields).await
}

/// Sends the form for a new connector.
async fn add(browser: &mut Browser, others: &[(&str, &str)]) -> Answer {
    let page = browser.get(FORM).await;
    page.assert_status(200);
    send(browser, &page, "/do/connectors/add", others).await
}

/// Adds a connector and returns the path of its page.
async fn added(browser: &mut Browser, others: &[(&str, &str)]) -> String {
    let answer = add(browser, others).await;
    let path = answer.location().to_owned();
    assert!(path.starts_with("/connectors/") && path != REFUSED, "{path}");
    path
}

/// Sends the form, which is refused, and returns its page.
async fn refused(browser: &mut Browser, others: &[(&str, &str)]) -> Answer {
    assert_eq!(add(browser, others).await.location(), REFUSED);
    browser.get(REFUSED).await
}

/// The client ID and the secret of a stored connector.
async fn stored(world: &World, path: &str) -> (String, String) {
    let id: ConnectorId = path.rsplit('/').next().expect("an id").parse().expect("an id");
    let organisation = world.organisation_id_of("ada@contoso.test").await;
    let (connectors, read) = (&world.program.connectors, world.program.database.read());
    let found = connectors.with_secret(&read, organisation, id).await.expect("an answer");
    let (connector, secret) = found.expect("the connector");
    (connector.client_id.to_string(), secret.expect("it opens").expose_secret().to_owned())
}

/// Neither the page nor the database has the secret of the file.
async fn assert_no_secret(world: &World, page: &Answer) {
    assert!(!page.body.contains("canary"), "{}", page.body);
    assert!(!world.raw.dump(&[]).await.join("\n").contains("canary"), "the secret is stored in clear");
}

#[rstest]
#[tokio::test]
async fn the_choice_of_gmail_changes_the_fields_the_help_and_the_guide_without_a_script(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_world, mut ada) = installation(kind).await;
    let outlook = ada.get("/connectors/new").await;
    assert_eq!(outlook.hidden("provider"), "outlook");
    outlook.assert_says("Gmail and Google Workspace").assert_says("Microsoft 365 and Outlook.com");
    let link = "href=\"/connectors/new?provider=google&amp;guide=open\"";
    assert!(outlook.body.contains(link), "{}", outlook.body);

    let gmail = ada.get("/connectors/new?provider=google&guide=open").await;
    assert_eq!(gmail.hidden("provider"), "google");
    gmail.assert_says("Open Google Cloud console in a second window.");
    gmail.assert_says("Set up a project at Google").assert_says("Add the permissions at Google");
    gmail.assert_says("Create the OAuth client at Google").assert_says("Google’s secrets do not expire.");
    for field in ["service_name", "hosted_domain", "client_id", "client_secret", "secret_expires_on"] {
        assert!(gmail.body.contains(&format!(" id=\"{field}\"")), "{field}");
    }
    for other in ["account_type", "tenant", "secret_expires_in"] {
        assert!(!gmail.body.contains(&format!("name=\"{other}\"")), "{other}");
    }
    let only_form = ada.get("/connectors/new?provider=google&guide=closed").await;
    only_form.assert_says(URI).assert_says("Enter it at Google, under Authorized redirect URIs.");
    assert!(!only_form.body.contains(">G1<"));
}

#[rstest]
#[tokio::test]
async fn every_step_at_google_comes_before_the_field_that_it_fills(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_world, mut ada) = installation(kind).await;
    let page = ada.get(FORM).await;
    let steps = page.body.split("class=\"number\"").skip(1);
    let steps: Vec<_> = steps.filter_map(|rest| rest.split_once('>')?.1.split('<').next()).collect();
    assert_eq!(steps, STEPS);
    let order = [
        "id=\"service_name\"",
        "id=\"hosted_domain\"",
        "name=\"scopes[]\"",
        ">G1<",
        ">G5<",
        ">G6<",
        ">G8<",
        "data-required=",
        ">G9<",
        ">G12<",
        "id=\"credentials_file\"",
        "id=\"client_id\"",
        "id=\"client_secret\"",
        "id=\"secret_expires_on\"",
        ">Add</button>",
    ];
    let places: Vec<_> = order.iter().map(|what| page.body.find(what).expect(what)).collect();
    for (pair, what) in places.windows(2).zip(order.windows(2)) {
        assert!(pair[0] < pair[1], "{what:?}");
    }
    // Both APIs, and the choice that ends every connection after a week.
    for page_of_google in [
        "projectcreate",
        "apis/library/gmail.googleapis.com",
        "apis/library/people.googleapis.com",
        "auth/branding",
        "auth/audience",
        "auth/scopes",
        "auth/clients/create",
    ] {
        let link = format!("href=\"https://console.cloud.google.com/{page_of_google}\"");
        assert!(page.body.contains(&link), "{page_of_google}");
    }
    page.assert_says("Google ends every connection 7 days after its sign-in");
    page.assert_says("security assessment").assert_says("Web application").assert_says(URI);
    page.assert_says("gmail.readonly: restricted").assert_says("gmail.send: sensitive");
    page.assert_says(
        "https://www.googleapis.com/auth/gmail.readonly\nhttps://www.googleapis.com/auth/gmail.send",
    );
}

#[rstest]
#[tokio::test]
async fn the_file_of_the_client_fills_both_fields_wherever_it_is_pasted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada) = installation(kind).await;
    let file = file();
    for (number, (client_id, client_secret)) in
        [(&*file, ""), ("", &*file), (ID, &*file), (&*file, &*file)].into_iter().enumerate()
    {
        let name = format!("Gmail {number}");
        let fields = [("service_name", &*name), ("client_id", client_id), ("client_secret", client_secret)];
        let path = added(&mut ada, &fields).await;
        assert_eq!(stored(&world, &path).await, (ID.to_owned(), SECRET.to_owned()), "{number}");
        let page = ada.get(&path).await;
        page.assert_says(ID).assert_says("has been successfully added");
        assert_no_secret(&world, &page).await;
    }
}

#[rstest]
#[tokio::test]
async fn a_redirect_uri_that_the_file_does_not_have_is_told_at_once_and_nothing_else_is_typed_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada) = installation(kind).await;
    let near = "In the file the last letter s is missing.";
    for (uris, is_near) in [
        (Vec::new(), false),
        (vec!["http://localhost:3000/api/connector"], true),
        (vec!["https://one.example/", "https://two.example/"], false),
    ] {
        let file = file_of(ID, &uris).to_string();
        let page = refused(&mut ada, &[("client_id", &file), ("client_secret", "")]).await;
        page.assert_says(&format!("The file does not have the Redirect URI {URI}.")).assert_says(KEPT);
        page.assert_says("Add this address in Google Cloud console");
        assert_eq!(page.text().contains(near), is_near, "{uris:?}");
        assert_eq!(
            (page.value("client_id"), page.value("service_name")),
            (ID.into(), "Gmail archive".into())
        );
        assert_no_secret(&world, &page).await;
    }
    assert_eq!(world.raw.count("connectors").await, 0);

    // The administrator adds the address at Google and sends the same form again.
    let page = ada.get(REFUSED).await;
    let answer = send(&mut ada, &page, "/do/connectors/add", &[("client_secret", "")]).await;
    let path = answer.location().to_owned();
    assert_eq!(stored(&world, &path).await, (ID.to_owned(), SECRET.to_owned()));
    assert_eq!(world.raw.count("kept_secrets").await, 0);
}

#[rstest]
#[tokio::test]
async fn files_that_cannot_be_used_are_refused_in_words_and_are_not_kept(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values("client_id", "client_secret")] field: &str,
) {
    let (world, mut ada) = installation(kind).await;
    let sound = file();
    let service_account = json!({
        "type": "service_account", "client_email": "mail@mail-archive-1.iam.gserviceaccount.com",
        "private_key": "canary of a key", "client_id": "104567890123456789012",
    });
    let of_person = json!({ "type": "authorized_user", "client_id": ID, "client_secret": SECRET, "refresh_token": "1//canary" });
    for (file, words) in [
        (sound.replace("\"web\"", "\"installed\""), "This is the file of a Desktop app."),
        (service_account.to_string(), "This is the key of a service account"),
        (of_person.to_string(), "This file belongs to one person's sign-in."),
        (sound.replace(SECRET, ""), "This file has no secret"),
        (sound[..sound.len() - 2].to_owned(), "This is only a part of the file."),
    ] {
        let other = if field == "client_id" { "client_secret" } else { "client_id" };
        let page = refused(&mut ada, &[(field, &file), (other, "")]).await;
        page.assert_says(words);
        assert_eq!(page.value("client_id"), "", "{words}");
        assert_no_secret(&world, &page).await;
    }
    assert_eq!(world.raw.count("connectors").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_file_or_a_secret_in_another_field_is_neither_stored_nor_shown(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada) = installation(kind).await;
    let file = file();
    for text in [&*file, SECRET, "My mail GOCSPX-canary-of-another-client"] {
        for field in ["service_name", "hosted_domain"] {
            let page = refused(&mut ada, &[(field, text)]).await;
            assert_eq!(page.value(field), "", "{field} {text}");
            assert_no_secret(&world, &page).await;
        }
    }
    let page = refused(&mut ada, &[("client_id", SECRET)]).await;
    page.assert_says("This is the client secret. Put it into the field Client Secret");
    assert_no_secret(&world, &page).await;
    assert_eq!(world.raw.count("connectors").await, 0);
}

#[rstest]
#[tokio::test]
async fn what_is_often_pasted_in_place_of_an_id_or_a_secret_is_named(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_world, mut ada) = installation(kind).await;
    for (field, text, words) in [
        ("client_id", "123456789012", "This is only a number"),
        ("client_id", "123456789012-abc0def1", "The end is missing."),
        ("client_id", "mail@mail-archive-1.iam.gserviceaccount.com", "This is an email address"),
        ("client_id", "AIzaSyNotARealKeyNotARealKeyNotARealKey", "This is an API key."),
        ("client_secret", ID, "This is the Client ID again."),
        ("client_secret", "1//0gNotARealToken", "This is a refresh token"),
        ("client_secret", "4/0AfNotARealCode", "This is the code of a sign-in"),
        ("client_secret", "****oOOw", "This is not the whole secret"),
        ("client_secret", &file_of(OTHER_ID, &[URI]).to_string(), "This file belongs to another Client ID."),
        ("hosted_domain", "gmail.com", "Accounts of gmail.com belong to no Google Workspace."),
        ("hosted_domain", "contoso", "Write the main domain of your Google Workspace"),
    ] {
        refused(&mut ada, &[(field, text)]).await.assert_says(words);
    }
    // A secret of the old form is taken, with a warning.
    let path = added(&mut ada, &[("client_secret", "d-FLnotARealSecretHd0Ty1")]).await;
    ada.get(&path).await.assert_says("Google’s client secrets begin with GOCSPX-");
}

#[rstest]
#[tokio::test]
async fn the_file_gives_a_new_secret_only_for_the_same_client(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada) = installation(kind).await;
    let path = added(&mut ada, &[("client_secret", "GOCSPX-the-first-secret-00000000000")]).await;
    let page = ada.get(&format!("{path}/secret")).await;
    page.assert_status(200).assert_says("Add secret").assert_says("Google’s secrets do not expire.");
    let other = file_of(OTHER_ID, &[URI]).to_string();
    let to = "/do/connectors/replace-secret";
    let answer = send(&mut ada, &page, to, &[("client_secret", &other)]).await;
    assert_eq!(answer.location(), format!("{path}/secret"));
    let page = ada.get(&format!("{path}/secret")).await;
    page.assert_says("This file belongs to another Client ID.");
    assert_no_secret(&world, &page).await;
    let answer = send(&mut ada, &page, to, &[("client_secret", &file())]).await;
    assert_eq!(answer.location(), path);
    assert_eq!(stored(&world, &path).await, (ID.to_owned(), SECRET.to_owned()));
}

#[rstest]
#[tokio::test]
async fn a_file_in_a_form_that_waits_for_the_password_is_not_in_the_page(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values("client_id", "client_secret")] field: &str,
) {
    let (world, mut ada) = installation(kind).await;
    let path = added(&mut ada, &[("client_secret", "GOCSPX-the-first-secret-00000000000")]).await;
    let edit = ada.get(&format!("{path}/edit")).await;
    world.clock.advance(Duration::minutes(11));
    let file = file();
    let to = "/do/connectors/change";
    let others = [("client_id", ID), ("client_secret", "")]
        .map(|(name, value)| (name, if name == field { &*file } else { value }));
    let asked = send(&mut ada, &edit, to, &others).await;
    asked.assert_status(403).assert_says("Confirm that it is you");
    assert_eq!(asked.hidden("client_id"), ID);
    assert_no_secret(&world, &asked).await;

    let fields = [("confirm_password", PASSWORD), ("confirm_next", &*path)];
    ada.post("/re-authenticate", &fields).await.assert_status(303);
    // The browser sends the waiting form on.
    let answer = send(&mut ada, &asked, to, &[("client_secret", "")]).await;
    assert_eq!(answer.location(), path);
    assert_eq!(stored(&world, &path).await, (ID.to_owned(), SECRET.to_owned()));
}

#[rstest]
#[tokio::test]
async fn a_file_in_a_form_whose_sender_was_logged_out_leaves_the_client_id(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada) = installation(kind).await;
    let page = ada.get(FORM).await;
    world.clock.advance(Duration::minutes(31));
    let file = file();
    let fields = [("client_id", &*file), ("client_secret", "")];
    send(&mut ada, &page, "/do/connectors/add", &fields).await.assert_status(303);
    let fields = [("email", "ada@contoso.test"), ("password", PASSWORD), ("next", REFUSED)];
    ada.post("/login", &fields).await.assert_status(303);
    let page = ada.get(REFUSED).await;
    page.assert_says("What you typed is here again");
    page.assert_says("You were logged out, so the secret was not kept. Paste it again.");
    assert_eq!((page.hidden("provider"), page.value("client_id")), ("google".into(), ID.into()));
    assert_no_secret(&world, &page).await;
}

#[rstest]
#[tokio::test]
async fn another_provider_starts_with_its_own_permissions_and_without_the_client_id_of_the_first_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada) = installation(kind).await;
    let page = refused(&mut ada, &[("client_secret", ""), ("scopes[]", "https://mail.google.com/")]).await;
    assert_eq!(page.hidden("provider"), "google");
    let outlook = ada.get("/connectors/new?provider=outlook").await;
    assert_eq!((outlook.hidden("provider"), outlook.value("client_id")), ("outlook".into(), String::new()));
    assert_eq!(outlook.value("service_name"), "Gmail archive");
    let text = outlook.text();
    assert!(!text.contains("your attention") && !outlook.body.contains("secret_kept"), "{text}");
    let suggested = outlook.body.split("value=\"Mail.Read\"").nth(1).and_then(|rest| rest.split('>').next());
    assert!(suggested.expect("a box").contains("checked"), "{}", outlook.body);
    assert_eq!(world.raw.count("connectors").await, 0);
}
