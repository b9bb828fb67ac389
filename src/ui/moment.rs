//! Points in time on the screen, with the distance from now in words.

use leptos::prelude::*;
use time::Duration;

use crate::platform::clock::Timestamp;

/// The time of the rendering. The shell provides it as a context.
#[derive(Clone, Copy, Debug)]
pub struct Now(pub Timestamp);

/// A time, for people and for machines, and how long ago or ahead it is.
#[component]
pub fn Moment(
    /// The time.
    at: Timestamp,
) -> impl IntoView {
    let distance = use_context::<Now>().map(|Now(now)| format!("({})", distance(at, now)));
    let distance = distance.map(|words| view! { " " <span class="ago">{words}</span> });
    view! { <time datetime=at.for_machines()>{at.for_people()}</time> {distance} }
}

/// The number of days until a time that is `by` ahead: rounded, because a link for 7 days does not work for 6 days a
/// minute after it was made. Less than a day is no day.
pub fn whole_days_ahead(by: Duration) -> i64 {
    if by < Duration::days(1) { 0 } else { by.saturating_add(Duration::hours(12)).whole_days() }
}

/// The distance of a time from now, in words. Days only under 90, as people count.
pub fn distance(at: Timestamp, now: Timestamp) -> String {
    let ahead = at > now;
    let by = if ahead { at.since(now) } else { now.since(at) };
    if by < Duration::minutes(1) {
        return if ahead { "in less than a minute" } else { "just now" }.to_owned();
    }
    let days = if ahead { whole_days_ahead(by) } else { by.whole_days() };
    let (number, unit) = match days {
        0 if by < Duration::hours(1) => (by.whole_minutes(), "minute"),
        0 => (by.whole_hours(), "hour"),
        1..90 => (days, "day"),
        90..730 => ((days * 12 + 182) / 365, "month"),
        _ => (days / 365, "year"),
    };
    let plural = if number == 1 { "" } else { "s" };
    if ahead { format!("in {number} {unit}{plural}") } else { format!("{number} {unit}{plural} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_has_one_unit_and_the_right_number() {
        let now = Timestamp::from_micros(1_795_417_030_000_000);
        for (by, past, future) in [
            (Duration::ZERO, "just now", "just now"),
            (Duration::seconds(59), "just now", "in less than a minute"),
            (Duration::seconds(60), "1 minute ago", "in 1 minute"),
            (Duration::minutes(13), "13 minutes ago", "in 13 minutes"),
            (Duration::minutes(60), "1 hour ago", "in 1 hour"),
            (Duration::hours(23), "23 hours ago", "in 23 hours"),
            (Duration::hours(35), "1 day ago", "in 1 day"),
            (Duration::hours(47), "1 day ago", "in 2 days"),
            (Duration::days(89), "89 days ago", "in 89 days"),
            (Duration::days(90), "3 months ago", "in 3 months"),
            (Duration::days(365), "12 months ago", "in 12 months"),
            (Duration::days(730), "2 years ago", "in 2 years"),
        ] {
            assert_eq!(distance(now.minus(by), now), past, "{by}");
            assert_eq!(distance(now.plus(by), now), future, "{by}");
        }
    }
}
