//! Functions that need the tables of Unicode. The server has them in a library, the browser has its own.

#[cfg(feature = "ssr")]
mod server {
    use std::borrow::Cow;

    use icu_casemap::CaseMapper;
    use icu_normalizer::ComposingNormalizerBorrowed;

    use crate::platform::text::without_invisible;

    /// Unicode normalization form C: an é typed as one character or as two becomes the same text. Borrowed if
    /// the text is normalised already.
    pub fn nfc(text: &str) -> Cow<'_, str> {
        ComposingNormalizerBorrowed::new_nfc().normalize(text)
    }

    /// Normalization form KC: full-width letters, ligatures and the like become plain letters as well.
    pub fn nfkc(text: &str) -> Cow<'_, str> {
        ComposingNormalizerBorrowed::new_nfkc().normalize(text)
    }

    /// The text for comparing names: without invisible characters, NFKC, case-folded. Names that look alike
    /// to people become equal.
    pub fn fold(text: &str) -> String {
        let folded = CaseMapper::new().fold_string(&nfkc(&without_invisible(text))).into_owned();
        // Folding can undo the composition.
        nfkc(&folded).into_owned()
    }

    /// The host name in ASCII (UTS 46, as in the URL Standard).
    pub(in crate::platform::text) fn ascii_domain(text: &str) -> Option<String> {
        match url::Host::parse(text) {
            Ok(url::Host::Domain(domain)) => Some(domain),
            _ => None,
        }
    }
}

#[cfg(not(feature = "ssr"))]
mod browser {
    use std::borrow::Cow;

    /// The text unchanged. The browser only gives hints while the user types; the server decides on the
    /// normalised text.
    pub fn nfc(text: &str) -> Cow<'_, str> {
        Cow::Borrowed(text)
    }

    /// The host name in ASCII, as the browser writes it in a URL.
    pub(in crate::platform::text) fn ascii_domain(text: &str) -> Option<String> {
        Some(web_sys::Url::new(&["https://", text].concat()).ok()?.hostname())
    }
}

#[cfg(not(feature = "ssr"))]
pub use browser::*;
#[cfg(feature = "ssr")]
pub use server::*;
