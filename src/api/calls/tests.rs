use serde_json::Value;

use super::*;
use crate::api::parameters::{Effect, Kind, Place, read};

#[test]
fn each_call_has_its_own_id_and_address() {
    let mut ids: Vec<_> = ALL.iter().map(|call| call.id).collect();
    let mut addresses: Vec<_> = ALL.iter().map(|call| format!("{} {}", call.method, call.path)).collect();
    ids.sort_unstable();
    ids.dedup();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!((ids.len(), addresses.len()), (ALL.len(), ALL.len()));
}

#[test]
fn the_parameters_in_the_path_are_those_of_the_table() {
    for call in ALL {
        let named = call.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let in_table = call.parameters.iter().filter(|parameter| parameter.place == Place::Path);
        assert_eq!(named.collect::<Vec<_>>(), in_table.map(|it| it.name).collect::<Vec<_>>(), "{}", call.id);
    }
}

#[test]
fn each_parameter_is_described_and_its_default_is_a_value_that_it_takes() {
    for call in ALL {
        assert!(!call.summary.is_empty() && call.path.starts_with("/api/"), "{}", call.id);
        for parameter in call.parameters {
            let name = format!("{}: {}", call.id, parameter.name);
            assert!(parameter.about.ends_with('.'), "{name}");
            assert!(!(parameter.is_required && parameter.default.is_some()), "{name}");
            if let Some(default) = parameter.default {
                let read = read(parameter, &Value::String(default.to_owned()));
                assert!(matches!(read, Ok(Some(_))), "{name}: {read:?}");
            }
            if let (Effect::Only(taken), Kind::OneOf(values)) = (parameter.effect, parameter.kind) {
                assert!(taken.iter().all(|value| values.contains(value)), "{name}");
                assert!(taken.len() < values.len(), "{name}: nothing is refused");
            }
        }
    }
}

#[test]
fn no_call_takes_a_body_with_get() {
    for call in ALL.iter().filter(|call| call.method == Method::GET) {
        assert!(call.parameters.iter().all(|parameter| parameter.place != Place::Body), "{}", call.id);
    }
}

#[test]
fn texts_have_single_blanks_and_a_name_in_two_places_has_two_texts() {
    for call in ALL {
        assert!(!call.about.contains("  "), "{}", call.id);
        for (place, parameter) in call.parameters.iter().enumerate() {
            let name = format!("{}: {}", call.id, parameter.name);
            assert!(!parameter.about.contains("  "), "{name}");
            let mut others = call.parameters.iter().skip(place + 1);
            assert!(
                others.all(|other| other.name != parameter.name || other.about != parameter.about),
                "{name}"
            );
        }
    }
}
