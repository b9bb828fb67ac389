//! The bodies of messages: made harmless, as they came, from plain text, and at the limit of their size.

use mail360::mail::service::MAX_CONTENT;
use rstest::rstest;
use serde_json::json;

use crate::{
    api_reading::Reading,
    support::{Answer, Kind, MailAnswer, assert_refusal, data},
};

const ACTIVE: &str =
    "<p onclick=\"x()\">Hello<script>alert(1)</script><form><input></form><img src=\"cid:logo@1\"></p>";

/// Lets every message have this body.
fn answer(reading: &Reading, kind: &'static str, content: String) {
    reading.scene.world.mail.answer(move |_| {
        let body = json!({ "contentType": kind, "content": content });
        MailAnswer::Json(200, json!({ "id": "AAMk", "body": body }))
    });
}

async fn get(reading: &Reading, query: &str) -> Answer {
    reading.application.get(&reading.at(&format!("messages/AAMk/content{query}"))).await
}

/// The content of a call that succeeds.
async fn content(reading: &Reading, query: &str) -> String {
    let answer = get(reading, query).await;
    let data = data(answer.assert_status(200));
    assert_eq!(data["messageId"], "AAMk");
    data["content"].as_str().expect("a text").to_owned()
}

#[rstest]
#[tokio::test]
async fn active_parts_are_removed_unless_the_caller_wants_the_body_as_it_came(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let reading = Reading::new(kind).await;
    answer(&reading, "html", ACTIVE.to_owned());
    for query in ["", "?includeBlockContent=false", "?includeBlockContent=False"] {
        let content = content(&reading, query).await;
        assert!(content.contains("Hello") && content.contains("src=\"cid:logo@1\""), "{content}");
        for active in ["onclick", "script", "alert", "form", "input"] {
            assert!(!content.contains(active), "{active}: {content}");
        }
    }
    for query in ["?includeBlockContent=true", "?includeBlockContent=True"] {
        assert_eq!(content(&reading, query).await, ACTIVE);
    }
    assert_refusal(&get(&reading, "?includeBlockContent=1").await, 400, "INVALID_VALUE");
}

#[rstest]
#[tokio::test]
async fn plain_text_becomes_escaped_html(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let reading = Reading::new(kind).await;
    answer(&reading, "text", "<script>1 & 2</script>\n  three".to_owned());
    let escaped = "<div style=\"white-space:pre-wrap\">&lt;script&gt;1 &amp; 2&lt;/script&gt;\n  three</div>";
    // There is nothing to remove, so both are the same.
    for query in ["", "?includeBlockContent=true"] {
        assert_eq!(content(&reading, query).await, escaped);
    }
}

#[tokio::test]
async fn a_body_over_five_megabytes_is_refused() {
    let reading = Reading::new(Kind::Sqlite).await;
    for (kind, query) in [("html", "?includeBlockContent=true"), ("html", ""), ("text", "")] {
        answer(&reading, kind, "x".repeat(MAX_CONTENT + 1));
        let refused = assert_refusal(&get(&reading, query).await, 413, "CONTENT_TOO_LARGE");
        assert!(refused["moreInfo"].as_str().expect("more").contains("raw"), "{refused}");
    }
    // What is escaped becomes longer.
    answer(&reading, "text", "&".repeat(MAX_CONTENT / 2));
    assert_refusal(&get(&reading, "").await, 413, "CONTENT_TOO_LARGE");
    answer(&reading, "html", "x".repeat(MAX_CONTENT));
    assert_eq!(content(&reading, "?includeBlockContent=true").await.len(), MAX_CONTENT);
}
