//! The day on which a client secret expires, for people, forms and the database.

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
    /// What to change, in the reader's words.
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

    /// The day `days` after `today`.
    pub fn in_days(today: Date, days: i64) -> Self {
        Self(today.checked_add(Duration::days(days)).unwrap_or(today))
    }

    /// Whole days from `today` until it expires; negative once it has.
    pub fn days_from(self, today: Date) -> i64 {
        i64::from(self.0.to_julian_day()) - i64::from(today.to_julian_day())
    }

    /// The time from `today` until this day, in words.
    pub fn distance(self, today: Date) -> String {
        match self.days_from(today) {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            -1 => "expired yesterday".to_owned(),
            days if days > 0 => format!("in {days} days"),
            days => format!("expired {} days ago", days.unsigned_abs()),
        }
    }

    /// For people: `23 Nov 2028`.
    pub fn for_people(self) -> String {
        let month = self.0.month().to_string();
        format!("{} {} {}", self.0.day(), &month[..3], self.0.year())
    }
}

/// As a date field and the database have it: `2028-11-23`.
impl fmt::Display for ExpiryDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}
