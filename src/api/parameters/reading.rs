//! Reads the value of a parameter. Mail360's samples quote every value. So a number, a boolean and an array may also be
//! a text that holds it: `"1"`, `"true"`, `"[\"a\",\"b\"]"`.

use serde_json::Value as Json;

use super::{
    Effect, Kind, MAX_ID, MAX_LABEL_ID, MAX_TEXT, Parameter,
    objects::{Object, read_objects},
};
use crate::{
    api::errors::{ApiError, Code},
    platform::text,
};

/// A value that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Integer(i64),
    Boolean(bool),
    Texts(Vec<String>),
    Objects(Vec<Object>),
}

impl Value {
    /// The value as the table writes values.
    fn words(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Integer(number) => number.to_string(),
            Self::Boolean(value) => value.to_string(),
            Self::Texts(texts) => texts.join(","),
            // No table names values of this type.
            Self::Objects(_) => String::new(),
        }
    }
}

/// Why a value is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadValue {
    /// It is not what the parameter takes: what to give.
    Wrong(String),
    /// Mail360 takes it, and this program does not.
    NotSupported,
}

impl BadValue {
    /// The answer, which names the parameter.
    pub fn into_error(self, parameter: &Parameter) -> ApiError {
        match self {
            Self::Wrong(give) => ApiError::of(Code::InvalidValue, format!("{}: {give}", parameter.name)),
            Self::NotSupported => {
                let Parameter { name, about, effect, .. } = parameter;
                let more_info = match effect {
                    Effect::Only(taken) if !taken.is_empty() => {
                        format!(
                            "{name}: this value is not supported. {about} Supported: {}.",
                            taken.join(", ")
                        )
                    }
                    Effect::Only(_) | Effect::Honoured | Effect::WithoutEffect => {
                        format!("{name} is not supported. {about}")
                    }
                };
                ApiError::of(Code::NotSupported, more_info)
            }
        }
    }
}

/// Reads the value of a parameter.
///
/// # Returns
/// `None` for `null`, which counts as absent.
///
/// # Errors
/// [`BadValue`].
pub fn read(parameter: &Parameter, given: &Json) -> Result<Option<Value>, BadValue> {
    let value = match (parameter.kind, given) {
        (_, Json::Null) => return Ok(None),
        (Kind::Id, given) => read_text(given, MAX_ID),
        (Kind::LabelId, given) => read_text(given, MAX_LABEL_ID),
        (Kind::Text { max }, given) => read_text(given, max),
        (Kind::Integer { min, max }, given) => read_integer(given, min, max),
        (Kind::Boolean, given) => read_boolean(given),
        (Kind::OneOf(values), given) => read_one_of(given, values),
        (Kind::Texts { max }, given) => read_texts(given, max, MAX_TEXT),
        (Kind::Ids { max }, given) => read_texts(given, max, MAX_ID),
        (Kind::LabelIds { max }, given) => read_texts(given, max, MAX_LABEL_ID),
        (Kind::Lines { max }, given) => read_lines(given, max),
        (Kind::Objects { max, members }, given) => read_objects(given, max, members),
    };
    let value = value.map_err(BadValue::Wrong)?;
    match parameter.effect {
        Effect::Only(taken) if !taken.contains(&value.words().as_str()) => Err(BadValue::NotSupported),
        Effect::Only(_) | Effect::Honoured | Effect::WithoutEffect => Ok(Some(value)),
    }
}

/// A text. A number is one too: Mail360's ids are numbers.
pub(super) fn read_text(given: &Json, max: usize) -> Result<Value, String> {
    let text = match given {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        _ => return Err("Give a string.".to_owned()),
    };
    check_text(text, max).map(Value::Text)
}

fn check_text(text: String, max: usize) -> Result<String, String> {
    if text.chars().count() > max {
        return Err(format!("Give at most {max} characters."));
    }
    if text.contains(char::is_control) {
        return Err("Give a string without control characters.".to_owned());
    }
    Ok(text)
}

/// A text that may have line breaks and tabs, and no other control characters.
pub(super) fn read_lines(given: &Json, max: usize) -> Result<Value, String> {
    let Json::String(text) = given else { return Err("Give a string.".to_owned()) };
    if text.chars().count() > max {
        return Err(format!("Give at most {max} characters."));
    }
    if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("Give a string without control characters, except line breaks and tabs.".to_owned());
    }
    Ok(Value::Text(text.clone()))
}

fn read_integer(given: &Json, min: i64, max: i64) -> Result<Value, String> {
    let number: Option<i64> = match given {
        // 1.0 is a whole number in JSON.
        Json::Number(number) => {
            let text = number.to_string();
            text.strip_suffix(".0").unwrap_or(&text).parse().ok()
        }
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number = number.filter(|number| (min..=max).contains(number));
    number.map(Value::Integer).ok_or_else(|| {
        if max == i64::MAX {
            format!("Give a whole number of at least {min}.")
        } else {
            format!("Give a whole number from {min} to {max}.")
        }
    })
}

fn read_boolean(given: &Json) -> Result<Value, String> {
    let value = match given {
        Json::Bool(value) => Some(*value),
        // Python's str() of a boolean begins with a capital.
        Json::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Json::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    };
    value.map(Value::Boolean).ok_or_else(|| "Give true or false.".to_owned())
}

pub(super) fn read_one_of(given: &Json, values: &'static [&'static str]) -> Result<Value, String> {
    let text = match given {
        Json::String(text) => text.trim().to_owned(),
        Json::Number(number) => number.to_string(),
        _ => String::new(),
    };
    if values.contains(&text.as_str()) {
        Ok(Value::Text(text))
    } else {
        Err(format!("Give one of these: {}.", values.join(", ")))
    }
}

/// Several texts of at most `longest` characters. Empty ones do not count.
fn read_texts(given: &Json, max: usize, longest: usize) -> Result<Value, String> {
    let held: Json;
    let given = match given {
        Json::String(text) if text.trim_start().starts_with('[') => {
            held = serde_json::from_str(text).map_err(|_| "Give an array of strings.".to_owned())?;
            &held
        }
        given => given,
    };
    let texts = match given {
        Json::String(text) => text.split(',').map(|part| text::trim(part).to_owned()).collect(),
        Json::Array(items) => items
            .iter()
            .map(|item| match item {
                Json::String(text) => Ok(text::trim(text).to_owned()),
                Json::Number(number) => Ok(number.to_string()),
                _ => Err("Give an array of strings.".to_owned()),
            })
            .collect::<Result<Vec<_>, _>>()?,
        _ => return Err("Give an array of strings, or one string with commas.".to_owned()),
    };
    let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    if texts.len() > max {
        return Err(format!("Give at most {max} values."));
    }
    let checked: Result<Vec<_>, _> = texts.into_iter().map(|text| check_text(text, longest)).collect();
    checked.map(Value::Texts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const LIMIT: Parameter = Parameter::query("limit", Kind::Integer { min: 1, max: 200 }, "");
    const FLAG: Parameter =
        Parameter::query("flagid", Kind::Integer { min: 0, max: 9 }, "All flags are one.").only(&["0"]);
    const SORT: Parameter = Parameter::query("sortorder", Kind::Boolean, "");
    const EMAILS: Parameter = Parameter::query("emailId", Kind::Texts { max: 3 }, "");
    const ID: Parameter = Parameter::query("folderId", Kind::Id, "");
    const IDS: Parameter = Parameter::body("messageId", Kind::Ids { max: 2 }, "");
    const LABELS: Parameter = Parameter::body("labelId", Kind::LabelIds { max: 2 }, "");
    const NOTES: Parameter = Parameter::body("notes", Kind::Lines { max: 20 }, "");

    #[test]
    fn a_number_a_boolean_and_an_array_are_also_read_from_a_text() {
        for (parameter, given, value) in [
            (LIMIT, json!(7), Value::Integer(7)),
            (LIMIT, json!("7"), Value::Integer(7)),
            (LIMIT, json!(7.0), Value::Integer(7)),
            (LIMIT, json!(" 200 "), Value::Integer(200)),
            (SORT, json!(true), Value::Boolean(true)),
            (SORT, json!("false"), Value::Boolean(false)),
            (SORT, json!("True"), Value::Boolean(true)),
            (ID, json!("AAMk="), Value::Text("AAMk=".to_owned())),
            (ID, json!(1_234_567_890_123_456_789_i64), Value::Text("1234567890123456789".to_owned())),
            (EMAILS, json!(["a@x.test", "b@x.test"]), texts(&["a@x.test", "b@x.test"])),
            (EMAILS, json!("[\"a@x.test\", 2]"), texts(&["a@x.test", "2"])),
            (EMAILS, json!("a@x.test, b@x.test,"), texts(&["a@x.test", "b@x.test"])),
            (IDS, json!(["AAMk=", 7]), texts(&["AAMk=", "7"])),
            (IDS, json!("[\"AAMk/+=\",\"b\"]"), texts(&["AAMk/+=", "b"])),
            (IDS, json!("AAMk="), texts(&["AAMk="])),
            (IDS, json!(" \u{200b}"), texts(&[])),
            (LABELS, json!(["x".repeat(MAX_LABEL_ID)]), texts(&[&"x".repeat(MAX_LABEL_ID)])),
        ] {
            assert_eq!(read(&parameter, &given), Ok(Some(value)), "{given}");
        }
        assert_eq!(read(&LIMIT, &Json::Null), Ok(None), "null counts as absent");
    }

    fn texts(texts: &[&str]) -> Value {
        Value::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn lines_keep_their_breaks_and_have_no_other_control_characters() {
        for sound in ["", "a\r\n\tb", "ü"] {
            assert_eq!(read(&NOTES, &json!(sound)), Ok(Some(Value::Text(sound.to_owned()))));
        }
    }

    #[test]
    fn a_wrong_value_is_refused_with_what_to_give() {
        let long = "x".repeat(MAX_ID + 1);
        for (parameter, given) in [
            (LIMIT, json!(0)),
            (LIMIT, json!(201)),
            (LIMIT, json!(1.5)),
            (LIMIT, json!("1.0")),
            (LIMIT, json!("")),
            (LIMIT, json!("99999999999999999999")),
            (LIMIT, json!(true)),
            (LIMIT, json!([1])),
            (SORT, json!(1)),
            (SORT, json!("yes")),
            (ID, json!({})),
            (ID, json!(true)),
            (ID, json!(long)),
            (ID, json!("a\u{0}b")),
            (EMAILS, json!("[1,")),
            (EMAILS, json!([[]])),
            (EMAILS, json!("a,b,c,d")),
            (IDS, json!(["a", "b", "c"])),
            (IDS, json!([long])),
            (IDS, json!(["a", "b\u{0}"])),
            (LABELS, json!(["x".repeat(MAX_LABEL_ID + 1)])),
            (EMAILS, json!(7)),
            (NOTES, json!("a\u{0}b")),
            (NOTES, json!("x".repeat(21))),
            (NOTES, json!(7)),
        ] {
            let refused = read(&parameter, &given).expect_err("a wrong value");
            let BadValue::Wrong(give) = &refused else { panic!("{refused:?}") };
            assert!(give.starts_with("Give ") && give.ends_with('.'), "{give}");
            let error = refused.into_error(&parameter);
            assert!(format!("{error:?}").contains(parameter.name), "{error:?}");
        }
    }

    #[test]
    fn a_value_that_only_mail360_has_is_refused_by_name() {
        for given in [json!(0), json!("0")] {
            assert_eq!(read(&FLAG, &given), Ok(Some(Value::Integer(0))));
        }
        for given in [json!(1), json!("9")] {
            assert_eq!(read(&FLAG, &given), Err(BadValue::NotSupported));
        }
        assert!(matches!(read(&FLAG, &json!(10)), Err(BadValue::Wrong(_))), "no flag of Mail360");
    }

    proptest! {
        #[test]
        fn every_number_within_the_limits_is_read_from_both_forms(number in 1_i64..=200) {
            prop_assert_eq!(read(&LIMIT, &json!(number)), Ok(Some(Value::Integer(number))));
            prop_assert_eq!(read(&LIMIT, &json!(number.to_string())), Ok(Some(Value::Integer(number))));
        }

        #[test]
        fn no_text_makes_the_reader_fail(text in any::<String>()) {
            for parameter in [LIMIT, FLAG, SORT, EMAILS, ID, NOTES] {
                let _ = read(&parameter, &json!(text));
            }
        }
    }
}
