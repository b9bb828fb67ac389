//! Making connect links, listing and revoking them, and what ends them.

use mail360::{
    accounts::service::links::{LinkFilter, LinkProblem, LinkSource, LinkState, MAX_LIFE, MIN_LIFE, NewLink},
    people::{access::Caller, model::Role},
    platform::{
        clock::{Clock, SystemClock},
        failure::Failure,
        randomness::Token,
    },
};
use rstest::rstest;
use secrecy::ExposeSecret;
use time::Duration;

use crate::support::{Kind, Linked, World, path_of};

/// The problem of the link with this path; `None` if it can be used.
async fn problem(linked: &Linked, path: &str) -> Option<LinkProblem> {
    let token = Token::from_link(path.rsplit('/').next().expect("a token")).expect("a token");
    linked.world.program.links.open(&token).await.expect("an answer").err().map(|closed| closed.problem)
}

/// Number of entries in the activity with this action.
async fn recorded(world: &World, action: &str) -> i64 {
    world.raw.one(&format!("SELECT COUNT(*) FROM activity WHERE action = '{action}'")).await
}

#[rstest]
#[tokio::test]
async fn a_link_of_the_console_lives_seven_days_and_one_of_an_application_30_minutes(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let console = linked.try_make(linked.plain()).await.expect("a link");
    let organisation = linked.world.admin().await.organisation();
    // There are no credentials of the API yet, so a job is the caller here.
    let application = Caller::job(organisation, "test");
    let new = NewLink { source: LinkSource::Api, ..linked.plain() };
    let errors = linked.world.program.links.make(&application, new.clone()).await.expect("an answer");
    assert_eq!(errors.expect_err("no email").first().map(|(field, _)| *field), Some("expected_email"));
    let new = NewLink { expected_email: Some("grace@contoso.test".to_owned()), ..new };
    let of_api =
        linked.world.program.links.make(&application, new).await.expect("an answer").expect("a link");

    linked.world.clock.advance(Duration::minutes(30));
    assert_eq!(problem(&linked, &path_of(&of_api)).await, Some(LinkProblem::Expired));
    linked.world.clock.advance(Duration::days(7) - Duration::minutes(31));
    assert_eq!(problem(&linked, &path_of(&console)).await, None);
    linked.world.clock.advance(Duration::minutes(1));
    assert_eq!(problem(&linked, &path_of(&console)).await, Some(LinkProblem::Expired));
    assert_eq!(recorded(&linked.world, "link.made").await, 2);
}

#[rstest]
#[tokio::test]
async fn a_link_is_stored_as_a_hash_and_its_life_is_limited(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let made = linked.try_make(linked.plain()).await.expect("a link");
    let token = made.url.expose_secret().rsplit('/').next().expect("a token").to_owned();
    assert_eq!(token.len(), 43, "256 bits");
    assert!(!format!("{made:?}").contains(&token));
    for line in linked.world.raw.dump(&[]).await {
        assert!(!line.contains(&token), "{line}");
    }
    for (life, is_allowed) in [
        (MIN_LIFE, true),
        (MAX_LIFE, true),
        (MIN_LIFE - Duration::seconds(1), false),
        (MAX_LIFE + Duration::seconds(1), false),
    ] {
        let made = linked.try_make(NewLink { life: Some(life), ..linked.plain() }).await;
        assert_eq!(made.is_ok(), is_allowed, "{life}");
    }
}

#[rstest]
#[tokio::test]
async fn i4_only_administrators_make_see_and_revoke_links_and_only_those_of_their_organisation(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let links = &linked.world.program.links;
    let made = linked.try_make(linked.plain()).await.expect("a link");
    linked.world.stranger().await;
    let foreign = Caller::job(linked.world.organisation_id_of("eve@fabrikam.test").await, "test");
    let errors = links.make(&foreign, linked.plain()).await.expect("an answer").expect_err("no connector");
    assert_eq!(errors.first().map(|(field, _)| *field), Some("connector"));
    let theirs = links.list(&foreign, LinkFilter::default(), None).await.expect("a list");
    assert!(theirs.links.is_empty());

    // A user who was made a Viewer since the request began makes no link.
    let admin = linked.world.admin().await;
    linked.world.user("Contoso", "bob@contoso.test", Role::Admin).await;
    let demote = "UPDATE users SET role = 'viewer' WHERE email = 'ada@contoso.test'";
    linked.world.raw.run(demote).await.expect("demoted");
    let refused = links.make(&admin.caller(), linked.plain()).await;
    assert!(matches!(refused, Err(Failure::Forbidden)), "{refused:?}");
    // Her links stop working too.
    assert_eq!(problem(&linked, &path_of(&made)).await, Some(LinkProblem::Revoked));
}

#[rstest]
#[tokio::test]
async fn a_connector_must_be_verified_unless_its_own_account_signs_in_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    linked.connect(&mut linked.world.browser(), &path).await.assert_says("Your mailbox is connected");
    let account = Some(linked.account().await);
    let other = linked.another_connector("Other").await;
    linked.world.raw.run("UPDATE connectors SET state = 'not_verified'").await.expect("changed");

    let refused = linked.try_make(linked.plain()).await.expect_err("not verified");
    assert_eq!(refused.first().map(|(field, _)| *field), Some("connector"));
    linked.try_make(NewLink { account, ..linked.plain() }).await.expect("a link");
    let moving = NewLink { account, ..NewLink::of_console(other) };
    linked.try_make(moving.clone()).await.expect_err("not verified");
    linked.verify_connectors().await;
    linked.try_make(moving).await.expect("a link");
}

#[rstest]
#[tokio::test]
async fn links_are_listed_newest_first_and_a_revoked_one_stops_at_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let (admin, links) = (linked.world.admin().await, &linked.world.program.links);
    let mut made = Vec::new();
    for number in 0..27 {
        let new = NewLink { expected_email: Some(format!("user{number}@contoso.test")), ..linked.plain() };
        made.push(linked.try_make(new).await.expect("a link"));
        linked.world.clock.advance(Duration::seconds(1));
    }
    let list = async |after| links.list(&admin.caller(), LinkFilter::default(), after).await.expect("a list");
    let first = list(None).await;
    assert_eq!(first.links.len(), 25);
    let newest = first.links.first().expect("a link");
    assert_eq!(newest.link.expected_email.as_deref(), Some("user26@contoso.test"));
    assert!(newest.maker.as_deref().is_some_and(|maker| maker.contains("ada@contoso.test")));
    let second = list(first.next).await;
    assert_eq!((second.links.len(), second.next), (2, None));

    let revoked = made.first().expect("a link");
    assert!(links.revoke(&admin, revoked.id).await.expect("an answer"));
    assert!(!links.revoke(&admin, revoked.id).await.expect("an answer"), "it was open no more");
    assert_eq!(problem(&linked, &path_of(revoked)).await, Some(LinkProblem::Revoked));
    let last = list(first.next).await.links.pop().expect("a link");
    assert_eq!((last.link.id, last.state), (revoked.id, LinkState::Revoked));
    assert_eq!(recorded(&linked.world, "link.revoked").await, 1);
    let open = LinkFilter { connector: Some(linked.id), open: true, ..LinkFilter::default() };
    let open = links.list(&admin.caller(), open, first.next).await.expect("a list");
    assert_eq!(open.links.len(), 1);
    let counted = links.count_open(&admin.caller(), linked.id, 10).await.expect("a number");
    assert_eq!(counted, 10, "counted up to the limit");
}

/// What ends the links of a user.
#[derive(Clone, Copy, Debug)]
enum End {
    Form(&'static [(&'static str, &'static str)]),
    Command(&'static [&'static str]),
}

#[rstest]
#[case::disabled(End::Form(&[("change", "disable")]), true)]
#[case::demoted(End::Form(&[("change", "role"), ("role", "viewer")]), true)]
#[case::logged_out_everywhere(End::Form(&[("change", "end-sessions")]), true)]
#[case::second_factor_removed(End::Form(&[("change", "no-second-factor")]), false)]
#[case::disabled_by_the_operator(End::Command(&["user", "disable", "--email", "bob@contoso.test"]), true)]
#[case::demoted_by_the_operator(
    End::Command(&["user", "role", "--email", "bob@contoso.test", "--role", "viewer"]),
    true
)]
#[case::sessions_ended_by_the_operator(End::Command(&["end-sessions"]), true)]
#[tokio::test]
async fn links_of_a_user_who_may_have_no_more_effect_are_revoked(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] end: End,
    #[case] is_revoked: bool,
) {
    let mut linked = Linked::new(kind).await;
    if matches!(end, End::Command(_)) {
        // The command has the real clock.
        linked.world.clock.advance(SystemClock.now().since(linked.world.clock.now()));
    }
    let bob = linked.world.add_user("Contoso", "bob@contoso.test", Role::Admin).await;
    let of_ada = linked.make(linked.plain()).await;
    let of_bob = linked.make(linked.plain()).await;
    let token = Token::from_link(of_bob.rsplit('/').next().expect("a token")).expect("a token");
    let (id, hash) = (linked.world.raw.id(&bob), linked.world.raw.bytes(&token.hash().to_vec()));
    let give = format!("UPDATE connect_links SET made_by = {id} WHERE token_hash = {hash}");
    assert_eq!(linked.world.raw.run(&give).await, Ok(1));
    match end {
        End::Form(fields) => {
            linked.ada.post(&format!("/settings/people/{bob}"), fields).await.assert_status(303);
        }
        End::Command(arguments) => {
            let (command, rest) = arguments.split_first().expect("a command");
            let done = linked.world.mail360(command).args(rest).output().expect("an end");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
    }
    assert_eq!(problem(&linked, &of_bob).await, is_revoked.then_some(LinkProblem::Revoked), "{end:?}");
    let ends_all = matches!(end, End::Command(["end-sessions"]));
    assert_eq!(problem(&linked, &of_ada).await, ends_all.then_some(LinkProblem::Revoked), "{end:?}");
    let stored: i64 =
        linked.world.raw.one("SELECT COUNT(*) FROM connect_links WHERE revoked_at IS NOT NULL").await;
    assert_eq!(stored, i64::from(is_revoked) + i64::from(ends_all));
    let entries = i64::from(is_revoked && !ends_all);
    assert_eq!(recorded(&linked.world, "link.revoked").await, entries, "the end of all is one entry");
}

#[rstest]
#[tokio::test]
async fn the_sweep_records_expired_links_and_erases_links_90_days_after_their_end(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let minutes = |minutes| Some(Duration::minutes(minutes));
    linked.make(NewLink { life: minutes(1), ..linked.plain() }).await;
    let path = linked.make(NewLink { life: minutes(2), ..linked.plain() }).await;
    linked.connect(&mut linked.world.browser(), &path).await.assert_says("Your mailbox is connected");
    linked.world.clock.advance(Duration::minutes(10));
    linked.world.run_sweep().await;
    assert_eq!(recorded(&linked.world, "link.expired").await, 0, "a sign-in may still be under way");
    linked.world.clock.advance(Duration::minutes(10));
    linked.world.run_sweep().await;
    linked.world.run_sweep().await;
    assert_eq!(recorded(&linked.world, "link.expired").await, 1, "once, and not for the used one");
    linked.world.clock.advance(Duration::days(89));
    linked.world.run_sweep().await;
    assert_eq!(linked.world.raw.count("connect_links").await, 2);
    linked.world.clock.advance(Duration::days(2));
    linked.world.run_sweep().await;
    assert_eq!(linked.world.raw.count("connect_links").await, 0);
    assert_eq!(linked.world.raw.count("accounts").await, 1, "the account stays");
}

#[rstest]
#[tokio::test]
async fn an_organisation_has_at_most_10_000_open_links(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let linked = Linked::new(kind).await;
    linked.make(linked.plain()).await;
    // Copies of the link, each with its own id and its own hash of a token.
    let (id, hash) = match kind {
        Kind::Sqlite => ("randomblob(16)", "randomblob(32)"),
        Kind::Postgres => ("gen_random_uuid()", "sha256(n::text::bytea)"),
    };
    let columns =
        "organisation_id, connector_id, made_by, made_by_version, source, attempts, created_at, expires_at";
    let copy = format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 9998) \
         INSERT INTO connect_links (id, token_hash, {columns}) SELECT {id}, {hash}, {columns} \
         FROM connect_links, numbers"
    );
    assert_eq!(linked.world.raw.run(&copy).await, Ok(9_998));
    let last = linked.make(linked.plain()).await;
    let refused = linked.try_make(linked.plain()).await.expect_err("too many");
    assert_eq!(refused.first().map(|(field, _)| *field), Some("connector"));
    // A link that has ended leaves its place.
    linked.connect(&mut linked.world.browser(), &last).await.assert_says("Your mailbox is connected");
    linked.make(linked.plain()).await;
    assert!(linked.try_make(linked.plain()).await.is_err());
}
