//! The ids of labels, which are longer than other ids, through the real router.

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::json;

use crate::{
    api_reading::{Reading, mailbox},
    support::{Kind, MailAnswer},
};

#[tokio::test]
async fn every_name_of_a_label_has_an_id_that_finds_it_and_its_messages() {
    let reading = Reading::new(Kind::Sqlite).await;
    let mut runner = TestRunner::deterministic();
    // The longest name that Outlook allows, in the characters that need the most bytes.
    let mut names = vec!["\u{1d54f}".repeat(255)];
    for _ in 0..40 {
        names.push("[^\\p{Cc}]{1,255}".new_tree(&mut runner).expect("a name").current());
    }
    for name in names {
        let known = name.clone();
        reading.scene.world.mail.answer(move |seen| {
            if seen.path() == "/me/outlook/masterCategories" {
                MailAnswer::Json(
                    200,
                    json!({ "value": [{ "id": "x", "displayName": known, "color": "none" }] }),
                )
            } else {
                mailbox(seen)
            }
        });
        let label = reading.application.read(&reading.at("labels")).await[0].clone();
        let id = label["labelId"].as_str().expect("an id");
        assert_eq!(label["displayName"], name.as_str());
        let one = reading.application.read(&reading.at(&format!("labels/{id}"))).await;
        assert_eq!(one, label);
        reading.scene.world.mail.take_requests();
        for list in ["messages?folderId=id-of-inbox&labelId", "threads?folderId=id-of-inbox&labelid"] {
            reading.application.read(&reading.at(&format!("{list}={id}"))).await;
            let asked = reading.scene.world.mail.take_requests();
            let wanted = format!("c eq '{}'", name.replace('\'', "''"));
            assert!(asked.iter().any(|seen| seen.query("$filter").contains(&wanted)), "{name}");
        }
        reading.application.read(&reading.at(&format!("threads/thread-1?labelId={id}"))).await;
    }
}
