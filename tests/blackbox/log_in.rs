//! Logging in: refusals, and the page after it.

use mail360::people::{
    model::{Email, Role},
    service::{ChangeOutcome, UserChange},
};
use rstest::rstest;
use time::Duration;

use crate::support::{Kind, Log, PASSWORD, World};

/// Records each run of argon2 with its memory and passes.
#[derive(Clone, Default)]
struct Runs(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

impl Runs {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("a list"))
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Runs {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Fields(String);
        impl tracing::field::Visit for Fields {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                use std::fmt::Write;
                write!(self.0, "{field}={value:?} ").expect("text");
            }
        }
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        if fields.0.contains("argon2 has run") {
            self.0.lock().expect("a list").push(fields.0);
        }
    }
}

#[rstest]
#[tokio::test]
async fn l5_a_refused_log_in_looks_and_costs_the_same_whatever_is_wrong(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    use tracing_subscriber::layer::SubscriberExt;

    let world = World::with_real_hashing(kind).await;
    world.set_up().await;
    world.user("Contoso", "bob@contoso.test", Role::Viewer).await;
    let bob = Email::parse("bob@contoso.test").expect("an e-mail");
    let disabled = world
        .program
        .people
        .change_user(
            world.organisation_id_of(bob.as_str()).await,
            &bob,
            UserChange::Enabled(false),
            async |_, _, _| Ok(()),
        )
        .await;
    assert!(matches!(disabled, Ok(ChangeOutcome::Changed)));

    let runs = Runs::default();
    let subscriber = tracing_subscriber::registry().with(runs.clone());
    let _heard = tracing::subscriber::set_default(subscriber);
    let mut answers = Vec::new();
    for (email, password) in [
        ("ada@contoso.test", "certainly not this one"),
        ("eve@contoso.test", PASSWORD),
        ("bob@contoso.test", PASSWORD),
        ("no address at all", PASSWORD),
    ] {
        let answer = world.browser().post("/login", &[("email", email), ("password", password)]).await;
        answer.assert_status(401);
        let heard = runs.take();
        let [one] = heard.as_slice() else { panic!("{email}: {heard:?}") };
        assert!(one.contains("memory=19456 passes=2 "), "{email}: {one}");
        let mut headers: Vec<_> = answer
            .headers
            .iter()
            // Parts that are new in each response.
            .filter(|(name, _)| !["content-security-policy", "x-request-id"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        headers.sort();
        answers.push((answer.without_nonces().replace(email, ""), headers));
    }
    for answer in &answers {
        assert_eq!(*answer, answers[0]);
    }
    // Also after an increase of the parameters, for an older hash, a newer hash and no hash.
    let stronger = world.another_process(&["--password-passes", "3"]).await;
    let wrong = "certainly not this one";
    for (email, password, all) in [
        ("ada@contoso.test", wrong, ["passes=2 ", "passes=3 "].as_slice()),
        ("bob@contoso.test", PASSWORD, &["passes=2 ", "passes=3 "]),
        ("eve@contoso.test", wrong, &["passes=2 ", "passes=3 "]),
        ("no address at all", wrong, &["passes=2 ", "passes=3 "]),
    ] {
        let fields = [("email", email), ("password", password)];
        stronger.browser().post("/login", &fields).await.assert_status(401);
        let mut heard = runs.take();
        heard.sort();
        assert_eq!(heard.len(), all.len(), "{email}: {heard:?}");
        assert!(heard.iter().zip(all).all(|(one, passes)| one.contains(passes)), "{email}: {heard:?}");
    }
}

#[rstest]
#[tokio::test]
async fn two_log_ins_at_once_after_the_parameters_rose_both_succeed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(false, true)] with_a_code: bool,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    if with_a_code {
        crate::support::authenticator::set_up(&world, &mut ada).await;
    }
    let stronger = world.another_process(&["--password-passes", "3"]).await;
    let fields = [("email", "ada@contoso.test"), ("password", PASSWORD)];
    let (mut one, mut other) = (stronger.browser(), stronger.browser());
    // Both verify the older hash before either replaces it.
    let (one, other) = tokio::join!(one.post("/login", &fields), other.post("/login", &fields));
    for answer in [one, other] {
        let wanted = if with_a_code { "/login/code" } else { "/connectors" };
        assert_eq!(answer.assert_status(303).location(), wanted);
    }
}

#[rstest]
#[tokio::test]
async fn l7_a_password_that_was_changed_while_it_was_verified_logs_no_user_in(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    use mail360::people::{model::Password, service::Authenticated};

    let world = World::new(kind).await;
    world.set_up().await;
    let people = &world.program.people;
    let asker = mail360::platform::cpu::Asker::OPERATOR;
    let organisation = world.admin().await.organisation();
    let email = Email::parse("ada@contoso.test").expect("an e-mail");
    let password = Password::try_out(PASSWORD.into()).expect("a password");
    let verified = people.authenticate(asker, Some(organisation), Some(&email), &password).await;
    let Ok(Authenticated::User { user, .. }) = verified else { panic!("not verified: {verified:?}") };
    let other = Password::try_out("another horse battery staple".into()).expect("a password");
    let changed =
        people.change_user(organisation, &email, UserChange::Password(other), async |_, _, _| Ok(())).await;
    assert!(matches!(changed, Ok(ChangeOutcome::Changed)));
    let noted = world.program.database.write(async |tx| people.note_login(&tx, &user, None).await).await;
    assert!(!noted.expect("an answer"));
}

#[rstest]
#[tokio::test]
async fn a_request_with_the_previous_cookie_does_not_remove_the_new_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let ada = world.set_up().await;
    world.clock.advance(Duration::minutes(10));
    let (mut first, mut second) = (ada.clone(), ada);
    let fields = [("confirm_password", PASSWORD), ("confirm_next", "/profile")];
    first.post("/re-authenticate", &fields).await.assert_status(303);
    // The second click of a double click has the previous cookie.
    let answer = second.post("/re-authenticate", &fields).await;
    assert!(answer.cookies().is_empty(), "{:?}", answer.cookies());
    first.get("/profile").await.assert_status(200);
    let left = first.post("/logout", &[]).await;
    assert!(
        left.cookies().iter().any(|cookie| cookie.starts_with("mail360_3000_session=;")),
        "{:?}",
        left.cookies()
    );
}

#[rstest]
#[tokio::test]
async fn a_logged_in_user_at_the_log_in_page_is_sent_on_to_the_wanted_page(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    assert_eq!(ada.get("/login?next=/profile").await.assert_status(303).location(), "/profile");
    let mut visitor = world.browser();
    let asked = visitor.get("/connectors?search=a%20b&sort=expiry").await;
    let next = "/login?next=%2Fconnectors%3Fsearch%3Da%2520b%26sort%3Dexpiry";
    assert_eq!(asked.assert_status(303).location(), next);
    let wanted = visitor.get(next).await.hidden("next");
    let fields = [("email", "ada@contoso.test"), ("password", PASSWORD), ("next", wanted.as_str())];
    let answer = visitor.post("/login", &fields).await;
    assert_eq!(answer.assert_status(303).location(), "/connectors?search=a%20b&sort=expiry");
}

#[rstest]
#[tokio::test]
async fn before_the_set_up_the_log_in_page_says_where_to_begin(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.browser().get("/login").await.assert_says("Open the set-up link");
    world.set_up().await;
    assert!(!world.browser().get("/login").await.text().contains("set-up link"));
}

#[tokio::test]
async fn a_refused_log_in_is_one_log_line_with_eight_digits_in_place_of_the_email() {
    let world = World::new(Kind::Sqlite).await;
    world.set_up().await;
    let log = Log::start();
    let typed = [("email", "mallory@contoso.test"), ("password", "certainly not this one")];
    for _ in 0..2 {
        world.browser().post("/login", &typed).await.assert_status(401);
    }
    let lines = log.lines("a log-in was refused");
    assert_eq!(lines.len(), 1, "{lines:?}");
    let event: serde_json::Value = serde_json::from_str(&lines[0]).expect("JSON");
    let hash = event["account_hash"].as_str().expect("a text");
    assert!(hash.len() == 8 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()), "{hash}");
    assert!(!lines[0].contains("mallory"), "{lines:?}");
}
