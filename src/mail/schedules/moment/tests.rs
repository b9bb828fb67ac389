use jiff::tz::AmbiguousOffset;
use proptest::prelude::*;

use super::*;

/// 23 Nov 2026, 06:57:10 UTC.
const NOW: Timestamp = Timestamp::from_micros(1_795_417_030_000_000);

/// The time of a new message.
fn checked(text: &str, zone: &str, now: Timestamp) -> Result<Timestamp, NoScheduleTime> {
    let due = schedule_time(text, zone)?;
    check_due(due, now)?;
    Ok(due)
}

fn due(text: &str, zone: &str) -> Result<String, NoScheduleTime> {
    checked(text, zone, NOW).map(Timestamp::for_machines)
}

fn at(text: &str, zone: &str, now: &str) -> Result<String, NoScheduleTime> {
    let now = now.parse::<jiff::Timestamp>().expect("a time").as_microsecond();
    checked(text, zone, Timestamp::from_micros(now)).map(Timestamp::for_machines)
}

#[test]
fn the_clock_of_the_zone_counts_whatever_is_before_its_name() {
    for (text, zone, expected) in [
        ("12/24/2026 18:30:00", "Europe/Vienna", "2026-12-24T17:30:00Z"),
        ("07/01/2027 18:30:00", "Europe/Vienna", "2027-07-01T16:30:00Z"),
        ("07/01/2027 18:30:00", "europe/vienna", "2027-07-01T16:30:00Z"),
        (" 07/01/2027 18:30:00 ", " Europe/Vienna ", "2027-07-01T16:30:00Z"),
        ("12/24/2026 00:00:00", "GMT 5:30 (India Standard Time - Asia/Calcutta)", "2026-12-23T18:30:00Z"),
        // The offset of the text is another one, and does not count.
        ("12/24/2026 00:00:00", "GMT -8:00 (Pacific - Asia/Kolkata)", "2026-12-23T18:30:00Z"),
        ("12/24/2026 00:00:00", "GMT 5:45 (Nepal Time - Asia/Kathmandu)", "2026-12-23T18:15:00Z"),
        ("12/24/2026 00:00:00", "(Asia/Tokyo)", "2026-12-23T15:00:00Z"),
        ("12/24/2026 00:00:00", "GMT -4:00 (AST - America/Port-au-Prince)", "2026-12-24T05:00:00Z"),
        ("12/24/2026 00:00:00", "America/Argentina/Buenos_Aires", "2026-12-24T03:00:00Z"),
        ("12/24/2026 00:00:00", "Etc/GMT+5", "2026-12-24T05:00:00Z"),
        ("12/24/2026 00:00:00", "UTC", "2026-12-24T00:00:00Z"),
        ("11/23/2026 06:57:11", "UTC", "2026-11-23T06:57:11Z"),
        ("02/29/2028 12:00:00", "UTC", ""),
        ("11/24/2027 06:57:10", "UTC", "2027-11-24T06:57:10Z"),
    ] {
        match due(text, zone) {
            Ok(found) => assert_eq!(found, expected, "{text} {zone}"),
            Err(why) => {
                assert!(expected.is_empty() && why == NoScheduleTime::TooFar, "{text} {zone}: {why:?}");
            }
        }
    }
    assert_eq!(
        at("02/29/2028 12:00:00", "UTC", "2027-12-01T00:00:00Z").as_deref(),
        Ok("2028-02-29T12:00:00Z")
    );
}

#[test]
fn a_time_that_clocks_skip_is_taken_later_and_of_two_alike_the_first() {
    for (text, zone, now, expected) in [
        // Vienna: from 02:00 to 03:00 on 28 March, from 03:00 to 02:00 on 31 October.
        ("03/28/2027 01:59:59", "Europe/Vienna", "2027-03-01T00:00:00Z", "2027-03-28T00:59:59Z"),
        ("03/28/2027 02:00:00", "Europe/Vienna", "2027-03-01T00:00:00Z", "2027-03-28T01:00:00Z"),
        ("03/28/2027 02:30:00", "Europe/Vienna", "2027-03-01T00:00:00Z", "2027-03-28T01:30:00Z"),
        ("03/28/2027 03:30:00", "Europe/Vienna", "2027-03-01T00:00:00Z", "2027-03-28T01:30:00Z"),
        ("10/31/2027 02:30:00", "Europe/Vienna", "2027-10-01T00:00:00Z", "2027-10-31T00:30:00Z"),
        ("10/31/2027 03:00:00", "Europe/Vienna", "2027-10-01T00:00:00Z", "2027-10-31T02:00:00Z"),
        ("03/14/2027 02:30:00", "America/New_York", "2027-03-01T00:00:00Z", "2027-03-14T07:30:00Z"),
        ("11/07/2027 01:30:00", "America/New_York", "2027-11-01T00:00:00Z", "2027-11-07T05:30:00Z"),
        // By half an hour.
        ("10/03/2027 02:15:00", "Australia/Lord_Howe", "2027-10-01T00:00:00Z", "2027-10-02T15:45:00Z"),
    ] {
        assert_eq!(at(text, zone, now).as_deref(), Ok(expected), "{text} {zone}");
    }
}

#[test]
fn a_time_that_is_over_or_more_than_a_year_ahead_is_refused() {
    assert_eq!(due("11/23/2026 06:57:10", "UTC"), Err(NoScheduleTime::Past));
    assert_eq!(due("11/22/2026 23:00:00", "America/New_York"), Err(NoScheduleTime::Past));
    assert_eq!(due("01/01/0001 00:00:00", "UTC"), Err(NoScheduleTime::Past));
    assert_eq!(due("11/24/2027 06:57:11", "UTC"), Err(NoScheduleTime::TooFar));
    assert_eq!(due("12/31/9999 23:59:59", "UTC"), Err(NoScheduleTime::TooFar));
}

#[test]
fn another_zone_or_another_form_is_refused() {
    let long = "a".repeat(65);
    for zone in [
        "",
        " ",
        "GMT 5:30",
        "+05:30",
        "India Standard Time",
        "Europe/Wien",
        "GMT 5:30 (India Standard Time)",
        "GMT 5:30 (India Standard Time - Asia/Calcutta",
        "GMT 5:30 (Asia/Calcutta) IST",
        "Europe/Vienna - ",
        "../../etc/passwd",
        "Etc/Unknown",
        "Europe/Vienna\0",
        long.as_str(),
    ] {
        assert_eq!(due("12/24/2026 18:30:00", zone), Err(NoScheduleTime::Zone), "{zone}");
    }
    for text in [
        "",
        "12/24/2026",
        "12/24/2026 18:30",
        "12/24/26 18:30:00",
        "24/12/2026 18:30:00",
        "12-24-2026 18:30:00",
        "2026-12-24T18:30:00",
        "12/24/2026  18:30:00",
        "12/24/2026 18:30:00 PM",
        "12/24/2026 24:00:00",
        "12/24/2026 18:60:00",
        "12/24/2026 18:30:60",
        "02/29/2027 12:00:00",
        "+1/24/2026 18:30:00",
        "1/2/2027 08:00:00",
        "12/24/2026/1 18:30:00",
        "12/24/2026 18:30:00:00",
        "１２/24/2026 18:30:00",
    ] {
        assert_eq!(due(text, "UTC"), Err(NoScheduleTime::Form), "{text}");
    }
}

const PLACES: [&str; 9] = [
    "UTC",
    "Europe/Vienna",
    "America/New_York",
    "America/St_Johns",
    "Asia/Calcutta",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
];

proptest! {
    #[test]
    fn a_moment_is_found_again_by_the_clock_of_any_zone(
        ahead in 1_i64..366 * 24 * 60 * 60,
        place in prop::sample::select(&PLACES[..]),
    ) {
        let zone = ZONES.get(place).expect("a zone");
        let moment = jiff::Timestamp::from_microsecond(NOW.micros() + ahead * 1_000_000).expect("a time");
        let local = zone.to_datetime(moment);
        let text = format!(
            "{:02}/{:02}/{:04} {:02}:{:02}:{:02}",
            local.month(), local.day(), local.year(), local.hour(), local.minute(), local.second()
        );
        let found = checked(&text, place, NOW);
        if let AmbiguousOffset::Fold { .. } = zone.to_ambiguous_timestamp(local).offset() {
            // The first of the two may be over.
            if let Ok(found) = found {
                let found = jiff::Timestamp::from_microsecond(found.micros()).expect("a time");
                prop_assert_eq!(zone.to_datetime(found), local);
                prop_assert!(found <= moment);
            }
        } else {
            prop_assert_eq!(found, Ok(Timestamp::from_micros(moment.as_microsecond())));
        }
    }

    #[test]
    fn no_text_makes_the_parser_fail(text in any::<String>(), zone in any::<String>()) {
        let found = checked(&text, &zone, NOW);
        prop_assert!(found.is_err() || (!text.is_empty() && !zone.is_empty()));
    }

    #[test]
    fn every_text_of_the_form_is_a_time_within_a_year_or_has_its_reason(
        (month, day, year) in (0_u32..14, 0_u32..33, 2025_u32..2030),
        (hour, minute, second) in (0_u32..25, 0_u32..61, 0_u32..61),
        place in prop::sample::select(&PLACES[..]),
    ) {
        let text = format!("{month:02}/{day:02}/{year:04} {hour:02}:{minute:02}:{second:02}");
        match checked(&text, place, NOW) {
            Ok(due) => prop_assert!(due > NOW && due <= NOW.plus(LONGEST_AHEAD)),
            Err(why) => prop_assert_ne!(why, NoScheduleTime::Zone),
        }
    }
}
