//! The header of a message or of a part: its fields as they are, and what they say about the body.

use std::ops::Range;

use mail_parser::{HeaderValue, MessageParser, MimeHeaders};

/// The header of a message or of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The fields as they are, each with its line end, without the blank line.
    bytes: Vec<u8>,
    /// The media type in lower case.
    kind: String,
    boundary: Option<Vec<u8>>,
    is_attachment: bool,
    has_name: bool,
}

impl Head {
    /// The header fields of a message, one a line.
    pub fn of(fields: &str) -> Self {
        Self::read(fields.as_bytes().to_vec())
    }

    pub(super) fn read(bytes: Vec<u8>) -> Self {
        let read = Self::of_fields(&bytes);
        Self { bytes, ..read }
    }

    /// What the fields say, without the fields.
    fn of_fields(fields: &[u8]) -> Self {
        let mut head = Self { kind: "text/plain".to_owned(), ..Self::default() };
        let parser = MessageParser::new().with_mime_headers();
        let Some(parsed) = parser.parse_headers(fields) else { return head };
        if let Some(content) = parsed.content_type() {
            head.kind = format!("{}/{}", content.ctype(), content.subtype().unwrap_or_default());
            head.kind.make_ascii_lowercase();
            let boundary =
                content.attribute("boundary").map(|boundary| boundary.trim_end().as_bytes().to_vec());
            let is_multipart = head.kind.starts_with("multipart/");
            head.boundary = boundary.filter(|boundary| is_multipart && !boundary.is_empty());
        }
        let disposition = parsed.content_disposition();
        head.is_attachment = disposition.is_some_and(mail_parser::ContentType::is_attachment);
        head.has_name = parsed.attachment_name().is_some();
        head
    }

    pub fn kind(&self) -> &str {
        &self.kind
    }

    pub fn boundary(&self) -> Option<&[u8]> {
        self.boundary.as_deref()
    }

    /// Whether it is a text of the message itself, and not a file.
    pub(super) fn is_text(&self) -> bool {
        self.kind.starts_with("text/") && !self.is_attachment && !self.has_name
    }

    /// The fields in their order: the name in lower case, and the whole field with its line ends.
    pub fn fields(&self) -> Vec<(String, &[u8])> {
        let mut fields: Vec<(String, Range<usize>)> = Vec::new();
        let mut at: usize = 0;
        for line in self.bytes.split_inclusive(|byte| *byte == b'\n') {
            let end = at.saturating_add(line.len());
            match fields.last_mut() {
                Some((_, range)) if line.starts_with(b" ") || line.starts_with(b"\t") => range.end = end,
                _ => {
                    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
                    let name = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
                    fields.push((name, at..end));
                }
            }
            at = end;
        }
        let field = |(name, range): (String, Range<usize>)| Some((name, self.bytes.get(range)?));
        fields.into_iter().filter_map(field).collect()
    }

    /// The text of the first field with this name, in one line, as it is written; `name` in lower case.
    pub fn text(&self, name: &str) -> Option<String> {
        let fields = self.fields();
        let (_, field) = fields.into_iter().find(|(known, _)| known == name)?;
        let value = field.splitn(2, |byte| *byte == b':').nth(1)?;
        let value = String::from_utf8_lossy(value);
        Some(value.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The email addresses of a field, such as `From`.
    pub fn emails(&self, name: &'static str) -> Vec<String> {
        let parsed = MessageParser::new().with_address_headers().parse_headers(&self.bytes);
        let Some(parsed) = parsed else { return Vec::new() };
        let addresses = parsed.header(name).and_then(HeaderValue::as_address);
        let emails = addresses.into_iter().flat_map(mail_parser::Address::iter);
        emails.filter_map(|address| address.address.as_deref()).map(str::to_owned).collect()
    }
}
