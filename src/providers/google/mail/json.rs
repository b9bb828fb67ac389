//! Reads the values of Google's JSON. A member that is missing or has another type is `None`, so that one odd value does
//! not hide a whole list.

use serde_json::Value;

/// A text that is not empty.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A text that is not empty, as an owned value.
pub(super) fn owned(value: &Value, name: &str) -> Option<String> {
    text(value, name).map(str::to_owned)
}

/// The items of a list; empty if there is none. Google leaves out a list that is empty.
pub(super) fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A number. Google writes one of 64 bits as a text.
pub(super) fn number(value: &Value, name: &str) -> Option<u64> {
    match value.get(name)? {
        Value::String(text) => text.parse().ok(),
        number => number.as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_may_be_a_text_and_another_type_is_none() {
        let value = json!({ "a": "12", "b": 12, "c": "", "d": null, "e": [1], "f": -1 });
        assert_eq!((number(&value, "a"), number(&value, "b")), (Some(12), Some(12)));
        for none in ["c", "d", "e", "f", "g"] {
            assert_eq!(number(&value, none), None, "{none}");
        }
        assert_eq!((text(&value, "c"), text(&value, "b")), (None, None));
        assert_eq!((items(&value, "e").len(), items(&value, "b").len()), (1, 0));
    }
}
