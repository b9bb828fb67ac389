//! Reads the values of Graph's JSON. A member that is missing or has another type is `None`, so that one odd value does
//! not hide a whole list.

use serde_json::Value;
use time::{format_description::BorrowedFormatItem, macros::format_description};

use super::labels;
use crate::{
    platform::clock::Timestamp,
    providers::{
        mailbox::{Address, MailError, MailProblem, Message, Priority},
        microsoft::mailbox::read_time,
    },
};

/// A text that is not empty.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A text that is not empty, as an owned value.
pub(super) fn owned(value: &Value, name: &str) -> Option<String> {
    text(value, name).map(str::to_owned)
}

pub(super) fn flag(value: &Value, name: &str) -> Option<bool> {
    value.get(name)?.as_bool()
}

/// A time of Graph, to the second.
pub(super) fn time(value: &Value, name: &str) -> Option<Timestamp> {
    read_time(text(value, name)?)
}

/// The items of a list; empty if there is none.
pub(super) fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The items of an answer that is a list.
///
/// # Errors
/// [`MailProblem::Garbled`] if it is none.
pub(super) fn listed(answer: &Value) -> Result<&[Value], MailError> {
    let list = answer.get("value").and_then(Value::as_array);
    list.map(Vec::as_slice).ok_or_else(|| MailProblem::Garbled.into())
}

/// The link to the next part of a list.
pub(super) fn next_link(answer: &Value) -> Option<String> {
    owned(answer, "@odata.nextLink")
}

/// A time as filters write it, to the second.
pub(super) fn written(time: Timestamp) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    time.date_time().format(FORMAT).unwrap_or_default()
}

/// A message, without its body; `None` if it has no id.
pub(super) fn message(value: &Value) -> Option<Message> {
    let flagged = value.get("flag").and_then(|flag| text(flag, "flagStatus"));
    let attachments = value.get("attachments").and_then(Value::as_array);
    Some(Message {
        id: owned(value, "id")?,
        folder: owned(value, "parentFolderId"),
        thread: owned(value, "conversationId"),
        internet_message_id: owned(value, "internetMessageId"),
        subject: owned(value, "subject").unwrap_or_default(),
        summary: value.get("bodyPreview").and_then(Value::as_str).map(str::to_owned),
        received_at: time(value, "receivedDateTime"),
        sent_at: time(value, "sentDateTime"),
        is_read: flag(value, "isRead"),
        is_draft: flag(value, "isDraft").unwrap_or_default(),
        is_flagged: flagged.map(|status| status == "flagged"),
        has_attachment: flag(value, "hasAttachments"),
        has_inline: attachments.map(|attachments| {
            attachments.iter().any(|attachment| flag(attachment, "isInline") == Some(true))
        }),
        size: size(value),
        priority: text(value, "importance").map(|importance| match importance {
            "high" => Priority::High,
            "low" => Priority::Low,
            _ => Priority::Normal,
        }),
        from: value.get("from").and_then(address),
        sender: value.get("sender").and_then(address),
        to: addresses(value, "toRecipients"),
        cc: addresses(value, "ccRecipients"),
        bcc: addresses(value, "bccRecipients"),
        reply_to: addresses(value, "replyTo"),
        labels: items(value, "categories").iter().filter_map(Value::as_str).map(labels::id_of).collect(),
    })
}

/// The messages of a page. Items without an id are left out.
pub(super) fn messages(answer: &Value) -> Result<Vec<Message>, MailError> {
    Ok(listed(answer)?.iter().filter_map(message).collect())
}

fn addresses(value: &Value, name: &str) -> Vec<Address> {
    items(value, name).iter().filter_map(address).collect()
}

/// An address; `None` if it has neither an email address nor a name.
fn address(value: &Value) -> Option<Address> {
    let value = value.get("emailAddress")?;
    let email = owned(value, "address").unwrap_or_default();
    let name = owned(value, "name").filter(|name| *name != email);
    (name.is_some() || !email.is_empty()).then_some(Address { name, email })
}

/// The MAPI property of the size, which Exchange names `Long 0xe08`.
fn size(value: &Value) -> Option<u64> {
    let property = items(value, "singleValueExtendedProperties").iter().find(|property| {
        let id = text(property, "id").and_then(|id| id.split_once(" 0x"));
        id.and_then(|(_, number)| u32::from_str_radix(number, 16).ok()) == Some(0x0e08)
    })?;
    match property.get("value")? {
        Value::String(text) => text.parse().ok(),
        number => number.as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_field_of_a_message_is_read() {
        let person = |name: &str, email: &str| json!({ "emailAddress": { "name": name, "address": email } });
        let read = message(&json!({
            "id": "AAMk=", "parentFolderId": "folder", "conversationId": "thread",
            "internetMessageId": "<1@contoso.test>", "subject": "Hello", "bodyPreview": "Hello Ada",
            "receivedDateTime": "2026-11-28T09:30:00Z", "sentDateTime": "2026-11-28T09:29:59.5Z",
            "isRead": false, "isDraft": false, "flag": { "flagStatus": "flagged" }, "hasAttachments": true,
            "attachments": [{ "isInline": false }, { "isInline": true }], "importance": "high",
            "singleValueExtendedProperties": [{ "id": "Long 0xe08", "value": "12345" }],
            "from": person("Doe, J", "j@contoso.test"), "sender": person("s@contoso.test", "s@contoso.test"),
            "toRecipients": [person("", "to@contoso.test"), {}], "ccRecipients": [person("Group", "")],
            "bccRecipients": [], "categories": ["Blue", 7],
        }))
        .expect("a message");
        let address = |name: Option<&str>, email: &str| Address {
            name: name.map(str::to_owned),
            email: email.to_owned(),
        };
        let expected = Message {
            id: "AAMk=".to_owned(),
            folder: Some("folder".to_owned()),
            thread: Some("thread".to_owned()),
            internet_message_id: Some("<1@contoso.test>".to_owned()),
            subject: "Hello".to_owned(),
            summary: Some("Hello Ada".to_owned()),
            received_at: Some(Timestamp::from_micros(1_795_858_200_000_000)),
            sent_at: Some(Timestamp::from_micros(1_795_858_199_000_000)),
            is_read: Some(false),
            is_draft: false,
            is_flagged: Some(true),
            has_attachment: Some(true),
            has_inline: Some(true),
            size: Some(12345),
            priority: Some(Priority::High),
            from: Some(address(Some("Doe, J"), "j@contoso.test")),
            sender: Some(address(None, "s@contoso.test")),
            to: vec![address(None, "to@contoso.test")],
            cc: vec![address(Some("Group"), "")],
            bcc: Vec::new(),
            reply_to: Vec::new(),
            labels: vec![labels::id_of("Blue")],
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn a_field_that_graph_does_not_answer_is_not_invented() {
        let bare = message(&json!({ "id": "1", "flag": null, "from": null, "size": 7 })).expect("a message");
        assert_eq!(bare, Message { id: "1".to_owned(), ..Message::default() });
        assert_eq!(message(&json!({ "subject": "no id" })), None);
    }

    #[test]
    fn a_time_is_written_as_it_was_read() {
        let value = json!({ "at": "2026-02-03T04:05:06Z" });
        let read = time(&value, "at").expect("a time");
        assert_eq!(written(read), "2026-02-03T04:05:06Z");
    }

    proptest! {
        #[test]
        fn no_value_of_any_type_hides_a_message(
            name in prop::sample::select(vec!["subject", "flag", "from", "toRecipients", "categories", "receivedDateTime",
                "attachments", "singleValueExtendedProperties", "isRead", "importance"]),
            value in prop_oneof![Just(Value::Null), any::<f64>().prop_map(Value::from), "\\PC{0,9}".prop_map(Value::from),
                Just(json!([null, {}, 1, [], { "emailAddress": 1 }])), Just(json!({ "a": [] }))],
        ) {
            let given = json!({ "id": "1", name: value });
            prop_assert!(message(&given).is_some());
        }
    }
}
