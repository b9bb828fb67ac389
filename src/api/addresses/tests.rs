use proptest::prelude::*;

use super::*;
use crate::api::shapes::write_addresses;

fn address(name: &str, email: &str) -> Address {
    Address { name: Some(name.to_owned()).filter(|name| !name.is_empty()), email: email.to_owned() }
}

#[test]
fn lists_are_read_as_programs_write_them() {
    for (list, expected) in [
        ("", vec![]),
        (" , ;, ", vec![]),
        ("Not Provided", vec![]),
        ("a@x.test", vec![address("", "a@x.test")]),
        ("<a@x.test>", vec![address("", "a@x.test")]),
        (
            " a@x.test ,b@x.test;c@x.test, ",
            vec![address("", "a@x.test"), address("", "b@x.test"), address("", "c@x.test")],
        ),
        ("\"Doe, J\" <j@x.test>, c@x.test", vec![address("Doe, J", "j@x.test"), address("", "c@x.test")]),
        ("Doe J <j@x.test>", vec![address("Doe J", "j@x.test")]),
        ("Jane (Sales) < j@x.test >", vec![address("Jane (Sales)", "j@x.test")]),
        ("\"B \\\"the\\\" \\\\ Second\" <b@x.test>", vec![address("B \"the\" \\ Second", "b@x.test")]),
        ("\"<a@x.test>\" <b@x.test>", vec![address("<a@x.test>", "b@x.test")]),
        ("\"a b\"@x.test", vec![address("", "\"a b\"@x.test")]),
        ("<\"a,b\"@x.test>", vec![address("", "\"a,b\"@x.test")]),
        ("\"a@b\"@x.test", vec![address("", "\"a@b\"@x.test")]),
        ("postmaster@[192.0.2.1]", vec![address("", "postmaster@[192.0.2.1]")]),
        ("user+tag@x.test", vec![address("", "user+tag@x.test")]),
        ("O'Neill <o'neill@x.test>", vec![address("O'Neill", "o'neill@x.test")]),
        ("Björn <björn@bücher.test>", vec![address("Björn", "björn@bücher.test")]),
        ("用户@例子.测试", vec![address("", "用户@例子.测试")]),
        ("\"\" <a@x.test>", vec![address("", "a@x.test")]),
        ("root@localhost", vec![address("", "root@localhost")]),
    ] {
        assert_eq!(parse(list), Ok(expected), "{list}");
    }
}

#[test]
fn a_list_that_could_be_read_in_two_ways_is_refused_with_the_place_of_the_mistake() {
    let long = format!("{}@x.test", "a".repeat(320));
    let named = format!("{} <a@x.test>", "n".repeat(256));
    for (list, place) in [
        ("a", 1),
        ("@x.test", 1),
        ("a@", 1),
        ("a@x..test", 1),
        ("a@x.test.", 1),
        ("a@b@x.test", 1),
        ("a b@x.test", 1),
        ("a@x test", 1),
        ("Doe, J <j@x.test>", 1),
        ("a@x.test, b", 2),
        ("a@x.test b@x.test", 1),
        ("a@x.test <", 0),
        ("<a@x.test> b", 1),
        ("<a@x.test> <b@x.test>", 1),
        ("<<a@x.test>>", 1),
        ("<a@x.test, b@x.test>", 1),
        ("a>@x.test", 1),
        ("a@x.test (Jane)", 1),
        ("group: a@x.test;", 1),
        ("<>", 1),
        ("\"a\"b@x.test", 1),
        ("\"\"@x.test", 1),
        ("a\u{202e}@x.test", 1),
        ("a@x\u{200b}.test", 1),
        ("a@x.test\r\nBcc: b@x.test", 1),
        ("\"a\r\nb\"@x.test", 1),
        ("a\u{0}@x.test", 1),
        ("a@[192.0.2.1", 1),
        ("a@[]", 1),
        ("\"Doe <j@x.test>", 0),
        ("\"Doe\\\" <j@x.test>", 0),
        (long.as_str(), 1),
        (named.as_str(), 1),
    ] {
        let expected = if place == 0 { BadAddresses::Unclosed } else { BadAddresses::NotAnAddress(place) };
        let refused = parse(list).expect_err(list);
        assert_eq!(refused, expected, "{list}");
        let advice = refused.advice();
        assert!(advice.starts_with("Give ") && advice.ends_with('.'), "{advice}");
    }
}

/// A name with everything that separates, encloses or escapes.
fn any_name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 ,;:<>@()\\\\\"'.\\[\\]éßñ漢字ا-ي]{0,40}"
}

fn any_email() -> impl Strategy<Value = String> {
    ("[a-z0-9.+_'é漢-]{1,20}", "[a-z0-9é漢-]{1,15}(\\.[a-z0-9é漢-]{1,10}){0,3}")
        .prop_map(|(local, domain)| format!("{local}@{domain}"))
}

proptest! {
    #[test]
    fn what_this_api_answers_is_read_back(
        written in prop::collection::vec((any_name(), any_email()), 1..8)
    ) {
        let addresses: Vec<_> = written
            .iter()
            .map(|(name, email)| address(&text::line(name), email))
            .collect();
        prop_assert_eq!(parse(&write_addresses(&addresses)), Ok(addresses));
    }

    #[test]
    fn no_text_makes_the_reader_fail_or_adds_a_line_to_a_message(list in any::<String>()) {
        for found in parse(&list).into_iter().flatten() {
            let is_sound = |text: &str| !text.contains(|c: char| c.is_control() || text::is_hidden(c));
            prop_assert!(is_sound(&found.email) && found.name.as_deref().is_none_or(is_sound), "{:?}", found);
            prop_assert_eq!(parse(&write_addresses(std::slice::from_ref(&found))), Ok(vec![found]));
        }
    }

    #[test]
    fn no_name_changes_the_number_of_recipients(name in any_name(), email in any_email()) {
        let quoted = format!("\"{}\" <{email}>", name.replace('\\', "\\\\").replace('"', "\\\""));
        let read = parse(&quoted).expect("one address");
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(&read[0].email, &email);
    }
}
