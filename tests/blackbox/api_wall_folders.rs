//! The walls around one mailbox for changes of folders, labels and contacts: an id of another mailbox finds nothing in
//! one's own, and starts no job.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    api_wall_ids::Neighbours,
    support::{Kind, api_clients::code},
};

/// Changes with an id of Grace's: method, path and body.
fn changes() -> Vec<(&'static str, String, Value)> {
    let label = format!("labels/{}", URL_SAFE_NO_PAD.encode("grace-label"));
    let (folder, contact) = ("folders/grace-folder".to_owned(), "contacts/grace-contact".to_owned());
    vec![
        ("POST", "folders".to_owned(), json!({ "folderName": "a", "parentFolderId": "grace-folder" })),
        ("PUT", folder.clone(), json!({ "mode": "rename", "folderName": "a" })),
        ("PUT", folder.clone(), json!({ "mode": "move" })),
        ("PUT", folder.clone(), json!({ "mode": "emptyFolder" })),
        ("PUT", "folders/own".to_owned(), json!({ "mode": "move", "parentFolderId": "grace-folder" })),
        ("DELETE", folder, Value::Null),
        ("PUT", label.clone(), json!({ "color": "#000000" })),
        ("DELETE", label, Value::Null),
        ("POST", "contacts".to_owned(), json!({ "displayName": "a", "folderId": "grace-folder" })),
        ("PUT", contact.clone(), json!({ "displayName": "a" })),
        ("DELETE", contact, Value::Null),
    ]
}

#[rstest]
#[tokio::test]
async fn i4_a_folder_a_label_or_a_contact_of_another_mailbox_is_not_found_and_only_the_own_token_is_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let neighbours = Neighbours::new(kind).await;
    let world = neighbours.world();
    for (method, path, body) in changes() {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        for neighbour in neighbours.neighbours() {
            for credential in &neighbour.credentials {
                let at = format!("/api/accounts/{}/{path}", neighbour.account);
                let (credential, headers) = (Some(credential.as_str()), [("If-Match", "W/\"1\"")]);
                let answer = world.call_headed(credential, &headers, (method, &at), &body).await;
                let place = format!("{method} {path} {body} of {}: {}", neighbour.name, answer.body);
                assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (404, "NOT_FOUND"), "{place}");
                assert!(!answer.body.contains("grace"), "{place}");
                let own = format!("Bearer canary-access-{}", neighbour.name);
                for seen in world.mail.take_requests() {
                    assert_eq!(seen.header("authorization"), own, "{place}");
                }
            }
        }
    }
    assert_eq!(world.raw.count("mail_jobs").await, 0);
    // Hers is found.
    let at = format!("/api/accounts/{}/folders/grace-folder", neighbours.grace);
    let body = json!({ "mode": "emptyFolder" }).to_string();
    let answer = world.call_as(Some(neighbours.ours.as_str()), "PUT", &at, &body).await;
    answer.assert_status(200);
    assert_eq!(world.raw.count("mail_jobs").await, 1);
}
