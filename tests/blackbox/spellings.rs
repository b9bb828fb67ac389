//! Values of the Add Connector form that only the server can judge, in the spellings in which people type and paste them.

use rstest::rstest;

use crate::support::{Kind, NewConnector, World};

/// Where the form is shown again after it was refused.
const FORM: &str = "/connectors/new";

#[rstest]
#[tokio::test]
async fn the_name_of_another_connector_is_refused_in_any_spelling(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector { name: "Mail archive", ..NewConnector::default() }).await;
    for name in ["Mail archive", "  mail ARCHIVE ", "Mail  archive"] {
        let refused = world.send_form(&mut ada, &NewConnector { name, ..NewConnector::default() }).await;
        assert_eq!(refused.location(), FORM, "{name}");
    }
    let count: i64 = world.raw.one("SELECT COUNT(*) FROM connectors").await;
    assert_eq!(count, 1);
}

#[rstest]
#[tokio::test]
async fn a_client_id_is_stored_without_the_blanks_and_braces_around_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let id = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
    let client_id = format!(" {{{}}} ", id.to_uppercase());
    let connector =
        world.add_connector(&mut ada, &NewConnector { client_id, ..NewConnector::default() }).await;
    ada.get(&connector).await.assert_status(200).assert_says(id);
}

#[rstest]
#[tokio::test]
async fn an_application_for_one_tenant_is_refused_without_the_tenant(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let one_tenant =
        |tenant| NewConnector { account_type: "single_tenant", tenant, ..NewConnector::default() };
    assert_eq!(world.send_form(&mut ada, &one_tenant("")).await.location(), FORM);
    let page = ada.get(FORM).await;
    page.assert_status(200).assert_says("1 field needs your attention");
    assert!(page.body.contains("href=\"#tenant\""), "{}", page.body);
    world.add_connector(&mut ada, &one_tenant("contoso.com")).await;
}
