//! Every field of every result: with a value that is not its default, as the OpenAPI document describes it. `mailbox` has
//! one item of each kind with all that a provider can say about it.

mod mailbox;
mod sent;

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mail360::{
    api::calls::{self, Call, Credential},
    clients::model::ApiClientId,
    people::access::{Caller, Reach},
    platform::clock::Clock,
};
use serde_json::{Value, json};
use url::Url;

use self::mailbox::{RETRY_AFTER, rich, throttled};
use crate::{
    api_reading::Reading,
    confirm, schedules,
    support::{
        Answer, Kind, Linked,
        api_clients::{data, everything},
    },
};

const ADA: &str = "ada@contoso.test";
const RETURN: &str = "https://crm.example.com/mailboxes/7";

/// What is always the same: a schema, a field and its value.
const CONSTANT: [(&str, &str, i64); 1] = [("Folder", "isArchived", 0)];

/// The values that were seen of each field of each schema.
struct Coverage {
    schemas: Value,
    seen: BTreeMap<(String, String), Vec<Value>>,
}

impl Coverage {
    /// Notes every field of a value, by the schema of the value.
    fn note(&mut self, schema: &Value, value: &Value) {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap_or_default().to_owned();
            let named = self.schemas[name.as_str()].clone();
            for field in named["properties"].as_object().into_iter().flatten().map(|(field, _)| field) {
                if let Some(part) = value.get(field) {
                    self.seen.entry((name.clone(), field.clone())).or_default().push(part.clone());
                }
            }
            self.note(&named, value);
            return;
        }
        for one in schema["oneOf"].as_array().into_iter().flatten() {
            self.note(one, value);
        }
        for item in value.as_array().into_iter().flatten() {
            self.note(&schema["items"], item);
        }
        for (field, part) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = value.get(field) {
                self.note(part, value);
            }
        }
    }

    /// The fields of which no answer had a value that says something.
    fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (name, schema) in self.schemas.as_object().expect("schemas") {
            for field in schema["properties"].as_object().into_iter().flatten().map(|(field, _)| field) {
                let values = self.seen.get(&(name.clone(), field.clone())).cloned().unwrap_or_default();
                let constant = CONSTANT.iter().find(|(of, known, _)| of == name && known == field);
                let is_seen = match constant {
                    Some((.., only)) => !values.is_empty() && values.iter().all(|value| value == only),
                    None => values.iter().any(|value| !is_default(value)),
                };
                if !is_seen {
                    missing.push(format!("{name}.{field}: {values:?}"));
                }
            }
        }
        missing
    }
}

/// Whether a value would also be there if nothing had been read.
fn is_default(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => ["", "0", "false", "Not Provided", "flag_not_set"].contains(&text.as_str()),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// An application that makes calls and notes their answers.
struct Fields {
    linked: Linked,
    key: String,
    document: Value,
    coverage: Coverage,
}

impl Fields {
    async fn new(linked: Linked, key: String) -> Self {
        let document = linked.world.call_with(&key, "GET", "/api/openapi.json").await;
        let document: Value = serde_json::from_str(&document.assert_status(200).body).expect("JSON");
        let schemas = document["components"]["schemas"].clone();
        Self { linked, key, document, coverage: Coverage { schemas, seen: BTreeMap::new() } }
    }

    /// Makes a call at this path, and returns its `data`.
    async fn call(&mut self, id: &str, path: &str, body: &Value) -> Value {
        let call: &Call = calls::ALL.into_iter().find(|call| call.id == id).expect("a call");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let authorization = format!("Bearer {}", self.key);
        let authorization = (call.credential != Credential::None).then_some(authorization.as_str());
        let answer = self.linked.world.call_as(authorization, call.method.as_str(), path, &body).await;
        self.note(call, &answer);
        data(&answer)
    }

    fn note(&mut self, call: &Call, answer: &Answer) {
        let operation = &self.document["paths"][call.path][call.method.as_str().to_lowercase()];
        let kind = if answer.status.is_success() { answer.status.as_str() } else { "default" };
        let schema = operation["responses"][kind]["content"]["application/json"]["schema"].clone();
        assert!(schema.is_object(), "{}: no schema for {}", call.id, answer.status);
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        self.coverage.note(&schema, &body);
    }

    /// Connects a mailbox by an application's link, which confirms it. Returns the key of the account.
    async fn connect(&mut self) -> String {
        confirm::add(&self.linked, true).await;
        let body =
            json!({ "hintEmail": "grace@contoso.test", "mailProvider": "Mail archive", "rUrl": RETURN });
        let link = self.call("addAccountByOAuth", "/api/accounts/oauth", &body).await;
        let url = Url::parse(link["url"].as_str().expect("an address")).expect("an address");
        let page = self.linked.connect(&mut self.linked.world.browser(), url.path()).await;
        let (link, code) = confirm::code_of(&page);
        let body = json!({ "link": link, "confirm": code });
        let confirmed = self.call("confirmAccount", "/api/accounts/confirm", &body).await;
        confirmed["account_key"].as_str().expect("a key").to_owned()
    }
}

impl Fields {
    /// A scheduled message that has failed, with everything that another one may have. Returns its id.
    async fn schedule(&self, client: ApiClientId, account: &str) -> String {
        let world = &self.linked.world;
        let organisation = world.organisation_id_of(ADA).await;
        let caller = Caller::of_client(organisation, client, Reach::All, None, None);
        let request = schedules::message("Report", &[]);
        let due = world.clock.now().plus(time::Duration::hours(1));
        let account = account.parse().expect("a key");
        let scheduled =
            world.program.schedules.add(&caller, account, "sendMessage", None, request, due).await;
        let changed = "UPDATE schedules SET state = 'failed', why = 'late', message_id = 'AAMk-1', \
                       internet_message_id = '<1@contoso.test>', ended_at = 1795417030000000, next_at = NULL";
        world.raw.run(changed).await.expect("changed");
        scheduled.expect("scheduled").id.name()
    }
}

#[tokio::test]
async fn every_field_of_every_schema_is_answered_with_a_value() {
    let linked = Linked::new(Kind::Sqlite).await;
    linked.world.mail.answer(rich);
    let client = linked.world.add_api_client(ADA, &everything("Fields")).await;
    let as_mail360 = linked.world.as_mail360(ADA, client.id).await;
    let mut fields = Fields::new(linked, client.key).await;
    let account = fields.connect().await;
    let credentials = json!({
        "client_id": client.id.to_string(), "client_secret": as_mail360.client_secret,
        "refresh_token": as_mail360.refresh_token,
    });
    fields.call("getAccessToken", "/api/access-token", &credentials).await;
    fields.call("getConnector", "/api/connectors/Mail%20archive", &Value::Null).await;
    let at = |rest: &str| format!("/api/accounts/{account}/{rest}");
    for (id, path) in [
        ("listMessages", "messages?folderId=id-of-inbox"),
        ("getMessage", "messages/AAMk-1%3D"),
        ("getContent", "messages/AAMk-1%3D/content"),
        ("getHeader", "messages/AAMk-1%3D/header"),
        ("listAttachments", "messages/AAMk-1%3D/attachments?includeInline=true"),
        ("getDraft", "drafts/draft-1"),
        ("listFolders", "folders"),
        ("listLabels", "labels"),
        ("getContact", "contacts/contact-1"),
        ("contactChanges", "contacts/changes"),
        ("listContactFolders", "contactFolders"),
        ("getToken", "token"),
    ] {
        fields.call(id, &at(path), &Value::Null).await;
    }
    for (id, path, ids) in [
        ("changeMessages", "messages", json!({ "messageId": ["AAMk-1=", "no id"] })),
        ("changeThreads", "threads", json!({ "threadId": ["thread-1", "no id"] })),
    ] {
        let mut body = ids;
        body["mode"] = "markAsRead".into();
        fields.call(id, &at(path), &body).await;
    }
    let started = fields.call("changeFolder", &at("folders/child"), &json!({ "mode": "emptyFolder" })).await;
    let job = at(&format!("jobs/{}", started["jobId"].as_str().expect("an id")));
    let failed = "UPDATE mail_jobs SET state = 'failed', deleted = 20, failed = 3, failure = 'refused', ended_at = created_at";
    fields.linked.world.raw.run(failed).await.expect("changed");
    fields.call("getJob", &job, &Value::Null).await;
    fields.call("uploadAttachment", &at("attachments?fileName=a.txt"), &json!({ "a": "file" })).await;
    let schedule = fields.schedule(client.id, &account).await;
    fields.call("getSchedule", &at(&format!("schedules/{schedule}")), &Value::Null).await;
    sent::send_all(&mut fields, &at("")).await;
    // The mailbox is not asked again before the time that the provider wants.
    fields.linked.world.mail.answer(throttled);
    fields.call("listMessages", &at("messages?folderId=id-of-inbox"), &Value::Null).await;
    let needing = "UPDATE accounts SET name = 'Grace Hopper', reference = 'crm-7', state = 'needs_sign_in', \
                   reason = '\"grant_refused\"'";
    fields.linked.world.raw.run(needing).await.expect("changed");
    fields.call("getAccount", &format!("/api/accounts/{account}"), &Value::Null).await;
    let missing = fields.coverage.missing();
    assert!(missing.is_empty(), "never seen with a value: {missing:#?}");
}

#[tokio::test]
async fn a_message_an_attachment_and_a_draft_have_every_documented_field() {
    let reading = Reading::new(Kind::Sqlite).await;
    reading.scene.world.mail.answer(rich);
    let red = URL_SAFE_NO_PAD.encode("Red");
    let message = json!({
        "messageId": "AAMk-1=", "folderId": "id-of-inbox", "threadId": "thread-1", "subject": "Invoice & more",
        "summary": "First words", "receivedTime": "1795946460000", "sentDateInGMT": "1795942860000", "status": "1",
        "hasAttachment": "1", "hasInline": "true", "size": "12345", "priority": "5", "flagid": "flag_not_set",
        "sender": "Doe, Jane", "fromAddress": "jane@contoso.test", "toAddress": "\"Grace\" <grace@contoso.test>",
        "ccAddress": "<bob@x.test>,\"Ann\" <ann@x.test>", "labelId": [red],
    });
    assert_eq!(reading.application.read(&reading.at("messages/AAMk-1%3D")).await, message);
    let draft = json!({
        "draftId": "draft-1", "folderId": "id-of-inbox", "threadId": "thread-1", "subject": "Invoice & more",
        "summary": "First words", "receivedTime": "1795946460000", "status": "1", "hasAttachment": "1",
        "size": "12345", "priority": "5", "sender": "Doe, Jane", "fromAddress": "jane@contoso.test",
        "toAddress": "\"Grace\" <grace@contoso.test>", "ccAddress": "<bob@x.test>,\"Ann\" <ann@x.test>",
        "bccAddress": "\"Eve\" <eve@x.test>",
    });
    assert_eq!(reading.application.read(&reading.at("drafts/draft-1")).await, draft);
    let attachments = json!({
        "messageId": "AAMk-1=",
        "attachments": [
            { "attachmentId": "file-1", "attachmentName": "report.pdf", "attachmentSize": 20_500,
              "contentType": "application/pdf", "kind": "file" },
            { "attachmentId": "item-1", "attachmentName": "The first program", "attachmentSize": 900, "kind": "item" },
            { "attachmentId": "link-1", "attachmentName": "Plan.docx", "attachmentSize": 300, "kind": "link" },
        ],
        "inline": [
            { "attachmentId": "picture-1", "attachmentName": "logo.png", "attachmentSize": 9,
              "contentType": "image/png", "cid": "logo@1" },
        ],
    });
    let path = reading.at("messages/AAMk-1%3D/attachments?includeInline=true");
    assert_eq!(reading.application.read(&path).await, attachments);
}

#[tokio::test]
async fn each_priority_and_status_has_its_number_and_a_list_has_no_has_inline() {
    let reading = Reading::new(Kind::Sqlite).await;
    reading.scene.world.mail.answer(rich);
    let list = reading.application.read(&reading.at("messages?folderId=id-of-inbox")).await;
    let found: Vec<_> = list.as_array().expect("a list").iter().collect();
    let of = |name: &str| found.iter().map(|item| item[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("priority"), ["1", "3", "5"]);
    assert_eq!(of("status"), ["0", "1", "1"]);
    assert_eq!(of("flagid"), ["followup", "flag_not_set", "flag_not_set"]);
    assert_eq!(of("hasAttachment"), ["0", "1", "1"]);
    assert_eq!(of("size"), ["12345"; 3]);
    assert!(found.iter().all(|item| item.get("hasInline").is_none()), "{list}");
}

#[tokio::test]
async fn a_folder_has_its_counts_and_only_in_the_list_is_archived() {
    let reading = Reading::new(Kind::Sqlite).await;
    reading.scene.world.mail.answer(rich);
    let inbox = json!({
        "folderId": "id-of-inbox", "folderName": "Posteingang", "folderType": "Inbox", "path": "/Posteingang",
        "messageCount": 7, "unreadCount": 2,
    });
    let child = json!({
        "folderId": "child", "folderName": "Kunden", "folderType": "User", "path": "/Posteingang/Kunden",
        "parentFolderId": "id-of-inbox", "messageCount": 3, "unreadCount": 1,
    });
    for folder in [&inbox, &child] {
        let path = format!("folders/{}", folder["folderId"].as_str().expect("an id"));
        assert_eq!(&reading.application.read(&reading.at(&path)).await, folder);
    }
    let listed = [inbox, child].map(|mut folder| {
        folder["isArchived"] = 0.into();
        folder
    });
    assert_eq!(reading.application.read(&reading.at("folders")).await, json!(listed));
}

#[tokio::test]
async fn a_contact_has_every_documented_field() {
    let reading = Reading::new(Kind::Sqlite).await;
    reading.scene.world.mail.answer(rich);
    let contact = json!({
        "contactId": "contact-1", "folderIds": ["contacts"], "displayName": "Ada Lovelace", "firstName": "Ada",
        "middleName": "King", "lastName": "Lovelace", "nickName": "Addie", "company": "Fabrikam",
        "department": "Engines", "jobTitle": "Analyst",
        "emails": [{ "address": "ada@x.test", "name": "Ada" }, { "address": "old@x.test" }],
        "phones": [
            { "type": "business", "number": "1" }, { "type": "home", "number": "2" },
            { "type": "mobile", "number": "3" },
        ],
        "addresses": [
            { "type": "business", "street": "1 Engine Court", "city": "London", "state": "London",
              "postalCode": "EC1A 1AA", "country": "United Kingdom" },
            { "type": "home", "city": "Ockham" },
            { "type": "other", "country": "France" },
        ],
        "urls": ["https://fabrikam.test/ada"], "birthday": "1815-12-10", "notes": "Prefers letters.",
        "etag": "W/\"1\"", "updatedTime": "1795946700000",
    });
    assert_eq!(reading.application.read(&reading.at("contacts/contact-1")).await, contact);
    let folders = json!([
        { "folderId": "friends", "folderName": "Friends" },
        { "folderId": "close", "folderName": "Close friends", "parentFolderId": "friends" },
    ]);
    assert_eq!(reading.application.read(&reading.at("contactFolders")).await, folders);
}

#[tokio::test]
async fn an_account_has_its_name_its_reason_and_what_is_blocked() {
    let reading = Reading::new(Kind::Sqlite).await;
    let raw = &reading.scene.world.raw;
    let path = format!("/api/accounts/{}", reading.account);
    let facts = async || reading.application.read(&path).await["ac"][0].clone();
    raw.run("UPDATE accounts SET name = 'Grace Hopper', reference = 'crm-7'").await.expect("changed");
    let connected = facts().await;
    assert_eq!(
        (&connected["displayName"], &connected["reference"]),
        (&json!("Grace Hopper"), &json!("crm-7"))
    );
    assert_eq!((&connected["outgoingBlocked"], connected.get("reason")), (&json!(false), None));
    for (state, reason, blocked) in [
        ("retrying", "throttled", false),
        ("needs_sign_in", "grant_refused", true),
        ("needs_attention", "refused", true),
        ("waiting_for_connector", "credentials_rejected", true),
        ("waiting_for_company", "company_refused", true),
    ] {
        let change = format!("UPDATE accounts SET state = '{state}', reason = '\"{reason}\"'");
        raw.run(&change).await.expect("changed");
        let facts = facts().await;
        assert_eq!((&facts["state"], &facts["reason"]), (&json!(state), &json!(reason)));
        let both = (&facts["incomingBlocked"], &facts["outgoingBlocked"]);
        assert_eq!(both, (&json!(blocked), &json!(blocked)), "{state}");
    }
    raw.run("UPDATE accounts SET state = 'connected', reason = NULL").await.expect("changed");
    for (scopes, incoming, outgoing) in
        [("Mail.Read", false, true), ("Mail.Send", true, false), ("Contacts.Read", true, true)]
    {
        raw.run(&format!("UPDATE grants SET scopes = 'User.Read {scopes}'")).await.expect("changed");
        let facts = facts().await;
        let both = (&facts["incomingBlocked"], &facts["outgoingBlocked"]);
        assert_eq!(both, (&json!(incoming), &json!(outgoing)), "{scopes}");
    }
}

#[tokio::test]
async fn an_error_names_the_limit_and_what_the_provider_said() {
    let reading = Reading::new(Kind::Sqlite).await;
    reading.scene.world.mail.answer(throttled);
    let answer = reading.application.get(&reading.at("messages/AAMk")).await;
    let data = data(answer.assert_status(429));
    let provider = json!({ "code": "ApplicationThrottled", "requestId": "the-providers-request" });
    assert_eq!((&data["limit"], &data["provider"]), (&json!("provider"), &provider), "{data}");
    assert_eq!(answer.header("retry-after"), RETRY_AFTER);
    assert_eq!(data["reference"].as_str().expect("a reference").len(), 32, "{data}");
}
