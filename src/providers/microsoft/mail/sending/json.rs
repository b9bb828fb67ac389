//! Messages in the JSON of Graph, as they are sent (Microsoft Graph, message resource type).

use serde_json::{Map, Value, json};

use super::super::labels;
use crate::providers::mailbox::{
    Address, Basis, Content, DraftChange, MailError, MailProblem, Outgoing, Priority,
};

/// The MAPI properties of In-Reply-To and References (MS-OXPROPS, `PidTagInReplyToId` and `PidTagInternetReferences`).
/// Graph takes only header fields that begin with `x-`.
const IN_REPLY_TO: &str = "String 0x1042";
const REFERENCES: &str = "String 0x1039";

const NO_LABEL: &str = "labelId: No label can have one of these ids.";

/// A new message with this body. Lists that are empty are left out, so that those of the basis stay.
///
/// # Errors
/// [`MailProblem::InvalidValue`] if no label can have one of the ids.
pub(super) fn message(
    message: &Outgoing,
    content: Option<&Content>,
) -> Result<Map<String, Value>, MailError> {
    let mut fields = Map::new();
    fields.insert("internetMessageId".to_owned(), message.message_id.as_str().into());
    if let Some(from) = &message.from {
        fields.insert("from".to_owned(), recipient(from));
    }
    let lists = [
        ("toRecipients", &message.to),
        ("ccRecipients", &message.cc),
        ("bccRecipients", &message.bcc),
        ("replyTo", &message.reply_to),
    ];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        fields.insert(name.to_owned(), recipients(list));
    }
    if let Some(subject) = &message.subject {
        fields.insert("subject".to_owned(), subject.as_str().into());
    }
    if let Some(content) = content {
        fields.insert("body".to_owned(), body(content));
    }
    if let Some(priority) = message.priority {
        fields.insert("importance".to_owned(), importance(priority).into());
    }
    if message.asks_receipt {
        fields.insert("isReadReceiptRequested".to_owned(), true.into());
    }
    if !message.labels.is_empty() {
        fields.insert("categories".to_owned(), categories(&message.labels)?);
    }
    // An answer to a message of the mailbox gets these from Exchange.
    if message.basis == Basis::New {
        let properties = threading(message);
        if !properties.is_empty() {
            fields.insert("singleValueExtendedProperties".to_owned(), properties.into());
        }
    }
    Ok(fields)
}

/// A change of a draft: only what changes.
///
/// # Errors
/// [`MailProblem::InvalidValue`] if no label can have one of the ids.
pub(super) fn change(change: &DraftChange) -> Result<Map<String, Value>, MailError> {
    let mut fields = Map::new();
    if let Some(from) = &change.from {
        fields.insert("from".to_owned(), recipient(from));
    }
    let lists = [
        ("toRecipients", &change.to),
        ("ccRecipients", &change.cc),
        ("bccRecipients", &change.bcc),
        ("replyTo", &change.reply_to),
    ];
    for (name, list) in lists {
        if let Some(list) = list {
            fields.insert(name.to_owned(), recipients(list));
        }
    }
    if let Some(subject) = &change.subject {
        fields.insert("subject".to_owned(), subject.as_str().into());
    }
    if let Some(content) = &change.content {
        fields.insert("body".to_owned(), body(content));
    }
    if let Some(priority) = change.priority {
        fields.insert("importance".to_owned(), importance(priority).into());
    }
    if let Some(asks_receipt) = change.asks_receipt {
        fields.insert("isReadReceiptRequested".to_owned(), asks_receipt.into());
    }
    if let Some(labels) = &change.labels {
        fields.insert("categories".to_owned(), categories(labels)?);
    }
    Ok(fields)
}

fn body(content: &Content) -> Value {
    let kind = if content.is_html { "html" } else { "text" };
    json!({ "contentType": kind, "content": content.text })
}

fn recipients(list: &[Address]) -> Value {
    list.iter().map(recipient).collect()
}

fn recipient(address: &Address) -> Value {
    match &address.name {
        Some(name) => json!({ "emailAddress": { "name": name, "address": address.email } }),
        None => json!({ "emailAddress": { "address": address.email } }),
    }
}

const fn importance(priority: Priority) -> &'static str {
    match priority {
        Priority::High => "high",
        Priority::Normal => "normal",
        Priority::Low => "low",
    }
}

/// The names of the categories that these labels are.
///
/// # Errors
/// [`MailProblem::InvalidValue`] if no label can have one of the ids.
pub(super) fn categories(labels: &[String]) -> Result<Value, MailError> {
    let names: Result<Vec<Value>, MailError> = labels
        .iter()
        .map(|label| {
            let name = labels::name_of(label);
            name.map(Value::from).map_err(|_| MailProblem::InvalidValue(NO_LABEL).into())
        })
        .collect();
    names.map(Value::from)
}

/// The properties that put a message into a thread.
fn threading(message: &Outgoing) -> Vec<Value> {
    let property = |id: &str, value: &str| json!({ "id": id, "value": value });
    let answered = message.in_reply_to.as_deref().map(|id| property(IN_REPLY_TO, id));
    let references =
        (!message.references.is_empty()).then(|| property(REFERENCES, &message.references.join(" ")));
    answered.into_iter().chain(references).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: Option<&str>, email: &str) -> Address {
        Address { name: name.map(str::to_owned), email: email.to_owned() }
    }

    #[test]
    fn every_field_of_a_message_is_written() {
        let content = Content { text: "<p>Hi</p>".to_owned(), is_html: true };
        let outgoing = Outgoing {
            basis: Basis::New,
            message_id: "<1@mail360.test>".to_owned(),
            from: Some(person(Some("Alias"), "alias@contoso.test")),
            to: vec![person(None, "to@contoso.test"), person(Some("Doe, J"), "j@contoso.test")],
            cc: vec![person(None, "cc@contoso.test")],
            bcc: vec![person(None, "bcc@contoso.test")],
            reply_to: vec![person(None, "reply@contoso.test")],
            subject: Some("Hello".to_owned()),
            content: Some(content.clone()),
            priority: Some(Priority::High),
            asks_receipt: true,
            labels: vec![labels::id_of("Blau")],
            in_reply_to: Some("<0@b.test>".to_owned()),
            references: vec!["<a@b.test>".to_owned(), "<0@b.test>".to_owned()],
        };
        let expected = json!({
            "internetMessageId": "<1@mail360.test>",
            "from": { "emailAddress": { "name": "Alias", "address": "alias@contoso.test" } },
            "toRecipients": [
                { "emailAddress": { "address": "to@contoso.test" } },
                { "emailAddress": { "name": "Doe, J", "address": "j@contoso.test" } },
            ],
            "ccRecipients": [{ "emailAddress": { "address": "cc@contoso.test" } }],
            "bccRecipients": [{ "emailAddress": { "address": "bcc@contoso.test" } }],
            "replyTo": [{ "emailAddress": { "address": "reply@contoso.test" } }],
            "subject": "Hello",
            "body": { "contentType": "html", "content": "<p>Hi</p>" },
            "importance": "high",
            "isReadReceiptRequested": true,
            "categories": ["Blau"],
            "singleValueExtendedProperties": [
                { "id": "String 0x1042", "value": "<0@b.test>" },
                { "id": "String 0x1039", "value": "<a@b.test> <0@b.test>" },
            ],
        });
        assert_eq!(message(&outgoing, Some(&content)).map(Value::from), Ok(expected));
    }

    #[test]
    fn what_is_not_given_is_left_to_the_basis() {
        let outgoing = Outgoing {
            basis: Basis::Reply("m".to_owned()),
            message_id: "<1@mail360.test>".to_owned(),
            in_reply_to: Some("<0@b.test>".to_owned()),
            ..Outgoing::default()
        };
        let expected = json!({ "internetMessageId": "<1@mail360.test>" });
        assert_eq!(message(&outgoing, None).map(Value::from), Ok(expected));
    }

    #[test]
    fn a_change_names_what_changes_and_an_empty_value_removes() {
        let of = DraftChange {
            to: Some(Vec::new()),
            subject: Some(String::new()),
            priority: Some(Priority::Low),
            asks_receipt: Some(false),
            labels: Some(Vec::new()),
            ..DraftChange::default()
        };
        let expected = json!({
            "toRecipients": [], "subject": "", "importance": "low", "isReadReceiptRequested": false, "categories": [],
        });
        assert_eq!(change(&of).map(Value::from), Ok(expected));
        assert_eq!(change(&DraftChange::default()).map(Value::from), Ok(json!({})));
    }

    #[test]
    fn a_text_that_is_no_label_is_refused() {
        let of = Outgoing { labels: vec!["?".to_owned()], ..Outgoing::default() };
        let refused = Err(MailProblem::InvalidValue(NO_LABEL));
        assert_eq!(message(&of, None).map_err(|error| error.problem), refused);
    }
}
