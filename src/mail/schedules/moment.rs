//! When a scheduled message is due: the date and the clock that a program gives, in a time zone.
//!
//! The clock of the zone counts, with the rules of the zone that this version of the program knows. If clocks are put
//! forward, a time that they skip is taken as much later. If they are put back, the first of the two times is taken. Both
//! is what calendars do (RFC 5545, 3.3.5).

use std::sync::LazyLock;

use jiff::{
    civil::DateTime,
    tz::{TimeZone, TimeZoneDatabase},
};
use time::Duration;

use crate::platform::clock::Timestamp;

/// How far ahead a message may be scheduled: a year, also one with 29 February.
pub const LONGEST_AHEAD: Duration = Duration::days(366);
/// Maximum number of characters of the name of a zone.
const MAX_NAME: usize = 64;

/// The zones of the IANA database that the program brings along.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Why a text is not the time of a scheduled message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoScheduleTime {
    /// The zone is not one of the IANA database.
    Zone,
    /// The text is not a date with a time of day.
    Form,
    /// The time is over.
    Past,
    /// The time is more than [`LONGEST_AHEAD`] ahead.
    TooFar,
}

/// The time that a program means.
///
/// # Arguments
/// - `text`: `MM/DD/YYYY HH:MM:SS`, each part with all its digits.
/// - `zone_text`: the name of the zone in the IANA database, alone or as Mail360 writes it:
///   `GMT 5:30 (India Standard Time - Asia/Calcutta)`. What is before the name does not count.
///
/// # Errors
/// [`NoScheduleTime::Zone`], [`NoScheduleTime::Form`]; [`NoScheduleTime::TooFar`] behind the last year.
pub fn schedule_time(text: &str, zone_text: &str) -> Result<Timestamp, NoScheduleTime> {
    let zone = find_zone(zone_text).ok_or(NoScheduleTime::Zone)?;
    let local = parse(text.trim()).ok_or(NoScheduleTime::Form)?;
    let due = zone.to_ambiguous_timestamp(local).compatible();
    // The last hours of the year 9999 are no time of any zone.
    let due = due.map_err(|_| NoScheduleTime::TooFar)?;
    Ok(Timestamp::from_micros(due.as_microsecond()))
}

/// Checks the time of a new message. That of a repeat of an earlier call may be over.
///
/// # Errors
/// [`NoScheduleTime::Past`], [`NoScheduleTime::TooFar`].
pub(super) fn check_due(due: Timestamp, now: Timestamp) -> Result<(), NoScheduleTime> {
    if due <= now {
        Err(NoScheduleTime::Past)
    } else if due > now.plus(LONGEST_AHEAD) {
        Err(NoScheduleTime::TooFar)
    } else {
        Ok(())
    }
}

fn find_zone(text: &str) -> Option<TimeZone> {
    let text = text.trim();
    let within = match text.rsplit_once('(') {
        Some((_, within)) => within.strip_suffix(')')?,
        None => text,
    };
    // Names of zones have hyphens, and no blanks around them.
    let name = within.rsplit(" - ").next().unwrap_or(within).trim();
    let is_sound = |c: u8| c.is_ascii_alphanumeric() || b"/_+-".contains(&c);
    if !(1..=MAX_NAME).contains(&name.len()) || !name.bytes().all(is_sound) {
        return None;
    }
    // The database has a name for a zone that is not known.
    ZONES.get(name).ok().filter(|zone| !zone.is_unknown())
}

/// `MM/DD/YYYY HH:MM:SS`.
fn parse(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once(' ')?;
    let mut date = date.split('/');
    let (month, day, year) = (digits(date.next()?, 2)?, digits(date.next()?, 2)?, digits(date.next()?, 4)?);
    let mut time = time.split(':');
    let (hour, minute, second) =
        (digits(time.next()?, 2)?, digits(time.next()?, 2)?, digits(time.next()?, 2)?);
    if date.next().is_some() || time.next().is_some() {
        return None;
    }
    let small = |number: i16| i8::try_from(number).ok();
    DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second)?, 0).ok()
}

/// A number of exactly this many digits.
fn digits(text: &str, count: usize) -> Option<i16> {
    let is_number = text.len() == count && text.bytes().all(|c| c.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests;
