//! The walls around one mailbox for changes: an id of another mailbox changes nothing, neither there nor in one's own.

use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    api_wall_ids::Neighbours,
    support::{
        Kind,
        api_clients::{code, data},
    },
};

/// Method, path, body, and the status and code of a refusal.
type Change = (&'static str, &'static str, Value, Option<(u16, &'static str)>);

/// Changes with an id of Grace's, and whether the call is refused; otherwise the answer says it of the id.
fn changes() -> Vec<Change> {
    let not_found = Some((404, "NOT_FOUND"));
    let marked = |name: &str, id: &str| json!({ "mode": "markAsRead", name: [id] });
    let moved =
        json!({ "mode": "moveMessage", "messageId": ["own-message"], "destfolderId": "grace-folder" });
    vec![
        ("PUT", "messages", marked("messageId", "grace-message-1"), None),
        ("PUT", "messages", moved, Some((400, "INVALID_VALUE"))),
        ("DELETE", "messages/grace-message-1", Value::Null, not_found),
        ("DELETE", "messages/grace-message-1?expunge=true", Value::Null, not_found),
        ("PUT", "threads", marked("threadId", "grace-thread-1"), None),
        ("DELETE", "threads?threadId=grace-thread-1", Value::Null, None),
        ("DELETE", "threads/grace-thread-1", Value::Null, not_found),
    ]
}

#[rstest]
#[tokio::test]
async fn i4_a_change_with_an_id_of_another_mailbox_changes_nothing_and_only_the_own_token_is_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let neighbours = Neighbours::new(kind).await;
    for (method, path, body, refused) in changes() {
        for neighbour in neighbours.neighbours() {
            for credential in &neighbour.credentials {
                let at = format!("/api/accounts/{}/{path}", neighbour.account);
                let body = if body.is_null() { String::new() } else { body.to_string() };
                let answer = neighbours.world().call_as(Some(credential.as_str()), method, &at, &body).await;
                let place = format!("{method} {path} of {}: {}", neighbour.name, answer.body);
                if let Some(refused) = refused {
                    assert_eq!((answer.status.as_u16(), code(&answer).as_str()), refused, "{place}");
                    assert!(!answer.body.contains("grace"), "{place}");
                } else {
                    assert_eq!(answer.status, 207, "{place}");
                    assert_eq!(data(&answer)["results"][0]["errorCode"], "NOT_FOUND", "{place}");
                }
                let own = format!("Bearer canary-access-{}", neighbour.name);
                for seen in neighbours.world().mail.take_requests() {
                    assert_eq!(seen.header("authorization"), own, "{place}");
                }
            }
        }
    }
    // These are ids of hers.
    let hers = format!("/api/accounts/{}", neighbours.grace);
    for (path, name, id) in
        [("messages", "messageId", "grace-message-1"), ("threads", "threadId", "grace-thread-1")]
    {
        let (path, body) = (format!("{hers}/{path}"), json!({ "mode": "markAsRead", name: [id] }));
        let body = body.to_string();
        let answer = neighbours.world().call_as(Some(neighbours.ours.as_str()), "PUT", &path, &body).await;
        answer.assert_status(200);
    }
}
