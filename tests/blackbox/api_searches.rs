//! Searches: what they leave out, and how far they reach.

use serde_json::{Value, json};

use crate::{
    api_reading::{Reading, mailbox, message},
    support::{Kind, Log, MailAnswer, MailSeen, assert_refusal, data},
};

/// Maximum number of results of a search of Outlook.
const MAX_RESULTS: u32 = 1_000;

/// A result of a search, in the inbox.
fn hit(number: u32, message_id: &Value) -> Value {
    json!({ "id": format!("changeable-{number}"), "internetMessageId": message_id, "parentFolderId": "id-of-inbox" })
}

fn list(items: Vec<Value>) -> MailAnswer {
    MailAnswer::Json(200, json!({ "value": items }))
}

/// Three results: one that is found again, one without a Message-ID, and one that is gone.
fn three(seen: &MailSeen) -> MailAnswer {
    if !seen.query("$search").is_empty() {
        let ids = [json!("<AAMk-5=@contoso.test>"), Value::Null, json!("<gone-canary@contoso.test>")];
        return list((1..).zip(&ids).map(|(number, id)| hit(number, id)).collect());
    }
    if seen.query("$filter").contains("internetMessageId eq") {
        return list(vec![message("AAMk-5=", 5)]);
    }
    mailbox(seen)
}

#[tokio::test]
async fn results_of_a_search_that_are_left_out_are_counted_in_the_log() {
    let reading = Reading::new(Kind::Sqlite).await;
    reading.scene.world.mail.answer(three);
    let log = Log::start();
    let path = reading.at("messages/search?mailQry=subject:canary-word::folderid:id-of-inbox");
    let found = reading.application.read(&path).await;
    assert_eq!(found.as_array().expect("a list").len(), 1, "{found}");
    assert_eq!(found[0]["messageId"], "AAMk-5=");
    let lines = log.lines("results of a search have no id that survives a move");
    let [line] = lines.as_slice() else { panic!("not one line: {lines:?}") };
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!((&line["left_out"], &line["level"]), (&json!(2), &json!("INFO")));
    assert!(!line.to_string().contains("canary"), "{line}");

    // A search that finds everything says nothing.
    reading.scene.world.mail.answer(|seen| {
        if seen.query("$search").is_empty() {
            three(seen)
        } else {
            list(vec![hit(1, &json!("<AAMk-5=@contoso.test>"))])
        }
    });
    reading.application.read(&path).await;
    assert_eq!(log.lines("results of a search have no id that survives a move").len(), 1);
}

/// A mailbox with more results than a search reaches. A link leads to the rest of the first thousand.
fn very_many(seen: &MailSeen) -> MailAnswer {
    if seen.query("$search").is_empty() {
        let ids = seen.query("$filter");
        let ids = ids.split(" or ").filter_map(|part| part.split('\'').nth(1));
        let messages = ids.map(|id| {
            let mut found = message(id.trim_start_matches('<').trim_end_matches('>'), 1);
            found["internetMessageId"] = id.into();
            found
        });
        return list(messages.collect());
    }
    let start: u32 = seen.query("$skiptoken").parse().unwrap_or_default();
    let top: u32 = seen.query("$top").parse().expect("a number");
    let end = start.saturating_add(top).min(MAX_RESULTS);
    let hits = (start..end).map(|number| hit(number, &json!(format!("<{number}>"))));
    let mut answer = json!({ "value": hits.collect::<Vec<_>>() });
    if end < MAX_RESULTS {
        let mut link = seen.url.clone();
        let others: Vec<_> = seen.url.query_pairs().filter(|(name, _)| name != "$skiptoken").collect();
        link.query_pairs_mut().clear().extend_pairs(others).append_pair("$skiptoken", &end.to_string());
        answer["@odata.nextLink"] = link.as_str().into();
    }
    MailAnswer::Json(200, answer)
}

#[tokio::test]
async fn a_search_reaches_its_first_thousand_results_and_refuses_a_start_beyond_them() {
    let reading = Reading::new(Kind::Sqlite).await;
    reading.scene.world.mail.answer(very_many);
    let path = reading.at("messages/search?mailQry=subject:hello::folderid:id-of-inbox&limit=200");
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let address = if cursor.is_empty() { path.clone() } else { format!("{path}&cursor={cursor}") };
        let answer = reading.application.get(&address).await;
        let page = data(answer.assert_status(200));
        found.extend(page.as_array().expect("a list").iter().map(|item| item["messageId"].clone()));
        cursor = answer.header("next-cursor").to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    let all: Vec<_> = (0..MAX_RESULTS).map(|number| json!(number.to_string())).collect();
    assert_eq!(found, all);

    let last = reading.application.read(&format!("{path}&start=1000")).await;
    assert_eq!(last[0]["messageId"], "999");
    assert_eq!(last.as_array().map(Vec::len), Some(1));
    reading.scene.world.mail.take_requests();
    for start in [1_001, 5_000] {
        let refused = reading.application.get(&format!("{path}&start={start}")).await;
        let refusal = assert_refusal(&refused, 400, "INVALID_VALUE");
        assert!(refusal["moreInfo"].as_str().expect("more").contains("1,000 results"), "{refusal}");
    }
    assert!(reading.scene.world.mail.take_requests().is_empty(), "the provider was asked");
}
