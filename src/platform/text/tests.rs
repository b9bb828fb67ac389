use std::ops::RangeInclusive;

use proptest::prelude::*;
use regex_syntax::hir::{Class, HirKind};

use super::*;

/// The ranges of a Unicode class, named as in regular expressions.
fn ranges(pattern: &str) -> Vec<RangeInclusive<char>> {
    let parsed = regex_syntax::parse(pattern).expect("a class");
    let HirKind::Class(Class::Unicode(class)) = parsed.kind() else { panic!("{pattern} is no class") };
    class.iter().map(|range| range.start()..=range.end()).collect()
}

/// All characters of a class.
fn class(pattern: &str) -> Vec<char> {
    ranges(pattern).into_iter().flatten().collect()
}

fn every_sign() -> impl Iterator<Item = char> {
    '\0'..=char::MAX
}

#[test]
fn c22_exactly_the_characters_that_unicode_ignores_or_formats_with_are_invisible() {
    let drawn = class(r"\p{Prepended_Concatenation_Mark}");
    let mut wanted = class(r"[\p{Default_Ignorable_Code_Point}\p{Cf}]");
    wanted.retain(|c| !drawn.contains(c));
    assert!(wanted.len() > 4_000, "{}", wanted.len());
    let found: Vec<char> = every_sign().filter(|&c| is_invisible(c)).collect();
    assert_eq!(found, wanted);
}

#[test]
fn c22_blanks_are_the_white_space_of_unicode_and_no_character_is_both_blank_and_hidden() {
    let mut wanted = class(r"\p{White_Space}");
    wanted.push('\u{2800}');
    wanted.sort_unstable();
    let found: Vec<char> = every_sign().filter(|&c| is_blank(c)).collect();
    assert_eq!(found, wanted);
    assert!(!every_sign().any(|c| is_blank(c) && is_hidden(c)));
    for control in class(r"\p{Cc}") {
        assert!(is_blank(control) || is_hidden(control), "{control:?}");
    }
}

#[test]
fn c29_every_decimal_digit_of_unicode_becomes_an_ascii_digit() {
    let rows = ranges(r"\p{Nd}");
    assert!(rows.len() > 60, "{}", rows.len());
    for row in rows {
        // Each row begins with its zero; some rows follow each other directly.
        for (digit, wanted) in row.zip(('0'..='9').cycle()) {
            assert_eq!(ascii_sign(digit), wanted, "{digit:?}");
        }
    }
    let letters_and_signs: String = every_sign().filter(|c| ('\u{ff01}'..='\u{ff5e}').contains(c)).collect();
    assert!(ascii(&letters_and_signs).chars().eq('!'..='~'));
}

#[test]
fn c29_only_look_alikes_become_ascii_and_ascii_stays() {
    for (text, wanted) in [
        ("a–b—c‑d−e﹣f－g", "a-b-c-d-e-f-g"),
        ("˜∼～", "~~~"),
        ("‘a’ “b”", "'a' \"b\""),
        ("a\u{200b}b\u{a0}c\td", "ab c d"),
        ("ä日\u{7}", "ä日\u{7}"),
    ] {
        assert_eq!(ascii(text), wanted, "{text}");
    }
    for c in '!'..='~' {
        assert_eq!(ascii_sign(c), c);
    }
}

#[test]
fn c23_quotation_marks_and_brackets_around_a_value_are_removed() {
    for text in [
        "\"a\"",
        "'a'",
        "`a`",
        "“a”",
        "”a”",
        "„a“",
        "„a”",
        "‚a‘",
        "«a»",
        "»a«",
        "‹a›",
        "「a」",
        " \u{200b}\"a\" ",
    ] {
        assert!(is_quoted(text), "{text}");
        assert_eq!(unwrapped(text), "a", "{text}");
    }
    for text in ["\"", "", "\"a", "a'", "\"a'", "(a)", "a"] {
        assert!(!is_quoted(text), "{text}");
    }
    for (text, wanted) in [
        ("{a}", "a"),
        ("<a>,", "a"),
        ("\"{a}\";\n", "a"),
        ("({[a]})", "a"),
        ("\"\"", ""),
        ("\"", "\""),
        ("{a", "{a"),
        ("a)", "a)"),
    ] {
        assert_eq!(unwrapped(text), wanted, "{text}");
    }
}

#[test]
fn c24_a_mask_is_four_mask_characters_in_a_row_or_an_ellipsis() {
    for masked in
        ["aB1******", "••••", "a●●●●b", "····", "a…", "*•*•", "⋯", "* * * *", "•\u{a0}•\u{200b}••", "✱✱✱✱"]
    {
        assert!(is_masked(masked), "{masked}");
    }
    for plain in ["", "***", "a*b*c*d*e", "...", "a.b.c.d", "- - - -", "~~~~", "a * b * c * d"] {
        assert!(!is_masked(plain), "{plain}");
    }
}

#[test]
fn c24_full_stops_are_a_mask_if_four_are_at_an_end_or_six_inside() {
    for masked in ["....", "......", "aB1....", "....aB1", "aB1......xyz", " .... ", ". . . .", "aB1․․․․x"]
    {
        assert!(is_masked(masked), "{masked}");
    }
    for plain in [".", "...", "aB1...", "...aB1", "aB1....xyz", "aB1.....xyz", "a.b.c.d."] {
        assert!(!is_masked(plain), "{plain}");
    }
}

#[test]
fn c25_percent_encoding_is_a_percent_sign_and_two_hexadecimal_digits() {
    for encoded in ["%7E", "a%2bc", "%%41"] {
        assert!(is_percent_encoded(encoded), "{encoded}");
    }
    for plain in ["", "%", "%7", "%7G", "100% sure", "é%é"] {
        assert!(!is_percent_encoded(plain), "{plain}");
    }
}

#[test]
fn c25_percent_encoding_is_decoded_once() {
    for (encoded, decoded) in [
        ("a%7Eb%7e", "a~b~"),
        ("api%3A%2F%2Fx", "api://x"),
        ("%C3%A9%2525", "é%25"),
        ("100%, %7, %7G, %", "100%, %7, %7G, %"),
        ("é%é%E2%82", "é%é\u{fffd}"),
    ] {
        assert_eq!(percent_decode(encoded), decoded, "{encoded}");
    }
}

#[test]
fn c25_a_character_reference_of_html_is_a_known_name_or_a_number() {
    for encoded in [
        "&amp;",
        "a&LT;b",
        "&quot;a&quot;",
        "a&#39;",
        "a&#x7E;b",
        "&#X7e;",
        "&&tilde;",
        "&a;&amp;",
        "&amp;amp;",
    ] {
        assert!(is_html_encoded(encoded), "{encoded}");
    }
    for plain in
        ["", "&", "&;", "&#;", "&#x;", "&#xg;", "&#12a;", "&amp", "a&b;c", "& amp;", "&#12345678;", "amp;"]
    {
        assert!(!is_html_encoded(plain), "{plain}");
    }
}

#[test]
fn n18_a_joiner_only_stays_where_it_joins() {
    for kept in ["می\u{200c}خواهم", "क्\u{200d}ष", "👩\u{200d}💻", "❤\u{200d}🔥"] {
        assert_eq!(name(kept, 60), Ok(kept.to_owned()));
    }
    assert_eq!(name("👩\u{200d}❤\u{fe0f}\u{200d}👨", 60), Ok("👩\u{200d}❤\u{200d}👨".to_owned()));
    for refused in
        ["a\u{200d}b", "a\u{200c}b", "می\u{200c}\u{200c}خواهم", "Ω\u{200d}Ω", "m \u{200d}می", "日\u{200d}本"]
    {
        assert_eq!(name(refused, 60), Err(BadName::Hidden), "{refused:?}");
    }
}

#[test]
fn n18_names_that_look_alike_are_folded_alike() {
    for (one, other) in [
        ("Straße", "STRASSE"),
        ("Ｍａｉｌ", "mail"),
        ("e\u{301}", "É"),
        ("می\u{200c}خواهم", "میخواهم"),
        ("Ma\u{ad}il", "mail"),
    ] {
        assert_eq!(fold(one), fold(other), "{one} {other}");
    }
}

/// A text with invisible characters.
fn with_hidden() -> impl Strategy<Value = String> {
    "([a-zA-Z0-9 .,;@~'\"{}%-]|\\PC|\\p{Cf}|\\p{M}|\\p{White_Space}|\\p{Default_Ignorable_Code_Point}){0,40}"
}

proptest! {
    #[test]
    fn c22_each_function_is_idempotent(text in with_hidden()) {
        prop_assert_eq!(trim(trim(&text)), trim(&text));
        prop_assert_eq!(unwrapped(unwrapped(&text)), unwrapped(&text));
        let functions: [fn(&str) -> String; 4] = [line, ascii, without_invisible, fold];
        for result in functions {
            prop_assert_eq!(result(&result(&text)), result(&text));
        }
        prop_assert!(!line(&text).contains(is_hidden));
        prop_assert!(!ascii(&text).contains(is_invisible));
        if let Ok(name_of_text) = name(&text, 60) {
            prop_assert_eq!(name(&name_of_text, 60), Ok(name_of_text.clone()));
            prop_assert_eq!(nfc(&name_of_text), name_of_text.as_str());
        }
        if let Some(domain_of_text) = domain(&text) {
            prop_assert_eq!(domain(&domain_of_text), Some(domain_of_text));
        }
    }

    #[test]
    fn c25_decoding_percent_encoding_gives_the_text_that_was_encoded(text in "\\PC{0,30}") {
        let encoded =
            text.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02X}"));
        prop_assert_eq!(is_percent_encoded(&encoded), !text.is_empty());
        prop_assert_eq!(percent_decode(&encoded), text.clone());
        if !is_percent_encoded(&text) {
            prop_assert_eq!(percent_decode(&text), text);
        }
    }

    #[test]
    fn c25_every_numeric_character_reference_is_found(c in any::<char>(), around in "[^&;]{0,5}") {
        let code = u32::from(c);
        let decimal = format!("{around}&#{code};{around}");
        let hexadecimal = format!("{around}&#x{code:x};{around}");
        prop_assert!(is_html_encoded(&decimal) && is_html_encoded(&hexadecimal));
        prop_assert!(!is_html_encoded(&around));
    }

    #[test]
    fn c31_composed_and_decomposed_texts_become_equal(text in "\\PC{0,30}") {
        let nfd = icu_normalizer::DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned();
        prop_assert_eq!(nfc(&nfd), nfc(&text));
        prop_assert_eq!(fold(&nfd), fold(&text));
        prop_assert_eq!(name(&nfd, 200), name(&text, 200));
    }
}
