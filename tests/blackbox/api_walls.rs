//! The walls of the API: every route of the route table, with every kind of id and every kind of credential. A
//! credential that is not valid opens nothing, one without the scope opens nothing, and what a client does not reach is
//! for it as if it did not exist.

use mail360::{
    accounts::service::AccountId,
    api::{
        calls::{self, Call},
        parameters::{Effect, Kind as ParameterKind, Parameter, Place},
    },
    clients::model::TypedClient,
    log_in::guard::RouteAccess,
    people::{access::Scope, model::Role},
    router::{RouterKind, table},
};
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{
    Answer, Kind, MailAnswer, NewConnector, World,
    api_clients::{KeyedClient, code, everything},
    refreshing::Scene,
};

const ADA: &str = "ada@contoso.test";
const EVE: &str = "eve@fabrikam.test";
/// What only Contoso's clients may ever see.
const OURS: [&str; 2] = ["grace@contoso.test", "canary-access-grace"];

/// A route that needs an API client, as a request. `{account}` is the place of an account's key.
struct Target {
    scope: Scope,
    method: String,
    path: String,
    /// The headers that it requires.
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Target {
    fn path(&self, account: &str) -> String {
        self.path.replace("{account}", account)
    }

    fn has_account(&self) -> bool {
        self.path.contains("{account}")
    }
}

/// A value that a required parameter takes.
fn sample(parameter: &Parameter) -> Value {
    match (parameter.name, parameter.effect, parameter.kind) {
        ("hintEmail" | "fromAddress" | "toAddress", ..) => json!("grace@contoso.test"),
        ("mailProvider", ..) => json!("Mail archive"),
        ("rUrl", ..) => json!("https://app.example/back"),
        ("mailQry", ..) => json!("subject:hello"),
        (_, Effect::Only([first, ..]), _) | (_, _, ParameterKind::OneOf([first, ..])) => json!(first),
        (_, _, ParameterKind::Integer { min, .. }) => json!(min.to_string()),
        (_, _, ParameterKind::Boolean) => json!("true"),
        _ => json!("x"),
    }
}

/// The call of a route: that of its method if there is one, for the raw passage has one call for all methods.
fn call_of(method: &str, path: &str) -> &'static Call {
    let shape = |path: &str| {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    let found: Vec<&Call> = calls::ALL.into_iter().filter(|call| shape(call.path) == shape(path)).collect();
    let same = found.iter().find(|call| call.method.as_str() == method);
    same.or(found.first()).copied().expect("a call")
}

/// Every route that needs an API client, with the parameters that it requires.
fn targets() -> Vec<Target> {
    let mut targets = Vec::new();
    for route in table().into_iter().filter(|route| route.router() == RouterKind::Api) {
        let RouteAccess::ApiClient(scope) = route.access else { continue };
        let call = call_of(route.method.as_str(), route.path);
        let is_raw = route.path.contains("{*");
        let mut path = route.path.replace("{account_key}", "{account}").replace("{*path}", "v1.0/me");
        let (mut query, mut headers, mut body) = (Vec::new(), Vec::new(), serde_json::Map::new());
        for parameter in call.parameters.iter().filter(|_| !is_raw) {
            match parameter.place {
                Place::Path => {
                    let value = if parameter.name == "name" { "Mail%20archive" } else { "x" };
                    path = path.replace(&format!("{{{}}}", parameter.name), value);
                }
                Place::Query if parameter.is_required => {
                    let value = sample(parameter);
                    query.push(format!("{}={}", parameter.name, value.as_str().expect("a text")));
                }
                Place::Body if parameter.is_required => {
                    body.insert(parameter.name.to_owned(), sample(parameter));
                }
                Place::Header if parameter.is_required => {
                    let value = sample(parameter);
                    headers.push((parameter.name, value.as_str().expect("a text").to_owned()));
                }
                Place::Query | Place::Body | Place::Header => {}
            }
        }
        // Each of these calls requires one parameter of several.
        if call.id == calls::SEARCH_CONTACTS.id {
            query.push("name=grace".to_owned());
        } else if call.id == calls::SEARCH_MESSAGES.id {
            query.push("mailQry=subject:hello".to_owned());
        } else if call.id == calls::UPLOAD_ATTACHMENT.id {
            query.push("fileName=a.txt".to_owned());
        }
        for (id, name, value) in [
            (calls::CHANGE_FOLDER.id, "folderName", "Archive"),
            (calls::UPDATE_LABEL.id, "color", "#e74856"),
            (calls::CREATE_CONTACT.id, "displayName", "Grace"),
            (calls::UPDATE_CONTACT.id, "displayName", "Grace"),
        ] {
            if call.id == id {
                body.insert(name.to_owned(), json!(value));
            }
        }
        if !query.is_empty() {
            path = format!("{path}?{}", query.join("&"));
        }
        let body = if body.is_empty() { String::new() } else { Value::Object(body).to_string() };
        targets.push(Target { scope, method: route.method.to_string(), path, headers, body });
    }
    targets
}

async fn send(world: &World, credential: Option<&str>, target: &Target, account: &str) -> Answer {
    let headers: Vec<_> = target.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    world.call_headed(credential, &headers, (&target.method, &target.path(account)), &target.body).await
}

/// What a client learns from an answer: the status and the body without the id of the request.
fn learned(answer: &Answer) -> (u16, Value) {
    let mut body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    if let Some(data) = body["data"].as_object_mut() {
        data.remove("reference");
    }
    (answer.status.as_u16(), body)
}

#[track_caller]
fn assert_says_nothing(answer: &Answer, target: &Target) {
    for ours in OURS {
        assert!(!answer.body.contains(ours), "{} {}: {}", target.method, target.path, answer.body);
    }
}

/// Contoso with two connectors, an account of Grace's through the first, and Fabrikam beside it.
struct Walls {
    scene: Scene,
    account: AccountId,
    /// A connector of Contoso without accounts.
    other_connector: String,
    targets: Vec<Target>,
}

impl Walls {
    async fn new(kind: Kind) -> Self {
        let mut scene = Scene::new(kind).await;
        let account = scene.connect("grace").await;
        let second = NewConnector { name: "Second", ..NewConnector::default() };
        let path = scene.world.add_connector(&mut scene.ada, &second).await;
        let other_connector = path.rsplit('/').next().expect("an id").to_owned();
        scene.world.add_user("Fabrikam", EVE, Role::Admin).await;
        scene.world.mail.answer(|_| MailAnswer::Json(200, json!({ "id": "x", "value": [] })));
        Self { scene, account, other_connector, targets: targets() }
    }

    fn world(&self) -> &World {
        &self.scene.world
    }

    async fn client(&self, email: &str, typed: TypedClient) -> KeyedClient {
        self.world().add_api_client(email, &typed).await
    }

    /// Everything that is stored, but when which secret was used.
    async fn stored(&self) -> Vec<String> {
        self.world().raw.dump(&["api_clients", "api_credentials", "cursors"]).await
    }
}

#[rstest]
#[tokio::test]
async fn i4_what_a_client_does_not_reach_is_for_it_as_if_it_did_not_exist(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let walls = Walls::new(kind).await;
    let world = walls.world();
    let stranger = walls.client(EVE, everything("Stranger")).await;
    let as_mail360 = world.as_mail360(EVE, stranger.id).await;
    let of_other = TypedClient {
        reach: "connectors".to_owned(),
        connectors: vec![walls.other_connector.clone()],
        ..everything("Of the other connector")
    };
    let of_other = walls.client(ADA, of_other).await;
    let of_none = TypedClient { reach: "connected".to_owned(), ..everything("Of its own accounts") };
    let of_none = walls.client(ADA, of_none).await;
    let credentials = [
        (format!("Bearer {}", stranger.key), true),
        (format!("Zoho-oauthtoken {}", as_mail360.access_token), true),
        (format!("Bearer {}", of_other.key), false),
        (format!("Bearer {}", of_none.key), false),
    ];
    let id = |table: &str| format!("SELECT id FROM {table} ORDER BY 1 LIMIT 1");
    let mut ids = vec![walls.account.to_string(), walls.account.to_string().to_uppercase()];
    for table in ["organisations", "users", "connectors", "api_clients", "api_credentials", "activity"] {
        ids.push(world.raw.one::<uuid::Uuid>(&id(table)).await.to_string());
    }
    ids.extend(["x", "00000000-0000-0000-0000-000000000000"].map(str::to_owned));
    let unknown = "018f0000-7e57-7000-8000-000000000001";
    let before = walls.stored().await;
    for target in &walls.targets {
        for (credential, is_foreign) in &credentials {
            if !target.has_account() {
                // A list has none of ours, and a name of ours is the name of nothing.
                let answer = send(world, Some(credential.as_str()), target, "").await;
                assert!(*is_foreign || !answer.body.contains(OURS[0]), "{}", answer.body);
                if *is_foreign {
                    assert_says_nothing(&answer, target);
                }
                if *is_foreign && target.path.starts_with("/api/connectors/") {
                    assert_eq!(code(answer.assert_status(404)), "NOT_FOUND");
                }
                continue;
            }
            let nothing = learned(&send(world, Some(credential.as_str()), target, unknown).await);
            for id in &ids {
                let answer = send(world, Some(credential.as_str()), target, id).await;
                let place = format!("{} {}", target.method, target.path(id));
                assert_says_nothing(&answer, target);
                assert_eq!(learned(&answer), nothing, "{place}");
                let refused = ["NOT_FOUND", "NOT_SUPPORTED"].contains(&code(&answer).as_str());
                assert!(answer.status.is_client_error() && refused, "{place}: {}", answer.body);
            }
        }
    }
    assert!(world.mail.take_requests().is_empty(), "the provider was asked");
    assert_eq!(walls.stored().await, before);

    // The same requests reach the account of a client that may.
    let ours = walls.client(ADA, everything("Ours")).await;
    for target in walls.targets.iter().filter(|target| target.has_account() && target.method == "GET") {
        let answer =
            send(world, Some(&format!("Bearer {}", ours.key)), target, &walls.account.to_string()).await;
        let status = answer.status.as_u16();
        assert!(![401, 403].contains(&status), "{}: {}", target.path, answer.body);
        assert!(status != 400 || code(&answer) == "NOT_SUPPORTED", "{}: {}", target.path, answer.body);
    }
    assert!(!world.mail.take_requests().is_empty());
}

#[rstest]
#[tokio::test]
async fn i4_a_credential_that_is_not_valid_opens_no_route(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let walls = Walls::new(kind).await;
    let world = walls.world();
    let ours = walls.client(ADA, everything("Ours")).await;
    let as_mail360 = world.as_mail360(ADA, ours.id).await;
    let revoked = walls.client(ADA, everything("Revoked")).await;
    let deleted = walls.client(ADA, everything("Deleted")).await;
    let admin = world.reauthenticated(ADA).await;
    world.program.clients.revoke_everything(&admin, revoked.id).await.expect("revoked");
    world.program.clients.delete(&admin, deleted.id).await.expect("deleted");
    let today = TypedClient { expires: "2027-01-31".to_owned(), ..everything("Expired") };
    let expired = walls.client(ADA, today).await;
    world.clock.advance(Duration::days(100));
    // The access token has ended in the meantime too.
    let mut cut = ours.key.clone();
    cut.pop();
    let other_end = if ours.key.ends_with('A') { "B" } else { "A" };
    let credentials = [
        None,
        Some("Bearer".to_owned()),
        Some(format!("Basic {}", ours.key)),
        Some(ours.key.clone()),
        Some("Bearer x".to_owned()),
        Some(format!("Bearer {cut}")),
        Some(format!("Bearer {cut}{other_end}")),
        Some(format!("Bearer {}", revoked.key)),
        Some(format!("Bearer {}", deleted.key)),
        Some(format!("Bearer {}", expired.key)),
        Some(format!("Zoho-oauthtoken {}", as_mail360.access_token)),
        Some(format!("Bearer {}", as_mail360.client_secret)),
        Some(format!("Bearer {}", as_mail360.refresh_token)),
        Some("Bearer canary-access-grace".to_owned()),
    ];
    let account = walls.account.to_string();
    let before = walls.stored().await;
    for target in &walls.targets {
        for credential in &credentials {
            let answer = send(world, credential.as_deref(), target, &account).await;
            assert_eq!(code(answer.assert_status(401)), "INVALID_OAUTHTOKEN", "{credential:?}");
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
            assert_says_nothing(&answer, target);
        }
        // The session of an administrator is no credential.
        let mut ada = walls.scene.ada.clone();
        let path = target.path(&account);
        let request = ada.request(&target.method, &path).body(axum::body::Body::empty()).expect("a request");
        ada.send(request).await.assert_status(401);
    }
    assert!(world.mail.take_requests().is_empty());
    assert_eq!(walls.stored().await, before);
    let valid = send(world, Some(&format!("Bearer {}", ours.key)), &walls.targets[0], &account).await;
    assert_ne!(valid.status, 401, "{}", valid.body);
}

#[rstest]
#[tokio::test]
async fn i4_a_client_without_the_scope_of_a_route_is_told_which_and_nothing_about_the_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let walls = Walls::new(kind).await;
    let world = walls.world();
    let mut scopes: Vec<_> = walls.targets.iter().map(|target| target.scope).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let account = walls.account.to_string();
    let unknown = "018f0000-7e57-7000-8000-000000000001";
    let mut clients = Vec::new();
    for scope in scopes {
        let mut typed = everything(scope.name());
        typed.scopes.retain(|name| name != scope.name());
        clients.push((scope, walls.client(ADA, typed).await));
    }
    let before = walls.stored().await;
    for target in &walls.targets {
        let (_, client) = clients.iter().find(|(scope, _)| *scope == target.scope).expect("a client");
        let credential = format!("Bearer {}", client.key);
        let answer = send(world, Some(credential.as_str()), target, &account).await;
        assert_eq!(code(answer.assert_status(403)), "MISSING_SCOPE", "{} {}", target.method, target.path);
        assert!(answer.body.contains(target.scope.name()), "{}", answer.body);
        assert_says_nothing(&answer, target);
        let nothing = send(world, Some(credential.as_str()), target, unknown).await;
        assert_eq!(learned(&answer), learned(&nothing), "{} {}", target.method, target.path);
    }
    assert!(world.mail.take_requests().is_empty());
    assert_eq!(walls.stored().await, before);
}
