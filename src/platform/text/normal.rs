//! What needs the tables of Unicode: the server has them as a library, the browser in itself.

#[cfg(feature = "ssr")]
mod server {
    use std::borrow::Cow;

    use icu_casemap::CaseMapper;
    use icu_normalizer::ComposingNormalizerBorrowed;

    use crate::platform::text::without_invisible;

    /// The text in Unicode's normalization form C: an é that was typed as one sign or as two is the same afterwards.
    /// Borrowed where it was so already.
    pub fn nfc(text: &str) -> Cow<'_, str> {
        ComposingNormalizerBorrowed::new_nfc().normalize(text)
    }

    /// The text in normalization form KC: full-width letters, ligatures and the like are their plain letters as well.
    pub fn nfkc(text: &str) -> Cow<'_, str> {
        ComposingNormalizerBorrowed::new_nfkc().normalize(text)
    }

    /// The text as names are compared: without invisible signs, NFKC, case-folded, so that two names that look alike to
    /// people are alike.
    pub fn fold(text: &str) -> String {
        let folded = CaseMapper::new().fold_string(&nfkc(&without_invisible(text))).into_owned();
        // Folding may undo the composition.
        nfkc(&folded).into_owned()
    }

    /// The name of a host in the letters of ASCII (UTS 46, as the URL Standard has it).
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

    /// The text as it is: the browser only helps while one types, and the server decides on the normalised text.
    pub fn nfc(text: &str) -> Cow<'_, str> {
        Cow::Borrowed(text)
    }

    /// The name of a host in the letters of ASCII, as the browser writes it in an address.
    pub(in crate::platform::text) fn ascii_domain(text: &str) -> Option<String> {
        Some(web_sys::Url::new(&["https://", text].concat()).ok()?.hostname())
    }
}

#[cfg(not(feature = "ssr"))]
pub use browser::*;
#[cfg(feature = "ssr")]
pub use server::*;
