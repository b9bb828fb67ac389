//! Fields that are in no form of ours.

use rstest::rstest;

use crate::{
    access::FIELDS,
    support::{Kind, World},
};

#[rstest]
#[tokio::test]
async fn i5_fields_that_are_in_no_form_are_ignored(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.stranger().await;
    let other: uuid::Uuid = world.raw.one("SELECT id FROM organisations WHERE name = 'Fabrikam'").await;
    let page = ada.get("/connectors/new").await;
    let (form, owner) = (page.hidden("form"), page.hidden("owner"));
    let other = other.to_string();
    let mut fields = FIELDS.to_vec();
    fields[0].1 = &form;
    fields.extend([
        ("owner", owner.as_str()),
        ("organisation_id", other.as_str()),
        ("tenant_id", &other),
        ("id", &other),
        ("is_admin", "true"),
        ("state", "verified"),
        ("verified_at", "1"),
        ("version", "99"),
        ("created_at", "1"),
        ("token_url", "https://evil.example/token"),
        ("cloud", "evil"),
        ("redirect_uri", "https://evil.example/"),
    ]);
    let answer = ada.post("/do/connectors/add", &fields).await;
    assert!(answer.location().starts_with("/connectors/"), "{}", answer.body);
    let row: String = world
        .raw
        .one(
            "SELECT organisations.name || ' ' || state || ' ' || version || ' ' || provider_settings \
             FROM connectors JOIN organisations ON organisations.id = connectors.organisation_id",
        )
        .await;
    assert_eq!(row, r#"Contoso not_verified 1 {"account_type":"tenants_and_personal","tenant":null}"#);
    let id: uuid::Uuid = world.raw.one("SELECT id FROM connectors").await;
    assert_ne!(id.to_string(), other);
    let authorize = world.start(&mut ada, answer.location()).await;
    assert!(!authorize.as_str().contains("evil"), "{authorize}");
}

#[rstest]
#[tokio::test]
async fn i5_set_up_and_log_in_ignore_a_role_and_an_organisation(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let path = world.set_up_path().await;
    let mut browser = world.browser();
    let fields = [
        ("organisation", "Contoso"),
        ("name", "Ada"),
        ("email", "ada@contoso.test"),
        ("password", crate::support::PASSWORD),
        ("role", "viewer"),
        ("disabled_at", "1"),
        ("organisation_id", "01932b5e-0000-7000-8000-000000000001"),
    ];
    browser.post(&path, &fields).await.assert_status(303);
    assert_eq!(world.raw.one::<String>("SELECT role FROM users").await, "admin");
    world.viewer().await;
    let mut vera = world.browser();
    let fields = [("email", "vera@contoso.test"), ("password", crate::support::PASSWORD), ("role", "admin")];
    vera.post("/login", &fields).await.assert_status(303);
    vera.get("/connectors/new").await.assert_status(403);
}
