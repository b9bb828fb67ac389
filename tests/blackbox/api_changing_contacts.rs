//! The calls that change contacts, through the real router, with prepared answers of the provider.

use std::sync::{Arc, Mutex};

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    api_reading::{Reading, mailbox},
    support::{Answer, Kind, MailAnswer, MailSeen, assert_refusal, data},
};

/// One contact, with the number of its version.
#[derive(Clone)]
struct OneContact(Arc<Mutex<(Value, u32)>>);

impl OneContact {
    fn new() -> Self {
        let contact = json!({
            "id": "contact-1", "parentFolderId": "contacts", "displayName": "Ada Lovelace", "surname": "Lovelace",
            "emailAddresses": [{ "name": "Ada", "address": "ada@x.test" }], "personalNotes": "Prefers\nletters.",
            "businessPhones": ["1"], "homePhones": [], "mobilePhone": null, "birthday": "1815-12-10T11:59:00Z",
            "homeAddress": { "street": "1 Engine Court\nBack door", "city": "London" },
            "businessHomePage": "https://x.test",
        });
        Self(Arc::new(Mutex::new((contact, 1))))
    }

    /// The contact as the provider has it now.
    fn now(&self) -> Value {
        let (contact, version) = self.0.lock().expect("no panic").clone();
        Self::of_version(contact, version)
    }

    fn of_version(mut contact: Value, version: u32) -> Value {
        contact["@odata.etag"] = format!("W/\"{version}\"").into();
        contact
    }

    /// Changes it as another program does.
    fn touch(&self) {
        self.0.lock().expect("no panic").1 += 1;
    }

    fn answer(&self, seen: &MailSeen) -> MailAnswer {
        let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
        match (&seen.method, seen.path()) {
            (&Method::GET, "/me/contacts/contact-1") => MailAnswer::Json(200, self.now()),
            (&Method::PATCH, "/me/contacts/contact-1") => {
                let mut state = self.0.lock().expect("no panic");
                let (contact, version) = &mut *state;
                if seen.header("if-match") != format!("W/\"{version}\"") {
                    return MailAnswer::refusal(412, "ErrorIrresolvableConflict");
                }
                *version += 1;
                for (name, value) in body.as_object().expect("members") {
                    contact[name] = value.clone();
                }
                MailAnswer::Json(200, Self::of_version(contact.clone(), *version))
            }
            (&Method::POST, "/me/contacts" | "/me/contactFolders/friends/contacts") => {
                let mut created = body;
                created["id"] = "contact-2".into();
                MailAnswer::Json(201, Self::of_version(created, 1))
            }
            (&Method::DELETE, "/me/contacts/contact-1") => MailAnswer::Json(204, Value::Null),
            (_, path) if path.starts_with("/me/contact") => MailAnswer::refusal(404, "ErrorItemNotFound"),
            _ => mailbox(seen),
        }
    }
}

async fn changing(kind: Kind) -> (Reading, OneContact) {
    let reading = Reading::new(kind).await;
    let contact = OneContact::new();
    let answering = contact.clone();
    reading.scene.world.mail.answer(move |seen| answering.answer(seen));
    (reading, contact)
}

/// Changes the contact, if it has this version.
async fn put(reading: &Reading, etag: &str, body: &Value) -> Answer {
    let path = reading.at("contacts/contact-1");
    reading.application.send_headed("PUT", &path, &[("If-Match", etag)], body).await
}

#[rstest]
#[tokio::test]
async fn a_contact_is_created_with_all_its_fields(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (reading, _) = changing(kind).await;
    let mut contact = json!({
        "displayName": "Ada Lovelace", "firstName": "Ada", "middleName": "King", "lastName": "Lovelace",
        "nickName": "Addie", "company": "Fabrikam", "department": "Engines", "jobTitle": "Analyst",
        "emails": [{ "address": "ada@x.test", "name": "Ada" }, { "address": "old@x.test" }],
        "phones": [
            { "type": "business", "number": "1" }, { "type": "home", "number": "2" },
            { "type": "mobile", "number": "3" },
        ],
        "addresses": [
            { "type": "business", "street": "1 Engine Court\nBack door", "city": "London", "state": "London",
              "postalCode": "EC1A 1AA", "country": "United Kingdom" },
        ],
        "urls": ["https://fabrikam.test/ada"], "birthday": "1815-12-10", "notes": "Prefers\nletters.",
    });
    let created = data(reading.send_within("POST", "contacts", &contact).await.assert_status(201));
    // Mail360's programs quote every value.
    for list in ["emails", "phones", "addresses", "urls"] {
        contact[list] = contact[list].to_string().into();
    }
    contact["folderId"] = "friends".into();
    let quoted = data(reading.send_within("POST", "contacts", &contact).await.assert_status(201));
    assert_eq!(created, quoted);
    assert_eq!((&created["contactId"], &created["etag"]), (&json!("contact-2"), &json!("W/\"1\"")));
    assert_eq!(created["addresses"][0]["street"], "1 Engine Court\nBack door");
    assert_eq!(
        (&created["birthday"], &created["phones"][2]["type"]),
        (&json!("1815-12-10"), &json!("mobile"))
    );
    let changes = reading.sent_changes();
    assert_eq!(changes[0].1, "/me/contacts");
    assert_eq!(changes[1].1, "/me/contactFolders/friends/contacts");
    assert_eq!(changes[0].2, changes[1].2);
    assert_eq!(changes[0].2["birthday"], "1815-12-10T11:59:00Z");
    assert!(changes[0].2.get("homeAddress").is_none(), "{}", changes[0].2);
}

#[rstest]
#[tokio::test]
async fn a_contact_is_created_once_under_a_key(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (reading, _) = changing(kind).await;
    let create = async |key: &str, name: &str| {
        let (path, body) = (reading.at("contacts"), json!({ "displayName": name }));
        reading.application.send_headed("POST", &path, &[("Idempotency-Key", key)], &body).await
    };
    let first = create("first", "Ada").await;
    let again = create("first", "Ada").await;
    assert_eq!(data(first.assert_status(201)), data(again.assert_status(201)));
    assert_eq!((first.header("idempotent-response"), again.header("idempotent-response")), ("", "true"));
    assert_refusal(&create("first", "Grace").await, 409, "IDEMPOTENCY_KEY_REUSED");
    assert_refusal(&create("", "Ada").await, 400, "INVALID_VALUE");
    assert_eq!(reading.sent_changes().len(), 1);
    create("second", "Ada").await.assert_status(201);
    assert_eq!(reading.sent_changes().len(), 1, "those since the last look");
}

#[rstest]
#[tokio::test]
async fn a_contact_that_cannot_be_made_leaves_its_key_free(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (reading, _) = changing(kind).await;
    let create = async |body: Value| {
        let path = reading.at("contacts");
        reading.application.send_headed("POST", &path, &[("Idempotency-Key", "k-1")], &body).await
    };
    let in_no_folder = create(json!({ "displayName": "Ada", "folderId": "no id" })).await;
    assert_refusal(&in_no_folder, 404, "NOT_FOUND");
    let emails: Vec<_> = (0..4).map(|number| json!({ "address": format!("{number}@x.test") })).collect();
    assert_refusal(&create(json!({ "emails": emails })).await, 400, "INVALID_VALUE");
    let kept = reading.scene.world.raw.count("idempotency_keys").await;
    assert_eq!((kept, reading.sent_changes()), (0, Vec::new()));
    create(json!({ "displayName": "Ada" })).await.assert_status(201);
}

#[rstest]
#[tokio::test]
async fn a_contact_is_changed_only_at_the_version_that_the_program_has_read(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (reading, contact) = changing(kind).await;
    let answer = put(&reading, "W/\"1\"", &json!({ "lastName": "King", "notes": "", "phones": [] })).await;
    let changed = data(answer.assert_status(200));
    assert_eq!((&changed["etag"], &changed["lastName"]), (&json!("W/\"2\""), &json!("King")));
    assert_eq!((changed.get("notes"), &changed["phones"]), (None, &json!([])));
    assert_eq!(changed["displayName"], "Ada Lovelace", "it stays");
    let changes = reading.sent_changes();
    let sent = &changes[0].2;
    assert!(sent.get("displayName").is_none() && sent["personalNotes"].is_null(), "{sent}");

    contact.touch();
    let answer = put(&reading, "W/\"2\"", &json!({ "lastName": "Byron" })).await;
    assert_refusal(&answer, 412, "ETAG_MISMATCH");
    assert_eq!(contact.now()["surname"], "King", "nothing was changed");
    put(&reading, "W/\"3\"", &json!({ "lastName": "Byron" })).await.assert_status(200);
    assert_eq!(contact.now()["surname"], "Byron");

    // A provider that shows the old version, and notices the other one only at the change.
    let answering = contact.clone();
    reading.scene.world.mail.answer(move |seen| match seen.method {
        Method::GET => MailAnswer::Json(200, json!({ "id": "contact-1", "@odata.etag": "W/\"3\"" })),
        _ => answering.answer(seen),
    });
    assert_refusal(&put(&reading, "W/\"3\"", &json!({ "lastName": "King" })).await, 412, "ETAG_MISMATCH");
    assert_eq!(contact.now()["surname"], "Byron");
}

#[rstest]
#[tokio::test]
async fn a_contact_that_was_read_can_be_sent_back_and_stays_as_it_is(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (reading, contact) = changing(kind).await;
    let mut read = reading.application.read(&reading.at("contacts/contact-1")).await;
    let etag = read["etag"].as_str().expect("an etag").to_owned();
    for answered in ["contactId", "folderIds", "etag", "updatedTime"] {
        read.as_object_mut().expect("fields").remove(answered);
    }
    let changed = data(put(&reading, &etag, &read).await.assert_status(200));
    for (name, value) in read.as_object().expect("fields") {
        assert_eq!(&changed[name], value, "{name}");
    }
    assert_eq!(contact.now()["homeAddress"]["street"], "1 Engine Court\nBack door");
}

#[rstest]
#[tokio::test]
async fn a_change_needs_its_version_and_at_least_one_field(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (reading, contact) = changing(kind).await;
    let before = contact.now();
    let body = json!({ "lastName": "King" });
    let without = reading.send_within("PUT", "contacts/contact-1", &body).await;
    let refused = assert_refusal(&without, 400, "INVALID_VALUE");
    assert!(refused["moreInfo"].as_str().expect("more").starts_with("If-Match is missing."), "{refused}");
    assert_refusal(&put(&reading, "*", &body).await, 400, "INVALID_VALUE");
    assert_refusal(&put(&reading, "W/\"1\"", &json!({})).await, 400, "INVALID_VALUE");
    assert_refusal(
        &put(&reading, "W/\"1\"", &json!({ "folderId": "friends" })).await,
        400,
        "EXTRA_PARAM_FOUND",
    );
    assert_refusal(
        &put(&reading, "W/\"1\"", &json!({ "birthday": "10.12.1815" })).await,
        400,
        "INVALID_VALUE",
    );
    for empty in [json!({}), json!({ "folderId": "friends" })] {
        assert_refusal(&reading.send_within("POST", "contacts", &empty).await, 400, "INVALID_VALUE");
    }
    assert_eq!((reading.sent_changes(), contact.now()), (Vec::new(), before));
}

#[rstest]
#[tokio::test]
async fn what_outlook_cannot_keep_is_refused_by_name_and_never_dropped(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (reading, contact) = changing(kind).await;
    let before = contact.now();
    let phone = |kind: &str| json!({ "type": kind, "number": "1" });
    let place = json!({ "type": "home", "city": "London" });
    let emails: Vec<_> = (0..4).map(|number| json!({ "address": format!("{number}@x.test") })).collect();
    for (body, words) in [
        (json!({ "emails": emails }), "emails"),
        (json!({ "phones": [phone("other")] }), "type other"),
        (json!({ "phones": [phone("business"), phone("business"), phone("business")] }), "type business"),
        (json!({ "phones": [phone("home"), phone("home"), phone("home")] }), "type home"),
        (json!({ "phones": [phone("mobile"), phone("mobile")] }), "type mobile"),
        (json!({ "addresses": [place, place] }), "addresses"),
        (json!({ "urls": ["https://a.test", "https://b.test"] }), "urls"),
        (json!({ "emails": [{ "name": "Ada" }] }), "emails: Give each object a value of address."),
        (json!({ "phones": [{ "type": "fax", "number": "1" }] }), "phones: "),
        (json!({ "addresses": [{ "type": "home", "planet": "Earth" }] }), "addresses: "),
    ] {
        for answer in
            [reading.send_within("POST", "contacts", &body).await, put(&reading, "W/\"1\"", &body).await]
        {
            let refused = assert_refusal(&answer, 400, "INVALID_VALUE");
            assert!(refused["moreInfo"].as_str().expect("more").contains(words), "{body}: {refused}");
        }
    }
    assert_eq!((reading.sent_changes(), contact.now()), (Vec::new(), before));
}

#[rstest]
#[tokio::test]
async fn a_contact_is_deleted_and_what_the_provider_refuses_has_a_code(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (reading, _) = changing(kind).await;
    let answer = reading.send_within("DELETE", "contacts/contact-1", &Value::Null).await;
    assert_eq!(data(answer.assert_status(200)), Value::Null);
    assert_eq!(reading.sent_changes(), [(Method::DELETE, "/me/contacts/contact-1".to_owned(), Value::Null)]);
    assert_refusal(&reading.send_within("DELETE", "contacts/gone", &Value::Null).await, 404, "NOT_FOUND");
    let fields = json!({ "displayName": "Ada" });
    let etag = [("If-Match", "W/\"1\"")];
    let gone = reading.at("contacts/gone");
    assert_refusal(&reading.application.send_headed("PUT", &gone, &etag, &fields).await, 404, "NOT_FOUND");
    let in_no_folder = json!({ "displayName": "Ada", "folderId": "gone" });
    assert_refusal(&reading.send_within("POST", "contacts", &in_no_folder).await, 404, "NOT_FOUND");
    for (status, theirs, answered, ours) in [
        (403, "ErrorAccessDenied", 403, "PERMISSION_NOT_GRANTED"),
        (409, "ErrorIrresolvableConflict", 503, "PROVIDER_UNAVAILABLE"),
        (400, "ErrorSomethingNew", 502, "PROVIDER_ERROR"),
    ] {
        reading.scene.world.mail.answer(move |_| MailAnswer::refusal(status, theirs));
        for answer in [
            reading.send_within("POST", "contacts", &fields).await,
            put(&reading, "W/\"1\"", &fields).await,
            reading.send_within("DELETE", "contacts/contact-1", &Value::Null).await,
        ] {
            let refused = assert_refusal(&answer, answered, ours);
            let more_info = refused["moreInfo"].as_str().expect("more");
            assert!(status != 403 || more_info.contains("Contacts.ReadWrite"), "{more_info}");
        }
    }
}
