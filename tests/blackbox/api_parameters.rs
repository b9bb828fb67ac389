//! Every line of the table of parameters, through the real router: what is accepted, what has no effect, what is refused.

use mail360::api::{
    calls::{self, Call},
    parameters::{Effect, Kind as Type, Member, Parameter, Place},
};
use serde_json::{Map, Value, json};

use crate::{
    api_reading::Reading,
    support::{Answer, Application, Kind, api_clients::everything, assert_refusal},
};

/// The calls that read their requests by the table: all but the raw passage, which passes every parameter on.
fn tabled() -> impl Iterator<Item = &'static Call> {
    calls::ALL.into_iter().filter(|call| call.path != calls::PROXY.path)
}

/// An account, and an application that may make every call.
async fn reading() -> Reading {
    let reading = Reading::new(Kind::Sqlite).await;
    let application = Application::of(&reading.scene.world, everything("Everything")).await;
    Reading { application, ..reading }
}

/// A value that a parameter takes.
fn sound(parameter: &Parameter) -> Value {
    match (parameter.effect, parameter.kind) {
        (Effect::Only(taken), _) => json!(taken.first().copied().unwrap_or_default()),
        (_, Type::Id | Type::LabelId | Type::Text { .. }) => json!("a"),
        (_, Type::Integer { min, .. }) => json!(min.max(1).to_string()),
        (_, Type::Boolean) => json!("true"),
        (_, Type::OneOf(values)) => json!(values.first()),
        (_, Type::Texts { .. }) => json!("[\"a@x.test\"]"),
        (_, Type::Ids { .. } | Type::LabelIds { .. }) => json!("[\"a\"]"),
        (_, Type::Lines { .. }) => json!("a\nb"),
        (_, Type::Objects { members, .. }) => json!(json!([sound_object(members)]).to_string()),
    }
}

/// An object with all its members.
fn sound_object(members: &[Member]) -> Value {
    let value = |member: &Member| match member.kind {
        Type::OneOf(values) => json!(values.first()),
        _ => json!("a"),
    };
    members.iter().map(|member| (member.name.to_owned(), value(member))).collect::<Map<_, _>>().into()
}

/// A request of a call.
struct Request {
    method: &'static str,
    address: String,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

impl Request {
    async fn send(&self, reading: &Reading) -> Answer {
        let Self { method, address, headers, body } = self;
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        reading.application.send_headed(method, address, &headers, body).await
    }
}

/// The request of a call with its required parameters, and this one.
fn request(reading: &Reading, call: &'static Call, one: Option<(&Parameter, &Value)>) -> Request {
    let mut path = call.path.replace("{account_key}", &reading.account.to_string());
    let (mut query, mut body) = (url::form_urlencoded::Serializer::new(String::new()), Map::new());
    let mut headers = Vec::new();
    for parameter in call.parameters {
        let given = one.filter(|(chosen, _)| chosen.name == parameter.name).map(|(_, value)| value.clone());
        let value = given.or_else(|| parameter.is_required.then(|| sound(parameter)));
        let Some(value) = value else { continue };
        match parameter.place {
            Place::Path => {
                let text = value.as_str().unwrap_or_default();
                path = path.replace(&format!("{{{}}}", parameter.name), text);
            }
            Place::Query => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                query.append_pair(parameter.name, &text);
            }
            Place::Body => {
                body.insert(parameter.name.to_owned(), value);
            }
            Place::Header => headers.push((parameter.name, value.as_str().unwrap_or_default().to_owned())),
        }
    }
    let query = query.finish();
    let address = if query.is_empty() { path } else { format!("{path}?{query}") };
    let body = if body.is_empty() { Value::Null } else { Value::Object(body) };
    Request { method: call.method.as_str(), address, headers, body }
}

#[tokio::test]
async fn every_call_refuses_a_name_that_it_does_not_have() {
    let reading = reading().await;
    for call in tabled() {
        let mut request = request(&reading, call, None);
        let separator = if request.address.contains('?') { '&' } else { '?' };
        request.address = format!("{}{separator}folder=1", request.address);
        let answer = request.send(&reading).await;
        let data = assert_refusal(&answer, 400, "EXTRA_PARAM_FOUND");
        assert_eq!(data["moreInfo"], "MA_9018 folder", "{}", call.id);
    }
}

#[tokio::test]
async fn every_body_refuses_a_name_that_its_call_does_not_have() {
    let reading = reading().await;
    for call in tabled().filter(|call| call.parameters.iter().any(|it| it.place == Place::Body)) {
        let mut request = request(&reading, call, None);
        request.body["folder"] = json!(1);
        let answer = request.send(&reading).await;
        let data = assert_refusal(&answer, 400, "EXTRA_PARAM_FOUND");
        assert_eq!(data["moreInfo"], "MA_9018 folder", "{}", call.id);
    }
}

#[tokio::test]
async fn a_required_value_that_is_empty_counts_as_missing() {
    let reading = reading().await;
    let mut tried = 0;
    for call in tabled() {
        let required = call.parameters.iter().filter(|it| it.is_required && it.place != Place::Path);
        for parameter in required {
            tried += 1;
            // A header has only ASCII characters.
            let is_possible = |empty: &&str| empty.is_ascii() || parameter.place != Place::Header;
            for empty in ["", " ", "\u{200b}"].into_iter().filter(is_possible) {
                let answer = request(&reading, call, Some((parameter, &json!(empty)))).send(&reading).await;
                assert_eq!(answer.status, 400, "{}, {}: {}", call.id, parameter.name, answer.body);
                let data = assert_refusal(&answer, 400, "INVALID_VALUE");
                let expected = match parameter.kind {
                    Type::OneOf(_) => format!("{}: Give one of these", parameter.name),
                    _ => format!("{} is missing.", parameter.name),
                };
                let more_info = data["moreInfo"].as_str().expect("more");
                assert!(more_info.starts_with(&expected), "{}: {more_info}", call.id);
            }
        }
    }
    assert!(tried >= 12, "{tried}");
    assert_eq!(reading.scene.world.raw.count("connect_links").await, 0);
}

#[tokio::test]
async fn each_parameter_takes_what_the_table_says_and_refuses_what_only_mail360_has() {
    let reading = reading().await;
    for call in tabled() {
        for parameter in call.parameters.iter().filter(|parameter| parameter.place != Place::Path) {
            let name = format!("{}: {}", call.id, parameter.name);
            if parameter.effect != Effect::Only(&[]) {
                let sound = sound(parameter);
                let answer = request(&reading, call, Some((parameter, &sound))).send(&reading).await;
                assert!(!answer.body.contains("EXTRA_PARAM_FOUND"), "{name}: {}", answer.body);
                let is_refused = answer.body.contains("NOT_SUPPORTED\"");
                assert_eq!(is_refused, call.summary.starts_with("Refused: "), "{name}: {}", answer.body);
            }
            let refused = match (parameter.effect, parameter.kind) {
                (Effect::Only(taken), Type::OneOf(values)) => {
                    values.iter().find(|value| !taken.contains(*value)).map(|value| json!(value))
                }
                (Effect::Only(_), Type::Boolean) => Some(json!("true")),
                (Effect::Only(taken), Type::Integer { min, max }) => (min..=max)
                    .find(|number| !taken.contains(&number.to_string().as_str()))
                    .map(|it| json!(it)),
                (Effect::Only(&[]), Type::Text { .. }) => Some(json!("a")),
                _ => None,
            };
            if let Some(refused) = refused {
                let answer = request(&reading, call, Some((parameter, &refused))).send(&reading).await;
                let data = assert_refusal(&answer, 400, "NOT_SUPPORTED");
                assert!(data["moreInfo"].as_str().expect("more").starts_with(parameter.name), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn each_number_boolean_and_text_refuses_another_type_and_a_value_past_its_limits() {
    let reading = reading().await;
    for call in tabled() {
        for parameter in call.parameters.iter().filter(|parameter| parameter.place != Place::Path) {
            let wrong = match parameter.kind {
                Type::Integer { max, .. } => vec![json!("x"), json!((max + 1).to_string()), json!("1.5")],
                Type::Boolean => vec![json!("maybe")],
                Type::OneOf(_) => vec![json!("something else")],
                Type::Text { max } | Type::Lines { max } => {
                    vec![json!("x".repeat(max + 1)), json!("a\u{1}b")]
                }
                Type::Id => vec![json!("x".repeat(401)), json!("a\u{1}b")],
                Type::LabelId => vec![json!("x".repeat(1_401)), json!("a\u{1}b")],
                Type::Texts { .. } => vec![json!("[{}]")],
                Type::Ids { max } => {
                    vec![json!("[{}]"), json!(vec!["a"; max + 1].join(",")), json!(["x".repeat(401)])]
                }
                Type::LabelIds { max } => {
                    vec![json!("[{}]"), json!(vec!["a"; max + 1].join(",")), json!(["x".repeat(1_401)])]
                }
                Type::Objects { .. } => vec![json!("x"), json!([1]), json!("[{\"other\":\"a\"}]")],
            };
            for value in wrong {
                // No header has such a character.
                if parameter.place == Place::Header
                    && value.as_str().is_some_and(|text| text.contains('\u{1}'))
                {
                    continue;
                }
                let request = request(&reading, call, Some((parameter, &value)));
                // Longer than any address may be.
                if request.address.len() > 16_000 {
                    continue;
                }
                let answer = request.send(&reading).await;
                let data = assert_refusal(&answer, 400, "INVALID_VALUE");
                let more_info = data["moreInfo"].as_str().expect("more");
                assert!(
                    more_info.starts_with(&format!("{}: Give", parameter.name)),
                    "{}: {more_info}",
                    call.id
                );
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_and_a_missing_value_are_named() {
    let reading = Reading::new(Kind::Sqlite).await;
    let path = "/api/accounts/oauth";
    for body in [json!([]), json!("text"), json!(1)] {
        let answer = reading.application.send("POST", path, &body).await;
        assert_refusal(&answer, 400, "JSON_PARSE_ERROR");
    }
    let answer = reading.application.send("POST", path, &json!({ "hintEmail": "a@x.test" })).await;
    let data = assert_refusal(&answer, 400, "INVALID_VALUE");
    assert!(data["moreInfo"].as_str().expect("more").starts_with("mailProvider is missing."), "{data}");
    for (query, words) in [
        ("", "Give emailId, mailQry or dateRange"),
        ("?mailQry=ada", "name:value"),
        ("?mailQry=threadid:1", "threadid is not supported"),
        ("?dateRange=1:2", "dateRange: Give two days"),
    ] {
        let answer = reading.application.get(&reading.at(&format!("messages/search{query}"))).await;
        assert!(answer.assert_status(400).body.contains(words), "{query}: {}", answer.body);
    }
}
