//! Disconnected accounts after their connector was changed: the grant is ended at the provider only if the connector
//! still has its application.

use mail360::accounts::service::AccountId;
use rstest::rstest;

use super::{
    SOUND, Typed,
    deletion::{revocations, scene},
};
use crate::support::{Kind, refreshing::Scene};

const NEW_SECRET: &str = "cs_canary-second";

/// Sends the form of the connector, and types its name to confirm that accounts lose their access.
async fn change(scene: &mut Scene, new: Typed) {
    let page = scene.ada.get(&format!("{}/edit", scene.connector)).await;
    let hidden = ["connector", "version", "owner"].map(|name| (name, page.hidden(name)));
    let mut fields: Vec<_> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend([
        ("provider", "contoso"),
        ("service_name", new.name),
        ("client_id", new.client_id),
        ("client_secret", new.secret),
        ("secret_expires_on", ""),
        ("region", new.region),
        ("scopes[]", "contacts.all"),
        ("confirmed_name", SOUND.name),
    ]);
    let answer = scene.ada.post("/do/connectors/change", &fields).await;
    assert_eq!(answer.location(), scene.connector);
}

async fn disconnect(scene: &Scene, account: AccountId) {
    let admin = scene.world.admin().await;
    assert!(scene.process.accounts().disconnect(&admin, account).await.expect("done"));
}

#[rstest]
#[tokio::test]
async fn a_new_secret_is_not_sent_to_the_address_of_an_earlier_application_with_the_same_client_id(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = scene(kind, 0).await;
    let account = scene.connect("grace").await;
    change(&mut scene, Typed { region: "us", secret: NEW_SECRET, ..SOUND }).await;
    assert_eq!(scene.world.setting("region").await, "us");
    disconnect(&scene, account).await;
    assert_eq!(scene.world.raw.count("grants").await, 0);
    assert!(revocations(&scene).is_empty());
}

#[rstest]
#[tokio::test]
async fn a_grant_is_ended_at_the_provider_also_after_a_new_secret_of_its_application(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = scene(kind, 0).await;
    let account = scene.connect("grace").await;
    change(&mut scene, Typed { secret: NEW_SECRET, ..SOUND }).await;
    disconnect(&scene, account).await;
    let seen = revocations(&scene);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].url, "https://id.contoso.example/eu/revoke");
    assert_eq!(seen[0].field("client_secret"), Some(NEW_SECRET));
    assert_eq!(seen[0].field("token"), Some("canary-refresh-grace"));
}
