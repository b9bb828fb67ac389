//! The list of accounts has *Paused* beside the states, and the left pane says how many accounts need a sign-in.

use mail360::people::model::Role;
use rstest::rstest;

use crate::{
    account_pages::add_account,
    support::{Answer, Kind, NewConnector, World},
};

/// Changes the account with this email.
async fn change(world: &World, email: &str, set: &str) {
    let update = format!("UPDATE accounts SET {set} WHERE email_key = '{email}'");
    assert_eq!(world.raw.run(&update).await, Ok(1), "{email}");
}

/// Adds copies of the only account.
async fn add_copies(world: &World, kind: Kind, copies: u64) {
    let (id, numbers) = match kind {
        Kind::Sqlite => (
            "randomblob(16)",
            format!(
                "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {copies})"
            ),
        ),
        Kind::Postgres => {
            ("gen_random_uuid()", format!("WITH numbers(n) AS (SELECT generate_series(1, {copies}))"))
        }
    };
    let insert = format!(
        "INSERT INTO accounts (id, organisation_id, provider, subject, connector_id, email, email_key, name, state, \
         state_since, failures, signed_in_at, created_at, version) {numbers} SELECT {id}, organisation_id, provider, \
         subject || '-' || n, connector_id, email, email_key, name, state, state_since, failures, signed_in_at, \
         created_at, version FROM accounts, numbers"
    );
    assert_eq!(world.raw.run(&insert).await, Ok(copies));
}

/// The words of the link to the accounts that need a sign-in, in the left pane.
fn due(page: &Answer) -> Option<String> {
    let (before, rest) = page.body.split_once("class=\"due\"")?;
    let (after, content) = rest.split_once('>').expect("the end of the tag");
    let (_, tag) = before.rsplit_once('<').expect("the begin of the tag");
    assert!(format!("{tag}{after}").contains("href=\"/accounts?state=needs_sign_in\""), "{tag}{after}");
    let (content, _) = content.split_once("</a>").expect("its end");
    let words = content.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    Some(words.collect::<String>().trim().to_owned())
}

#[rstest]
#[tokio::test]
async fn paused_accounts_are_a_filter_beside_the_states(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    for email in ["grace@contoso.test", "linus@contoso.test", "zoe@contoso.test"] {
        add_account(&world, &connector, email).await;
    }
    let list = ada.get("/accounts").await;
    assert!(!list.body.contains("state=paused"), "no account is paused: {}", list.text());
    change(&world, "linus@contoso.test", "paused_at = 1").await;
    change(&world, "zoe@contoso.test", "paused_at = 1, state = 'retrying'").await;
    let list = ada.get("/accounts").await;
    list.assert_says("All 3").assert_says("Connected 2").assert_says("Retrying 1").assert_says("Paused 2");
    assert!(list.body.contains("href=\"/accounts?state=paused\""), "{}", list.body);
    let id = connector.rsplit('/').next().expect("an id");
    for address in ["/accounts?state=paused".to_owned(), format!("/accounts?connector={id}&state=paused")] {
        let paused = ada.get(&address).await;
        paused.assert_status(200).assert_says("linus@contoso.test").assert_says("zoe@contoso.test");
        assert!(!paused.text().contains("grace@contoso.test"), "{address}: {}", paused.text());
    }
    // The filter also holds for a search, whose form keeps it.
    let found = ada.get("/accounts?state=paused&search=linus@").await;
    found.assert_says("1 account matches").assert_says("linus@contoso.test");
    assert_eq!(found.hidden("state"), "paused");
    ada.get("/accounts?state=paused&search=grace@").await.assert_says("No account matches");
}

#[rstest]
#[tokio::test]
async fn the_left_pane_tells_administrators_how_many_accounts_need_a_sign_in(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    add_account(&world, &connector, "grace@contoso.test").await;
    assert_eq!(due(&ada.get("/connectors").await), None);
    change(&world, "grace@contoso.test", "state = 'needs_sign_in'").await;
    for page in ["/connectors", "/accounts", "/settings/people", "/profile", &connector] {
        let page = ada.get(page).await;
        assert_eq!(due(page.assert_status(200)).as_deref(), Some("1 account needs sign-in"));
    }
    assert_eq!(due(ada.get("/nothing").await.assert_status(404)), None);
    // A viewer cannot do anything about it.
    world.user("Contoso", "bob@contoso.test", Role::Viewer).await;
    let mut bob = world.log_in("bob@contoso.test").await;
    assert_eq!(due(bob.get("/accounts").await.assert_status(200)), None);
    // Accounts of another organisation do not count, and the number is bounded.
    let mut eve = world.stranger().await;
    assert_eq!(due(eve.get("/connectors").await.assert_status(200)), None);
    add_copies(&world, kind, 1_000).await;
    assert_eq!(due(&ada.get("/connectors").await).as_deref(), Some("1,000+ accounts need sign-in"));
}
