//! Random walks: people, administrators, the provider and the clock do anything in any order. No account makes a
//! transition that the design does not name, and none is ever left without a next refresh or a gate that brings one.

use mail360::{
    accounts::{model::AccountState, service::AccountId},
    platform::failure::Failure,
    providers::http::HttpFailure,
};
use rstest::rstest;
use serde_json::json;
use time::Duration;

use crate::support::{
    Canned,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    refreshing::{DIRECTORY, Scene, refused},
    rotate,
};

const ELSEWHERE: &str = "5a1e0000-7e57-4000-8000-00000000beef";
const STEPS: usize = 60;
const ACCOUNTS: usize = 6;

/// Repeatable random numbers (the constants of Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Everything is due, and the provider gives this answer.
    Refresh(usize),
    /// Only what is due by itself is refreshed.
    Look(usize),
    Wait(i64),
    SignIn(usize),
    TryAgain(usize, usize),
    Disconnect(usize),
    Pause(usize),
    Resume(usize),
    NewSecret,
    OtherApplication,
}

const ANSWERS: usize = 9;

/// An answer to every refresh. Half of them succeed, so that the walk does not end in the first gate.
fn answer(scene: &Scene, number: usize) {
    let canned = match number {
        0 => refused("invalid_grant"),
        1 => refused("invalid_client"),
        2 => refused("unauthorized_client"),
        3 => refused("invalid_scope"),
        4 => Canned::Headed(429, ("retry-after", "120"), json!({})),
        5 => Canned::Json(500, json!({})),
        6 => Canned::Text(200, "<html>".to_owned()),
        7 => Canned::Failure(HttpFailure::TimedOut),
        _ => return scene.world.provider.answer_refreshes(rotate),
    };
    scene.world.provider.answer_refreshes(move |_| canned.clone());
}

fn step(dice: &mut Dice) -> Step {
    let any_answer = |dice: &mut Dice| if dice.roll(2) == 0 { ANSWERS - 1 } else { dice.roll(ANSWERS) };
    match dice.roll(16) {
        0..=3 => Step::Refresh(any_answer(dice)),
        4..=6 => Step::Look(any_answer(dice)),
        7..=9 => Step::Wait(i64::try_from(dice.roll(90)).expect("minutes")),
        10 => Step::SignIn(dice.roll(ACCOUNTS)),
        11 => Step::TryAgain(dice.roll(ACCOUNTS), any_answer(dice)),
        12 => Step::Disconnect(dice.roll(ACCOUNTS)),
        13 if dice.roll(2) == 0 => Step::Pause(dice.roll(ACCOUNTS)),
        13 => Step::Resume(dice.roll(ACCOUNTS)),
        14 => Step::NewSecret,
        _ if dice.roll(4) == 0 => Step::OtherApplication,
        _ => Step::SignIn(dice.roll(ACCOUNTS)),
    }
}

/// Connects the mailbox with this number. Every second one is in another directory.
async fn sign_in(scene: &Scene, number: usize) -> AccountId {
    let directory = if number.is_multiple_of(2) { DIRECTORY } else { ELSEWHERE };
    let name = format!("m{number}");
    scene.connect_in(scene.connector_id(), &name, directory, &name).await
}

/// Whether the design names this transition of the account with this number.
fn is_named(from: AccountState, to: AccountState, number: usize, step: Step) -> bool {
    use AccountState::{
        Connected, Disconnected, NeedsAttention, NeedsSignIn, Retrying, WaitingForCompany,
        WaitingForConnector,
    };
    let signs_in = step == Step::SignIn(number);
    let tries_again = matches!(step, Step::TryAgain(tried, _) if tried == number);
    match (from, to) {
        (_, Disconnected) => step == Step::Disconnect(number),
        (Disconnected, Connected) => signs_in,
        (NeedsSignIn, Connected) => signs_in || tries_again,
        (_, Connected)
        | (
            Connected | Retrying,
            Retrying | WaitingForConnector | WaitingForCompany | NeedsAttention | NeedsSignIn,
        )
        | (WaitingForConnector | WaitingForCompany | NeedsAttention, NeedsSignIn) => true,
        _ => false,
    }
}

async fn take(scene: &mut Scene, accounts: &[AccountId], step: Step) {
    let admin = scene.world.admin().await;
    let service = scene.process.accounts();
    let (organisation, connector) = (scene.organisation, scene.connector_id());
    let grants = scene.process.grants.clone();
    let program = scene.world.program.clone();
    match step {
        Step::Refresh(number) => {
            answer(scene, number);
            scene.make_due().await;
            scene.process.refresh_due().await;
        }
        Step::Look(number) => {
            answer(scene, number);
            scene.process.refresh_due().await;
        }
        Step::Wait(minutes) => scene.world.clock.advance(Duration::minutes(minutes)),
        Step::SignIn(number) => {
            assert_eq!(sign_in(scene, number).await, accounts[number], "the key stays");
        }
        Step::TryAgain(number, by) => {
            answer(scene, by);
            // A gate or a throttle may be closed.
            let _ = grants.try_again(&admin, accounts[number]).await;
            grants.wait_for_refreshes().await;
        }
        Step::Disconnect(number) => {
            service.disconnect(&admin, accounts[number]).await.expect("done");
        }
        Step::Pause(number) => {
            service.pause(&admin, accounts[number]).await.expect("done");
        }
        Step::Resume(number) => {
            service.resume(&admin, accounts[number]).await.expect("done");
        }
        Step::OtherApplication => scene.change_application().await,
        Step::NewSecret => {
            let changed = program.database.write::<_, Failure, _>(async |tx| {
                program.connectors.lock(&tx, organisation, connector).await?;
                grants.resume_connector_within(&tx, organisation, connector).await
            });
            changed.await.expect("changed");
        }
    }
}

/// What must hold after every step.
async fn assert_sound(scene: &Scene, context: &str) {
    let joined = "SELECT COUNT(*) FROM accounts a LEFT JOIN grants g ON g.account_id = a.id WHERE";
    for (what, condition) in [
        ("a disconnected account has a grant", "a.state = 'disconnected' AND g.account_id IS NOT NULL"),
        ("an account has no grant", "a.state <> 'disconnected' AND g.account_id IS NULL"),
        ("a lease is left", "g.lease_owner IS NOT NULL"),
        (
            "a grant that has ended is scheduled or keeps an access token",
            "a.state = 'needs_sign_in' AND (g.next_refresh_at IS NOT NULL OR g.access_token IS NOT NULL)",
        ),
        (
            "an account is never refreshed again",
            "a.state IN ('connected', 'retrying', 'needs_attention') AND g.next_refresh_at IS NULL",
        ),
        (
            "an account waits for nothing",
            "a.state IN ('waiting_for_connector', 'waiting_for_company') AND g.next_refresh_at IS NULL \
             AND NOT EXISTS (SELECT 1 FROM refresh_gates r WHERE r.connector_id = a.connector_id \
             AND r.directory IN ('', g.directory) AND r.next_probe_at IS NOT NULL)",
        ),
        ("failures are left", "a.state = 'connected' AND a.failures > 2"),
    ] {
        let count: i64 = scene.world.raw.one(&format!("{joined} {condition}")).await;
        assert_eq!(count, 0, "{what} {context}");
    }
}

#[rstest]
#[tokio::test]
async fn whatever_happens_only_named_transitions_are_made_and_no_account_is_stuck(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[values(1, 2, 3, 4)] seed: u64,
) {
    let mut scene = Scene::new(site).await;
    let mut accounts = Vec::new();
    for number in 0..ACCOUNTS {
        accounts.push(sign_in(&scene, number).await);
    }
    let mut dice = Dice(seed);
    let mut walked = Vec::new();
    for _ in 0..STEPS {
        let mut before = Vec::new();
        for account in &accounts {
            before.push(scene.account(*account).await);
        }
        let step = step(&mut dice);
        walked.push(step);
        take(&mut scene, &accounts, step).await;
        let context = format!("after {walked:?}");
        for (number, old) in before.iter().enumerate() {
            let new = scene.account(accounts[number]).await;
            let is_sound = old.state == new.state || is_named(old.state, new.state, number, step);
            assert!(is_sound, "m{number}: {:?} to {:?} {context}", old.state, new.state);
            let may_change = matches!(step, Step::Pause(at) | Step::Resume(at) if at == number);
            assert!(may_change || old.paused == new.paused, "m{number} is paused otherwise {context}");
        }
        assert_sound(&scene, &context).await;
    }
    // With a provider that works again and a sign-in of those whose grants have ended, all are connected within a day.
    for (number, account) in accounts.iter().enumerate() {
        let state = scene.account(*account).await.state;
        if matches!(state, AccountState::NeedsSignIn | AccountState::Disconnected) {
            sign_in(&scene, number).await;
        }
    }
    scene.world.provider.answer_refreshes(rotate);
    for _ in 0..25 {
        scene.world.clock.advance(Duration::hours(1));
        scene.process.refresh_due().await;
    }
    assert_eq!(scene.count(AccountState::Connected).await, i64::try_from(ACCOUNTS).expect("a number"));
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
}
