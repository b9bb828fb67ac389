//! The properties of a contact that a program sets, and those that Exchange makes of them.

use serde_json::{Map, Value, json};

use super::{Refusal, WRONG};

const TEXTS: [&str; 10] = [
    "givenName",
    "middleName",
    "surname",
    "nickName",
    "companyName",
    "department",
    "jobTitle",
    "mobilePhone",
    "businessHomePage",
    "birthday",
];
/// Texts that are empty rather than `null`.
const NEVER_NULL: [&str; 2] = ["displayName", "personalNotes"];
/// The parts of a postal address.
const PARTS: [&str; 5] = ["street", "city", "state", "countryOrRegion", "postalCode"];
/// For more values of a property than Exchange keeps.
const TOO_MANY: Refusal = Refusal(400, "ErrorInvalidRequest");

fn email(value: &Value) -> Option<Value> {
    let address = value["address"].as_str()?;
    let name = value["name"].as_str().unwrap_or(address);
    Some(json!({ "name": name, "address": address }))
}

/// A list with at most this number of values.
fn list(value: &Value, most: usize, read: impl Fn(&Value) -> Option<Value>) -> Result<Value, Refusal> {
    let values: Option<Vec<Value>> = value.as_array().ok_or(WRONG)?.iter().map(read).collect();
    let values = values.ok_or(WRONG)?;
    if values.len() > most { Err(TOO_MANY) } else { Ok(values.into()) }
}

/// A postal address, which takes the place of the one before as a whole.
fn place(value: &Value) -> Option<Value> {
    let members = value.as_object()?;
    let is_known = |(name, part): (&String, &Value)| {
        PARTS.contains(&name.as_str()) && (part.is_string() || part.is_null())
    };
    let given = members.iter().filter(|(_, part)| !part.is_null());
    let kept: Map<String, Value> = given.map(|(name, part)| (name.clone(), part.clone())).collect();
    members.iter().all(is_known).then(|| kept.into())
}

/// The properties that a request sets.
fn read(json: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let mut fields = Map::new();
    for (name, value) in json {
        let read = match name.as_str() {
            name if TEXTS.contains(&name) => {
                (value.is_string() || value.is_null()).then(|| value.clone()).ok_or(WRONG)?
            }
            name if NEVER_NULL.contains(&name) => match value {
                Value::Null => "".into(),
                Value::String(_) => value.clone(),
                _ => return Err(WRONG),
            },
            "emailAddresses" => list(value, 3, email)?,
            "businessPhones" | "homePhones" => list(value, 2, |phone| phone.as_str().map(Value::from))?,
            "businessAddress" | "homeAddress" | "otherAddress" => place(value).ok_or(WRONG)?,
            _ => return Err(WRONG),
        };
        fields.insert(name.clone(), read);
    }
    Ok(fields)
}

/// The whole name, as Exchange makes it of its parts.
fn whole_name(fields: &Map<String, Value>) -> Value {
    let parts = ["givenName", "middleName", "surname"].map(|name| fields.get(name).and_then(Value::as_str));
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    parts.join(" ").into()
}

/// All properties of a new contact.
pub fn new(given: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let given = read(given)?;
    let usual = json!({
        "displayName": whole_name(&given), "givenName": null, "middleName": null, "surname": null, "nickName": null,
        "companyName": null, "department": null, "jobTitle": null, "personalNotes": "", "emailAddresses": [],
        "businessPhones": [], "homePhones": [], "mobilePhone": null, "businessAddress": {}, "homeAddress": {},
        "otherAddress": {}, "businessHomePage": null, "birthday": null,
    });
    let mut fields = usual.as_object().cloned().unwrap_or_default();
    fields.extend(given);
    Ok(fields)
}

/// The properties that a change sets: also the whole name, if a part of it changes and the request does not name it
/// (Microsoft Graph, contact: update).
pub fn changed(
    given: &Map<String, Value>,
    before: &Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    let mut fields = read(given)?;
    let is_renamed = ["givenName", "middleName", "surname"].iter().any(|name| fields.contains_key(*name));
    if is_renamed && !fields.contains_key("displayName") {
        let mut after = before.clone();
        after.extend(fields.clone());
        fields.insert("displayName".to_owned(), whole_name(&after));
    }
    Ok(fields)
}
