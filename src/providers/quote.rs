//! The text of an answer or a forwarded message, as all providers write it: what the application wrote, and below it the
//! original.

use std::borrow::Cow;

use html_escape::encode_text;

use crate::{
    platform::clock::Timestamp,
    providers::mailbox::{Address, Content, Message},
};

const LINE: &str = "________________________________";

/// The message that is answered or passed on.
pub struct Original {
    pub message: Message,
    pub content: Content,
}

impl Original {
    /// This text with the original below it.
    pub fn below(&self, content: &Content) -> Content {
        if content.is_html || self.content.is_html {
            Content { text: self.below_html(&as_html(content)), is_html: true }
        } else {
            let fields: Vec<_> =
                self.fields().into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
            let parts = [content.text.as_str(), "", LINE, &fields.join("\r\n"), "", &self.content.text];
            Content { text: parts.join("\r\n"), is_html: false }
        }
    }

    /// The document with the original at the end of its body. Programs that show HTML pass over a second `html` element.
    fn below_html(&self, document: &str) -> String {
        let end = document.to_ascii_lowercase().rfind("</body").unwrap_or(document.len());
        let (text, rest) = document.split_at_checked(end).unwrap_or((document, ""));
        let fields: Vec<_> = self
            .fields()
            .into_iter()
            .map(|(name, value)| format!("<b>{name}:</b> {}", encode_text(&value)))
            .collect();
        format!("{text}<hr><div>{}</div><br>{}{rest}", fields.join("<br>"), as_html(&self.content))
    }

    /// What mail programs write above an original.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let Message { from, sender, sent_at, received_at, to, cc, subject, .. } = &self.message;
        let fields = [
            ("From", from.as_ref().or(sender.as_ref()).map(written)),
            ("Sent", sent_at.or(*received_at).map(Timestamp::for_people)),
            ("To", list(to)),
            ("Cc", list(cc)),
            ("Subject", Some(subject.clone())),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// The text as HTML with its lines.
fn as_html(content: &Content) -> Cow<'_, str> {
    if content.is_html {
        return Cow::Borrowed(&content.text);
    }
    Cow::Owned(format!("<div style=\"white-space: pre-wrap\">{}</div>", encode_text(&content.text)))
}

fn written(address: &Address) -> String {
    match &address.name {
        Some(name) if address.email.is_empty() => name.clone(),
        Some(name) => format!("{name} <{}>", address.email),
        None => address.email.clone(),
    }
}

fn list(addresses: &[Address]) -> Option<String> {
    let written: Vec<_> = addresses.iter().map(written).collect();
    (!written.is_empty()).then(|| written.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn original(text: &str, is_html: bool) -> Original {
        let person = |name: Option<&str>, email: &str| Address {
            name: name.map(str::to_owned),
            email: email.to_owned(),
        };
        let message = Message {
            subject: "A <b>".to_owned(),
            from: Some(person(Some("Doe, J"), "j@contoso.test")),
            sent_at: Some(Timestamp::from_micros(1_795_858_200_000_000)),
            to: vec![person(None, "a@contoso.test"), person(None, "b@contoso.test")],
            ..Message::default()
        };
        Original { message, content: Content { text: text.to_owned(), is_html } }
    }

    fn content(text: &str, is_html: bool) -> Content {
        Content { text: text.to_owned(), is_html }
    }

    #[test]
    fn a_plain_text_has_the_original_below_it() {
        let below = original("Old\r\nlines", false).below(&content("New", false));
        let expected = "New\r\n\r\n________________________________\r\n\
            From: Doe, J <j@contoso.test>\r\nSent: 28 Nov 2026, 09:30 UTC\r\nTo: a@contoso.test; b@contoso.test\r\n\
            Subject: A <b>\r\n\r\nOld\r\nlines";
        assert_eq!(below, content(expected, false));
    }

    #[test]
    fn html_has_the_original_at_the_end_of_its_body() {
        let original = original("<p>Old</p>", true);
        let fields = "<hr><div><b>From:</b> Doe, J &lt;j@contoso.test&gt;<br>\
            <b>Sent:</b> 28 Nov 2026, 09:30 UTC<br><b>To:</b> a@contoso.test; b@contoso.test<br>\
            <b>Subject:</b> A &lt;b&gt;</div><br>";
        let expected = format!("<p>New</p>{fields}<p>Old</p>");
        assert_eq!(original.below(&content("<p>New</p>", true)), content(&expected, true));
        let expected = format!("<html><BODY>\u{c4}{fields}<p>Old</p></BODY></html>");
        assert_eq!(
            original.below(&content("<html><BODY>\u{c4}</BODY></html>", true)),
            content(&expected, true)
        );
    }

    #[test]
    fn a_plain_text_becomes_html_if_the_other_one_is() {
        let written = original("<p>Old</p>", true).below(&content("1 < 2\nNew", false));
        assert!(
            written.is_html && written.text.contains("pre-wrap\">1 &lt; 2\nNew</div><hr>"),
            "{written:?}"
        );
        let written = original("1 < 2", false).below(&content("<p>New</p>", true));
        assert!(written.text.ends_with("pre-wrap\">1 &lt; 2</div>"), "{written:?}");
    }
}
