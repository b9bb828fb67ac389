//! The values of the form's fields, each with its parser. The parser of client secrets is in `secret`.

mod guid;
#[cfg(test)]
mod tests;

use std::fmt;

use time::{Date, Duration, Month};

pub(super) use self::guid::{FoundGuid, GuidLabel, find_guid, parse_guid};
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
    /// Parses a client ID. The text may have other words, a label or an address round it, if it has one GUID alone and
    /// its label names no other ID.
    ///
    /// # Errors
    /// What to change, in the reader's words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text::trim(text).is_empty() {
            return Err("Copy the Application (client) ID from your application's Overview page.");
        }
        match find_guid(text) {
            FoundGuid::One { id, label: None | Some(GuidLabel::Client) } => Ok(Self(id)),
            FoundGuid::One { label: Some(GuidLabel::Tenant), .. } => Err(
                "This is the Directory (tenant) ID. Copy the Application (client) ID from your application's Overview \
                 page.",
            ),
            FoundGuid::One { label: Some(GuidLabel::Object), .. } => Err(
                "This is the Object ID. Copy the Application (client) ID, which the Overview page shows above it.",
            ),
            FoundGuid::One { label: Some(GuidLabel::Secret), .. } => Err(
                "This is the Secret ID. Copy the Application (client) ID from your application's Overview page.",
            ),
            FoundGuid::One { label: Some(GuidLabel::Other), .. } => Err(
                "This is not the ID of your application. Copy the Application (client) ID from your application's \
                 Overview page.",
            ),
            FoundGuid::Several => Err(
                "Two IDs or more were found in this text. Copy only the Application (client) ID from your \
                 application's Overview page.",
            ),
            FoundGuid::Nothing => Err(
                "This is not a Client ID, which looks like 00000000-0000-0000-0000-000000000000. Copy Application \
                 (client) ID from your application's Overview page.",
            ),
        }
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

/// Whether a text is a GUID. Client IDs, secret IDs and the IDs of tenants are GUIDs.
pub fn looks_like_guid(text: &str) -> bool {
    parse_guid(text).is_some()
}

/// Whether a text looks like one of Microsoft's client secrets: it has no blank, and it has letters of both cases,
/// digits and a tilde. Names do not look so. Invisible characters are ignored, so they cannot disguise a secret.
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
    /// Parses a tenant. Round a GUID there may be other words, as round a client ID. Round a domain there may be the
    /// scheme and the slash of an address that has nothing else, or the @ of an e-mail address.
    ///
    /// # Errors
    /// What to change, in the reader's words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match find_guid(text) {
            FoundGuid::One { id, label: None | Some(GuidLabel::Tenant) } => Ok(Self(id)),
            FoundGuid::One { label: Some(GuidLabel::Client), .. } => Err(
                "This is the Application (client) ID. Copy the Directory (tenant) ID from your application's Overview \
                 page.",
            ),
            FoundGuid::One { .. } => Err(
                "This is not the ID of a tenant. Copy the Directory (tenant) ID from your application's Overview page.",
            ),
            FoundGuid::Several => Err(
                "Two IDs or more were found in this text. Copy only the Directory (tenant) ID from your application's \
                 Overview page.",
            ),
            FoundGuid::Nothing => text::domain(text).or_else(|| domain_alone(text)).map(Self).ok_or(
                "Write the Directory (tenant) ID from your application's Overview page, or a domain of your \
                 organisation such as contoso.com.",
            ),
        }
    }

    /// The tenant as a segment of a path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a GUID, so that an ID token can be compared with it.
    pub fn is_guid(&self) -> bool {
        looks_like_guid(&self.0)
    }
}

/// Domains of Microsoft's own hosts. An address on one of them leads to a page of Microsoft's and names no tenant.
const MICROSOFT: [&str; 9] = [
    "azure.cn",
    "azure.com",
    "azure.us",
    "live.com",
    "microsoft.com",
    "microsoftonline.com",
    "microsoftonline.us",
    "office.com",
    "windows.net",
];

/// The domain in an address that has nothing but its scheme and host (`https://contoso.com/`), or behind the @ of e-mail
/// addresses (`@contoso.com`). A path may belong to any page, so an address with one is not read.
fn domain_alone(text: &str) -> Option<String> {
    let plain = text::ascii(text);
    let bare = text::unwrapped(&plain);
    if let Some(domain) = bare.strip_prefix('@') {
        return text::domain(domain);
    }
    let (scheme, rest) = bare.split_once("://")?;
    let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    let domain = text::domain(rest.strip_suffix('/').unwrap_or(rest)).filter(|_| is_web)?;
    let is_microsofts = MICROSOFT.iter().any(|theirs| {
        domain.strip_suffix(*theirs).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    (!is_microsofts).then_some(domain)
}

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

    /// The day `months` after `today` as Azure counts: 180 days for six months, 365 for twelve, 730 for twenty-four.
    /// This is a few days earlier than by the calendar. If Azure counts differently one day, the warning comes too
    /// early rather than too late.
    pub fn in_months(today: Date, months: u8) -> Self {
        let days = match months {
            6 => 180,
            months => i64::from(months) * 365 / 12,
        };
        Self::in_days(today, days)
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
