use http::HeaderMap;
use serde_json::{Value, json};

use super::*;
use crate::api::calls::{ANSWER_MESSAGE, CREATE_DRAFT, SEND_MESSAGE, UPDATE_DRAFT};

const FILE: &str = "0197f0c0-0000-7000-8000-000000000001";

fn path() -> Vec<(String, String)> {
    ["account_key", "messageId", "draftId"].map(|name| (name.to_owned(), "k".to_owned())).into()
}

fn given(call: &'static crate::api::calls::Call, body: &Value) -> Given {
    let path: Vec<_> = path()
        .into_iter()
        .filter(|(name, _)| call.parameters.iter().any(|parameter| parameter.name == name))
        .collect();
    Given::read(call.parameters, &path, "", body.to_string().as_bytes()).expect("a call")
}

fn sent(mut body: Value) -> Result<SendRequest, String> {
    for name in ["fromAddress", "toAddress"] {
        if body.get(name).is_none() {
            body[name] = json!("grace@x.test");
        }
    }
    request(&given(&SEND_MESSAGE, &body), Basis::New).map_err(|refused| format!("{refused:?}"))
}

fn address(name: Option<&str>, email: &str) -> Address {
    Address { name: name.map(str::to_owned), email: email.to_owned() }
}

#[test]
fn every_value_of_a_call_is_in_the_message() {
    let body = json!({
        "fromAddress": "Grace <grace@x.test>", "toAddress": "\"Doe, J\" <j@x.test>, b@x.test", "ccAddress": "c@x.test",
        "bccAddress": "d@x.test", "subject": "Hello", "content": "a\nb", "mailFormat": "plaintext",
        "inReplyTo": "<1@y.test>", "refHeader": "<0@y.test>\r\n <1@y.test>", "replyTo": "e@x.test", "askReceipt": "yes",
        "priority": "high", "labelId": "[\"UmVk\"]", "encoding": "UTF-8",
        "attachments": [{ "fileId": format!("{FILE}/a.pdf") }],
    });
    let request = request(&given(&CREATE_DRAFT, &body), Basis::New).expect("a message");
    let expected = SendRequest {
        message: Outgoing {
            basis: Basis::New,
            message_id: String::new(),
            from: Some(address(Some("Grace"), "grace@x.test")),
            to: vec![address(Some("Doe, J"), "j@x.test"), address(None, "b@x.test")],
            cc: vec![address(None, "c@x.test")],
            bcc: vec![address(None, "d@x.test")],
            reply_to: vec![address(None, "e@x.test")],
            subject: Some("Hello".to_owned()),
            content: Some(Content { text: "a\nb".to_owned(), is_html: false }),
            priority: Some(Priority::High),
            asks_receipt: true,
            labels: vec!["UmVk".to_owned()],
            in_reply_to: Some("<1@y.test>".to_owned()),
            references: vec!["<0@y.test>".to_owned(), "<1@y.test>".to_owned()],
        },
        files: vec![FILE.parse().expect("an id")],
        shown: Shown {
            from: "Grace <grace@x.test>".to_owned(),
            to: "\"Doe, J\" <j@x.test>, b@x.test".to_owned(),
            subject: "Hello".to_owned(),
        },
    };
    assert_eq!(request, expected);
}

#[test]
fn what_a_reply_does_not_name_is_left_to_the_original() {
    let body = json!({ "action": "reply", "fromAddress": "grace@x.test", "content": "<p>Yes</p>", "askReceipt": "no" });
    let basis = Basis::Reply("m".to_owned());
    let request = request(&given(&ANSWER_MESSAGE, &body), basis.clone()).expect("a message");
    let expected = Outgoing {
        basis,
        from: Some(address(None, "grace@x.test")),
        content: Some(Content { text: "<p>Yes</p>".to_owned(), is_html: true }),
        ..Outgoing::default()
    };
    assert_eq!((request.message, request.shown.to), (expected, String::new()));
}

#[test]
fn an_answer_belongs_to_the_thread_of_its_original_and_to_no_other() {
    let body = json!({
        "action": "forward", "fromAddress": "grace@x.test", "toAddress": "e@x.test", "inReplyTo": "<1@y.test>",
        "refHeader": "<0@y.test>",
    });
    for basis in
        [Basis::Reply("m".to_owned()), Basis::ReplyAll("m".to_owned()), Basis::Forward("m".to_owned())]
    {
        let message = request(&given(&ANSWER_MESSAGE, &body), basis).expect("a message").message;
        assert_eq!((message.in_reply_to, message.references), (None, Vec::<String>::new()));
    }
}

#[test]
fn in_reply_to_is_a_message_id_in_angle_brackets_and_an_address_without_them() {
    let threading = |body: Value| {
        let message = sent(body).expect("a message").message;
        (message.in_reply_to, message.references, message.reply_to)
    };
    let id = "<1@y.test>".to_owned();
    assert_eq!(
        threading(json!({ "inReplyTo": " <1@y.test> " })),
        (Some(id.clone()), vec![id.clone()], vec![])
    );
    let references = vec!["<0@y.test>".to_owned(), id.clone()];
    let body = json!({ "inReplyTo": "<1@y.test>", "refHeader": "<0@y.test>" });
    assert_eq!(threading(body), (Some(id.clone()), references, vec![]));
    assert_eq!(threading(json!({ "refHeader": "<1@y.test>" })), (None, vec![id], vec![]));
    let answers = vec![address(Some("Help"), "help@x.test")];
    assert_eq!(threading(json!({ "inReplyTo": "Help <help@x.test>" })), (None, vec![], answers));
    assert_eq!(threading(json!({ "inReplyTo": "" })), (None, vec![], vec![]));
}

#[test]
fn each_mistake_names_its_parameter() {
    let many = vec!["a@x.test"; 500].join(",");
    for (body, words) in [
        (json!({ "fromAddress": "a@x.test, b@x.test" }), "fromAddress: Give one email address."),
        (json!({ "fromAddress": "Grace" }), "fromAddress: Give email addresses"),
        (json!({ "toAddress": "a@x.test, b" }), "toAddress: Give email addresses"),
        (json!({ "ccAddress": "\"a" }), "ccAddress: Give email addresses"),
        (json!({ "toAddress": many, "bccAddress": "b@x.test" }), "toAddress: Give at most 500 recipients"),
        (json!({ "replyTo": vec!["a@x.test"; 26].join(",") }), "replyTo: Give at most 25 addresses."),
        (json!({ "inReplyTo": vec!["a@x.test"; 26].join(",") }), "inReplyTo: Give at most 25 addresses."),
        (json!({ "inReplyTo": "<a b@x.test>" }), "inReplyTo: Give one Message-ID"),
        (json!({ "inReplyTo": "<1@x.test> <2@x.test>" }), "inReplyTo: Give one Message-ID"),
        (json!({ "inReplyTo": "Help <help>" }), "inReplyTo: Give email addresses"),
        (json!({ "inReplyTo": "a@x.test", "replyTo": "b@x.test" }), "inReplyTo: Give a Message-ID"),
        (json!({ "refHeader": "1@x.test" }), "refHeader: Give Message-IDs"),
        (json!({ "refHeader": "<1@x.test><2@x.test>" }), "refHeader: Give Message-IDs"),
        (json!({ "refHeader": "<é@x.test>" }), "refHeader: Give Message-IDs"),
        (json!({ "attachments": [{ "fileId": "no-id/a.pdf" }] }), "There is none with no-id/a.pdf."),
        (
            json!({ "attachments": [{ "fileId": FILE }, { "fileId": format!("{FILE}/a.pdf") }] }),
            "attachments: Give each fileId once.",
        ),
    ] {
        let refused = sent(body.clone()).expect_err("a mistake");
        assert!(refused.contains("INVALID_VALUE") && refused.contains(words), "{body}: {refused}");
    }
    assert!(sent(json!({ "toAddress": many })).is_ok());
}

#[test]
fn a_change_of_a_draft_has_what_the_call_names() {
    let changed = |body: Value| change(&given(&UPDATE_DRAFT, &body)).map_err(|error| format!("{error:?}"));
    assert_eq!(changed(json!({})), Ok(DraftChange::default()));
    let all = changed(json!({
        "fromAddress": "alias@x.test", "toAddress": "a@x.test", "ccAddress": "", "bccAddress": "Not Provided", "replyTo": "",
        "subject": "", "content": "Hello", "mailFormat": "plaintext", "askReceipt": "no", "priority": "low", "labelId": [],
    }));
    let expected = DraftChange {
        from: Some(address(None, "alias@x.test")),
        to: Some(vec![address(None, "a@x.test")]),
        cc: Some(vec![]),
        bcc: Some(vec![]),
        reply_to: Some(vec![]),
        subject: Some(String::new()),
        content: Some(Content { text: "Hello".to_owned(), is_html: false }),
        priority: Some(Priority::Low),
        asks_receipt: Some(false),
        labels: Some(vec![]),
    };
    assert_eq!(all, Ok(expected));
    let refused = changed(json!({ "mailFormat": "html" })).expect_err("a mistake");
    assert!(refused.contains("mailFormat: Give content too."), "{refused}");
}

#[test]
fn a_key_has_one_to_255_printable_characters() {
    let key_of = |value: &[u8]| {
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", http::HeaderValue::from_bytes(value).expect("a value"));
        let mut given = given(&SEND_MESSAGE, &json!({ "fromAddress": "a@x.test", "toAddress": "b@x.test" }));
        let read = given.read_headers(SEND_MESSAGE.parameters, &headers);
        read.and_then(|()| key(&given)).map_err(|error| format!("{error:?}"))
    };
    for sound in ["a", "order 7/2026", &"k".repeat(255)] {
        let found = key_of(sound.as_bytes()).expect("sound").expect("a key");
        assert_eq!(found.as_str(), sound);
    }
    for wrong in [&b""[..], b"\xff", &[b'k'; 256], b"a\tb"] {
        let refused = key_of(wrong).expect_err("a mistake");
        assert!(refused.contains("INVALID_VALUE") && refused.contains("Idempotency-Key: Give"), "{refused}");
    }
    let without = given(&SEND_MESSAGE, &json!({ "fromAddress": "a@x.test", "toAddress": "b@x.test" }));
    assert_eq!(key(&without).expect("sound"), None);
}

/// 15 January 2027, 12:00 in UTC.
const NOW: Timestamp = Timestamp::from_micros(1_800_014_400_000_000);

fn due(mut body: Value) -> Result<Option<Timestamp>, String> {
    body["fromAddress"] = json!("grace@x.test");
    body["toAddress"] = json!("grace@x.test");
    due_at(&given(&SEND_MESSAGE, &body)).map_err(|refused| format!("{refused:?}"))
}

#[test]
fn a_scheduled_message_has_its_time_from_a_clock_in_its_zone() {
    let at = |time: &str, zone: &str| {
        due(json!({ "isSchedule": "true", "scheduleType": "6", "timeZone": zone, "scheduleTime": time }))
    };
    let expected = Ok(Some(NOW.plus(time::Duration::minutes(30))));
    assert_eq!(at("01/15/2027 18:00:00", "GMT 5:30 (India Standard Time - Asia/Calcutta)"), expected);
    assert_eq!(at("01/15/2027 12:30:00", "Etc/UTC"), expected);
    for (time, zone, words) in [
        ("2027-01-16 12:00:00", "Etc/UTC", "scheduleTime: Give a time as MM/DD/YYYY"),
        ("01/16/2027 12:00:00", "Contoso/HQ", "timeZone: Give the name of a time zone"),
    ] {
        let refused = at(time, zone).expect_err(words);
        assert!(refused.contains("INVALID_VALUE") && refused.contains(words), "{refused}");
    }
}

#[test]
fn a_message_is_scheduled_only_if_the_call_says_so_and_has_all_that_this_needs() {
    assert_eq!(due(json!({})), Ok(None));
    // A program may always give the rest.
    let off = json!({ "isSchedule": false, "scheduleType": 6, "timeZone": "Etc/UTC", "scheduleTime": "x" });
    assert_eq!(due(off), Ok(None));
    for (body, words) in [
        (json!({ "scheduleTime": "01/16/2027 12:00:00" }), "scheduleTime: Give it only with isSchedule."),
        (json!({ "scheduleType": 6 }), "scheduleType: Give it only with isSchedule."),
        (json!({ "isSchedule": true }), "scheduleType is missing. isSchedule needs it."),
        (json!({ "isSchedule": true, "scheduleType": 6, "timeZone": "" }), "timeZone is missing."),
        (json!({ "isSchedule": true, "scheduleType": 6, "timeZone": "Etc/UTC" }), "scheduleTime is missing."),
    ] {
        let refused = due(body.clone()).expect_err(words);
        assert!(refused.contains("INVALID_VALUE") && refused.contains(words), "{body}: {refused}");
    }
}
