//! What is typed into the form, field by field.

use std::fmt;

use time::{Date, Duration, Month};
use uuid::Uuid;

use crate::platform::text::{self, BadName};

/// The name that an administrator gives a connector: 1 to 60 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceName(String);

impl ServiceName {
    /// The most characters.
    pub const MAX: usize = 60;

    /// Parses what was typed.
    ///
    /// # Errors
    /// What to change, in the reader's words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if looks_like_secret(text) {
            return Err("This looks like a client secret. Give the name of your Azure application here.");
        }
        text::name(text, Self::MAX).map(Self).map_err(|why| match why {
            BadName::Empty => "Give the connector a name: the one of your Azure application.",
            BadName::TooLong => "Use at most 60 characters.",
            BadName::Hidden => "Use letters, digits and signs that can be seen.",
        })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The Application (client) ID of the Azure application: a GUID, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientId(String);

impl ClientId {
    /// Parses what was typed or pasted, by the rules of every GUID.
    ///
    /// # Errors
    /// What to change, in the reader's words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text::trim(text).is_empty() {
            return Err("Copy the Application (client) ID from your application's Overview page.");
        }
        guid(text).map(Self).ok_or(
            "This is not a Client ID, which looks like 00000000-0000-0000-0000-000000000000. Copy \
             Application (client) ID from your application's Overview page.",
        )
    }

    /// The client ID.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The GUID in a text. What is often copied with one is left out or read as what it looks like: blanks, invisible signs,
/// quotation marks and braces, long dashes, full-width letters and digits.
pub(super) fn guid(text: &str) -> Option<String> {
    let plain = text::ascii(text);
    let bare = text::unwrapped(&plain);
    // Uuid takes shorter forms too, which the portal never shows.
    (bare.len() == 36).then(|| Uuid::try_parse(bare).ok()).flatten().map(|id| id.to_string())
}

/// Whether a text is a GUID, as client IDs, secret IDs and tenants are.
pub fn looks_like_guid(text: &str) -> bool {
    guid(text).is_some()
}

/// Whether a text is like the client secrets that Microsoft makes, and like no name: no blank in it, and
/// letters of both cases, digits and the tilde side by side. A sign that cannot be seen does not disguise one.
pub fn looks_like_secret(text: &str) -> bool {
    let plain = text::ascii(text);
    let text = text::unwrapped(&plain);
    let has = |what: fn(&char) -> bool| text.chars().any(|c| what(&c));
    (30..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && text.contains('~')
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_digit)
}

/// A tenant: a GUID or a domain, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant(String);

impl Tenant {
    /// Parses what was typed.
    ///
    /// # Errors
    /// What to change, in the reader's words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "Write the Directory (tenant) ID from your application's Overview page, or a \
             domain of your organisation such as contoso.com.";
        guid(text).or_else(|| text::domain(text)).map(Self).ok_or(WRONG)
    }

    /// The tenant, as it stands in a path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a GUID, so that an ID token can be compared with it.
    pub fn is_guid(&self) -> bool {
        looks_like_guid(&self.0)
    }
}

/// The day on which a client secret expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExpiryDate(Date);

impl ExpiryDate {
    /// Parses what a date field gives (`2028-11-23`); nothing typed gives none.
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
            // As numbers they might have a sign.
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

    /// So many months from `today` as Azure counts them: 180 days for six of them, 365 for twelve, 730 for
    /// twenty-four. That is a few days less than by the calendar, and so the safe side where it should ever count
    /// otherwise.
    pub fn in_months(today: Date, months: u8) -> Self {
        let days = match months {
            6 => 180,
            months => i64::from(months) * 365 / 12,
        };
        Self::in_days(today, days)
    }

    /// So many days after `today`.
    pub fn in_days(today: Date, days: i64) -> Self {
        Self(today.checked_add(Duration::days(days)).unwrap_or(today))
    }

    /// Whole days from `today` until it expires; negative once it has.
    pub fn days_from(self, today: Date) -> i64 {
        i64::from(self.0.to_julian_day()) - i64::from(today.to_julian_day())
    }

    /// How far away it is, in words.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::date;

    use super::*;

    const GUID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

    #[test]
    fn c29_a_client_id_is_a_guid_and_what_is_copied_with_it_is_forgiven() {
        for text in [
            GUID,
            &format!("  {GUID}\n"),
            &format!("{{{GUID}}}"),
            &GUID.to_uppercase(),
            &format!("{GUID}\u{200b}"),
            &format!("\u{feff}{GUID}\u{2060}\u{a0}"),
            &format!("\u{202a}{GUID}\u{202c}"),
            &format!("“{GUID}”"),
            &format!("\"{{{GUID}}}\","),
            &GUID.replace('-', "\u{2011}"),
            &GUID.replace('-', "–"),
            &GUID.replacen('-', "-\u{200b}", 1),
            &GUID.replace('1', "１").replace('a', "ａ"),
            &GUID.replace('4', "٤"),
        ] {
            assert_eq!(ClientId::parse(text).expect("a client ID").as_str(), GUID, "{text:?}");
            assert_eq!(Tenant::parse(text).expect("a tenant").as_str(), GUID, "{text:?}");
        }
        for text in ["", "mail", &GUID[1..], &GUID.replace('-', ""), &format!("{GUID}0"), "{}"] {
            assert!(ClientId::parse(text).is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn a_service_name_holds_nothing_that_cannot_be_seen() {
        for name in ["Post-Archiv", "日本語", "می\u{200c}خواهم", "👩\u{200d}💻 mail", "Ω"] {
            assert_eq!(ServiceName::parse(name).expect("a name").as_str(), name);
        }
        for name in ["a\u{200b}b", "a\u{202e}evil", "a\u{200d}b", "\u{200d}", "\u{3164}", "a\u{7}", "\u{7}a"]
        {
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
        for name in
            ["Mail~archive of the 2nd Floor, and some more words", "mail-archive-of-2026~production-eu"]
        {
            assert!(ServiceName::parse(name).is_ok(), "{name:?} was refused");
        }
    }

    #[test]
    fn a_tenant_is_a_guid_or_a_domain_and_no_keyword() {
        for domain in [
            " Contoso.COM ",
            "“contoso.com”",
            "contoso.com.",
            "con\u{ad}toso.com\u{200b}",
            "ｃｏｎｔｏｓｏ．ｃｏｍ",
        ] {
            assert_eq!(Tenant::parse(domain).expect("a tenant").as_str(), "contoso.com");
        }
        for domain in ["büro-süd.example", "bu\u{308}ro–su\u{308}d.example", "xn--bro-sd-3yae.example"] {
            assert_eq!(
                Tenant::parse(domain).expect("a tenant").as_str(),
                "xn--bro-sd-3yae.example",
                "{domain}"
            );
        }
        assert!(Tenant::parse(GUID).expect("a tenant").is_guid());
        for wrong in [
            "",
            "common",
            "organizations",
            "a..b",
            "-a.com",
            "a.com/x",
            "a b.com",
            "a.com?x",
            "ä.com/x",
            "ä%2ecom",
            "ä.com:1",
            "ä@a.com",
        ] {
            assert!(Tenant::parse(wrong).is_err(), "{wrong:?} was accepted");
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
        for wrong in
            ["2027-02-29", "2028-13-01", "28-1-1", "tomorrow", "0000-01-01", "2028-01-01T", "2028-+1-+1"]
        {
            assert!(ExpiryDate::parse(wrong).is_err(), "{wrong:?} was accepted");
        }
    }

    #[test]
    fn how_far_a_date_is_away_is_said_in_words() {
        let today = date!(2026 - 11 - 23);
        let distance = |text: &str| ExpiryDate::parse(text).expect("a date").expect("a date").distance(today);
        assert_eq!(distance("2027-01-03"), "in 41 days");
        assert_eq!(distance("2026-11-24"), "tomorrow");
        assert_eq!(distance("2026-11-23"), "today");
        assert_eq!(distance("2026-11-20"), "expired 3 days ago");
    }

    #[test]
    fn months_are_counted_in_days_as_azure_does() {
        for (today, months, then) in [
            (date!(2028 - 02 - 29), 24, "2030-02-28"),
            (date!(2026 - 11 - 23), 24, "2028-11-22"),
            (date!(2026 - 08 - 31), 6, "2027-02-27"),
            (date!(2026 - 12 - 31), 12, "2027-12-31"),
        ] {
            assert_eq!(ExpiryDate::in_months(today, months).to_string(), then);
        }
    }

    proptest! {
        #[test]
        fn what_was_parsed_parses_to_itself(text in "\\PC{0,70}") {
            if let Ok(name) = ServiceName::parse(&text) {
                prop_assert_eq!(ServiceName::parse(name.as_str()), Ok(name.clone()));
            }
            if let Ok(tenant) = Tenant::parse(&text) {
                prop_assert_eq!(Tenant::parse(tenant.as_str()), Ok(tenant.clone()));
            }
        }

        #[test]
        fn every_guid_is_a_client_id_and_never_a_secret(bytes in any::<[u8; 16]>()) {
            let guid = Uuid::from_bytes(bytes).to_string();
            prop_assert!(ClientId::parse(&guid).is_ok());
        }

        #[test]
        fn c29_values_are_the_same_whatever_cannot_be_seen_round_them(
            name in "[\\p{L}\\p{N}\\p{M}]{1,20}( [\\p{L}\\p{N}]{1,20})?",
            guid in "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-fA-F]{12}",
            domain in "[a-zA-Z0-9äöüß]{1,20}\\.[a-z]{2,10}",
            day in 0i32..36_500,
            before in "[\\p{Default_Ignorable_Code_Point}\\p{White_Space}]{0,5}",
            after in "[\\p{Default_Ignorable_Code_Point}\\p{White_Space}]{0,5}",
        ) {
            let around = |text: &str| format!("{before}{text}{after}");
            prop_assert_eq!(ServiceName::parse(&around(&name)), ServiceName::parse(&name));
            prop_assert_eq!(ClientId::parse(&around(&guid)), ClientId::parse(&guid));
            prop_assert_eq!(Tenant::parse(&around(&guid)), Tenant::parse(&guid));
            prop_assert!(Tenant::parse(&domain).is_ok());
            prop_assert_eq!(Tenant::parse(&around(&domain)), Tenant::parse(&domain));
            let day = ExpiryDate(Date::from_julian_day(2_451_545 + day).expect("a day"));
            prop_assert_eq!(ExpiryDate::parse(&around(&day.to_string())), Ok(Some(day)));
        }

        #[test]
        fn a_tenant_can_always_stand_in_a_path(text in ".{0,40}") {
            if let Ok(tenant) = Tenant::parse(&text) {
                let sound = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
                prop_assert!(tenant.as_str().chars().all(sound));
            }
        }

        #[test]
        fn a_day_of_the_calendar_comes_back_as_it_went(day in 0i32..36_500) {
            let date = Date::from_julian_day(2_451_545 + day).expect("a day");
            let text = ExpiryDate(date).to_string();
            prop_assert_eq!(ExpiryDate::parse(&text), Ok(Some(ExpiryDate(date))));
        }
    }
}
