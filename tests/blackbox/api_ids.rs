//! Ids of any alphabet in the addresses of calls, through the real router: whatever characters programs leave unencoded,
//! the provider gets the id as it is. The table of calls says which parameters are ids.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mail360::api::{
    calls::{self, Call},
    parameters::{Kind as Type, Parameter, Place},
};
use proptest::{
    prelude::{Strategy, prop_oneof},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use serde_json::{Value, json};

use crate::{
    api_reading::{Reading, decoded, mailbox, message},
    support::{Kind, MailAnswer, MailSeen, data},
};

/// Number of ids for each parameter.
const IDS: usize = 12;

/// Ids as Outlook has them, in both forms, and any others of their alphabets. Too long to mean *any*.
fn ids() -> impl Strategy<Value = String> {
    prop_oneof![
        "AAMk[A-Za-z0-9+/]{100,150}={0,2}",
        "AQMk[A-Za-z0-9_-]{100,150}={0,2}",
        "[A-Za-z0-9+/=_-]{3,400}"
    ]
}

/// Percent-encodes everything but letters, digits, `-`, `_` and these characters.
fn encoded(text: &str, kept: &str) -> String {
    let kept = [b"-_", kept.as_bytes()].concat();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || kept.contains(&byte);
    let write = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(write).collect()
}

/// The forms in which programs write an id into an address.
fn spellings(place: Place, id: &str) -> Vec<String> {
    match place {
        Place::Path => vec![encoded(id, ""), encoded(id, "+=")],
        // A `+` that was not encoded is a blank in a query, and some programs send that blank.
        Place::Query => vec![encoded(id, ""), encoded(id, "+/="), encoded(&id.replace('+', " "), "/=")],
        Place::Body | Place::Header => Vec::new(),
    }
}

/// The ids of the calls that read mail and contacts. Scheduled messages have ids of this program.
fn parameters() -> Vec<(&'static Call, &'static Parameter)> {
    let of_mailbox = |call: &&'static Call| {
        let is_ours = [calls::PROXY.id, calls::GET_SCHEDULE.id].contains(&call.id);
        call.method == http::Method::GET && call.path.contains("{account_key}/") && !is_ours
    };
    let is_id = |parameter: &&'static Parameter| {
        // These two are ids of this program.
        let is_own = ["account_key", "jobId"].contains(&parameter.name);
        matches!(parameter.kind, Type::Id | Type::LabelId) && !is_own
    };
    let pairs =
        |call: &'static Call| call.parameters.iter().filter(is_id).map(move |parameter| (call, parameter));
    calls::ALL.into_iter().filter(of_mailbox).flat_map(pairs).collect()
}

/// The address of a call within the account, with this spelling of one parameter.
fn address(call: &Call, parameter: &Parameter, spelling: &str) -> String {
    let (_, path) = call.path.split_once("{account_key}/").expect("a call of an account");
    let mut path = path.replace(&format!("{{{}}}", parameter.name), spelling);
    for other in call.parameters {
        path = path.replace(&format!("{{{}}}", other.name), "x");
    }
    if parameter.place == Place::Query { format!("{path}?{}={spelling}", parameter.name) } else { path }
}

/// A mailbox in which every message is in this folder and has this label.
fn answer(seen: &MailSeen, id: &str, label: &str) -> MailAnswer {
    let one = |minute| {
        let mut one = message("x", minute);
        one["parentFolderId"] = id.into();
        one["categories"] = json!([label]);
        one
    };
    let list = |items: Vec<Value>| MailAnswer::Json(200, json!({ "value": items }));
    let path = seen.path();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["me", "messages"] | ["me", "mailFolders", _, "messages"] => list(vec![one(1)]),
        ["me", "messages", _] if seen.query("$select").contains("subject") => {
            let mut draft = one(1);
            draft["isDraft"] = true.into();
            MailAnswer::Json(200, draft)
        }
        ["me", "contactFolders", _, "contacts"] => list(Vec::new()),
        ["me", "outlook", "masterCategories"] => list(vec![json!({ "displayName": label, "color": "none" })]),
        _ => mailbox(seen),
    }
}

/// Whether the id has arrived: in a request to the provider, or in what this program compares itself.
fn has_arrived(
    call: &Call,
    parameter: &Parameter,
    (id, label): (&str, &str),
    seen: &[MailSeen],
    data: &Value,
) -> bool {
    let is_in_filter = |text: String| seen.iter().any(|seen| seen.query("$filter").contains(&text));
    match (call.id, parameter.name, parameter.kind) {
        ("getThread", "folderId" | "labelId", _) => data.as_array().is_some_and(|found| found.len() == 1),
        ("getThread", ..) => is_in_filter(format!("conversationId eq '{id}'")),
        ("getLabel", ..) => data["labelId"] == id,
        (_, _, Type::LabelId) => is_in_filter(format!("c eq '{label}'")),
        _ => seen.iter().any(|seen| seen.path().split('/').any(|segment| decoded(segment) == id)),
    }
}

#[tokio::test]
async fn every_id_of_the_alphabets_makes_the_trip_through_our_addresses() {
    let reading = Reading::new(Kind::Sqlite).await;
    let parameters = parameters();
    // Twelve in paths, and seven in queries.
    assert_eq!(parameters.len(), 19, "a parameter that is new has a case in has_arrived");
    let mut runner = TestRunner::deterministic();
    for (call, parameter) in parameters {
        for _ in 0..IDS {
            let label = "[A-Za-z0-9+/= ü?&]{1,60}".new_tree(&mut runner).expect("a name").current();
            let id = match parameter.kind {
                Type::LabelId => URL_SAFE_NO_PAD.encode(&label),
                _ => ids().new_tree(&mut runner).expect("an id").current(),
            };
            let known = (id.clone(), label.clone());
            reading.scene.world.mail.answer(move |seen| answer(seen, &known.0, &known.1));
            for spelling in spellings(parameter.place, &id) {
                let path = reading.at(&address(call, parameter, &spelling));
                let answer = reading.application.get(&path).await;
                answer.assert_status(200);
                let seen = reading.scene.world.mail.take_requests();
                let is_json = answer.header("content-type").starts_with("application/json");
                let data = if is_json { data(&answer) } else { Value::Null };
                assert!(
                    has_arrived(call, parameter, (&id, &label), &seen, &data),
                    "{} {}: {id} as {path}",
                    call.id,
                    parameter.name
                );
            }
        }
    }
}
