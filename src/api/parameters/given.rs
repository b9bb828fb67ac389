//! The values of one call, read by its table. A name that the table does not have is refused, because a program that
//! misspells one must not get another answer than it thinks.

use std::collections::BTreeMap;

use http::HeaderMap;
use secrecy::SecretString;
use serde_json::Value as Json;
use url::form_urlencoded;

use super::{Kind, Object, Parameter, Place, Value, read};
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
        for parameter in parameters.iter().filter(|parameter| parameter.place != Place::Header) {
            given.complete(parameter)?;
        }
        Ok(given)
    }

    /// Reads the headers that the table names. A request may have any others.
    ///
    /// # Errors
    /// `INVALID_VALUE`.
    pub fn read_headers(
        &mut self,
        parameters: &'static [Parameter],
        headers: &HeaderMap,
    ) -> Result<(), ApiError> {
        for parameter in parameters.iter().filter(|parameter| parameter.place == Place::Header) {
            for value in headers.get_all(parameter.name) {
                let wrong = || format!("{}: Give a value of printable ASCII characters.", parameter.name);
                let text = value.to_str().map_err(|_| ApiError::of(Code::InvalidValue, wrong()))?;
                self.take(parameters, Place::Header, parameter.name, &Json::String(text.to_owned()))?;
            }
            self.complete(parameter)?;
        }
        Ok(())
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
            Json::String(given) if place == Place::Query => {
                repaired = with_plus(parameter.kind, given);
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
            Value::Objects(objects) => objects.is_empty(),
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

    /// Several objects; empty if there are none.
    pub fn objects(&self, name: &str) -> &[Object] {
        match self.values.get(name) {
            Some(Value::Objects(objects)) => objects,
            _ => &[],
        }
    }
}

/// A value of the query. No id has a blank: a `+` that was not percent-encoded became one.
fn with_plus(kind: Kind, given: &str) -> Json {
    let repair = |id: &str| Json::from(id.replace(' ', "+"));
    match kind {
        Kind::Id | Kind::LabelId | Kind::Ids { .. } | Kind::LabelIds { .. }
            if text::trim(given).is_empty() =>
        {
            Json::from(given)
        }
        Kind::Id | Kind::LabelId => repair(given),
        Kind::Ids { .. } | Kind::LabelIds { .. } => match serde_json::from_str(given) {
            Ok(Json::Array(items)) => {
                let item = |item: Json| match item {
                    Json::String(id) => repair(&id),
                    other => other,
                };
                items.into_iter().map(item).collect()
            }
            _ if given.trim_start().starts_with('[') => Json::from(given),
            // A blank behind a comma is none of an id.
            _ => given.split(',').map(|id| repair(id.trim_start())).collect(),
        },
        Kind::Text { .. }
        | Kind::Lines { .. }
        | Kind::Integer { .. }
        | Kind::Boolean
        | Kind::OneOf(_)
        | Kind::Texts { .. }
        | Kind::Objects { .. } => Json::from(given),
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
mod tests;
