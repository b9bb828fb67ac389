//! A mailbox with one item of each kind, of which the provider says everything that it can.

use serde_json::{Value, json};

use crate::{
    api_reading::{decoded, mailbox, message},
    support::{MailAnswer, MailSeen},
};

/// The seconds for which the provider wants no request.
pub const RETRY_AFTER: &str = "600";

/// A message that is read, with everything around it.
fn full(id: &str, minute: u32, importance: &str) -> Value {
    let person = |name: &str, email: &str| json!({ "emailAddress": { "name": name, "address": email } });
    let mut full = message(id, minute);
    full["isRead"] = true.into();
    full["importance"] = importance.into();
    full["flag"] = json!({ "flagStatus": "notFlagged" });
    // Outlook repeats the address of a person without a name.
    full["ccRecipients"] = json!([person("bob@x.test", "bob@x.test"), person("Ann", "ann@x.test")]);
    full["bccRecipients"] = json!([person("Eve", "eve@x.test")]);
    full["singleValueExtendedProperties"] = json!([{ "id": "Long 0xe08", "value": "12345" }]);
    full
}

fn folder(id: &str, name: &str, parent: &str, [children, messages, unread]: [u32; 3]) -> Value {
    json!({
        "id": id, "displayName": name, "parentFolderId": parent, "childFolderCount": children,
        "totalItemCount": messages, "unreadItemCount": unread,
    })
}

fn inbox() -> Value {
    folder("id-of-inbox", "Posteingang", "id-of-msgfolderroot", [1, 7, 2])
}

fn child() -> Value {
    folder("child", "Kunden", "id-of-inbox", [0, 3, 1])
}

fn attachments() -> Vec<Value> {
    let attachment = |kind: &str, id: &str, name: &str, size: u32| {
        json!({
            "@odata.type": format!("#microsoft.graph.{kind}Attachment"), "id": id, "name": name, "size": size,
            "contentType": null, "isInline": false,
        })
    };
    let mut file = attachment("file", "file-1", "report.pdf", 20_500);
    file["contentType"] = "application/pdf".into();
    let mut picture = attachment("file", "picture-1", "logo.png", 9);
    picture["contentType"] = "image/png".into();
    picture["isInline"] = true.into();
    picture["contentId"] = "<logo@1>".into();
    vec![
        file,
        picture,
        attachment("item", "item-1", "The first program", 900),
        attachment("reference", "link-1", "Plan.docx", 300),
    ]
}

fn contact() -> Value {
    json!({
        "@odata.etag": "W/\"1\"", "id": "contact-1", "parentFolderId": "contacts", "displayName": "Ada Lovelace",
        "givenName": "Ada", "middleName": "King", "surname": "Lovelace", "nickName": "Addie",
        "companyName": "Fabrikam", "department": "Engines", "jobTitle": "Analyst",
        "emailAddresses": [
            { "name": "Ada", "address": "ada@x.test" }, { "name": "old@x.test", "address": "old@x.test" },
        ],
        "businessPhones": ["1"], "homePhones": ["2"], "mobilePhone": "3",
        "businessAddress": {
            "street": "1 Engine Court", "city": "London", "state": "London", "postalCode": "EC1A 1AA",
            "countryOrRegion": "United Kingdom",
        },
        "homeAddress": { "city": "Ockham" }, "otherAddress": { "countryOrRegion": "France" },
        "businessHomePage": "https://fabrikam.test/ada", "birthday": "1815-12-10T11:59:00Z",
        "personalNotes": "Prefers letters.", "lastModifiedDateTime": "2026-11-29T10:05:00Z",
    })
}

/// Answers everything that it can; the rest as a small mailbox does.
pub fn rich(seen: &MailSeen) -> MailAnswer {
    let ok = |body: Value| MailAnswer::Json(200, body);
    let list = |items: Vec<Value>| ok(json!({ "value": items }));
    let path = seen.path();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["me", "messages", _, "attachments"] => list(attachments()),
        ["me", "messages", id] if seen.query("$select").contains("subject") => {
            let mut one = full(&decoded(id), 1, "low");
            one["attachments"] =
                json!([{ "id": "file-1", "isInline": false }, { "id": "picture-1", "isInline": true }]);
            one["isDraft"] = id.starts_with("draft").into();
            ok(one)
        }
        ["me", "mailFolders", _, "messages"] => {
            let mut newest = full("AAMk-3=", 3, "high");
            newest["isRead"] = false.into();
            newest["hasAttachments"] = false.into();
            newest["flag"] = json!({ "flagStatus": "flagged" });
            list(vec![newest, full("AAMk-2=", 2, "normal"), full("AAMk-1=", 1, "low")])
        }
        ["me", "mailFolders"] => list(vec![inbox()]),
        ["me", "mailFolders", "id-of-inbox", "childFolders"] => list(vec![child()]),
        ["me", "mailFolders", "id-of-inbox"] => ok(inbox()),
        ["me", "mailFolders", "child"] => ok(child()),
        ["me", "contacts", "delta"] => {
            let base = format!("{}://{}/v1.0", seen.url.scheme(), seen.url.authority());
            ok(json!({
                "value": [contact(), { "id": "contact-2", "@removed": { "reason": "deleted" } }],
                "@odata.nextLink": format!("{base}/me/contacts/delta?$skiptoken=2"),
            }))
        }
        ["me", "contacts", _] => ok(contact()),
        ["me", "contactFolders"] => {
            list(vec![json!({ "id": "friends", "displayName": "Friends", "parentFolderId": "contacts" })])
        }
        ["me", "contactFolders", "friends", "childFolders"] => {
            list(vec![json!({ "id": "close", "displayName": "Close friends", "parentFolderId": "friends" })])
        }
        ["me", "contactFolders", _, "childFolders"] => list(Vec::new()),
        _ => mailbox(seen),
    }
}

/// A provider that wants no request for a while.
pub fn throttled(_: &MailSeen) -> MailAnswer {
    let error = json!({
        "code": "ApplicationThrottled", "message": "what-the-provider-says",
        "innerError": { "request-id": "the-providers-request" },
    });
    MailAnswer::Headed(429, ("retry-after", RETRY_AFTER.to_owned()), json!({ "error": error }))
}
