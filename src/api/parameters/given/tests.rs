//! Values of calls, read by a table.

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
    let given = read_call("folderId=AB+C%2FD&sortorder=true", r#"{"mode":"enableAccount","emailId":"a,b"}"#)
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

static IDS: [Parameter; 3] = [
    Parameter::query("threadId", Kind::Ids { max: 3 }, "Threads."),
    Parameter::query("expunge", Kind::Boolean, "For good."),
    Parameter::body("expunge", Kind::Boolean, "For good."),
];

#[test]
fn ids_in_the_query_keep_each_plus_that_was_not_encoded() {
    for (query, ids) in [
        ("threadId=[\"AA+B%2B=\",\"C\"]", &["AA+B+=", "C"][..]),
        ("threadId=%5B%22AA%2BB%22%2C+%22C%22%5D", &["AA+B", "C"]),
        ("threadId=AA+B=,+C,7", &["AA+B=", "C", "7"]),
        ("threadId=AA%2BB+", &["AA+B+"]),
        ("threadId=[1,\"2\"]", &["1", "2"]),
        ("threadId=+", &[]),
    ] {
        let given = Given::read(&IDS, &[], query, b"").expect("a call");
        assert_eq!(given.texts("threadId"), ids, "{query}");
    }
    for wrong in ["threadId=[AA+B", "threadId=[[]]", "threadId=a,b,c,d"] {
        let error = format!("{:?}", Given::read(&IDS, &[], wrong, b"").expect_err("a mistake"));
        assert!(error.contains("INVALID_VALUE") && error.contains("threadId: Give"), "{wrong}: {error}");
    }
}

#[test]
fn a_parameter_of_the_query_and_of_the_body_is_taken_from_either_and_not_from_both() {
    let read = |query: &str, body: &str| Given::read(&IDS, &[], query, body.as_bytes());
    for (query, body, is_set) in [
        ("expunge=true", "", true),
        ("", r#"{"expunge":"true"}"#, true),
        ("expunge=false", "{}", false),
        ("", "", false),
    ] {
        assert_eq!(read(query, body).expect("a call").is_set("expunge"), is_set, "{query} {body}");
    }
    let both = format!("{:?}", read("expunge=true", r#"{"expunge":true}"#).expect_err("a mistake"));
    assert!(both.contains("expunge: Give one value."), "{both}");
}

static WITH_HEADER: [Parameter; 2] = [
    Parameter::body("name", Kind::Text { max: 10 }, "A name."),
    Parameter::header("If-Match", Kind::Text { max: 10 }, "A version.").required(),
];

#[test]
fn a_header_of_the_table_is_read_by_its_name_and_others_do_not_matter() {
    let read = |given: &[(&'static str, &'static [u8])]| {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, http::HeaderValue::from_bytes(value).expect("a value"));
        }
        let mut read = Given::read(&WITH_HEADER, &[], "", b"").expect("a call");
        read.read_headers(&WITH_HEADER, &headers).map(|()| read).map_err(|error| format!("{error:?}"))
    };
    let given = read(&[("if-match", &b"W/\"1\""[..]), ("x-other", &b"\xff"[..])]).expect("a call");
    assert_eq!(given.required("If-Match"), "W/\"1\"");
    for (headers, words) in [
        (&[("if-match", &b" "[..])][..], "If-Match is missing. A version."),
        (&[], "If-Match is missing. A version."),
        (&[("if-match", &b"\xff"[..])], "If-Match: Give a value of printable ASCII"),
        (&[("if-match", &b"12345678901"[..])], "If-Match: Give at most 10 characters."),
        (&[("if-match", &b"1"[..]), ("if-match", &b"2"[..])], "If-Match: Give one value."),
    ] {
        let error = read(headers).expect_err("a mistake");
        assert!(error.contains("INVALID_VALUE") && error.contains(words), "{error}");
    }
    // A header is no member of the body.
    assert!(Given::read(&WITH_HEADER, &[], "", br#"{"If-Match":"1"}"#).is_err());
}

#[test]
fn an_unknown_name_is_repeated_as_one_short_line() {
    let name = format!("a%0A{}", "x".repeat(5_000));
    let error = read_call(&name, BODY).expect_err("an unknown name");
    assert!(error.len() < 400 && !error.contains("\\n"), "{error}");
}
