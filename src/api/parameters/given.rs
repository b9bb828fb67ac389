//! The values of one call, read by its table. A name that the table does not have is refused, because a program that
//! misspells one must not get another answer than it thinks.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::Value as Json;
use url::form_urlencoded;

use super::{Kind, Parameter, Place, Value, read};
use crate::{
    api::errors::{ApiError, Code},
    platform::text,
};

/// Maximum number of characters of an unknown name that an error repeats.
const MAX_NAME_SHOWN: usize = 100;

/// The values of a call.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Given in the request, or the default of the table.
    values: BTreeMap<&'static str, Value>,
    /// The names that the request has itself.
    named: Vec<&'static str>,
}

impl Given {
    /// Reads the parts of a request by the table of its call. The body is read only if the call takes one.
    ///
    /// # Errors
    /// `JSON_PARSE_ERROR`, `EXTRA_PARAM_FOUND`, `INVALID_VALUE`, `NOT_SUPPORTED`.
    pub fn read(
        parameters: &'static [Parameter],
        path: &[(String, String)],
        query: &str,
        body: &[u8],
    ) -> Result<Self, ApiError> {
        let mut given = Self::default();
        for (name, value) in path {
            given.take(parameters, Place::Path, name, &Json::String(value.clone()))?;
        }
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            given.take(parameters, Place::Query, &name, &Json::String(value.into_owned()))?;
        }
        if parameters.iter().any(|parameter| parameter.place == Place::Body) {
            for (name, value) in parse_object(body)? {
                given.take(parameters, Place::Body, &name, &value)?;
            }
        }
        for parameter in parameters {
            given.complete(parameter)?;
        }
        Ok(given)
    }

    fn take(
        &mut self,
        parameters: &'static [Parameter],
        place: Place,
        name: &str,
        value: &Json,
    ) -> Result<(), ApiError> {
        let known = parameters.iter().find(|parameter| parameter.place == place && parameter.name == name);
        let Some(parameter) = known else { return Err(unknown(name)) };
        if self.named.contains(&parameter.name) {
            let more_info = format!("{}: Give one value.", parameter.name);
            return Err(ApiError::of(Code::InvalidValue, more_info));
        }
        let repaired;
        let value = match value {
            // No id has a blank. A `+` that was not percent-encoded became one.
            Json::String(id)
                if place == Place::Query && matches!(parameter.kind, Kind::Id | Kind::LabelId) =>
            {
                repaired = Json::String(id.replace(' ', "+"));
                &repaired
            }
            value => value,
        };
        if let Some(value) = read(parameter, value).map_err(|bad| bad.into_error(parameter))? {
            self.named.push(parameter.name);
            self.values.insert(parameter.name, value);
        }
        Ok(())
    }

    /// Adds the default of a parameter that was not given. A required value that is empty counts as not given: a program
    /// that sends `""` has lost the value, and must not get an answer for any value.
    fn complete(&mut self, parameter: &'static Parameter) -> Result<(), ApiError> {
        let is_empty = |value: &Value| match value {
            Value::Text(text) => text::trim(text).is_empty(),
            Value::Texts(texts) => texts.is_empty(),
            Value::Integer(_) | Value::Boolean(_) => false,
        };
        if let Some(value) = self.values.get(parameter.name)
            && !(parameter.is_required && is_empty(value))
        {
            return Ok(());
        }
        if parameter.is_required {
            let more_info = format!("{} is missing. {}", parameter.name, parameter.about);
            return Err(ApiError::of(Code::InvalidValue, more_info));
        }
        let Some(default) = parameter.default else { return Ok(()) };
        let read = read(parameter, &Json::String(default.to_owned()));
        if let Some(value) = read.map_err(|bad| bad.into_error(parameter))? {
            self.values.insert(parameter.name, value);
        }
        Ok(())
    }

    /// Whether the request itself has the parameter.
    pub fn has(&self, name: &str) -> bool {
        self.named.contains(&name)
    }

    /// A text that is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(Value::Text(text)) => Some(text.as_str()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// A text that the table requires; empty if the table does not have it.
    pub fn required(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// Takes a text out that is a credential. It is empty if there is none.
    pub fn take_secret(&mut self, name: &str) -> SecretString {
        match self.values.remove(name) {
            Some(Value::Text(text)) => SecretString::from(text),
            _ => SecretString::from(String::new()),
        }
    }

    /// A number; 0 if there is none.
    pub fn integer(&self, name: &str) -> i64 {
        match self.values.get(name) {
            Some(Value::Integer(number)) => *number,
            _ => 0,
        }
    }

    /// A number that is not negative; 0 if there is none.
    pub fn count(&self, name: &str) -> usize {
        usize::try_from(self.integer(name)).unwrap_or_default()
    }

    /// A boolean, if there is one.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        match self.values.get(name) {
            Some(Value::Boolean(value)) => Some(*value),
            _ => None,
        }
    }

    /// Whether a boolean is there and true.
    pub fn is_set(&self, name: &str) -> bool {
        self.boolean(name) == Some(true)
    }

    /// Several texts; empty if there are none.
    pub fn texts(&self, name: &str) -> &[String] {
        match self.values.get(name) {
            Some(Value::Texts(texts)) => texts,
            _ => &[],
        }
    }
}

/// The members of the body.
fn parse_object(body: &[u8]) -> Result<serde_json::Map<String, Json>, ApiError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(serde_json::Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Json::Object(members)) => Ok(members),
        Ok(_) | Err(_) => Err(ApiError::of(Code::JsonParseError, "Send the body as a JSON object.")),
    }
}

/// The refusal of a name that the table does not have, in Mail360's words.
fn unknown(name: &str) -> ApiError {
    let shown: String = text::line(name).chars().take(MAX_NAME_SHOWN).collect();
    ApiError::of(Code::ExtraParamFound, format!("MA_9018 {shown}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: [Parameter; 7] = [
        Parameter::path("account_key", "The key of the account."),
        Parameter::query("folderId", Kind::Id, "A folder."),
        Parameter::query("limit", Kind::Integer { min: 1, max: 200 }, "The number of messages.").or("10"),
        Parameter::query("sortorder", Kind::Boolean, "Whether the oldest is first."),
        Parameter::query("gmailTypeSync", Kind::Boolean, "").ignored(),
        Parameter::body("mode", Kind::OneOf(&["enableAccount", "updatePassword"]), "There are no passwords.")
            .only(&["enableAccount"])
            .required(),
        Parameter::body("emailId", Kind::Texts { max: 2 }, "Addresses."),
    ];

    fn path() -> Vec<(String, String)> {
        vec![("account_key".to_owned(), "k".to_owned())]
    }

    fn read_call(query: &str, body: &str) -> Result<Given, String> {
        Given::read(&TABLE, &path(), query, body.as_bytes()).map_err(|error| format!("{error:?}"))
    }

    const BODY: &str = r#"{"mode":"enableAccount"}"#;

    #[test]
    fn values_come_from_path_query_and_body_and_defaults_from_the_table() {
        let given =
            read_call("folderId=AB+C%2FD&sortorder=true", r#"{"mode":"enableAccount","emailId":"a,b"}"#)
                .expect("a call");
        assert_eq!((given.required("account_key"), given.text("folderId")), ("k", Some("AB+C/D")));
        assert_eq!((given.count("limit"), given.has("limit"), given.has("folderId")), (10, false, true));
        assert!(given.is_set("sortorder") && given.boolean("gmailTypeSync").is_none());
        assert_eq!(given.texts("emailId"), ["a", "b"]);
        assert_eq!((given.text("none"), given.integer("none"), given.texts("none").len()), (None, 0, 0));
    }

    #[test]
    fn each_mistake_has_its_code_and_names_the_parameter() {
        let deep = "[".repeat(100_000);
        for (query, body, code, words) in [
            ("folder=1", BODY, "EXTRA_PARAM_FOUND", "MA_9018 folder"),
            ("FolderId=1", BODY, "EXTRA_PARAM_FOUND", "MA_9018 FolderId"),
            ("mode=enableAccount", BODY, "EXTRA_PARAM_FOUND", "MA_9018 mode"),
            ("", r#"{"mode":"enableAccount","limit":1}"#, "EXTRA_PARAM_FOUND", "MA_9018 limit"),
            ("limit=0", BODY, "INVALID_VALUE", "limit: Give a whole number from 1 to 200."),
            ("limit=1&limit=2", BODY, "INVALID_VALUE", "limit: Give one value."),
            ("", "{}", "INVALID_VALUE", "mode is missing."),
            ("", "", "INVALID_VALUE", "mode is missing."),
            ("", r#"{"mode":null}"#, "INVALID_VALUE", "mode is missing."),
            ("", r#"{"mode":"delete"}"#, "INVALID_VALUE", "mode: Give one of these: enableAccount"),
            ("", r#"{"mode":"updatePassword"}"#, "NOT_SUPPORTED", "There are no passwords."),
            ("", "[]", "JSON_PARSE_ERROR", "JSON object"),
            ("", "mode=enableAccount", "JSON_PARSE_ERROR", "JSON object"),
            ("", deep.as_str(), "JSON_PARSE_ERROR", "JSON object"),
        ] {
            let error = read_call(query, body).expect_err("a mistake");
            assert!(error.contains(code) && error.contains(words), "{query} {body}: {error}");
        }
    }

    static REQUIRED: [Parameter; 3] = [
        Parameter::body("rUrl", Kind::Text { max: 10 }, "An address.").required(),
        Parameter::body("ids", Kind::Texts { max: 2 }, "Ids.").required(),
        Parameter::body("name", Kind::Text { max: 10 }, "A name."),
    ];

    #[test]
    fn a_required_value_that_is_empty_counts_as_missing() {
        let read = |body: &str| Given::read(&REQUIRED, &[], "", body.as_bytes());
        let mut given = read(r#"{"rUrl":"a","ids":"1","name":""}"#).expect("a call");
        assert_eq!(given.text("name"), None);
        let secret = given.take_secret("rUrl");
        assert_eq!((secrecy::ExposeSecret::expose_secret(&secret), given.text("rUrl")), ("a", None));
        for (body, name) in [
            (r#"{"rUrl":"","ids":"1"}"#, "rUrl is missing. An address."),
            (r#"{"rUrl":" \u200b\u00a0","ids":"1"}"#, "rUrl is missing. An address."),
            (r#"{"rUrl":"a","ids":""}"#, "ids is missing. Ids."),
            (r#"{"rUrl":"a","ids":[" "]}"#, "ids is missing. Ids."),
        ] {
            let error = format!("{:?}", read(body).expect_err("a missing value"));
            assert!(error.contains("INVALID_VALUE") && error.contains(name), "{body}: {error}");
        }
    }

    #[test]
    fn an_unknown_name_is_repeated_as_one_short_line() {
        let name = format!("a%0A{}", "x".repeat(5_000));
        let error = read_call(&name, BODY).expect_err("an unknown name");
        assert!(error.len() < 400 && !error.contains("\\n"), "{error}");
    }
}
