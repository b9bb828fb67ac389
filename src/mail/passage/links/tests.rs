use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const LINK_KEYS: &[&str] = &["@odata.nextLink", "@odata.deltaLink"];
const BASE: &str = "https://graph.example/v1.0/";
const OURS: &str = "https://mail.example/api/accounts/7/proxy/v1.0/";

fn rules() -> Vec<LinkRule> {
    let rule = |from: &str, to: &str| LinkRule { from: from.to_owned(), to: to.to_owned() };
    vec![
        rule(BASE, OURS),
        rule("https://graph.example/beta/", "https://mail.example/api/accounts/7/proxy/beta/"),
    ]
}

/// The body after the rewriting, if it arrives in pieces of this length.
fn rewritten(body: &[u8], piece: usize) -> Vec<u8> {
    let mut rewriter = LinkRewriter::new(LINK_KEYS, rules());
    let mut out: Vec<u8> = body.chunks(piece.max(1)).flat_map(|chunk| rewriter.push(chunk)).collect();
    out.extend(rewriter.finish());
    out
}

fn text(body: &str) -> String {
    String::from_utf8(rewritten(body.as_bytes(), 7)).expect("text")
}

/// What a reader of JSON would do.
fn expected(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let is_link = name.ends_with("@odata.nextLink") || name.ends_with("@odata.deltaLink");
                let rule = |it: &str| {
                    let rules = rules();
                    let rule = rules.iter().find(|rule| it.starts_with(&rule.from))?;
                    Some(it.replacen(&rule.from, &rule.to, 1))
                };
                let link = value.as_str().filter(|_| is_link).and_then(rule).map(Value::from);
                (name.clone(), link.unwrap_or_else(|| expected(value)))
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(expected).collect(),
        other => other.clone(),
    }
}

#[test]
fn links_to_further_pages_lead_back_here() {
    let body = json!({
        "@odata.context": format!("{BASE}$metadata"),
        "value": [{ "body": { "content": format!("\"@odata.nextLink\":\"{BASE}me\"") }, "id": BASE }],
        "attachments@odata.nextLink": format!("{BASE}me/messages/1/attachments?$skip=10"),
        "@odata.nextLink": format!("{BASE}me/messages?$skiptoken=a%2Fb"),
        "@odata.deltaLink": "https://graph.example/beta/me/messages/delta?$deltatoken=x",
        "responses": [{ "id": "1", "body": { "@odata.nextLink": format!("{BASE}me") } }],
    });
    let out: Value = serde_json::from_str(&text(&body.to_string())).expect("JSON");
    assert_eq!(out, expected(&body));
    assert_eq!(out["@odata.nextLink"], format!("{OURS}me/messages?$skiptoken=a%2Fb"));
    assert_eq!(out["responses"][0]["body"]["@odata.nextLink"], format!("{OURS}me"));
    assert_eq!(out["value"], body["value"]);
    assert_eq!(out["@odata.context"], body["@odata.context"]);
}

#[test]
fn a_link_is_rewritten_however_it_is_written() {
    let blank = "\r\n\t ";
    for (body, out) in [
        (
            format!(r#"{{ "@odata.nextLink"{blank}:{blank}"{BASE}me" }}"#),
            format!(r#"{{ "@odata.nextLink"{blank}:{blank}"{OURS}me" }}"#),
        ),
        (
            format!(r#"{{"@odata.nextLink":"{}me\/a\"b"}}"#, BASE.replace('/', r"\/")),
            format!(r#"{{"@odata.nextLink":"{OURS}me\/a\"b"}}"#),
        ),
        (
            format!(r#"{{"\u0040odata.next\u004cink":"\u0068{}"}}"#, &BASE[1..]),
            format!(r#"{{"\u0040odata.next\u004cink":"{OURS}"}}"#),
        ),
    ] {
        assert_eq!(text(&body), out);
    }
}

#[test]
fn nothing_else_is_changed() {
    for body in [
        r#"{"@odata.nextLink":"https://graph.example.evil/v1.0/me"}"#.to_owned(),
        r#"{"@odata.nextLink":"https://graph.example/v1.0"}"#.to_owned(),
        format!(r#"{{"@odata.nextLink":"x{BASE}"}}"#),
        format!(r#"{{"@odata.nextLinks":"{BASE}"}}"#),
        format!(r#"{{"@odata.nextlink":"{BASE}"}}"#),
        format!(r#"{{"@odata.nextLink":["{BASE}"]}}"#),
        format!(r#"{{"@odata.nextLink":null,"a":"{BASE}"}}"#),
        format!(r#"["@odata.nextLink","{BASE}"]"#),
        format!(r#"{{"a":"@odata.nextLink","b":"{BASE}"}}"#),
        format!(r#"{{"a":"\"@odata.nextLink\":\"{BASE}"}}"#),
        format!(r#"{{"@odata.nextLink":"{}"#, &BASE[..12]),
        r#"{"@odata.nextLink":"\u00"#.to_owned(),
    ] {
        assert_eq!(text(&body), body);
    }
}

#[test]
fn a_body_of_any_length_is_held_in_little_memory() {
    let mut rewriter = LinkRewriter::new(LINK_KEYS, rules());
    rewriter.push(br#"{"value":""#);
    let chunk = vec![b'a'; 64 * 1024];
    for _ in 0..16 {
        assert_eq!(rewriter.push(&chunk).len(), chunk.len());
    }
    rewriter.push(br#"","@odata.nextLink":""#);
    let mut held = 0;
    for _ in 0..1_000 {
        // The longest form of a character.
        held += 6;
        held -= rewriter.push(br"\u0068").len();
        assert!(held <= 6 * BASE.len());
    }
}

/// Writes a text of JSON with some characters as escapes.
fn quote(text: &str, escapes: &mut dyn Iterator<Item = bool>) -> String {
    let mut written = String::from("\"");
    for c in text.chars() {
        if escapes.next() == Some(true) || c.is_control() {
            let mut units = [0; 2];
            written.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            if matches!(c, '"' | '\\') {
                written.push('\\');
            }
            written.push(c);
        }
    }
    written.push('"');
    written
}

fn write(value: &Value, escapes: &mut dyn Iterator<Item = bool>) -> String {
    match value {
        Value::Object(members) => {
            let mut written = Vec::new();
            for (name, value) in members {
                let name = quote(name, escapes);
                written.push(format!("{name} : {}", write(value, escapes)));
            }
            format!("{{{}}}", written.join(", "))
        }
        Value::Array(items) => {
            let mut written = Vec::new();
            for item in items {
                written.push(write(item, escapes));
            }
            format!("[{}]", written.join(","))
        }
        Value::String(text) => quote(text, escapes),
        other => other.to_string(),
    }
}

fn word() -> impl Strategy<Value = String> {
    let fixed = [
        "@odata.nextLink",
        "@odata.deltaLink",
        "value@odata.nextLink",
        "nextLink",
        "@odata.nextLink ",
        BASE,
        "https://graph.example/v1.0/me?$skip=10",
        "https://graph.example/beta/me",
        "https://graph.example/v1.0",
        "https://graph.example/v1.0x/",
        "\"@odata.nextLink\":\"https://graph.example/v1.0/",
        "\\",
        "\"",
        "é\u{1}",
    ];
    prop_oneof![4 => prop::sample::select(fixed.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,9}"]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        3 => word().prop_map(Value::from),
        1 => any::<i32>().prop_map(Value::from),
        1 => prop_oneof![Just(Value::Null), Just(Value::from(true))],
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(word(), inner, 0..5)
                .prop_map(|members| { Value::Object(members.into_iter().collect::<Map<_, _>>()) }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn a_reader_of_json_would_change_the_same_values(
        value in any_json(),
        escapes in prop::collection::vec(prop::bool::weighted(0.2), 0..400),
        piece in 1_usize..40,
    ) {
        let body = write(&value, &mut escapes.into_iter());
        let out = rewritten(body.as_bytes(), piece);
        let out: Value = serde_json::from_slice(&out).expect("JSON");
        prop_assert_eq!(out, expected(&value), "{}", body);
    }

    #[test]
    fn it_does_not_matter_in_which_pieces_a_body_arrives(
        words in prop::collection::vec(prop_oneof![word(), "[\\\\\"{}:,\\[\\] u0-9a-f]{0,6}"], 0..12),
        piece in 1_usize..40,
    ) {
        let body = words.concat().into_bytes();
        prop_assert_eq!(rewritten(&body, piece), rewritten(&body, usize::MAX));
    }
}
