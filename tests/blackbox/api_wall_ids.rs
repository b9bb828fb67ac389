//! The walls around one mailbox and one connector: ids, cursors and tokens of another mailbox find nothing in one's own,
//! the provider is asked with the caller's own token only, and no link is made for a connector out of reach.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mail360::{accounts::service::AccountId, clients::model::TypedClient, connectors::service::ConnectorId};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    api_reading::{mailbox, message},
    support::{
        Answer, Kind, MailAnswer, MailSeen, NewConnector, World,
        api_clients::{code, data, everything},
        refreshing::{DIRECTORY, Scene},
    },
};

const ADA: &str = "ada@contoso.test";
const EVE: &str = "eve@fabrikam.test";
const RETURN: &str = "https://app.example/back";
/// The Service Names of the connectors: two of Contoso, and one of Fabrikam.
const FIRST: &str = "Mail archive";
const SECOND: &str = "Second";
const THEIRS: &str = "Theirs";

/// A mailbox, with the credentials that reach it and not Grace's.
pub struct Neighbour {
    /// The name of its owner.
    pub name: &'static str,
    pub account: AccountId,
    /// Values of the header `Authorization`.
    pub credentials: Vec<String>,
    /// The connectors that these credentials reach.
    connectors: Vec<&'static str>,
}

/// Grace's mailbox, with a client that reaches all of Contoso; Henry's of another connector; Heidi's of Fabrikam.
pub struct Neighbours {
    scene: Scene,
    pub grace: AccountId,
    /// The credential that reaches Grace's mailbox.
    pub ours: String,
    henry: Neighbour,
    heidi: Neighbour,
}

fn id_in(path: &str) -> ConnectorId {
    path.rsplit('/').next().expect("an id").parse().expect("an id")
}

/// The credentials of a new client, in both ways.
async fn credentials(world: &World, email: &str, typed: &TypedClient) -> Vec<String> {
    let client = world.add_api_client(email, typed).await;
    let as_mail360 = world.as_mail360(email, client.id).await;
    vec![format!("Bearer {}", client.key), format!("Zoho-oauthtoken {}", as_mail360.access_token)]
}

impl Neighbours {
    pub async fn new(kind: Kind) -> Self {
        let mut scene = Scene::new(kind).await;
        let grace = scene.connect("grace").await;
        let second = NewConnector { name: SECOND, ..NewConnector::default() };
        let path = scene.world.add_connector(&mut scene.ada, &second).await;
        let second = id_in(&path);
        let of_henry = scene.connect_in(second, "henry", DIRECTORY, "henry").await;

        let mut eve = scene.world.stranger().await;
        let theirs = NewConnector { name: THEIRS, ..NewConnector::default() };
        let path = scene.world.add_connector(&mut eve, &theirs).await;
        let fabrikam = scene.world.organisation_id_of(EVE).await;
        let contoso = std::mem::replace(&mut scene.organisation, fabrikam);
        let of_heidi = scene.connect_in(id_in(&path), "heidi", DIRECTORY, "heidi").await;
        scene.organisation = contoso;

        let world = &scene.world;
        world.mail.answer(mailboxes);
        let ours = world.add_api_client(ADA, &everything("Ours")).await;
        let limited = TypedClient {
            reach: "connectors".to_owned(),
            connectors: vec![second.to_string()],
            ..everything("Of the second connector")
        };
        let henry = Neighbour {
            name: "henry",
            account: of_henry,
            credentials: credentials(world, ADA, &limited).await,
            connectors: vec![SECOND],
        };
        let heidi = Neighbour {
            name: "heidi",
            account: of_heidi,
            credentials: credentials(world, EVE, &everything("Stranger")).await,
            connectors: vec![THEIRS],
        };
        let ours = format!("Bearer {}", ours.key);
        Self { scene, grace, ours, henry, heidi }
    }

    pub fn world(&self) -> &World {
        &self.scene.world
    }

    pub fn neighbours(&self) -> [&Neighbour; 2] {
        [&self.henry, &self.heidi]
    }

    async fn get(&self, credential: &str, account: AccountId, rest: &str) -> Answer {
        let path = format!("/api/accounts/{account}/{rest}");
        self.world().call_as(Some(credential), "GET", &path, "").await
    }

    async fn send(&self, credential: &str, (method, path): (&str, &str), body: &Value) -> Answer {
        self.world().call_as(Some(credential), method, path, &body.to_string()).await
    }
}

/// A message of this owner. Everything that it names has an id of this owner.
fn item(owner: &str, number: u32) -> Value {
    let mut item = message(&format!("{owner}-message-{number}"), number);
    item["conversationId"] = format!("{owner}-thread-{number}").into();
    item["parentFolderId"] = format!("{owner}-folder").into();
    item["categories"] = json!([format!("{owner}-label")]);
    item
}

/// Each mailbox has items of its owner only. Ids of Grace's exist in hers alone.
fn mailboxes(seen: &MailSeen) -> MailAnswer {
    let owner = seen.header("authorization").trim_start_matches("Bearer canary-access-").to_owned();
    let is_foreign = |text: &str| owner != "grace" && text.contains("grace-");
    let ok = |body: Value| MailAnswer::Json(200, body);
    let list = |items: Vec<Value>| ok(json!({ "value": items }));
    if seen.path() == "/$batch" {
        return mailbox(seen);
    }
    if is_foreign(seen.url.path()) || is_foreign(&String::from_utf8_lossy(&seen.body)) {
        return MailAnswer::refusal(404, "ErrorItemNotFound");
    }
    if is_foreign(&seen.query("$filter")) {
        return list(Vec::new());
    }
    let path = seen.path();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["me", "messages"] | ["me", "mailFolders", _, "messages"] => {
            let items = [2, 1].map(|number| {
                let mut item = item(&owner, number);
                item["isDraft"] = path.contains("/drafts/").into();
                item
            });
            list(Vec::from(items))
        }
        ["me", "messages", id] if seen.query("$select").contains("subject") => {
            let mut item = item(&owner, 1);
            item["isDraft"] = id.contains("draft").into();
            ok(item)
        }
        ["me", "outlook", "masterCategories"] => {
            list(vec![json!({ "id": "x", "displayName": format!("{owner}-label"), "color": "preset0" })])
        }
        ["me", "contacts"] | ["me", "contactFolders", _, "contacts"] => {
            let base = format!("{}://{}/v1.0", seen.url.scheme(), seen.url.authority());
            ok(json!({
                "value": [{ "id": format!("{owner}-contact") }], "@odata.nextLink": format!("{base}/me/contacts?$skip=1"),
            }))
        }
        _ => mailbox(seen),
    }
}

/// Calls with an id of Grace's, and whether a mailbox without it is refused; otherwise the list is empty.
fn with_ids() -> Vec<(String, bool)> {
    let label = URL_SAFE_NO_PAD.encode("grace-label");
    let refused = [
        "messages?folderId=grace-folder",
        "messages/search?mailQry=folderid:grace-folder",
        "messages/search?mailQry=folderid:grace-folder::subject:hello",
        "messages/grace-message-1",
        "messages/grace-message-1/content",
        "messages/grace-message-1/header",
        "messages/grace-message-1/raw",
        "messages/grace-message-1/attachments",
        "messages/grace-message-1/attachments/grace-file",
        "messages/any/attachments/grace-file",
        "threads?folderId=grace-folder",
        "threads/grace-thread-1",
        "drafts/grace-draft",
        "folders/grace-folder",
        "contacts?folderId=grace-folder",
        "contacts/grace-contact",
    ];
    let refused = refused.map(str::to_owned).into_iter().chain([format!("labels/{label}")]);
    let empty = [
        format!("messages?labelId={label}"),
        format!("threads?labelid={label}"),
        format!("threads/any?labelId={label}"),
        "threads/any?folderId=grace-folder".to_owned(),
    ];
    refused.map(|path| (path, true)).chain(empty.map(|path| (path, false))).collect()
}

#[rstest]
#[tokio::test]
async fn i4_an_id_of_another_mailbox_finds_nothing_and_only_the_own_token_is_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let neighbours = Neighbours::new(kind).await;
    for (path, is_refused) in with_ids() {
        for neighbour in neighbours.neighbours() {
            for credential in &neighbour.credentials {
                let answer = neighbours.get(credential, neighbour.account, &path).await;
                let place = format!("{path} of {}: {}", neighbour.name, answer.body);
                if is_refused {
                    assert_eq!(
                        (answer.status.as_u16(), code(&answer).as_str()),
                        (404, "NOT_FOUND"),
                        "{place}"
                    );
                } else {
                    assert_eq!((answer.status.as_u16(), data(&answer)), (200, json!([])), "{place}");
                }
                assert!(!answer.body.contains("grace"), "{place}");
                let own = format!("Bearer canary-access-{}", neighbour.name);
                for seen in neighbours.world().mail.take_requests() {
                    assert_eq!(seen.header("authorization"), own, "{place}");
                }
            }
        }
        // It is an id of hers.
        let hers = neighbours.get(&neighbours.ours, neighbours.grace, &path).await;
        assert_eq!(hers.status, 200, "{path}: {}", hers.body);
        assert_ne!(data_of(&hers), json!([]), "{path}");
        neighbours.world().mail.take_requests();
    }
}

/// The `data` of an answer in JSON, and nothing of another one.
fn data_of(answer: &Answer) -> Value {
    if answer.header("content-type").starts_with("application/json") { data(answer) } else { Value::Null }
}

/// Lists that go on, with the parameter that continues them.
const LISTS: [&str; 7] = [
    "messages?limit=1",
    "messages/search?emailId=a@x.test&limit=1",
    "messages/search?mailQry=subject:hello&limit=1",
    "threads?limit=1",
    "threads/any?limit=1",
    "drafts?limit=1",
    "contacts?limit=1",
];

#[rstest]
#[tokio::test]
async fn i4_a_cursor_and_a_token_of_another_client_or_account_continue_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let neighbours = Neighbours::new(kind).await;
    let (ours, grace) = (neighbours.ours.as_str(), neighbours.grace);
    let mut continued = Vec::new();
    for list in LISTS {
        let answer = neighbours.get(ours, grace, list).await;
        let cursor = answer.assert_status(200).header("next-cursor");
        assert!(!cursor.is_empty(), "{list} does not go on: {}", answer.body);
        continued.push(format!("{list}&cursor={cursor}"));
    }
    let changes = neighbours.get(ours, grace, "contacts/changes").await;
    let token = data(changes.assert_status(200))["token"].as_str().expect("a token").to_owned();
    continued.push(format!("contacts/changes?token={token}"));
    for path in &continued {
        neighbours.get(ours, grace, path).await.assert_status(200);
    }
    let accounts = neighbours.world().call_as(Some(ours), "GET", "/api/accounts?limit=1", "").await;
    let cursor = accounts.assert_status(200).header("next-cursor");
    assert!(!cursor.is_empty(), "{}", accounts.body);
    let accounts = format!("/api/accounts?limit=1&cursor={cursor}");

    // Another client with the same reach, in its own organisation's same account.
    let alike = credentials(neighbours.world(), ADA, &everything("Alike")).await;
    let mut wrong: Vec<(&str, AccountId)> =
        alike.iter().map(|credential| (credential.as_str(), grace)).collect();
    // The same client with another account.
    wrong.push((ours, neighbours.henry.account));
    for neighbour in neighbours.neighbours() {
        wrong.extend(neighbour.credentials.iter().map(|credential| (credential.as_str(), neighbour.account)));
    }
    neighbours.world().mail.take_requests();
    for (credential, account) in wrong {
        for path in &continued {
            let answer = neighbours.get(credential, account, path).await;
            assert_eq!(code(answer.assert_status(400)), "INVALID_VALUE", "{path}");
        }
        if credential != ours {
            let answer = neighbours.world().call_as(Some(credential), "GET", &accounts, "").await;
            assert_eq!(code(answer.assert_status(400)), "INVALID_VALUE", "{accounts}");
        }
    }
    assert!(neighbours.world().mail.take_requests().is_empty(), "the provider was asked");
}

/// What a client learns from a refusal: everything but the id of the request.
fn learned(answer: &Answer) -> Value {
    let mut body: Value = serde_json::from_str(&answer.body).expect("JSON");
    body["data"]["reference"] = Value::Null;
    body
}

#[rstest]
#[tokio::test]
async fn i4_no_link_is_made_for_a_connector_out_of_reach(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let neighbours = Neighbours::new(kind).await;
    let world = neighbours.world();
    world.raw.run("UPDATE connectors SET state = 'verified', verified_at = 1").await.expect("verified");
    // So that nothing but the connector is wrong.
    for email in [ADA, EVE] {
        let admin = world.reauthenticated(email).await;
        world.program.return_addresses.add(&admin, RETURN, false).await.expect("an answer").expect("added");
    }
    let mut callers = vec![(&neighbours.ours, &neighbours.henry, vec![FIRST, SECOND])];
    for neighbour in neighbours.neighbours() {
        let connectors = &neighbour.connectors;
        callers.extend(
            neighbour.credentials.iter().map(|credential| (credential, neighbour, connectors.clone())),
        );
    }
    let mut made = 0;
    for (credential, neighbour, reached) in callers {
        let own = format!("/api/accounts/{}/oauth", neighbour.account);
        for call in [("POST", "/api/accounts/oauth"), ("PUT", own.as_str())] {
            let body = |connector: &str| {
                let email = format!("{}@contoso.test", neighbour.name);
                json!({ "hintEmail": email, "mailProvider": connector, "rUrl": RETURN })
            };
            let nothing = neighbours.send(credential, call, &body("Nothing")).await;
            assert_eq!(code(nothing.assert_status(400)), "INVALID_VALUE");
            assert!(nothing.body.contains("mailProvider: "), "{}", nothing.body);
            for connector in [FIRST, SECOND, THEIRS] {
                let answer = neighbours.send(credential, call, &body(connector)).await;
                if reached.contains(&connector) {
                    answer.assert_status(200);
                    made += 1;
                } else {
                    assert_eq!(learned(&answer), learned(&nothing), "{call:?} {connector}");
                }
            }
        }
        for connector in [FIRST, SECOND, THEIRS] {
            let path = format!("/api/connectors/{}", connector.replace(' ', "%20"));
            let answer = world.call_as(Some(credential), "GET", &path, "").await;
            answer.assert_status(if reached.contains(&connector) { 200 } else { 404 });
        }
    }
    assert_eq!(world.raw.count("connect_links").await, made);
}
