//! The calls that change folders and labels, through the real router, with prepared answers of the provider. How a folder
//! is emptied is in `folder_emptying`.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    api_reading::{Reading, mailbox},
    support::{Answer, Kind, MailAnswer, MailSeen, assert_refusal, data},
};

/// The folders Archive and, within it, Clients; the inbox; and the labels Red and Blue. Changes succeed.
fn changeable(seen: &MailSeen) -> MailAnswer {
    let ok = |body: Value| MailAnswer::Json(200, body);
    let path = seen.path();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
    match (&seen.method, parts.as_slice()) {
        (&Method::GET, ["me", "mailFolders"]) => {
            ok(json!({ "value": [archive(), folder("id-of-inbox", "Posteingang", ROOT)] }))
        }
        (&Method::GET, ["me", "mailFolders", "archive", "childFolders"]) => {
            ok(json!({ "value": [clients()] }))
        }
        (&Method::GET, ["me", "mailFolders", _, "childFolders"]) => ok(json!({ "value": [] })),
        (&Method::GET, ["me", "mailFolders", "archive"]) => ok(archive()),
        (&Method::GET, ["me", "mailFolders", "clients"]) => ok(clients()),
        (&Method::GET, ["me", "mailFolders", "inbox" | "id-of-inbox"]) => {
            ok(folder("id-of-inbox", "Posteingang", ROOT))
        }
        (&Method::GET, ["me", "mailFolders", _]) => MailAnswer::refusal(404, "ErrorItemNotFound"),
        (&Method::POST, ["me", "mailFolders"]) => created(&body, ROOT),
        (&Method::POST, ["me", "mailFolders", parent, "childFolders"]) => created(&body, parent),
        (&Method::POST, ["me", "mailFolders", id, "move"]) => {
            MailAnswer::Json(201, folder(id, "Clients", body["destinationId"].as_str().expect("an id")))
        }
        (&Method::GET, ["me", "outlook", "masterCategories"]) => ok(json!({ "value": [
            { "id": "guid-1", "displayName": "Red", "color": "preset0" },
            { "id": "guid-2", "displayName": "Blue", "color": "preset7" },
        ] })),
        (&Method::POST, ["me", "outlook", "masterCategories"]) => MailAnswer::Json(
            201,
            json!({ "id": "guid-3", "displayName": body["displayName"], "color": body["color"] }),
        ),
        (&Method::PATCH, _) => ok(json!({})),
        (&Method::DELETE, _) => MailAnswer::Json(204, Value::Null),
        _ => mailbox(seen),
    }
}

const ROOT: &str = "id-of-msgfolderroot";

fn folder(id: &str, name: &str, parent: &str) -> Value {
    json!({ "id": id, "displayName": name, "parentFolderId": parent, "childFolderCount": 0, "totalItemCount": 0 })
}

fn archive() -> Value {
    let mut archive = folder("archive", "Archive", ROOT);
    archive["childFolderCount"] = 1.into();
    archive
}

fn clients() -> Value {
    folder("clients", "Clients/2026", "archive")
}

fn created(body: &Value, parent: &str) -> MailAnswer {
    MailAnswer::Json(201, folder("new", body["displayName"].as_str().expect("a name"), parent))
}

async fn changing(kind: Kind) -> Reading {
    let reading = Reading::new(kind).await;
    reading.scene.world.mail.answer(changeable);
    reading
}

impl Reading {
    /// Calls with a body within the account.
    pub async fn send_within(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.application.send(method, &self.at(path), body).await
    }

    /// The requests since the last look that change something: method, path and body.
    pub fn sent_changes(&self) -> Vec<(Method, String, Value)> {
        let seen = self.scene.world.mail.take_requests();
        let changing = seen.into_iter().filter(|seen| seen.method != Method::GET && seen.path() != "/$batch");
        let parts = changing.map(|seen| {
            let body = serde_json::from_slice(&seen.body).unwrap_or_default();
            (seen.method.clone(), seen.path().to_owned(), body)
        });
        parts.collect()
    }
}

#[rstest]
#[tokio::test]
async fn a_folder_is_created_at_the_top_in_a_folder_and_by_the_path_of_its_parent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let reading = changing(kind).await;
    for (body, path, provider) in [
        (json!({ "folderName": "Rot/Blau" }), "/Rot%2FBlau", "/me/mailFolders"),
        (json!({ "folderName": "A", "parentFolderPath": "/" }), "/A", "/me/mailFolders"),
        (
            json!({ "folderName": "A", "parentFolderId": "clients" }),
            "/Archive/Clients%2F2026/A",
            "/me/mailFolders/clients/childFolders",
        ),
        (
            json!({ "folderName": "A", "parentFolderPath": "/Archive/Clients%2F2026" }),
            "/Archive/Clients%2F2026/A",
            "/me/mailFolders/clients/childFolders",
        ),
        (
            json!({ "folderName": "A", "parentFolderId": "archive", "parentFolderPath": "/nowhere" }),
            "/Archive/A",
            "/me/mailFolders/archive/childFolders",
        ),
    ] {
        let created = data(reading.send_within("POST", "folders", &body).await.assert_status(201));
        assert_eq!(
            (&created["folderId"], &created["folderType"], &created["path"]),
            (&json!("new"), &json!("User"), &json!(path)),
            "{body}"
        );
        let name = json!({ "displayName": body["folderName"] });
        assert_eq!(reading.sent_changes(), [(Method::POST, provider.to_owned(), name)]);
    }
}

#[rstest]
#[tokio::test]
async fn a_folder_is_renamed_moved_and_deleted(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let reading = changing(kind).await;
    let clients = "/me/mailFolders/clients";
    for (body, change) in [
        (
            json!({ "mode": "rename", "folderName": "Kunden" }),
            (Method::PATCH, clients.to_owned(), json!({ "displayName": "Kunden" })),
        ),
        (
            json!({ "mode": "move", "parentFolderId": "inbox", "previousFolderId": "x" }),
            (Method::POST, format!("{clients}/move"), json!({ "destinationId": "id-of-inbox" })),
        ),
        (
            json!({ "mode": "move" }),
            (Method::POST, format!("{clients}/move"), json!({ "destinationId": ROOT })),
        ),
    ] {
        let answer = reading.send_within("PUT", "folders/clients", &body).await;
        assert_eq!(data(answer.assert_status(200)), Value::Null, "{body}");
        assert_eq!(reading.sent_changes(), [change]);
    }
    let answer = reading.send_within("DELETE", "folders/clients", &Value::Null).await;
    assert_eq!(data(answer.assert_status(200)), Value::Null);
    assert_eq!(reading.sent_changes(), [(Method::DELETE, clients.to_owned(), Value::Null)]);
}

#[tokio::test]
async fn a_folder_whose_parent_is_empty_does_not_go_to_the_top() {
    let reading = changing(Kind::Sqlite).await;
    for (method, path, body, name) in [
        ("POST", "folders", json!({ "folderName": "a", "parentFolderId": "" }), "parentFolderId"),
        ("POST", "folders", json!({ "folderName": "a", "parentFolderPath": "" }), "parentFolderPath"),
        ("PUT", "folders/clients", json!({ "mode": "move", "parentFolderId": "" }), "parentFolderId"),
    ] {
        let answer = reading.send_within(method, path, &body).await;
        let refused = assert_refusal(&answer, 400, "INVALID_VALUE");
        let more_info = refused["moreInfo"].as_str().expect("more");
        assert!(more_info.starts_with(&format!("{name}: Give")), "{more_info}");
    }
    assert!(reading.sent_changes().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_change_of_a_folder_that_cannot_be_made_is_named_and_asks_for_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let reading = changing(kind).await;
    let name = "x".repeat(256);
    for (method, path, body, status, code, words) in [
        ("POST", "folders", json!({ "folderName": name }), 400, "INVALID_VALUE", "at most 255"),
        ("POST", "folders", json!({ "folderName": "a\u{1}" }), 400, "INVALID_VALUE", "control characters"),
        ("POST", "folders", json!({ "folderName": "a", "parentFolderId": "gone" }), 404, "NOT_FOUND", ""),
        (
            "POST",
            "folders",
            json!({ "folderName": "a", "parentFolderPath": "/Gone" }),
            400,
            "INVALID_VALUE",
            "parentFolderPath: No folder has this path.",
        ),
        (
            "PUT",
            "folders/clients",
            json!({ "mode": "rename" }),
            400,
            "INVALID_VALUE",
            "folderName is missing.",
        ),
        (
            "PUT",
            "folders/clients",
            json!({ "mode": "move", "folderName": "a" }),
            400,
            "INVALID_VALUE",
            "folderName: Give it only with the mode rename.",
        ),
        (
            "PUT",
            "folders/clients",
            json!({ "mode": "purge" }),
            400,
            "INVALID_VALUE",
            "mode: Give one of these",
        ),
        (
            "PUT",
            "folders/archive",
            json!({ "mode": "move", "parentFolderId": "clients" }),
            400,
            "INVALID_VALUE",
            "into itself",
        ),
        (
            "PUT",
            "folders/archive",
            json!({ "mode": "move", "parentFolderId": "archive" }),
            400,
            "INVALID_VALUE",
            "",
        ),
        ("PUT", "folders/id-of-inbox", json!({ "mode": "move" }), 400, "INVALID_VALUE", "system"),
        // The provider's own name for the inbox.
        (
            "PUT",
            "folders/inbox",
            json!({ "mode": "rename", "folderName": "a" }),
            400,
            "INVALID_VALUE",
            "system",
        ),
        ("DELETE", "folders/inbox", Value::Null, 400, "INVALID_VALUE", "system"),
        ("DELETE", "folders/gone", Value::Null, 404, "NOT_FOUND", ""),
        ("PUT", "folders/gone", json!({ "mode": "emptyFolder" }), 404, "NOT_FOUND", ""),
        ("DELETE", "folders/no%24id", Value::Null, 404, "NOT_FOUND", ""),
    ] {
        let answer = reading.send_within(method, path, &body).await;
        let refused = assert_refusal(&answer, status, code);
        assert!(refused["moreInfo"].as_str().expect("more").contains(words), "{path} {body}: {refused}");
        assert!(reading.sent_changes().is_empty(), "{path} {body}");
    }
    assert_eq!(reading.scene.world.raw.count("mail_jobs").await, 0);
}

#[rstest]
#[case::exists(409, "ErrorFolderExists", 409, "FOLDER_EXISTS")]
#[case::not_granted(403, "ErrorAccessDenied", 403, "PERMISSION_NOT_GRANTED")]
#[case::of_the_provider(403, "ErrorDeleteDistinguishedFolder", 400, "INVALID_VALUE")]
#[case::refused(400, "ErrorSomethingNew", 502, "PROVIDER_ERROR")]
#[tokio::test]
async fn what_the_provider_refuses_to_do_with_a_folder_has_a_code(
    #[case] status: u16,
    #[case] theirs: &'static str,
    #[case] answered: u16,
    #[case] ours: &str,
) {
    let reading = changing(Kind::Sqlite).await;
    reading.scene.world.mail.answer(move |seen| {
        let is_change = seen.method != Method::GET && seen.path() != "/$batch";
        if is_change { MailAnswer::refusal(status, theirs) } else { changeable(seen) }
    });
    for (method, body) in [
        ("PUT", json!({ "mode": "rename", "folderName": "a" })),
        ("PUT", json!({ "mode": "move" })),
        ("DELETE", Value::Null),
    ] {
        let answer = reading.send_within(method, "folders/clients", &body).await;
        let refused = assert_refusal(&answer, answered, ours);
        assert_eq!(refused["provider"]["code"], theirs, "{body}");
        let more_info = refused["moreInfo"].as_str().expect("more");
        assert!(answered != 403 || more_info.contains("Mail.ReadWrite"), "{more_info}");
    }
    if ours != "INVALID_VALUE" {
        assert_refusal(
            &reading.send_within("POST", "folders", &json!({ "folderName": "a" })).await,
            answered,
            ours,
        );
    }
}

#[tokio::test]
async fn after_a_change_of_folders_those_that_lists_leave_out_are_read_again() {
    let reading = changing(Kind::Sqlite).await;
    let list = "messages?limit=1";
    let reads_hidden = async || {
        reading.application.get(&reading.at(list)).await.assert_status(200);
        let seen = reading.scene.world.mail.take_requests();
        seen.iter().any(|seen| seen.path() == "/me/mailFolders/id-of-deleteditems/childFolders")
    };
    assert!(reads_hidden().await);
    assert!(!reads_hidden().await, "they are remembered");
    for (method, path, body, is_again) in [
        ("PUT", "folders/clients", json!({ "mode": "rename", "folderName": "a" }), false),
        ("PUT", "folders/clients", json!({ "mode": "move" }), true),
        ("POST", "folders", json!({ "folderName": "a" }), true),
        ("DELETE", "folders/clients", Value::Null, true),
    ] {
        reading.send_within(method, path, &body).await;
        assert_eq!(reads_hidden().await, is_again, "{method} {body}");
    }
}

#[rstest]
#[tokio::test]
async fn a_label_is_created_coloured_and_deleted(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let reading = changing(kind).await;
    let label = json!({ "displayName": "Green", "color": "#40D040" });
    let created = data(reading.send_within("POST", "labels", &label).await.assert_status(201));
    let expected = json!({ "labelId": "R3JlZW4", "displayName": "Green", "color": "#47d041", "sequence": 3 });
    assert_eq!(created, expected);
    let categories = "/me/outlook/masterCategories".to_owned();
    let sent = json!({ "displayName": "Green", "color": "preset4" });
    assert_eq!(reading.sent_changes(), [(Method::POST, categories.clone(), sent)]);

    let plain = data(
        reading.send_within("POST", "labels", &json!({ "displayName": "Plain" })).await.assert_status(201),
    );
    assert_eq!(plain.get("color"), None);
    reading.sent_changes();

    let answer =
        reading.send_within("PUT", "labels/UmVk", &json!({ "displayName": "Red", "color": "#000000" })).await;
    assert_eq!(data(answer.assert_status(200)), Value::Null);
    let sent = json!({ "color": "preset14" });
    assert_eq!(reading.sent_changes(), [(Method::PATCH, format!("{categories}/guid-1"), sent)]);

    reading.send_within("DELETE", "labels/Qmx1ZQ", &Value::Null).await.assert_status(200);
    assert_eq!(reading.sent_changes(), [(Method::DELETE, format!("{categories}/guid-2"), Value::Null)]);
}

#[rstest]
#[tokio::test]
async fn a_change_of_a_label_that_cannot_be_made_is_named_and_asks_for_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let reading = changing(kind).await;
    for (method, path, body, status, code, words) in [
        ("POST", "labels", json!({ "displayName": "RED" }), 400, "INVALID_VALUE", "there already"),
        ("POST", "labels", json!({ "displayName": "A", "color": "red" }), 400, "INVALID_VALUE", "#e74856"),
        ("POST", "labels", json!({ "color": "#000000" }), 400, "INVALID_VALUE", "displayName is missing."),
        ("PUT", "labels/UmVk", json!({}), 400, "INVALID_VALUE", "Give displayName or color."),
        ("PUT", "labels/UmVk", json!({ "displayName": "Rot" }), 400, "NOT_SUPPORTED_BY_PROVIDER", "rename"),
        ("PUT", "labels/R3JlZW4", json!({ "color": "#000000" }), 404, "NOT_FOUND", ""),
        ("DELETE", "labels/R3JlZW4", Value::Null, 404, "NOT_FOUND", ""),
        ("DELETE", "labels/no%24id", Value::Null, 404, "NOT_FOUND", ""),
    ] {
        let answer = reading.send_within(method, path, &body).await;
        let refused = assert_refusal(&answer, status, code);
        assert!(refused["moreInfo"].as_str().expect("more").contains(words), "{path} {body}: {refused}");
        assert!(reading.sent_changes().is_empty(), "{path} {body}");
    }
    reading.scene.world.mail.answer(|_| MailAnswer::refusal(403, "ErrorAccessDenied"));
    for (method, path, body) in [
        ("POST", "labels", json!({ "displayName": "A" })),
        ("PUT", "labels/UmVk", json!({ "color": "#000000" })),
        ("DELETE", "labels/UmVk", Value::Null),
    ] {
        let refused =
            assert_refusal(&reading.send_within(method, path, &body).await, 403, "PERMISSION_NOT_GRANTED");
        assert!(
            refused["moreInfo"].as_str().expect("more").contains("MailboxSettings.ReadWrite"),
            "{refused}"
        );
    }
}
