//! A change that ends sessions of a user ends all of them: the session that asked, those in other browsers, log-ins that
//! wait for a code, and open sign-ins.

use std::{collections::BTreeSet, io::Write};

use http::Method;
use mail360::people::model::Role;
use rstest::rstest;
use url::Url;

use crate::{
    refused_forms::{Form, Which},
    support::{
        Answer, Browser, Kind, NewConnector, PASSWORD, World, authenticator, authenticator::HERE, callback,
    },
};

const EMAIL: &str = "ada@contoso.test";
const NEW: &str = "another horse battery staple";
const PERSON: &str = "/settings/people/{id}";

/// The user or operator whose change ends Ada's sessions.
#[derive(Clone, Copy, Debug)]
enum By {
    /// Ada, by this form; she stays logged in.
    Ada(&'static [(&'static str, &'static str)]),
    /// Ada, by a form that also logs her out.
    AdaGoes(&'static [(&'static str, &'static str)]),
    /// Another administrator.
    Grace(&'static [(&'static str, &'static str)]),
    /// Ada, by a link from the other administrator.
    Link,
    /// The operator, by `mail360 user` with these arguments and this input.
    Operator(&'static [&'static str], &'static str),
    /// The operator, by `mail360 end-sessions`.
    EndSessions,
}

struct Case {
    /// The route, or the command.
    path: &'static str,
    by: By,
    /// Whether Ada has a second factor beforehand.
    factor: bool,
}

const fn case(path: &'static str, by: By) -> Case {
    Case { path, by, factor: true }
}

/// Every change that ends sessions. Tests below compare it with the route table and the command line.
const CASES: &[Case] = &[
    case("/profile", By::Ada(&[("current", PASSWORD), ("new", NEW)])),
    Case { path: "/profile/second-factor/finish", by: By::Ada(&[]), factor: false },
    case("/profile/second-factor/recovery-codes", By::Ada(&[])),
    case("/profile/second-factor/remove", By::Ada(&[])),
    case(PERSON, By::AdaGoes(&[("change", "end-sessions")])),
    case(PERSON, By::AdaGoes(&[("change", "role"), ("role", "viewer")])),
    case(PERSON, By::AdaGoes(&[("change", "no-second-factor")])),
    case(PERSON, By::Grace(&[("change", "end-sessions")])),
    case(PERSON, By::Grace(&[("change", "role"), ("role", "viewer")])),
    case(PERSON, By::Grace(&[("change", "disable")])),
    case(PERSON, By::Grace(&[("change", "no-second-factor")])),
    case("/invitations/{token}", By::Link),
    case("user password", By::Operator(&["password", "--email", EMAIL], "another horse battery staple\n")),
    case("user disable", By::Operator(&["disable", "--email", EMAIL], "")),
    case("user role", By::Operator(&["role", "--email", EMAIL, "--role", "viewer"], "")),
    case("user reset-second-factor", By::Operator(&["reset-second-factor", "--email", EMAIL], "")),
    case("end-sessions", By::EndSessions),
];

/// The POST routes of people and log-ins that leave the other browsers of a user logged in.
const KEEP: &[&str] = &[
    "/set-up/{token}",
    "/login",
    "/login/code",
    "/logout",
    "/re-authenticate",
    "/profile/sessions/{id}/end",
    "/profile/second-factor",
    "/profile/second-factor/cancel",
    "/profile/second-factor/recovery-codes/file",
    "/settings/people",
    "/settings/people/second-factor",
    "/settings/people/invitations/{id}/withdraw",
    "/settings/appearance",
    "/settings/appearance/logo",
    "/settings/appearance/logo/remove",
    "/settings/return-addresses",
    "/settings/return-addresses/{id}/rotate",
    "/settings/return-addresses/{id}/remove",
    "/settings/return-addresses/{id}/confirmation",
    "/settings/api-access/new",
    "/settings/api-access/{id}/edit",
    "/settings/api-access/{id}/credentials",
    "/settings/api-access/{id}/credentials/{credential}/remove",
    "/settings/api-access/{id}/revoke",
    "/settings/api-access/{id}/delete",
];

/// Ada in several browsers, with everything that is in progress.
struct Scene {
    world: World,
    id: String,
    connector: String,
    ada: Browser,
    grace: Browser,
    /// Another browser of Ada's, in which a sign-in was started.
    other: Browser,
    authorize: Url,
    /// A browser that has given the password, but no code.
    half_way: Option<Browser>,
    app: Option<totp_rs::Totp>,
    codes: Vec<String>,
}

async fn log_in(world: &World, code: Option<&str>) -> Browser {
    let mut browser = world.browser();
    browser.post("/login", &[("email", EMAIL), ("password", PASSWORD)]).await.assert_status(303);
    if let Some(code) = code {
        browser.post("/login/code", &[("code", code)]).await.assert_status(303);
    }
    browser.get("/profile").await.assert_status(200);
    browser
}

impl Scene {
    async fn new(kind: Kind, factor: bool) -> Self {
        let world = World::new(kind).await;
        let mut ada = world.set_up().await;
        let grace = world.user("Contoso", "grace@contoso.test", Role::Admin).await;
        let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
        let id = world.raw.one::<uuid::Uuid>(&format!("SELECT id FROM users WHERE email = '{EMAIL}'")).await;
        let mut scene = Self {
            other: world.browser(),
            half_way: None,
            app: None,
            codes: Vec::new(),
            id: id.to_string(),
            authorize: Url::parse("http://localhost").expect("an address"),
            world,
            connector,
            ada,
            grace,
        };
        if factor {
            scene.codes = authenticator::set_up(&scene.world, &mut scene.ada).await.1;
            let mut browser = scene.world.browser();
            let answer = browser.post("/login", &[("email", EMAIL), ("password", PASSWORD)]).await;
            assert_eq!(answer.assert_status(303).location(), "/login/code");
            scene.half_way = Some(browser);
        } else {
            scene.ada.post(HERE, &[]).await.assert_status(303);
            scene.app = Some(authenticator::app(&scene.ada.get(HERE).await));
        }
        scene.other = log_in(&scene.world, scene.codes.first().map(String::as_str)).await;
        scene.authorize = scene.world.start(&mut scene.other, &scene.connector).await;
        scene
    }

    /// Makes the change that ends the sessions. If Ada makes it, `self.ada` has the cookies of the response.
    async fn act(&mut self, case: &Case) {
        let path = case.path.replace("{id}", &self.id);
        match case.by {
            By::Ada(fields) => {
                let code = self.app.as_ref().map(|app| authenticator::code(&self.world, app, 0));
                let code = code.as_deref().map(|code| ("code", code));
                let fields: Vec<_> = fields.iter().copied().chain(code).collect();
                let answer = self.ada.post(&path, &fields).await;
                assert!([200, 303].contains(&answer.status.as_u16()), "{path}: {}", answer.text());
            }
            By::AdaGoes(fields) => drop(self.ada.post(&path, fields).await.assert_status(303)),
            By::Grace(fields) => drop(self.grace.post(&path, fields).await.assert_status(303)),
            By::Link => {
                let page = self
                    .grace
                    .post(&format!("/settings/people/{}", self.id), &[("change", "new-password")])
                    .await;
                let text = page.assert_status(200).text();
                let (_, rest) = text.split_once("http://localhost:3000/invitations/").expect("a link");
                let token: String = rest.chars().take(43).collect();
                let link = format!("/invitations/{token}");
                self.world.browser().post(&link, &[("password", NEW)]).await.assert_status(303);
            }
            By::Operator(arguments, input) => {
                let mut command = self.world.mail360("user");
                let mut running =
                    command.args(arguments).stdin(std::process::Stdio::piped()).spawn().expect("a command");
                running.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("written");
                let output = running.wait_with_output().expect("an end");
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            }
            By::EndSessions => drop(self.world.program.end_sessions().await.expect("done")),
        }
    }
}

#[track_caller]
pub fn assert_logged_out(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 303, "{what}: {}", answer.text());
    assert!(answer.location().starts_with("/login"), "{what}: {}", answer.location());
}

async fn n0_nothing_goes_on_after(kind: Kind, case: &Case) {
    let what = format!("{} {:?}", case.path, case.by);
    let mut scene = Scene::new(kind, case.factor).await;
    // A secret is kept for a form that was refused, in each of her browsers.
    for browser in [&mut scene.ada, &mut scene.other] {
        Form::open(browser, Which::Add, "").await.wrong().refused(browser).await;
    }
    assert_eq!(scene.world.raw.count("kept_secrets").await, 2, "{what}");
    // An attacker has the cookie of the session that makes the change.
    let mut thief = scene.ada.clone();
    thief.get("/settings/people").await.assert_status(200);
    scene.act(case).await;

    let Scene { world, connector, mut ada, mut other, authorize, half_way, codes, .. } = scene;
    for path in ["/settings/people", "/profile", HERE] {
        assert_logged_out(&thief.get(path).await, &format!("the cookie that was sent, {what}"));
        assert_logged_out(&other.get(path).await, &format!("another browser, {what}"));
    }
    thief
        .post("/settings/people", &[("email", "m@contoso.test"), ("role", "admin")])
        .await
        .assert_status(401);
    if let Some(mut half_way) = half_way {
        assert_logged_out(&half_way.get("/login/code").await, &format!("half-way, {what}"));
        let answer = half_way.post("/login/code", &[("code", &codes[1])]).await;
        assert_eq!(answer.assert_status(303).location(), "/login", "half-way, {what}");
        assert_logged_out(&half_way.get("/profile").await, &format!("half-way, {what}"));
    }
    world.grant_everything(&authorize);
    let landed = other.get(&callback(&authorize, "code=abc")).await;
    landed.assert_status(303);
    assert!(world.provider.requests().is_empty(), "the secret was sent, {what}");
    assert_ne!(world.state(&connector).await, "verified", "{what}");

    if matches!(case.by, By::Ada(_)) {
        assert_ne!(ada.cookies["mail360_3000_session"], thief.cookies["mail360_3000_session"], "{what}");
        ada.get("/profile").await.assert_status(200);
        ada.get("/settings/people").await.assert_status(200);
        let outcome = ada.get(landed.location()).await;
        outcome.assert_status(200).assert_says("A session was ended after this sign-in began");
    } else {
        assert_logged_out(&ada.get("/profile").await, &format!("the browser that asked, {what}"));
    }
    let id = world.raw.id(&scene.id);
    let left: i64 = world.raw.one(&format!("SELECT COUNT(*) FROM sessions WHERE user_id = {id}")).await;
    assert_eq!(world.raw.count("kept_secrets").await, 0, "kept secrets, {what}");
    // The link logs in the browser that opened it.
    let expected = i64::from(matches!(case.by, By::Ada(_)));
    assert_eq!(left, expected, "sessions of hers, {what}");
    let half_way: i64 = world.raw.one("SELECT COUNT(*) FROM sessions WHERE half_way_of IS NOT NULL").await;
    assert_eq!(half_way, i64::from(matches!(case.by, By::Link)), "half-way, {what}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn n0_every_change_that_ends_sessions_of_a_user_ends_all_of_them(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    for case in CASES {
        Box::pin(n0_nothing_goes_on_after(kind, case)).await;
    }
}

#[rstest]
#[tokio::test]
async fn n0_every_route_of_people_and_log_ins_is_known_to_end_sessions_or_to_keep_them(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let known: BTreeSet<_> = CASES.iter().map(|case| case.path).chain(KEEP.iter().copied()).collect();
    let of_people = |path: &str| {
        ["/profile", "/settings", "/login", "/logout", "/re-authenticate", "/invitations", "/set-up"]
            .iter()
            .any(|prefix| path.starts_with(prefix))
    };
    let table = mail360::router::table();
    let routes: BTreeSet<_> = table
        .iter()
        .filter(|route| route.method == Method::POST && of_people(route.path))
        .map(|route| route.path)
        .collect();
    for path in &routes {
        assert!(known.contains(path), "{path} is neither among what ends sessions nor among what keeps them");
    }
    for path in KEEP {
        assert!(routes.contains(path), "{path} is no route");
    }

    // The routes that are said to keep sessions do keep them.
    for path in KEEP {
        let mut scene = Scene::new(kind, true).await;
        let fields = [
            ("email", if *path == "/login" { EMAIL } else { "new@contoso.test" }),
            ("password", PASSWORD),
            ("role", "viewer"),
            ("required", "true"),
            ("confirm_password", PASSWORD),
            ("confirm_code", &scene.codes[2]),
            ("code", &scene.codes[3]),
        ];
        let unknown = uuid::Uuid::from_u128(1).to_string();
        let concrete = path.replace("{id}", &unknown).replace("{token}", &"a".repeat(43));
        scene.ada.clone().post(&concrete, &fields).await;
        scene.other.get("/profile").await.assert_status(200);
    }
}

#[test]
fn n0_every_command_that_changes_a_user_is_listed_among_the_changes_that_end_sessions() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_mail360"))
        .args(["user", "--help"])
        .output()
        .expect("a command");
    let help = String::from_utf8(help.stdout).expect("text");
    let (_, commands) = help.split_once("Commands:").expect("a list");
    let (commands, _) = commands.split_once("Options:").expect("its end");
    let commands: Vec<_> = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.contains(&"disable"), "{commands:?}");
    for command in commands {
        // These change no existing user, or delete the user.
        if ["add", "list", "help", "delete", "enable"].contains(&command) {
            continue;
        }
        let path = format!("user {command}");
        assert!(CASES.iter().any(|case| case.path == path), "`mail360 {path}` is not tried");
    }
}

#[rstest]
#[tokio::test]
async fn n12_log_out_everywhere_by_an_administrator_ends_what_is_in_progress_and_says_why(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind, true).await;
    let path = format!("/settings/people/{}", scene.id);
    scene.grace.post(&path, &[("change", "end-sessions")]).await.assert_status(303);
    let landed = scene.other.get(&callback(&scene.authorize, "code=abc")).await;
    landed.assert_status(303);
    assert!(scene.world.provider.requests().is_empty());
    let mut half_way = scene.half_way.expect("a log-in");
    let answer = half_way.post("/login/code", &[("code", &scene.codes[1])]).await;
    assert_eq!(answer.assert_status(303).location(), "/login");
    let mut again = log_in(&scene.world, Some(&scene.codes[2])).await;
    let page = again.get(landed.location()).await;
    page.assert_status(200)
        .assert_says("A session was ended after this sign-in began")
        .assert_says("Nothing was sent to Microsoft");
    // What begins now continues.
    let authorize = scene.world.start(&mut again, &scene.connector).await;
    scene.world.grant_everything(&authorize);
    again.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert_eq!(scene.world.state(&scene.connector).await, "verified");
}

#[rstest]
#[tokio::test]
async fn n12_the_version_at_which_a_sign_in_began_cannot_be_changed_in_the_database(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind, true).await;
    let path = format!("/settings/people/{}", scene.id);
    scene.grace.post(&path, &[("change", "end-sessions")]).await.assert_status(303);
    let forged =
        "UPDATE attempts SET user_version = (SELECT version FROM users WHERE users.id = attempts.user_id)";
    assert_eq!(scene.world.raw.run(forged).await, Ok(1));
    scene.world.grant_everything(&scene.authorize);
    scene.other.get(&callback(&scene.authorize, "code=abc")).await.assert_status(303);
    assert!(scene.world.provider.requests().is_empty());
    assert_ne!(scene.world.state(&scene.connector).await, "verified");
}
