//! Reads messages out of Google's JSON. A member that is missing or has another type is `None`.

use std::borrow::Cow;

use html_escape::decode_html_entities;
use mail_parser::{Addr, Address as Parsed, DateTime, HeaderValue, parsers::MessageStream};
use serde_json::Value;

use super::{
    json::{items, number, owned, text},
    parts::{self, header},
    place::{self, DRAFT, STARRED, UNREAD},
};
use crate::{
    platform::clock::Timestamp,
    providers::mailbox::{Address, Message, Priority},
};

/// The members of a message that `fields` asks for.
pub(super) fn fields() -> String {
    let payload = parts::fields(false);
    format!("id,threadId,labelIds,snippet,internalDate,sizeEstimate,payload({payload})")
}

/// A message, without its body; `None` if it has no id. Its folder is `None` if it depends on the names of its labels:
/// then `place::file` tells it.
pub(super) fn message(value: &Value) -> Option<Message> {
    let ids = label_ids(value);
    // An answer without labels says nothing about them.
    let says_labels = value.get("labelIds").is_some() || value.get("payload").is_some();
    let root = value.get("payload").unwrap_or(&Value::Null);
    let leaves = root.is_object().then(|| parts::leaves(root));
    let any = |is: fn(bool, bool) -> bool| {
        let leaves = leaves.as_ref()?;
        Some(leaves.iter().any(|part| is(part.is_attachment(), part.is_inline())))
    };
    let addresses = |name: &str| all_addresses(root, name);
    let message = Message {
        id: owned(value, "id")?,
        thread: owned(value, "threadId"),
        internet_message_id: header(root, "Message-ID").map(|id| id.trim().to_owned()),
        subject: header(root, "Subject").map(decoded).unwrap_or_default(),
        summary: value
            .get("snippet")
            .and_then(Value::as_str)
            .map(|text| decode_html_entities(text).into_owned()),
        received_at: received_at(value),
        sent_at: header(root, "Date").and_then(date),
        has_attachment: any(|is_attachment, is_inline| is_attachment && !is_inline),
        has_inline: any(|_, is_inline| is_inline),
        size: number(value, "sizeEstimate"),
        priority: leaves.is_some().then(|| priority(root)),
        from: addresses("From").into_iter().next(),
        sender: addresses("Sender").into_iter().next(),
        to: addresses("To"),
        cc: addresses("Cc"),
        bcc: addresses("Bcc"),
        reply_to: addresses("Reply-To"),
        ..Message::default()
    };
    Some(if says_labels { labelled(message, &ids) } else { message })
}

/// A message with these labels. Its folder is as in [`message`].
fn labelled(message: Message, ids: &[&str]) -> Message {
    let has = |label: &str| ids.contains(&label);
    Message {
        folder: place::told_by_ids(ids).map(str::to_owned),
        is_read: Some(!has(UNREAD)),
        is_draft: has(DRAFT),
        is_flagged: Some(has(STARRED)),
        labels: ids.iter().filter(|id| !place::is_systems(id)).map(|id| (*id).to_owned()).collect(),
        ..message
    }
}

/// The ids of the labels of a message, Gmail's own and the user's.
pub(super) fn label_ids(value: &Value) -> Vec<&str> {
    items(value, "labelIds").iter().filter_map(Value::as_str).collect()
}

/// When Gmail took the message.
fn received_at(value: &Value) -> Option<Timestamp> {
    let millis = i64::try_from(number(value, "internalDate")?).ok()?;
    millis.checked_mul(1_000).map(Timestamp::from_micros)
}

/// The importance of a message, which is normal unless its sender says another one (RFC 2156, 5.3.4; `X-Priority` is
/// older and not standardised: 1 is the highest of five).
fn priority(root: &Value) -> Priority {
    let stated = header(root, "X-Priority").and_then(|value| value.trim_start().chars().next());
    let importance = header(root, "Importance").map(|value| value.trim().to_ascii_lowercase());
    match (stated, importance.as_deref()) {
        (Some('1' | '2'), _) | (None, Some("high")) => Priority::High,
        (Some('4' | '5'), _) | (None, Some("low")) => Priority::Low,
        _ => Priority::Normal,
    }
}

/// The text of a header field, whose encoded words are decoded (RFC 2047). Gmail decodes them in some fields.
pub(super) fn decoded(value: &str) -> String {
    let line = one_line(value);
    match MessageStream::new(line.as_bytes()).parse_unstructured() {
        // Encoded words may hold line ends.
        HeaderValue::Text(text) => text.replace(char::is_control, " "),
        _ => String::new(),
    }
}

/// A field without line ends within it, which are only folds, and with the one at its end that the parser needs.
fn one_line(value: &str) -> String {
    let mut line = value.replace(['\r', '\n'], " ");
    line.push('\n');
    line
}

fn date(value: &str) -> Option<Timestamp> {
    let date = DateTime::parse_rfc822(&one_line(value)).filter(DateTime::is_valid)?;
    date.to_timestamp().checked_mul(1_000_000).map(Timestamp::from_micros)
}

/// The addresses of all fields with this name.
fn all_addresses(root: &Value, name: &str) -> Vec<Address> {
    let fields = items(root, "headers").iter();
    let fields =
        fields.filter(|field| text(field, "name").is_some_and(|known| known.eq_ignore_ascii_case(name)));
    fields.filter_map(|field| text(field, "value")).flat_map(addresses).collect()
}

/// The addresses of a field (RFC 5322, 3.4). The members of a group are among them.
pub(super) fn addresses(value: &str) -> Vec<Address> {
    let line = one_line(value);
    match MessageStream::new(line.as_bytes()).parse_address() {
        HeaderValue::Address(Parsed::List(list)) => list.into_iter().filter_map(address).collect(),
        HeaderValue::Address(Parsed::Group(groups)) => {
            groups.into_iter().flat_map(|group| group.addresses).filter_map(address).collect()
        }
        _ => Vec::new(),
    }
}

/// An address; `None` if it has neither an email address nor a name.
fn address(parsed: Addr<'_>) -> Option<Address> {
    let email = parsed.address.map(Cow::into_owned).unwrap_or_default();
    let name = parsed.name.map(Cow::into_owned).filter(|name| !name.is_empty() && *name != email);
    (name.is_some() || !email.is_empty()).then_some(Address { name, email })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn with_headers(headers: &[(&str, &str)]) -> Message {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        message(&json!({ "id": "1", "payload": { "headers": headers } })).expect("a message")
    }

    #[test]
    fn every_field_of_a_message_is_read() {
        let header = |name: &str, value: &str| json!({ "name": name, "value": value });
        let read = message(&json!({
            "id": "18c", "threadId": "18b", "labelIds": ["UNREAD", "STARRED", "INBOX", "Label_7"],
            "snippet": "It&#39;s &lt;Ada&gt; &amp; me", "internalDate": "1795858200123", "sizeEstimate": 12345,
            "payload": {
                "mimeType": "multipart/mixed",
                "headers": [
                    header("Message-Id", "<1@contoso.test>"), header("SUBJECT", "=?utf-8?q?Gr=C3=BC=C3=9Fe?= an Ada"),
                    header("Date", "Sat, 28 Nov 2026 10:29:59 +0100"), header("X-Priority", "1 (Highest)"),
                    header("From", "\"Doe, J\" <j@contoso.test>"), header("Sender", "s@contoso.test"),
                    header("To", "=?utf-8?q?J=C3=BCrgen?= <to@contoso.test>,\r\n other@contoso.test"),
                    header("Cc", "Team: a@contoso.test, B <b@contoso.test>;"), header("Cc", "c@contoso.test"),
                    header("Reply-To", "r@contoso.test <r@contoso.test>"),
                ],
                "parts": [
                    { "partId": "0", "mimeType": "text/plain", "filename": "", "body": { "size": 3 } },
                    { "partId": "1", "mimeType": "image/png", "filename": "a.png", "body": { "size": 3 },
                      "headers": [header("Content-ID", "<a>")] },
                ],
            },
        }))
        .expect("a message");
        let address = |name: Option<&str>, email: &str| Address {
            name: name.map(str::to_owned),
            email: email.to_owned(),
        };
        let expected = Message {
            id: "18c".to_owned(),
            folder: Some("INBOX".to_owned()),
            thread: Some("18b".to_owned()),
            internet_message_id: Some("<1@contoso.test>".to_owned()),
            subject: "Grüße an Ada".to_owned(),
            summary: Some("It's <Ada> & me".to_owned()),
            received_at: Some(Timestamp::from_micros(1_795_858_200_123_000)),
            sent_at: Some(Timestamp::from_micros(1_795_858_199_000_000)),
            is_read: Some(false),
            is_draft: false,
            is_flagged: Some(true),
            has_attachment: Some(false),
            has_inline: Some(true),
            size: Some(12345),
            priority: Some(Priority::High),
            from: Some(address(Some("Doe, J"), "j@contoso.test")),
            sender: Some(address(None, "s@contoso.test")),
            to: vec![address(Some("Jürgen"), "to@contoso.test"), address(None, "other@contoso.test")],
            cc: vec![
                address(None, "a@contoso.test"),
                address(Some("B"), "b@contoso.test"),
                address(None, "c@contoso.test"),
            ],
            bcc: Vec::new(),
            reply_to: vec![address(None, "r@contoso.test")],
            labels: vec!["Label_7".to_owned()],
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn a_field_that_gmail_does_not_answer_is_not_invented() {
        let bare = message(&json!({ "id": "1", "payload": null })).expect("a message");
        assert_eq!((bare.has_attachment, bare.has_inline, bare.priority), (None, None, None));
        assert_eq!(message(&json!({ "threadId": "no id" })), None);
        let several = message(&json!({ "id": "1", "labelIds": ["Label_1", "Label_2"] })).expect("a message");
        assert_eq!(several.folder, None);
    }

    #[test]
    fn a_priority_is_that_of_either_field() {
        for (name, value, expected) in [
            ("X-Priority", "2", Priority::High),
            ("X-Priority", "3", Priority::Normal),
            ("x-priority", " 5 (Lowest)", Priority::Low),
            ("Importance", "High", Priority::High),
            ("Importance", "low", Priority::Low),
            ("Importance", "urgent", Priority::Normal),
        ] {
            assert_eq!(with_headers(&[(name, value)]).priority, Some(expected), "{name} {value}");
        }
        assert_eq!(with_headers(&[]).priority, Some(Priority::Normal));
    }

    proptest! {
        #[test]
        fn a_header_of_any_value_hides_no_message(
            name in prop::sample::select(vec!["Subject", "From", "To", "Date", "Message-ID", "X-Priority"]),
            value in prop_oneof!["\\PC{0,30}", "[=?utf8QB_ <>\",;:()@a\\\\\r\n-]{0,40}"],
        ) {
            let message = with_headers(&[(name, &value)]);
            prop_assert!(!message.subject.contains(['\r', '\n']));
        }

        #[test]
        fn no_value_of_any_type_hides_a_message(
            name in prop::sample::select(vec!["labelIds", "payload", "snippet", "internalDate", "sizeEstimate", "threadId"]),
            value in prop_oneof![Just(Value::Null), any::<f64>().prop_map(Value::from), "\\PC{0,9}".prop_map(Value::from),
                Just(json!([null, {}, 1, []])), Just(json!({ "headers": [1], "parts": [null], "body": 3 }))],
        ) {
            let given = json!({ "id": "1", name: value });
            prop_assert!(message(&given).is_some());
        }
    }
}
