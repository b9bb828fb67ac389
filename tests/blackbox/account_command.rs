//! `mail360 account`, and what `mail360 check` says about accounts and about connectors that fail.

use mail360::{accounts::model::AccountState, platform::failure::Failure};
use rstest::rstest;

use crate::{
    account_pages::add_account,
    support::{Kind, NewConnector, World, refreshing::Scene},
};

/// The output of `mail360 account` with these words, as an error if the command failed.
fn account(world: &World, words: &[&str]) -> Result<String, String> {
    let output = world.mail360("account").args(words).output().expect("an end");
    let [stdout, stderr] = [output.stdout, output.stderr].map(|said| String::from_utf8(said).expect("text"));
    if output.status.success() { Ok(stdout) } else { Err(stdout + &stderr) }
}

/// The emails of a list, in its order.
fn emails(list: &str) -> Vec<&str> {
    list.lines().map(|line| line.split('\t').nth(1).expect("an email")).collect()
}

async fn change(world: &World, email: &str, set: &str) {
    let update = format!("UPDATE accounts SET {set} WHERE email_key = '{email}'");
    assert_eq!(world.raw.run(&update).await, Ok(1), "{email}");
}

/// The actions about accounts, with the number of those that no user has done.
async fn recorded(world: &World) -> (Vec<String>, i64) {
    let actions = "SELECT action FROM activity WHERE action LIKE 'account.%' ORDER BY at, id";
    let by_operator = "activity WHERE action LIKE 'account.%' AND user_id IS NULL";
    (world.raw.column(actions).await, world.raw.count(by_operator).await)
}

#[rstest]
#[tokio::test]
async fn an_operator_pauses_resumes_and_deletes_an_account_and_the_activity_names_the_operator(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let grace = scene.connect("grace").await;
    scene.connect("grace.m").await;
    let (world, key) = (&scene.world, grace.to_string());
    let paused = account(world, &["pause", "--account", "Grace@Contoso.test"]).expect("paused");
    assert_eq!(paused, "grace@contoso.test is paused. Calls of your software are refused.\n");
    assert!(scene.account(grace).await.paused.is_some_and(|paused| paused.by.is_none()));
    let again = account(world, &["pause", "--account", &key]).expect("an answer");
    assert_eq!(again, "Nothing to change: grace@contoso.test is paused already.\n");
    let resumed = account(world, &["resume", "--account", &key]).expect("resumed");
    assert_eq!(resumed, "grace@contoso.test is resumed.\n");
    assert!(scene.account(grace).await.paused.is_none());
    let again = account(world, &["resume", "--account", &key]).expect("an answer");
    assert_eq!(again, "Nothing to change: grace@contoso.test is not paused.\n");
    let deleted = account(world, &["delete", "--account", "grace@contoso.test"]).expect("deleted");
    assert!(deleted.starts_with("The account is deleted.\n"), "{deleted}");
    let caller = world.admin().await.caller();
    assert!(matches!(world.program.accounts.get(&caller, grace).await, Err(Failure::NotFound)));
    assert_eq!(world.raw.count("accounts").await, 1, "the other account is there");
    let actions = ["account.paused", "account.resumed", "account.deleted"].map(str::to_owned);
    assert_eq!(recorded(world).await, (actions.into(), 3));
    let page = scene.ada.get("/settings/activity").await;
    page.assert_says("The operator").assert_says("grace@contoso.test");

    for unknown in ["grace@contoso.test", &key, "grace", "@"] {
        for command in ["show", "pause", "resume", "delete"] {
            let refused = account(&scene.world, &[command, "--account", unknown]).expect_err("no account");
            let words = format!("Contoso has no account “{unknown}”. `mail360 account list` shows all");
            assert!(refused.contains(&words), "{command} {unknown}: {refused}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn an_account_is_shown_with_its_state_its_reason_and_its_permissions_and_without_a_secret(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let grace = scene.connect("grace").await;
    let shown = account(&scene.world, &["show", "--account", &grace.to_string()]).expect("shown");
    for words in [
        &*grace.to_string(),
        "grace@contoso.test",
        "Mail archive (Outlook)",
        "Connected, since 23 Nov 2026",
        "Mail.Read (Read your mail)",
        "Next refresh:",
        "Microsoft would end the access on",
    ] {
        assert!(shown.contains(words), "{words:?} is not in: {shown}");
    }
    assert!(!shown.contains("Not granted") && !shown.contains("canary"), "{shown}");

    let said =
        r#"{"error":"invalid_grant","trace_id":null,"correlation_id":null,"codes":[50173],"evidence":null}"#;
    let set = format!(
        "state = 'needs_sign_in', reason = '\"grant_refused\"', provider_words = '{said}', paused_at = 1, \
         reference = 'customer-7'"
    );
    change(&scene.world, "grace@contoso.test", &set).await;
    scene.world.raw.run("UPDATE grants SET scopes = 'Mail.Read'").await.expect("changed");
    let shown = account(&scene.world, &["show", "--account", "grace@contoso.test"]).expect("shown");
    for words in [
        "Needs sign-in, since",
        "The access was withdrawn.",
        "AADSTS50173",
        "The owner of the mailbox has to sign in once more.",
        "Paused:           since 1 Jan 1970, 00:00 UTC, by the operator",
        "customer-7",
        "Not granted:      Contacts.Read (Read your contacts)",
    ] {
        assert!(shown.contains(words), "{words:?} is not in: {shown}");
    }
    // The email is chosen at the provider: a terminal gets no control character of it.
    change(&scene.world, "grace@contoso.test", "email = 'grace\u{1b}[2J@contoso.test'").await;
    let shown = account(&scene.world, &["show", "--account", &grace.to_string()]).expect("shown");
    assert!(shown.contains("grace[2J@contoso.test") && !shown.contains('\u{1b}'), "{shown:?}");
}

#[rstest]
#[tokio::test]
async fn a_list_has_each_account_once_and_its_filters_leave_out_the_others(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let first = world.add_connector(&mut ada, &NewConnector::default()).await;
    let second = NewConnector { name: "Second", ..NewConnector::default() };
    let second = world.add_connector(&mut ada, &second).await;
    assert_eq!(account(&world, &["list"]), Ok(String::new()));
    // More than the command reads at once.
    world.raw.run("BEGIN").await.expect("begun");
    for number in 0..1_100 {
        add_account(&world, &first, &format!("m{number:04}@contoso.test")).await;
    }
    world.raw.run("COMMIT").await.expect("committed");
    let zoe = add_account(&world, &second, "zoe@contoso.test").await;
    change(&world, "m0007@contoso.test", "state = 'needs_sign_in'").await;
    change(&world, "zoe@contoso.test", "paused_at = 1").await;
    let list = account(&world, &["list"]).expect("a list");
    let mut expected: Vec<_> = (0..1_100).map(|number| format!("m{number:04}@contoso.test")).collect();
    expected.push("zoe@contoso.test".to_owned());
    assert_eq!(emails(&list), expected);
    assert_eq!(
        list.lines().last(),
        Some(format!("{zoe}\tzoe@contoso.test\tconnected\tpaused\tSecond").as_str())
    );
    let id = second.rsplit('/').next().expect("an id");
    for (words, expected) in [
        (&["--state", "needs_sign_in"][..], &["m0007@contoso.test"][..]),
        (&["--state", "paused"], &["zoe@contoso.test"]),
        (&["--state", "retrying"], &[]),
        (&["--connector", "second"], &["zoe@contoso.test"]),
        (&["--connector", id], &["zoe@contoso.test"]),
        (&["--connector", "Mail archive", "--state", "paused"], &[]),
        (&["--search", "M0007@"], &["m0007@contoso.test"]),
        (&["--search", "zoe@", "--connector", "Mail archive"], &[]),
        (&["--organisation", "contoso", "--search", "zoe@"], &["zoe@contoso.test"]),
    ] {
        let list = account(&world, &[&["list"][..], words].concat()).expect("a list");
        assert_eq!(emails(&list), expected, "{words:?}");
    }
    for (words, refusal) in [
        (["--connector", "Third"], "Contoso has no connector “Third”."),
        (["--state", "gone"], "needs_sign_in"),
        (["--organisation", "Fabrikam"], "There is no such organisation."),
    ] {
        let refused = account(&world, &[&["list"][..], &words].concat()).expect_err("refused");
        assert!(refused.contains(refusal), "{words:?}: {refused}");
    }
}

#[rstest]
#[tokio::test]
async fn o2_an_account_of_another_organisation_is_not_found_and_one_email_may_belong_to_several(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let grace = add_account(&world, &connector, "grace@contoso.test").await;
    world.stranger().await;
    let several = account(&world, &["list"]).expect_err("which organisation");
    assert!(several.contains("Choose one with --organisation"), "{several}");
    let of_others = ["--organisation", "fabrikam", "--account", &grace];
    let refused = account(&world, &[&["delete"][..], &of_others].concat()).expect_err("not found");
    assert!(refused.contains("Fabrikam has no account"), "{refused}");
    assert_eq!(world.raw.count("accounts").await, 1);

    // The provider can give an email to another person.
    let other = add_account(&world, &connector, "zoe@contoso.test").await;
    change(&world, "zoe@contoso.test", "email = 'grace@contoso.test', email_key = 'grace@contoso.test'")
        .await;
    let by_email = ["show", "--organisation", "contoso", "--account", "grace@contoso.test"];
    let refused = account(&world, &by_email).expect_err("which one");
    assert!(refused.contains(&grace) && refused.contains(&other), "{refused}");
    let by_key = ["show", "--organisation", "contoso", "--account", &other];
    assert!(account(&world, &by_key).expect("shown").contains("grace@contoso.test"));
}

#[rstest]
#[tokio::test]
async fn check_counts_accounts_by_state_and_names_what_needs_a_person_without_an_error(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    world.clear_expiry_of_secrets().await;
    let none = world.run("check").expect("sound");
    assert!(!none.contains("Accounts of") && !none.contains("Warning"), "{none}");
    for email in ["a@contoso.test", "b@contoso.test", "c@contoso.test", "d@contoso.test"] {
        add_account(&world, &connector, email).await;
    }
    let sound = world.run("check").expect("sound");
    assert!(sound.contains("Accounts of Contoso: Connected: 4.\n"), "{sound}");
    assert!(!sound.contains("Warning"), "{sound}");

    for (email, state) in [
        ("a@contoso.test", AccountState::NeedsSignIn),
        ("b@contoso.test", AccountState::NeedsSignIn),
        ("c@contoso.test", AccountState::NeedsAttention),
    ] {
        change(&world, email, &format!("state = '{}'", state.name())).await;
    }
    change(&world, "d@contoso.test", "paused_at = 1").await;
    let failing = "UPDATE connectors SET state = 'failing', failure = 'credentials_rejected'";
    assert_eq!(world.raw.run(failing).await, Ok(1));
    let checked = world.run("check").expect("no error");
    let counts = "Accounts of Contoso: Connected: 1, Needs attention: 1, Needs sign-in: 2, Paused: 1.";
    for words in [
        counts,
        "Warning: 2 accounts of Contoso need a sign-in.",
        "`mail360 account list --organisation contoso --state needs_sign_in` lists them.",
        "Warning: 1 account of Contoso needs attention.",
        "Warning: the connector Mail archive (Contoso) is failing: Microsoft does not accept the Client ID and secret.",
    ] {
        assert!(checked.contains(words), "{words:?} is not in: {checked}");
    }
}
