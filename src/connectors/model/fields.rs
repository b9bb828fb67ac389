//! What is typed into the form, field by field.

use std::fmt;

use time::{Date, Duration, Month};
use uuid::Uuid;

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
        let text = text.trim();
        if text.is_empty() {
            return Err("Give the connector a name: the one of your Azure application.");
        }
        if text.chars().count() > Self::MAX {
            return Err("Use at most 60 characters.");
        }
        if looks_like_secret(text) {
            return Err("This looks like a client secret. Give the name of your Azure application here.");
        }
        if text.chars().any(|c| c.is_control() || is_invisible(c)) || text.chars().all(is_joiner) {
            return Err("Use letters, digits and signs that can be seen.");
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Signs that change how a name looks or what it equals without being seen: two connectors could look alike
/// (spoofing), and an override would turn the text round it (Unicode Technical Report 36, 2.10).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}' | '\u{fff9}'..='\u{fffb}' | '\u{3164}' | '\u{115f}' | '\u{1160}')
}

/// Joiners and marks of direction: needed within words of some scripts, and nothing by themselves.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{61c}')
}

/// The Application (client) ID of the Azure application: a GUID, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientId(String);

impl ClientId {
    /// Parses what was typed; blanks and braces round it are forgiven.
    ///
    /// # Errors
    /// What to change, in the reader's words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.trim().is_empty() {
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

/// The GUID in a text, blanks and braces round it left out.
fn guid(text: &str) -> Option<String> {
    let bare = text.trim();
    let bare = bare.strip_prefix('{').and_then(|bare| bare.strip_suffix('}')).unwrap_or(bare).trim();
    // Uuid takes shorter forms too, which the portal never shows.
    (bare.len() == 36).then(|| Uuid::try_parse(bare).ok()).flatten().map(|id| id.to_string())
}

/// Whether a text is a GUID, as client IDs, secret IDs and tenants are.
pub fn looks_like_guid(text: &str) -> bool {
    guid(text).is_some()
}

/// Whether a text is like the client secrets that Microsoft makes, and like no name: no blank in it, and
/// letters of both cases, digits and the tilde side by side.
pub fn looks_like_secret(text: &str) -> bool {
    let text = text.trim();
    let has = |what: fn(&char) -> bool| text.chars().any(|c| what(&c));
    (30..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && text.contains('~')
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_digit)
}

/// Judges a client secret, blanks round it left out. `client_id` is what stands in that field.
///
/// # Returns
/// A warning where it is unlike the secrets that Microsoft makes.
///
/// # Errors
/// What to change, in the reader's words.
pub fn check_client_secret(text: &str, client_id: &str) -> Result<Option<&'static str>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("Copy the client secret from the Value column under Certificates & secrets.");
    }
    if let Some(id) = guid(text) {
        // The portal shows the two side by side, and the help pages of many products confuse them.
        return Err(if guid(client_id).is_some_and(|client_id| client_id == id) {
            "This is the Client ID again. Copy the secret from the Value column under Certificates & \
             secrets."
        } else {
            "This is the Secret ID. Copy the Value column instead."
        });
    }
    if text.chars().any(char::is_whitespace) {
        return Err("There is a blank in it; a client secret has none. Copy the Value column once more.");
    }
    if text.chars().any(char::is_control) {
        return Err("There is a sign in it that cannot be seen. Copy the Value column once more.");
    }
    if text.len() > 256 {
        return Err("This is longer than any client secret. Copy the Value column alone.");
    }
    // Microsoft Graph, passwordCredential: secretText has 16 to 64 characters.
    let usual = (16..=64).contains(&text.chars().count());
    Ok((!usual).then_some(
        "Microsoft's client secrets have 16 to 64 characters; this one does not. Check that you copied \
         all of the Value column.",
    ))
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
        if let Some(id) = guid(text) {
            return Ok(Self(id));
        }
        let text = text.trim().to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let sound = text.len() <= 253 && text.contains('.') && text.split('.').all(label);
        sound.then_some(Self(text)).ok_or(WRONG)
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
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let date = || {
            let mut parts = text.splitn(3, '-');
            let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
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
    fn a_client_id_is_a_guid_and_blanks_and_braces_are_forgiven() {
        for text in [GUID, &format!("  {GUID}\n"), &format!("{{{GUID}}}"), &GUID.to_uppercase()] {
            assert_eq!(ClientId::parse(text).expect("a client ID").as_str(), GUID);
        }
        for text in ["", "mail", &GUID[1..], &GUID.replace('-', ""), &format!("{GUID}0"), "{}"] {
            assert!(ClientId::parse(text).is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn a_service_name_holds_nothing_that_cannot_be_seen() {
        for name in ["Post-Archiv", "日本語", "می\u{200c}خواهم", "👩\u{200d}💻 mail", "Ω"] {
            assert!(ServiceName::parse(name).is_ok(), "{name:?} was refused");
        }
        for name in ["a\u{200b}b", "\u{202e}evil", "a\u{2060}", "\u{200d}", "\u{3164}", "a\u{7}", "\u{feff}a"]
        {
            assert!(ServiceName::parse(name).is_err(), "{name:?} was accepted");
        }
    }

    #[test]
    fn a_name_that_looks_like_a_client_secret_is_none() {
        let secret = format!("{}Q~{}", "aB1c8", "Not-a.Real_Secret".repeat(2));
        assert!(ServiceName::parse(&secret).expect_err("no name").contains("client secret"));
        for name in
            ["Mail~archive of the 2nd Floor, and some more words", "mail-archive-of-2026~production-eu"]
        {
            assert!(ServiceName::parse(name).is_ok(), "{name:?} was refused");
        }
    }

    #[test]
    fn a_guid_as_client_secret_is_called_what_it_is() {
        let secret_id = "2b4e28ba-2fa1-11d2-883f-0016d3cca427";
        assert_eq!(
            check_client_secret(&format!(" {secret_id} "), GUID),
            Err("This is the Secret ID. Copy the Value column instead.")
        );
        assert!(check_client_secret(GUID, &GUID.to_uppercase()).expect_err("it").contains("Client ID again"));
    }

    #[test]
    fn a_client_secret_of_unusual_length_is_warned_of_and_taken() {
        assert_eq!(check_client_secret("abc~.def-GHI_jkl", GUID), Ok(None));
        assert!(matches!(check_client_secret("abc", GUID), Ok(Some(_))));
        assert!(matches!(check_client_secret(&"x".repeat(65), GUID), Ok(Some(_))));
        assert!(matches!(check_client_secret(&"x".repeat(256), GUID), Ok(Some(_))));
        for wrong in ["", "   ", "two words and more", "abc\u{7}def", &"x".repeat(257)] {
            assert!(check_client_secret(wrong, GUID).is_err(), "{wrong:?} was accepted");
        }
    }

    #[test]
    fn a_tenant_is_a_guid_or_a_domain_and_no_keyword() {
        assert_eq!(Tenant::parse(" Contoso.COM ").expect("a tenant").as_str(), "contoso.com");
        assert!(Tenant::parse(GUID).expect("a tenant").is_guid());
        for wrong in ["", "common", "organizations", "a..b", "-a.com", "a.com/x", "a b.com", "a.com?x"] {
            assert!(Tenant::parse(wrong).is_err(), "{wrong:?} was accepted");
        }
    }

    #[test]
    fn a_date_may_be_missing_but_not_wrong() {
        assert_eq!(ExpiryDate::parse("  "), Ok(None));
        let date = ExpiryDate::parse("2028-02-29").expect("a date").expect("a date");
        assert_eq!(date.for_people(), "29 Feb 2028");
        for wrong in ["2027-02-29", "2028-13-01", "28-1-1", "tomorrow", "0000-01-01", "2028-01-01T"] {
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
            prop_assert!(check_client_secret(&guid, "").is_err());
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
