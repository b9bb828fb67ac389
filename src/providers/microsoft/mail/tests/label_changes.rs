//! Creating, colouring and deleting labels.

use ::http::Method;
use serde_json::{Value, json};

use super::script::{Reply, Script, done, found, refusal};
use crate::providers::{
    mailbox::{MailProblem, MailboxChanges},
    microsoft::mail::labels::id_of,
};

/// The categories Red and Blue.
fn known() -> Reply {
    found(json!({ "value": [
        { "id": "1b4e28ba-0001", "displayName": "Red", "color": "preset0" },
        { "id": "1b4e28ba-0002", "displayName": "Blue", "color": "preset7" },
    ] }))
}

fn created(name: &str, color: &str) -> Reply {
    Reply::Answer(201, json!({ "id": "1b4e28ba-0003", "displayName": name, "color": color }))
}

#[tokio::test]
async fn a_label_is_created_with_the_nearest_preset_behind_the_others() {
    let script = Script::new([known(), created("Green", "preset4"), known(), created("Plain", "none")]);
    let label = script.mailbox.create_label(&script.call(), "Green", Some("#40d040")).await.expect("a label");
    assert_eq!((label.id, label.position), (id_of("Green"), Some(3)));
    assert_eq!(label.color.as_deref(), Some("#47d041"));
    let label = script.mailbox.create_label(&script.call(), "Plain", None).await.expect("a label");
    assert_eq!(label.color, None);
    let asked = script.asked();
    assert_eq!((&asked[1].method, asked[1].path.as_str()), (&Method::POST, "/me/outlook/masterCategories"));
    assert_eq!(asked[1].body, Some(json!({ "displayName": "Green", "color": "preset4" })));
    assert_eq!(asked[3].body, Some(json!({ "displayName": "Plain", "color": "none" })));
}

#[tokio::test]
async fn a_label_whose_name_is_taken_or_wrong_is_not_created() {
    let script = Script::new([known(), known(), refusal(409, "ErrorCategoryExists")]);
    for name in ["RED", "Green"] {
        let error = script.mailbox.create_label(&script.call(), name, None).await.expect_err("it exists");
        assert!(matches!(error.problem, MailProblem::InvalidValue(words) if words.contains("there already")));
    }
    script.asked();
    let script = Script::new([]);
    let (longest, too_long) = ("ü".repeat(255), "ü".repeat(256));
    for name in ["", " ", "a\u{1}b", &too_long] {
        let error = script.mailbox.create_label(&script.call(), name, None).await.expect_err("wrong");
        assert!(matches!(error.problem, MailProblem::InvalidValue(_)), "{name}: {error:?}");
    }
    let error = script.mailbox.create_label(&script.call(), "Green", Some("green")).await.expect_err("wrong");
    assert!(matches!(error.problem, MailProblem::InvalidValue(_)), "{error:?}");
    assert!(script.asked().is_empty());
    let script = Script::new([known(), created(&longest, "none")]);
    script.mailbox.create_label(&script.call(), &longest, None).await.expect("a label");
    script.asked();
}

#[tokio::test]
async fn a_label_gets_another_colour_and_keeps_its_name() {
    let script = Script::new([known(), done(), known(), done(), known()]);
    let (call, red) = (script.call(), id_of("Red"));
    script.mailbox.update_label(&call, &red, None, Some("#00bcf3")).await.expect("changed");
    script.mailbox.update_label(&call, &red, Some("Red"), Some("#000000")).await.expect("changed");
    script.mailbox.update_label(&call, &red, Some("Red"), None).await.expect("nothing to change");
    for name in ["Rot", "red"] {
        let error =
            script.mailbox.update_label(&call, &red, Some(name), None).await.expect_err("no renaming");
        assert!(matches!(error.problem, MailProblem::NotSupported(_)), "{name}: {error:?}");
    }
    let asked = script.asked();
    let changes: Vec<_> = asked.iter().filter(|asked| asked.method == Method::PATCH).collect();
    assert!(changes.iter().all(|asked| asked.path == "/me/outlook/masterCategories/1b4e28ba-0001"));
    let bodies: Vec<Option<Value>> = changes.iter().map(|asked| asked.body.clone()).collect();
    assert_eq!(bodies, [Some(json!({ "color": "preset7" })), Some(json!({ "color": "preset14" }))]);
}

#[tokio::test]
async fn a_label_is_deleted_by_the_providers_own_id() {
    let script = Script::new([known(), done(), known()]);
    script.mailbox.delete_label(&script.call(), &id_of("Blue")).await.expect("deleted");
    for unknown in [id_of("Green"), "no%id".to_owned()] {
        let error = script.mailbox.delete_label(&script.call(), &unknown).await.expect_err("unknown");
        assert_eq!(error.problem, MailProblem::NotFound);
    }
    let asked = script.asked();
    let path = "/me/outlook/masterCategories/1b4e28ba-0002";
    assert_eq!((&asked[1].method, asked[1].path.as_str()), (&Method::DELETE, path));
}

#[tokio::test]
async fn a_missing_permission_is_the_one_that_lets_labels_be_changed() {
    let refused = || refusal(403, "ErrorAccessDenied");
    let script = Script::new([refused(), refused(), known(), refused()]);
    let missing = MailProblem::PermissionNotGranted("MailboxSettings.ReadWrite");
    let error = script.mailbox.create_label(&script.call(), "Green", None).await.expect_err("refused");
    assert_eq!(error.problem, missing);
    let red = id_of("Red");
    let error = script.mailbox.update_label(&script.call(), &red, None, Some("#000000")).await;
    assert_eq!(error.expect_err("refused").problem, missing);
    let error = script.mailbox.delete_label(&script.call(), &red).await.expect_err("refused");
    assert_eq!(error.problem, missing);
    script.asked();
}
