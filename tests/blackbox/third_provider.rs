//! A provider that only the tests have works beside Outlook: nothing outside of a provider's folder knows which
//! provider it has. `sign_ins` has the tests of its sign-ins, `grants` and `revoking` those of its grants,
//! `deletion` those of a deleted connector, and `disabled_api` those of an API that its application may not use.

mod deletion;
mod disabled_api;
mod grants;
mod revoking;
mod sign_ins;

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mail360::platform::clock::Clock;
use rstest::rstest;
use serde_json::{Value, json};
use url::Url;

use crate::support::{
    Answer, Browser, Canned, Kind, Log, NewConnector, World, callback,
    contoso_mail::{ContosoMail, ISSUER},
    parameter,
};

/// The typed values of a Contoso connector.
#[derive(Clone, Copy)]
struct Typed {
    name: &'static str,
    client_id: &'static str,
    secret: &'static str,
    region: &'static str,
}

const SOUND: Typed =
    Typed { name: "Payroll mail", client_id: "contoso-12345678", secret: "cs_canary+/=&%.1", region: "eu" };
const EMPTY: Typed = Typed { name: "", client_id: "", secret: "", region: "" };

impl Typed {
    /// Sends these values and the hidden ones of the form on this page.
    async fn send(self, browser: &mut Browser, page: &str, hidden: &[&'static str], to: &str) -> Answer {
        let page = browser.get(page).await;
        page.assert_status(200);
        let hidden: Vec<_> = hidden.iter().map(|&name| (name, page.hidden(name))).collect();
        let mut fields: Vec<_> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.extend([
            ("provider", "contoso"),
            ("service_name", self.name),
            ("client_id", self.client_id),
            ("client_secret", self.secret),
            ("secret_expires_on", ""),
            ("region", self.region),
            ("scopes[]", "contacts.all"),
        ]);
        browser.post(to, &fields).await
    }

    /// Sends the form for a new connector.
    async fn add(self, browser: &mut Browser) -> Answer {
        self.send(browser, "/connectors/new", &["form", "owner"], "/do/connectors/add").await
    }

    /// Sends the form of an existing connector.
    async fn edit(self, browser: &mut Browser, connector: &str) -> Answer {
        let page = format!("{connector}/edit");
        self.send(browser, &page, &["connector", "version", "owner"], "/do/connectors/change").await
    }
}

/// An installation with both providers, and its first administrator.
async fn installation(kind: Kind) -> (World, Browser) {
    let world = World::new(kind).await.with_providers(vec![Arc::new(ContosoMail)]).await;
    let ada = world.set_up().await;
    (world, ada)
}

/// The same with a Contoso connector.
async fn connector(kind: Kind) -> (World, Browser, String) {
    let (world, mut ada) = installation(kind).await;
    let added = SOUND.add(&mut ada).await;
    let connector = added.location().to_owned();
    assert!(connector.starts_with("/connectors/") && connector != "/connectors/new", "{connector}");
    (world, ada, connector)
}

/// Starts a sign-in and returns the address at Contoso.
async fn start(browser: &mut Browser, connector: &str) -> Url {
    let page = browser.post(&format!("{connector}/verify"), &[]).await;
    assert_is_contosos(page.assert_status(200));
    page.link("Continue to Contoso")
}

/// Lets Contoso grant these permissions, with an ID token that has this claim in place of the sound one.
fn grant(world: &World, authorize: &Url, scope: &str, other: Option<(&str, Value)>) {
    let mut claims = json!({
        "iss": ISSUER, "sub": "7", "aud": parameter(authorize, "client_id"),
        "nonce": parameter(authorize, "nonce"), "exp": world.clock.now().seconds() + 3600,
    });
    if let Some((claim, value)) = other {
        claims[claim] = value;
    }
    let id_token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let tokens = json!({
        "access_token": "canary-access-token", "refresh_token": "canary-refresh-token", "scope": scope,
        "id_token": id_token,
    });
    world.provider.answer_token(Canned::Json(200, tokens));
    world.provider.answer_me(Canned::Json(200, json!({ "mailbox": "grace@contoso.example" })));
}

const EVERYTHING: &str = "openid mail.all contacts.all";

/// Comes back from Contoso and opens the page of the outcome.
async fn come_back(browser: &mut Browser, authorize: &Url, with: &str) -> Answer {
    let landed = browser.get(&callback(authorize, with)).await;
    browser.get(landed.assert_status(303).location()).await
}

/// A sign-in that grants everything.
async fn sign_in(world: &World, browser: &mut Browser, connector: &str) -> Answer {
    let authorize = start(browser, connector).await;
    grant(world, &authorize, EVERYTHING, None);
    come_back(browser, &authorize, "code=abc").await
}

/// A page about a Contoso connector has no word of another provider.
#[track_caller]
fn assert_is_contosos(page: &Answer) {
    let body = page.body.to_lowercase();
    for word in ["microsoft", "azure", "tenant", "outlook", "aadsts"] {
        assert!(!body.contains(word), "{word:?} is in: {}", page.text());
    }
}

/// The path of a page, opened and checked.
async fn open(browser: &mut Browser, path: &str) -> Answer {
    let page = browser.get(path).await;
    assert_is_contosos(page.assert_status(200));
    page
}

#[rstest]
#[tokio::test]
async fn the_form_offers_every_provider_and_shows_the_fields_and_the_guide_of_the_chosen_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada) = installation(kind).await;
    let form = ada.get("/connectors/new").await;
    form.assert_says("Microsoft 365 and Outlook.com").assert_says("Mailboxes at Contoso");
    form.assert_says("Open Azure in a second window.").assert_says("Register it in Azure");
    assert_eq!(form.hidden("provider"), "outlook");
    assert!(form.body.contains("name=\"account_type\"") && !form.body.contains("name=\"region\""));

    assert_eq!(EMPTY.add(&mut ada).await.location(), "/connectors/new");
    let form = ada.get("/connectors/new").await;
    form.assert_says("Mailboxes at Contoso").assert_says("Microsoft 365 and Outlook.com");
    form.assert_says("Open Contoso Console in a second window.");
    form.assert_says("Register the application at Contoso").assert_says("Allow the access at Contoso");
    form.assert_says("mail.all").assert_says("In most companies a Contoso administrator must allow this");
    form.assert_says("4 fields need your attention").assert_says("Copy the secret from the Contoso Console.");
    form.assert_says("Choose the region in which the application is registered");
    assert_eq!(form.hidden("provider"), "contoso");
    assert!(form.body.contains("name=\"region\""));
    for other in ["name=\"account_type\"", "name=\"secret_expires_in\"", "Mail.Read"] {
        assert!(!form.body.contains(other), "{other}");
    }
    assert_eq!(world.raw.count("connectors").await, 0);
}

/// The links to the forms of the providers: the address, and whether it is the form on this page.
fn provider_links(page: &Answer) -> Vec<(String, bool)> {
    let tags = page.body.split("<a ").skip(1).filter_map(|tag| tag.split('>').next());
    let tags = tags.filter(|tag| tag.contains("class=\"provider\""));
    tags.map(|tag| {
        let (_, address) = tag.split_once("href=\"").expect("an address");
        (address.split('"').next().expect("its end").to_owned(), tag.contains("aria-current=\"true\""))
    })
    .collect()
}

#[rstest]
#[tokio::test]
async fn the_form_of_each_provider_has_an_address_and_links_to_the_others(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_world, mut ada) = installation(kind).await;
    let first = ada.get("/connectors/new").await;
    assert!(first.body.contains("name=\"account_type\""));
    let open = |name: &str| format!("/connectors/new?provider={name}&amp;guide=open");
    assert_eq!(
        provider_links(&first),
        [(open("outlook"), true), (open("google"), false), (open("contoso"), false)]
    );
    let contosos = ada.get("/connectors/new?provider=contoso&guide=closed").await;
    let closed = |name: &str| format!("/connectors/new?provider={name}&amp;guide=closed");
    assert_eq!(
        provider_links(&contosos),
        [(closed("outlook"), false), (closed("google"), false), (closed("contoso"), true)]
    );
    assert!(!contosos.text().contains("Register the application at Contoso"));
    assert!(contosos.body.contains("name=\"region\"") && !contosos.body.contains("name=\"account_type\""));
    let unknown = ada.get("/connectors/new?provider=gone").await;
    assert!(unknown.body.contains("name=\"account_type\""));
}

#[rstest]
#[tokio::test]
async fn a_connector_of_another_provider_is_added_and_shown_in_the_words_of_that_provider(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector) = connector(kind).await;
    let page = open(&mut ada, &connector).await;
    page.assert_says("The Contoso connector has been successfully added to Mail360");
    page.assert_says("Sign in with Contoso to verify").assert_says("Service providerContoso Mail");
    page.assert_says("RegionEurope").assert_says("Where Contoso keeps the application.");
    page.assert_says("contoso-12345678").assert_says("Contoso recognises the application by this ID.");
    page.assert_says("begins with cs_").assert_says("Read and send all mail of the mailbox");
    page.assert_says("Contoso Console asks for this address").assert_says("Secret expiresnever");
    assert!(page.body.contains("src=\"/contoso.svg\""));
    assert!(world.provider.requests().is_empty(), "these credentials cannot be tried without a sign-in");
    assert_eq!(world.setting("region").await, "eu");

    let list = ada.get("/connectors").await;
    list.assert_says("Payroll mail").assert_says("contoso-12345678").assert_says("2 permissions");
    list.assert_says("Everyone with a mailbox at Contoso");
    assert!(list.body.contains("alt=\"Contoso Mail\""));
    let secret = open(&mut ada, &format!("{connector}/secret")).await;
    secret.assert_says("Choose Another secret on the card of your application.");
    open(&mut ada, &format!("{connector}/delete")).await.assert_says("The application in Contoso Console");
    let edit = ada.get(&format!("{connector}/edit")).await;
    assert_eq!(edit.hidden("provider"), "contoso");
    assert!(edit.body.contains("value=\"eu\" selected"));
    let steps = ada.get(&format!("{connector}/edit?guide=open")).await;
    steps.assert_says("Register the application at Contoso").assert_says("It takes four steps at Contoso.");
    let dump = world.raw.dump(&[]).await.join("\n");
    assert!(!dump.contains(SOUND.secret), "the secret is stored in clear");
}

#[rstest]
#[tokio::test]
async fn mistakes_in_the_form_get_the_messages_of_the_chosen_provider(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada) = installation(kind).await;
    let wrong = Typed { name: SOUND.secret, client_id: "contoso-1234", region: "mars", ..SOUND };
    assert_eq!(wrong.add(&mut ada).await.location(), "/connectors/new");
    let form = ada.get("/connectors/new").await;
    form.assert_says("This is the client secret. Give the name of your Contoso application here.");
    form.assert_says("This is no Client ID of Contoso, which looks like contoso-12345678.");
    form.assert_says("Choose the region in which the application is registered");
    assert_eq!(form.value("client_id"), "contoso-1234");
    assert!(!form.body.contains("cs_canary"));
    let dump = world.raw.dump(&[]).await.join("\n");
    assert!(!dump.contains("cs_canary"), "the draft does not have the secret either");

    let same = Typed { secret: SOUND.client_id, ..SOUND };
    same.add(&mut ada).await;
    ada.get("/connectors/new").await.assert_says("This is the Client ID. Copy the secret");
    // A client ID of another provider is none of this one.
    let guid = Typed { client_id: "1b4e28ba-2fa1-11d2-883f-0016d3cca427", ..SOUND };
    guid.add(&mut ada).await;
    ada.get("/connectors/new").await.assert_says("This is no Client ID of Contoso");
    let unusual = Typed { secret: "canary-of-another-form", ..SOUND };
    let added = unusual.add(&mut ada).await;
    let page = open(&mut ada, added.location()).await;
    page.assert_says("Look at the client secret").assert_says("Secrets of Contoso begin with cs_.");
}

#[rstest]
#[tokio::test]
async fn another_value_of_a_field_that_the_secret_belongs_to_asks_for_the_secret(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector) = connector(kind).await;
    sign_in(&world, &mut ada, &connector).await.assert_says("The connector works");
    let renamed = Typed { name: "Renamed", secret: "", ..SOUND };
    assert_eq!(renamed.edit(&mut ada, &connector).await.location(), connector);
    assert_eq!(world.state(&connector).await, "verified");

    let moved = Typed { region: "us", ..renamed };
    assert_eq!(moved.edit(&mut ada, &connector).await.location(), format!("{connector}/edit"));
    let form = ada.get(&format!("{connector}/edit")).await;
    form.assert_says("Enter the client secret of this application.");
    form.assert_says("The stored one belongs to the Client ID and region of before");
    assert!(form.body.contains("value=\"us\" selected"));
    assert_eq!(world.setting("region").await, "eu");

    let moved = Typed { secret: SOUND.secret, ..moved };
    assert_eq!(moved.edit(&mut ada, &connector).await.location(), connector);
    let page = open(&mut ada, &connector).await;
    page.assert_says("RegionUnited States");
    page.assert_says("Region was changed after the last test.").assert_says("Changed: Region.");
    assert_eq!(world.state(&connector).await, "not_verified");
    let authorize = start(&mut ada, &connector).await;
    assert!(authorize.path().starts_with("/us/"), "{authorize}");
}

#[rstest]
#[tokio::test]
async fn an_outlook_connector_works_unchanged_beside_another_provider(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, contosos) = connector(kind).await;
    let outlooks = world.add_connector(&mut ada, &NewConnector::default()).await;
    let page = ada.get(&outlooks).await;
    page.assert_says("The Microsoft connector has been successfully added to Mail360");
    assert!(!page.text().contains("Contoso Console"), "{}", page.text());
    let stored = "SELECT provider_settings FROM connectors WHERE provider = 'outlook'";
    let settings = r#"{"account_type":"tenants_and_personal","tenant":null}"#;
    assert_eq!(world.raw.one::<String>(stored).await, settings);

    let (at_contoso, at_microsoft) =
        (start(&mut ada, &contosos).await, world.start(&mut ada, &outlooks).await);
    world.grant_everything(&at_microsoft);
    let page = come_back(&mut ada, &at_microsoft, "code=abc").await;
    page.assert_says("The connector works").assert_says("Microsoft knows the Client ID");
    let states = [world.state(&outlooks).await, world.state(&contosos).await];
    assert_eq!(states, ["verified", "not_verified"]);
    grant(&world, &at_contoso, EVERYTHING, None);
    come_back(&mut ada, &at_contoso, "code=abc").await.assert_says("The connector works");
    assert_eq!(world.state(&contosos).await, "verified");
    // Each row names its provider.
    ada.get("/connectors").await.assert_says(" Outlook").assert_says(" Contoso Mail");

    // A connector keeps its provider, so that the secret of one provider is never sent to another one.
    let moved = Typed { name: "Moved", ..SOUND };
    assert_eq!(moved.edit(&mut ada, &outlooks).await.location(), format!("{outlooks}/edit"));
    let form = ada.get(&format!("{outlooks}/edit")).await;
    form.assert_says("This connector is for Outlook. Add another connector for another provider.");
    assert!(form.body.contains("name=\"account_type\"") && !form.body.contains("name=\"region\""));
    assert_eq!(world.raw.one::<String>(stored).await, settings);
}

#[rstest]
#[case::value("provider_settings", r#"{"region":"mars"}"#)]
#[case::form("provider_settings", "region: eu")]
#[case::provider("provider", "gone")]
#[case::client_id("client_id", "1b4e28ba-2fa1-11d2-883f-0016d3cca427")]
#[tokio::test]
async fn a_stored_value_that_no_provider_has_written_is_an_error_whose_log_names_the_row(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] column: &str,
    #[case] value: &str,
) {
    let (world, mut ada, connector) = connector(kind).await;
    let changed = world.raw.run(&format!("UPDATE connectors SET {column} = '{value}'")).await;
    assert_eq!(changed, Ok(1));
    for page in [connector.as_str(), "/connectors"] {
        let log = Log::start();
        ada.get(page).await.assert_status(500);
        let id = connector.rsplit('/').next().expect("an id");
        let lines = log.lines(&format!("connector {id}: cannot read the column {column}"));
        assert_eq!(lines.len(), 1, "{page}: {}", log.text());
    }
    ada.post(&format!("{connector}/verify"), &[]).await.assert_status(500);
    assert!(world.provider.requests().is_empty(), "nothing was sent");
}
