//! How long calls wait: beside downloads of the same mailbox, for a slow provider, and for a token.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use axum::body::Body;
use http::{Response, StatusCode};
use mail360::{
    accounts::service::{
        AccountId,
        grants::{DEMAND_SLOTS, Grants, NoToken, StopPoint},
    },
    activity::service::Activity,
    mail::{
        access::{AccessProblem, AccountAccess, TOKEN_WAIT},
        first_uses::FirstUses,
        service::{CALL_TIME, Mail, MailDependencies, MailFailure},
    },
    people::access::Caller,
    platform::cpu::CpuPool,
    providers::mailbox::{MailError, MailHttp, MailProblem, MailRequest, MailResponse},
};
use rstest::rstest;
use tokio::sync::Notify;
use tower::ServiceExt;

use crate::{
    api_reading::{Reading, mailbox},
    support::{
        Canned, Kind, MailAnswer,
        api_clients::everything,
        jobs::until,
        refreshing::{Scene, StopAt},
        rotate,
    },
};

const ADA: &str = "ada@contoso.test";

/// A provider that never answers.
#[derive(Default)]
struct Silent(AtomicUsize);

#[async_trait]
impl MailHttp for Silent {
    async fn send(&self, _: MailRequest) -> Result<MailResponse, MailError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        std::future::pending().await
    }
}

/// The mailboxes of a process whose time a test moves.
pub fn mail_of(scene: &Scene, http: Arc<dyn MailHttp>) -> Mail {
    let program = &scene.world.program;
    Mail::new(MailDependencies {
        database: program.database.clone(),
        is_shared: false,
        vault: program.vault.clone(),
        accounts: scene.process.accounts(),
        grants: scene.process.grants.clone(),
        clock: program.clock.clone(),
        randomness: program.randomness.clone(),
        monotonic: scene.process.monotonic.clone(),
        cpu: CpuPool::new(),
        http,
    })
}

#[tokio::test]
async fn a_list_answers_within_a_second_beside_four_slow_downloads() {
    let reading = Reading::new(Kind::Sqlite).await;
    let world = &reading.scene.world;
    world.mail.answer(|seen| {
        if seen.path().ends_with("/$value") {
            // More than waits for a reader, so a download that is not read keeps its place.
            MailAnswer::Bytes("message/rfc822", vec![vec![b'x'; 16 * 1024]; 50])
        } else {
            mailbox(seen)
        }
    });
    let key = world.add_api_client(ADA, &everything("Reader")).await.key;
    for (name, list) in [
        ("one", "messages"),
        ("two", "folders"),
        ("three", "messages?folderId=id-of-inbox&includesent=true"),
        ("four", "threads/thread-1"),
    ] {
        let account = reading.scene.connect(name).await;
        let downloads: Vec<_> = (0..4)
            .map(|_| {
                let path = format!("/api/accounts/{account}/messages/AAMk/raw");
                let request =
                    world.browser().request("GET", &path).header("authorization", format!("Bearer {key}"));
                let request = request.body(Body::empty()).expect("a request");
                tokio::spawn(world.router.clone().oneshot(request))
            })
            .collect();
        // The answers are not read: two are under way, and two wait.
        until(|| downloads.iter().filter(|download| download.is_finished()).count() == 2).await;
        world.mail.take_requests();
        let began = Instant::now();
        let answer = reading.application.get(&format!("/api/accounts/{account}/{list}")).await;
        let took = began.elapsed();
        answer.assert_status(200);
        assert!(took < Duration::from_secs(1), "{list}: {took:?}");
        let asked = world.mail.take_requests();
        assert!(asked.iter().all(|seen| seen.path() != "/$batch"), "{list}");
        for download in downloads.into_iter().filter(tokio::task::JoinHandle::is_finished) {
            let answer: Response<Body> = download.await.expect("a task").expect("an answer");
            assert_eq!(answer.status(), StatusCode::OK);
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_reader_is_told_that_the_provider_is_slow(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    let http = Arc::new(Silent::default());
    let mail = mail_of(&scene, http.clone());
    let caller = Caller::job(scene.organisation, "test");
    let waiting = tokio::spawn(async move { mail.get_message(&caller, account, "AAMk").await });
    until(|| http.0.load(Ordering::SeqCst) == 1).await;
    scene.process.monotonic.advance(CALL_TIME.as_secs_f64() - 0.5);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    scene.process.monotonic.advance(1.0);
    let answer = tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("in time");
    let slow = answer.expect("a task").expect_err("no answer");
    assert!(matches!(&slow, MailFailure::Mail(MailError { problem: MailProblem::Slow, .. })), "{slow:?}");
}

/// What keeps a token from being lent.
#[derive(Clone, Copy, Debug)]
enum Held {
    /// The provider does not answer the refresh.
    AtProvider,
    /// Other accounts use the places for refreshes.
    Places,
    /// Another process refreshes the account.
    OtherProcess,
}

#[rstest]
#[tokio::test]
async fn the_call_for_a_token_waits_for_three_seconds(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Held::AtProvider, Held::Places, Held::OtherProcess)] held: Held,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    let others = scene.connect_many(DEMAND_SLOTS).await;
    scene.expire();
    let gate = Arc::new(Notify::new());
    let closed = gate.clone();
    scene.world.provider.answer_refreshes(move |seen| Canned::After(closed.clone(), Box::new(rotate(seen))));
    let organisation = scene.organisation;
    let ask = |grants: &Grants, account: AccountId| {
        let grants = grants.clone();
        tokio::spawn(async move { grants.valid_access_token(organisation, account).await })
    };
    let stops = StopAt::new(StopPoint::Answered);
    let other = scene.stopped_at(&stops).await;
    let mut callers = Vec::new();
    match held {
        Held::AtProvider => {}
        Held::Places => {
            callers.extend(others.into_iter().map(|account| ask(&scene.process.grants, account)));
            until(|| !scene.world.provider.refreshes().is_empty()).await;
        }
        Held::OtherProcess => {
            scene.world.provider.answer_refreshes(rotate);
            callers.push(ask(&other.grants, account));
            stops.wait_for(1).await;
        }
    }
    let program = &scene.world.program;
    let activity = Activity::new(program.clock.clone(), program.randomness.clone());
    let first_uses = FirstUses::new(program.database.clone(), activity, program.clock.clone());
    let mail = mail_of(&scene, Arc::new(Silent::default()));
    let access = AccountAccess::new(mail, first_uses, scene.process.monotonic.clone());
    let caller = Caller::job(organisation, "test");
    let waiting = tokio::spawn(async move { access.token(&caller, account).await });
    // It has begun to wait after some time.
    tokio::time::sleep(Duration::from_millis(200)).await;
    scene.process.monotonic.advance(TOKEN_WAIT.as_secs_f64() - 0.1);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished(), "{held:?}");
    scene.process.monotonic.advance(0.2);
    let answer = tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("in time");
    let busy = answer.expect("a task").expect_err("no token");
    assert!(
        matches!(&busy, AccessProblem::Mail(MailFailure::NoToken(NoToken::Busy { retry_after: 1.. }))),
        "{held:?}: {busy:?}"
    );
    let recorded = "SELECT COUNT(*) FROM activity WHERE action = 'account.token_read'";
    assert_eq!(scene.world.raw.one::<i64>(recorded).await, 0);
    drop((callers, gate));
}
