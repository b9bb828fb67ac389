//! HTML that is written into one string, for parts of a page that repeat many times. Leptos makes a value of every
//! element before it writes it, and in a list of 25 rows that is a third of the time of the page.
//!
//! Not for anything that an island hydrates: the browser's half knows nothing of these elements.

use std::fmt::{self, Display, Write};

use leptos::tachys::html::InertElement;

/// HTML under construction. Markup comes only from the source code, because [`Markup::raw`] takes nothing else; every
/// other value is escaped.
#[derive(Debug, Default)]
pub struct Markup(String);

impl Markup {
    /// Empty, with room for this many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Appends markup as it is.
    pub fn raw(&mut self, html: &'static str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    /// Appends text, escaped as the content of an element.
    pub fn text(&mut self, text: impl Display) -> &mut Self {
        // Writing to a string cannot fail, and the types that are shown here do not refuse to be shown.
        let _ = write!(InText(&mut self.0), "{text}");
        self
    }

    /// Appends text, escaped, whose lines may end behind each underscore and between the segments of a path. So
    /// `waiting_for_company` breaks between its words, and not inside one.
    pub fn breakable(&mut self, text: &str) -> &mut Self {
        let ends_word = |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || c == '}');
        for part in text.split_inclusive(['_', '/']) {
            self.text(part);
            if part.strip_suffix(['_', '/']).is_some_and(ends_word) {
                self.raw("<wbr>");
            }
        }
        self
    }

    /// Appends a part of an attribute's value, escaped. The double quotes around the value belong to the markup.
    pub fn in_quotes(&mut self, value: impl Display) -> &mut Self {
        let _ = write!(InQuotes(&mut self.0), "{value}");
        self
    }

    /// The HTML.
    pub fn into_string(self) -> String {
        self.0
    }

    /// The HTML as a view. It takes no further attributes.
    pub fn into_view(self) -> InertElement {
        InertElement::new(self.0)
    }
}

struct InText<'a>(&'a mut String);

impl Write for InText<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        html_escape::encode_text_to_string(text, self.0);
        Ok(())
    }
}

struct InQuotes<'a>(&'a mut String);

impl Write for InQuotes<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        html_escape::encode_double_quoted_attribute_to_string(text, self.0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use html5gum::{Token, Tokenizer};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// All text except NUL and carriage returns, which a parser of HTML replaces in any document.
        #[test]
        fn a_parser_reads_back_whatever_was_written_as_text_or_attribute(
            text in "([^\0\r]|[&<>\"'=/;#x!-]){0,40}",
            value in "([^\0\r]|[&<>\"'=/;#x!-]){0,40}",
        ) {
            let mut html = Markup::default();
            html.raw("<a title=\"").in_quotes(&value).raw("\">").text(&text).raw("</a>");
            let html = html.into_string();
            let (mut tags, mut read) = (Vec::new(), String::new());
            for token in Tokenizer::new(&html) {
                match token.expect("a string can be read") {
                    Token::StartTag(tag) => {
                        for (name, value) in &tag.attributes {
                            tags.push(format!("{}={}", utf8(name), utf8(value)));
                        }
                        tags.push(utf8(&tag.name));
                    }
                    Token::EndTag(tag) => tags.push(format!("/{}", utf8(&tag.name))),
                    Token::String(part) => read.push_str(&utf8(&part)),
                    // Text may hold characters that HTML tolerates only.
                    Token::Error(_) => {}
                    other => tags.push(format!("{other:?}")),
                }
            }
            prop_assert_eq!(tags, [format!("title={value}"), "a".to_owned(), "/a".to_owned()], "{}", html);
            prop_assert_eq!(read, text, "{}", html);
        }
    }

    #[test]
    fn a_code_may_break_between_its_words_and_a_path_between_its_segments() {
        for (text, expected) in [
            ("waiting_for_company", "waiting_<wbr>for_<wbr>company"),
            (
                "PUT /api/accounts/{account_key}/oauth",
                "PUT /api/<wbr>accounts/<wbr>{account_<wbr>key}/<wbr>oauth",
            ),
            ("_links", "_links"),
            ("https://contoso.test", "https://contoso.test"),
            ("limit & start", "limit &amp; start"),
        ] {
            let mut html = Markup::default();
            html.breakable(text);
            assert_eq!(html.into_string(), expected);
        }
    }

    fn utf8(bytes: &[u8]) -> String {
        String::from_utf8(bytes.to_vec()).expect("UTF-8")
    }
}
