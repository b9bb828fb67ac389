//! Reads arrays of objects, such as the phones of a contact.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{
    Kind, MAX_TEXT, Member,
    reading::{Value, read_lines, read_one_of, read_text},
};
use crate::platform::text;

/// An object of an array: its texts, by their names in the table.
pub type Object = BTreeMap<&'static str, String>;

/// Objects. Also from a text that holds the array.
pub(super) fn read_objects(given: &Json, max: usize, members: &'static [Member]) -> Result<Value, String> {
    let names = || members.iter().map(|member| member.name).collect::<Vec<_>>().join(", ");
    let wrong = || format!("Give an array of objects with {}.", names());
    let held: Json;
    let given = match given {
        Json::String(text) => {
            held = serde_json::from_str(text).map_err(|_| wrong())?;
            &held
        }
        given => given,
    };
    let Json::Array(items) = given else { return Err(wrong()) };
    if items.len() > max {
        return Err(format!("Give at most {max} values."));
    }
    let objects = items.iter().map(|item| match item {
        Json::Object(given) => read_object(given, members),
        _ => Err(wrong()),
    });
    objects.collect::<Result<_, _>>().map(Value::Objects)
}

/// One object. A member that is `null` counts as absent, and so does an empty one.
fn read_object(given: &serde_json::Map<String, Json>, members: &'static [Member]) -> Result<Object, String> {
    let mut object = Object::new();
    for (name, value) in given {
        let Some(member) = members.iter().find(|member| member.name == name) else {
            let names: Vec<_> = members.iter().map(|member| member.name).collect();
            return Err(format!("Give objects that have only {}.", names.join(", ")));
        };
        let read = match (member.kind, value) {
            (_, Json::Null) => continue,
            (Kind::OneOf(values), value) => read_one_of(value, values),
            (Kind::Lines { max }, value) => read_lines(value, max),
            (Kind::Text { max }, value) => read_text(value, max),
            _ => read_text(value, MAX_TEXT),
        };
        match read.map_err(|give| format!("Give sound objects. {name}: {give}"))? {
            Value::Text(text) if !text::trim(&text).is_empty() => {
                object.insert(member.name, text);
            }
            _ => {}
        }
    }
    let missing = members.iter().find(|member| member.is_required && !object.contains_key(member.name));
    match missing {
        Some(member) => Err(format!("Give each object a value of {}.", member.name)),
        None => Ok(object),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::parameters::{BadValue, Parameter, read};

    const MEMBERS: &[Member] = &[
        Member::new("type", Kind::OneOf(&["home", "mobile"])).required(),
        Member::new("number", Kind::Text { max: 5 }).required(),
        Member::new("note", Kind::Lines { max: 9 }),
    ];
    const PHONES: Parameter = Parameter::body("phones", Kind::Objects { max: 2, members: MEMBERS }, "");

    #[test]
    fn objects_are_read_from_an_array_or_from_a_text_that_holds_one() {
        let phone = json!([
            { "type": "home", "number": 123, "note": null },
            { "type": " mobile ", "number": "1", "note": "a\nb" },
        ]);
        let object = |parts: &[(&'static str, &str)]| {
            parts.iter().map(|(name, text)| (*name, (*text).to_owned())).collect::<Object>()
        };
        let expected = Value::Objects(vec![
            object(&[("type", "home"), ("number", "123")]),
            object(&[("type", "mobile"), ("number", "1"), ("note", "a\nb")]),
        ]);
        assert_eq!(read(&PHONES, &phone), Ok(Some(expected.clone())));
        assert_eq!(read(&PHONES, &json!(phone.to_string())), Ok(Some(expected)));
        assert_eq!(read(&PHONES, &json!([])), Ok(Some(Value::Objects(Vec::new()))));
        assert_eq!(read(&PHONES, &Json::Null), Ok(None));
    }

    #[test]
    fn an_object_that_is_not_as_the_table_says_is_refused_with_what_to_give() {
        for given in [
            json!("home"),
            json!("{}"),
            json!({}),
            json!(["1"]),
            json!([{ "type": "home" }]),
            json!([{ "type": "home", "number": " " }]),
            json!([{ "type": "fax", "number": "1" }]),
            json!([{ "type": "home", "number": "123456" }]),
            json!([{ "type": "home", "number": "1", "fax": "1" }]),
            json!([{ "type": "home", "number": [] }]),
            json!([{}, {}, {}]),
        ] {
            let refused = read(&PHONES, &given).expect_err("a wrong value");
            let BadValue::Wrong(give) = &refused else { panic!("{refused:?}") };
            assert!(give.starts_with("Give ") && give.ends_with('.'), "{given}: {give}");
        }
    }
}
