//! A second factor: set-up, use at log-in, single use of codes, loss.

use mail360::{
    log_in::session::Sessions,
    people::{
        model::{Email, Role},
        service::UserChange,
    },
};
use rstest::rstest;
use time::Duration;
use totp_rs::Secret;

use crate::support::{
    Answer, Browser, Kind, PASSWORD, World,
    authenticator::{HERE, app, code, recovery_codes, set_up},
};

const ADA: [(&str, &str); 2] = [("email", "ada@contoso.test"), ("password", PASSWORD)];

/// A browser that has given the password, but no code.
async fn half_way(world: &World) -> Browser {
    let mut browser = world.browser();
    assert_eq!(browser.post("/login", &ADA).await.assert_status(303).location(), "/login/code");
    browser
}

async fn enter(browser: &mut Browser, code: &str) -> Answer {
    browser.post("/login/code", &[("code", code), ("next", "/profile")]).await
}

#[rstest]
#[tokio::test]
async fn a_log_in_asks_for_a_code_that_can_be_used_once(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    ada.post(HERE, &[]).await.assert_status(303);
    world.log_in("ada@contoso.test").await.get("/connectors").await.assert_status(200);
    let wrong = ada.post("/profile/second-factor/finish", &[("code", "12345")]).await;
    wrong.assert_status(422).assert_says("This is not the code");
    let (app, _) = set_up(&world, &mut ada).await;
    ada.get("/profile").await.assert_says("A log-in also asks for a code");

    let mut browser = half_way(&world).await;
    assert_eq!(browser.get("/connectors").await.status, 303, "a half-way log-in opens a page");
    browser.get("/login/code").await.assert_status(200).assert_says("Enter the code");
    let used = code(&world, &app, 0);
    enter(&mut browser, &used).await.assert_status(401).assert_says("it has been used");
    world.clock.advance(Duration::seconds(30));
    let fresh = code(&world, &app, 0);
    let before = browser.cookies.clone();
    assert_eq!(enter(&mut browser, &fresh).await.assert_status(303).location(), "/profile");
    assert_ne!(browser.cookies, before, "signed in under a new id");
    browser.get("/profile").await.assert_status(200);

    let mut thief = half_way(&world).await;
    enter(&mut thief, &fresh).await.assert_status(401);
    assert_eq!(thief.get("/profile").await.status, 303);
    world.flush().await;
    let refused = "SELECT count FROM activity WHERE action = 'user.code_refused'";
    assert_eq!(world.raw.column::<i64>(refused).await, [2]);
}

#[rstest]
#[case(-2, false)]
#[case(-1, true)]
#[case(0, true)]
#[case(1, true)]
#[case(2, false)]
#[tokio::test]
async fn a_code_one_step_away_from_the_clock_is_accepted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] steps: i64,
    #[case] taken: bool,
) {
    let world = World::new(kind).await;
    let (app, _) = set_up(&world, &mut world.set_up().await).await;
    world.clock.advance(Duration::minutes(5));
    let mut browser = half_way(&world).await;
    let answer = enter(&mut browser, &code(&world, &app, steps)).await;
    answer.assert_status(if taken { 303 } else { 401 });
    if taken {
        // An earlier code is refused after a later one was used.
        let mut again = half_way(&world).await;
        enter(&mut again, &code(&world, &app, steps - 1)).await.assert_status(401);
    }
}

#[rstest]
#[tokio::test]
async fn of_ten_browsers_that_use_one_code_at_once_one_logs_in(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let (app, codes) = set_up(&world, &mut world.set_up().await).await;
    world.clock.advance(Duration::minutes(1));
    for one in [code(&world, &app, 0), codes[0].clone()] {
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..5 {
            let mut browser = half_way(&world).await;
            let one = one.clone();
            tries.spawn(async move { enter(&mut browser, &one).await.status.as_u16() });
        }
        let mut got: Vec<_> = tries.join_all().await;
        got.sort_unstable();
        assert_eq!(got, [303, 401, 401, 401, 401], "{one}");
    }
}

#[rstest]
#[tokio::test]
async fn a_recovery_code_logs_in_once_and_new_codes_void_the_old(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let (_, codes) = set_up(&world, &mut ada).await;
    let typed = codes[0].to_uppercase().replace('-', " ");
    enter(&mut half_way(&world).await, &typed).await.assert_status(303);
    enter(&mut half_way(&world).await, &codes[0]).await.assert_status(401);
    ada.get(HERE).await.assert_says("9 recovery codes are left");

    let fresh = recovery_codes(&ada.post("/profile/second-factor/recovery-codes", &[]).await);
    enter(&mut half_way(&world).await, &codes[1]).await.assert_status(401);
    enter(&mut half_way(&world).await, &fresh[1]).await.assert_status(303);
    let dump = world.raw.dump(&[]).await;
    let text = format!("{dump:?}").replace('-', "");
    for code in codes.iter().chain(&fresh) {
        assert!(!text.contains(&code.replace('-', "")), "the database contains a recovery code");
    }
}

#[rstest]
#[tokio::test]
async fn s1_the_key_of_a_second_factor_is_sealed(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    ada.post(HERE, &[]).await.assert_status(303);
    let page = ada.get(HERE).await;
    let secret = app(&page).secret().to_base32();
    let key = Secret::try_from_base32(&secret).expect("base32");
    let dump = format!("{:?}", world.raw.dump(&[]).await).to_lowercase();
    assert!(!dump.contains(&secret.to_lowercase()));
    assert!(!dump.contains(&crate::support::hex(key.as_bytes())));
    assert!(!dump.contains(&crate::support::hex(secret.as_bytes())));
    assert!(page.header("cache-control").contains("no-store"));
}

#[rstest]
#[tokio::test]
async fn l2_codes_cannot_be_guessed_and_guesses_do_not_lock_the_owner_out(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let (app, recovery) = set_up(&world, &mut world.set_up().await).await;
    world.clock.advance(Duration::minutes(1));
    let from = async |last: u8| {
        let mut browser = half_way(&world).await;
        browser.address = std::net::IpAddr::from([192, 0, 2, last]);
        browser
    };
    for _ in 0..5 {
        enter(&mut from(100).await, "000000").await.assert_status(401);
    }
    let answer = enter(&mut from(100).await, &code(&world, &app, 0)).await;
    answer.assert_status(429).assert_says("Too many wrong codes. Try again in 5 minutes.");
    assert_eq!(answer.header("retry-after"), "300");
    // From another address the owner is let in.
    enter(&mut from(101).await, &code(&world, &app, 0)).await.assert_status(303);

    // From many addresses the tries still reach a limit. A recovery code cannot be guessed and still works.
    for at in 0..3 {
        enter(&mut from(102 + at).await, "000000").await.assert_status(401);
    }
    world.clock.advance(Duration::seconds(30));
    enter(&mut from(104).await, &code(&world, &app, 0)).await.assert_status(429);
    enter(&mut from(104).await, &recovery[0]).await.assert_status(303);
    world.clock.advance(Duration::minutes(5));
    enter(&mut from(104).await, &code(&world, &app, 0)).await.assert_status(303);
}

#[rstest]
#[tokio::test]
async fn a_key_begun_by_an_attacker_is_shown_to_no_other_session(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    // An attacker with the stolen password notes the key and leaves it for the owner to turn on.
    let mut thief = world.log_in("ada@contoso.test").await;
    thief.post(HERE, &[]).await.assert_status(303);
    let stolen = app(&thief.get(HERE).await);
    ada.get(HERE).await.assert_says("Set up a second factor");
    let early = ada.post("/profile/second-factor/finish", &[("code", &code(&world, &stolen, 0))]).await;
    assert_eq!(early.assert_status(303).location(), HERE, "nothing was begun here");
    let (hers, _) = set_up(&world, &mut ada).await;
    assert_ne!(hers.secret().to_base32(), stolen.secret().to_base32());
    assert_eq!(thief.get("/connectors").await.status, 303, "all other browsers are logged out");
    world.clock.advance(Duration::minutes(1));
    enter(&mut half_way(&world).await, &code(&world, &stolen, 0)).await.assert_status(401);
    enter(&mut half_way(&world).await, &code(&world, &hers, 0)).await.assert_status(303);
}

#[rstest]
#[tokio::test]
async fn l11_re_authentication_asks_for_a_code_if_the_user_has_a_second_factor(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let (app, _) = set_up(&world, &mut ada).await;
    world.clock.advance(Duration::minutes(10));
    ada.post("/profile/second-factor/remove", &[]).await.assert_status(403).assert_says("Code");
    let confirm = async |browser: &mut Browser, code: &str| {
        let fields = [("confirm_password", PASSWORD), ("confirm_code", code), ("confirm_next", HERE)];
        browser.post("/re-authenticate", &fields).await
    };
    for wrong in ["", "000000"] {
        confirm(&mut ada, wrong).await.assert_status(422).assert_says("The code is not right");
    }
    let right = code(&world, &app, 0);
    assert_eq!(confirm(&mut ada, &right).await.assert_status(303).location(), HERE);
    ada.post("/profile/second-factor/remove", &[]).await.assert_status(303);
    world.log_in("ada@contoso.test").await.get("/connectors").await.assert_status(200);
    let refused = "SELECT COUNT(*) FROM activity WHERE action = 'user.code_refused'";
    assert_eq!(world.raw.one::<i64>(refused).await, 2);
}

#[rstest]
#[tokio::test]
async fn a_right_password_without_a_code_is_recorded(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    set_up(&world, &mut ada).await;
    half_way(&world).await;
    world.flush().await;
    ada.get("/settings/activity")
        .await
        .assert_says("gave the correct password of ada@contoso.test and was asked for a code");
}

#[rstest]
#[tokio::test]
async fn cancelling_in_a_second_window_does_not_undo_what_the_first_has_finished(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    ada.post(HERE, &[]).await.assert_status(303);
    ada.get(HERE).await.assert_says("Scan this");
    ada.post(&format!("{HERE}/cancel"), &[]).await.assert_status(303);
    ada.get(HERE).await.assert_says("Set up a second factor");
    set_up(&world, &mut ada).await;
    ada.post(&format!("{HERE}/cancel"), &[]).await.assert_status(303);
    ada.get(HERE).await.assert_says("recovery codes are left");
    half_way(&world).await;
}

#[rstest]
#[tokio::test]
async fn a_log_in_without_its_code_expires_after_ten_minutes_or_a_new_password(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let (app, _) = set_up(&world, &mut world.set_up().await).await;
    let mut late = half_way(&world).await;
    world.clock.advance(Duration::minutes(10));
    let answer = enter(&mut late, &code(&world, &app, 0)).await;
    assert_eq!(answer.assert_status(303).location(), "/login?next=/profile");
    assert_eq!(world.browser().get("/login/code").await.assert_status(303).location(), "/login");
    let further = world.browser().get("/login/code?next=/profile").await;
    assert_eq!(further.assert_status(303).location(), "/login?next=/profile");

    let mut browser = half_way(&world).await;
    let email = Email::parse("ada@contoso.test").expect("an e-mail");
    let password = mail360::people::model::Password::try_out("another horse battery staple".into());
    let change = UserChange::Password(password.expect("a password"));
    world
        .program
        .people
        .change_user(world.organisation_id_of(email.as_str()).await, &email, change, Sessions::end_all_of)
        .await
        .expect("changed");
    enter(&mut browser, &code(&world, &app, 0)).await.assert_status(303);
    assert_eq!(browser.get("/connectors").await.status, 303, "no user is logged in");
}

#[rstest]
#[tokio::test]
async fn an_administrator_or_an_operator_resets_the_second_factor_of_a_user_who_lost_the_phone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let vera_id = world.add_user("Contoso", "vera@contoso.test", Role::Viewer).await;
    let mut vera = world.log_in("vera@contoso.test").await;
    set_up(&world, &mut vera).await;
    set_up(&world, &mut ada).await;

    let path = format!("/settings/people/{vera_id}");
    ada.post(&path, &[("change", "no-second-factor")]).await.assert_status(303);
    assert_eq!(vera.get("/connectors").await.status, 303, "the session of the user is still open");
    world.log_in("vera@contoso.test").await.get("/connectors").await.assert_status(200);

    let email = Email::parse("ada@contoso.test").expect("an e-mail");
    let done = world
        .program
        .people
        .change_user(
            world.organisation_id_of(email.as_str()).await,
            &email,
            UserChange::NoSecondFactor,
            Sessions::end_all_of,
        )
        .await;
    done.expect("changed");
    world.log_in("ada@contoso.test").await.get("/connectors").await.assert_status(200);
    assert_eq!(world.raw.count("recovery_codes").await, 0);
}

#[rstest]
#[tokio::test]
async fn an_organisation_may_require_a_second_factor_of_all_users(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut eve = world.stranger().await;
    let mut vera = world.viewer().await;
    let rule = "/settings/people/second-factor";
    vera.post(rule, &[("required", "true")]).await.assert_status(403);
    ada.post(rule, &[("required", "true")]).await.assert_status(303);
    eve.get("/connectors").await.assert_status(200);
    for browser in [&mut ada, &mut vera] {
        assert_eq!(browser.get("/connectors").await.assert_status(303).location(), HERE);
        browser.get(HERE).await.assert_status(200).assert_says("requires a second factor");
        set_up(&world, browser).await;
        browser.get("/connectors").await.assert_status(200);
    }
    vera.post("/profile/second-factor/remove", &[]).await.assert_status(303);
    assert_eq!(vera.get("/connectors").await.assert_status(303).location(), HERE);
    ada.post(rule, &[("required", "false")]).await.assert_status(303);
    vera.get("/connectors").await.assert_status(200);
}

#[rstest]
#[tokio::test]
async fn the_profile_begins_the_set_up_and_says_when_the_second_factor_is_off(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let form = format!("<form method=\"post\" action=\"{HERE}\">");
    assert!(ada.get("/profile").await.body.contains(&form), "{form}");
    // One click: the next page shows the key.
    assert_eq!(ada.post(HERE, &[]).await.assert_status(303).location(), HERE);
    ada.get(HERE).await.assert_says("Scan this picture");
    let cancelled = ada.post(&format!("{HERE}/cancel"), &[]).await;
    assert_eq!(cancelled.assert_status(303).location(), "/profile");

    set_up(&world, &mut ada).await;
    let removed = ada.post(&format!("{HERE}/remove"), &[]).await;
    assert_eq!(removed.assert_status(303).location(), "/profile");
    ada.get("/profile").await.assert_says("Your second factor is off");
    // The second click turns nothing off and does not say that it did.
    let mut elsewhere = world.log_in("ada@contoso.test").await;
    ada.post(&format!("{HERE}/remove"), &[]).await.assert_status(303);
    assert!(!ada.get("/profile").await.text().contains("Your second factor is off"));
    elsewhere.get("/connectors").await.assert_status(200);
}

#[rstest]
#[tokio::test]
async fn the_recovery_codes_are_saved_as_a_file_that_repeats_nothing_else(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let (_, codes) = set_up(&world, &mut ada).await;
    let page = ada.post(&format!("{HERE}/recovery-codes"), &[]).await;
    let fresh = recovery_codes(&page);
    assert_ne!(codes, fresh);
    assert_eq!(page.hidden("codes"), fresh.join(" "));
    // The link to the profile is behind a tick.
    assert!(page.body.contains("type=\"checkbox\" required"), "{}", page.body);

    let path = format!("{HERE}/recovery-codes/file");
    let file = ada.post(&path, &[("codes", &fresh.join(" "))]).await;
    assert_eq!(file.assert_status(200).header("content-type"), "text/plain; charset=utf-8");
    assert!(file.header("content-disposition").starts_with("attachment; filename="));
    assert!(file.body.contains(&format!("\n{}\n", fresh.join("\n"))), "{}", file.body);
    assert!(file.body.contains("ada@contoso.test"));
    for other in ["", "<script>alert(1)</script>", &fresh[..9].join(" "), &["a-b-c-d"; 10].join(" ")] {
        ada.post(&path, &[("codes", other)]).await.assert_status(400);
    }
    world.browser().post(&path, &[("codes", &fresh.join(" "))]).await.assert_status(401);
}
