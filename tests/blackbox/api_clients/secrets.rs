use super::*;

#[rstest]
#[tokio::test]
async fn no_secret_of_a_client_is_in_the_database_and_the_activity_names_what_was_done(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let NewClient { id, key, .. } = add(&world, &typed("CRM")).await;
    let secret = make(&world, id, CredentialKind::ClientSecret).await;
    let token = make(&world, id, CredentialKind::RefreshToken).await;
    let (client, id_text) = (world.browser(), id.to_string());
    let answer = exchange(&client, &id_text, text(&secret), text(&token)).await;
    let access = data(answer.assert_status(200))["access_token"].as_str().expect("a token").to_owned();
    call_with(&client, MESSAGES, &key).await.assert_status(200);
    world.program.clients.flush_uses().await.expect("written");
    let dump = world.raw.dump(&[]).await.join("\n");
    for secret in [text(&key), text(&secret), text(&token), &access] {
        // A blob is written in hexadecimal digits.
        let hex = crate::support::hex(secret.as_bytes());
        assert!(!dump.contains(secret) && !dump.to_lowercase().contains(&hex), "a secret is stored");
    }
    let admin = ada(&world).await;
    assert_eq!(
        world.program.clients.change(&ada(&world).await, id, 1, &typed("CRM 2")).await.ok(),
        Some(Ok(()))
    );
    world.program.clients.remove_credential(&admin, id, token.id).await.expect("removed");
    world.program.clients.revoke_everything(&admin, id).await.expect("revoked");
    world.program.clients.delete(&admin, id).await.expect("deleted");
    let actions: Vec<String> = world
        .raw
        .column("SELECT action FROM activity WHERE action LIKE 'api_client.%' ORDER BY at, id")
        .await;
    let wanted = [
        "added",
        "credential_made",
        "credential_made",
        "changed",
        "credential_removed",
        "revoked",
        "deleted",
    ];
    let mut actions: Vec<_> = actions.iter().map(|action| action.trim_start_matches("api_client.")).collect();
    let mut wanted = wanted.to_vec();
    // All of them have the time of the test's clock.
    actions.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(actions, wanted);
}
