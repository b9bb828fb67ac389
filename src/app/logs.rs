//! What the pages of logs have in common: the entries of each day under its heading, the choices of a filter, and the
//! address of a page.

use leptos::prelude::*;
use uuid::Uuid;

use crate::platform::{clock::Timestamp, database::paging::Position};

/// The heading of the entries of one day, such as `Today, 23 Nov 2026`.
pub(super) fn heading(at: Timestamp, now: Timestamp) -> String {
    let day = at.day_for_people();
    match (now.date_time().date() - at.date_time().date()).whole_days() {
        0 => format!("Today, {day}"),
        1 => format!("Yesterday, {day}"),
        _ => day,
    }
}

/// The entries of each day under its heading, in the same order.
pub(super) fn by_day<T>(
    entries: Vec<T>,
    now: Timestamp,
    time_of: impl Fn(&T) -> Timestamp,
) -> Vec<(String, Vec<T>)> {
    let mut days: Vec<(String, Vec<T>)> = Vec::new();
    for entry in entries {
        let heading = heading(time_of(&entry), now);
        match days.last_mut() {
            Some((last, entries)) if *last == heading => entries.push(entry),
            _ => days.push((heading, vec![entry])),
        }
    }
    days
}

/// A section for each day, with its entries as `draw` shows them.
pub(super) fn draw_days<T>(days: Vec<(String, Vec<T>)>, draw: impl Fn(Vec<T>) -> AnyView) -> Vec<AnyView> {
    let sections = days.into_iter().enumerate().map(|(at, (heading, entries))| {
        let id = format!("day-{at}");
        let labelled_by = id.clone();
        let entries = draw(entries);
        view! {
            <section class="day" aria-labelledby=labelled_by>
                <h2 id=id>{heading}</h2>
                {entries}
            </section>
        }
        .into_any()
    });
    sections.collect()
}

/// A choice of a filter. `chosen` is the value that the address has.
pub(super) fn draw_choice(value: String, words: String, chosen: &str) -> impl IntoView + use<> {
    let selected = value == chosen;
    view! { <option value=value selected=selected>{words}</option> }
}

/// The address of a page of a log: the filter by name, without empty values, and the position before which it begins.
pub(super) fn address_of(here: &str, filter: &[(&str, &str)], before: Option<Position<Uuid>>) -> String {
    let mut address = url::form_urlencoded::Serializer::for_suffix(format!("{here}?"), here.len() + 1);
    for (name, value) in filter {
        if !value.is_empty() {
            address.append_pair(name, value);
        }
    }
    if let Some(before) = before {
        address.append_pair("before", &before.to_string());
    }
    address.finish()
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    // 23 Nov 2026, 06:57 UTC.
    const NOW: Timestamp = Timestamp::from_micros(1_795_417_030_000_000);

    #[test]
    fn a_day_is_named_today_or_yesterday_and_always_with_its_date() {
        for (ago, words) in [
            (Duration::ZERO, "Today, 23 Nov 2026"),
            (Duration::hours(6), "Today, 23 Nov 2026"),
            (Duration::hours(7), "Yesterday, 22 Nov 2026"),
            (Duration::hours(31), "21 Nov 2026"),
            (Duration::hours(-24), "24 Nov 2026"),
        ] {
            assert_eq!(heading(NOW.minus(ago), NOW), words, "{ago}");
        }
    }

    #[test]
    fn entries_of_one_day_are_together_in_their_order() {
        let days = by_day(vec![0, 1, 7, 8, 31], NOW, |hours| NOW.minus(Duration::hours(*hours)));
        let entries: Vec<_> = days.iter().map(|(_, entries)| entries.as_slice()).collect();
        assert_eq!(entries, [[0, 1].as_slice(), &[7, 8], &[31]]);
    }
}
