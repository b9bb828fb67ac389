use super::*;
use crate::providers::form::form_of;

const ID: &str = "123456789012-abc0def1.apps.googleusercontent.com";
const OTHER_ID: &str = "223456789012-abc0def1.apps.googleusercontent.com";
const SECRET: &str = "GOCSPX-not-a_real-Secret00000000000";
const URI: &str = "https://mail.example.com/api/connectors";

fn file_of(id: &str) -> String {
    format!(r#"{{"web":{{"client_id":"{id}","client_secret":"{SECRET}","redirect_uris":["{URI}"]}}}}"#)
}

fn filled(client_id: &str, client_secret: &str) -> (String, String, Option<Vec<String>>) {
    let form = form_of("google").expect("a form that reads files");
    fill(form, client_id.to_owned(), client_secret.to_owned())
}

#[test]
fn a_file_in_either_field_fills_both() {
    let file = file_of(ID);
    let both = (ID.to_owned(), SECRET.to_owned(), Some(vec![URI.to_owned()]));
    for (client_id, client_secret) in
        [(&*file, ""), (&*file, " \u{200b}"), ("", &*file), (" ", &*file), (ID, &*file), (&*file, &*file)]
    {
        assert_eq!(filled(client_id, client_secret), both, "{client_id} {client_secret}");
    }
}

#[test]
fn a_value_that_was_typed_beside_the_file_stays() {
    let file = file_of(ID);
    let (client_id, client_secret, _) = filled(&file, "GOCSPX-another");
    assert_eq!((client_id.as_str(), client_secret.as_str()), (ID, "GOCSPX-another"));
    let (client_id, client_secret, _) = filled("not an id", &file);
    assert_eq!((client_id.as_str(), client_secret.as_str()), ("not an id", SECRET));
}

#[test]
fn the_secret_of_another_client_is_not_taken() {
    let other = file_of(OTHER_ID);
    for client_id in [ID, &file_of(ID)] {
        let (client_id, client_secret, _) = filled(client_id, &other);
        assert_eq!((client_id.as_str(), client_secret.as_str()), (ID, &*other));
        let form = form_of("google").expect("a form");
        assert!(form.parse_secret(&client_secret, &client_id).is_err());
    }
}

#[test]
fn other_text_and_files_that_cannot_be_used_stay_where_they_are() {
    let desktop = file_of(ID).replace("web", "installed");
    for (client_id, client_secret) in [(ID, SECRET), ("", ""), (&*desktop, ""), (ID, &*desktop)] {
        let unchanged = (client_id.to_owned(), client_secret.to_owned(), None);
        assert_eq!(filled(client_id, client_secret), unchanged);
    }
}

#[test]
fn another_provider_reads_no_file() {
    let file = file_of(ID);
    let form = form_of("outlook").expect("a form");
    assert_eq!(fill(form, file.clone(), String::new()), (file, String::new(), None));
}
