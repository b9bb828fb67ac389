//! The pages of accounts in the console: the list, and an account.

use std::sync::atomic::{AtomicU64, Ordering};

use mail360::{
    accounts::{
        model::{AccountState, StateReason},
        service::AccountId,
    },
    platform::clock::Clock,
};
use rstest::rstest;
use strum::VariantArray;
use time::Duration;

use crate::support::{Answer, Canned, Kind, NewConnector, World, refreshed, refreshing::Scene};

static NEXT: AtomicU64 = AtomicU64::new(0xacc0_0001);

/// Adds an account of the connector of this page, without a grant, and returns its id.
pub async fn add_account(world: &World, connector: &str, email: &str) -> String {
    let id = uuid::Uuid::from_u128(NEXT.fetch_add(1, Ordering::Relaxed).into()).to_string();
    let now = world.clock.now().micros();
    let (key, connector) = (world.raw.id(&id), world.raw.id(connector.rsplit('/').next().expect("an id")));
    let insert = format!(
        "INSERT INTO accounts (id, organisation_id, provider, subject, connector_id, email, email_key, name, state, \
         state_since, failures, signed_in_at, created_at, version) SELECT {key}, organisation_id, 'outlook', '{email}', \
         id, '{email}', '{email}', '', 'connected', {now}, 0, {now}, {now}, 1 FROM connectors WHERE id = {connector}"
    );
    assert_eq!(world.raw.run(&insert).await, Ok(1));
    id
}

async fn set_state(world: &World, state: AccountState, reason: Option<StateReason>) {
    let reason = reason.map(|reason| serde_json::to_string(&reason).expect("a name"));
    let reason = reason.map_or_else(|| "NULL".to_owned(), |reason| format!("'{reason}'"));
    let update = format!("UPDATE accounts SET state = '{}', reason = {reason}", state.name());
    world.raw.run(&update).await.expect("changed");
}

fn page_of(id: AccountId) -> String {
    format!("/accounts/{id}")
}

/// The words of the main buttons and links of a page.
pub fn primary(page: &Answer) -> Vec<String> {
    let parts = page.body.split("class=\"button primary").skip(1);
    let words = |part: &str| {
        let (_, content) = part.split_once('>').expect("the end of the tag");
        let ends = ["</button>", "</a>"].into_iter().filter_map(|end| content.find(end));
        content[..ends.min().expect("the end of the button")].to_owned()
    };
    parts.map(words).collect()
}

/// The emails of a page of the list, in its order.
fn emails(page: &Answer) -> Vec<String> {
    let rows = page.body.split("role=\"rowheader\"").skip(1);
    rows.map(|row| {
        let (_, rest) = row.split_once("<bdi>").expect("an email");
        rest.split_once("</bdi>").expect("its end").0.replace("<wbr>", "")
    })
    .collect()
}

#[rstest]
#[tokio::test]
async fn each_state_has_one_sentence_and_one_button_and_the_list_says_the_same(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let page = page_of(scene.connect("grace").await);
    for (state, reason, sentence, button) in [
        (AccountState::Connected, None, "Connected through Mail archive", None),
        (AccountState::Retrying, Some(StateReason::Slow), "Microsoft does not answer in time.", None),
        (
            AccountState::WaitingForConnector,
            Some(StateReason::CredentialsRejected),
            "Microsoft does not accept the Client ID and secret of the connector.",
            Some("Open the connector"),
        ),
        (
            AccountState::WaitingForCompany,
            Some(StateReason::CompanyRefused),
            "The company of this mailbox has removed the application or switched it off.",
            Some("Make a link to sign in again"),
        ),
        (
            AccountState::NeedsAttention,
            Some(StateReason::ScopesRefused),
            "Microsoft refuses one of the permissions.",
            Some("Try again"),
        ),
        (
            AccountState::NeedsSignIn,
            Some(StateReason::GrantRefused),
            "Microsoft has ended the access.",
            Some("Make a link to sign in again"),
        ),
        (
            AccountState::Disconnected,
            None,
            "An administrator has ended the access.",
            Some("Make a link to sign in again"),
        ),
    ] {
        set_state(&scene.world, state, reason).await;
        let account = scene.ada.get(&page).await;
        account.assert_status(200).assert_says(state.words()).assert_says(sentence);
        assert_eq!(primary(&account), button.into_iter().collect::<Vec<_>>(), "{state:?}");
        let is_refused = account.body.contains("Your software cannot use any of this now");
        assert_eq!(is_refused, state == AccountState::NeedsSignIn, "{state:?}");
        // Without a link for it no account could move to another connector.
        assert_eq!(account.body.matches(&format!("href=\"{page}/link\"")).count(), 1, "{state:?}");
        let list = scene.ada.get("/accounts").await;
        list.assert_status(200).assert_says("grace@contoso.test").assert_says(state.words());
        if reason.is_some() {
            list.assert_says(sentence);
        }
    }
    // Every reason that a state may have is shown somewhere.
    for reason in StateReason::VARIANTS {
        set_state(&scene.world, AccountState::NeedsSignIn, Some(*reason)).await;
        scene.ada.get(&page).await.assert_status(200);
        let list = scene.ada.get("/accounts").await;
        assert!(!list.assert_status(200).body.contains("AADSTS"), "{reason:?}");
    }
}

#[rstest]
#[tokio::test]
async fn the_providers_own_code_explains_why_the_access_ended(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let page = page_of(scene.connect("grace").await);
    set_state(&scene.world, AccountState::NeedsSignIn, Some(StateReason::GrantRefused)).await;
    let said =
        r#"{"error":"invalid_grant","trace_id":null,"correlation_id":null,"codes":[50173],"evidence":null}"#;
    scene.world.raw.run(&format!("UPDATE accounts SET provider_words = '{said}'")).await.expect("changed");
    let account = scene.ada.get(&page).await;
    account.assert_says("The access was withdrawn").assert_says("AADSTS50173");
    scene.ada.get("/accounts").await.assert_says("The access was withdrawn.");
}

#[rstest]
#[tokio::test]
async fn an_account_shows_what_is_granted_what_happens_next_and_its_history(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let page = page_of(scene.connect("grace").await);
    let account = scene.ada.get(&page).await;
    account.assert_says("Read your mail").assert_says("Read your contacts");
    assert!(!account.body.contains("not granted"), "{}", account.text());
    assert!(!account.body.contains("cannot use any of this now"), "{}", account.text());
    account.assert_says("Next refresh:").assert_says("Without a refresh, Microsoft ends the access on");
    account.assert_says("client secret is 23 Nov 2028 (");
    account.assert_says("The owner of the mailbox signed in").assert_says("Account key");
    for canary in ["canary-access", "canary-refresh"] {
        assert!(!account.body.contains(canary), "{canary}");
    }

    // A permission that the connector got later.
    let scopes: String = scene.world.raw.one("SELECT scopes FROM grants").await;
    let fewer: Vec<_> = scopes.split(' ').filter(|scope| *scope != "Contacts.Read").collect();
    let fewer = format!("UPDATE grants SET scopes = '{}'", fewer.join(" "));
    scene.world.raw.run(&fewer).await.expect("changed");
    let account = scene.ada.get(&page).await;
    account.assert_says("Read your contacts (not granted)").assert_says("Make a link to ask again");
    let connector = scene.ada.get(&scene.connector.clone()).await;
    connector.assert_says("1 account has not granted all permissions of this connector.");
    connector.assert_says("Read contacts Contacts.Read: 1 account");
    connector.assert_says("grace@contoso.test").assert_says("Ask again");
    assert!(connector.body.contains(&format!("href=\"{page}/link\"")), "{}", connector.text());
    let mut vera = scene.world.viewer().await;
    let seen = vera.get(&scene.connector).await;
    assert!(!seen.body.contains("Ask again") && !seen.body.contains("grace@"), "{}", seen.text());

    // A permission that includes another one.
    let greater =
        format!("UPDATE grants SET scopes = '{} Contacts.ReadWrite'", scopes.replace(" Contacts.Read", ""));
    scene.world.raw.run(&greater).await.expect("changed");
    let account = scene.ada.get(&page).await;
    assert!(!account.body.contains("not granted"), "{}", account.text());
    let connector = scene.ada.get(&scene.connector.clone()).await;
    assert!(!connector.body.contains("has not granted"), "{}", connector.text());
    connector.assert_says("1 account: Connected");
}

#[rstest]
#[tokio::test]
async fn test_access_reads_two_facts_and_stores_neither(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    let page = page_of(scene.connect("grace").await);
    let answer = scene.ada.post(&format!("{page}/test"), &[]).await;
    answer.assert_status(200).assert_says("The access works");
    answer.assert_says("Newest message: 28 Nov 2026, 09:30 UTC").assert_says("Contacts: 12.");
    assert!(!scene.ada.get(&page).await.body.contains("Newest message"), "it is shown once");
    let recorded = "SELECT COUNT(*) FROM activity WHERE action = 'account.tested'";
    assert_eq!(scene.world.raw.one::<i64>(recorded).await, 1);
    scene.ada.get(&page).await.assert_says("tested the access to");

    scene.ada.post(&format!("{page}/pause"), &[]).await.assert_status(303);
    let answer = scene.ada.post(&format!("{page}/test"), &[]).await;
    answer.assert_says("The access does not work now").assert_says("The account is paused. Resume it first.");
    set_state(&scene.world, AccountState::NeedsSignIn, Some(StateReason::GrantRefused)).await;
    scene.ada.post(&format!("{page}/resume"), &[]).await.assert_status(303);
    let answer = scene.ada.post(&format!("{page}/test"), &[]).await;
    answer.assert_says("The state of the account is “Needs sign-in”.");
}

#[rstest]
#[tokio::test]
async fn an_administrator_pauses_resumes_and_tries_again(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    let page = page_of(scene.connect("grace").await);
    scene.ada.post(&format!("{page}/pause"), &[]).await.assert_status(303);
    let account = scene.ada.get(&page).await;
    account.assert_says("The account is paused").assert_says("Paused by Ada Example (ada@contoso.test)");
    account.assert_says("paused the account");
    assert!(!account.body.contains(&format!("{page}/test")), "a paused account is not tested");
    scene.ada.get("/accounts").await.assert_says("Paused");
    scene.ada.post(&format!("{page}/resume"), &[]).await.assert_status(303);
    scene.ada.get(&page).await.assert_says("The account is no longer paused");

    set_state(&scene.world, AccountState::NeedsSignIn, Some(StateReason::GrantRefused)).await;
    scene.world.provider.answer_refresh(Canned::Json(200, refreshed("again")));
    let answer = scene.ada.post(&format!("{page}/try-again"), &[]).await;
    assert_eq!(answer.assert_status(303).location(), page);
    scene.ada.get(&page).await.assert_says("The account is connected").assert_says("tried the account");

    set_state(&scene.world, AccountState::NeedsSignIn, Some(StateReason::GrantRefused)).await;
    let refused = serde_json::json!({ "error": "invalid_grant", "error_description": "AADSTS50173: no" });
    scene.world.provider.answer_refresh(Canned::Json(400, refused));
    scene.ada.post(&format!("{page}/try-again"), &[]).await.assert_status(303);
    scene.ada.get(&page).await.assert_says("It did not work");
}

#[rstest]
#[tokio::test]
async fn disconnecting_and_deleting_ask_for_the_password_and_say_what_remains(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let page = page_of(scene.connect("grace").await);
    scene.world.clock.advance(Duration::minutes(11));
    for what in ["disconnect", "delete"] {
        let asked = scene.ada.post(&format!("{page}/{what}"), &[]).await;
        assert!(asked.body.contains("name=\"confirm_password\""), "{what}: {}", asked.text());
        assert_eq!(scene.world.raw.count("grants").await, 1, "{what}");
    }
    let mut ada = scene.world.log_in("ada@contoso.test").await;
    ada.post(&format!("{page}/disconnect"), &[]).await.assert_status(303);
    let account = ada.get(&page).await;
    account.assert_says("The account is disconnected").assert_says("My Apps");
    account.assert_says("This cannot be undone.");
    assert_eq!(
        account.body.matches("Open My Apps").count(),
        2,
        "the notice and the question of the deletion"
    );
    account.assert_says("Nothing, until the owner of the mailbox signs in.");
    assert!(!account.body.contains("client secret is"), "{}", account.text());
    assert_eq!(scene.world.raw.count("grants").await, 0);

    let answer = ada.post(&format!("{page}/delete"), &[]).await;
    assert_eq!(answer.assert_status(303).location(), "/accounts");
    ada.get("/accounts").await.assert_says("The account was deleted").assert_says("grace@contoso.test");
    ada.get(&page).await.assert_status(404);
    // A double click.
    let again = ada.post(&format!("{page}/delete"), &[]).await;
    assert_eq!(again.assert_status(303).location(), "/accounts");
    for action in ["account.disconnected", "account.deleted"] {
        let recorded = format!("SELECT COUNT(*) FROM activity WHERE action = '{action}'");
        assert_eq!(scene.world.raw.one::<i64>(&recorded).await, 1, "{action}");
    }
}

#[rstest]
#[tokio::test]
async fn i4_a_viewer_sees_emails_and_states_and_nothing_else(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let page = page_of(scene.connect("grace").await);
    set_state(&scene.world, AccountState::NeedsSignIn, Some(StateReason::GrantRefused)).await;
    let mut vera = scene.world.viewer().await;
    let list = vera.get("/accounts").await;
    list.assert_status(200).assert_says("grace@contoso.test").assert_says("Needs sign-in");
    for hidden in ["Add account", "Make a link", "/accounts/", "Show it"] {
        assert!(!list.body.contains(hidden), "a viewer sees {hidden}");
    }
    for path in [page.clone(), format!("{page}/link"), "/accounts/new".to_owned()] {
        let refused = vera.get(&path).await;
        assert!(!refused.assert_status(403).body.contains("grace@contoso.test"), "{path}");
    }
    for what in ["test", "pause", "resume", "try-again", "disconnect", "delete", "link"] {
        vera.post(&format!("{page}/{what}"), &[]).await.assert_status(403);
    }
    let connector = vera.get(&scene.connector).await;
    connector.assert_status(200).assert_says("Needs sign-in");
    assert!(!connector.body.contains("Links:"), "{}", connector.text());
    assert_eq!(scene.world.raw.count("connect_links").await, 0);
}

#[rstest]
#[tokio::test]
async fn i4_an_account_of_another_organisation_does_not_exist(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    let page = page_of(account);
    let mut eve = scene.world.stranger().await;
    eve.get("/accounts").await.assert_status(200).assert_says("No accounts yet");
    let id = scene.connector.rsplit('/').next().expect("an id");
    for list in [format!("/accounts?connector={id}"), "/accounts?search=grace".to_owned()] {
        assert!(!eve.get(&list).await.assert_status(200).body.contains("grace@contoso.test"), "{list}");
    }
    for path in [page.clone(), format!("{page}/link"), format!("{}/links", scene.connector)] {
        eve.get(&path).await.assert_status(404);
    }
    for what in ["test", "pause", "resume", "try-again", "disconnect", "delete"] {
        eve.post(&format!("{page}/{what}"), &[]).await.assert_status(404);
    }
    eve.post(&format!("{page}/link"), &[("connector", id)]).await.assert_status(404);
    // A link for the connector of another organisation: the form knows no such connector.
    let made = eve.post("/accounts/new", &[("connector", id)]).await;
    assert!(!made.assert_status(422).body.contains("Mail archive"));
    assert_eq!(scene.world.raw.count("connect_links").await, 0);
    assert_eq!(scene.state(account).await, (AccountState::Connected, None));
}

#[rstest]
#[tokio::test]
async fn the_list_is_searched_filtered_and_read_page_by_page(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let ids = scene.connect_many(30).await;
    let second =
        scene.world.add_connector(&mut scene.ada, &NewConnector { name: "CRM", ..Default::default() }).await;
    add_account(&scene.world, &second, "zoe@contoso.test").await;
    let first = scene.ada.get("/accounts").await;
    let shown = emails(&first);
    assert_eq!((shown.len(), shown.first().map(String::as_str)), (25, Some("m0@contoso.test")));
    first.assert_says("1 to 25").assert_says("All 31").assert_says("Connected 31");
    let next = link_to(&first, "Next page");
    let last = scene.ada.get(&next).await;
    assert_eq!(emails(&last).len(), 6);
    last.assert_says("26 to 31").assert_says("zoe@contoso.test");
    assert_eq!(link_to(&last, "First page"), "/accounts");
    assert!(emails(&last).iter().all(|email| !shown.contains(email)));

    let found = scene.ada.get("/accounts?search=m1").await;
    found.assert_says("11 accounts match “m1”.");
    assert_eq!(emails(&found).len(), 11);
    scene.ada.get("/accounts?search=nothing").await.assert_says("No account matches “nothing”.");
    let of_second = second.rsplit('/').next().expect("an id");
    let filtered = scene.ada.get(&format!("/accounts?connector={of_second}")).await;
    assert_eq!(emails(&filtered), ["zoe@contoso.test"]);
    filtered.assert_says("CRM");
    let both = scene.ada.get(&format!("/accounts?connector={of_second}&search=m1")).await;
    both.assert_says("No account matches “m1”.");

    let one = scene.world.raw.id(ids.first().expect("an account"));
    let needs = format!("UPDATE accounts SET state = 'needs_sign_in' WHERE id = {one}");
    scene.world.raw.run(&needs).await.expect("changed");
    let all = scene.ada.get("/accounts").await;
    all.assert_says("1 account needs a sign-in.").assert_says("Show it").assert_says("Needs sign-in 1");
    let filtered = scene.ada.get("/accounts?state=needs_sign_in").await;
    assert_eq!(emails(&filtered), ["m0@contoso.test"]);
    assert!(!filtered.body.contains("Show it"));
    scene.ada.get("/accounts?state=retrying").await.assert_says("No account matches the chosen filters.");
    scene.ada.get("/accounts?state=gone&after=x&from=y").await.assert_says("1 to 25");
}

/// The address of a link of the page, as it is written there.
#[track_caller]
fn link_to(page: &Answer, words: &str) -> String {
    let (before, _) = page.body.split_once(&format!(">{words}</a>")).expect("the link");
    let (_, tag) = before.rsplit_once("href=\"").expect("its address");
    tag.split_once('"').expect("its end").0.replace("&amp;", "&")
}
