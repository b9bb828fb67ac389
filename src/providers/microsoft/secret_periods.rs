//! The periods that Azure offers for a client secret, when each of them ends, and Azure's words for it.

#[cfg(feature = "ssr")]
use time::Date;

use crate::providers::ExpiryDate;

/// The periods in months that Azure offers for a secret, longest first.
pub const MONTHS: [u8; 3] = [24, 12, 6];

/// The last day of a secret that is created `today` for this number of months. Azure counts days: 180 for six months,
/// 365 for twelve, 730 for twenty-four. That is a few days earlier than by the calendar. So if Azure ever counts
/// differently, the warning comes too early and not too late.
#[cfg(feature = "ssr")]
pub fn expiry(today: Date, months: u8) -> ExpiryDate {
    let days = match months {
        6 => 180,
        months => i64::from(months) * 365 / 12,
    };
    ExpiryDate::in_days(today, days)
}

/// Azure's label for the expiry of a new secret, and the same words for use in a sentence. `months` is one of
/// [`MONTHS`], or any other text for another day; `day` is the text that was typed as that day.
pub fn expiration(months: &str, day: &str) -> (String, String) {
    if MONTHS.iter().any(|offered| offered.to_string() == months) {
        let offered = [months, " months"].concat();
        let sentence = ["for ", &offered].concat();
        return (offered, sentence);
    }
    match ExpiryDate::parse(day) {
        Ok(Some(day)) => {
            let day = day.for_people();
            (["Custom, ending on ", &day].concat(), ["that ends on ", &day].concat())
        }
        Ok(None) | Err(_) => ("a time that suits you".to_owned(), "for a time that suits you".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn months_are_counted_in_days_as_azure_does() {
        for (today, months, then) in [
            (date!(2028 - 02 - 29), 24, "2030-02-28"),
            (date!(2026 - 11 - 23), 24, "2028-11-22"),
            (date!(2026 - 08 - 31), 6, "2027-02-27"),
            (date!(2026 - 12 - 31), 12, "2027-12-31"),
        ] {
            assert_eq!(expiry(today, months).to_string(), then);
        }
    }

    #[test]
    fn the_guide_suggests_the_same_expiry_as_the_form() {
        for (months, day, choice, sentence) in [
            ("24", "", "24 months", "for 24 months"),
            ("6", "2028-11-23", "6 months", "for 6 months"),
            ("date", "2028-11-23", "Custom, ending on 23 Nov 2028", "that ends on 23 Nov 2028"),
            ("date", "", "a time that suits you", "for a time that suits you"),
            ("7", "2028-13-23", "a time that suits you", "for a time that suits you"),
        ] {
            assert_eq!(expiration(months, day), (choice.to_owned(), sentence.to_owned()), "{months} {day}");
        }
    }
}
