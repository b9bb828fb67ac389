use proptest::prelude::*;
use time::{Date, macros::date};

use super::*;
use crate::providers::ExpiryDate;

#[test]
fn a_service_name_holds_nothing_that_cannot_be_seen() {
    for name in ["Post-Archiv", "日本語", "می\u{200c}خواهم", "👩\u{200d}💻 mail", "Ω"] {
        assert_eq!(ServiceName::parse(name).expect("a name").as_str(), name);
    }
    for name in ["a\u{200b}b", "a\u{202e}evil", "a\u{200d}b", "\u{200d}", "\u{3164}", "a\u{7}", "\u{7}a"] {
        assert!(ServiceName::parse(name).is_err(), "{name:?} was accepted");
    }
    for name in ["\u{202e}Mail", "Mail\u{2060}", "\u{feff}Mail", "\u{a0}Mail\u{200d}", "Ma\u{fe0f}il"] {
        assert_eq!(ServiceName::parse(name).expect("a name").as_str(), "Mail");
    }
}

#[test]
fn a_name_that_looks_like_a_client_secret_is_none() {
    let secret = format!("{}Q~{}", "aB1c8", "Not-a.Real_Secret".repeat(2));
    assert!(ServiceName::parse(&secret).expect_err("no name").contains("client secret"));
    let disguised = format!("„{}“", secret.replace('-', "\u{200b}–").replace('~', "\u{2dc}"));
    assert!(ServiceName::parse(&disguised).expect_err("no name").contains("client secret"));
    for name in ["Mail~archive of the 2nd Floor, and some more words", "mail-archive-of-2026~production-eu"] {
        assert!(ServiceName::parse(name).is_ok(), "{name:?} was refused");
    }
}

#[test]
fn a_date_may_be_missing_but_not_wrong() {
    assert_eq!(ExpiryDate::parse("  "), Ok(None));
    let date = ExpiryDate::parse("2028-02-29").expect("a date").expect("a date");
    assert_eq!(date.for_people(), "29 Feb 2028");
    for text in
        ["２０２８－０２－２９", "2028–02–29", "\u{200e}2028-02-29\u{200b}", "'2028-02-29'", "٢٠٢٨-٠٢-٢٩"]
    {
        assert_eq!(ExpiryDate::parse(text), Ok(Some(date)), "{text}");
    }
    for wrong in ["2027-02-29", "2028-13-01", "28-1-1", "tomorrow", "0000-01-01", "2028-01-01T", "2028-+1-+1"]
    {
        assert!(ExpiryDate::parse(wrong).is_err(), "{wrong:?} was accepted");
    }
}

#[test]
fn the_distance_of_a_date_is_a_phrase() {
    let today = date!(2026 - 11 - 23);
    let distance = |text: &str| ExpiryDate::parse(text).expect("a date").expect("a date").distance(today);
    assert_eq!(distance("2027-01-03"), "in 41 days");
    assert_eq!(distance("2026-11-24"), "tomorrow");
    assert_eq!(distance("2026-11-23"), "today");
    assert_eq!(distance("2026-11-20"), "expired 3 days ago");
}

/// A day of the years 2000 to 2099.
fn expiry(day: i64) -> ExpiryDate {
    ExpiryDate::in_days(Date::from_julian_day(2_451_545).expect("a day"), day)
}

proptest! {
    #[test]
    fn a_parsed_value_parses_to_itself(text in "\\PC{0,70}") {
        if let Ok(name) = ServiceName::parse(&text) {
            prop_assert_eq!(ServiceName::parse(name.as_str()), Ok(name.clone()));
        }
    }

    #[test]
    fn c29_values_are_the_same_whatever_cannot_be_seen_round_them(
        name in "[\\p{L}\\p{N}\\p{M}]{1,20}( [\\p{L}\\p{N}]{1,20})?",
        day in 0i64..36_500,
        before in "[\\p{Default_Ignorable_Code_Point}\\p{White_Space}]{0,5}",
        after in "[\\p{Default_Ignorable_Code_Point}\\p{White_Space}]{0,5}",
    ) {
        let around = |text: &str| format!("{before}{text}{after}");
        prop_assert_eq!(ServiceName::parse(&around(&name)), ServiceName::parse(&name));
        let day = expiry(day);
        prop_assert_eq!(ExpiryDate::parse(&around(&day.to_string())), Ok(Some(day)));
    }

    #[test]
    fn a_written_day_parses_to_the_same_day(day in 0i64..36_500) {
        let date = expiry(day);
        prop_assert_eq!(ExpiryDate::parse(&date.to_string()), Ok(Some(date)));
    }
}
