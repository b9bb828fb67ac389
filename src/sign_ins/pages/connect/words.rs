//! Puts values into the texts of a language: names and addresses into sentences, and times into dates and distances.

use leptos::prelude::*;
use time::Duration;

use super::texts::Texts;
use crate::{
    platform::{clock::Timestamp, language::Language},
    ui::moment::{Now, whole_days_ahead},
};

/// The texts of a language, with the values that its sentences use.
#[derive(Clone, Debug)]
pub struct Words {
    pub language: Language,
    pub texts: &'static Texts,
    values: Vec<(&'static str, String)>,
}

/// A part of a text.
enum Part<'a> {
    Text(&'a str),
    /// The name of a value.
    Value(&'a str),
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        parts.extend([Part::Text(before), Part::Value(name)]);
        rest = after;
    }
    parts.push(Part::Text(rest));
    parts
}

impl Words {
    /// The texts of this language, without values.
    pub fn of(language: Language) -> Self {
        Self { language, texts: Texts::of(language), values: Vec::new() }
    }

    /// The same words with another value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// The value that was set last under this name; empty if there is none.
    fn value(&self, name: &str) -> &str {
        let found = self.values.iter().rev().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// A text as a plain line, for titles and messages.
    pub fn line(&self, text: &str) -> String {
        let parts = parts(text);
        parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => *text,
                Part::Value(name) => self.value(name),
            })
            .collect()
    }

    /// A text as a view. Each value is isolated (`bdi`), so that its direction of writing does not change the sentence.
    pub fn say(&self, text: &'static str) -> Vec<AnyView> {
        let view = |part: Part<'static>| match part {
            Part::Text(text) => text.into_any(),
            Part::Value(name) => {
                let value = self.value(name).to_owned();
                view! { <bdi>{value}</bdi> }.into_any()
            }
        };
        parts(text).into_iter().map(view).collect()
    }

    /// A text with this time in place of `{time}`, and the distance from now behind the time.
    pub fn say_until(&self, text: &'static str, at: Timestamp) -> AnyView {
        let (before, after) = text.split_once("{time}").unwrap_or((text, ""));
        let ahead = use_context::<Now>().and_then(|Now(now)| self.ahead(at, now));
        let ahead = ahead.map(|words| view! { " " <span class="ago">{format!("({words})")}</span> });
        view! { {before} <time datetime=at.for_machines()>{self.date(at)}</time> {ahead} {after} }.into_any()
    }

    /// A time, to the minute, in UTC.
    pub fn date(&self, at: Timestamp) -> String {
        let date_time = at.date_time();
        let month = usize::from(u8::from(date_time.month())).saturating_sub(1);
        let day = match date_time.day() {
            1 => self.texts.first_day.to_owned(),
            day => day.to_string(),
        };
        Self::of(self.language)
            .with("day", day)
            .with("month", self.texts.months.get(month).copied().unwrap_or_default())
            .with("year", date_time.year().to_string())
            .with("time", at.minute_of_day())
            .line(self.texts.date)
    }

    /// How far ahead a time is, in words. `None` if it has passed.
    fn ahead(&self, at: Timestamp, now: Timestamp) -> Option<String> {
        let by = at.since(now);
        if by <= Duration::ZERO {
            return None;
        }
        let texts = self.texts;
        let (count, one, many) = match (whole_days_ahead(by), by.whole_hours()) {
            (0, 0) => (by.whole_minutes(), texts.in_a_minute, texts.in_minutes),
            (0, hours) => (hours, texts.in_an_hour, texts.in_hours),
            (days, _) => (days, texts.in_a_day, texts.in_days),
        };
        let words = Self::of(self.language).with("count", count.to_string());
        Some(words.line(if count < 2 { one } else { many }))
    }

    /// An address of one of these pages in this language, so that the reader's choice stays.
    pub fn address(&self, path: &str) -> String {
        address_in(path, self.language)
    }
}

/// The address of a page in a language. The path has no query.
pub fn address_in(path: &str, language: Language) -> String {
    format!("{path}?language={}", language.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_417_030_000_000);

    #[test]
    fn values_are_put_in_place_of_their_names() {
        let words = Words::of(Language::English).with("name", "Contoso").with("host", "crm.example");
        assert_eq!(words.line("{name} and {host}, {name}."), "Contoso and crm.example, Contoso.");
        assert_eq!(words.line("No value"), "No value");
        assert_eq!(words.line("{missing}"), "");
        assert_eq!(words.with("name", "{host}").line("{name}"), "{host}");
    }

    #[test]
    fn every_language_writes_dates_as_its_readers_do() {
        for (language, wanted, first) in [
            (Language::English, "23 November 2026, 06:57\u{a0}UTC", "1 January 1970, 00:00\u{a0}UTC"),
            (
                Language::German,
                "23. November 2026, 06:57\u{a0}Uhr (UTC)",
                "1. Januar 1970, 00:00\u{a0}Uhr (UTC)",
            ),
            (Language::French, "23 novembre 2026 à 06:57\u{a0}UTC", "1er janvier 1970 à 00:00\u{a0}UTC"),
            (
                Language::Spanish,
                "23 de noviembre de 2026, 06:57\u{a0}UTC",
                "1 de enero de 1970, 00:00\u{a0}UTC",
            ),
        ] {
            let words = Words::of(language);
            assert_eq!(words.date(NOW), wanted);
            assert_eq!(words.date(Timestamp::from_micros(0)), first);
        }
    }

    #[test]
    fn every_language_says_how_far_ahead_a_time_is() {
        for (language, [minute, minutes, hour, days]) in [
            (Language::English, ["in a minute", "in 30 minutes", "in an hour", "in 7 days"]),
            (Language::German, ["in einer Minute", "in 30 Minuten", "in einer Stunde", "in 7 Tagen"]),
            (Language::French, ["dans une minute", "dans 30 minutes", "dans une heure", "dans 7 jours"]),
            (
                Language::Spanish,
                ["dentro de un minuto", "dentro de 30 minutos", "dentro de una hora", "dentro de 7 días"],
            ),
        ] {
            let ahead = |by: Duration| Words::of(language).ahead(NOW.plus(by), NOW);
            assert_eq!(ahead(Duration::seconds(10)).as_deref(), Some(minute));
            assert_eq!(ahead(Duration::minutes(30)).as_deref(), Some(minutes));
            assert_eq!(ahead(Duration::minutes(119)).as_deref(), Some(hour));
            assert_eq!(ahead(Duration::hours(167)).as_deref(), Some(days));
            assert_eq!(ahead(Duration::days(7)).as_deref(), Some(days));
            assert_eq!(ahead(Duration::ZERO), None);
        }
    }
}
