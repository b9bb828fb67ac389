//! Who may do what: tests every route against the users whom the route table does not name.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Method;
use mail360::{
    log_in::guard::RouteAccess,
    people::model::Role,
    router::{Route, RouterKind, table},
};
use rstest::rstest;
use time::Duration;

use crate::{
    account_pages::add_account,
    support::{Browser, Kind, NewConnector, SECRET, World},
};

/// The fields for every unsafe route: enough for the handler to act if the guard let it.
pub const FIELDS: [(&str, &str); 12] = [
    ("form", "01932b5e-0000-7000-8000-000000000001"),
    ("provider", "outlook"),
    ("service_name", "Smuggled"),
    ("client_id", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
    ("client_secret", SECRET),
    ("account_type", "tenants_and_personal"),
    ("email", "ada@contoso.test"),
    ("password", crate::support::PASSWORD),
    ("role", "admin"),
    ("change", "disable"),
    ("required", "true"),
    ("code", "000000"),
];

/// The form of an API client.
const CLIENT: [(&str, &str); 3] = [("name", "CRM"), ("scopes", "MailApps.messages.READ"), ("reach", "all")];

/// The tables in which a refusal is recorded.
const RECORD: &[&str] = &["activity", "throttles"];

/// The targets: a connector, an account, a sign-in, and browsers of several users.
struct Scene {
    world: World,
    ada: Browser,
    connector: String,
    sign_in: String,
    account: String,
    colleague: String,
    invitation: String,
    client: String,
    credential: String,
}

impl Scene {
    async fn new(kind: Kind) -> Self {
        let world = World::new(kind).await;
        let mut ada = world.set_up().await;
        let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
        world.start(&mut ada, &connector).await;
        let id = world.raw.one::<uuid::Uuid>("SELECT id FROM attempts").await;
        let colleague = world.add_user("Contoso", "cleo@contoso.test", Role::Admin).await;
        let invited =
            ada.post("/settings/people", &[("email", "new@contoso.test"), ("role", "viewer")]).await;
        invited.assert_status(200);
        let invitation = world.raw.one::<uuid::Uuid>("SELECT id FROM invitations").await.to_string();
        let added = ada.post("/settings/api-access/new", &CLIENT).await;
        added.assert_status(200);
        let client = world.raw.one::<uuid::Uuid>("SELECT id FROM api_clients").await.to_string();
        let credential = world.raw.one::<uuid::Uuid>("SELECT id FROM api_credentials").await.to_string();
        let account = add_account(&world, &connector, "grace@contoso.test").await;
        let sign_in = format!("/sign-ins/{id}");
        Self { world, ada, connector, sign_in, account, colleague, invitation, client, credential }
    }

    /// The path of a route, with ids that exist.
    fn path(&self, route: &Route) -> String {
        let id = match route.path {
            path if path.starts_with("/sign-ins/") => &self.sign_in,
            path if path.starts_with("/accounts/") => &self.account,
            path if path.starts_with("/settings/people/invitations/") => &self.invitation,
            path if path.starts_with("/settings/people/") => &self.colleague,
            path if path.starts_with("/settings/api-access/") => &self.client,
            _ => &self.connector,
        };
        let id = id.rsplit('/').next().expect("an id");
        let path =
            route.path.replace("{id}", id).replace("{link}", id).replace("{credential}", &self.credential);
        path.replace("{token}", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    }
}

/// Whether the handler looks for the id only among the user's own rows, so that a missing id is no error.
fn is_own(route: &Route) -> bool {
    route.path.starts_with("/profile/")
        || route.path.ends_with("/withdraw")
        || route.path == "/settings/return-addresses/{id}/remove"
}

/// The unsafe routes of the console. A call of the API is judged by its credential alone, and no browser has one:
/// `api.rs` tests that a foreign page can do nothing with a session there.
fn unsafe_routes() -> Vec<Route> {
    let of_console = |route: &Route| route.router() == RouterKind::Console && !route.method.is_safe();
    table().into_iter().filter(of_console).collect()
}

#[test]
fn c1_the_route_table_lists_every_server_function() {
    let registered: BTreeSet<String> =
        leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path.to_owned()).collect();
    let listed: BTreeSet<String> = table()
        .into_iter()
        .filter(|route| route.path.starts_with("/do/"))
        .map(|route| {
            assert_eq!(route.method, Method::POST, "{}: a GET would slip past Lax cookies", route.path);
            route.path.to_owned()
        })
        .collect();
    assert!(!registered.is_empty());
    assert_eq!(registered, listed);
}

#[rstest]
#[tokio::test]
async fn c1_every_unsafe_route_refuses_a_form_of_a_foreign_page(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let strangers: [&[(&str, &str)]; 9] = [
        &[],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://localhost:3000.evil.example")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        // If both headers are present, the newer one decides.
        &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:3000")],
        &[("referer", "http://localhost:3000/connectors/new")],
    ];
    let before = scene.world.raw.dump(&[]).await;
    for route in unsafe_routes() {
        for headers in strangers {
            for content_type in ["application/x-www-form-urlencoded", "text/plain", "application/json"] {
                let mut ada = scene.ada.clone();
                let mut request = ada
                    .request(route.method.as_str(), &scene.path(&route))
                    .header("content-type", content_type);
                for (name, value) in headers {
                    request = request.header(*name, *value);
                }
                let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(FIELDS).finish();
                let answer = ada.send(request.body(Body::from(body)).expect("a request")).await;
                assert_eq!(answer.status, 403, "{} {headers:?} {content_type}", route.path);
            }
        }
    }
    assert_eq!(scene.world.raw.dump(&[]).await, before);
}

/// Does a POST that leaves a draft or a message for the next page.
async fn leave_note(scene: &mut Scene, which: usize) {
    let (connector, colleague) = (scene.connector.clone(), scene.colleague.clone());
    if which > 4 {
        // A connector without accounts is deleted at once.
        scene.world.raw.run("DELETE FROM accounts").await.expect("deleted");
    }
    let ada = &mut scene.ada;
    let form = ada.get(&format!("{connector}/edit")).await;
    let owner = form.hidden("owner");
    let id = connector.rsplit('/').next().expect("an id");
    let edit = [("connector", id), ("version", "1"), ("owner", owner.as_str()), ("service_name", "Kept")];
    let answer = match which {
        0 => ada.post("/do/connectors/change", &edit).await,
        1 => ada.post("/do/connectors/replace-secret", &edit).await,
        2 => {
            let add = [("form", "01932b5e-0000-7000-8000-000000000001"), ("owner", owner.as_str())];
            ada.post("/do/connectors/add", &add).await
        }
        3 => {
            let path = format!("/settings/people/{colleague}");
            ada.post(&path, &[("change", "enable")]).await
        }
        4 => {
            let new = "another horse battery staple";
            let mut elsewhere = scene.world.log_in("ada@contoso.test").await;
            let fields = [("current", crate::support::PASSWORD), ("new", new)];
            let answer = elsewhere.post("/profile", &fields).await;
            scene.ada = elsewhere;
            answer
        }
        _ => ada.post("/do/connectors/delete", &edit[..3]).await,
    };
    assert!(answer.status.is_redirection(), "{which}: {}", answer.text());
}

/// The content of the database, except the times at which sessions were last used.
async fn dump(world: &World, without: &[&str]) -> Vec<String> {
    let mut lines = world.raw.dump(&[without, &["sessions"]].concat()).await;
    for column in ["data", "user_agent", "address"] {
        let sessions = format!("SELECT COALESCE({column}, '') FROM sessions ORDER BY hash");
        lines.extend(world.raw.column::<String>(&sessions).await);
    }
    let proved = "SELECT COALESCE(reauthenticated_at, 0) + expires_at FROM sessions ORDER BY hash";
    lines.extend(world.raw.column::<i64>(proved).await.iter().map(ToString::to_string));
    lines
}

#[rstest]
#[tokio::test]
async fn c1_n25_a_get_changes_nothing_except_the_time_of_a_sessions_last_use(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let viewer = scene.world.viewer().await;
    for note in 0..6 {
        leave_note(&mut scene, note).await;
        // So that the next use of the session is written.
        scene.world.clock.advance(Duration::seconds(70));
        let browsers = [(&scene.ada, &[][..]), (&viewer, RECORD), (&scene.world.browser(), &[])];
        let browsers = &browsers[..if note == 0 { 3 } else { 1 }];
        for &(browser, recorded) in browsers {
            let before = dump(&scene.world, recorded).await;
            for route in table() {
                for method in ["GET", "HEAD"] {
                    for site in [None, Some("cross-site"), Some("same-origin")] {
                        let mut browser = browser.clone();
                        let mut request = browser.request(method, &scene.path(&route));
                        if let Some(site) = site {
                            request = request.header("sec-fetch-site", site);
                        }
                        let answer = browser.send(request.body(Body::empty()).expect("a request")).await;
                        assert_ne!(answer.status, 500, "{method} {}", route.path);
                        assert_eq!(answer.cookies(), [""; 0], "{method} {}", route.path);
                    }
                }
            }
            assert_eq!(dump(&scene.world, recorded).await, before, "note {note}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn i4_every_route_refuses_users_whom_the_table_does_not_name(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let (viewer, stranger) = (scene.world.viewer().await, scene.world.stranger().await);
    let colleague = scene.world.user("Contoso", "bob@contoso.test", Role::Admin).await;
    // Cleo has given the password, but not the code.
    let factor = format!("UPDATE users SET totp_since = 1, totp_secret = {}", scene.world.raw.bytes(&[0]));
    let cleo = format!("{factor} WHERE email = 'cleo@contoso.test'");
    scene.world.raw.run(&cleo).await.expect("changed");
    let mut half_way = scene.world.browser();
    let fields =
        [("organisation", "contoso"), ("email", "cleo@contoso.test"), ("password", crate::support::PASSWORD)];
    assert_eq!(half_way.post("/login", &fields).await.location(), "/login/code");
    let before = scene.world.raw.dump(RECORD).await;
    for route in table() {
        let path = scene.path(&route);
        let has_id = route.path.contains("{id}");
        let others = [
            ("a visitor", scene.world.browser()),
            ("a visitor", half_way.clone()),
            ("a viewer", viewer.clone()),
            ("a stranger", stranger.clone()),
            ("a colleague", colleague.clone()),
        ];
        for (who, mut browser) in others {
            let may = match (who, route.access) {
                (_, RouteAccess::Anyone) => continue,
                // A session is no credential of the API.
                (_, RouteAccess::ApiClient(_)) | ("a visitor", _) | ("a viewer", RouteAccess::Admin) => false,
                // Users may act on rows of their own organisation; rows of another do not exist for them.
                // (Ids of sessions are looked up among the user's own, see profile.rs.)
                ("a stranger", _) => !has_id || is_own(&route),
                (_, RouteAccess::Newcomer | RouteAccess::Member) => true,
                // Only the user who started a sign-in sees its page.
                (_, RouteAccess::Admin) => !route.path.starts_with("/sign-ins/"),
            };
            if may {
                continue;
            }
            let answer = if route.router() == RouterKind::Api {
                let request = browser.request(route.method.as_str(), &path).body(Body::empty());
                browser.send(request.expect("a request")).await
            } else if route.method.is_safe() {
                browser.get(&path).await
            } else {
                browser.post(&path, &FIELDS).await
            };
            let status = answer.status.as_u16();
            let wanted = match who {
                _ if route.router() == RouterKind::Api => 401,
                "a visitor" if route.method.is_safe() => 303,
                "a visitor" => 401,
                "a viewer" if route.access == RouteAccess::Admin => 403,
                _ => 404,
            };
            assert_eq!(status, wanted, "{who} at {} {path}", route.method);
            if wanted == 303 {
                assert!(answer.location().starts_with("/login"), "{}", answer.location());
            }
            assert!(!answer.body.contains("Mail archive"), "{who} at {path} sees the connector's name");
        }
    }
    assert_eq!(scene.world.raw.dump(RECORD).await, before);
    let others: i64 = scene
        .world
        .raw
        .one("SELECT COUNT(*) FROM activity WHERE outcome = 'refused' AND action <> 'request.refused'")
        .await;
    assert_eq!(others, 0, "the activity records more than the refused request");
}

#[rstest]
#[tokio::test]
async fn i4_the_list_shows_nothing_of_another_organisation_nor_what_a_viewer_may_not_see(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let Scene { world, mut ada, connector, .. } = Scene::new(kind).await;
    let client_id: String = world.raw.one("SELECT client_id FROM connectors").await;
    let mut stranger = world.stranger().await;
    let theirs = stranger.get("/connectors").await;
    assert!(!theirs.body.contains(&client_id) && !theirs.body.contains("Mail archive"));
    // Another organisation may use the same name and the same form id.
    let new = NewConnector { name: "Mail archive", ..Default::default() };
    world.add_connector(&mut stranger, &new).await;

    let mut viewer = world.viewer().await;
    let page = viewer.get(&connector).await;
    page.assert_status(200).assert_says(&client_id).assert_says("Not verified");
    let hint = format!("<code>{}</code>", &SECRET[..3]);
    for hidden in ["begins with", hint.as_str(), "Sign-ins", "verify</button>"] {
        assert!(!page.body.contains(hidden), "a viewer sees {hidden}");
    }
    ada.get(&connector).await.assert_says("begins with").assert_says("Sign-ins");
}

#[rstest]
#[tokio::test]
async fn l11_a_protected_change_is_refused_ten_minutes_after_the_last_re_authentication(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    scene.world.clock.advance(Duration::minutes(10));
    // The time of a session's last use is written once a minute.
    scene.ada.get("/connectors").await.assert_status(200);
    let before = scene.world.raw.dump(&[]).await;
    let asking: Vec<_> = table().into_iter().filter(|route| route.reauthenticated).collect();
    assert!(asking.len() >= 9);
    for route in asking {
        let path = scene.path(&route);
        if route.method.is_safe() {
            let answer = scene.ada.get(&path).await;
            assert_eq!(answer.assert_status(303).location(), format!("/re-authenticate?next={path}"));
        } else {
            scene.ada.post(&path, &FIELDS).await.assert_status(403).assert_says("Confirm that it is you");
        }
    }
    assert_eq!(scene.world.raw.dump(&[]).await, before);
    for route in table() {
        let administers = route.path.starts_with("/settings/people") && !route.method.is_safe();
        assert!(route.reauthenticated || !administers, "{} asks for no proof", route.path);
    }
}

#[rstest]
#[tokio::test]
async fn i4_a_user_who_must_set_up_a_second_factor_can_do_nothing_else(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let required = [("required", "true")];
    scene.ada.post("/settings/people/second-factor", &required).await.assert_status(303);
    let before = scene.world.raw.dump(&[]).await;
    for route in table() {
        if matches!(route.access, RouteAccess::Anyone | RouteAccess::Newcomer | RouteAccess::ApiClient(_)) {
            continue;
        }
        let path = scene.path(&route);
        if route.method.is_safe() {
            let answer = scene.ada.get(&path).await;
            assert_eq!(answer.assert_status(303).location(), "/profile/second-factor", "{path}");
        } else {
            scene
                .ada
                .post(&path, &FIELDS)
                .await
                .assert_status(403)
                .assert_says("Set up a second factor first");
        }
    }
    assert_eq!(scene.world.raw.dump(&[]).await, before);
}
