//! The calls that read mail and contacts, through the real router, with prepared answers of the provider.

use mail360::{accounts::service::AccountId, api::layers::POLICY};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Application, Kind, MailAnswer, MailSeen, assert_refusal, data, refreshing::Scene};

/// An application, and an account whose mailbox has prepared answers.
pub struct Reading {
    pub scene: Scene,
    pub application: Application,
    pub account: AccountId,
}

impl Reading {
    pub async fn new(kind: Kind) -> Self {
        let scene = Scene::new(kind).await;
        let account = scene.connect("grace").await;
        scene.world.mail.answer(mailbox);
        let application = Application::with_everything(&scene.world).await;
        Self { scene, application, account }
    }

    /// The address of a call of the account.
    pub fn at(&self, path: &str) -> String {
        format!("/api/accounts/{}/{path}", self.account)
    }

    /// The `data` of a call of the account.
    async fn read(&self, path: &str) -> Value {
        self.application.read(&self.at(path)).await
    }
}

/// A message as the provider has it.
pub fn message(id: &str, minute: u32) -> Value {
    json!({
        "id": id, "conversationId": "thread-1", "parentFolderId": "id-of-inbox", "subject": "Invoice & more",
        "bodyPreview": "First words", "receivedDateTime": format!("2026-11-29T10:{minute:02}:00Z"),
        "sentDateTime": format!("2026-11-29T09:{minute:02}:00Z"), "isRead": false, "isDraft": false,
        "hasAttachments": true, "importance": "high", "flag": { "flagStatus": "flagged" }, "categories": ["Red"],
        "internetMessageId": format!("<{id}@contoso.test>"),
        "from": { "emailAddress": { "name": "Doe, Jane", "address": "jane@contoso.test" } },
        "toRecipients": [{ "emailAddress": { "name": "Grace", "address": "grace@contoso.test" } }],
        "ccRecipients": [], "bccRecipients": [], "replyTo": [],
    })
}

fn contact() -> Value {
    json!({
        "id": "contact-1", "parentFolderId": "contacts", "displayName": "Ada Lovelace", "givenName": "Ada",
        "surname": "Lovelace", "emailAddresses": [{ "name": "Ada", "address": "ada@x.test" }],
        "mobilePhone": "+44 1", "companyName": "Analytical", "@odata.etag": "W/\"1\"",
    })
}

/// A small mailbox: it answers each address that the calls of this file need.
pub fn mailbox(seen: &MailSeen) -> MailAnswer {
    let ok = |body: Value| MailAnswer::Json(200, body);
    let list = |items: Vec<Value>| ok(json!({ "value": items }));
    let path = seen.path();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["$batch"] => batch(seen),
        ["me", "messages", _, "$value"] => {
            let source = b"Subject: Hello\r\nX-A: b\r\n\r\nThe body\r\n".to_vec();
            MailAnswer::Bytes("text/plain", source.chunks(7).map(<[u8]>::to_vec).collect())
        }
        ["me", "messages", _, "attachments", _, "$value"] => {
            MailAnswer::Bytes("application/pdf", vec![b"%PDF".to_vec(), b"-1.7".to_vec()])
        }
        ["me", "messages", _, "attachments", id] => ok(json!({
            "@odata.type": "#microsoft.graph.fileAttachment", "id": id, "name": "report.pdf",
            "contentType": "application/pdf", "size": 8, "isInline": false,
        })),
        ["me", "messages", _, "attachments"] => list(vec![
            json!({
                "@odata.type": "#microsoft.graph.fileAttachment", "id": "file-1", "name": "report.pdf",
                "contentType": "application/pdf", "size": 8, "isInline": false,
            }),
            json!({
                "@odata.type": "#microsoft.graph.fileAttachment", "id": "picture-1", "name": "logo.png",
                "contentType": "image/png", "size": 9, "isInline": true, "contentId": "logo@1",
            }),
        ]),
        ["me", "messages", id]
            if seen.query("$select").contains("body") && !seen.query("$select").contains("subject") =>
        {
            ok(json!({
                "id": id,
                "body": { "contentType": "html", "content": "<p onclick=\"x()\">Hello<script>alert(1)</script></p>" },
            }))
        }
        ["me", "messages", id] if seen.query("$select").contains("internetMessageHeaders") => ok(json!({
            "id": id,
            "internetMessageHeaders": [{ "name": "Subject", "value": "Hello" }, { "name": "X-A", "value": "b" }],
        })),
        ["me", "messages", id] => {
            let mut found = message(&decoded(id), 1);
            found["isDraft"] = id.starts_with("draft").into();
            ok(found)
        }
        ["me", "messages"] => list(vec![message("AAMk-3=", 3), message("AAMk-2=", 2)]),
        ["me", "mailFolders", "drafts", "messages"] => {
            let mut draft = message("draft-1", 4);
            draft["isDraft"] = true.into();
            list(vec![draft])
        }
        ["me", "mailFolders", _, "messages"] => messages(seen),
        ["me", "mailFolders", _, "childFolders"] => list(vec![]),
        ["me", "mailFolders"] => list(vec![folder("id-of-inbox", "Posteingang"), folder("own", "Rot/Blau")]),
        ["me", "mailFolders", id] => ok(folder(id, "Posteingang")),
        ["me", "outlook", "masterCategories"] => {
            list(vec![json!({ "id": "x", "displayName": "Red", "color": "preset0" })])
        }
        ["me", "contactFolders"] => list(vec![json!({ "id": "friends", "displayName": "Friends" })]),
        ["me", "contacts", "delta"] | ["me", "contactFolders", _, "contacts", "delta"] => ok(json!({
            "value": [contact(), { "id": "contact-2", "@removed": { "reason": "deleted" } }],
            "@odata.deltaLink": format!("{}://{}/v1.0/me/contacts/delta?$deltatoken=t1", seen.url.scheme(), seen.url.authority()),
        })),
        ["me", "contacts", _] => ok(contact()),
        ["me", "contacts"] => list(vec![contact()]),
        _ => MailAnswer::refusal(404, "ErrorItemNotFound"),
    }
}

fn folder(id: &str, name: &str) -> Value {
    json!({
        "id": id, "displayName": name, "parentFolderId": "id-of-msgfolderroot", "childFolderCount": 0,
        "unreadItemCount": 1, "totalItemCount": 7,
    })
}

/// Five messages, a minute apart: as many as were asked for, with a link to more.
fn messages(seen: &MailSeen) -> MailAnswer {
    let filter = seen.query("$filter");
    let before = filter.split("receivedDateTime lt 2026-11-29T10:").nth(1);
    let before: Option<u32> = before.and_then(|rest| rest.get(..2)?.parse().ok());
    let skipped: usize = seen.query("$skip").parse().unwrap_or_default();
    let top: usize = seen.query("$top").parse().unwrap_or(10);
    let minutes = (1..=5_u32).rev().filter(|minute| before.is_none_or(|before| *minute <= before));
    let all: Vec<_> =
        minutes.skip(skipped).map(|minute| message(&format!("AAMk-{minute}="), minute)).collect();
    let page: Vec<_> = all.into_iter().take(top).collect();
    MailAnswer::Json(200, json!({ "value": page }))
}

/// Answers each request for a folder of the system within a batch.
fn batch(seen: &MailSeen) -> MailAnswer {
    let asked: Value = serde_json::from_slice(&seen.body).expect("JSON");
    let answers: Vec<_> = asked["requests"]
        .as_array()
        .expect("requests")
        .iter()
        .map(|request| {
            let url = request["url"].as_str().expect("an address");
            let name = url.split("/mailFolders/").nth(1).unwrap_or_default();
            let name = name.split(['?', '/']).next().unwrap_or_default();
            json!({ "id": request["id"], "status": 200, "body": { "id": format!("id-of-{name}") } })
        })
        .collect();
    MailAnswer::Json(200, json!({ "responses": answers }))
}

/// The text of a segment of a path.
pub fn decoded(segment: &str) -> String {
    url::form_urlencoded::parse(format!("x={}", segment.replace('+', "%2B")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[rstest]
#[tokio::test]
async fn a_message_has_mail360s_fields_in_a_list_and_alone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let reading = Reading::new(kind).await;
    let listed = reading.read("messages?folderId=id-of-inbox&limit=2").await;
    let expected = json!({
        "messageId": "AAMk-5=", "folderId": "id-of-inbox", "threadId": "thread-1", "subject": "Invoice & more",
        "summary": "First words", "receivedTime": "1795946700000", "sentDateInGMT": "1795943100000", "status": "0",
        "hasAttachment": "1", "priority": "1", "flagid": "followup", "sender": "Doe, Jane",
        "fromAddress": "jane@contoso.test", "toAddress": "\"Grace\" <grace@contoso.test>",
        "ccAddress": "Not Provided",
    });
    for (name, value) in expected.as_object().expect("fields") {
        assert_eq!(&listed[0][name], value, "{name}");
    }
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
    let one = reading.read("messages/AAMk-5%3D").await;
    assert_eq!((&one["messageId"], &one["subject"]), (&json!("AAMk-5="), &json!("Invoice & more")));
    let seen = reading.scene.world.mail.take_requests();
    assert!(seen.iter().all(|seen| seen.header("authorization") == "Bearer canary-access-grace"));
    assert!(seen.iter().all(|seen| seen.header("prefer").contains("ImmutableId")));
}

#[rstest]
#[tokio::test]
async fn every_reading_call_answers_its_shape(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let reading = Reading::new(kind).await;
    for (path, pointer, value) in [
        ("messages/AAMk/content", "/content", json!("<p>Hello</p>")),
        ("messages/AAMk/header", "/headerContent", json!("Subject: Hello\r\nX-A: b\r\n")),
        ("messages/AAMk/attachments", "/attachments/0/attachmentName", json!("report.pdf")),
        ("messages/AAMk/attachments?includeInline=true", "/inline/0/cid", json!("logo@1")),
        ("messages/AAMk/attachments", "/inline", json!([])),
        ("threads?folderId=id-of-inbox", "/0/threadId", json!("thread-1")),
        ("threads/thread-1", "/0/messageId", json!("AAMk-2=")),
        ("drafts", "/0/draftId", json!("draft-1")),
        ("drafts/draft-1", "/bccAddress", json!("Not Provided")),
        ("folders", "/0/folderType", json!("Inbox")),
        ("folders", "/1/path", json!("/Rot%2FBlau")),
        ("folders/id-of-inbox", "/folderName", json!("Posteingang")),
        ("labels", "/0/displayName", json!("Red")),
        ("labels", "/0/sequence", json!(1)),
        ("contacts", "/0/displayName", json!("Ada Lovelace")),
        ("contacts/contact-1", "/emails/0/address", json!("ada@x.test")),
        ("contacts/search?email=ada@x.test", "/0/contactId", json!("contact-1")),
        ("contacts/changes", "/removed/0/contactId", json!("contact-2")),
        ("contactFolders", "/0/folderName", json!("Friends")),
    ] {
        let data = reading.read(path).await;
        assert_eq!(data.pointer(pointer), Some(&value), "{path}: {data}");
    }
    let label = reading.read("labels").await[0]["labelId"].as_str().expect("an id").to_owned();
    let label = reading.read(&format!("labels/{label}")).await;
    assert_eq!((&label["displayName"], &label["sequence"]), (&json!("Red"), &json!(1)));
    let raw = reading.application.get(&reading.at("messages/AAMk/raw")).await;
    assert_eq!(raw.assert_status(200).header("content-type"), "message/rfc822");
    assert_eq!(raw.body, "Subject: Hello\r\nX-A: b\r\n\r\nThe body\r\n");
    let file = reading.application.get(&reading.at("messages/AAMk/attachments/file-1")).await;
    assert_eq!(file.assert_status(200).body, "%PDF-1.7");
    assert_eq!(file.header("content-type"), "application/pdf");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"report.pdf\"");
    for download in [&raw, &file] {
        assert!(download.header("content-disposition").starts_with("attachment"));
        assert_eq!(download.header("x-content-type-options"), "nosniff");
        assert_eq!(download.header("content-security-policy"), POLICY);
    }
}

#[rstest]
#[tokio::test]
async fn a_list_goes_on_with_its_cursor_and_with_no_other(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let reading = Reading::new(kind).await;
    let path = reading.at("messages?folderId=id-of-inbox&limit=2");
    let (mut found, mut next) = (Vec::new(), String::new());
    loop {
        let address = if next.is_empty() { path.clone() } else { format!("{path}&cursor={next}") };
        let answer = reading.application.get(&address).await;
        let page = data(answer.assert_status(200));
        found.extend(page.as_array().expect("a list").iter().map(|item| item["messageId"].clone()));
        next = answer.header("next-cursor").to_owned();
        if next.is_empty() {
            break;
        }
        let other = Application::with_everything(&reading.scene.world).await;
        for (application, address) in [
            (&other, format!("{path}&cursor={next}")),
            (
                &reading.application,
                format!("{}&cursor={next}", reading.at("messages?folderId=id-of-sentitems&limit=2")),
            ),
            (&reading.application, format!("{path}&cursor={next}&start=1")),
            (&reading.application, format!("{path}&cursor=x{next}")),
            (
                &reading.application,
                format!("{}&cursor={next}", reading.at("threads?folderId=id-of-inbox&limit=2")),
            ),
        ] {
            assert_refusal(&application.get(&address).await, 400, "INVALID_VALUE");
        }
    }
    assert_eq!(found, [5, 4, 3, 2, 1].map(|minute| json!(format!("AAMk-{minute}="))));
    let start = reading.read("messages?folderId=id-of-inbox&start=4&limit=1").await;
    assert_eq!(start[0]["messageId"], "AAMk-2=");
    for list in
        ["messages?folderId=id-of-inbox&", "messages/search?mailQry=subject:a&", "threads?", "drafts?"]
    {
        let at = |start: u32| reading.at(&format!("{list}start={start}&limit=10"));
        let far = reading.application.get(&at(9_991)).await;
        let refused = assert_refusal(&far, 400, "INVALID_VALUE");
        assert!(refused["moreInfo"].as_str().expect("more").contains("at most 10000"), "{refused}");
        let last = reading.application.get(&at(9_990)).await;
        assert!(!last.body.contains("at most 10000"), "{list}: {}", last.body);
    }
}

#[tokio::test]
async fn an_id_of_any_alphabet_makes_the_trip_through_our_addresses() {
    let reading = Reading::new(Kind::Sqlite).await;
    for id in ["AAMkADhm-_=", "AAMk/AD+hm==", "++//==", "a"] {
        let encoded: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
        let message = reading.read(&format!("messages/{encoded}")).await;
        assert_eq!(message["messageId"], id);
    }
    for id in ["%2E%2E", "a%00b", "a%20b", "%24value", "q%3Fa=b", "a%2F..%2Fb", "%ff"] {
        let answer = reading.application.get(&reading.at(&format!("messages/{id}"))).await;
        assert!(answer.status.is_client_error(), "{id}: {}", answer.body);
    }
    let long = "x".repeat(401);
    assert_refusal(
        &reading.application.get(&reading.at(&format!("messages/{long}"))).await,
        400,
        "INVALID_VALUE",
    );
}

#[tokio::test]
async fn what_the_provider_refuses_has_a_code_and_keeps_its_words() {
    let reading = Reading::new(Kind::Sqlite).await;
    reading.scene.world.provider.answer_refreshes(crate::support::rotate);
    for (status, theirs, answered, ours) in [
        (404, "ErrorItemNotFound", 404, "NOT_FOUND"),
        (400, "ErrorInvalidIdMalformed", 404, "NOT_FOUND"),
        (403, "ErrorAccessDenied", 403, "PERMISSION_NOT_GRANTED"),
        (403, "insufficient_claims", 409, "ACCOUNT_NEEDS_SIGN_IN"),
        (401, "InvalidAuthenticationToken", 502, "PROVIDER_ERROR"),
        (400, "ErrorSomethingNew", 502, "PROVIDER_ERROR"),
        (503, "serviceNotAvailable", 503, "PROVIDER_UNAVAILABLE"),
        (504, "UnknownError", 503, "PROVIDER_UNAVAILABLE"),
    ] {
        reading.scene.world.mail.answer(move |_| MailAnswer::refusal(status, theirs));
        let answer = reading.application.get(&reading.at("messages/AAMk")).await;
        let data = assert_refusal(&answer, answered, ours);
        assert_eq!(data["provider"]["code"], theirs, "{status}");
        assert_eq!(data["provider"]["requestId"], "the-providers-request", "{status}");
    }
    // The other form in which a sign-in is asked for.
    reading.scene.world.mail.answer(|_| {
        let challenge = "Bearer realm=\"\", error=\"insufficient_claims\", claims=\"eyJ9\"".to_owned();
        let error = json!({ "error": { "code": "accessDenied" } });
        MailAnswer::Headed(403, ("www-authenticate", challenge), error)
    });
    let answer = reading.application.get(&reading.at("messages/AAMk")).await;
    assert_refusal(&answer, 409, "ACCOUNT_NEEDS_SIGN_IN");
    reading.scene.world.mail.answer(|_| MailAnswer::Json(200, json!([1])));
    assert_refusal(&reading.application.get(&reading.at("messages/AAMk")).await, 502, "PROVIDER_ERROR");
    reading.scene.world.mail.answer(|_| {
        let error = json!({ "error": { "code": "ApplicationThrottled" } });
        MailAnswer::Headed(429, ("retry-after", "600".to_owned()), error)
    });
    let answer = reading.application.get(&reading.at("messages/AAMk")).await;
    assert_eq!(assert_refusal(&answer, 429, "TOO_MANY_REQUESTS")["limit"], "provider");
    assert_eq!(answer.header("retry-after"), "600");
}

#[tokio::test]
async fn an_outage_of_the_provider_passes_its_wait_on() {
    let reading = Reading::new(Kind::Sqlite).await;
    reading.scene.world.mail.answer(|_| {
        let error = json!({ "error": { "code": "serviceNotAvailable" } });
        MailAnswer::Headed(503, ("retry-after", "77".to_owned()), error)
    });
    let answer = reading.application.get(&reading.at("messages/AAMk")).await;
    assert_refusal(&answer, 503, "PROVIDER_UNAVAILABLE");
    assert_eq!(answer.header("retry-after"), "77");
}

#[tokio::test]
async fn rules_of_a_company_that_want_a_new_sign_in_are_no_missing_permission() {
    let reading = Reading::new(Kind::Sqlite).await;
    reading.scene.world.mail.answer(|_| {
        let challenge = "Bearer realm=\"\", error=\"insufficient_claims\", claims=\"e30=\"".to_owned();
        let error = json!({ "error": { "code": "accessDenied", "message": "what-the-provider-says" } });
        MailAnswer::Headed(403, ("www-authenticate", challenge), error)
    });
    let answer = reading.application.get(&reading.at("messages/AAMk")).await;
    assert_refusal(&answer, 409, "ACCOUNT_NEEDS_SIGN_IN");
}

#[rstest]
#[tokio::test]
async fn an_account_that_cannot_be_read_says_why(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let reading = Reading::new(kind).await;
    let key = reading.account;
    let disabled = reading
        .application
        .send("PUT", &format!("/api/accounts/{key}"), &json!({ "mode": "disableAccount" }))
        .await;
    disabled.assert_status(200);
    assert_refusal(&reading.application.get(&reading.at("messages")).await, 409, "ACCOUNT_PAUSED");
    let enabled = json!({ "mode": "enableAccount" });
    reading.application.send("PUT", &format!("/api/accounts/{key}"), &enabled).await.assert_status(200);
    for (state, code) in
        [("needs_sign_in", "ACCOUNT_NEEDS_SIGN_IN"), ("disconnected", "ACCOUNT_NEEDS_SIGN_IN")]
    {
        let change = format!("UPDATE accounts SET state = '{state}'");
        reading.scene.world.raw.run(&change).await.expect("changed");
        assert_refusal(&reading.application.get(&reading.at("messages")).await, 409, code);
    }
    for unknown in ["no-key", "00000000-0000-7000-8000-000000000001"] {
        let answer = reading.application.get(&format!("/api/accounts/{unknown}/messages")).await;
        assert_refusal(&answer, 404, "NOT_FOUND");
    }
}
