//! The day on which a client secret expires: its parser, and its texts for screens, forms and the database.

use std::fmt;

use time::{Date, Duration, Month};

use crate::platform::text;

/// The day on which a client secret expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExpiryDate(Date);

impl ExpiryDate {
    /// Parses the value of a date field (`2028-11-23`); an empty field gives `None`.
    ///
    /// # Errors
    /// A sentence for the form that says what the user must change.
    pub fn parse(text: &str) -> Result<Option<Self>, &'static str> {
        let plain = text::ascii(text);
        let text = text::unwrapped(&plain);
        if text.is_empty() {
            return Ok(None);
        }
        let date = || {
            let mut parts = text.splitn(3, '-');
            let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
            // The number parser would also accept a sign.
            if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
                return None;
            }
            if year.len() != 4 || month.len() != 2 || day.len() != 2 {
                return None;
            }
            let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
            Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
        };
        date()
            .filter(|date| date.year() >= 2000)
            .map(|date| Some(Self(date)))
            .ok_or("Write the date as year, month and day, such as 2028-11-23, or leave it empty.")
    }

    pub const fn date(self) -> Date {
        self.0
    }

    /// The day `days` after `today`.
    pub fn in_days(today: Date, days: i64) -> Self {
        Self(today.checked_add(Duration::days(days)).unwrap_or(today))
    }

    /// Whole days from `today` until this day; negative if the day has passed.
    pub fn days_from(self, today: Date) -> i64 {
        i64::from(self.0.to_julian_day()) - i64::from(today.to_julian_day())
    }

    /// The time from `today` until this day, in words: days under 90, then months, then years.
    pub fn distance(self, today: Date) -> String {
        match self.days_from(today) {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            -1 => "expired yesterday".to_owned(),
            days if days > 0 => format!("in {}", span(days.unsigned_abs())),
            days => format!("expired {} ago", span(days.unsigned_abs())),
        }
    }

    /// The day as screens show it: `23 Nov 2028`.
    pub fn for_people(self) -> String {
        let month = self.0.month().to_string();
        format!("{} {} {}", self.0.day(), &month[..3], self.0.year())
    }
}

/// A number of days as days, months or years. `days` is at least two, so the unit is always plural.
fn span(days: u64) -> String {
    match days {
        ..90 => format!("{days} days"),
        // The nearest whole month.
        90..730 => format!("{} months", (days * 12 + 182) / 365),
        _ => format!("{} years", days / 365),
    }
}

/// The format of date fields and of the database: `2028-11-23`.
impl fmt::Display for ExpiryDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::date;

    use super::*;

    const TODAY: Date = date!(2026 - 11 - 29);

    /// The distance of the day that is this many days away.
    fn distance(days: i64) -> String {
        ExpiryDate::in_days(TODAY, days).distance(TODAY)
    }

    #[test]
    fn a_distance_is_told_in_days_under_ninety_then_in_months_then_in_years() {
        for (days, words) in [
            (0, "today"),
            (1, "tomorrow"),
            (2, "in 2 days"),
            (89, "in 89 days"),
            (90, "in 3 months"),
            (214, "in 7 months"),
            (365, "in 12 months"),
            (729, "in 24 months"),
            (730, "in 2 years"),
            (1_095, "in 3 years"),
            (-1, "expired yesterday"),
            (-89, "expired 89 days ago"),
            (-90, "expired 3 months ago"),
            (-800, "expired 2 years ago"),
        ] {
            assert_eq!(distance(days), words, "{days}");
        }
    }

    /// The number and the unit in a distance.
    fn parts(words: &str) -> (i64, String) {
        let words = words.trim_start_matches("in ").trim_start_matches("expired ").trim_end_matches(" ago");
        let (number, unit) = words.split_once(' ').expect("a number and a unit");
        (number.parse().expect("a number"), unit.to_owned())
    }

    proptest! {
        #[test]
        fn the_rounded_distance_is_right_in_its_unit(days in 2_i64..20_000, past in any::<bool>()) {
            let words = distance(if past { -days } else { days });
            prop_assert_eq!(words.starts_with("expired "), past, "{}", words);
            let (number, unit) = parts(&words);
            let (length, under) = match unit.as_str() {
                "days" => (1.0, 90),
                "months" => (365.0 / 12.0, 730),
                "years" => (365.0, i64::MAX),
                other => panic!("no unit: {other}"),
            };
            prop_assert!(days < under, "{} {}", days, words);
            #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
            let shown = number as f64 * length;
            #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
            let difference = (shown - days as f64).abs();
            prop_assert!(difference <= length, "{} {}", days, words);
        }

        #[test]
        fn the_later_of_two_days_never_has_the_shorter_distance(days in 2_i64..20_000, more in 0_i64..2_000) {
            let rank = |days: i64| {
                let (number, unit) = parts(&distance(days));
                (["days", "months", "years"].iter().position(|known| *known == unit), number)
            };
            prop_assert!(rank(days) <= rank(days + more), "{} {}", days, more);
        }
    }
}
