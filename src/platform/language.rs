//! The languages of the pages for people without a user here, and the choice among them. Other pages are in English.

/// A language of these pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    German,
    French,
    Spanish,
}

/// Maximum number of languages of a header that are read.
const MAX_PREFERENCES: usize = 50;

impl Language {
    /// All languages, in the order in which a page offers them.
    pub const ALL: [Self; 4] = [Self::English, Self::German, Self::French, Self::Spanish];

    /// Its code (ISO 639-1), for `lang` attributes and addresses.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
        }
    }

    /// Its name in the language itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::French => "Français",
            Self::Spanish => "Español",
        }
    }

    /// The language with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(code))
    }

    /// The language that a browser prefers (`Accept-Language`, RFC 9110, 12.5.4). English if it accepts none of them.
    pub fn of_header(accept_language: &str) -> Self {
        let mut preferred: Option<(Self, f32)> = None;
        for preference in accept_language.split(',').take(MAX_PREFERENCES) {
            let Some((language, weight)) = read_preference(preference) else { continue };
            // Of equal weights the first one counts.
            if weight > preferred.map_or(0.0, |(_, weight)| weight) {
                preferred = Some((language, weight));
            }
        }
        preferred.map(|(language, _)| language).unwrap_or_default()
    }
}

/// A language of the header and its weight between 0 and 1. A region does not count: `de-AT` is German.
fn read_preference(preference: &str) -> Option<(Language, f32)> {
    let mut parts = preference.split(';');
    let range = parts.next()?.trim();
    let language = match range {
        "*" => Language::default(),
        range => Language::from_code(range.split('-').next()?)?,
    };
    let weight = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    let weight: f32 = weight.map_or(Some(1.0), |weight| weight.parse().ok())?;
    (0.0..=1.0).contains(&weight).then_some((language, weight))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_preferred_language_of_a_browser_is_chosen() {
        for (header, language) in [
            ("de", Language::German),
            ("de-AT,de;q=0.9,en;q=0.8", Language::German),
            ("FR-ca", Language::French),
            ("en-US,es;q=0.9", Language::English),
            ("en;q=0.5, es ; q=0.9", Language::Spanish),
            ("nl, fr;q=0.3, es;q=0.3", Language::French),
            ("nl,pl;q=0.8", Language::English),
            ("*, de;q=0.5", Language::English),
            ("de;q=0, fr;q=0.1", Language::French),
            ("de;q=2, de;q=x, es;q=0.1", Language::Spanish),
            ("den, e", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::of_header(header), language, "{header}");
        }
    }

    #[test]
    fn every_language_has_a_code_of_its_own() {
        for language in Language::ALL {
            assert_eq!(Language::from_code(language.code()), Some(language));
        }
        assert_eq!(Language::from_code("DE"), Some(Language::German));
        assert_eq!(Language::from_code("xx"), None);
    }

    proptest! {
        #[test]
        fn no_header_at_all_makes_the_choice_panic(header in "([a-z]{2}|[;=,*-]|q=|\\PC){0,40}") {
            let _ = Language::of_header(&header);
        }
    }
}
