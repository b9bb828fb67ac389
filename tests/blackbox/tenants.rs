//! A connector whose tenant is given by its domain: which tenant that is, and that no other is accepted.

use rstest::rstest;
use serde_json::json;
use url::Url;

use crate::support::{Answer, Browser, Canned, Kind, NewConnector, SECRET, World, callback, held, tokens};

const OURS: &str = "5a1e0000-7e57-4000-8000-00000000c0de";
const FOREIGN: &str = "bbbbbbbb-7e57-4000-8000-000000000002";

fn of_a_domain() -> NewConnector<'static> {
    NewConnector { account_type: "single_tenant", tenant: "contoso.test", ..Default::default() }
}

async fn world(kind: Kind) -> (World, Browser, String) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &of_a_domain()).await;
    (world, ada, connector)
}

/// Queues a valid token response for this tenant.
fn grant(world: &World, authorize: &Url, tenant: &str) {
    let mut claims = world.claims(authorize);
    claims.issuer = claims.issuer.replace(&claims.tenant, tenant);
    tenant.clone_into(&mut claims.tenant);
    world.provider.answer_token(Canned::Json(200, tokens(&claims)));
    world.say_who();
}

/// A sign-in whose token names this tenant.
async fn sign_in(world: &World, browser: &mut Browser, connector: &str, tenant: &str) -> Answer {
    let authorize = world.start(browser, connector).await;
    grant(world, &authorize, tenant);
    let landed = browser.get(&callback(&authorize, "code=abc")).await;
    browser.get(landed.assert_status(303).location()).await
}

fn metadata(tenant: &str) -> Canned {
    Canned::Json(
        200,
        json!({ "issuer": format!("https://login.microsoftonline.com/{tenant}/v2.0"), "x": [1] }),
    )
}

fn assert_refused(page: &Answer) {
    page.assert_says("belongs to another tenant").assert_says(OURS).assert_says(FOREIGN);
    page.assert_says(&format!("Found: tid: expected {OURS}, received {FOREIGN}"));
}

#[rstest]
#[tokio::test]
async fn n13_a_token_of_a_foreign_tenant_is_refused_at_the_first_sign_in(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector) = world(kind).await;
    world.provider.answer_metadata(metadata(OURS));
    assert_refused(&sign_in(&world, &mut ada, &connector, FOREIGN).await);
    assert_eq!(world.state(&connector).await, "failing: wrong_tenant");
    let asked: Vec<_> = world.provider.requests().into_iter().filter(|seen| seen.method == "GET").collect();
    let address = "https://login.microsoftonline.com/contoso.test/v2.0/.well-known/openid-configuration";
    assert_eq!(asked[0].url, address);

    world.provider.answer_metadata(metadata(OURS));
    sign_in(&world, &mut ada, &connector, OURS).await.assert_says("The connector works");
    // The tenant is now known, and the metadata is not requested again.
    sign_in(&world, &mut ada, &connector, OURS).await.assert_says("The connector works");
    let asked = world.provider.requests().into_iter().filter(|seen| seen.url == address).count();
    assert_eq!(asked, 2);
}

#[rstest]
#[case::none(None)]
#[case::not_found(Some(Canned::Text(404, "<html>".into())))]
#[case::no_json(Some(Canned::Text(200, "<html>".into())))]
#[case::another_form(Some(Canned::Json(200, json!({ "issuer": 7 }))))]
#[case::by_its_domain(Some(Canned::Json(200, json!({ "issuer": "https://login.microsoftonline.com/contoso.test/v2.0" }))))]
#[case::elsewhere(Some(Canned::Json(200, json!({ "issuer": format!("https://evil.example/{FOREIGN}/v2.0") }))))]
#[tokio::test]
async fn n13_without_metadata_of_the_provider_the_first_proved_token_decides(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] canned: Option<Canned>,
) {
    let (world, mut ada, connector) = world(kind).await;
    if let Some(canned) = canned {
        world.provider.answer_metadata(canned);
    }
    sign_in(&world, &mut ada, &connector, OURS).await.assert_says("The connector works");
    assert_eq!(world.raw.one::<String>("SELECT proved_directory FROM connectors").await, OURS);
    assert_refused(&sign_in(&world, &mut ada, &connector, FOREIGN).await);
    // From now on the issuer of the callback must be that tenant's.
    let authorize = world.start(&mut ada, &connector).await;
    let iss = format!("https://login.microsoftonline.com/{FOREIGN}/v2.0");
    let landed = ada.get(&callback(&authorize, &format!("code=abc&iss={iss}"))).await;
    ada.get(landed.location()).await.assert_says("another provider or tenant");
}

#[rstest]
#[tokio::test]
async fn n13_a_sign_in_that_failed_decides_nothing(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (world, mut ada, connector) = world(kind).await;
    let authorize = world.start(&mut ada, &connector).await;
    let mut claims = world.claims(&authorize);
    claims.nonce = "another".to_owned();
    world.provider.answer_token(Canned::Json(200, tokens(&claims)));
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert_eq!(world.raw.one::<Option<String>>("SELECT proved_directory FROM connectors").await, None);
}

#[rstest]
#[tokio::test]
async fn n13_the_second_of_two_concurrent_first_sign_ins_must_be_of_the_same_tenant(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector) = world(kind).await;
    let first = world.start(&mut ada, &connector).await;
    // The first has our tenant's token and waits; the other one finishes before it.
    let (gate, returning) = held(&world, &ada, &first).await;
    while world.provider.exchanges().is_empty() {
        tokio::task::yield_now().await;
    }
    // The second takes Graph's response for the first.
    sign_in(&world, &mut ada, &connector, FOREIGN).await.assert_says("The connector works");
    gate.notify_one();
    let landed = returning.await.expect("an answer");
    ada.get(landed.location()).await.assert_says("belongs to another tenant");
    assert_eq!(world.raw.one::<String>("SELECT proved_directory FROM connectors").await, FOREIGN);
}

#[rstest]
#[tokio::test]
async fn n13_another_tenant_starts_without_an_id_and_a_new_name_keeps_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector) = world(kind).await;
    sign_in(&world, &mut ada, &connector, OURS).await.assert_says("The connector works");
    for (name, tenant, secret, kept) in
        [("Renamed", "contoso.test", "", true), ("Renamed", "fabrikam.test", SECRET, false)]
    {
        let form = ada.get(&format!("{connector}/edit")).await;
        let [id, version, owner] = ["connector", "version", "owner"].map(|name| form.hidden(name));
        let client_id = form.value("client_id");
        let fields = [
            ("connector", id.as_str()),
            ("version", version.as_str()),
            ("owner", owner.as_str()),
            ("provider", "outlook"),
            ("service_name", name),
            ("client_id", client_id.as_str()),
            ("client_secret", secret),
            ("secret_expires_on", "2028-11-23"),
            ("account_type", "single_tenant"),
            ("tenant", tenant),
            ("scopes[]", "Mail.Read"),
            ("scopes[]", "Mail.Send"),
            ("scopes[]", "Contacts.Read"),
        ];
        ada.post("/do/connectors/change", &fields).await.assert_status(302);
        assert_eq!(world.setting("tenant").await, tenant);
        let now: Option<String> = world.raw.one("SELECT proved_directory FROM connectors").await;
        assert_eq!(now.is_some(), kept, "{tenant}");
    }
    sign_in(&world, &mut ada, &connector, FOREIGN).await.assert_says("The connector works");
    assert_eq!(world.raw.one::<String>("SELECT proved_directory FROM connectors").await, FOREIGN);
}
