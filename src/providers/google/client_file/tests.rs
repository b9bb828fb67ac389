use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const ID: &str = "123456789012-abc0def1.apps.googleusercontent.com";
const SECRET: &str = "GOCSPX-not-a-real-secret";
const OURS: &str = "https://mail.example.com/api/connectors";

/// The file as the console writes it.
fn file() -> Value {
    json!({ "web": {
        "client_id": ID,
        "project_id": "mail-archive-1",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "client_secret": SECRET,
        "redirect_uris": [OURS, "https://mail.example.com/other"],
    }})
}

/// The file without one of its members.
fn without(name: &str) -> String {
    let mut file = file();
    file["web"].as_object_mut().expect("an object").remove(name);
    file.to_string()
}

/// The reason why a file cannot be used.
fn refused(text: &str) -> &'static str {
    read(text).expect("a file").expect_err("no values")
}

#[test]
fn the_file_has_the_client_id_the_secret_and_the_redirect_uris() {
    let pretty = serde_json::to_string_pretty(&file()).expect("JSON");
    let one_line = pretty.replace('\n', "");
    for text in [file().to_string(), pretty, one_line, format!("\u{feff} {}\n", file())] {
        let read = read(&text).expect("a file").expect("its values");
        assert_eq!((read.client_id, read.client_secret), (ID, SECRET), "{text}");
        assert_eq!(read.redirect_uris.all(), [OURS, "https://mail.example.com/other"], "{text}");
    }
}

#[test]
fn a_file_without_redirect_uris_has_an_empty_list() {
    let text = without("redirect_uris");
    assert!(read(&text).expect("a file").expect("its values").redirect_uris.all().is_empty());
    let mut empty = file();
    empty["web"]["redirect_uris"] = json!([]);
    let text = empty.to_string();
    assert!(read(&text).expect("a file").expect("its values").redirect_uris.all().is_empty());
}

#[test]
fn other_files_of_the_console_are_named_with_the_type_to_create() {
    let desktop = file().to_string().replace("\"web\"", "\"installed\"");
    let service_account = json!({
        "type": "service_account", "client_id": "104", "client_email": "mail@project.iam.gserviceaccount.com",
        "private_key": "-----BEGIN PRIVATE KEY-----\nnot a key",
    });
    let person = json!({ "type": "authorized_user", "client_id": ID, "client_secret": SECRET, "refresh_token": "1//x" });
    for (text, kind) in [
        (desktop, "Desktop app"),
        (service_account.to_string(), "service account"),
        (person.to_string(), "one person's sign-in"),
    ] {
        let words = refused(&text);
        assert!(words.contains(kind) && words.contains("type Web application"), "{text}: {words}");
    }
    for text in ["{\"a\":1}", &without("client_id"), &file().to_string().replace("\"web\"", "\"android\"")] {
        assert!(refused(text).starts_with("This is not the file of an OAuth client."), "{text}");
    }
}

#[test]
fn a_file_that_was_downloaded_later_has_no_secret() {
    assert!(refused(&without("client_secret")).starts_with("This file has no secret"));
    let masked = file().to_string().replace(SECRET, "");
    assert!(refused(&masked).starts_with("This file has no secret"));
}

#[test]
fn a_part_of_the_file_is_refused() {
    let text = file().to_string();
    for part in [&text[..text.len() - 1], &text[..text.len() / 2], &text[..9]] {
        assert!(refused(part).starts_with("This is only a part of the file."), "{part}");
    }
}

#[test]
fn other_text_is_no_file() {
    for text in ["", ID, SECRET, "{1b4e28ba-2fa1-11d2-883f-0016d3cca427}", "{}", "client_id: x", "[\"web\"]"]
    {
        assert!(read(text).is_none(), "{text}");
    }
}

#[test]
fn the_values_are_not_printed() {
    let text = file().to_string();
    let printed = format!("{:?}", read(&text));
    assert!(!printed.contains("GOCSPX") && !printed.contains(ID), "{printed}");
}

proptest! {
    #[test]
    fn every_file_without_escapes_is_read_as_json_is(
        id in "[0-9]{6,12}-[a-z0-9]{1,32}",
        secret in "GOCSPX-[A-Za-z0-9_-]{28}",
        uris in proptest::collection::vec("https://[a-z]{1,9}\\.example/[a-z/]{0,9}", 0..4),
        pretty in any::<bool>(),
    ) {
        let file = json!({ "web": { "redirect_uris": uris, "client_secret": secret, "client_id": id } });
        let text = if pretty { serde_json::to_string_pretty(&file).expect("JSON") } else { file.to_string() };
        let read = read(&text).expect("a file").expect("its values");
        prop_assert_eq!((read.client_id, read.client_secret), (id.as_str(), secret.as_str()));
        prop_assert!(uris.iter().all(|uri| read.redirect_uris.has(uri)));
        prop_assert_eq!(read.redirect_uris.all(), uris);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}", around in any::<bool>()) {
        let text = if around { format!("{{\"web\":{{{text}}}}}") } else { text };
        let _ = read(&text);
    }
}
