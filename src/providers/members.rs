//! Reads JSON objects of the provider. It reads only the members that this program uses, and no more strictly than
//! needed: an unused member may be missing or have any type.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value};

/// The members that this program uses of any answer. All others are skipped without being parsed.
const USED: &[&str] = &[
    "@odata.count",
    "access_token",
    "aud",
    "azp",
    "correlation_id",
    "displayName",
    "email",
    "emailAddress",
    "email_verified",
    "error",
    "error_codes",
    "error_description",
    "error_subtype",
    "exp",
    "hd",
    "iat",
    "id",
    "id_token",
    "internalDate",
    "iss",
    "issuer",
    "mail",
    "messages",
    "name",
    "nbf",
    "nonce",
    "oid",
    "proxyAddresses",
    "refresh_token",
    "scope",
    "sub",
    "tid",
    "totalItems",
    "totalPeople",
    "trace_id",
    "userPrincipalName",
    "value",
];

/// The members of a JSON object.
#[derive(Clone, Default)]
pub struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Map::new();
                while let Some(name) = map.next_key::<String>()? {
                    if USED.contains(&name.as_str()) {
                        members.insert(name, map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

impl Members {
    /// Reads a body; `None` if it is no JSON object. Some proxies put a byte order mark before it.
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(without_mark(body)).ok()
    }

    /// A text that is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// A number of seconds, written as an integer, as a fraction or as text.
    pub fn seconds(&self, name: &str) -> Option<i64> {
        seconds(self.0.get(name)?)
    }

    /// A number of things, written as an integer, as a fraction or as text.
    pub fn count(&self, name: &str) -> Option<u64> {
        self.seconds(name).and_then(|count| u64::try_from(count).ok())
    }

    /// The elements of a list. A value that is not a list counts as a list with one element.
    pub fn list(&self, name: &str) -> &[Value] {
        match self.0.get(name) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(all)) => all,
            Some(one) => std::slice::from_ref(one),
        }
    }

    /// The members of an object within this one.
    pub fn within(&self, name: &str) -> Option<Self> {
        match self.0.get(name)? {
            Value::Object(members) => Some(Self(members.clone())),
            _ => None,
        }
    }

    /// Whether a member with this name exists and is not null; its type does not matter.
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }
}

/// The seconds in the member `expires_in` of a body. It is read apart from the other members, because a number that no
/// type holds would make them unreadable.
pub fn expires_in(body: &[u8]) -> Option<i64> {
    #[derive(Deserialize)]
    struct Lifetime {
        expires_in: Value,
    }

    let Lifetime { expires_in } = serde_json::from_slice(without_mark(body)).ok()?;
    seconds(&expires_in)
}

/// The seconds in the member `refresh_token_expires_in` of a body, which some providers add for a grant that lasts for a
/// limited time. It is read apart for the same reason.
pub fn refresh_token_expires_in(body: &[u8]) -> Option<i64> {
    #[derive(Deserialize)]
    struct Lifetime {
        refresh_token_expires_in: Value,
    }

    let Lifetime { refresh_token_expires_in } = serde_json::from_slice(without_mark(body)).ok()?;
    seconds(&refresh_token_expires_in)
}

/// The body without a byte order mark.
pub fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

fn seconds(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| whole(text.parse().ok()?))
        }
        _ => None,
    }
}

/// The whole seconds of a fraction, if they are within the supported range of years.
#[expect(clippy::cast_possible_truncation, reason = "the range was checked before")]
fn whole(number: f64) -> Option<i64> {
    (number.abs() < 1e15).then(|| number.floor() as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn c12_seconds_may_be_an_integer_a_fraction_or_a_text() {
        for (value, expected) in [
            (json!(3599), Some(3599)),
            (json!(3599.9), Some(3599)),
            (json!("3599"), Some(3599)),
            (json!(" 3599.0 "), Some(3599)),
            (json!("1.795417e9"), Some(1_795_417_000)),
            (json!("soon"), None),
            (json!(1e300), None),
            (json!("NaN"), None),
            (json!(null), None),
            (json!([1]), None),
            (json!(true), None),
        ] {
            assert_eq!(seconds(&value), expected, "{value}");
        }
    }

    #[test]
    fn c12_what_is_not_used_may_be_anything_that_json_can_write() {
        let nested = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        let body = format!("\u{feff}{{\"expires_in\":1e999,\"x\":{nested},\"id\":\"1\",\"x\":null}}");
        assert_eq!(Members::read(body.as_bytes()).expect("members").text("id"), Some("1"));
        for wrong in ["", "[]", "null", "{", "<html>", "\"text\""] {
            assert!(Members::read(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }
}
